"""`/findings`: what was found and is kept, read anew, and deleted."""

from typing import Annotated, Any

from pydantic import Field

from node import kept
from node.api.checks import FindingAnswer
from node.api.routes import Body, Call, NoQuery, Nothing, Query
from node.documents import Document


class Since(Query):
    """From where on; `since` is the `cursor` of the last one that is known."""

    since: Annotated[int, Field(ge=0, le=2**62)] = 0
    limit: Annotated[int, Field(ge=1, le=kept.MOST)] = 100


class KeptFinding(Document):
    """A finding as it is judged now, and as it was first shown (null once its sanction ended)."""

    cursor: int
    ref: str | None
    event: str | None
    purpose: dict[str, Any]
    found_on: str
    kept_until: str
    finding: FindingAnswer
    counts: bool
    shown: dict[str, Any] | None


class KeptFindings(Document):
    """What came or changed after a cursor; `next` is the cursor to go on from."""

    findings: list[KeptFinding]
    next: int


class Deleted(Document):
    """How many were deleted."""

    deleted: int


class Ref(Body):
    """Whom the caller calls so."""

    ref: Annotated[str, Field(min_length=1, max_length=kept.MAX_NAME)]


async def since(call: Call[Nothing, Since]) -> KeptFindings:
    """What was found since a cursor, each as it is judged now."""
    found = await kept.since(call.node, call.query.since, call.now, call.query.limit)
    return KeptFindings(
        findings=[KeptFinding.model_validate(each.to_value()) for each in found],
        next=found[-1].cursor if found else call.query.since,
    )


async def show(call: Call[Nothing, NoQuery]) -> KeptFinding:
    """One finding, as it is judged now."""
    found = await kept.show(call.node, call.path["id"], call.now)
    return KeptFinding.model_validate(found.to_value())


async def delete(call: Call[Nothing, NoQuery]) -> Deleted:
    """Delete a finding."""
    return Deleted(deleted=await kept.delete(call.node, call.path["id"], call.now))


async def delete_ref(call: Call[Ref, NoQuery]) -> Deleted:
    """Delete all that was found about whom the caller calls so."""
    return Deleted(deleted=await kept.delete_ref(call.node, call.body.ref, call.now))
