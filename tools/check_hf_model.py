#!/usr/bin/env python3
"""Checks that transformers loads a model directory as it is and continues prompts by the same tokens as ktlm, greedily.

    tools/check_hf_model.py DIR PROMPT... [--ktlm build/release/ktlm] [--max-new-tokens 64]

Needs transformers (.venv/bin/python has it). Returns 1 where a continuation differs.
"""
import argparse
import json
import re
import subprocess
import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer


def text_of(tokenizer, ids):
    """Of the tokens as they are: transformers' own decoding takes a space off the first one, and of bytes that make no
    character loses the good ones beside them."""
    data = b""
    for id_, piece in zip(ids, tokenizer.convert_ids_to_tokens(ids)):
        if id_ in tokenizer.all_special_ids:
            continue
        is_byte = re.fullmatch("<0x[0-9A-F]{2}>", piece)
        data += bytes([int(piece[3:5], 16)]) if is_byte else piece.replace("\u2581", " ").encode()
    return data.decode("utf-8", "replace")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory")
    parser.add_argument("prompts", nargs="+")
    parser.add_argument("--ktlm", default="build/release/ktlm")
    parser.add_argument("--max-new-tokens", type=int, default=64)
    arguments = parser.parse_args()

    model = AutoModelForCausalLM.from_pretrained(arguments.directory, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(arguments.directory)
    same = 0
    for prompt in arguments.prompts:
        output = subprocess.run(
            [arguments.ktlm, "generate", "-q", "--dtype", "fp32", "--model", arguments.directory, "--prompt", prompt, "--temperature", "0",
             "--max-new-tokens", str(arguments.max_new_tokens), "--json"], capture_output=True, encoding="utf-8", check=False)
        if output.returncode != 0:
            sys.exit(output.stderr.strip())
        ours = json.loads(output.stdout)["results"][0]["text"]
        ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
        with torch.inference_mode():
            full = model.generate(ids, max_new_tokens=arguments.max_new_tokens, do_sample=False)
        theirs = text_of(tokenizer, full[0, ids.shape[1]:].tolist())
        same += ours == theirs
        if ours != theirs:
            print(f"{prompt!r}\n    ktlm          {ours!r}\n    transformers  {theirs!r}")
    print(f"{type(model).__name__}: {same} of {len(arguments.prompts)} greedy continuations identical")
    return 0 if same == len(arguments.prompts) else 1


if __name__ == "__main__":
    sys.exit(main())
