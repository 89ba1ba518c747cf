#!/bin/sh
# What `cmake --install` puts under a prefix runs from there, also when the prefix has moved.
#
#   install_test.sh SOURCE_DIR BUILD_DIR WORK_DIR
set -eu
source=$1 build=$2 work=$3

rm -rf "$work"
mkdir -p "$work"

# The first configure of all: a second one finds in its cache what the first may have used before it was set.
cmake -S "$source" -B "$work/configured" -G Ninja -DKTLM_WITH_TORCH=OFF -DKTLM_BUILD_TESTS=OFF >/dev/null
if ! grep -q '\.\./lib' "$work/configured/cmake_install.cmake"; then
  echo "the installed program would not look for its library in ../lib:"
  grep -i rpath "$work/configured/cmake_install.cmake"
  exit 1
fi
cmake --install "$build" --prefix "$work/first" >/dev/null
mv "$work/first" "$work/moved"
"$work/moved/bin/ktlm" --version
test -f "$work/moved/share/ktlm/configs/small.yaml"
# A verb that lives in the library: it gets as far as looking for a model.
cd "$work"
if message=$("$work/moved/bin/ktlm" generate --dtype fp32 --prompt 가 2>&1); then
  echo "generated without a model"
  exit 1
fi
case $message in
  *"no finished model"*) ;;
  *) echo "unexpected: $message" && exit 1 ;;
esac
