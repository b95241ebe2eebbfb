"""`comity init` and `comity id`: founding a community, and showing which one this is."""

import os
import secrets
import sys
from collections.abc import Callable, Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from node import clock
from node.cli import home, node_command, run, shared_options
from node.cli.output import emit, say
from node.cli.passwords import VARIABLE, given_password, officer_password
from node.errors import UserError
from protocol.encoding import from_base64url
from protocol.errors import Malformed

if TYPE_CHECKING:
    from node.founding import Founding, NewOfficer
    from node.node import Node
    from node.store.logs import Head
    from protocol.statements import Community


@click.command()
@click.option("--id", "id_", help="DNS name that the community controls; it never changes.")
@click.option("--name", help="Name of the community, for people to read.")
@click.option("--url", help="Where its node is reached; without it the community only asks.")
@click.option("--contact", help="E-mail address or URL where a human answers.")
@click.option("--policy-url", help="Its code of conduct, with how it decides and hears appeals.")
@click.option(
    "--officer",
    "officers",
    multiple=True,
    metavar="NAME[=PUBLICKEY]",
    help="Who approves; without a public key the node keeps the key, under a password.",
)
@click.option(
    "--threshold",
    type=click.IntRange(1),
    help="Approvals that a decision takes (default: 2, or 1 of one).",
)
@click.option("--space", "spaces", multiple=True, metavar="SLUG=NAME", help="Where measures hold.")
@click.option("--body", "bodies", multiple=True, metavar="SLUG=NAME", help="Who decides.")
@click.option("--part-time", is_flag=True, help="The node is not always on: fresh for 7 days.")
@click.option(
    "--entries", type=click.Choice(["public", "peers"]), default="public", show_default=True,
    help="Who may read the log's entries, which name nobody.",
)  # fmt: skip
@click.option(
    "--database", metavar="URL",
    help="sqlite:////… or postgresql://… (default: a file in the home folder). A URL with a "
    "password is better given as COMITY_DATABASE, which no other user of the machine sees.",
)  # fmt: skip
@click.option(
    "--password-file", "password_files", multiple=True, metavar="[NAME=]FILE",
    help="File whose first line is the officer's password; of several officers, NAME's "
    f"(else {VARIABLE}, of one officer; else a prompt). At least 10 characters.",
)  # fmt: skip
@shared_options
@click.pass_context
def init(
    ctx: click.Context,
    id_: str | None,
    name: str | None,
    url: str | None,
    contact: str | None,
    policy_url: str | None,
    officers: Sequence[str],
    threshold: int | None,
    spaces: Sequence[str],
    bodies: Sequence[str],
    part_time: bool,
    entries: Literal["public", "peers"],
    database: str | None,
    password_files: Sequence[str],
) -> None:
    """Found a community in the home folder. One that only asks needs --id and --name."""
    from node.founding import COMMITTEE, OPERATOR, Founding, NewOfficer, found

    founding = Founding(
        id=id_ or _asked("--id", "Domain of the community"),
        name=name or _asked("--name", "Name of the community"),
        url=url,
        contact=contact,
        policy=policy_url,
        officers=_officers(officers) or [NewOfficer(OPERATOR, None)],
        threshold=threshold or min(2, max(1, len(officers))),
        spaces=_declared("--space", spaces),
        bodies=_declared("--body", bodies) or COMMITTEE,
        part_time=part_time,
        entries=entries,
    )
    if founding.publishes and not officers:
        raise click.UsageError("a community that publishes says who approves: --officer NAME …")
    kept = [each.name for each in founding.officers if each.public_key is None]
    passwords = _passwords(kept, _password_files(password_files, kept), generate=not officers)
    run(found(home(), founding, database=database, password=passwords, now=clock.now()))
    run(_show_founded(ctx, founding))


async def _show_founded(ctx: click.Context, founding: "Founding") -> None:
    from node.node import opened

    async with opened(home()) as node:
        await _show(ctx, node)
    missing = founding.missing
    if missing:
        say(f"It asks and publishes nothing: to publish, it lacks {', '.join(missing)}.")


def _asked(option: str, question: str) -> str:
    if not sys.stdin.isatty():
        raise click.UsageError(f"Missing option '{option}'.")
    answer: str = click.prompt(question, err=True)
    return answer


def _officers(texts: Sequence[str]) -> "list[NewOfficer]":
    from node.founding import NewOfficer

    found = []
    for text in texts:
        name, equals, key = text.partition("=")
        try:
            found.append(NewOfficer(name.strip(), from_base64url(key, 32) if equals else None))
        except Malformed as error:
            raise click.UsageError(
                "--officer NAME=PUBLICKEY takes the key that `comity officer key` prints"
            ) from error
    return found


def _declared(option: str, texts: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in texts:
        slug, equals, name = text.partition("=")
        if not equals or slug in found:
            raise click.UsageError(f"{option} takes SLUG=NAME, each slug once")
        found[slug] = name
    return found


def _password_files(texts: Sequence[str], kept: Sequence[str]) -> dict[str | None, Path]:
    """The files by officer whose key is kept here; None: of whoever has none of their own."""
    form = click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True)
    found: dict[str | None, Path] = {}
    for text in texts:
        name, equals, file = text.partition("=")
        whose = name if equals and name in kept else None
        if whose in found:
            raise click.UsageError("--password-file NAME=FILE stands once for each officer")
        found[whose] = form.convert(text if whose is None else file, None, None)
    return found


def _passwords(
    kept: Sequence[str], files: Mapping[str | None, Path], *, generate: bool
) -> Callable[[str], str]:
    """Gives each officer's password; the same for two of them would let one approve as both."""
    shared = [name for name in kept if name not in files]
    if len(shared) > 1 and (None in files or VARIABLE in os.environ):
        raise click.UsageError(
            f"one password for several officers ({', '.join(shared)}) would let one approve as "
            "all: give each their own, by --password-file NAME=FILE once for each, or, without "
            f"{VARIABLE}, at the prompt; best are keys of their own (`comity officer key`)"
        )
    chosen: set[str] = set()

    def password(name: str) -> str:
        file = files.get(name, files.get(None))
        given = _chosen(name, file)
        if given in chosen:
            raise UserError("two officers have the same password: each chooses one of their own")
        chosen.add(given)
        return given

    def _chosen(name: str, file: Path | None) -> str:
        if generate and given_password(file) is None:
            made = secrets.token_urlsafe(18)
            say(f"Password of the officer `{name}`, shown this once, for changes later: {made}")
            return made
        return officer_password(name, file, new=True)

    return password


@click.command("id")
@node_command
async def id_(node: "Node") -> None:
    """Show the id, the fingerprint, and the string that two administrators compare."""
    await _show(click.get_current_context(), node)


async def _show(ctx: click.Context, node: "Node") -> None:
    from node import constitution

    head, community = await _current(node)
    document = _identity(head, community)
    emit(ctx, document, _in_words(document, constitution.decides(community)))
    risk = constitution.risk(community)
    if risk is not None:
        say(f"Mind: {risk}")


async def _current(node: "Node") -> "tuple[Head | None, Community]":
    """The community, and the head of its log once it is founded.

    Raises:
        UserError: none was founded here.
    """
    from node import decisions, ledger
    from node.store import logs

    async with node.store.read() as connection:
        head = await logs.own_head(connection)
    if head is not None:
        return head, (await ledger.own_register(node)).community
    for kept in await decisions.every(node):
        return None, kept.community
    raise UserError("no community was founded here: type `comity init`")


def _identity(head: "Head | None", community: "Community") -> dict[str, Any]:
    """Which community this is, as a JSON document."""
    from protocol.compare import Comparison
    from protocol.encoding import base64url

    known = {"id": community.id, "url": community.url}
    if head is None:
        return known | {"fingerprint": None, "compare": None, "state": "awaiting_approvals"}
    return known | {
        "fingerprint": base64url(head.fingerprint),
        "compare": Comparison(community.id, head.fingerprint, head.size, head.root).to_text(),
        "state": "active",
    }


def _in_words(document: dict[str, Any], decides: str) -> str:
    if document["state"] != "active":
        return (
            f"{document['id']} awaits approvals of its officers: `comity decision list` shows what "
            "waits, `comity decision export` writes the sheet that an officer signs\n"
            f"decides by {decides}"
        )
    lines = [
        f"{document['id']}   {document['url'] or 'without an address: it only asks'}   active",
        f"decides by {decides}",
        f"fingerprint {document['fingerprint']}",
        "Compare with another administrator, by phone or face to face:",
        document["compare"],
        _qr_code(document["compare"]),
    ]
    return "\n".join(lines)


def _qr_code(text: str) -> str:
    import segno

    drawn = StringIO()
    segno.make(text, micro=False).terminal(out=drawn, compact=True)
    return drawn.getvalue()
