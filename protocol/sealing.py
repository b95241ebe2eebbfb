"""Sealed records: what peers store, and what opens for whoever asked about the right person.

`open_record` makes the checks of SPEC.md, section 5 in this order, each with its number beside it:

1. the record's hash is the one that the issuer's log approves;
2. it is well formed, and its `id` and `oprf_key` are those approved;
3. exactly one of its locators is one of those asked for, and that entry opens;
4. its flag agrees with the identifier's strength, its padding is zero, its disclosed value is the
   identifier asked about; a weak entry holds zeros for K, and ends here;
5. `commit` is that of K;
6. the body opens, its padding is the one due, it holds no disclosure, and the JWT's hash is the one
   approved;
7. the JWT is signed by the `issue` key in force at the entry, and is an attestation (section 4);
8. `iss`, `log` and `jti` are those approved, and `exp` is the day after `ends`;
9. the disclosure's digest is in `subject`, which has as many digests as the index has entries.

No locator among those asked for is the common case, and no fault: None. A failure at check 1 is of
whoever handed over the record; every later one is the issuer's, and is never "nothing found".
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Literal, Self
from uuid import UUID

from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt as aead_decrypt,
)
from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_encrypt as aead_encrypt,
)
from nacl.exceptions import CryptoError
from pydantic import model_validator

from protocol import attestation, sdjwt
from protocol.attestation import (
    MAX_SUBJECT_DISCLOSURE,
    SUBJECT_SIZES,
    VerifiedAttestation,
    subject_identifier,
)
from protocol.claims import Claims, expiry
from protocol.encoding import Bytes8, Bytes16, Bytes32, Message, Uuid, base64url, bytes_field
from protocol.encoding import Sequence as Array
from protocol.errors import BrokenSeal, Malformed, OutOfTime, TooLarge, Violation, WrongRecord
from protocol.pseudonyms import LOCATOR_SIZE, Pseudonym, all_locators, record_key

MAX_RECORD = 64 * 1024
"""Bytes of a sealed record."""

KEY_SIZE = 32
"""Bytes of the content key K."""

NONCE_SIZE = 24
TAG_SIZE = 16
ENTRY_SIZE = 600
"""Bytes of an entry before it is wrapped: flag, K, length, disclosure, zeros."""

WRAP_SIZE = NONCE_SIZE + ENTRY_SIZE + TAG_SIZE
BLOCK_SIZE = 1024
"""The body's plaintext is a multiple of this many bytes."""

MAX_BODY_BLOCKS = sdjwt.MAX_JWT // BLOCK_SIZE + 1

_HEAD_SIZE = 1 + KEY_SIZE + 2
_NO_KEY = bytes(KEY_SIZE)
_WEAK, _STRONG = 0, 1
_PAD = b"\x80"


class Entry(Message):
    """One entry of a record's index; an entry made of random bytes looks the same."""

    locator: Bytes16
    wrap: Annotated[bytes, *bytes_field(WRAP_SIZE)]
    """Nonce (24 bytes), then 600 bytes sealed under the record key (616 bytes)."""


class Record(Message):
    """A sealed record. Its canonical JSON is what travels, and what the log's hash is of."""

    id: Uuid
    oprf_key: Bytes8
    commit: Bytes32
    index: Array[Entry]
    body: Annotated[bytes, *bytes_field()]
    """Nonce (24 bytes), then the padded SD-JWT sealed under K."""

    @model_validator(mode="after")
    def _has_its_sizes(self) -> Self:
        locators = [entry.locator for entry in self.index]
        if len(locators) not in SUBJECT_SIZES:
            raise Malformed(f"an index has one of {SUBJECT_SIZES} entries")
        if locators != sorted(set(locators)):
            raise Malformed("the index is not in strictly ascending order of locators")
        blocks, rest = divmod(len(self.body) - NONCE_SIZE - TAG_SIZE, BLOCK_SIZE)
        if rest or not 1 <= blocks <= MAX_BODY_BLOCKS:
            raise Malformed(f"a body has 1 to {MAX_BODY_BLOCKS} blocks of {BLOCK_SIZE} bytes")
        return self


@dataclass(frozen=True)
class Sealed:
    """One identifier's share in a record that is to be sealed."""

    locator: bytes = field(repr=False)
    """16 bytes."""
    record_key: bytes = field(repr=False)
    """32 bytes."""
    disclosure: str = field(repr=False)
    strong: bool


@dataclass(frozen=True)
class Approved:
    """What the issuer's log approves of one attestation, and the key it had in force then."""

    community: str
    log: bytes
    """Fingerprint, 32 bytes."""
    id: str
    jwt_hash: bytes
    record_hash: bytes
    oprf_key: bytes
    """Key id, 8 bytes."""
    ends: date
    """The last day in force."""
    issue_key: bytes
    """In force at the entry that attested it, 32 bytes."""


@dataclass(frozen=True)
class Asked:
    """An identifier that was asked about, and what its evaluation gave."""

    identifier: str = field(repr=False)
    """`kind:value`."""
    strong: bool
    """A function of kind and value (SPEC.md, section 2), never taken from a record."""
    pseudonym: Pseudonym = field(repr=False)
    """Under the record's OPRF key."""


@dataclass(frozen=True)
class SealContext:
    """What a seal is bound to, so that nothing sealed can be moved elsewhere."""

    log: bytes
    """Fingerprint, 32 bytes."""
    id: str
    oprf_key: bytes
    """Key id, 8 bytes."""

    def associated_data(self, part: Literal["body", "wrap"]) -> bytes:
        """The associated data of one part of a record (SPEC.md, section 5)."""
        log, oprf_key = base64url(self.log), base64url(self.oprf_key)
        return f"comity:seal:v1:{log}:{self.id}:{oprf_key}:{part}".encode("ascii")


@dataclass(frozen=True)
class OpenedEntry:
    """What one entry held; `content_key` is K, or None in a weak entry."""

    content_key: bytes | None = field(repr=False)
    disclosure: str = field(repr=False)


@dataclass(frozen=True)
class WeakHit:
    """A weak identifier matched: nothing is known but that there is this attestation."""

    id: str


@dataclass(frozen=True)
class StrongHit:
    """A strong identifier matched: the attestation, and the one identifier disclosed of it."""

    attestation: VerifiedAttestation


def record_hash(record: bytes) -> bytes:
    """SHA-256 of a record's exact bytes: how the log names it."""
    return hashlib.sha256(record).digest()


def commitment(content_key: bytes) -> bytes:
    """What binds a record to one K (32 bytes): the AEAD alone would open under several keys."""
    return hashlib.blake2b(digest_size=32, key=content_key, person=b"comity-commit").digest()


def seal_record(
    attested: VerifiedAttestation,
    shares: Sequence[Sealed],
    oprf_key: bytes,
    draw: Callable[[int], bytes] = secrets.token_bytes,
) -> bytes:
    """Seal an attestation for whoever can derive one of `shares`, under an OPRF key (id, 8 bytes).

    `draw` gives random bytes, in this order: K, for each share a nonce, for each entry that fills
    the index a locator and 640 bytes, the body's nonce.

    Raises:
        TooLarge: more shares than `subject` has digests, or too long a disclosure.
        Malformed: no share, two of one locator, or a disclosure that is not of this attestation.

    Source: SPEC.md, section 5.
    """
    content_key = draw(KEY_SIZE)
    context = SealContext(attested.claims.log, attested.claims.jti, oprf_key)
    entries = [
        _sealed_entry(share, content_key, context, draw(NONCE_SIZE))
        for share in _checked_shares(shares, attested)
    ]
    while len(entries) < len(attested.subject_digests):
        entries.append(Entry(locator=draw(LOCATOR_SIZE), wrap=draw(WRAP_SIZE)))
    body = _padded(sdjwt.compact(attested.jwt).encode("ascii"))
    nonce = draw(NONCE_SIZE)
    return Record(
        id=attested.claims.jti,
        oprf_key=oprf_key,
        commit=commitment(content_key),
        index=tuple(sorted(entries, key=lambda entry: entry.locator)),
        body=nonce + aead_encrypt(body, context.associated_data("body"), nonce, content_key),
    ).to_bytes()


def parse_record(data: bytes) -> Record:
    """Read a record, without opening anything.

    Raises:
        TooLarge: more than `MAX_RECORD` bytes.
        Malformed: not the canonical JSON of a record.

    Source: SPEC.md, section 5.
    """
    return Record.from_bytes(data, MAX_RECORD)


def open_record(
    data: bytes, approved: Approved, asked: Asked, *, now: int
) -> WeakHit | StrongHit | None:
    """Look for an identifier in a record; None where none of its locators is there.

    `now`: seconds since 1970. Only attestations that have not ended are opened.

    Raises:
        OutOfTime: the last day in force is over; nothing was looked at.
        WrongRecord: check 1 fails.
        BrokenSeal: any later check fails; the message says which.

    Source: SPEC.md, section 5; the numbers are those of this module's docstring.
    """
    if now >= expiry(approved.ends):
        raise OutOfTime("this attestation has ended")
    if not hmac.compare_digest(record_hash(data), approved.record_hash):  # 1
        raise WrongRecord("not the record that the log approves")
    try:
        return _open(data, approved, asked, now)
    except BrokenSeal:
        raise
    except Violation as error:
        raise BrokenSeal(f"a sealed record breaks the protocol: {error}") from error


def _open(data: bytes, approved: Approved, asked: Asked, now: int) -> WeakHit | StrongHit | None:
    record = parse_record(data)  # 2
    if (record.id, record.oprf_key) != (approved.id, approved.oprf_key):
        raise BrokenSeal("the record is of another attestation or OPRF key")
    locators = all_locators(asked.pseudonym)
    hits = [entry for entry in record.index if entry.locator in locators]
    if not hits:
        return None
    if len(hits) > 1:  # 3
        raise BrokenSeal("an identifier has two entries")
    context = SealContext(approved.log, approved.id, approved.oprf_key)
    opened = open_entry(hits[0], record_key(asked.pseudonym, UUID(approved.id)), context)  # 3
    _check_entry(opened, asked)  # 4
    if opened.content_key is None:
        return WeakHit(approved.id)
    jwt = _open_body(record, opened.content_key, context)  # 5, 6
    if not hmac.compare_digest(sdjwt.jwt_hash(jwt), approved.jwt_hash):  # 6
        raise BrokenSeal("the attestation is not the one that the log approves")
    # 7, and 9: a disclosure whose digest is not in the payload is refused there.
    attested = attestation.verify(jwt, approved.issue_key, [opened.disclosure], now=now)
    _check_claims(attested.claims, approved)  # 8
    if len(record.index) != len(attested.subject_digests):  # 9
        raise BrokenSeal("the index has not as many entries as `subject` has digests")
    return StrongHit(attested)


def open_entry(entry: Entry, key: bytes, context: SealContext) -> OpenedEntry:
    """Open one entry under its record key (32 bytes).

    Raises:
        BrokenSeal: it does not open, or is not of the form that check 4 demands of every entry.

    Source: SPEC.md, section 5.
    """
    plain = _unsealed(entry.wrap, context.associated_data("wrap"), key)
    flag, content_key = plain[0], plain[1 : 1 + KEY_SIZE]
    length = int.from_bytes(plain[1 + KEY_SIZE : _HEAD_SIZE], "big")
    disclosure, padding = plain[_HEAD_SIZE : _HEAD_SIZE + length], plain[_HEAD_SIZE + length :]
    if flag not in (_WEAK, _STRONG) or length > MAX_SUBJECT_DISCLOSURE or any(padding):
        raise BrokenSeal("an entry with an unknown flag, a wrong length or padding that is not 0")
    if (flag == _WEAK) != (content_key == _NO_KEY):
        raise BrokenSeal("an entry holds a key, and a weak one zeros")
    if not disclosure.isascii():
        raise BrokenSeal("a disclosure that is not ASCII")
    return OpenedEntry(content_key if flag == _STRONG else None, disclosure.decode("ascii"))


def _check_entry(opened: OpenedEntry, asked: Asked) -> None:
    if asked.strong != (opened.content_key is not None):
        raise BrokenSeal("the flag does not agree with the identifier's strength")
    if subject_identifier(opened.disclosure) != asked.identifier:
        raise BrokenSeal("the entry discloses another identifier than the one asked about")


def _check_claims(claims: Claims, approved: Approved) -> None:
    expected = (approved.community, approved.log, approved.id, expiry(approved.ends))
    if (claims.iss, claims.log, claims.jti, claims.exp) != expected:
        raise BrokenSeal("`iss`, `log`, `jti` or `exp` are not those that the log approves")


def _open_body(record: Record, content_key: bytes, context: SealContext) -> str:
    if not hmac.compare_digest(commitment(content_key), record.commit):  # 5
        raise BrokenSeal("the entry's key is not the one that the record commits to")
    plain = _unsealed(record.body, context.associated_data("body"), content_key)  # 6
    content = plain.rstrip(b"\0").removesuffix(_PAD)
    if _padded(content) != plain or not content.isascii():
        raise BrokenSeal("the body is not padded as due, or not ASCII")
    jwt, disclosures = sdjwt.split_compact(content.decode("ascii"))
    if disclosures:
        raise BrokenSeal("the body holds disclosures")
    return jwt


def _unsealed(sealed: bytes, associated_data: bytes, key: bytes) -> bytes:
    nonce, ciphertext = sealed[:NONCE_SIZE], sealed[NONCE_SIZE:]
    try:
        return aead_decrypt(ciphertext, associated_data, nonce, key)
    except CryptoError as error:
        raise BrokenSeal("a seal does not open under its key") from error


def _checked_shares(shares: Sequence[Sealed], attested: VerifiedAttestation) -> Sequence[Sealed]:
    """Refuse what peers would refuse: a mistake here would be found only at a match."""
    if len(shares) > len(attested.subject_digests):
        raise TooLarge("more shares than `subject` has digests")
    digests = {sdjwt.digest(share.disclosure) for share in shares}
    if not shares or len(digests) != len(shares) or not digests <= set(attested.subject_digests):
        raise Malformed("each share is for one disclosure of this attestation")
    for share in shares:
        subject_identifier(share.disclosure)
    return shares


def _sealed_entry(share: Sealed, content_key: bytes, context: SealContext, nonce: bytes) -> Entry:
    flag, key = (_STRONG, content_key) if share.strong else (_WEAK, _NO_KEY)
    disclosure = share.disclosure.encode("ascii")
    head = bytes([flag]) + key + len(disclosure).to_bytes(2, "big")
    plain = (head + disclosure).ljust(ENTRY_SIZE, b"\0")
    wrap = nonce + aead_encrypt(plain, context.associated_data("wrap"), nonce, share.record_key)
    return Entry(locator=share.locator, wrap=wrap)


def _padded(content: bytes) -> bytes:
    """`content`, 0x80, and the fewest zeros up to a multiple of 1 KiB (ISO/IEC 7816-4)."""
    size = -(-(len(content) + 1) // BLOCK_SIZE) * BLOCK_SIZE
    return (content + _PAD).ljust(size, b"\0")
