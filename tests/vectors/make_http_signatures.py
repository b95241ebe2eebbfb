"""`protocol/vectors/http-signatures.json`: signed requests and answers, and what is refused."""

from dataclasses import replace
from typing import Any

from protocol.encoding import base64url, canonical_json
from protocol.keys import http_key_id
from protocol.signatures import (
    Answer,
    Request,
    authority_of,
    content_digest,
    read_answer_signature,
    read_request_signature,
    sign_answer,
    sign_request,
    verify_answer,
    verify_request,
)
from tests.vectors.sample import ATTESTATION, ID, JSON, NOW, PEER, Draw, code_of, key

ASKER, ISSUER = key("peer"), key("http")
ASKER_ID = http_key_id(PEER, ASKER.public_key)
ISSUER_ID = http_key_id(ID, ISSUER.public_key)
NONCE = Draw("nonce")(16)
POST = Request(
    "POST",
    "comity.python.example",
    "/comity/v1/records",
    canonical_json({"v": 1, "ids": [ATTESTATION]}),
)
GET = Request("GET", "comity.python.example:8443", "/node/comity/v1/log/tile/entries/000.p/3?x=%20")
ANSWER = Answer(200, canonical_json({"v": 1, "records": [None]}))

Fields = dict[str, str]


def _fields(request: Request, now: int = NOW) -> Fields:
    return sign_request(request, ASKER, ASKER_ID, now, NONCE)


SIGNED = _fields(POST)
ANSWERED = sign_answer(ANSWER, SIGNED["Signature"], ISSUER, ISSUER_ID, NOW)


def _base(lines: list[tuple[str, str]]) -> str:
    """The signature base (RFC 9421, section 2.5), put together here once more."""
    return "\n".join(f"{name}: {value}" for name, value in lines)


def _content(fields: Fields) -> list[tuple[str, str]]:
    names = [name for name in ("Content-Type", "Content-Digest") if name in fields]
    return [(f'"{name.lower()}"', fields[name]) for name in names]


def _params(fields: Fields) -> str:
    return fields["Signature-Input"].partition("=")[2]


def _request_case(request: Request) -> JSON:
    fields = _fields(request)
    path, _, query = request.target.partition("?")
    return {
        **_parts(request),
        "fields": fields,
        "signature_base": _base(
            [
                ('"@method"', request.method),
                ('"@authority"', request.authority),
                ('"@path"', path),
                ('"@query"', f"?{query}"),
                *_content(fields),
                ('"@signature-params"', _params(fields)),
            ]
        ),
    }


def _parts(request: Request) -> JSON:
    return {
        "method": request.method,
        "authority": request.authority,
        "target": request.target,
        "body": request.body.decode(),
    }


def _answer_case(answer: Answer) -> JSON:
    fields = sign_answer(answer, SIGNED["Signature"], ISSUER, ISSUER_ID, NOW)
    return {
        "status": answer.status,
        "body": answer.body.decode(),
        "request_signature": SIGNED["Signature"],
        "fields": fields,
        "signature_base": _base(
            [
                ('"@status"', str(answer.status)),
                *_content(fields),
                ('"signature";req', SIGNED["Signature"]),
                ('"@signature-params"', _params(fields)),
            ]
        ),
    }


def _verify(request: Request, fields: Fields, now: int) -> None:
    lines = list(fields.items())
    verify_request(request, lines, read_request_signature(lines, now), ASKER.public_key)


def _verify_answer(answer: Answer, fields: Fields, request_signature: str, now: int) -> None:
    lines = list(fields.items())
    claim = read_answer_signature(lines, now)
    verify_answer(answer, lines, claim, ISSUER.public_key, request_signature)


def _resigned(old: str, new: str) -> Fields:
    """The fields with other parameters, truly signed by the asker."""
    inputs = SIGNED["Signature-Input"]
    if old not in inputs:
        raise AssertionError(old)
    params = _params({"Signature-Input": inputs.replace(old, new)})
    base = _request_case(POST)["signature_base"].rpartition("\n")[0]
    base += f'\n"@signature-params": {params}'
    signature = ASKER.sign(base.encode())
    return SIGNED | {
        "Signature-Input": f"comity={params}",
        "Signature": f"comity=:{_base64(signature)}:",
    }


def _base64(data: bytes) -> str:
    text = base64url(data).replace("-", "+").replace("_", "/")
    return text + "=" * (-len(text) % 4)


def _without(name: str) -> Fields:
    return {field: value for field, value in SIGNED.items() if field != name}


def _requests_refused() -> list[tuple[str, Request, Fields, int]]:
    nonce = f'nonce="{base64url(NONCE)}"'
    two = f"{SIGNED['Signature']}, other={SIGNED['Signature'].partition('=')[2]}"
    other_digest = {"Content-Digest": content_digest(b"{}")}
    sha512 = {"Content-Digest": SIGNED["Content-Digest"].replace("sha-256", "sha-512")}
    covers = ' "content-type" "content-digest"'
    return [
        ("another method", replace(POST, method="PUT"), SIGNED, NOW),
        ("another authority", replace(POST, authority="django.example"), SIGNED, NOW),
        ("another path", replace(POST, target="/comity/v1/events"), SIGNED, NOW),
        ("a query", replace(POST, target=POST.target + "?x=1"), SIGNED, NOW),
        ("another body", replace(POST, body=POST.body + b" "), SIGNED, NOW),
        ("another type", POST, SIGNED | {"Content-Type": "text/plain"}, NOW),
        ("the digest of another body", POST, SIGNED | other_digest, NOW),
        ("another digest algorithm", POST, SIGNED | sha512, NOW),
        ("after it expired", POST, SIGNED, NOW + 301),
        ("more than 300 s before it was made", POST, SIGNED, NOW - 301),
        ("valid for 301 s", POST, _resigned(f"expires={NOW + 300}", f"expires={NOW + 301}"), NOW),
        ("expires when made", POST, _resigned(f"expires={NOW + 300}", f"expires={NOW}"), NOW),
        ("no signature", POST, _without("Signature"), NOW),
        ("no parameters", POST, _without("Signature-Input"), NOW),
        ("two signatures", POST, SIGNED | {"Signature": two}, NOW),
        ("no nonce", POST, _resigned(f";{nonce}", ""), NOW),
        ("a nonce of 15 bytes", POST, _resigned(nonce, f'nonce="{base64url(NONCE[:15])}"'), NOW),
        ("no expiry", POST, _resigned(f";expires={NOW + 300}", ""), NOW),
        ("no tag", POST, _resigned(';tag="comity"', ""), NOW),
        ("another tag", POST, _resigned('tag="comity"', 'tag="comity-answer"'), NOW),
        ("a further parameter", POST, _resigned(';tag="', ';alg="ed25519";tag="'), NOW),
        ("a time that is a string", POST, _resigned(f"created={NOW}", f'created="{NOW}"'), NOW),
        ("the body is not covered", POST, _resigned(covers, ""), NOW),
        (
            "components in another order",
            POST,
            _resigned('"@method" "@authority"', '"@authority" "@method"'),
            NOW,
        ),
        ("keyid in upper case", POST, _resigned(PEER, PEER.upper()), NOW),
    ]


def _answers_refused() -> list[tuple[str, Answer, Fields, str, int]]:
    mine, other = SIGNED["Signature"], _fields(GET)["Signature"]
    as_request = sign_request(POST, ISSUER, ISSUER_ID, NOW, NONCE)
    by_asker = sign_answer(ANSWER, mine, ASKER, ISSUER_ID, NOW)
    return [
        ("to another request", ANSWER, ANSWERED, other, NOW),
        ("another status", replace(ANSWER, status=201), ANSWERED, mine, NOW),
        ("another body", replace(ANSWER, body=b"{}"), ANSWERED, mine, NOW),
        ("by another key", ANSWER, by_asker, mine, NOW),
        ("more than 300 s old", ANSWER, ANSWERED, mine, NOW + 301),
        ("more than 300 s ahead", ANSWER, ANSWERED, mine, NOW - 301),
        ("signed as a request", ANSWER, as_request, mine, NOW),
    ]


def content() -> dict[str, Any]:
    """The whole file."""
    return {
        "about": "SPEC.md, section 8; RFC 9421, RFC 9530. Keys are hex, times seconds; bodies are"
        " their exact text; `authority` is the receiver's own, from its configuration.",
        "asker": {
            "seed": ASKER.seed.hex(),
            "public_key": ASKER.public_key.hex(),
            "keyid": ASKER_ID,
        },
        "issuer": {
            "seed": ISSUER.seed.hex(),
            "public_key": ISSUER.public_key.hex(),
            "keyid": ISSUER_ID,
        },
        "now": NOW,
        "nonce": NONCE.hex(),
        "authorities": [
            {"url": url, "authority": authority_of(url)}
            for url in (
                "https://Comity.Python.example/",
                "https://comity.python.example:443/base",
                "https://comity.python.example:8443",
                "http://127.0.0.1:8101",
                "http://[::1]:80",
            )
        ],
        "requests": [_request_case(POST), _request_case(GET)],
        "answers": [_answer_case(ANSWER), _answer_case(Answer(204))],
        "requests_refused": [
            {
                "reason": reason,
                **_parts(request),
                "fields": fields,
                "now": now,
                "code": code_of(_verify, request, fields, now),
            }
            for reason, request, fields, now in _requests_refused()
        ],
        "answers_refused": [
            {
                "reason": reason,
                "status": answer.status,
                "body": answer.body.decode(),
                "fields": fields,
                "request_signature": request_signature,
                "now": now,
                "code": code_of(_verify_answer, answer, fields, request_signature, now),
            }
            for reason, answer, fields, request_signature, now in _answers_refused()
        ],
    }
