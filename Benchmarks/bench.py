"""Measures Lyceum beside its peers; run by script/bench, which documents it."""

import signal
import sys

from harness import settings
from harness.context import Context
from harness.processes import Server, allow_many_files
from harness.rows import ROWS
from harness.table import printed


def leave(number, _):
    """Only once: ending the servers must not be interrupted."""
    for other in (signal.SIGTERM, signal.SIGINT):
        signal.signal(other, signal.SIG_IGN)
    sys.exit(128 + number)


def main(arguments: list[str]):
    if arguments == ["--list"]:
        print("\n".join(ROWS))
        return
    only_checks = "--check" in arguments
    names = [argument for argument in arguments if argument != "--check"]
    unknown = [name for name in names if name not in ROWS]
    if unknown:
        raise SystemExit(f"error: no row {', '.join(unknown)}; there are {', '.join(ROWS)}")
    if only_checks:
        return

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, leave)
    allow_many_files()
    settings.BUILT.mkdir(parents=True, exist_ok=True)
    lines = []
    try:
        context = Context()
        for name, row in ROWS.items():
            if not names or name in names:
                lines += row(context)
    finally:
        Server.stop_all()
        if lines:
            print(printed(lines, names), flush=True)


main(sys.argv[1:])
