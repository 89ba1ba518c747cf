"""The measurement of particles and endings (tools/word_end_scores.py FINDER): what it counts as found, missed, invented."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
FINDER = sys.argv.pop()


def measure(words, *options):
    """{rule: (wanted, found, precision, recall, F1)} as the tool prints them, and what it printed."""
    lines = ["# text = written for this test"]
    for number, (form, morphemes, tags) in enumerate(words, 1):
        lines.append("\t".join([str(number), form, morphemes, "NOUN", tags, "_", "0", "root", "_", "_"]))
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "words.conllu"
        path.write_text("\n".join(lines) + "\n\n", encoding="utf-8")
        command = [sys.executable, ROOT / "tools" / "word_end_scores.py", path, "--finder", FINDER, *options]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    rows = [line.rsplit(maxsplit=5) for line in result.stdout.splitlines()[2:] if not line.startswith(" ")]
    return {row[0]: tuple(map(float, row[1:])) for row in rows}, result


class Measurement(unittest.TestCase):
    def test_it_counts_what_is_found_missed_and_invented(self):
        rows, result = measure([
            ("서울에서는", "서울+에서+는", "NNP+JKB+JX"),  # found by the rules, at the second particle by the naive one
            ("책을", "책+을", "NNG+JKO"),                  # found by all
            ("시즌엔", "시즌+에+ㄴ", "NNG+JKB+JX"),        # begins between syllables, and no rule knows 엔: missed
            ("너랑", "너+랑", "NP+JKB"),                   # missed: 랑 is in no list
            ("지은", "짓+은", "VV+ETM"),                   # an ending that is in no list; the naive rule sees a particle
            ("합니다", "하+ㅂ니다", "VV+EF"),              # the ending begins within a syllable: no rule shall see it
            ("읽습니다", "읽+습니다", "VV+EF"),
            ("나왔네요", "나오+았+네요", "VV+EP+EF"),      # wanted: 나왔|네요
            ("다만", "다만", "MAJ"),                       # a word that looks like a particle behind 다: known to one rule
            ("PDF를", "PDF+를", "SL+JKO"),                 # not of Hangul alone: left out
        ], "--errors", "9")
        self.assertEqual(result.stdout.splitlines()[0], "9 words")
        self.assertEqual(rows["particles"], (4, 2, 100.0, 50.0, 66.7))
        self.assertEqual(rows["endings"], (3, 2, 100.0, 66.7, 80.0))
        # Cut are 서울|에서|는 (both right), 책|을, 지|은, 읽|습니다; not 시즌|엔, 너|랑, 나왔|네요; 다|만 wrongly.
        self.assertEqual(rows["word units"], (7, 6, 83.3, 57.1, 67.8))
        # 서울에서|는 is right, but not the stem's end; 지|은 is wrong.
        self.assertEqual(rows["naive"], (4, 3, 66.7, 25.0, 36.4))
        self.assertIn("    particles: 너랑, in truth 너|랑\n", result.stdout)
        self.assertIn("    word units: 다|만, in truth 다만\n", result.stdout)

    def test_a_file_without_words_is_an_error(self):
        rows, result = measure([])
        self.assertEqual((rows, result.returncode), ({}, 1))
        self.assertIn("no words of Hangul with morphemes in ", result.stderr)


if __name__ == "__main__":
    unittest.main()
