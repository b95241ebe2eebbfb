"""`protocol/vectors/register.json`: logs as their entries, what each does, and states by day."""

from datetime import date, timedelta
from typing import Any

from protocol.attested import Attested
from protocol.encoding import base64url, canonical_json
from protocol.keys import oprf_key_id
from protocol.merkle import leaf_hash
from protocol.register import Register
from tests.vectors.sample import (
    ATTESTATION,
    GENESIS,
    JSON,
    LOG,
    OPRF,
    OTHER_OPRF,
    TODAY,
    attest_decision,
    attest_item,
    code_of,
    community_decision,
    entry,
    later_decision,
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


BOTH = ("ada", "bob")


class _Life:
    """A log that grows, case by case; `last` is the last effective statement about the sanction."""

    def __init__(self, attest: bytes = ATTEST) -> None:
        self.cases: list[Case] = [("genesis", GENESIS), ("attested", attest)]
        self.last = self.sealed = leaf_hash(attest)

    def say(self, what: str, kind: str, on: str, *names: str, **item: Any) -> None:
        """A statement that has its effect."""
        data = entry(later_decision(kind, self.last, on, **item), *names)
        self.cases.append((what, data))
        self.last = leaf_hash(data)

    def void(self, what: str, kind: str, on: str, *names: str, **item: Any) -> None:
        """A statement without effect."""
        self.cases.append((what, entry(later_decision(kind, self.last, on, **item), *names)))

    def grow(self, what: str, decision: JSON, *names: str) -> None:
        """Any other statement."""
        self.cases.append((what, entry(decision, *names)))


def _whole_life() -> list[Case]:
    """One sanction from its delayed notice to its end, with everything that may not be between."""
    delayed = attest_item(notice={"state": "delayed", "until": _on(14)})
    life = _Life(entry(attest_decision(delayed), *BOTH))
    life.void("told, dated before it was attested", "notice", _on(-1), "ada")
    life.void("told, by a stranger", "notice", _on(20), "eve")
    life.say("told, by one officer", "notice", _on(20), "ada")
    life.void("told again", "notice", _on(20), "bob")
    life.void("no stay to end", "resume", _on(21), *BOTH)
    life.void("stayed for 15 days by one", "stay", _on(21), "cyd", until=_on(36))
    life.void("stayed up to a day that is past", "stay", _on(21), *BOTH, until=_on(20))
    life.say("stayed for 14 days by one", "stay", _on(21), "cyd", until=_on(35))
    life.void("stayed no longer", "stay", _on(22), *BOTH, until=_on(35))
    life.void("stayed by one again", "stay", _on(22), "cyd", until=_on(36))
    life.say("stayed longer by two", "stay", _on(22), *BOTH, until=_on(60))
    life.void("resumed by one", "resume", _on(23), "ada")
    life.say("resumed by two", "resume", _on(23), *BOTH)
    life.void("stayed by one, after it was resumed", "stay", _on(23), "ada", until=_on(24))
    life.void("answered before it is open", "appeal", _on(24), *BOTH, state="rejected")
    life.say("an appeal is opened by one", "appeal", _on(24), "bob", state="opened")
    life.void("opened again", "appeal", _on(24), *BOTH, state="opened")
    life.void("rejected by one", "appeal", _on(25), "bob", state="rejected")
    life.say("withdrawn by two", "appeal", _on(25), *BOTH, state="withdrawn")
    life.void("reviewed by one", "reaffirm", _on(30), "ada", review_by=_on(300))
    life.void("next review on the day itself", "reaffirm", _on(30), *BOTH, review_by=_on(30))
    life.void("next review after 401 days", "reaffirm", _on(30), *BOTH, review_by=_on(431))
    life.say("reviewed by two", "reaffirm", _on(30), *BOTH, review_by=_on(430))
    life.say("appealed again", "appeal", _on(40), "cyd", state="opened")
    life.say("granted", "appeal", _on(41), *BOTH, state="granted")
    life.void("reviewed although it was granted", "reaffirm", _on(42), *BOTH, review_by=_on(99))
    life.void("stayed although it was granted", "stay", _on(42), *BOTH, until=_on(99))
    life.void("appealed although it was granted", "appeal", _on(42), *BOTH, state="opened")
    life.say("overturned", "withdraw", _on(43), *BOTH, because="overturned", by=None)
    life.void("told after the end", "notice", _on(44), "ada")
    life.void("appealed after the end", "appeal", _on(44), "ada", state="opened")
    return life.cases


def _resealed() -> list[Case]:
    """A second OPRF key, and what may be sealed under it."""
    life = _Life()
    new, old = (base64url(oprf_key_id(each.public)) for each in (OTHER_OPRF, OPRF))
    record = base64url(bytes(32))
    life.void("under a key that is not live", "reseal", _on(1), *BOTH, key=new, record=record)
    keys = [base64url(each.public) for each in (OTHER_OPRF, OPRF)]
    both = entry(community_decision(LOG, leaf_hash(GENESIS), oprf=keys), *BOTH)
    life.cases.append(("a second OPRF key", both))
    after = base64url(leaf_hash(both))

    def reseal(what: str, *names: str, **item: Any) -> bytes:
        decision = later_decision("reseal", life.sealed, _on(2), record=record, **item)
        data = entry(decision | {"after": after}, *names)
        life.cases.append((what, data))
        return data

    reseal("under the key that it has", *BOTH, key=old)
    reseal("by one officer", "ada", key=new)
    first = reseal("by two", *BOTH, key=new)
    reseal("after a statement that was followed", *BOTH, key=old)
    life.sealed = leaf_hash(first)
    reseal("and back, after the reseal", *BOTH, key=old)
    stay = later_decision("stay", life.last, _on(3), until=_on(5)) | {"after": after}
    life.grow("a reseal is not counted in the `after` of others", stay, "ada")
    return life.cases


def _dated_ahead() -> list[Case]:
    """What one officer dates ahead binds nobody, and stays for no longer."""
    delayed = attest_item(notice={"state": "delayed", "until": _on(14)}, review_by=_on(180))
    life = _Life(entry(attest_decision(delayed), *BOTH))
    life.say("told, by one, dated ahead", "notice", _on(200), "ada")
    life.say("appealed, by one, dated ahead", "appeal", _on(200), "bob", state="opened")
    life.say("stayed by one, dated ahead", "stay", _on(200), "cyd", until=_on(214))
    life.say("stayed by two, from now", "stay", _on(1), *BOTH, until=_on(30))
    life.void("no stay to end on that day", "resume", _on(31), *BOTH)
    life.void("stayed no longer than on that day", "stay", _on(214), *BOTH, until=_on(214))
    life.say("the appeal is rejected now", "appeal", _on(2), *BOTH, state="rejected")
    life.void("reviewed, dated before that", "reaffirm", _on(1), *BOTH, review_by=_on(300))
    life.say("reviewed now", "reaffirm", _on(2), *BOTH, review_by=_on(300))
    life.void("appealed, dated before that", "appeal", _on(1), "ada", state="opened")
    return life.cases


def _resumed() -> list[Case]:
    """All stays end at once, those too that have not begun."""
    life = _Life()
    life.say("stayed by one, dated ahead", "stay", _on(100), "cyd", until=_on(114))
    life.say("stayed by two, from now", "stay", _on(1), *BOTH, until=_on(30))
    life.say("the last day of a stay", "resume", _on(30), *BOTH)
    life.void("stayed by one again, after all", "stay", _on(30), "ada", until=_on(31))
    return life.cases


def _lapsed() -> list[Case]:
    """What lapsed, or expired, can be said nothing of any more."""
    life = _Life(entry(attest_decision(attest_item(review_by=_on(10), ends=_on(200))), *BOTH))
    life.void(
        "reviewed on the day after it lapsed", "reaffirm", _on(101), *BOTH, review_by=_on(150)
    )
    life.say("reviewed on the last day", "reaffirm", _on(100), *BOTH, review_by=_on(250))
    life.void("told after it expired", "stay", _on(201), "ada", until=_on(202))
    return life.cases


def _erased() -> list[Case]:
    """What has ended may be erased, once, and ended as it did; what has not, ends by it."""
    life = _Life(entry(attest_decision(attest_item(review_by=_on(10), ends=_on(200))), *BOTH))
    erased = {"because": "erased", "by": None}
    life.void("erased by one", "withdraw", _on(101), "ada", **erased)
    life.void("lifted after it lapsed", "withdraw", _on(101), *BOTH, because="lifted", by=None)
    life.say("erased after it lapsed", "withdraw", _on(101), *BOTH, **erased)
    life.void("erased again", "withdraw", _on(102), *BOTH, **erased)
    life.void("told after it was erased", "notice", _on(5), "ada")
    return life.cases


def _erased_in_force() -> list[Case]:
    life = _Life()
    erased = {"because": "erased", "by": None}
    life.say("erased", "withdraw", _on(1), *BOTH, **erased)
    life.void("erased again", "withdraw", _on(2), *BOTH, **erased)
    life.void("lifted after it was erased", "withdraw", _on(2), *BOTH, because="lifted", by=None)
    return life.cases


def _erased_after_a_lift() -> list[Case]:
    life = _Life()
    erased = {"because": "erased", "by": None}
    life.say("lifted", "withdraw", _on(5), *BOTH, because="lifted", by=None)
    life.void("erased, dated before it was lifted", "withdraw", _on(4), *BOTH, **erased)
    life.say("erased after it was lifted", "withdraw", _on(5), *BOTH, **erased)
    life.void("erased again", "withdraw", _on(6), *BOTH, **erased)
    return life.cases


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
                "erased": each.erased,
                "review_by": each.item.review_by.isoformat(),
                "told": each.told,
                "appeal": each.appeal,
                "stays": [[stay.on.isoformat(), stay.until.isoformat()] for stay in each.stays],
                "seal": each.item.seal.to_value(),
                "seal_leaf": each.seal_leaf.hex(),
                "states": _states_from(each),
            }
            for id_, each in sorted(register.attestations.items())
        },
    }


def _states_from(attested: Attested) -> list[JSON]:
    """Each day on which its state or flags become others, from the day before it begins."""
    found: list[JSON] = []
    for days in range(-1, 1828):
        day = TODAY + timedelta(days=days)
        state = attested.state(day)
        here = {"state": state.name, "flags": sorted(state.flags)}
        if not found or here != {name: found[-1][name] for name in here}:
            found.append({"from": day.isoformat()} | here)
    return found


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
            _replayed("a whole life", _whole_life()),
            _replayed("resealed", _resealed()),
            _replayed("reviewed in time", _lapsed()),
            _replayed("dated ahead by one", _dated_ahead()),
            _replayed("resumed", _resumed()),
            _replayed("erased after it lapsed", _erased()),
            _replayed("erased in force", _erased_in_force()),
            _replayed("erased after it was lifted", _erased_after_a_lift()),
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
