"""Bodies that never end: what the server keeps of them."""

import socket
import time

from . import servers
from .processes import Server, say
from .school import School, sign_in
from .streams import MEBIBYTE, Peak
from .table import Line

COUNT = 200
SENT = 900_000


def rows(context) -> list[Line]:
    """Clients that send most of a body and then wait: a file to import, and marks."""
    context.school
    server = servers.lyceum("lyceum-uploads")
    try:
        token = sign_in(server.url, "admin")
        teacher = School("lyceum", server.url)
        imports = unfinished(server, "POST /v1/imports/students?dry_run=true", "text/csv", token)
        journal = teacher.journal.split("?")[0]
        bodies = unfinished(server, f"PATCH {journal}", "application/json", teacher.teacher)
    finally:
        server.stop()
    return [
        Line(f"{COUNT} unfinished imports of {SENT // 1000} kB", "itself idle", "-", "-", imports),
        Line(f"{COUNT} unfinished bodies of {SENT // 1000} kB", "itself idle", "-", "-", bodies),
    ]


def unfinished(server: Server, line: str, media_type: str, token: str) -> str:
    idle = server.resident_bytes()
    memory = Peak(server)
    head = (
        f"{line} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Type: {media_type}\r\n"
        f"Content-Length: {SENT + 50_000}\r\n\r\n"
    ).encode()
    connections = []
    refused = 0
    for _ in range(COUNT):
        connection = socket.create_connection(("127.0.0.1", server.port), timeout=10)
        connection.sendall(head)
        try:
            connection.sendall(b"x" * SENT)
        except OSError:
            pass
        connections.append(connection)
    # Until the server has read everything from the kernel's buffers.
    time.sleep(5)
    for connection in connections:
        connection.setblocking(False)
        try:
            refused += connection.recv(12).startswith(b"HTTP/1.1 503")
        except BlockingIOError:
            pass
        except OSError:
            refused += 1
        connection.close()
    grown = memory.end() - idle
    say(f"  {line}: {COUNT - refused} held, {refused} refused, {grown / MEBIBYTE:.0f} MiB more than {idle / MEBIBYTE:.0f}")
    return f"**{grown / MEBIBYTE:.0f} MiB** ({COUNT - refused} held, {refused} answered 503)"
