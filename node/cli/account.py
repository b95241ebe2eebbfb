"""`comity account`: who may enter the pages."""

from typing import TYPE_CHECKING

import click

from node import clock
from node.cli import node_command
from node.cli.output import emit, say, table
from node.cli.token import ROLES
from node.errors import UserError

if TYPE_CHECKING:
    from node.callers import Role
    from node.node import Node


def pages_of(node: "Node") -> str:
    """Where browsers reach the pages of a node that is served.

    Raises:
        UserError: it serves none.
    """
    from node.config import listen_address

    if (at := node.config.pages_url or node.home.pages_at()) is not None:
        return at
    if node.config.api_listen is None:
        raise UserError(
            "this node serves no pages: stop `comity serve` and type `comity open`; or write "
            '`api_listen = "127.0.0.1:8201"` to %(file)s, and start `comity serve` anew',
            file=node.home.config_file,
        )
    return f"http://localhost:{listen_address(node.config.api_listen)[1]}"


@click.group()
def account() -> None:
    """Accounts of the pages: people who sign in with a passkey or a password."""


@account.command()
@click.argument("name")
@click.option(
    "--role", type=click.Choice(ROLES), required=True,
    help="checker: asks; officer: decides, and asks; operator: runs the node.",
)  # fmt: skip
@click.option("--officer", help="Whose account it is, for the role officer.")
@node_command
async def invite(node: "Node", name: str, role: "Role", officer: str | None) -> None:
    """Print a link by which somebody makes their account, once, within a week."""
    from node import accounts

    base = pages_of(node)
    code = await accounts.invite(node, name, role, officer, clock.now())
    link = f"{base}/invited/{code}"
    emit(click.get_current_context(), {"name": name, "role": role, "link": link}, link)
    say("Give it to that person alone: whoever opens it first makes the account.")


@account.command("list")
@node_command
async def list_(node: "Node") -> None:
    """Show the accounts: whose they are, and how they are entered; and who is invited."""
    from node.documents import Accounts

    found = await Accounts.of(node, clock.now())
    shown = table("Name", "Role", "Officer", "Made on", "Passkeys", "Password")
    for each in found.accounts:
        password = "yes" if each.has_password else "no"
        day, passkeys = str(each.created_on), str(each.passkeys)
        shown.add_row(each.name, each.role, each.officer or "", day, passkeys, password)
    for invited in found.invitations:
        shown.add_row(invited.name, invited.role, "", "invited", "", "")
    emit(click.get_current_context(), found.model_dump(mode="json"), shown)


@account.command()
@click.argument("name")
@node_command
async def remove(node: "Node", name: str) -> None:
    """Remove an account, or an invitation; whoever is signed in with it is so no more."""
    from node import accounts

    await accounts.remove(node, name, clock.now())
    emit(click.get_current_context(), {"removed": name}, f"Removed the account {name}.")
