#!/usr/bin/env python3
"""Measures sentence splitting on sentences whose boundaries are known: ten sentences of a file are glued, then found again.

    ninja -C build/release ktlm_split_sentences
    tools/sentence_scores.py FILE[:FIELD]... [--half second] [--splitter build/release/ktlm_split_sentences] [--errors 20]

FILE is JSONL with one sentence a record in FIELD ("text" unless named). Each set is measured four times: all sentences or
only those that end in final punctuation ("ended"), glued with a space or, where a sentence ends in a full stop, with
nothing ("glued"). A boundary is found where a cut falls between two sentences; precision, recall and F1 in per cent, for
ktlm, for the naive rule (white space behind . ! ?) and for Kiwi where kiwipiepy is installed. The rules were written on
the first half of each set: figures come from the second.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys

SENTENCES_PER_TEXT = 10
ENDED = re.compile(r"[.!?…][\"'”’)\]」』]*$")


def sentences_of(argument, half):
    path, _, field = argument.partition(":")
    with open(path, encoding="utf-8") as file:
        rows = [" ".join(json.loads(line)[field or "text"].split()) for line in file]
    rows = [row for row in dict.fromkeys(rows) if row]  # some sets repeat a premise
    middle = len(rows) // 2
    return {"first": rows[:middle], "second": rows[middle:], "both": rows}[half]


def glue(sentences, with_space):
    """One text, and where in its characters other than white space the sentences end."""
    text, ends, length = "", set(), 0
    for sentence in sentences:
        text += " " if text and (with_space or not text.endswith(".")) else ""
        text += sentence
        length += len("".join(sentence.split()))
        ends.add(length)
    return text, ends - {length}


def ends_of(parts):
    ends, length = set(), 0
    for part in parts:
        length += len("".join(part.split()))
        ends.add(length)
    return ends - {length}


def split_by_program(program, texts):
    result = subprocess.run([program], input="\n".join(texts) + "\n", capture_output=True, text=True, check=True)
    return [block.split("\n") for block in result.stdout.split("\n\n")[: len(texts)]]


def split_naively(texts):
    return [re.split(r"(?<=[.!?])\s+", text) for text in texts]


def kiwi_splitter():
    try:
        from kiwipiepy import Kiwi
    except ImportError:
        return None
    kiwi = Kiwi()
    return lambda texts: [[sentence.text for sentence in kiwi.split_into_sents(text)] for text in texts]


def score(texts, truths, splits):
    """(precision, recall, F1) in per cent over all texts."""
    right = found = wanted = 0
    for text, truth, parts in zip(texts, truths, splits, strict=True):
        cuts = ends_of(parts)
        right += len(cuts & truth)
        found += len(cuts)
        wanted += len(truth)
    precision, recall = right / max(found, 1), right / max(wanted, 1)
    return tuple(100 * x for x in (precision, recall, 2 * precision * recall / max(precision + recall, 1e-9)))


def show_errors(texts, truths, splits, limit):
    for text, truth, parts in zip(texts, truths, splits):
        where = [i + 1 for i, c in enumerate(text) if not c.isspace()]  # characters counted -> offset in the text
        for end in sorted(ends_of(parts) ^ truth):
            if limit == 0:
                return
            limit -= 1
            offset = where[end - 1]
            print(f"    {'missed' if end in truth else 'wrong '} {text[max(0, offset - 40):offset]} ¦"
                  f"{text[offset:offset + 25]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", metavar="FILE[:FIELD]")
    parser.add_argument("--half", choices=["first", "second", "both"], default="second")
    parser.add_argument("--splitter", default="build/release/ktlm_split_sentences")
    parser.add_argument("--errors", type=int, default=0, help="print so many of ktlm's errors per row")
    options = parser.parse_args()

    splitters = {"ktlm": lambda texts: split_by_program(options.splitter, texts), "naive": split_naively}
    if kiwi := kiwi_splitter():
        splitters["kiwi"] = kiwi
    print(f"{'set':24} {'sentences':>9} {'':13}" + "".join(f"  {name + ': P':>9} {'R':>5} {'F1':>5}" for name in splitters))
    for argument in options.files:
        everything = sentences_of(argument, options.half)
        name = pathlib.Path(argument.partition(":")[0]).stem
        for kind, sentences in (("all", everything), ("ended", [s for s in everything if ENDED.search(s)])):
            for joint in ("space", "glued"):
                groups = [sentences[i:i + SENTENCES_PER_TEXT] for i in range(0, len(sentences), SENTENCES_PER_TEXT)]
                texts, truths = zip(*(glue(group, joint == "space") for group in groups))
                row = f"{name:24} {len(sentences):9} {kind + ', ' + joint:13}"
                for split in splitters.values():
                    precision, recall, f1 = score(texts, truths, split(texts))
                    row += f"  {precision:9.1f} {recall:5.1f} {f1:5.1f}"
                print(row)
                if options.errors:
                    show_errors(texts, truths, splitters["ktlm"](texts), options.errors)
    return 0


if __name__ == "__main__":
    sys.exit(main())
