"""One attestation through any sequence of acts: what no number of them can ever bring about."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.attested import LAPSE, MAX_STAY_ALONE, Attested
from protocol.encoding import base64url
from protocol.register import Register
from tests.protocol.committee import TODAY, attest_decision, attest_item, entry, genesis

ID = "2f1a9c1e-6f3b-4f0e-8a3d-0d7c5b1e9a42"
OFFICERS = ("ada", "bob", "cyd")


def _days(least: int, most: int) -> st.SearchStrategy[int]:
    """Days after the act's own."""
    return st.integers(least, most)


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
    st.just(("withdraw", {"because": "lifted", "by": None})),
)
NAMES = st.sampled_from([("ada",), ("ada", "bob"), ("bob", "cyd"), ("ada", "eve"), ("eve", "mal")])
ACTS = st.lists(
    st.tuples(ITEMS, st.sampled_from([0, 0, 1, 5, 40]), NAMES, st.integers(0, 7).map(bool)),
    min_size=3,
    max_size=10,
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
    assert before.ending is None
    assert before.state(on).is_live
    if before.appeal == "granted":
        assert kind in ("notice", "withdraw")
    if kind == "stay":
        assert after.stayed_until is not None
        if before.is_stayed(on) and before.stayed_until is not None:
            assert after.stayed_until > before.stayed_until
        if approved < 2:
            assert not before.stayed_alone
            assert after.stayed_alone
            assert after.stayed_until <= on + MAX_STAY_ALONE
    elif approved < 2:
        assert kind in ("notice", "appeal")
        assert kind == "notice" or after.appeal == "opened"


@settings(max_examples=150, deadline=None)
@given(ACTS)
def test_whatever_is_said_an_attestation_ends_and_is_stayed_as_the_rules_have_it(
    acts: list[tuple[tuple[str, dict[str, Any]], int, tuple[str, ...], bool]],
) -> None:
    """Valid and invalid acts, in any order, by anybody; replayed, the entries give the same."""
    entries = list(BEGUN)
    register = Register.replay(entries)
    on = TODAY
    for (kind, item), wait, names, follows in acts:
        on += timedelta(days=wait)
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
