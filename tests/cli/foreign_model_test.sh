#!/bin/sh
# Models as transformers and SentencePiece make them, opened by ktlm as they are: the same ids, the same greedy tokens.
#
#   foreign_model_test.sh KTLM PROJECT WORK_DIR
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
text=$project/tests/data/tokenizer/text.txt
make() { "$python" "$project/tools/make_hf_model.py" "$@"; }
check_tokenizer() { "$python" "$project/tools/check_hf_tokenizer.py" "$@" --ktlm "$ktlm"; }
check_model() {
  "$python" "$project/tools/check_hf_model.py" "$1" "대한민국의 수도는" "한글은" "물은  두 칸" --max-new-tokens 40 --ktlm "$ktlm"
}

make llama "$text" --vocab-size 900 --rope llama3
check_tokenizer llama "$text" --fuzz 300
check_model llama
make qwen3 "$text" --type qwen3 --vocab-size 700 --dtype float32 --rope linear --legacy --fast
check_tokenizer qwen3 "$text" --fuzz 300
check_model qwen3

# The other verbs take such a directory as well; both engines read the weights.
printf '{"text": "할머니가 만든 김치는 맵고 시원하다."}\n' >text.jsonl
"$ktlm" eval -q text.jsonl --model llama --json | grep -q bits_per_byte
printf '안녕\n' | "$ktlm" chat -q --model llama --max-new-tokens 5 --seed 1 >answer.txt
[ -s answer.txt ]

# Training goes on from it, and writes a model that keeps its tokenizer and its ends of text.
"$ktlm" prepare -q "$project/tests/data/sample/dialogues.jsonl"
"$ktlm" train -q --init-from llama --out runs/more --threads 1 --set train.task=chat --set model.max_seq_len=128 \
  --set train.max_steps=2 --set train.warmup_steps=1 --set train.eval_every_steps=0 --set train.micro_batch_size=2 \
  --set train.grad_accum_steps=1
check_model runs/more/model
grep -q '"llama3"' runs/more/model/config.json
tr -d ' \n' <runs/more/model/generation_config.json | grep -q '"eos_token_id":\[2,9'
cmp llama/tokenizer.model runs/more/model/tokenizer.model
