#!/usr/bin/env python3
"""Measures how much of a page's main text is found, and how much of what is found is main text.

    ninja -C build/release ktlm_html_to_text
    tools/html_scores.py PAGE.html... [--extractor build/release/ktlm_html_to_text]

Beside each page lies PAGE.txt, its main text as a person marked it; the first line is the heading that names the page, or
empty, and counts neither way, since some extractors give it apart. Precision, recall and F1 of words in per cent, a page a
row and their mean below, for ktlm and for trafilatura, readability and jusText where they are installed.
"""
import argparse
import collections
import pathlib
import re
import subprocess
import sys


def without_heading(text, heading):
    return "\n".join(line for line in text.splitlines() if line.strip(" #\t") != heading.strip())


def words_of(text):
    return collections.Counter(re.findall(r"\w+", text))


def score(found, wanted):
    """(precision, recall, F1) in per cent; nothing found where nothing is wanted is right."""
    found, wanted = words_of(found), words_of(wanted)
    if not found and not wanted:
        return 100.0, 100.0, 100.0
    common = (found & wanted).total()
    precision, recall = common / max(found.total(), 1), common / max(wanted.total(), 1)
    return tuple(100 * x for x in (precision, recall, 2 * precision * recall / max(precision + recall, 1e-9)))


def run_ktlm(extractor, page):
    return subprocess.run([extractor], input=page, capture_output=True, text=True, check=True).stdout


def peers():
    """Those of other extractors that are installed, as functions from page to text."""
    found = {}
    try:
        import trafilatura
        found["trafilatura"] = lambda page: trafilatura.extract(page, include_tables=False, include_comments=False) or ""
    except ImportError:
        pass
    try:
        import lxml.html
        import readability
        found["readability"] = lambda page: lxml.html.fromstring(readability.Document(page).summary()).text_content()
    except ImportError:
        pass
    try:
        import justext
        found["justext"] = lambda page: "\n".join(
            paragraph.text for paragraph in justext.justext(
                page.encode(), frozenset(), stopwords_low=0, stopwords_high=0, length_low=30, length_high=80,
                encoding="utf-8")
            if not paragraph.is_boilerplate)
    except ImportError:
        pass
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", nargs="+", metavar="PAGE.html")
    parser.add_argument("--extractor", default="build/release/ktlm_html_to_text")
    options = parser.parse_args()

    extractors = {"ktlm": lambda page: run_ktlm(options.extractor, page), **peers()}
    print(f"{'page':16}" + "".join(f"  {name + ': P':>14} {'R':>5} {'F1':>5}" for name in extractors))
    sums = {name: (0.0, 0.0, 0.0) for name in extractors}
    for argument in options.pages:
        path = pathlib.Path(argument)
        page = path.read_text(encoding="utf-8")
        heading, _, wanted = path.with_suffix(".txt").read_text(encoding="utf-8").partition("\n")
        row = f"{path.stem:16}"
        for name, extract in extractors.items():
            try:
                scores = score(without_heading(extract(page), heading), wanted)
            except Exception as error:  # of a peer, on a page that it cannot take
                print(f"{name} gives up on {path.stem}: {error}", file=sys.stderr)
                scores = (0.0, 0.0, 0.0)
            row += f"  {scores[0]:14.1f} {scores[1]:5.1f} {scores[2]:5.1f}"
            sums[name] = tuple(a + b for a, b in zip(sums[name], scores))
        print(row)
    means = (tuple(x / len(options.pages) for x in total) for total in sums.values())
    print(f"{'mean':16}" + "".join(f"  {p:14.1f} {r:5.1f} {f:5.1f}" for p, r, f in means))
    return 0


if __name__ == "__main__":
    sys.exit(main())
