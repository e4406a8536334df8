"""What the environment says, see script/bench --help."""

import os
import pathlib


def number(name: str, default: int) -> int:
    text = os.environ.get(name, "")
    if not text:
        return default
    if not text.isdigit() or int(text) == 0:
        raise SystemExit(f"error: {name} is a number above 0, not {text!r}")
    return int(text)


ROOT = pathlib.Path(__file__).resolve().parents[2]
PEERS = ROOT / "Benchmarks" / "Peers"
# What is built for the peers stays between runs.
BUILT = ROOT / ".build" / "benchmarks"

SECONDS = number("SECONDS_EACH", 5)
ROUNDS = number("ROUNDS", 7)
CONNECTIONS = number("CONNECTIONS", 32)
CORES = number("CORES", os.cpu_count() or 1)
# What the demo schools hold: half a million marks each with three years.
YEARS = number("YEARS", 3)
LONG = bool(os.environ.get("LONG"))
# Threads of wrk and pgbench. As many as the server has: to ask for a fixed answer costs about what giving it does, and with
# fewer the client is what is measured.
CLIENT_THREADS = CORES
# Wrong passwords for logins that exist and for those that do not, together.
GUESSES = number("GUESSES", 1_000)
IDLE_CONNECTIONS = number("IDLE_CONNECTIONS", 10_000)
# Of the long answers: how long, how many bytes a second the slow reader takes, how many quick ones there are beside it.
STREAM_BYTES = number("STREAM_BYTES", 1 << 30)
STREAM_RATE = number("STREAM_RATE", 20_000_000)
STREAM_READERS = number("STREAM_READERS", 50)

PROGRAM = os.environ.get("LYCEUM_BENCH_PROGRAM", "")
HOME = pathlib.Path(os.environ.get("LYCEUM_BENCH_HOME", "/nonexistent"))
