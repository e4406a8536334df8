"""A school in use: families read diaries and marks, some of them often and most of them rarely, while teachers write
marks."""

import json
import secrets
import statistics
import subprocess

from . import journals, servers, settings, tokens
from .context import Context
from .load import Measured, compare, same_json, timed
from .processes import Server
from .reads import GO, GZIP, KEPT, KeptAnswers, against
from .school import School
from .table import Line

WRITES = 0.05


def rows(context: Context) -> list[Line]:
    families = Families(context.school)
    pages = pages_of_teachers(context)
    if not pages:
        return []
    context.go
    servers.build_load()
    for path in (context.school.diary, context.school.marks):
        context.same(context.lyceum, context.go, path, context.school.parent)
    check_patch(context, pages[0])
    lines = []
    all_marks = len(pages[0].students)
    for marks, headers, name in ((all_marks, {}, ""), (1, {}, ""), (all_marks, GZIP, ", gzip")):
        load = Load(context.first.url, families, pages, marks, headers)
        for server in (context.lyceum, context.go):
            # Until most families have been there.
            load.at(server, seconds=5)
        shares = []

        def ours() -> Measured:
            before = KeptAnswers.of(context.lyceum)
            measured = load.at(context.lyceum)
            shares.append(KeptAnswers.of(context.lyceum).since(before).share("getStudentDiary", "listStudentMarks"))
            return measured

        written = f"{marks} mark{'s' * (marks > 1)}"
        result = compare(f"mixed, PATCHes of {written}{name}", ours, lambda: load.at(context.go))
        work = (
            f"mixed: {len(families.readers):,} families (Zipf), {1 - WRITES:.0%} diaries and marks, {WRITES:.0%} PATCHes of "
            f"{written} in {len(pages)} sections, {settings.CONNECTIONS} connections{name}"
        )
        measured = f"{against(result)}; {statistics.median(shares):.0%} of the reads were {KEPT} answers"
        bars = ("3 x", "5 x") if not headers else ("-", "-")
        lines.append(Line(work, f"{GO}, doing the same", *bars, measured))
    return lines


class Families:
    """A guardian of each student, with the paths that the guardian reads; in an order that says nothing."""

    def __init__(self, school: School):
        self.readers = [
            {
                "token": tokens.lengthened(school.parent, sub=guardian),
                "paths": [school.diary_of(student), school.marks_of(student)],
            }
            for student, guardian in school.query(
                """
                SELECT DISTINCT ON (md5(e.student_id::text)) e.student_id, g.guardian_id
                FROM enrollments e
                JOIN classes c ON c.school_id = e.school_id AND c.id = e.class_id AND c.grade_level > 1
                JOIN guardianships g ON g.school_id = e.school_id AND g.student_id = e.student_id
                    AND g.access = 'full' AND g.ends_on IS NULL
                WHERE e.school_id = 1 AND e.ends_on IS NULL
                ORDER BY md5(e.student_id::text), g.guardian_id
                """
            )
        ]


def pages_of_teachers(context: Context) -> list[journals.Page]:
    """At most one for each connection, of as many teachers as there are."""
    school = context.school
    teachings = school.query(
        """
        SELECT DISTINCT ON (t.section_id) t.section_id, t.teacher_id
        FROM section_teachers t
        JOIN sections s ON s.school_id = t.school_id AND s.id = t.section_id AND s.grading = 'marks'
        JOIN groups g ON g.school_id = s.school_id AND g.id = s.group_id
        JOIN classes c ON c.school_id = g.school_id AND c.id = g.class_id AND c.grade_level > 2
        JOIN academic_years y ON y.school_id = s.school_id AND y.id = s.academic_year_id
        WHERE t.school_id = 1 AND t.ends_on IS NULL AND current_date BETWEEN y.starts_on AND y.ends_on
        ORDER BY t.section_id
        """
    )
    sessions: dict[str, str] = {}
    pages = []
    for section, teacher in teachings[: 3 * settings.CONNECTIONS]:
        if teacher not in sessions:
            sessions[teacher] = session_of(school, teacher)
        pages.append(journals.Page.of(sessions[teacher], context.first.url, section))
    return journals.largest(pages)[: settings.CONNECTIONS]


def session_of(school: School, teacher: str) -> str:
    """The access token of a session: writes check that it exists, and that its person has credentials."""
    session = school.query(
        f"""
        WITH person AS (
            UPDATE users u SET state = 'active', login = coalesce(u.login, 'bench-' || u.id), password_hash = t.password_hash
            FROM users t
            WHERE u.school_id = 1 AND u.id = '{teacher}' AND t.school_id = 1 AND t.login = 'teacher'
            RETURNING u.id
        )
        INSERT INTO sessions (school_id, id, user_id, app, refresh_hash, expires_at)
        SELECT 1, gen_random_uuid(), p.id, 'bench', '\\x{secrets.token_hex(32)}', now() + interval '1 day'
        FROM person p
        RETURNING id
        """
    )[0][0]
    return tokens.lengthened(school.teacher, sub=teacher, sid=session)


class Load:
    def __init__(self, url: str, families: Families, pages: list[journals.Page], marks: int, headers: dict):
        """`url` is where the versions of the pages are read, `marks` how many each batch changes."""
        self.url = url
        self.families = families
        self.pages = pages
        self.marks = marks
        self.headers = headers
        for page in pages:
            # All marks of a page are equal from here on, so that each batch changes every one.
            page.read(url)
            page.write(url)

    def at(self, server: Server, seconds: int = 0) -> Measured:
        for page in self.pages:
            page.read(self.url)
        plan = {
            "address": f"127.0.0.1:{server.port}",
            "seconds": seconds or settings.SECONDS,
            "connections": settings.CONNECTIONS,
            "writes": WRITES,
            "fields": "".join(f"{name}: {value}\r\n" for name, value in self.headers.items()),
            "readers": self.families.readers,
            "pages": [
                {
                    "path": page.path,
                    "token": page.teacher,
                    "line_item": page.line_item,
                    "students": page.students[: self.marks],
                    "versions": [page.versions[student] for student in page.students[: self.marks]],
                    "tick": page.tick,
                }
                for page in self.pages
            ],
        }
        before = self.versions()

        def measured() -> Measured:
            done = subprocess.run(
                [settings.BUILT / "load"], input=json.dumps(plan), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
            if done.returncode != 0:
                raise SystemExit(f"error: {server.name}: {done.stderr[-2000:]}")
            self.report = json.loads(done.stdout)
            rate = (self.report["reads"] + self.report["writes"]) / self.report["seconds"]
            return Measured(rate, self.report["p99"], self.report["p50"])

        result = timed(server, measured)
        for page in self.pages:
            page.read(self.url)
        written = self.versions() - before
        acknowledged = self.report["writes"] * self.marks
        if written != acknowledged:
            raise SystemExit(f"error: {server.name} wrote {written} marks and acknowledged {acknowledged}")
        return result

    def versions(self) -> int:
        return sum(page.versions[student] for page in self.pages for student in page.students)


def check_patch(context: Context, page: journals.Page):
    """A batch that changes nothing has the same answer as often as it is sent."""
    page.read(context.lyceum.url)
    same_json(context.go.name, *(lambda url=server.url: page.repeat(url) for server in (context.lyceum, context.go)))
