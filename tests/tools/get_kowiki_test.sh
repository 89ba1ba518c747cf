#!/usr/bin/env bash
# tools/get_kowiki.sh against a small server on this machine that knows ranges and can break off in the middle.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
get_kowiki=$here/../../tools/get_kowiki.sh
for tool in curl python3; do
  command -v "$tool" >/dev/null || { echo "skipped: $tool is not here"; exit 77; }
done
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY  # the server is on this machine
work=$(mktemp -d "${TMPDIR:-/tmp}/get_kowiki_test.XXXXXX")
server_pid=""
finish() {
  if [ -n "$server_pid" ]; then
    kill "$server_pid" || true
    wait "$server_pid" 2>/dev/null || true
  fi
  rm -rf "$work"
}
trap finish EXIT

sha1_of() {
  if command -v sha1sum >/dev/null; then sha1sum "$1"; else shasum -a 1 "$1"; fi | awk '{ print $1 }'
}
expect() {  # expect WHAT GOT WANTED
  [ "$2" = "$3" ] || { printf 'FAILED: %s\n  got:      %s\n  expected: %s\n' "$1" "$2" "$3"; exit 1; }
}
run() {  # leaves stdout in $out, stderr in $err, the exit code in $code
  code=0
  KTLM_DUMP_URL=$url bash "$get_kowiki" "$target" >"$work/out" 2>"$work/err" || code=$?
  out=$(cat "$work/out")
  err=$(cat "$work/err")
}
ranges() { cat "$work/ranges" 2>/dev/null || true; }

name=kowiki-20250801-pages-articles.xml.bz2
mkdir -p "$work/site/latest" "$work/site/20250801"
head -c 200000 /dev/urandom >"$work/site/20250801/$name"
sha1=$(sha1_of "$work/site/20250801/$name")
publish() {  # publish SHA1
  {
    echo "0000000000000000000000000000000000000000  kowiki-20250801-pages-articles-multistream.xml.bz2"
    echo "$1  $name"
  } >"$work/site/latest/kowiki-latest-sha1sums.txt"
}
publish "$sha1"

python3 "$here/range_server.py" "$work/site" "$work/ranges" >"$work/port" &
server_pid=$!
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  [ -s "$work/port" ] && break
  sleep 0.25
done
url=http://127.0.0.1:$(cat "$work/port")
target=$work/data/raw/dump.xml.bz2
part=$target.20250801.part

# A fresh download makes the folder, prints the name, leaves no part.
run
expect "fresh download: exit code ($err)" "$code" 0
expect "fresh download: stdout" "$out" "$target"
expect "fresh download: content" "$(sha1_of "$target")" "$sha1"
expect "fresh download: files" "$(ls "$work/data/raw")" "dump.xml.bz2"

# The current dump is not fetched again.
rm -f "$work/ranges"
run
expect "second run: exit code" "$code" 0
expect "second run: stdout" "$out" "$target"
expect "second run: stderr" "$err" "$target is the dump of 20250801 already"
expect "second run: requests for the dump" "$(ranges)" ""

# A part goes on where it stopped.
rm -f "$target" "$work/ranges"
head -c 70000 "$work/site/20250801/$name" >"$part"
run
expect "resumed: exit code ($err)" "$code" 0
expect "resumed: content" "$(sha1_of "$target")" "$sha1"
expect "resumed: range asked for" "$(ranges)" "bytes=70000-"

# A connection that breaks keeps the part and the final name free; the next run goes on.
rm -f "$target" "$work/ranges"
echo 50000 >"$work/site/break_after"
run
rm "$work/site/break_after"
expect "broken off: exit code" "$code" 1
expect "broken off: last line" "$(printf '%s\n' "$err" | tail -1)" \
  "get_kowiki.sh: $url/20250801/$name: the download broke off (curl's exit code 18); run this again to go on"
expect "broken off: files" "$(ls "$work/data/raw")" "dump.xml.bz2.20250801.part"
expect "broken off: bytes kept" "$(wc -c <"$part" | tr -d ' ')" 50000
run
expect "after the break: exit code ($err)" "$code" 0
expect "after the break: content" "$(sha1_of "$target")" "$sha1"
expect "after the break: ranges" "$(ranges)" "none
bytes=50000-"

# A part that is whole already is taken as it is; one that is too long or wrong is fetched anew or refused.
rm -f "$work/ranges"
mv "$target" "$part"
run
expect "whole part: exit code ($err)" "$code" 0
expect "whole part: requests for the dump" "$(ranges)" ""
rm -f "$target"
head -c 300000 /dev/zero >"$part"
run
expect "part too long: exit code ($err)" "$code" 0
expect "part too long: content" "$(sha1_of "$target")" "$sha1"
rm -f "$target"
head -c 1000 /dev/zero >"$part"
run
expect "damaged part: exit code" "$code" 1
expect "damaged part: files" "$(ls "$work/data/raw")" ""
case $err in
  *"get_kowiki.sh: $url/20250801/$name: SHA-1 is "*", expected $sha1; the damaged download was removed, run this again") ;;
  *) expect "damaged part: stderr" "$err" "... SHA-1 is ..., expected $sha1; ..." ;;
esac

# The part of another day is no beginning of today's dump.
head -c 1000 /dev/zero >"$target.20250701.part"
run
expect "part of another day: exit code ($err)" "$code" 0
expect "part of another day: files" "$(ls "$work/data/raw")" "dump.xml.bz2"

# An old dump stays until the new one is whole.
echo old >"$target"
publish ffffffffffffffffffffffffffffffffffffffff
run
expect "wrong checksum: exit code" "$code" 1
expect "wrong checksum: the old dump" "$(cat "$target")" old
publish "$sha1"
run
expect "new dump: content" "$(sha1_of "$target")" "$sha1"

# What is not there is named.
echo "$sha1  kowiki-20250801-pages-meta-current.xml.bz2" >"$work/site/latest/kowiki-latest-sha1sums.txt"
run
expect "dump under way: exit code" "$code" 1
expect "dump under way: stderr" "$err" "get_kowiki.sh: $url/latest/kowiki-latest-sha1sums.txt: names no \
pages-articles.xml.bz2; the dump may be under way, try again in a day"
rm "$work/site/latest/kowiki-latest-sha1sums.txt"
run
expect "no sums: exit code" "$code" 1
expect "no sums: last line" "$(printf '%s\n' "$err" | tail -1)" \
  "get_kowiki.sh: $url/latest/kowiki-latest-sha1sums.txt: no list of checksums there; is the network up?"
echo "all good"
