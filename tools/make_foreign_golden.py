#!/usr/bin/env python3
"""Makes tests/data/tokenizer/foreign: small SentencePiece tokenizers as models of other make have them, and what transformers
gives for them.

    tools/make_foreign_golden.py

Each folder is a tokenizer as Llama's models publish it: tokenizer.model (BPE, a space put in front) and
tokenizer_config.json, with golden.jsonl beside them: ids and decoded text of lines, and ids of dialogues by the chat
template. The folders fast_* hold tokenizer.json in place of tokenizer.model, as transformers saves it. Made with
transformers 5.24 and sentencepiece 0.2.3. Needs both.
"""
import io
import json
import pathlib
import shutil

import sentencepiece
from transformers import AutoTokenizer

DATA = pathlib.Path(__file__).resolve().parent.parent / "tests" / "data" / "tokenizer"
TEXT = DATA / "text.txt"
VOCAB_SIZE = 640

LINES = [
    "가",
    "두  칸   띄기",
    "끝에 빈칸 ",
    "탭\t과 줄\n바꿈\n\n두 번",
    "ㅋㅋㅋㅋ ㅠㅠ",
    "Ｆｕｌｌ １２３ ①",
    "뷁쉙 😀 👨\u200d👩\u200d👧",
    "e\u0301 \u1112\u1161\u11ab",
    "<s> 안녕 </s> <|im_start|>user",
    "모델 나랏말씀 에서나랏말씀과 나랏",
    "나랏말씀",
]

# Here LlamaTokenizer of transformers 5 differs from SentencePiece, and tokenizer.json from both where it says so.
SPACED_LINES = [" 가", "   앞에 빈칸", " ", "   "]

DIALOGUES = [
    [{"role": "user", "content": "안녕하세요?"}],
    [{"role": "user", "content": "수도는 어디예요?"}, {"role": "assistant", "content": "서울이에요."},
     {"role": "user", "content": "ㅋㅋ 고마워요"}],
    [{"role": "system", "content": "너는 친절한 비서다."}, {"role": "user", "content": "두 줄로\n물을게요."},
     {"role": "assistant", "content": "네, 물어보세요."}, {"role": "user", "content": "한글은 누가 만들었어?"}],
]

CHATML = ("{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}"
          "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}")
ZEPHYR = ("{% for message in messages %}{{ '<|' + message['role'] + '|>\\n' + message['content'] + eos_token + '\\n' }}"
          "{% if false %}<|user|><|system|>{% endif %}{% endfor %}"
          "{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% endif %}")
LLAMA2 = ("{% set first = '' %}{% if messages[0]['role'] == 'system' %}"
          "{% set first = '<<SYS>>\\n' + messages[0]['content'] + '\\n<</SYS>>\\n\\n' %}{% set messages = messages[1:] %}"
          "{% endif %}{% for message in messages %}{% if message['role'] == 'user' %}"
          "{{ bos_token + '[INST] ' + ((first if loop.first else '') + message['content']).strip() + ' [/INST]' }}"
          "{% else %}{{ ' ' + message['content'].strip() + ' ' + eos_token }}{% endif %}{% endfor %}")


def special(text):
    return {"content": text, "lstrip": False, "normalized": False, "rstrip": False, "single_word": False, "special": True}


PLAIN = {"0": special("<unk>"), "1": special("<s>"), "2": special("</s>")}
TEXT_TOKEN = {**special("나랏말씀"), "special": False, "normalized": True}
TOKENIZERS = {
    "chatml": {"legacy": False, "eos_token": "<|im_end|>", "chat_template": CHATML, "added_tokens_decoder": {
        **PLAIN, str(VOCAB_SIZE): special("<|im_start|>"), str(VOCAB_SIZE + 1): special("<|im_end|>"),
        str(VOCAB_SIZE + 2): TEXT_TOKEN}},
    "zephyr": {"legacy": True, "chat_template": ZEPHYR, "added_tokens_decoder": PLAIN},
    "llama2": {"legacy": False, "chat_template": LLAMA2, "added_tokens_decoder": PLAIN},
    "without_prefix": {"legacy": False, "add_prefix_space": False, "add_bos_token": False, "added_tokens_decoder": PLAIN},
}


def make(name, settings):
    folder = DATA / "foreign" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    model = io.BytesIO()  # a file's name would stand in the model
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXT.read_text(encoding="utf-8").splitlines()), model_writer=model, vocab_size=VOCAB_SIZE,
        model_type="bpe", byte_fallback=True, normalization_rule_name="identity", remove_extra_whitespaces=False,
        character_coverage=0.98, minloglevel=2)
    (folder / "tokenizer.model").write_bytes(model.getvalue())
    config = {"tokenizer_class": "LlamaTokenizer", "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>",
              "add_bos_token": True, "add_eos_token": False, "clean_up_tokenization_spaces": False, **settings}
    (folder / "tokenizer_config.json").write_text(json.dumps(config, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    write_golden(folder, tokenizer, LINES, "chat_template" in settings)
    print(f"{name}: {len(tokenizer)} tokens")


# As transformers 5 saves a tokenizer, and with the spaces marked by normalisers, as transformers 4 saved "legacy" ones.
def make_fast(name, source, is_legacy):
    folder = DATA / "foreign" / name
    shutil.rmtree(folder, ignore_errors=True)
    AutoTokenizer.from_pretrained(DATA / "foreign" / source).save_pretrained(folder)
    if is_legacy:
        fast = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
        fast["pre_tokenizer"] = None
        fast["normalizer"] = {"type": "Sequence", "normalizers": [
            {"type": "Prepend", "prepend": "\u2581"},
            {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}]}
        (folder / "tokenizer.json").write_text(json.dumps(fast, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    config = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    config["tokenizer_class"] = "PreTrainedTokenizerFast"  # the file as it stands
    (folder / "tokenizer_config.json").write_text(json.dumps(config, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    write_golden(folder, tokenizer, LINES + SPACED_LINES, True)
    print(f"{name}: {len(tokenizer)} tokens")


def write_golden(folder, tokenizer, lines, has_dialogues):
    with open(folder / "golden.jsonl", "w", encoding="utf-8") as file:
        for text in TEXT.read_text(encoding="utf-8").splitlines()[::3] + lines:
            ids = tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]
            record = {"text": text, "ids": ids, "decoded": tokenizer.decode(ids)}
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
        for messages in DIALOGUES if has_dialogues else []:
            for open_answer in (False, True):
                ids = tokenizer.apply_chat_template(messages, add_generation_prompt=open_answer, return_dict=False)
                file.write(json.dumps({"messages": messages, "open_answer": open_answer, "ids": ids}, ensure_ascii=False) + "\n")


def main():
    for name, settings in TOKENIZERS.items():
        make(name, settings)
    make_fast("fast_chatml", "chatml", False)
    make_fast("fast_zephyr", "zephyr", True)


if __name__ == "__main__":
    main()
