"""One attestation as a community would issue it, and ways to sign what nobody should sign."""

from datetime import date
from typing import Any

from protocol import attestation, sdjwt
from protocol.attestation import Disclosable, IssuedAttestation, VerifiedAttestation
from protocol.claims import DAY, VCT, Claims, DecidedBy, expiry
from protocol.encoding import base64url
from protocol.keys import SigningKey

KEY = SigningKey(bytes(range(32)))
LOG = bytes(range(100, 132))
ID = "2f1a9c1e-6f3b-4f0e-8a3d-0d7c5b1e9a42"
TODAY = date(2025, 3, 1)
ENDS = date(2026, 2, 28)
NOW = expiry(TODAY) - DAY // 2
"""Noon of `TODAY`."""

MAIL = "email:mallory.quill@example.org"
HANDLE = "github:malloryq-fake"
NAME = "name:mallory quill"
IDENTIFIERS = (MAIL, HANDLE, NAME)
DECIDED_BY = DecidedBy(body="committee", present=5, in_favour=4)


def plain(**changes: Any) -> dict[str, Any]:
    """The plain members of the sample, with `changes`."""
    members = {
        "iss": "python.example",
        "log": base64url(LOG),
        "jti": ID,
        "iat": expiry(TODAY) - DAY,
        "exp": expiry(ENDS),
        "vct": VCT,
        "measure": "ban",
        "scope": [{"kind": "event_series", "space": "pyregion"}],
        "origin": {"kind": "own_decision"},
        "decided_on": "2025-02-27",
        "in_force_from": "2025-03-01",
        "ends_on": "2026-02-28",
        "contact": "conduct@python.example",
        "public_reference": None,
    }
    return {**members, **changes}


def claims(**changes: Any) -> Claims:
    """The sample's claims, with `changes`."""
    return Claims.from_value(plain(**changes))


def issued(*identifiers: str, **changes: Any) -> IssuedAttestation:
    """The sample about `identifiers` (its own three where none is given), with `changes`."""
    disclosable = Disclosable(identifiers or IDENTIFIERS, "harassment", DECIDED_BY)
    return attestation.issue(claims(**changes), disclosable, KEY)


def verified(made: IssuedAttestation) -> VerifiedAttestation:
    """What was issued, verified with everything disclosed."""
    return attestation.verify(made.jwt, KEY.public_key, made.disclosures, now=NOW)


def payload(**changes: Any) -> dict[str, Any]:
    """The payload of an attestation whose digests are all decoys, with `changes`."""
    digests = [sdjwt.digest(f"{number}") for number in range(6)]
    hidden = {
        "subject": [{"...": digest} for digest in digests[:4]],
        "_sd": digests[4:],
        "_sd_alg": "sha-256",
    }
    return {**plain(), **hidden, **changes}
