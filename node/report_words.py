"""A report in words: Markdown, HTML and JSON of the same numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from node import pages
from node.counting import SEVERAL
from node.report import Report
from node.suppression import FEW
from node.wording import BECAUSE, MEASURES, PHRASES, SCOPES
from protocol.encoding import JSON

Format = Literal["markdown", "html", "json"]

ALONE = {
    "decided": "Sanctions decided",
    "appealed": "Appeals opened",
    "reviewed": "Reviews after which a sanction went on",
    "stayed": "Stays",
    "told_later": "Persons told after the decision",
}
"""Numbers that stand alone."""

_PURPOSES = {
    "registration": "registration",
    "volunteer_or_speaker": "volunteers or speakers",
    "membership": "membership",
    "meetup": "meetup",
    "unspecified": "not said",
}


@dataclass(frozen=True)
class Heading:
    """What a table is about, and what each of its cells is called, in the order shown."""

    title: str
    cells: Mapping[str, str]


TABLES = {
    "measure_public": Heading("Decisions whose measure the log says, by measure", MEASURES),
    "measure": Heading("Decisions whose measure only a match discloses, by measure", MEASURES),
    "scope": Heading("Decisions by scope", SCOPES | {SEVERAL: "spaces of more than one kind"}),
    "origin": Heading(
        "Decisions by origin",
        {"own_decision": "own decision", "recognition": "recognition of another community's"},
    ),
    "ended": Heading(
        "Ends by reason",
        BECAUSE
        | {
            "expired": "expired: its last day was over",
            "lapsed": "lapsed: nobody reviewed it in time",
        },
    ),
    "appeals": Heading(
        "Appeals answered, by outcome",
        {"granted": "granted", "rejected": "rejected", "withdrawn": "withdrawn"},
    ),
    "checked": Heading("Checks of one person made here, by kind of event", _PURPOSES),
    "screened": Heading("Lists screened here, by kind of event", _PURPOSES),
    "answered": Heading("Peers' requests answered, by kind of event", _PURPOSES),
    "inquired": Heading("Inquiries made about what was found, by kind of event", _PURPOSES),
    "inquiries": Heading("Peers' inquiries about our sanctions, by kind of event", _PURPOSES),
    "inquiry_answers": Heading("Peers' inquiries answered, by what was said", PHRASES),
}

NOT_COUNTED = (
    "requests by persons about themselves: they are in the record of acts, not in this report",
    "what became of a check: what was found is kept for its event, and counted nowhere",
    "what only a forgotten sanction's content said, in the tables by measure, scope and origin",
)
"""What a reader could look for in vain."""


def document(report: Report) -> dict[str, JSON]:
    """The report as JSON; null is held back."""
    return report.to_value() | {"held_back_under": FEW, "not_counted": list(NOT_COUNTED)}


def in_markdown(report: Report) -> str:
    """The report as Markdown."""
    return pages.markdown("report", **_values(report))


def in_html(report: Report) -> str:
    """The report as a page that loads nothing."""
    return pages.html("report", **_values(report))


def _values(report: Report) -> dict[str, object]:
    return {
        "report": report,
        "alone": [(words, report.alone[name]) for name, words in ALONE.items()],
        "tables": [(heading, report.table(name)) for name, heading in TABLES.items()],
        "few": FEW,
        "not_counted": NOT_COUNTED,
    }
