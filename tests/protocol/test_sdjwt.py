"""The SD-JWT profile: what verifies, and everything that must not."""

import contextlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from openvc.keys import Ed25519SigningKey
from openvc.proof.errors import ProofError
from openvc.proof.sd_jwt import (
    SdJwtVcProofSuite,
    disclosure_digest,
    make_array_disclosure,
    make_object_disclosure,
)

from protocol import sdjwt
from protocol.encoding import base64url, canonical_json
from protocol.errors import BadSignature, Malformed, OutOfTime, TooLarge, Violation
from tests.paths import SHARED
from tests.protocol.samples import KEY, NOW

SALT = bytes(range(16))
OTHER_SALT = bytes(range(16, 32))
HEADER = b'{"alg":"Ed25519","typ":"dc+sd-jwt"}'

# RFC 9901, sections 4.2.1 and 4.2.2, kept here so that the profile stands on its own.
RFC_DISCLOSURES = [
    (
        "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0",
        "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0",
    ),
    (
        "WyJsa2x4RjVqTVlsR1RQVW92TU5JdkNBIiwgIkZSIl0",
        "w0I8EKcdCtUPkGCNUrfwVp2xEgNjtoIDlOxc9-PlOhs",
    ),
]
VECTORS = SHARED / "vectors" / "rfc9901_sd_jwt.json"
if VECTORS.exists():
    _read = json.loads(VECTORS.read_text())
    RFC_DISCLOSURES += [
        (each["disclosure"], each["sha256_digest"]) for each in _read["disclosures"]
    ]


def raw(header: bytes, payload: bytes) -> str:
    """Sign any two byte strings as a JWT, which `sdjwt.sign` would refuse."""
    signed = f"{base64url(header)}.{base64url(payload)}"
    return f"{signed}.{base64url(KEY.sign(signed.encode()))}"


def token(**members: Any) -> str:
    """A JWT in our header with `members`, `_sd_alg` and a far `exp` unless given."""
    return raw(HEADER, json.dumps({"_sd_alg": "sha-256", "exp": NOW + 60, **members}).encode())


def check(jwt: str, *disclosures: str, now: int = NOW) -> sdjwt.VerifiedSdJwt:
    return sdjwt.verify(jwt, KEY.public_key, disclosures, now=now)


def encoded(value: Any) -> str:
    return base64url(json.dumps(value).encode())


OBJECT = sdjwt.object_disclosure(SALT, "basis", "other")
ELEMENT = sdjwt.array_disclosure(SALT, "email:a@b.example")
PLACE = {"...": sdjwt.digest(ELEMENT)}


@pytest.mark.parametrize(("disclosure", "digest"), RFC_DISCLOSURES)
def test_digests_are_those_of_the_rfc(disclosure: str, digest: str) -> None:
    """The RFC's disclosures, spaces and all, parse and have the RFC's digests."""
    assert sdjwt.digest(disclosure) == digest
    assert sdjwt.parse_disclosure(disclosure).digest == digest


def test_disclosures_take_their_places() -> None:
    """Elements keep the order of their digests; what is not disclosed leaves no trace."""
    second = sdjwt.array_disclosure(OTHER_SALT, "second")
    jwt = token(
        iss="a",
        _sd=[sdjwt.digest(OBJECT), sdjwt.digest("decoy")],
        subject=[PLACE, {"...": sdjwt.digest("hidden")}, "plain", {"...": sdjwt.digest(second)}],
    )
    verified = check(jwt, second, OBJECT, ELEMENT)
    assert verified.claims == {
        "iss": "a",
        "exp": NOW + 60,
        "basis": "other",
        "subject": ["email:a@b.example", "plain", "second"],
    }
    assert check(jwt).claims == {"iss": "a", "exp": NOW + 60, "subject": ["plain"]}


def test_compact_form_is_split_as_it_was_joined() -> None:
    assert sdjwt.compact("j") == "j~"
    assert sdjwt.split_compact(sdjwt.compact("j", ["a", "b"])) == ("j", ("a", "b"))


@pytest.mark.parametrize("text", ["", "j", "j~a", "j~a~header.payload.signature"])
def test_a_compact_form_without_final_tilde_is_refused(text: str) -> None:
    """Which is also how a key binding JWT looks; this profile has none."""
    with pytest.raises(Malformed):
        sdjwt.split_compact(text)


def test_every_size_has_its_cap() -> None:
    """Too long a form, JWT or disclosure, or too many of them, is refused before it is read."""
    with pytest.raises(TooLarge):
        sdjwt.split_compact("~" * 100_000)
    with pytest.raises(TooLarge):
        check("a" * (sdjwt.MAX_JWT + 1))
    with pytest.raises(TooLarge):
        sdjwt.sign({"a": "b" * sdjwt.MAX_JWT}, KEY)
    with pytest.raises(TooLarge):
        check(token(subject=[PLACE]), "a" * (sdjwt.MAX_DISCLOSURE + 1))
    with pytest.raises(TooLarge):
        check(token(), *[ELEMENT] * (sdjwt.MAX_DISCLOSURES + 1))


REFUSED_TOKENS = {
    "`_sd` is no array": {"_sd": sdjwt.digest(OBJECT)},
    "a digest is no string": {"_sd": [1]},
    "a digest is null": {"subject": [{"...": None}]},
    "a digest of another size": {"_sd": [base64url(bytes(31))]},
    "a digest that is not canonical base64url": {"_sd": ["A" * 42 + "B"]},
    "a padded digest": {"_sd": ["A" * 43 + "="]},
    "a digest repeated in `_sd`": {"_sd": [sdjwt.digest(OBJECT)] * 2},
    "a digest repeated in an array": {"subject": [PLACE, PLACE]},
    "a digest repeated in two places": {"subject": [PLACE], "_sd": [PLACE["..."]]},
    "a digest repeated in two arrays": {"subject": [PLACE], "scope": [PLACE]},
    "a claim named `...`": {"...": PLACE["..."]},
    "`_sd` deeper": {"address": {"_sd": [sdjwt.digest(OBJECT)]}},
    "`_sd` deeper in an array": {"scope": [{"_sd": [sdjwt.digest(OBJECT)]}]},
    "`...` deeper": {"scope": {"list": [PLACE]}},
    "`...` in an array of arrays": {"scope": [[PLACE]]},
    "`...` beside another name": {"scope": [{**PLACE, "kind": "event"}]},
    "no `_sd_alg`": {"_sd_alg": None},
    "another `_sd_alg`": {"_sd_alg": "sha-512"},
    "`_sd_alg` in capitals": {"_sd_alg": "SHA-256"},
    "no `exp`": {"exp": None},
    "`exp` is a boolean": {"exp": True},
    "`exp` is a string": {"exp": "4102444800"},
    "`exp` is a fraction": {"exp": NOW + 0.5},
    "`exp` is written as a fraction": {"exp": NOW + 1.0},
    "an integer beyond 2^53": {"exp": 2**53},
    "a lone surrogate": {"iss": "\ud800"},
    "a name that is not ASCII": {"isß": ""},
}


@pytest.mark.parametrize("members", REFUSED_TOKENS.values(), ids=REFUSED_TOKENS.keys())
def test_a_payload_of_another_form_is_refused(members: dict[str, Any]) -> None:
    """However well it is signed, and whether or not anything is disclosed."""
    with pytest.raises(Malformed):
        check(token(**members))


REFUSED_DISCLOSURES = {
    "unreferenced": sdjwt.object_disclosure(SALT, "contact", "x"),
    "of two where a claim has three": sdjwt.array_disclosure(SALT, "basis"),
    "of three where an element has two": sdjwt.object_disclosure(SALT, "subject", "x"),
    "of one": encoded([base64url(SALT)]),
    "of four": encoded([base64url(SALT), "basis", "other", "more"]),
    "of none": encoded([]),
    "an object": encoded({"salt": base64url(SALT)}),
    "a name that already stands": sdjwt.object_disclosure(SALT, "iss", "x"),
    "the name `subject`, which stands": sdjwt.object_disclosure(SALT, "subject", []),
    "the name `_sd_alg`": sdjwt.object_disclosure(SALT, "_sd_alg", "none"),
    "the name `exp`": sdjwt.object_disclosure(SALT, "exp", 2**52),
    "the name `_sd`": encoded([base64url(SALT), "_sd", "x"]),
    "the name `...`": encoded([base64url(SALT), "...", "x"]),
    "a name that is no string": encoded([base64url(SALT), 1, "x"]),
    "a name that is null": encoded([base64url(SALT), None, "x"]),
    "digests in its value": encoded([base64url(SALT), "basis", {"_sd": []}]),
    "an element's digest in its value": encoded([base64url(SALT), "basis", [PLACE]]),
    "a salt that is no string": encoded([1, "basis", "x"]),
    "a short salt": encoded([base64url(bytes(15)), "basis", "x"]),
    "a salt that is no base64url": encoded(["!" * 22, "basis", "x"]),
    "a name twice in its value": base64url(
        b'["' + base64url(SALT).encode() + b'","basis",{"a":1,"a":2}]'
    ),
    "a fraction in its value": encoded([base64url(SALT), "basis", 0.5]),
    "a lone surrogate in its value": encoded([base64url(SALT), "basis", "\ud800"]),
    "not UTF-8": base64url(b'["' + base64url(SALT).encode() + b'","basis","\xff"]'),
    "not JSON": base64url(b"[,]"),
    "followed by more": base64url(canonical_json([base64url(SALT), "basis", "x"]) + b"[]"),
    "padded base64": encoded([base64url(SALT), "basis", "xx"]) + "=",
    "not ASCII": "é",
    "empty": "",
}


@pytest.mark.parametrize(
    ("name", "disclosure"), REFUSED_DISCLOSURES.items(), ids=REFUSED_DISCLOSURES.keys()
)
def test_a_disclosure_of_another_form_is_refused(name: str, disclosure: str) -> None:
    """Each stands in the payload at both places (but the unreferenced one), and is refused."""
    digest = sdjwt.digest(disclosure) if disclosure.isascii() else sdjwt.digest("x")
    places: list[dict[str, Any]] = [{"subject": []}]
    if name != "unreferenced":
        places = [{"subject": [], "_sd": [digest]}, {"subject": [{"...": digest}]}]
    if name.startswith("of two"):
        del places[1]
    for place in places:
        with pytest.raises(Malformed):
            check(token(iss="a", **place), disclosure)


def test_a_disclosure_given_twice_is_refused() -> None:
    with pytest.raises(Malformed):
        check(token(subject=[PLACE]), ELEMENT, ELEMENT)


def test_two_disclosures_of_one_name_are_refused() -> None:
    """The second name already stands, whatever the two values."""
    other = sdjwt.object_disclosure(OTHER_SALT, "basis", "other")
    jwt = token(_sd=[sdjwt.digest(OBJECT), sdjwt.digest(other)])
    assert check(jwt, other).claims["basis"] == "other"
    with pytest.raises(Malformed):
        check(jwt, OBJECT, other)


@pytest.mark.parametrize(
    "header",
    [
        b'{"alg":"EdDSA","typ":"dc+sd-jwt"}',
        b'{"alg":"none","typ":"dc+sd-jwt"}',
        b'{"alg":"ES256","typ":"dc+sd-jwt"}',
        b'{"alg":"ed25519","typ":"dc+sd-jwt"}',
        b'{"alg":"Ed25519","typ":"vc+sd-jwt"}',
        b'{"alg":"Ed25519","typ":"JWT"}',
        b'{"alg":"Ed25519"}',
        b'{"alg":"Ed25519","typ":"dc+sd-jwt","kid":"1"}',
        b'{"alg":"Ed25519","typ":"dc+sd-jwt","crit":["exp"]}',
        b'{"alg":"none","alg":"Ed25519","typ":"dc+sd-jwt"}',
        b'["alg","typ"]',
        b"",
    ],
)
def test_any_other_header_is_refused(header: bytes) -> None:
    """One algorithm and one type; nothing in a header can choose how it is verified."""
    with pytest.raises(Malformed):
        check(raw(header, b'{"_sd_alg":"sha-256","exp":9999999999}'))


@pytest.mark.parametrize(
    "payload",
    [
        b'{"_sd_alg":"sha-256","exp":1,"exp":9999999999}',
        b'{"_sd_alg":"sha-256","exp":9999999999,"scope":{"a":1,"a":1}}',
        b'{"_sd_alg":"sha-256","exp":NaN}',
        b'\xef\xbb\xbf{"_sd_alg":"sha-256","exp":9999999999}',
        b'{"_sd_alg":"sha-256","exp":9999999999}{}',
        b'{"_sd_alg":"sha-256","exp":9999999999,"a":' + b"[" * 5000 + b"]" * 5000 + b"}",
        b"[]",
        b"null",
        b"",
    ],
)
def test_a_payload_that_is_not_one_strict_object_is_refused(payload: bytes) -> None:
    with pytest.raises(Violation):
        check(raw(HEADER, payload))


def test_white_space_in_what_was_signed_is_kept() -> None:
    """Header and payload need not be canonical: what was signed is what is verified."""
    jwt = raw(
        b'{ "typ": "dc+sd-jwt", "alg": "Ed25519" }', b'{ "exp": 9999999999,\n"_sd_alg":"sha-256"}'
    )
    assert check(jwt).payload == {"exp": 9999999999, "_sd_alg": "sha-256"}


def test_expired_from_the_second_of_exp() -> None:
    """`exp` is the first second at which the token is not accepted (RFC 7519, section 4.1.4)."""
    jwt = token(exp=NOW)
    check(jwt, now=NOW - 1)
    for now in (NOW, NOW + 86_400):
        with pytest.raises(OutOfTime):
            check(jwt, now=now)


@pytest.mark.parametrize(
    "change",
    [
        lambda jwt: jwt + "A",
        lambda jwt: jwt + "=",
        lambda jwt: jwt + ".",
        lambda jwt: jwt + "~",
        lambda jwt: "." + jwt,
        lambda jwt: jwt + "\n",
        lambda jwt: " " + jwt,
        lambda jwt: jwt.replace(".", ".."),
        lambda jwt: jwt.rpartition(".")[0],
        lambda jwt: jwt.rpartition(".")[0] + ".",
        lambda jwt: "é" + jwt[1:],
        lambda _: "",
    ],
)
def test_a_jwt_that_is_not_three_parts_of_base64url_is_refused(
    change: Callable[[str], str],
) -> None:
    with pytest.raises(Violation):
        check(change(token()))


def test_another_key_does_not_verify() -> None:
    with pytest.raises(BadSignature):
        sdjwt.verify(token(), bytes(reversed(KEY.public_key)), (), now=NOW)


@given(st.data())
def test_any_bit_flipped_is_refused(data: st.DataObject) -> None:
    """In the JWT and in a disclosure alike."""
    parts = [token(subject=[PLACE], _sd=[sdjwt.digest(OBJECT)]), ELEMENT, OBJECT]
    which = data.draw(st.integers(0, 2))
    flipped = bytearray(parts[which].encode())
    flipped[data.draw(st.integers(0, len(flipped) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    parts[which] = flipped.decode("latin-1")
    with pytest.raises(Violation):
        check(*parts)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=100))
def test_what_is_made_parses_to_what_it_was_made_of(text: str) -> None:
    """And making it again gives the same bytes."""
    element = sdjwt.array_disclosure(SALT, text)
    named = sdjwt.object_disclosure(SALT, "name", text)
    assert sdjwt.parse_disclosure(element) == sdjwt.Disclosure(element, None, text)
    assert sdjwt.parse_disclosure(named) == sdjwt.Disclosure(named, "name", text)


@pytest.mark.parametrize("read", [sdjwt.parse_disclosure, sdjwt.split_compact, check])
@given(text=st.text(max_size=200))
def test_nothing_read_raises_anything_but_a_violation(
    read: Callable[[str], object], text: str
) -> None:
    with contextlib.suppress(Violation):
        read(text)


# openvc-core, an independent implementation, as the oracle in both directions.


def test_openvc_verifies_what_we_sign() -> None:
    """Elements and claims disclosed, the hidden ones gone; a changed one is refused there too."""
    jwt = token(
        iss="https://a.example",
        vct="urn:x",
        subject=[PLACE, {"...": sdjwt.digest("decoy")}],
        _sd=[sdjwt.digest(OBJECT)],
        exp=4_102_444_800,
    )
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": base64url(KEY.public_key)}
    suite = SdJwtVcProofSuite()
    theirs = suite.verify(sdjwt.compact(jwt, [ELEMENT, OBJECT]), public_key_jwk=jwk)
    ours = check(jwt, ELEMENT, OBJECT)
    assert {name: theirs.claims[name] for name in ours.claims} == ours.claims
    with pytest.raises(ProofError):
        suite.verify(sdjwt.compact(jwt, [OBJECT[:-1] + "A"]), public_key_jwk=jwk)


class _Ours:
    """Our header and key, for openvc's issuing: its own header always names a `kid`."""

    alg = "Ed25519"
    kid = ""

    def sign(self, signing_input: bytes) -> bytes:
        payload = signing_input.partition(b".")[2]
        self.signed = base64url(HEADER).encode() + b"." + payload
        return KEY.sign(self.signed)


def test_we_verify_what_openvc_signs() -> None:
    """Decoys included; only the header is put into our exact form before it is signed."""
    signer = _Ours()
    issued = SdJwtVcProofSuite().issue(
        {"iss": "a.example", "basis": "other", "measure": "ban", "iat": NOW, "exp": NOW + 60},
        signing_key=signer,
        disclosable=["basis", "measure"],
        vct="urn:x",
        decoys=3,
    )
    theirs, (basis, measure) = sdjwt.split_compact(issued)
    jwt = f"{signer.signed.decode()}.{theirs.rpartition('.')[2]}"
    assert check(jwt, basis).claims["basis"] == "other"
    assert "measure" not in check(jwt, basis).claims
    assert check(jwt, basis, measure).claims["measure"] == "ban"


def test_a_token_with_another_header_of_openvc_is_refused() -> None:
    """Its own `kid` in the header is one member more than the profile has."""
    key = Ed25519SigningKey(Ed25519PrivateKey.generate(), "did:example:1", alg="Ed25519")
    issued = SdJwtVcProofSuite().issue(
        {"iss": "a.example", "basis": "other", "exp": NOW + 60},
        signing_key=key,
        disclosable=["basis"],
        vct="urn:x",
    )
    jwt, disclosures = sdjwt.split_compact(issued)
    with pytest.raises(Malformed):
        sdjwt.verify(jwt, key.public_key_raw(), disclosures, now=NOW)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60))
def test_disclosures_agree_with_openvc(text: str) -> None:
    """We read what it makes, with the digest that it computes."""
    salt = base64url(SALT)
    for made in (make_array_disclosure(salt, text), make_object_disclosure(salt, "basis", text)):
        ours = sdjwt.parse_disclosure(made)
        assert (ours.value, ours.digest) == (text, disclosure_digest(made))
