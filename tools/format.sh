#!/usr/bin/env bash
# Formats the C++ sources with clang-format 14 or newer.
#
#   tools/format.sh            formats in place
#   tools/format.sh --check    changes nothing; lists what is not formatted and fails where there is any
# shellcheck source=tools/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$root"

mode=-i
case ${1:-} in
  "") ;;
  --check) mode="--dry-run --Werror" ;;
  -h | --help) print_help && exit 0 ;;
  *) fail "unknown option \"$1\"; see tools/format.sh --help" ;;
esac
command -v clang-format >/dev/null || fail "clang-format is not here; apt-get install clang-format, or brew install clang-format"
# shellcheck disable=SC2086  # a list of words
find include src tests \( -name '*.h' -o -name '*.cpp' \) -print0 | xargs -0 clang-format $mode
