#!/bin/sh
# A directory that `ktlm train` made, read by transformers as it is: the same ids for every line of the sample (more than
# a thousand), and the same greedy continuations.
#
#   transformers_test.sh KTLM PROJECT WORK_DIR
#
# Exits with 77, which ctest counts as skipped, where no Python has transformers.
set -eu
ktlm=$1 project=$2 work=$3

python=$project/.venv/bin/python
[ -x "$python" ] || python=python3
"$python" -c 'import transformers, sentencepiece' 2>/dev/null || { echo "no Python with transformers here"; exit 77; }

rm -rf "$work"
mkdir -p "$work"
cd "$work"
sample=$project/tests/data/sample
"$ktlm" prepare -q "$sample/articles.xml" "$sample/dialogues.jsonl"
"$ktlm" train-tokenizer -q --vocab-size 1500
"$ktlm" train -q --config "$project/configs/tiny.yaml" --out runs/tiny --threads 1 --set train.max_steps=60 \
  --set train.warmup_steps=5 --set train.eval_every_steps=0 --set model.d_model=64 --set model.d_ff=128
"$python" "$project/tools/check_hf_tokenizer.py" runs/tiny/model "$sample/articles.xml" "$sample/dialogues.jsonl" --ktlm "$ktlm"
"$python" "$project/tools/check_hf_model.py" runs/tiny/model "대한민국의 수도는" "한글은" "물은" --ktlm "$ktlm"
