"""Marks written without pause: `PATCH sections/{id}/journal` with 25 marks, each client at a page of its own."""

import asyncio
import json
import time

from . import settings
from .load import Measured
from .school import School, request

MARKS = 25
MOST_CLIENTS = 8


class Page:
    """A section's last lesson that its teacher may write in, and up to 25 pupils."""

    def __init__(self, section: str, lesson: str, students: list[str]):
        self.section = section
        self.lesson = lesson
        self.students = students
        self.line_item = ""
        self.versions: dict[str, int] = {}
        self.tick = 0

    @staticmethod
    def of(school: School, url: str, section: str) -> "Page | None":
        journal = json.loads(request(f"{url}/v1/sections/{section}/journal", school.teacher))
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
        page = Page(section, held[-1]["id"], students[:MARKS])
        page.read(school, url)
        # The first batch makes the column, and marks where there are none.
        request(f"{url}/v1/sections/{section}/journal", school.teacher, page.batch(), "PATCH")
        page.read(school, url)
        return page

    def read(self, school: School, url: str):
        journal = json.loads(request(f"{url}/v1/sections/{self.section}/journal", school.teacher))
        columns = [one["id"] for one in journal["line_items"] if one["lesson_id"] == self.lesson and one["is_default"]]
        self.line_item = columns[0] if columns else ""
        marks = [one for one in journal["marks"] if one["line_item_id"] == self.line_item]
        self.versions = {one["student_id"]: one["version"] for one in marks}
        first = next((one["value"] for one in marks if one["student_id"] == self.students[0] and one["value"]), {})
        self.tick = first.get("number", 0)

    def batch(self) -> dict:
        """Every mark changes."""
        self.tick = 4 if self.tick == 5 else 5
        column = {"line_item_id": self.line_item} if self.line_item else {"lesson_id": self.lesson}
        value = {"kind": "number", "number": self.tick}
        return {
            "marks": [
                column | {"student_id": student, "value": value, "version": self.versions.get(student, 0)}
                for student in self.students
            ]
        }


def pages(school: School, url: str) -> list[Page]:
    """Those with the most pupils, so that each batch is the same work."""
    sections = school.query(
        f"""
        SELECT DISTINCT section_id FROM section_teachers
        WHERE school_id = 1 AND teacher_id = '{school.teacher_id}' AND ends_on IS NULL ORDER BY 1
        """
    )
    found = [page for page in (Page.of(school, url, section) for (section,) in sections) if page]
    most = max((len(page.students) for page in found), default=0)
    return [page for page in found if len(page.students) == most][:MOST_CLIENTS]


def write(school: School, url: str, pages: list[Page], seconds: int = 0) -> Measured:
    """Batches a second of all clients together."""
    for page in pages:
        page.read(school, url)
    return asyncio.run(write_all(school, url, pages, seconds or settings.SECONDS))


async def write_all(school: School, url: str, pages: list[Page], seconds: int) -> Measured:
    end = time.monotonic() + seconds
    started = time.monotonic()
    counts = await asyncio.gather(*(write_page(school, url, page, end) for page in pages))
    return Measured(sum(counts) / (time.monotonic() - started))


async def write_page(school: School, url: str, page: Page, end: float) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rsplit(":", 1)[1]))
    head = (
        f"PATCH /v1/sections/{page.section}/journal HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: Bearer {school.teacher}\r\nContent-Type: application/json\r\nContent-Length: "
    )
    count = 0
    while time.monotonic() < end:
        body = json.dumps(page.batch(), separators=(",", ":"))
        writer.write(f"{head}{len(body)}\r\n\r\n{body}".encode())
        answer = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in answer.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        content = await reader.readexactly(int(length.split(b":")[1]))
        if not answer.startswith(b"HTTP/1.1 200"):
            raise SystemExit(f"error: a batch was refused: {content[:500]!r}")
        for student in page.students:
            page.versions[student] = page.versions.get(student, 0) + 1
        count += 1
    writer.close()
    return count
