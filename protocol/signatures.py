"""HTTP Message Signatures (RFC 9421) and Content-Digest (RFC 9530), in the one profile of Comity.

A message carries exactly one signature, over a fixed list of components in a fixed order, so that
there is nothing to negotiate and almost nothing to parse:

    request   "@method" "@authority" "@path" "@query" "content-type" "content-digest"
              ;created;expires;nonce;keyid;tag="comity"
    answer    "@status" "content-type" "content-digest" "signature";req
              ;created;keyid;tag="comity-answer"

The parameters may stand in any order. Without a body, content-type and content-digest are absent.
Verification has two steps: `read_request_signature` looks at two header fields only, is cheap and
bounded, and says whose key is claimed; `verify_request` then needs that key and the body.

Why not the library that speaks all of RFC 9421: docs/decisions/0003-http-signatures.md.
Source: SPEC.md, section 8.
"""

import base64
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from protocol.encoding import base64url, from_base64url
from protocol.errors import BadSignature, Malformed, OutOfTime
from protocol.keys import SigningKey, verify

MAX_LIFETIME = 300
"""Seconds from `created` to `expires`, at most."""

MAX_SKEW = 300
"""Seconds that another node's clock may be ahead of ours; for answers, behind it too."""

NONCE_SIZE = 16
MAX_FIELD = 1024
"""Characters of a signature field that are looked at; ours have about 300."""

Headers = Iterable[tuple[str, str]]
"""Header lines as received, repeated ones included."""

_REQUEST_COMPONENTS = '"@method" "@authority" "@path" "@query"'
_REQUEST_CONTENT = ' "content-type" "content-digest"'
_ANSWER_COMPONENTS = '"@status"{content} "signature";req'
_REQUEST_PARAMETERS = frozenset({"created", "expires", "nonce", "keyid", "tag"})
_ANSWER_PARAMETERS = frozenset({"created", "keyid", "tag"})
_INTEGERS = frozenset({"created", "expires"})

# The one serialization of each value (RFC 8941, section 4.1), so that what matches is canonical.
_LABEL = r"[a-z*][a-z0-9_.*-]{0,31}"
_INPUT = re.compile(
    rf"(?P<label>{_LABEL})="
    r"(?P<signature_params>\((?P<components>[^()]{1,200})\)"
    r'(?P<parameters>(?:;[a-z]{1,8}=(?:[1-9][0-9]{0,11}|"[!#-\[\]-~]{1,300}")){3,5}))\Z'
)
_PARAMETER = re.compile(r';([a-z]+)=(?:([0-9]+)|"([^"]*)")')
_SIGNATURE = re.compile(rf"(?P<label>{_LABEL})=:(?P<base64>[A-Za-z0-9+/]{{86}}==):\Z")
_KEYID = re.compile(r"[a-z0-9.-]{1,253}/[0-9a-f]{16}\Z")

_METHOD = re.compile(r"[A-Z]{1,16}\Z")
_AUTHORITY = re.compile(r"(?:[a-z0-9._-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::[1-9][0-9]{0,4})?\Z")
_ORIGIN_FORM = re.compile(r"/[!-\"$-~]{0,2047}\Z")
_CONTENT_TYPE = re.compile(r"[!-~](?:[ -~]{0,98}[!-~])?\Z")
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Request:
    """The parts of a request that are signed, as they stand on the wire.

    `target` is in origin form (RFC 9112, section 3.2.1): an absolute one may name a host that
    nobody compares. `authority` is the receiver's, from configuration and never from Host.

    Raises:
        Malformed: a part that is not of the form of its component.
    """

    method: str
    authority: str
    target: str
    body: bytes = field(default=b"", repr=False)
    content_type: str = "application/json"

    def __post_init__(self) -> None:
        _require(_METHOD, self.method, "the method")
        _require(_AUTHORITY, self.authority, "the authority")
        _require(_ORIGIN_FORM, self.target, "the request target")
        _require(_CONTENT_TYPE, self.content_type, "the content type")


@dataclass(frozen=True)
class Answer:
    """The parts of an answer that are signed."""

    status: int
    body: bytes = field(default=b"", repr=False)
    content_type: str = "application/json"

    def __post_init__(self) -> None:
        _require(_CONTENT_TYPE, self.content_type, "the content type")


@dataclass(frozen=True)
class Claim:
    """What a signature says about itself. Nothing in it is proven yet."""

    keyid: str
    created: int
    components: str
    signature_params: str
    signature: bytes = field(repr=False)


@dataclass(frozen=True)
class RequestClaim(Claim):
    """The claim of a request's signature: in time, and unproven."""

    expires: int
    nonce: bytes
    signature_field: str
    """The Signature field as received; the answer's signature covers it."""


@dataclass(frozen=True)
class VerifiedRequest:
    """A request that the holder of the key `keyid` signed.

    Its `nonce` (16 bytes) is to be refused when it was seen before, and remembered until `expires`
    (seconds, inclusive). `signature_field` is what the answer is bound to.
    """

    request: Request
    keyid: str
    nonce: bytes
    expires: int
    signature_field: str


@dataclass(frozen=True)
class VerifiedAnswer:
    """An answer that the holder of the key `keyid` gave to one request of ours."""

    answer: Answer
    keyid: str


def authority_of(url: str) -> str:
    """The `@authority` of requests to an http(s) URL: lower case, without a default port.

    Raises:
        Malformed: another scheme, no host, user information, or a port that is none.

    Source: RFC 9421, section 2.2.3.
    """
    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme, parts.hostname or "", parts.port
    except ValueError as error:
        raise Malformed("not a URL") from error
    if scheme not in _DEFAULT_PORTS or "@" in parts.netloc:
        raise Malformed("an http or https URL without user information is due")
    host = f"[{host}]" if ":" in host else host
    authority = host if port in (None, _DEFAULT_PORTS[scheme]) else f"{host}:{port}"
    _require(_AUTHORITY, authority, "the authority")
    return authority


def content_digest(body: bytes) -> str:
    """The Content-Digest field of `body` (RFC 9530, section 2); sha-256 and no other."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def sign_request(
    request: Request, key: SigningKey, keyid: str, now: int, nonce: bytes
) -> dict[str, str]:
    """The header fields that make `request` a signed one, valid for 300 s from `now`.

    `nonce` is 16 random bytes, never used twice under one key. Among the fields are Content-Type
    and Content-Digest where there is a body.
    """
    if len(nonce) != NONCE_SIZE:
        raise ValueError(f"a nonce has {NONCE_SIZE} bytes")
    params = (
        f"({_request_components(request)});created={now};expires={now + MAX_LIFETIME}"
        f';nonce="{base64url(nonce)}";keyid="{keyid}";tag="comity"'
    )
    content = _content_fields(request)
    return content | _signature_fields(params, key.sign(_request_base(request, content, params)))


def read_request_signature(headers: Headers, now: int) -> RequestClaim:
    """Read the one signature of a request: its form and its time, before any key or body is needed.

    Raises:
        BadSignature: none, or more than one.
        Malformed: not exactly of the form of this profile.
        OutOfTime: not valid yet, not valid any more, or valid for more than 300 s.
    """
    found = _read_fields(headers, _REQUEST_PARAMETERS, "comity")
    created, expires = int(found.parameters["created"]), int(found.parameters["expires"])
    if not created < expires <= created + MAX_LIFETIME:
        raise OutOfTime(f"a signature is valid for 1 to {MAX_LIFETIME} s")
    if created > now + MAX_SKEW or now > expires:
        raise OutOfTime("the signature is not valid yet, or not any more")
    return RequestClaim(
        keyid=found.parameters["keyid"],
        created=created,
        components=found.components,
        signature_params=found.signature_params,
        signature=found.signature,
        expires=expires,
        nonce=from_base64url(found.parameters["nonce"], NONCE_SIZE),
        signature_field=found.signature_field,
    )


def verify_request(
    request: Request, headers: Headers, claim: RequestClaim, public_key: bytes
) -> VerifiedRequest:
    """Verify that the holder of `public_key` (32 bytes) signed `request`, body included.

    `claim` is what `read_request_signature` gave for the same headers. Whether the nonce was seen
    before is the caller's to decide, after this.

    Raises:
        BadSignature: the signature does not hold, or the body is not the one that was signed.
        Malformed: other components than are due.
    """
    _check_components(claim, _request_components(request))
    content = _content_fields(request)
    _check_content(content, headers)
    verify(public_key, _request_base(request, content, claim.signature_params), claim.signature)
    return VerifiedRequest(request, claim.keyid, claim.nonce, claim.expires, claim.signature_field)


def sign_answer(
    answer: Answer, request_signature: str, key: SigningKey, keyid: str, now: int
) -> dict[str, str]:
    """The header fields that sign `answer` as the one to the request with that Signature field."""
    params = f'({_answer_components(answer)});created={now};keyid="{keyid}";tag="comity-answer"'
    content = _content_fields(answer)
    base = _answer_base(answer, content, request_signature, params)
    return content | _signature_fields(params, key.sign(base))


def read_answer_signature(headers: Headers, now: int) -> Claim:
    """Read the one signature of an answer: its form and its time.

    Raises:
        BadSignature: none, or more than one.
        Malformed: not exactly of the form of this profile.
        OutOfTime: made more than 300 s from `now`.
    """
    found = _read_fields(headers, _ANSWER_PARAMETERS, "comity-answer")
    created = int(found.parameters["created"])
    if abs(created - now) > MAX_SKEW:
        raise OutOfTime("the answer's signature is not of now")
    return Claim(
        keyid=found.parameters["keyid"],
        created=created,
        components=found.components,
        signature_params=found.signature_params,
        signature=found.signature,
    )


def verify_answer(
    answer: Answer, headers: Headers, claim: Claim, public_key: bytes, request_signature: str
) -> VerifiedAnswer:
    """Verify that `answer` is the key holder's to the request with that Signature field.

    Raises:
        BadSignature: the signature does not hold, is to another request, or the body is another.
        Malformed: other components than are due.
    """
    _check_components(claim, _answer_components(answer))
    content = _content_fields(answer)
    _check_content(content, headers)
    base = _answer_base(answer, content, request_signature, claim.signature_params)
    verify(public_key, base, claim.signature)
    return VerifiedAnswer(answer, claim.keyid)


def _request_components(request: Request) -> str:
    return _REQUEST_COMPONENTS + (_REQUEST_CONTENT if request.body else "")


def _answer_components(answer: Answer) -> str:
    return _ANSWER_COMPONENTS.format(content=_REQUEST_CONTENT if answer.body else "")


def _request_base(request: Request, content: dict[str, str], signature_params: str) -> bytes:
    """The signature base (RFC 9421, section 2.5)."""
    path, _, query = request.target.partition("?")
    lines = [
        f'"@method": {request.method}',
        f'"@authority": {request.authority}',
        f'"@path": {path}',
        f'"@query": ?{query}',
        *_content_lines(content),
        f'"@signature-params": {signature_params}',
    ]
    return "\n".join(lines).encode("ascii")


def _answer_base(
    answer: Answer, content: dict[str, str], request_signature: str, signature_params: str
) -> bytes:
    lines = [
        f'"@status": {answer.status}',
        *_content_lines(content),
        f'"signature";req: {request_signature}',
        f'"@signature-params": {signature_params}',
    ]
    return "\n".join(lines).encode("ascii")


def _content_lines(content: dict[str, str]) -> list[str]:
    return [f'"{name.lower()}": {value}' for name, value in content.items()]


def _content_fields(message: Request | Answer) -> dict[str, str]:
    if not message.body:
        return {}
    return {"Content-Type": message.content_type, "Content-Digest": content_digest(message.body)}


def _signature_fields(signature_params: str, signature: bytes) -> dict[str, str]:
    return {
        "Signature-Input": f"comity={signature_params}",
        "Signature": f"comity=:{base64.b64encode(signature).decode()}:",
    }


@dataclass(frozen=True)
class _Fields:
    """The two signature fields, taken apart."""

    components: str
    signature_params: str
    parameters: dict[str, str]
    signature: bytes
    signature_field: str


def _read_fields(headers: Headers, due: frozenset[str], tag: str) -> _Fields:
    lines = list(headers)
    signature_field = _single(lines, "signature")
    claimed = _INPUT.match(_single(lines, "signature-input"))
    made = _SIGNATURE.match(signature_field)
    if claimed is None or made is None or claimed["label"] != made["label"]:
        raise Malformed("the signature fields are not of the form that this protocol uses")
    return _Fields(
        components=claimed["components"],
        signature_params=claimed["signature_params"],
        parameters=_read_parameters(claimed["parameters"], due, tag),
        signature=_read_base64(made["base64"]),
        signature_field=signature_field,
    )


def _read_parameters(text: str, due: frozenset[str], tag: str) -> dict[str, str]:
    found = _PARAMETER.findall(text)
    parameters = {name: number or string for name, number, string in found}
    if len(found) != len(due) or parameters.keys() != due:
        raise Malformed("the signature has other parameters than are due")
    if any(bool(number) != (name in _INTEGERS) for name, number, _ in found):
        raise Malformed("a parameter of the signature is of the wrong type")
    if parameters["tag"] != tag:
        raise Malformed("the signature's tag is another protocol's")
    _require(_KEYID, parameters["keyid"], "keyid")
    return parameters


def _read_base64(text: str) -> bytes:
    data = base64.b64decode(text)
    # Decoders ignore stray bits in the last character, and would read two fields as one signature.
    if base64.b64encode(data).decode() != text:
        raise Malformed("the signature is not the canonical base64 of its bytes")
    return data


def _check_components(claim: Claim, due: str) -> None:
    if claim.components != due:
        raise Malformed("the signature covers other components than are due")


def _check_content(content: dict[str, str], headers: Headers) -> None:
    """The fields that are signed are the ones received, each once."""
    lines = list(headers)
    for name, value in content.items():
        if _single(lines, name.lower()) != value:
            raise BadSignature(f"{name} is not that of this body")


def _single(lines: list[tuple[str, str]], name: str) -> str:
    values = [value for field_name, value in lines if field_name.lower() == name]
    if len(values) != 1:
        raise BadSignature(f"exactly one {name} field is due")
    if len(values[0]) > MAX_FIELD:
        raise Malformed(f"{name} is too long")
    return values[0]


def _require(form: re.Pattern[str], value: str, what: str) -> None:
    if not form.match(value):
        raise Malformed(f"{what} is not of the form that this protocol uses")
