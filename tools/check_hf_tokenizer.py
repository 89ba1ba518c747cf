#!/usr/bin/env python3
"""Checks that transformers and SentencePiece give the same ids as ktlm for a tokenizer (or model) directory.

    tools/check_hf_tokenizer.py DIR [FILE...] [--fuzz 100000] [--seed 1] [--ktlm build/release/ktlm] [--show 5]

Takes every line of the files; of .jsonl files every line of every string value; and --fuzz lines that no corpus has
(tools/fuzz_lines.py). Special tokens' names in a text are text. Prints one line per program compared and returns 1 where any
line differs. Needs transformers and sentencepiece (.venv/bin/python has them).
"""
import argparse
import json
import pathlib
import subprocess
import sys

from transformers import AutoTokenizer

from fuzz_lines import fuzzed_lines

SPACE_MARK = "\u2581".encode()
NEWLINE_ID = 16 + 10  # <0x0A>; the normaliser makes one of form feeds, U+2028 ... as well


def strings_of(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from strings_of(item)


def lines_of(path):
    with open(path, encoding="utf-8", newline="\n") as file:
        for line in file:
            texts = strings_of(json.loads(line)) if path.endswith(".jsonl") else [line]
            for text in texts:
                yield from (part.rstrip("\r").encode() for part in text.split("\n") if part.rstrip("\r"))


def run_ktlm(ktlm, directory, lines, *options):
    result = subprocess.run([ktlm, "tokenize", "--model", directory, *options], input=b"\n".join(lines) + b"\n",
                            capture_output=True, check=False)
    if result.returncode != 0:
        sys.exit(result.stderr.decode().strip())
    # Not splitlines(): text may hold other characters that it takes for the end of a line.
    return result.stdout.split(b"\n")[:-1]


def compare(name, lines, expected, got, show):
    different = [i for i in range(len(lines)) if expected[i] != got[i]]
    print(f"{name}: {len(lines) - len(different)} of {len(lines)} lines identical", flush=True)
    for i in different[:show]:
        print(f"  {lines[i]!r}\n    ktlm  {expected[i]!r}\n    {name}  {got[i]!r}"[:4000])
    return not different


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory")
    parser.add_argument("files", nargs="*")
    parser.add_argument("--fuzz", type=int, default=0, help="lines of odd characters on top of the files")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--ktlm", default="build/release/ktlm")
    parser.add_argument("--show", type=int, default=5, help="differing lines to print for each program")
    arguments = parser.parse_args()

    lines = [line for path in arguments.files for line in lines_of(path)]
    lines += fuzzed_lines(arguments.fuzz, arguments.seed)
    with_mark = sum(SPACE_MARK in line for line in lines)
    if with_mark:
        print(f"{with_mark} lines with U+2581 left out: transformers and SentencePiece take it for a space, ktlm gives it back")
        lines = [line for line in lines if SPACE_MARK not in line]
    ids = [[int(i) for i in line.split()] for line in run_ktlm(arguments.ktlm, arguments.directory, lines)]
    if len(ids) != len(lines):
        sys.exit(f"{arguments.ktlm} printed {len(ids)} lines for {len(lines)}")

    hf = AutoTokenizer.from_pretrained(arguments.directory)
    texts = [line.decode("utf-8", "replace") for line in lines]
    same = compare("transformers", lines, ids, hf(texts, add_special_tokens=False, split_special_tokens=True)["input_ids"],
                   arguments.show)
    decoded = [hf.decode(line) for line in ids]
    whole = [i for i in range(len(lines)) if NEWLINE_ID not in ids[i]]  # decoding prints others as several lines
    got = run_ktlm(arguments.ktlm, arguments.directory, [" ".join(map(str, ids[i])).encode() for i in whole], "--decode")
    same &= compare("transformers decoding", [lines[i] for i in whole], [line.decode() for line in got],
                    [decoded[i] for i in whole], arguments.show)
    try:
        import sentencepiece
    except ImportError:
        print("sentencepiece: not installed, not compared")
    else:
        # SentencePiece runs no normaliser: it gets the text as decoding gives it back.
        model = sentencepiece.SentencePieceProcessor(str(pathlib.Path(arguments.directory) / "tokenizer.model"))
        same &= compare("sentencepiece", lines, ids, model.encode(decoded), arguments.show)
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
