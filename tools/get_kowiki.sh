#!/usr/bin/env bash
# Fetches the current dump of the Korean Wikipedia (about 1 GB) and checks it against the SHA-1 published beside it.
#
#   tools/get_kowiki.sh [FILE]      FILE: data/raw/kowiki-latest-pages-articles.xml.bz2
#
# A broken download goes on where it stopped when the command is run again. Prints the file's name when it is whole, and
# downloads nothing where FILE is the current dump already. KTLM_DUMP_URL: a mirror of https://dumps.wikimedia.org/kowiki
# shellcheck source=tools/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

case ${1:-} in
  -h | --help) print_help && exit 0 ;;
  -*) fail "unknown option \"$1\"; see tools/get_kowiki.sh --help" ;;
esac
target=${1:-$root/data/raw/kowiki-latest-pages-articles.xml.bz2}
base_url=${KTLM_DUMP_URL:-https://dumps.wikimedia.org/kowiki}
base_url=${base_url%/}

sha1_of() {
  if command -v sha1sum >/dev/null; then sha1sum "$1"; else shasum -a 1 "$1"; fi | awk '{ print $1 }'
}

command -v curl >/dev/null || fail "curl is not here; install it and run this again"
command -v sha1sum >/dev/null || command -v shasum >/dev/null || fail "neither sha1sum nor shasum is here; install one"
mkdir -p "$(dirname "$target")"

# Lines "<sha1>  kowiki-20250801-pages-articles.xml.bz2". The name carries the day of the dump, and the file is fetched
# by that name: "latest" may move on to the next dump while a download pauses.
sums_url=$base_url/latest/kowiki-latest-sha1sums.txt
sums=$(curl -fsSL --retry 3 "$sums_url") || fail "$sums_url: no list of checksums there; is the network up?"
line=$(printf '%s\n' "$sums" | awk '$2 ~ /^kowiki-[0-9]+-pages-articles\.xml\.bz2$/ { print $1, $2; exit }')
[ -n "$line" ] || fail "$sums_url: names no pages-articles.xml.bz2; the dump may be under way, try again in a day"
expected=${line%% *}
name=${line#* }
day=${name#kowiki-}
day=${day%%-*}

if [ -e "$target" ] && [ "$(sha1_of "$target")" = "$expected" ]; then
  say "$target is the dump of $day already"
  printf '%s\n' "$target"
  exit 0
fi

part=$target.$day.part
for old in "$target".*.part; do  # of earlier dumps
  if [ -e "$old" ] && [ "$old" != "$part" ]; then rm -f "$old"; fi
done

url=$base_url/$day/$name
progress=--progress-bar
[ -t 2 ] || progress=-sS
if ! [ -e "$part" ] || [ "$(sha1_of "$part")" != "$expected" ]; then
  say "fetching $url"
  status=0
  curl -fL -C - --retry 5 "$progress" -o "$part" "$url" || status=$?
  # 33: the server cannot go on in the middle; 22 with a part at hand: the part is as long as the file (HTTP 416).
  if [ "$status" -eq 33 ] || { [ "$status" -eq 22 ] && [ -s "$part" ]; }; then
    say "cannot go on from the part at hand; fetching all of it"
    rm -f "$part"
    status=0
    curl -fL --retry 5 "$progress" -o "$part" "$url" || status=$?
  fi
  [ "$status" -eq 0 ] || fail "$url: the download broke off (curl's exit code $status); run this again to go on"
fi

got=$(sha1_of "$part")
if [ "$got" != "$expected" ]; then
  rm -f "$part"
  fail "$url: SHA-1 is $got, expected $expected; the damaged download was removed, run this again"
fi
mv -f "$part" "$target"
printf '%s\n' "$target"
