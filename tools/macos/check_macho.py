#!/usr/bin/env python3
"""Checks programs and libraries built for macOS 14 / arm64 without a Mac: will the loader there find all that they need?

usage: check_macho.py [--minos VERSION] --sdk FOLDER FILE...

Each undefined symbol must be exported by the library that the linker took it from: by the file itself for one that is
found over an rpath (libtorch), by its stub in the SDK for one of the system's. Each library must be one of the system's
or found over an rpath, so that no path of the building machine is left in it; the oldest system that it runs on must be
the wanted one; a library's own name must be relative to an rpath. Prints a line per fault, and per file that has none.
"""

import argparse
import functools
import pathlib
import re
import subprocess
import sys

def run(*command):
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"check_macho.py: {command[0]} failed: {result.stderr.strip() or result.returncode}")
    return result.stdout


class MachO:
    """What the load commands of a file say."""

    def __init__(self, path):
        self.path = path
        headers = run("llvm-objdump-19", "--macho", "--private-headers", path)
        commands = [dict(re.findall(r"^\s+(cmd|name|path|minos|platform) (\S+)", block, re.MULTILINE))
                    for block in headers.split("Load command ")[1:]]
        of_kind = lambda *kinds: [command for command in commands if command["cmd"] in kinds]
        build_version = of_kind("LC_BUILD_VERSION")
        self.minos = build_version[0].get("minos") if build_version else None
        self.name = next((command["name"] for command in of_kind("LC_ID_DYLIB")), None)
        self.rpaths = [command["path"] for command in of_kind("LC_RPATH")]
        self.dylibs = [command["name"] for command in
                       of_kind("LC_LOAD_DYLIB", "LC_LOAD_WEAK_DYLIB", "LC_REEXPORT_DYLIB", "LC_LOAD_UPWARD_DYLIB")]

    def undefined(self):
        """(symbol, short name of the library that it comes from), in the order of the symbol table."""
        listing = run("llvm-nm-19", "-m", "--undefined-only", self.path)
        return re.findall(r"\(undefined\)[a-z ]* (\S+) \((?:from )?(.+?)\)$", listing, re.MULTILINE)

    def find(self, dylib):
        """The file that the loader would take for @rpath/..., were the file run where it lies."""
        for rpath in self.rpaths:
            folder = rpath.replace("@loader_path", str(self.path.parent))
            file = pathlib.Path(folder) / dylib.removeprefix("@rpath/")
            if file.exists():
                return file
        return None


def short_name(dylib):
    """What nm calls the library in /usr/lib/libc++.1.dylib: libc++."""
    return pathlib.PurePath(dylib).name.split(".")[0]


@functools.cache
def exports_of_file(path):
    return set(run("llvm-nm-19", "--extern-only", "--defined-only", "--just-symbol-name", path).split())


@functools.cache
def exports_of_stub(path):
    return set(re.findall(r"'(_[^']*)'", path.read_text()))


def faults_of(path, sdk, minos):
    file = MachO(path)
    if file.minos != minos:
        yield f"runs on macOS {file.minos} and newer, expected {minos}; check CMAKE_OSX_DEPLOYMENT_TARGET"
    if file.name is not None and not file.name.startswith("@rpath/"):
        yield f"its own name is {file.name}, expected @rpath/{path.name}; nothing that links it finds it elsewhere"

    exports = {}  # by short name
    for dylib in file.dylibs:
        stub = sdk / "usr/lib" / f"{short_name(dylib)}.tbd"
        if dylib.startswith("@rpath/"):
            found = file.find(dylib)
            if found is None:
                yield f"{dylib} is in none of its rpaths ({', '.join(file.rpaths) or 'it has none'})"
            else:
                exports[short_name(dylib)] = exports_of_file(found)
        elif dylib.startswith("/usr/lib/") and stub.exists():
            exports[short_name(dylib)] = exports_of_stub(stub)
        else:
            yield f"links {dylib}, expected @rpath/... or a library of macOS with a stub in {sdk}/usr/lib"

    for symbol, library in file.undefined():
        if library not in exports:  # also "dynamically looked up", which -undefined dynamic_lookup leaves to the start
            yield f"{symbol} comes from no library that was found ({library})"
        elif symbol not in exports[library]:
            yield f"{symbol} is not exported by {library} of macOS {minos}; use something older, or fix its link"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sdk", type=pathlib.Path, required=True, help="the kit's sdk, with usr/lib/*.tbd")
    parser.add_argument("--minos", default="14.0", help="the oldest macOS that the files must run on (default: 14.0)")
    parser.add_argument("files", type=pathlib.Path, nargs="+")
    arguments = parser.parse_args()
    failed = False
    for path in arguments.files:
        faults = list(faults_of(path.resolve(), arguments.sdk, arguments.minos))
        for fault in faults:
            print(f"{path}: {fault}")
        if not faults:
            print(f"{path}: all that it needs is there on macOS {arguments.minos}")
        failed = failed or bool(faults)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
