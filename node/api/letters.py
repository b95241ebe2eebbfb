"""`/sanctions/{id}/letter`: the letter that tells the person what was decided."""

from typing import Annotated

from pydantic import Field

from node import notice, sanctions
from node.api.routes import Body, Call, NoQuery, Nothing
from node.documents import Document


class LetterShown(Document):
    """The letter as it would be sent now."""

    subject: str
    body: str


class Recipient(Body):
    """An address of the person; where null, the one that the sanction names."""

    to: Annotated[str, Field(max_length=320)] | None = Field(None, repr=False)


class Queued(Document):
    """The letter waits to be sent; once it left, it is proposed to say so in the log."""

    letter: str


async def show(call: Call[Nothing, NoQuery]) -> LetterShown:
    """The letter to the person as it would be sent now."""
    written = await notice.letter(call.node, await _id(call))
    return LetterShown(subject=written.subject, body=written.body)


async def send(call: Call[Recipient, NoQuery]) -> Queued:
    """Have the letter sent: it waits, sealed, until the mail server has accepted it."""
    id_ = await _id(call)
    return Queued(letter=await notice.queue(call.node, id_, call.body.to, call.now))


async def _id(call: Call[Nothing, NoQuery] | Call[Recipient, NoQuery]) -> str:
    return await sanctions.find(call.node, call.path["id"])
