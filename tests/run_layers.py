#!/usr/bin/env python3
"""Builds and runs the test layers, fast to slow, and counts every test. Called by ./test.

A layer is a function that builds what it needs and adds to the tally. What does not build counts as one failed test
for each program that is missing; what does build is run all the same. Logs of whatever failed stay in build/test-logs.
"""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
LOGS = BUILD / "test-logs"
CORES = os.cpu_count() or 2
TAIL_LINES = 30

SIM_SEEDS = 2000
SIM_SEEDS_ASAN = 300
FUZZ_SECONDS = 6


class Tally:
    """Counts of one layer. Safe to use from several threads."""

    def __init__(self, layer):
        self.layer, self.passed, self.failed, self.skipped = layer, 0, 0, 0
        self.lock = threading.Lock()

    def add(self, passed=0, failed=0, skipped=0):
        with self.lock:
            self.passed += passed
            self.failed += failed
            self.skipped += skipped

    def fail(self, what, log):
        """One failed test, with the place and the last lines of what it said."""
        self.add(failed=1)
        self.show(f"FAILED {self.layer}: {what}", log)

    def show(self, headline, log):
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        with self.lock:
            print(headline)
            for line in lines[-TAIL_LINES:]:
                print(f"    {line}")
            print(f"    log: {log.relative_to(ROOT)}", flush=True)


running = set()  # what has to end when we are ended


def run(command, log, limit, env=None):
    """Runs to the end or the limit (seconds); output goes to `log`. Returns the exit code; None: it took too long."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "wb") as out:
        process = subprocess.Popen([str(word) for word in command], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out,
                                   stderr=subprocess.STDOUT, env={**os.environ, **(env or {})}, start_new_session=True)
        running.add(process)
        try:
            return process.wait(limit)
        except subprocess.TimeoutExpired:
            end_group(process)
            out.write(f"\nended: it took longer than {limit} s\n".encode())
            return None
        finally:
            running.discard(process)


def end_everything(*_):
    """Children are in sessions of their own, so a Ctrl-C reaches us alone."""
    for process in list(running):
        end_group(process)
    print("interrupted\n0 passed, 1 failed", flush=True)
    os._exit(130)


def end_group(process):
    """SIGTERM first, so that tests can end the servers that they started."""
    for number, patience in ((signal.SIGTERM, 20), (signal.SIGKILL, 20)):
        try:
            os.killpg(process.pid, number)
            process.wait(patience)
            return
        except (subprocess.TimeoutExpired, ProcessLookupError):
            continue


def counts_in(log):
    """The last `N passed, M failed` of a program that counts for itself; None when it ended before."""
    found = re.findall(r"^(\d+) passed, (\d+) failed", log.read_text(errors="replace"), re.M)
    return (int(found[-1][0]), int(found[-1][1])) if found else None


# ---- building

def failed_outputs(log):
    """What ninja could not make, relative to the build directory."""
    return {word for line in re.findall(r"^FAILED: (.*)$", log.read_text(errors="replace"), re.M)
            for word in line.split()}


def build(tally, preset, targets):
    """Returns those of `targets` (name -> path of the program) that could be built."""
    if not targets:
        return {}
    where, log = BUILD / preset, LOGS / tally.layer / f"build-{preset}.log"
    if run(["cmake", "--preset", preset, "-DHOLDFAST_TESTS=ON"], log, 300) != 0:
        for name in targets:
            tally.fail(f"{name} can't be configured", log)
        return {}
    if run(["cmake", "--build", where, "-j", CORES, "--target", *targets, "--", "-k", "0"], log, 3000) == 0:
        log.unlink()
        return targets
    broken, good = failed_outputs(log), {}
    tally.show(f"preset {preset} does not build", first_error(log))
    for name, program in targets.items():
        asked = subprocess.run(["ninja", "-C", where, "-t", "inputs", program.relative_to(where)],
                               capture_output=True, text=True, stdin=subprocess.DEVNULL)
        needs = set(asked.stdout.splitlines()) | {str(program.relative_to(where))}
        if asked.returncode == 0 and broken and not broken & needs:
            good[name] = program
        else:
            tally.add(failed=1)
            print(f"FAILED {tally.layer}: {name} does not build", flush=True)
    return good


def first_error(log):
    """A file with the first errors of a build log, short enough to be shown."""
    lines = log.read_text(errors="replace").splitlines()
    at = [i for i, line in enumerate(lines) if "error:" in line or line.startswith("FAILED:")]
    if not at:
        return log
    short = log.with_suffix(".errors.log")
    short.write_text("\n".join(lines[at[0]:at[0] + TAIL_LINES]) + "\n")
    return short


def programs(preset, layer, wanted, only=None):
    """Test programs by folder: unit_base -> build/dev/tests/unit_base. Those named by `wanted`, or all when it names none."""
    folders = sorted(path for path in (ROOT / "tests" / layer).glob("*") if path.is_dir() and list(path.glob("*.cpp")))
    names = [f"{layer}_{folder.name}" for folder in folders]
    chosen = [name for name in names if only is None or name in only]
    named = [name for name in chosen if wanted and wanted in name]
    return {name: BUILD / preset / "tests" / name for name in named or chosen}


# ---- running

def run_gtest(tally, program, wanted, limit, env=None):
    """`wanted`: a part of the program's name, or of its tests' names."""
    log = LOGS / tally.layer / f"{program.name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    report = log.with_suffix(".json")
    report.write_bytes(b"")
    report.chmod(0o666)  # a program that needs PostgreSQL gives up root before it reports
    command = [program, f"--gtest_output=json:{report}"]
    if wanted and wanted not in program.name:
        command.append(f"--gtest_filter=*{wanted}*")
    code = run(command, log, limit, env)
    counted = read_gtest(report)
    if counted is None:  # it crashed: what it had finished counts, and one failed
        text = log.read_text(errors="replace")
        tally.add(passed=len(re.findall(r"^\[       OK \]", text, re.M)),
                  failed=len(set(re.findall(r"^\[  FAILED  \] (\S+)", text, re.M))))
        return tally.fail(f"{program.name} ended early ({'too slow' if code is None else f'exit code {code}'})", log)
    passed, failed, skipped = counted
    tally.add(passed, len(failed), skipped)
    for name in failed:
        print(f"FAILED {tally.layer}: {program.name} {name}", flush=True)
    if code != 0 and not failed:
        tally.fail(f"{program.name} exit code {code}", log)
    elif failed:
        tally.show(f"{program.name}: {len(failed)} failed", log)
    else:
        log.unlink()
        report.unlink()


def read_gtest(report):
    """(passed, names of failed, skipped), or None without a whole report."""
    try:
        suites = json.loads(report.read_text())["testsuites"]
    except (OSError, ValueError, KeyError):
        return None
    passed, failed, skipped = 0, [], 0
    for suite in suites:
        for test in suite["testsuite"]:
            if test.get("failures"):
                failed.append(f"{suite['name']}.{test['name']}")
            elif test.get("result") == "SKIPPED":
                skipped += 1
            elif test.get("status") == "RUN":
                passed += 1
    return passed, failed, skipped


def run_gtests(tally, ready, wanted, limit, env=None, at_once=1):
    with ThreadPoolExecutor(at_once) as pool:
        for done in [pool.submit(run_gtest, tally, program, wanted, limit, env) for program in ready.values()]:
            done.result()


def run_counting(tally, name, command, limit, as_one, env=None):
    """A program that prints `N passed, M failed`. `as_one`: all that it passes is one test (thousands of seeds)."""
    log = LOGS / tally.layer / f"{name}.log"
    code = run(command, log, limit, env)
    counted = counts_in(log)
    if counted is None or (code != 0 and counted[1] == 0):
        return tally.fail(f"{name} ended early ({'too slow' if code is None else f'exit code {code}'})", log)
    passed, failed = counted
    tally.add(min(passed, 1) if as_one and not failed else 0 if as_one else passed, failed)
    if failed:
        return tally.show(f"FAILED {tally.layer}: {name}: {failed} failed", log)
    with tally.lock:
        for line in re.findall(r"^\d+ seeds in .*$", log.read_text(errors="replace"), re.M):
            print(f"    {name}: {line.split(';')[0]}", flush=True)
    log.unlink()


def run_sim(tally, sim, wanted, seeds, env=None, with_mutants=True, limit=1500):
    half = seeds // 2
    jobs = {
        "stories": (["--stories", ROOT / "tests/stories"], False),
        f"seeds 1..{half}": (["--from", "1", "--seeds", half], True),
        f"seeds {half + 1}..{seeds}": (["--from", half + 1, "--seeds", seeds - half], True),
    }
    jobs[f"vrrp seeds 1..{2 * seeds}"] = (["--vrrp", "--from", "1", "--seeds", 2 * seeds], True)
    if with_mutants:
        jobs["mutants"] = (["--mutants"], False)
        jobs["vrrp mutants"] = (["--vrrp", "--mutants", "--seeds", "600"], False)
    with ThreadPoolExecutor(CORES) as pool:
        chosen = {name: job for name, job in jobs.items() if not wanted or wanted in name}
        for done in [pool.submit(run_counting, tally, name.replace(" ", "-"), [sim, *arguments], limit, as_one, env)
                     for name, (arguments, as_one) in chosen.items()]:
            done.result()


# ---- layers

def tidy(tally, wanted):
    log = LOGS / "tidy" / "tidy.log"
    code = run([sys.executable, "tools/tidy.py", *([wanted] if wanted else [])], log, 300)
    counted = counts_in(log)
    if counted is None:
        return tally.fail(f"tools/tidy.py exit code {code}", log)
    tally.add(*counted)
    text = log.read_text(errors="replace")
    print("\n".join(line for line in text.splitlines() if not re.match(r"ok |\d+ passed, ", line)), flush=True)
    if not counted[1]:
        log.unlink()


def unit(tally, wanted):
    ready = build(tally, "dev", programs("dev", "unit", wanted))
    run_gtests(tally, ready, wanted, 300, at_once=CORES)


def sim(tally, wanted):
    ready = build(tally, "release", {"sim": BUILD / "release/tests/sim"})
    if ready:
        run_sim(tally, ready["sim"], wanted, SIM_SEEDS)


def fuzz(tally, wanted):
    names = sorted(path.stem for path in (ROOT / "tests/fuzz").glob("fuzz_*.cpp"))
    ready = build(tally, "asan", {name: BUILD / "asan/tests" / name for name in names if wanted in name})
    with ThreadPoolExecutor(CORES) as pool:
        for done in [pool.submit(run_fuzzer, tally, program) for program in ready.values()]:
            done.result()


def run_fuzzer(tally, program):
    """A few seconds from the corpus in git; what is new goes to the build directory."""
    log = LOGS / "fuzz" / f"{program.name}.log"
    found = BUILD / "asan/corpus" / program.name
    found.mkdir(parents=True, exist_ok=True)
    seeds = ROOT / "tests/fuzz/corpus" / program.name.removeprefix("fuzz_")
    command = [program, f"-max_total_time={FUZZ_SECONDS}", "-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1",
               f"-artifact_prefix={log.parent}/{program.name}-", found, *([seeds] if seeds.is_dir() else [])]
    if run(command, log, FUZZ_SECONDS + 120) != 0:
        return tally.fail(program.name, log)
    tally.add(passed=1)
    log.unlink()


def integration(tally, wanted):
    ready = build(tally, "dev", programs("dev", "integration", wanted))
    run_gtests(tally, ready, wanted, 600)


SANITIZED = {"ASAN_OPTIONS": "abort_on_error=1:detect_stack_use_after_return=1", "UBSAN_OPTIONS": "print_stacktrace=1",
             "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1"}


def asan(tally, wanted):
    targets = {} if wanted == "sim" else programs("asan", "unit", wanted)
    if not wanted or wanted == "sim":
        targets["sim"] = BUILD / "asan/tests/sim"
    ready = build(tally, "asan", targets)
    sim_program = ready.pop("sim", None)
    run_gtests(tally, ready, wanted, 600, SANITIZED, at_once=CORES)
    if sim_program:
        run_sim(tally, sim_program, "", SIM_SEEDS_ASAN, SANITIZED, with_mutants=False)


def tsan(tally, wanted):
    only = {"unit_route", "unit_proxy", "integration_proxy"}
    ready = build(tally, "tsan", {**programs("tsan", "unit", wanted, only), **programs("tsan", "integration", wanted, only)})
    run_gtests(tally, ready, wanted, 600, SANITIZED)


def cluster(tally, wanted):
    if not list((ROOT / "tests/cluster").glob("**/test_*.py")):
        return
    program = BUILD / "release/bin/holdfast"
    if not build(tally, "release", {"holdfast": program}):
        return
    log, report = LOGS / "cluster" / "pytest.log", LOGS / "cluster" / "junit.xml"
    report.unlink(missing_ok=True)
    # Clusters wait more than they work, so a few files run at once; a file's tests may share a cluster.
    command = [sys.executable, "-m", "pytest", "-q", "-ra", "tests/cluster", f"--junitxml={report}",
               "-n", str(CORES + 1), "--dist", "loadfile",
               "-p", "no:cacheprovider", *(["-k", wanted] if wanted else [])]
    environment = {"HOLDFAST": str(program), "PYTHONDONTWRITEBYTECODE": "1"}
    code = run(command, log, 1500, environment)
    if code == 5 and wanted:  # pytest: nothing was selected
        return
    try:
        suite = next(ElementTree.parse(report).iter("testsuite"))
    except (OSError, ElementTree.ParseError, StopIteration):
        return tally.fail(f"pytest ended early ({'too slow' if code is None else f'exit code {code}'})", log)
    # A test can fail and its clean-up, too: it counts once.
    bad = {f"{case.get('classname')}::{case.get('name')}" for case in suite.iter("testcase")
           if case.find("failure") is not None or case.find("error") is not None}
    skipped = int(suite.get("skipped"))
    tests = len({(case.get("classname"), case.get("name")) for case in suite.iter("testcase")})
    tally.add(tests - len(bad) - skipped, len(bad), skipped)
    for name in sorted(bad):
        print(f"FAILED cluster: {name}", flush=True)
    if bad:
        return tally.show(f"cluster: {len(bad)} failed", log)
    if code != 0:
        return tally.fail(f"pytest exit code {code}", log)
    log.unlink()


LAYERS = {layer.__name__: layer for layer in (tidy, unit, sim, fuzz, integration, asan, tsan, cluster)}


def run_layer(name, wanted):
    print(f"== {name}", flush=True)
    shutil.rmtree(LOGS / name, ignore_errors=True)
    tally, began = Tally(name), time.monotonic()
    try:
        LAYERS[name](tally, wanted)
    except Exception as problem:  # the layer's own fault is a failed test, not a lost count
        tally.add(failed=1)
        print(f"FAILED {name}: {type(problem).__name__}: {problem}", flush=True)
    skipped = f", {tally.skipped} skipped" if tally.skipped else ""
    print(f"== {name}: {tally.passed} passed, {tally.failed} failed{skipped} ({time.monotonic() - began:.0f} s)", flush=True)
    return tally


def main(arguments):
    layer, wanted = [*arguments[:2], "", ""][:2]
    if len(arguments) > 2 or (layer and layer not in LAYERS):
        print(f"usage: ./test [{'|'.join(LAYERS)}] [part of a test's name]")
        print("0 passed, 1 failed")
        return 2
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end_everything)
    began = time.monotonic()
    tallies = [run_layer(name, wanted) for name in ([layer] if layer else LAYERS)]
    passed, failed = sum(t.passed for t in tallies), sum(t.failed for t in tallies)
    if passed + failed == 0:
        print("no test has that name")
        failed = 1
    print(f"took {(time.monotonic() - began) / 60:.1f} min")
    if failed:
        print(f"logs of what failed: {LOGS.relative_to(ROOT)}/")
    print(f"{passed} passed, {failed} failed", flush=True)
    return 0 if failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
