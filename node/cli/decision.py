"""`comity decision`: what waits for approvals, and what became of it."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from node import clock, spelling
from node.cli import node_command
from node.cli.output import emit, say, table, write_private
from node.cli.passwords import officer_password, password_option
from node.errors import UserError
from protocol.errors import Malformed, TooLarge

if TYPE_CHECKING:
    from node.decisions import Kept, Status
    from node.node import Node
    from node.store.decisions import VoteKind
    from protocol.keys import SigningKey
    from protocol.statements import Decision


which_decision = click.argument("which", metavar="DECISION")


@click.group()
def decision() -> None:
    """Decisions: what waits for approvals, and what became of it.

    DECISION is what `comity decision list` shows: the first 8 or more digits of its hash.
    """


def status_document(status: "Status") -> dict[str, Any]:
    """What every command that makes a decision prints."""
    from node.documents import Decided

    return Decided.of(status).to_value()


def emit_status(status: "Status", done: str = "") -> None:
    """Print how far a decision has come."""
    lines = [done, status_in_words(status), *(f"sanction {id_}" for id_ in status.attestations)]
    emit(click.get_current_context(), status_document(status), "\n".join(filter(None, lines)))


def status_in_words(status: "Status") -> str:
    """How far a decision has come, and what waits because of it."""
    words = {
        "pending": f"{_approvals(status)}: it waits for {status.threshold - status.approvals} more",
        "logged": "in the log: peers that follow it have it within a minute",
        "declined": "declined: too few officers are left to approve it",
        "void": "void: the log has gone on since it was proposed; propose it again",
        "lapsed": "lapsed",
    }[status.state]
    if status.state == "pending" and status.fault is not None:
        words = f"approved, and cannot be logged: {status.fault}; approve again once it can"
    lines = [f"decision {status.decision.hex()}: {words}"]
    lines += [
        f"decision {each.hex()}: sanctions sealed anew under it; it waits for approvals now"
        for each in status.then
    ]
    lines += [voided_in_words(each.decision, each.said) for each in status.voided]
    return "\n".join(lines)


def voided_in_words(hash_: bytes, said: "Decision") -> str:
    """What was voided, and how it is proposed again."""
    from node.in_short import DIGITS, again, in_short

    about = f"This voided {hash_.hex()[:DIGITS]}: {in_short(said)}."
    return f"{about} Propose it again: {again(said)}"


def _approvals(status: "Status") -> str:
    return f"{status.approvals} of {status.threshold} approvals"


@decision.command("list")
@click.option("--all", "ended", is_flag=True, help="Those that came to an end as well.")
@node_command
async def list_(node: "Node", ended: bool) -> None:
    """Show what waits for approvals, and what another decision voided within 30 days."""
    from node import decisions, officers
    from node.in_short import again, in_short

    now = clock.now()
    day, every = clock.day_of(now), await decisions.every(node)
    voided = await decisions.voided_of_late(node, every, now)
    names = {each.key: each.name for each in await officers.every(node)}
    found = [
        each for each in every if ended or each.state(day) == "pending" or each.row.hash in voided
    ]
    shown = table("Decision", "About", "Proposed on", "State", "Approvals")
    for each in found:
        status = each.status(day)
        votes = f"{status.approvals} of {status.threshold}"
        on = each.row.proposed_on.isoformat()
        about = in_short(each.decision, each.before(day), names)
        if each.row.hash in voided:
            about += f"; propose it again: {again(each.decision)}"
        shown.add_row(each.row.hash.hex()[:16], about, on, status.state, votes)
    emit(click.get_current_context(), [_listed(each, day) for each in found], shown)


@decision.command()
@which_decision
@node_command
async def show(node: "Node", which: str) -> None:
    """Show a decision, what it is about, and what each officer said to it."""
    from node import audit, decisions, wording
    from node.documents import DecisionShown

    hash_ = await decisions.find(node, which)
    said = {"who": audit.who(), "what": "decision", "decision": hash_.hex()}
    now = clock.now()
    await audit.write(node, "read", said, now)
    kept = await decisions.show(node, hash_)
    status = kept.status(clock.day_of(now))
    document = (await DecisionShown.of_kept(node, kept, clock.day_of(now))).to_value()
    about, on = wording.DECISIONS[kept.row.type], kept.row.proposed_on
    state = f"{status.state}, {_approvals(status)}"
    lines = [f"decision {kept.row.hash.hex()}", f"{about}, proposed on {on}: {state}"]
    lines += [_vote_in_words(each) for each in document["votes"]]
    lines += [f"  {kept.row.fault}"] if kept.row.fault else []
    lines += document["words"]
    emit(click.get_current_context(), document, "\n".join(lines))


def _vote_in_words(vote: dict[str, Any]) -> str:
    counts = "" if vote["counts"] else ", which does not count (any more)"
    return spelling.printable(f"  {vote['officer']}: {vote['vote']}{counts} {vote['reason'] or ''}")


@decision.command()
@which_decision
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Where it is written.")
@node_command
async def export(node: "Node", which: str, out: Path | None) -> None:
    """Write the sheet that an officer's own device recomputes and signs. It names who is meant."""
    from node import audit, decisions, sheets

    hash_ = await decisions.find(node, which)
    said = {"who": audit.who(), "what": "sheet", "decision": hash_.hex()}
    await audit.write(node, "export", said, clock.now())
    data = await sheets.export(node, hash_, clock.now())
    if out is None:
        click.echo(data)
        return
    write_private(out, data + b"\n")
    document = {"decision": hash_.hex(), "file": str(out)}
    words = f"Written. On the officer's device: comity officer sign {out} --key FILE"
    emit(click.get_current_context(), document, words)


@decision.command()
@which_decision
@click.option("--officer", "name", help="Approve with the key that the node keeps for NAME.")
@click.option("--approval", type=click.File("rb"), help="What an officer signed elsewhere.")
@password_option
@node_command
async def approve(
    node: "Node",
    which: str,
    name: str | None,
    approval: BinaryIO | None,
    password_file: Path | None,
) -> None:
    """Approve a decision; with the last approval that it takes, it is logged."""
    from node import decisions, voting

    _require_one(name, approval)
    await before_deciding(node)
    hash_ = await decisions.find(node, which)
    if name is None:
        emit_status(await _brought(node, hash_, approval, "approve"))
        return
    password = officer_password(name, password_file)
    emit_status(await voting.approve_here(node, hash_, name, password, clock.now()))


@decision.command()
@which_decision
@click.option("--officer", "name", help="Recuse NAME, with the key that the node keeps.")
@click.option("--approval", type=click.File("rb"), help="What the officer signed elsewhere.")
@password_option
@node_command
async def recuse(
    node: "Node",
    which: str,
    name: str | None,
    approval: BinaryIO | None,
    password_file: Path | None,
) -> None:
    """Recuse an officer, for good. It never lowers the number of approvals that it takes."""
    from node import decisions, voting

    _require_one(name, approval)
    await before_deciding(node)
    hash_ = await decisions.find(node, which)
    if name is None:
        emit_status(await _brought(node, hash_, approval, "recuse"))
        return
    password = officer_password(name, password_file)
    emit_status(await voting.recuse_here(node, hash_, name, password, clock.now()))


@decision.command()
@which_decision
@click.option("--officer", "name", required=True, help="Who declines.")
@click.option("--reason", default="", help="A note; it stays in this node, encrypted.")
@password_option
@node_command
async def decline(
    node: "Node", which: str, name: str, reason: str, password_file: Path | None
) -> None:
    """Note that an officer declines; until the decision has ended, they may still approve.

    An officer whose key the node keeps gives its password. Of one whose key is elsewhere it is
    noted as you say it: nothing is signed.
    """
    from node import decisions, officers, voting

    await before_deciding(node)
    hash_ = await decisions.find(node, which)
    who = await officers.named(node, name)
    done = f"Noted that {name} declines, as you say; nothing was signed"
    if who.locked is not None:
        await officers.unlock(node, who, officer_password(name, password_file), clock.now())
        done = f"Noted that {name} declines"
    emit_status(await voting.decline(node, hash_, name, reason, clock.now()), done)


async def approve_all(
    node: "Node", statuses: "Sequence[Status]", key: "SigningKey"
) -> "list[Status]":
    """Approve decisions, and those that they bring about, with an officer's unlocked key."""
    from node import decisions, voting

    done: list[Status] = []
    for each in statuses:
        status = await voting.approve_with(node, each.decision, key, clock.now())
        then = [await decisions.status(node, hash_, clock.now()) for hash_ in status.then]
        done += [status, *await approve_all(node, then, key)]
    return done


async def officer_key(
    node: "Node", name: str | None, password_file: Path | None
) -> "SigningKey | None":
    """The key kept for --officer NAME: unlocked before anything is proposed; None without it."""
    from node import officers

    if name is None:
        return None
    await before_deciding(node)
    officer = await officers.named(node, name)
    return await officers.unlock(node, officer, officer_password(name, password_file), clock.now())


async def before_deciding(node: "Node") -> None:
    """Ask peers whether they hold more of our log than this database, unless `serve` has.

    What is decided on a restored database that is behind would make a second history of it.
    """
    from node import recovery
    from node.client import connect
    from node.store import logs

    async with node.store.read() as connection:
        if await logs.own_head(connection) is None:
            return
    if node.home.is_current():
        return
    async with connect(node, clock=clock.now) as clients:
        found = await recovery.catch_up(node, clients, clock.now())
    if found.entries:
        say(f"This database was behind its own log: {found.entries} entries came from peers.")
    if found.unsure:
        names = ", ".join(peer.id for peer in found.unsure)
        say(
            f"Whether this database is up to date {names} could not be asked. After a backup was "
            "restored, decide nothing before `comity log catch-up` has succeeded."
        )


def _require_one(name: str | None, approval: BinaryIO | None) -> None:
    if (name is None) == (approval is None):
        raise click.UsageError("say either --officer NAME or --approval FILE")


async def _brought(node: "Node", hash_: bytes, file: BinaryIO | None, kind: "VoteKind") -> "Status":
    from node import voting
    from protocol.sheet import MAX_SIGNED

    read = b"" if file is None else file.read(MAX_SIGNED + 2)
    try:
        return await voting.bring(node, hash_, read, clock.now(), kind=kind)
    except (Malformed, TooLarge) as error:
        raise UserError(
            f"this is not an approval file, as `comity officer sign` writes it: {error}"
        ) from error


def _listed(kept: "Kept", day: date) -> dict[str, Any]:
    from node.documents import Decision

    return Decision.listed(kept, day).to_value()
