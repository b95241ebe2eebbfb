"""Attestations: what one community states that it did about one person, and no more.

The plain members are `Claims`; whom it is about, why, and who decided are disclosed one by one
(SPEC.md, section 4). `issue` makes an attestation, `verify` alone makes a `VerifiedAttestation`,
and only that travels on.
"""

import hashlib
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import get_args

from protocol import sdjwt
from protocol.claims import Basis, Claims, DecidedBy
from protocol.encoding import JSON, base64url
from protocol.errors import Malformed, TooLarge
from protocol.keys import SigningKey

SUBJECT_SIZES = (4, 8, 16, 32)
"""How many digests `subject` may have; the fewest that hold the identifiers are taken."""

MAX_IDENTIFIERS = SUBJECT_SIZES[-1]
MAX_SUBJECT_DISCLOSURE = 565
"""Characters of a `subject` disclosure: what an entry of a sealed record has room for."""

SEED_SIZE = 32
"""Bytes of a decoy's seed."""

_BASES: dict[str, Basis] = {basis: basis for basis in get_args(Basis)}
_HIDDEN = frozenset({"subject", "_sd", "_sd_alg"})
"""Members that hold digests, or say how they are made; all others are `Claims`."""
_IDENTIFIER = re.compile(r"[a-z][a-z0-9-]*:.+", re.DOTALL)


@dataclass(frozen=True)
class Disclosable:
    """What is disclosed one by one, and otherwise stays hidden."""

    identifiers: tuple[str, ...] = field(repr=False)
    """`kind:value` in canonical form, all of one person."""
    basis: Basis
    decided_by: DecidedBy


@dataclass(frozen=True)
class IssuedAttestation:
    """What `issue` made. The issuer keeps all of it; peers get the JWT and what a match opens."""

    jwt: str
    subject: dict[str, str] = field(repr=False)
    """The disclosure of each identifier."""
    basis: str = field(repr=False)
    """The disclosure of `basis`."""
    decided_by: str = field(repr=False)
    """The disclosure of `decided_by`."""
    decoy_seeds: tuple[bytes, ...] = field(repr=False)
    """What every other digest of `subject` was made from, each `SEED_SIZE` bytes."""

    @property
    def disclosures(self) -> tuple[str, ...]:
        """Every disclosure."""
        return (*self.subject.values(), self.basis, self.decided_by)


@dataclass(frozen=True)
class VerifiedAttestation:
    """An attestation that held: signature, form, vocabulary, time, and what was disclosed of it."""

    jwt: str
    claims: Claims
    subject_digests: tuple[str, ...]
    subject: dict[str, str] = field(repr=False)
    """The disclosure of each identifier that was disclosed."""
    basis: Basis | None
    """None where it was not disclosed."""
    decided_by: DecidedBy | None
    """None where it was not disclosed."""

    @property
    def jwt_hash(self) -> bytes:
        """SHA-256 of the JWT (32 bytes), as the log approves it."""
        return sdjwt.jwt_hash(self.jwt)


def decoy_digest(seed: bytes) -> str:
    """The digest of a decoy, made from its seed (32 bytes).

    RFC 9901, section 4.2.5 hashes a random number, which cannot be told from a hidden disclosure
    even by those who may see everything. A `:` cannot stand in a disclosure: whoever is shown the
    seed knows that this digest hides no identifier.

    Source: SPEC.md, section 4.
    """
    text = f"comity:decoy:v1:{base64url(seed)}"
    return base64url(hashlib.sha256(text.encode("ascii")).digest())


def issue(
    claims: Claims,
    disclosable: Disclosable,
    key: SigningKey,
    draw: Callable[[int], bytes] = secrets.token_bytes,
) -> IssuedAttestation:
    """Sign an attestation.

    `draw` gives random bytes: 16 for each salt, in the order subject, basis, decided_by, then 32
    for each decoy.

    Raises:
        TooLarge: more than `MAX_IDENTIFIERS`, or one too long for an entry of a record.
        Malformed: no identifier, one twice, or one that is not `kind:value`.

    Source: SPEC.md, section 4.
    """
    subject = _subject_disclosures(disclosable.identifiers, draw)
    basis = sdjwt.object_disclosure(draw(sdjwt.SALT_SIZE), "basis", disclosable.basis)
    decided_by = sdjwt.object_disclosure(
        draw(sdjwt.SALT_SIZE), "decided_by", disclosable.decided_by.to_value()
    )
    size = next(size for size in SUBJECT_SIZES if size >= len(subject))
    seeds = tuple(draw(SEED_SIZE) for _ in range(size - len(subject)))
    digests = [*map(sdjwt.digest, subject.values()), *map(decoy_digest, seeds)]
    payload = {
        **claims.to_value(),
        # The order of digests is as random as their salts, so sorting shuffles.
        "subject": [{"...": digest} for digest in sorted(digests)],
        "_sd": sorted(map(sdjwt.digest, (basis, decided_by))),
        "_sd_alg": "sha-256",
    }
    jwt = sdjwt.sign(payload, key)
    return IssuedAttestation(jwt, subject, basis, decided_by, seeds)


def verify(
    jwt: str, issue_key: bytes, disclosures: Sequence[str], *, now: int
) -> VerifiedAttestation:
    """Verify an attestation under the issuer's `issue` key. `now`: seconds since 1970.

    Raises:
        BadSignature: it is not signed by that key.
        OutOfTime: it has expired.
        TooLarge: JWT or disclosures exceed their limits.
        Malformed: any other rule of section 4 is broken.

    Source: SPEC.md, section 4.
    """
    token = sdjwt.verify(jwt, issue_key, disclosures, now=now)
    plain = {name: value for name, value in token.payload.items() if name not in _HIDDEN}
    claims = Claims.from_value(plain)
    properties = {each.name: each.value for each in token.disclosures if each.name is not None}
    if len(token.payload.get("_sd", ())) != 2 or not properties.keys() <= {"basis", "decided_by"}:
        raise Malformed("what may be disclosed is `basis` and `decided_by`, always both")
    return VerifiedAttestation(
        jwt,
        claims,
        _subject_digests(token.payload.get("subject")),
        _disclosed_subject(token.disclosures),
        _basis(properties["basis"]) if "basis" in properties else None,
        DecidedBy.from_value(properties["decided_by"]) if "decided_by" in properties else None,
    )


def check_complete(attestation: VerifiedAttestation, decoy_seeds: Sequence[bytes]) -> None:
    """Check that everything was disclosed: nobody is named in it beyond what is shown.

    Raises:
        Malformed: `basis` or `decided_by` is missing, or `subject` has a digest that is neither of
            a disclosed identifier nor of a decoy.

    Source: SPEC.md, section 4.
    """
    if attestation.basis is None or attestation.decided_by is None:
        raise Malformed("`basis` or `decided_by` is not disclosed")
    digests = [*map(sdjwt.digest, attestation.subject.values()), *map(decoy_digest, decoy_seeds)]
    if sorted(digests) != sorted(attestation.subject_digests):
        raise Malformed("`subject` is not exactly the identifiers and decoys shown")


def subject_identifier(disclosure: str) -> str:
    """The `kind:value` that a disclosure of an element of `subject` discloses.

    Raises:
        TooLarge: more than `MAX_SUBJECT_DISCLOSURE` characters.
        Malformed: it is not the disclosure of such a text.
    """
    return _identifier(sdjwt.parse_disclosure(disclosure))


def _identifier(disclosure: sdjwt.Disclosure) -> str:
    if len(disclosure.text) > MAX_SUBJECT_DISCLOSURE:
        raise TooLarge(f"a disclosure of more than {MAX_SUBJECT_DISCLOSURE} characters")
    value = disclosure.value
    if disclosure.name is not None or not isinstance(value, str):
        raise Malformed("an element of `subject` is a text")
    if not _IDENTIFIER.fullmatch(value):
        raise Malformed("an element of `subject` is `kind:value`")
    return value


def _subject_disclosures(
    identifiers: Sequence[str], draw: Callable[[int], bytes]
) -> dict[str, str]:
    if len(identifiers) > MAX_IDENTIFIERS:
        raise TooLarge(f"more than {MAX_IDENTIFIERS} identifiers")
    if not identifiers or len(set(identifiers)) != len(identifiers):
        raise Malformed("an attestation has identifiers, and none twice")
    disclosures = [sdjwt.array_disclosure(draw(sdjwt.SALT_SIZE), each) for each in identifiers]
    return {subject_identifier(disclosure): disclosure for disclosure in disclosures}


def _subject_digests(subject: JSON) -> tuple[str, ...]:
    digests = sdjwt.element_digests(subject)
    if len(digests) not in SUBJECT_SIZES or len(digests) != len(subject):
        raise Malformed(f"`subject` has one of {SUBJECT_SIZES} digests and nothing else")
    return tuple(digests)


def _disclosed_subject(disclosures: Sequence[sdjwt.Disclosure]) -> dict[str, str]:
    elements = [each for each in disclosures if each.name is None]
    subject = {_identifier(each): each.text for each in elements}
    if len(subject) != len(elements):
        raise Malformed("an identifier stands twice")
    return subject


def _basis(value: JSON) -> Basis:
    if not isinstance(value, str) or value not in _BASES:
        raise Malformed("`basis` is not of the vocabulary")
    return _BASES[value]
