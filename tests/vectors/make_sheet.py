"""`protocol/vectors/sheet.json`: what an officer's device accepts, shows and signs."""

import hashlib
from typing import Any

from protocol.claims import expiry
from protocol.encoding import base64url, canonical_json
from protocol.keys import oprf_key_id
from protocol.merkle import leaf_hash
from protocol.sealing import parse_record, record_hash
from protocol.sheet_checks import RefusedSheet, verify_sheet
from tests.vectors.make_statements import ATTEST
from tests.vectors.sample import (
    ENDS,
    GENESIS,
    IDENTIFIERS,
    JSON,
    LOG,
    NOW,
    OPRF,
    OTHER_ATTESTATION,
    OTHER_OPRF,
    attest_decision,
    attest_item,
    code_of,
    community_decision,
    entry,
    key,
    later_decision,
    made,
    officers,
    resealed,
    resealed_badly,
    sealed_part,
    share,
    withdraw_decision,
)

WITHOUT_CYD = entry(
    community_decision(LOG, leaf_hash(GENESIS), officers=officers("ada", "bob")), "ada", "bob"
)
"""A statement after the attestation: cyd, who was an officer then, is none any more."""

TWO_KEYS = entry(
    community_decision(
        LOG, leaf_hash(GENESIS), oprf=[base64url(each.public) for each in (OTHER_OPRF, OPRF)]
    ),
    "ada",
    "bob",
)
"""A statement after the attestation: there is another OPRF key, for new records."""

NEW_KEY, OLD_KEY = (base64url(oprf_key_id(each.public)) for each in (OTHER_OPRF, OPRF))
SHORT: JSON = {
    "notice": {},
    "reaffirm": {"review_by": "2026-01-01"},
    "appeal": {"state": "opened"},
    "stay": {"until": "2025-06-10"},
    "resume": {},
}
"""What an item of each type says that decides on no record."""

TOLD = entry(later_decision("notice", leaf_hash(ATTEST), "2025-05-01"), "ada")
APPEALED = entry(later_decision("appeal", leaf_hash(TOLD), "2025-05-02", state="opened"), "bob")

PLACE = share(IDENTIFIERS[0], "").locator
OFFICER = key("ada").public_key


def _sheet(decision: JSON, entries: list[bytes], attestations: list[JSON]) -> JSON:
    return {
        "v": 1,
        "decision": decision,
        "entries": [base64url(each) for each in entries],
        "attestations": attestations,
    }


def _evaluated() -> JSON:
    """The record, as the issuer's node shows it."""
    return sealed_part(made().record, OPRF, "sheet")


def _attestation(**changes: Any) -> JSON:
    issued = made().issued
    value = {
        "jwt": issued.jwt,
        "disclosures": list(issued.disclosures),
        "decoys": [base64url(each) for each in issued.decoy_seeds],
        "sealed": _evaluated(),
    }
    return value | changes


def _sound() -> dict[str, JSON]:
    return {
        "genesis": _sheet(community_decision(None, None), [], []),
        "community": _sheet(
            community_decision(LOG, leaf_hash(GENESIS), threshold=3), [GENESIS], []
        ),
        "attest": _sheet(attest_decision(), [GENESIS], [_attestation()]),
        "withdraw": _sheet(
            withdraw_decision(leaf_hash(ATTEST)), [ATTEST, GENESIS], [_attestation(sealed=None)]
        ),
        "withdraw by the officers of a later statement": _withdraw(ATTEST, GENESIS, WITHOUT_CYD),
        **{kind: _later(kind, ATTEST) for kind in SHORT},
        "rejected after it was told and appealed": _rejected(APPEALED, TOLD, ATTEST, GENESIS),
        "reseal": _reseal(resealed()),
        "reseal of what was resealed, back under the key before": _resealed_again(),
    }


def _later(kind: str, last: bytes, *between: bytes, sealed: JSON | None = None) -> JSON:
    """The sheet of an item that decides on no record."""
    decision = later_decision(kind, leaf_hash(last), "2025-06-01", **SHORT[kind])
    return _sheet(decision, [last, *between, GENESIS], [_attestation(sealed=sealed)])


def _rejected(*entries: bytes) -> JSON:
    """The sheet of a third statement about it, with the entries that lead to the first."""
    decision = later_decision("appeal", leaf_hash(APPEALED), "2025-06-01", state="rejected")
    return _sheet(decision, list(entries), [_attestation(sealed=None)])


def _reseal_decision(last: bytes, record: bytes, key_id: str) -> JSON:
    item = {"key": key_id, "record": base64url(record_hash(record))}
    decision = later_decision("reseal", leaf_hash(last), "2025-06-01", **item)
    return decision | {"after": base64url(leaf_hash(TWO_KEYS))}


def _reseal(record: bytes, key_id: str = NEW_KEY, /, **changes: Any) -> JSON:
    """The sheet of a record sealed anew; with `changes` in what is shown of it."""
    decision = _reseal_decision(ATTEST, record, key_id)
    shown = sealed_part(record, OTHER_OPRF, "resealed") | changes
    return _sheet(decision, [ATTEST, GENESIS, TWO_KEYS], [_attestation(sealed=shown)])


def _under_the_same_key() -> JSON:
    decision = _reseal_decision(ATTEST, made().record, OLD_KEY)
    return _sheet(decision, [ATTEST, GENESIS, TWO_KEYS], [_attestation()])


def _under_the_same_key_again() -> JSON:
    first = entry(_reseal_decision(ATTEST, made().record, NEW_KEY), "ada", "bob")
    decision = _reseal_decision(first, resealed(), NEW_KEY)
    shown = sealed_part(resealed(), OTHER_OPRF, "resealed")
    return _sheet(decision, [first, ATTEST, GENESIS, TWO_KEYS], [_attestation(sealed=shown)])


def _resealed_after(last: bytes) -> JSON:
    decision = _reseal_decision(last, resealed(), NEW_KEY)
    shown = sealed_part(resealed(), OTHER_OPRF, "resealed")
    return _sheet(decision, [last, ATTEST, GENESIS, TWO_KEYS], [_attestation(sealed=shown)])


def _told_after_reseal() -> JSON:
    resealed_before = entry(_reseal_decision(ATTEST, resealed(), NEW_KEY), "ada", "bob")
    return _later("notice", resealed_before, ATTEST)


def _resealed_again() -> JSON:
    first = entry(_reseal_decision(ATTEST, resealed(), NEW_KEY), "ada", "bob")
    decision = _reseal_decision(first, made().record, OLD_KEY)
    return _sheet(decision, [first, ATTEST, GENESIS, TWO_KEYS], [_attestation()])


def _refused_later() -> list[tuple[str, JSON]]:
    """Of the types that say something of what was attested before."""
    other_id = later_decision("notice", leaf_hash(ATTEST), "2025-06-01")
    other_id["items"][0]["id"] = OTHER_ATTESTATION
    before = later_decision("reseal", leaf_hash(ATTEST), "2025-06-01", key=NEW_KEY)
    before["items"][0]["record"] = base64url(record_hash(resealed()))
    shown = sealed_part(resealed(), OTHER_OPRF, "resealed")
    return [
        *(
            (f"a record where none is decided on: {kind}", _later(kind, ATTEST, sealed=shown))
            for kind in SHORT
        ),
        ("a reseal without its record", _without_record()),
        ("a statement between is missing", _rejected(APPEALED, ATTEST, GENESIS)),
        ("the last statement is missing", _rejected(TOLD, ATTEST, GENESIS)),
        (
            "a statement about it that the decision does not follow",
            _later("notice", ATTEST, TOLD),
        ),
        (
            "the statement that is followed is about another attestation",
            _sheet(other_id, [ATTEST, GENESIS], [_attestation(sealed=None)]),
        ),
        *((f"resealed: {what}", _reseal(record)) for what, record in resealed_badly().items()),
        (
            "resealed to another record than the one shown",
            _reseal(resealed(), record=base64url(made().record)),
        ),
        (
            "resealed under a key that was not live yet",
            _sheet(before, [ATTEST, GENESIS], [_attestation(sealed=shown)]),
        ),
        ("the record names another key than the item", _reseal(made().record)),
        ("resealed under the key that it has", _under_the_same_key()),
        ("resealed again under the key that it was resealed under", _under_the_same_key_again()),
        ("a reseal that follows a notice", _resealed_after(TOLD)),
        ("a notice that follows a reseal", _told_after_reseal()),
        (
            "evaluations under the key before",
            _reseal(resealed(), **_evaluations_of(_evaluated())),
        ),
    ]


def _evaluations_of(sealed: JSON) -> JSON:
    return {name: sealed[name] for name in ("evaluations", "proof")}


def _without_record() -> JSON:
    decision = _reseal_decision(ATTEST, resealed(), NEW_KEY)
    return _sheet(decision, [ATTEST, GENESIS, TWO_KEYS], [_attestation(sealed=None)])


def _withdraw(*entries: bytes) -> JSON:
    """The sheet of an end that officers without cyd decide on."""
    decision = withdraw_decision(leaf_hash(ATTEST), after=leaf_hash(WITHOUT_CYD))
    return _sheet(decision, list(entries), [_attestation(sealed=None)])


def _refused() -> list[tuple[str, JSON]]:
    issued, sealed = made().issued, _evaluated()
    one, *others = sealed["evaluations"]
    other_slot = [one | {"slot": 1}, *others]
    swapped = [others[0], one, *others[1:]]
    other_record = sealed | {"record": base64url(made().record + b" ")}
    elsewhere = attest_decision(log=base64url(bytes(32)))
    bare = _sheet(attest_decision(), [], [_attestation()])
    first = [*issued.disclosures[1:]]

    def attest(item: JSON | None = None, *entries: bytes, **changes: Any) -> JSON:
        decision = attest_decision(item or attest_item())
        return _sheet(decision, [GENESIS, *entries], [_attestation(**changes)])

    return [
        ("a further member", _sound()["attest"] | {"note": ""}),
        ("no attestation for the item", _sheet(attest_decision(), [GENESIS], [])),
        ("an attestation without its record", attest(sealed=None)),
        ("a record where none is decided on", _with_record()),
        (
            "the statement that `after` names is missing",
            bare,
        ),
        (
            "the statement that `after` of a withdrawal names is missing",
            _withdraw(ATTEST, GENESIS),
        ),
        ("the statement by which it was attested is missing", _withdraw(GENESIS, WITHOUT_CYD)),
        ("the community as it was attested is missing", _withdraw(ATTEST, WITHOUT_CYD)),
        ("`after` of a withdrawal names no community statement", _after_attest()),
        ("a statement that the decision does not name", attest(None, ATTEST)),
        ("another attestation", attest(jwt=issued.jwt[:-4] + "AAAA")),
        ("an identifier is not shown", attest(disclosures=first)),
        ("a decoy is not shown", attest(decoys=[])),
        ("another last day", attest(attest_item(ends="2026-02-27"))),
        ("another measure in public", attest(attest_item(measure="suspension"))),
        ("another record", attest(sealed=other_record)),
        ("evaluations exchanged", attest(sealed=sealed | {"evaluations": swapped})),
        ("an evaluation missing", attest(sealed=sealed | {"evaluations": others})),
        ("an entry that does not open", _with_spoiled_record()),
        ("a statement of another log", _sheet(elsewhere, [GENESIS], [_attestation()])),
        ("another slot", attest(sealed=sealed | {"evaluations": other_slot})),
    ]


def _with_spoiled_record() -> JSON:
    """One bit of one entry differs, and the decision names the hash of that."""
    record = parse_record(made().record)
    at = next(i for i, each in enumerate(record.index) if each.locator == PLACE)
    wrap = record.index[at].wrap[:-1] + bytes([record.index[at].wrap[-1] ^ 1])
    value = record.to_value()
    value["index"] = [
        each | ({"wrap": base64url(wrap)} if number == at else {})
        for number, each in enumerate(value["index"])
    ]
    spoiled = canonical_json(value)
    seal = attest_item()["seal"] | {"record": base64url(hashlib.sha256(spoiled).digest())}
    sealed = _evaluated() | {"record": base64url(spoiled)}
    decision = attest_decision(attest_item(seal=seal))
    return _sheet(decision, [GENESIS], [_attestation(sealed=sealed)])


def _after_attest() -> JSON:
    decision = withdraw_decision(leaf_hash(ATTEST), after=leaf_hash(ATTEST))
    return _sheet(decision, [ATTEST, GENESIS], [_attestation(sealed=None)])


def _with_record() -> JSON:
    return _sheet(withdraw_decision(leaf_hash(ATTEST)), [ATTEST, GENESIS], [_attestation()])


def _refusal(reason: str, value: JSON, officer: bytes = OFFICER, now: int = NOW) -> JSON:
    data = canonical_json(value)
    return {
        "reason": reason,
        "check": _check(data, officer, now),
        "officer": officer.hex(),
        "sheet": data.decode(),
        "code": code_of(lambda: verify_sheet(data, officer, now=now)),
    }


def _accepted(title: str, value: JSON, now: int = NOW) -> JSON:
    data = canonical_json(value)
    found = verify_sheet(data, OFFICER, now=now)
    return {
        "sheet_of": title,
        "sheet": data.decode(),
        "decision_hash": found.hash.hex(),
        "identifiers": [[each.text for each in item.identifiers] for item in found.items],
        "approval": found.approve(key("ada")).to_value(),
        "recusal": found.recuse(key("ada")).to_value(),
    }


def _check(data: bytes, officer: bytes, now: int) -> int:
    """The number of the check that fails."""
    try:
        verify_sheet(data, officer, now=now)
    except RefusedSheet as refusal:
        return refusal.check
    raise AssertionError("this was to be refused")


def _ended() -> JSON:
    """After the last day: what is to be forgotten is shown, and nothing else is decided on."""
    now = expiry(ENDS)
    lifted = entry(withdraw_decision(leaf_hash(ATTEST)), "ada", "bob")

    def withdraw(because: str, *entries: bytes) -> JSON:
        decision = withdraw_decision(
            leaf_hash(entries[0]), on="2026-03-02", because=because, by=None
        )
        return _sheet(decision, [*entries, GENESIS], [_attestation(sealed=None)])

    return {
        "now": now,
        "accepted": [
            _accepted("erasure of what has expired", withdraw("erased", ATTEST), now),
            _accepted("erasure of what was lifted", withdraw("erased", lifted, ATTEST), now),
        ],
        "refused": [
            _refusal("a lift of what has expired", withdraw("lifted", ATTEST), OFFICER, now)
        ],
    }


def content() -> dict[str, Any]:
    """The whole file."""
    stranger = key("eve").public_key
    sound = _sound()
    return {
        "about": "SPEC.md, section 6, Sheets. Sheets are their exact text, keys and hashes hex;"
        " `now` is in seconds; `check` is the number of the check that fails. `ended` is read after"
        " the sanction's last day.",
        "now": NOW,
        "officer": {"seed": key("ada").seed.hex(), "public_key": OFFICER.hex()},
        "accepted": [_accepted(title, value) for title, value in sound.items()],
        "ended": _ended(),
        "refused": [
            *(_refusal(*case) for case in _refused()),
            *(_refusal(*case) for case in _refused_later()),
            _refusal("who is asked is no officer", sound["attest"], stranger),
            _refusal(
                "who is asked was an officer when it was attested and is none now",
                _withdraw(ATTEST, GENESIS, WITHOUT_CYD),
                key("cyd").public_key,
            ),
        ],
    }
