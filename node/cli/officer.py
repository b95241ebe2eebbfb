"""`comity officer`: keys on officers' own devices, what they sign there, and who the officers are.

`key` and `sign` need no node: they are for the officer's device, which has to trust nobody else's.
"""

import secrets
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from node import clock
from node.cli import node_command, shared_options
from node.cli.output import emit, say, table, write_private
from node.cli.passwords import officer_password, password_option
from protocol.encoding import base64url

if TYPE_CHECKING:
    from node.decisions import Status
    from node.node import Node
    from node.officers import Officer
    from protocol.statements import Custody


@click.group()
def officer() -> None:
    """Officers and their keys."""


@officer.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@password_option
@shared_options
@click.pass_context
def key(ctx: click.Context, file: Path, password_file: Path | None) -> None:
    """Make a key for an officer, in a FILE on the officer's own device."""
    from node import keyfile

    if file.exists():
        raise click.ClickException(f"{file} exists already, and a key is never overwritten")
    public = base64url(keyfile.create(file, officer_password("this key", password_file, new=True)))
    emit(ctx, {"public_key": public, "file": str(file)}, public)
    say(
        f"The key is in {file}. Its public part, above, goes to the administrator: --officer NAME=…"
    )


@officer.command()
@click.argument("sheet", type=click.File("rb"))
@click.option(
    "--key", "key_file", required=True, type=click.Path(path_type=Path, exists=True),
    help="Your key file, as `comity officer key` made it.",
)  # fmt: skip
@click.option("--recuse", is_flag=True, help="Recuse yourself instead of approving.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where it is written (default: standard output).",
)
@click.option("--yes", is_flag=True, help="Do not ask; for scripts.")
@password_option
@shared_options
@click.pass_context
def sign(
    ctx: click.Context,
    sheet: BinaryIO,
    key_file: Path,
    recuse: bool,
    out: Path | None,
    yes: bool,
    password_file: Path | None,
) -> None:
    """Recompute a SHEET, show what it decides, and sign that.

    Without --out what was signed goes to standard output. Anything on the sheet that does not
    agree with what would be signed is refused.
    """
    from node import keyfile, wording
    from protocol.sheet import MAX_SHEET
    from protocol.sheet_checks import verify_sheet

    held = keyfile.read(key_file)
    verified = verify_sheet(sheet.read(MAX_SHEET + 1).strip(), held.officer, now=clock.now())
    say("\n".join(wording.sheet_in_words(verified)))
    what = "Recuse yourself from this" if recuse else "Approve this"
    if not yes and not click.confirm(f"{what}?", err=True):
        raise click.ClickException("nothing was signed")
    signing_key = keyfile.unlock(held, officer_password("this key", password_file))
    signed = verified.recuse(signing_key) if recuse else verified.approve(signing_key)
    if out is None:
        click.echo(signed.to_bytes())
        return
    write_private(out, signed.to_bytes() + b"\n")
    document = {"decision": verified.hash.hex(), "kind": signed.kind, "file": str(out)}
    emit(ctx, document, f"Signed: bring {out} to the administrator, who approves with it.")


approving = click.option(
    "--officer", "by", help="Approve at once with the key that the node keeps of this officer."
)
threshold_option = click.option(
    "--threshold", type=click.IntRange(min=1), help="How many decide from then on."
)
custody_option = click.option(
    "--custody", type=click.Choice(["own", "browser"]), default="own", show_default=True,
    help="Where a key of their own is kept.",
)  # fmt: skip


@officer.command()
@click.argument("who", metavar="NAME[=PUBLICKEY]")
@custody_option
@threshold_option
@approving
@password_option
@node_command
async def add(
    node: "Node",
    who: str,
    custody: "Custody",
    threshold: int | None,
    by: str | None,
    password_file: Path | None,
) -> None:
    """Propose another officer; without PUBLICKEY the node makes a key and keeps it.

    The password of such a key is asked for, or drawn and shown once where nobody can be asked.
    """
    from node import constitution

    newcomer = await _newcomer(who, custody)
    await _change(
        node, by, password_file, lambda now: constitution.add(node, newcomer, threshold, now)
    )


@officer.command()
@click.argument("name")
@threshold_option
@approving
@password_option
@node_command
async def remove(
    node: "Node", name: str, threshold: int | None, by: str | None, password_file: Path | None
) -> None:
    """Propose that an officer is one no more."""
    from node import constitution

    await _change(
        node, by, password_file, lambda now: constitution.remove(node, name, threshold, now)
    )


@officer.command()
@click.argument("who", metavar="NAME[=PUBLICKEY]")
@custody_option
@approving
@password_option
@node_command
async def replace(
    node: "Node", who: str, custody: "Custody", by: str | None, password_file: Path | None
) -> None:
    """Propose another key for an officer whose key was lost, or may be known to others."""
    from node import constitution

    newcomer = await _newcomer(who, custody)
    await _change(node, by, password_file, lambda now: constitution.replace(node, newcomer, now))


@officer.command()
@click.argument("number", type=click.IntRange(min=1))
@approving
@password_option
@node_command
async def threshold(node: "Node", number: int, by: str | None, password_file: Path | None) -> None:
    """Propose how many officers decide."""
    from node import constitution

    await _change(
        node, by, password_file, lambda now: constitution.set_threshold(node, number, now)
    )


async def _newcomer(who: str, custody: "Custody") -> "Officer":
    from node import constitution, officers
    from protocol.encoding import from_base64url
    from protocol.errors import Malformed

    name, equals, text = who.partition("=")
    try:
        key = from_base64url(text, 32) if equals else None
    except Malformed as error:
        raise click.UsageError(
            "NAME=PUBLICKEY takes the key that `comity officer key` prints"
        ) from error
    name = name.strip()
    officers.check_name(name)
    password = "" if key is not None else new_password(name)
    return await constitution.newcomer(name, key, password, custody=custody)


def new_password(name: str) -> str:
    """The password of a key that is made now: asked for, or drawn and shown once."""
    if sys.stdin.isatty():
        return officer_password(name, None, new=True)
    made = secrets.token_urlsafe(18)
    say(f"Password of the officer `{name}`, shown this once: {made}")
    return made


async def _change(
    node: "Node",
    by: str | None,
    password_file: Path | None,
    propose: "Callable[[int], Awaitable[Status]]",
) -> None:
    from node import constitution, decisions, ledger, voting
    from node.cli.decision import emit_status, officer_key

    key = await officer_key(node, by, password_file)
    status = await propose(clock.now())
    kept = await decisions.show(node, status.decision)
    if key is not None:
        status = await voting.approve_with(node, status.decision, key, clock.now())
    after = getattr(kept.decision, "community", None) or (await ledger.own_register(node)).community
    risk = constitution.risk(after)
    emit_status(status, "" if risk is None else f"Mind: {risk}")


@officer.command("list")
@node_command
async def list_(node: "Node") -> None:
    """Show the officers, where their keys are kept, and how many decide."""
    from node import constitution, ledger, officers
    from node.documents import OfficerListed

    community = (await ledger.own_register(node)).community
    current = {each.key for each in community.officers}
    found = await officers.every(node)
    document = [OfficerListed.of(each, community).to_value() for each in found]
    shown = table("Officer", "Key is kept", "Listed now", "Public key")
    for each in found:
        listed = "yes" if each.key in current else "no" if each.decision is None else "proposed"
        shown.add_row(each.name, _KEPT[each.custody], listed, base64url(each.key))
    risk = constitution.risk(community)
    say(f"{constitution.decides(community)} decide" + (f". Mind: {risk}" if risk else ""))
    emit(click.get_current_context(), document, shown)


_KEPT = {"node": "by this node", "own": "on their own device", "browser": "in their browser"}
