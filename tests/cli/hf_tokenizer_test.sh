#!/bin/sh
# A tokenizer that `ktlm train-tokenizer` made, read by transformers and SentencePiece as it is: the same ids for every line of
# the sample and for 2,000 lines that no corpus has.
#
#   hf_tokenizer_test.sh KTLM PROJECT WORK_DIR
#
# Exits with 77, which ctest counts as skipped, where no Python has transformers and sentencepiece.
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
"$python" "$project/tools/check_hf_tokenizer.py" data/tokenizer "$sample/articles.xml" "$sample/dialogues.jsonl" --fuzz 2000 \
  --ktlm "$ktlm"
