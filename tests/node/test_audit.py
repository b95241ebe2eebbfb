"""The record of acts: nothing is answered before it stands there, and nobody edits it unseen."""

import json
from dataclasses import replace

import pytest
from sqlalchemy import delete, insert, text
from sqlalchemy.exc import DBAPIError

from node import audit, subject
from node.checking import Occasion, check
from node.node import Node
from node.store import audit as rows
from node.store.audit import AuditRow
from node.tables import audit as table
from protocol.exchange import Purpose
from protocol.identifiers import Identifier, from_text
from tests.node.committee import NOW, PERSON, Committee

VICTIM = from_text("email:victim@person.example")
OCCASION = Occasion("PyRegion 2027", Purpose(kind="meetup", start=None, end=None))


async def _probe(node: Node, *identifiers: Identifier) -> None:
    def nobody(_peer: object) -> object:
        raise AssertionError("there is no peer to reach")

    await check(node, nobody, identifiers, OCCASION, now=NOW)  # type: ignore[arg-type]


async def _tampered(node: Node, altered: list[AuditRow]) -> None:
    """What somebody with the database could do: take the guards away, and write other rows."""
    async with node.store.write() as connection:
        guards = (
            ("DROP TRIGGER audit_no_delete",)
            if node.store.is_sqlite
            else ("DROP TRIGGER audit_append_only ON audit",)
        )
        for guard in guards:
            await connection.execute(text(guard))
        await connection.execute(delete(table))
        for row in altered:
            await connection.execute(insert(table).values(**vars(row)))


async def test_row_24_a_lone_probe_is_in_the_record_and_in_the_persons_export(
    committee: Committee,
) -> None:
    """(Row 24) Whoever asks about one person is seen, by the community and by that person."""
    await _probe(committee.node, VICTIM)
    (act,) = await audit.every(committee.node)
    assert (act.act, act.at, act.detail["event"]) == ("check", NOW, "PyRegion 2027")
    assert "victim" not in json.dumps(act.to_value())
    found = await subject.export(committee.node, [VICTIM], NOW)
    assert [(each["act"], each["event"]) for each in found.asked] == [("check", "PyRegion 2027")]
    other = await subject.export(committee.node, [from_text("email:other@person.example")], NOW)
    assert other.asked == []


async def test_the_persons_export_has_what_an_organizer_would_see(committee: Committee) -> None:
    """Measure, scope, dates, state and contact; and, apart, what a match shows to nobody."""
    id_ = await committee.publish()
    (found,) = (await subject.export(committee.node, [from_text(PERSON[0])], NOW)).sanctions
    assert (found["id"], found["measure"], found["state"]) == (id_, "ban", "in_force")
    assert found["contact"] == "coc@python.example"
    assert found["shown_to_nobody_by_a_match"]["basis"] == "harassment"


async def test_row_25_each_export_is_in_the_record(committee: Committee) -> None:
    """(Row 25) Whatever is handed out leaves an act, whether or not anything was held."""
    before = len(await audit.every(committee.node))
    await subject.export(committee.node, [VICTIM], NOW)
    (act,) = (await audit.every(committee.node))[before:]
    assert (act.act, act.detail["what"]) == ("export", "subject")


async def test_the_database_refuses_to_change_or_delete_an_act(committee: Committee) -> None:
    """Whoever tries in passing is told no."""
    await _probe(committee.node, VICTIM)
    for statement in ("UPDATE audit SET at = 0", "DELETE FROM audit"):
        with pytest.raises(DBAPIError, match="append-only"):
            async with committee.node.store.write() as connection:
                await connection.execute(text(statement))


@pytest.mark.parametrize("what", ["changed", "removed", "moved", "renamed", "cut off"])
async def test_an_act_that_was_altered_is_found(committee: Committee, what: str) -> None:
    """With the guards taken away: a change at any place, and even a shorter record."""
    for _ in range(4):
        await _probe(committee.node, VICTIM)
    acts = await audit.every(committee.node)
    head = f"{acts[-1].seq}:{acts[-1].chain.hex()}"
    assert await audit.verify(committee.node, head) == 4
    async with committee.node.store.read() as connection:
        held = await rows.every(connection)
    altered = {
        "changed": [held[0], replace(held[1], at=NOW - 1), *held[2:]],
        "removed": [held[0], *held[2:]],
        "moved": [held[0], replace(held[1], seq=2), replace(held[2], seq=1), held[3]],
        "renamed": [held[0], replace(held[1], act="screen"), *held[2:]],
        "cut off": held[:-1],
    }[what]
    await _tampered(committee.node, altered)
    with pytest.raises(audit.Altered):
        await audit.verify(committee.node, head)


async def test_votes_are_in_the_record(committee: Committee) -> None:
    """Who approved what; by the officer's key, as the log names them."""
    status = await committee.approve(await committee.propose())
    votes = [act.detail for act in await audit.every(committee.node) if act.act == "vote"]
    assert [each["what"] for each in votes] == ["approve", "approve"]
    assert {each["decision"] for each in votes} == {status.decision.hex()}
