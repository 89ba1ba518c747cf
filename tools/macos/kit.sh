# Sourced by cross_build.sh: fetches what a compiler on Linux needs of macOS 14 / arm64, into $kit:
#
#   sdk/       headers of Apple's libc and stubs of the system's libraries (from the ziglang wheel, and make_stubs.py)
#   libcxx/    headers of LLVM's libc++, which mark what the libc++ of macOS 14 lacks
#   libtorch/  libtorch from torch's own wheel for the Mac
#   bin/       a stand-in for sw_vers, which CMake asks for the system's version
#
# Wheels come through pip and are pinned by checksum; Debian's packages and sources come through apt-get, which checks
# them against the signed archive, with package lists of its own, so that neither root nor a deb-src line is needed.
# shellcheck shell=bash disable=SC2154  # work, kit, root are set by cross_build.sh

readonly torch_wheel="torch==2.13.0 --hash=sha256:e76f9bcecc52b8ff711239a2f7547d5353df95878ab232f0773c1d95928b92f8"
readonly zig_wheel="ziglang==0.17.1 --hash=sha256:ea6cc5d87b033cf0aedfbc8f9549a908cae6c50ac31f1698188fa48a74524b54"
readonly abilist_url="https://raw.githubusercontent.com/llvm/llvm-project/llvmorg-16.0.6/libcxx/lib/abi/\
arm64-apple-darwin.libcxxabi.v1.stable.exceptions.nonew.abilist"

# done_before NAME KEY..., mark_done NAME KEY...: whether the step NAME was carried out with these keys. A change of the
# scripts that make it up changes the key.
done_before() { [ -e "$work/done/$1" ] && [ "$(cat "$work/done/$1")" = "$2" ]; }
mark_done() { mkdir -p "$work/done" && printf '%s\n' "$2" >"$work/done/$1"; }
key_of() { cat "$@" | cksum; }

# apt COMMAND...: apt-get with the machine's sources, their deb-src included, and package lists under $work/apt.
apt() {
  local apt=$work/apt
  if [ ! -e "$apt/updated" ]; then
    mkdir -p "$apt/sources" "$apt/lists/partial" "$apt/cache/archives/partial"
    local file
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
      [ ! -e "$file" ] || sed -n 's/^deb \(.*\)/deb \1\ndeb-src \1/p' "$file" >"$apt/sources/$(basename "$file" .list).list"
    done
    for file in /etc/apt/sources.list.d/*.sources; do
      [ ! -e "$file" ] || sed 's/^Types:.*/Types: deb deb-src/' "$file" >"$apt/sources/$(basename "$file")"
    done
    run_apt update || say "$script: apt-get update failed in part; going on with what it found"
    : >"$apt/updated"
  fi
  run_apt "$@"
}
run_apt() { with_own_lists apt-get -qq "$@" >&2; }
with_own_lists() {
  "$@" -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$work/apt/sources" \
    -o Dir::State::lists="$work/apt/lists" -o Dir::Cache="$work/apt/cache" -o APT::Sandbox::User=root
}

# unpack_deb PACKAGE FOLDER: the files of a binary package, without installing it.
unpack_deb() {
  rm -rf "$work/debs/$1" && mkdir -p "$work/debs/$1" "$2"
  (cd "$work/debs/$1" && apt download "$1") || fail "apt-get download $1 failed; see its message above"
  dpkg-deb -x "$work/debs/$1"/*.deb "$2"
}

# unpack_wheel FOLDER REQUIREMENT PLATFORM PATTERN...: the wheel's files that fit a pattern.
unpack_wheel() {
  local folder=$1 requirement=$2 platform=$3
  shift 3
  [ -x "$work/venv/bin/pip" ] || python3 -m venv "$work/venv" >&2 ||
    fail "python3 -m venv failed; on Debian and Ubuntu install python3-venv"
  rm -rf "$work/wheels" && mkdir -p "$work/wheels"
  printf '%s\n' "$requirement" >"$work/wheels/requirement.txt"
  "$work/venv/bin/pip" --disable-pip-version-check --quiet download --no-deps --only-binary=:all: --python-version 3.11 \
    --platform "$platform" --require-hashes --requirement "$work/wheels/requirement.txt" --dest "$work/wheels" >&2 ||
    fail "pip could not download ${requirement%% *} for $platform; see its message above"
  unzip -qo "$work/wheels"/*.whl "$@" -d "$folder"
  rm -rf "$work/wheels"
}

# The list of what libc++ exports on Darwin, 240 KB: LLVM's file, so it is not part of this project.
get_abilist() {
  if [ -n "${KTLM_MACOS_ABILIST:-}" ]; then
    [ -r "$KTLM_MACOS_ABILIST" ] || fail "KTLM_MACOS_ABILIST names $KTLM_MACOS_ABILIST, which cannot be read"
    cp "$KTLM_MACOS_ABILIST" "$work/libcxx.abilist"
  elif [ ! -e "$work/libcxx.abilist" ]; then
    curl -fsSL "$abilist_url" -o "$work/libcxx.abilist.part" ||
      fail "cannot download $abilist_url; set KTLM_MACOS_ABILIST to a copy of it"
    mv "$work/libcxx.abilist.part" "$work/libcxx.abilist"
  fi
}

make_sdk() {
  rm -rf "$kit/sdk" "$kit/libcxx" "$work/unpacked" && mkdir -p "$kit/sdk/usr/lib" "$kit/bin" "$work/unpacked"
  unpack_wheel "$work/unpacked" "$zig_wheel" manylinux2010_x86_64 \
    'ziglang/lib/libc/include/any-darwin-any/*' 'ziglang/lib/libc/darwin/*'
  mv "$work/unpacked/ziglang/lib/libc/include/any-darwin-any" "$kit/sdk/usr/include"
  # Leaves NAN and INFINITY to a float.h newer than clang 19's.
  cat >>"$kit/sdk/usr/include/math.h" <<'C'
#ifndef INFINITY
#define INFINITY HUGE_VALF
#endif
#ifndef NAN
#define NAN __builtin_nanf("")
#endif
C
  # macOS ships libedit; its header is the same project's as Debian's.
  unpack_deb libedit-dev "$work/unpacked/libedit"
  cp "$work/unpacked/libedit/usr/include/histedit.h" "$kit/sdk/usr/include"
  python3 "$root/tools/macos/make_stubs.py" --abilist "$work/libcxx.abilist" \
    --libsystem "$work/unpacked/ziglang/lib/libc/darwin/libSystem.tbd" \
    --histedit "$kit/sdk/usr/include/histedit.h" --out "$kit/sdk/usr/lib"

  unpack_deb libc++-19-dev "$work/unpacked/libcxx"
  cp -RL "$work/unpacked/libcxx/usr/lib/llvm-19/include/c++/v1" "$kit/libcxx"
  # Debian's libc++ is all there is on Debian; on a Mac the system's may be older than the headers.
  sed '/define _LIBCPP_HAS_NO_VENDOR_AVAILABILITY_ANNOTATIONS/d' "$kit/libcxx/__config_site" >"$kit/libcxx/__config_site.new"
  mv "$kit/libcxx/__config_site.new" "$kit/libcxx/__config_site"

  printf '#!/bin/sh\necho 14.0\n' >"$kit/bin/sw_vers"
  chmod +x "$kit/bin/sw_vers"
}

make_libtorch() {
  rm -rf "$kit/libtorch" "$work/unpacked"
  unpack_wheel "$work/unpacked" "$torch_wheel" macosx_14_0_arm64 \
    'torch/lib/*' 'torch/include/*' 'torch/share/cmake/*' 'torch/version.py'
  mv "$work/unpacked/torch" "$kit/libtorch"
}

make_kit() {
  local key
  rm -rf "$work/apt"  # package lists of an earlier day name files that are no longer there
  get_abilist
  key=$(key_of "$root"/tools/macos/kit.sh "$root"/tools/macos/make_stubs.py "$work/libcxx.abilist")
  if ! done_before sdk "$key"; then
    say "fetching headers and stubs of macOS 14"
    make_sdk
    mark_done sdk "$key"
  fi
  key=$(printf '%s' "$torch_wheel" | key_of)
  if ! done_before libtorch "$key"; then
    say "fetching libtorch for macOS"
    make_libtorch
    mark_done libtorch "$key"
  fi
  rm -rf "$work/unpacked" "$work/debs"
}
