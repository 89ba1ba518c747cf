#!/bin/sh
# torchrun with two processes: one of them is killed, both start anew and go on from the last checkpoint to the end.
#
#   torchrun_test.sh KTLM PROJECT WORK_DIR
#
# Exits with 77, which ctest counts as skipped, where there is no torchrun or pgrep.
set -eu
ktlm=$1 project=$2 work=$3

torchrun=$project/.venv/bin/torchrun
command -v pgrep >/dev/null || { echo "no pgrep here"; exit 77; }
[ -x "$torchrun" ] || torchrun=$(command -v torchrun) || { echo "no torchrun here"; exit 77; }

rm -rf "$work"
mkdir -p "$work"
cd "$work"
"$ktlm" prepare -q "$project/tests/data/sample/dialogues.jsonl"
"$ktlm" train-tokenizer -q --vocab-size 800
export OMP_NUM_THREADS=1
"$torchrun" --standalone --no-python --nproc-per-node 2 --max-restarts 1 "$ktlm" train --resume --config \
  "$project/configs/tiny.yaml" --out runs/two --threads 1 --device cpu --set model.d_model=32 --set model.n_heads=2 \
  --set model.n_kv_heads=1 --set model.d_ff=64 --set model.max_seq_len=64 --set train.dtype=fp32 \
  --set train.micro_batch_size=1 --set train.grad_accum_steps=2 --set train.max_steps=1200 \
  --set train.eval_every_steps=0 --set train.checkpoint_every_steps=50 --set train.shard_optimizer=true 2>log &
agent=$!
trap 'kill $agent 2>/dev/null || true' EXIT
tries=0
until [ -e runs/two/latest ]; do
  sleep 0.1
  tries=$((tries + 1))
  [ $tries -lt 600 ] || { cat log; echo "no checkpoint within a minute"; exit 1; }
done
kill -9 "$(pgrep -P $agent | tail -n 1)"
if ! wait $agent; then
  cat log
  echo "the run did not come to its end"
  exit 1
fi
trap - EXIT
for words in "rank 1 of 2 is gone" "going on from step-" "of 2 processes in fp32" "finished step 1200"; do
  grep -q "$words" log || { cat log; echo "no word of \"$words\""; exit 1; }
done
[ -e runs/two/model/model.safetensors ]
[ "$(grep -c '"step":1200,' runs/two/metrics.jsonl)" = 1 ]
