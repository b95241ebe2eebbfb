"""The one community, person and log that all vectors are about, made from fixed bytes.

Nothing here is secret or real: every key is SHA-256 of its name, every random value is drawn from
SHAKE-256, so that the same files come out each time.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

from protocol import attestation, identifiers, ristretto, sealing, sheet, voprf
from protocol.attestation import Disclosable, IssuedAttestation, VerifiedAttestation
from protocol.claims import DAY, VCT, Claims, DecidedBy, expiry
from protocol.encoding import base64url, canonical_json
from protocol.errors import ComityError
from protocol.keys import SigningKey, oprf_key_id
from protocol.pseudonyms import Pseudonym, locator, record_key
from protocol.sealing import Sealed
from protocol.statements import approve, encode_entry

ID = "python.example"
PEER = "django.example"
TODAY = date(2025, 3, 1)
ENDS = date(2026, 2, 28)
NOW = expiry(TODAY) - DAY // 2
"""Noon of `TODAY`, in seconds."""

ATTESTATION = "2f1a9c1e-6f3b-4f0e-8a3d-0d7c5b1e9a42"
OTHER_ATTESTATION = "7c4b8a52-90d1-4c37-8a10-5b1f2e6d9c03"
CRITIC = "github:critic"
"""Somebody else."""

IDENTIFIERS = ("email:mallory.quill@example.org", "github:malloryq-fake", "name:mallory quill")
SLOTS = {IDENTIFIERS[0]: 0, IDENTIFIERS[1]: 3, IDENTIFIERS[2]: 1}
DECIDED_BY = DecidedBy(body="cwg", present=5, in_favour=4)

JSON = dict[str, Any]


class Draw:
    """Fixed bytes in place of random ones, remembered in the order in which they were drawn."""

    def __init__(self, label: str) -> None:
        self._label = label
        self.drawn: list[bytes] = []

    def __call__(self, size: int) -> bytes:
        """The next `size` bytes."""
        seed = f"comity vectors: {self._label} {len(self.drawn)}"
        self.drawn.append(hashlib.shake_256(seed.encode()).digest(size))
        return self.drawn[-1]

    def many(self, count: int, size: int) -> list[bytes]:
        """As many times `size` bytes."""
        return [self(size) for _ in range(count)]


def key(name: str) -> SigningKey:
    """The signing key of that name."""
    return SigningKey(hashlib.sha256(f"comity vectors: {name}".encode()).digest())


OPRF_SEED = hashlib.sha256(b"comity vectors: oprf").digest()
OPRF = voprf.derive_key_pair(OPRF_SEED, b"")
OTHER_OPRF = voprf.derive_key_pair(hashlib.sha256(b"comity vectors: other oprf").digest(), b"")
OTHER_OPRF_KEY = oprf_key_id(OTHER_OPRF.public)


def code_of(work: Callable[..., object], *arguments: object) -> str:
    """The code with which `work` is refused; it is a mistake in the vectors if it is not."""
    try:
        work(*arguments)
    except ComityError as error:
        return error.code
    raise AssertionError("this was to be refused")


def officers(*names: str) -> list[JSON]:
    """Officers with keys of their own, in the order that a statement wants."""
    keys = sorted(key(name).public_key for name in names)
    return [{"key": base64url(public), "custody": "own"} for public in keys]


def community(**changes: Any) -> JSON:
    """What the community says of itself: three officers, of whom two decide."""
    value: JSON = {
        "id": ID,
        "name": "Python Foundation",
        "url": "https://comity.python.example",
        "keys": {use: base64url(key(use).public_key) for use in ("log", "cosign", "http", "issue")},
        "oprf": [base64url(OPRF.public)],
        "officers": officers("ada", "bob", "cyd"),
        "threshold": 2,
        "spaces": [{"slug": "pyregion", "name": "PyRegion"}],
        "bodies": [{"slug": "cwg", "name": "Conduct Working Group"}],
        "contact": "conduct@python.example",
        "policy": "https://python.example/conduct",
        "part_time": False,
        "entries": "public",
    }
    return value | changes


def community_decision(log: bytes | None, after: bytes | None, **changes: Any) -> JSON:
    """A community statement; genesis where it names no log."""
    return {
        "v": 1,
        "type": "community",
        "log": None if log is None else base64url(log),
        "on": TODAY.isoformat(),
        "after": None if after is None else base64url(after),
        "community": community(**changes),
    }


def entry(decision: JSON, *names: str) -> bytes:
    """The entry of a decision that these officers approve."""
    data = canonical_json(decision)
    return encode_entry(data, [approve(data, key(name)) for name in names])


GENESIS = entry(community_decision(None, None), "ada", "bob")
LOG = hashlib.sha256(b"\0" + GENESIS).digest()
"""The fingerprint."""


def plain(**changes: Any) -> JSON:
    """The plain members of the attestation."""
    members: JSON = {
        "iss": ID,
        "log": base64url(LOG),
        "jti": ATTESTATION,
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
    return members | changes


@dataclass(frozen=True)
class Made:
    """The attestation and its sealed record, with all that was drawn for them."""

    issued: IssuedAttestation
    verified: VerifiedAttestation
    record: bytes
    attestation_draws: Sequence[bytes]
    record_draws: Sequence[bytes]


def pseudonym(identifier: str, oprf: voprf.OprfKey = OPRF) -> Pseudonym:
    """F of `kind:value`, as the issuer computes it."""
    return Pseudonym(voprf.evaluate(oprf.secret, f"comity:identifier:v1:{identifier}".encode()))


def share(identifier: str, disclosure: str, oprf: voprf.OprfKey = OPRF) -> Sealed:
    """The share of one identifier in the record."""
    f = pseudonym(identifier, oprf)
    return Sealed(
        locator=locator(f, SLOTS[identifier]),
        record_key=record_key(f, UUID(ATTESTATION)),
        disclosure=disclosure,
        strong=identifiers.parse_text(identifier).strong,
    )


@cache
def made() -> Made:
    """The attestation, sealed."""
    draw, seal_draw = Draw("attestation"), Draw("record")
    disclosable = Disclosable(IDENTIFIERS, "harassment", DECIDED_BY)
    issued = attestation.issue(Claims.from_value(plain()), disclosable, key("issue"), draw)
    verified = attestation.verify(issued.jwt, key("issue").public_key, issued.disclosures, now=NOW)
    shares = [share(identifier, text) for identifier, text in issued.subject.items()]
    record = sealing.seal_record(
        verified,
        shares,
        oprf_key_id(OPRF.public),
        sheet.drawing_fillers(issued.decoy_seeds, seal_draw),
    )
    return Made(issued, verified, record, draw.drawn, seal_draw.drawn)


@cache
def resealed() -> bytes:
    """The same attestation in another record, under the other OPRF key."""
    issued, draw = made().issued, Draw("another record")
    shares = [share(each, text, OTHER_OPRF) for each, text in issued.subject.items()]
    fillers = sheet.drawing_fillers(issued.decoy_seeds, draw)
    return sealing.seal_record(made().verified, shares, OTHER_OPRF_KEY, fillers)


@cache
def resealed_badly() -> dict[str, bytes]:
    """Records under the other OPRF key that are not what was attested, by what they are."""
    shares = [share(each, text, OTHER_OPRF) for each, text in made().issued.subject.items()]
    instead = _sealed_badly(made().verified, [_led_by_critic(shares[0]), *shares[1:]])
    return {
        "rubbish": bytes(2000),
        "hides an identifier": _sealed_badly(made().verified, shares[1:]),
        "leads somebody else to it": _in_place_of_a_filler(instead),
        "leads somebody else to it instead": instead,
        "of another attestation": _of_another_attestation(),
    }


def _sealed_badly(attested: VerifiedAttestation, shares: Sequence[Sealed]) -> bytes:
    return sealing.seal_record(attested, shares, OTHER_OPRF_KEY, Draw("another record"))


def _led_by_critic(one: Sealed) -> Sealed:
    """A share that somebody else finds and opens."""
    f = pseudonym(CRITIC, OTHER_OPRF)
    return replace(one, locator=locator(f, 0), record_key=record_key(f, UUID(ATTESTATION)))


def _in_place_of_a_filler(instead: bytes) -> bytes:
    """The sound record, with the critic's entry of another one, which has the same K, in it."""
    sound, place = sealing.parse_record(resealed()), locator(pseudonym(CRITIC, OTHER_OPRF), 0)
    (led,) = [each for each in sealing.parse_record(instead).index if each.locator == place]
    filler = sheet.filler(made().issued.decoy_seeds[0], sound.commit)
    index = [led if each == filler else each for each in sound.index]
    index.sort(key=lambda each: each.locator)
    return sound.model_copy(update={"index": tuple(index)}).to_bytes()


def _of_another_attestation() -> bytes:
    """One about the same person."""
    claims = Claims.from_value(plain(jti=OTHER_ATTESTATION))
    disclosable = Disclosable(IDENTIFIERS, "harassment", DECIDED_BY)
    other = attestation.issue(claims, disclosable, key("issue"), Draw("other attestation"))
    seen = attestation.verify(other.jwt, key("issue").public_key, other.disclosures, now=NOW)
    shares = [
        replace(
            share(each, text, OTHER_OPRF),
            record_key=record_key(pseudonym(each, OTHER_OPRF), UUID(OTHER_ATTESTATION)),
        )
        for each, text in other.subject.items()
    ]
    return _sealed_badly(seen, shares)


def attest_item(**changes: Any) -> JSON:
    """The attestation as the log names it."""
    item: JSON = {
        "id": ATTESTATION,
        "jwt": base64url(made().verified.jwt_hash),
        "seal": {
            "key": base64url(oprf_key_id(OPRF.public)),
            "record": base64url(sealing.record_hash(made().record)),
        },
        "ends": ENDS.isoformat(),
        "review_by": "2025-09-01",
        "notice": {"state": "given", "until": None},
        "measure": None,
    }
    return item | changes


def attest_decision(*items: JSON, after: bytes = LOG, **changes: Any) -> JSON:
    """The decision that attests it, or these."""
    decision: JSON = {
        "v": 1,
        "type": "attest",
        "log": base64url(LOG),
        "on": TODAY.isoformat(),
        "after": base64url(after),
        "items": list(items or [attest_item()]),
    }
    return decision | changes


def withdraw_decision(
    last: bytes, *, after: bytes | None = None, on: str = "2025-06-01", **changes: Any
) -> JSON:
    """The decision that lifts it; `last` is the leaf hash of the statement about it before."""
    item = {"id": ATTESTATION, "after": base64url(last), "because": "lifted", "by": None}
    return {
        "v": 1,
        "type": "withdraw",
        "log": base64url(LOG),
        "on": on,
        "after": base64url(after or LOG),
        "items": [item | changes],
    }


def sealed_part(record: bytes, oprf: voprf.OprfKey, label: str) -> JSON:
    """A record on a sheet, and an evaluation for each identifier under one proof."""
    draw = Draw(label)
    inputs = [identifiers.parse_text(each).oprf_input for each in IDENTIFIERS]
    blinded = [voprf.blind(each, ristretto.scalar(draw(31) + b"\x05")) for each in inputs]
    elements = [each.element for each in blinded]
    evaluated = voprf.evaluate_chunk(oprf.secret, elements)
    proof = voprf.prove(oprf, elements, evaluated, ristretto.scalar(draw(31) + b"\x05"))
    return {
        "record": base64url(record),
        "evaluations": [
            {
                "blind": base64url(each.blind),
                "evaluated": base64url(answer),
                "slot": SLOTS[identifier],
            }
            for each, answer, identifier in zip(blinded, evaluated, IDENTIFIERS, strict=True)
        ],
        "proof": base64url(proof),
    }


def later_decision(kind: str, last: bytes, on: str, **item: Any) -> JSON:
    """A decision of another type about the attestation; `last` as in `withdraw_decision`."""
    return {
        "v": 1,
        "type": kind,
        "log": base64url(LOG),
        "on": on,
        "after": base64url(LOG),
        "items": [{"id": ATTESTATION, "after": base64url(last)} | item],
    }
