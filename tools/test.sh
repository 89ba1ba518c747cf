#!/usr/bin/env bash
# Installs what is missing, builds, runs all tests; the last line is the test runner's summary.
#
#   tools/test.sh [--asan] [CTEST OPTION...]
#
#   --asan     the modules that need no libtorch (core, text, corpus, tokenizer), under the address and
#              undefined-behaviour sanitizers
#
# Anything else goes to ctest: tools/test.sh -R Wikitext
# shellcheck source=tools/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$root"

preset=release
case ${1:-} in
  --asan)
    preset=asan
    shift
    ;;
  -h | --help) print_help && exit 0 ;;
esac

tools/setup.sh --tests
prepare_build_environment
cmake --preset "$preset" >/dev/null
cmake --build --preset "$preset"

# ctest lists skipped and failed tests behind its summary; the summary is said once more, so that it stands last.
log=$(mktemp "${TMPDIR:-/tmp}/ktlm-test.XXXXXX")
trap 'rm -f "$log"' EXIT
status=0
ctest --preset "$preset" --parallel "$(num_cores)" "$@" | tee "$log" || status=$?
grep 'tests passed' "$log" || true
exit "$status"
