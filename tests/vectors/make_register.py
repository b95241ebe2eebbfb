"""`protocol/vectors/register.json`: logs as their entries, what each does, and states by day."""

from datetime import date, timedelta
from typing import Any

from protocol.encoding import base64url, canonical_json
from protocol.merkle import leaf_hash
from protocol.register import Register
from tests.vectors.sample import (
    ATTESTATION,
    GENESIS,
    JSON,
    LOG,
    TODAY,
    attest_decision,
    attest_item,
    code_of,
    community_decision,
    entry,
    officers,
    withdraw_decision,
)

SECOND = "7c4b8a52-90d1-4c37-8a10-5b1f2e6d9c03"
THIRD = "c1d9e6f0-2a7b-4b58-9e3c-64a0f7b21d58"
UNKNOWN = "0d8f63b4-1f8e-4d53-9a55-3f5d3a7f6c11"
ATTEST = entry(attest_decision(), "ada", "bob")

Case = tuple[str, bytes]


def _item(id_: str, **changes: Any) -> JSON:
    return attest_item(id=id_) | changes


def _on(days: int) -> str:
    return (TODAY + timedelta(days=days)).isoformat()


def _in_order() -> list[Case]:
    """A log in which everything has its effect."""
    minor = entry(
        community_decision(LOG, leaf_hash(GENESIS), contact="https://python.example/contact"),
        "cyd",
    )
    after_minor = entry(attest_decision(_item(SECOND), _item(THIRD)), "bob", "cyd")
    major = entry(
        community_decision(LOG, leaf_hash(minor), officers=officers("ada", "cyd", "dan")),
        "ada",
        "bob",
    )
    after = leaf_hash(major)
    by_the_new = entry(withdraw_decision(leaf_hash(ATTEST), after=after), "ada", "dan")
    superseding = withdraw_decision(
        leaf_hash(after_minor), after=after, id=SECOND, because="superseded", by=THIRD
    )
    return [
        ("genesis", GENESIS),
        ("attested by two of three", ATTEST),
        ("one officer changes the contact", minor),
        ("`after` of an attest is not moved by that", after_minor),
        ("the threshold changes the officers", major),
        ("the new officers lift", by_the_new),
        ("another is superseded", entry(superseding, "ada", "cyd")),
    ]


def _void() -> list[Case]:
    """A log whose every entry but the first two has no effect."""
    early = attest_decision(_item(SECOND), on=_on(-1))
    elsewhere = attest_decision(_item(SECOND), log=base64url(bytes(32)))
    future = {"v": 1, "type": "rumour", "log": base64url(LOG), "on": TODAY.isoformat()}
    newer = attest_decision(_item(SECOND), v=2)
    major = community_decision(LOG, leaf_hash(GENESIS), threshold=1)
    renamed = community_decision(LOG, leaf_hash(GENESIS), id="other.example")
    unlike = community_decision(LOG, leaf_hash(ATTEST), name="PSF")
    both = ("ada", "bob")
    return [
        ("genesis", GENESIS),
        ("attest", ATTEST),
        ("the same again", ATTEST),
        ("the same decision by others", entry(attest_decision(), "bob", "cyd")),
        ("no approvals", entry(attest_decision(_item(SECOND)))),
        ("one officer", entry(attest_decision(_item(SECOND)), "ada")),
        ("one officer and a stranger", entry(attest_decision(_item(SECOND)), "ada", "eve")),
        ("one officer changes the threshold", entry(major, "ada")),
        ("for another log", entry(elsewhere, *both)),
        ("genesis again", GENESIS),
        ("`on` before that of `after`", entry(early, *both)),
        ("`after` is another statement", entry(attest_decision(after=leaf_hash(ATTEST)), *both)),
        ("an id attested before", entry(attest_decision(_item(ATTESTATION, measure="ban")), *both)),
        (
            "one bad item voids the statement",
            entry(attest_decision(_item(SECOND), _item(SECOND)), *both),
        ),
        ("sealed under a key that is not live", entry(_sealed_elsewhere(), *both)),
        ("ends before it begins", entry(attest_decision(_item(SECOND, ends=_on(-1))), *both)),
        (
            "ends after 1,827 days",
            entry(attest_decision(_item(SECOND, ends=_on(1827))), *both),
        ),
        (
            "reviewed on the day itself",
            entry(attest_decision(_item(SECOND, review_by=_on(0))), *both),
        ),
        (
            "reviewed after 401 days",
            entry(attest_decision(_item(SECOND, review_by=_on(401))), *both),
        ),
        ("notice after 31 days", entry(attest_decision(_delayed(SECOND, 31)), *both)),
        (
            "a withdrawal of what is not there",
            entry(withdraw_decision(leaf_hash(ATTEST), id=UNKNOWN), *both),
        ),
        ("a withdrawal after another statement", entry(withdraw_decision(LOG), *both)),
        (
            "a withdrawal whose own `after` is another statement",
            entry(withdraw_decision(leaf_hash(ATTEST), after=leaf_hash(ATTEST)), *both),
        ),
        (
            "superseded by what is not there",
            entry(withdraw_decision(leaf_hash(ATTEST), because="superseded", by=UNKNOWN), *both),
        ),
        (
            "superseded by itself",
            entry(
                withdraw_decision(leaf_hash(ATTEST), because="superseded", by=ATTESTATION), *both
            ),
        ),
        ("another id", entry(renamed, *both)),
        ("a community statement after another than the last", entry(unlike, *both)),
        ("a type of the future", entry(future, *both)),
        ("a version of the future", entry(newer, *both)),
        ("critical, without the threshold", entry(future | {"critical": True}, "ada")),
        ("critical, of no type", entry({"v": 1, "critical": True} | _here(), *both)),
        ("critical, of no version", entry({"type": "x", "critical": True} | _here(), *both)),
        (
            "critical, with a type that is no string",
            entry(future | {"type": ["attest"], "critical": True}, *both),
        ),
        (
            "critical, with a version that is no integer",
            entry(future | {"v": "1", "critical": True}, *both),
        ),
        (
            "critical, with a version that is a boolean",
            entry(future | {"v": True, "critical": True}, *both),
        ),
        (
            "one officer, changing nothing",
            entry(community_decision(LOG, leaf_hash(GENESIS)), "ada"),
        ),
        ("not JSON", b"\xff"),
        ("nothing", b""),
    ]


def _here() -> JSON:
    return {"log": base64url(LOG), "on": TODAY.isoformat()}


def _sealed_elsewhere() -> JSON:
    seal = {"key": base64url(bytes(8)), "record": attest_item()["seal"]["record"]}
    return attest_decision(_item(SECOND, seal=seal))


def _delayed(id_: str, days: int) -> JSON:
    return _item(id_, notice={"state": "delayed", "until": _on(days)})


def _frozen() -> list[Case]:
    """A critical statement of a later version: from there on nobody may guess."""
    critical = {
        "v": 1,
        "type": "rumour",
        "log": base64url(LOG),
        "on": TODAY.isoformat(),
        "critical": True,
    }
    return [
        ("genesis", GENESIS),
        ("attest", ATTEST),
        ("critical, by the threshold", entry(critical, "ada", "bob")),
        (
            "nothing has an effect any more",
            entry(withdraw_decision(leaf_hash(ATTEST)), "ada", "bob"),
        ),
    ]


def _replayed(title: str, cases: list[Case]) -> JSON:
    register = Register.begin(cases[0][1])
    steps = [_step(*cases[0], None)]
    for what, data in cases[1:]:
        void = register.append(data)
        steps.append(_step(what, data, void.reason.partition(":")[0] if void else None))
    return {
        "log": title,
        "entries": steps,
        "size": register.size,
        "frozen_at": register.frozen_at,
        "community_leaf": register.community_leaf.hex(),
        "quorum_leaf": register.quorum_leaf.hex(),
        "attestations": {
            id_: {
                "entry": each.index,
                "leaf": each.leaf.hex(),
                "approved_by": len(each.quorum.approved),
                "ending": each.ending,
            }
            for id_, each in sorted(register.attestations.items())
        },
    }


def _step(what: str, data: bytes, void: str | None) -> JSON:
    # Bytes that are no text are in a log as well as any other.
    return {"what": what, "entry": data.decode("latin-1"), "void": void}


def _states() -> list[JSON]:
    """Attestations by their dates alone, and what they are on which day."""
    cases = [
        ("reviewed in time or not", _item(SECOND), (-1, 0, 184, 185, 274, 275, 365, 366)),
        (
            "expires before it lapses",
            _item(SECOND, ends=_on(100), review_by=_on(50)),
            (50, 51, 100, 101, 140, 141),
        ),
        (
            "lapses before it expires",
            _item(SECOND, ends=_on(365), review_by=_on(50)),
            (50, 51, 140, 141),
        ),
        (
            "both on one day",
            _item(SECOND, ends=_on(140), review_by=_on(50)),
            (140, 141),
        ),
        ("notice delayed", _delayed(SECOND, 14), (0, 14, 15)),
        (
            "the person could not be reached",
            _item(SECOND, notice={"state": "unreachable", "until": None}),
            (0, 31),
        ),
    ]
    return [
        {
            "what": what,
            "item": canonical_json(item).decode(),
            "on": TODAY.isoformat(),
            "states": [_state(item, TODAY + timedelta(days=day)) for day in days],
        }
        for what, item, days in cases
    ]


def _state(item: JSON, day: date) -> JSON:
    register = Register.replay([GENESIS, entry(attest_decision(item), "ada", "bob")])
    state = register.attestations[SECOND].state(day)
    return {"day": day.isoformat(), "state": state.name, "flags": sorted(state.flags)}


def _no_genesis() -> list[Case]:
    anonymous = community_decision(None, None)
    return [
        ("one of two approvals", entry(anonymous, "ada")),
        ("approved by nobody it lists", entry(anonymous, "dan", "eve")),
        ("names a log", entry(community_decision(LOG, None), "ada", "bob")),
        ("names a statement before it", entry(community_decision(None, LOG), "ada", "bob")),
        ("another type", ATTEST),
        ("not JSON", b"{"),
    ]


def content() -> dict[str, Any]:
    """The whole file."""
    return {
        "about": "SPEC.md, section 6. Entries are their bytes, read as ISO 8859-1 (a UTF-8"
        " character beyond ASCII shows as two or more); `void` is the code of the reason, null"
        " where the entry has its effect.",
        "fingerprint": LOG.hex(),
        "logs": [
            _replayed("in order", _in_order()),
            _replayed("nothing has an effect after the second", _void()),
            _replayed("frozen", _frozen()),
        ],
        "no_genesis": [
            {
                "reason": reason,
                "entry": data.decode("latin-1"),
                "code": code_of(Register.begin, data),
            }
            for reason, data in _no_genesis()
        ],
        "states": _states(),
    }
