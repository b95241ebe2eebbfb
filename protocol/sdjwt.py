"""SD-JWT, compact form: a strict profile of RFC 9901, signed with `Ed25519` (RFC 9864).

Header exactly `{"alg":"Ed25519","typ":"dc+sd-jwt"}`; `_sd` at the top level only, `{"...": digest}`
only as an element of a top-level array; no key binding. What the RFC allows beyond that is refused,
because nothing here uses it and each form is one more to be abused.

Header, payload and disclosures are verified as the bytes they came in and need not be canonical
JSON; what they say must be expressible in it (no fractions, no name twice, ASCII names).
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from protocol.encoding import JSON, base64url, canonical_json, from_base64url, from_json
from protocol.errors import Malformed, OutOfTime, TooLarge
from protocol.keys import SigningKey
from protocol.keys import verify as verify_signature

MAX_JWT = 12 * 1024
"""Characters of an issuer-signed JWT."""

MAX_DISCLOSURE = 1024
"""Characters of one disclosure."""

MAX_DISCLOSURES = 64
"""Disclosures beside one JWT."""

SALT_SIZE = 16
"""Bytes of a salt, at least (RFC 9901, section 9.3)."""

_HEADER = {"alg": "Ed25519", "typ": "dc+sd-jwt"}
_HASH = "sha-256"
_DIGEST_SIZE = 32
_RESERVED = frozenset({"_sd", "..."})


@dataclass(frozen=True)
class Disclosure:
    """One disclosure: its text as received, and what it says.

    Source: RFC 9901, section 4.2.
    """

    text: str
    name: str | None
    """The claim's name, or None where it discloses an array element."""
    value: JSON

    @property
    def digest(self) -> str:
        """What stands for it in the payload."""
        return digest(self.text)


@dataclass(frozen=True)
class VerifiedSdJwt:
    """An SD-JWT whose signature, form, expiry and disclosures hold."""

    jwt: str
    payload: dict[str, JSON]
    """As signed, digests in place."""
    claims: dict[str, JSON]
    """As the disclosures complete it: no digest, no `_sd_alg` left (RFC 9901, section 7.1)."""
    disclosures: tuple[Disclosure, ...]


def digest(disclosure: str) -> str:
    """Base64url of SHA-256 of a disclosure's text, never decoded (RFC 9901, section 4.2.3)."""
    return base64url(hashlib.sha256(disclosure.encode("ascii")).digest())


def jwt_hash(jwt: str) -> bytes:
    """SHA-256 of an issuer-signed JWT, without any `~`: how the log names it."""
    return hashlib.sha256(jwt.encode("ascii")).digest()


def object_disclosure(salt: bytes, name: str, value: JSON) -> str:
    """The disclosure of a claim at the top level (RFC 9901, section 4.2.1)."""
    return base64url(canonical_json([base64url(salt), name, value]))


def array_disclosure(salt: bytes, value: JSON) -> str:
    """The disclosure of an array element (RFC 9901, section 4.2.2)."""
    return base64url(canonical_json([base64url(salt), value]))


def sign(payload: dict[str, JSON], key: SigningKey) -> str:
    """Sign a payload in which the digests already stand.

    Raises:
        TooLarge: the JWT would exceed `MAX_JWT`.
        Malformed: the payload cannot be canonical JSON.
    """
    signed = f"{base64url(canonical_json(_HEADER))}.{base64url(canonical_json(payload))}"
    jwt = f"{signed}.{base64url(key.sign(signed.encode('ascii')))}"
    if len(jwt) > MAX_JWT:
        raise TooLarge(f"a JWT of more than {MAX_JWT} characters")
    return jwt


def compact(jwt: str, disclosures: Iterable[str] = ()) -> str:
    """`<JWT>~<disclosure>~…~` (RFC 9901, section 4)."""
    return "~".join([jwt, *disclosures, ""])


def split_compact(text: str) -> tuple[str, tuple[str, ...]]:
    """The JWT and the disclosures of a compact SD-JWT; nothing is verified.

    Raises:
        TooLarge: longer than the limits of its parts allow.
        Malformed: no final `~`, which also is what a key binding JWT looks like.
    """
    if len(text) > MAX_JWT + MAX_DISCLOSURES * (MAX_DISCLOSURE + 1) + 1:
        raise TooLarge("an SD-JWT longer than its limits allow")
    jwt, *disclosures = text.split("~")
    if not disclosures or disclosures.pop() != "":
        raise Malformed("an SD-JWT without key binding ends in ~")
    return jwt, tuple(disclosures)


def verify(jwt: str, public_key: bytes, disclosures: Sequence[str], *, now: int) -> VerifiedSdJwt:
    """Verify an SD-JWT and put its disclosures in place. `now`: seconds since 1970.

    Raises:
        TooLarge: beyond `MAX_JWT`, `MAX_DISCLOSURE` or `MAX_DISCLOSURES`.
        BadSignature: the signature is not by `public_key`.
        OutOfTime: `exp` has come.
        Malformed: any rule of the form is broken.

    Source: RFC 9901, section 7.1; SPEC.md, section 4.
    """
    payload = _verified_payload(jwt, public_key)
    presented = _by_digest(disclosures)
    claims = _claims(payload, presented)
    expiry = payload.get("exp")
    if type(expiry) is not int:
        raise Malformed("`exp` is not a whole number of seconds")
    if now >= expiry:
        raise OutOfTime("the token has expired")
    return VerifiedSdJwt(jwt, payload, claims, tuple(presented.values()))


def parse_disclosure(text: str) -> Disclosure:
    """Read one disclosure.

    Raises:
        TooLarge: more than `MAX_DISCLOSURE` characters.
        Malformed: not `[salt, value]` or `[salt, name, value]`, or a reserved name anywhere in it.

    Source: RFC 9901, sections 4.2 and 7.1.
    """
    if len(text) > MAX_DISCLOSURE:
        raise TooLarge(f"a disclosure of more than {MAX_DISCLOSURE} characters")
    parts = from_json(from_base64url(text), MAX_DISCLOSURE)
    canonical_json(parts)
    if not isinstance(parts, list) or len(parts) not in (2, 3):
        raise Malformed("a disclosure is an array of two or three")
    salt, *name, value = parts
    if not isinstance(salt, str) or len(from_base64url(salt)) < SALT_SIZE:
        raise Malformed(f"a salt is base64url of at least {SALT_SIZE} bytes")
    if name and (not isinstance(name[0], str) or name[0] in _RESERVED):
        raise Malformed("a disclosed name is a string, and neither `_sd` nor `...`")
    _refuse_reserved(value)
    return Disclosure(text, name[0] if name else None, value)


def _verified_payload(jwt: str, public_key: bytes) -> dict[str, JSON]:
    if len(jwt) > MAX_JWT:
        raise TooLarge(f"a JWT of more than {MAX_JWT} characters")
    if not jwt.isascii() or jwt.count(".") != 2:
        raise Malformed("a JWT is three parts of base64url")
    signed, _, signature = jwt.rpartition(".")
    # There is one algorithm, so the header need not be read before the signature is verified.
    verify_signature(public_key, signed.encode("ascii"), from_base64url(signature))
    header, payload = (from_json(from_base64url(part), MAX_JWT) for part in signed.split("."))
    if header != _HEADER:
        raise Malformed("a header other than that of Ed25519 and dc+sd-jwt")
    canonical_json(payload)
    if not isinstance(payload, dict):
        raise Malformed("a payload that is no object")
    return payload


def _by_digest(disclosures: Sequence[str]) -> dict[str, Disclosure]:
    if len(disclosures) > MAX_DISCLOSURES:
        raise TooLarge(f"more than {MAX_DISCLOSURES} disclosures")
    presented = {parsed.digest: parsed for parsed in map(parse_disclosure, disclosures)}
    if len(presented) != len(disclosures):
        raise Malformed("a disclosure is repeated")
    return presented


def _claims(payload: dict[str, JSON], presented: dict[str, Disclosure]) -> dict[str, JSON]:
    """The payload with `presented` in place; each must have its one place."""
    if payload.get("_sd_alg") != _HASH:
        raise Malformed("`_sd_alg` is not sha-256")
    if "..." in payload:
        raise Malformed("`...` where this profile has no digests")
    plain = {name: value for name, value in payload.items() if name not in ("_sd", "_sd_alg")}
    properties = _property_digests(payload)
    elements = [found for value in plain.values() for found in element_digests(value)]
    digests = properties + elements
    if len(set(digests)) != len(digests):
        raise Malformed("a digest is repeated")
    if not presented.keys() <= set(digests):
        raise Malformed("a disclosure whose digest does not stand in the payload")
    claims = {name: _with_elements(value, presented) for name, value in plain.items()}
    for each in (presented[found] for found in properties if found in presented):
        if each.name is None:
            raise Malformed("a disclosure of two where a claim has three")
        if each.name in claims or each.name in payload:
            raise Malformed("a disclosed name already stands")
        claims[each.name] = each.value
    return claims


def _property_digests(payload: dict[str, JSON]) -> list[str]:
    digests = payload.get("_sd", [])
    if not isinstance(digests, list):
        raise Malformed("`_sd` is no array")
    return [_checked_digest(each) for each in digests]


def element_digests(value: JSON) -> list[str]:
    """The digests that stand for elements of a claim's value, in their order.

    Raises:
        Malformed: `_sd` or `...` at any other place within the value, or no digest beside `...`.

    Source: RFC 9901, section 4.2.4.2.
    """
    if not isinstance(value, list):
        _refuse_reserved(value)
        return []
    digests = []
    for element in value:
        if isinstance(element, dict) and element.keys() == {"..."}:
            digests.append(_checked_digest(element["..."]))
        else:
            _refuse_reserved(element)
    return digests


def _checked_digest(value: JSON) -> str:
    if not isinstance(value, str):
        raise Malformed("a digest is no string")
    from_base64url(value, _DIGEST_SIZE)
    return value


def _with_elements(value: JSON, presented: dict[str, Disclosure]) -> JSON:
    """An array with its disclosed elements in place and the others left out; else the value."""
    if not isinstance(value, list):
        return value
    complete = []
    for element in value:
        if not (isinstance(element, dict) and "..." in element):
            complete.append(element)
        elif (found := presented.get(element["..."])) is not None:
            if found.name is not None:
                raise Malformed("a disclosure of three where an element has two")
            complete.append(found.value)
    return complete


def _refuse_reserved(value: JSON) -> None:
    """Refuse `_sd` and `...` as names at any depth: no digest is looked for there."""
    if isinstance(value, dict):
        if not _RESERVED.isdisjoint(value):
            raise Malformed("`_sd` or `...` where this profile has no digests")
        value = list(value.values())
    if isinstance(value, list):
        for member in value:
            _refuse_reserved(member)
