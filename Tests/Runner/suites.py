"""Runs the test suites in parallel, each in its own process; used by script/test.

    suites.py PROGRAM [--jobs N] [--durations] [--filter PATTERN]... [--skip PATTERN]... [argument of the test program]...

The tests of a suite run one after another, because many of them block while they talk to a server. Suites share
PostgreSQL but have their own databases, cloned from templates of the run. Suites of FaultTests measure the effects of
load, so they run alone, at the end.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

ALONE = ("FaultTests.",)
# The slowest suite takes three minutes on a busy machine. A test that waits for ever must not stop the whole run.
LIMIT = 900
# How long each suite took the last time: the slowest start first.
MEMORY = pathlib.Path(__file__).resolve().parent.parent.parent / ".build/suite-durations.json"
RUN = re.compile(r"Test run with (\d+) tests? in \d+ suites? (passed|failed)")
TEST = re.compile(r"^\S+ Test (?!run )(.+?) (?:with \d+ test cases? )?(?:passed|failed) after ([\d.]+) seconds", re.MULTILINE)
SKIPPED = re.compile(r"^\S+ (Test|Suite) .* skipped")
# Lines of a failed suite that do not help to understand the failure.
NOISE = re.compile(r"^(◇|✔|↳ T)")
RUNNING: set[subprocess.Popen] = set()


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("program")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() + 1)
    parser.add_argument("--durations", action="store_true", help="print how long each suite and the slowest tests took")
    parser.add_argument("--filter", action="append", default=[])
    parser.add_argument("--skip", action="append", default=[])
    options, others = parser.parse_known_args()

    suites = chosen(options)
    if not suites:
        raise SystemExit("error: no test matches")
    try:
        memory = json.loads(MEMORY.read_text())
    except (OSError, ValueError):
        memory = {}
    order = sorted(suites, key=lambda name: -memory.get(name, len(suites[name])))
    together = [name for name in order if not name.startswith(ALONE)]
    alone = [name for name in order if name.startswith(ALONE)]

    started = time.monotonic()
    results = []
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    os.environ["LYCEUM_TEST_RUN"] = str(os.getpid())
    for names, jobs in ((together, options.jobs), (alone, 1)):
        pool = concurrent.futures.ThreadPoolExecutor(jobs)
        running = [pool.submit(run, options.program, name, suites[name], others) for name in names]
        try:
            for finished in concurrent.futures.as_completed(running):
                results.append(finished.result())
                report(results[-1], len(results), len(suites))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in list(RUNNING):
                process.terminate()
            raise

    MEMORY.write_text(json.dumps(memory | {result.name: round(result.seconds, 2) for result in results}, indent=1))
    if options.durations:
        print_durations(results)
    failed = sorted(result.name for result in results if result.failed)
    count = sum(len(suite) for suite in suites.values())
    print(f"{count} tests in {len(suites)} suites took {time.monotonic() - started:.0f} s.")
    if failed:
        raise SystemExit(f"error: {len(failed)} suites failed: {', '.join(failed)}")


class Result:
    def __init__(self, name: str, seconds: float, failed: bool, output: str):
        self.name, self.seconds, self.failed, self.output = name, seconds, failed, output


def chosen(options) -> dict[str, list[str]]:
    """The tests that the patterns select, by suite. A test is named Target.Suite/name(label:)."""
    listed = subprocess.run(
        [options.program, "--testing-library", "swift-testing", "--list-tests"],
        check=True, stdout=subprocess.PIPE, text=True)
    suites: dict[str, list[str]] = {}
    for test in listed.stdout.splitlines():
        wanted = not options.filter or any(re.search(pattern, test) for pattern in options.filter)
        if wanted and not any(re.search(pattern, test) for pattern in options.skip):
            suites.setdefault(test.split("/")[0], []).append(test)
    return suites


def run(program: str, name: str, tests: list[str], others: list[str]) -> Result:
    command = [program, "--testing-library", "swift-testing", "--no-parallel", *others]
    for test in tests:
        command += ["--filter", f"^{re.escape(test)}"]
    started = time.monotonic()
    # To a file: a pipe would stay open as long as any process started by a test.
    with tempfile.TemporaryFile("w+", errors="replace") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        RUNNING.add(process)
        stuck = ""
        try:
            process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            stuck = f"error: {name} did not end within {LIMIT} s. What it was doing:\n{family(process.pid)}"
            process.kill()
            process.wait()
        RUNNING.discard(process)
        log.seek(0)
        output = log.read() + stuck
    found = RUN.search(output)
    complete = found is not None and int(found[1]) >= len(tests)
    if process.returncode == 0 and not complete:
        output += f"error: {name} did not run all of its {len(tests)} tests\n"
    elif process.returncode != 0:
        output += f"error: {name} ended with {process.returncode}\n"
    return Result(name, time.monotonic() - started, process.returncode != 0 or not complete, output)


def family(parent: int) -> str:
    """The processes that a process started, and where each of their threads waits."""
    lines = []
    listed = subprocess.run(["ps", "-eLo", "pid,ppid,stat,wchan:30,args"], stdout=subprocess.PIPE, text=True).stdout
    members = {str(parent)}
    for line in sorted(listed.splitlines()[1:], key=lambda line: int(line.split()[0])):
        pid, above = line.split()[:2]
        if pid in members or above in members:
            members.add(pid)
            lines.append(line[:200])
    return "\n".join(lines) + "\n"


def report(result: Result, number: int, count: int):
    sign = "✘" if result.failed else "✔"
    print(f"{sign} [{number}/{count}] {result.name} ({result.seconds:.1f} s)", flush=True)
    # What was skipped, and why.
    print("".join(f"  {line}\n" for line in result.output.splitlines() if SKIPPED.match(line)), end="", flush=True)
    if result.failed:
        print("\n".join(line for line in result.output.splitlines() if not NOISE.match(line)), flush=True)


def print_durations(results: list[Result]):
    print(f"\n{'seconds':>8}  suite")
    for result in sorted(results, key=lambda result: -result.seconds)[:40]:
        print(f"{result.seconds:8.1f}  {result.name}")
    tests = [
        (float(seconds), f"{result.name}/{name}") for result in results for name, seconds in TEST.findall(result.output)]
    print(f"\n{'seconds':>8}  test")
    for seconds, name in sorted(tests, reverse=True)[:40]:
        print(f"{seconds:8.1f}  {name}")
    print()


if __name__ == "__main__":
    main()
