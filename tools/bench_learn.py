#!/usr/bin/env python3
"""How much a model learns in a given time: bits per byte of texts it has not seen, after --seconds of training.

Preparing, the tokenizer and the token files stay outside the clock, as do checkpoints and the validation; a trial of 60
steps says how many steps fit. Prints one JSON object; "seconds" is what the steps took. The machine must be quiet, in the trial as well:
where "seconds" is far from "seconds_asked" it was not.

  tools/bench_learn.py TRAIN.jsonl[.zst]... --val VAL.jsonl... [--seconds 600] [--config configs/learn.yaml] [--seed 1]
"""
import argparse
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TRIAL_STEPS = 60
LEAST_STEPS = 100  # for a schedule with its warm-up
MARGIN = 0.9  # of the time: a run's steps have taken up to a tenth longer than the trial's, and must end within it
AS_IT_IS = ["--quality", "off", "--no-near-duplicates", "--repeated-line-documents", "0", "--no-mask-personal-data",
            "--min-chars", "1", "--val-fraction", "0.01"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("train", nargs="+", metavar="TRAIN")
    parser.add_argument("--val", nargs="+", required=True, help="texts to measure on, each on its own")
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--config", default=str(ROOT / "configs/learn.yaml"))
    parser.add_argument("--vocab-size", type=int, default=8000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", default="runs/bench_learn", help="folder for the data, the tokenizer and the runs; the first two are made "
                        "once, so take another folder for other texts")
    parser.add_argument("--ktlm", default=str(ROOT / "build/release/ktlm"))
    parser.add_argument("--set", action="append", default=[], metavar="SECTION.KEY=VALUE")
    arguments = parser.parse_args()
    if arguments.seconds <= 0:
        parser.error(f"--seconds is {arguments.seconds:g}, expected more than 0")
    for path in arguments.train + arguments.val:  # before the minutes of training
        if not pathlib.Path(path).is_file():
            sys.exit(f"bench_learn: {path}: no such file")

    out = pathlib.Path(arguments.out)
    data, tokenizer = out / "data", out / f"tokenizer-{arguments.vocab_size}"
    if not (data / "manifest.json").exists():
        ktlm(arguments, "prepare", *arguments.train, "--out", data, *AS_IT_IS)
    if not (tokenizer / "tokenizer.model").exists():
        ktlm(arguments, "train-tokenizer", "--input", data, "--out", tokenizer, "--vocab-size", arguments.vocab_size)

    def train(name, steps):
        run = free_folder(out / name)
        settings = [f"train.max_steps={steps}", f"train.seed={arguments.seed}", "train.eval_every_steps=100000",
                    "train.checkpoint_every_steps=100000", *arguments.set]
        sets = [word for setting in settings for word in ("--set", setting)]
        return run, json.loads(ktlm(arguments, "train", "--config", arguments.config, *sets, "--data", data,
                                    "--tokenizer", tokenizer, "--out", run, "--threads", arguments.threads, "--json"))

    _, trial = train("trial", TRIAL_STEPS)
    tokens_per_step = trial["tokens_seen"] / trial["step"]
    steps = int(MARGIN * arguments.seconds * trial["tokens_per_second"] / tokens_per_step)
    if steps < LEAST_STEPS:
        sys.exit(f"bench_learn: {arguments.seconds:g} seconds hold {steps} steps here, expected at least {LEAST_STEPS}; "
                 f"give --seconds {int(arguments.seconds * LEAST_STEPS / max(steps, 1)) + 1} or more")
    run, trained = train(f"seed-{arguments.seed}", steps)
    seconds = trained["tokens_seen"] / trained["tokens_per_second"]
    measured = json.loads(ktlm(arguments, "eval", "--model", trained["model"], *arguments.val, "--threads",
                               arguments.threads, "--json"))["total"]
    print(json.dumps({"bits_per_byte": round(measured["bits_per_byte"], 4), "seconds": round(seconds),
                      "seconds_asked": arguments.seconds, "steps": steps,
                      "tokens": trained["tokens_seen"], "tokens_per_second": round(trained["tokens_per_second"]),
                      "parameters": trained["parameters"], "seed": arguments.seed, "run": str(run)}))


def free_folder(path):
    number = 1
    while (numbered := path.with_name(f"{path.name}-{number}")).exists():
        number += 1
    return numbered


def ktlm(arguments, verb, *words):
    try:
        result = subprocess.run([arguments.ktlm, verb, *map(str, words), "--quiet"], stdout=subprocess.PIPE, text=True)
    except OSError as error:
        sys.exit(f"bench_learn: {arguments.ktlm}: {error.strerror}; build ktlm, or name it with --ktlm")
    if result.returncode != 0:
        sys.exit(f"bench_learn: ktlm {verb} ended with {result.returncode}")
    return result.stdout


if __name__ == "__main__":
    main()
