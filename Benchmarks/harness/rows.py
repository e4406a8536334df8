"""The rows of the table, by name. Each measures and returns its lines."""

import itertools
import pathlib
import statistics
import threading
import time

from . import database, events, exports, fixed, guesses, mark_exports, mixed, reads, reports, servers, settings, streams, uploads, writes
from .context import Context
from .idle import IdleConnections
from .load import Measured, compare, wrk
from .processes import say
from .reads import FIRST, against, reading
from .school import School, sign_in
from .table import Line

MEBIBYTE = 1024 * 1024


def growth(context: Context) -> list[Line]:
    """The same student's week among ten times as many schools."""
    one = context.school
    database.make_schools("lyceum10", 10)
    marks = database.query("lyceum10", "lyceum_owner", "SELECT count(*) FROM marks")[0][0]
    server = servers.lyceum("lyceum-10", "lyceum10", keeps=False)
    ten = School("lyceum10", server.url)
    for url, school in ((context.first.url, one), (server.url, ten)):
        wrk(url + school.diary, school.parent, seconds=2)
    result = compare(
        "the same diary on 10 x the data",
        reading(server, ten.diary, ten.parent),
        reading(context.first, one.diary, one.parent),
    )
    server.stop()
    work = f"the same diary on 10 x the data, {int(marks):,} marks, {FIRST}"
    return [Line(work, "itself on 1 x", "0.95 x", "1 x", against(result))]


def sign_ins(context: Context) -> list[Line]:
    """Hashing a password takes a core 80 to 100 ms, so five a second take half a core. The number of answered sign-ins
    is reported too: a server that lets them wait has an easy p99."""
    school, url = context.school, context.first.url
    work = reading(context.first, school.diary, school.parent)
    answered = []

    def with_sign_ins() -> Measured:
        with SignIns(url, a_second=5) as people:
            measured = work()
            answered.append(people.answered / settings.SECONDS)
            say(f"  {answered[-1]:.1f} sign-ins a second were answered")
        return measured

    result = compare("p99 of the diary while 5 people a second sign in", with_sign_ins, work)

    def p99(measured: Measured) -> float:
        return measured.p99_milliseconds

    low, high = result.spread(p99)
    rate = statistics.median(answered)
    measured = f"**{result.ratio(p99):.2f} x** ({low:.2f} – {high:.2f}; {rate:.1f} sign-ins/s answered)"
    work = f"diary's p99, {FIRST}, while 5 people a second sign in, {autogroup()}"
    return [Line(work, "itself without", "at most 1.7 x", "1.3 x", measured)]


def autogroup() -> str:
    """Whether Linux first divides processors among sessions, which priorities of threads do not change."""
    path = pathlib.Path("/proc/sys/kernel/sched_autogroup_enabled")
    return f"`sched_autogroup_enabled` {path.read_text().strip() if path.exists() else 0}"


class SignIns:
    """People who sign in at a steady rate, whether or not earlier ones have been answered."""

    def __init__(self, url: str, a_second: int):
        self.url = url
        self.pause = 1 / a_second
        self.answered = 0
        # In turns: more than five sign-ins of one login at once count as guesses.
        self.logins = itertools.cycle(["student", "parent", "teacher", "deputy", "head", "admin"])
        self.over = threading.Event()
        self.people: list[threading.Thread] = []
        self.clock = threading.Thread(target=self.come)

    def come(self):
        due = time.monotonic()
        while not self.over.is_set():
            person = threading.Thread(target=self.sign_in, args=[next(self.logins)])
            person.start()
            self.people.append(person)
            due += self.pause
            self.over.wait(max(0, due - time.monotonic()))

    def sign_in(self, login: str):
        try:
            sign_in(self.url, login)
            self.answered += 1
        except (OSError, SystemExit):
            pass

    def __enter__(self):
        self.clock.start()
        return self

    def __exit__(self, *_):
        """Waits for the remaining answers, so that the next round begins without them."""
        self.over.set()
        self.clock.join()
        for person in self.people:
            person.join()


def memory(context: Context) -> list[Line]:
    context.school
    server = servers.lyceum("lyceum-memory")
    try:
        idle = server.resident_bytes()
        with IdleConnections(server.port, settings.IDLE_CONNECTIONS) as connections:
            held = server.resident_bytes()
            still_open = connections.still_open()
        say(f"  {idle / MEBIBYTE:.1f} MiB; with {still_open} idle connections {held / MEBIBYTE:.1f} MiB")
    finally:
        server.stop()
    return [
        Line("resident memory, idle", "-", "40 MiB", "30 MiB", f"**{idle / MEBIBYTE:.0f} MiB**"),
        Line(
            f"resident memory, {still_open:,} idle connections", "-", "100 MiB", "60 MiB",
            f"**{held / MEBIBYTE:.0f} MiB**",
        ),
    ]


def connections(context: Context) -> list[Line]:
    school = context.school
    work = reading(context.first, school.diary, school.parent)

    def among_idle() -> Measured:
        with IdleConnections(context.first.port, settings.IDLE_CONNECTIONS) as idle:
            measured = work()
            if idle.still_open() < settings.IDLE_CONNECTIONS:
                say(f"  only {idle.still_open()} idle connections were still open at the end")
            return measured

    result = compare(f"the diary among {settings.IDLE_CONNECTIONS} idle connections", among_idle, work)
    lines = [
        Line(f"the same diary, {FIRST}, among {settings.IDLE_CONNECTIONS:,} idle connections", "itself without", "-", "-",
             against(result))
    ]
    result = compare(
        "/livez, 1,024 connections and 64",
        reading(context.lyceum, "/livez", "", 1024),
        reading(context.lyceum, "/livez", "", 64),
    )
    return lines + [Line("`GET /livez`, 1,024 connections", "itself with 64", "-", "-", against(result))]


def start(context: Context) -> list[Line]:
    context.school
    times = []
    for _ in range(max(5, settings.ROUNDS)):
        server = servers.lyceum("lyceum-start", pause=0.001)
        times.append(server.seconds_to_first_answer * 1000)
        server.stop()
    say("  " + ", ".join(f"{one:.0f}" for one in times) + " ms")
    return [Line("start to first answer", "-", "100 ms", "50 ms", f"**{statistics.median(times):.0f} ms**")]


def long(context: Context) -> list[Line]:
    """A million requests in ten steps: diaries and journals for half a minute, then /livez until the step is
    complete."""
    if not settings.LONG:
        return []
    school = context.school
    server = servers.lyceum("lyceum-long")
    sizes = []
    total = 0
    try:
        for step in range(1, 11):
            for path, token, share in ((school.diary, school.parent, 20), (school.journal, school.teacher, 10)):
                total += int(wrk(server.url + path, token, seconds=share).per_second * share)
            while total < step * 100_000:
                total += int(wrk(server.url + "/livez", connections=64, seconds=1).per_second)
            sizes.append(server.resident_bytes() / MEBIBYTE)
            say(f"  {total:,} requests: {sizes[-1]:.1f} MiB")
    finally:
        server.stop()
    measured = f"**{sizes[0]:.0f} → {sizes[-1]:.0f} MiB**"
    return [Line(f"resident memory over {total:,} requests", "after the first tenth", "flat", "flat", measured)]


ROWS = {
    "diary": reads.diary,
    "diary-kept": reads.diary_kept,
    "journal": reads.journal,
    "journal-kept": reads.journal_kept,
    "mixed": mixed.rows,
    "livez": fixed.livez,
    "patch": writes.patch,
    "log": writes.log,
    "growth": growth,
    "sign-ins": sign_ins,
    "guesses": guesses.rows,
    "memory": memory,
    "connections": connections,
    "events": events.rows,
    "stream": streams.rows,
    "exports": exports.rows,
    "mark-exports": mark_exports.rows,
    "reports": reports.rows,
    "uploads": uploads.rows,
    "start": start,
    "long": long,
}
