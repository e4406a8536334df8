"""A server with a demo school, on a PostgreSQL whose socket is in LYCEUM_CONTRACT_HOME."""

import os
import pathlib
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
HOME = pathlib.Path(os.environ["LYCEUM_CONTRACT_HOME"])
PROGRAM = os.environ["LYCEUM_PROGRAM"]
# An integration with all scopes; the secret's random part is 32 zero bytes.
CLIENT = "0198cc72653e7e34873b6bb165cc5f15"


def make_school():
    superuser("CREATE ROLE lyceum_owner LOGIN CREATEROLE")
    superuser("CREATE DATABASE lyceum OWNER lyceum_owner")
    owner = os.environ | {"LYCEUM_OWNER_DATABASE_URL": url("lyceum", "lyceum_owner")}
    subprocess.run([PROGRAM, "migrate", "up"], env=owner, check=True, stdout=subprocess.DEVNULL)
    superuser("CREATE ROLE lyceum_server LOGIN IN ROLE lyceum_app")
    subprocess.run([PROGRAM, "demo", "--years", "1"], env=owner, check=True, stdout=subprocess.DEVNULL)
    make_client()


def make_client():
    """Creates the integration, or restores it after requests of an administrator changed it."""
    query(f"""
        DELETE FROM client_secrets WHERE client_id = '{CLIENT}';
        INSERT INTO clients (school_id, id, kind, name, scopes)
        VALUES (1, '{CLIENT}', 'integration', '1С', '{{school.read,people.read,imports.write,journal.read}}')
        ON CONFLICT (school_id, id) DO UPDATE SET state = DEFAULT, scopes = excluded.scopes;
        INSERT INTO client_secrets (school_id, id, client_id, secret_hash)
        VALUES (1, '{CLIENT}', '{CLIENT}', sha256(decode(repeat('00', 32), 'hex')));
        """)


def serve(port: int, settings: dict[str, str] | None = None) -> subprocess.Popen:
    environment = os.environ | {
        "LYCEUM_DATABASE_URL": url("lyceum", "lyceum_server"),
        "LYCEUM_TOKEN_KEYS": "k1:" + "A" * 43,
        "LYCEUM_SECRETS_KEYS": "k1:" + "A" * 43,
        "LYCEUM_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "LYCEUM_LOG_LEVEL": "warning",
        "LYCEUM_RATE_REQUESTS": "0",
    } | (settings or {})
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


def check_log():
    """Ends the run if the server logged an error."""
    log = (HOME / "server.log").read_text().splitlines()
    errors = [line for line in log if '"level":"error"' in line and '"status":503' not in line]
    if errors:
        print("\n".join(errors[:10]), file=sys.stderr)
        raise SystemExit(f"error: {len(errors)} errors in the server's log")


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
