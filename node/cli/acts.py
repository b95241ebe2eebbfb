"""`comity sanction …`: what is said of sanctions after they were attested, one or many at once."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

import click

from node import clock, spelling
from node.cli import node_command
from node.cli.decision import emit_status, officer_key, status_document, voided_in_words
from node.cli.output import emit, say, table
from node.cli.passwords import password_option
from node.cli.typed import DAY, end_of
from node.errors import UserError

if TYPE_CHECKING:
    from node.acts import Because
    from node.decisions import Status
    from node.node import Node
    from node.proposing import Proposal
    from protocol.attested import Appeal

F = TypeVar("F", bound=Callable[..., Any])
Act = Callable[[list[str]], "Awaitable[Status]"]

_OUTCOMES = {"open": "opened", "grant": "granted", "reject": "rejected", "withdraw": "withdrawn"}

which_sanctions = click.argument("which", metavar="SANCTION…", nargs=-1, required=True)
officer_option = click.option(
    "--officer", "name", help="Approve at once with the key that the node keeps."
)


async def _decide(
    node: "Node", which: Sequence[str], name: str | None, password_file: Path | None, act: Act
) -> None:
    """Propose it of all these sanctions, approve where an officer is named, and print how far."""
    from node import sanctions

    key = await officer_key(node, name, password_file)
    ids = [await sanctions.find(node, each) for each in which]
    await _warn_of_voiding(node, ids)
    status = await act(ids)
    if key is not None:
        from node import voting

        status = await voting.approve_with(node, status.decision, key, clock.now())
    emit_status(status)


async def _warn_of_voiding(node: "Node", ids: Sequence[str]) -> None:
    """Say what others have approved that will be void once the act is in the log."""
    from node import decisions
    from node.in_short import DIGITS, in_short

    for each in await decisions.would_be_voided(node, ids, clock.now()):
        about = f"{each.row.hash.hex()[:DIGITS]}: {in_short(each.decision)}"
        votes = f"{len(each.approvals)} of {each.threshold} approvals"
        say(f"Mind: {about}, has {votes} and waits. It is void once this act is in the log first.")


HANDED_OVER, SEND, LETTER = "handed-over", "send", "letter"


@click.command()
@which_sanctions
@click.option("--letter", "how", flag_value=LETTER, help="Print the letter, to be read first.")
@click.option("--send", "how", flag_value=SEND,
              help="Send it by e-mail. Once it has left, one officer says so.")  # fmt: skip
@click.option("--handed-over", "how", flag_value=HANDED_OVER, default=HANDED_OVER,
              help="Say in the log that it was handed over otherwise (default).")  # fmt: skip
@click.option("--to", metavar="ADDRESS", help="Where to (default: the address in the sanction).")
@officer_option
@password_option
@node_command
async def notice(
    node: "Node",
    which: Sequence[str],
    how: str,
    to: str | None,
    name: str | None,
    password_file: Path | None,
) -> None:
    """Tell persons what was decided about them; that they were told is for one officer to say."""
    from node import acts
    from node.cli import letters

    if to is not None and how != SEND:
        raise click.UsageError("--to goes with --send")
    if how == LETTER:
        await letters.print_letters(node, which)
    elif how == SEND:
        await letters.send(node, which, to, await officer_key(node, name, password_file))
    else:
        await _decide(
            node, which, name, password_file, lambda ids: acts.told(node, ids, clock.now())
        )


@click.command()
@which_sanctions
@click.argument("outcome", type=click.Choice(list(_OUTCOMES)))
@officer_option
@password_option
@node_command
async def appeal(
    node: "Node", which: Sequence[str], outcome: str, name: str | None, password_file: Path | None
) -> None:
    """Say that an appeal is open, or what became of it.

    One officer suffices to open it. What was granted weighs nothing from then on: end it by
    `comity sanction overturn`, or `amend` it.
    """
    from node import acts

    state: Appeal = _OUTCOMES[outcome]  # type: ignore[assignment]
    await _decide(
        node, which, name, password_file, lambda ids: acts.appeal(node, ids, state, clock.now())
    )


@click.command()
@which_sanctions
@click.option("--until", type=DAY, help="Last day of the stay (default: in 14 days).")
@officer_option
@password_option
@node_command
async def stay(
    node: "Node",
    which: Sequence[str],
    until: date | None,
    name: str | None,
    password_file: Path | None,
) -> None:
    """Let sanctions weigh nothing for a while; 14 days, once, are for one officer to decide."""
    from node import acts
    from protocol.attested import MAX_STAY_ALONE

    last = until or clock.day_of(clock.now()) + MAX_STAY_ALONE
    await _decide(
        node, which, name, password_file, lambda ids: acts.stay(node, ids, last, clock.now())
    )


@click.command()
@which_sanctions
@officer_option
@password_option
@node_command
async def resume(
    node: "Node", which: Sequence[str], name: str | None, password_file: Path | None
) -> None:
    """End a stay before its time."""
    from node import acts

    await _decide(node, which, name, password_file, lambda ids: acts.resume(node, ids, clock.now()))


@click.command()
@click.argument("which", metavar="[SANCTION…]", nargs=-1)
@click.option("--review-by", type=DAY, help="The next review (default: in a year).")
@click.option("--all-due", type=click.IntRange(min=0), metavar="DAYS",
              help="All whose review is due within so many days.")  # fmt: skip
@officer_option
@password_option
@node_command
async def reaffirm(
    node: "Node",
    which: Sequence[str],
    review_by: date | None,
    all_due: int | None,
    name: str | None,
    password_file: Path | None,
) -> None:
    """Say that sanctions were reviewed and go on; many at once are one decision."""
    from node import acts

    if bool(which) == (all_due is not None):
        raise click.UsageError("say either which sanctions, or --all-due DAYS")
    if all_due is not None:
        found = await acts.due(node, clock.now(), within=all_due)
        which = [each.id for each in found if each.what == "review"]
        if not which:
            raise UserError("no review is due within those days: `comity sanction due` shows all")
    await _decide(
        node,
        which,
        name,
        password_file,
        lambda ids: acts.reaffirm(node, ids, review_by, clock.now()),
    )


def _ending(because: "Because", words: str) -> click.Command:
    @click.command({"lifted": "lift", "overturned": "overturn", "erased": "erase"}[because])
    @which_sanctions
    @officer_option
    @password_option
    @node_command
    async def end(
        node: "Node", which: Sequence[str], name: str | None, password_file: Path | None
    ) -> None:
        from node import acts

        await _decide(
            node, which, name, password_file,
            lambda ids: acts.withdraw(node, ids, because, clock.now()),
        )  # fmt: skip

    end.help = words
    return end


@click.command()
@click.argument("which", metavar="SANCTION")
@click.option("--drop", "dropped", multiple=True, metavar="KIND:VALUE",
              help="An identifier that is somebody else's, or of this person no more.")  # fmt: skip
@click.option("--ends-on", metavar="DATE|never", help="Another last day.")
@click.option("--review-by", type=DAY, help="Another day of review.")
@officer_option
@password_option
@node_command
async def amend(
    node: "Node",
    which: str,
    dropped: Sequence[str],
    ends_on: str | None,
    review_by: date | None,
    name: str | None,
    password_file: Path | None,
) -> None:
    """Propose a sanction in place of another, which ends once the new one is published.

    Two decisions: the new sanction, and the end of the one before. Both have to be approved.
    """
    from dataclasses import replace

    from node import acts, sanctions, voting
    from protocol.identifiers import from_text

    key = await officer_key(node, name, password_file)
    before = await sanctions.show(node, await sanctions.find(node, which))
    proposal = acts.as_proposed(before, [from_text(each) for each in dropped])
    proposal = replace(proposal, review_by=review_by)
    if ends_on is not None:
        proposal = replace(proposal, ends_on=end_of(ends_on))
    await _warn_of_voiding(node, [before.id])
    made = await acts.amend(node, before, proposal, clock.now())
    statuses = [made.attesting, made.withdrawing]
    if key is not None:
        statuses = [
            await voting.approve_with(node, each.decision, key, clock.now()) for each in statuses
        ]
    attesting, withdrawing = statuses
    document = status_document(attesting) | {"withdrawing": status_document(withdrawing)}
    lines = [
        f"decision {attesting.decision.hex()}: the new sanction {attesting.attestations[0]}",
        f"decision {withdrawing.decision.hex()}: the end of the one before, once both are approved",
        *(voided_in_words(gone.decision, gone.said) for each in statuses for gone in each.voided),
    ]
    emit(click.get_current_context(), document, "\n".join(lines))


@click.command()
@click.option("--within", type=click.IntRange(min=0), default=60, show_default=True,
              help="Days ahead.")  # fmt: skip
@node_command
async def due(node: "Node", within: int) -> None:
    """Show which reviews, ends, notices, stays and answers have their day soon, or passed it."""
    from node import acts
    from node.documents import DueItems

    found = await acts.due(node, clock.now(), within)
    shown = table("Day", "Days left", "What", "Sanction")
    for each in found:
        shown.add_row(each.day.isoformat(), str(each.days), each.what, each.id)
    document = DueItems(due=found).to_value()["due"]
    emit(click.get_current_context(), document, shown)


@click.command("import")
@click.argument("file", type=click.File("rb"))
@officer_option
@password_option
@node_command
async def import_(
    node: "Node", file: BinaryIO, name: str | None, password_file: Path | None
) -> None:
    """Propose all sanctions of a CSV as one decision: all of them, or none.

    A row for each person. Columns: identifiers (KIND:VALUE, several separated by semicolons),
    measure, scope (KIND[:SPACE], separated alike), and where wanted in_force_from, ends_on (DATE or
    never), review_by, basis, notice, decided_on, decided_by (BODY:PRESENT:IN_FAVOUR).
    """
    from node import casebook, sanctions, voting

    key = await officer_key(node, name, password_file)
    proposals = casebook.read(file.read(casebook.MAX_FILE + 1), node.config.default_region)
    await warn_of_others(node, proposals)
    status = await sanctions.propose_all(node, proposals, clock.now())
    if key is not None:
        status = await voting.approve_with(node, status.decision, key, clock.now())
    signed = await signed_in_words(node, status.attestations)
    emit_status(status, "\n".join([f"Proposed {len(proposals)} sanctions", *signed]))


async def warn_of_others(node: "Node", proposals: "Sequence[Proposal]") -> None:
    """Say which sanctions name the same person already; one of them may be what is to change."""
    from node import sanctions

    day = clock.day_of(clock.now())
    meant = [identifier for each in proposals for identifier in each.identifiers]
    for identifier, found in await sanctions.meant_already(node, meant, day):
        state = found.state(day).replace("_", " ")
        who = spelling.identifier(identifier.text)
        way = f" To change that one: comity sanction amend {found.id[:8]} …"
        say(
            f"Mind: {who} is named by the sanction {found.id} already: {state}."
            f"{way if found.attested else ''}"
        )


async def signed_in_words(node: "Node", ids: Sequence[str]) -> list[str]:
    """What proposals say of notice and votes: that is signed, though nobody said it."""
    from node import sanctions, wording

    said: Counter[str] = Counter()
    for id_ in ids:
        found = await sanctions.show(node, id_)
        lines = [f"Notice: {wording.notice_in_words(found.item.notice)}"]
        if found.attestation is not None:
            lines += wording.decision_behind(found.attestation, found.proposed.community)
        said["\n".join(lines)] += 1
    return [
        f"{text}\n  That is said of {count} of them" if len(said) > 1 else text
        for text, count in said.items()
    ]


COMMANDS = (
    import_,
    due,
    notice,
    appeal,
    stay,
    resume,
    reaffirm,
    amend,
    _ending("lifted", "Propose to end sanctions before their time."),
    _ending("overturned", "Propose to end sanctions that should not have been decided."),
    _ending(
        "erased",
        "Propose to forget here whom sanctions were about; what is in force ends with it.",
    ),
)
