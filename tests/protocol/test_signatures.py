"""Signed requests and answers, against a library that speaks all of RFC 9421 as the oracle."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    InvalidSignature,
    MappingKeyResolver,
)
from http_message_signatures.algorithms import ED25519
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.encoding import base64url, from_base64url
from protocol.errors import BadSignature, Malformed, OutOfTime, Violation
from protocol.keys import SigningKey, http_key_id
from protocol.signatures import (
    MAX_LIFETIME,
    MAX_SKEW,
    Answer,
    Request,
    VerifiedAnswer,
    VerifiedRequest,
    authority_of,
    content_digest,
    read_answer_signature,
    read_request_signature,
    sign_answer,
    sign_request,
    verify_answer,
    verify_request,
)
from tests.paths import SHARED

KEY = SigningKey(bytes(range(32)))
KEYID = http_key_id("asker.example", KEY.public_key)
NOW = 1_800_000_000
NONCE = bytes(16)
POST = Request("POST", "issuer.example", "/comity/v1/evaluate", b'{"v":1}')
GET = Request("GET", "issuer.example:8443", "/comity/v1/inquiries/a%2Fb?x=1&y=%20")

VECTORS = [
    json.loads(path.read_bytes()) for path in sorted(SHARED.glob("vectors/rfc9421_ed25519.json"))
]

path_characters = st.lists(
    st.sampled_from([*"abzAZ09-._~!$&'()*+,;=:@/", "%2F", "%20", "%C3%A4"]), max_size=40
).map("".join)
requests = st.builds(
    lambda method, authority, path, query, body: Request(
        method, authority, f"/{path.lstrip('/')}{query}", body
    ),
    st.sampled_from(["GET", "POST"]),
    st.sampled_from(["a.example", "issuer.example:8443", "127.0.0.1:8101", "[::1]:81"]),
    path_characters,
    st.just("") | path_characters.map(lambda text: f"?{text}"),
    st.binary(max_size=100),
)
answers = st.builds(Answer, st.integers(200, 599), st.binary(max_size=100))


def signed(request: Request, now: int = NOW) -> dict[str, str]:
    return sign_request(request, KEY, KEYID, now, NONCE)


def check(request: Request, headers: dict[str, str], now: int = NOW) -> VerifiedRequest:
    lines = list(headers.items())
    claim = read_request_signature(lines, now)
    return verify_request(request, lines, claim, KEY.public_key)


def check_answer(
    answer: Answer, headers: dict[str, str], request_signature: str, now: int = NOW
) -> VerifiedAnswer:
    lines = list(headers.items())
    claim = read_answer_signature(lines, now)
    return verify_answer(answer, lines, claim, KEY.public_key, request_signature)


@given(requests, st.binary(min_size=16, max_size=16), st.integers(1, 10**11))
def test_what_was_signed_verifies(request_: Request, nonce: bytes, now: int) -> None:
    """Every request of the profile verifies, and gives back key, nonce and expiry."""
    headers = sign_request(request_, KEY, KEYID, now, nonce)
    verified = check(request_, headers, now)
    assert verified == VerifiedRequest(
        request_, KEYID, nonce, now + MAX_LIFETIME, headers["Signature"]
    )


@given(answers, requests)
def test_an_answer_verifies_for_its_request(answer: Answer, request_: Request) -> None:
    """The asker accepts the answer to its own request, and that answer to no other one."""
    request_signature = signed(request_)["Signature"]
    headers = sign_answer(answer, request_signature, KEY, KEYID, NOW)
    assert check_answer(answer, headers, request_signature) == VerifiedAnswer(answer, KEYID)
    other = signed(replace(request_, target=request_.target + "x"))["Signature"]
    with pytest.raises(BadSignature):
        check_answer(answer, headers, other)


# --- any altered bit -----------------------------------------------------------------------------


def flip(value: str, bit: int) -> str:
    raw = bytearray(value.encode("latin-1"))
    raw[bit // 8 % len(raw)] ^= 1 << bit % 8
    return raw.decode("latin-1")


def flip_bytes(value: bytes, bit: int) -> bytes:
    return flip(value.decode("latin-1"), bit).encode("latin-1")


@settings(max_examples=300)
@given(
    requests,
    st.sampled_from(["method", "authority", "target", "body", "content_type"]),
    st.integers(0, 2000),
)
def test_any_bit_flipped_in_a_component_is_refused(
    request_: Request, component: str, bit: int
) -> None:
    """No bit of method, authority, target, type or body can change on the way."""
    request_ = replace(request_, body=request_.body or b"{}")
    value = getattr(request_, component)
    headers = signed(request_)
    altered = flip_bytes(value, bit) if isinstance(value, bytes) else flip(value, bit)
    change: dict[str, Any] = {component: altered}
    if isinstance(altered, str) and component == "content_type":
        headers["Content-Type"] = altered
    with pytest.raises(Violation):
        check(replace(request_, **change), headers)


@settings(max_examples=300)
@given(
    requests,
    st.sampled_from(["Signature", "Signature-Input", "Content-Digest", "Content-Type"]),
    st.integers(0, 4000),
)
def test_any_bit_flipped_in_a_signature_field_is_refused(
    request_: Request, name: str, bit: int
) -> None:
    """No bit of the four fields can change, parameters and labels included."""
    request_ = replace(request_, body=request_.body or b"{}")
    headers = signed(request_)
    headers[name] = flip(headers[name], bit)
    with pytest.raises(Violation):
        check(request_, headers)


@settings(max_examples=300)
@given(
    answers,
    st.sampled_from(["status", "body", "Signature", "Signature-Input", "Content-Digest"]),
    st.integers(0, 4000),
)
def test_any_bit_flipped_in_an_answer_is_refused(answer: Answer, where: str, bit: int) -> None:
    """Status, body and signature fields of an answer are as the issuer sent them, or refused."""
    answer = replace(answer, body=answer.body or b"{}")
    headers = sign_answer(answer, "comity=:AA==:", KEY, KEYID, NOW)
    if where == "status":
        answer = replace(answer, status=answer.status ^ 1 << bit % 8)
    elif where == "body":
        answer = replace(answer, body=flip_bytes(answer.body, bit))
    else:
        headers[where] = flip(headers[where], bit)
    with pytest.raises(Violation):
        check_answer(answer, headers, "comity=:AA==:")


# --- time and replay -----------------------------------------------------------------------------


def test_row_13_a_request_for_another_node_is_refused() -> None:
    """The authority is the receiver's own name for itself, so a captured request fits nowhere."""
    with pytest.raises(BadSignature):
        check(replace(POST, authority="another.example"), signed(POST))


@pytest.mark.parametrize(
    "altered",
    [
        replace(POST, method="PUT"),
        replace(POST, target="/comity/v1/records"),
        replace(POST, target="/comity/v1/evaluate?x=1"),
        replace(POST, body=b'{"v":2}'),
        replace(POST, authority="issuer.example:8443"),
        replace(POST, target="/comity%2Fv1/evaluate"),
        replace(POST, target="//comity/v1/evaluate"),
    ],
)
def test_row_13_a_request_for_another_thing_is_refused(altered: Request) -> None:
    """Method, path, query, body and port are all signed, as they stand on the wire."""
    with pytest.raises(BadSignature):
        check(altered, signed(POST))


@pytest.mark.parametrize("late", [1, 60, 86_400])
def test_row_13_a_late_request_is_refused(late: int) -> None:
    """One second after `expires` it is over, with no tolerance: 300 s were tolerance enough."""
    headers = signed(POST)
    assert check(POST, headers, NOW + MAX_LIFETIME).expires == NOW + MAX_LIFETIME
    with pytest.raises(OutOfTime):
        check(POST, headers, NOW + MAX_LIFETIME + late)


@pytest.mark.parametrize("early", [1, 60, 86_400])
def test_row_28_a_request_from_the_future_is_refused(early: int) -> None:
    """A clock may be ahead by 300 s; a day ahead is refused, and so is ours having run back."""
    headers = signed(POST)
    assert check(POST, headers, NOW - MAX_SKEW).nonce == NONCE
    with pytest.raises(OutOfTime):
        check(POST, headers, NOW - MAX_SKEW - early)


@pytest.mark.parametrize("off", [MAX_SKEW + 1, 86_400, -MAX_SKEW - 1, -86_400])
def test_row_28_an_answer_of_another_time_is_refused(off: int) -> None:
    """Both ways: an answer is made while its asker waits."""
    headers = sign_answer(Answer(200, b"{}"), "comity=:AA==:", KEY, KEYID, NOW + off)
    with pytest.raises(OutOfTime):
        check_answer(Answer(200, b"{}"), headers, "comity=:AA==:")


# --- one form, and no other ----------------------------------------------------------------------


def resigned(change: Callable[[str], str], request_: Request = POST) -> dict[str, str]:
    """A request whose `@signature-params` were changed before they were signed."""
    headers = signed(request_)
    params = change(headers["Signature-Input"].removeprefix("comity="))
    path, _, query = request_.target.partition("?")
    values = {
        '"@method"': request_.method,
        '"@authority"': request_.authority,
        '"@path"': path,
        '"@query"': f"?{query}",
        '"content-type"': request_.content_type,
        '"content-digest"': content_digest(request_.body),
    }
    covered = params[1 : params.index(")")].split()
    lines = [f"{name}: {values.get(name, 'unknown')}" for name in covered]
    base = "\n".join([*lines, f'"@signature-params": {params}'])
    headers["Signature-Input"] = f"comity={params}"
    headers["Signature"] = f"comity=:{base64.b64encode(KEY.sign(base.encode())).decode()}:"
    return headers


def test_parameters_may_stand_in_any_order() -> None:
    """Libraries write parameters in their own order; the signed text is the one received."""

    def reverse(params: str) -> str:
        components, *parameters = params.split(";")
        return ";".join([components, *reversed(parameters)])

    assert check(POST, resigned(reverse)).keyid == KEYID


FORMS: dict[str, Callable[[str], str]] = {
    "a component missing": lambda text: text.replace('"@query" ', ""),
    "the digest missing": lambda text: text.replace(' "content-digest"', ""),
    "components in another order": lambda text: text.replace(
        '"@method" "@authority"', '"@authority" "@method"'
    ),
    "a component twice": lambda text: text.replace('"@method"', '"@method" "@method"'),
    "a component more": lambda text: text.replace('"@method"', '"@method" "date"'),
    "no components": lambda text: "()" + text[text.index(")") + 1 :],
    "no expires": lambda text: text.replace(f";expires={NOW + MAX_LIFETIME}", ""),
    "no created": lambda text: text.replace(f";created={NOW}", ""),
    "no nonce": lambda text: text.replace(f';nonce="{base64url(NONCE)}"', ""),
    "a nonce of 15 bytes": lambda text: text.replace(base64url(NONCE), base64url(NONCE[1:])),
    "a padded nonce": lambda text: text.replace(base64url(NONCE), base64url(NONCE) + "=="),
    "a nonce with stray bits": lambda text: text.replace(base64url(NONCE), "A" * 21 + "B"),
    "created as a string": lambda text: text.replace(f"created={NOW}", f'created="{NOW}"'),
    "keyid as a number": lambda text: text.replace(f'keyid="{KEYID}"', "keyid=1"),
    "a key named otherwise": lambda text: text.replace(KEYID, KEYID.upper()),
    "a key without community": lambda text: text.replace("asker.example/", ""),
    "an algorithm to negotiate": lambda text: text + ';alg="ed25519"',
    "an unknown parameter": lambda text: text + ";x=1",
    "a parameter twice": lambda text: text.replace(';tag="comity"', f";created={NOW}"),
    "another protocol's tag": lambda text: text.replace('"comity"', '"other"'),
    "an answer's tag": lambda text: text.replace('"comity"', '"comity-answer"'),
    "white space": lambda text: text.replace(";nonce", "; nonce"),
    "a leading zero": lambda text: text.replace("created=", "created=0"),
    "a negative time": lambda text: text.replace("created=", "created=-"),
    "a decimal time": lambda text: text.replace(f"{NOW};", f"{NOW}.0;"),
    "an escaped string": lambda text: text.replace('"comity"', '"com\\\\ity"'),
    "something behind it": lambda text: text + ', other=("@method");created=1',
    "a line break": lambda text: text + "\n",
}


@pytest.mark.parametrize("change", FORMS.values(), ids=FORMS.keys())
def test_row_40_another_form_is_refused_though_properly_signed(
    change: Callable[[str], str],
) -> None:
    """One form: what a lenient implementation would accept is refused before any arithmetic."""
    with pytest.raises(Malformed):
        check(POST, resigned(change))


@pytest.mark.parametrize("lifetime", [MAX_LIFETIME + 1, 86_400, 0, -1])
def test_a_signature_valid_for_too_long_or_never_is_refused(lifetime: int) -> None:
    """The receiver has to remember nonces, so the sender does not choose for how long."""
    due = f"expires={NOW + MAX_LIFETIME}"
    headers = resigned(lambda text: text.replace(due, f"expires={NOW + lifetime}"))
    with pytest.raises(OutOfTime):
        check(POST, headers)


@pytest.mark.parametrize("name", ["Signature", "Signature-Input", "Content-Digest", "Content-Type"])
def test_each_field_stands_exactly_once(name: str) -> None:
    """A field that is missing or repeated is refused: two readers could pick different ones."""
    lines = list(signed(POST).items())
    for altered in ([*lines, (name.lower(), "x")], [item for item in lines if item[0] != name]):
        with pytest.raises(BadSignature):
            verify_request(POST, altered, read_request_signature(altered, NOW), KEY.public_key)


def test_two_signatures_are_one_too_many() -> None:
    """Even where both are good, and one is not ours."""
    headers = signed(POST)
    headers["Signature-Input"] += ", proxy=" + headers["Signature-Input"].removeprefix("comity=")
    headers["Signature"] += ", proxy=" + headers["Signature"].removeprefix("comity=")
    with pytest.raises(Malformed):
        check(POST, headers)


def test_labels_agree() -> None:
    """The label says which signature the parameters belong to; any label, but the same one."""
    headers = {name: value.replace("comity=", "sig1=", 1) for name, value in signed(POST).items()}
    assert check(POST, headers).keyid == KEYID
    with pytest.raises(Malformed):
        check(POST, headers | {"Signature": signed(POST)["Signature"]})


def test_a_signature_has_one_spelling() -> None:
    """Base64 with stray bits in its last character is not a second field for one signature."""
    headers = signed(POST)
    last = headers["Signature"][-4]
    headers["Signature"] = headers["Signature"][:-4] + chr(ord(last) + 1) + "==:"
    with pytest.raises(Malformed):
        check(POST, headers)


def test_a_digest_of_another_algorithm_is_refused() -> None:
    """sha-256 and no other, also not beside it."""
    for digest in ("sha-512=:AA==:", content_digest(POST.body) + ", sha-512=:AA==:"):
        with pytest.raises(BadSignature):
            check(POST, signed(POST) | {"Content-Digest": digest})


def test_a_body_cannot_be_added_or_taken_away() -> None:
    """With a body its digest must be covered, without one it must not."""
    with pytest.raises(Malformed):
        check(replace(POST, body=b""), signed(POST))
    with pytest.raises(Malformed):
        check(replace(GET, body=b"{}"), signed(GET) | {"Content-Digest": content_digest(b"{}")})


@pytest.mark.parametrize(
    "target",
    [
        "http://foreign.example/comity/v1/evaluate",
        "foreign.example:443",
        "*",
        "",
        "/a b",
        "/a#b",
        "/a\nb",
        "/a\r\nb",
        "/ä",
        "/" + "a" * 2048,
    ],
)
def test_row_17_only_a_target_in_origin_form_is_signed_or_verified(target: str) -> None:
    """An absolute target names a host that nobody compares; control characters forge lines."""
    with pytest.raises(Malformed):
        replace(POST, target=target)


@pytest.mark.parametrize("value", ["a\nb", "", " ", "text/plain ", "ä", "a" * 101])
def test_a_content_type_cannot_forge_a_line(value: str) -> None:
    """What enters the signature base is printable and trimmed."""
    with pytest.raises(Malformed):
        replace(POST, content_type=value)


def test_row_18_an_overlong_field_is_refused_unread() -> None:
    """What strangers send is looked at up to a kilobyte."""
    with pytest.raises(Malformed):
        check(POST, signed(POST) | {"Signature-Input": "comity=(" + "a" * 100_000})


def test_row_40_a_small_order_key_signs_nothing() -> None:
    """The strict rules of RFC 8032 hold here too: the identity as key would fit any message."""
    headers = signed(POST)
    identity = bytes([1]) + bytes(31)
    forged = base64.b64encode(identity + bytes(32)).decode()
    lines = list((headers | {"Signature": f"comity=:{forged}:"}).items())
    with pytest.raises(BadSignature):
        verify_request(POST, lines, read_request_signature(lines, NOW), identity)


@pytest.mark.parametrize(
    ("url", "authority"),
    [
        ("https://Issuer.Example/comity", "issuer.example"),
        ("https://issuer.example:443", "issuer.example"),
        ("http://issuer.example:80/", "issuer.example"),
        ("http://issuer.example:443/", "issuer.example:443"),
        ("http://127.0.0.1:8101", "127.0.0.1:8101"),
        ("https://[::1]:8101/x", "[::1]:8101"),
    ],
)
def test_the_authority_is_normalised(url: str, authority: str) -> None:
    """Lower case, no default port (RFC 9421, section 2.2.3)."""
    assert authority_of(url) == authority


@pytest.mark.parametrize(
    "url",
    ["ftp://a.example", "a.example", "https://", "https://u@a.example", "https://a:b", "//[", ""],
)
def test_what_is_no_url_has_no_authority(url: str) -> None:
    """User information in particular is refused: it dresses one host up as another."""
    with pytest.raises(Malformed):
        authority_of(url)


# --- the oracle ----------------------------------------------------------------------------------


@dataclass
class OracleRequest:
    """A request in the oracle's interface."""

    method: str
    url: str
    headers: dict[str, str]


@dataclass
class OracleAnswer:
    """An answer in the oracle's interface."""

    status_code: int
    headers: dict[str, str]
    request: OracleRequest


ORACLE_KEYS = MappingKeyResolver(
    public_keys={KEYID: Ed25519PublicKey.from_public_bytes(KEY.public_key)},
    private_keys={KEYID: Ed25519PrivateKey.from_private_bytes(KEY.seed)},
)


class OracleVerifier(HTTPMessageVerifier):
    """Time is judged by our own tests; the library would read the clock."""

    def validate_created_and_expires(self, sig_input: Any, max_age: Any = None) -> None:
        """Accept any time."""


ORACLE_SIGNER = HTTPMessageSigner(signature_algorithm=ED25519, key_resolver=ORACLE_KEYS)
ORACLE = OracleVerifier(signature_algorithm=ED25519, key_resolver=ORACLE_KEYS)


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)


def as_oracle(request_: Request, headers: dict[str, str]) -> OracleRequest:
    url = f"https://{request_.authority}{request_.target}"
    return OracleRequest(request_.method, url, dict(headers))


@given(requests)
def test_the_oracle_verifies_our_requests(request_: Request) -> None:
    """An independent implementation finds all our components covered and the digest right."""
    headers = signed(request_)
    covered = ["@method", "@authority", "@path", "@query"]
    covered += ["content-type", "content-digest"] if request_.body else []
    (result,) = ORACLE.verify(
        as_oracle(request_, headers),
        expect_tag="comity",
        require_components=covered,
        body=request_.body,
    )
    assert result.parameters["keyid"] == KEYID
    assert result.nonce == base64url(NONCE)


@given(requests)
def test_we_verify_the_oracles_requests(request_: Request) -> None:
    """A stranger with any library of RFC 9421 can write requests that we accept."""
    content = ("content-type", "content-digest") if request_.body else ()
    message = as_oracle(request_, {"Content-Type": "application/json"})
    ORACLE_SIGNER.sign(
        message,
        key_id=KEYID,
        created=at(NOW),
        expires=at(NOW + 60),
        nonce=base64url(NONCE),
        label="sig1",
        tag="comity",
        include_alg=False,
        covered_component_ids=("@method", "@authority", "@path", "@query", *content),
        body=request_.body or None,
    )
    assert check(request_, message.headers).expires == NOW + 60


@given(answers, requests)
def test_the_oracle_verifies_our_answers_and_we_verify_its(
    answer: Answer, request_: Request
) -> None:
    """The binding of an answer to its request is the standard's own."""
    request_headers = signed(request_)
    request_signature = request_headers["Signature"]
    asked = as_oracle(request_, request_headers)
    content = ("content-type", "content-digest") if answer.body else ()
    covered = ("@status", *content, '"signature";req')

    ours = sign_answer(answer, request_signature, KEY, KEYID, NOW)
    ORACLE.verify(
        OracleAnswer(answer.status, ours, asked),
        expect_tag="comity-answer",
        require_components=covered,
        body=answer.body,
    )
    theirs = OracleAnswer(answer.status, {"Content-Type": "application/json"}, asked)
    ORACLE_SIGNER.sign(
        theirs,
        key_id=KEYID,
        created=at(NOW),
        label="x",
        tag="comity-answer",
        include_alg=False,
        covered_component_ids=covered,
        body=answer.body or None,
    )
    assert check_answer(answer, theirs.headers, request_signature).keyid == KEYID


@given(requests, st.sampled_from(["method", "target"]))
def test_the_oracle_too_refuses_what_was_altered(request_: Request, part: str) -> None:
    """So that its agreement above means something."""
    altered = as_oracle(request_, signed(request_))
    if part == "method":
        altered.method = "PUT"
    else:
        altered.url = f"https://{request_.authority}/altered/by/somebody"
    with pytest.raises(InvalidSignature):
        ORACLE.verify(altered, expect_tag="comity")


# --- published values ----------------------------------------------------------------------------


@pytest.mark.parametrize("vector", VECTORS)
def test_the_published_example_of_ed25519_holds(vector: dict[str, Any]) -> None:
    """RFC 9421, appendix B.2.6: same key, same base, same signature."""
    key = SigningKey(from_base64url(vector["key"]["jwk"]["d"], 32))
    assert base64url(key.public_key) == vector["key"]["jwk"]["x"]
    made = base64.b64encode(key.sign(vector["b26"]["signature_base"].encode())).decode()
    assert f"sig-b26=:{made}:" == vector["b26"]["signature"]


@pytest.mark.parametrize("vector", VECTORS)
def test_the_published_digest_holds(vector: dict[str, Any]) -> None:
    """RFC 9530, appendix B: the digest of the example's body."""
    example = vector["content_digest"]
    assert content_digest(example["body_ascii"].encode()) == example["sha-256"]
