#!/usr/bin/env bash
# Installs what ktlm needs to build, where it is missing; says nothing when nothing is.
#
#   tools/setup.sh [--tests]
#
#   --tests    also what tests check with: shellcheck and checkbashisms; into .venv the Python packages that they compare
#              with (transformers, tensorboard, ...)
#
# Debian and Ubuntu: packages through apt, as root or with sudo. macOS: through Homebrew (written from its documentation,
# never run by us). libtorch 2.13 is taken from where CMAKE_PREFIX_PATH or Torch_DIR points, else the wheel torch==2.13.0
# goes into a private environment, .venv.
# shellcheck source=tools/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$root"

readonly torch_version=2.13.0
debian_packages="build-essential cmake ninja-build ccache pkg-config curl python3 python3-venv libyaml-cpp-dev \
libspdlog-dev libcli11-dev nlohmann-json3-dev libexpat1-dev libbz2-dev zlib1g-dev liblzma-dev libzip-dev libzstd-dev \
libutf8proc-dev libxxhash-dev libhwy-dev libsentencepiece-dev libpcre2-dev libedit-dev libgtest-dev libgmock-dev tmux"
debian_test_packages="shellcheck devscripts"  # devscripts: checkbashisms
# Names as on formulae.brew.sh in November 2026. expat, bzip2 and zlib (as for CPython: its Misc/Brewfile) come
# with Apple's SDK. abseil is what sentencepiece's header needs (cmake/dependencies.cmake). Neither pytorch, which moves on
# (to 2.15 by then, while ktlm is tested with 2.13), nor libomp, of which the wheel brings its own.
homebrew_packages="cmake ninja ccache pkgconf yaml-cpp spdlog cli11 nlohmann-json xz libzip zstd utf8proc xxhash highway \
sentencepiece abseil pcre2 libedit googletest tmux"
homebrew_test_packages="shellcheck"
test_python_packages="transformers tokenizers sentencepiece tensorboard numpy protobuf pyarrow gguf onnx onnxruntime"

install_debian_packages() {
  local missing="" package
  for package in $debian_packages; do
    case $(dpkg-query -W -f='${Status}' "$package" 2>/dev/null) in
      *" installed") ;;
      *) missing="$missing $package" ;;
    esac
  done
  [ -n "$missing" ] || return 0
  command -v apt-get >/dev/null || fail "apt-get is not here; install by hand:$missing"
  local as_root=""
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "no sudo here; run as root: apt-get install$missing"
    as_root=sudo
  fi
  say "installing:$missing"
  $as_root apt-get update -qq >&2 || say "$script: apt-get update failed; going on with the package lists at hand"
  # shellcheck disable=SC2086  # a list of words
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >&2 ||
    fail "apt-get install$missing failed; see its message above"
}

install_homebrew_packages() {
  command -v brew >/dev/null || fail "Homebrew is not here; install it from https://brew.sh and run this again"
  c++ --version >/dev/null 2>&1 || fail "no C++ compiler; run: xcode-select --install"
  local missing="" package installed
  installed=$(brew list --formula -1)
  for package in $homebrew_packages; do
    # No pipe: grep -q leaves early, and printf failing on the closed pipe would count as "missing".
    grep -qx "$package" <<<"$installed" || missing="$missing $package"
  done
  find_python >/dev/null || missing="$missing python@3.13"
  [ -n "$missing" ] || return 0
  say "installing:$missing"
  # shellcheck disable=SC2086  # a list of words
  HOMEBREW_NO_AUTO_UPDATE=1 brew install --quiet $missing >&2 || fail "brew install$missing failed; see its message above"
}

# Prints a Python that the wheel of torch supports (3.10 or newer).
find_python() {
  local name
  for name in python3 python3.13 python3.12 python3.11 python3.10; do
    if command -v "$name" >/dev/null &&
      "$name" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null; then
      printf '%s\n' "$name"
      return 0
    fi
  done
  return 1
}

make_venv() {
  [ -x .venv/bin/python ] && return 0
  local python
  python=$(find_python) || fail "python3 is missing or older than 3.10, which torch $torch_version needs; install a newer one"
  say "making .venv"
  "$python" -m venv .venv >&2 || fail "$python -m venv failed; on Debian and Ubuntu install python3-venv"
}

pip_install() { .venv/bin/python -m pip install --quiet --disable-pip-version-check "$@" >&2; }

# venv_has NAME [VERSION]: without importing it, which takes seconds for torch.
venv_has() {
  [ -x .venv/bin/python ] && .venv/bin/python - "$@" <<'PYTHON'
import importlib.metadata, sys
try:
    version = importlib.metadata.version(sys.argv[1])
except importlib.metadata.PackageNotFoundError:
    sys.exit(1)
sys.exit(len(sys.argv) > 2 and version.split("+")[0] != sys.argv[2])
PYTHON
}

# Whether CMAKE_PREFIX_PATH or Torch_DIR names a libtorch.
torch_is_named() {
  [ -n "${Torch_DIR:-}" ] && [ -e "$Torch_DIR/TorchConfig.cmake" ] && return 0
  local IFS=:\; folder
  for folder in ${CMAKE_PREFIX_PATH:-}; do
    [ -e "$folder/share/cmake/Torch/TorchConfig.cmake" ] && return 0
  done
  return 1
}

# On Linux the wheel of PyPI brings gigabytes of CUDA. Where there is no NVIDIA card, and pip has not been told where to
# look, PyTorch's own index of CPU wheels is asked first.
install_torch() {
  make_venv
  local pip_settings  # first in full, and no pipe, for the same reason
  pip_settings=$(.venv/bin/python -m pip config list 2>/dev/null || true)
  say "installing torch $torch_version into .venv"
  if [ "$(uname -s)" = Linux ] && ! command -v nvidia-smi >/dev/null &&
    ! grep -Eq 'index-url|find-links' <<<"$pip_settings"; then
    pip_install "torch==$torch_version" --index-url https://download.pytorch.org/whl/cpu && return 0
    say "$script: no CPU wheel from download.pytorch.org; trying pip's default index"
  fi
  pip_install "torch==$torch_version" ||
    fail "pip could not install torch==$torch_version; point CMAKE_PREFIX_PATH to a libtorch 2.13 to use that instead"
}

with_tests=no
while [ $# -gt 0 ]; do
  case $1 in
    --tests) with_tests=yes ;;
    -h | --help) print_help && exit 0 ;;
    *) fail "unknown option \"$1\"; see tools/setup.sh --help" ;;
  esac
  shift
done

if [ "$with_tests" = yes ]; then
  debian_packages="$debian_packages $debian_test_packages"
  homebrew_packages="$homebrew_packages $homebrew_test_packages"
fi
case $(uname -s) in
  Linux)
    command -v dpkg-query >/dev/null ||
      fail "this Linux has no dpkg; install the equivalents of these Debian packages by hand: $debian_packages"
    install_debian_packages
    ;;
  Darwin) install_homebrew_packages ;;
  *) fail "$(uname -s) is not supported; ktlm builds on Linux and macOS" ;;
esac

if ! cmake_is_new_enough && ! venv_has cmake; then
  make_venv
  say "installing CMake into .venv (the system's is older than 3.25)"
  pip_install "cmake>=3.25,<4" || fail "pip could not install cmake; install CMake 3.25 or newer by hand"
fi

if ! torch_is_named && ! venv_has torch "$torch_version"; then install_torch; fi

if [ "$with_tests" = yes ]; then
  missing=""
  for package in $test_python_packages; do venv_has "$package" || missing="$missing $package"; done
  if [ -n "$missing" ]; then
    make_venv
    say "installing into .venv:$missing"
    # shellcheck disable=SC2086  # a list of words
    pip_install $missing || fail "pip could not install$missing"
  fi
fi
