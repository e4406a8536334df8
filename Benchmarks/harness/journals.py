"""Marks written without a pause: `PATCH sections/{id}/journal` with 25 marks, each client on a page of its own."""

import json
import re
import subprocess

from . import settings
from .load import Measured, timed
from .processes import Server
from .school import School, request

MARKS = 25
MOST_CLIENTS = 8


class Page:
    """A section's last lesson that its teacher may still edit, and up to 25 students."""

    def __init__(self, teacher: str, section: str, lesson: str, students: list[str]):
        """`teacher` is the teacher's token."""
        self.teacher = teacher
        self.section = section
        self.lesson = lesson
        self.students = students
        self.line_item = ""
        self.versions: dict[str, int] = {}
        self.tick = 0

    @staticmethod
    def of(teacher: str, url: str, section: str) -> "Page | None":
        journal = json.loads(request(f"{url}/v1/sections/{section}/journal", teacher))
        held = [one for one in journal["lessons"] if one["state"] == "held" and not one["locked_reason"]]
        if not held or journal["section"]["grading"] != "marks":
            return None
        students = [
            one["id"]
            for one in journal["students"]
            if one["from"] <= held[-1]["date"] and (one["to"] is None or one["to"] >= held[-1]["date"])
        ]
        if not students:
            return None
        page = Page(teacher, section, held[-1]["id"], students[:MARKS])
        page.read(url)
        # The first batch creates the column and the missing marks.
        page.write(url)
        page.read(url)
        return page

    @property
    def path(self) -> str:
        return f"/v1/sections/{self.section}/journal"

    def write(self, url: str, headers: dict | None = None):
        request(url + self.path, self.teacher, self.batch(), "PATCH", headers)

    def repeat(self, url: str) -> bytes:
        """Sends the stored values."""
        return request(url + self.path, self.teacher, self.same_batch(), "PATCH")

    def read(self, url: str):
        journal = json.loads(request(url + self.path, self.teacher))
        columns = [one["id"] for one in journal["line_items"] if one["lesson_id"] == self.lesson and one["is_default"]]
        self.line_item = columns[0] if columns else ""
        marks = [one for one in journal["marks"] if one["line_item_id"] == self.line_item]
        self.versions = {one["student_id"]: one["version"] for one in marks}
        first = next((one["value"] for one in marks if one["student_id"] == self.students[0] and one["value"]), {})
        self.tick = first.get("number", 0)

    def batch(self) -> dict:
        """Every mark changes."""
        self.tick = 4 if self.tick == 5 else 5
        return self.same_batch()

    def same_batch(self) -> dict:
        """No mark changes."""
        column = {"line_item_id": self.line_item} if self.line_item else {"lesson_id": self.lesson}
        value = {"kind": "number", "number": self.tick}
        return {
            "marks": [
                column | {"student_id": student, "value": value, "version": self.versions.get(student, 0)}
                for student in self.students
            ]
        }


def pages(school: School, url: str) -> list[Page]:
    """The pages with the most students, so that each batch is the same work."""
    sections = school.query(
        f"""
        SELECT DISTINCT section_id FROM section_teachers
        WHERE school_id = 1 AND teacher_id = '{school.teacher_id}' AND ends_on IS NULL ORDER BY 1
        """
    )
    return largest([Page.of(school.teacher, url, section) for (section,) in sections])[:MOST_CLIENTS]


def largest(pages: list[Page | None]) -> list[Page]:
    found = [page for page in pages if page]
    most = max((len(page.students) for page in found), default=0)
    return [page for page in found if len(page.students) == most]


def write(server: Server, pages: list[Page], seconds: int = 0) -> Measured:
    """Batches per second of all clients together: a thread of wrk and a connection for each page."""
    for page in pages:
        page.read(server.url)
    script = settings.HOME / "patch.lua"
    script.write_text(PATCH.replace("PAGES", "\n".join(lua(page) for page in pages)))
    count = len(pages)
    command = ["wrk", f"-t{count}", f"-c{count}", f"-d{seconds or settings.SECONDS}s", "-s", script, server.url]

    def measured() -> Measured:
        output = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, text=True, check=True).stdout
        if "Non-2xx" in output or "Socket errors" in output:
            raise SystemExit(f"error: a batch was refused: {output}")
        return Measured(float(re.search(r"Requests/sec: *([0-9.]+)", output)[1]))

    return timed(server, measured)


def lua(page: Page) -> str:
    cells = ", ".join(f'{{"{student}", {page.versions.get(student, 0)}}}' for student in page.students)
    return f'{{path = "{page.path}", token = "{page.teacher}", item = "{page.line_item}", tick = {page.tick}, cells = {{{cells}}}}},'


# Every batch changes every mark. Versions are known without reading the answer, because nobody else writes the page.
PATCH = """
local pages = {
PAGES
}
local threads = 0

function setup(thread)
    threads = threads + 1
    thread:set("number", threads)
end

function init()
    page = pages[number]
    wrk.headers["Authorization"] = "Bearer " .. page.token
    wrk.headers["Content-Type"] = "application/json"
end

function request()
    local marks = {}
    for index, cell in ipairs(page.cells) do
        marks[index] = string.format(
            '{"line_item_id":"%s","student_id":"%s","value":{"kind":"number","number":%d},"version":%d}',
            page.item, cell[1], 9 - page.tick, cell[2])
    end
    return wrk.format("PATCH", page.path, nil, '{"marks":[' .. table.concat(marks, ",") .. "]}")
end

function response(status)
    if status ~= 200 then return end
    page.tick = 9 - page.tick
    for _, cell in ipairs(page.cells) do cell[2] = cell[2] + 1 end
end
"""
