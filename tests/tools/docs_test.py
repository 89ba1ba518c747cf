"""The hand-written pages against the program and the tree: docs/cli.md names exactly the options that --help does, and
no link leads nowhere.

docs_test.py KTLM: KTLM is the program.
"""

import pathlib
import re
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
KTLM = sys.argv.pop(1)

# Documented once for all verbs, and settings from a file, which the page describes together.
COMMON = {"--help", "--quiet"}


def help_text(*arguments):
    return subprocess.run([KTLM, *arguments], capture_output=True, text=True, check=True).stdout


def options_in(text):
    return set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]*", text))


def list_verbs():
    return re.findall(r"^  ([a-z-]+) ", help_text("--help").split("Subcommands:")[1], re.MULTILINE)


class CommandLine(unittest.TestCase):
    def test_each_verb_is_documented_with_exactly_its_options(self):
        sections = dict(re.findall(r"^## ktlm (\S+)\n(.*?)(?=^## |\Z)", (ROOT / "docs/cli.md").read_text(encoding="utf-8"),
                                   re.MULTILINE | re.DOTALL))
        self.assertEqual(sorted(sections), sorted(list_verbs()))
        for verb, section in sections.items():
            with self.subTest(verb=verb):
                options = set(re.findall(r"^\s+(?:-\w,\s*)?(--[a-z][a-z0-9-]*)", help_text(verb, "--help"), re.MULTILINE))
                table = "\n".join(line for line in section.splitlines() if line.startswith("|"))
                first_column = "\n".join(line.split("|")[1] for line in table.splitlines())
                self.assertEqual(sorted(options_in(first_column)), sorted(options - COMMON))
                self.assertEqual(options_in(section) - options - {"--long"}, set())

    def test_defaults_are_those_of_the_program(self):
        for verb, section in re.findall(r"^## ktlm (\S+)\n(.*?)(?=^## |\Z)",
                                        (ROOT / "docs/cli.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
            # CLI11 2.1 writes "--out DIR=data/prepared", later ones "--out DIR [data/prepared]".
            found = re.findall(r"^\s+(--[a-z-]+) [A-Za-z: ]*(?:=(\S+)|\[([^\]\n]*)\])", help_text(verb, "--help"), re.MULTILINE)
            defaults = {option: first or second for option, first, second in found}
            for option, default in re.findall(r"^\| `(--[a-z-]+)[^|`]*` \| `?([^|`]*?)`? \|", section, re.MULTILINE):
                if option in defaults and default:
                    self.assertEqual(default, defaults[option], f"{verb} {option}")


class Links(unittest.TestCase):
    def test_every_link_leads_somewhere(self):
        for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]:
            for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
                if not target.startswith("http"):
                    self.assertTrue((page.parent / target).exists(), f"{page.relative_to(ROOT)}: {target}")


if __name__ == "__main__":
    unittest.main()
