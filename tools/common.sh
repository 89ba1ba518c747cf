# Shared by the scripts beside it, which source it: words for the person, the tools to build with. Written for bash 3.2
# and the BSD tools of macOS as well as for Linux.
# shellcheck shell=bash
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
script=${0##*/}

say() { printf '%s\n' "$*" >&2; }
fail() {
  say "$script: $*"
  exit 1
}

# The lines behind the shebang that start with "# ", up to the first that does not: a script's own help.
print_help() { awk 'NR > 1 { if (!/^#/ || /^# shellcheck/) exit; sub(/^# ?/, ""); print }' "$0"; }

num_cores() { getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2; }

# version_at_least 3.25.1 3.25: the first is the second or newer (major and minor).
version_at_least() {
  local have_major=${1%%.*} have_rest=${1#*.} want_major=${2%%.*} want_minor=${2#*.}
  local have_minor=${have_rest%%.*}
  [ "$have_major" -gt "$want_major" ] || { [ "$have_major" -eq "$want_major" ] && [ "$have_minor" -ge "$want_minor" ]; }
}

cmake_is_new_enough() { command -v cmake >/dev/null && version_at_least "$(cmake --version | awk 'NR == 1 { print $3 }')" 3.25; }

# Homebrew keeps its libedit apart from the system's own copy ("keg-only"), which has no .pc file, so pkg-config must be
# told.
use_homebrew_libedit() {
  PKG_CONFIG_PATH="${PKG_CONFIG_PATH:+$PKG_CONFIG_PATH:}$(brew --prefix)/opt/libedit/lib/pkgconfig"
  export PKG_CONFIG_PATH
}

# Call after tools/setup.sh and before cmake.
prepare_build_environment() {
  # Ubuntu 22.04's CMake is too old; setup.sh then puts one into .venv. Only it is taken from there.
  if ! cmake_is_new_enough && [ -x "$root/.venv/bin/cmake" ]; then
    # shellcheck disable=SC2317  # called by the script that sources this
    cmake() { "$root/.venv/bin/cmake" "$@"; }
    # shellcheck disable=SC2317
    ctest() { "$root/.venv/bin/ctest" "$@"; }
  fi
  if [ "$(uname -s)" = Darwin ]; then use_homebrew_libedit; fi
}
