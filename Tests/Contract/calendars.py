"""Reads a calendar link with an independent parser of RFC 5545 and compares it with the diary; used by contract.py."""

import datetime
import json
import urllib.request

import icalendar


def check_calendar(base: str, parent: str, deputy: str):
    """The tokens are those of a guardian and a deputy head."""
    student = call(base, parent, "GET", "/v1/me")["children"][0]["id"]
    diary = call(base, parent, "GET", f"/v1/students/{student}/diary")
    today = datetime.date.fromisoformat(diary["from"])
    first, last = today - datetime.timedelta(3), today + datetime.timedelta(30)
    path = f"/v1/students/{student}/diary?from={first}&to={last}"
    planned = [lesson for lesson in call(base, parent, "GET", path)["lessons"]
               if lesson["state"] == "planned" and lesson["substitution"] is None]
    body = {"kind": "cancel", "lesson_id": planned[-1]["id"], "reason": "Проверка календаря"}
    substitution = call(base, deputy, "POST", "/v1/substitutions", body)
    try:
        link = call(base, parent, "POST", "/v1/calendar-links", {"student_id": student})
        with urllib.request.urlopen(link["url"]) as answer:
            assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
            content = answer.read()
        compare(content, call(base, parent, "GET", path)["lessons"], first, last)
        call(base, parent, "DELETE", f"/v1/calendar-links/{link['id']}")
    finally:
        call(base, deputy, "DELETE", f"/v1/substitutions/{substitution['id']}")


def compare(content: bytes, lessons: list[dict], first: datetime.date, last: datetime.date):
    assert all(len(line) <= 75 for line in content.split(b"\r\n")), "a line of more than 75 octets"
    assert b"\n" not in content.replace(b"\r\n", b""), "a line that does not end in CRLF"
    calendar = icalendar.Calendar.from_ical(content)
    assert not calendar.errors and calendar["VERSION"] == "2.0" and calendar["PRODID"]
    events = calendar.walk("VEVENT")
    assert all(not event.errors for event in events)
    uids = [str(event["UID"]) for event in events]
    assert len(set(uids)) == len(uids) > 0
    by_lesson = {uid.split("@")[0]: event for uid, event in zip(uids, events)}
    for lesson in lessons:
        event = by_lesson.pop(lesson["id"])
        for name, moment in (("DTSTART", lesson["starts_at"]), ("DTEND", lesson["ends_at"])):
            value = event[name].dt
            assert value.utcoffset() == datetime.timedelta(0)
            assert value == datetime.datetime.fromisoformat(moment), f"{value} is not {moment}"
        assert event["SUMMARY"] == lesson["subject"]["name"]
        assert event.get("LOCATION") == lesson["room"]
        assert event["STATUS"] == ("CANCELLED" if lesson["state"] == "cancelled" else "CONFIRMED")
        assert event["SEQUENCE"] >= 1
    assert any(lesson["state"] == "cancelled" for lesson in lessons)
    assert all(not first <= event["DTSTART"].dt.date() <= last for event in by_lesson.values()), "a lesson not in the diary"
    print(f"The calendar has {len(events)} events; icalendar {icalendar.__version__} read {len(lessons)} lessons as the diary.")


def call(base: str, token: str, method: str, path: str, body: dict | None = None, match: str | None = None):
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    if match:
        headers["If-Match"] = match
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(base + path, data, headers, method=method)) as answer:
        content = answer.read()
    return json.loads(content) if content else None
