"""Officers and threshold change by the quorum that there was before, and by nobody else."""

import random

import pytest

from node import constitution, decisions
from node.errors import UserError
from node.node import Node
from node.officers import Officer
from node.store import attestations
from protocol.claims import DAY
from protocol.keys import SigningKey
from protocol.statements import Community
from tests.node.committee import CHEAP, CYD, NOW, Committee, password


async def _newcomer(committee: Committee, name: str) -> Officer:
    return await constitution.newcomer(committee.node, name, None, password(name), cost=CHEAP)


async def _community(node: Node) -> Community:
    return (await Committee(node).register()).community


async def test_an_officer_is_added_by_the_quorum_and_counts_afterwards(
    committee: Committee,
) -> None:
    """Not before the statement that lists them: neither for it, nor for anything else."""
    dana = await _newcomer(committee, "dana")
    status = await constitution.add(committee.node, dana, None, NOW)
    with pytest.raises(UserError, match="not one of the community's officers"):
        await committee.approve(status, "dana")
    assert (await committee.approve(status, "alice")).state == "pending"
    assert (await committee.approve(status, "bob")).state == "logged"
    ban = await committee.propose()
    assert (await committee.approve(ban, "alice", "dana")).state == "logged"


async def test_row_12_a_removed_officers_approval_does_not_count(committee: Committee) -> None:
    """What is pending is void when the officers change; a removed officer decides nothing more."""
    ban = await committee.propose()
    await committee.approve(ban, "bob")
    removal = await constitution.remove(committee.node, "bob", None, NOW)
    assert (await committee.approve(removal)).state == "logged"
    found = await decisions.status(committee.node, ban.decision)
    assert (found.state, found.fault) == (
        "void",
        "the log has gone on since this was proposed: propose it again",
    )
    again = await committee.propose()
    with pytest.raises(UserError, match="not one of the community's officers"):
        await committee.approve(again, "bob")


async def test_a_lost_key_is_replaced_under_the_same_name(committee: Committee) -> None:
    """The new key approves in that name from then on, the old one nothing."""
    cyd = await _newcomer(committee, "cyd")
    status = await constitution.replace(committee.node, cyd, NOW)
    assert (await committee.approve(status)).state == "logged"
    listed = {each.key for each in (await _community(committee.node)).officers}
    assert (cyd.key in listed, CYD.public_key in listed) == (True, False)
    ban = await committee.propose()
    assert (await committee.approve(ban, "cyd", "alice")).state == "logged"
    with pytest.raises(UserError, match="used once"):
        await constitution.newcomer(committee.node, "eve", CYD.public_key, "", cost=CHEAP)


async def test_a_recusal_never_lowers_the_threshold(committee: Committee) -> None:
    """Of three one recused: two still have to approve; too few are left: it is declined."""
    ban = await committee.propose()
    await decisions.recuse_here(committee.node, ban.decision, "alice", password("alice"), NOW)
    assert (await committee.approve(ban, "bob")).state == "pending"
    other = await committee.propose("email:other@example.org")
    for officer in ("alice", "bob"):
        status = await decisions.recuse_here(
            committee.node, other.decision, officer, password(officer), NOW
        )
    assert (status.state, status.threshold) == ("declined", 2)


async def test_what_waits_for_ninety_days_lapses_and_is_forgotten(committee: Committee) -> None:
    """On the 90th day it may still be approved; afterwards nothing of it is kept."""
    ban = await committee.propose()
    await decisions.lapse(committee.node, NOW + 90 * DAY)
    assert (await decisions.status(committee.node, ban.decision)).state == "pending"
    with pytest.raises(UserError, match="lapsed"):
        await committee.approve(ban, now=NOW + 91 * DAY)
    await decisions.lapse(committee.node, NOW + 91 * DAY)
    assert (await decisions.status(committee.node, ban.decision)).state == "lapsed"
    async with committee.node.store.read() as connection:
        row = await attestations.get(connection, ban.attestations[0])
    assert row is not None
    assert row.content_sealed is None


async def test_a_setup_that_one_lost_key_would_block_is_warned_about(committee: Committee) -> None:
    """All of all, and one of one; two of three is sound."""
    sound = await _community(committee.node)
    assert constitution.risk(sound) is None
    everybody = sound.model_copy(update={"threshold": 3})
    assert "3 of 3" in (constitution.risk(everybody) or "")
    alone = sound.model_copy(update={"threshold": 1, "officers": sound.officers[:1]})
    assert "1 of 1" in (constitution.risk(alone) or "")


async def test_a_contact_takes_one_officer_and_a_threshold_the_quorum(
    committee: Committee,
) -> None:
    """And what could not stand in the log is refused before anybody is asked."""
    contact = await constitution.change(committee.node, {"contact": "new@python.example"}, NOW)
    assert contact.threshold == 1
    assert (await committee.approve(contact, "bob")).state == "logged"
    assert (await constitution.set_threshold(committee.node, 3, NOW)).threshold == 2
    for impossible in ({"threshold": 4}, {"contact": "new@python.example"}, {"name": "\u202e"}):
        with pytest.raises(UserError):
            await constitution.change(committee.node, impossible, NOW)


@pytest.mark.parametrize("seed", range(3))
async def test_fewer_than_the_threshold_before_never_change_the_officers(
    committee: Committee, seed: int
) -> None:
    """Random changes, approved by random officers, present and former ones and newcomers."""
    draw, node = random.Random(seed), committee.node
    names = ["alice", "bob"]
    for step in range(8):
        before = await _community(node)
        listed = {each.key for each in before.officers}
        try:
            if draw.random() < 0.5:
                names.append(f"new{step}")
                newcomer = await _newcomer(committee, names[-1])
                threshold = draw.choice([None, None, 2, 3])
                status = await constitution.add(node, newcomer, threshold, NOW)
            else:
                status = await constitution.remove(node, draw.choice(names), None, NOW)
        except UserError:
            continue
        approved: set[bytes] = set()
        for name in draw.sample(names, k=min(len(names), draw.randint(0, 3))):
            if status.state != "pending":
                break
            assert await _community(node) == before
            try:
                status = await committee.approve(status, name)
            except UserError:
                continue
            approved = {
                vote.officer for vote in (await decisions.show(node, status.decision)).votes
            }
        if status.state == "logged":
            assert len(approved & listed) >= before.threshold
        else:
            assert await _community(node) == before


async def test_a_device_keeps_its_own_key_through_a_change(committee: Committee) -> None:
    """A newcomer with a key of their own is listed with custody `own`."""
    key = SigningKey(bytes(range(1, 33))).public_key
    dana = await constitution.newcomer(committee.node, "dana", key, "")
    status = await constitution.add(committee.node, dana, None, NOW)
    await committee.approve(status)
    custody = {each.key: each.custody for each in (await _community(committee.node)).officers}
    assert custody[key] == "own"
