"""The rows of the table, by name. Each measures and returns its lines."""

import itertools
import pathlib
import statistics
import threading
import time

from . import database, exports, guesses, journals, load, servers, settings, streams, uploads
from .context import READING, WRITING, Context
from .idle import IdleConnections
from .load import Comparison, Measured, compare, wrk, wrk_at
from .processes import say
from .school import School, request, sign_in
from .statements import Captured
from .table import Line

MEBIBYTE = 1024 * 1024


def against(comparison: Comparison) -> str:
    low, high = comparison.spread()
    ours = statistics.median(one.per_second for one in comparison.ours)
    details = [f"{low:.2f} – {high:.2f}", f"{ours:,.0f}/s", comparison.processor_time()]
    return f"**{comparison.ratio():.2f} x** ({'; '.join(detail for detail in details if detail)})"


def reading(server, path: str, token: str = "", connections: int = 0):
    return lambda: wrk_at(server, path, token, connections)


def against_peer(context: Context, peer, work: str, path: str, token: str, name: str, least: str, aim: str) -> Line:
    context.same(peer, path, token)
    for server in (context.lyceum, peer):
        wrk(server.url + path, token, seconds=2)
    result = compare(f"{work}, {name}", reading(context.lyceum, path, token), reading(peer, path, token))
    return Line(work, name, least, aim, against(result))


def diary(context: Context) -> list[Line]:
    school = context.school
    work = f"`GET /v1/students/{{id}}/diary`, one week, signed in, {settings.CONNECTIONS} connections"
    fastapi = f"FastAPI + asyncpg ({settings.CORES} workers)"
    return [
        against_peer(context, context.go, work, school.diary, school.parent, "Go net/http + pgx", "1.6 x", "2 x"),
        against_peer(context, context.fastapi, work, school.diary, school.parent, fastapi, "4 x", "5 x"),
        diary_database(context, work),
    ]


def diary_database(context: Context, work: str) -> Line:
    school = context.school
    text, variables = context.captured["diary"].for_pgbench()
    script = settings.HOME / "diary.sql"
    script.write_text(text)

    def database_alone(clients: int, seconds: int = 0) -> Measured:
        return load.pgbench(script, variables, clients, seconds, READING)

    clients = load.best(
        sorted({settings.CORES, 2 * settings.CORES, settings.CONNECTIONS}),
        lambda count: database_alone(count, 3),
        "clients of pgbench",
    )
    ours = reading(context.lyceum, school.diary, school.parent)
    result = compare(f"{work}, pgbench", ours, lambda: database_alone(clients))
    name = f"pgbench -M prepared, the same SQL, {clients} clients, database alone"
    return Line(work, name, "0.75 x", "0.85 x", against(result))


def livez(context: Context) -> list[Line]:
    work = "`GET /livez`, 64 connections"
    lines = []
    for peer, name, least, aim in (
        (context.go, "Go net/http", "1.5 x", "2 x"),
        (context.hummingbird, "Hummingbird", "-", "-"),
    ):
        context.same(peer, "/livez", "")
        for server in (context.lyceum, peer):
            wrk(server.url + "/livez", connections=64, seconds=2)
        result = compare(
            f"{work}, {name}", reading(context.lyceum, "/livez", "", 64), reading(peer, "/livez", "", 64)
        )
        lines.append(Line(work, name, least, aim, against(result)))
    return lines


def journal(context: Context) -> list[Line]:
    school = context.school
    work = f"`GET /v1/sections/{{id}}/journal`, {school.pupils} pupils x {school.lessons} lessons"
    lines = [
        against_peer(context, context.go, work, school.journal, school.teacher, "Go net/http + pgx", "2 x", "3 x")
    ]
    fastapi = f"FastAPI + asyncpg ({settings.CORES} workers)"
    lines.append(against_peer(context, context.fastapi, work, school.journal, school.teacher, fastapi, "-", "-"))
    return lines


# The minimum for writing marks: one statement, with the triggers for rules, versions and history.
UPSERT = """
INSERT INTO marks (school_id, id, line_item_id, student_id, kind, number)
SELECT 1, gen_random_uuid(), (CAST(:line_items AS uuid[]))[1 + :client_id], s.id, 'number', :tick
FROM unnest((CAST(:students AS text[]))[1 + :client_id]::uuid[]) AS s(id)
ON CONFLICT (school_id, line_item_id, student_id) DO UPDATE SET kind = excluded.kind, number = excluded.number;
"""


def patch(context: Context) -> list[Line]:
    school, url = context.school, context.lyceum.url
    pages = journals.pages(school, url)
    if not pages:
        return []
    batch = pages[0].batch()
    request_id = "bench-patch"
    prefix = database.statements_of(
        request_id,
        lambda: request(
            f"{url}/v1/sections/{pages[0].section}/journal", school.teacher, batch, "PATCH", {"X-Request-Id": request_id}
        ),
    )[:1]
    text, variables = upsert_script(prefix, pages)
    script = settings.HOME / "upsert.sql"
    script.write_text(text)
    marks = sum(len(page.students) for page in pages) / len(pages)
    say(f"  {len(pages)} clients, each at a section of its own, {marks:.0f} marks a batch")
    journals.write(school, url, pages, 2)
    result = compare(
        "PATCH of marks",
        lambda: journals.write(school, url, pages),
        lambda: load.pgbench(script, variables, len(pages), 0, WRITING),
    )
    work = f"`PATCH /v1/sections/{{id}}/journal`, {marks:.0f} marks, {len(pages)} clients"
    name = f"pgbench, one {marks:.0f}-row upsert with the history trigger"
    return [Line(work, name, "0.7 x", "0.85 x", against(result))]


def upsert_script(prefix: list, pages: list[journals.Page]) -> tuple[str, list[str]]:
    text, variables = Captured(prefix, {}).for_pgbench()
    line_items = ",".join(page.line_item for page in pages)
    students = ",".join('"{' + ",".join(page.students) + '}"' for page in pages)
    variables += ["-D", "tick=5", "-D", f"line_items={{{line_items}}}", "-D", f"students={{{students}}}"]
    upsert = " ".join(UPSERT.split())
    return "\\set tick 9 - :tick\n" + text.replace("\\endpipeline", upsert + "\n\\endpipeline"), variables


def growth(context: Context) -> list[Line]:
    """The same student's week among ten times as many schools."""
    one = context.school
    database.make_schools("lyceum10", 10)
    marks = database.query("lyceum10", "lyceum_owner", "SELECT count(*) FROM marks")[0][0]
    server = servers.lyceum("lyceum-10", "lyceum10")
    ten = School("lyceum10", server.url)
    for url, school in ((context.lyceum.url, one), (server.url, ten)):
        wrk(url + school.diary, school.parent, seconds=2)
    result = compare(
        "the same diary on 10 x the data",
        reading(server, ten.diary, ten.parent),
        reading(context.lyceum, one.diary, one.parent),
    )
    server.stop()
    work = f"the same diary on 10 x the data, {int(marks):,} marks"
    return [Line(work, "itself on 1 x", "0.9 x", "0.97 x", against(result))]


def sign_ins(context: Context) -> list[Line]:
    """Hashing a password takes a core 80 to 100 ms, so five a second take half a core. The number of answered sign-ins
    is reported too: a server that lets them wait has an easy p99."""
    school, url = context.school, context.lyceum.url
    work = reading(context.lyceum, school.diary, school.parent)
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
    work = f"diary's p99 while 5 people a second sign in, {autogroup()}"
    return [Line(work, "itself without", "at most 2 x", "1.3 x", measured)]


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
        Line("resident memory, idle", "-", "32 MiB", "20 MiB", f"**{idle / MEBIBYTE:.0f} MiB**"),
        Line(
            f"resident memory, {still_open:,} idle connections", "-", "150 MiB", "100 MiB",
            f"**{held / MEBIBYTE:.0f} MiB**",
        ),
    ]


def connections(context: Context) -> list[Line]:
    school = context.school
    work = reading(context.lyceum, school.diary, school.parent)

    def among_idle() -> Measured:
        with IdleConnections(context.lyceum.port, settings.IDLE_CONNECTIONS) as idle:
            measured = work()
            if idle.still_open() < settings.IDLE_CONNECTIONS:
                say(f"  only {idle.still_open()} idle connections were still open at the end")
            return measured

    result = compare(f"the diary among {settings.IDLE_CONNECTIONS} idle connections", among_idle, work)
    lines = [
        Line(f"the same diary among {settings.IDLE_CONNECTIONS:,} idle connections", "itself without", "-", "-",
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
    return [Line("start to first answer", "-", "150 ms", "50 ms", f"**{statistics.median(times):.0f} ms**")]


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
    "diary": diary,
    "livez": livez,
    "journal": journal,
    "patch": patch,
    "growth": growth,
    "sign-ins": sign_ins,
    "guesses": guesses.rows,
    "memory": memory,
    "connections": connections,
    "stream": streams.rows,
    "exports": exports.rows,
    "uploads": uploads.rows,
    "start": start,
    "long": long,
}
