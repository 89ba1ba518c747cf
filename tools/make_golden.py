#!/usr/bin/env python3
"""Golden models: small random models with the logits, gradients and greedy tokens that transformers computes for them;
and what its rules of sampling leave of some logits.

    python tools/make_golden.py tests/data/golden    writes every fixture there (made with transformers 5.24, torch 2.13)
        [--only NAME]                                this one alone
    python tools/make_golden.py --check DIRECTORY…   loads model directories that ktlm wrote, and compares the logits and
                                                     greedy tokens that ktlm stored in them (expected.safetensors)

A fixture is a model directory as transformers saves it (config.json, model.safetensors or several files with an index)
and expected.safetensors:

    ids, targets       (B, T)     targets of -100 count in no loss
    logits             (B, T, V)
    loss               ()         mean cross-entropy over the targets, with its gradient in every parameter:
    gradient.<name>
    prompt, greedy     (1, P), (1, 64)

sampling.json holds logits, the ids of a text before them, and for each rule and value the logits that it leaves (null: cut off).

Weights are far larger than a training run's initial ones, so that attention, norms and gates all matter to the result.
"""

import argparse
import json
import pathlib
import sys

import torch
from safetensors.torch import load_file, save_file
from transformers import MinPLogitsWarper, RepetitionPenaltyLogitsProcessor, TopPLogitsWarper, TypicalLogitsWarper
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM, Qwen3Config, Qwen3ForCausalLM

GREEDY_TOKENS = 64
SMALLEST_MARGIN = 1e-3  # between the best and the second best logit of a greedy token: far above rounding


def rope(theta, rope_type="default", **scaling):
    return {"rope_theta": theta, "rope_type": rope_type, **scaling}


COMMON = dict(vocab_size=96, max_position_embeddings=128, bos_token_id=1, eos_token_id=2, pad_token_id=3)
MODELS = {
    "llama_gqa_tied": LlamaConfig(
        hidden_size=48, intermediate_size=80, num_hidden_layers=2, num_attention_heads=6, num_key_value_heads=2,
        tie_word_embeddings=True, rms_norm_eps=1e-5, rope_parameters=rope(10000.0), **COMMON),
    "llama_untied_rope_theta": LlamaConfig(
        hidden_size=32, intermediate_size=72, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=1,
        tie_word_embeddings=False, rms_norm_eps=1e-6, rope_parameters=rope(500000.0), **COMMON),
    "llama_mha_head_dim": LlamaConfig(
        hidden_size=36, intermediate_size=64, num_hidden_layers=2, num_attention_heads=3, num_key_value_heads=3,
        head_dim=16, tie_word_embeddings=False, rms_norm_eps=1e-5, rope_parameters=rope(10000.0), **COMMON),
    "qwen3_gqa_tied": Qwen3Config(
        hidden_size=40, intermediate_size=64, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2,
        head_dim=12, tie_word_embeddings=True, rms_norm_eps=1e-6, rope_parameters=rope(1000000.0), **COMMON),
    "qwen3_gqa_untied": Qwen3Config(
        hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=8, num_key_value_heads=4,
        head_dim=4, tie_word_embeddings=False, rms_norm_eps=1e-5, rope_parameters=rope(10000.0), **COMMON),
    # Rotary pairs that turn 5, 1 and less than 0.3 times in the first context: one of each kind at least.
    "llama_rope_llama3": LlamaConfig(
        hidden_size=24, intermediate_size=40, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=1,
        tie_word_embeddings=False, rms_norm_eps=1e-5,
        rope_parameters=rope(10000.0, rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
                             original_max_position_embeddings=32), **COMMON),
    "qwen3_rope_linear": Qwen3Config(
        hidden_size=24, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=2,
        head_dim=8, tie_word_embeddings=True, rms_norm_eps=1e-6,
        rope_parameters=rope(10000.0, rope_type="linear", factor=4.0), **COMMON),
}
SHARD_SIZE = {"llama_rope_llama3": "20KB"}  # in several files; the others are smaller than transformers' usual limit


def make_model(config, seed):
    torch.manual_seed(seed)
    model_class = Qwen3ForCausalLM if isinstance(config, Qwen3Config) else LlamaForCausalLM
    model = model_class(config).float().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 1:
                parameter.normal_(1.0, 0.3)
            else:
                parameter.normal_(0.0, 1.2 / parameter.shape[1] ** 0.5)
    return model


def greedy(model, prompt):
    """The tokens, and the smallest margin by which one of them won."""
    ids, margin = prompt, float("inf")
    with torch.no_grad():
        for _ in range(GREEDY_TOKENS):
            best = model(ids).logits[0, -1].topk(2)
            margin = min(margin, (best.values[0] - best.values[1]).item())
            ids = torch.cat([ids, best.indices[:1].view(1, 1)], dim=1)
    return ids[:, prompt.shape[1]:].contiguous(), margin


def expected_of(model, seed):
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(4, model.config.vocab_size, (2, 24), generator=generator)
    targets = torch.randint(4, model.config.vocab_size, (2, 24), generator=generator)
    targets[0, :5] = -100
    targets[1, 7] = -100
    logits = model(ids).logits
    loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=-100)
    loss.backward()
    prompt = torch.randint(4, model.config.vocab_size, (1, 16), generator=generator)
    tokens, margin = greedy(model, prompt)
    expected = {"ids": ids, "targets": targets, "logits": logits.detach(), "loss": loss.detach(), "prompt": prompt,
                "greedy": tokens}
    expected.update({f"gradient.{name}": p.grad for name, p in model.named_parameters()})
    return {name: tensor.contiguous() for name, tensor in expected.items()}, margin


def make(directory, only):
    for name, config in MODELS.items():
        if only not in (None, name):
            continue
        for seed in range(1, 100):
            model = make_model(config, seed)
            expected, margin = expected_of(model, seed)
            if margin > SMALLEST_MARGIN and len(expected["greedy"].unique()) > 10:
                break
        else:
            sys.exit(f"{name}: no seed gives 64 varied greedy tokens with clear margins")
        model.save_pretrained(directory / name, max_shard_size=SHARD_SIZE.get(name, "50GB"))
        save_file(expected, directory / name / "expected.safetensors")
        print(f"{name}: seed {seed}, smallest margin {margin:.4f}, {len(expected['greedy'].unique())} different tokens")


def make_sampling(directory):
    torch.manual_seed(5)
    logits, ids = 2.5 * torch.randn(1, 40), torch.randint(0, 40, (1, 24))
    cases = []
    for rule, make_warper, values in [
        ("typical_p", TypicalLogitsWarper, [0.2, 0.5, 0.9]), ("top_p", TopPLogitsWarper, [0.3, 0.8, 0.95]),
        ("min_p", MinPLogitsWarper, [0.02, 0.1, 0.5]), ("repetition_penalty", RepetitionPenaltyLogitsProcessor, [0.8, 1.3]),
    ]:
        for value in values:
            left = make_warper(value)(ids, logits.clone())[0].tolist()
            cases.append({"rule": rule, "value": value, "logits": [None if x == -float("inf") else x for x in left]})
    golden = {"logits": logits[0].tolist(), "ids": ids[0].tolist(), "cases": cases}
    (directory / "sampling.json").write_text(json.dumps(golden) + "\n")


def check(directory):
    model = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32).eval()
    expected = load_file(directory / "expected.safetensors")
    with torch.no_grad():
        logits = model(expected["ids"]).logits
    difference = (logits - expected["logits"]).abs().max().item()
    if not difference < 1e-4:
        sys.exit(f"{directory}: logits differ from ktlm's by up to {difference}")
    tokens = model.generate(expected["prompt"], attention_mask=torch.ones_like(expected["prompt"]), do_sample=False,
                            eos_token_id=None, max_new_tokens=expected["greedy"].shape[1])
    if not torch.equal(tokens[:, expected["prompt"].shape[1]:], expected["greedy"]):
        sys.exit(f"{directory}: greedy tokens differ from ktlm's")
    print(f"{type(model).__name__}: logits within {difference:.2g}, {expected['greedy'].shape[1]} greedy tokens equal")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directories", type=pathlib.Path, nargs="+", metavar="DIRECTORY")
    parser.add_argument("--check", action="store_true", help="compare directories that ktlm wrote")
    parser.add_argument("--only", choices=MODELS, metavar="NAME")
    arguments = parser.parse_args()
    for directory in arguments.directories:
        if arguments.check:
            check(directory)
            continue
        make(directory, arguments.only)
        if arguments.only is None:
            make_sampling(directory)


if __name__ == "__main__":
    main()
