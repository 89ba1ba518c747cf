"""The sample that ships for the quickstart: it must hold what a real dump and real dialogues would put in its way."""

import json
import pathlib
import re
import unittest
import xml.etree.ElementTree as ElementTree

SAMPLE = pathlib.Path(__file__).resolve().parents[1] / "data" / "sample"
NAMESPACE = "{http://www.mediawiki.org/xml/export-0.11/}"


def read_pages():
    """(title, namespace, text, is a redirect) of each page."""
    root = ElementTree.parse(SAMPLE / "articles.xml").getroot()
    for page in root.iter(NAMESPACE + "page"):
        text = page.find(f"{NAMESPACE}revision/{NAMESPACE}text")
        yield (page.findtext(NAMESPACE + "title"), int(page.findtext(NAMESPACE + "ns")), text.text, text.get("bytes"),
               page.find(NAMESPACE + "redirect") is not None)


class Articles(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.pages = list(read_pages())

    def test_there_are_enough_articles_for_a_first_model(self):
        size = sum(len(text.encode()) for _, _, text, _, _ in self.pages)
        self.assertGreaterEqual(len(self.pages), 40)
        self.assertTrue(60_000 <= size <= 100_000, size)

    def test_titles_and_sizes_are_as_a_dump_gives_them(self):
        titles = [title for title, *_ in self.pages]
        self.assertEqual(len(titles), len(set(titles)))
        for title, _, text, size, _ in self.pages:
            self.assertEqual(int(size), len(text.encode()), title)

    def test_pages_that_are_no_articles_are_among_them(self):
        self.assertEqual([title for title, _, text, _, redirect in self.pages if redirect], ["서울"])
        self.assertEqual([title for title, namespace, *_ in self.pages if namespace == 1], ["토론:한글"])
        self.assertEqual([title for title, _, text, *_ in self.pages if "{{동음이의}}" in text], ["배 (동음이의)"])

    def test_the_markup_of_real_pages_occurs(self):
        text = "\n".join(text for _, _, text, *_ in self.pages)
        for pattern in [r"\{\{도시 정보\n\|", r"\{\{llang\|", r"\{\{lang\|", r"\{\{한자\|", r"\{\{convert\|", r"\{\{인용문\|",
                        r"<ref>[^<]+</ref>", r'<ref name="', r"<references />", r"\[\[파일:[^\]\n]*\|[^\n]*\[\[[^\n]*\]\]\]\]",
                        r"<gallery>", r"<!--.*-->", r"<nowiki>", r"<math>", r'\{\| class="wikitable', r"\|\+ ", r"^; ",
                        r"^: ", r"^# ", r"^\* ", r"^== 같이 보기 ==$", r"^== 각주 ==$", r"^== 외부 링크 ==$",
                        r"^=== .* ===$", r"\[https?://\S+ [^\]]+\]", r"\[\[[^\]|]+\|[^\]]+\]\]", r"\[\[분류:",
                        r"\{\{기본정렬:", r"__목차숨김__", r"<sub>", r"\[\[en:"]:
            self.assertRegex(text, re.compile(pattern, re.MULTILINE))


class Dialogues(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        lines = (SAMPLE / "dialogues.jsonl").read_text(encoding="utf-8").splitlines()
        cls.dialogues = [json.loads(line)["messages"] for line in lines]

    def test_there_are_some_hundred_and_fifty(self):
        self.assertTrue(140 <= len(self.dialogues) <= 170, len(self.dialogues))

    def test_user_and_assistant_take_turns(self):
        for messages in self.dialogues:
            roles = [message["role"] for message in messages]
            self.assertEqual(roles, ["user", "assistant"] * (len(messages) // 2), messages)

    def test_answers_are_short_and_polite(self):
        for messages in self.dialogues:
            for message in messages[1::2]:
                sentences = re.findall(r"[^.?!]+[.?!]", message["content"])
                self.assertTrue(1 <= len(sentences) <= 3, message)
                for sentence in sentences:
                    self.assertRegex(sentence, r"요[.?!]$", message)

    def test_one_question_has_one_answer(self):
        answers = {}
        for question, answer in (messages[:2] for messages in self.dialogues):
            self.assertEqual(answers.setdefault(question["content"], answer["content"]), answer["content"], question)


if __name__ == "__main__":
    unittest.main()
