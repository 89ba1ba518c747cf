#!/usr/bin/env bash
# Fuzzes one target for a while, guided by coverage (libFuzzer), under the address and undefined-behaviour sanitizers.
#
#   tools/fuzz.sh TARGET SECONDS    such as wikitext 600; the targets are tests/fuzz/*_fuzz.cpp
#
# Takes clang++ (or $CXX, which must be a clang with libFuzzer; Apple's has none). What it learns stays in
# build/fuzz/corpus/TARGET, so that a later run goes on from there. An input that breaks a promise or hangs is left in
# build/fuzz/findings/TARGET and the script fails: mend it, and put a small form of it into
# tests/fuzz/regressions/TARGET, which ctest replays in every build.
# shellcheck source=tools/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

case ${1:-} in -h | --help) print_help && exit 0 ;; esac
[ $# -eq 2 ] || fail "expected TARGET and SECONDS; see tools/fuzz.sh --help"
target=$1 seconds=$2
[ -f "$root/tests/fuzz/${target}_fuzz.cpp" ] || fail "no target \"$target\"; see tests/fuzz/*_fuzz.cpp"
case $seconds in '' | *[!0-9]*) fail "SECONDS is \"$seconds\", expected a whole number" ;; esac

cd "$root"
prepare_build_environment
build=build/fuzz
[ -f $build/CMakeCache.txt ] || cmake --preset fuzz -DCMAKE_CXX_COMPILER="${CXX:-clang++}" >&2
cmake --build $build --target "ktlm_fuzz_$target" >&2

corpus=$build/corpus/$target findings=$build/findings/$target
mkdir -p "$corpus" "$findings"
set -- "$corpus" "tests/fuzz/regressions/$target"
# Real text finds deeper paths; the markup of the target where there is some.
case $target in
  wikitext) if [ -d ../shared/data/wikitext/pages ]; then set -- "$@" ../shared/data/wikitext/pages; fi ;;
  tokenizer) set -- "$@" tests/data/tokenizer ;;
  mediawiki | jsonl | json) set -- "$@" tests/data/sample ;;
esac
exec "$build/tests/fuzz/ktlm_fuzz_$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=65536 \
  -use_value_profile=1 -print_final_stats=1 -artifact_prefix="$findings/" "$@"
