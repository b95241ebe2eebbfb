"""The whole life of sanctions, seen from other nodes: their view equals the issuer's register."""

import random
import time
from datetime import date, timedelta

import pytest

from node import acts, constitution, proposing, sanctions, voting
from node.clock import day_of
from node.decisions import Status
from node.errors import UserError
from node.registers import Registers
from protocol.attested import LAPSE, Appeal
from protocol.claims import DAY, Scope
from protocol.identifiers import from_text
from protocol.items import Notice
from protocol.register import Register
from tests.node.committee import CHEAP
from tests.node.federation import Community, Federation, eventually, password

MINUTE = 60


async def _as_seen(community: Community, issuer: Community) -> Register:
    fingerprint = await issuer.fingerprint()
    async with community.node.store.read() as connection:
        register = await Registers().of(connection, fingerprint)
    assert register is not None
    return register


_ACTS = ("attest", "told", "appeal", "stay", "resume", "reaffirm", "reaffirm", "withdraw")
_APPEALS: tuple[Appeal, ...] = ("opened", "opened", "granted", "rejected", "withdrawn")
_ENDINGS: tuple[acts.Because, ...] = ("lifted", "overturned", "erased")


async def _proposed(issuer: Community, draw: random.Random) -> Status:
    """A random act of this community; a UserError where it may not be."""
    day, now, node = day_of(issuer.now), issuer.now, issuer.node
    known = list((await issuer.register()).attestations)
    act = draw.choice(_ACTS) if known else "attest"
    ids = draw.sample(known, k=min(len(known), draw.randint(1, 2)))
    match act:
        case "attest":
            proposed = sanctions.propose(node, _proposal(draw, day), now)
        case "told":
            proposed = acts.told(node, ids, now)
        case "appeal":
            proposed = acts.appeal(node, ids, draw.choice(_APPEALS), now)
        case "stay":
            proposed = acts.stay(node, ids, day + timedelta(days=draw.randint(0, 40)), now)
        case "resume":
            proposed = acts.resume(node, ids, now)
        case "reaffirm":
            proposed = acts.reaffirm(node, ids, day + timedelta(days=draw.randint(1, 400)), now)
        case _:
            proposed = acts.withdraw(node, ids, draw.choice(_ENDINGS), now)
    return await proposed


def _proposal(draw: random.Random, day: date) -> proposing.Proposal:
    delay = day + timedelta(days=draw.randint(0, 30))
    given, delayed = Notice(state="given", until=None), Notice(state="delayed", until=delay)

    return proposing.Proposal(
        identifiers=[from_text(f"email:person{draw.randrange(50)}@person.example")],
        measure=draw.choice(["ban", "restriction", "membership_revocation"]),
        scope=(Scope(kind="all_own_spaces", space=None),),
        ends_on=day + timedelta(days=draw.randint(1, 900)),
        review_by=day + timedelta(days=draw.randint(1, 400)),
        notice=draw.choice([given, delayed]),
    )


async def _act(issuer: Community, draw: random.Random) -> None:
    """One act, approved by too few, just enough or all; nothing changes before there are enough."""
    before = await issuer.register()
    try:
        status = await _proposed(issuer, draw)
    except UserError:
        assert await issuer.register() == before
        return
    for approvals, officer in enumerate(draw.sample(issuer.officers, k=draw.randint(0, 3))):
        if status.state == "pending":
            assert approvals < status.threshold
            assert await issuer.register() == before
            status = await voting.approve_here(
                issuer.node, status.decision, officer, password(officer), issuer.now
            )


def _check_states(register: Register, today: date) -> None:
    for attested in register.attestations.values():
        for days in (0, 1, 100, 400, 1900):
            day = today + timedelta(days=days)
            state = attested.state(day)
            if state.name != "in_force":
                continue
            assert attested.ending is None
            assert day <= attested.item.ends
            assert day <= attested.item.review_by + LAPSE
            assert attested.quorum.decides
            if attested.appeal == "granted" or attested.is_stayed(day):
                assert "stayed" in state.flags


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(n, marks=pytest.mark.sweep) for n in range(1, 8))]
)
async def test_each_peers_view_equals_the_issuers_register_after_every_act(
    federation: Federation, seed: int
) -> None:
    """Three nodes act at random; whoever follows sees what the issuer has, and nothing lasts."""
    draw = random.Random(seed)
    names = ("alice", "bob", "carol")
    three = [
        await federation.community(f"c{n}.example", officers=names, threshold=2) for n in range(3)
    ]
    for first, second in ((0, 1), (1, 2), (2, 0)):
        await federation.peer(three[first], three[second])
    for _ in range(12):
        await _act(draw.choice(three), draw)
        federation.later(draw.choice([0, 3600, 3 * DAY, 40 * DAY]))
        await federation.sync()
        for issuer in three:
            own = await issuer.register()
            _check_states(own, day_of(issuer.now))
            for peer in three:
                if peer is not issuer:
                    assert await _as_seen(peer, issuer) == own


@pytest.mark.sweep
async def test_five_years_of_reviews_expiries_officers_and_appeals(
    federation: Federation,
) -> None:
    """Reviewed in time it goes on to its end; unreviewed it lapses; nobody has to remember it."""
    python = await federation.community("python.example")
    conf = await federation.community("conf.example")
    await federation.peer(conf, python)
    today = day_of(python.now)
    long = {"ends_on": "indefinite", "review_by": today + timedelta(days=365)}
    kept = await python.publish("email:kept@person.example", **long)
    forgotten = await python.publish("email:forgotten@person.example", **long)
    short = await python.publish("email:short@person.example", ends_on=today + timedelta(days=300))
    seen: dict[str, list[str]] = {kept: [], forgotten: [], short: []}
    for month in range(62):
        now, day = python.now, day_of(python.now)
        due = [each for each in await acts.due(python.node, now, within=30) if each.id == kept]
        if any(each.what == "review" for each in due):
            await python.approve(await acts.reaffirm(python.node, [kept], None, now))
        if month == 20:
            await python.approve(await acts.appeal(python.node, [kept], "opened", now))
            await python.approve(
                await acts.stay(python.node, [kept], day + timedelta(days=14), now)
            )
        if month == 22:
            await python.approve(await acts.appeal(python.node, [kept], "rejected", now))
        if month == 30:
            carol = await constitution.newcomer("carol", None, "password of carol", cost=CHEAP)
            await python.approve(await constitution.add(python.node, carol, None, now))
        if month == 40:
            await python.approve(await constitution.remove(python.node, "carol", None, now))
        await federation.sync()
        view = await _as_seen(conf, python)
        assert view == await python.register()
        for id_, states in seen.items():
            state = view.attestations[id_].state(day)
            states.append("+".join([state.name, *sorted(state.flags - {"review_due"})]))
        held = {each for each, states in seen.items() if states[-1].startswith("in_force")}
        assert await conf.records_of(python) == held
        federation.later(30 * DAY)
    assert seen[short][10:12] == ["in_force", "expired"]
    assert seen[forgotten][15:17] == ["in_force", "lapsed"]
    assert seen[kept][19:24] == [
        "in_force",
        "in_force+appeal+stayed",
        "in_force+appeal",
        "in_force",
        "in_force",
    ]
    assert seen[kept][-2:] == ["in_force", "expired"]


async def test_a_lift_a_stay_and_an_erasure_reach_a_healthy_peer_at_once(
    federation: Federation,
) -> None:
    """Each is at a running peer within a minute of its last approval, by the push alone."""
    python = await federation.community("python.example")
    conf = await federation.community("conf.example")
    await federation.peer(conf, python)
    lifted, stayed, erased = [
        await python.publish(f"email:person{n}@person.example") for n in range(3)
    ]
    await federation.sync()
    assert await conf.records_of(python) == {lifted, stayed, erased}
    day = day_of(python.now)
    began = time.monotonic()
    await python.lift(lifted)
    await python.lift(erased, "erased")
    await python.approve(
        await acts.stay(python.node, [stayed], day + timedelta(days=9), python.now)
    )

    async def arrived() -> bool:
        register = await _as_seen(conf, python)
        flags = register.attestations[stayed].state(day).flags
        return "stayed" in flags and await conf.records_of(python) == {stayed}

    await eventually(arrived)
    assert time.monotonic() - began < MINUTE


async def test_a_peer_that_was_away_for_a_week_catches_up_in_one_sync(
    federation: Federation,
) -> None:
    """One sync, and the lift, the stay and the erasure are there."""
    python = await federation.community("python.example")
    conf = await federation.community("conf.example")
    await federation.peer(conf, python)
    lifted, stayed, erased = [
        await python.publish(f"email:person{n}@person.example") for n in range(3)
    ]
    await federation.sync()
    await conf.stop()
    await python.lift(lifted)
    await python.lift(erased, "erased")
    day = day_of(python.now)
    await python.approve(
        await acts.stay(python.node, [stayed], day + timedelta(days=9), python.now)
    )
    federation.later(7 * DAY)
    await conf.sync()
    assert await _as_seen(conf, python) == await python.register()
    assert await conf.records_of(python) == {stayed}
