"""Settings from the environment, see script/bench --help."""

import os
import pathlib


def number(name: str, default: int) -> int:
    text = os.environ.get(name, "")
    if not text:
        return default
    if not text.isdigit() or int(text) == 0:
        raise SystemExit(f"error: {name} must be a number above 0, not {text!r}")
    return int(text)


ROOT = pathlib.Path(__file__).resolve().parents[2]
PEERS = ROOT / "Benchmarks" / "Peers"
# The peers' build products are kept between runs.
BUILT = ROOT / ".build" / "benchmarks"

SECONDS = number("SECONDS_EACH", 5)
ROUNDS = number("ROUNDS", 7)
CONNECTIONS = number("CONNECTIONS", 32)
CORES = number("CORES", os.cpu_count() or 1)
# The content of the demo schools: half a million marks each with three years.
YEARS = number("YEARS", 3)
LONG = bool(os.environ.get("LONG"))
# Threads of wrk and pgbench, as many as the server has: asking for a fixed answer costs about as much as giving it, and
# with fewer threads the client would be the bottleneck.
CLIENT_THREADS = CORES
# Wrong passwords for existing and for unknown logins, together.
GUESSES = number("GUESSES", 1_000)
IDLE_CONNECTIONS = number("IDLE_CONNECTIONS", 10_000)
EVENT_STREAMS = number("EVENT_STREAMS", 5_000)
# Marks in the export that is measured.
EXPORT_ROWS = number("EXPORT_ROWS", 1_000_000)
# Students of the school whose reports are measured.
REPORT_STUDENTS = number("REPORT_STUDENTS", 1_000)
# Long answers: their length, the bytes per second of the slow reader, and the number of fast readers beside it.
STREAM_BYTES = number("STREAM_BYTES", 1 << 30)
STREAM_RATE = number("STREAM_RATE", 20_000_000)
STREAM_READERS = number("STREAM_READERS", 50)

PROGRAM = os.environ.get("LYCEUM_BENCH_PROGRAM", "")
HOME = pathlib.Path(os.environ.get("LYCEUM_BENCH_HOME", "/nonexistent"))
