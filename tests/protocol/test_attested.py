"""One attestation through any sequence of acts: what no number of them can ever bring about.

Acts are dated on the day on which they are done, or ahead of it: the rules know no clock.
"""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.attested import LAPSE, MAX_STAY_ALONE, Attested, Stay
from protocol.encoding import base64url
from protocol.register import Register
from tests.protocol.committee import TODAY, attest_decision, attest_item, entry, genesis

ID = "2f1a9c1e-6f3b-4f0e-8a3d-0d7c5b1e9a42"
OFFICERS = ("ada", "bob", "cyd")


def _days(least: int, most: int) -> st.SearchStrategy[int]:
    """Days after the act's own."""
    return st.integers(least, most)


LIFT: dict[str, Any] = {"because": "lifted", "by": None}
ERASE: dict[str, Any] = {"because": "erased", "by": None}
STAYS: st.SearchStrategy[tuple[str, dict[str, Any]]] = st.tuples(
    st.just("stay"), st.fixed_dictionaries({"until": _days(-1, 20)})
)
ITEMS: st.SearchStrategy[tuple[str, dict[str, Any]]] = st.one_of(
    STAYS,
    STAYS,
    st.just(("notice", {})),
    st.just(("resume", {})),
    st.tuples(st.just("reaffirm"), st.fixed_dictionaries({"review_by": _days(0, 401)})),
    st.tuples(
        st.just("appeal"),
        st.fixed_dictionaries(
            {"state": st.sampled_from(["opened", "opened", "granted", "rejected", "withdrawn"])}
        ),
    ),
    st.just(("withdraw", LIFT)),
    st.just(("withdraw", ERASE)),
)
NAMES = st.sampled_from([("ada",), ("ada", "bob"), ("bob", "cyd"), ("ada", "eve"), ("eve", "mal")])
AHEAD = st.sampled_from([0, 0, 0, 1, 100, 300])
ACTS = st.lists(
    st.tuples(ITEMS, st.sampled_from([0, 0, 1, 5, 40]), AHEAD, NAMES, st.integers(0, 7).map(bool)),
    min_size=3,
    max_size=10,
)
ALONE = st.lists(
    st.tuples(ITEMS, AHEAD, st.sampled_from(OFFICERS)),
    min_size=1,
    max_size=8,
)


def _begun() -> list[bytes]:
    first = genesis()
    notice = {"state": "delayed", "until": (TODAY + timedelta(days=14)).isoformat()}
    item = attest_item(ID, notice=notice)
    return [first, entry(attest_decision(Register.begin(first), item), "ada", "bob")]


BEGUN = _begun()


def _act(register: Register, kind: str, item: dict[str, Any], on: date, *, follows: bool) -> Any:
    last = register.attestations[ID].leaf if follows else register.fingerprint
    said = {
        name: (on + timedelta(days=value)).isoformat() if isinstance(value, int) else value
        for name, value in item.items()
    }
    items = [{"id": ID, "after": base64url(last)} | said]
    decision = attest_decision(register, on=on)
    return decision | {"type": kind, "items": items}


def _stayed_days(attested: Attested) -> set[date]:
    days = (TODAY + timedelta(days=offset) for offset in range(-1, 800))
    return {day for day in days if attested.is_stayed(day)}


def _check(attested: Attested) -> None:
    for offset in range(-1, 520, 13):
        day = TODAY + timedelta(days=offset)
        state = attested.state(day)
        if attested.ending is not None:
            assert state.name == "withdrawn"
        if day > attested.item.ends or day > attested.item.review_by + LAPSE:
            assert state.is_final
        if state.name != "in_force":
            assert not state.flags
            continue
        untold = not attested.told and day > TODAY + timedelta(days=14)
        weighs_nothing = untold or attested.appeal == "granted" or attested.is_stayed(day)
        assert ("stayed" in state.flags) == weighs_nothing


def _check_step(before: Attested, after: Attested, kind: str, approved: int, on: date) -> None:
    """What one effective act may have changed, given how many officers approved it."""
    assert not before.erased
    if before.state(on).is_final:
        assert (kind, after.erased) == ("withdraw", True)
        assert replace(after, erased=False, leaf=before.leaf, quorum_on=before.quorum_on) == before
        return
    if before.appeal == "granted":
        assert kind in ("notice", "withdraw")
    if kind != "resume":
        assert _stayed_days(before) <= _stayed_days(after)
    if kind == "stay":
        *_, stay = after.stays
        assert stay.on == on
        if approved < 2:
            assert not before.stayed_alone
            assert after.stayed_alone
            assert stay.until <= on + MAX_STAY_ALONE
    elif approved < 2:
        assert kind in ("notice", "appeal")
        assert kind == "notice" or after.appeal == "opened"


@settings(max_examples=150, deadline=None)
@given(ACTS)
def test_whatever_is_said_an_attestation_ends_and_is_stayed_as_the_rules_have_it(
    acts: list[tuple[tuple[str, dict[str, Any]], int, int, tuple[str, ...], bool]],
) -> None:
    """Valid and invalid acts, in any order, by anybody; replayed, the entries give the same."""
    entries = list(BEGUN)
    register = Register.replay(entries)
    today = TODAY
    for (kind, item), wait, ahead, names, follows in acts:
        today += timedelta(days=wait)
        on = today + timedelta(days=ahead)
        before = register.copy()
        data = entry(_act(register, kind, item, on, follows=follows), *names)
        entries.append(data)
        void = register.append(data)
        approved = len(set(names) & set(OFFICERS))
        old, new = before.attestations[ID], register.attestations[ID]
        if void is None:
            assert approved >= 1
            assert follows
            _check_step(old, new, kind, approved, on)
        else:
            unchanged = replace(register, size=before.size, voids=before.voids)
            assert unchanged == before
        _check(new)
    assert Register.replay(entries) == register


@settings(max_examples=150, deadline=None)
@given(ALONE)
def test_whatever_one_officer_at_a_time_says_and_dates_ahead_others_decide_today(
    acts: list[tuple[tuple[str, dict[str, Any]], int, str]],
) -> None:
    """A fortnight without weight is all that it comes to; a review and a lift hold at once."""
    register = Register.replay(BEGUN)
    before = register.attestations[ID]
    for (kind, item), ahead, name in acts:
        on = TODAY + timedelta(days=ahead)
        register.append(entry(_act(register, kind, item, on, follows=True), name))
    after = register.attestations[ID]
    assert len(_stayed_days(after)) <= MAX_STAY_ALONE.days + 1
    assert (after.item, after.ending) == (before.item, None)
    for kind, item in (("reaffirm", {"review_by": 300}), ("withdraw", LIFT)):
        decision = _act(register, kind, item, TODAY, follows=True)
        assert register.append(entry(decision, "ada", "bob")) is None
    assert register.attestations[ID].state(TODAY).name == "withdrawn"


def test_a_stay_dated_ahead_by_one_takes_nothing_from_a_stay_by_two() -> None:
    """Nor does it fill the days between them."""
    register = Register.replay(BEGUN)
    by_two = _act(register, "stay", {"until": 5}, TODAY, follows=True)
    assert register.append(entry(by_two, "ada", "bob")) is None
    later = TODAY + timedelta(days=100)
    by_one = _act(register, "stay", {"until": 14}, later, follows=True)
    assert register.append(entry(by_one, "cyd")) is None
    attested = register.attestations[ID]
    assert attested.stays == (
        Stay(TODAY, TODAY + timedelta(days=5)),
        Stay(later, later + timedelta(days=14)),
    )
    held = [n for n in range(-1, 200) if attested.is_stayed(TODAY + timedelta(days=n))]
    assert held == [*range(6), *range(100, 115)]


@settings(max_examples=50, deadline=None)
@given(ITEMS, NAMES, NAMES)
def test_what_was_effective_once_has_no_effect_twice(
    act: tuple[str, dict[str, Any]], first: tuple[str, ...], second: tuple[str, ...]
) -> None:
    """Whoever else approves it."""
    register = Register.replay(BEGUN)
    decision = _act(register, *act, TODAY, follows=True)
    if register.append(entry(decision, *first)) is None:
        told = register.copy()
        assert register.append(entry(decision, *second)) is not None
        assert register.attestations == told.attestations
