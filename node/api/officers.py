"""`/officers` and `/community`: who decides, and what the community says of itself."""

from typing import Annotated, Any, Literal

from pydantic import Field

from node import constitution, ledger, officers, rotation
from node.api.routes import Body, Call, NoQuery, Nothing
from node.documents import Decided, Document, OfficerListed
from node.errors import UserError
from protocol.compare import Comparison
from protocol.encoding import from_base64url
from protocol.errors import Malformed

Name = Annotated[str, Field(min_length=1, max_length=100)]
Threshold = Annotated[int, Field(ge=1, le=1000)]


class Officers(Document):
    """All officers, how many decide, and what a lost key would do."""

    officers: list[OfficerListed]
    threshold: int
    risk: str | None


class NewOfficer(Body):
    """An officer with a key of their own, 32 bytes in base64url."""

    name: Name
    public_key: Annotated[str, Field(max_length=64)]
    custody: Literal["own", "browser"] = "own"
    threshold: Threshold | None = None


class NewKey(Body):
    """Another key for an officer, 32 bytes in base64url."""

    public_key: Annotated[str, Field(max_length=64)]
    custody: Literal["own", "browser"] = "own"


class NewThreshold(Body):
    """How many decide from then on."""

    threshold: Threshold


class Community(Document):
    """What the community says of itself in its log."""

    community: dict[str, Any]
    compare: str
    """What two administrators read out to each other."""


class Changes(Body):
    """What is to be another; what is null stays."""

    name: Annotated[str, Field(max_length=200)] | None = None
    url: Annotated[str, Field(max_length=512)] | None = None
    contact: Annotated[str, Field(max_length=512)] | None = None
    policy: Annotated[str, Field(max_length=512)] | None = None
    part_time: bool | None = None
    entries: Literal["public", "peers"] | None = None


class Rotating(Document):
    """The decisions that a change of the OPRF key waits for."""

    decisions: list[Decided]


async def every(call: Call[Nothing, NoQuery]) -> Officers:
    """The officers, where their keys are kept, and how many decide."""
    community = (await ledger.own_register(call.node)).community
    return Officers(
        officers=[OfficerListed.of(each, community) for each in await officers.every(call.node)],
        threshold=community.threshold,
        risk=constitution.risk(community),
    )


async def add(call: Call[NewOfficer, NoQuery]) -> Decided:
    """Propose another officer."""
    given = call.body
    key = _key(given.public_key)
    who = await constitution.newcomer(given.name, key, "", custody=given.custody)
    return Decided.of(await constitution.add(call.node, who, given.threshold, call.now))


async def replace(call: Call[NewKey, NoQuery]) -> Decided:
    """Propose another key for an officer whose key was lost, or may be known to others."""
    key = _key(call.body.public_key)
    name, custody = call.path["name"], call.body.custody
    who = await constitution.newcomer(name, key, "", custody=custody)
    return Decided.of(await constitution.replace(call.node, who, call.now))


async def remove(call: Call[Nothing, NoQuery]) -> Decided:
    """Propose that an officer is one no more; the threshold stays."""
    return Decided.of(await constitution.remove(call.node, call.path["name"], None, call.now))


async def set_threshold(call: Call[NewThreshold, NoQuery]) -> Decided:
    """Propose how many officers decide."""
    status = await constitution.set_threshold(call.node, call.body.threshold, call.now)
    return Decided.of(status)


async def community(call: Call[Nothing, NoQuery]) -> Community:
    """What the community says of itself now, and the string that peers compare."""
    own, head = await ledger.own_register(call.node), await ledger.own_head(call.node)
    comparison = Comparison(own.community.id, head.fingerprint, head.size, head.root)
    return Community(community=own.community.to_value(), compare=comparison.to_text())


async def change_community(call: Call[Changes, NoQuery]) -> Decided:
    """Propose to change what the community says of itself."""
    changes = call.body.model_dump(exclude_none=True)
    if not changes:
        raise UserError("say what is to change")
    return Decided.of(await constitution.change(call.node, changes, call.now))


async def rotate(call: Call[Nothing, NoQuery]) -> Rotating:
    """Propose another OPRF key, or show what its change waits for."""
    found = await rotation.rotate(call.node, call.now)
    return Rotating(decisions=[Decided.of(each) for each in found])


def _key(text: str) -> bytes:
    try:
        return from_base64url(text, 32)
    except Malformed as error:
        raise UserError("a public key is what `comity officer key` prints") from error
