#!/usr/bin/env python3
"""Measures how much of a dump's text survives `ktlm prepare`, and how much markup stays in it.

    tools/check_wikitext.py DUMP.xml PLAIN.jsonl [--ktlm build/release/ktlm] [--show 5] [-- OPTION...]

PLAIN.jsonl holds what the pages said before markup was put on them: {"title", "text"} a line. Pages are paired by title.
Survival is counted over words and, to see their order, over pairs of neighbouring words. Markup counts where the output has
more of a mark than the source text itself. What follows "--" goes to `prepare`, such as --set prepare.X=Y to switch a
filter off; pages that it drops are named by their number and do not count as lost words. Returns 1 below 99.9 % of the
words or above one character of markup in 100,000.
"""
import argparse
import collections
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unicodedata

WORD = re.compile(r"\w+")
MARKS = re.compile(
    r"\[\[|\]\]|\{\{|\}\}|\{\||\|\}|^\|[-+]?|^!|\|\||!!|'{2,}|={2,}|<!--|-->|__[A-Z가-힣]+__|&[a-z]{2,8};|^[*#:;]+"
    r"|</?(?:ref|br|small|span|div|nowiki|math|gallery|table|tr|td|th|sup|sub|center|poem|references)\b[^>\n]*>?"
    r"|https?://|(?:파일|그림|분류|틀|File|Image|Category):|섬네일|thumb\||\b\d+px\b|style=|class=", re.M)


def words_of(text):
    return WORD.findall(unicodedata.normalize("NFKC", text))


def documents(directory):
    for path in sorted(pathlib.Path(directory).glob("*.jsonl.zst")):
        with subprocess.Popen(["zstd", "-dc", path], stdout=subprocess.PIPE, text=True, encoding="utf-8") as process:
            for line in process.stdout:
                yield json.loads(line)


def missing(wanted, found):
    """How many of `wanted` have no partner in `found`, and which."""
    lost = collections.Counter(wanted)
    lost.subtract(collections.Counter(found))
    return +lost


def main():
    split = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dump")
    parser.add_argument("plain")
    parser.add_argument("--ktlm", default="build/release/ktlm")
    parser.add_argument("--show", type=int, default=5, help="so many examples of lost words and of markup")
    arguments = parser.parse_args(sys.argv[1:split])

    with open(arguments.plain, encoding="utf-8") as lines:
        plain = {page["title"]: page["text"] for page in map(json.loads, lines)}
    num = collections.Counter()
    marks = collections.Counter()
    shown = collections.Counter()

    def show(kind, title, what):
        shown[kind] += 1
        if shown[kind] <= arguments.show:
            print(f"  {kind}: {title}: {what}")

    with tempfile.TemporaryDirectory() as directory:
        out = pathlib.Path(directory) / "prepared"
        command = [arguments.ktlm, "prepare", arguments.dump, "--out", out, "--quiet", "--val-fraction", "0"]
        subprocess.run(command + ["--min-chars", "0"] + sys.argv[split + 1:], check=True, stdout=subprocess.DEVNULL)
        for document in documents(out):
            title, text = document["title"], document["text"]
            source = plain.get(title)
            if source is None:
                continue
            num["pages"] += 1
            num["characters"] += len(text)
            wanted, found = words_of(source), words_of(text)
            lost = missing(wanted, found)
            num["words"] += len(wanted)
            num["lost words"] += lost.total()
            num["pairs"] += max(0, len(wanted) - 1)
            num["lost pairs"] += missing(zip(wanted, wanted[1:]), zip(found, found[1:])).total()
            if lost:
                show("lost", title, " ".join(lost.elements())[:150])
            markup = missing(MARKS.findall(text.replace(title, "")), MARKS.findall(source))
            marks.update(markup)
            for mark in markup:
                position = re.search(re.escape(mark), text).start()
                show("markup", title, f"{mark!r} in {text[max(0, position - 30):position + 40]!r}")
    if num["pages"] == 0:
        sys.exit(f"{arguments.dump}: no page of {arguments.plain} came out of prepare; are the titles the same?")
    num["markup characters"] = sum(len(mark) * count for mark, count in marks.items())
    words_survive = 1 - num["lost words"] / num["words"]
    pairs_survive = 1 - num["lost pairs"] / num["pairs"]
    per_100k = num["markup characters"] / num["characters"] * 100_000
    print(f"pages {num['pages']:,} of {len(plain):,} (the others were dropped)")
    print(f"words {num['words']:,}: {words_survive:.4%} survive ({num['lost words']:,} lost); "
          f"neighbouring pairs: {pairs_survive:.4%}")
    print(f"markup: {num['markup characters']:,} of {num['characters']:,} characters, {per_100k:.3f} in 100,000 "
          f"{dict(marks.most_common(8))}")
    return 0 if words_survive >= 0.999 and per_100k < 1 else 1


if __name__ == "__main__":
    sys.exit(main())
