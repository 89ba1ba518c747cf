#!/usr/bin/env python3
"""Makes tests/data/tokenizer/golden.jsonl: ids that transformers gives for odd and ordinary lines and for dialogues.

    tools/make_tokenizer_golden.py [--ktlm build/release/ktlm]

Trains the fixture, tests/data/tokenizer/trained, anew from tests/data/tokenizer/text.txt first. The C++ tests then check
that training gives the fixture's bytes, and encoding transformers' ids. Run it when the normaliser or the trainer changes
on purpose. Needs transformers.
"""
import argparse
import json
import pathlib
import shutil
import subprocess
import tempfile

from transformers import AutoTokenizer

DATA = pathlib.Path(__file__).resolve().parent.parent / "tests" / "data" / "tokenizer"
VOCAB_SIZE = 700

LINES = [
    "할머니가 만든 김치는 맵고 시원하다.",
    "  앞뒤로   빈칸이  많다  ",
    "탭\t과 줄\n바꿈\n\n두 번",
    "윈도의 줄 끝\r\n그리고 맥의 옛 줄 끝\r",
    "ㅋㅋㅋㅋㅋㅋㅋ ㅠㅠ ㅎㅎㅎㅎ",
    "Ｆｕｌｌ－ｗｉｄｔｈ　１２３！？",
    "ﾡﾢﾱ ￂￃ",
    "\u1112\u1161\u11ab\u1100\u1173\u11af은 한글",  # conjoining jamo
    "e\u0301tude, A\u030angstro\u0308m, \u212b",
    "눈에\u00a0안\u200b보이는\ufeff 글자\u00ad들\u2028끝",
    "학교(學校)와 도서관(圖書館), 한자 金과 \uf90a",
    "이모지 😀 👨\u200d👩\u200d👧 ❤\ufe0f 🇰🇷",
    "뷁 쉙 뙠 없는 글자",
    "가격은 15,000원이고 2024년 3월 15일 오후 2시 30분",
    "https://example.org/a?b=c&d=%EA%B0%80",
    "x" * 300,
    "띄어쓰기없이아주길게이어지는문장이다한국어사용자는이렇게쓰기도한다" * 4,
]

DIALOGUES = [
    [{"role": "user", "content": "안녕하세요?"}],
    [{"role": "user", "content": "대한민국의 수도는 어디예요?"}, {"role": "assistant", "content": "서울이에요."}],
    [{"role": "system", "content": "너는 친절한 비서다."}, {"role": "user", "content": " 두 줄로\n물을게요. "},
     {"role": "assistant", "content": ""}, {"role": "user", "content": "ㅋㅋ ＯＫ"}],
]


def train_fixture(ktlm):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([ktlm, "prepare", DATA / "text.txt", "--out", f"{folder}/prepared", "--val-fraction", "0"],
                       check=True)
        subprocess.run([ktlm, "train-tokenizer", "--input", f"{folder}/prepared", "--out", f"{folder}/tokenizer",
                        "--vocab-size", str(VOCAB_SIZE)], check=True)
        shutil.rmtree(DATA / "trained", ignore_errors=True)
        shutil.copytree(f"{folder}/tokenizer", DATA / "trained", ignore=shutil.ignore_patterns("analysis.*"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ktlm", default="build/release/ktlm")
    train_fixture(parser.parse_args().ktlm)
    tokenizer = AutoTokenizer.from_pretrained(DATA / "trained")
    with open(DATA / "golden.jsonl", "w", encoding="utf-8") as file:
        lines = (DATA / "text.txt").read_text(encoding="utf-8").splitlines() + LINES
        for text in lines:
            ids = tokenizer(text, add_special_tokens=False)["input_ids"]
            decoded = tokenizer.decode(ids)
            file.write(json.dumps({"text": text, "ids": ids, "decoded": decoded}, ensure_ascii=False) + "\n")
        for messages in DIALOGUES:
            for open_answer in (False, True):
                ids = tokenizer.apply_chat_template(messages, add_generation_prompt=open_answer, return_dict=False)
                file.write(json.dumps({"messages": messages, "open_answer": open_answer, "ids": ids},
                                      ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
