"""The statements that Lyceum sends to PostgreSQL for one request, taken word for word from its own session, for the
peers and pgbench."""

import json
import pathlib

from . import database, tokens
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

    def for_pgbench(self) -> tuple[str, list[str]]:
        """One pipeline in which every value is a variable, and the variables as pgbench's arguments, which cannot be
        empty."""
        variables: list[str] = []
        lines = ["\\startpipeline"]
        for sql, parameters in self.statements:
            for number in range(len(parameters), 0, -1):
                value = parameters[number - 1]
                if value and value not in variables:
                    variables.append(value)
                text = f":v{variables.index(value)}" if value else "NULL" if value is None else "''"
                sql = sql.replace(f"${number}", text)
            lines.append(" ".join(sql.split("\n")) + ";")
        lines.append("\\endpipeline")
        arguments = [part for index, value in enumerate(variables) for part in ("-D", f"v{index}={value}")]
        return "\n".join(lines) + "\n", arguments


def capture_reads(school: School, url: str) -> dict[str, Captured]:
    captured = {}
    for name, path, token, identifier in (
        ("diary", school.diary, school.parent, school.student),
        ("journal", school.journal, school.teacher, school.section),
    ):
        request_id = f"bench-{name}"
        request(url + path, token)  # whatever only a first request asks
        statements = database.statements_of(
            request_id, lambda: request(url + path, token, headers={"X-Request-Id": request_id})
        )
        claims = tokens.claims_of(token)
        first, last = path.split("from=")[1].split("&to=")
        named = {
            "school": str(claims["school"]),
            "user": claims["sub"],
            "session": claims["sid"],
            "id": identifier,
            "from": first,
            "to": last,
            "request_id": request_id,
        }
        captured[name] = Captured(statements, named)
    return captured


def write_work(path: pathlib.Path, captured: dict[str, Captured]):
    """The file that the peers read at their start."""
    endpoints = {
        name: {"statements": captured[name].for_peers(), "json": SHAPES[name]} for name in ("diary", "journal")
    }
    path.write_text(json.dumps({"issuer": tokens.ISSUER, "audience": tokens.AUDIENCE, "endpoints": endpoints}))
