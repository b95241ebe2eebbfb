"""One attestation as a log tells it: its state on a day, and what may be said of it next.

    type      rule                                                        effect
    notice    not told yet                                                the person was told
    reaffirm  `review_by` from 1 to 400 days after `on`                    reviewed, goes on
    appeal    opened: none is open; else: one is open                     a flag that travels
    stay      `until` from `on`, and after the end of a stay that holds   weighs nothing from `on`
                                                                          until then
    resume    a stay holds                                                it weighs again
    withdraw  `erased`: not erased yet, ended or not                      ended; what had ended
                                                                          otherwise did so still
    reseal    under another OPRF key than before                          another record

Each of them follows the last statement about the attestation (a `reseal` the last that sealed it),
is not dated before the last that took the threshold, and finds the attestation not ended on its
day, unless it erases it. So one officer who dates a statement ahead neither stays for longer nor
holds up what others decide. An appeal that was granted is an end in waiting: the attestation weighs
nothing any more, and only `notice`, `withdraw` and `reseal` may follow.

Source: SPEC.md, section 6.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from protocol.errors import OutOfOrder
from protocol.items import (
    AppealItem,
    AttestItem,
    LaterItem,
    NoticeItem,
    ReaffirmItem,
    ResealItem,
    ResumeItem,
    Seal,
    StayItem,
    WithdrawItem,
)
from protocol.statements import Custody

MAX_TERM = timedelta(days=1826)
"""From `on` to the last day in force: with the day after it, five years."""

MAX_REVIEW = timedelta(days=400)
MAX_DELAY = timedelta(days=30)
LAPSE = timedelta(days=90)
"""After `review_by`, when nobody reviewed, until the attestation lapses."""

MAX_STAY_ALONE = timedelta(days=14)
"""The longest stay that one officer may decide, once for each attestation."""

Ending = Literal["lifted", "overturned", "superseded", "erased"]
Appeal = Literal["opened", "granted", "rejected", "withdrawn"]
StateName = Literal["pending", "in_force", "lapsed", "expired", "withdrawn"]
Flag = Literal["appeal", "stayed", "review_due"]


@dataclass(frozen=True)
class Quorum:
    """Who approved, of how many, and the weakest place where one of their keys is kept."""

    approved: tuple[bytes, ...]
    officers: int
    threshold: int
    custody: Custody

    @property
    def decides(self) -> bool:
        """Whether so many approved as the threshold asks for."""
        return len(self.approved) >= self.threshold


@dataclass(frozen=True)
class State:
    """What an attestation is on a day. Only `in_force` without `stayed` weighs anything."""

    name: StateName
    flags: frozenset[Flag] = frozenset()

    @property
    def is_final(self) -> bool:
        """Whether no later statement can change it."""
        return self.name in ("lapsed", "expired", "withdrawn")

    @property
    def is_live(self) -> bool:
        """Whether the record is still to be held and asked for."""
        return not self.is_final


@dataclass(frozen=True)
class Stay:
    """The days on which an attestation weighs nothing, both included."""

    on: date
    until: date


@dataclass(frozen=True)
class Attested:
    """One attestation as the log tells it: hashes and dates, nothing about a person."""

    item: AttestItem
    """As it was attested, with the last `review_by` and seal."""
    on: date
    index: int
    """The entry that attested it."""
    leaf: bytes
    """Leaf hash of the last effective statement about it, reseals not counted: what the next one
    names in `after`."""
    quorum_on: date
    """`on` of the last statement about it that took the threshold, reseals not counted."""
    seal_leaf: bytes
    """Leaf hash of the statement that sealed it last: what a `reseal` names in `after`."""
    issue_key: bytes
    """The key in force at the entry; only it may have signed the JWT."""
    oprf_key: bytes
    """The public key (32 bytes) under which its record is sealed."""
    quorum: Quorum
    told: bool = False
    """Whether a `notice` said, later, that the person was told."""
    appeal: Appeal | None = None
    stays: tuple[Stay, ...] = ()
    """Every one, so that none takes anything away from another; none after a `resume`."""
    stayed_alone: bool = False
    """Whether one officer has stayed it; that may be done once."""
    ending: Ending | None = None
    """How it was ended before its time; what is erased after it had ended keeps how it did."""
    superseded_by: str | None = None
    """The attestation that stands in its place; None where it was not ended so."""
    erased: bool = False
    """Whether the community forgot whom it was about."""

    def state(self, day: date) -> State:
        """The state on a UTC day; ended at whichever end came first."""
        if self.ending is not None:
            return State("withdrawn")
        if day < self.on:
            return State("pending")
        if day > self.last_day:
            return State("lapsed" if self.last_day < self.item.ends else "expired")
        flags: set[Flag] = set()
        if day > self.item.review_by:
            flags.add("review_due")
        if self.appeal == "opened":
            flags.add("appeal")
        if self.is_stayed(day) or self.appeal == "granted" or self._is_untold(day):
            flags.add("stayed")
        return State("in_force", frozenset(flags))

    @property
    def last_day(self) -> date:
        """The last day in force, unless it is withdrawn before."""
        return min(self.item.ends, self.item.review_by + LAPSE)

    def is_stayed(self, day: date) -> bool:
        """Whether a `stay` holds on a day."""
        return self.stayed_until(day) is not None

    def stayed_until(self, day: date) -> date | None:
        """The last day of the stays that hold on a day; None where none does."""
        return max(
            (each.until for each in self.stays if each.on <= day <= each.until), default=None
        )

    def may_be_stayed_alone(self, item: StayItem, on: date) -> bool:
        """Whether one officer may decide a stay proposed on a day."""
        return not self.stayed_alone and item.until <= on + MAX_STAY_ALONE

    def _is_untold(self, day: date) -> bool:
        """Told late is stayed by the rule itself: nobody has to remember it."""
        until = self.item.notice.until
        return until is not None and day > until and not self.told


def attested(item: AttestItem, on: date) -> AttestItem:
    """The item, if its days are such as an `attest` of that day may have.

    Raises:
        OutOfOrder: they are not.
    """
    if not on <= item.ends <= on + MAX_TERM:
        raise OutOfOrder("`ends` is before `on`, or more than 1,826 days after it")
    _require_review(item.review_by, on)
    if item.notice.until is not None and not on <= item.notice.until <= on + MAX_DELAY:
        raise OutOfOrder("notice is delayed by more than 30 days")
    return item


def followed(  # noqa: PLR0913 - what is said, and what its statement says of itself
    before: Attested, item: LaterItem, on: date, leaf: bytes, quorum: Quorum, *, for_one: bool
) -> Attested:
    """The attestation after an item of a statement with this leaf hash, proposed on this day.

    `for_one`: whether one officer suffices for the statement, however many approved it.

    Raises:
        OutOfOrder: it may not be said of it now.
    """
    if item.after != before.leaf:
        raise OutOfOrder("`after` is not the last statement about this attestation")
    if isinstance(item, WithdrawItem) and item.because == "erased":
        _require_unerased(before, on)
    else:
        _require_open(before, on)
    if before.appeal == "granted" and not isinstance(item, NoticeItem | WithdrawItem):
        raise OutOfOrder("an appeal was granted: it can only be withdrawn")
    # One officer alone could otherwise date a notice so late that nobody could lift or review.
    quorum_on = before.quorum_on if for_one else on
    return replace(_changed(before, item, on, quorum), leaf=leaf, quorum_on=quorum_on)


def resealed(
    before: Attested, item: ResealItem, on: date, leaf: bytes, live: dict[bytes, bytes]
) -> Attested:
    """The attestation in another record; `live` are the live OPRF keys by id.

    Raises:
        OutOfOrder: it may not be resealed so now.
    """
    if item.after != before.seal_leaf:
        raise OutOfOrder("`after` is not the statement that sealed this attestation last")
    _require_open(before, on)
    if item.key not in live:
        raise OutOfOrder("sealed under a key that is not live")
    if item.key == before.item.seal.key:
        raise OutOfOrder("sealed under the same key as before")
    seal = Seal(key=item.key, record=item.record)
    now = before.item.model_copy(update={"seal": seal})
    return replace(before, item=now, seal_leaf=leaf, oprf_key=live[item.key])


def _require_unerased(before: Attested, on: date) -> None:
    if on < before.quorum_on:
        raise OutOfOrder("`on` is before what the threshold said last about this attestation")
    if before.erased:
        raise OutOfOrder("this attestation is erased already")


def _require_open(before: Attested, on: date) -> None:
    _require_unerased(before, on)
    if before.state(on).is_final:
        raise OutOfOrder("this attestation has ended")


def _require_review(review_by: date, on: date) -> None:
    if not on < review_by <= on + MAX_REVIEW:
        raise OutOfOrder("`review_by` is not within the 400 days after `on`")


def _changed(before: Attested, item: LaterItem, on: date, quorum: Quorum) -> Attested:
    match item:
        case NoticeItem():
            if before.told or before.item.notice.state == "given":
                raise OutOfOrder("the person was told already")
            return replace(before, told=True)
        case ReaffirmItem(review_by=review_by):
            _require_review(review_by, on)
            return replace(before, item=before.item.model_copy(update={"review_by": review_by}))
        case AppealItem(state=state):
            if (state == "opened") == (before.appeal == "opened"):
                raise OutOfOrder("an appeal is opened where none is open, and then answered once")
            return replace(before, appeal=state)
        case StayItem(until=until):
            return _stayed(before, until, on, quorum)
        case ResumeItem():
            if not before.is_stayed(on):
                raise OutOfOrder("no stay holds that could end")
            return replace(before, stays=())
        case WithdrawItem():
            return _withdrawn(before, item, on)


def _withdrawn(before: Attested, item: WithdrawItem, on: date) -> Attested:
    erased = item.because == "erased"
    if before.state(on).is_final:
        # What has ended did so as it did: an erasure takes nothing back.
        return replace(before, erased=erased)
    return replace(before, ending=item.because, superseded_by=item.by, erased=erased)


def _stayed(before: Attested, until: date, on: date, quorum: Quorum) -> Attested:
    if until < on:
        raise OutOfOrder("`until` is before `on`")
    holds_until = before.stayed_until(on)
    if holds_until is not None and until <= holds_until:
        raise OutOfOrder("a stay that holds until then, or longer, is there already")
    alone = before.stayed_alone or not quorum.decides
    # Added, never put in place of another: one officer could shorten what the threshold decided.
    return replace(before, stays=(*before.stays, Stay(on, until)), stayed_alone=alone)
