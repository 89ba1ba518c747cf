#!/usr/bin/env python3
"""tools/macos/check_macho.py and the kit for macOS refuse what a Mac with macOS 14 would.

Tiny programs are compiled and linked for the Mac with the kit of tools/macos/cross_build.sh, which KTLM_MACOS_KIT names
(build/macos-kit/kit where it is not set); without it the test is skipped.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHECKER = ROOT / "tools/macos/check_macho.py"
KIT = pathlib.Path(os.environ.get("KTLM_MACOS_KIT") or ROOT / "build/macos-kit/kit")
COMPILER = ["clang++-19", "--sysroot", KIT / "sdk", "-nostdinc++", "-isystem", KIT / "libcxx", "-std=c++20",
            "-fuse-ld=lld", f"--ld-path={shutil.which('ld64.lld-19')}"]
HELLO = "#include <string>\nint main(int argc, char** argv) { return std::string(argv[0]).find('a', argc) == 7; }\n"


def run(*command):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True)


class MachoTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name).resolve()

    def compile(self, source, *options, out="program", macos="14.0"):
        """The compiler's answer for a file with this text, which it links to `out` unless told otherwise."""
        file = self.folder / f"{out}.cpp"
        file.write_text(source)
        return run(*COMPILER, f"--target=arm64-apple-macos{macos}", file, "-o", self.folder / out, *options)

    def build(self, source, *options, **how):
        answer = self.compile(source, *options, **how)
        self.assertEqual(answer.returncode, 0, answer.stderr)

    def check(self, out="program", sdk=KIT / "sdk"):
        """(exit status, lines) of the checker, with the file's own name before each line cut off."""
        answer = run(sys.executable, CHECKER, "--sdk", sdk, self.folder / out)
        self.assertEqual(answer.stderr, "")
        return answer.returncode, [line.removeprefix(f"{self.folder / out}: ") for line in answer.stdout.splitlines()]

    def expect_refused(self, expected, **where):
        self.assertEqual(self.check(**where), (1, [expected]))

    def test_program_of_what_macos_has_passes(self):
        self.build(HELLO)
        self.assertEqual(self.check(), (0, ["all that it needs is there on macOS 14.0"]))

    def test_from_chars_of_a_double_does_not_compile(self):
        answer = self.compile("#include <charconv>\n"
                              "int main() { double x = 0; std::from_chars(nullptr, nullptr, x); }\n")
        self.assertIn("call to deleted function 'from_chars'", answer.stderr)
        self.assertNotEqual(answer.returncode, 0)

    def test_function_of_a_newer_macos_does_not_compile(self):
        answer = self.compile("#include <string.h>\nint main() { return *strchrnul(\"a\", 'b'); }\n",
                              "-Werror=unguarded-availability")
        self.assertIn("'strchrnul' is only available on macOS 15.4 or newer", answer.stderr)
        self.assertNotEqual(answer.returncode, 0)

    def test_function_that_only_linux_has_does_not_link(self):
        answer = self.compile('extern "C" int posix_fadvise(int, long, long, int);\n'
                              "int main() { return posix_fadvise(0, 0, 0, 0); }\n")
        self.assertIn("undefined symbol: posix_fadvise", answer.stderr)
        self.assertNotEqual(answer.returncode, 0)

    def test_symbol_left_to_the_start_is_refused(self):
        self.build('extern "C" int posix_fadvise(int, long, long, int);\n'
                   "int main() { return posix_fadvise(0, 0, 0, 0); }\n", "-undefined", "dynamic_lookup")
        self.expect_refused("_posix_fadvise comes from no library that was found (dynamically looked up)")

    def test_symbol_that_the_system_lacks_is_refused(self):
        self.build(HELLO)
        older = self.folder / "older/usr/lib"
        older.mkdir(parents=True)
        for stub in (KIT / "sdk/usr/lib").glob("*.tbd"):
            (older / stub.name).write_text(stub.read_text().replace("'_strlen'", "'_strlen2'"))
        self.expect_refused("_strlen is not exported by libSystem of macOS 14.0; use something older, or fix its link",
                            sdk=self.folder / "older")

    def test_program_for_a_newer_macos_is_refused(self):
        self.build(HELLO, macos="15.0")
        self.expect_refused("runs on macOS 15.0 and newer, expected 14.0; check CMAKE_OSX_DEPLOYMENT_TARGET")

    def test_library_is_found_by_rpath_alone(self):
        library = "int answer() { return 42; }\n"
        program = "int answer();\nint main() { return answer(); }\n"
        named = self.folder / "libnamed.dylib"
        self.build(library, "-dynamiclib", "-install_name", "@rpath/libnamed.dylib", out="libnamed.dylib")
        self.build(program, named)
        status, lines = self.check()
        self.assertEqual((status, lines[0]), (1, "@rpath/libnamed.dylib is in none of its rpaths (it has none)"))
        self.build(program, named, "-Wl,-rpath,@loader_path")
        self.assertEqual(self.check()[0], 0)

        self.build(library, "-dynamiclib", "-install_name", named, out="libnamed.dylib")
        self.expect_refused(f"its own name is {named}, expected @rpath/libnamed.dylib; nothing that links it finds it "
                            "elsewhere", out="libnamed.dylib")
        self.build(program, named)
        status, lines = self.check()
        self.assertEqual((status, lines[0]),
                         (1, f"links {named}, expected @rpath/... or a library of macOS with a stub in {KIT}/sdk/usr/lib"))


if __name__ == "__main__":
    if not (KIT / "sdk/usr/lib/libSystem.tbd").exists():
        print(f"skipped: no kit for macOS in {KIT}; make it with tools/macos/cross_build.sh")
        sys.exit(77)
    unittest.main()
