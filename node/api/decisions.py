"""`/decisions`: what waits for approvals, and what officers say to it."""

from datetime import date
from typing import Annotated, Any

from pydantic import Field

from node import audit, decisions, officers, sheets, voting
from node.api.routes import Body, Call, NoQuery, Nothing, Query
from node.clock import day_of
from node.decisions import Kept
from node.documents import Decided, Decision, DecisionShown, Document
from node.errors import UserError
from node.store.decisions import VoteKind
from protocol.encoding import canonical_json
from protocol.errors import Malformed, TooLarge

Password = Annotated[str, Field(min_length=1, max_length=1024)]


class Which(Query):
    """`ended`: those that came to an end as well."""

    ended: bool = False


class Listed(Decision):
    """A decision, and what the caller's own officer said to it last."""

    said: VoteKind | None
    attestations: list[str]
    """Which sanctions it is about."""


class Decisions(Document):
    """Decisions, as they were proposed."""

    decisions: list[Listed]


class Sheet(Document):
    """What an officer's own device recomputes and signs; it names who is meant."""

    sheet: dict[str, Any]


class Vouched(Body):
    """The password of the officer whose token it is, if the node keeps the officer's key."""

    password: Password = Field(repr=False)


class Signed(Body):
    """What an officer signed elsewhere, as `comity officer sign` writes it."""

    signed: dict[str, Any]


class Declined(Body):
    """Why; it stays in this node, encrypted. The password where the node keeps the key."""

    reason: Annotated[str, Field(max_length=2000)] = ""
    password: Password | None = Field(None, repr=False)


async def every(call: Call[Nothing, Which]) -> Decisions:
    """What waits for approvals; or all."""
    found, day = await decisions.every(call.node), day_of(call.now)
    return Decisions(
        decisions=[
            _listed(each, day, call.caller.officer)
            for each in found
            if call.query.ended or each.state(day) == "pending"
        ]
    )


async def show(call: Call[Nothing, NoQuery]) -> DecisionShown:
    """A decision, what it says, and what each officer said to it."""
    hash_ = await _found(call)
    said = {"who": audit.who(), "what": "decision", "decision": hash_.hex()}
    await audit.write(call.node, "read", said, call.now)
    kept = await decisions.show(call.node, hash_)
    return await DecisionShown.of_kept(call.node, kept, day_of(call.now))


async def sheet(call: Call[Nothing, NoQuery]) -> Sheet:
    """The sheet that an officer's own device recomputes and signs."""
    hash_ = await _found(call)
    said = {"who": audit.who(), "what": "sheet", "decision": hash_.hex()}
    await audit.write(call.node, "export", said, call.now)
    return Sheet.model_validate_json(
        b'{"sheet":%s}' % await sheets.export(call.node, hash_, call.now)
    )


async def approve(call: Call[Vouched, NoQuery]) -> Decided:
    """Approve with the key that the node keeps for the token's officer."""
    name, hash_ = await officer_of(call), await _found(call)
    status = await voting.approve_here(call.node, hash_, name, call.body.password, call.now)
    return Decided.of(status)


async def recuse(call: Call[Vouched, NoQuery]) -> Decided:
    """Recuse the token's officer, for good; it never lowers the threshold."""
    name, hash_ = await officer_of(call), await _found(call)
    status = await voting.recuse_here(call.node, hash_, name, call.body.password, call.now)
    return Decided.of(status)


async def bring_approval(call: Call[Signed, NoQuery]) -> Decided:
    """Bring an approval that an officer signed elsewhere."""
    return await _brought(call, "approve")


async def bring_recusal(call: Call[Signed, NoQuery]) -> Decided:
    """Bring a recusal that an officer signed elsewhere."""
    return await _brought(call, "recuse")


async def decline(call: Call[Declined, NoQuery]) -> Decided:
    """Note that the token's officer declines."""
    name, hash_ = await officer_of(call), await _found(call)
    who = await officers.named(call.node, name)
    if who.locked is None:
        raise UserError(
            "this officer's key is elsewhere, so that nobody could tell who declines: bring a "
            "signed recusal, or note it by `comity decision decline`"
        )
    await officers.unlock(call.node, who, call.body.password or "", call.now)
    status = await voting.decline(call.node, hash_, name, call.body.reason, call.now)
    return Decided.of(status)


async def officer_of(call: Call[Any, Any]) -> str:
    """The name of the officer whose token it is.

    Raises:
        UserError: it is nobody's, or of somebody who is an officer no more.
    """
    for each in await officers.every(call.node):
        if each.key == call.caller.officer:
            return each.name
    raise UserError("this token is bound to no officer who is one here")


def _listed(kept: Kept, day: date, officer: bytes | None) -> Listed:
    said = [vote.kind for vote in kept.votes if vote.officer == officer]
    listed = Decision.listed(kept, day).model_dump()
    about = kept.status(day).attestations
    return Listed(**listed, said=said[-1] if said else None, attestations=about)


async def _found(call: Call[Any, Any]) -> bytes:
    return await decisions.find(call.node, call.path["id"])


async def _brought(call: Call[Signed, NoQuery], kind: Any) -> Decided:
    hash_ = await _found(call)
    try:
        file = canonical_json(call.body.signed)
        status = await voting.bring(call.node, hash_, file, call.now, kind=kind)
    except (Malformed, TooLarge) as error:
        raise UserError(
            "this is nothing that an officer signed: %(error)s", error=str(error)
        ) from error
    return Decided.of(status)
