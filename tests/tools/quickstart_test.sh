#!/usr/bin/env bash
# tools/quickstart.sh with a stand-in for the program that writes down how it was called: which stages run, on what, and
# what becomes of an earlier quickstart. The real program's way is tools/quickstart.sh itself.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/quickstart_test.XXXXXX")
work=$(cd "$work" && pwd -P)
trap 'rm -rf "$work"' EXIT
bash=$(command -v bash)
checkout=$work/checkout
mkdir -p "$checkout/tools" "$checkout/configs" "$checkout/build/release" "$checkout/tests/data/sample" "$work/bin"
cp "$here/../../tools/quickstart.sh" "$here/../../tools/common.sh" "$checkout/tools"
echo "model:" >"$checkout/configs/tiny.yaml"
echo articles >"$checkout/tests/data/sample/articles.xml"
echo dialogues >"$checkout/tests/data/sample/dialogues.jsonl"

program() {  # program FILE: its text comes from standard input
  { printf '#!%s\n' "$bash"; cat; } >"$1"
  chmod +x "$1"
}
echo 'echo "setup $*" >>'"$work/calls" | program "$checkout/tools/setup.sh"
program "$work/bin/cmake" <<CMAKE
case \$1 in --version) echo "cmake version 3.25.1" ;; *) echo "cmake \$*" >>"$work/calls" ;; esac
echo "\${PKG_CONFIG_PATH:-}" >"$work/pkg_config_path"
CMAKE
echo 'echo Linux' | program "$work/bin/uname"
program "$checkout/build/release/ktlm" <<KTLM
[ "\$1" = chat ] && { read -r line; echo "answer to \$line"; exit 0; }
echo "ktlm \$*" >>"$work/calls"
[ ! -e "$work/fail_\$1" ] || exit 130
while [ \$# -gt 0 ]; do
  case \$1 in
    prepare | train-tokenizer | train) verb=\$1 ;;
    --out) out=\$2 ;;
  esac
  shift
done
case \${verb:-} in
  prepare) mkdir -p "\$out" && echo '{"train": {"text_bytes": '"\$(cat "$work/text_bytes")"'}}' >"\$out/manifest.json" ;;
  train-tokenizer) mkdir -p "\$out" && : >"\$out/tokenizer.model" ;;
  train) mkdir -p "\$out/checkpoints/step-000010" "\$out/model" ;;
esac
KTLM
echo 60000 >"$work/text_bytes"

expect() {  # expect WHAT GOT WANTED
  [ "$2" = "$3" ] || { printf 'FAILED: %s\n  got:      %s\n  expected: %s\n' "$1" "$2" "$3"; exit 1; }
}
run() {  # run [ARGUMENT...]: leaves the exit code in $code, stdout in $out, stderr in $err, the program's calls in $calls
  code=0
  : >"$work/calls"
  (cd "$work" && PATH="$work/bin:$PATH" "$bash" checkout/tools/quickstart.sh "$@" >"$work/out" 2>"$work/err") || code=$?
  out=$(cat "$work/out")
  err=$(cat "$work/err")
  calls=$(cat "$work/calls")
}
folders() { (cd "$checkout/runs" && echo *); }

prepared=runs/quickstart/data/prepared
tokenizer=runs/quickstart/data/tokenizer
train="ktlm train --config configs/tiny.yaml --data $prepared --tokenizer $tokenizer --out runs/quickstart"
generate="ktlm generate --model runs/quickstart/model --prompt"

run
expect "sample: exit code ($err)" "$code" 0
expect "sample: calls" "$calls" "setup 
cmake --preset release
cmake --build --preset release --target ktlm
ktlm prepare tests/data/sample/articles.xml tests/data/sample/dialogues.jsonl --out $prepared --val-fraction 0.03
ktlm train-tokenizer --input $prepared --out $tokenizer --vocab-size 2000
$train
$generate 대한민국의 수도는 --prompt 한글은 --prompt 지구는 --max-new-tokens 80 --temperature 0.5 --seed 1"
expect "sample: a dialogue" "$(printf '%s\n' "$out" | sed -n 2p)" "대답: answer to 안녕?"
expect "sample: last line" "$(printf '%s\n' "$out" | tail -1)" "  build/release/ktlm chat --model runs/quickstart/model"
expect "sample: is a demonstration" "$(printf '%s\n' "$err" | grep -A1 'ktlm train:' | tail -1)" \
  "a demonstration: of so small a text the warnings about the plan that follow are expected"

# The same again: what is there stays, the training goes on.
run
expect "again: calls" "$(printf '%s\n' "$calls" | grep -E 'prepare|train')" "$train --resume"

# Stopped in the middle, it goes on there.
: >"$work/fail_train-tokenizer"
run --fresh
expect "stopped: exit code" "$code" 130
rm "$work/fail_train-tokenizer"
run
expect "after the stop: calls" "$(printf '%s\n' "$calls" | grep -E 'prepare|train')" \
  "ktlm train-tokenizer --input $prepared --out $tokenizer --vocab-size 2000
$train"

# Other inputs, also by a path from where one stands, also folders: the former quickstart is moved aside.
mkdir -p "$work/my texts"
echo one >"$work/my texts/a.txt"
echo 25000000 >"$work/text_bytes"
run "my texts" checkout/tests/data/sample/articles.xml
expect "own inputs: calls" "$(printf '%s\n' "$calls" | grep -E 'prepare |train')" \
  "ktlm prepare $work/my texts $checkout/tests/data/sample/articles.xml --out $prepared --val-fraction 0.03
ktlm train-tokenizer --input $prepared --out $tokenizer --vocab-size 16000
$train"
expect "own inputs: folders" "$(folders)" "quickstart quickstart-1"
expect "own inputs: no demonstration" "$(printf '%s\n' "$err" | grep -c demonstration || true)" 0
expect "own inputs: no dialogue of the sample" "$(printf '%s\n' "$out" | grep -c 대답 || true)" 0

# An input that has changed is another input; --fresh keeps nothing.
echo two >>"$work/my texts/a.txt"
run "my texts" checkout/tests/data/sample/articles.xml
expect "changed input: folders" "$(folders)" "quickstart quickstart-1 quickstart-2"
run --fresh
expect "fresh: folders" "$(folders)" "quickstart quickstart-1 quickstart-2"
expect "fresh: calls" "$(printf '%s\n' "$calls" | grep -c 'ktlm prepare tests/data/sample')" 1

# On macOS, pkg-config is told of the libedit that Homebrew keeps apart.
echo 'echo Darwin' | program "$work/bin/uname"
echo 'echo /opt/homebrew' | program "$work/bin/brew"
PKG_CONFIG_PATH=/mine run
expect "macOS: pkg-config's path" "$(cat "$work/pkg_config_path")" "/mine:/opt/homebrew/opt/libedit/lib/pkgconfig"
echo 'echo Linux' | program "$work/bin/uname"

# Mistakes are found before anything is installed or built.
run missing.xml
expect "missing input" "$code:$err:$calls" "1:quickstart.sh: missing.xml: no such file or folder, or not readable:"
run --speed
expect "unknown option" "$code:$err:$calls" '1:quickstart.sh: unknown option "--speed"; see tools/quickstart.sh --help:'
echo "all good"
