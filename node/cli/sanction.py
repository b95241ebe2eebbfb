"""`comity sanction`: what this community does about a person, proposed, listed, ended."""

import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import click

from node import clock, spelling
from node.cli import acts, node_command
from node.cli.decision import emit_status, officer_key
from node.cli.output import emit, table
from node.cli.passwords import password_option
from node.cli.typed import DAY, end_of, scope_of
from node.errors import UserError
from protocol.claims import MAX_SUSPENSION, Basis, DecidedBy, Measure, ScopeKind
from protocol.english import English
from protocol.errors import Violation
from protocol.items import Notice

if TYPE_CHECKING:
    from node.decisions import Kept
    from node.node import Node


which_sanction = click.argument("which", metavar="SANCTION")


@click.group()
def sanction() -> None:
    """Sanctions of this community.

    SANCTION is what `comity sanction list` shows: the first 8 or more characters of its id.
    """


@sanction.command()
@click.option(
    "--identifier", "identifiers", multiple=True, required=True, metavar="KIND:VALUE",
    help="Who is meant; as many as are known of the person. - reads them from standard input, "
    "one a line.",
)  # fmt: skip
@click.option("--measure", required=True, type=click.Choice(get_args(Measure)))
@click.option(
    "--scope", "scopes", multiple=True, required=True, metavar="KIND[:SPACE]",
    help=f"Where it holds: {', '.join(get_args(ScopeKind))}.",
)  # fmt: skip
@click.option("--in-force-from", type=DAY, help="First day (default: today).")
@click.option(
    "--ends-on", metavar="DATE|never",
    help="Last day (default: a year after the first; a suspension needs it, within "
    f"{MAX_SUSPENSION} days).",
)  # fmt: skip
@click.option(
    "--review-by", type=DAY,
    help="When it is reviewed, within 400 days (default: its last day, or in a year if sooner).",
)  # fmt: skip
@click.option(
    "--basis", type=click.Choice(get_args(Basis)), default="undisclosed", show_default=True,
    help="Why.",
)  # fmt: skip
@click.option("--decided-on", type=DAY, help="When it was decided (default: today).")
@click.option(
    "--decided-by", metavar="BODY:PRESENT:IN_FAVOUR",
    help="Who decided (default: the first declared body, by the approvals that it takes).",
)  # fmt: skip
@click.option(
    "--notice", default="given", show_default=True, metavar="given|delayed:DATE|unreachable",
    help="Whether the person was told.",
)  # fmt: skip
@click.option("--contact", help="Where a human answers (default: the community's contact).")
@click.option("--public-reference", metavar="URL", help="Under the community's own domain.")
@click.option(
    "--recognises", nargs=2, metavar="ISSUER ATTESTATION",
    help="Recognise what a peer attested, as a finding names it: it counts once, with its source.",
)  # fmt: skip
@click.option("--public-measure", is_flag=True, help="Say the measure in the log, for everybody.")
@click.option("--officer", "name", help="Approve at once with the key that the node keeps.")
@password_option
@node_command
async def propose(
    node: "Node",
    identifiers: Sequence[str],
    measure: Measure,
    scopes: Sequence[str],
    in_force_from: date | None,
    ends_on: str | None,
    review_by: date | None,
    basis: Basis,
    decided_on: date | None,
    decided_by: str | None,
    notice: str,
    contact: str | None,
    public_reference: str | None,
    recognises: tuple[str, str] | None,
    public_measure: bool,
    name: str | None,
    password_file: Path | None,
) -> None:
    """Propose a sanction; it is published once enough officers have approved."""
    from node import proposing, recognition, sanctions, terms, voting
    from protocol.claims import OwnDecision

    origin = (
        OwnDecision(kind="own_decision")
        if recognises is None
        else await recognition.of(node, *recognises, clock.now())
    )

    try:
        typed = terms.numbered(_read(identifiers), English("--identifier"))
        meant = terms.meant(typed, node.config.default_region)
    except UserError as error:
        raise click.UsageError(str(error)) from error
    proposal = proposing.Proposal(
        identifiers=meant,
        measure=measure,
        scope=[scope_of(text) for text in scopes],
        in_force_from=in_force_from,
        ends_on=_end(ends_on),
        review_by=review_by,
        basis=basis,
        decided_on=decided_on,
        decided_by=_decided_by(decided_by),
        notice=_notice(notice),
        contact=contact,
        public_reference=public_reference,
        public_measure=public_measure,
        origin=origin,
    )
    key = await officer_key(node, name, password_file)
    await acts.warn_of_others(node, [proposal])
    status = await sanctions.propose(node, proposal, clock.now())
    if key is not None:
        status = await voting.approve_with(node, status.decision, key, clock.now())
    published = ", ".join(spelling.identifier(each.text) for each in proposing.published(meant))
    signed = await acts.signed_in_words(node, status.attestations)
    emit_status(status, "\n".join([f"Proposed about {published}", *signed]))


@sanction.command("list")
@node_command
async def list_(node: "Node") -> None:
    """Show the sanctions of this community, proposed ones too."""
    from node import audit, decisions, sanctions
    from node.documents import SanctionDocument

    now = clock.now()
    await audit.write(node, "read", {"who": audit.who(), "what": "sanctions"}, now)
    day = clock.day_of(now)
    waiting = await decisions.waiting(node, now)
    found = [
        SanctionDocument.of(each, day, waiting.get(each.id, ()))
        for each in await sanctions.every(node)
    ]
    shown = table("Sanction", "State", "Proposed", "Measure", "Ends on", "Identifiers")
    for each in found:
        who = ", ".join(map(spelling.identifier, each.identifiers))
        measure, ends_on = each.measure or "", each.ends_on or ""
        proposed = "; ".join(map(_waiting_in_words, waiting.get(each.id, ())))
        shown.add_row(each.id, each.standing, proposed or "nothing", measure, ends_on, who)
    emit(click.get_current_context(), [each.to_value() for each in found], shown)


@sanction.command()
@which_sanction
@node_command
async def show(node: "Node", which: str) -> None:
    """Show one sanction with everything that it says."""
    from node import audit, decisions, sanctions, wording
    from node.documents import SanctionDocument

    id_, now = await sanctions.find(node, which), clock.now()
    said = {"who": audit.who(), "what": "sanction", "sanction": id_}
    await audit.write(node, "read", said, now)
    found = await sanctions.show(node, id_)
    waiting = (await decisions.waiting(node, now)).get(id_, [])
    document = SanctionDocument.of(found, clock.day_of(now), waiting)
    lines = [f"sanction {found.id}: {document.state_in_words}"]
    lines += [f"  {flag}" for flag in document.flags]
    lines += [f"  proposed: {_waiting_in_words(each)}" for each in waiting]
    if found.attestation is None:
        lines.append("  what it said, and about whom, is not kept any more")
    lines += wording.item_in_words(found.item, found.attestation, found.proposed.community)
    emit(click.get_current_context(), document.to_value(), "\n".join(lines))


for command in acts.COMMANDS:
    sanction.add_command(command)


def _waiting_in_words(kept: "Kept") -> str:
    """What is proposed about a sanction, and how far that has come."""
    from node.in_short import DIGITS, in_short

    votes = f"{len(kept.approvals)} of {kept.threshold} approvals"
    return f"{in_short(kept.decision)} ({votes}, {kept.row.hash.hex()[:DIGITS]})"


def _read(texts: Sequence[str]) -> list[str]:
    given = [text for text in texts if text != "-"]
    if "-" in texts:
        given += [line.strip() for line in sys.stdin if line.strip()]
    return given


def _end(text: str | None) -> date | Literal["indefinite"] | None:
    if text is None:
        return None
    return end_of(text)


def _decided_by(text: str | None) -> DecidedBy | None:
    if text is None:
        return None
    from node import terms

    try:
        return terms.decided_by(text)
    except (Violation, ValueError) as error:
        raise click.UsageError("--decided-by BODY:PRESENT:IN_FAVOUR, such as cwg:5:4") from error


def _notice(text: str) -> Notice:
    from node import terms

    try:
        return terms.notice(text)
    except Violation as error:
        raise click.UsageError("--notice given, delayed:YYYY-MM-DD or unreachable") from error
