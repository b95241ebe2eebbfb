"""How much a peer may ask, which bounds how many people it can try (SPEC.md, section 8).

Nothing else does: whoever may ask legitimately may also ask about a dictionary. So every evaluation
is paid for before it is computed, in one transaction:

1. The same body from the same peer within a day was paid for already: a retry is free. But it is
   computed anew, so that only so many are.
2. Open events that the peer declared pay first, the oldest first; all together no more than what
   one may, in 30 days, so that events which are declared far ahead cannot be saved up.
3. The peer's bucket pays the rest, or the request is refused until the bucket has refilled.
4. What buckets pay for all peers together within a day stays below the total, or the request is
   refused; but never one with which the peer stays within its own refill of that day, so that
   others' asking cannot silence it.

A refusal is remembered and shown to the administrator.
"""

import uuid
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, TypeAlias

from sqlalchemy.ext.asyncio import AsyncConnection

from node import audit
from node.clock import day_of
from node.config import Config
from node.errors import NotHere, UserError
from node.node import Node
from node.store import budgets, events
from node.store.budgets import Bucket, Charge
from node.store.events import Event
from protocol.english import English
from protocol.errors import Malformed, NotFound, OverBudget
from protocol.exchange import DECLARED_AHEAD, Purpose

DAY = 86_400
EVENT_INTERVAL = 30 * DAY
"""Seconds from one declared event of a peer's to its next."""

REPEATS = 8
"""How often within a day the same request is answered again unpaid: more than any network loses."""

By = Literal["bucket", "total", "repeats"]

Within: TypeAlias = Callable[[AsyncConnection], Awaitable[None]]
"""Writes rows of its own in the transaction that changes a budget."""


@dataclass(frozen=True)
class Budget:
    """A peer's budget as it stands."""

    peer: bytes
    bucket: int
    """Evaluations left in the bucket."""
    charged: int
    """Evaluations asked for in the last day, whatever paid for them."""
    events: Sequence[Event]
    """The events that pay at present."""
    for_events: int
    """Evaluations that they may pay for, all together."""
    refused_at: int | None
    refused_by: str | None

    @property
    def available(self) -> int:
        """Evaluations that the peer may ask for now."""
        return self.bucket + min(self.for_events, sum(event.left for event in self.events))

    @property
    def until(self) -> date | None:
        """The last day on which an event pays; None without any."""
        return max((event.until_day for event in self.events), default=None)


async def charge(  # noqa: PLR0913 - who pays, for what, how much, when
    node: Node, peer: bytes, digest: bytes, amount: int, now: int, *, within: Within | None = None
) -> None:
    """Let a peer pay for `amount` evaluations, asked for by a body with this SHA-256.

    Durable when it returns: a crash while computing costs the peer nothing that a retry would not
    give back. `within` writes in the same transaction where it is paid for, and not for a retry.

    Raises:
        OverBudget: the peer's bucket, or the total of all peers, does not suffice; or this very
            body was answered too often.
    """
    async with node.store.write() as connection:
        asked = Charge(peer, digest, amount, 0, 0, now)
        refusal = await _charge(connection, node.config, asked, within)
    # Raised only now, or the transaction would forget that it refused.
    if refusal is not None:
        raise refusal


async def standing(node: Node, peer: bytes, now: int) -> Budget:
    """How a peer's budget stands."""
    async with node.store.read() as connection:
        return await _standing(connection, node.config, peer, now)


async def total_charged(node: Node, now: int) -> int:
    """Evaluations that the buckets of all peers paid for in the last day."""
    async with node.store.read() as connection:
        return await budgets.ordinary_after(connection, now - DAY)


async def declare(
    node: Node, peer: bytes, event: Purpose, now: int, *, within: Within | None = None
) -> Budget:
    """Let a peer declare an event, once in 30 days; declaring the same again changes nothing.

    `within` writes in the same transaction where something changes.

    Raises:
        Malformed: without days, over already, or ending more than 90 days ahead.
        OverBudget: another was declared in the 30 days before.
    """
    if event.start is None or event.end is None:
        raise Malformed("an event that is declared has its days")
    if not day_of(now) <= event.end <= day_of(now) + DECLARED_AHEAD:
        raise Malformed(
            "an event that is declared ends today or within %(most)s days", most=DECLARED_AHEAD.days
        )
    declared = Event(
        id=str(uuid.uuid4()),
        peer=peer,
        ours=False,
        kind=event.kind,
        from_day=event.start,
        until_day=event.end,
        allowance=node.config.evaluation_event,
        spent=0,
        declared_at=now,
    )
    async with node.store.write() as connection:
        earlier = await events.of_peer(connection, peer, ours=False)
        if not any(_same(each, event) and each.is_open(day_of(now)) for each in earlier):
            _refuse_too_soon(earlier, now)
            await events.add(connection, declared)
            if within is not None:
                await within(connection)
        return await _standing(connection, node.config, peer, now)


async def end(
    node: Node, peer: bytes, event: Purpose, now: int, *, within: Within | None = None
) -> Budget:
    """Let a peer end an event that it declared; `within` writes in the same transaction.

    Raises:
        NotFound: it has no such event open.
    """
    async with node.store.write() as connection:
        for each in await events.of_peer(connection, peer, ours=False):
            if _same(each, event) and each.is_open(day_of(now)):
                await events.change(connection, each.id, ended_at=now)
                if within is not None:
                    await within(connection)
                return await _standing(connection, node.config, peer, now)
    raise NotFound("no such event is open")


async def lower(node: Node, event_id: str, allowance: int, now: int) -> Event:
    """Lower what an event that a peer declared allows; 0 ends it. The administrator's word.

    Raises:
        UserError: no peer declared such an event, it is over, or it allows no more than that.
    """
    async with node.store.write() as connection:
        event = await events.get(connection, event_id)
        if event is None or event.ours or not event.is_open(day_of(now)):
            raise NotHere("no open event of a peer has this id: see `comity peer list`")
        if not 0 <= allowance < event.allowance:
            raise UserError(
                "an event's allowance can be lowered only: to less than %(allowance)s",
                allowance=event.allowance,
            )
        ended_at = None if allowance else now
        await events.change(connection, event_id, allowance=allowance, ended_at=ended_at)
        said = {"who": audit.who(), "what": "lower", "event": event_id, "allowance": allowance}
        await audit.record(connection, node.vault, "event", said, now)
    return replace(event, allowance=allowance, ended_at=ended_at)


async def _charge(
    connection: AsyncConnection, config: Config, asked: Charge, within: Within | None
) -> OverBudget | None:
    # 1. a retry
    before = await budgets.charge_of(connection, asked.peer, asked.digest, asked.at - DAY)
    if before is not None:
        return await _repeat(connection, config, before, asked.at)
    bucket = await _bucket(connection, config, asked.peer, asked.at)
    # 2. events
    declared = min(asked.amount, _for_events(bucket))
    shares = dict(_shares(await _open_events(connection, asked.peer, asked.at), declared))
    paid = replace(asked, declared=sum(shares.values()))
    # 3. the bucket
    missing = paid.ordinary * DAY - bucket.level
    if missing > 0:
        wait = -(-missing // config.evaluation_refill)
        return await _refused(connection, bucket, "bucket", wait)
    # 4. the total
    wait = await _until_total_allows(connection, config, paid)
    if wait > 0:
        return await _refused(connection, bucket, "total", wait)
    for event, share in shares.items():
        await events.change(connection, event.id, spent=event.spent + share)
    await budgets.put_bucket(connection, _used(bucket, paid))
    await budgets.put_charge(connection, paid)
    if within is not None:
        await within(connection)
    return None


async def _repeat(
    connection: AsyncConnection, config: Config, paid: Charge, now: int
) -> OverBudget | None:
    if paid.repeats >= REPEATS:
        bucket = await _bucket(connection, config, paid.peer, now)
        return await _refused(connection, bucket, "repeats", max(1, paid.at + DAY - now))
    await budgets.put_charge(connection, replace(paid, repeats=paid.repeats + 1))
    return None


async def _refused(
    connection: AsyncConnection, bucket: Bucket, by: By, retry_after: int
) -> OverBudget:
    refused = replace(bucket, refused_at=bucket.updated_at, refused_by=by)
    await budgets.put_bucket(connection, refused)
    return OverBudget(_WHY[by], retry_after)


_WHY: dict[By, English] = {
    "bucket": English("your budget of evaluations is used up; an event may be declared"),
    "total": English("this node's budget for all its peers is used up"),
    "repeats": English("this very request was answered too often today"),
}


async def _bucket(connection: AsyncConnection, config: Config, peer: bytes, now: int) -> Bucket:
    """The bucket as it is now: refilled since it was last touched, full where it never was."""
    full = config.evaluation_bucket * DAY
    full_event = config.evaluation_event * EVENT_INTERVAL
    bucket = await budgets.bucket(connection, peer) or Bucket(peer, full, None, now)
    # A clock that was set back refills nothing.
    passed = max(0, now - bucket.updated_at)
    level = min(full, bucket.level + passed * config.evaluation_refill)
    event_level = full_event if bucket.event_level is None else bucket.event_level
    event_level = min(full_event, event_level + passed * config.evaluation_event)
    return replace(bucket, level=level, event_level=event_level, updated_at=now)


def _for_events(bucket: Bucket) -> int:
    """Evaluations that open events may pay for; of a bucket as it is now."""
    return (bucket.event_level or 0) // EVENT_INTERVAL


def _used(bucket: Bucket, paid: Charge) -> Bucket:
    return replace(
        bucket,
        level=bucket.level - paid.ordinary * DAY,
        event_level=(bucket.event_level or 0) - paid.declared * EVENT_INTERVAL,
    )


async def _open_events(connection: AsyncConnection, peer: bytes, now: int) -> list[Event]:
    declared = await events.of_peer(connection, peer, ours=False)
    return [event for event in declared if event.is_open(day_of(now))]


async def _standing(connection: AsyncConnection, config: Config, peer: bytes, now: int) -> Budget:
    bucket = await _bucket(connection, config, peer, now)
    return Budget(
        peer=peer,
        bucket=bucket.level // DAY,
        charged=await budgets.asked_after(connection, peer, now - DAY),
        events=await _open_events(connection, peer, now),
        for_events=_for_events(bucket),
        refused_at=bucket.refused_at,
        refused_by=bucket.refused_by,
    )


def _shares(open_events: Sequence[Event], amount: int) -> Iterator[tuple[Event, int]]:
    """What each event pays of an amount; less than the amount where they do not suffice."""
    for event in open_events:
        share = min(amount, event.left)
        amount -= share
        yield event, share


async def _until_total_allows(connection: AsyncConnection, config: Config, asked: Charge) -> int:
    """Seconds until enough of the last day's charges are a day old; 0 where it may be now."""
    if asked.ordinary == 0:
        return 0
    day_ago = asked.at - DAY
    # How much too much it is: of everybody's total, and of the refill that is the peer's whatever
    # others ask. Either may be none.
    total = await budgets.ordinary_after(connection, day_ago) - config.evaluation_total
    own = await budgets.ordinary_after(connection, day_ago, asked.peer) - config.evaluation_refill
    total, own = total + asked.ordinary, own + asked.ordinary
    if total <= 0 or own <= 0:
        return 0
    for at, peer, paid in await budgets.ordinary_by_time(connection, day_ago):
        total -= paid
        own -= paid if peer == asked.peer else 0
        if total <= 0 or own <= 0:
            return max(1, at + DAY - asked.at)
    return DAY


def _same(event: Event, purpose: Purpose) -> bool:
    return (event.kind, event.from_day, event.until_day) == (
        purpose.kind,
        purpose.start,
        purpose.end,
    )


def _refuse_too_soon(earlier: Sequence[Event], now: int) -> None:
    again = max((event.declared_at for event in earlier), default=now - EVENT_INTERVAL)
    wait = again + EVENT_INTERVAL - now
    if wait > 0:
        raise OverBudget("an event was declared less than 30 days ago", wait)
