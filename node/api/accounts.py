"""`/accounts`: who may enter the pages, and who is invited to."""

from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import Field

from node import accounts
from node.api.routes import Body, Call, NoQuery, Nothing
from node.callers import Role
from node.documents import Document, Moment

Name = Annotated[str, Field(min_length=1, max_length=accounts.MAX_NAME)]


class AccountListed(Document):
    """An account: whose it is, and how it is entered."""

    name: str
    role: Role
    officer: str | None
    created_on: date
    passkeys: int
    has_password: bool


class Waiting(Document):
    """An invitation that nobody has used yet; its link is itself not known any more."""

    name: str
    role: Role
    ends_at: Moment


class Accounts(Document):
    """All accounts, by name, and all invitations that wait."""

    accounts: list[AccountListed]
    invitations: list[Waiting]


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
    return Accounts(
        accounts=[
            AccountListed(
                name=each.name,
                role=each.role,
                officer=each.officer,
                created_on=each.created_on,
                passkeys=each.passkeys,
                has_password=each.has_password,
            )
            for each in await accounts.every(call.node)
        ],
        invitations=[
            Waiting(name=name, role=role, ends_at=_moment(ends_at))
            for name, role, ends_at in await accounts.invited(call.node)
            if ends_at >= call.now
        ],
    )


async def invite(call: Call[NewInvitation, NoQuery]) -> InvitationMade:
    """Invite another operator, where an operator calls; where an officer does, a checker.

    No other: whoever runs the node does not let themselves ask or decide by it.
    """
    name = call.body.name.strip()
    role: Role = "operator" if call.caller.role == "operator" else "checker"
    code = await accounts.invite(call.node, name, role, None, call.now)
    ends_at = _moment(call.now + accounts.INVITED)
    return InvitationMade(name=name, role=role, path=f"/invited/{code}", ends_at=ends_at)


async def remove(call: Call[Nothing, NoQuery]) -> Removed:
    """Remove an account, or an invitation: whoever is signed in with it is so no more."""
    await accounts.remove(call.node, call.path["name"], call.now)
    return Removed(removed=call.path["name"])


def _moment(at: int) -> datetime:
    return datetime.fromtimestamp(at, UTC)
