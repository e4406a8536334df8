"""What the rows measure: made when a row first needs it, and shared by all rows."""

import functools

from . import database, journals, load, servers, settings, statements
from .load import same_json, wrk
from .processes import Server
from .school import School, request

# The session settings of Lyceum's read lane.
READING = (
    "-c TimeZone=UTC -c DateStyle=ISO -c lock_timeout=2000 -c jit=off -c plan_cache_mode=force_generic_plan -c random_page_cost=1.1 "
    "-c default_transaction_read_only=on -c default_transaction_isolation=repeatable\\ read"
)
WRITING = (
    "-c TimeZone=UTC -c DateStyle=ISO -c lock_timeout=2000 -c jit=off -c plan_cache_mode=force_generic_plan "
    "-c random_page_cost=1.1"
)


class Context:
    @functools.cached_property
    def lyceum(self) -> Server:
        database.make_schools("lyceum", 1)
        return servers.lyceum()

    @functools.cached_property
    def first(self) -> Server:
        """Makes each answer anew: the same school, with nothing kept."""
        self.lyceum
        return servers.lyceum("lyceum-first", keeps=False)

    @functools.cached_property
    def school(self) -> School:
        return School("lyceum", self.lyceum.url)

    @functools.cached_property
    def captured(self) -> dict:
        captured = statements.capture_reads(self.school, self.first.url)
        if self.pages:
            captured["patch"] = statements.capture_patch(self.school, self.first.url, self.pages[0])
        statements.write_work(settings.HOME / "work.json", captured)
        return captured

    @functools.cached_property
    def pages(self) -> list[journals.Page]:
        """The teacher's pages, for marks; empty while none may be edited."""
        return journals.pages(self.school, self.first.url)

    @functools.cached_property
    def go(self) -> Server:
        return self.peer(servers.build_go, servers.go, [settings.CORES, 2 * settings.CORES, 4 * settings.CORES, 32])

    @functools.cached_property
    def fastapi(self) -> Server:
        return self.peer(servers.build_fastapi, servers.fastapi, [1, 2, 4, 8])

    @functools.cached_property
    def hummingbird(self) -> Server:
        servers.build_hummingbird()
        return servers.hummingbird()

    def peer(self, build, start, pools: list[int]) -> Server:
        """With the pool size that answers most diaries."""
        self.captured
        build()

        def tried(pool):
            server = start(pool)
            try:
                wrk(server.url + self.school.diary, self.school.parent, seconds=1)
                return wrk(server.url + self.school.diary, self.school.parent, seconds=3)
            finally:
                server.stop()

        return start(load.best(sorted(set(pools)), tried, "connections in the pool"))

    def same(self, ours: Server, peer: Server, path: str, token: str, headers: dict | None = None):
        same_json(
            peer.name,
            lambda: request(ours.url + path, token, headers=headers),
            lambda: request(peer.url + path, token, headers=headers),
        )
