"""`protocol/vectors/statements.json`: what officers sign, and the entries it becomes."""

from typing import Any

from protocol.encoding import base64url, canonical_json, from_canonical_json
from protocol.merkle import leaf_hash
from protocol.statements import (
    approve,
    decision_hash,
    encode_entry,
    read_decision,
    read_entry,
    recuse,
)
from tests.vectors.sample import (
    GENESIS,
    JSON,
    attest_decision,
    attest_item,
    code_of,
    community,
    community_decision,
    entry,
    key,
    later_decision,
    officers,
    withdraw_decision,
)

ATTEST = entry(attest_decision(), "ada", "cyd")
LATER = {
    "reseal": {"key": base64url(bytes(8)), "record": base64url(bytes(32))},
    "notice": {},
    "reaffirm": {"review_by": "2026-01-01"},
    "appeal": {"state": "opened"},
    "stay": {"until": "2025-06-10"},
    "resume": {},
}
"""A sound item of each type."""

WITHDRAW = entry(withdraw_decision(leaf_hash(ATTEST)), "ada", "bob")


def _statement(title: str, data: bytes) -> JSON:
    value = from_canonical_json(data, len(data))
    decision = canonical_json(value["decision"])
    return {
        "statement": title,
        "decision": decision.decode(),
        "decision_hash": decision_hash(decision).hex(),
        "approvals": value["approvals"],
        "entry": data.decode(),
        "leaf_hash": leaf_hash(data).hex(),
    }


def _refused_entries() -> list[tuple[str, bytes]]:
    sound = from_canonical_json(ATTEST, len(ATTEST))
    first, second = sound["approvals"]
    return [
        ("a further member", canonical_json(sound | {"note": ""})),
        ("no approvals member", canonical_json({"decision": sound["decision"]})),
        ("approvals out of order", canonical_json(sound | {"approvals": [second, first]})),
        ("an officer twice", canonical_json(sound | {"approvals": [first, first]})),
        ("not canonical", ATTEST + b"\n"),
        ("a decision that is no object", canonical_json(sound | {"decision": 1})),
    ]


def _later(kind: str, **changes: Any) -> bytes:
    decision = later_decision(kind, leaf_hash(ATTEST), "2025-06-01", **LATER[kind], **changes)
    return entry(decision, "ada", "bob")


def _ill_formed_later() -> list[tuple[str, JSON]]:
    last = leaf_hash(ATTEST)
    of = {kind: later_decision(kind, last, "2025-06-01", **item) for kind, item in LATER.items()}
    missing = [
        (f"`{kind}` without `{name}`", of[kind] | {"items": [_without(of[kind]["items"][0], name)]})
        for kind, item in LATER.items()
        for name in ("after", *item)
    ]
    more = [
        (f"`{kind}` with a further member", later_decision(kind, last, "2025-06-01", **item, x=1))
        for kind, item in LATER.items()
    ]
    return [
        *missing,
        *more,
        ("an appeal in an unknown state", _with_item(of["appeal"], state="lost")),
        ("a stay up to no day", _with_item(of["stay"], until=None)),
        ("`notice` of no id", _with_item(of["notice"], id="1")),
        ("a record of another size", _with_item(of["reseal"], record=base64url(bytes(31)))),
        ("the id of an OPRF key of another size", _with_item(of["reseal"], key="")),
    ]


def _with_item(decision: JSON, **changes: Any) -> JSON:
    return decision | {"items": [decision["items"][0] | changes]}


def _community_with(**changes: Any) -> JSON:
    return community_decision(None, None, **changes)


def _refused_decisions() -> list[tuple[str, JSON]]:
    keys = community()["keys"]
    ada, bob = officers("ada", "bob")
    pycon, other = {"slug": "b", "name": "B"}, {"slug": "a", "name": "A"}
    item = attest_item()
    small = base64url((1).to_bytes(32, "little"))
    withdraw = withdraw_decision(leaf_hash(ATTEST))
    return [
        ("an unknown type", attest_decision(type="rumour")),
        ("version 2", attest_decision(v=2)),
        ("a version that is a boolean", attest_decision(v=True)),
        ("a further member", attest_decision(note="x")),
        ("a further member of an item", attest_decision(item | {"note": "x"})),
        ("`measure` is missing", attest_decision(_without(item, "measure"))),
        ("no items", attest_decision() | {"items": []}),
        ("a day of another form", attest_decision(on="2025-3-1")),
        ("a delay without its end", attest_decision(_notice(item, "delayed", None))),
        ("an end without a delay", attest_decision(_notice(item, "given", "2025-03-08"))),
        ("superseded by nothing", withdraw_decision(leaf_hash(ATTEST), because="superseded")),
        ("lifted, and superseded", withdraw_decision(leaf_hash(ATTEST), by=item["id"])),
        ("a withdrawal after nothing", withdraw | {"after": None}),
        *_ill_formed_later(),
        ("one key for two uses", _community_with(keys=keys | {"issue": keys["http"]})),
        ("an officer's key that the node uses", _community_with(keys=keys | {"log": ada["key"]})),
        ("a key of small order", _community_with(keys=keys | {"issue": small})),
        ("officers out of order", _community_with(officers=[bob, ada])),
        ("a threshold of 0", _community_with(threshold=0)),
        ("a threshold beyond the officers", _community_with(threshold=4)),
        ("three OPRF keys", _community_with(oprf=[small, keys["log"], keys["http"]])),
        ("an OPRF key twice", _community_with(oprf=community()["oprf"] * 2)),
        ("slugs out of order", _community_with(spaces=[pycon, other])),
        ("an id in upper case", _community_with(id="Python.example")),
        ("an id of one label", _community_with(id="python")),
        ("a URL with a final slash", _community_with(url="https://python.example/")),
        ("a name with a direction mark", _community_with(name="PSF\u202e")),
        ("a name with space around", _community_with(name=" PSF")),
        ("a policy that is no https URL", _community_with(policy="http://python.example/")),
    ]


def _without(value: JSON, name: str) -> JSON:
    return {member: each for member, each in value.items() if member != name}


def _notice(item: JSON, state: str, until: str | None) -> JSON:
    return item | {"notice": {"state": state, "until": until}}


def _refusal(reason: str, decision: JSON) -> JSON:
    """A boolean of JSON is no integer, whatever a language says: this is by the text."""
    data = canonical_json(decision)
    return {
        "reason": reason,
        "decision": data.decode(),
        "code": code_of(lambda: read_decision(from_canonical_json(data, len(data)))),
    }


def content() -> dict[str, Any]:
    """The whole file."""
    decision = canonical_json(attest_decision())
    unapproved = encode_entry(decision, [])
    return {
        "about": "SPEC.md, section 6. Decisions and entries are their exact text; hashes, keys"
        " and signatures outside of them are hex. An entry that is well formed may still be"
        " void: register.json.",
        "officers": {
            name: {"seed": key(name).seed.hex(), "public_key": key(name).public_key.hex()}
            for name in ("ada", "bob", "cyd")
        },
        "statements": [
            _statement("genesis", GENESIS),
            _statement("attest", ATTEST),
            _statement("withdraw", WITHDRAW),
            *(_statement(kind, _later(kind)) for kind in LATER),
            _statement("an entry without approvals is well formed", unapproved),
        ],
        "signed": {
            "approval": (b"comity:approve:v1\n" + decision).decode(),
            "signature": approve(decision, key("ada")).sig.hex(),
        },
        "recusal": {
            "decision_hash": decision_hash(decision).hex(),
            "officer": key("bob").public_key.hex(),
            "signature": recuse(decision, key("bob")).hex(),
        },
        "entries_refused": [
            {"reason": reason, "entry": data.decode(), "code": code_of(read_entry, data)}
            for reason, data in _refused_entries()
        ],
        "decisions_refused": [_refusal(*case) for case in _refused_decisions()],
    }
