#!/usr/bin/env python3
"""Checks that llama.cpp reads the GGUF files that ktlm export writes of a model directory as ktlm reads the directory.

    tools/check_gguf.py DIR FILE... [--lines 1000] [--max-new-tokens 64] [--prompts 10] [--ktlm build/release/ktlm]

For lines of the files (of .jsonl files those of each "text"), drawn evenly, llama.cpp gives the same ids as ktlm tokenize. The
first two words of some are prompts: in f32 it goes on with the same tokens as ktlm generate --temperature 0. For f16, q8_0 and
q4_0, where rounding differs, it tells how many tokens agree before the first that does not. Returns 1 where ids or f32's tokens
differ.

Needs the Python package llama-cpp-python (pip builds its llama.cpp); LLAMA_CPP_LIB_PATH may name another build's libraries.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

from llama_cpp import Llama

F32 = 0  # ggml's number of the type, for the cache of keys and values


def lines_of(path):
    with open(path, encoding="utf-8", newline="\n") as file:
        for line in file:
            text = json.loads(line)["text"] if path.endswith(".jsonl") else line
            yield from (part for part in (part.strip("\r") for part in text.split("\n")) if part.strip())


def run_ktlm(arguments, *options, lines=()):
    result = subprocess.run([arguments.ktlm, *options], input="".join(line + "\n" for line in lines), capture_output=True,
                            encoding="utf-8", check=False)
    if result.returncode != 0:
        sys.exit(result.stderr.strip())
    return result.stdout


def normalized(arguments, lines):
    """The lines as ktlm's normaliser leaves them, which llama.cpp does not have."""
    ids = run_ktlm(arguments, "tokenize", "-q", "--model", arguments.directory, lines=lines).split("\n")[:-1]
    texts = run_ktlm(arguments, "tokenize", "-q", "--model", arguments.directory, "--decode", lines=ids).split("\n")[:-1]
    changed = sum(a != b for a, b in zip(lines, texts))
    if changed:
        print(f"{changed} of {len(lines)} lines are changed by ktlm's normaliser; llama.cpp gets them as it leaves them")
    return texts


def check_ids(arguments, file, lines):
    expected = [[int(i) for i in ids.split()]
                for ids in run_ktlm(arguments, "tokenize", "-q", "--model", arguments.directory, lines=lines).split("\n")[:-1]]
    vocabulary = Llama(str(file), vocab_only=True, verbose=False)
    got = [vocabulary.tokenize(line.encode(), add_bos=False, special=False) for line in lines]
    same = sum(a == b for a, b in zip(expected, got))
    print(f"ids: {same} of {len(lines)} lines identical, {sum(map(len, expected))} tokens", flush=True)
    for line, ours, theirs in zip(lines, expected, got):
        if ours != theirs:
            print(f"  {line!r}\n    ktlm       {ours}\n    llama.cpp  {theirs}"[:2000])
            break
    return same == len(lines) == len(expected)


def greedy(model, prompt, max_new_tokens, end_ids):
    tokens = []
    for token in model.generate(model.tokenize(prompt.encode(), special=False), temp=0.0, repeat_penalty=1.0):
        if token in end_ids or len(tokens) == max_new_tokens:
            break
        tokens.append(token)
    return tokens


def text_of(model, tokens):
    # A character whose last bytes are still to come is no text yet.
    return b"".join(model.detokenize([token]) for token in tokens).decode("utf-8", "ignore")


def check_greedy(arguments, file, weights, prompts, expected, end_ids):
    model = Llama(str(file), n_ctx=arguments.context, n_threads=arguments.threads, n_threads_batch=arguments.threads, type_k=F32,
                  type_v=F32, verbose=False)
    same = agreeing = total = 0
    for prompt, (text, count) in zip(prompts, expected):
        tokens = greedy(model, prompt, arguments.max_new_tokens, end_ids)
        got = text_of(model, tokens)
        is_same = got == text.rstrip("\ufffd") and len(tokens) == count
        same += is_same
        total += count
        agreeing += count if is_same else sum(text.startswith(text_of(model, tokens[:i + 1])) for i in range(len(tokens)))
        if not is_same and weights == "f32":
            print(f"  {prompt!r}\n    ktlm       {text!r}\n    llama.cpp  {got!r}")
    print(f"{weights}: {file.stat().st_size / 1e6:.1f} MB, {same} of {len(prompts)} greedy continuations identical, "
          f"{agreeing} of {total} tokens before the first difference", flush=True)
    return same == len(prompts)


def continuations(arguments, prompts):
    options = [part for prompt in prompts for part in ("--prompt", prompt)]
    output = json.loads(run_ktlm(arguments, "generate", "-q", "--json", "--model", arguments.directory, "--dtype", "fp32", "--temperature",
                                 "0", "--threads", str(arguments.threads), "--max-new-tokens", str(arguments.max_new_tokens), *options))
    return [(result["text"], result["new_tokens"]) for result in output["results"]]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory")
    parser.add_argument("files", nargs="+")
    parser.add_argument("--lines", type=int, default=1000)
    parser.add_argument("--prompts", type=int, default=10)
    parser.add_argument("--max-new-tokens", type=int, default=64)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--ktlm", default="build/release/ktlm")
    arguments = parser.parse_args()

    lines = [line for path in arguments.files for line in lines_of(path)]
    lines = lines[::max(1, len(lines) // arguments.lines)][:arguments.lines]
    lines = normalized(arguments, lines)
    prompts = [" ".join(line.split()[:2]) for line in lines[::max(1, len(lines) // arguments.prompts)]][:arguments.prompts]
    directory = pathlib.Path(arguments.directory)
    arguments.context = json.loads((directory / "config.json").read_text(encoding="utf-8"))["max_position_embeddings"]
    end_ids = json.loads((directory / "generation_config.json").read_text(encoding="utf-8"))["eos_token_id"]
    end_ids = end_ids if isinstance(end_ids, list) else [end_ids]

    with tempfile.TemporaryDirectory() as folder:
        right = True
        expected = continuations(arguments, prompts)
        for weights in ("f32", "f16", "q8_0", "q4_0"):
            file = pathlib.Path(folder) / f"{weights}.gguf"
            run_ktlm(arguments, "export", "-q", "--gguf", weights, "--model", arguments.directory, "--out", str(file))
            if weights == "f32":
                right = check_ids(arguments, file, lines) and right
            is_same = check_greedy(arguments, file, weights, prompts, expected, end_ids)
            right = right and (is_same or weights != "f32")
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
