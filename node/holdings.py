"""What each table is for, whom it is about, and how long a row is kept.

The columns are described where they are declared, in `node.tables`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from node.tables import metadata

About = Literal[
    "nobody",
    "officers",
    "people here",
    "persons concerned",
    "persons asked about",
    "persons asking",
    "peers",
]
"""Whom a row is about. Peers are communities; people here, who enter the pages of this node."""


@dataclass(frozen=True)
class Holding:
    """One table: why it is there, whom a row is about, and until when it is kept."""

    why: str
    about: About
    kept: str


_WITH_LOG = "As long as the log is: our own for good, a peer's until the peer is removed."
_FOR_GOOD = "For good."

HOLDINGS = {
    "logs": Holding("Which logs are held, and how far.", "nobody", _WITH_LOG),
    "log_entries": Holding(
        "The public record of decisions: hashes, dates, officers' keys.", "officers", _WITH_LOG
    ),
    "log_tiles": Holding("Hashes that prove the log.", "nobody", _WITH_LOG),
    "cosigned_heads": Holding(
        "What this node witnessed, so that it never witnesses two histories.", "nobody", _FOR_GOOD
    ),
    "records": Holding(
        "Sanctions, sealed: a record is opened by whoever asks about that very person.",
        "persons concerned",
        "Until the sanction ends; a peer's also only until the peer is removed.",
    ),
    "own_keys": Holding(
        "The community's own keys.",
        "nobody",
        "For good; an OPRF key that no record uses any more, for as long as a peer may rightly ask "
        "under it: a day, or a week where the community is part-time.",
    ),
    "officers": Holding(
        "Whose key is whose, for the community itself.",
        "officers",
        "For good; who was only proposed, until that was declined, or lapsed.",
    ),
    "decisions": Holding(
        "What was proposed, and what became of it. Hashes and dates, no identifiers.",
        "officers",
        _FOR_GOOD,
    ),
    "approvals": Holding(
        "Who approved, declined or was recused, so that a decision has its authors.",
        "officers",
        "For good; that somebody declined, until the very same is proposed again.",
    ),
    "attestations": Holding(
        "What the community's own sanctions say, and of whom: to review them, answer for them and "
        "tell the person.",
        "persons concerned",
        "The content until the sanction is erased, or so many days after it ended as the settings "
        "say; unpublished, until it was declined or lapsed. The id for good.",
    ),
    "slots": Holding(
        "Which place an identifier took in a record, so that no two records collide.",
        "persons concerned",
        "As long as the content of the sanction is.",
    ),
    "peers": Holding(
        "With whom this community exchanges.",
        "peers",
        "For good; who only asked to be a peer, 14 days after it last did.",
    ),
    "nonces": Holding(
        "That no request is accepted twice.", "peers", "A day after the signature has expired."
    ),
    "budgets": Holding(
        "How much a peer may still ask, against asking through a dictionary.", "peers", _FOR_GOOD
    ),
    "charges": Holding("What a peer paid for.", "peers", "A day."),
    "events": Holding(
        "Which events raise a budget: their kind and days.",
        "peers",
        "Until the event is over and another may be declared, 30 days after this one was.",
    ),
    "tokens": Holding(
        "What asking has cost, so that asking again costs nothing.",
        "persons asked about",
        "Until so many days after the event, or the check, as the settings say.",
    ),
    "pending_evaluations": Holding(
        "Requests under way, so that a crash asks and pays nothing twice.",
        "persons asked about",
        "A day.",
    ),
    "findings": Holding(
        "What was found, so that it can be looked at again, asked about at the issuer, and taken "
        "back when its sanction ends.",
        "persons asked about",
        "Until so many days after the event, or the check, as the settings say; what it said only "
        "until its sanction ends; all of it until the caller deletes it or the peer is removed.",
    ),
    "finding_subjects": Holding(
        "About whom a finding is, so that a person can be told what is held about them.",
        "persons asked about",
        "As long as the finding is.",
    ),
    "finding_changes": Holding(
        "In which order findings came and changed, so that whoever reads them anew sees what is "
        "new.",
        "nobody",
        "As long as the finding is.",
    ),
    "inquiries_asked": Holding(
        "What was asked of an issuer about a finding, and what it answered.",
        "persons asked about",
        "As long as the finding is, and 30 days after it was asked; the answer only until the "
        "sanction ends.",
    ),
    "inquiries_received": Holding(
        "What peers asked about our own sanctions, and what they were told.",
        "persons concerned",
        "30 days after it came, and after it was answered; until the sanction is erased.",
    ),
    "policy_rules": Holding("What each peer's word means here.", "peers", "Until it is changed."),
    "policy_weights": Holding(
        "What is left of what is stayed, recognised, and the like.", "peers", "Until it is changed."
    ),
    "judgments": Holding(
        "Whom a human told apart from the person whom an issuer means, or not, so that nobody has "
        "to be looked at again for somebody else's sanction.",
        "persons asked about",
        "Until the sanction, and whatever superseded it, has ended, or its issuer is no peer.",
    ),
    "policy_requirements": Holding(
        "What is asked of peers' decisions.", "peers", "Until it is changed."
    ),
    "audit": Holding("Who did what, when and for which event.", "officers", _FOR_GOOD),
    "audit_head": Holding(
        "How far the record of acts goes, so that nothing can be cut off its end unseen.",
        "nobody",
        _FOR_GOOD,
    ),
    "audit_subjects": Holding(
        "About whom an act was, so that a person can be told who asked.",
        "persons asked about",
        "400 days, so that who asks once a year misses nothing; that the act was about somebody, "
        "for good.",
    ),
    "api_tokens": Holding(
        "Which tokens open the local API; of each no more than a keyed hash.",
        "officers",
        "Until it is revoked.",
    ),
    "accounts": Holding(
        "Who may enter the pages, and as what.", "people here", "Until the account is removed."
    ),
    "passkeys": Holding(
        "By which device an account is entered.",
        "people here",
        "Until it is removed, or the account is.",
    ),
    "sessions": Holding(
        "In which browsers somebody is signed in, so that they can see and end it.",
        "people here",
        "Until they sign out; 12 hours after it was used last; 7 days after they signed in.",
    ),
    "invitations": Holding(
        "Who was sent a link by which an account is made.",
        "people here",
        "Until it is used, or 7 days.",
    ),
    "challenges": Holding(
        "That what a passkey signed, and a link that signs in, was used.",
        "people here",
        "Until it would not hold any more: 5 minutes.",
    ),
    "screenings": Holding(
        "Lists that wait for their turn, and what was counted of those that were screened.",
        "persons asked about",
        "The list until it was screened; the rest until so many days after the event, or the "
        "screening, as the settings say, or until it is deleted.",
    ),
    "screening_rows": Holding(
        "What was found about each row of a list, for a human to look at.",
        "persons asked about",
        "As long as the screening is.",
    ),
    "reports": Holding("Half-year reports, as first shown.", "nobody", _FOR_GOOD),
    "outbox": Holding(
        "Letters to persons, until the mail server has them.",
        "persons concerned",
        "What was written, until it left or was given up; that it did, 30 days more.",
    ),
    "desk_requests": Holding(
        "Who asked what is held about an address, so that only who reads it there gets an answer.",
        "persons asking",
        "A day after the code is too old.",
    ),
    "objections": Holding(
        "Of which sanctions a review was asked for, to answer in time, and once a year.",
        "persons concerned",
        "A year.",
    ),
}
"""By the table's name, in the order of `node.tables`."""


@dataclass(frozen=True)
class ColumnHeld:
    """One column, in the words of its declaration."""

    name: str
    holds: str
    protection: Literal["sealed", "tag", "plain"]


def every() -> Iterator[tuple[str, Holding, list[ColumnHeld]]]:
    """All tables by name, as they are declared.

    Raises:
        KeyError: a table is not described here.
    """
    for table in metadata.tables.values():
        columns = [ColumnHeld(each.name, each.doc or "", _protection(each.name))
                   for each in table.columns]  # fmt: skip
        yield table.name, HOLDINGS[table.name], columns


def _protection(column: str) -> Literal["sealed", "tag", "plain"]:
    """As the names of columns tell; see `node.tables`."""
    if column.endswith("_sealed"):
        return "sealed"
    return "tag" if column == "tag" or column.endswith("_tag") else "plain"
