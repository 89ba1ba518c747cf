#!/usr/bin/env bash
# From a fresh machine to a model that talks: installs what is missing, builds, then prepare, train-tokenizer, train and
# generate, in the folder runs/quickstart.
#
#   tools/quickstart.sh [--fresh] [INPUT...]
#
#   INPUT      Wikipedia dump, HTML, JSONL, text, or a folder of them; without one the sample that ships with ktlm
#   --fresh    forget what an earlier quickstart left; without it the same inputs go on where they stopped, and a
#              quickstart of other inputs is moved aside
# shellcheck source=tools/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

fresh=no
inputs=()
while [ $# -gt 0 ]; do
  case $1 in
    --fresh) fresh=yes ;;
    -h | --help) print_help && exit 0 ;;
    -*) fail "unknown option \"$1\"; see tools/quickstart.sh --help" ;;
    *)
      [ -r "$1" ] || fail "$1: no such file or folder, or not readable"
      inputs+=("$(cd "$(dirname "$1")" && pwd)/$(basename "$1")")
      ;;
  esac
  shift
done
cd "$root"

prompts=("대한민국의 수도는" "한글은" "지구는")
questions="안녕?
대한민국의 수도는 어디야?
한글은 누가 만들었어?"
is_sample=no
if [ ${#inputs[@]} -eq 0 ]; then
  is_sample=yes
  inputs=(tests/data/sample/articles.xml tests/data/sample/dialogues.jsonl)
else
  prompts=("대한민국" "오늘" "그는")
  questions=""
fi

config=configs/tiny.yaml
work=runs/quickstart
prepared=$work/data/prepared
tokenizer=$work/data/tokenizer
ktlm=build/release/ktlm

stage_start=0
heading() {
  stage_start=$SECONDS
  printf '\n=== %s ===\n' "$*" >&2
}
finish_stage() { say "--- $((SECONDS - stage_start)) s"; }

# What the folder was made from: the inputs' content and the configuration.
signature() {
  find -L "${inputs[@]}" -type f -exec cksum {} + | LC_ALL=C sort
  cksum "$config"
}

# How many pieces a corpus of so many bytes can fill. 272 special tokens and bytes and each common syllable are the least;
# the most is 3,604 for the 70 kB of the sample.
choose_vocab_size() {
  local text_bytes
  text_bytes=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["train"]["text_bytes"])' "$1")
  if [ "$text_bytes" -lt 10000 ]; then echo 800
  elif [ "$text_bytes" -lt 50000 ]; then echo 1000
  elif [ "$text_bytes" -lt 300000 ]; then echo 2000
  elif [ "$text_bytes" -lt 2000000 ]; then echo 4000
  elif [ "$text_bytes" -lt 20000000 ]; then echo 8000
  else echo 16000; fi
}

take_work_folder() {
  local now aside number=1
  now=$(signature)
  if [ "$fresh" = yes ]; then
    rm -rf "$work"
  elif [ -e "$work" ] && ! { [ -e "$work/signature" ] && [ "$(cat "$work/signature")" = "$now" ]; }; then
    while [ -e "$work-$number" ]; do number=$((number + 1)); done
    aside=$work-$number
    mv "$work" "$aside"
    say "the quickstart of other inputs or settings was moved to $aside"
  fi
  mkdir -p "$work/data"
  printf '%s\n' "$now" >"$work/signature"
}

heading "Setting up"
tools/setup.sh
prepare_build_environment
finish_stage

heading "Building"
cmake --preset release >/dev/null
cmake --build --preset release --target ktlm
finish_stage

take_work_folder
data_start=$SECONDS

heading "ktlm prepare: raw files to clean documents"
if [ -e "$prepared/manifest.json" ]; then
  say "kept from the run before: $prepared"
else
  "$ktlm" prepare "${inputs[@]}" --out "$prepared" --val-fraction 0.03  # of a small corpus, a text or more
fi
finish_stage

heading "ktlm train-tokenizer: documents to a vocabulary"
if [ -e "$tokenizer/tokenizer.model" ]; then
  say "kept from the run before: $tokenizer"
else
  "$ktlm" train-tokenizer --input "$prepared" --out "$tokenizer" --vocab-size "$(choose_vocab_size "$prepared/manifest.json")"
fi
finish_stage

heading "ktlm train: documents to a model ($config)"
[ "$is_sample" = no ] || say "a demonstration: of so small a text the warnings about the plan that follow are expected"
resume=""
[ -z "$(ls "$work/checkpoints" 2>/dev/null)" ] || resume=--resume
# shellcheck disable=SC2086  # one word or none
"$ktlm" train --config "$config" --data "$prepared" --tokenizer "$tokenizer" --out "$work" $resume
finish_stage

heading "ktlm generate: what the model makes of a beginning"
set --
for prompt in "${prompts[@]}"; do set -- "$@" --prompt "$prompt"; done
"$ktlm" generate --model "$work/model" "$@" --max-new-tokens 80 --temperature 0.5 --seed 1
if [ -n "$questions" ]; then
  printf '%s\n' "$questions" | while IFS= read -r question; do
    printf '질문: %s\n대답: ' "$question"
    printf '%s\n' "$question" | "$ktlm" chat --quiet --model "$work/model" --temperature 0
  done
fi
finish_stage

say ""
say "From raw text to a model in $((SECONDS - data_start)) s. To talk with it:"
say ""
printf '  %s chat --model %s\n' "$ktlm" "$work/model"
