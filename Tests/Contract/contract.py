"""Serves a demo school and lets schemathesis check the server against openapi.yaml as each role; used by script/contract.

For the roles in FULL it generates requests of every kind; together they reach nearly every operation. For the others it
sends the contract's examples, which checks the answers that these roles get. A role named as argument is checked in full.

Paths, queries and bodies use ids of the demo school, so that most requests find something. Everything else is made up.
"""

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
from demo_server import CLIENT, HOME, ROOT, check_log, free_port, make_client, make_school, query, serve
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
        failed = [name for name in names or ROLES if not holds(name, port, options, name in names or name in FULL)]
    finally:
        server.terminate()
        server.wait(30)
    if server.returncode != 0:
        raise SystemExit(f"error: the server ended with {server.returncode}")
    check_log()
    if failed:
        raise SystemExit(f"error: the contract check failed as {', '.join(failed)}")
    print(f"The contract check passed as {', '.join(names or ROLES)}.")


def holds(name: str, port: int, options: list[str], in_full: bool) -> bool:
    base = f"http://127.0.0.1:{port}"
    print(f"\033[1m==>\033[0m As {name}{'' if in_full else ', by examples'}", file=sys.stderr, flush=True)
    (HOME / "schemathesis.toml").write_text(configuration())
    (HOME / "openapi.json").write_text(json.dumps(strict_contract()))
    command = [SCHEMATHESIS, "--config-file", HOME / "schemathesis.toml", "run", HOME / "openapi.json", "--url", base]
    command += ["--max-examples", EXAMPLES, "--continue-on-failure", "--no-color", "--warnings", "off"]
    command += ["--request-timeout", "20", "--seed", SEED]
    # schemathesis cannot generate archives; ImportArchiveTests damage one byte by byte.
    command += ["--exclude-operation-id", "importArchive"]
    # A stream does not end by itself; events.py reads one.
    command += ["--exclude-operation-id", "streamEvents"]
    if not in_full:
        command += ["--phases", "examples"]
    if name != "nobody":
        command += ["--header", f"Authorization: Bearer {sign_in(base, name)}"]
    return subprocess.run([str(part) for part in command + options], cwd=HOME).returncode == 0


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
