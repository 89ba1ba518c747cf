#!/usr/bin/env python3
"""Recall and precision of `ktlm prepare`'s search for near-duplicates, on duplicates planted in real text.

  tools/measure_near_duplicates.py KTLM CORPUS.jsonl[.zst] ... [--documents N] [--set prepare.KEY=VALUE ...]

From each corpus, documents that have little in common (by an exact count over runs of three words, not by ktlm's
sketches) are taken as originals. A tenth of them is planted again for each rate of editing: of the words (what stands
between white space) that share is replaced by a word of the corpus, removed, or followed by one, a third each. Recall is
the share of planted copies that are dropped; precision is the share of planted copies among all that is dropped.
The same arguments give the same figures."""
import argparse
import collections
import json
import pathlib
import random
import subprocess
import tempfile

RATES = (0.01, 0.05, 0.10, 0.20)


def texts_of(path):
    if path.endswith(".zst"):
        lines = subprocess.run(["zstd", "-dc", "--long=27", path], check=True, capture_output=True).stdout.splitlines()
    else:
        lines = pathlib.Path(path).read_bytes().splitlines()
    return [json.loads(line)["text"] for line in lines]


def choose_originals(texts, limit):
    """Texts of at least 50 words of whose runs of three words less than a fifth stands in those chosen before."""
    seen, originals = set(), []
    for text in texts:
        words = text.split()
        runs = {tuple(words[i : i + 3]) for i in range(len(words) - 2)}
        if len(words) < 50 or len(runs & seen) > 0.2 * len(runs):
            continue
        seen |= runs
        originals.append(text)
        if len(originals) == limit:
            break
    return originals


def edit(text, rate, vocabulary, draw):
    """Line by line, so that the lines stay."""
    lines = []
    for line in text.split("\n"):
        words = []
        for word in line.split(" "):
            kind = draw.randrange(3) if word and draw.random() < rate else None
            if kind == 0:
                words.append(draw.choice(vocabulary))
            elif kind == 1:
                continue
            else:
                words.append(word)
                if kind == 2:
                    words.append(draw.choice(vocabulary))
        lines.append(" ".join(words))
    return "\n".join(lines)


def measure(ktlm, path, num_documents, settings):
    texts = texts_of(path)
    draw = random.Random(1)
    draw.shuffle(texts)
    originals = choose_originals(texts, num_documents)
    vocabulary = [word for text in originals[:200] for word in text.split()]
    rows = [("original", text) for text in originals]
    for rate in RATES:
        for text in draw.sample(originals, max(len(originals) // 10, 1)):
            rows.append((f"{rate:.0%}", edit(text, rate, vocabulary, draw)))
    planted = collections.Counter(kind for kind, _ in rows)
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder, "planted.jsonl")
        with source.open("w", encoding="utf-8") as out:
            for number, (kind, text) in enumerate(rows):
                out.write(json.dumps({"id": f"{kind}:{number}", "text": text}, ensure_ascii=False) + "\n")
        command = [ktlm, "prepare", "-q", str(source), "--out", f"{folder}/out", "--set", "prepare.repeated_line_documents=0"]
        subprocess.run(command + settings, check=True, stdout=subprocess.DEVNULL)
        kept = collections.Counter()
        for name in pathlib.Path(folder, "out").glob("*.jsonl.zst"):
            lines = subprocess.run(["zstd", "-dc", str(name)], check=True, capture_output=True).stdout.splitlines()
            kept.update(json.loads(line)["id"].split(":")[0] for line in lines)
    dropped = {kind: planted[kind] - kept[kind] for kind in planted}
    return planted, dropped


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ktlm")
    parser.add_argument("corpora", nargs="+")
    parser.add_argument("--documents", type=int, default=3000)
    parser.add_argument("--set", action="append", default=[])
    arguments = parser.parse_args()
    settings = [word for value in arguments.set for word in ("--set", value)]
    names = [f"{rate:.0%}" for rate in RATES]
    print("originals  " + "  ".join(f"{'recall ' + name:>10}" for name in names) + "  precision  corpus")
    sum_planted, sum_dropped = collections.Counter(), collections.Counter()

    def show(planted, dropped, name):
        recalls = "  ".join(f"{dropped.get(k, 0) / planted[k]:10.3f}" for k in names)
        found = sum(dropped[k] for k in names)
        print(f"{planted['original']:9}  {recalls}  {found / max(found + dropped['original'], 1):9.3f}  {name}", flush=True)

    for path in arguments.corpora:
        planted, dropped = measure(arguments.ktlm, path, arguments.documents, settings)
        sum_planted.update(planted)
        sum_dropped.update(dropped)
        show(planted, dropped, pathlib.Path(path).name)
    if len(arguments.corpora) > 1:
        show(sum_planted, sum_dropped, "all")


main()
