"""Lyceum and its peers: how each is built and started."""

import os
import subprocess
import sys

from . import database, settings, tokens
from .processes import Server, free_port, say


def lyceum(
    name: str = "lyceum", base: str = "lyceum", pause: float = 0.02, trusted_proxies: str = ""
) -> Server:
    """Without a log line per request: the peers write none either."""
    port = free_port()
    environment = {
        "PORT": str(port),
        "LYCEUM_DATABASE_URL": database.url(base, "lyceum_server"),
        "LYCEUM_TOKEN_KEYS": tokens.CONFIGURATION,
        "LYCEUM_PUBLIC_URL": tokens.ISSUER,
        "LYCEUM_LOG_LEVEL": "warning",
        "LYCEUM_RATE_REQUESTS": "0",
        "LYCEUM_PROXIES_TRUSTED": trusted_proxies,
    }
    command = [settings.PROGRAM, "serve", "--port", port, "--cores", settings.CORES]
    server = Server(name, command, environment, settings.HOME, pause)
    # Each core has its own connections to the database, and the cores take turns.
    server.wait_for("/readyz", times=4 * settings.CORES)
    return server


def peer_environment(pool: int) -> dict:
    return {
        "PORT": str(free_port()),
        "POOL": str(pool),
        "WORK": str(settings.HOME / "work.json"),
        "DATABASE_URL": database.url("lyceum", "lyceum_server"),
        "TOKEN_KEYS": tokens.CONFIGURATION,
        "CORES": str(settings.CORES),
    }


def build(name: str, command: list, directory, environment: dict | None = None):
    log = settings.HOME / f"build-{name}.log"
    with open(log, "wb") as output:
        status = subprocess.run(
            [str(part) for part in command],
            cwd=directory,
            env=os.environ | (environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        ).returncode
    if status != 0:
        raise SystemExit(f"error: {name} is not built: {log.read_text()[-3000:]}")


def build_go():
    say("Build: the peer in Go")
    # Debian's library packages form a GOPATH.
    environment = {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOFLAGS": "", "GOCACHE": f"{settings.BUILT}/go"}
    build("go", ["go", "build", "-o", settings.BUILT / "go-peer", "."], settings.PEERS / "Go", environment)


def go(pool: int) -> Server:
    environment = peer_environment(pool) | {"GOMAXPROCS": str(settings.CORES)}
    return Server("go", [settings.BUILT / "go-peer"], environment, settings.HOME)


def build_fastapi():
    say("Build: the peer in FastAPI")
    environment = settings.BUILT / "fastapi"
    requirements = settings.PEERS / "FastAPI" / "requirements.txt"
    if not (environment / "bin" / "pip").exists():
        build("venv", [sys.executable, "-m", "venv", environment], settings.PEERS)
    build("fastapi", [environment / "bin" / "pip", "install", "--quiet", "--requirement", requirements], settings.PEERS)


def fastapi(pool: int) -> Server:
    environment = peer_environment(pool)
    command = [settings.BUILT / "fastapi" / "bin" / "uvicorn", "app:app", "--app-dir", settings.PEERS / "FastAPI"]
    command += ["--workers", settings.CORES, "--loop", "uvloop", "--http", "httptools", "--no-access-log"]
    command += ["--log-level", "error", "--port", environment["PORT"]]
    return Server("fastapi", command, environment | {"PYTHONDONTWRITEBYTECODE": "1"}, settings.HOME)


def build_hummingbird():
    say("Build: the peer in Hummingbird (the first time takes some minutes)")
    command = ["swift", "build", "-c", "release", "--scratch-path", settings.BUILT / "hummingbird"]
    build("hummingbird", command, settings.PEERS / "HummingbirdPeer")


def hummingbird() -> Server:
    program = settings.BUILT / "hummingbird" / "release" / "HummingbirdPeer"
    return Server("hummingbird", [program], peer_environment(1), settings.HOME)
