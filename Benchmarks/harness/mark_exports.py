"""The export of a million marks as CSV, beside psql with the same statement."""

import http.client
import os
import pathlib
import re
import subprocess
import time

from . import database, servers, settings
from .context import WRITING
from .exports import download
from .load import Measured, compare
from .processes import say
from .school import request, sign_in
from .streams import MEBIBYTE, Peak
from .table import Line

PATH = "/v1/exports/marks?format=csv"


def rows(context) -> list[Line]:
    context.school
    server = servers.lyceum("lyceum-mark-exports")
    try:
        count = fill()
        token = sign_in(server.url, "head")
        idle = server.resident_bytes()
        copy, arguments = database.copy_of(lambda: download(server.port, PATH, token, ""))
        whole = compare_rows(server, token, copy, arguments)
        continue_broken(server, token, whole)
        del whole
        memory = Peak(server)

        def ours() -> Measured:
            _, seconds, is_whole = download(server.port, PATH, token, "")
            if not is_whole:
                raise SystemExit("error: the export was broken off")
            return Measured(1 / seconds)

        def theirs() -> Measured:
            started = time.monotonic()
            psql(copy, arguments, "/dev/null")
            return Measured(1 / (time.monotonic() - started))

        ours()
        result = compare(f"{count:,} marks as CSV", ours, theirs)
        peak = memory.end()
    finally:
        database.query("lyceum", "postgres", *CLEAR)
        server.stop()
    low, high = result.spread()
    seconds = sorted(1 / one.per_second for one in result.ours)[len(result.ours) // 2]
    grown = (peak - idle) / MEBIBYTE
    say(f"  {count:,} marks in {seconds:.1f} s, {idle / MEBIBYTE:.0f} → {peak / MEBIBYTE:.0f} MiB")
    work = f"`exports/marks` csv, {count:,} rows"
    return [
        Line(
            work, "`psql \\copy (same SELECT) to csv`", "0.8 x", "0.95 x",
            f"**{result.ratio():.2f} x** ({low:.2f} – {high:.2f}; {seconds:.1f} s)",
        ),
        Line(
            f"resident memory, {work}", "itself idle", "within 16 MiB", "-",
            f"**{idle / MEBIBYTE:.0f} → {peak / MEBIBYTE:.0f} MiB** (+{grown:.1f})",
        ),
        Line(f"{work}, broken in the middle and continued", "the whole, and psql's rows", "the same bytes", "-", "**the same**"),
    ]


CLEAR = (
    "SET session_replication_role = replica",
    "DELETE FROM marks m USING line_items i WHERE i.school_id = m.school_id AND i.id = m.line_item_id AND i.title = 'bench'",
    "DELETE FROM line_items WHERE title = 'bench'",
)


def fill() -> int:
    """Copies columns with their marks until there are enough, without triggers. Ids grow as those of the server do."""
    new = "(lpad(to_hex(x'019a0000'::bigint + {n} / 65536), 8, '0') || lpad(to_hex({n} % 65536), 4, '0') || substr(gen_random_uuid()::text, 15, 22))::uuid"
    while (count := marks()) < settings.EXPORT_ROWS:
        database.query(
            "lyceum", "postgres",
            "SET session_replication_role = replica",
            f"""
            CREATE TEMP TABLE copied AS
            SELECT i.school_id, i.id AS old, gen_random_uuid() AS new
            FROM line_items i
            WHERE i.school_id = 1 AND i.deleted_at IS NULL AND i.title IS DISTINCT FROM 'bench'
                AND EXISTS (SELECT FROM marks m WHERE m.school_id = 1 AND m.line_item_id = i.id)
            """,
            """
            INSERT INTO line_items (school_id, id, lesson_id, section_id, category_id, title, weight)
            SELECT i.school_id, c.new, i.lesson_id, i.section_id, i.category_id, 'bench', i.weight
            FROM copied c JOIN line_items i ON i.school_id = c.school_id AND i.id = c.old
            """,
            f"""
            INSERT INTO marks (school_id, id, line_item_id, student_id, kind, number, code, due_on, comment, published_at, first_recorded_at)
            SELECT m.school_id, {new.format(n='m.n')}, m.new, m.student_id, m.kind, m.number, m.code, m.due_on, m.comment,
                m.published_at, m.first_recorded_at
            FROM (
                SELECT m.*, c.new, {count} + row_number() OVER (ORDER BY m.first_recorded_at, m.id) AS n
                FROM copied c JOIN marks m ON m.school_id = c.school_id AND m.line_item_id = c.old
                WHERE m.kind IS NOT NULL AND m.published_at <= now()
            ) m
            ORDER BY m.n LIMIT {settings.EXPORT_ROWS - count}
            """,
        )
    database.query("lyceum", "postgres", "VACUUM (ANALYZE) marks", "VACUUM (ANALYZE) line_items", "CHECKPOINT")
    return count


def marks() -> int:
    seen = "SELECT count(*) FROM marks WHERE school_id = 1 AND kind IS NOT NULL AND published_at <= now()"
    return int(database.query("lyceum", "postgres", seen)[0][0])


def psql(copy: str, arguments: list[str], path):
    """Runs the server's COPY as `\\copy`, as its role under the same settings."""
    command = " ".join(re.sub(r"TO STDOUT", f"TO '{path}'", copy).split())
    zone = database.query("lyceum", "postgres", "SELECT time_zone FROM schools WHERE id = 1")[0][0]
    script = ["BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;", "SET LOCAL lyceum.school_id = '1';"]
    script += [f"SET LOCAL lyceum.time_zone = '{zone}';"]
    script += [f"SET LOCAL lyceum.arg_{number} = '{value}';" for number, value in enumerate(arguments, 1)]
    script += ["\\" + "copy" + command[4:], "COMMIT;"]
    url = database.url("lyceum", "lyceum_server")
    subprocess.run(
        ["psql", "--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", url],
        input="\n".join(script), text=True, check=True, stdout=subprocess.DEVNULL, env=os.environ | {"PGOPTIONS": WRITING},
    )


def compare_rows(server, token: str, copy: str, arguments: list[str]) -> bytes:
    """The same rows, before anything is measured. psql ends lines with LF.

    Returns the export."""
    path = pathlib.Path(settings.HOME / "marks.csv")
    psql(copy, arguments, path)
    theirs = path.read_bytes()
    path.unlink()
    whole = request(server.url + PATH, token)
    ours = whole.replace(b"\r\n", b"\n")
    if ours != theirs:
        raise SystemExit(f"error: the export has {len(ours)} bytes, and psql gives {len(theirs)} others")
    return whole


def continue_broken(server, token: str, whole: bytes):
    """Leaves in the middle, and reads on behind the last row that has come whole."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("GET", PATH, headers={"Authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    watermark = answer.headers["Lyceum-Watermark"]
    begun = answer.read(len(whole) // 2)
    connection.close()
    begun = begun[: begun.rindex(b"\r\n") + 2]
    last = begun.rsplit(b"\r\n", 2)[1][:36].decode()
    rest = request(f"{server.url}{PATH}&after={last}&watermark={watermark}", token)
    if begun + rest != whole:
        raise SystemExit(f"error: {len(begun)} bytes and {len(rest)} behind {last} are not the {len(whole)} of the whole")
