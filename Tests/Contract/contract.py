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
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
HOME = pathlib.Path(os.environ["LYCEUM_CONTRACT_HOME"])
PROGRAM = os.environ["LYCEUM_PROGRAM"]
SCHEMATHESIS = pathlib.Path(sys.executable).parent / "schemathesis"
EXAMPLES = os.environ.get("EXAMPLES", "10")
SEED = os.environ.get("SEED", "1")
# Login names of the demo school.
ROLES = {
    "nobody": None, "student": "student", "guardian": "parent", "teacher": "teacher", "deputy": "deputy",
    "head": "head", "administrator": "admin", "program": None,
}
FULL = ("administrator", "teacher", "guardian")
# An integration with all scopes; the secret's random part is 32 zero bytes.
CLIENT = "0198cc72653e7e34873b6bb165cc5f15"
# Names whose table is not their plural.
TABLES = {"staff_id": "staff", "category_id": "categories", "class_id": "classes", "plan_topic_id": "plan_topics"}

# A made-up cursor, version or row of a file has the right shape, but the server has to refuse it.
CHECKS = """
[checks]
positive_data_acceptance.expected-statuses = [
    "2xx", "304", 400, 401, 403, 404, 409, 412, 413, 415, 422, 428, 429, 503
]
negative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 406, 409, 412, 413, 415, 422, 428, 429, 503]
missing_required_header.expected-statuses = [400, 401, 403, 404, 406, 415, 422, 428]
"""


def main():
    names = [argument for argument in sys.argv[1:] if argument in ROLES]
    options = [argument for argument in sys.argv[1:] if argument not in ROLES]
    port = free_port()
    make_school()
    server = serve(port)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        failed = [name for name in names or ROLES if not holds(name, port, options, name in names or name in FULL)]
    finally:
        server.terminate()
        server.wait(30)
    if server.returncode != 0:
        raise SystemExit(f"error: the server ended with {server.returncode}")
    log = (HOME / "server.log").read_text().splitlines()
    errors = [line for line in log if '"level":"error"' in line and '"status":503' not in line]
    if errors:
        print("\n".join(errors[:10]), file=sys.stderr)
        raise SystemExit(f"error: {len(errors)} errors in the server's log")
    if failed:
        raise SystemExit(f"error: the contract check failed as {', '.join(failed)}")
    print(f"The contract check passed as {', '.join(names or ROLES)}.")


def holds(name: str, port: int, options: list[str], in_full: bool) -> bool:
    base = f"http://127.0.0.1:{port}"
    print(f"\033[1m==>\033[0m As {name}{'' if in_full else ', by examples'}", file=sys.stderr, flush=True)
    (HOME / "schemathesis.toml").write_text(configuration())
    command = [SCHEMATHESIS, "--config-file", HOME / "schemathesis.toml", "run", ROOT / "openapi.yaml", "--url", base]
    command += ["--max-examples", EXAMPLES, "--continue-on-failure", "--no-color", "--warnings", "off"]
    command += ["--request-timeout", "20", "--seed", SEED]
    # schemathesis cannot generate archives; ImportArchiveTests damage one byte by byte.
    command += ["--exclude-operation-id", "importArchive"]
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
        secret = f"s_1_{CLIENT}_{'A' * 43}"
        body = {"grant_type": "client_credentials", "client_id": f"c_1_{CLIENT}", "client_secret": secret}
    request = urllib.request.Request(
        f"{base}/v1/auth/token", json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["access_token"]


def make_school():
    superuser("CREATE ROLE lyceum_owner LOGIN CREATEROLE")
    superuser("CREATE DATABASE lyceum OWNER lyceum_owner")
    owner = os.environ | {"LYCEUM_OWNER_DATABASE_URL": url("lyceum", "lyceum_owner")}
    subprocess.run([PROGRAM, "migrate", "up"], env=owner, check=True, stdout=subprocess.DEVNULL)
    superuser("CREATE ROLE lyceum_server LOGIN IN ROLE lyceum_app")
    subprocess.run([PROGRAM, "demo"], env=owner, check=True, stdout=subprocess.DEVNULL)
    query(f"""
        INSERT INTO clients (school_id, id, kind, name, scopes)
        VALUES (1, '{CLIENT}', 'integration', '1С', '{{school.read,people.read,imports.write,journal.read}}');
        INSERT INTO client_secrets (school_id, id, client_id, secret_hash)
        VALUES (1, '{CLIENT}', '{CLIENT}', sha256(decode(repeat('00', 32), 'hex')));
        """)


def serve(port: int) -> subprocess.Popen:
    environment = os.environ | {
        "LYCEUM_DATABASE_URL": url("lyceum", "lyceum_server"),
        "LYCEUM_TOKEN_KEYS": "k1:" + "A" * 43,
        "LYCEUM_SECRETS_KEYS": "k1:" + "A" * 43,
        "LYCEUM_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "LYCEUM_LOG_LEVEL": "warning",
        "LYCEUM_RATE_REQUESTS": "0",
    }
    with open(HOME / "server.log", "ab") as log:
        command = [PROGRAM, "serve", "--host", "127.0.0.1", "--port", str(port)]
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    deadline = time.monotonic() + 30
    while server.poll() is None and time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz").close()
            return server
        except urllib.error.URLError:
            time.sleep(0.05)
    server.kill()
    raise SystemExit(f"error: the server does not start: {(HOME / 'server.log').read_text()[-2000:]}")


def superuser(statement: str):
    run_psql(url("postgres", "postgres"), statement)


def query(statement: str) -> list[str]:
    return [line for line in run_psql(url("lyceum", "postgres"), statement).splitlines() if line]


def run_psql(database: str, statement: str) -> str:
    command = ["psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set", "ON_ERROR_STOP=1", database]
    return subprocess.run(command + ["-c", statement], check=True, stdout=subprocess.PIPE, text=True).stdout


def url(database: str, role: str) -> str:
    return f"postgresql:///{database}?host={HOME}&user={role}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


if __name__ == "__main__":
    main()
