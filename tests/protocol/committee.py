"""A committee in memory: keys, statements and approvals, made as a node and its officers would."""

import hashlib
import uuid
from datetime import date, timedelta
from typing import Any

from protocol.encoding import base64url, canonical_json, from_base64url
from protocol.keys import SigningKey, oprf_key_id
from protocol.register import Register
from protocol.statements import Approval, approve, encode_entry

TODAY = date(2027, 3, 1)
OPRF_KEY = bytes(range(32))


def key(name: str) -> SigningKey:
    """The same key for the same name, so that failures can be read."""
    return SigningKey(hashlib.sha256(name.encode()).digest())


def officers(*names: str, custody: str = "own") -> list[dict[str, str]]:
    """A list of officers as a community statement holds it."""
    return sorted(
        ({"key": base64url(key(name).public_key), "custody": custody} for name in names),
        key=lambda officer: from_base64url(officer["key"], 32),
    )


def community_value(**changes: Any) -> dict[str, Any]:
    """The members of a community statement: three officers, of whom two decide."""
    value: dict[str, Any] = {
        "id": "python.example",
        "name": "Python Foundation",
        "url": "https://comity.python.example",
        "keys": {use: base64url(key(use).public_key) for use in ("log", "cosign", "http", "issue")},
        "oprf": [base64url(OPRF_KEY)],
        "officers": officers("ada", "bob", "cyd"),
        "threshold": 2,
        "spaces": [{"slug": "pycon", "name": "PyCon"}],
        "bodies": [{"slug": "cwg", "name": "Conduct Working Group"}],
        "contact": "coc@python.example",
        "policy": "https://python.example/coc",
        "part_time": False,
        "entries": "public",
    }
    return value | changes


def approvals(decision: bytes, *names: str) -> list[Approval]:
    """These officers' approvals."""
    return [approve(decision, key(name)) for name in names]


def entry(decision: dict[str, Any], *names: str) -> bytes:
    """The entry of a decision approved by these officers."""
    data = canonical_json(decision)
    return encode_entry(data, approvals(data, *names))


Decision = dict[str, Any]


def community_decision(after: Register | None, on: date = TODAY, **changes: Any) -> Decision:
    """A community statement that follows a register, or the genesis statement."""
    return {
        "v": 1,
        "type": "community",
        "log": None if after is None else base64url(after.fingerprint),
        "on": on.isoformat(),
        "after": None if after is None else base64url(after.community_leaf),
        "community": community_value(**changes),
    }


def genesis(*names: str, on: date = TODAY, **changes: Any) -> bytes:
    """Entry 0, approved by these officers (two of three where none are named)."""
    return entry(community_decision(None, on, **changes), *(names or ("ada", "bob")))


def attest_item(id_: str | None = None, on: date = TODAY, **changes: Any) -> Decision:
    """One item of an attest decision: a year, reviewed after half of it."""
    value: Decision = {
        "id": id_ or str(uuid.uuid4()),
        "jwt": base64url(hashlib.sha256(b"jwt").digest()),
        "seal": {
            "key": base64url(oprf_key_id(OPRF_KEY)),
            "record": base64url(hashlib.sha256(b"record").digest()),
        },
        "ends": (on + timedelta(days=365)).isoformat(),
        "review_by": (on + timedelta(days=180)).isoformat(),
        "notice": {"state": "given", "until": None},
        "measure": None,
    }
    return value | changes


def attest_decision(after: Register, *items: Decision, on: date = TODAY) -> Decision:
    """An attest decision that follows a register."""
    return {
        "v": 1,
        "type": "attest",
        "log": base64url(after.fingerprint),
        "on": on.isoformat(),
        "after": base64url(after.quorum_leaf),
        "items": list(items),
    }


def withdraw_decision(
    after: Register, *ids: str, on: date = TODAY, because: str = "lifted", by: str | None = None
) -> Decision:
    """A withdraw decision that follows a register."""
    return {
        "v": 1,
        "type": "withdraw",
        "log": base64url(after.fingerprint),
        "on": on.isoformat(),
        "after": base64url(after.quorum_leaf),
        "items": [
            {
                "id": id_,
                "after": base64url(after.attestations[id_].leaf),
                "because": because,
                "by": by,
            }
            for id_ in ids
        ],
    }
