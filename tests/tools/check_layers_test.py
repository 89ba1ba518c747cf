"""tools/check_layers.py on small trees: what it must let pass, and the words for what it must not."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "tools" / "check_layers.py"


def check(files):
    """(exit code, output lines) for a tree of {path: content}."""
    with tempfile.TemporaryDirectory() as folder:
        for path, content in files.items():
            target = pathlib.Path(folder) / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(content, encoding="utf-8")
        result = subprocess.run([sys.executable, str(SCRIPT), folder], capture_output=True, text=True, check=False)
        return result.returncode, result.stdout.splitlines()


class CheckLayers(unittest.TestCase):
    def assert_problem(self, files, expected):
        code, lines = check(files)
        self.assertEqual(lines, [expected])
        self.assertEqual(code, 1)

    def assert_clean(self, files):
        code, lines = check(files)
        self.assertEqual(code, 0, lines)

    def test_a_module_may_include_itself_and_what_stands_left(self):
        self.assert_clean({
            "include/ktlm/core/error.h": "#include <string>\n",
            "include/ktlm/text/utf8.h": '#include "ktlm/core/error.h"\n',
            "src/text/utf8.cpp": '#include "ktlm/text/utf8.h"\n#include <utf8proc.h>\n',
            "src/cli/main.cpp": '#include <CLI/CLI.hpp>\n#include "ktlm/text/utf8.h"\n',
        })

    def test_a_module_must_not_include_what_stands_right(self):
        self.assert_problem(
            {"include/ktlm/model/a.h": "", "src/data/b.cpp": '#include <vector>\n\n  #  include "ktlm/model/a.h"\n'},
            "src/data/b.cpp:3: data must not include model, which stands right of it")

    def test_public_headers_are_checked_too(self):
        self.assert_problem({"include/ktlm/text/a.h": "", "include/ktlm/core/b.h": "#include <ktlm/text/a.h>\n"},
                            "include/ktlm/core/b.h:1: core must not include text, which stands right of it")

    def test_train_and_generate_stand_side_by_side(self):
        self.assert_problem({"include/ktlm/train/a.h": "", "src/generate/b.cpp": '#include "ktlm/train/a.h"\n'},
                            "src/generate/b.cpp:1: generate and train stand side by side and must not include each other")
        self.assert_problem({"include/ktlm/generate/a.h": "", "src/train/b.cpp": '#include "ktlm/generate/a.h"\n'},
                            "src/train/b.cpp:1: train and generate stand side by side and must not include each other")

    def test_each_library_has_one_home(self):
        for include, module, home in [("yaml-cpp/yaml.h", "text", "core"), ("spdlog/spdlog.h", "cli", "core"),
                                      ("utf8proc.h", "corpus", "text"), ("expat.h", "text", "corpus"),
                                      ("bzlib.h", "data", "corpus"), ("lzma.h", "data", "corpus"), ("zip.h", "text", "corpus"), ("zstd.h", "data", "corpus"),
                                      ("zlib.h", "core", "corpus"),
                                      ("sentencepiece_processor.h", "data", "tokenizer"),
                                      ("CLI/CLI.hpp", "train", "cli"), ("histedit.h", "generate", "cli")]:
            with self.subTest(include=include):
                self.assert_problem({f"src/{module}/a.cpp": f"#include <{include}>\n"},
                                    f"src/{module}/a.cpp:1: <{include}> belongs in {home}; "
                                    f"{module} reaches it through that module's headers")
                self.assert_clean({f"src/{home}/a.cpp": f"#include <{include}>\n"})

    def test_json_is_included_through_core_json_h_alone(self):
        self.assert_clean({"include/ktlm/core/json.h": "#include <nlohmann/json.hpp>\n"})
        self.assert_problem({"src/core/config.cpp": "#include <nlohmann/json.hpp>\n"},
                            "src/core/config.cpp:1: <nlohmann/json.hpp> belongs in include/ktlm/core/json.h alone; "
                            "include that header")

    def test_torch_stands_from_data_rightward(self):
        for module in ["data", "ops", "model", "eval", "train", "generate", "doctor", "cli"]:
            self.assert_clean({f"src/{module}/a.cpp": "#include <torch/types.h>\n#include <ATen/ops/mm.h>\n"})
        for module in ["core", "text", "corpus", "tokenizer", "cpu_model", "export"]:
            code, lines = check({f"src/{module}/a.cpp": "#include <torch/types.h>\n"})
            self.assertEqual(code, 1)
            self.assertTrue(lines[0].startswith(f"src/{module}/a.cpp:1: <torch/types.h> belongs in data, ops, model"))

    def test_private_headers_stay_in_their_module(self):
        self.assert_clean({"src/text/tables.h": "", "src/text/utf8.cpp": '#include "tables.h"\n'})
        self.assert_problem({"src/text/tables.h": "", "src/corpus/a.cpp": '#include "../text/tables.h"\n'},
                            'src/corpus/a.cpp:1: "../text/tables.h" is a private header of another folder; '
                            'include "ktlm/..." instead')
        self.assert_problem({"src/corpus/a.cpp": '#include "tables.h"\n'},
                            'src/corpus/a.cpp:1: "tables.h" is neither a private header in src/corpus/ nor a public one '
                            '("ktlm/...")')

    def test_unknown_modules_and_missing_headers_are_named(self):
        names = "core, text, corpus, tokenizer, data, ops, model, cpu_model, eval, train, generate, doctor, export, cli"
        self.assert_problem({"src/utils/a.cpp": ""}, f'src/utils/a.cpp:1: no module "utils"; the modules are {names}')
        self.assert_problem({"src/a.cpp": ""}, "src/a.cpp:1: stands in no module's folder")
        self.assert_problem({"src/text/a.cpp": '#include "ktlm/core/nothing.h"\n'},
                            'src/text/a.cpp:1: "ktlm/core/nothing.h" is not in include/')

    def test_every_problem_is_reported(self):
        code, lines = check({"src/text/a.cpp": "#include <zlib.h>\n#include <expat.h>\n", "src/core/b.cpp": "#include <CLI/CLI.hpp>\n"})
        self.assertEqual(code, 1)
        self.assertEqual([line.split(": ")[0] for line in lines], ["src/core/b.cpp:1", "src/text/a.cpp:1", "src/text/a.cpp:2"])

    def test_a_wrong_root_fails(self):
        code, lines = check({"readme": ""})
        self.assertEqual(code, 1)
        self.assertTrue(lines[0].endswith(": no sources under include/ktlm and src; pass the repository's root"))


if __name__ == "__main__":
    unittest.main()
