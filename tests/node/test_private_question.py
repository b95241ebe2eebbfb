"""What an issuer keeps of a screening, and that none of it comes from who was asked about."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from node.asking import nobody_listens
from node.attendees.columns import propose
from node.attendees.reading import read_table
from node.attendees.rows import attendee_rows
from node.checking import Occasion
from node.clock import day_of
from node.directory import NONCE_GRACE
from node.node import Node
from node.screening import Screened, identify, screen
from node.store import nonces
from node.tables import metadata
from protocol.exchange import Purpose
from tests.node.attendees.lists import csv_list
from tests.node.federation import Community, Federation, eventually

RANDOM = {"slots.slot"}
"""Drawn when something is published, and the only number that is random."""

Shape = list[tuple[tuple[str, Any], ...]]


def purpose(federation: Federation) -> Purpose:
    """An event of next month."""
    day = day_of(federation.clock[0]) + timedelta(days=30)
    return Purpose(kind="registration", start=day, end=day)


async def screened(federation: Federation, asker: Community, *emails: str) -> Screened:
    """Screen a list of addresses over HTTP."""
    table = read_table(csv_list(["Email"], *([email] for email in emails)))
    rows = identify(attendee_rows(table, propose(table)), None)
    occasion = Occasion("PyRegion", purpose(federation))
    return await screen(
        asker.node, asker.clients.to, rows, occasion, now=asker.now, progress=nobody_listens
    )


async def shapes(node: Node) -> dict[str, Shape]:
    """Every table: each value itself, but of bytes and texts, which may be random, the length."""
    found: dict[str, Shape] = {}
    async with node.store.read() as connection:
        for table in metadata.sorted_tables:
            rows = (await connection.execute(table.select())).mappings()
            found[table.name] = sorted((_shape(table.name, row) for row in rows), key=repr)
    return found


def _shape(table: str, row: Any) -> tuple[tuple[str, Any], ...]:
    return tuple(
        (name, (type(value).__name__, len(value)) if isinstance(value, bytes | str) else value)
        for name, value in row.items()
        if f"{table}.{name}" not in RANDOM
    )


LISTS = (
    [f"someone{number}@a.example" for number in range(9)],
    [f"x{number}.y@another-domain.example" for number in range(14)] + ["mallory@quill.example"],
)
"""Of one size class; nobody of the first was published, and the last of the second was."""


async def is_witnessed(issuer: Community) -> bool:
    """Whether the asker's cosignature has come back: a third line below the head."""
    return (await issuer.head()).note.decode().count("\n\u2014 ") == 3


async def test_row_4_what_an_issuer_keeps_is_the_same_for_any_list_of_a_size_class(
    federation: Federation, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two issuers alike, each screened for another list: equal tables, counts and lengths.

    Values that differ are random ones: keys, signatures, elements, nonces, digests. Times are
    those of one clock. What is logged is equal too, and names nobody.
    """
    kept, logged, outcomes = [], [], []
    for name, emails in zip("ab", LISTS, strict=True):
        issuer = await federation.community(f"issuer-{name}.example")
        asker = await federation.community(f"asking-{name}.example")
        await federation.peer(asker, issuer)
        await issuer.publish("email:mallory@quill.example", "name:Mallory Quill")
        await asker.sync()
        await eventually(partial(is_witnessed, issuer))
        # How often the asker followed until now is a matter of when it was told of a new head.
        await asker.stop()
        async with issuer.node.store.write() as connection:
            await nonces.forget(connection, issuer.now + NONCE_GRACE)
        capsys.readouterr()
        result = await screened(federation, asker, *emails)
        assert result.coverage.complete
        outcomes.append(result.summary()["match"])
        kept.append(await shapes(issuer.node))
        output = capsys.readouterr()
        logged.append((output.out + output.err).replace(f"-{name}.", "-."))
    assert outcomes == [0, 1]
    assert kept[0] == kept[1]
    assert kept[0]["charges"] != []
    assert len(logged[0].splitlines()) == len(logged[1].splitlines())
    assert not [word for word in ("someone", "quill", "another-domain") if word in str(logged)]


async def test_an_issuer_on_another_node_is_asked_over_http(federation: Federation) -> None:
    """The whole way, with signatures, budgets and proofs; found by another spelling."""
    issuer = await federation.community("python.example")
    asker = await federation.community("meetup.example", only_asks=True)
    await federation.peer(asker, issuer)
    ban = await issuer.publish("email:mallory@quill.example")
    await asker.sync()
    result = await screened(federation, asker, "Mallory@Quill.example", "alice@a.example")
    assert [row.outcome for row in result.rows] == ["match", "nothing_found"]
    assert result.rows[0].result is not None
    assert result.rows[0].result.findings[0].attestation == ban
    assert result.coverage.complete


async def test_a_dead_issuer_is_named_and_the_others_are_heard(federation: Federation) -> None:
    """Its node is stopped: what it has is not found, and nobody is called clear."""
    alive, dead = [await federation.community(f"{name}.example") for name in ("alive", "dead")]
    asker = await federation.community("asker.example")
    for issuer in (alive, dead):
        await federation.peer(asker, issuer)
        await issuer.publish("email:mallory@quill.example")
    await asker.sync()
    await dead.stop()
    result = await screened(federation, asker, "mallory@quill.example")
    assert {peer.id: peer.state for peer in result.coverage.peers} == {
        "alive.example": "heard", "dead.example": "unreachable"
    }  # fmt: skip
    assert result.rows[0].outcome == "match"
    assert not result.coverage.complete
