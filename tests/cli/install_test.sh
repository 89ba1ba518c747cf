#!/bin/sh
# What `cmake --install` puts under a prefix runs from there, also when the prefix has moved.
#
#   install_test.sh BUILD_DIR WORK_DIR
set -eu
build=$1 work=$2

rm -rf "$work"
mkdir -p "$work"
cmake --install "$build" --prefix "$work/first" >/dev/null
mv "$work/first" "$work/moved"
"$work/moved/bin/ktlm" --version
test -f "$work/moved/share/ktlm/configs/small.yaml"
# A verb that lives in the library: it gets as far as looking for a model.
cd "$work"
if message=$("$work/moved/bin/ktlm" generate --prompt 가 2>&1); then
  echo "generated without a model"
  exit 1
fi
case $message in
  *"no finished model"*) ;;
  *) echo "unexpected: $message" && exit 1 ;;
esac
