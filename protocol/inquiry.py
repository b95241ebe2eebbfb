"""Inquiries: one community asks another about an attestation that matched, and is answered.

The question lets the issuer know that the person is expected. The answer is one of a few fixed
phrases; with `released` it discloses `basis`, `decided_by` or both, and nothing else can be. What
is disclosed was signed with the attestation, long before anybody asked: it holds against the JWT
that the asker has from the match, or it is no information. The answer itself is signed, so that
neither side can say later that it was another.

Source: SPEC.md, section 8.
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from protocol import attestation, sdjwt
from protocol.attestation import VerifiedAttestation
from protocol.claims import Basis, DecidedBy
from protocol.encoding import (
    JSON,
    Bytes16,
    Bytes32,
    Bytes64,
    Day,
    Message,
    Uuid,
    Version,
    canonical_json,
)
from protocol.encoding import Sequence as Array
from protocol.errors import DishonestAnswer, Malformed, Violation
from protocol.exchange import Purpose
from protocol.keys import SigningKey, verify
from protocol.names import CommunityId, Contact

MAX_INQUIRY = 1024
"""Bytes of an inquiry."""

MAX_INQUIRY_ANSWER = 4096
"""Bytes of what comes back for it."""

NONCE_SIZE = 16

Phrase = Literal[
    "released",
    "cannot_say_more",
    "not_the_same_person",
    "we_shall_drop_that_identifier",
    "ask_again_after_the_review",
    "please_talk_to_us",
    "it_has_ended",
]
"""All that an answer can say."""

Releasable = Literal["basis", "decided_by"]
"""All that an answer can disclose, each once."""

_ANSWER = b"comity:answer:v1\n"


class Inquiry(Message):
    """A question about one attestation of the community that is asked."""

    v: Version
    from_: Annotated[CommunityId, Field(alias="from")]
    """Who asks."""
    to: CommunityId
    """Who is asked: the issuer."""
    log: Bytes32
    """Fingerprint of the issuer's log."""
    attestation: Uuid
    purpose: Purpose
    """What the person is expected for."""
    nonce: Bytes16
    """Random, so that two questions are never one."""

    def to_value(self) -> dict[str, JSON]:
        """The message as a JSON value."""
        return self.model_dump(by_alias=True)

    @property
    def hash(self) -> bytes:
        """SHA-256 of its canonical JSON (32 bytes): how it is named."""
        return hashlib.sha256(self.to_bytes()).digest()


class Answer(Message):
    """What the issuer says to an inquiry."""

    v: Version
    inquiry: Bytes32
    """Hash of the inquiry."""
    log: Bytes32
    """Fingerprint of the issuer's log."""
    attestation: Uuid
    on: Day
    """When it was answered."""
    phrase: Phrase
    disclosures: Annotated[Array[str], Field(max_length=2)]
    """As in the attestation; there are some exactly if the phrase is `released`."""
    contact: Contact
    """Where a human answers."""

    @model_validator(mode="after")
    def _discloses_what_it_says(self) -> Self:
        if (self.phrase == "released") != bool(self.disclosures):
            raise Malformed("disclosures come with `released`, and with nothing else")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """What its disclosures are of.

        Raises:
            Malformed: one of them is no disclosure.
        """
        return tuple(str(sdjwt.parse_disclosure(each).name) for each in self.disclosures)


class SignedAnswer(Message):
    """An answer, and the signature of the issuer's `issue` key over it."""

    answer: Answer
    sig: Bytes64


class InquiryState(Message):
    """How an inquiry stands at the issuer, which is the answer to it over HTTP."""

    v: Version
    state: Literal["waiting", "answered"]
    answered: SignedAnswer | None

    @model_validator(mode="after")
    def _has_what_it_says(self) -> Self:
        if (self.state == "answered") != (self.answered is not None):
            raise Malformed("an answer comes with `answered`, and with nothing else")
        return self


@dataclass(frozen=True)
class HeldAttestation:
    """What the asker has from the match: the JWT, and the key that was to sign it (32 bytes)."""

    jwt: str
    issue_key: bytes
    """The one in force at the entry that attested it."""


@dataclass(frozen=True)
class VerifiedAnswer:
    """An answer that held: to this question, by this issuer, of this attestation."""

    answer: Answer
    basis: Basis | None
    """None where it was not released."""
    decided_by: DecidedBy | None
    """None where it was not released."""


def sign(answer: Answer, key: SigningKey) -> SignedAnswer:
    """Sign an answer with the `issue` key.

    Source: SPEC.md, section 8.
    """
    return SignedAnswer(answer=answer, sig=key.sign(_signed(answer)))


def verify_signature(signed: SignedAnswer, issue_key: bytes) -> None:
    """Verify who answered.

    Raises:
        BadSignature: it was not signed by that key.

    Source: SPEC.md, section 8.
    """
    verify(issue_key, _signed(signed.answer), signed.sig)


def verify_answer(
    signed: SignedAnswer, asked: Inquiry, issue_key: bytes, held: HeldAttestation
) -> VerifiedAnswer:
    """Verify an answer under the `issue` key in force in the issuer's log (32 bytes).

    Raises:
        BadSignature: it was not signed by that key.
        DishonestAnswer: it is to another question, of another attestation, or what it discloses
            does not hold, or is nothing that may be disclosed.

    Source: SPEC.md, section 8; the numbers are those of the text.
    """
    verify_signature(signed, issue_key)  # 1
    answer = signed.answer
    if (answer.inquiry, answer.log, answer.attestation) != (  # 2
        asked.hash,
        asked.log,
        asked.attestation,
    ):
        raise DishonestAnswer("the answer is to another question, or of another attestation")
    seen = _seen(answer.disclosures, held)  # 3, 4
    if (seen.claims.log, seen.claims.jti) != (asked.log, asked.attestation):
        raise DishonestAnswer("what is disclosed is of another attestation")
    return VerifiedAnswer(answer, seen.basis, seen.decided_by)


def released(disclosures: Sequence[str], wanted: Collection[Releasable]) -> tuple[str, ...]:
    """Those of an attestation's disclosures that are of these names.

    Raises:
        Malformed: one of them is not there, or what is there is no disclosure.
    """
    found = {sdjwt.parse_disclosure(each).name: each for each in disclosures}
    if not found.keys() >= set(wanted):
        raise Malformed("there is no such disclosure")
    return tuple(found[name] for name in sorted(wanted))


def _seen(disclosures: Sequence[str], held: HeldAttestation) -> VerifiedAttestation:
    try:
        # 3. Whatever else was signed, such as an identifier, is not to be disclosed like this.
        names = {sdjwt.parse_disclosure(each).name for each in disclosures}
        # 4. At time 0 nothing has expired: what was signed does not change when it ends.
        seen = attestation.verify(held.jwt, held.issue_key, disclosures, now=0)
    except Violation as error:
        raise DishonestAnswer(f"what is disclosed does not hold: {error}") from error
    if not names <= {"basis", "decided_by"}:
        raise DishonestAnswer("something else than `basis` and `decided_by` is disclosed")
    return seen


def _signed(answer: Answer) -> bytes:
    return _ANSWER + canonical_json(answer.to_value())
