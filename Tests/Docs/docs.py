"""Checks the documentation and runs its commands; script/docs calls it.

Each page is one bash script under `set -euo pipefail`, in a directory of its own, against one server with the demo
school. pages.py says which blocks are run.
"""

import itertools
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import checks
from pages import ROOT, Block, Page, pages

ADDRESS = "http://127.0.0.1:8080"
SECONDS = 60
# The school's day, so that there are recent lessons whenever the tests run. Clients take it from GET /v1/me.
TODAY = "2026-11-24"


def main():
    arguments = sys.argv[1:]
    if arguments[:1] == ["--extract"]:
        print(extract(pages(arguments[1:])))
        return
    started = time.monotonic()
    only_checks = arguments == ["--check"]
    chosen = pages(None if only_checks else arguments)
    faults = checks.run(os.environ["LYCEUM_PROGRAM"])
    if not only_checks:
        faults += run(chosen)
    for fault in faults:
        print(f"✘ {fault}", file=sys.stderr)
    if faults:
        raise SystemExit(f"error: {len(faults)} faults in the documentation")
    print(f"The documentation holds; it took {time.monotonic() - started:.0f} s.")


def extract(chosen: list[Page]) -> str:
    parts = ["set -euo pipefail"]
    for block in itertools.chain.from_iterable(page.blocks for page in chosen):
        if block.script:
            parts.append(f"# {block.place}\n{block.script}")
    return "\n".join(parts)


# Running


def run(chosen: list[Page]) -> list[str]:
    home = pathlib.Path(os.environ["LYCEUM_DOCS_HOME"])
    # SIGTERM ends the server too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with Server(home) as server:
        faults = []
        for page in chosen:
            faults += run_page(page, server)
        return faults + server.faults()


def run_page(page: Page, server: "Server") -> list[str]:
    runnable = [block for block in page.blocks if block.script]
    left_out = [block for block in page.blocks if block.mark == "not run"]
    if not runnable and not left_out:
        return []
    directory = server.home / page.name.replace("/", "-")
    directory.mkdir()
    script = ["set -euo pipefail"]
    for number, block in enumerate(runnable):
        script.append(f"exec >{directory}/{number}.log 2>&1\n" + block.script.replace(ADDRESS, server.base))
    (directory / "script.sh").write_text("\n".join(script))
    (directory / "work").mkdir()

    started = time.monotonic()
    process = subprocess.Popen(
        ["bash", directory / "script.sh"], cwd=directory / "work", env=server.environment, stdin=subprocess.DEVNULL,
        start_new_session=True)
    try:
        status = process.wait(SECONDS)
    except subprocess.TimeoutExpired:
        status = f"no status within {SECONDS} s"
    finally:
        # Whatever the page left in the background, too.
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()

    logs = [directory / f"{number}.log" for number in range(len(runnable))]
    reached = [block for block, log in zip(runnable, logs) if log.exists()]
    faults = []
    if status != 0:
        last = reached[-1] if reached else runnable[0]
        text = logs[max(len(reached) - 1, 0)].read_text(errors="replace")[-2000:] if reached else ""
        faults.append(f"{last.place}: the block ended with {status}\n{indented(last.script)}\n{indented(text)}")
        reached = reached[:-1]
    outputs = {block.line: logs[number].read_text(errors="replace") for number, block in enumerate(reached)}
    faults += compare(page, outputs)
    sign = "✘" if faults else "✔"
    print(f"{sign} {page.name}: {len(reached)} of {len(runnable)} blocks ran ({time.monotonic() - started:.1f} s)", flush=True)
    for block in left_out:
        print(f"  not run, line {block.line}: {block.reason}", flush=True)
    return faults


def compare(page: Page, outputs: dict[int, str]) -> list[str]:
    """Blocks of `output` are what the block above them printed."""
    faults = []
    for above, block in itertools.pairwise(page.blocks):
        if block.language != "output" or above.line not in outputs:
            continue
        pattern = re.escape(block.text.strip()).replace("…", ".*")
        if not re.fullmatch(pattern, outputs[above.line].strip(), re.DOTALL):
            faults.append(f"{block.place}: the block above printed\n{indented(outputs[above.line])}")
    return faults


def indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.strip().splitlines())


# The server


class Server:
    """A demo school, served."""

    def __init__(self, home: pathlib.Path):
        self.home = home
        self.program = os.environ["LYCEUM_PROGRAM"]
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("LYCEUM_")} | {
            "LYCEUM_OWNER_DATABASE_URL": self.url("lyceum", "lyceum_owner"),
            "LYCEUM_DATABASE_URL": self.url("lyceum", "lyceum_server"),
            "LYCEUM_TOKEN_KEYS": "k1:" + "A" * 43,
            "LYCEUM_SECRETS_KEYS": "k1:" + "B" * 42 + "A",
            "LYCEUM_LISTEN_PORT": str(self.port),
            "LYCEUM_RESOURCES_DIRECTORY": str(ROOT),
            "LYCEUM_LOG_LEVEL": "warning",
            "PATH": f"{pathlib.Path(self.program).parent}:{os.environ['PATH']}",
            "DOCS": str(ROOT / "Tests/Docs"),
        }

    def __enter__(self) -> "Server":
        # As docs/operations.md has a superuser do it.
        passwords = {"LYCEUM_OWNER_PASSWORD": "owner", "LYCEUM_SERVER_PASSWORD": "server"}
        self.psql("--file", str(ROOT / "docs/roles.sql"), environment=passwords)
        self.lyceum("migrate", "up")
        self.lyceum("demo", "--today", TODAY, "--years", "1")
        with open(self.home / "server.log", "wb") as log:
            self.process = subprocess.Popen([self.program, "serve"], env=self.environment, stdout=log, stderr=log)
        deadline = time.monotonic() + 30
        while self.process.poll() is None and time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"{self.base}/readyz").close()
                return self
            except urllib.error.URLError:
                time.sleep(0.05)
        self.process.kill()
        raise SystemExit(f"error: the server does not start: {(self.home / 'server.log').read_text()[-2000:]}")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)

    def faults(self) -> list[str]:
        lines = (self.home / "server.log").read_text().splitlines()
        return [f"the server's log has an error: {line}" for line in lines if '"level":"error"' in line and '"status":503' not in line]

    def lyceum(self, *arguments: str):
        subprocess.run([self.program, *arguments], env=self.environment, check=True, stdout=subprocess.DEVNULL)

    def psql(self, *arguments: str, environment: dict[str, str]):
        subprocess.run(
            ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", *arguments, self.url("postgres", "postgres")],
            env=os.environ | environment, check=True)

    def url(self, database: str, role: str) -> str:
        return f"postgresql:///{database}?host={self.home}&user={role}&options=-c%20lyceum.today%3D{TODAY}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


if __name__ == "__main__":
    main()
