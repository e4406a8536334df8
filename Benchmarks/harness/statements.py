"""The statements that Lyceum sends to PostgreSQL for one request, taken word for word from its own session, for the
peers and pgbench."""

import json
import pathlib

from . import database, settings, tokens
from .journals import Page
from .school import School, request

SHAPES = json.loads((pathlib.Path(__file__).parent / "shapes.json").read_text())


class Captured:
    def __init__(self, statements: list[tuple[str, list]], named: dict[str, str]):
        """`named` maps names to the values that a request brings along."""
        self.statements = statements
        self.names = {value: name for name, value in named.items()}

    def for_peers(self) -> list[dict]:
        return [
            {"sql": sql, "parameters": [self.parameter(value) for value in parameters]}
            for sql, parameters in self.statements
        ]

    def parameter(self, value) -> dict:
        if value is None:
            return {}
        return {"name": self.names[value]} if value in self.names else {"value": value}

    def for_pgbench(self, *more: str) -> tuple[str, list[str]]:
        """One pipeline (or one statement alone) in which every value is a variable, and the variables as pgbench's arguments, which cannot be
        empty. `more` are statements with variables of their own."""
        variables: list[str] = []
        lines = []
        for sql, parameters in self.statements:
            for number in range(len(parameters), 0, -1):
                value = parameters[number - 1]
                if value and value not in variables:
                    variables.append(value)
                text = f":v{variables.index(value)}" if value else "NULL" if value is None else "''"
                sql = sql.replace(f"${number}", text)
            lines.append(" ".join(sql.split("\n")) + ";")
        lines += more
        if len(lines) > 1:
            lines = ["\\startpipeline", *lines, "\\endpipeline"]
        arguments = [part for index, value in enumerate(variables) for part in ("-D", f"v{index}={value}")]
        return "\n".join(lines) + "\n", arguments

    def for_psql(self) -> str:
        """The only statement, with its values."""
        ((sql, parameters),) = self.statements
        for number in range(len(parameters), 0, -1):
            value = parameters[number - 1]
            text = "NULL" if value is None else "'" + value.replace("'", "''") + "'"
            sql = sql.replace(f"${number}", text)
        return sql


def capture_reads(school: School, url: str) -> dict[str, Captured]:
    captured = {}
    for name, path, token, identifier in (
        ("diary", school.diary, school.parent, school.student),
        ("marks", school.marks, school.parent, school.student),
        ("journal", school.journal, school.teacher, school.section),
    ):
        request_id = f"bench-{name}"
        request(url + path, token)  # whatever only a first request asks
        statements = database.statements_of(
            request_id, lambda: request(url + path, token, headers={"X-Request-Id": request_id})
        )
        first, last = path.split("from=")[1].split("&to=")
        named = caller(token, request_id) | {"id": identifier, "from": first, "to": last}
        captured[name] = Captured(statements, named)
    return captured


def capture_patch(school: School, url: str, page: Page) -> Captured:
    """A batch that changes marks; none is new."""
    request_id = "bench-patch"
    page.read(url)
    statements = database.statements_of(request_id, lambda: page.write(url, {"X-Request-Id": request_id}))
    marks = page.same_batch()["marks"]

    def column(of) -> str:
        return "{" + ",".join(str(of(mark)) for mark in marks) + "}"

    named = caller(page.teacher, request_id) | {
        "id": page.section,
        "line_items": column(lambda mark: mark["line_item_id"]),
        "students": column(lambda mark: mark["student_id"]),
        "kinds": column(lambda mark: mark["value"]["kind"]),
        "numbers": column(lambda mark: mark["value"]["number"]),
        "versions": column(lambda mark: mark["version"]),
    }
    return Captured(statements, named)


def capture_question(url: str, path: str, token: str) -> Captured:
    """The question behind a kept answer: whether it is still true."""

    def ask():
        # Each core keeps its own answers, and the cores take turns.
        for _ in range(8 * settings.CORES):
            request(url + path, token)

    ask()
    captured = Captured([database.question_of(ask)], {})
    answer = database.query("lyceum", "lyceum_server", captured.for_psql())
    if answer != [["t"]]:
        raise SystemExit(f"error: the question about {path} is answered with {answer}")
    return captured


def caller(token: str, request_id: str) -> dict[str, str]:
    claims = tokens.claims_of(token)
    return {"school": str(claims["school"]), "user": claims["sub"], "session": claims["sid"], "request_id": request_id}


def write_work(path: pathlib.Path, captured: dict[str, Captured]):
    """The file that the peers read at their start."""
    endpoints = {
        name: {"statements": captured[name].for_peers(), "json": SHAPES[name]} for name in ("diary", "marks", "journal")
    }
    work = {"issuer": tokens.ISSUER, "audience": tokens.AUDIENCE, "endpoints": endpoints}
    if "patch" in captured:
        work["patch"] = {"statements": captured["patch"].for_peers()}
    path.write_text(json.dumps(work))
