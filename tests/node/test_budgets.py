"""What a peer may ask is bounded, whatever it sends, and the administrator sees it."""

import asyncio
import contextlib
import hashlib
import itertools
import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from node import budgets, tables
from node.budgets import DAY
from node.errors import UserError
from node.node import Node
from protocol.errors import Malformed, NotFound, OverBudget
from protocol.exchange import Purpose

NOW = 1_800_000_000
TODAY = datetime.fromtimestamp(NOW, UTC).date()
PEER, OTHER = bytes(32), bytes([1] * 32)
EXAMPLES = itertools.count()
PEERS = [bytes([number] * 32) for number in range(5)]


def with_settings(node: Node, **changes: Any) -> Node:
    return Node(node.home, node.config.model_copy(update=changes), node.vault, node.store)


def digest(number: object) -> bytes:
    return hashlib.sha256(str(number).encode()).digest()


def event(days: int = 3, start: date = TODAY) -> Purpose:
    return Purpose(kind="registration", start=start, end=start + timedelta(days=days))


async def crawl(node: Node, peer: bytes, addresses: int, step: int, now: int = NOW) -> int:
    """How many of so many addresses a peer gets evaluated, asking as long as it is answered."""
    for asked in range(0, addresses, step):
        try:
            await budgets.charge(node, peer, digest((peer, asked, now)), step, now)
        except OverBudget:
            return asked
    return addresses


@pytest.mark.sweep
async def test_row_1_a_crawl_is_stopped_by_the_budget_and_shown(node: Node) -> None:
    """Of 50,000 addresses a peer learns 2,048; then 200 a day; the administrator sees it."""
    assert await crawl(node, PEER, 50_000, 64) == 2_048
    seen = await budgets.standing(node, PEER, NOW)
    assert (seen.bucket, seen.charged) == (0, 2_048)
    assert (seen.refused_at, seen.refused_by) == (NOW, "bucket")
    assert await crawl(node, PEER, 50_000, 8, NOW + DAY) == 200
    month = sum([await crawl(node, PEER, 50_000, 8, NOW + day * DAY) for day in range(2, 30)])
    assert month == 28 * 200


@pytest.mark.sweep
async def test_row_1_an_event_lets_a_crawl_go_on_once_and_visibly(node: Node) -> None:
    """With a declared event it is 22,048, and the next event is a month away."""
    await budgets.declare(node, PEER, event(), NOW)
    assert await crawl(node, PEER, 50_000, 32) == 20_000 + 2_048
    seen = await budgets.standing(node, PEER, NOW)
    assert [(each.kind, each.spent) for each in seen.events] == [("registration", 20_000)]
    with pytest.raises(OverBudget) as refused:
        await budgets.declare(node, PEER, event(days=4), NOW + DAY)
    assert refused.value.retry_after == 29 * DAY
    await budgets.declare(node, PEER, event(start=TODAY + timedelta(days=30)), NOW + 30 * DAY)


@pytest.mark.sweep
async def test_row_2_colluding_peers_hit_the_total(node: Node) -> None:
    """Five peers that share a dictionary get no more than the total, and what each refill gives."""
    node = with_settings(node, evaluation_total=4_000)
    got = [await crawl(node, peer, 10_000, 8) for peer in PEERS]
    assert got == [2_048, 1_952, 200, 200, 200]
    assert await budgets.total_charged(node, NOW) == 4_600
    for peer in PEERS[1:]:
        assert (await budgets.standing(node, peer, NOW)).refused_by == "total"


async def test_row_2_the_total_is_free_again_when_its_charges_are_a_day_old(node: Node) -> None:
    """A refusal by the total says when to come back, and then there is room."""
    node = with_settings(node, evaluation_total=2_048)
    assert await crawl(node, PEER, 2_048, 1_024, NOW) == 2_048
    with pytest.raises(OverBudget) as refused:
        await budgets.charge(node, OTHER, digest("late"), 1_024, NOW + 10)
    later = NOW + 10 + refused.value.retry_after
    assert later == NOW + DAY
    await budgets.charge(node, OTHER, digest("late"), 1_024, later)


async def test_others_cannot_take_a_peer_below_its_refill(node: Node) -> None:
    """However much everybody else asks, a check of one person is answered."""
    node = with_settings(node, evaluation_total=1)
    for number in range(25):
        await budgets.charge(node, PEER, digest(number), 8, NOW)
    with pytest.raises(OverBudget):
        await budgets.charge(node, PEER, digest("more"), 8, NOW)
    await budgets.charge(node, OTHER, digest("one person"), 8, NOW)


async def test_the_same_body_is_paid_once_in_a_day(node: Node) -> None:
    """A retry is free, for that peer and for a day; the same body from another peer is not."""
    for now in (NOW, NOW + 1, NOW + DAY - 1):
        await budgets.charge(node, PEER, digest(0), 1_000, now)
        assert (await budgets.standing(node, PEER, now)).charged == 1_000
    await budgets.charge(node, OTHER, digest(0), 1_000, NOW)
    await budgets.charge(node, PEER, digest(0), 1_000, NOW + DAY)
    assert (await budgets.standing(node, PEER, NOW + DAY)).bucket == 2_048 - 2_000 + 200


async def test_a_retry_is_free_even_when_nothing_is_left(node: Node) -> None:
    """A run that was cut off by the network is finished."""
    await budgets.charge(node, PEER, digest(0), 2_048, NOW)
    await budgets.charge(node, PEER, digest(0), 2_048, NOW + 5)


async def test_the_same_body_is_not_answered_for_ever(node: Node) -> None:
    """A retry costs nothing but our processor: eight a day, of each body, for each peer."""
    await budgets.charge(node, PEER, digest(0), 8, NOW)
    for number in range(8):
        await budgets.charge(node, PEER, digest(0), 8, NOW + number)
    with pytest.raises(OverBudget) as refused:
        await budgets.charge(node, PEER, digest(0), 8, NOW + 60)
    assert refused.value.retry_after == DAY - 60
    seen = await budgets.standing(node, PEER, NOW + 60)
    assert (seen.charged, seen.refused_by) == (8, "repeats")
    await budgets.charge(node, OTHER, digest(0), 8, NOW + 60)
    await budgets.charge(node, PEER, digest(1), 8, NOW + 60)
    # A day after it was paid for, it is paid for anew, and counted anew.
    for _ in range(9):
        await budgets.charge(node, PEER, digest(0), 8, NOW + DAY)
    with pytest.raises(OverBudget):
        await budgets.charge(node, PEER, digest(0), 8, NOW + DAY)


async def test_requests_at_once_are_each_paid(node: Node) -> None:
    """Forty at once, of which a bucket pays for thirty-two."""
    results = await asyncio.gather(
        *(budgets.charge(node, PEER, digest(number), 64, NOW) for number in range(40)),
        return_exceptions=True,
    )
    assert sum(result is None for result in results) == 32
    assert sum(isinstance(result, OverBudget) for result in results) == 8


async def test_a_refusal_costs_nothing_and_says_when_to_come_back(node: Node) -> None:
    """After `retry_after` seconds the same request is answered, and not one second before."""
    await budgets.charge(node, PEER, digest(0), 2_040, NOW)
    with pytest.raises(OverBudget) as refused:
        await budgets.charge(node, PEER, digest(1), 100, NOW)
    wait = refused.value.retry_after
    with pytest.raises(OverBudget):
        await budgets.charge(node, PEER, digest(1), 100, NOW + wait - 1)
    await budgets.charge(node, PEER, digest(1), 100, NOW + wait)


async def test_row_28_a_clock_that_is_set_back_refills_nothing(node: Node) -> None:
    """Nor does it take anything away."""
    await budgets.charge(node, PEER, digest(0), 2_048, NOW)
    assert (await budgets.standing(node, PEER, NOW - DAY)).bucket == 0
    with pytest.raises(OverBudget):
        await budgets.charge(node, PEER, digest(1), 1, NOW - DAY)


async def test_an_event_pays_from_its_declaration_to_its_last_day(node: Node) -> None:
    """What is left of it then is gone; the bucket was not touched."""
    budget = await budgets.declare(node, PEER, event(days=1), NOW)
    assert (budget.available, budget.until) == (22_048, TODAY + timedelta(days=1))
    await budgets.charge(node, PEER, digest(0), 4_096, NOW)
    after = await budgets.standing(node, PEER, NOW)
    assert (after.available, after.bucket) == (17_952, 2_048)
    over = await budgets.standing(node, PEER, NOW + 2 * DAY)
    assert (over.available, over.events) == (2_048, [])


async def test_an_event_and_the_bucket_pay_together(node: Node) -> None:
    """What the event no longer covers, the bucket pays."""
    node = with_settings(node, evaluation_event=100)
    await budgets.declare(node, PEER, event(), NOW)
    await budgets.charge(node, PEER, digest(0), 164, NOW)
    assert (await budgets.standing(node, PEER, NOW)).available == 2_048 - 64
    assert await budgets.total_charged(node, NOW) == 64


async def test_declaring_the_same_event_again_changes_nothing(node: Node) -> None:
    """A retry of the declaration is no second event."""
    await budgets.declare(node, PEER, event(), NOW)
    await budgets.charge(node, PEER, digest(0), 1_000, NOW)
    again = await budgets.declare(node, PEER, event(), NOW + 1)
    assert (len(again.events), again.available) == (1, 21_048)


async def test_a_peer_ends_its_event(node: Node) -> None:
    """From then on the bucket alone pays; it cannot be ended twice, nor declared anew."""
    await budgets.declare(node, PEER, event(), NOW)
    assert (await budgets.end(node, PEER, event(), NOW)).available == 2_048
    with pytest.raises(NotFound):
        await budgets.end(node, PEER, event(), NOW)
    with pytest.raises(OverBudget):
        await budgets.declare(node, PEER, event(), NOW)
    with pytest.raises(NotFound):
        await budgets.end(node, OTHER, event(), NOW)


async def test_the_issuer_lowers_or_ends_a_peers_event(node: Node) -> None:
    """Whoever answers decides how much; it is never raised."""
    await budgets.charge(node, PEER, digest("before"), 2_000, NOW)
    (declared,) = (await budgets.declare(node, PEER, event(), NOW)).events
    await budgets.charge(node, PEER, digest(0), 1_000, NOW)
    await budgets.lower(node, declared.id, 1_500, NOW)
    assert (await budgets.standing(node, PEER, NOW)).available == 500 + 48
    await budgets.lower(node, declared.id, 10, NOW)
    assert (await budgets.standing(node, PEER, NOW)).available == 48
    with pytest.raises(UserError):
        await budgets.lower(node, declared.id, 10, NOW)
    await budgets.lower(node, declared.id, 0, NOW)
    assert (await budgets.standing(node, PEER, NOW)).events == []
    with pytest.raises(UserError):
        await budgets.lower(node, declared.id, 0, NOW)


@pytest.mark.parametrize(
    "bad",
    [
        Purpose(kind="meetup", start=None, end=None),
        event(start=TODAY - timedelta(days=4)),
        event(days=91),
    ],
)
async def test_an_event_has_days_that_are_near(node: Node, bad: Purpose) -> None:
    """Without days, in the past, or ending in more than 90 days: refused."""
    with pytest.raises(Malformed):
        await budgets.declare(node, PEER, bad, NOW)
    await budgets.declare(node, PEER, event(days=90), NOW)


@pytest.mark.sweep
async def test_row_1_events_cannot_be_saved_up(node: Node) -> None:
    """Four events declared ahead that end on four days in a row allow no more than one does."""
    for number, day in enumerate((0, 30, 60, 90)):
        ahead = event(days=2, start=TODAY + timedelta(days=88 + number))
        await budgets.declare(node, PEER, ahead, NOW + day * DAY)
    day_90 = NOW + 90 * DAY
    seen = await budgets.standing(node, PEER, day_90)
    assert (len(seen.events), seen.available) == (4, 20_000 + 2_048)
    got = [await crawl(node, PEER, 50_000, 32, day_90)]
    got += [await crawl(node, PEER, 50_000, 8, day_90 + day * DAY) for day in range(1, 4)]
    # A thirtieth of an event, and the bucket's own refill, flow in a day.
    assert got == [22_048, 864, 864, 872]


async def test_an_event_after_another_was_used_up_is_whole(node: Node) -> None:
    """What events may use has flowed back when the next one may be declared."""
    await budgets.declare(node, PEER, event(), NOW)
    await budgets.charge(node, PEER, digest(0), 20_000, NOW)
    start = TODAY + timedelta(days=30)
    again = await budgets.declare(node, PEER, event(start=start), NOW + 30 * DAY)
    assert again.available == 22_048


async def test_a_day_of_many_small_charges_is_reckoned_at_once(node: Node) -> None:
    """Whoever asks in the smallest portions cannot keep the node at reckoning."""
    paid = [
        {
            "peer": PEERS[number % 5],
            "digest": digest(("small", number)),
            "amount": 1,
            "declared": 0,
            "repeats": 0,
            "at": NOW + number,
        }
        for number in range(20_000)
    ]
    async with node.store.write() as connection:
        await connection.execute(insert(tables.charges), paid)
    started = time.monotonic()
    with pytest.raises(OverBudget) as refused:
        await budgets.charge(node, PEER, digest(0), 1_000, NOW + 20_000)
    assert time.monotonic() - started < 2
    # The peer stays within its refill when 3,200 of its own are a day old; but the total allows
    # it when a thousand of anybody's are.
    assert refused.value.retry_after == 999 + DAY - 20_000


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(st.sampled_from(PEERS[:3]), st.integers(1, 900), st.integers(0, DAY)),
        max_size=12,
    )
)
async def test_no_history_gives_more_than_bucket_and_refill(
    node: Node, asked: list[tuple[bytes, int, int]]
) -> None:
    """Whatever is asked when, what is answered stays within what flowed in, for each peer."""
    salt = next(EXAMPLES)  # the database is the same for all of them
    node = with_settings(node, evaluation_total=10**9)
    peers = {peer: hashlib.sha256(peer + str(salt).encode()).digest() for peer in PEERS}
    answered = dict.fromkeys(peers.values(), 0)
    now = NOW
    for number, (peer, amount, pause) in enumerate(asked):
        now += pause
        with contextlib.suppress(OverBudget):
            await budgets.charge(node, peers[peer], digest((salt, number)), amount, now)
            answered[peers[peer]] += amount
    for peer, total in answered.items():
        flowed = 2_048 + (now - NOW) * 200 / DAY
        assert total <= flowed
        assert (await budgets.standing(node, peer, now)).bucket <= flowed - total
