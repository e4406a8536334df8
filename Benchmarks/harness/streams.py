"""Long answers that are sent while they are produced: the server's memory, and the effect on other requests."""

import multiprocessing
import re
import socket
import subprocess
import threading
import time

from . import database, settings
from .load import Measured, wrk
from .processes import Server, free_port, say
from .servers import build
from .table import Line

MEBIBYTE = 1024 * 1024
ROW = 1023
"""The approximate size of a row of `/copy` in bytes."""


def rows(context) -> list[Line]:
    """A slow reader of COPY and fast readers of content made in memory, on one core of `echo-server`, which has the
    server's own sockets, HTTP and lanes, and answers of any length."""
    server = echo_server()
    try:
        before = wrk(server.url + "/livez", connections=8)
        idle = server.resident_bytes()
        memory = Peak(server)
        slow = Reader(server.port, f"/copy?rows={settings.STREAM_BYTES // ROW}", settings.STREAM_RATE)
        quick = QuickReaders(server.port, f"/stream?bytes={100 * settings.STREAM_BYTES}", settings.STREAM_READERS)
        beside: list[Measured] = []
        while slow.is_alive():
            beside.append(wrk(server.url + "/livez", connections=8))
        taken = quick.end()
        peak = memory.end()
        freed = frees_its_lane(server)
        broken = breaks_off(server)
    finally:
        server.stop()
    if not slow.is_whole:
        raise SystemExit("error: the slow reader's answer was incomplete")
    p99 = max(one.p99_milliseconds for one in beside)
    say(
        f"  {slow.taken / MEBIBYTE:,.0f} MiB to a slow reader in {slow.seconds:.0f} s, {taken / MEBIBYTE:,.0f} MiB to "
        f"{settings.STREAM_READERS} quick ones; {idle / MEBIBYTE:.1f} MiB before, {peak / MEBIBYTE:.1f} at most; /livez: p99 "
        f"{before.p99_milliseconds:.1f} ms alone, {p99:.1f} beside; a lane is free {freed * 1000:.0f} ms after its reader "
        f"left; a killed backend: {broken}"
    )
    name = f"{slow.taken / MEBIBYTE:,.0f} MiB of COPY to a slow reader, and {settings.STREAM_READERS} quick ones of other streams"
    return [
        Line(
            f"resident memory, {name}", "itself idle", "flat", "flat",
            f"**{idle / MEBIBYTE:.0f} → {peak / MEBIBYTE:.0f} MiB** ({taken / MEBIBYTE:,.0f} MiB to the quick)",
        ),
        Line(
            "`/livez` beside them, 8 connections", "itself alone", "-", "-",
            f"p99 **{p99:.1f} ms** ({before.p99_milliseconds:.1f} alone)",
        ),
        Line("a reader that leaves: its lane is free after", "-", "1 s", "0.1 s", f"**{freed * 1000:.0f} ms**"),
        Line("a backend killed in the middle", "-", "told from the end", "-", f"**{broken}**"),
    ]


def echo_server() -> Server:
    say("Build: echo-server")
    command = ["swift", "build", "-c", "release", "--static-swift-stdlib", "--product", "echo-server"]
    build("echo-server", command, settings.ROOT)
    place = subprocess.run([*command[:-2], "--show-bin-path"], cwd=settings.ROOT, check=True, stdout=subprocess.PIPE, text=True)
    program = place.stdout.strip() + "/echo-server"
    # The lanes need the schema's settings but no rows.
    database.make_empty("streams")
    port = free_port()
    command = [program, "--port", port, "--database", database.url("streams", "postgres")]
    return Server("echo-server", command, {"PORT": str(port)}, settings.HOME)


class Reader(threading.Thread):
    """Reads one answer to its end, at most so many bytes per second."""

    def __init__(self, port: int, path: str, rate: float = 0):
        super().__init__(daemon=True)
        self.rate = rate
        self.taken = 0
        self.seconds = 0.0
        self.is_whole = False
        self.socket = socket.socket()
        if rate:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        self.socket.settimeout(60)
        self.socket.connect(("127.0.0.1", port))
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        self.start()

    def run(self):
        started = time.monotonic()
        space = bytearray(65536 if self.rate else 262144)
        last = b""
        try:
            while count := self.socket.recv_into(space):
                self.taken += count
                last = (last + bytes(space[max(0, count - 64) : count]))[-64:]
                if re.search(rb"\r\n0\r\n([A-Za-z-]+: \d+\r\n)*\r\n$", last):
                    self.is_whole = True
                    break
                if self.rate:
                    time.sleep(max(0, started + self.taken / self.rate - time.monotonic()))
        except OSError:
            pass
        self.seconds = time.monotonic() - started
        self.socket.close()

    def leave(self):
        """Leaves in the middle of the answer."""
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.join()


class QuickReaders:
    """In a separate process, so that only its own rate makes the slow reader slow."""

    def __init__(self, port: int, path: str, count: int):
        self.over = multiprocessing.Event()
        self.taken = multiprocessing.Value("q", 0)
        self.process = multiprocessing.Process(target=self.read, args=[port, path, count], daemon=True)
        self.process.start()

    def read(self, port: int, path: str, count: int):
        readers = [Reader(port, path) for _ in range(count)]
        self.over.wait()
        for reader in readers:
            reader.leave()
        self.taken.value = sum(reader.taken for reader in readers)

    def end(self) -> int:
        """Ends all readers and returns the bytes that they have read."""
        self.over.set()
        self.process.join()
        return self.taken.value


class Peak(threading.Thread):
    """The peak memory of a server."""

    def __init__(self, server: Server):
        super().__init__(daemon=True)
        self.server = server
        self.most = 0
        self.over = threading.Event()
        self.start()

    def run(self):
        while not self.over.wait(0.02):
            self.most = max(self.most, self.server.resident_bytes())

    def end(self) -> int:
        self.over.set()
        self.join()
        return self.most


def busy_copies() -> int:
    query = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY%' AND state = 'active'"
    return int(database.query("postgres", "postgres", query)[0][0])


def wait_for_copies(count: int) -> float:
    started = time.monotonic()
    while busy_copies() != count:
        if time.monotonic() > started + 20:
            raise SystemExit(f"error: {busy_copies()} copies and not {count}")
        time.sleep(0.005)
    return time.monotonic() - started


def frees_its_lane(server: Server) -> float:
    """Seconds until the database does no more work for a reader that has left."""
    reader = Reader(server.port, "/copy?rows=10000000", 1_000_000)
    wait_for_copies(1)
    reader.leave()
    return wait_for_copies(0)


def breaks_off(server: Server) -> str:
    """What a reader sees when its backend is killed."""
    reader = Reader(server.port, "/copy?rows=10000000", 5_000_000)
    wait_for_copies(1)
    database.query(
        "postgres", "postgres",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'COPY%' AND state = 'active'",
    )
    reader.join()
    return "complete" if reader.is_whole else "broken off"
