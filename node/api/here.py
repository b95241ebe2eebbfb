"""`/me`, `/node`, `/tokens`: who calls, whether the node is in order and what it keeps."""

from typing import Annotated, Literal

from pydantic import Field

from node import callers, doctor, holdings
from node.api.routes import Body, Call, NoQuery, Nothing
from node.callers import Role
from node.documents import Document, Tokens
from node.store import retention
from protocol.encoding import Day

Name = Annotated[str, Field(min_length=1, max_length=callers.MAX_NAME)]


class Me(Document):
    """Whose token it is."""

    name: str
    role: Role
    community: str


class Health(Document):
    """Whether the node is in order."""

    ok: bool
    checks: list[doctor.Check]


class TableKept(Document):
    """What is kept of one kind: why, about whom, how long, and how much of it there is."""

    table: str
    why: str
    about: str
    kept: str
    rows: int


class Storage(Document):
    """What is kept here, and how long."""

    database: Literal["sqlite", "postgresql"]
    bytes: int
    retention_days: int
    ended_retention_days: int
    tables: list[TableKept]


class NewToken(Body):
    """Another operator's token; those who ask and decide get theirs by `comity token create`."""

    name: Name
    expires_on: Day | None = None


class TokenMade(Document):
    """A token, shown this once."""

    token: str


class Revoked(Document):
    """The token that is none any more."""

    revoked: str


async def me(call: Call[Nothing, NoQuery]) -> Me:
    """Whose token it is."""
    own = await call.service.own.current()
    return Me(name=call.caller.name, role=call.caller.role, community=own.community.id)


async def health(call: Call[Nothing, NoQuery]) -> Health:
    """Whether settings, keys, database, log, peers and budgets are in order."""
    found = await doctor.examine(call.node.home, call.now)
    return Health(ok=doctor.healthy(found), checks=found)


async def storage(call: Call[Nothing, NoQuery]) -> Storage:
    """What is kept here, how much of it, and how long."""
    store, config = call.node.store, call.node.config
    async with store.read() as connection:
        rows = await retention.counts(connection)
    return Storage(
        database="sqlite" if store.is_sqlite else "postgresql",
        bytes=await store.size(),
        retention_days=config.retention_days,
        ended_retention_days=config.ended_retention_days,
        tables=[
            TableKept(table=name, why=each.why, about=each.about, kept=each.kept, rows=rows[name])
            for name, each, _ in holdings.every()
        ],
    )


async def tokens(call: Call[Nothing, NoQuery]) -> Tokens:
    """All tokens, by name."""
    return Tokens(tokens=await callers.every(call.node))


async def create_token(call: Call[NewToken, NoQuery]) -> TokenMade:
    """Make another operator's token, which is shown this once.

    No other: whoever runs the node does not let themselves ask or decide by it.
    """
    given = call.body
    token = await callers.create(
        call.node,
        given.name,
        "operator",
        officer=None,
        expires_on=given.expires_on,
        now=call.now,
    )
    return TokenMade(token=token)


async def revoke_token(call: Call[Nothing, NoQuery]) -> Revoked:
    """Revoke a token: from then on nothing is answered to it."""
    await callers.revoke(call.node, call.path["name"], call.now)
    return Revoked(revoked=call.path["name"])
