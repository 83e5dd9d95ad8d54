#!/usr/bin/env python3
"""What must hold of the sources and cannot be seen by the compiler. One check is one test; ./test tidy runs them.

    tools/tidy.py [part of a check's name]
"""
import re
import shutil
import subprocess
import sys
from pathlib import Path

import await_lint

ROOT = Path(__file__).resolve().parent.parent
CHECKS = []


def check(function):
    """Registers a check: a generator of problems. Its name in words is its test name."""
    CHECKS.append(function)
    return function


def ours():
    """Files in git, and new ones that git does not ignore."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True)
    names = listed.stdout.splitlines() if listed.returncode == 0 else [
        str(path.relative_to(ROOT)) for path in ROOT.rglob("*")
        if path.is_file() and path.relative_to(ROOT).parts[0] not in ("build", ".git")]
    return sorted(name for name in set(names) if (ROOT / name).is_file())


FILES = ours()


def files(*tops, ends=(".hpp", ".cpp")):
    return [name for name in FILES if name.startswith(tops) and name.endswith(ends)]


def read(name):
    return (ROOT / name).read_text(errors="replace")


def lines_with(names, pattern):
    for name in names:
        for number, line in enumerate(read(name).splitlines(), 1):
            if re.search(pattern, line):
                yield f"{name}:{number}: {line.strip()[:100]}"


def folder_of(name):
    parts = name.split("/")
    return parts[1] if len(parts) > 2 else "main"


def includes(name):
    """(line, path) of includes of our own."""
    for number, line in enumerate(read(name).splitlines(), 1):
        if found := re.match(r'#include "([^"]+)"', line):
            yield number, found[1]


# ---- floors

class Floors:
    def __init__(self):
        self.floor, self.exceptions, self.pure = {}, {}, set()
        height = 0
        for line in read("tools/floors.txt").splitlines():
            words = line.split("#")[0].replace("->", " -> ").split()
            if words[:1] == ["floor"]:
                self.floor.update({folder: height for folder in words[1:]})
                height += 1
            elif words[:1] == ["pure"]:
                self.pure |= set(words[1:])
            elif words:
                self.exceptions[words[0]] = set(words[2:])

    def allows(self, importer, imported):
        if importer in (imported, "main"):
            return True
        if importer not in self.floor or imported not in self.floor:
            return False
        return self.floor[imported] < self.floor[importer] or imported in self.exceptions.get(importer, ())


@check
def a_folder_imports_lower_floors_only():
    floors = Floors()
    for name in files("src/"):
        for number, path in includes(name):
            if not floors.allows(folder_of(name), path.split("/")[0]):
                yield f"{name}:{number}: {folder_of(name)} may not import {path} (tools/floors.txt)"


@check
def every_folder_stands_on_a_floor():
    floors = Floors()
    folders = {folder_of(name) for name in files("src/")} - {"main"}
    yield from (f"src/{folder}: not in tools/floors.txt" for folder in sorted(folders - set(floors.floor)))
    yield from (f"tools/floors.txt: {folder} is no folder of src/" for folder in sorted(set(floors.floor) - folders))


@check
def pure_folders_touch_no_socket_clock_or_thread():
    impure = (r"#include <(boost/asio|boost/beast|sys/|netinet/|poll\.h|unistd\.h|thread|mutex|condition_variable|future)|"
              r"\b(BootClock|WallClock|steady_clock|system_clock)::now\b|\bwall_now\(\)|\brandom_device\b")
    pure = tuple(f"src/{folder}/" for folder in Floors().pure)
    yield from lines_with(files(*pure), impure)


@check
def the_simulated_dcs_needs_no_asio():
    names = [name for name in files("src/dcs/") if not name.startswith(("src/dcs/etcd/", "src/dcs/memory_async/"))]
    shared = [name for name in names if name != "src/dcs/store.hpp"]  # the interface itself is asynchronous
    yield from lines_with(shared, r'#include (<boost/asio|<boost/beast|"async/)')


@check
def a_library_links_the_floors_that_it_imports():
    """CMakeLists.txt declares an edge for what is included, directly or through what is linked."""
    links = {}
    for found in re.finditer(r"^holdfast_library\((\w+)(.*)\)$", read("CMakeLists.txt"), re.M):
        links[found[1]] = set(re.findall(r"\bhf_(\w+)", found[2]))

    def reach(library, seen):
        for other in links.get(library, ()):
            if other not in seen:
                seen.add(other)
                reach(other, seen)
        return seen

    linked = {library: {name.removesuffix("_core") for name in reach(library, set())} | {library} for library in links}
    for name in files("src/"):
        folder = folder_of(name)
        if folder == "main":
            continue
        if folder not in links:
            yield f"CMakeLists.txt: no holdfast_library({folder})"
            return
        for number, path in includes(name):
            if path.split("/")[0] not in linked[folder]:
                yield f"{name}:{number}: {path} is imported but CMakeLists.txt does not link hf_{path.split('/')[0]}"


@check
def includes_are_rooted():
    """At src/ everywhere; in tests also at tests/, or beside the test."""
    for name in files("src/", "tests/"):
        roots = [ROOT / "src"]
        if name.startswith("tests/"):
            roots += [ROOT / "tests", (ROOT / name).parent]
        for number, path in includes(name):
            if path.startswith(".") or not any((root / path).exists() for root in roots):
                yield f"{name}:{number}: {path} is not below {' or '.join(str(root.relative_to(ROOT)) for root in roots)}"


@check
def heavy_headers_stay_in_their_folder():
    homes = {r"<yaml-cpp/": "src/config/", r"<boost/beast": "src/http/", r"<CLI/": "src/cli/", r"<spdlog/": "src/base/",
             r"<prometheus/": "src/base/", r"<libpq-fe\.h>": ("src/postgres/", "src/drill/", "src/cli/")}
    for pattern, home in homes.items():
        yield from lines_with([name for name in files("src/") if not name.startswith(home)], "#include " + pattern)


# ---- coroutines, words, form

@check
def one_statement_has_one_await():
    for name in files("src/", "tests/"):
        yield from (problem.replace(f"{ROOT}/", "") for problem in await_lint.problems(ROOT / name))


@check
def tasks_have_an_owner_and_lambdas_that_are_coroutines_capture_nothing():
    yield from lines_with(files("src/"), r"\basio::detached\b|\(detached\)")
    yield from lines_with(files("src/"), r"\[[^\]\s][^\]]*\]\s*\([^)]*\)\s*(mutable\s*)?->\s*(asio::)?awaitable<")


@check
def nothing_is_left_for_later():
    words = "|".join(("TO" + "DO", "FIX" + "ME", "X" * 3, "HA" + "CK"))
    names = [name for name in FILES if name.endswith((".hpp", ".cpp", ".py", ".md", ".txt", ".cmake", ".sh", ".yml"))]
    yield from lines_with(names, rf"\b({words})\b")


@check
def nothing_tells_where_it_was_written():
    """Paths of a developer's machine, and words about how a text came to be."""
    paths = r"(?<![\w.])/(work|tmp/hf)/|/home/(?!user)\w+|\bshared/(design|reference|style|tools)\b"
    words = r"(?i)\b(language model|chat ?bot|claude|anthropic|openai|copilot)\b"
    names = [name for name in FILES if name != "tools/tidy.py" and not name.startswith("tests/fuzz/corpus/")]
    yield from lines_with(names, paths)
    yield from lines_with(names, words)


@check
def comments_cite_only_documents_that_exist():
    present = {Path(name).name for name in FILES}
    for name in files("src/", "tests/"):
        for number, line in enumerate(read(name).splitlines(), 1):
            for cited in re.findall(r"(?<!docs, )(?<![/\w-])[\w-]+\.md\b", line):
                if cited not in present:
                    yield f"{name}:{number}: cites {cited}"
            if re.search(r"\bdesign/\d", line):
                yield f"{name}:{number}: cites {line.strip()[:80]}"


@check
def headers_are_included_once():
    for name in files("src/", "tests/", ends=(".hpp",)):
        first = next((line for line in read(name).splitlines() if line and not line.startswith("//")), "")
        if first != "#pragma once":
            yield f"{name}: does not begin with #pragma once"


@check
def the_code_is_formatted():
    program = shutil.which("clang-format-19")
    names = files("src/", "tests/")
    if not program or not names:
        return
    asked = subprocess.run([program, "--dry-run", *names], cwd=ROOT, capture_output=True, text=True)
    bad = sorted(set(re.findall(r"^([^\s:]+\.[ch]pp):\d+", asked.stderr, re.M)))
    yield from (f"{name}: clang-format-19 -i {name}" for name in bad)


# ---- documents

LENGTHS = {"README.md": 150, "CONTRIBUTING.md": 60, "STYLE.md": 200}


@check
def documents_are_short():
    limits = dict(LENGTHS, **{name: 25 for name in files("docs/decisions/", ends=(".md",))})
    for name, most in limits.items():
        if not (ROOT / name).exists():
            yield f"{name}: missing"
        elif len(read(name).splitlines()) > most:
            yield f"{name}: {len(read(name).splitlines())} lines, at most {most}"


@check
def links_in_documents_lead_somewhere():
    for name in files("", ends=(".md",)):
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", read(name)):
            if "://" not in target and not ((ROOT / name).parent / target).exists():
                yield f"{name}: {target} is not there"


def edge_cases():
    """Number -> row of docs/edge-cases.md."""
    rows = re.findall(r"^\| EC-(\d+) \|(.*)$", read("docs/edge-cases.md"), re.M)
    return {int(number): row for number, row in rows}


@check
def every_cited_edge_case_is_in_the_table():
    known = edge_cases()
    for name in files("src/", "tests/", "docs/", ends=(".hpp", ".cpp", ".py", ".txt", ".md")):
        for number, line in enumerate(read(name).splitlines(), 1):
            for cited in re.findall(r"EC[-_](\d+)", line):
                if int(cited) not in known:
                    yield f"{name}:{number}: EC-{cited} is not in docs/edge-cases.md"


@check
def the_table_of_edge_cases_is_whole():
    numbers = list(edge_cases())
    if numbers != list(range(1, len(numbers) + 1)):
        yield "docs/edge-cases.md: the numbers are not 1, 2, 3, ... in order"


@check
def tests_that_documents_cite_exist():
    """`tests/...` must be a file; `Suite.test_name` a test; `mutant NAME` a mutant."""
    tests = "\n".join(read(name) for name in files("tests/", ends=(".hpp", ".cpp", ".py")))
    names = {f"{suite}.{test}" for suite, test in
             re.findall(r"\b(?:TEST|TEST_F|TEST_P|RC_GTEST_PROP|RC_GTEST_FIXTURE_PROP)\(\s*(\w+),\s*(\w+)", tests)}
    functions = set(re.findall(r"def (test_\w+)", tests))
    for name in files("docs/", "README", "ARCH", "CONTRIB", ends=(".md",)):
        for quoted in re.findall(r"`([^`]+)`", read(name)):
            if re.fullmatch(r"(src|tests|tools|packaging|cmake)/[\w./-]+", quoted) and not (ROOT / quoted).exists():
                yield f"{name}: {quoted} is not there"
            elif re.fullmatch(r"[A-Z]\w+\.[a-z]\w*_\w+", quoted) and quoted not in names:
                yield f"{name}: no test is named {quoted}"
            elif re.fullmatch(r"test_\w+", quoted) and quoted not in functions:
                yield f"{name}: no cluster test is named {quoted}"
            elif (mutant := re.fullmatch(r"mutant ([\w-]+)", quoted)) and f'.name = "{mutant[1]}"' not in tests:
                yield f"{name}: no mutant is named {mutant[1]}"


@check
def places_that_documents_cite_hold_what_they_say():
    """`src/file` (`symbol`): the symbol is in the file. | `src/folder` | `file.hpp` ...: the file is in the folder."""
    for name in files("docs/", "README", "ARCH", "CONTRIB", ends=(".md",)):
        text = read(name)
        for path, symbol in re.findall(r"`((?:src|tests)/[\w./-]+)` \(`(\w+)`\)", text):
            if (ROOT / path).is_file() and symbol not in read(path):
                yield f"{name}: {symbol} is not in {path}"
        for folder, rest in re.findall(r"^\| `(src/\w+)` \| (.*)$", text, re.M):
            for cited in re.findall(r"`([\w/]+\.[ch]pp)`", rest):
                if not (ROOT / folder / cited).exists():
                    yield f"{name}: {folder}/{cited} is not there"


# ---- for the reader to judge, not checked

def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else 0


def function_lengths(text):
    """Lines of what clang-format ends with a `}` at the indentation of its first line."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        opens = re.match(r"^( {0,4})[A-Za-z].*\)[\w\s&:<>,{}()*]*\{$", line)
        if not opens or re.match(r"\s*(namespace|class|struct|enum|if|for|while|switch|else)\b", line):
            continue
        end = next((i for i in range(number + 1, len(lines)) if lines[i].startswith(opens[1] + "}")), None)
        if end:
            yield end - number + 1


def print_lengths():
    sources = [read(name) for name in files("src/")]
    of_files = [len(text.splitlines()) for text in sources]
    of_functions = [length for text in sources for length in function_lengths(text)]
    for what, values, anchors in (("file", of_files, "92-451 / 221-1719"), ("function", of_functions, "5-17 / 25-63")):
        print(f"lines of a {what}: median {percentile(values, 0.5)}, p90 {percentile(values, 0.9)}, longest "
              f"{max(values, default=0)} (well-kept C++ and Zig codebases: median / p90 {anchors})")


def main(wanted):
    passed = failed = 0
    for function in CHECKS:
        if wanted not in function.__name__:
            continue
        try:
            problems = list(function())
        except OSError as problem:
            problems = [str(problem)]
        words = function.__name__.replace("_", " ")
        print(f"FAILED tidy: {words}" if problems else f"ok {words}")
        for problem in problems[:20]:
            print(f"    {problem}")
        if len(problems) > 20:
            print(f"    and {len(problems) - 20} more")
        passed, failed = passed + (not problems), failed + bool(problems)
    if not wanted:
        print_lengths()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ""))
