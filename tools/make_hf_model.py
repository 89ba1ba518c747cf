#!/usr/bin/env python3
"""Makes a small model of random weights as other makers publish them, for check_hf_model.py and check_hf_tokenizer.py.

    tools/make_hf_model.py OUT TEXT... [--type llama] [--tokenizer bpe] [--rule identity] [--vocab-size 2000] [--dtype bfloat16]
                           [--rope default] [--legacy] [--fast]

The tokenizer is trained by SentencePiece on the texts (.jsonl: every "text"), with a space put in front and the white space
kept as it is (mended with a --rule other than identity); ChatML's markers are added to it. The model has more embeddings than
the tokenizer has tokens, and its weights stand in several files. --fast leaves tokenizer.json in place of tokenizer.model,
as transformers 5 saves a tokenizer. Needs transformers and sentencepiece.
"""
import argparse
import io
import json
import pathlib

import sentencepiece
import torch
from transformers import AutoTokenizer, GenerationConfig, LlamaConfig, LlamaForCausalLM, Qwen3Config, Qwen3ForCausalLM

MARKERS = ["<|im_start|>", "<|im_end|>"]
CHATML = ("{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}"
          "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}")
ROPE = {
    "default": {"rope_type": "default"},
    "linear": {"rope_type": "linear", "factor": 4.0},
    "llama3": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
               "original_max_position_embeddings": 64},
}


def texts_of(paths):
    for path in paths:
        with open(path, encoding="utf-8") as file:
            for line in file:
                yield from (json.loads(line)["text"] if path.endswith(".jsonl") else line).splitlines()


def special(text):
    return {"content": text, "lstrip": False, "normalized": False, "rstrip": False, "single_word": False, "special": True}


def make_tokenizer(out, arguments):
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=texts_of(arguments.texts), model_writer=model, vocab_size=arguments.vocab_size,
        model_type=arguments.tokenizer, normalization_rule_name=arguments.rule, byte_fallback=True, hard_vocab_limit=False,
        remove_extra_whitespaces=arguments.rule != "identity", minloglevel=2)
    (out / "tokenizer.model").write_bytes(model.getvalue())
    size = sentencepiece.SentencePieceProcessor(str(out / "tokenizer.model")).get_piece_size()
    added = {i: special(text) for i, text in enumerate(["<unk>", "<s>", "</s>"])}
    added.update({size + i: special(text) for i, text in enumerate(MARKERS)})
    config = {"tokenizer_class": "LlamaTokenizer", "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>",
              "add_bos_token": True, "add_eos_token": False, "clean_up_tokenization_spaces": False,
              "legacy": arguments.legacy, "chat_template": CHATML, "added_tokens_decoder": added}
    (out / "tokenizer_config.json").write_text(json.dumps(config, ensure_ascii=False, indent=1), encoding="utf-8")
    return size + len(MARKERS)


def make_model(out, vocab_size, arguments):
    torch.manual_seed(1)
    common = dict(vocab_size=(vocab_size + 63) // 64 * 64 + 64, hidden_size=96, intermediate_size=160, num_hidden_layers=3,
                  num_attention_heads=6, num_key_value_heads=2, max_position_embeddings=512, bos_token_id=1, eos_token_id=2,
                  rope_parameters={"rope_theta": 10000.0, **ROPE[arguments.rope]})
    if arguments.type == "llama":
        model = LlamaForCausalLM(LlamaConfig(**common))
    else:
        model = Qwen3ForCausalLM(Qwen3Config(head_dim=24, tie_word_embeddings=True, **common))
    with torch.no_grad():  # large enough that every part matters
        for parameter in model.parameters():
            if parameter.dim() == 1:
                parameter.normal_(1.0, 0.2)
            else:
                parameter.normal_(0.0, 1.0 / parameter.shape[1] ** 0.5)
        model.get_output_embeddings().weight[vocab_size:] = 0  # never the likeliest: transformers would draw them
    model.generation_config = GenerationConfig(bos_token_id=1, eos_token_id=[2, vocab_size - 1])
    model.to(getattr(torch, arguments.dtype)).save_pretrained(out, max_shard_size="300KB")
    if arguments.type == "llama":  # the first models' files have no head_dim
        path = out / "config.json"
        config = json.loads(path.read_text(encoding="utf-8"))
        del config["head_dim"]
        path.write_text(json.dumps(config, indent=1), encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("texts", nargs="+")
    parser.add_argument("--type", choices=["llama", "qwen3"], default="llama")
    parser.add_argument("--tokenizer", choices=["bpe", "unigram"], default="bpe")
    parser.add_argument("--rule", choices=["identity", "nfkc", "nmt_nfkc"], default="identity")
    parser.add_argument("--vocab-size", type=int, default=2000)
    parser.add_argument("--dtype", choices=["bfloat16", "float16", "float32"], default="bfloat16")
    parser.add_argument("--rope", choices=ROPE, default="default")
    parser.add_argument("--legacy", action="store_true")
    parser.add_argument("--fast", action="store_true")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    make_model(arguments.out, make_tokenizer(arguments.out, arguments), arguments)
    if arguments.fast:
        AutoTokenizer.from_pretrained(arguments.out).save_pretrained(arguments.out)
        (arguments.out / "tokenizer.model").unlink()


if __name__ == "__main__":
    main()
