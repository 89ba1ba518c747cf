#!/usr/bin/env python3
"""Writes linker stubs (.tbd) for the system libraries of macOS / arm64 that ktlm links: libc++, libSystem and libedit.

usage: make_stubs.py --abilist FILE --libsystem FILE --histedit FILE --out FOLDER

A stub lists the names that a library exports, so that one can link against it, and tools/macos/check_macho.py can check,
without having it. libc++.tbd comes from the list that LLVM keeps of its libc++'s binary interface on Darwin; libSystem.tbd
from the stub that Zig ships, whose many parts (libsystem_c, libdispatch ...) become one, as the umbrella library exports
them. The list of LLVM 16 is what the libc++ of macOS 14 has; Zig's is of a newer system, whose additions the headers'
availability marks, not the stub, keep out of a program for macOS 14 (-Wunguarded-availability). libedit.tbd holds the
functions that its header declares.
"""

import argparse
import ast
import pathlib
import re
import sys

# libc++.1.dylib passes on all of libc++abi, whose C entry points LLVM's list holds only in part.
CXXABI_ENTRY_POINTS = """
    ___cxa_allocate_exception ___cxa_bad_cast ___cxa_bad_typeid ___cxa_begin_catch ___cxa_current_exception_type
    ___cxa_deleted_virtual ___cxa_demangle ___cxa_end_catch ___cxa_free_exception ___cxa_get_exception_ptr
    ___cxa_get_globals ___cxa_guard_abort ___cxa_guard_acquire ___cxa_guard_release ___cxa_pure_virtual ___cxa_rethrow
    ___cxa_throw ___cxa_throw_bad_array_new_length ___cxa_vec_delete ___cxa_vec_new ___dynamic_cast ___gxx_personality_v0
""".split()


def libcxx_symbols(abilist):
    """The exported names of LLVM's list: one Python dictionary a line, between comments."""
    strong, weak = set(CXXABI_ENTRY_POINTS), set()
    for line in abilist.splitlines():
        if not line.startswith("{"):
            continue
        entry = ast.literal_eval(line)
        exported = entry["is_defined"] or entry["type"] == "I"  # I: passed on under this name
        # What libc++ itself takes from libc++abi is listed as undefined, and passed on to the program all the same.
        passed_on = re.match(r"__Z|___cxa_|___gxx_|___dynamic_cast", entry["name"])
        if entry.get("is_weak"):
            weak.add(entry["name"])
        elif exported or passed_on:
            strong.add(entry["name"])
    return strong, weak - strong


def libsystem_symbols(stub):
    """The names that any part of Zig's stub exports for arm64 (Zig's list says arm64e where Apple's libraries are arm64e)."""
    strong, weak = set(), set()
    block = re.compile(r"- targets:\s*\[([^\]]*)\]((?:\s+[a-z-]+:\s*\[[^\]]*\])*)")
    for targets, lists in block.findall(stub):
        if not re.search(r"\barm64e?-macos\b", targets):
            continue
        for kind, names in re.findall(r"([a-z-]+):\s*\[([^\]]*)\]", lists):
            symbols = set(re.findall(r"[^\s,']+", names))
            if kind == "symbols":  # $ld$... are instructions to Apple's linker for older systems
                strong |= {name for name in symbols if name.startswith("_")}
            elif kind == "weak-symbols":
                weak |= symbols
    return strong, weak - strong


def libedit_symbols(header):
    return {"_" + name for name in re.findall(r"\b((?:el|history|tok|rl)_\w+)\(", header)}


def stub_text(install_name, strong, weak):
    def as_list(names):
        return ",\n               ".join(f"'{name}'" for name in sorted(names))

    text = f"""--- !tapi-tbd
tbd-version: 4
targets: [ arm64-macos ]
install-name: '{install_name}'
exports:
  - targets: [ arm64-macos ]
    symbols: [ {as_list(strong)} ]
"""
    if weak:
        text += f"    weak-symbols: [ {as_list(weak)} ]\n"
    return text + "...\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("abilist", "libsystem", "histedit", "out"):
        parser.add_argument(f"--{name}", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    # name: install name, exported names, weak names, and how many there are at the least where the source is understood
    stubs = {
        "libc++": ("/usr/lib/libc++.1.dylib", *libcxx_symbols(arguments.abilist.read_text()), 1000),
        "libSystem": ("/usr/lib/libSystem.B.dylib", *libsystem_symbols(arguments.libsystem.read_text()), 1000),
        "libedit": ("/usr/lib/libedit.3.dylib", libedit_symbols(arguments.histedit.read_text()), set(), 40),
    }
    for name, (install_name, strong, weak, expected) in stubs.items():
        if len(strong) < expected:
            sys.exit(f"make_stubs.py: {name}: {len(strong)} exported names found, expected at least {expected}; has the "
                     "source's form changed?")
        (arguments.out / f"{name}.tbd").write_text(stub_text(install_name, strong, weak))


if __name__ == "__main__":
    main()
