"""The diary and the journal: first reads, for which PostgreSQL makes everything, and kept answers, for which it is asked
whether they are still true."""

import statistics
from dataclasses import dataclass, field, replace

from . import load, settings
from .context import READING, Context
from .load import Comparison, Measured, compare, wrk, wrk_at
from .processes import Server
from .school import request, tag_of
from .statements import Captured, capture_question
from .table import Line

# As the table says it.
FIRST = "first read"
KEPT = "**kept**"

GO = "Go net/http + pgx"
GZIP = {"Accept-Encoding": "gzip"}


@dataclass(frozen=True)
class Read:
    path: str
    token: str
    headers: dict = field(default_factory=dict)

    def warm_up(self, server: Server):
        wrk(server.url + self.path, self.token, seconds=2, headers=self.headers)

    def at(self, server: Server):
        return lambda: wrk_at(server, self.path, self.token, headers=self.headers)

    def unchanged(self, server: Server) -> "Read":
        """The same by a client that has this server's answer."""
        tag = tag_of(server.url + self.path, self.token, self.headers)
        return replace(self, headers=self.headers | {"If-None-Match": tag})


def against(comparison: Comparison) -> str:
    low, high = comparison.spread()
    ours = statistics.median(one.per_second for one in comparison.ours)
    details = [f"{low:.2f} – {high:.2f}", f"{ours:,.0f}/s", comparison.processor_time()]
    return f"**{comparison.ratio():.2f} x** ({'; '.join(detail for detail in details if detail)})"


def reading(server: Server, path: str, token: str = "", connections: int = 0):
    return lambda: wrk_at(server, path, token, connections)


def diary(context: Context) -> list[Line]:
    school = context.school
    read = Read(school.diary, school.parent)
    work = f"`GET /v1/students/{{id}}/diary`, one week, {FIRST}, {settings.CONNECTIONS} connections"
    fastapi = f"FastAPI + asyncpg ({settings.CORES} workers)"
    return [
        against_peer(context, context.first, context.go, work, read, GO, "1.3 x", "1.6 x"),
        against_peer(context, context.first, context.fastapi, work, read, fastapi, "2 x", "2.5 x"),
        against_database(context, context.first, work, read, context.captured["diary"], "the same SQL", "0.85 x", "0.9 x"),
        against_go_gzip(context, context.first, work, read, "-", "-"),
    ]


def diary_kept(context: Context) -> list[Line]:
    school = context.school
    read = Read(school.diary, school.parent)
    work = f"the same diary again, {KEPT}"
    lines = [against_peer(context, context.lyceum, context.go, work, read, f"{GO}, which makes it", "5 x", "8 x")]
    question = capture_question(context.lyceum.url, read.path, read.token)
    what = "the short question"
    lines.append(against_database(context, context.lyceum, work, read, question, what, "0.7 x", "0.85 x"))
    lines.append(against_go_gzip(context, context.lyceum, work, read, "8 x", "15 x"))
    lines.append(unchanged(context, work, read, "5 x", "8 x"))
    check_kept(context, "getStudentDiary")
    return lines


def journal(context: Context) -> list[Line]:
    school = context.school
    read = Read(school.journal, school.teacher)
    work = f"`GET /v1/sections/{{id}}/journal`, {school.pupils} students x {school.lessons} lessons, {FIRST}"
    fastapi = f"FastAPI + asyncpg ({settings.CORES} workers)"
    return [
        against_peer(context, context.first, context.go, work, read, GO, "1.5 x", "1.8 x"),
        against_peer(context, context.first, context.fastapi, work, read, fastapi, "-", "-"),
        against_go_gzip(context, context.first, work, read, "-", "-"),
    ]


def journal_kept(context: Context) -> list[Line]:
    school = context.school
    read = Read(school.journal, school.teacher)
    work = f"the same journal again, {KEPT}"
    lines = [
        against_peer(context, context.lyceum, context.go, work, read, f"{GO}, which makes it", "5 x", "8 x"),
        against_go_gzip(context, context.lyceum, work, read, "-", "-"),
    ]
    check_kept(context, "getSectionJournal")
    return lines


def against_peer(
    context: Context, ours: Server, peer: Server, work: str, read: Read, name: str, least: str, aim: str
) -> Line:
    context.same(ours, peer, read.path, read.token, read.headers)
    for server in (ours, peer):
        read.warm_up(server)
    result = compare(f"{work}, {name}", read.at(ours), read.at(peer))
    return Line(work, name, least, aim, against(result))


def against_go_gzip(context: Context, ours: Server, work: str, read: Read, least: str, aim: str) -> Line:
    compressed = replace(read, headers=GZIP)
    return against_peer(
        context, ours, context.go, f"{work}, gzip", compressed, f"{GO}, compress/gzip", least, aim
    )


def unchanged(context: Context, work: str, read: Read, least: str, aim: str) -> Line:
    ours, theirs = read.unchanged(context.lyceum), read.unchanged(context.go)
    ours.warm_up(context.lyceum)
    theirs.warm_up(context.go)
    result = compare(f"{work}, 304", ours.at(context.lyceum), theirs.at(context.go))
    return Line(f"{work}, 304", f"{GO}, which makes the answer to know its tag", least, aim, against(result))


def against_database(
    context: Context, ours: Server, work: str, read: Read, captured: Captured, what: str, least: str, aim: str
) -> Line:
    text, variables = captured.for_pgbench()
    script = settings.HOME / "pgbench.sql"
    script.write_text(text)

    def database_alone(clients: int, seconds: int = 0) -> Measured:
        return load.pgbench(script, variables, clients, seconds, READING)

    clients = load.best(
        sorted({settings.CORES, 2 * settings.CORES, settings.CONNECTIONS}),
        lambda count: database_alone(count, 3),
        "clients of pgbench",
    )
    read.warm_up(ours)
    result = compare(f"{work}, pgbench", read.at(ours), lambda: database_alone(clients))
    name = f"pgbench -M prepared, {what}, {clients} clients, database alone"
    return Line(work, name, least, aim, against(result))


def check_kept(context: Context, route: str):
    """Nothing was written meanwhile, so next to no answer of this route may have been made anew."""
    share = KeptAnswers.of(context.lyceum).share(route)
    if share < 0.99:
        raise SystemExit(f"error: only {share:.1%} of the answers of {route} were kept ones")


class KeptAnswers:
    """The counters of /metrics."""

    def __init__(self, counts: dict[tuple[str, str], int]):
        self.counts = counts

    @staticmethod
    def of(server: Server) -> "KeptAnswers":
        counts = {}
        for line in request(f"http://127.0.0.1:{server.admin_port}/metrics").decode().splitlines():
            if line.startswith("lyceum_kept_answers_total{"):
                labels, count = line.rsplit(" ", 1)
                _, event, _, route, _ = labels.split('"')
                counts[route, event] = int(count)
        return KeptAnswers(counts)

    def since(self, earlier: "KeptAnswers") -> "KeptAnswers":
        return KeptAnswers({key: count - earlier.counts.get(key, 0) for key, count in self.counts.items()})

    def share(self, *routes: str) -> float:
        """How many of the answers were kept ones."""
        kept, made = (sum(self.counts.get((route, event), 0) for route in routes) for event in ("kept", "made"))
        return kept / max(1, kept + made)
