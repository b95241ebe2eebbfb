"""`comity officer`: keys on officers' own devices, what they sign there, and who the officers are.

`key` and `sign` need no node: they are for the officer's device, which has to trust nobody else's.
"""

from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from node import clock
from node.cli import node_command, shared_options
from node.cli.output import emit, say, table, write_private
from node.cli.passwords import officer_password, password_option
from protocol.encoding import base64url

if TYPE_CHECKING:
    from node.node import Node


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


@officer.command("list")
@node_command
async def list_(node: "Node") -> None:
    """Show the officers and where their keys are kept."""
    from node import officers

    found = await officers.every(node)
    document = [
        {"name": each.name, "public_key": base64url(each.key), "custody": each.custody}
        for each in found
    ]
    shown = table("Officer", "Key is kept", "Public key")
    for each in found:
        where = "by this node" if each.custody == "node" else "on their own device"
        shown.add_row(each.name, where, base64url(each.key))
    emit(click.get_current_context(), document, shown)
