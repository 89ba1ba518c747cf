#!/usr/bin/env python3
"""Checks that the #include lines keep to the architecture (docs/architecture.md).

A module includes only modules that stand left of it, and each third-party library is included in one place. The check
reads include/ktlm/<module>/ and src/<module>/; tests may include what they like.

    tools/check_layers.py [ROOT]     prints "file:line: problem" for each, and exits with 1 where there is one
"""

import pathlib
import re
import sys

# From left to right. Modules in one group stand side by side and do not include each other.
ORDER = [["core"], ["text"], ["corpus"], ["tokenizer"], ["data"], ["ops"], ["model"], ["cpu_model"], ["eval"], ["train", "generate"],
         ["doctor"], ["export"], ["cli"]]
RANK = {module: rank for rank, group in enumerate(ORDER) for module in group}
TORCH_MODULES = {module for module, rank in RANK.items() if rank >= RANK["data"]} - {"cpu_model", "export"}

# What an include starts with -> where it may stand: modules, or a single file.
HOMES = [
    (("yaml-cpp/", "spdlog/", "fmt/", "xxhash.h"), {"core"}),
    (("nlohmann/",), "include/ktlm/core/json.h"),
    (("utf8proc.h",), {"text"}),
    (("expat.h", "bzlib.h", "zstd.h", "zlib.h", "lzma.h", "zip.h", "arrow/", "parquet/"), {"corpus"}),
    (("sentencepiece",), {"tokenizer"}),
    (("torch/", "ATen/", "c10/"), TORCH_MODULES),
    (("hwy/",), {"ops", "cpu_model"}),
    (("pcre2.h",), {"generate"}),
    (("CLI/", "histedit.h", "editline/"), {"cli"}),
]

INCLUDE = re.compile(r'^\s*#\s*include\s*(<[^>]+>|"[^"]+")')


def list_sources(root):
    """(path, module) of each source file, in a fixed order."""
    for top in (root / "include" / "ktlm", root / "src"):
        for path in sorted(top.glob("**/*")):
            if path.is_file() and path.suffix in {".h", ".cpp", ".mm", ".inc"}:
                yield path, path.relative_to(top).parts[0]


def check_dependency(name, file, module):
    for prefixes, home in HOMES:
        if not name.startswith(prefixes):
            continue
        if isinstance(home, str):
            return None if file == home else f"<{name}> belongs in {home} alone; include that header"
        if module not in home:
            allowed = ", ".join(sorted(home, key=lambda each: (RANK[each], each)))
            return f"<{name}> belongs in {allowed}; {module} reaches it through that module's headers"
    return None


def check_module(target, module):
    if target not in RANK:
        return f'no module "{target}"; the modules are {", ".join(RANK)}'
    if target == module or RANK[target] < RANK[module]:
        return None
    if RANK[target] == RANK[module]:
        return f"{module} and {target} stand side by side and must not include each other"
    return f"{module} must not include {target}, which stands right of it"


def check_include(token, path, file, module, root):
    """The problem with one include, or None. `token` carries its quotes."""
    name = token[1:-1]
    if name.startswith("ktlm/"):
        if not (root / "include" / name).is_file():
            return f'"{name}" is not in include/'
        return check_module(name.split("/")[1], module)
    if (problem := check_dependency(name, file, module)) is not None:
        return problem
    if token[0] == '"':  # a private header: beside the file
        folder = root / "src" / module
        for base in (path.parent, folder):
            if (base / name).is_file():
                inside = (base / name).resolve().is_relative_to(folder.resolve())
                return None if inside else f'"{name}" is a private header of another folder; include "ktlm/..." instead'
        return f'"{name}" is neither a private header in src/{module}/ nor a public one ("ktlm/...")'
    return None


def check_tree(root):
    """All problems as "file:line: problem", and the number of files read."""
    problems, num_files = [], 0
    for path, module in list_sources(root):
        file = path.relative_to(root).as_posix()
        if path.parent in (root / "src", root / "include" / "ktlm"):
            problems.append(f"{file}:1: stands in no module's folder")
            continue
        if module not in RANK:
            problems.append(f'{file}:1: no module "{module}"; the modules are {", ".join(RANK)}')
            continue
        num_files += 1
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            match = INCLUDE.match(line)
            if match and (problem := check_include(match[1], path, file, module, root)) is not None:
                problems.append(f"{file}:{number}: {problem}")
    return problems, num_files


def main(arguments):
    root = pathlib.Path(arguments[0] if arguments else pathlib.Path(__file__).parent.parent).resolve()
    problems, num_files = check_tree(root)
    if num_files == 0 and not problems:
        problems.append(f"{root}: no sources under include/ktlm and src; pass the repository's root")
    print("\n".join(problems) if problems else f"{num_files} files keep to the order {' < '.join(map(', '.join, ORDER))}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
