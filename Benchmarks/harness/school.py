"""The requests to the demo school `lyceum29`, and the users who send them."""

import datetime
import gzip
import json
import urllib.error
import urllib.parse
import urllib.request

from . import database, tokens


def request(url: str, token: str = "", body=None, method=None, headers=None) -> bytes:
    """A request by the harness itself; anything but success is an error."""
    fields = dict(headers or {})
    if token:
        fields["Authorization"] = f"Bearer {token}"
    data = None
    if body is not None:
        fields["Content-Type"] = "application/json"
        data = json.dumps(body).encode()
    return answer_to(urllib.request.Request(url, data=data, headers=fields, method=method))


def answer_to(prepared: urllib.request.Request) -> bytes:
    try:
        with urllib.request.urlopen(prepared, timeout=30) as answer:
            body = answer.read()
            return gzip.decompress(body) if answer.headers["Content-Encoding"] == "gzip" else body
    except urllib.error.HTTPError as error:
        raise SystemExit(f"error: {prepared.full_url} was answered with {error.code}: {error.read()[:1000]!r}")


def tag_of(url: str, token: str, headers: dict) -> str:
    """The ETag of an answer, once it was answered with 304 as well."""
    fields = headers | {"Authorization": f"Bearer {token}"}
    with urllib.request.urlopen(urllib.request.Request(url, headers=fields), timeout=30) as answer:
        tag = answer.headers["ETag"]
    try:
        urllib.request.urlopen(urllib.request.Request(url, headers=fields | {"If-None-Match": tag}), timeout=30).close()
    except urllib.error.HTTPError as error:
        if error.code == 304:
            return tag
    raise SystemExit(f"error: {url} is not answered with 304 to the tag {tag}")


def sign_in(url: str, login: str) -> str:
    form = {"grant_type": "password", "school": "lyceum29", "username": login, "password": "lyceum-demo"}
    prepared = urllib.request.Request(f"{url}/v1/auth/token", data=urllib.parse.urlencode(form).encode())
    return json.loads(answer_to(prepared))["access_token"]


class School:
    def __init__(self, name: str, url: str):
        self.database = name
        self.parent = tokens.lengthened(sign_in(url, "parent"))
        self.teacher = tokens.lengthened(sign_in(url, "teacher"))
        self.teacher_id = tokens.claims_of(self.teacher)["sub"]
        # The last complete week that has lessons.
        self.student, monday = self.query(
            """
            SELECT g.student_id, w.monday
            FROM users u
            JOIN guardianships g ON g.school_id = u.school_id AND g.guardian_id = u.id
            JOIN enrollments e ON e.school_id = g.school_id AND e.student_id = g.student_id AND e.ends_on IS NULL
            JOIN classes c ON c.school_id = e.school_id AND c.id = e.class_id AND c.name = '7А'
            CROSS JOIN LATERAL (
                SELECT date_trunc('week', max(l.date))::date AS monday FROM lessons l
                WHERE l.school_id = u.school_id AND l.state = 'held' AND extract(isodow FROM l.date) = 5
            ) w
            WHERE u.school_id = 1 AND u.login = 'parent'
            """
        )[0]
        sunday = datetime.date.fromisoformat(monday) + datetime.timedelta(days=6)
        self.from_date, self.to_date = monday, str(sunday)
        self.diary = self.diary_of(self.student)
        self.marks = self.marks_of(self.student)
        # The teacher's page closest to 25 students that has 40 lessons, or the most available.
        self.section, self.first, self.last, self.lessons, self.pupils = self.query(
            f"""
            SELECT p.section_id, p.first, p.last, p.lessons, p.pupils
            FROM (
                SELECT l.section_id, min(l.date) AS first, max(l.date) AS last, count(*) AS lessons,
                    (
                        SELECT count(*) FROM sections s
                        JOIN group_members m ON m.school_id = s.school_id AND m.group_id = s.group_id
                        WHERE s.school_id = 1 AND s.id = l.section_id
                    ) AS pupils
                FROM (
                    SELECT l.section_id, l.date,
                        row_number() OVER (PARTITION BY l.section_id ORDER BY l.date DESC, l.starts_at DESC) AS number
                    FROM lessons l
                    JOIN section_teachers t ON t.school_id = l.school_id AND t.section_id = l.section_id
                    WHERE l.school_id = 1 AND l.state = 'held' AND t.teacher_id = '{self.teacher_id}'
                ) l
                WHERE l.number <= 40
                GROUP BY l.section_id
            ) p
            ORDER BY p.lessons DESC, abs(p.pupils - 25), p.section_id
            LIMIT 1
            """
        )[0]
        self.journal = f"/v1/sections/{self.section}/journal?from={self.first}&to={self.last}"

    def marks_of(self, student: str) -> str:
        """The path of a month's marks, on one page."""
        first = datetime.date.fromisoformat(self.from_date) - datetime.timedelta(days=21)
        return f"/v1/students/{student}/marks?limit=200&from={first}&to={self.to_date}"

    def diary_of(self, student: str) -> str:
        return f"/v1/students/{student}/diary?from={self.from_date}&to={self.to_date}"

    def query(self, sql: str) -> list[list[str]]:
        return database.query(self.database, "lyceum_owner", sql)
