"""Load, and the comparison of two sides: in turns, because the machine is noisy and the ratio is what matters."""

import json
import os
import re
import statistics
import subprocess
import time
from dataclasses import dataclass
from typing import Callable

from . import database, settings
from .processes import Server, say


@dataclass
class Measured:
    per_second: float
    p99_milliseconds: float = 0
    p50_milliseconds: float = 0
    # Processor time of a request, in milliseconds: the server's and the database's. Other load on the machine affects
    # it less than the rates.
    server: float = 0
    database: float = 0


def wrk(url: str, token: str = "", connections: int = 0, seconds: int = 0, headers: dict | None = None) -> Measured:
    connections = connections or settings.CONNECTIONS
    # All threads have the same number of connections, so there may be a few more than requested.
    threads = min(settings.CLIENT_THREADS, connections)
    connections = -(-connections // threads) * threads
    command = ["wrk", "--latency", "--timeout", "30s", f"-t{threads}", f"-c{connections}"]
    command += [f"-d{seconds or settings.SECONDS}"]
    fields = ({"Authorization": f"Bearer {token}"} if token else {}) | (headers or {})
    for name, value in fields.items():
        command += ["-H", f"{name}: {value}"]
    output = subprocess.run(command + [url], check=True, stdout=subprocess.PIPE, text=True).stdout
    if "Non-2xx" in output or "Socket errors" in output:
        raise SystemExit(f"error: {url}: {output}")
    rate = re.search(r"^Requests/sec: *([0-9.]+)", output, re.M)
    return Measured(float(rate[1]), latency(output, 99), latency(output, 50))


def latency(output: str, percentile: int) -> float:
    """In milliseconds."""
    found = re.search(rf"^ *{percentile}% +([0-9.]+)(us|ms|s|m)", output, re.M)
    return float(found[1]) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60_000}[found[2]]


def wrk_at(
    server: Server, path: str, token: str = "", connections: int = 0, headers: dict | None = None
) -> Measured:
    return timed(server, lambda: wrk(server.url + path, token, connections, headers=headers))


def timed(server: Server, work: Callable[[], Measured]) -> Measured:
    """Adds the processor time per request."""
    before = server.processor_seconds(), database.processor_time()
    started = time.monotonic()
    measured = work()
    requests = measured.per_second * (time.monotonic() - started)
    after = server.processor_seconds(), database.processor_time()
    measured.server, measured.database = (1000 * (b - a) / requests for a, b in zip(before, after))
    return measured


def pgbench(script, arguments: list[str], clients: int, seconds: int = 0, settings_of_session: str = "") -> Measured:
    command = ["pgbench", "-h", settings.HOME, "-U", "lyceum_server", "-n", "-M", "prepared"]
    command += ["-c", clients, "-j", min(clients, settings.CLIENT_THREADS), "-T", seconds or settings.SECONDS]
    command += ["-f", script, *arguments, "lyceum"]
    environment = {"PGOPTIONS": settings_of_session}
    return Measured(parsed_tps(run_with(environment, command)))


def run_with(environment: dict, command: list) -> str:
    result = subprocess.run(
        [str(part) for part in command],
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    if result.returncode != 0 or "ERROR" in result.stderr:
        raise SystemExit(f"error: {command[0]}: {result.stderr[-2000:]}")
    return result.stdout


def parsed_tps(output: str) -> float:
    failed = re.search(r"^number of failed transactions: (\d+)", output, re.M)
    if failed and failed[1] != "0":
        raise SystemExit(f"error: {output}")
    return float(re.search(r"^tps = ([0-9.]+)", output, re.M)[1])


def best(candidates: list, measure: Callable[[object], Measured], what: str):
    """The candidate with the highest rate; used to find the best set-up of a peer."""
    rates = {candidate: measure(candidate).per_second for candidate in candidates}
    chosen = max(rates, key=lambda candidate: rates[candidate])
    say(f"  {what}: " + ", ".join(f"{name}: {rate:.0f}/s" for name, rate in rates.items()) + f"; {chosen} it is")
    return chosen


@dataclass
class Comparison:
    ours: list[Measured]
    theirs: list[Measured]

    def ratio(self, of: Callable[[Measured], float] = lambda measured: measured.per_second) -> float:
        return statistics.median(of(ours) / of(theirs) for ours, theirs in zip(self.ours, self.theirs))

    def processor_time(self) -> str:
        """Per request: server + database, ours : theirs; empty if it was not measured on both sides."""
        if not self.ours[0].server or not self.theirs[0].server:
            return ""

        def said(side: list[Measured]) -> str:
            server = statistics.median(one.server for one in side)
            database = statistics.median(one.database for one in side)
            return f"{server:.3g} + {database:.3g}" if database >= 0.01 else f"{server:.2g}"

        return f"processor {said(self.ours)} : {said(self.theirs)} ms"

    def spread(self, of: Callable[[Measured], float] = lambda measured: measured.per_second) -> tuple[float, float]:
        ratios = [of(ours) / of(theirs) for ours, theirs in zip(self.ours, self.theirs)]
        return min(ratios), max(ratios)


def compare(name: str, ours: Callable[[], Measured], theirs: Callable[[], Measured]) -> Comparison:
    """Rounds of the two sides in turns; each pair begins with the other side."""
    say(f"Measuring: {name}")
    result = Comparison([], [])
    for number in range(settings.ROUNDS):
        for side in ("ours", "theirs") if number % 2 == 0 else ("theirs", "ours"):
            if side == "ours":
                result.ours.append(ours())
            else:
                result.theirs.append(theirs())
        mine, other = result.ours[-1], result.theirs[-1]
        say(
            f"  {mine.per_second:.0f} : {other.per_second:.0f} = {mine.per_second / other.per_second:.2f}"
            + (f", p99 {mine.p99_milliseconds:.1f} : {other.p99_milliseconds:.1f} ms" if mine.p99_milliseconds else "")
        )
    if result.processor_time():
        say(f"  {result.processor_time()}")
    return result


def same_json(name: str, ours: Callable[[], bytes], theirs: Callable[[], bytes]):
    """A peer whose answer differs is not measured."""

    def parsed(answer: bytes) -> dict:
        # orjson writes six digits of a second, the others leave out zeros at the end.
        parsed = json.loads(re.sub(rb'(\.\d*?)0+Z"', rb'\1Z"', answer))
        # A cursor moves with every transaction of the database, and a kept answer has an older one.
        return parsed | {"cursor": "any"} if isinstance(parsed.get("cursor"), str) else parsed

    before, peer, after = parsed(ours()), parsed(theirs()), parsed(ours())
    if peer not in (before, after):
        keys = [key for key in before if before[key] != peer.get(key)] + [key for key in peer if key not in before]
        first = keys[0]
        raise SystemExit(
            f"error: {name} answers with other JSON than Lyceum, in {keys}:\n"
            f"{json.dumps(before.get(first), ensure_ascii=False)}\n{json.dumps(peer.get(first), ensure_ascii=False)}"
        )
