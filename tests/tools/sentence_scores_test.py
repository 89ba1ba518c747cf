"""The measurement of sentence splitting (tools/sentence_scores.py SPLITTER), and what it must show on real sentences."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
EVAL = ROOT.parent / "shared" / "data" / "eval"
SPLITTER = sys.argv.pop()


def measure(path, *options):
    """{kind: (ktlm's precision, recall, F1, naive's precision, recall, F1)} as the tool prints them."""
    command = [sys.executable, ROOT / "tools" / "sentence_scores.py", path, "--splitter", SPLITTER, *options]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    rows = [line.split() for line in result.stdout.splitlines()[1:] if not line.startswith(" ")]
    return {" ".join(row[2:4]): tuple(map(float, row[4:10])) for row in rows}


class Measurement(unittest.TestCase):
    def test_it_counts_what_is_found_missed_and_invented(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "known.jsonl"
            texts = ["비가 온다.", "정말 그래? 몰라.", "제목", "다시 갔다.", "끝이다."]  # the second is two in truth
            path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8")
            rows = measure(path, "--half", "both")
        # Behind 온다. 몰라. 갔다. (제목 shows no end), and behind 그래? wrongly.
        self.assertEqual(rows["all, space"], (75.0, 75.0, 75.0) * 2)
        self.assertEqual(rows["ended, space"], (75.0, 100.0, 85.7) * 2)
        # Without white space the naive rule finds nothing, and ktlm cannot tell 몰라.다시 from an enumeration.
        self.assertEqual(rows["ended, glued"], (66.7, 66.7, 66.7, 0.0, 0.0, 0.0))

    def test_known_sentences_are_found_again_better_than_by_the_naive_rule(self):
        if not EVAL.is_dir():
            self.skipTest(f"no real sentences in {EVAL}")
        for name, floor in (("ppl_ud_gsd_dev", 92), ("ppl_klue_dp_sentences", 98), ("ppl_news_dev", 92)):
            for kind, scores in measure(EVAL / f"{name}.jsonl").items():
                with self.subTest(name=name, kind=kind):
                    self.assertGreaterEqual(scores[2], floor)
                    self.assertGreaterEqual(scores[2], scores[5] - 0.2)  # some records hold two sentences


if __name__ == "__main__":
    unittest.main()
