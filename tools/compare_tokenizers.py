#!/usr/bin/env python3
"""Compares tokenizers by what counts: bits per byte of the model that each of them gives.

    tools/compare_tokenizers.py TRAIN.jsonl[.zst] VAL.jsonl --out DIR [--ktlm PROGRAM] [--variants NAME[@SIZE] ...]

Trains one small model per tokenizer, with the same shape, steps and tokens per step: with vocabularies of one size all
take the same time, on a quiet machine. Bits are counted over the bytes of the held-out text, whatever a variant makes of
it. Each variant changes one thing of ktlm's own tokenizer, "bpe"; docs/benchmarks.md says how they did. Needs
sentencepiece 0.2 with protobuf, and zstd. What stands in DIR already is not made again.
"""
import argparse
import json
import math
import pathlib
import re
import subprocess

import sentencepiece
from sentencepiece import sentencepiece_model_pb2 as proto

MODEL = """model: {{d_model: 256, n_layers: 4, n_heads: 4, n_kv_heads: 2, d_ff: 704, max_seq_len: 256}}
train: {{max_steps: {steps}, seed: {seed}, micro_batch_size: 4, learning_rate: 3e-3, warmup_steps: 50, dtype: bf16,
  threads: 1, eval_every_steps: 500, eval_max_tokens: 10000, checkpoint_every_steps: {steps}, log_every_steps: 100}}
"""
SPACE = "\u2581"

# As ktlm trains, for the variants that SentencePiece trains.
AS_KTLM = {
    "model_type": "bpe", "byte_fallback": True, "character_coverage": 0.9995, "split_digits": True,
    "normalization_rule_name": "identity", "add_dummy_prefix": False, "remove_extra_whitespaces": False,
    "max_sentence_length": 16384, "unk_id": 0, "bos_id": 1, "eos_id": 2, "pad_id": 3,
    "control_symbols": ["<|im_start|>", "<|im_end|>"] + [f"<|reserved_{i}|>" for i in range(10)],
    "num_threads": 1, "minloglevel": 2}
# Syllables to jamo of the compatibility block, which the normaliser leaves alone. A consonant before a vowel begins a
# syllable and every syllable begins so: it can be read back without marks. A jamo that stands alone gets ESCAPE.
ONSETS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
CODAS = ["", *"ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"]
ESCAPE = "\u3165"
SYLLABLE = re.compile("([ㄱ-ㅎ])([ㅏ-ㅣ])([ㄱ-ㅎ](?![ㅏ-ㅣ]))?|%s(.)" % ESCAPE)


def to_jamo(text):
    def decompose(match):
        character = match[0]
        if character < "가":
            return ESCAPE + character
        onset, rest = divmod(ord(character) - ord("가"), len(VOWELS) * len(CODAS))
        return ONSETS[onset] + VOWELS[rest // len(CODAS)] + CODAS[rest % len(CODAS)]
    return re.sub("[가-힣ㄱ-ㅣ%s]" % ESCAPE, decompose, text)


def from_jamo(text):
    def compose(match):
        onset, vowel, coda, alone = match.groups()
        if alone:
            return alone
        number = (ONSETS.index(onset) * len(VOWELS) + VOWELS.index(vowel)) * len(CODAS) + CODAS.index(coda or "")
        return chr(ord("가") + number)
    return SYLLABLE.sub(compose, text)


def run(*command):
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL)


def texts_of(prepared):
    """The documents of a prepared directory's train split."""
    for path in sorted(prepared.glob("train-*.jsonl.zst")):
        output = subprocess.run(["zstd", "-dc", path], check=True, capture_output=True).stdout
        yield from (json.loads(line)["text"] for line in output.splitlines())


def lines_of(prepared):
    return (line for text in texts_of(prepared) for line in text.split("\n") if line)


def train_sentencepiece(directory, lines, **changes):
    directory.mkdir(parents=True, exist_ok=True)
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_prefix=str(directory / "tokenizer"), **(AS_KTLM | changes))


def train_ktlm(ktlm, directory, prepared, size, *options):
    run(ktlm, "train-tokenizer", "--input", prepared, "--out", directory, "--vocab-size", size, "-q", *options)


# ---- the variants: each writes a tokenizer directory ----

def bpe(ktlm, directory, prepared, size):
    """ktlm's own"""
    train_ktlm(ktlm, directory, prepared, size)


def jamo(ktlm, directory, prepared, size):
    """text written in jamo"""
    train_sentencepiece(directory, lines_of(prepared), vocab_size=size, max_sentencepiece_length=48)


def particles(ktlm, directory, prepared, size):
    """no piece spans stem and particle or ending"""
    train_ktlm(ktlm, directory, prepared, size, "--set", "tokenizer.split_particles=true")


def digits(ktlm, directory, prepared, size):
    """numbers are not split into digits"""
    train_sentencepiece(directory, lines_of(prepared), vocab_size=size, split_digits=False)


def unigram(ktlm, directory, prepared, size):
    """unigram language model (Kudo 2018) instead of BPE"""
    train_sentencepiece(directory, lines_of(prepared), vocab_size=size, model_type="unigram",
                        input_sentence_size=150_000, shuffle_input_sentence=True)


def spaces(ktlm, directory, prepared, size):
    """pieces may span spaces from the first merge on"""
    train_sentencepiece(directory, lines_of(prepared), vocab_size=size, split_by_whitespace=False,
                        input_sentence_size=100_000, shuffle_input_sentence=True)


def superwords(ktlm, directory, prepared, size):
    """nine tenths of the pieces within words, the rest across spaces (SuperBPE, Liu et al. 2025)"""
    first = size - size // 10
    train_ktlm(ktlm, directory, prepared, first)
    model = proto.ModelProto.FromString((directory / "tokenizer.model").read_bytes())
    words = sentencepiece.SentencePieceProcessor(model_proto=model.SerializeToString())
    # Each piece of Hangul becomes one character, on which SentencePiece goes on merging; all else ends a phrase.
    base = 0xF0000
    joins = [re.fullmatch(SPACE + "?[가-힣]+|" + SPACE, piece.piece) is not None for piece in model.pieces]
    phrases = ("".join(chr(base + i) if joins[i] else "\n" for i in words.encode(line)) for line in lines_of(prepared))
    train_sentencepiece(directory / "second", (part for line in phrases for part in line.split("\n") if part),
                        vocab_size=size // 10 + sum(joins) + 5000, byte_fallback=False, character_coverage=1.0,
                        control_symbols=[], split_by_unicode_script=False, split_digits=False, hard_vocab_limit=False)
    second = proto.ModelProto.FromString((directory / "second" / "tokenizer.model").read_bytes())
    known = {piece.piece for piece in model.pieces}
    added = []
    for piece in second.pieces:
        if len(piece.piece) < 2 or piece.type != proto.ModelProto.SentencePiece.NORMAL or SPACE in piece.piece:
            continue
        text = "".join(model.pieces[ord(c) - base].piece for c in piece.piece)
        if text not in known and len(added) < size // 10:
            known.add(text)
            added.append(text)
    lowest = min(piece.score for piece in model.pieces)
    for rank, text in enumerate(added, 1):
        model.pieces.add(piece=text, score=lowest - rank)
    model.trainer_spec.vocab_size = len(model.pieces)
    model.trainer_spec.split_by_whitespace = False
    for path in directory.glob("*.json"):
        path.unlink()  # no longer ktlm's own: SentencePiece encodes it
    (directory / "tokenizer.model").write_bytes(model.SerializeToString())


VARIANTS = {f.__name__: f for f in (bpe, particles, superwords, spaces, jamo, unigram, digits)}


def prepare(ktlm, source, out, val_fraction):
    """Normalises the documents of `source`, once; all are kept, so that the jamo variant has the same."""
    settings = ("min_chars=1", "quality=off", "near_duplicates=false", "repeated_line_documents=0")
    if not out.exists():
        run(ktlm, "prepare", source, "--out", out, "--val-fraction", val_fraction, "-q",
            *(part for setting in settings for part in ("--set", "prepare." + setting)))
    return out


def rewrite(texts, path, change):
    if not path.exists():
        path.write_text("".join(json.dumps({"text": change(text)}, ensure_ascii=False) + "\n" for text in texts))
    return path


def measure(ktlm, out, variant, seed, steps):
    """Trains one model and evaluates it: loss in nats per token, and tokens, of the held-out text."""
    name, _, size = variant.partition("@")
    directory = out / variant
    train, val = out / "prepared", out / "val.jsonl"
    if name == "jamo":
        texts = list(texts_of(train))
        train = prepare(ktlm, rewrite(texts, out / "jamo.jsonl", to_jamo), out / "prepared-jamo", 0.002)
        val = rewrite(texts_of(out / "prepared-val"), out / "val-jamo.jsonl", to_jamo)
    tokenizer = directory / "tokenizer"
    if not (tokenizer / "tokenizer.model").exists():
        VARIANTS[name](ktlm, tokenizer, train, int(size))
    result, trained = directory / f"seed-{seed}.json", directory / f"seed-{seed}"
    if not result.exists():
        config = directory / f"seed-{seed}.yaml"
        config.write_text(MODEL.format(steps=steps, seed=seed))
        run(ktlm, "train", "--config", config, "--data", train, "--tokenizer", tokenizer, "--out", trained, "-q")
        evaluated = subprocess.run([ktlm, "eval", "--model", trained / "model", "--threads", "1", "--json", "-q", val],
                                   check=True, capture_output=True)
        result.write_bytes(evaluated.stdout)
    return json.loads(result.read_text())["total"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("train", help="JSONL to train tokenizers and models on")
    parser.add_argument("val", help="JSONL to measure on, of other documents")
    parser.add_argument("--variants", nargs="+", default=list(VARIANTS), metavar="NAME[@SIZE]",
                        help="; ".join(f"{name}: {f.__doc__}" for name, f in VARIANTS.items()))
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--ktlm", default="build/release/ktlm")
    parser.add_argument("--vocab-size", type=int, default=8000, help="of variants without @SIZE")
    parser.add_argument("--steps", type=int, default=1500, help="of 4 windows of 256 tokens")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    arguments = parser.parse_args()
    variants = [v if "@" in v else f"{v}@{arguments.vocab_size}" for v in arguments.variants]
    for variant in variants:
        if variant.split("@")[0] not in VARIANTS:
            parser.error(f"no variant {variant!r}; there are {', '.join(VARIANTS)}")

    out = arguments.out
    out.mkdir(parents=True, exist_ok=True)
    prepare(arguments.ktlm, arguments.train, out / "prepared", 0.002)  # ktlm train wants some to watch
    prepare(arguments.ktlm, arguments.val, out / "prepared-val", 0)
    texts = list(texts_of(out / "prepared-val"))
    rewrite(texts, out / "val.jsonl", lambda text: text)
    num_bytes = sum(len(text.encode()) for text in texts)
    num_words = sum(len(text.split()) for text in texts)
    print("| variant | seed | bytes per token | tokens per 어절 | bits per byte |\n|---|---|---|---|---|")
    for variant in variants:
        for seed in arguments.seeds:
            total = measure(arguments.ktlm, out, variant, seed, arguments.steps)
            tokens = total["tokens"]
            bits_per_byte = total["loss"] * tokens / math.log(2) / num_bytes
            print(f"| {variant} | {seed} | {num_bytes / tokens:.2f} | {tokens / num_words:.2f} | {bits_per_byte:.4f} |",
                  flush=True)


if __name__ == "__main__":
    main()
