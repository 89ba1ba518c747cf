#!/usr/bin/env bash
# ktlm chat in a real terminal (tmux): editing Hangul, history, Ctrl-C and Ctrl-D.
# Arguments: the program, a folder for what it writes. Leaves with 77, which ctest takes as skipped, without tmux.
set -euo pipefail
program=$1
folder=$2
if ! command -v tmux > /dev/null; then
  echo "skipped: tmux is not installed"
  exit 77
fi

rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"
tmux_() { tmux -L "ktlm-chat-test-$$" -f /dev/null -u "$@"; }
trap 'tmux_ kill-server 2> /dev/null || true' EXIT

# A model that has learnt nothing, whose context is long enough for an answer that takes a while.
for word in 서울은 봄에는 고양이는 할머니는 컴퓨터는 안녕하세요 사과와 바람이; do
  for end in 있다 많다 좋아한다 갔다 왔다가 돌아갔다; do
    echo "{\"text\":\"$word 오늘도 $end. 그리고 $word 다시 $end.\"}"
  done
done > texts.jsonl
cat > tiny.yaml << 'YAML'
model: {d_model: 16, n_layers: 1, n_heads: 2, n_kv_heads: 1, d_ff: 32, max_seq_len: 64}
train: {max_steps: 2, micro_batch_size: 2, warmup_steps: 1, eval_every_steps: 0}
YAML
"$program" prepare texts.jsonl --min-chars 1 -q > /dev/null
"$program" train-tokenizer --vocab-size 320 -q > /dev/null
"$program" train --config tiny.yaml --device cpu --threads 1 -q > /dev/null
config=runs/tiny/model/config.json
sed 's/\("max_position_embeddings": *\)64/\1200000/' "$config" > config.new
mv config.new "$config"

# Waits until the screen, without its empty lines, matches; fails with the screen after 20 seconds.
expect_screen() {
  for _ in $(seq 100); do
    screen=$(tmux_ capture-pane -p | sed '/^ *$/d')
    if grep -qE -- "$1" <<< "$screen"; then return; fi
    sleep 0.2
  done
  printf 'expected /%s/ on the screen:\n%s\n' "$1" "$screen"
  exit 1
}
type_() { tmux_ send-keys -l -- "$1"; }
press() { tmux_ send-keys "$@"; }

start="env XDG_STATE_HOME=$folder/state LC_ALL=C '$program' chat --device cpu --threads 1 --temperature 0 --max-new-tokens 3"
tmux_ new-session -d -x 60 -y 24 "$start; echo left with \$?; sleep 600"
expect_screen '^> *$'

# Backspace takes a whole syllable; what is typed in the middle pushes wide characters aside.
type_ '/system 한글을 쓴다'
expect_screen '^> /system 한글을 쓴다$'
press BSpace BSpace
type_ '썼다'
expect_screen '^> /system 한글을 썼다$'
press Left Left Left
type_ '잘 '
expect_screen '^> /system 한글을잘  썼다$'
press Enter
expect_screen '^system message: 한글을잘  썼다$'

# The cursor goes over a wrapped line and back.
press C-l
type_ '/system 가나다라마바사아자차카타파하가나다라마바사아자차카타파하'
press C-a
type_ 'x'
expect_screen '^> x/system 가나다라마바사아자차카타파하가나다라마바사아자차$'
press C-d BSpace C-k

# History: the former line comes back and can be changed.
press Up
expect_screen '^> /system 한글을잘  썼다$'
press C-u
type_ '/hlep'
press Enter
expect_screen 'unknown command "/hlep"; did you mean "/help"\?'

# Ctrl-C stops an answer and not the program.
type_ '/set max_new_tokens=0'
press Enter
expect_screen '^max_new_tokens=0$'
press C-l
type_ '길게'
expect_screen '^> 길게$'
press Enter
sleep 2
press C-c
sleep 1
press C-l
type_ '/stats'
press Enter
expect_screen '^[34] messages, 0 of them no longer in the context$'

# On an empty line the first Ctrl-C warns, the second leaves; a line typed in between takes the warning back.
press C-l
type_ '반쯤'
expect_screen '^> 반쯤$'
press C-c
expect_screen '^> *$'
press C-c
expect_screen 'Ctrl-C again'
type_ '/help'
press Enter
expect_screen '^/quit'
press C-l
expect_screen '^> *$'
press C-c
expect_screen 'Ctrl-C again'
press C-c
expect_screen 'left with 0'

# The next run remembers the history, and Ctrl-D leaves it.
tmux_ respawn-pane -k "$start; echo left with \$?; sleep 600"
expect_screen '^> *$'
press Up
expect_screen '^> /help$'
press C-u C-d
expect_screen 'left with 0'
