#!/usr/bin/env python3
"""Measures where the rules see Korean particles and endings, against a treebank that tells of each word its morphemes.

    ninja -C build/release ktlm_find_word_ends
    tools/word_end_scores.py ko_gsd-ud-dev.conllu ko_gsd-ud-test.conllu [--finder build/release/ktlm_find_word_ends] [--errors 20]

The files are CoNLL-U with morphemes in LEMMA and their tags (Sejong's) in XPOS, both joined by "+", as UD_Korean-GSD has
them (github.com/UniversalDependencies/UD_Korean-GSD). A word is a token of Hangul alone; its stem ends before the last
morphemes that are all particles (J...), all endings (E...), or, for word units, all of these or what makes verbs of nouns
(XSV, XSA, VCP). Wanted is the stem's end, or where that lies within a syllable the first of these morphemes that begins
one (나왔|네요: 나오 + 았 + 네요); where none does (합니다: 하 + ㅂ니다) a rule should see nothing. Recall counts the words
where just this place is found; precision counts as right each place where one of these morphemes begins (서울에서|는). In per
cent, for

    particles, endings    the rules of `train-tokenizer`'s analysis (src/tokenizer/word_ends.h)
    word units            the cuts that tokenizer.split_particles and the quality filters make (text/word_units.h)
    naive                 particles alone: the word ends in one of the nine most frequent, whatever stands before it
"""
import argparse
import re
import subprocess
import sys

NAIVE = re.compile(r"(?:은|는|이|가|을|를|의|에|로)$")
HANGUL = re.compile(r"[가-힣]{2,}")
PARTICLE, ENDING, FUNCTION = re.compile(r"J"), re.compile(r"E"), re.compile(r"J|E|XSV|XSA|VCP")


def words_of(path):
    """(form, morphemes, tags) of each word that can be measured."""
    with open(path, encoding="utf-8") as file:
        for line in file:
            columns = line.rstrip("\n").split("\t")
            if len(columns) != 10 or not columns[0].isdigit() or not HANGUL.fullmatch(columns[1]):
                continue
            morphemes, tags = columns[2].split("+"), columns[4].split("+")
            if len(morphemes) == len(tags):
                yield columns[1], morphemes, tags


def places(form, morphemes, tags, kind):
    """Where in the form the last morphemes of the kind begin, as far as between two syllables."""
    first = len(tags)
    while first > 0 and kind.match(tags[first - 1]):
        first -= 1
    found = []
    for i in range(first, len(tags)):
        head, tail = "".join(morphemes[:i]), "".join(morphemes[i:])
        if form.startswith(head):
            found.append(len(head))
        elif form.endswith(tail):
            found.append(len(form) - len(tail))
    return [place for place in found if 0 < place < len(form)]


class Score:
    def __init__(self, name):
        self.name, self.right, self.found, self.wanted, self.reached, self.errors = name, 0, 0, 0, 0, []

    def add(self, form, truth, cuts):
        """`truth` as places() gives it; `cuts` what the rules see."""
        right = [cut for cut in cuts if cut in truth]
        self.right += len(right)
        self.found += len(cuts)
        self.wanted += bool(truth)
        self.reached += bool(truth) and truth[0] in cuts
        if len(right) < len(cuts) or not set(truth[:1]) <= set(cuts):
            self.errors.append(f"    {self.name}: {marked(form, cuts)}, in truth {marked(form, truth)}")

    def row(self):
        precision, recall = self.right / max(self.found, 1), self.reached / max(self.wanted, 1)
        f1 = 2 * precision * recall / max(precision + recall, 1e-9)
        return f"{self.name:12} {self.wanted:8} {self.found:8} {100 * precision:6.1f} {100 * recall:6.1f} {100 * f1:6.1f}"


def marked(form, cuts):
    return "".join(("|" if i in cuts else "") + c for i, c in enumerate(form))


def cuts_in(text):
    """The places of the bars in 서울|에서|는."""
    cuts, length = [], 0
    for part in text.split("|")[:-1]:
        length += len(part)
        cuts.append(length)
    return cuts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--finder", default="build/release/ktlm_find_word_ends")
    parser.add_argument("--errors", type=int, default=0, help="print so many errors of each rule")
    options = parser.parse_args()

    words = [word for path in options.files for word in words_of(path)]
    if not words:
        print("word_end_scores.py: no words of Hangul with morphemes in " + ", ".join(options.files), file=sys.stderr)
        return 1
    answers = subprocess.run([options.finder], input="".join(form + "\n" for form, _, _ in words), capture_output=True,
                             text=True, check=True).stdout.splitlines()
    particles, endings, units, naive = (Score(name) for name in ("particles", "endings", "word units", "naive"))
    for (form, morphemes, tags), answer in zip(words, answers, strict=True):
        kind, end, cut = answer.split("\t")
        particle_places = places(form, morphemes, tags, PARTICLE)
        particles.add(form, particle_places, cuts_in(end) if kind == "particle" else [])
        endings.add(form, places(form, morphemes, tags, ENDING), cuts_in(end) if kind == "ending" else [])
        units.add(form, places(form, morphemes, tags, FUNCTION), cuts_in(cut))
        naive.add(form, particle_places, [len(form) - 1] if NAIVE.search(form) else [])
    print(f"{len(words)} words\n{'rule':12} {'wanted':>8} {'found':>8} {'P':>6} {'R':>6} {'F1':>6}")
    for score in (particles, endings, units, naive):
        print(score.row())
        print("".join(error + "\n" for error in score.errors[:options.errors]), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
