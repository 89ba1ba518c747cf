#!/usr/bin/env python3
"""Compares ways to draw: continues the same prompts by each and prints a table of how much the texts repeat themselves.

    python tools/compare_sampling.py --ktlm build/release/ktlm --model runs/small --judge runs/base TEXTS.jsonl...

    --prompts N        prompts in all, taken in turn from the files: the first words of each "text" (40)
    --tokens N         length of the continuations (128)
    --seed N           of the first prompt; the next ones draw with the following (1)
    --judge DIR        another model: adds the perplexity that the continuations, behind their prompts, have for it. It needs a
                       ktlm with libtorch, for `ktlm eval`
    --way "OPTIONS"    options of `ktlm generate`, instead of the list below; may stand several times

repeated   4-grams of tokens that stood before in the same continuation, of all its 4-grams: the mean over the prompts
distinct-2 different pairs of tokens, of all pairs in all continuations
tokens     drawn, the mean over the prompts

Human text behind the same prompts, of the same length, stands in the last row.
"""

import argparse
import json
import math
import pathlib
import shlex
import subprocess
import sys
import tempfile

PROMPT_WORDS = 6
WAYS = [
    "--temperature 0",
    "--temperature 0 --dry-multiplier 0.8",
    "--temperature 0 --frequency-penalty 0.5",
    "--beams 4",
    "--beams 4 --dry-multiplier 0.8",
    "--top-k 0 --top-p 1 --min-p 0 --temperature 1 --repetition-penalty 1",
    "--repetition-penalty 1",
    "",
    "--repetition-penalty 1 --dry-multiplier 0.8",
    "--temperature 1 --repetition-penalty 1 --dry-multiplier 0.8",
    "--dry-multiplier 0.8",
    "--repetition-penalty 1 --frequency-penalty 0.3",
    "--temperature 1 --repetition-penalty 1 --top-p 1 --top-k 0 --min-p 0.1",
    "--temperature 1 --repetition-penalty 1 --top-k 0 --top-p 1 --min-p 0 --typical-p 0.9",
    "--temperature 1 --repetition-penalty 1 --top-k 0 --top-p 1 --min-p 0 --top-n-sigma 1",
]


def run(command, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command[:3]))} ...: {done.stderr.strip()}")
    return done.stdout


def read_prompts(files, count):
    """Prompts and what people wrote behind them, in turn from each file."""
    texts = [[json.loads(line)["text"].split() for line in open(file, encoding="utf-8")] for file in files]
    texts = [[words for words in file if len(words) > 3 * PROMPT_WORDS] for file in texts]
    chosen = []
    for i in range(max(map(len, texts))):
        for file in texts:
            if i < len(file) and len(chosen) < count:
                chosen.append((" ".join(file[i][:PROMPT_WORDS]), " " + " ".join(file[i][PROMPT_WORDS:])))
    return chosen


class Comparison:
    def __init__(self, arguments):
        self.arguments = arguments
        self.chosen = read_prompts(arguments.texts, arguments.prompts)
        self.prompts = [prompt for prompt, _ in self.chosen]

    def continuations(self, way):
        prompts = [part for prompt in self.prompts for part in ("--prompt", prompt)]
        result = run([self.arguments.ktlm, "generate", "-q", "--json", "--threads", self.arguments.threads, "--model",
                      self.arguments.model, "--seed", self.arguments.seed, "--max-new-tokens", self.arguments.tokens, *shlex.split(way), *prompts])
        return [item["text"] for item in json.loads(result)["results"]]

    def tokens(self, texts):
        lines = "".join(text.replace("\n", " ") + "\n" for text in texts)
        result = run([self.arguments.ktlm, "tokenize", "--model", self.arguments.model], input=lines)
        return [line.split() for line in result.splitlines()]

    def texts(self, tokens):
        lines = "".join(" ".join(ids) + "\n" for ids in tokens)
        return run([self.arguments.ktlm, "tokenize", "--decode", "--model", self.arguments.model], input=lines).splitlines()

    def perplexities(self, all_texts):
        """Of the continuations behind their prompts, for the judge: the nats of whole texts less those of the prompts."""
        with tempfile.TemporaryDirectory() as folder:
            files = []
            for number, texts in enumerate([[""] * len(self.prompts)] + all_texts):
                files.append(pathlib.Path(folder) / f"{number}.jsonl")
                lines = [json.dumps({"text": prompt + text}) for prompt, text in zip(self.prompts, texts)]
                files[-1].write_text("\n".join(lines) + "\n", encoding="utf-8")
            result = json.loads(run([self.arguments.ktlm, "eval", "-q", "--json", "--threads", self.arguments.threads,
                                     "--device", "cpu", "--model", self.arguments.judge, *files]))["files"]
        of_prompts, *of_texts = [(item["loss"] * item["tokens"], item["tokens"]) for item in result]
        return [math.exp((nats - of_prompts[0]) / (tokens - of_prompts[1])) for nats, tokens in of_texts]


def n_grams(tokens, n):
    return list(zip(*[tokens[i:] for i in range(n)]))


def figures(tokens):
    repeated = [1 - len(set(grams)) / len(grams) for grams in (n_grams(ids, 4) for ids in tokens) if grams]
    pairs = [pair for ids in tokens for pair in n_grams(ids, 2)]
    return [f"{100 * sum(repeated) / len(repeated):.1f} %", f"{len(set(pairs)) / len(pairs):.2f}",
            f"{sum(map(len, tokens)) / len(tokens):.0f}"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("texts", nargs="+", metavar="TEXTS.jsonl")
    parser.add_argument("--ktlm", default="build/release/ktlm")
    parser.add_argument("--model", required=True)
    parser.add_argument("--judge")
    parser.add_argument("--prompts", type=int, default=40)
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--way", action="append")
    arguments = parser.parse_args()

    comparison = Comparison(arguments)
    names, texts, tokens = [], [], []
    for way in arguments.way or WAYS:
        print(f"{way or 'defaults'} ...", file=sys.stderr)
        names.append(f"`{way}`" if way else "the defaults")
        texts.append(comparison.continuations(way))
        tokens.append(comparison.tokens(texts[-1]))
    names.append("people")
    tokens.append([ids[:arguments.tokens] for ids in comparison.tokens([text for _, text in comparison.chosen])])
    texts.append(comparison.texts(tokens[-1]))
    columns = ["way", "repeated", "distinct-2", "tokens"] + (["perplexity"] if arguments.judge else [])
    rows = [[name] + figures(ids) for name, ids in zip(names, tokens)]
    if arguments.judge:
        for row, perplexity in zip(rows, comparison.perplexities(texts)):
            row.append(f"{perplexity:.1f}")
    print("| " + " | ".join(columns) + " |\n|" + "---|" * len(columns))
    for row in rows:
        print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()
