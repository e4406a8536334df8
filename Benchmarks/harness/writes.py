"""`PATCH sections/{id}/journal` with 25 marks, and what the log of changes costs it."""

from . import database, journals, load, servers, settings
from .context import WRITING, Context
from .load import Comparison, Measured, compare
from .reads import against
from .school import School
from .statements import Captured
from .table import Line

# The minimum for writing marks: one statement, with the triggers for rules, versions, history and the log of changes.
UPSERT = """
INSERT INTO marks (school_id, id, line_item_id, student_id, kind, number)
SELECT 1, gen_random_uuid(), (CAST(:line_items AS uuid[]))[1 + :client_id], s.id, 'number', :tick
FROM unnest((CAST(:students AS text[]))[1 + :client_id]::uuid[]) AS s(id)
ON CONFLICT (school_id, line_item_id, student_id) DO UPDATE SET kind = excluded.kind, number = excluded.number;
"""


def patch(context: Context) -> list[Line]:
    pages = context.pages
    if not pages:
        return []
    text, variables = upsert_script(context.captured["patch"].statements[:1], pages)
    script = settings.HOME / "upsert.sql"
    script.write_text(text)
    journals.write(context.lyceum, pages, 2)
    result = compare(
        "PATCH of marks",
        lambda: journals.write(context.lyceum, pages),
        lambda: load.pgbench(script, variables, len(pages), 0, WRITING),
    )
    name = f"pgbench, one {marks_of(pages)}-row upsert with the same triggers: the log of changes on both sides"
    return [Line(work_of(pages), name, "0.75 x", "0.85 x", against(result))]


def log(context: Context) -> list[Line]:
    """The same school twice; in one, the triggers that write the log are disabled."""
    pages = context.pages
    if not pages:
        return []
    name = "lyceum_unlogged"
    database.make_schools(name, 1)
    disable_log(name)
    # Nothing is kept: without a log, an answer would stay true for ever.
    server = servers.lyceum("lyceum-unlogged", name, keeps=False)
    try:
        others = journals.pages(School(name, server.url), server.url)
        if marks_of(others) != marks_of(pages) or len(others) != len(pages):
            raise SystemExit("error: the school without a log has other pages")
        rows = logged_rows("lyceum", lambda: pages[0].write(context.lyceum.url), pages[0], context.lyceum.url)
        if logged_rows(name, lambda: others[0].write(server.url), others[0], server.url) != 0:
            raise SystemExit("error: the school without a log has one")
        for one, its in ((context.lyceum, pages), (server, others)):
            journals.write(one, its, 2)
        result = compare(
            "PATCH of marks, with the log of changes and without",
            lambda: journals.write(context.lyceum, pages),
            lambda: journals.write(server, others),
        )
    finally:
        server.stop()
    measured = f"{against(result)}; {rows} rows in the log for each batch; {share_of(result)}"
    return [Line(work_of(pages), "itself with the triggers of the log disabled", "-", "-", measured)]


def share_of(comparison: Comparison) -> str:
    """The log's part of the time between the begin and the end of a batch, and of its processor time."""
    time = 1 - comparison.ratio()
    with_log, without = (
        sum(one.server + one.database for one in side) / len(side) for side in (comparison.ours, comparison.theirs)
    )
    return f"the log takes {time:.0%} of the time and {1 - without / with_log:.0%} of the processor time"


def disable_log(name: str):
    tables = database.query(
        name, "lyceum_owner",
        "SELECT DISTINCT tgrelid::regclass FROM pg_trigger WHERE tgname LIKE 'log\\_%' AND NOT tgisinternal",
    )
    triggers = ("log_made", "log_changed", "log_deleted")
    database.query(
        name, "lyceum_owner",
        *(
            f"DO $$ BEGIN ALTER TABLE {table} DISABLE TRIGGER {trigger}; EXCEPTION WHEN undefined_object THEN NULL; END $$"
            for (table,) in tables
            for trigger in triggers
        ),
    )


def logged_rows(name: str, write, page: journals.Page, url: str) -> int:
    def count() -> int:
        return int(database.query(name, "lyceum_owner", "SELECT count(*) FROM changes")[0][0])

    page.read(url)
    before = count()
    write()
    return count() - before


def marks_of(pages: list[journals.Page]) -> int:
    return len(pages[0].students)


def work_of(pages: list[journals.Page]) -> str:
    return f"`PATCH /v1/sections/{{id}}/journal`, {marks_of(pages)} marks, {len(pages)} clients, each at its own section"


def upsert_script(prefix: list, pages: list[journals.Page]) -> tuple[str, list[str]]:
    text, variables = Captured(prefix, {}).for_pgbench(" ".join(UPSERT.split()))
    line_items = ",".join(page.line_item for page in pages)
    students = ",".join('"{' + ",".join(page.students) + '}"' for page in pages)
    variables += ["-D", "tick=5", "-D", f"line_items={{{line_items}}}", "-D", f"students={{{students}}}"]
    return "\\set tick 9 - :tick\n" + text, variables
