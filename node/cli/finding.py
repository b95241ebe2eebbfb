"""`comity finding`: what was found and is kept, and whether it is the person who is meant."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from node import clock
from node.cli import node_command
from node.cli.output import emit, table

if TYPE_CHECKING:
    from node.judgments import Judged
    from node.node import Node

# As in node.judgments, whose import takes longer than a help text should.
JUDGED = ("same", "different", "unknown")


@click.group()
def finding() -> None:
    """Findings that are kept, and what was judged of them."""


@finding.command()
@click.argument("finding_id", metavar="FINDING")
@click.argument("judged", type=click.Choice(JUDGED))
@click.option("--by", metavar="NAME", required=True,
              help="Who judged; everybody who sees the finding is told.")  # fmt: skip
@node_command
async def judge(node: "Node", finding_id: str, judged: "Judged", by: str) -> None:
    """Judge whether the person of FINDING is the one whom its issuer means.

    FINDING is the first 8 or more characters of the id that `comity check` and `screen` show.

    different: from now on it is a note that says so and makes no match; same: it says so, and is no
    mere name any more; unknown: it says so, and nothing changes. It holds for this person and this
    sanction alone: whoever is asked about with another identifier is shown as before.
    """
    from node import judging, kept
    from node.cli.occasion import finding_in_words

    id_ = await kept.find(node, finding_id)
    read = await judging.judge(node, id_, judged, by, clock.now())
    emit(click.get_current_context(), read.to_value(), finding_in_words(read.finding))


@finding.command("judged")
@node_command
async def list_judged(node: "Node") -> None:
    """List what was judged, by whom and when; of whom, nobody can read here."""
    from node import judging

    shown = table("Issuer", "Attestation", "Judged", "By", "On")
    document = []
    for issuer, each in await judging.every(node):
        on = str(datetime.fromtimestamp(each.at, UTC).date())
        shown.add_row(issuer, each.attestation, each.judged, each.by, on)
        document.append(
            {
                "issuer": issuer,
                "attestation": each.attestation,
                "judged": each.judged,
                "by": each.by,
                "on": on,
            }
        )
    emit(click.get_current_context(), document, shown)
