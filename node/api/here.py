"""`/me`, `/node`, `/tokens`: whose token it is, whether the node is in order, who may call it."""

from typing import Annotated

from pydantic import Field

from node import callers, doctor
from node.api.routes import Body, Call, NoQuery, Nothing
from node.callers import Role
from node.documents import Document, Tokens
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
