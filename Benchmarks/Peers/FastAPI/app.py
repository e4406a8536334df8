"""A peer of Lyceum: FastAPI, asyncpg and orjson, answering the same requests with the same SQL and the same JSON.

Settings come from the environment: POOL (connections per worker), WORK (written by script/bench: the statements and the shape
of each answer), DATABASE_URL, TOKEN_KEYS.
"""

import contextlib
import os
import random

import asyncpg
import orjson
from fastapi import FastAPI, Request, Response

from tokens import Verifier
from work import Work

LIVE = b'{"status":"ok"}'
# The same settings as Lyceum's read lane.
SESSION = {
    "TimeZone": "UTC",
    "DateStyle": "ISO",
    "lock_timeout": "2000",
    "jit": "off",
    "plan_cache_mode": "force_generic_plan",
    "random_page_cost": "1.1",
    "default_transaction_read_only": "on",
    "default_transaction_isolation": "repeatable read",
}


async def open_connection(connection):
    """Passes JSON through unchanged, converts identifiers to text (orjson does not know asyncpg's UUID) and numbers to
    JSON numbers."""
    for name in ("json", "jsonb"):
        await connection.set_type_codec(name, schema="pg_catalog", encoder=str, decoder=orjson.Fragment)
    await connection.set_type_codec("uuid", schema="pg_catalog", encoder=str, decoder=str)
    await connection.set_type_codec("numeric", schema="pg_catalog", encoder=str, decoder=float)


@contextlib.asynccontextmanager
async def lifespan(app: FastAPI):
    size = int(os.environ["POOL"])
    async with asyncpg.create_pool(
        os.environ["DATABASE_URL"], min_size=size, max_size=size, server_settings=SESSION, init=open_connection
    ) as pool:
        app.state.pool = pool
        async with pool.acquire() as connection:
            app.state.work = await Work.prepared(os.environ["WORK"], connection)
        app.state.verifier = Verifier(os.environ["TOKEN_KEYS"], app.state.work.issuer, app.state.work.audience)
        yield


app = FastAPI(lifespan=lifespan, openapi_url=None)


@app.get("/livez")
async def live():
    return Response(LIVE, media_type="application/json", headers={"Cache-Control": "no-store"})


@app.get("/v1/students/{student_id}/diary")
async def diary(request: Request, student_id: str):
    return await answer(request, "diary", student_id)


@app.get("/v1/sections/{section_id}/journal")
async def journal(request: Request, section_id: str):
    return await answer(request, "journal", section_id)


async def answer(request: Request, name: str, identifier: str) -> Response:
    state = request.app.state
    claims = state.verifier.claims(request.headers.get("Authorization", ""))
    if claims is None:
        return Response(status_code=401, headers={"WWW-Authenticate": "Bearer"})
    values = {
        "school": str(claims["school"]),
        "user": claims["sub"],
        "session": claims["sid"],
        "id": identifier,
        "from": request.query_params.get("from"),
        "to": request.query_params.get("to"),
        "request_id": format(random.getrandbits(64), "016x"),
    }
    endpoint = state.work.endpoints[name]
    results = []
    async with state.pool.acquire() as connection, connection.transaction():
        # asyncpg caches prepared statements by their text.
        for statement in endpoint.statements:
            results.append(await connection.fetch(statement.sql, *statement.arguments(values)))
    if not results[1]:
        return Response(status_code=404)
    return Response(
        endpoint.render(results), media_type="application/json", headers={"Cache-Control": "private, no-cache"}
    )
