#!/usr/bin/env python3
"""Checks that transformers and SentencePiece give the same ids as ktlm for a tokenizer (or model) directory.

    tools/check_hf_tokenizer.py DIR [FILE...] [--lines 1000] [--fuzz 100000] [--seed 1] [--ktlm build/release/ktlm]
                                [--show 5] [--no-transformers]

Takes every line of the files; of .jsonl files every line of every string value; and --fuzz lines that no corpus has
(tools/fuzz_lines.py). Special tokens' names in a text are text. Prints one line per program compared and returns 1 where any
line differs. Needs transformers and sentencepiece (.venv/bin/python has them). --lines takes the first ones alone.

The directory may be of other make, with a SentencePiece model of its own. transformers 5 then builds Llama's tokenizer anew:
unlike SentencePiece, and transformers 4, it puts no space in front of a line that begins with one, and leaves the model's
normaliser out; --no-transformers compares with SentencePiece alone.
"""
import argparse
import itertools
import json
import pathlib
import subprocess
import sys

from transformers import AutoTokenizer

from fuzz_lines import fuzzed_lines

SPACE_MARK = "\u2581".encode()


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


def made_by_ktlm(directory):
    config = pathlib.Path(directory) / "tokenizer_config.json"
    return config.exists() and "ktlm_normalizer_version" in json.loads(config.read_text(encoding="utf-8"))


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
    parser.add_argument("--lines", type=int, help="at most so many lines of the files")
    parser.add_argument("--no-transformers", action="store_true")
    parser.add_argument("--ktlm", default="build/release/ktlm")
    parser.add_argument("--show", type=int, default=5, help="differing lines to print for each program")
    arguments = parser.parse_args()

    lines = list(itertools.islice((line for path in arguments.files for line in lines_of(path)), arguments.lines))
    lines += fuzzed_lines(arguments.fuzz, arguments.seed)
    is_ours = made_by_ktlm(arguments.directory)
    if not is_ours:
        spaced = sum(line[:1].isspace() or not line.strip() for line in lines)
        print(f"{spaced} lines that begin with white space left out")
        lines = [line for line in lines if not line[:1].isspace() and line.strip()]
    with_mark = sum(SPACE_MARK in line for line in lines)
    if with_mark:
        print(f"{with_mark} lines with U+2581 left out: transformers and SentencePiece take it for a space, ktlm gives it back")
        lines = [line for line in lines if SPACE_MARK not in line]
    ids = [[int(i) for i in line.split()] for line in run_ktlm(arguments.ktlm, arguments.directory, lines)]
    if len(ids) != len(lines):
        sys.exit(f"{arguments.ktlm} printed {len(ids)} lines for {len(lines)}")

    texts = [line.decode("utf-8", "replace") for line in lines]
    same = True
    if not arguments.no_transformers:
        hf = AutoTokenizer.from_pretrained(arguments.directory)
        same &= compare("transformers", lines, ids,
                        hf(texts, add_special_tokens=False, split_special_tokens=True)["input_ids"], arguments.show)
        decoded = [hf.decode(line) for line in ids]
        newline = hf.convert_tokens_to_ids("<0x0A>")  # our normaliser makes one of form feeds, U+2028 ... as well
        whole = [i for i in range(len(lines)) if newline not in ids[i]]  # decoding prints others as several lines
        got = run_ktlm(arguments.ktlm, arguments.directory, [" ".join(map(str, ids[i])).encode() for i in whole], "--decode")
        same &= compare("transformers decoding", [lines[i] for i in whole], [line.decode() for line in got],
                        [decoded[i] for i in whole], arguments.show)
        if is_ours:  # SentencePiece runs no normaliser of ours: it gets the text as decoding gives it back
            texts = decoded
    path = pathlib.Path(arguments.directory) / "tokenizer.model"
    try:
        import sentencepiece
    except ImportError:
        print("sentencepiece: not installed, not compared")
    else:
        if path.exists():  # else all is in tokenizer.json
            same &= compare("sentencepiece", lines, ids, sentencepiece.SentencePieceProcessor(str(path)).encode(texts),
                            arguments.show)
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
