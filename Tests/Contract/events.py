"""Reads a stream of events as its contract says, without a library."""

import json
import urllib.error
import urllib.request

FIELDS = {"event", "id", "data", "retry", ""}


def check_events(base: str, token: str):
    """A stream begins with `ready`, whose cursor can be given back; other cursors are refused."""
    ready = stream(base, token, "?wait=0")
    cursor = json.loads(ready["data"])["cursor"]
    if ready["event"] != "ready" or ready["id"] != cursor or not ready["retry"].isdigit():
        raise SystemExit(f"error: a stream of events began with {ready}")
    again = stream(base, token, "?wait=0", {"Last-Event-ID": cursor})
    if again["id"] != cursor:
        raise SystemExit(f"error: a stream behind {cursor} began with {again}")
    for query, headers in (("?since=x", {}), ("?wait=-1", {}), ("", {"Last-Event-ID": "x"})):
        try:
            stream(base, token, query, headers)
            raise SystemExit(f"error: a stream was opened with {query} {headers}")
        except urllib.error.HTTPError as error:
            if error.code != 400 or error.headers["Content-Type"] != "application/problem+json":
                raise SystemExit(f"error: {error.code} for {query} {headers}")


def stream(base: str, token: str, query: str, headers: dict[str, str] | None = None) -> dict[str, str]:
    """The fields of the first event."""
    request = urllib.request.Request(
        f"{base}/v1/events{query}", headers={"Authorization": f"Bearer {token}", **(headers or {})})
    with urllib.request.urlopen(request, timeout=10) as answer:
        if answer.headers["Content-Type"] != "text/event-stream":
            raise SystemExit(f"error: a stream of events is {answer.headers['Content-Type']}")
        first = answer.read().decode().split("\n\n")[0]
    fields = dict(line.partition(": ")[::2] for line in first.split("\n"))
    if not fields.keys() <= FIELDS:
        raise SystemExit(f"error: fields of an event: {sorted(fields)}")
    return fields
