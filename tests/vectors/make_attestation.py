"""`protocol/vectors/attestation.json`: one attestation, and what is none."""

from typing import Any

from protocol import attestation, sdjwt
from protocol.claims import DAY, expiry
from protocol.encoding import base64url, canonical_json, from_base64url, from_json
from protocol.keys import SigningKey
from tests.vectors.sample import ENDS, JSON, NOW, TODAY, code_of, key, made, plain

KEY = key("issue")
SALT = base64url(bytes(16))


def _payload(**changes: Any) -> JSON:
    """The payload as it was signed, with `changes`; None as a value stays, `...` removes."""
    body = made().issued.jwt.split(".")[1]
    payload = from_json(from_base64url(body), sdjwt.MAX_JWT) | changes
    return {name: value for name, value in payload.items() if value is not ...}


def _signed(header: bytes, payload: bytes, signer: SigningKey = KEY) -> str:
    signing_input = f"{base64url(header)}.{base64url(payload)}"
    return f"{signing_input}.{base64url(signer.sign(signing_input.encode()))}"


def _jwt(**changes: Any) -> str:
    header = b'{"alg":"Ed25519","typ":"dc+sd-jwt"}'
    return _signed(header, canonical_json(_payload(**changes)))


def _disclosed(value: list[Any]) -> tuple[str, str]:
    """A disclosure, and its digest."""
    text = base64url(canonical_json(value))
    return text, sdjwt.digest(text)


def _header(header: bytes) -> str:
    return _signed(header, canonical_json(_payload()))


def _with_subject(value: list[Any]) -> tuple[str, list[str]]:
    """A JWT whose first element of `subject` is this disclosure, and the disclosure."""
    text, digest = _disclosed(value)
    subject = [{"...": digest}, *_payload()["subject"][1:]]
    return _jwt(subject=subject), [text]


def _with_property(value: list[Any]) -> tuple[str, list[str]]:
    text, digest = _disclosed(value)
    return _jwt(_sd=sorted([digest, _payload()["_sd"][0]])), [text]


def _tokens_refused() -> list[tuple[str, str, list[str]]]:
    issued, payload = made().issued, canonical_json(_payload())
    first = issued.disclosures[0]
    twice = payload.replace(b'"iss":', b'"iss":"python.example","iss":', 1)
    subject = _payload()["subject"]
    return [
        ("alg EdDSA", _header(b'{"alg":"EdDSA","typ":"dc+sd-jwt"}'), []),
        ("alg none", _header(b'{"alg":"none","typ":"dc+sd-jwt"}'), []),
        ("typ vc+sd-jwt", _header(b'{"alg":"Ed25519","typ":"vc+sd-jwt"}'), []),
        ("no typ", _header(b'{"alg":"Ed25519"}'), []),
        ("a further header", _header(b'{"alg":"Ed25519","kid":"1","typ":"dc+sd-jwt"}'), []),
        ("signed by another key", _signed(b"{}", payload, key("http")), []),
        ("a name twice in the payload", _signed(b'{"alg":"Ed25519","typ":"dc+sd-jwt"}', twice), []),
        ("a padded part", issued.jwt + "==", []),
        ("a disclosure that nothing refers to", issued.jwt, [_disclosed([SALT, "email:x@y.z"])[0]]),
        ("a disclosure twice", issued.jwt, [first, first]),
        ("a digest twice", _jwt(subject=[subject[0], *subject[:3]]), []),
        ("a disclosed name that stands already", *_with_property([SALT, "measure", "ban"])),
        ("a disclosed name `_sd`", *_with_property([SALT, "_sd", []])),
        ("a disclosed name `...`", *_with_property([SALT, "...", ""])),
        ("a disclosed name that has no place", *_with_property([SALT, "reason", "x"])),
        ("a tuple of four", *_with_property([SALT, "basis", "other", 1])),
        ("a tuple of two for a claim", *_with_property([SALT, "other"])),
        ("a tuple of three for an element", *_with_subject([SALT, "basis", "other"])),
        ("a salt of 15 bytes", *_with_subject([base64url(bytes(15)), "github:x"])),
        ("`_sd` within a disclosed value", *_with_subject([SALT, {"_sd": []}])),
        ("an identifier that is no text", *_with_subject([SALT, 7])),
        ("an identifier without a kind", *_with_subject([SALT, "mallory"])),
        ("a basis outside of the vocabulary", *_with_property([SALT, "basis", "rumour"])),
        ("five digests in `subject`", _jwt(subject=[*subject, {"...": SALT + "A" * 21}]), []),
        ("something else in `subject`", _jwt(subject=[*subject[:3], "github:x"]), []),
        ("one digest in `_sd`", _jwt(_sd=_payload()["_sd"][:1]), []),
        ("`_sd_alg` is missing", _jwt(_sd_alg=...), []),
        ("`_sd_alg` sha-512", _jwt(_sd_alg="sha-512"), []),
    ]


def _claims_refused() -> list[tuple[str, str, list[str]]]:
    short = {"measure": "suspension", "ends_on": "indefinite"}
    long = {"measure": "suspension", "in_force_from": "2025-03-01", "ends_on": "2025-08-29"}
    late = {"iat": expiry(TODAY) - DAY, "exp": expiry(TODAY) - DAY + 1828 * DAY}
    cases: list[tuple[str, JSON]] = [
        ("an unknown member", {"note": "x"}),
        ("`contact` is missing", {"contact": ...}),
        ("`public_reference` is missing, though it may be null", {"public_reference": ...}),
        ("another vct", {"vct": "urn:comity:attestation:2"}),
        ("a jti in upper case", {"jti": plain()["jti"].upper()}),
        ("a measure outside of the vocabulary", {"measure": "warning"}),
        ("no scope", {"scope": []}),
        ("a scope twice", {"scope": plain()["scope"] * 2}),
        ("all own spaces, and one", {"scope": [{"kind": "all_own_spaces", "space": "pyregion"}]}),
        ("`iat` within a day", {"iat": expiry(TODAY) - 1}),
        ("more than five years", late | {"ends_on": "indefinite"}),
        ("outlives the measure", {"exp": expiry(ENDS) + DAY}),
        ("ends before it is in force", {"in_force_from": "2026-03-01"}),
        ("a suspension without end", short),
        ("a suspension of 181 days", long | {"exp": expiry(TODAY) + 90 * DAY}),
        ("a reference under another domain", {"public_reference": "https://example.org/x"}),
        ("a recognition without its source", {"origin": {"kind": "recognition"}}),
        ("a contact that is neither address nor URL", {"contact": "the desk"}),
    ]
    return [(reason, _jwt(**changes), []) for reason, changes in cases]


def _refusal(reason: str, jwt: str, disclosures: list[str], now: int) -> JSON:
    return {
        "reason": reason,
        "jwt": jwt,
        "disclosures": disclosures,
        "now": now,
        "code": code_of(
            lambda: attestation.verify(jwt, KEY.public_key, disclosures, now=now),
        ),
    }


def _seen(disclosures: list[str]) -> JSON:
    """What a verifier knows who was shown these disclosures."""
    found = attestation.verify(made().issued.jwt, KEY.public_key, disclosures, now=NOW)
    return {
        "disclosures": disclosures,
        "identifiers": list(found.subject),
        "basis": found.basis,
        "decided_by": found.decided_by.to_value() if found.decided_by else None,
    }


def _incomplete() -> list[JSON]:
    """What an officer's device refuses: somebody may be named beside those shown."""
    issued = made().issued
    everything, seeds = list(issued.disclosures), [base64url(each) for each in issued.decoy_seeds]
    cases = [
        ("an identifier is not shown", everything[1:], seeds),
        ("the basis is not shown", [each for each in everything if each != issued.basis], seeds),
        ("a decoy is not accounted for", everything, []),
        ("a seed that is no decoy's", everything, [base64url(bytes(32))]),
    ]
    return [
        {
            "reason": reason,
            "disclosures": shown,
            "decoy_seeds": of,
            "code": code_of(_check_complete, shown, of),
        }
        for reason, shown, of in cases
    ]


def _check_complete(disclosures: list[str], seeds: list[str]) -> None:
    found = attestation.verify(made().issued.jwt, KEY.public_key, disclosures, now=NOW)
    attestation.check_complete(found, [from_base64url(each, 32) for each in seeds])


def content() -> dict[str, Any]:
    """The whole file."""
    issued = made().issued
    refused = [_refusal(*case, NOW) for case in _tokens_refused() + _claims_refused()]
    return {
        "about": "SPEC.md, section 4; RFC 9901. `now` is in seconds, decoy seeds are base64url,"
        " keys are hex. The salts are those inside the disclosures.",
        "issue_key": {"seed": KEY.seed.hex(), "public_key": KEY.public_key.hex()},
        "claims": plain(),
        "subject": issued.subject,
        "basis": issued.basis,
        "decided_by": issued.decided_by,
        "digests": {each: sdjwt.digest(each) for each in issued.disclosures},
        "decoys": [
            {"seed": base64url(each), "digest": attestation.decoy_digest(each)}
            for each in issued.decoy_seeds
        ],
        "payload": _payload(),
        "jwt": issued.jwt,
        "jwt_sha256": sdjwt.jwt_hash(issued.jwt).hex(),
        "verified": [
            _seen([]),
            _seen([issued.disclosures[0]]),
            _seen([issued.decided_by]),
            _seen(list(issued.disclosures)),
        ],
        "refused": [
            *refused,
            _refusal("it has expired", issued.jwt, [], expiry(ENDS)),
        ],
        "incomplete": _incomplete(),
    }
