#!/usr/bin/env python3
"""Checks an ONNX export against the model that it was made of: logits of onnxruntime against those of transformers in fp32.

    tools/check_onnx.py EXPORTED MODEL [EXPORTED MODEL]... [--text FILE] [--ktlm build/release/ktlm] [--tolerance 1e-4]

Each .onnx file in EXPORTED/onnx goes through onnx's checker and computes the same texts in four ways: at once, in two
parts, token by token through the cache of keys and values, and padded on the left in a batch of two. With --ktlm, which
must be able to compute in fp32, it also continues the texts' beginnings greedily and compares the result with
`ktlm generate --temperature 0`. The texts are lines of --text, whose ids must be those of MODEL's tokenizer; where
EXPORTED holds no tokenizer, random ids.

Needs onnx, onnxruntime and transformers. Returns 1 where something differs by more than the tolerance, which is for
model.onnx; model_fp16.onnx may differ by a thousand times that.
"""
import argparse
import json
import pathlib
import random
import subprocess
import sys

import numpy as np
import onnx
import onnxruntime
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

NUM_TEXTS = 8
TEXT_TOKENS = 60
PROMPT_TOKENS = 8  # of a text that is continued


class Exported:
    """A session and the cache that its model wants."""

    def __init__(self, path):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.past_names = [each.name for each in self.session.get_inputs() if each.name.startswith("past_key_values.")]
        first = next(each for each in self.session.get_inputs() if each.name in self.past_names)
        self.heads, self.head_dim = first.shape[1], first.shape[3]
        self.dtype = np.float16 if "float16" in first.type else np.float32

    def empty_cache(self, batch):
        return [np.zeros((batch, self.heads, 0, self.head_dim), self.dtype) for _ in self.past_names]

    def run(self, ids, mask, positions, cache):
        """Logits (B, T, V) and the longer cache."""
        inputs = {"input_ids": ids, "attention_mask": mask, "position_ids": positions}
        outputs = self.session.run(None, inputs | dict(zip(self.past_names, cache)))
        return outputs[0], outputs[1:]

    def logits_in_parts(self, ids, sizes):
        """Of one text, (T, V); `sizes` tokens at a time."""
        cache, parts, begin = self.empty_cache(1), [], 0
        for size in sizes:
            end = begin + size
            part, cache = self.run(np.array([ids[begin:end]], np.int64), np.ones((1, end), np.int64),
                                   np.arange(begin, end, dtype=np.int64)[None], cache)
            parts.append(part[0])
            begin = end
        return np.concatenate(parts)

    def logits_padded(self, texts, pad_id):
        """Of texts of any lengths, left-padded to one batch: [(T, V), ...]."""
        length = max(map(len, texts))
        ids = np.array([[pad_id] * (length - len(text)) + text for text in texts], np.int64)
        mask = np.array([[0] * (length - len(text)) + [1] * len(text) for text in texts], np.int64)
        positions = np.maximum(mask.cumsum(axis=1) - 1, 0)
        logits, _ = self.run(ids, mask, positions, self.empty_cache(len(texts)))
        return [row[length - len(text):] for row, text in zip(logits, texts)]

    def greedy(self, ids, num_tokens, end_ids):
        cache, result = self.empty_cache(1), []
        new, length = ids, 0
        while len(result) < num_tokens:
            length += len(new)
            logits, cache = self.run(np.array([new], np.int64), np.ones((1, length), np.int64),
                                     np.arange(length - len(new), length, dtype=np.int64)[None], cache)
            new = [int(logits[0, -1].argmax())]
            if new[0] in end_ids:
                break
            result += new
        return result


def read_texts(path, model_directory, tokenizer, config):
    """Lists of ids, of two lengths in turn."""
    limit = min(TEXT_TOKENS, config.max_position_embeddings)
    if tokenizer is None:
        generator = random.Random(1)
        texts = [[generator.randrange(config.vocab_size) for _ in range(limit)] for _ in range(NUM_TEXTS)]
    else:
        if path is None:
            sys.exit("check_onnx.py: the directory has a tokenizer; pass --text FILE with lines to compute")
        lines = pathlib.Path(path).read_text(encoding="utf-8").splitlines()
        all_ids = tokenizer(lines)["input_ids"]
        original_ids = AutoTokenizer.from_pretrained(model_directory)(lines)["input_ids"]
        same = sum(ids == original for ids, original in zip(all_ids, original_ids))
        if same < len(all_ids):
            sys.exit(f"tokenizer.json: the ids of {len(all_ids) - same} of {len(all_ids)} lines differ from {model_directory}'s")
        print(f"tokenizer.json: {same} lines give the ids of {model_directory}")
        texts = [ids[:limit] for ids in all_ids if len(ids) >= limit][:NUM_TEXTS]
        if not texts:
            sys.exit(f"check_onnx.py: no line of {path} has {limit} tokens")
    return [ids if i % 2 == 0 else ids[: limit // 3] for i, ids in enumerate(texts)]


def largest_difference(results, expected):
    return max(float(np.abs(result - logits).max()) for result, logits in zip(results, expected))


def check_logits(exported, texts, expected, pad_id):
    """{way: largest difference}"""
    pairs = [(texts[i], texts[(i + 1) % len(texts)]) for i in range(0, len(texts), 2)]
    wanted = [(expected[i], expected[(i + 1) % len(texts)]) for i in range(0, len(texts), 2)]
    ways = {
        "at once": lambda ids: [len(ids)],
        "in two parts": lambda ids: [len(ids) // 2, len(ids) - len(ids) // 2],
        "token by token": lambda ids: [1] * len(ids),
    }
    found = {way: largest_difference([exported.logits_in_parts(ids, sizes(ids)) for ids in texts], expected)
             for way, sizes in ways.items()}
    found["in a padded batch"] = max(largest_difference(exported.logits_padded(list(pair), pad_id), logits)
                                     for pair, logits in zip(pairs, wanted))
    return found


def check_greedy(exported, ktlm, model_directory, texts, tokenizer, end_ids):
    """How many continuations are ktlm's."""
    same = 0
    for ids in texts:
        prompt = tokenizer.decode(ids[:PROMPT_TOKENS], skip_special_tokens=True)
        output = subprocess.run(
            [ktlm, "generate", "-q", "--dtype", "fp32", "--device", "cpu", "--model", model_directory, "--prompt", prompt,
             "--temperature", "0", "--repetition-penalty", "1", "--max-new-tokens", "64", "--json"],
            capture_output=True, encoding="utf-8", check=False)
        if output.returncode != 0:
            sys.exit(output.stderr.strip())
        ours = json.loads(output.stdout)["results"][0]["text"]
        theirs = tokenizer.decode(exported.greedy(tokenizer(prompt)["input_ids"], 64, end_ids), skip_special_tokens=True)
        same += ours == theirs
        if ours != theirs:
            print(f"{prompt!r}\n    ktlm         {ours!r}\n    onnxruntime  {theirs!r}")
    return same


def check_directory(exported_directory, model_directory, arguments):
    """Whether all is well."""
    folder = pathlib.Path(exported_directory)
    has_tokenizer = (folder / "tokenizer.json").exists()
    tokenizer = AutoTokenizer.from_pretrained(folder) if has_tokenizer else None
    reference = AutoModelForCausalLM.from_pretrained(model_directory, dtype=torch.float32).eval()
    texts = read_texts(arguments.text, model_directory, tokenizer, reference.config)
    with torch.inference_mode():
        expected = [reference(torch.tensor([ids])).logits[0].numpy() for ids in texts]
    ends = reference.generation_config.eos_token_id
    end_ids = set(ends if isinstance(ends, list) else [ends])

    paths = sorted((folder / "onnx").glob("*.onnx"))
    if not paths:
        sys.exit(f"check_onnx.py: {folder / 'onnx'} holds no .onnx file")
    is_well = True
    for path in paths:
        onnx.checker.check_model(str(path), full_check=True)
        exported = Exported(path)
        tolerance = arguments.tolerance * (1000 if exported.dtype == np.float16 else 1)
        differences = check_logits(exported, texts, expected, reference.config.pad_token_id or 0)
        print(f"{path}: {type(reference).__name__}, {sum(map(len, texts))} tokens; largest difference of a logit: " +
              ", ".join(f"{way} {difference:.1e}" for way, difference in differences.items()))
        is_well &= all(difference <= tolerance for difference in differences.values())
        if arguments.ktlm is not None and tokenizer is not None:
            same = check_greedy(exported, arguments.ktlm, model_directory, texts, tokenizer, end_ids)
            print(f"{path}: {same} of {len(texts)} greedy continuations are ktlm's")
            is_well &= same == len(texts) or exported.dtype == np.float16
    return is_well


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directories", nargs="+", metavar="EXPORTED MODEL")
    parser.add_argument("--text")
    parser.add_argument("--ktlm")
    parser.add_argument("--tolerance", type=float, default=1e-4)
    arguments = parser.parse_args()
    if len(arguments.directories) % 2 != 0:
        parser.error("each EXPORTED stands before its MODEL")
    pairs = zip(arguments.directories[::2], arguments.directories[1::2])
    return 0 if all([check_directory(exported, model, arguments) for exported, model in pairs]) else 1


if __name__ == "__main__":
    sys.exit(main())
