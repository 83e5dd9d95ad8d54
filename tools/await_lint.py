#!/usr/bin/env python3
"""One statement, one await: `co_await` shares its statement with no `?:`, no braced temporary, no capturing lambda, and is
never the condition of a switch. g++ 12 destroys such temporaries twice (STYLE.md). Usage: await_lint.py FILE..."""
import re
import sys
from pathlib import Path

BLANKED = re.compile(r'//[^\n]*|"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'')
AWAIT = re.compile(r"\bco_await\b(?! asio::this_coro)")
REFUSED = (
    (re.compile(r"\s\?\s"), "?:"),
    (re.compile(r"\bswitch \("), "a switch condition"),
    (re.compile(r"\[[^\]]+\]\s*(?:\(|\{|mutable)"), "a capturing lambda"),
    (re.compile(r"[\w>(,=]\s*\{(?!\s*\})"), "a braced temporary"),
)


def without_texts(source):
    """Comments are emptied, literals shortened; line breaks stay."""
    return BLANKED.sub(lambda m: {'"': '""', "'": "' '"}.get(m[0][0], ""), source)


def is_boundary(text, at):
    """Does a statement end just before `at`?"""
    before, here = text[at - 1], text[at]
    return before == ";" or (before in "{}:" and here == "\n")


def statement_around(text, at):
    first = at
    while first > 0 and not is_boundary(text, first):
        first -= 1
    last, depth = at, 0
    while last < len(text):
        depth += (text[last] in "([") - (text[last] in ")]")
        is_block = text[last] == "{" and text[last + 1:last + 2] == "\n"
        if depth <= 0 and (text[last] == ";" or is_block):
            break
        last += 1
    return text[first:last]


def problems(path):
    text = without_texts(Path(path).read_text())
    for match in AWAIT.finditer(text):
        statement = statement_around(text, match.start())
        reason = next((name for pattern, name in REFUSED if pattern.search(statement)), None)
        if reason:
            yield f"{path}:{text.count(chr(10), 0, match.start()) + 1}: co_await beside {reason}"


def main(paths):
    found = [problem for path in paths for problem in problems(path)]
    for problem in found:
        print(problem)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
