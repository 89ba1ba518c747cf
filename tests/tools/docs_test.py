"""The hand-written pages against the program and the tree: docs/cli.md names exactly the options that --help does,
docs/formats.md the files and keys that are written, and no link leads nowhere.

docs_test.py KTLM: KTLM is the program.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
KTLM = str(pathlib.Path(sys.argv.pop(1)).resolve())

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
            for option, default in re.findall(r"^\| `(--[a-z-]+)[^|`]*` \| *`?([^|`]*?)`? *\|", section, re.MULTILINE):
                if option in defaults:
                    self.assertEqual(default, defaults[option] if defaults[option] != '""' else "", f"{verb} {option}")

    def test_every_command_that_a_page_shows_takes_its_options(self):
        commands = 0
        options_of = {verb: options_in(help_text(verb, "--help")) for verb in list_verbs()}
        for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]:
            text = re.sub(r" *\\\n *| *&& *", " ", page.read_text(encoding="utf-8"))
            for verb, rest in re.findall(r"\bktlm ([a-z-]+)([^\n`|#;]*)", text):
                if verb not in options_of or not options_in(rest):
                    continue
                commands += 1
                # A later command of the same line, or another program behind a pipe, has options of its own.
                options = options_in(re.split(r"\bktlm |\btools/| -- ", rest)[0])
                self.assertEqual(options - options_of[verb] - {"--help"}, set(), f"{page.relative_to(ROOT)}: ktlm {verb}{rest}")
        self.assertGreater(commands, 20)


def keys_in(value, named_by_data=()):
    """All keys of JSON, but for those of the objects `named_by_data`, whose keys are names and whose values count."""
    if isinstance(value, list):
        return set().union(*(keys_in(element, named_by_data) for element in value))
    if not isinstance(value, dict):
        return set()
    keys = set(value)
    for key, child in value.items():
        children = list(child.values()) if key in named_by_data else child
        keys |= keys_in(children, named_by_data)
    return keys


class Formats(unittest.TestCase):
    page = (ROOT / "docs/formats.md").read_text(encoding="utf-8")

    def section(self, title):
        return self.page.split(f"\n## {title}\n")[1].split("\n## ")[0]

    def check_named(self, names, section):
        known = set(re.findall(r"`([^`]+)`", section))
        self.assertEqual(sorted(set(names) - known), [])

    def test_every_drop_reason_is_told(self):
        source = (ROOT / "src/corpus/prepare_summary.cpp").read_text(encoding="utf-8")
        reasons = re.findall(r'case DropReason::k\w+:\s+return "(\w+)";', source)
        self.assertGreater(len(reasons), 20)
        self.check_named(reasons, self.section("Prepared directory"))

    def test_every_file_and_key_is_told(self):
        with tempfile.TemporaryDirectory() as folder:
            def run(*arguments):
                command = [KTLM, *arguments]
                return subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder).stdout
            sample = str(ROOT / "tests/data/sample")
            prepared = json.loads(run("prepare", sample, "--json"))
            run("prepare", sample, "--shard", "1/2")
            analysis = json.loads(run("train-tokenizer", "--vocab-size", "1500", "--json"))
            data = pathlib.Path(folder) / "data"
            manifest = json.loads((data / "prepared/manifest.json").read_text(encoding="utf-8"))
            files = {path.name for name in ("prepared", "prepared.shard-1-of-2", "tokenizer") for path in (data / name).iterdir()}
            state = json.loads((data / "prepared.shard-1-of-2/part.state").read_text(encoding="utf-8"))
        text = self.section("Prepared directory")
        del manifest["settings"]  # docs/configs.md, which the program itself writes
        self.check_named(keys_in(manifest, ("decoded_files",)) | keys_in(prepared, ("decoded_files",)) | set(state), text)
        self.assertEqual(manifest.keys() & {"inputs", "total", "train", "val"}, {"inputs", "total", "train", "val"})
        self.check_named(keys_in(analysis, ("models", "scripts", "pieces_by_script")), self.section("Tokenizer directory"))
        self.assertEqual([file for file in sorted(files) if f" {file} " not in self.page], [])


class Links(unittest.TestCase):
    def test_every_link_leads_somewhere(self):
        for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]:
            for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
                if not target.startswith("http"):
                    self.assertTrue((page.parent / target).exists(), f"{page.relative_to(ROOT)}: {target}")


if __name__ == "__main__":
    unittest.main()
