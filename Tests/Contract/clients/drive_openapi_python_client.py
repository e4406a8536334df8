"""Drives the client that openapi-python-client made; its package is called `lyceum_client`.

    drive_openapi_python_client.py BASE
"""

import sys
import uuid

from lyceum_client import AuthenticatedClient, Client
from lyceum_client.api.family_view import get_student_diary
from lyceum_client.api.journal import get_section_journal, patch_section_journal
from lyceum_client.api.me import get_me
from lyceum_client.api.people import list_students
from lyceum_client.api.sign_in import issue_token
from lyceum_client.models import (
    Diary, Journal, JournalPatch, JournalResult, MarkCode, MarkKind, MarkPatch, MarkValue, Me, Problem, StudentPage,
    TokenProblem, TokenRequest, TokenRequestGrantType, TokenResponse,
)
from lyceum_client.models.list_students_include import ListStudentsInclude

BASE = sys.argv[1]


def main():
    wrong = sign_in("teacher", "wrong")
    assert isinstance(wrong, TokenProblem) and wrong.error == "invalid_grant", wrong
    done = ["sign-in"]
    teacher, me = signed_in("teacher")
    done.append("me")
    family(done)
    journal(teacher, me, done)
    paging(done)
    print(", ".join(done))


def sign_in(login: str, password: str = "lyceum-demo"):
    return issue_token.sync(client=Client(base_url=BASE), body=TokenRequest(
        grant_type=TokenRequestGrantType.PASSWORD, school="lyceum29", username=login, password=password))


def signed_in(login: str) -> tuple[AuthenticatedClient, Me]:
    tokens = sign_in(login)
    assert isinstance(tokens, TokenResponse), tokens
    client = AuthenticatedClient(base_url=BASE, token=tokens.access_token)
    me = get_me.sync(client=client)
    assert isinstance(me, Me) and me.user.login == login, me
    return client, me


def family(done: list[str]):
    parent, me = signed_in("parent")
    marks = 0
    for child in me.children:
        diary = get_student_diary.sync(child.id, client=parent)
        assert isinstance(diary, Diary) and diary.student.id == child.id, diary
        marks += sum(len(lesson.marks) for day in [diary.lessons] for lesson in day)
    done.append(f"diary of {len(me.children)} children with {marks} marks")


def journal(teacher: AuthenticatedClient, me: Me, done: list[str]):
    section = me.sections[0].id
    page = get_section_journal.sync(section, client=teacher)
    assert isinstance(page, Journal) and page.marks, page
    kinds = {mark.value.kind for mark in page.marks if mark.value}
    assert all(mark.value.number for mark in page.marks if mark.value and mark.value.kind == MarkKind.NUMBER)
    done.append(f"journal with {len(page.marks)} marks ({', '.join(sorted(kinds))})")

    editable = {lesson.id for lesson in page.lessons if lesson.locked_reason is None}
    columns = {column.id for column in page.line_items if column.lesson_id in editable}
    mark = next(mark for mark in page.marks if mark.line_item_id in columns and mark.value and mark.value.number)
    number = 5 if mark.value.number != 5 else 4
    value = MarkValue(kind=MarkKind.NUMBER, number=number)
    result = write(teacher, section, mark, value, mark.version)
    assert isinstance(result, JournalResult) and result.applied, result
    assert result.marks[0].value.number == number, result

    other = MarkValue(kind=MarkKind.NUMBER, number=3)
    stale = write(teacher, section, mark, other, mark.version)
    assert isinstance(stale, Problem) and stale.code == "stale_version" and stale.status == 409, stale
    current = stale.errors[0].current
    assert current.version == mark.version + 1 and current.value.number == number, stale
    done.append("PATCH, and stale_version with the current mark")

    exempt = MarkValue(kind=MarkKind.CODE, code=MarkCode.EXEMPT)
    result = write(teacher, section, mark, exempt, current.version)
    assert isinstance(result, JournalResult) and result.marks[0].value.code == MarkCode.EXEMPT, result
    cleared = write(teacher, section, mark, None, current.version + 1)
    assert isinstance(cleared, JournalResult) and cleared.marks[0].value is None, cleared
    done.append("a code and no mark written")


def write(teacher: AuthenticatedClient, section: uuid.UUID, mark, value: MarkValue | None, version: int):
    patch = MarkPatch(line_item_id=mark.line_item_id, student_id=mark.student_id, value=value, version=version)
    return patch_section_journal.sync(
        section, client=teacher, body=JournalPatch(marks=[patch]), idempotency_key=str(uuid.uuid4()))


def paging(done: list[str]):
    deputy, _ = signed_in("deputy")
    seen, cursor, pages = [], None, 0
    while pages == 0 or cursor:
        more = {"cursor": cursor} if cursor else {}
        page = list_students.sync(client=deputy, limit=200, include=ListStudentsInclude.TOTAL, **more)
        assert isinstance(page, StudentPage), page
        seen += [student.id for student in page.items]
        cursor, pages = page.next_cursor, pages + 1
    assert len(seen) == len(set(seen)) == page.total, (len(seen), page.total)
    refused = list_students.sync(client=deputy, cursor="nonsense")
    assert isinstance(refused, Problem) and refused.status == 400, refused
    done.append(f"{len(seen)} students in {pages} pages")


main()
