"""The audit log of a year, as a file and page by page."""

import json
import socket
import time
import urllib.parse

from . import database, servers
from .processes import say
from .school import request, sign_in
from .streams import MEBIBYTE, Peak
from .table import Line

ROWS = 500_000


def rows(context) -> list[Line]:
    context.school
    server = servers.lyceum("lyceum-exports")
    lines = []
    try:
        fill()
        token = sign_in(server.url, "admin")
        idle = server.resident_bytes()
        for name, coding in (("csv", ""), ("ndjson", ""), ("csv", "gzip")):
            memory = Peak(server)
            taken, seconds, whole = download(server.port, f"/v1/audit?format={name}", token, coding)
            peak = memory.end()
            if not whole:
                raise SystemExit("error: the log was broken off")
            text = f"{taken / MEBIBYTE:,.0f} MiB in {seconds:.1f} s, {idle / MEBIBYTE:.0f} → {peak / MEBIBYTE:.0f} MiB"
            say(f"  {name} {coding}: {text}")
            lines.append(Line(f"audit log, {ROWS:,} rows, as {name} {coding}".strip(), "-", "-", "-", f"**{text}**"))
        started = time.monotonic()
        cursor, pages = None, 0
        while pages < 50 and (pages == 0 or cursor):
            query = "?limit=200" + (f"&cursor={urllib.parse.quote(cursor)}" if cursor else "")
            cursor = json.loads(request(server.url + "/v1/audit" + query, token))["next_cursor"]
            pages += 1
        paged = (time.monotonic() - started) / pages * (ROWS / 200)
        lines.append(Line("the same by pages of 200, extrapolated from 50", "-", "-", "-", f"{paged:.0f} s"))
    finally:
        database.query("lyceum", "postgres", "DELETE FROM audit_log WHERE request_id = 'bench'")
        server.stop()
    return lines


def fill():
    database.query(
        "lyceum", "postgres",
        f"""
        INSERT INTO audit_log (school_id, entity, entity_id, action, before, after, changed_by, changed_at, request_id)
        SELECT 1, 'students', s.student_id, 'update', '{{"phone": "+7 900 000-00-00", "address": "ул. Мира, 5"}}',
            '{{"phone": "+7 900 000-00-01", "address": "ул. Мира, 7"}}', s.student_id,
            now() - n * interval '1 minute', 'bench'
        FROM (SELECT id AS student_id FROM students WHERE school_id = 1 LIMIT 500) s
        CROSS JOIN generate_series(1, {ROWS // 500}) n
        """,
        "ANALYZE audit_log",
    )


def download(port: int, path: str, token: str, coding: str) -> tuple[int, float, bool]:
    started = time.monotonic()
    connection = socket.create_connection(("127.0.0.1", port), timeout=60)
    head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n"
    head += f"Accept-Encoding: {coding}\r\n\r\n" if coding else "\r\n"
    connection.sendall(head.encode())
    taken = 0
    last = b""
    space = bytearray(262144)
    while count := connection.recv_into(space):
        taken += count
        last = (last + bytes(space[max(0, count - 64) : count]))[-64:]
    connection.close()
    return taken, time.monotonic() - started, b"\r\n0\r\nLyceum-Rows: " in last
