"""`protocol/vectors/inquiry.json`: a question, its answers, and what is none."""

from typing import Any

from protocol import inquiry, sdjwt
from protocol.attestation import Disclosable
from protocol.attestation import issue as attest
from protocol.claims import Claims
from protocol.encoding import base64url, canonical_json
from protocol.inquiry import (
    MAX_INQUIRY,
    MAX_INQUIRY_ANSWER,
    Answer,
    HeldAttestation,
    Inquiry,
    InquiryState,
    SignedAnswer,
)
from protocol.keys import SigningKey
from tests.vectors.make_exchange import NO_EVENT, PURPOSE
from tests.vectors.sample import (
    ATTESTATION,
    DECIDED_BY,
    ID,
    IDENTIFIERS,
    JSON,
    LOG,
    OTHER_ATTESTATION,
    PEER,
    Draw,
    code_of,
    key,
    made,
    plain,
)

KEY = key("issue")
ON = "2025-03-04"

QUESTION: JSON = {
    "v": 1,
    "from": PEER,
    "to": ID,
    "log": base64url(LOG),
    "attestation": ATTESTATION,
    "purpose": PURPOSE,
    "nonce": base64url(Draw("inquiry")(inquiry.NONCE_SIZE)),
}
ASKED = Inquiry.from_value(QUESTION)


def _held() -> HeldAttestation:
    return HeldAttestation(made().issued.jwt, KEY.public_key)


def _answer(phrase: str, *disclosures: str, **changes: Any) -> JSON:
    value: JSON = {
        "v": 1,
        "inquiry": base64url(ASKED.hash),
        "log": base64url(LOG),
        "attestation": ATTESTATION,
        "on": ON,
        "phrase": phrase,
        "disclosures": list(disclosures),
        "contact": "conduct@python.example",
    }
    return value | changes


def _signed(value: JSON, by: SigningKey = KEY) -> JSON:
    """A signed answer, whatever it says."""
    signature = by.sign(b"comity:answer:v1\n" + canonical_json(value))
    return {"answer": value, "sig": base64url(signature)}


def _verified(value: JSON) -> JSON:
    signed = SignedAnswer.from_value(_signed(value))
    seen = inquiry.verify_answer(signed, ASKED, KEY.public_key, _held())
    assert signed == inquiry.sign(Answer.from_value(value), KEY)
    return {
        "body": InquiryState(v=1, state="answered", answered=signed).to_bytes().decode(),
        "signed_text": "comity:answer:v1\n" + canonical_json(value).decode(),
        "phrase": seen.answer.phrase,
        "basis": seen.basis,
        "decided_by": seen.decided_by.to_value() if seen.decided_by else None,
    }


def _answered() -> list[JSON]:
    issued = made().issued
    return [
        _verified(_answer("released", issued.basis)),
        _verified(_answer("released", issued.decided_by)),
        _verified(_answer("released", issued.basis, issued.decided_by)),
        *(_verified(_answer(phrase)) for phrase in _PHRASES),
    ]


_PHRASES = (
    "cannot_say_more",
    "not_the_same_person",
    "we_shall_drop_that_identifier",
    "ask_again_after_the_review",
    "please_talk_to_us",
    "it_has_ended",
)


def _of_another_attestation() -> str:
    """The basis of another attestation of the same issuer's."""
    claims = Claims.from_value(plain(jti=OTHER_ATTESTATION))
    disclosable = Disclosable(IDENTIFIERS, "violence_or_threat", DECIDED_BY)
    return attest(claims, disclosable, KEY, Draw("another basis")).basis


def _refused() -> list[tuple[str, JSON]]:
    issued = made().issued
    basis, said = issued.basis, _answer("released", issued.basis)
    invented = sdjwt.object_disclosure(bytes(16), "basis", "violence_or_threat")
    later = _signed(said) | {"answer": said | {"on": "2025-03-05"}}
    others = _of_another_attestation()
    return [
        ("signed by another key", _signed(said, key("http"))),
        ("another day than was signed", later),
        ("signed without its prefix", {"answer": said, "sig": _bare(said)}),
        ("to another question", _signed(said | {"inquiry": base64url(bytes(32))})),
        ("of another attestation", _signed(said | {"attestation": OTHER_ATTESTATION})),
        ("of another log", _signed(said | {"log": base64url(bytes(32))})),
        ("the basis of another attestation", _signed(_answer("released", others))),
        ("a basis that was made up", _signed(_answer("released", invented))),
        ("a disclosure twice", _signed(_answer("released", basis, basis))),
        ("an identifier", _signed(_answer("released", issued.subject[IDENTIFIERS[0]]))),
        ("an identifier beside the basis",
         _signed(_answer("released", basis, issued.subject[IDENTIFIERS[0]]))),
        ("no disclosure at all", _signed(_answer("released", "e30"))),
        ("released, and nothing disclosed", _signed(_answer("released"))),
        ("a disclosure with another phrase", _signed(_answer("cannot_say_more", basis))),
        ("three disclosures", _signed(_answer("released", basis, issued.decided_by, basis))),
        ("a phrase outside of the vocabulary", _signed(_answer("he_is_dangerous"))),
        ("a remark", _signed(_answer("cannot_say_more", remark="x"))),
        ("no contact", _signed(_answer("cannot_say_more", contact=None))),
    ]  # fmt: skip


def _bare(value: JSON) -> str:
    return base64url(KEY.sign(canonical_json(value)))


def _judge(signed: JSON) -> None:
    """As the body arrives."""
    body = canonical_json({"v": 1, "state": "answered", "answered": signed})
    state = InquiryState.from_bytes(body, MAX_INQUIRY_ANSWER)
    assert state.answered is not None
    inquiry.verify_answer(state.answered, ASKED, KEY.public_key, _held())


def _questions_refused() -> list[tuple[str, JSON]]:
    return [
        ("version 2", QUESTION | {"v": 2}),
        ("an attestation in upper case", QUESTION | {"attestation": ATTESTATION.upper()}),
        ("a nonce of 15 bytes", QUESTION | {"nonce": base64url(bytes(15))}),
        ("another purpose", QUESTION | {"purpose": NO_EVENT | {"kind": "curiosity"}}),
        ("a name", QUESTION | {"person": "Mallory Quill"}),
        ("nobody asks", {name: QUESTION[name] for name in QUESTION if name != "from"}),
    ]


def content() -> dict[str, Any]:
    """The whole file."""
    states = [
        InquiryState(v=1, state="waiting", answered=None).to_value(),
        {"v": 1, "state": "answered", "answered": None},
        {"v": 1, "state": "waiting", "answered": _signed(_answer("cannot_say_more"))},
    ]
    return {
        "about": "SPEC.md, section 8, Inquiries. The attestation is that of attestation.json."
        " Bodies are their exact text, keys and hashes are hex.",
        "issue_key": {"seed": KEY.seed.hex(), "public_key": KEY.public_key.hex()},
        "jwt": made().issued.jwt,
        "questions": [
            {"body": asked.to_bytes().decode(), "hash": asked.hash.hex()}
            for asked in (ASKED, Inquiry.from_value(QUESTION | {"purpose": NO_EVENT}))
        ],
        "questions_refused": [
            {
                "reason": reason,
                "body": canonical_json(value).decode(),
                "code": code_of(Inquiry.from_bytes, canonical_json(value), MAX_INQUIRY),
            }
            for reason, value in _questions_refused()
        ],
        "waiting": canonical_json(states[0]).decode(),
        "states_refused": [
            {
                "body": canonical_json(state).decode(),
                "code": code_of(InquiryState.from_bytes, canonical_json(state), MAX_INQUIRY_ANSWER),
            }
            for state in states[1:]
        ],
        "answers": _answered(),
        "answers_refused": [
            {
                "reason": reason,
                "answered": canonical_json(signed).decode(),
                "code": code_of(_judge, signed),
            }
            for reason, signed in _refused()
        ],
    }
