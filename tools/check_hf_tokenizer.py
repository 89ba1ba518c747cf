#!/usr/bin/env python3
"""Checks that transformers and SentencePiece give the same ids as ktlm for a tokenizer (or model) directory.

    tools/check_hf_tokenizer.py DIR FILE... [--ktlm build/release/ktlm] [--show 5]

Takes every line of the files; of .jsonl files every line of every string value. Prints one line per program compared and
returns 1 where any line differs. Needs transformers and sentencepiece (.venv/bin/python has transformers).
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys

from transformers import AutoTokenizer

LINE_END = re.compile("[\n\v\f\r\x85\u2028\u2029]")  # what the normaliser turns into a newline


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
                yield from (part for part in LINE_END.split(text) if part)


def run_ktlm(ktlm, directory, lines, *options):
    result = subprocess.run([ktlm, "tokenize", "--model", directory, *options], input="\n".join(lines) + "\n",
                            capture_output=True, encoding="utf-8", check=False)
    if result.returncode != 0:
        sys.exit(result.stderr.strip())
    # Not splitlines(): text may hold other characters that it takes for the end of a line.
    return result.stdout.split("\n")[:-1]


def compare(name, lines, expected, got, show):
    different = [i for i in range(len(lines)) if expected[i] != got[i]]
    print(f"{name}: {len(lines) - len(different)} of {len(lines)} lines identical")
    for i in different[:show]:
        print(f"  {lines[i]!r}\n    ktlm  {expected[i]}\n    {name}  {got[i]}")
    return not different


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory")
    parser.add_argument("files", nargs="+")
    parser.add_argument("--ktlm", default="build/release/ktlm")
    parser.add_argument("--show", type=int, default=5, help="differing lines to print for each program")
    arguments = parser.parse_args()

    lines = [line for path in arguments.files for line in lines_of(path)]
    ids = [[int(i) for i in line.split()] for line in run_ktlm(arguments.ktlm, arguments.directory, lines)]
    if len(ids) != len(lines):
        sys.exit(f"{arguments.ktlm} printed {len(ids)} lines for {len(lines)}")
    text = run_ktlm(arguments.ktlm, arguments.directory, [" ".join(map(str, line)) for line in ids], "--decode")

    hf = AutoTokenizer.from_pretrained(arguments.directory)
    same = compare("transformers", lines, ids, hf(lines, add_special_tokens=False)["input_ids"], arguments.show)
    same &= compare("transformers decoding", lines, text, hf.batch_decode(ids), arguments.show)
    try:
        import sentencepiece
    except ImportError:
        print("sentencepiece: not installed, not compared")
    else:
        # SentencePiece runs no normaliser: it gets the text as ktlm's decoding gives it back.
        model = sentencepiece.SentencePieceProcessor(str(pathlib.Path(arguments.directory) / "tokenizer.model"))
        same &= compare("sentencepiece", lines, ids, model.encode(text), arguments.show)
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
