#!/usr/bin/env bash
# Builds ktlm for macOS 14 on Apple Silicon, on Linux, against torch's wheel for the Mac, and checks that every symbol of
# the program and of its library is there on such a Mac. Nothing of it can run here.
#
#   tools/macos/cross_build.sh [--work DIR] [--build DIR] [--tests] [--unoptimized]
#
#   --work DIR     where headers, libtorch and the libraries built for macOS are kept for the next time: 0.6 GB, and
#                  some minutes the first time (default: build/macos-kit)
#   --build DIR    where ktlm is built (default: build/macos-cross)
#   --tests        builds and checks the test programs too
#   --unoptimized  compiles all with -O0, which takes little more than half the time: to see that it compiles, links and
#                  finds its symbols, not for use on a Mac
#
# Needs Debian's or Ubuntu's packages clang-19, lld-19 and llvm-19 (installed here where it may), and their apt-get, which
# brings the libraries' sources. LLVM's list of what libc++ exports is taken from the file that KTLM_MACOS_ABILIST names,
# else downloaded.
# shellcheck source=tools/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
cd "$root"
# shellcheck source=tools/macos/kit.sh
. tools/macos/kit.sh
# shellcheck source=tools/macos/libraries.sh
. tools/macos/libraries.sh

# Programs that must be here, each with the Debian package that has it.
readonly needed_programs="clang++-19:clang-19 ld64.lld-19:lld-19 llvm-nm-19:llvm-19 unzip:unzip cmake:cmake ninja:ninja-build \
pkg-config:pkg-config curl:curl python3:python3"

install_programs() {
  local missing="" entry
  if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
    fail "apt-get and dpkg-deb are not here; run this on Debian 12, Ubuntu 24.04 or newer, or in a container of one"
  fi
  for entry in $needed_programs; do
    command -v "${entry%%:*}" >/dev/null || missing="$missing ${entry#*:}"
  done
  python3 -c 'import ensurepip' 2>/dev/null || missing="$missing python3-venv"
  [ -n "$missing" ] || return 0
  [ "$(id -u)" -eq 0 ] || fail "packages are missing; run as root: apt-get install$missing"
  say "installing:$missing"
  apt-get update -qq >&2 || say "$script: apt-get update failed; going on with the package lists at hand"
  # shellcheck disable=SC2086  # a list of words
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >&2 ||
    fail "apt-get install$missing failed; see its message above"
}

# absolute DIR: made where it is not there yet.
absolute() { mkdir -p "$1" && (cd "$1" && pwd); }

work=build/macos-kit
build=build/macos-cross
tests=OFF
optimization=-O3
while [ $# -gt 0 ]; do
  case $1 in
    --work | --build)
      [ $# -ge 2 ] || fail "$1 needs a folder; see tools/macos/cross_build.sh --help"
      if [ "$1" = --work ]; then work=$2; else build=$2; fi
      shift
      ;;
    --tests) tests=ON ;;
    --unoptimized) optimization=-O0 ;;
    -h | --help) print_help && exit 0 ;;
    *) fail "unknown option \"$1\"; see tools/macos/cross_build.sh --help" ;;
  esac
  shift
done
[ "$(uname -s)" = Linux ] || fail "this builds on Linux for the Mac; on a Mac run tools/test.sh"
work=$(absolute "$work")
build=$(absolute "$build")
kit=$work/kit
mkdir -p "$work/logs"
export KTLM_MACOS_KIT=$kit CMAKE_BUILD_PARALLEL_LEVEL=${CMAKE_BUILD_PARALLEL_LEVEL:-$(num_cores)}

install_programs
prepare_build_environment
make_kit
make_libraries yaml-cpp fmtlib spdlog nlohmann-json3-dev libcli11-dev expat bzip2 zlib xz-utils libzip libzstd utf8proc xxhash \
  highway sentencepiece pcre2
[ $tests = OFF ] || make_libraries googletest

cmake --fresh --preset macos-cross -B "$build" -DKTLM_BUILD_TESTS=$tests -DCMAKE_CXX_FLAGS_RELEASE="$optimization -DNDEBUG" \
  >"$work/logs/ktlm-configure.log" 2>&1 ||
  fail "CMake could not configure ktlm for macOS; see $work/logs/ktlm-configure.log"
cmake --build "$build"
set -- "$build/ktlm" "$build/libktlm_torch.dylib"
[ $tests = OFF ] || set -- "$@" "$build"/tests/*/ktlm_*_tests
python3 tools/macos/check_macho.py --sdk "$kit/sdk" "$@"
