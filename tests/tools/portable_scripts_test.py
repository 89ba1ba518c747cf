#!/usr/bin/env python3
"""Every tracked shell script runs on macOS as it comes: under bash 3.2 (or as POSIX sh) and with the BSD tools, and no two
tracked paths are one on a file system that ignores case.

No Mac is at hand, so this searches for what does not run there: shellcheck and checkbashisms where they are installed,
and the rules below, each with an example that must be found. A rule is about words: it knows nothing of quoting, and a
script that finds out first whether a tool is there (`command -v nproc`) may use it.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unicodedata
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Where a command begins: at the start of a line, behind an operator or a keyword, behind assignments.
START = (r"(?:^|[;&|({`!]|\b(?:if|then|elif|else|while|until|do|exec|env|nice|sudo|xargs|time)(?= ))\s*"
         r"(?:\w+=\S* +)*")


def command(name, rest=r"\b"):
    return START + rf"(?:{name})(?![\w.=/-])" + rest


def option(name, options):
    """The command `name` with one of `options` (a regular expression) among its words."""
    return command(name, rf"(?:\\\)|[^;&|)])*\s(?:{options})")


# What macOS has not: (what, pattern, an example of it).
GNU = [
    ("sed -i without a suffix: BSD takes the next word for one; write to a new file and mv",
     option("sed", r"-[nErs]*i(?=\s|''|\"\"|$)|--in-place"), "sed -i 's/a/b/' file"),
    ("sed -r: -E is understood everywhere", option("sed", r"-[ns]*r\b"), "sed -r 's/(a)/b/' file"),
    (r"sed with \+ \? \| \t \s \w \b: GNU's", command("sed", r"\s[^|]*\\[+?|tsSwWb]"), r"sed 's/a\+/b/' file"),
    ("grep -P: BSD has no Perl expressions", option("grep", r"-[a-zA-Z]*P|--perl"), "x=$(grep -oP '\\d' file)"),
    ("readlink -f: older macOS has it not; use cd and pwd -P", option("readlink", r"-[a-z]*[fem]\b"), "x=$(readlink -f a)"),
    ("date -d, -I, %N: GNU's", option("date", r"-d|-I|\S*%N"), "date -d yesterday +%s"),
    ("stat -c: BSD's is -f", option("stat", r"-c|-L?c"), "size=$(stat -c %s file)"),
    ("mktemp without a template in ${TMPDIR:-/tmp}", command("mktemp", r"(?:\s+-[dqu]+)*\s*(?:$|[);|&])"), "x=$(mktemp -d)"),
    ("mktemp -p: GNU's", option("mktemp", r"-\w*p"), "mktemp -p /tmp x.XXXXXX"),
    ("xargs -r, -d, -a: GNU's", option("xargs", r"-\w*[rda]\b"), "find . | xargs -r rm"),
    ("a GNU long option", option("cp|mv|rm|ln|ls|mkdir|rmdir|touch|chmod|chown|cat|head|tail|sort|uniq|cut|wc|sed|awk|du|df|"
                                 "tee|date|stat|mktemp|readlink|ps|install|base64|cmp|od|seq|split|paste|tr", r"--[a-z]"),
     "tail -f log --pid=3"),
    ("sort -V, -h: not in every BSD sort", option("sort", r"-[a-zA-Z]*[Vh]\b"), "ls | sort -V"),
    ("head -n -N: BSD counts from the start only", option("head", r"-[nc] ?-\d"), "head -n -1 file"),
    ("base64 -w: BSD does not wrap", option("base64", r"-w"), "base64 -w 0 file"),
    ("find -printf, -regextype, -executable: GNU's", option("find", r"-(?:printf|regextype|executable|readable)"),
     "find . -printf '%s'"),
    ("find without a path", command("find", r"\s+-(?!L|H|P)"), "find -name '*.h'"),
    ("echo -e: prints -e in sh, and in bash 3.2 as sh; use printf", option("echo", r"-[nE]*e"), "echo -e 'a\\tb'"),
    ("install -D, -t; ln, cp, mv -t, -T; ln -r: GNU's",
     option("install", r"-\w*[Dt]\b") + "|" + option("cp|mv|ln", r"-\w*[tT]\b") + "|" + option("ln", r"-\w*r"), "ln -sr a b"),
    ("du -b, wc -L, cat -A, uname -o: GNU's", option("du", r"-\w*b") + "|" + option("wc", r"-\w*L") + "|"
     + option("cat", r"-\w*[AET]") + "|" + option("uname", r"-\w*[oi]\b"), "du -sb folder"),
    ("dd with a large unit: BSD's are small", option("dd", r"bs=\d+[KMG]"), "dd if=/dev/zero of=x bs=1M count=1"),
    ("tar --transform, --sort, --wildcards: GNU's", option("tar", r"--(?:transform|sort|wildcards)"), "tar c --sort=name a"),
    ("gawk's functions", r"\b(?:gensub|asorti?|strftime|systime)\(", "awk '{ print gensub(/a/, \"b\", 1) }' file"),
]
ABSENT_TOOLS = ("nproc timeout tac realpath shuf numfmt setsid stdbuf flock taskset ionice pidof ldd lscpu free getent md5sum "
                "sha1sum sha256sum sha512sum gawk strace truncate watch readelf").split()
BASH_4 = [
    ("associative array", r"\b(?:declare|local|typeset|readonly)\s+-\w*A", "declare -A seen"),
    ("declare -g", r"\b(?:declare|typeset)\s+-\w*g", "declare -g x=1"),
    ("name reference", r"\b(?:declare|local|typeset)\s+-\w*n\b", "local -n there=$1"),
    ("mapfile", r"\b(?:mapfile|readarray)\b", "mapfile -t lines <file"),
    ("change of case", r"\$\{!?\w+(?:\[[^]]*\])?(?:,|\^)", "echo ${name^^}"),
    ("transformation of a parameter", r"\$\{!?[\w@*]+(?:\[[^]]*\])?@[A-Za-z]\}", "echo ${words[@]@Q}"),
    ("&>>", r"&>>", "make &>>log"),
    ("|&", r"\|&", "make |& tee log"),
    ("coproc", START + r"coproc\b", "coproc cat"),
    ("negative index", r"\$\{\w+\[\s*-\d", "echo ${words[-1]}"),
    ("negative length", r"\$\{\w+:[^}:]*:\s*-\d", "echo ${word:0:-1}"),
    ("wait -n", r"\bwait\s+-\w*n", "wait -n"),
    ("printf -v to an element of an array", r"\bprintf\s+-v\s*\S*\[", "printf -v 'a[0]' x"),
    ("printf of a time", r"\bprintf\b[^;|&]*%\([^)]*\)T", "printf '%(%F)T' -1"),
    ("test -v", r"(?:\[\[?|\btest)(?: !)? -v ", "[[ -v name ]]"),
    ("an option of bash 4", r"\bshopt\s+-\w+[^;]*\b(?:globstar|lastpipe|inherit_errexit|autocd|dirspell)", "shopt -s globstar"),
    ("a variable of bash 4 or 5", r"\$\{?(?:EPOCHSECONDS|EPOCHREALTIME|BASHPID|BASH_ARGV0|SRANDOM)\b", "echo $EPOCHSECONDS"),
    ("read -N, -i, a fraction for -t", r"\bread\b[^;|&]*\s-\w*(?:[Ni]\b|t ?\d*\.\d)", "read -t 0.1 line"),
    (";& in case", r";;?&", "case a in a) echo a ;;& esac"),
    ("a descriptor in a variable", r"\bexec\s+\{\w+\}", "exec {log}>file"),
    ("padded or stepped braces", r"\{(?:0\d+\.\.\d+|\w+\.\.\w+\.\.-?\d+)\}", "echo {01..10}"),
    (r"$'\u'", r"\$'[^']*\\[uU][0-9A-Fa-f]", r"echo $'\uAC00'"),
]


def strip_comments(text):
    """Without comments, and with continued lines joined. A # in an open quote or inside a word starts none."""
    lines = []
    for line in text.splitlines():
        for match in re.finditer(r"(?:^|\s)#", line):
            before = line[:match.start()]
            if before.count('"') % 2 == 0 and before.count("'") % 2 == 0:
                line = before
                break
        lines.append(line)
    return re.sub(r"\\\n\s*", " ", "\n".join(lines))


def find_unportable(text):
    """What in a script does not run on macOS: a list of (line, what)."""
    text = strip_comments(text)
    absent = [(f"{tool}: macOS has none", command(tool)) for tool in ABSENT_TOOLS
              if not re.search(rf"\bcommand -v {tool}\b", text)]
    found = [(line.strip(), what) for line in text.splitlines()
             for what, pattern in [*(rule[:2] for rule in GNU + BASH_4), *absent] if re.search(pattern, line)]
    if re.search(r"\$\([^()]*\bcase\s+\S+\s+in\s+[^(\s]", text):
        found.append(("$(case ...)", "its ) ends the substitution for bash 3.2; write (pattern)"))
    # With set -u an "unbound variable" before bash 4.4; a script that counts the elements first knows what it does.
    for name in re.findall(r"\b(\w+)=\(\)", text):
        if re.search(r'(?<!\+)"\$\{%s\[@\]' % name, text) and f"${{#{name}[@]}}" not in text:
            found.append((f"${{{name}[@]}}", "an array that may be empty; use positional parameters"))
    return found


def list_paths():
    """The tracked paths; where there is no git, all that .gitignore's few folders do not hold."""
    try:
        names = subprocess.run(["git", "-C", ROOT, "ls-files", "-z"], capture_output=True, check=True).stdout.decode()
        return sorted(set(filter(None, names.split("\0"))))
    except (OSError, subprocess.CalledProcessError):
        ignored = {".git", ".venv", "build", "runs", "data"}
        return sorted(str(path.relative_to(ROOT)) for path in ROOT.rglob("*")
                      if path.is_file() and path.relative_to(ROOT).parts[0] not in ignored)


def list_scripts():
    """(path, "sh" or "bash" or "" for one that is only sourced) of every shell script; the shebang decides."""
    scripts = []
    for path in map(ROOT.joinpath, list_paths()):
        if not path.is_file():
            continue
        with open(path, "rb") as file:
            shebang = re.match(rb"#! ?/(?:usr/)?bin/(?:env )?(sh|bash|dash|ksh|zsh)\b", file.readline(80))
        if shebang or path.suffix == ".sh":
            scripts.append((path, shebang.group(1).decode() if shebang else ""))
    return scripts


def list_collisions(paths):
    """Pairs of files or folders whose names macOS takes for one: it folds case, and composed with decomposed letters."""
    spelling, collisions = {}, []
    for path in paths:
        for end in [match.start() for match in re.finditer("/", path)] + [len(path)]:
            name = path[:end]
            folded = unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold())
            if spelling.setdefault(folded, name) != name:
                collisions.append((spelling[folded], name))
    return collisions


def complaints_of(*arguments):
    result = subprocess.run([*map(str, arguments)], cwd=ROOT, capture_output=True, text=True, check=False)
    return result.stdout + result.stderr if result.returncode else ""


class Scripts(unittest.TestCase):
    def test_are_sh_or_bash_and_use_nothing_that_macos_lacks(self):
        scripts = list_scripts()
        self.assertIn(ROOT / "tools/setup.sh", [path for path, _ in scripts])
        for path, shell in scripts:
            with self.subTest(script=str(path.relative_to(ROOT))):
                self.assertIn(shell, ("", "sh", "bash"))
                self.assertEqual(find_unportable(path.read_text(encoding="utf-8")), [])

    @unittest.skipUnless(shutil.which("shellcheck"), "shellcheck is not installed (tools/setup.sh --tests)")
    def test_shellcheck_has_nothing_to_say(self):
        self.assertEqual(complaints_of("shellcheck", "--external-sources", *[path for path, _ in list_scripts()]), "")

    @unittest.skipUnless(shutil.which("checkbashisms"), "checkbashisms is not installed (tools/setup.sh --tests)")
    def test_those_for_sh_hold_no_bashism(self):
        for path in [path for path, shell in list_scripts() if shell == "sh"]:
            self.assertEqual(complaints_of("checkbashisms", path), "")


class Paths(unittest.TestCase):
    def test_no_two_differ_by_case_or_composition_alone(self):
        self.assertEqual(list_collisions(list_paths()), [])


class TheSearchItself(unittest.TestCase):
    def test_finds_the_example_of_each_rule(self):
        for what, _, example in GNU + BASH_4:
            with self.subTest(example=example):
                for text in (example, f"if true; then {example}; fi", f"#!/bin/sh\nset -eu\n  {example}  # why\n"):
                    self.assertIn(what, [found for _, found in find_unportable(text)])
        for tool in ABSENT_TOOLS:
            self.assertEqual(len(find_unportable(f"x=$({tool} a | cat)")), 1)
        self.assertEqual(len(find_unportable("x=$(\ncase $1 in\n  a) echo b ;;\nesac\n)")), 1)
        self.assertEqual(len(find_unportable('a=()\nls "${a[@]}"\n')), 1)
        self.assertEqual(len(find_unportable("tail -f \\\n  --pid=3")), 1)

    def test_leaves_alone_what_runs_everywhere(self):
        for text in ("# sed -i, nproc and declare -A", "command -v nproc >/dev/null && nproc", "sed -n 's/a//p' file | sort -n",
                     'x=$(mktemp -d "${TMPDIR:-/tmp}/x.XXXXXX")', "cmake --build build | tail -5", 'echo "${x%%-*} ${#x} ${x:-1}"',
                     "printf -v name '%s' x; local name=1", "find . -name '*.h' -print0 | xargs -0 ls", "timeout_s=5", "set -- --timeout 5",
                     "make >log 2>&1 && echo {1..3}", "x=$(case $1 in (a) echo b ;; esac)", "a=(1); ls \"${a[@]}\"",
                     "cp a b && git --version", "read -r -t 2 line", "${x:-free} text"):
            self.assertEqual(find_unportable(text), [], text)

    def test_finds_paths_that_macos_takes_for_one(self):
        self.assertEqual(list_collisions(["a/B.txt", "a/b.txt"]), [("a/B.txt", "a/b.txt")])
        self.assertEqual(list_collisions(["Docs/a", "docs/b"]), [("Docs", "docs")])
        composed, decomposed = (unicodedata.normalize(form, "글.txt") for form in ("NFC", "NFD"))
        self.assertEqual(list_collisions([composed, decomposed]), [(composed, decomposed)])

    def test_hears_the_checkers(self):
        for checker, bad in (("shellcheck", "#!/bin/sh\ncd $1\n"), ("checkbashisms", "#!/bin/sh\n[[ a == b ]]\n")):
            if shutil.which(checker):
                with tempfile.TemporaryDirectory() as folder:
                    script = os.path.join(folder, "bad.sh")
                    pathlib.Path(script).write_text(bad, encoding="utf-8")
                    self.assertIn("bad.sh", complaints_of(checker, script))


if __name__ == "__main__":
    unittest.main(verbosity=2)  # which says why a part was skipped
