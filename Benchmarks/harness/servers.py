"""Lyceum and its peers: how each is built and started."""

import os
import shutil
import subprocess
import sys

from . import database, settings, tokens
from .processes import Server, free_port, say


def lyceum(
    name: str = "lyceum", base: str = "lyceum", pause: float = 0.02, trusted_proxies: str = "", keeps: bool = True,
    cores: int = settings.CORES,
) -> Server:
    """Without a log line per request: the peers write none either.

    `keeps`: false for a server that makes each answer anew."""
    port, admin = free_port(), free_port()
    environment = {
        "PORT": str(port),
        "ADMIN_PORT": str(admin),
        "LYCEUM_ADMIN_PORT": str(admin),
        "LYCEUM_DATABASE_URL": database.url(base, "lyceum_server"),
        "LYCEUM_TOKEN_KEYS": tokens.CONFIGURATION,
        "LYCEUM_PUBLIC_URL": tokens.ISSUER,
        "LYCEUM_LOG_LEVEL": "warning",
        "LYCEUM_RATE_REQUESTS": "0",
        "LYCEUM_PROXIES_TRUSTED": trusted_proxies,
    }
    if not keeps:
        environment["LYCEUM_ANSWERS_MEMORY"] = "0"
    command = [settings.PROGRAM, "serve", "--port", port, "--cores", cores]
    server = Server(name, command, environment, settings.HOME, pause)
    # Each core has its own connections to the database, and the cores take turns.
    server.wait_for("/readyz", times=4 * cores)
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
    build("go", ["go", "build", "-o", settings.BUILT / "go-peer", "."], settings.PEERS / "Go", go_environment())


def go(pool: int) -> Server:
    environment = peer_environment(pool) | {"GOMAXPROCS": str(settings.CORES)}
    return Server("go", [settings.BUILT / "go-peer"], environment, settings.HOME)


def build_load():
    say("Build: the load of the row mixed")
    build("load", ["go", "build", "-o", settings.BUILT / "load", "."], settings.ROOT / "Benchmarks" / "Load", go_environment())


def go_environment() -> dict:
    """Debian's library packages form a GOPATH."""
    return {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOFLAGS": "", "GOCACHE": f"{settings.BUILT}/go"}


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


def nginx() -> Server:
    """The answer of /livez from the configuration: what HTTP alone costs."""
    port = free_port()
    directory = settings.HOME / "nginx"
    directory.mkdir(exist_ok=True)
    user = "user root;" if os.geteuid() == 0 else ""
    temporary = "\n".join(
        f"    {name}_temp_path {directory}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    configuration = directory / "nginx.conf"
    configuration.write_text(
        NGINX.format(user=user, cores=settings.CORES, directory=directory, temporary=temporary, port=port)
    )
    return Server("nginx", [program("nginx"), "-c", configuration], {"PORT": str(port)}, settings.HOME)


def h2o() -> Server:
    """The same from a file, whose descriptor h2o keeps open: without a log."""
    port = free_port()
    directory = settings.HOME / "h2o"
    directory.mkdir(exist_ok=True)
    (directory / "livez.json").write_text('{"status":"ok"}')
    configuration = directory / "h2o.conf"
    user = "user: root" if os.geteuid() == 0 else ""
    configuration.write_text(H2O.format(user=user, cores=settings.CORES, directory=directory, port=port))
    return Server("h2o", [program("h2o"), "-m", "worker", "-c", configuration], {"PORT": str(port)}, settings.HOME)


def program(name: str) -> str:
    """Debian keeps servers outside the path of most users."""
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if not found:
        raise SystemExit(f"error: {name} is missing; script/setup bench installs it")
    return found


# No log, and connections that stay open for as long as the client wants.
NGINX = """
{user}
daemon off;
worker_processes {cores};
worker_cpu_affinity auto;
pid {directory}/nginx.pid;
error_log {directory}/error.log error;
events {{ worker_connections 4096; accept_mutex off; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    tcp_nodelay on;
{temporary}
    server {{
        listen 127.0.0.1:{port} reuseport backlog=4096;
        location = /livez {{
            default_type application/json;
            add_header Cache-Control no-store;
            return 200 '{{"status":"ok"}}';
        }}
    }}
}}
"""

H2O = """
{user}
num-threads: {cores}
listen: {{ host: 127.0.0.1, port: {port} }}
pid-file: {directory}/h2o.pid
error-log: {directory}/error.log
hosts:
  default:
    paths:
      /livez:
        file.file: {directory}/livez.json
        file.etag: OFF
        header.set: "Cache-Control: no-store"
"""
