"""`protocol/vectors/sealing.json`: a sealed record, who opens what in it, and broken ones.

The broken records are put together here byte by byte from section 5 and not with the code under
test, each right in everything but one thing.
"""

import hashlib
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_encrypt as aead

from protocol import sealing
from protocol.claims import expiry
from protocol.encoding import base64url, canonical_json
from protocol.keys import oprf_key_id
from protocol.pseudonyms import locator, record_key
from protocol.sealing import Approved, Asked, SealContext, StrongHit
from protocol.sheet import filler
from tests.vectors.sample import (
    ATTESTATION,
    ENDS,
    ID,
    IDENTIFIERS,
    JSON,
    LOG,
    NOW,
    OPRF,
    SLOTS,
    Draw,
    code_of,
    key,
    made,
    pseudonym,
    share,
)

MAIL, HANDLE, NAME = IDENTIFIERS
OPRF_ID = oprf_key_id(OPRF.public)
OTHER_MAIL = "email:somebody.else@example.org"


def _approved(record: bytes, jwt: str | None = None) -> Approved:
    return Approved(
        community=ID,
        log=LOG,
        id=ATTESTATION,
        jwt_hash=hashlib.sha256((jwt or made().issued.jwt).encode()).digest(),
        record_hash=hashlib.sha256(record).digest(),
        oprf_key=OPRF_ID,
        ends=ENDS,
        issue_key=key("issue").public_key,
    )


def _asked(identifier: str) -> Asked:
    return Asked(identifier, not identifier.startswith("name:"), pseudonym(identifier))


@dataclass(frozen=True)
class _Broken:
    """A record about `MAIL` in the making; a case changes one thing."""

    id: str = ATTESTATION
    oprf_key: bytes = OPRF_ID
    locators: tuple[bytes, ...] = (locator(pseudonym(MAIL), 0), *Draw("broken").many(3, 16))
    flag: int = 1
    key_in_entry: bytes = bytes(range(32))
    length: int | None = None
    disclosure: str = made().issued.subject[MAIL]
    padding: bytes = b"\0"
    committed: bytes = bytes(range(32))
    body: bytes = made().issued.jwt.encode() + b"~\x80"
    body_part: str = "body"
    wrap_part: str = "wrap"
    entry_key: bytes = record_key(pseudonym(MAIL), UUID(ATTESTATION))

    def _associated_data(self, part: str) -> bytes:
        log, oprf_key = base64url(LOG), base64url(OPRF_ID)
        return f"comity:seal:v1:{log}:{ATTESTATION}:{oprf_key}:{part}".encode()

    def _wrap(self) -> bytes:
        length = len(self.disclosure) if self.length is None else self.length
        plain = bytes([self.flag]) + self.key_in_entry + length.to_bytes(2, "big")
        plain = (plain + self.disclosure.encode()).ljust(600, self.padding)
        nonce = bytes(24)
        return nonce + aead(plain, self._associated_data(self.wrap_part), nonce, self.entry_key)

    def record(self) -> bytes:
        body = self.body + bytes(-len(self.body) % 1024)
        nonce, k = bytes(range(24)), bytes(range(32))
        wraps = [self._wrap(), *(bytes([number]) * 640 for number in (1, 2, 3))]
        index = sorted(zip(self.locators, wraps, strict=True))
        value = {
            "id": self.id,
            "oprf_key": base64url(self.oprf_key),
            "commit": base64url(
                hashlib.blake2b(
                    digest_size=32, key=self.committed, person=b"comity-commit"
                ).digest()
            ),
            "index": [{"locator": base64url(at), "wrap": base64url(each)} for at, each in index],
            "body": base64url(nonce + aead(body, self._associated_data(self.body_part), nonce, k)),
        }
        return canonical_json(value)


def _broken() -> list[tuple[str, int, _Broken]]:
    """Why it is refused, at which check of section 5, and the record."""
    sound = _Broken()
    assert isinstance(_opened(sound.record(), MAIL), StrongHit)
    both = (*(locator(pseudonym(MAIL), slot) for slot in (0, 1)), *sound.locators[2:])
    jwt = made().issued.jwt
    half = 512
    return [
        ("of another attestation", 2, replace(sound, id="0d8f63b4-1f8e-4d53-9a55-3f5d3a7f6c11")),
        ("under another OPRF key", 2, replace(sound, oprf_key=bytes(8))),
        ("a locator twice", 2, replace(sound, locators=(sound.locators[0],) * 2 + both[2:])),
        ("two entries of one identifier", 3, replace(sound, locators=both)),
        ("wrapped under another record key", 3, replace(sound, entry_key=bytes(32))),
        ("an entry sealed as a body", 3, replace(sound, wrap_part="body")),
        ("flag 2", 4, replace(sound, flag=2)),
        ("the flag says weak", 4, replace(sound, flag=0, key_in_entry=bytes(32))),
        ("flag weak with a key", 4, replace(sound, flag=0)),
        ("flag strong without a key", 4, replace(sound, key_in_entry=bytes(32))),
        ("padding that is not zero", 4, replace(sound, padding=b"\1")),
        ("a length beyond the entry", 4, replace(sound, length=566)),
        ("another identifier", 4, replace(sound, disclosure=made().issued.subject[HANDLE])),
        ("commits to another key", 5, replace(sound, committed=bytes(32))),
        ("a body sealed as an entry", 6, replace(sound, body_part="wrap")),
        ("no padding", 6, replace(sound, body=jwt.encode() + b"~")),
        ("a block of padding too many", 6, replace(sound, body=sound.body + bytes(1024 + half))),
        ("a disclosure in the body", 6, replace(sound, body=_with_disclosure(jwt))),
        ("another JWT", 6, replace(sound, body=jwt[:-4].encode() + b"AAAA~\x80")),
    ]


def _with_disclosure(jwt: str) -> bytes:
    return f"{jwt}~{made().issued.basis}~".encode() + b"\x80"


def _opened(record: bytes, identifier: str) -> Any:
    return sealing.open_record(record, _approved(record), _asked(identifier), now=NOW)


def _result(identifier: str) -> JSON:
    """What whoever asked about an identifier finds in the record."""
    hit = _opened(made().record, identifier)
    result = "nothing" if hit is None else "strong" if isinstance(hit, StrongHit) else "weak"
    return {
        "identifier": identifier,
        "f": pseudonym(identifier).hex(),
        "result": result,
        "disclosed": list(hit.attestation.subject) if result == "strong" else [],
    }


def _share(identifier: str, nonce: bytes) -> JSON:
    """How one entry came to be."""
    mine = share(identifier, made().issued.subject[identifier])
    record = sealing.parse_record(made().record)
    wrap = next(each.wrap for each in record.index if each.locator == mine.locator)
    opened = sealing.open_entry(
        record.index[[each.wrap for each in record.index].index(wrap)],
        mine.record_key,
        SealContext(LOG, ATTESTATION, OPRF_ID),
    )
    content_key = opened.content_key or bytes(32)
    plain = bytes([mine.strong]) + content_key + len(mine.disclosure).to_bytes(2, "big")
    return {
        "identifier": identifier,
        "strong": mine.strong,
        "slot": SLOTS[identifier],
        "locator": mine.locator.hex(),
        "record_key": mine.record_key.hex(),
        "disclosure": mine.disclosure,
        "plaintext": (plain + mine.disclosure.encode()).ljust(600, b"\0").hex(),
        "nonce": nonce.hex(),
        "wrap": wrap.hex(),
    }


def _refused(reason: str, check: int, record: bytes, identifier: str = MAIL) -> JSON:
    return {
        "reason": reason,
        "check": check,
        "identifier": identifier,
        "record": record.decode(),
        "code": code_of(_opened, record, identifier),
    }


def content() -> dict[str, Any]:
    """The whole file."""
    record, draws, seeds = made().record, made().record_draws, made().issued.decoy_seeds
    context = SealContext(LOG, ATTESTATION, OPRF_ID)
    commit = sealing.parse_record(record).commit
    changed = record.replace(b'"body":"A', b'"body":"B', 1) + b"\n"
    return {
        "about": "SPEC.md, section 5. Records are their exact text, other bytes hex; `now` is in"
        " seconds. `check` is the number of the check that fails. Except in the first refused"
        " case the log approves the record's hash.",
        "approved": {
            "community": ID,
            "log": LOG.hex(),
            "id": ATTESTATION,
            "jwt_sha256": hashlib.sha256(made().issued.jwt.encode()).hexdigest(),
            "record_sha256": hashlib.sha256(record).hexdigest(),
            "oprf_key": OPRF_ID.hex(),
            "ends": ENDS.isoformat(),
            "issue_key": key("issue").public_key.hex(),
        },
        "now": NOW,
        "content_key": draws[0].hex(),
        "shares": [
            _share(identifier, nonce)
            for identifier, nonce in zip(IDENTIFIERS, draws[1:4], strict=True)
        ],
        "fillers": [
            {"seed": seed.hex(), "locator": each.locator.hex(), "wrap": each.wrap.hex()}
            for seed, each in ((seed, filler(seed, commit)) for seed in seeds)
        ],
        "body_nonce": draws[4].hex(),
        "associated_data": {
            "body": context.associated_data("body").decode(),
            "wrap": context.associated_data("wrap").decode(),
        },
        "jwt": made().issued.jwt,
        "record": record.decode(),
        "opened": [_result(each) for each in (*IDENTIFIERS, OTHER_MAIL)],
        "refused": [
            {
                "reason": "not the record that the log approves",
                "check": 1,
                "identifier": MAIL,
                "record": changed.decode(),
                "code": code_of(
                    lambda: sealing.open_record(changed, _approved(record), _asked(MAIL), now=NOW),
                ),
            },
            _refused("not canonical JSON", 2, record + b"\n"),
            *(_refused(reason, check, each.record()) for reason, check, each in _broken()),
        ],
        "ended": {
            "reason": "the last day in force is over: nothing is looked at",
            "now": expiry(ENDS),
            "code": code_of(
                lambda: sealing.open_record(
                    record, _approved(record), _asked(MAIL), now=expiry(ENDS)
                ),
            ),
        },
    }
