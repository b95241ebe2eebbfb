"""`/accounts`: who may enter the pages, and who is invited to."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import Field

from node import accounts
from node.api.routes import Body, Call, NoQuery, Nothing
from node.callers import Role
from node.documents import Accounts, Document, Moment

Name = Annotated[str, Field(min_length=1, max_length=accounts.MAX_NAME)]


class NewInvitation(Body):
    """Who is invited; as what follows from who invites."""

    name: Name


class InvitationMade(Document):
    """An invitation; `path`, below the address of the pages, is shown this once."""

    name: str
    role: Role
    path: str
    ends_at: Moment


class Removed(Document):
    """The account that is none any more."""

    removed: str


async def every(call: Call[Nothing, NoQuery]) -> Accounts:
    """Who may enter the pages, and who is invited to."""
    return await Accounts.of(call.node, call.now)


async def invite(call: Call[NewInvitation, NoQuery]) -> InvitationMade:
    """Invite another operator, where an operator calls; where an officer does, a checker.

    No other: whoever runs the node does not let themselves ask or decide by it.
    """
    name = call.body.name.strip()
    role: Role = "operator" if call.caller.role == "operator" else "checker"
    code = await accounts.invite(call.node, name, role, None, call.now)
    ends_at = datetime.fromtimestamp(call.now + accounts.INVITED, UTC)
    return InvitationMade(name=name, role=role, path=f"/invited/{code}", ends_at=ends_at)


async def remove(call: Call[Nothing, NoQuery]) -> Removed:
    """Remove an account, or an invitation: whoever is signed in with it is so no more."""
    await accounts.remove(call.node, call.path["name"], call.now)
    return Removed(removed=call.path["name"])
