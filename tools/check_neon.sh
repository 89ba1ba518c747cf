#!/usr/bin/env bash
# Runs the tests of the CPU engine's kernels as an ARM processor computes them (NEON), under qemu, on Linux.
#
#   tools/check_neon.sh [--work DIR]
#
#   --work DIR     where it builds, and keeps the ARM libraries (default: build/check-neon)
#
# Needs Debian's or Ubuntu's packages g++-aarch64-linux-gnu, qemu-user, googletest and libhwy-dev (installed here where it
# may), and their apt-get, which brings Highway for ARM.
# shellcheck source=tools/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$root"

readonly needed_files="/usr/bin/aarch64-linux-gnu-g++:g++-aarch64-linux-gnu /usr/bin/qemu-aarch64:qemu-user \
/usr/src/googletest/googletest/src/gtest-all.cc:googletest /usr/include/hwy/highway.h:libhwy-dev"

install_packages() {
  local missing="" entry
  command -v apt-get >/dev/null || fail "apt-get is not here; run this on Debian 12, Ubuntu 22.04 or newer"
  for entry in $needed_files; do
    [ -e "${entry%%:*}" ] || missing="$missing ${entry#*:}"
  done
  [ -n "$missing" ] || return 0
  [ "$(id -u)" -eq 0 ] || fail "packages are missing; run as root: apt-get install$missing"
  say "installing:$missing"
  # shellcheck disable=SC2086  # a list of words
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >&2 ||
    fail "apt-get install$missing failed; see its message above"
}

# apt COMMAND...: apt-get for ARM's packages too, with package lists of its own.
apt() {
  apt-get -qq -o Dir::State::lists="$work/lists" -o Dir::Cache="$work/cache" -o APT::Architectures::=arm64 \
    -o APT::Sandbox::User=root "$@" >&2
}

# Highway's library for ARM, of the version whose headers are here.
get_highway() {
  mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
  apt update || say "$script: apt-get update failed in part; going on with what it found"
  (cd "$work" && apt download libhwy1:arm64) || fail "apt-get download libhwy1:arm64 failed; see its message above"
  dpkg-deb -x "$work"/libhwy1_*_arm64.deb "$work/highway"
}

work=build/check-neon
while [ $# -gt 0 ]; do
  case $1 in
    --work)
      [ $# -ge 2 ] || fail "--work needs a folder; see tools/check_neon.sh --help"
      work=$2
      shift
      ;;
    -h | --help) print_help && exit 0 ;;
    *) fail "unknown option \"$1\"; see tools/check_neon.sh --help" ;;
  esac
  shift
done
[ "$(uname -s)" = Linux ] || fail "this runs on Linux; on a Mac run tools/test.sh -R Kernels"
mkdir -p "$work"
work=$(cd "$work" && pwd)

install_packages
[ -e "$work/highway" ] || get_highway
gtest=/usr/src/googletest/googletest
library=$(echo "$work"/highway/usr/lib/*/libhwy.so.1)
aarch64-linux-gnu-g++ -std=c++20 -O2 -Wall -Wextra -Iinclude -Isrc/cpu_model -isystem "$gtest/include" -isystem "$gtest" \
  src/cpu_model/matrix_kernels.cpp src/cpu_model/row_kernels.cpp src/cpu_model/thread_team.cpp src/cpu_model/weight_format.cpp \
  tests/cpu_model/kernels_test.cpp tests/cpu_model/thread_team_test.cpp "$gtest/src/gtest-all.cc" \
  "$gtest/src/gtest_main.cc" "$library" -Wl,-rpath,"$(dirname "$library")" -o "$work/kernel_tests"
qemu-aarch64 -L /usr/aarch64-linux-gnu "$work/kernel_tests" --gtest_brief=1
