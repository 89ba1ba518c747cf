#!/usr/bin/env bash
# tools/setup.sh on machines made of stand-ins: a PATH that holds the few real tools it needs, and fakes of uname, apt-get,
# brew, pip ... that write down how they were called. Nothing is installed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/setup_test.XXXXXX")
trap 'rm -rf "$work"' EXIT
bash=$(command -v bash)

mkdir -p "$work/real" "$work/checkout/tools"
cp "$here/../../tools/setup.sh" "$here/../../tools/common.sh" "$work/checkout/tools"
for tool in awk cat cp dirname env grep head tail mkdir printf rm sort tr chmod; do
  ln -s "$(command -v "$tool")" "$work/real/$tool"
done

expect() {  # expect WHAT GOT WANTED
  [ "$2" = "$3" ] || { printf 'FAILED: %s\n  got:      %s\n  expected: %s\n' "$1" "$2" "$3"; exit 1; }
}
fake() {  # fake NAME: a program whose text comes from standard input
  { printf '#!%s\n' "$bash"; cat; } >"$machine/$1"
  chmod +x "$machine/$1"
}
# A new machine, with CMake 3.25 and a Python 3.11 whose venv holds a pip that "installs" by writing down names.
new_machine() {  # new_machine SYSTEM USER_ID
  rm -rf "$work/machine" "$work/checkout/.venv" "$work/calls" "$work/installed"
  machine=$work/machine
  mkdir "$machine"
  : >"$work/calls"
  : >"$work/installed"
  echo "echo $1" | fake uname
  echo "echo $2" | fake id
  echo 'echo "cmake version 3.25.1"' | fake cmake
  fake python3 <<PYTHON
case "\$*" in
  *sys.version_info*) exit 0 ;;
  "-m venv .venv")
    echo "venv" >>"$work/calls"
    mkdir -p .venv/bin
    cp "$machine/venv_python" .venv/bin/python
    ;;
esac
PYTHON
  fake venv_python <<PYTHON
case "\$1 \$2 \$3" in
  "-m pip config") cat "$work/pip_config" 2>/dev/null || true ;;
  "-m pip install")
    shift 5
    echo "pip \$*" >>"$work/calls"
    [ ! -e "$work/no_index" ] || case "\$*" in *--index-url*) exit 1 ;; esac
    [ ! -e "$work/no_pip" ] || exit 1
    printf '%s\n' "\$@" >>"$work/installed"
    ;;
  "- "*) grep -Eq "^\$2(==\${3:-}.*|>=.*)?\$" "$work/installed" ;;
esac
PYTHON
}
# Debian's tools, with all packages there but those named.
debian_without() {
  fake dpkg-query <<DPKG
for package; do :; done
case " $* " in *" \$package "*) exit 1 ;; esac
echo "install ok installed"
DPKG
  fake apt-get <<APT
echo "apt-get \$*" >>"$work/calls"
[ ! -e "$work/no_apt" ] || case "\$*" in install*) exit 100 ;; esac
APT
}
run() {  # run [ARGUMENT...]: leaves the exit code in $code, stderr in $err, the fakes' calls in $calls
  code=0
  # shellcheck disable=SC2086  # an assignment or nothing
  env -i PATH="$machine:$work/real" HOME="$work" ${environment:-} "$bash" "$work/checkout/tools/setup.sh" "$@" \
    >"$work/out" 2>"$work/err" || code=$?
  out=$(cat "$work/out")
  err=$(cat "$work/err")
  calls=$(cat "$work/calls")
}

# Nothing to do: nothing said, nothing called, no environment made.
new_machine Linux 0
debian_without
mkdir -p "$work/libtorch/share/cmake/Torch"
: >"$work/libtorch/share/cmake/Torch/TorchConfig.cmake"
environment="CMAKE_PREFIX_PATH=/nowhere:$work/libtorch"
run
expect "complete machine" "$code:$out:$err:$calls" "0:::"
environment="Torch_DIR=$work/libtorch/share/cmake/Torch"
run
expect "complete machine, Torch_DIR" "$code:$out:$err:$calls" "0:::"
environment=""

# Debian as root: the missing packages, and the CPU's wheel of torch first.
new_machine Linux 0
debian_without libxxhash-dev tmux
run
expect "Debian: exit code ($err)" "$code" 0
expect "Debian: calls" "$calls" "apt-get update -qq
apt-get install -y -qq --no-install-recommends libxxhash-dev tmux
venv
pip torch==2.13.0 --index-url https://download.pytorch.org/whl/cpu"
expect "Debian: words" "$err" "installing: libxxhash-dev tmux
making .venv
installing torch 2.13.0 into .venv"
debian_without
: >"$work/calls"
run
expect "second run" "$code:$err:$calls" "0::"
run --tests
expect "--tests" "$calls" "pip transformers tokenizers sentencepiece tensorboard numpy protobuf pyarrow gguf onnx onnxruntime"
: >"$work/calls"
run --tests
expect "second --tests" "$code:$err:$calls" "0::"
debian_without shellcheck devscripts
run
expect "without --tests nothing of the tests'" "$code:$err:$calls" "0::"
run --tests
expect "--tests: packages" "$(printf '%s\n' "$calls" | tail -1)" \
  "apt-get install -y -qq --no-install-recommends shellcheck devscripts"

# Where pip was told where to look, or the index of CPU wheels is out of reach, or there is an NVIDIA card: pip's own way.
new_machine Linux 0
debian_without
echo "global.find-links='/somewhere'" >"$work/pip_config"
run
expect "configured pip" "$calls" "venv
pip torch==2.13.0"
rm "$work/pip_config"
new_machine Linux 0
debian_without
: >"$work/no_index"
run
expect "no CPU index" "$code:$calls" "0:venv
pip torch==2.13.0 --index-url https://download.pytorch.org/whl/cpu
pip torch==2.13.0"
rm "$work/no_index"
new_machine Linux 0
debian_without
echo true | fake nvidia-smi
run
expect "NVIDIA card" "$calls" "venv
pip torch==2.13.0"

# A CMake that is too old is passed by.
new_machine Linux 0
debian_without
echo 'echo "cmake version 3.22.1"' | fake cmake
environment="CMAKE_PREFIX_PATH=$work/libtorch"
run
expect "old CMake" "$code:$calls" "0:venv
pip cmake>=3.25,<4"
environment=""

# As a user: sudo, or a line that says what to ask for.
new_machine Linux 1000
debian_without tmux
environment="CMAKE_PREFIX_PATH=$work/libtorch"
run
expect "no sudo" "$code:$err" "1:setup.sh: no sudo here; run as root: apt-get install tmux"
echo 'echo "sudo $*" >>"'"$work/calls"'"; exec "$@"' | fake sudo
run
expect "sudo" "$calls" "sudo apt-get update -qq
apt-get update -qq
sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends tmux
apt-get install -y -qq --no-install-recommends tmux"
: >"$work/no_apt"
run
expect "apt fails" "$code:$(printf '%s\n' "$err" | tail -1)" \
  "1:setup.sh: apt-get install tmux failed; see its message above"
rm "$work/no_apt" "$machine/apt-get"
run
expect "no apt-get" "$code:$err" "1:setup.sh: apt-get is not here; install by hand: tmux"

# Failures name what to do.
environment=""
new_machine Linux 0
debian_without
: >"$work/no_pip"
run
expect "no torch" "$code:$(printf '%s\n' "$err" | tail -1)" "1:setup.sh: pip could not install torch==2.13.0; point \
CMAKE_PREFIX_PATH to a libtorch 2.13 to use that instead"
rm "$work/no_pip"
new_machine Linux 0
debian_without
echo 'exit 1' | fake python3
run
expect "no Python" "$code:$(printf '%s\n' "$err" | tail -1)" "1:setup.sh: python3 is missing or older than 3.10, which \
torch 2.13.0 needs; install a newer one"
new_machine Linux 0
run
case "$code:$err" in
  "1:setup.sh: this Linux has no dpkg; install the equivalents of these Debian packages by hand: build-essential "*) ;;
  *) expect "another Linux" "$code:$err" "1:setup.sh: this Linux has no dpkg; ..." ;;
esac
new_machine SunOS 0
run
expect "another system" "$code:$err" "1:setup.sh: SunOS is not supported; ktlm builds on Linux and macOS"
run --fast
expect "unknown option" "$code:$err" '1:setup.sh: unknown option "--fast"; see tools/setup.sh --help'
run --help
expect "help" "$code:$(printf '%s\n' "$out" | head -1)" \
  "0:Installs what ktlm needs to build, where it is missing; says nothing when nothing is."

# macOS: Homebrew, Apple's compiler, the wheel of torch from pip's index.
new_machine Darwin 501
run
expect "no Homebrew" "$code:$err" "1:setup.sh: Homebrew is not here; install it from https://brew.sh and run this again"
fake brew <<BREW
case "\$1" in
  list)  # so long a list that no pipe holds it: what is found at its beginning is there all the same
    printf '%s\n' ccache cmake googletest ninja nlohmann-json pkgconf sentencepiece spdlog tmux utf8proc xxhash yaml-cpp
    printf 'other-formula-%s\n' {1..8000}
    ;;
  install) echo "brew \$*" >>"$work/calls" ;;
esac
BREW
run
expect "no compiler" "$code:$err" "1:setup.sh: no C++ compiler; run: xcode-select --install"
echo 'echo clang' | fake c++
run
expect "macOS: exit code ($err)" "$code" 0
expect "macOS: calls" "$calls" "brew install --quiet cli11 xz libzip zstd highway abseil pcre2 libedit
venv
pip torch==2.13.0"
: >"$work/calls"
run --tests
expect "macOS: --tests" "$(printf '%s\n' "$calls" | head -1)" "brew install --quiet cli11 xz libzip zstd highway abseil pcre2 libedit shellcheck"
echo "all good"
