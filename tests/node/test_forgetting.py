"""Forgetting: what has ended is erased on demand or after its time; the log, and the id, stay."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from node import acts, content, forgetting, retention, sanctions, sheets, tables, voting
from node.clock import day_of
from node.errors import UserError
from node.store import attestations, records
from protocol.claims import DAY
from protocol.identifiers import from_text
from protocol.sheet_checks import RefusedSheet, verify_sheet
from tests.node.committee import CYD, NOW, TODAY, Committee
from tests.node.federation import Federation

pytestmark = pytest.mark.wire

END = TODAY + timedelta(days=20)
REVIEW = TODAY + timedelta(days=5)


async def _lifted(committee: Committee) -> str:
    id_ = await committee.publish()
    await committee.lift(id_)
    return id_


async def _overturned(committee: Committee) -> str:
    id_ = await committee.publish()
    await committee.lift(id_, "overturned")
    return id_


async def _superseded(committee: Committee) -> str:
    id_ = await committee.publish()
    before = await sanctions.show(committee.node, id_)
    proposal = acts.as_proposed(before, [from_text("github:malloryq-fake")])
    amended = await acts.amend(committee.node, before, proposal, NOW)
    await committee.approve(amended.attesting)
    await committee.approve(amended.withdrawing)
    return id_


async def _expired(committee: Committee) -> str:
    return await committee.publish(ends_on=END)


async def _lapsed(committee: Committee) -> str:
    return await committee.publish(review_by=REVIEW)


ENDED = {
    "lifted": (_lifted, "withdrawn", TODAY),
    "overturned": (_overturned, "withdrawn", TODAY),
    "superseded": (_superseded, "withdrawn", TODAY),
    "expired": (_expired, "expired", END),
    "lapsed": (_lapsed, "lapsed", REVIEW + timedelta(days=90)),
}
"""How each is brought about, what state that is, and its last day, or the one on which it ended."""

each_end = pytest.mark.parametrize(("end", "state", "last"), ENDED.values(), ids=ENDED)
Ended = Callable[[Committee], Awaitable[str]]


def _after(last: date, days: int = 1) -> int:
    return NOW + ((last - TODAY).days + days) * DAY


async def _kept(committee: Committee, id_: str) -> bool:
    """Whether anything is kept of whom it was about, or of what it said."""
    of = tables.slots.c.attestation == id_
    async with committee.node.store.read() as connection:
        row = await attestations.get(connection, id_)
        taken = (await connection.execute(select(func.count()).where(of))).scalar_one()
    assert row is not None
    assert (row.content_sealed is None) == (taken == 0)
    return row.content_sealed is not None


@each_end
async def test_what_has_ended_can_be_erased(
    committee: Committee, end: Ended, state: str, last: date
) -> None:
    """By the threshold, and once; how it ended stays in the log, and so does its id."""
    id_ = await end(committee)
    now = _after(last)
    before = (await committee.register()).attestations[id_]
    status = await acts.withdraw(committee.node, [id_], "erased", now)
    assert (await committee.approve(status, "alice", now=now)).state == "pending"
    assert await _kept(committee, id_)
    assert (await committee.approve(status, "bob", now=now)).state == "logged"
    assert not await _kept(committee, id_)
    register = await committee.register()
    after = register.attestations[id_]
    assert register.voids == []
    assert (after.erased, after.ending, after.state(day_of(now)).name) == (
        True,
        before.ending,
        state,
    )
    assert (await sanctions.show(committee.node, id_)).attestation is None
    assert [each.id for each in await sanctions.every(committee.node)].count(id_) == 1
    with pytest.raises(UserError, match="nothing to erase"):
        await acts.withdraw(committee.node, [id_], "erased", now)


@each_end
async def test_what_has_ended_can_be_ended_no_other_way(
    committee: Committee, end: Ended, state: str, last: date
) -> None:
    """Final states are final."""
    id_ = await end(committee)
    for because in ("lifted", "overturned"):
        with pytest.raises(UserError, match=f"has ended: {state}"):
            await acts.withdraw(committee.node, [id_], because, _after(last))


@each_end
async def test_what_has_ended_is_forgotten_after_its_time(
    committee: Committee, end: Ended, state: str, last: date
) -> None:
    """So many days as the settings say: on the last of them it is there, on the next it is not."""
    id_ = await end(committee)
    days = committee.node.config.ended_retention_days
    await retention.clean(committee.node, _after(last, days))
    assert await _kept(committee, id_)
    await retention.clean(committee.node, _after(last, days + 1))
    assert not await _kept(committee, id_)
    register = await committee.register()
    assert register.attestations[id_].state(day_of(_after(last))).name == state


async def test_the_settings_say_how_long(committee: Committee) -> None:
    """None at all, where the community wants it so; what is in force is never touched."""
    ended, in_force = await _lifted(committee), await committee.publish("github:somebody")
    config = committee.node.config.model_copy(update={"ended_retention_days": 0})
    at_once = replace(committee.node, config=config)
    assert await forgetting.forget_ended(at_once, NOW) == 0
    assert await forgetting.forget_ended(at_once, NOW + DAY) == 1
    assert not await _kept(committee, ended)
    assert await _kept(committee, in_force)


async def test_a_record_goes_when_its_sanction_has_ended(committee: Committee) -> None:
    """On its last day it is there for peers; on the next, to nobody."""
    id_ = await _expired(committee)
    fingerprint = (await committee.register()).fingerprint
    for days, held in ((0, {id_}), (1, set())):
        await retention.clean(committee.node, _after(END, days))
        async with committee.node.store.read() as connection:
            assert set(await records.held(connection, fingerprint)) == held


async def test_an_officers_device_shows_who_is_to_be_forgotten(committee: Committee) -> None:
    """Also when the sanction has expired; nothing else is decided on it any more."""
    id_ = await _expired(committee)
    now = _after(END)
    status = await acts.withdraw(committee.node, [id_], "erased", now)
    sheet = await sheets.export(committee.node, status.decision, now)
    (item,) = verify_sheet(sheet, CYD.public_key, now=now).items
    assert "github:malloryq-fake" in [each.text for each in item.identifiers]
    await committee.approve(status, "alice", now=now)
    file = verify_sheet(sheet, CYD.public_key, now=now).approve(CYD).to_bytes()
    assert (await voting.bring(committee.node, status.decision, file, now)).state == "logged"
    other = await committee.publish("github:somebody", ends_on=END)
    lift = await acts.withdraw(committee.node, [other], "lifted", NOW)
    with pytest.raises(RefusedSheet, match="check 6"):
        verify_sheet(
            await sheets.export(committee.node, lift.decision, NOW), CYD.public_key, now=now
        )


async def test_an_erasure_that_waited_past_the_end_is_logged(committee: Committee) -> None:
    """What else was proposed of it is void by then; the person's right is not."""
    id_ = await _expired(committee)
    status = await acts.withdraw(committee.node, [id_], "erased", NOW)
    assert (await committee.approve(status, now=_after(END))).state == "logged"
    assert not await _kept(committee, id_)


async def test_what_was_erased_stays_erased_in_a_restored_backup(committee: Committee) -> None:
    """Content that comes back with older rows goes again, with the log as the witness."""
    id_ = await committee.publish()
    async with committee.node.store.read() as connection:
        row = await attestations.get(connection, id_)
    assert row is not None
    await committee.lift(id_, "erased")
    async with committee.node.store.write() as connection:
        await attestations.put_content(connection, id_, row.content_sealed)
    assert await forgetting.forget_ended(committee.node, NOW) == 1
    async with committee.node.store.read() as connection:
        row = await attestations.get(connection, id_)
    assert row is not None
    assert content.opened(committee.node.vault, row) is None


async def test_peers_follow_an_erasure_of_what_was_lifted(federation: Federation) -> None:
    """Their view is the issuer's, and they hold nothing but the log."""
    python = await federation.community("python.example")
    conf = await federation.community("conf.example")
    await federation.peer(conf, python)
    id_ = await python.publish("email:person@person.example")
    await conf.follow(python)
    assert await conf.records_of(python) == {id_}
    await python.lift(id_)
    await python.lift(id_, "erased")
    await conf.follow(python)
    assert await conf.records_of(python) == set()
    async with conf.node.store.read() as connection:
        seen = await conf.node.registers.of(connection, await python.fingerprint())
    assert seen == await python.register()
    assert seen is not None
    assert (seen.attestations[id_].ending, seen.attestations[id_].erased) == ("lifted", True)
