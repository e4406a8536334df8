"""Each report of the catalogue, as JSON, in a school of 1,000 students: the median of its times, and in brackets the longest
and the processor time, in milliseconds."""

import json
import statistics
import time
import urllib.parse

from . import database, servers, settings
from .processes import say
from .school import request, sign_in
from .table import Line

DATABASE = "reports"


def rows(context) -> list[Line]:
    if settings.YEARS < 2:
        raise SystemExit("error: the row reports needs a whole year: YEARS must be 2 or more")
    database.make_schools(DATABASE, 1, students=settings.REPORT_STUDENTS)
    server = servers.lyceum("lyceum-reports", DATABASE, keeps=False)
    try:
        return measure(server, DATABASE)
    finally:
        server.stop()


def measure(server, name: str) -> list[Line]:
    database.query(name, "postgres", *ORDER)
    token = sign_in(server.url, "head")
    years = [Year(name, position) for position in (0, 1)]
    lines = []
    say(f"Measuring: reports for {settings.REPORT_STUDENTS:,} students")
    for report in json.loads(request(f"{server.url}/v1/reports", token))["items"]:
        parameters = {parameter["name"]: parameter for parameter in report["parameters"]}
        found = []
        for words, values in cases(parameters, *years):
            path = f"{report['path']}?{urllib.parse.urlencode(values)}"
            seconds, processor = timed(server, path, token)
            text = f"{words} **{statistics.median(seconds) * 1000:.0f}** ({max(seconds) * 1000:.0f}; {processor * 1000:.0f})"
            say(f"  {report['name']}, {text}")
            found.append(text)
        lines.append(Line(f"`{report['name']}`", "-", "1,000 ms", "300 ms", "; ".join(found)))
    return lines


def timed(server, path: str, token: str) -> tuple[list[float], float]:
    """The seconds of each request, and the mean of the processor seconds of server and database, which other load on the
    machine affects less."""
    before = server.processor_seconds() + database.processor_time()
    seconds = []
    for _ in range(settings.ROUNDS):
        started = time.monotonic()
        request(server.url + path, token)
        seconds.append(time.monotonic() - started)
    return seconds, (server.processor_seconds() + database.processor_time() - before) / settings.ROUNDS


# The demo school has no orders: this one admits everybody.
ORDER = (
    "SET session_replication_role = replica",
    """
    INSERT INTO orders (school_id, id, kind, number, issued_on, text, signatory)
    VALUES (1, '019a0000-0000-7000-8000-000000000001', 'admission', '1', '2026-08-31', 'Зачислить.', 'Директор')
    ON CONFLICT DO NOTHING
    """,
    "UPDATE enrollments SET order_id = '019a0000-0000-7000-8000-000000000001' WHERE school_id = 1 AND order_id IS NULL",
)


class Year:
    """What the reports of an academic year are asked about. 0 is the running year, 1 the one before."""

    def __init__(self, name: str, position: int):
        self.id, self.first, self.last = database.query(
            name, "lyceum_owner",
            f"""
            SELECT id, starts_on, least(ends_on, current_date) FROM academic_years WHERE school_id = 1
            ORDER BY starts_on DESC OFFSET {position} LIMIT 1
            """,
        )[0]

        def one(sql: str) -> str:
            return database.query(name, "lyceum_owner", sql)[0][0]

        of_year = f"school_id = 1 AND academic_year_id = '{self.id}'"
        # The longest quarter that has ended, or the first one.
        self.term = one(
            f"""
            SELECT id FROM terms WHERE {of_year} AND kind = 'quarter'
            ORDER BY ends_on < current_date DESC, ends_on - starts_on DESC, starts_on LIMIT 1
            """
        )
        grade = f"""
            SELECT c.id FROM classes c JOIN enrollments e ON e.school_id = c.school_id AND e.class_id = c.id
            WHERE c.school_id = 1 AND c.academic_year_id = '{self.id}' AND c.grade_level = 9
            GROUP BY c.id ORDER BY count(*) DESC, c.id LIMIT 1
            """
        self.values = {
            "class_id": one(grade),
            "student_id": one(
                f"SELECT student_id FROM enrollments WHERE school_id = 1 AND class_id = ({grade}) LIMIT 1"
            ),
            "section_id": one(
                f"""
                SELECT l.section_id FROM lessons l JOIN sections s ON s.school_id = l.school_id AND s.id = l.section_id
                WHERE l.school_id = 1 AND s.academic_year_id = '{self.id}' AND s.grading = 'marks'
                GROUP BY l.section_id ORDER BY count(*) DESC, l.section_id LIMIT 1
                """
            ),
            "teacher_id": one(
                f"""
                SELECT t.teacher_id FROM section_teachers t JOIN sections s ON s.school_id = t.school_id AND s.id = t.section_id
                WHERE t.school_id = 1 AND t.role = 'lead' AND s.academic_year_id = '{self.id}'
                GROUP BY t.teacher_id ORDER BY count(*) DESC, t.teacher_id LIMIT 1
                """
            ),
            "order_id": one("SELECT id FROM orders WHERE school_id = 1 LIMIT 1"),
        }


def cases(parameters: dict, this: Year, before: Year) -> list[tuple[str, dict]]:
    """The whole school wherever a report allows it: as it is by default, and a term and the whole of the year before."""

    def required(year: Year) -> dict:
        return {name: year.values[name] for name, one in parameters.items() if one["required"]}

    found = [("by default", required(this))]
    if "teacher_id" in parameters and "section_id" in parameters and "from" not in parameters:
        # A teacher's own report, which heads ask for by name.
        found = []
        for words, year in (("this year", this), ("a year", before)):
            found.append((words, {"teacher_id": year.values["teacher_id"], "academic_year_id": year.id}))
    elif "from" in parameters and "term_id" in parameters:
        found.append(("a term", required(before) | {"term_id": before.term}))
        found.append(("a year", required(before) | {"from": before.first, "to": before.last}))
    elif "kind" in parameters:
        found.append(("a year", required(before) | {"kind": "year"}))
    elif "academic_year_id" in parameters:
        found.append(("a year", required(before) | {"academic_year_id": before.id}))
    elif "class_id" in required(before):
        found.append(("a year", required(before)))
    return found
