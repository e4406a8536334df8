"""Open streams of events: what they cost in memory, what the diary costs beside them, and how late an event is."""

import json
import secrets
import select
import socket
import statistics
import threading
import time

from . import servers, settings, tokens
from .context import Context
from .load import Measured, compare
from .processes import say
from .reads import FIRST, against, reading
from .school import School
from .table import Line

# Fewer than a person may have on a core, of the people of one school.
STREAMS_OF_PERSON = 8
# Notifications that are told while the diary is read, a second.
TOLD = 5


def rows(context: Context) -> list[Line]:
    school = context.school
    server = servers.lyceum("lyceum-events", keeps=False, cores=1)
    try:
        work = reading(server, school.diary, school.parent)
        work()
        before = server.resident_bytes()
        with Streams(server.port, people(school)) as streams:
            each = (server.resident_bytes() - before) / settings.EVENT_STREAMS
            say(f"  {each / 1024:.1f} KiB of a stream")
        told = Told(school)

        def with_streams() -> Measured:
            with Streams(server.port, people(school)) as streams, told.going_on(streams):
                measured = work()
                if streams.open() < settings.EVENT_STREAMS:
                    raise SystemExit(f"error: only {streams.open()} streams of events are still open")
                return measured

        name = f"{settings.EVENT_STREAMS:,} open streams of events on one core"
        result = compare(f"the diary beside {name}", with_streams, work)
        with Streams(server.port, people(school)) as streams:
            burst = told.to_everybody(streams)
    finally:
        server.stop()
    late = sorted(told.late)
    if not late:
        raise SystemExit("error: no event arrived")
    middle, worst = statistics.median(late), late[int(len(late) * 0.99)]
    return [
        Line(f"the same diary, {FIRST}, beside {name}, {TOLD} notifications/s", "itself without", "0.8 x", "0.95 x", against(result)),
        Line(f"resident memory of a stream, {name}", "-", "16 KiB", "8 KiB", f"**{each / 1024:.1f} KiB**"),
        Line(
            f"from the commit to the event, {name}, while the diary is read", "-", "1 s", "0.5 s",
            f"**{middle * 1000:.0f} ms** (p99 {worst * 1000:.0f} ms; {len(late):,} events)"),
        Line(
            f"one notification to each family of the school, until the last of {settings.EVENT_STREAMS:,} streams has its own", "-", "5 s", "2 s",
            f"**{burst:.1f} s**"),
    ]


def people(school: School) -> list[str]:
    """Tokens of guardians and students, each with a session: as many as there are streams."""
    found = school.query(
        f"""
        WITH chosen AS (
            SELECT u.id FROM users u
            WHERE u.school_id = 1 AND (
                EXISTS (SELECT FROM guardianships g WHERE g.school_id = 1 AND g.guardian_id = u.id AND g.ends_on IS NULL)
                OR EXISTS (SELECT FROM enrollments e WHERE e.school_id = 1 AND e.student_id = u.id AND e.ends_on IS NULL))
            ORDER BY md5(u.id::text)
            LIMIT {settings.EVENT_STREAMS}
        ), active AS (
            UPDATE users u SET state = 'active', login = coalesce(u.login, 'bench-' || u.id),
                password_hash = coalesce(u.password_hash, 'none')
            FROM chosen c WHERE u.school_id = 1 AND u.id = c.id RETURNING u.id
        )
        INSERT INTO sessions (school_id, id, user_id, app, refresh_hash, expires_at)
        SELECT 1, gen_random_uuid(), a.id, 'bench', '\\x{secrets.token_hex(32)}', now() + interval '1 day' FROM active a
        RETURNING id, user_id
        """
    )
    if len(found) * STREAMS_OF_PERSON < settings.EVENT_STREAMS:
        raise SystemExit(f"error: {len(found)} people are too few for {settings.EVENT_STREAMS} streams")
    made = [tokens.lengthened(school.parent, sub=person, sid=session) for session, person in found]
    return [made[number % len(made)] for number in range(settings.EVENT_STREAMS)]


class Streams:
    """Opens them from many addresses of the loopback network, and notes when each notification arrives."""

    def __init__(self, port: int, persons: list[str]):
        self.sockets: dict[int, socket.socket] = {}
        self.rest: dict[int, bytes] = {}
        self.arrived: list[tuple[str, float]] = []
        self.poll = select.epoll()
        for number, token in enumerate(persons):
            connection = socket.socket()
            connection.settimeout(20)
            connection.bind((f"127.0.{1 + number // 50 // 250}.{1 + number // 50 % 250}", 0))
            connection.connect(("127.0.0.1", port))
            connection.sendall(
                f"GET /v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
            self.sockets[connection.fileno()] = connection
            self.rest[connection.fileno()] = b""
            self.poll.register(connection.fileno(), select.EPOLLIN)
            if number % 100 == 99:
                connection.recv(1, socket.MSG_PEEK)
        for connection in self.sockets.values():
            first = connection.recv(16384)
            if not first.startswith(b"HTTP/1.1 200"):
                raise SystemExit(f"error: a stream of events was answered {first[:1000]!r}")
            connection.setblocking(False)
        self.over = threading.Event()
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        while not self.over.is_set():
            for descriptor, _ in self.poll.poll(0.1):
                now = time.time()
                try:
                    received = self.sockets[descriptor].recv(65536)
                except (BlockingIOError, ConnectionError):
                    received = b""
                if not received:
                    self.poll.unregister(descriptor)
                    self.sockets.pop(descriptor).close()
                    continue
                lines = (self.rest[descriptor] + received).split(b"\n")
                self.rest[descriptor] = lines.pop()
                for line in lines:
                    if line.startswith(b"data: "):
                        self.arrived.append((json.loads(line[6:])["id"], now))

    def open(self) -> int:
        return len(self.sockets)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.over.set()
        self.reader.join()
        for connection in self.sockets.values():
            connection.close()


class Told:
    """Notifications that are written while streams are open, and how late they arrive."""

    def __init__(self, school: School):
        self.school = school
        self.late: list[float] = []
        self.committed: dict[str, float] = {}
        self.over = threading.Event()

    def going_on(self, streams: Streams) -> "Told":
        self.streams = streams
        return self

    def __enter__(self):
        self.over.clear()
        self.writer = threading.Thread(target=self.write)
        self.writer.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.writer.join()
        time.sleep(1)
        self.late += [now - self.committed[told] for told, now in self.streams.arrived if told in self.committed]

    def write(self):
        while not self.over.wait(1 / TOLD):
            self.committed |= self.tell("ORDER BY random() LIMIT 1")

    def to_everybody(self, streams: Streams) -> float:
        """Seconds until each student's family has heard of its own."""
        told = self.tell("")
        committed = min(told.values())
        expected = 0
        while time.time() < committed + 60:
            time.sleep(0.5)
            arrived = [now for one, now in streams.arrived if one in told]
            if arrived and len(arrived) == expected and time.time() - max(arrived) > 3:
                return max(arrived) - committed
            expected = len(arrived)
        raise SystemExit("error: the events of all families do not arrive")

    def tell(self, which: str) -> dict[str, float]:
        """The ids, with the time just before the commit."""
        return {row[0]: float(row[1]) for row in self.school.query(
            f"""
            INSERT INTO notifications (school_id, student_id, kind, entity, entity_id)
            SELECT 1, e.student_id, 'feedback', 'feedback', gen_random_uuid() FROM enrollments e
            WHERE e.school_id = 1 AND e.ends_on IS NULL {which}
            RETURNING id, extract(epoch FROM clock_timestamp())
            """
        )}
