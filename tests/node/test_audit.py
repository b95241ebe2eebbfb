"""The record of acts: nothing is answered before it stands there, and nobody edits it unseen."""

import json
from collections.abc import Sequence

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from node import audit, decisions, doctor, retention, settling, subject, voting
from node.checking import Occasion, check
from node.node import Node
from node.store import audit as rows
from protocol.claims import DAY
from protocol.exchange import Purpose
from protocol.identifiers import Identifier, from_text
from tests.node.committee import NOW, PERSON, Committee

VICTIM = from_text("email:victim@person.example")
OTHER = from_text("email:other@person.example")
OCCASION = Occasion("PyRegion 2027", Purpose(kind="meetup", start=None, end=None))
TABLES = ("audit", "audit_subjects", "audit_head")


async def _probe(node: Node, *identifiers: Identifier, now: int = NOW) -> int:
    """Ask about somebody; the place of that act."""

    def nobody(_peer: object) -> object:
        raise AssertionError("there is no peer to reach")

    await check(node, nobody, identifiers, OCCASION, now=now)  # type: ignore[arg-type]
    return (await audit.every(node))[-1].seq


async def _execute(node: Node, *statements: str) -> None:
    """What somebody with the database could do: take the guards away, and write."""
    async with node.store.write() as connection:
        if node.store.is_sqlite:
            names = await connection.execute(
                text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            )
            guards = [f"DROP TRIGGER {name}" for name in names.scalars()]
        else:
            guards = [f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in TABLES]
        for statement in (*guards, *statements):
            await connection.execute(text(statement))


async def _asked(node: Node, identifier: Identifier) -> list[str]:
    """The kinds of acts that this person is told of."""
    return [each.act for each in await audit.asked_about(node, [identifier])]


async def test_row_24_a_lone_probe_is_in_the_record_and_in_the_persons_export(
    committee: Committee,
) -> None:
    """(Row 24) Whoever asks about one person is seen, by the community and by that person."""
    await _probe(committee.node, VICTIM)
    act = (await audit.every(committee.node))[-1]
    assert (act.act, act.at, act.detail["event"]) == ("check", NOW, "PyRegion 2027")
    assert "victim" not in json.dumps(act.to_value())
    found = await subject.export(committee.node, [VICTIM], NOW)
    assert [(each["act"], each["event"]) for each in found.asked] == [("check", "PyRegion 2027")]
    assert (await subject.export(committee.node, [OTHER], NOW)).asked == []


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


async def test_row_24_an_export_in_somebodys_name_is_seen_by_that_person(
    committee: Committee,
) -> None:
    """(Row 24) An insider who looks up a person leaves a trace for them, as a probe does."""
    assert (await subject.export(committee.node, [VICTIM], NOW)).asked == []
    (seen,) = (await subject.export(committee.node, [VICTIM], NOW + DAY)).asked
    assert (seen["act"], seen["on"]) == ("export", "2027-03-01")


async def test_a_decision_is_in_the_record_from_its_proposal_to_its_end(
    committee: Committee,
) -> None:
    """Proposed, voted on by officers' keys as the log names them, and what became of it."""
    before = len(await audit.every(committee.node))
    status = await committee.approve(await committee.propose())
    acts = (await audit.every(committee.node))[before:]
    said = [(each.act, each.detail["what"]) for each in acts]
    votes = [("vote", "approve"), ("vote", "approve")]
    assert said == [("propose", "attest"), *votes, ("outcome", "logged")]
    assert {each.detail["decision"] for each in acts} == {status.decision.hex()}
    kept = await decisions.show(committee.node, status.decision)
    assert acts[-1].detail["index"] == kept.row.index
    assert {each.detail["who"] for each in acts[1:3]} == {each.officer.hex() for each in kept.votes}


async def test_the_founding_is_the_first_act(committee: Committee) -> None:
    """And its approvals, given while the community was founded."""
    acts = [(each.act, each.detail["what"]) for each in await audit.every(committee.node)]
    votes = [("vote", "approve"), ("vote", "approve")]
    assert acts == [("propose", "community"), *votes, ("outcome", "logged")]


async def test_a_decision_that_ends_otherwise_is_in_the_record(committee: Committee) -> None:
    """Declined, void, lapsed: each once."""
    declined = await committee.propose()
    for name in ("alice", "bob"):
        await voting.decline(committee.node, declined.decision, name, "no", NOW)
    void = await committee.propose()
    await committee.change(threshold=3)
    lapsed = await committee.propose()
    for _ in range(2):
        await settling.lapse(committee.node, NOW + 91 * DAY)
    outcomes = [each.detail for each in await audit.every(committee.node, "outcome")]
    assert {each["what"]: each["decision"] for each in outcomes if each["what"] != "logged"} == {
        "declined": declined.decision.hex(),
        "void": void.decision.hex(),
        "lapsed": lapsed.decision.hex(),
    }
    assert len(outcomes) == 5


async def test_what_cannot_be_recorded_is_not_done(committee: Committee) -> None:
    """Nothing is proposed, voted on or asked beside a record that was altered."""
    status = await committee.propose()
    await _execute(committee.node, "DELETE FROM audit_head", "DELETE FROM audit")
    for act in (
        committee.propose(),
        committee.approve(status, "alice"),
        _probe(committee.node, VICTIM),
        subject.export(committee.node, [VICTIM], NOW),
    ):
        with pytest.raises(audit.Altered, match="its end is missing"):
            await act
    kept = await decisions.show(committee.node, status.decision)
    assert (kept.votes, len(await decisions.every(committee.node))) == ([], 2)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET at = 0",
        "DELETE FROM audit",
        "UPDATE audit_subjects SET seq = seq + 1",
        "DELETE FROM audit_subjects",
        "DELETE FROM audit_head",
        "UPDATE audit_head SET seq = seq - 1",
        "UPDATE audit_head SET tags_from = tags_from - 1",
    ],
)
async def test_the_database_refuses_to_change_or_delete_an_act(
    committee: Committee, statement: str
) -> None:
    """Whoever tries in passing is told no; also of whom an act is about, and where it all ends."""
    await _probe(committee.node, VICTIM)
    with pytest.raises(DBAPIError, match="append-only"):
        async with committee.node.store.write() as connection:
            await connection.execute(text(statement))


@pytest.mark.parametrize("table", TABLES)
async def test_postgresql_truncates_no_record(committee: Committee, table: str) -> None:
    """Which is no deletion there; SQLite has only deletions."""
    refused = "append-only" if not committee.node.store.is_sqlite else "syntax error"
    with pytest.raises(DBAPIError, match=refused):
        async with committee.node.store.write() as connection:
            await connection.execute(text(f"TRUNCATE {table}"))


_ALTERATIONS = {
    "changed": ["UPDATE audit SET at = at - 1 WHERE seq = {probe}"],
    "renamed": ["UPDATE audit SET act = 'screen' WHERE seq = {probe}"],
    "removed": ["DELETE FROM audit WHERE seq = {probe}"],
    "exchanged": [
        "UPDATE audit SET seq = 99 WHERE seq = {probe}",
        "UPDATE audit SET seq = {probe} WHERE seq = {probe} + 1",
        "UPDATE audit SET seq = {probe} + 1 WHERE seq = 99",
    ],
    "its beginning cut off": ["DELETE FROM audit WHERE seq = 0"],
    "its end cut off": ["DELETE FROM audit WHERE seq = {last}"],
    "its end cut off and the head set back": [
        "UPDATE audit_head SET chain = (SELECT chain FROM audit WHERE seq = {last} - 1)",
        "UPDATE audit_head SET seq = {last} - 1",
        "DELETE FROM audit WHERE seq = {last}",
    ],
    "its head removed": ["DELETE FROM audit_head"],
    "emptied": ["DELETE FROM audit_subjects", "DELETE FROM audit", "DELETE FROM audit_head"],
    "somebody taken out": ["DELETE FROM audit_subjects WHERE seq = {probe}"],
    "somebody taken out for good": [
        "DELETE FROM audit_subjects WHERE seq = {probe}",
        "UPDATE audit SET subjects = NULL WHERE seq = {probe}",
    ],
    "somebody taken out as too old": [
        "UPDATE audit_head SET tags_from = {last} + 1",
        "DELETE FROM audit_subjects",
    ],
    "somebody put in": [
        "INSERT INTO audit_subjects (seq, tag) SELECT seq, chain FROM audit WHERE seq = {probe}"
    ],
    "somebody put where nobody was": [
        "INSERT INTO audit_subjects (seq, tag) SELECT 0, tag FROM audit_subjects"
    ],
    "somebody put behind its end": [
        "INSERT INTO audit_subjects (seq, tag) SELECT {last} + 1, tag FROM audit_subjects"
    ],
}


@pytest.mark.parametrize("how", _ALTERATIONS)
async def test_a_record_that_was_altered_is_found(committee: Committee, how: str) -> None:
    """With the guards taken away, and without the master key: whatever is done to it."""
    probe = await _probe(committee.node, VICTIM)
    await committee.propose()
    last = (await audit.every(committee.node))[-1].seq
    assert await audit.verify(committee.node) == last + 1
    changes = [each.format(probe=probe, last=last) for each in _ALTERATIONS[how]]
    await _execute(committee.node, *changes)
    with pytest.raises(audit.Altered):
        await audit.verify(committee.node)
    with pytest.raises(audit.Altered):
        await audit.every(committee.node)
    checks = await doctor.examine(committee.node.home, NOW)
    (found,) = (each for each in checks if each.name == "record")
    assert (found.level, bool(found.next)) == ("fault", True)


@pytest.mark.parametrize(
    "change",
    [
        "INSERT INTO audit_subjects (seq, tag) SELECT seq + 1, tag FROM audit_subjects",
        "INSERT INTO audit_subjects (seq, tag) SELECT seq, chain FROM audit WHERE seq = {probe}",
    ],
)
async def test_nobody_is_told_of_acts_that_were_not_about_them(
    committee: Committee, change: str
) -> None:
    """Who was put into an act, or stands in one into which somebody was put, is told of that."""
    probe = await _probe(committee.node, VICTIM)
    await _probe(committee.node, OTHER)
    await _execute(committee.node, change.format(probe=probe))
    with pytest.raises(audit.Altered, match="not about those"):
        await subject.export(committee.node, [VICTIM], NOW)


async def test_a_record_written_anew_is_told_by_a_head_that_was_kept(committee: Committee) -> None:
    """Whoever has the master key, too, can write all of it; it does not pass through that head."""
    await _probe(committee.node, VICTIM)
    acts = await audit.every(committee.node)
    assert await audit.verify(committee.node, acts[2].head) == len(acts)
    await _execute(committee.node, "DELETE FROM audit_subjects", "DELETE FROM audit")
    async with committee.node.store.write() as connection:
        await audit._put_head(connection, committee.node.vault, audit._BEGINNING)  # noqa: SLF001
    for each in acts[:-1]:
        await audit.write(committee.node, "read", each.detail, each.at)
    assert await audit.verify(committee.node) == len(acts) - 1
    for head, why in ((acts[2].head, "written anew"), (acts[-1].head, "it ends with act")):
        with pytest.raises(audit.NotPassed, match=f"does not pass through.*{why}"):
            await audit.verify(committee.node, head)


async def test_a_long_record_is_read_a_page_at_a_time(
    committee: Committee, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of pages that it fills, and of one that it does not; what is missing at their edges shows."""
    monkeypatch.setattr(rows, "PAGE", 2)
    for _ in range(2):
        await _probe(committee.node, VICTIM)
        acts = await audit.every(committee.node)
        assert [each.seq for each in acts] == list(range(len(acts)))
    await _execute(committee.node, "DELETE FROM audit WHERE seq = 2")
    with pytest.raises(audit.Altered, match="act 2 is not"):
        await audit.verify(committee.node)


# --- Whom acts were about, for as long as that is known -------------------------------------------


async def test_whom_an_act_was_about_is_forgotten_after_400_days(committee: Committee) -> None:
    """Not a second earlier; and the record verifies before, and after."""
    node = committee.node
    await _probe(node, VICTIM)
    await _probe(node, VICTIM, OTHER, now=NOW + DAY)
    await retention.clean(node, NOW + audit.KEPT)
    assert await _asked(node, VICTIM) == ["check", "check"]
    await retention.clean(node, NOW + audit.KEPT + 1)
    assert (await _asked(node, VICTIM), await _asked(node, OTHER)) == (["check"], ["check"])
    await audit.verify(node)
    await retention.clean(node, NOW + audit.KEPT + DAY + 1)
    assert (await _asked(node, VICTIM), await _asked(node, OTHER)) == ([], [])
    await _probe(node, VICTIM, now=NOW + audit.KEPT + 2 * DAY)
    assert await _asked(node, VICTIM) == ["check"]
    await audit.verify(node)


async def test_who_was_forgotten_cannot_be_put_in_again(committee: Committee) -> None:
    """What the head says is gone must be gone."""
    node = committee.node
    probe = await _probe(node, VICTIM)
    await retention.clean(node, NOW + audit.KEPT + 1)
    await _probe(node, VICTIM, now=NOW + audit.KEPT + DAY)
    again = "INSERT INTO audit_subjects (seq, tag) SELECT {probe}, tag FROM audit_subjects"
    await _execute(node, again.format(probe=probe))
    with pytest.raises(audit.Altered, match=f"act {probe}"):
        await audit.verify(node)


@pytest.mark.parametrize(
    ("acts", "now", "kept"),
    [
        # a clock that ran a year ahead, for one act
        ([0, 500, 1], 100, [0, 1, 2]),
        ([0, 500, 1], 401, [2]),
        ([0, 500, 1], 402, []),
        # one that ran ten years behind
        ([0, -4000, 1], 100, [0, 1, 2]),
        ([0, -4000, 1], 401, [2]),
        # one that runs behind now, or was ahead at the newest act: nothing is sure
        ([0, 1], -4000, [0, 1]),
        ([0, 1000], 500, [0, 1]),
    ],
)
async def test_row_28_a_wrong_clock_forgets_nobody_early(
    committee: Committee, acts: Sequence[int], now: int, kept: Sequence[int]
) -> None:
    """Acts by their days from the first; which of them are known to be about the person then."""
    for day in acts:
        await _probe(committee.node, VICTIM, now=NOW + day * DAY)
    first = (await audit.every(committee.node))[-1].seq - len(acts) + 1
    await audit.forget_subjects(committee.node, NOW + now * DAY)
    found = await audit.asked_about(committee.node, [VICTIM])
    assert [each.seq - first for each in found] == kept
    await audit.verify(committee.node)
