"""`GET /livez`: a fixed answer, so HTTP alone."""

from . import servers
from .context import Context
from .load import compare, wrk
from .reads import against, reading
from .table import Line


def livez(context: Context) -> list[Line]:
    work = "`GET /livez`, 64 connections"
    lines = []
    for peer, name, least, aim in (
        (servers.nginx, "nginx `return 200`, no log", "0.9 x", "1.1 x"),
        (servers.h2o, "h2o, a file, no log", "-", "-"),
        (lambda: context.go, "Go net/http", "1.5 x", "2 x"),
        (lambda: context.hummingbird, "Hummingbird", "-", "-"),
    ):
        other = peer()
        context.same(context.lyceum, other, "/livez", "")
        for server in (context.lyceum, other):
            wrk(server.url + "/livez", connections=64, seconds=2)
        result = compare(
            f"{work}, {name}", reading(context.lyceum, "/livez", "", 64), reading(other, "/livez", "", 64)
        )
        lines.append(Line(work, name, least, aim, against(result)))
    return lines
