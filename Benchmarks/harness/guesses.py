"""Wrong passwords from many addresses: what they reveal about logins, and what they cost others."""

import http.client
import itertools
import json
import math
import random
import statistics
import threading
import time
from dataclasses import dataclass

from . import database, servers, settings
from .load import Measured, compare, wrk_at
from .processes import Server, say
from .school import sign_in
from .table import Line

EXISTING = ["teacher", "parent", "student", "deputy", "head", "admin"]
# Other states behind a login: state and password.
OTHERS = {
    "blocked logins": ("blocked", "s.password_hash"),
    "logins without a password": ("issued", "NULL"),
    "logins with a second factor": ("active", "s.password_hash"),
}
GUESSERS = 8


def rows(context) -> list[Line]:
    school = context.school
    kinds = {"logins that exist": EXISTING} | make_logins()
    server = servers.lyceum("lyceum-guesses", trusted_proxies="127.0.0.1", keeps=False)
    try:
        return [*tell_nothing(server, kinds), *cost_little(server, school)]
    finally:
        server.stop()


def make_logins() -> dict[str, list[str]]:
    """Changes six students without a login of each kind."""
    made = {}
    for number, (kind, (state, password)) in enumerate(OTHERS.items()):
        names = [f"guessed-{number}-{index}" for index in range(len(EXISTING))]
        made[kind] = names
        database.query(
            "lyceum",
            "lyceum_owner",
            f"""
            UPDATE users u SET login = n.login, state = '{state}', password_hash = {password}
            FROM (SELECT password_hash FROM users WHERE school_id = 1 AND login = 'teacher') s,
                (SELECT id, row_number() OVER (ORDER BY id) AS number FROM users
                    WHERE school_id = 1 AND login IS NULL LIMIT {len(names)}) p
                JOIN unnest('{{{",".join(names)}}}'::text[]) WITH ORDINALITY n (login, number) USING (number)
            WHERE u.school_id = 1 AND u.id = p.id
            """,
        )
    database.query(
        "lyceum",
        "lyceum_owner",
        f"""
        INSERT INTO second_factors (school_id, user_id, secret, confirmed_at)
        SELECT school_id, id, 'none', now() FROM users
        WHERE school_id = 1 AND login = ANY ('{{{",".join(made["logins with a second factor"])}}}')
        """,
    )
    return made


# ---- Whether answers reveal anything

@dataclass
class Group:
    name: str
    logins: list[str]
    milliseconds: list[float]
    answers: set[bytes]


def tell_nothing(server: Server, kinds: dict[str, list[str]]) -> list[Line]:
    """One at a time, so that a difference is not lost in a queue. Kinds take turns in random order, so that
    fluctuations of the machine affect all of them."""
    groups = [Group(name, logins, [], set()) for name, logins in kinds.items()]
    unknown = Group("unknown", [f"nobody-{index}" for index in range(len(EXISTING))], [], set())
    # The first two kinds take GUESSES turns together.
    turns = [unknown, groups[0]] * (settings.GUESSES // 2)
    turns += groups[1:] * (settings.GUESSES // 4)
    random.Random(1).shuffle(turns)
    say(f"Measuring: {len(turns)} wrong passwords, one at a time")
    guesser = Guesser(server.port)
    for number, group in enumerate(turns):
        # Right passwords in between, so that hashing does not slow down.
        if number % 2 == 0:
            sign_in(server.url, "teacher")
        milliseconds, answer = guesser.guess(random.choice(group.logins))
        group.milliseconds.append(milliseconds)
        group.answers.add(answer)
    lines = []
    for group in groups:
        if len(group.answers | unknown.answers) != 1:
            raise SystemExit(f"error: answers differ: {group.answers | unknown.answers}")
        told = Distinction(group.milliseconds, unknown.milliseconds)
        say(f"  {group.name}: {told}")
        lines.append(
            Line(
                f"{len(group.milliseconds) + len(unknown.milliseconds):,} wrong passwords, each from its own address: "
                f"{group.name}",
                "unknown logins",
                "no difference",
                "-",
                f"same bytes; {told}",
            )
        )
    return lines


class Guesser:
    """On one connection, with another address for each guess."""

    addresses = itertools.count()

    def __init__(self, port: int):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def guess(self, login: str) -> tuple[float, bytes]:
        """Returns the time and everything of the answer except its date."""
        number = next(self.addresses)
        address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        body = json.dumps(
            {"grant_type": "password", "school": "lyceum29", "username": login, "password": f"wrong-{number:06}"}
        )
        headers = {"Content-Type": "application/json", "X-Forwarded-For": address, "X-Request-Id": "guess"}
        started = time.perf_counter()
        self.connection.request("POST", "/v1/auth/token", body, headers)
        answer = self.connection.getresponse()
        content = answer.read()
        milliseconds = 1000 * (time.perf_counter() - started)
        fields = [f"{name}: {value}" for name, value in answer.getheaders() if name.lower() != "date"]
        return milliseconds, "\n".join([str(answer.status), *fields, content.decode()]).encode()


class Distinction:
    """Whether times distinguish two kinds: how often the longer of two answers, one of each kind, belongs to the first
    kind (Mann-Whitney's U over all pairs). Half is chance."""

    def __init__(self, these: list[float], those: list[float]):
        self.medians = statistics.median(these), statistics.median(those)
        ranked = sorted([(value, True) for value in these] + [(value, False) for value in those])
        seen = wins = 0
        for _, is_first in ranked:
            if is_first:
                wins += seen
            else:
                seen += 1
        self.share = wins / (len(these) * len(those))
        # The standard deviation of chance; twice that covers 95 %.
        self.deviation = math.sqrt((len(these) + len(those) + 1) / (12 * len(these) * len(those)))

    def __str__(self) -> str:
        return (
            f"medians **{self.medians[0] / self.medians[1]:.3f} x**, the longer of two answers is theirs in "
            f"{100 * self.share:.1f} % (chance 50 ± {200 * self.deviation:.1f})"
        )


# ---- What guesses cost others

def cost_little(server: Server, school) -> list[Line]:
    """Guessers that ask again as soon as they are answered, while diaries are read."""
    answered = []
    # Until most passwords have been wrong for a while, and hashing has slowed down.
    guesser = Guesser(server.port)
    for _ in range(25):
        guesser.guess("nobody")

    def reading() -> Measured:
        return wrk_at(server, school.diary, school.parent)

    def among_guesses() -> Measured:
        with Guessers(server.port) as guessers:
            measured = reading()
            answered.append(guessers.answered / settings.SECONDS)
        return measured

    result = compare(f"the diary while {GUESSERS} guess without a pause", among_guesses, reading)
    rate = statistics.median(answered)
    lines = []
    for name, of in (("p50", lambda one: one.p50_milliseconds), ("p99", lambda one: one.p99_milliseconds)):
        low, high = result.spread(of)
        measured = f"**{result.ratio(of):.2f} x** ({low:.2f} – {high:.2f}; {rate:.1f} guesses/s answered)"
        work = f"diary's {name} while {GUESSERS} guess passwords without a pause"
        lines.append(Line(work, "itself without", "-", "-", measured))
    return lines


class Guessers:
    def __init__(self, port: int):
        self.port = port
        self.answered = 0
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self.work, args=[number]) for number in range(GUESSERS)]

    def work(self, number: int):
        guesser = Guesser(self.port)
        while not self.over.is_set():
            guesser.guess(EXISTING[number % len(EXISTING)] if number % 2 else f"nobody-{number}")
            self.answered += 1

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()
