"""Lines that no corpus has, for comparing tokenizers: every script and plane, marks that combine, emoji sequences, conjoining and
half-width jamo, control characters, malformed UTF-8, the names of special tokens, many spaces, very long runs. The same lines for
the same seed. Lines are bytes: the malformed ones are no strings."""
import random

RANGES = [(0x20, 0x7E), (0xA0, 0x24F), (0x300, 0x36F), (0x370, 0x52F), (0x590, 0x6FF), (0x900, 0x97F), (0xE00, 0xE7F),
          (0x1100, 0x11FF), (0x1E00, 0x1FFF), (0x2000, 0x206F), (0x20A0, 0x2BFF), (0x3000, 0x30FF), (0x3130, 0x318F),
          (0x3200, 0x33FF), (0x4E00, 0x9FFF), (0xA960, 0xA97F), (0xAC00, 0xD7A3), (0xAC00, 0xD7A3), (0xAC00, 0xB000),
          (0xD7B0, 0xD7FF), (0xE000, 0xE010), (0xF900, 0xFAFF), (0xFE00, 0xFE0F), (0xFF00, 0xFFEF), (0x1F000, 0x1FAFF),
          (0x20000, 0x20100), (0x2F800, 0x2FA1F), (0xE0000, 0xE007F), (0x80, 0x10FFFF)]
CONTROLS = [c for c in range(0x20) if c != 0x0A] + list(range(0x7F, 0xA0)) + [0xFEFF, 0x200B, 0x200C, 0x200D, 0x2028, 0x2029, 0xFFFD]
SPECIAL = ["<s>", "</s>", "<unk>", "<pad>", "<|im_start|>", "<|im_end|>", "<|im_start|>user", "<|reserved_0|>", "<0x0A>", "<0xEA>",
           "▁", "▁▁", "[UNK]"]
EMOJI = ["👨‍👩‍👧‍👦", "🏳️‍🌈", "👍🏽", "🇰🇷", "❤️", "1️⃣", "🧑🏿‍🚀", "☺", "🤷🏻‍♀️"]
WORDS = ["대한민국", "수도는", "서울이다.", "ㅋㅋㅋㅋ", "ㅠㅠ", "학교(學校)에서", "PDF를", "2024년", "3.14", "읽었습니다!", "\"그래?\"", "GPT-4o",
         "https://example.org/?q=%EA%B0%80", "뷁쉙", "안녕하세요"]
MALFORMED = [b"\xff", b"\xc0\xaf", b"\xe0\x80\x80", b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xf4\x90\x80\x80", b"\xea\xb0", b"\xf0\x9f\x98",
             b"\x80", b"\xbf\xbf", b"\xfe", b"\xf8\x88\x80\x80\x80"]


def characters(rng, first, last):
    codes = (rng.randint(first, last) for _ in range(rng.randint(1, 8)))
    return "".join(chr(c) for c in codes if not 0xD800 <= c <= 0xDFFF and c != 0x0A)


def conjoining(rng):
    syllables = []
    for _ in range(rng.randint(1, 6)):
        syllables.append(chr(0x1100 + rng.randint(0, 0x12)) * rng.randint(0, 2) + chr(0x1161 + rng.randint(0, 0x14)) * rng.randint(0, 2) +
                         chr(0x11A7 + rng.randint(0, 0x1B)) * rng.randint(0, 2))
    return "".join(syllables)


def part(rng):
    kind = rng.randrange(12)
    if kind <= 3:
        return characters(rng, *rng.choice(RANGES)).encode()
    if kind == 4:
        base = rng.choice("aeoAOkK가ㄱうか\u1112\u1161")
        return (base + "".join(chr(rng.randint(0x300, 0x345)) for _ in range(rng.randint(1, 6)))).encode()
    if kind == 5:
        return conjoining(rng).encode()
    if kind == 6:
        return "".join(rng.choice(EMOJI + ["\u200d", "\ufe0f"]) for _ in range(rng.randint(1, 4))).encode()
    if kind == 7:
        return "".join(chr(rng.choice(CONTROLS)) for _ in range(rng.randint(1, 4))).encode()
    if kind == 8:
        return rng.choice(SPECIAL).encode()
    if kind == 9:
        return (" " * rng.randint(1, 40)).encode()
    if kind == 10:
        return rng.choice(MALFORMED)
    return " ".join(rng.choice(WORDS) for _ in range(rng.randint(1, 6))).encode()


def long_run(rng):
    unit = rng.choice(["가", "ㅋ", "a", " ", "=", "漢", "\u0301", "😀", "가나다", "0", "\u1100"])
    return (unit * rng.randint(200, 20000)).encode()


def fuzzed_lines(count, seed):
    rng = random.Random(seed)
    for i in range(count):
        line = long_run(rng) if i % 1000 == 999 else b"".join(part(rng) for _ in range(rng.randint(1, 8)))
        # Pieces may come together into a line end, which would make two lines of one.
        yield line.replace(b"\n", b" ").rstrip(b"\r") or b"x"
