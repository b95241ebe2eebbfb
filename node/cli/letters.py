"""`comity sanction notice --letter` and `--send`: the letter to the person."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from node import clock
from node.cli.decision import status_document, voided_in_words
from node.cli.output import emit

if TYPE_CHECKING:
    from node.decisions import Status
    from node.node import Node
    from node.notice import Sent
    from protocol.keys import SigningKey


async def print_letters(node: "Node", which: Sequence[str]) -> None:
    """Print the letters as they would be sent now."""
    from node import notice, sanctions

    ids = [await sanctions.find(node, each) for each in which]
    letters = {id_: await notice.letter(node, id_) for id_ in ids}
    document = [
        {"attestation": id_, "subject": each.subject, "body": each.body}
        for id_, each in letters.items()
    ]
    emit(click.get_current_context(), document, "\n".join(each.text for each in letters.values()))


async def send(
    node: "Node", which: Sequence[str], to: str | None, key: "SigningKey | None"
) -> None:
    """Have one letter sent, try it at once, and approve that it was, where an officer is named."""
    from node import decisions, notice, sanctions, voting

    if len(which) != 1:
        raise click.UsageError("--send sends one letter: to each person their own")
    id_ = await sanctions.find(node, which[0])
    letter = await notice.queue(node, id_, to, clock.now())
    sent = await notice.send_now(node, letter, clock.now())
    status = None
    if sent.decision is not None:
        status = await decisions.status(node, sent.decision, clock.now())
        if key is not None:
            status = await voting.approve_with(node, sent.decision, key, clock.now())
    _emit(id_, sent, status)


def _emit(id_: str, sent: "Sent", status: "Status | None") -> None:
    row = sent.row
    said = dict.fromkeys(("decision", "state", "approvals", "threshold", "voided"))
    document = said | ({} if status is None else status_document(status))
    document |= {"attestation": id_, "letter": row.id, "mail": row.state, "fault": row.fault}
    emit(click.get_current_context(), document, "\n".join(_words(sent, status)))


def _words(sent: "Sent", status: "Status | None") -> list[str]:
    row = sent.row
    if row.state == "failed":
        return [f"NOT sent, for good: {row.fault}. Hand it over otherwise, or send it elsewhere"]
    if row.state == "waiting":
        why = row.fault or "it is being tried at this moment"
        return [
            f"Not sent yet: {why}. `comity serve` goes on trying, and `comity mail list` tells.",
            "Once it left, it is proposed to say so in the log.",
        ]
    words = ["The mail server has the letter"]
    if status is not None and status.state == "logged":
        voided = [voided_in_words(each.decision, each.said) for each in status.voided]
        logged = f"decision {status.decision.hex()}: in the log, the person was told"
        return [*words, logged, *voided]
    if status is not None:
        decision = status.decision.hex()
        words.append(f"One officer says so: comity decision approve {decision[:16]} --officer NAME")
    return words
