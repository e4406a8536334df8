"""The private PostgreSQL that script/bench started, and the demo schools in it."""

import json
import os
import secrets
import subprocess
import time

from . import settings
from .processes import processor_seconds, say

LOG = settings.HOME / "log" / "postgres.json"


def url(database: str, role: str) -> str:
    return f"postgresql:///{database}?host={settings.HOME}&user={role}"


def query(database: str, role: str, *statements: str) -> list[list[str]]:
    command = ["psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--field-separator=\t"]
    command += ["--set", "ON_ERROR_STOP=1", url(database, role)]
    for statement in statements:
        command += ["-c", statement]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return [line.split("\t") for line in output.splitlines()]


def processor_time() -> float:
    """Processor seconds used by all of PostgreSQL so far."""
    with open(settings.HOME / "data" / "postmaster.pid") as file:
        return processor_seconds(int(file.readline()))


def make_schools(database: str, count: int, students: int = 550):
    """A migrated database with demo schools, and the roles of docs/operations.md."""
    say(f"Demo: {count} school{'s' * (count > 1)} of {students:,} students and {settings.YEARS} years")
    roles = {row[0] for row in query("postgres", "postgres", "SELECT rolname FROM pg_roles")}
    if "lyceum_owner" not in roles:
        query("postgres", "postgres", "CREATE ROLE lyceum_owner LOGIN CREATEROLE")
    query("postgres", "postgres", f"CREATE DATABASE {database} OWNER lyceum_owner")
    owner = os.environ | {"LYCEUM_OWNER_DATABASE_URL": url(database, "lyceum_owner")}
    subprocess.run([settings.PROGRAM, "migrate", "up"], env=owner, check=True, stdout=subprocess.DEVNULL)
    if "lyceum_server" not in roles:
        query("postgres", "postgres", "CREATE ROLE lyceum_server LOGIN IN ROLE lyceum_app")
    demo = [settings.PROGRAM, "demo", "--schools", str(count), "--years", str(settings.YEARS)]
    demo += ["--students", str(students)]
    subprocess.run(demo, env=owner, check=True, stdout=subprocess.DEVNULL)
    # The state in which autovacuum leaves tables after a day.
    query(database, "postgres", "VACUUM (FREEZE, ANALYZE)", "CHECKPOINT")


def make_empty(database: str):
    query("postgres", "postgres", f"CREATE DATABASE {database}")


def statements_of(request_id: str, send) -> list[tuple[str, list]]:
    """The statements that a session ran for `send`, a request with this id: each text with its parameters as text."""
    statements = []
    session = None
    for pid, sql, parameters in logged(send):
        if "set_config('lyceum.request_id'" in sql:
            session = pid if request_id in parameters else None
        if session is not None and pid == session:
            statements.append((sql, parameters))
    if not statements:
        raise SystemExit(f"error: no statements of the request {request_id} in PostgreSQL's log")
    return statements


def question_of(send) -> tuple[str, list]:
    """The question that the server asked for `send`, requests that are answered with a kept answer."""
    for _, sql, parameters in logged(send):
        if "lyceum.is_still_true(" in sql:
            return sql, parameters
    raise SystemExit("error: no question about a kept answer in PostgreSQL's log")


def copy_of(send) -> tuple[str, list]:
    """The COPY that the server ran for `send`, and its arguments: the values of the settings that it reads."""
    copy, arguments = "", []
    for message, parameters in ((entry["message"], entry.get("detail", "")) for entry in log_of(send)):
        if message.startswith("statement: COPY ("):
            copy = message.split(": ", 1)[1]
        elif "set_config('lyceum.arg_'" in message:
            arguments = parse_parameters(parameters)[0][1:-1].split(",")
    if not copy:
        raise SystemExit("error: no COPY in PostgreSQL's log")
    return copy, [argument.strip('"') for argument in arguments]


def logged(send) -> list[tuple[int, str, list]]:
    """What all sessions executed during `send`: the session, the statement, and its parameters."""
    return [
        (entry["pid"], entry["message"].split(": ", 1)[1], parse_parameters(entry.get("detail", "")))
        for entry in log_of(send)
        if entry["message"].startswith("execute ")
    ]


def log_of(send) -> list[dict]:
    """What PostgreSQL logs during `send`, with all statements."""
    marker = f"after {secrets.token_hex(8)}"
    begin = LOG.stat().st_size
    query("postgres", "postgres", "ALTER SYSTEM SET log_statement = 'all'", "SELECT pg_reload_conf()")
    try:
        wait_for_setting("all")
        send()
        query("postgres", "postgres", f"SELECT '{marker}'")
        entries = read_log(begin, marker)
    finally:
        query("postgres", "postgres", "ALTER SYSTEM RESET log_statement", "SELECT pg_reload_conf()")
    wait_for_setting("none")
    return entries


def wait_for_setting(value: str):
    """Waits until a new session has the setting; existing sessions check it before each of their statements."""
    deadline = time.monotonic() + 10
    while query("postgres", "postgres", "SHOW log_statement") != [[value]]:
        if time.monotonic() > deadline:
            raise SystemExit("error: PostgreSQL does not apply log_statement")
        time.sleep(0.02)
    time.sleep(0.2)


def read_log(begin: int, marker: str) -> list[dict]:
    """The entries from this byte of the log on, up to the marker at least."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        text = LOG.read_bytes()[begin:].decode()
        if marker in text:
            return [json.loads(line) for line in text.splitlines() if line.endswith("}")]
        time.sleep(0.02)
    raise SystemExit("error: PostgreSQL's log does not appear")


def parse_parameters(detail: str) -> list:
    """Parses `parameters: $1 = 'it''s', $2 = NULL` as ["it's", None]."""
    values = []
    position = len("parameters: ") if detail.startswith("parameters: ") else len(detail)
    while position < len(detail):
        position = detail.index(" = ", position) + 3
        if detail.startswith("NULL", position):
            values.append(None)
            position += 4
        else:
            position += 1
            text = ""
            while True:
                end = detail.index("'", position)
                text += detail[position:end]
                position = end + 1
                if not detail.startswith("'", position):
                    break
                text += "'"
                position += 1
            values.append(text)
        if detail.startswith(", ", position):
            position += 2
    return values
