"""What may follow what in a log, who has to approve it, and what it leaves."""

import copy
import itertools
import uuid
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.attested import Flag, State
from protocol.encoding import base64url, canonical_json
from protocol.errors import Violation
from protocol.register import Register
from protocol.statements import (
    Approval,
    approve,
    decision_from_bytes,
    encode_entry,
    read_entry,
)
from tests.protocol.committee import (
    TODAY,
    Decision,
    approvals,
    attest_decision,
    attest_item,
    community_decision,
    entry,
    genesis,
    key,
    officers,
    withdraw_decision,
)

ID = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"
OTHER = "7f9619ff-8b86-4d01-b42d-00cf4fc964ff"


def begun(**community: Any) -> Register:
    return Register.begin(genesis(**community))


def with_one() -> Register:
    """A register in which one attestation is in force."""
    register = begun()
    assert register.append(entry(attest_decision(register, attest_item(ID)), "ada", "bob")) is None
    return register


def states(register: Register, day: date = TODAY) -> dict[str, State]:
    return {id_: attested.state(day) for id_, attested in register.attestations.items()}


def takes(register: Register, decision: Decision, *names: str) -> bool:
    return register.append(entry(decision, *names)) is None


# --- genesis ------------------------------------------------------------------------------------


def test_a_log_begins_with_a_genesis_statement_that_its_own_officers_approve() -> None:
    register = begun()
    assert register.size == 1
    assert register.community.threshold == 2
    assert Register.replay([genesis()]) == register


@pytest.mark.parametrize(
    "first",
    [
        genesis("ada"),
        genesis("ada", "eve"),
        entry(community_decision(begun()), "ada", "bob"),
        entry(attest_decision(begun(), attest_item(ID)), "ada", "bob"),
        b"",
        b"{}",
        b"\xff" * 40,
    ],
)
def test_what_is_no_genesis_statement_begins_no_log(first: bytes) -> None:
    with pytest.raises(Violation):
        Register.begin(first)


def test_no_entries_make_no_register() -> None:
    with pytest.raises(Violation):
        Register.replay([])


@pytest.mark.parametrize(
    "changes",
    [
        {"threshold": 4},
        {"threshold": 0},
        {"threshold": True},
        {"id": "Python.example"},
        {"id": "localhost"},
        {"id": "a..example"},
        {"name": "Python\u202e Foundation"},
        {"name": ""},
        {"url": "ftp://python.example"},
        {"url": "https://user@python.example"},
        {"contact": "call us"},
        {"oprf": [base64url(bytes(32))] * 2},
        {"oprf": [base64url(bytes([n]) * 32) for n in range(3)]},
        {"url": "https://[::1]"},
        {"url": "https://python.example:65536"},
        {"url": "https://python..example"},
        {"url": "https://python.example/a/../b"},
        {"name": "Python\U000e0041"},
        {"name": "\u2800"},
        {"officers": []},
        {"officers": officers("ada", "bob", "cyd")[::-1]},
        {"officers": officers("ada", "bob", "log")},
        {"officers": officers("ada") * 2},
        {"spaces": [{"slug": "B", "name": "b"}]},
        {"spaces": [{"slug": "b", "name": "b"}, {"slug": "a", "name": "a"}]},
        {"extra": 1},
        {"keys": {use: base64url(bytes(32)) for use in ("log", "cosign", "http", "issue")}},
    ],
    ids=",".join,
)
def test_a_community_statement_that_is_incoherent_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(Violation):
        Register.begin(genesis(**changes))


# --- quorum (row 12) ----------------------------------------------------------------------------


@given(st.sets(st.sampled_from(["ada", "bob", "cyd", "eve", "log", "issue"])))
def test_row_12_only_distinct_current_officers_are_counted(names: set[str]) -> None:
    """A decision takes effect exactly when the threshold of listed officers signed it."""
    register = begun()
    effective = takes(register, attest_decision(register, attest_item(ID)), *names)
    assert effective == (len(names & {"ada", "bob", "cyd"}) >= 2)
    assert (ID in register.attestations) == effective


def test_row_12_one_officer_twice_is_one() -> None:
    register = begun()
    data = canonical_json(attest_decision(register, attest_item(ID)))
    doubled = {
        "approvals": [approval.to_value() for approval in approvals(data, "ada", "ada")],
        "decision": attest_decision(register, attest_item(ID)),
    }
    assert register.append(canonical_json(doubled)) is not None
    assert not register.attestations


def test_row_12_an_officer_who_left_counts_no_more_and_a_new_one_counts_from_then_on() -> None:
    register = begun()
    leaving = community_decision(register, officers=officers("bob", "cyd", "dan"))
    assert not takes(copy.deepcopy(register), leaving, "bob", "dan")
    assert takes(register, leaving, "ada", "bob")
    decision = attest_decision(register, attest_item(ID))
    assert not takes(register, decision, "ada", "bob")
    assert takes(register, decision, "bob", "dan")


def test_row_12_an_approval_counts_under_no_other_decision() -> None:
    """Not for another log, type, day, place, item or version: the signature covers all of them."""
    register = with_one()
    base = attest_decision(register, attest_item(OTHER))
    signed = approvals(canonical_json(base), "ada", "bob")
    elsewhere = [
        base | {"log": base64url(bytes(32))},
        base | {"on": (TODAY + timedelta(days=1)).isoformat()},
        base | {"after": base64url(bytes(32))},
        base | {"items": [attest_item(str(uuid.uuid4()))]},
        base | {"v": 2},
        base | {"type": "reseal"},
        community_decision(register, name="Other"),
        withdraw_decision(register, ID),
    ]
    for decision in elsewhere:
        before = states(register)
        assert register.append(encode_entry(canonical_json(decision), signed)) is not None
        assert states(register) == before
    assert register.append(encode_entry(canonical_json(base), signed)) is None


def test_row_12_the_same_decision_has_no_effect_twice() -> None:
    register = begun()
    attest = entry(attest_decision(register, attest_item(ID)), "ada", "bob")
    assert register.append(attest) is None
    assert register.append(attest) is not None
    # With other approvals it is another entry of the same decision.
    again = entry(attest_decision(begun(), attest_item(ID)), "ada", "cyd")
    assert register.append(again) is not None


def test_row_12_an_approval_from_another_log_counts_nowhere() -> None:
    """Two communities with the same officers: what they decided in one is void in the other."""
    here, there = begun(), begun(id="other.example")
    foreign = entry(attest_decision(there, attest_item(ID)), "ada", "bob")
    assert there.append(foreign) is None
    assert here.append(foreign) is not None


def test_row_11_without_officers_the_nodes_keys_put_nothing_in_force() -> None:
    """Whoever has every key of the node, and one officer, is still one short of the threshold."""
    register = begun()
    decision = attest_decision(register, attest_item(ID))
    assert not takes(register, decision, "log", "cosign", "http", "issue")
    assert not takes(register, decision, "log", "cosign", "http", "issue", "ada")
    assert not register.attestations


def test_custody_is_the_weakest_of_those_who_approved() -> None:
    mixed = sorted(
        officers("ada", "cyd") + officers("bob", custody="node"),
        key=lambda officer: next(
            key(name).public_key
            for name in ("ada", "bob", "cyd")
            if base64url(key(name).public_key) == officer["key"]
        ),
    )
    for names, weakest in ((("ada", "cyd"), "own"), (("ada", "bob"), "node")):
        register = begun(officers=mixed)
        assert takes(register, attest_decision(register, attest_item(ID)), *names)
        quorum = register.attestations[ID].quorum
        assert (quorum.custody, len(quorum.approved), quorum.officers) == (weakest, 2, 3)


# --- community ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "needed"),
    [
        ({"name": "New name", "contact": "new@python.example"}, 1),
        ({"url": None}, 1),
        ({}, 2),
        ({"threshold": 1}, 2),
        ({"policy": None}, 2),
        ({"oprf": []}, 2),
        ({"name": "New name", "part_time": True}, 2),
        ({"officers": officers("ada", "bob")}, 2),
    ],
)
def test_small_changes_take_one_officer_and_all_others_the_threshold(
    changes: dict[str, Any], needed: int
) -> None:
    register = begun()
    decision = community_decision(register, **changes)
    assert register.needed(decision_from_bytes(canonical_json(decision))) == needed
    assert takes(register.copy(), decision, "ada") == (needed == 1)
    assert takes(register, decision, "ada", "bob")


def test_each_key_has_its_own_rule() -> None:
    """One officer may change `http` and `cosign`; `log` and `issue` take the threshold."""
    for use, alone in (("http", True), ("cosign", True), ("log", False), ("issue", False)):
        register = begun()
        keys = community_decision(register)["community"]["keys"]
        decision = community_decision(
            register, keys=keys | {use: base64url(key(f"new {use}").public_key)}
        )
        assert takes(register, decision, "ada") == alone


def test_a_change_by_one_officer_does_not_void_what_others_are_signing() -> None:
    """`after` of an attest names the last statement by the threshold, not the last of any kind."""
    register = begun()
    waiting = attest_decision(register, attest_item(ID))
    assert takes(register, community_decision(register, name="New name"), "cyd")
    assert takes(register, waiting, "ada", "bob")


def test_a_new_threshold_voids_what_was_signed_under_the_old_one() -> None:
    register = begun()
    waiting = attest_decision(register, attest_item(ID))
    assert takes(register, community_decision(register, threshold=3), "ada", "bob")
    assert not takes(register, waiting, "ada", "bob", "cyd")


def test_the_id_never_changes_and_after_must_name_the_last_statement() -> None:
    register = begun()
    assert not takes(register, community_decision(register, id="other.example"), "ada", "bob")
    stale = community_decision(register, name="One")
    assert takes(register, community_decision(register, name="Two"), "ada")
    assert not takes(register, stale, "ada", "bob")
    earlier = community_decision(register, TODAY - timedelta(days=1), name="Three")
    assert not takes(register, earlier, "ada", "bob")


def test_one_officer_cannot_date_a_small_change_so_late_that_nothing_can_follow() -> None:
    register = begun()
    late = community_decision(register, date(2999, 12, 31), name="New name")
    assert takes(register, late, "cyd")
    removal = community_decision(register, officers=officers("ada", "bob"))
    assert takes(register, removal, "ada", "bob")
    assert takes(register, attest_decision(register, attest_item(ID)), "ada", "bob")


def test_one_officer_cannot_void_what_others_are_signing_by_changing_nothing() -> None:
    register = begun()
    assert not takes(register, community_decision(register), "cyd")


def test_a_genesis_entry_has_no_approvals_that_do_not_count() -> None:
    """Otherwise one decision would have as many fingerprints as somebody likes."""
    with pytest.raises(Violation):
        begin_with("ada", "bob", "eve")
    assert begin_with("ada", "bob").fingerprint != begin_with("ada", "cyd").fingerprint


def begin_with(*names: str) -> Register:
    return Register.begin(genesis(*names))


def test_an_oprf_key_never_takes_the_id_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ids are 8 bytes, which an issuer can make collide; pseudonyms are kept under them.

    Finding two keys with one id takes 2^32 steps, so that ids are shortened here instead.
    """
    one, other = bytes([1]) * 32, bytes([2]) * 32
    for module in ("register", "statements"):
        monkeypatch.setattr(f"protocol.{module}.oprf_key_id", lambda key: key[1:2] * 0)
    register = Register.begin(genesis(oprf=[base64url(one)]))
    assert takes(register, community_decision(register, oprf=[], threshold=1), "ada", "bob")
    with pytest.raises(Violation):
        begun(oprf=[base64url(one), base64url(other)])
    replaced = community_decision(register, oprf=[base64url(other)])
    assert not takes(register, replaced, "ada", "bob")
    assert takes(register, community_decision(register, oprf=[base64url(one)]), "ada", "bob")


# --- attest and withdraw ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"ends": (TODAY - timedelta(days=1)).isoformat()},
        {"ends": (TODAY + timedelta(days=1827)).isoformat()},
        {"review_by": TODAY.isoformat()},
        {"review_by": (TODAY + timedelta(days=401)).isoformat()},
        {"notice": {"state": "delayed", "until": (TODAY + timedelta(days=31)).isoformat()}},
        {"notice": {"state": "delayed", "until": None}},
        {"notice": {"state": "given", "until": TODAY.isoformat()}},
        {"seal": {"key": base64url(bytes(8)), "record": base64url(bytes(32))}},
        {"measure": "warning"},
        {"id": ID.upper()},
        {"id": "6f9619ff-8b86-1d01-b42d-00cf4fc964ff"},
        {"text": "Initials A. B."},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_one_bad_item_voids_the_whole_statement(changes: dict[str, Any]) -> None:
    register = begun()
    bad = attest_item(OTHER) | changes
    assert not takes(register, attest_decision(register, attest_item(ID), bad), "ada", "bob")
    assert not register.attestations


def test_an_id_is_attested_once_ever() -> None:
    register = with_one()
    assert not takes(register, attest_decision(register, attest_item(ID)), "ada", "cyd")
    assert takes(register, withdraw_decision(register, ID), "ada", "bob")
    assert not takes(register, attest_decision(register, attest_item(ID)), "bob", "cyd")
    twice = attest_decision(register, attest_item(OTHER), attest_item(OTHER))
    assert not takes(register, twice, "ada", "bob")


def test_a_lift_ends_an_attestation_for_good() -> None:
    register = with_one()
    lift = withdraw_decision(register, ID)
    assert not takes(register.copy(), lift, "ada")
    assert takes(register, lift, "ada", "bob")
    assert states(register)[ID] == State("withdrawn")
    assert register.attestations[ID].ending == "lifted"
    again = withdraw_decision(register, ID, because="overturned")
    assert not takes(register, again, "ada", "bob")


def test_what_was_lifted_may_be_erased_once_and_was_lifted_still() -> None:
    register = with_one()
    assert takes(register, withdraw_decision(register, ID), "ada", "bob")
    erase = withdraw_decision(register, ID, because="erased")
    assert not takes(register.copy(), erase, "ada")
    assert takes(register, erase, "ada", "bob")
    attested = register.attestations[ID]
    assert (attested.ending, attested.erased) == ("lifted", True)
    again = withdraw_decision(register, ID, because="erased")
    assert not takes(register, again, "ada", "bob")


def test_a_withdrawal_names_what_it_follows() -> None:
    register = with_one()
    base = withdraw_decision(register, ID)
    item: Decision = base["items"][0]
    for change in (
        {"after": base64url(register.fingerprint)},
        {"id": OTHER},
        {"because": "superseded", "by": ID},
        {"because": "superseded", "by": OTHER},
        {"because": "lifted", "by": OTHER},
        {"because": "superseded", "by": None},
    ):
        assert not takes(register, base | {"items": [item | change]}, "ada", "bob")
    assert not takes(register, base | {"items": [item, item]}, "ada", "bob")
    before = (TODAY - timedelta(days=1)).isoformat()
    assert not takes(register, base | {"on": before}, "ada", "bob")
    assert states(register)[ID].name == "in_force"


def test_row_12_approvals_of_a_lift_that_was_declined_die_with_the_next_change_of_officers() -> (
    None
):
    """Two of three approved, and three were needed; later two are, and the old entry is brought."""
    names = ("ada", "bob", "cyd")
    register = Register.begin(genesis(*names, threshold=3))
    assert takes(register, attest_decision(register, attest_item(ID)), *names)
    old = withdraw_decision(register, ID)
    assert not takes(register, old, "ada", "bob")
    assert takes(register, community_decision(register, threshold=2), *names)
    assert not takes(register, old, "ada", "bob")
    assert takes(register, withdraw_decision(register, ID), "ada", "bob")


def test_amending_is_superseding() -> None:
    register = with_one()
    assert takes(register, attest_decision(register, attest_item(OTHER)), "ada", "bob")
    superseded = withdraw_decision(register, ID, because="superseded", by=OTHER)
    assert takes(register, superseded, "ada", "bob")
    assert [state.name for state in states(register).values()] == ["withdrawn", "in_force"]


# --- states -------------------------------------------------------------------------------------


def test_states_follow_the_days_alone() -> None:
    """In force from `on` to `ends`; due after `review_by`; lapsed 90 days later; inclusive."""
    register = begun()
    items = [
        attest_item(ID, ends="2029-03-01", review_by="2027-09-01"),
        attest_item(OTHER, ends="2027-09-30", review_by="2027-09-01"),
    ]
    assert takes(register, attest_decision(register, *items), "ada", "bob")
    due: frozenset[Flag] = frozenset({"review_due"})
    for day, long, short in [
        (date(2027, 2, 28), State("pending"), State("pending")),
        (TODAY, State("in_force"), State("in_force")),
        (date(2027, 9, 1), State("in_force"), State("in_force")),
        (date(2027, 9, 2), State("in_force", due), State("in_force", due)),
        (date(2027, 9, 30), State("in_force", due), State("in_force", due)),
        (date(2027, 10, 1), State("in_force", due), State("expired")),
        (date(2027, 11, 30), State("in_force", due), State("expired")),
        (date(2027, 12, 1), State("lapsed"), State("expired")),
        (date(2030, 1, 1), State("lapsed"), State("expired")),
    ]:
        assert states(register, day) == {ID: long, OTHER: short}, day


def test_who_was_not_told_in_time_is_stayed_by_the_rule() -> None:
    register = begun()
    until = TODAY + timedelta(days=30)
    item = attest_item(ID, notice={"state": "delayed", "until": until.isoformat()})
    assert takes(register, attest_decision(register, item), "ada", "bob")
    assert states(register, until)[ID].flags == frozenset()
    assert states(register, until + timedelta(days=1))[ID].flags == {"stayed"}


def test_an_ended_attestation_is_lifted_no_more() -> None:
    register = with_one()
    late = TODAY + timedelta(days=366)
    assert not takes(register, withdraw_decision(register, ID, on=late), "ada", "bob")
    assert states(register, late)[ID].is_final
    assert register.attestations[ID].ending is None


# --- rubbish and the future (row 36) ------------------------------------------------------------


def _nonsense(register: Register) -> list[bytes]:
    decision = attest_decision(register, attest_item(OTHER))
    good = entry(decision, "ada", "bob")
    future = {"v": 1, "type": "amnesty", "log": base64url(register.fingerprint), "on": "2027-03-01"}
    return [
        b"",
        b"\x00" * 100,
        b"{}",
        b"null",
        b"[" * 100_000,
        good + b" ",
        b" " + good,
        good[:-1],
        good.replace(b'"v":1', b'"v":true'),
        good.replace(b'"v":1', b'"v":1.0'),
        good.replace(b'"v":1', b'"v":1,"v":1'),
        entry(future, "ada", "bob", "cyd"),
        entry(future | {"critical": True}, "ada"),
        entry(future | {"critical": True, "log": base64url(bytes(32))}, "ada", "bob"),
        entry(future | {"critical": "true"}, "ada", "bob"),
        entry(decision | {"v": 2}, "ada", "bob"),
        entry(decision | {"v": 10**15}, "ada", "bob"),
        entry(decision | {"on": "2999-12-31", "critical": True}, "ada", "bob"),
        entry(decision | {"on": "9999-12-31"}, "ada", "bob"),
        entry(decision | {"type": 1}, "ada", "bob"),
        entry({"type": "attest"}, "ada", "bob"),
        entry({"critical": True, "log": base64url(register.fingerprint)}, "ada", "bob"),
        entry(future | {"critical": True, "type": ["attest"]}, "ada", "bob"),
        entry(future | {"critical": True, "type": None}, "ada", "bob"),
        entry(future | {"critical": True, "v": "1"}, "ada", "bob"),
        entry(future | {"critical": True, "v": True}, "ada", "bob"),
        b'{"approvals":[],"decision":{"v":1' + b"0" * 5000 + b"}}",
    ]


def test_row_36_nonsense_of_every_kind_changes_nothing_and_the_next_good_statement_works() -> None:
    register = with_one()
    before = register.copy()
    for nonsense in _nonsense(before):
        assert register.append(nonsense) is not None
    assert register.frozen_at is None
    assert states(register) == states(before)
    assert register.community == before.community
    assert len(register.voids) == register.size - before.size
    assert takes(register, withdraw_decision(register, ID), "ada", "bob")


def test_row_36_a_critical_statement_by_the_threshold_freezes_the_register() -> None:
    """Whoever does not know a rule that the officers call critical must not guess."""
    register = with_one()
    future: Decision = {
        "v": 2,
        "type": "amnesty",
        "log": base64url(register.fingerprint),
        "critical": True,
    }
    assert not takes(register, future, "ada", "bob")
    assert register.frozen_at == 2
    lift = entry(withdraw_decision(register, ID), "ada", "bob")
    void = register.append(lift)
    assert void is not None
    assert void.index == 3


# --- properties ---------------------------------------------------------------------------------

NAMES = ("ada", "bob", "cyd", "eve")


@st.composite
def histories(draw: st.DrawFn) -> list[bytes]:
    """A log in which good and bad statements follow each other."""
    entries = [genesis()]
    register = Register.begin(entries[0])
    for _ in range(draw(st.integers(0, 8))):
        data = draw(_next_entries(register))
        register.append(data)
        entries.append(data)
    return entries


def _next_entries(register: Register) -> st.SearchStrategy[bytes]:
    days = st.integers(-1, 400).map(lambda days: TODAY + timedelta(days=days))
    signers = st.sets(st.sampled_from(NAMES)).map(sorted)
    attest = days.map(lambda on: attest_decision(register, attest_item(on=on), on=on))
    community = st.builds(
        lambda threshold, name, on: community_decision(
            register, on, threshold=threshold, name=name
        ),
        st.integers(1, 3),
        st.sampled_from(["One", "Two"]),
        days,
    )
    kinds: list[st.SearchStrategy[Decision]] = [attest, community]
    if register.attestations:
        ids = st.sampled_from(sorted(register.attestations))
        kinds.append(st.builds(lambda id_, on: withdraw_decision(register, id_, on=on), ids, days))
    made = st.builds(lambda decision, names: entry(decision, *names), st.one_of(kinds), signers)
    return st.one_of(made, st.binary(max_size=60))


@given(histories(), st.data())
def test_a_register_replayed_in_pieces_equals_one_replayed_whole(
    entries: list[bytes], data: st.DataObject
) -> None:
    whole = Register.replay(entries)
    cut = data.draw(st.integers(1, len(entries)))
    pieces = Register.replay(entries[:cut]).copy()
    for each in entries[cut:]:
        pieces.append(each)
    assert pieces == whole
    assert whole.size == len(entries)


@given(histories())
def test_a_void_statement_changes_nothing(entries: list[bytes]) -> None:
    """Leaving out every void statement leaves the same community, attestations and states."""
    whole = Register.replay(entries)
    void = {each.index for each in whole.voids}
    kept = Register.replay(data for index, data in enumerate(entries) if index not in void)
    assert (kept.community, kept.effective, states(kept)) == (
        whole.community,
        whole.effective,
        states(whole),
    )
    assert not kept.voids


@given(histories())
def test_nothing_is_in_force_that_the_threshold_of_its_time_did_not_sign(
    entries: list[bytes],
) -> None:
    whole = Register.replay(entries)
    for attested in whole.attestations.values():
        at_the_time = Register.replay(entries[: attested.index]).community
        listed = {officer.key for officer in at_the_time.officers}
        assert len(set(attested.quorum.approved) & listed) >= at_the_time.threshold


@given(histories(), st.integers(-10, 3000))
def test_a_final_state_stays_final(entries: list[bytes], days: int) -> None:
    whole = Register.replay(entries)
    day = TODAY + timedelta(days=days)
    for id_, state in states(whole, day).items():
        if state.is_final:
            later = {states(whole, day + timedelta(days=n))[id_] for n in range(0, 500, 50)}
            assert later == {state}


@given(st.data())
def test_any_one_bit_flipped_in_an_entry_leaves_it_without_effect(data: st.DataObject) -> None:
    """Approvals that are not needed may be spoiled; here all are needed."""
    register = begun()
    good = entry(attest_decision(register, attest_item(ID)), "ada", "bob")
    bit = data.draw(st.integers(0, len(good) * 8 - 1))
    flipped = bytearray(good)
    flipped[bit // 8] ^= 1 << bit % 8
    assert register.append(bytes(flipped)) is not None
    assert not register.attestations


@given(histories())
def test_what_parses_re_encodes_identically(entries: list[bytes]) -> None:
    for data in entries:
        try:
            parsed = read_entry(data)
        except Violation:
            continue
        assert parsed.to_bytes() == data
        decision = decision_from_bytes(parsed.decision_bytes)
        assert decision.to_bytes() == parsed.decision_bytes


def test_approvals_are_sorted_whoever_brings_them() -> None:
    data = canonical_json(attest_decision(begun(), attest_item(ID)))
    made = {
        encode_entry(data, list(order))
        for order in itertools.permutations(approvals(data, "ada", "bob", "cyd"))
    }
    assert len(made) == 1


def test_an_approval_is_bound_to_its_prefix() -> None:
    """A signature over the bare decision, or over a recusal, is no approval."""
    register = begun()
    decision = canonical_json(attest_decision(register, attest_item(ID)))
    signs: list[Callable[[bytes], bytes]] = [
        lambda text: text,
        lambda text: b"comity:recuse:v1\n" + text,
        lambda text: b"comity:approve:v2\n" + text,
    ]
    for sign in signs:
        bare = [
            Approval(officer=key(name).public_key, sig=key(name).sign(sign(decision)))
            for name in ("ada", "bob")
        ]
        assert register.append(encode_entry(decision, bare)) is not None
    assert approve(decision, key("ada")) in approvals(decision, "ada")
