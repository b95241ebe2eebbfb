"""Texts on privacy, filled from the node's own log and settings: drafts, for people to finish.

They say what this software does and what this community has set. What only people can know (their
law, their weighing, whom they consulted) is left open, and marked so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from node import holdings, ledger, pages
from node.errors import UserError
from node.node import Node
from node.notice import desk_url
from node.store import peers
from protocol.statements import Custody

DOCUMENTS = (
    "columns",
    "impact-assessment",
    "balancing",
    "joint-controllers",
    "for-attendees",
    "for-the-person",
)
"""Names of the texts, which are also those of their templates and files."""


@dataclass(frozen=True)
class Partner:
    """A peer as the texts name it."""

    id: str
    name: str


@dataclass(frozen=True)
class Facts:
    """What the texts are filled with."""

    id: str
    name: str
    contact: str | None
    policy: str | None
    desk: str | None
    """Where anybody can ask what is held about their address."""
    publishes: bool
    """Whether it can state sanctions; else it only asks."""
    entries: Literal["public", "peers"]
    threshold: int
    custody: Sequence[Custody]
    """Where each officer's key is kept."""
    peers: Sequence[Partner]
    """Those with whom both sides agreed, by id."""
    retention_days: int
    ended_retention_days: int
    evaluation_bucket: int
    evaluation_refill: int
    evaluation_event: int
    evaluation_total: int

    @property
    def missing(self) -> list[str]:
        """What the community has not said of itself, without which the texts have gaps."""
        said = {"contact": self.contact, "policy": self.policy}
        return [name for name, value in said.items() if value is None]


async def facts(node: Node) -> Facts:
    """What this community's log and settings say.

    Raises:
        UserError: nothing is founded here.
    """
    community = (await ledger.own_register(node)).community
    async with node.store.read() as connection:
        active = await peers.active(connection)
    config = node.config
    return Facts(
        id=community.id,
        name=community.name,
        contact=community.contact,
        policy=community.policy,
        desk=desk_url(node, community),
        publishes=None not in (community.url, community.contact, community.policy),
        entries=community.entries,
        threshold=community.threshold,
        custody=[officer.custody for officer in community.officers],
        peers=[Partner(peer.id, peer.name) for peer in active],
        retention_days=config.retention_days,
        ended_retention_days=config.ended_retention_days,
        evaluation_bucket=config.evaluation_bucket,
        evaluation_refill=config.evaluation_refill,
        evaluation_event=config.evaluation_event,
        evaluation_total=config.evaluation_total,
    )


def documents(facts: Facts) -> dict[str, str]:
    """The texts, Markdown, by the names of their files."""
    tables = list(holdings.every())
    return {
        f"{name}.md": pages.markdown(f"privacy/{name}", facts=facts, tables=tables)
        for name in DOCUMENTS
    }


def write(texts: dict[str, str], folder: Path) -> None:
    """Write the texts as new files, all or none.

    Raises:
        UserError: one of them is there, and could have been worked on.
    """
    there = [name for name in texts if (folder / name).exists()]
    if there:
        raise UserError(
            "%(path)s is there already: name an empty folder, and compare the two",
            path=folder / there[0],
        )
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
