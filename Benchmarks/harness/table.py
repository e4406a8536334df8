"""The table that script/bench prints, in Markdown."""

import datetime
import os
import subprocess
from dataclasses import dataclass

from . import settings


@dataclass
class Line:
    work: str
    against: str
    at_least: str
    aim: str
    measured: str


HEAD = Line("work", "against", "at least", "aim", "measured")


def printed(lines: list[Line], names: list[str]) -> str:
    def row(line: Line) -> str:
        return f"| {line.work} | {line.against} | {line.at_least} | {line.aim} | {line.measured} |"

    commit = subprocess.run(
        ["git", "-C", settings.ROOT, "rev-parse", "--short", "HEAD"], stdout=subprocess.PIPE, text=True
    ).stdout.strip()
    variables = [f"{name}={os.environ[name]}" for name in VARIABLES if os.environ.get(name)]
    command = " ".join([*variables, "script/bench", *names])
    head = (
        f"`{command}`, {datetime.date.today()}, commit {commit or '?'}, {settings.CORES} cores that servers, database and "
        f"load share; {settings.ROUNDS} rounds of {settings.SECONDS} s a side in turns, the median of their ratios "
        "(the least and the greatest):"
    )
    return "\n".join([head, "", row(HEAD), "|---|---|---|---|---|", *(row(line) for line in lines)])


VARIABLES = ("SECONDS_EACH", "ROUNDS", "CONNECTIONS", "CORES", "YEARS", "IDLE_CONNECTIONS", "GUESSES", "STREAM_BYTES", "EXPORT_ROWS", "REPORT_STUDENTS", "LONG")
