"""Row 37 of the threats: a record is sealed anew to hide somebody, or to name somebody else.

What the log approves are hashes. So the register looks at who approved it and at the key, the
officers' devices at the record before they approve it, and a peer at what it opens.
"""

import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest

from protocol import identifiers
from protocol.encoding import base64url
from protocol.errors import BrokenSeal, WrongRecord
from protocol.keys import oprf_key_id
from protocol.merkle import leaf_hash
from protocol.register import Register
from protocol.sealing import (
    Approved,
    Asked,
    StrongHit,
    WeakHit,
    open_record,
    parse_record,
    record_hash,
)
from protocol.sheet_checks import RefusedSheet, verify_sheet
from tests.paths import ROOT
from tests.vectors import sample
from tests.vectors.sample import ATTESTATION, IDENTIFIERS, OPRF, OTHER_OPRF, OTHER_OPRF_KEY

JSON = dict[str, Any]
SHEETS: JSON = json.loads((ROOT / "protocol" / "vectors" / "sheet.json").read_text("ascii"))
BOTH = ("ada", "bob")
MAIL, _, NAME = IDENTIFIERS

ATTEST = sample.entry(sample.attest_decision(), *BOTH)
KEYS = [base64url(each.public) for each in (OTHER_OPRF, OPRF)]
TWO_KEYS = sample.entry(
    sample.community_decision(sample.LOG, leaf_hash(sample.GENESIS), oprf=KEYS), *BOTH
)


def _reseal(**changes: Any) -> JSON:
    """A sound decision; with `changes` in its item."""
    item = {
        "key": base64url(OTHER_OPRF_KEY),
        "record": base64url(record_hash(sample.resealed())),
    }
    decision = sample.later_decision("reseal", leaf_hash(ATTEST), "2025-06-01", **(item | changes))
    return decision | {"after": base64url(leaf_hash(TWO_KEYS))}


def _twice() -> JSON:
    decision = _reseal()
    return decision | {"items": decision["items"] * 2}


def _lifted() -> bytes:
    decision = sample.withdraw_decision(leaf_hash(ATTEST), after=leaf_hash(TWO_KEYS))
    return sample.entry(decision, *BOTH)


def _one_key() -> bytes:
    """The new key is given up before anything is sealed under it."""
    return sample.entry(sample.community_decision(sample.LOG, leaf_hash(TWO_KEYS)), *BOTH)


def _after_one_key() -> JSON:
    return _reseal() | {"after": base64url(leaf_hash(_one_key()))}


def test_row_37_a_reseal_by_the_quorum_moves_the_record_and_nothing_else() -> None:
    register = Register.replay([sample.GENESIS, ATTEST, TWO_KEYS])
    before = register.attestations[ATTESTATION]
    assert register.append(sample.entry(_reseal(), *BOTH)) is None
    after = register.attestations[ATTESTATION]
    assert after.item.seal.record == record_hash(sample.resealed())
    assert (after.oprf_key, after.item.seal.key) == (OTHER_OPRF.public, OTHER_OPRF_KEY)
    assert after.item == before.item.model_copy(update={"seal": after.item.seal})
    assert (after.leaf, after.issue_key, after.quorum) == (
        before.leaf,
        before.issue_key,
        before.quorum,
    )


@pytest.mark.parametrize(
    ("decision", "names", "before"),
    [
        (_reseal(), ("ada",), []),
        (_reseal(), ("ada", "eve"), []),
        (_reseal(), (), []),
        (_reseal(key=base64url(oprf_key_id(OPRF.public))), BOTH, []),
        (_reseal(key=base64url(bytes(8))), BOTH, []),
        (_after_one_key(), BOTH, [_one_key()]),
        (_reseal(id=sample.OTHER_ATTESTATION), BOTH, []),
        (_reseal(after=base64url(leaf_hash(TWO_KEYS))), BOTH, []),
        (_twice(), BOTH, []),
        (_reseal(), BOTH, [_lifted()]),
        (_reseal() | {"after": base64url(sample.LOG)}, BOTH, []),
    ],
    ids=[
        "by one officer",
        "by one officer and a stranger",
        "by nobody",
        "under the same key",
        "under a key that never was",
        "under a key that is dead",
        "of what is not attested",
        "after another statement",
        "twice in one statement",
        "of what has ended",
        "by the officers of before",
    ],
)
def test_row_37_any_other_reseal_has_no_effect(
    decision: JSON, names: tuple[str, ...], before: list[bytes]
) -> None:
    register = Register.replay([sample.GENESIS, ATTEST, TWO_KEYS, *before])
    attestations = dict(register.attestations)
    void = register.append(sample.entry(decision, *names))
    assert void is not None
    assert void.reason.startswith("out-of-order")
    assert register.attestations == attestations


CHECKS = {
    "resealed: rubbish": 8,
    "resealed: hides an identifier": 10,
    "resealed: leads somebody else to it": 11,
    "resealed: leads somebody else to it instead": 10,
    "resealed: of another attestation": 10,
    "resealed to another record than the one shown": 8,
    "resealed under a key that was not live yet": 8,
    "a reseal without its record": 1,
    "the record names another key than the item": 10,
    "resealed under the key that it has": 8,
    "resealed again under the key that it was resealed under": 8,
    "a reseal that follows a notice": 2,
    "a notice that follows a reseal": 2,
    "evaluations under the key before": 9,
}


@pytest.mark.parametrize("reason", CHECKS)
def test_row_37_an_officers_device_signs_no_other_record(reason: str) -> None:
    (case,) = [each for each in SHEETS["refused"] if each["reason"] == reason]
    officer = bytes.fromhex(case["officer"])
    with pytest.raises(RefusedSheet) as refused:
        verify_sheet(case["sheet"].encode(), officer, now=sample.NOW)
    assert refused.value.check == CHECKS[reason]


def _look(record: bytes, identifier: str, **changes: Any) -> StrongHit | WeakHit | None:
    """What a peer finds in a record that the log approves, asking about one identifier."""
    seen = sample.made().verified
    approved: JSON = {
        "community": sample.ID,
        "log": sample.LOG,
        "id": ATTESTATION,
        "jwt_hash": seen.jwt_hash,
        "record_hash": record_hash(record),
        "oprf_key": OTHER_OPRF_KEY,
        "ends": sample.ENDS,
        "issue_key": sample.key("issue").public_key,
    }
    strong = identifiers.parse_text(identifier).strong
    asked = Asked(identifier, strong, sample.pseudonym(identifier, OTHER_OPRF))
    return open_record(record, Approved(**(approved | changes)), asked, now=sample.NOW)


def test_a_resealed_record_shares_nothing_with_the_one_before() -> None:
    """Fillers that stayed the same would show how many identifiers there are."""
    before, after = (parse_record(each) for each in (sample.made().record, sample.resealed()))
    for one, other in itertools.product(before.index, after.index):
        assert one.locator != other.locator
        assert one.wrap != other.wrap


def test_row_37_what_was_resealed_well_is_found_as_before() -> None:
    for identifier in IDENTIFIERS:
        expected = WeakHit if identifier == NAME else StrongHit
        assert isinstance(_look(sample.resealed(), identifier), expected)
    assert _look(sample.resealed(), sample.CRITIC) is None


@pytest.mark.parametrize(
    ("look", "fault"),
    [
        (lambda: _look(_bad("rubbish"), MAIL), BrokenSeal),
        (lambda: _look(_bad("of another attestation"), MAIL), BrokenSeal),
        (lambda: _look(_bad("of another attestation"), NAME), BrokenSeal),
        (lambda: _look(_bad("leads somebody else to it"), sample.CRITIC), BrokenSeal),
        (lambda: _look(_bad("leads somebody else to it instead"), sample.CRITIC), BrokenSeal),
        (lambda: _look(sample.made().record, MAIL), BrokenSeal),
        (
            lambda: _look(sample.resealed(), MAIL, record_hash=bytes(32)),
            WrongRecord,
        ),
    ],
    ids=[
        "rubbish",
        "another attestation",
        "another attestation, by a weak name",
        "somebody else is led to it",
        "somebody else is led to it instead",
        "the record before, under another key",
        "another record than approved",
    ],
)
def test_row_37_a_peer_that_opens_it_finds_nobody_and_is_not_silent(
    look: Callable[[], object], fault: type[Exception]
) -> None:
    with pytest.raises(fault):
        look()


def test_row_37_only_the_officers_can_see_that_somebody_is_hidden() -> None:
    """To a peer an identifier that leads nowhere is nothing found: so devices look at each."""
    hiding = _bad("hides an identifier")
    assert _look(hiding, MAIL) is None
    assert isinstance(_look(hiding, NAME), WeakHit)


def _bad(what: str) -> bytes:
    return sample.resealed_badly()[what]
