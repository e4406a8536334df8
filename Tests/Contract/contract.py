"""Serves a demo school and lets schemathesis check the server against openapi.yaml as each role; used by script/contract.

For the roles in FULL it generates requests of every kind for the operations that admit them; together they reach nearly
every operation. Otherwise it sends the contract's examples, which checks the refusals, and what the other roles get. A role
named as argument is checked in full.

Paths, queries and bodies use ids of the demo school, so that most requests find something. Everything else is made up.
"""

import concurrent.futures
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import urllib.request

import yaml

from calendars import check_calendar
from events import check_events
from demo_server import CLIENT, HOME, PROGRAM, ROOT, check_log, free_port, make_client, make_school, query, serve
from telling import Receivers, check_crash, check_telling
from webhooks import check_webhooks

SCHEMATHESIS = pathlib.Path(sys.executable).parent / "schemathesis"
EXAMPLES = os.environ.get("EXAMPLES", "10")
SEED = os.environ.get("SEED", "1")
# Login names of the demo school.
ROLES = {
    "nobody": None, "student": "student", "guardian": "parent", "teacher": "teacher", "deputy": "deputy",
    "head": "head", "administrator": "admin", "program": None,
}
FULL = ("administrator", "teacher", "guardian")
# What routes call the roles of a login.
HELD = {
    "student": {"student"}, "guardian": {"guardian"}, "teacher": {"teacher", "class_teacher"}, "deputy": {"deputy_head"},
    "head": {"head"}, "administrator": {"administrator"},
}
RUNNING: list[subprocess.Popen] = []
# Names whose table is not their plural.
TABLES = {"staff_id": "staff", "category_id": "categories", "class_id": "classes", "plan_topic_id": "plan_topics"}

OUTBOX = {
    "LYCEUM_OUTBOX_ALLOWED_NETWORKS": "127.0.0.1", "LYCEUM_OUTBOX_PLAIN_HTTP": "true", "LYCEUM_BACKGROUND_RHYTHM": "1",
}

# A made-up cursor, version or row of a file has the right shape, but the server has to refuse it.
CHECKS = """
[checks]
positive_data_acceptance.expected-statuses = [
    "2xx", "304", 400, 401, 403, 404, 409, 410, 412, 413, 415, 422, 428, 429, 503
]
negative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 406, 409, 410, 412, 413, 414, 415, 422, 428, 429, 503]
missing_required_header.expected-statuses = [400, 401, 403, 404, 406, 415, 422, 428]
"""


def main():
    names = [argument for argument in sys.argv[1:] if argument in ROLES]
    options = [argument for argument in sys.argv[1:] if argument not in ROLES]
    port = free_port()
    make_school()
    # Only this server may send to the machine itself.
    receivers = Receivers()
    server = serve(port, OUTBOX | receivers.settings)
    try:
        base = f"http://127.0.0.1:{port}"
        check_webhooks(base, sign_in(base, "program"), sign_in(base, "administrator"))
        family = sign_in(base, "guardian"), sign_in(base, "teacher")
        check_telling(base, *family, receivers)
        server = check_crash(base, *family, receivers, server, lambda: serve(port, OUTBOX | receivers.settings))
    finally:
        receivers.close()
        server.terminate()
        server.wait(30)
    server = serve(port)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        base = f"http://127.0.0.1:{port}"
        check_calendar(base, sign_in(base, "guardian"), sign_in(base, "deputy"))
        check_events(base, sign_in(base, "guardian"))
        failed = check_roles(names, port, options)
    finally:
        server.terminate()
        server.wait(30)
    if server.returncode != 0:
        raise SystemExit(f"error: the server ended with {server.returncode}")
    check_log()
    if failed:
        raise SystemExit(f"error: the contract check failed as {', '.join(failed)}")
    print(f"The contract check passed as {', '.join(names or ROLES)}.")


def check_roles(names: list[str], port: int, options: list[str]) -> list[str]:
    """The roles whose check failed. As many run at a time as there are cores, because schemathesis keeps one busy; the
    longest start first. The administrator comes alone, at the end: it ends sessions of others and disables clients."""
    (HOME / "schemathesis.toml").write_text(configuration())
    (HOME / "openapi.json").write_text(json.dumps(strict_contract()))
    in_full = set(names) or set(FULL)
    chosen = sorted(names or ROLES, key=lambda name: name not in in_full)
    alone = [name for name in chosen if name == "administrator"]
    failed = []
    for roles in ([name for name in chosen if name not in alone], alone):
        threads = concurrent.futures.ThreadPoolExecutor(os.cpu_count())
        try:
            passed = threads.map(lambda name: holds(name, port, options, name in in_full), roles)
            failed += [name for name, has_passed in zip(roles, passed) if not has_passed]
        except BaseException:
            threads.shutdown(wait=False, cancel_futures=True)
            for process in RUNNING:
                process.terminate()
            raise
    return failed


def holds(name: str, port: int, options: list[str], in_full: bool) -> bool:
    base = f"http://127.0.0.1:{port}"
    # It keeps examples that failed in its directory.
    home = HOME / f"as-{name}"
    home.mkdir(exist_ok=True)
    command = [SCHEMATHESIS, "--config-file", HOME / "schemathesis.toml", "run", HOME / "openapi.json", "--url", base]
    command += ["--max-examples", EXAMPLES, "--continue-on-failure", "--no-color", "--warnings", "off"]
    command += ["--request-timeout", "20", "--seed", SEED]
    if name != "nobody":
        command += ["--header", f"Authorization: Bearer {sign_in(base, name)}"]
    # schemathesis cannot generate archives; ImportArchiveTests damage one byte by byte. A stream does not end by itself;
    # events.py reads one.
    excluded = ["importArchive", "streamEvents"]
    refusing = [one for one in refusing_operations(name) if one not in excluded] if in_full else []
    runs = [(" in full", without(excluded + refusing))] if in_full else []
    examples = ["--phases", "examples"]
    if refusing:
        runs.append((", where it is refused, by examples", examples + only(refusing)))
    elif not in_full:
        runs.append((" by examples", examples + without(excluded)))
    return all([ran(f"As {name}{words}", command + more + options, home) for words, more in runs])


def without(operations: list[str]) -> list[str]:
    return [part for operation in operations for part in ("--exclude-operation-id", operation)]


def only(operations: list[str]) -> list[str]:
    return [part for operation in operations for part in ("--include-operation-id", operation)]


def refusing_operations(name: str) -> list[str]:
    """The operations whose access rule does not admit the role."""
    if name not in HELD:
        return []
    listed = json.loads(subprocess.run([PROGRAM, "routes", "--json"], check=True, capture_output=True).stdout)
    admitted = HELD[name] | {"signed", "open"}
    return [route["operationId"] for route in listed if not admitted & set(re.findall(r"\w+", route["access"]))]


def ran(title: str, command: list, home: pathlib.Path) -> bool:
    process = subprocess.Popen(
        [str(part) for part in command], cwd=home, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    RUNNING.append(process)
    output, _ = process.communicate()
    if process.returncode == -signal.SIGTERM:
        raise SystemExit(f"{title}: stopped")
    print(f"\033[1m==>\033[0m {title}\n{output}", flush=True)
    return process.returncode == 0


def configuration() -> str:
    """Dictionaries of the demo school's ids, and the parameters and fields that use them."""
    dictionaries, parameters = [], []
    for name, places in sorted(identifiers().items()):
        ids = ids_of(name)
        if not ids:
            continue
        dictionaries.append(f"[dictionaries.{name}]\nvalues = {json.dumps(ids)}\n")
        for place in sorted(places):
            parameters.append(f'"{place}.{name}" = {{ dictionary = "{name}", probability = 0.7 }}\n')
    return CHECKS + "".join(dictionaries) + "[parameters]\n" + "".join(parameters)


def strict_contract() -> dict:
    """The contract with closed schemas of answers, so that undocumented fields are found."""
    contract = yaml.safe_load((ROOT / "openapi.yaml").read_text())
    answers = [operation["responses"] for path in contract["paths"].values()
               for method, operation in path.items() if method != "parameters"]
    for name in schemas_in(contract, answers):
        schema = contract["components"]["schemas"][name]
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
    # 201 ids make an address that the server refuses before it looks for the operation, see `_root.yaml`.
    for responses in answers:
        responses.setdefault("414", {"description": "The address is too long."})
    # The contract says that it is text; schemathesis parses it.
    contract["paths"]["/openapi.yaml"]["get"]["responses"]["200"]["content"]["application/yaml"] = {}
    return contract


def schemas_in(contract: dict, part) -> set[str]:
    """Names of the schemas that a part of the contract refers to, directly or through others."""
    found, waiting = set(), [part]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            waiting += value.values()
            reference = value.get("$ref")
            if isinstance(reference, str) and reference not in found:
                found.add(reference)
                _, _, kind, name = reference.split("/")
                waiting.append(contract["components"][kind][name])
    return {reference.split("/")[-1] for reference in found if "/schemas/" in reference}


def identifiers() -> dict[str, set[str]]:
    """Names ending in `_id`, and whether they are used in paths, queries or bodies."""
    contract = yaml.safe_load((ROOT / "openapi.yaml").read_text())
    found: dict[str, set[str]] = {}
    text = (ROOT / "openapi.yaml").read_text()
    for name in set(re.findall(r"^ +([a-z_]+_id):", text, re.MULTILINE)):
        found.setdefault(name, set()).add("body")
    for path in contract["paths"]:
        for name in re.findall(r"{([a-z_]+_id)}", path):
            found.setdefault(name, set()).add("path")
    for name in re.findall(r"name: ([a-z_]+_id)", text):
        found.setdefault(name, set()).add("query")
    return found


def ids_of(name: str) -> list[str]:
    table = TABLES.get(name, name.removesuffix("_id") + "s")
    if not query(f"SELECT to_regclass('public.{table}')"):
        return []
    people = "ORDER BY id NOT IN (SELECT id FROM users WHERE login IS NOT NULL AND length(login) < 10), " \
        "id NOT IN (SELECT g.student_id FROM guardianships g JOIN users u ON u.id = g.guardian_id AND u.login = 'parent'), id"
    order = people if table in ("students", "users", "guardians", "staff") else "ORDER BY id"
    return query(f"SELECT id FROM {table} {order} LIMIT 12")


def sign_in(base: str, name: str) -> str:
    # Made-up sign-ins with the contract's example names lock the login (A6).
    query("DELETE FROM sign_in_failures")
    body = {"grant_type": "password", "school": "lyceum29", "username": ROLES[name], "password": "lyceum-demo"}
    if name == "program":
        make_client()
        secret = f"s_1_{CLIENT}_{'A' * 43}"
        body = {"grant_type": "client_credentials", "client_id": f"c_1_{CLIENT}", "client_secret": secret}
    request = urllib.request.Request(
        f"{base}/v1/auth/token", json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["access_token"]


if __name__ == "__main__":
    main()
