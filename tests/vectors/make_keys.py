"""`protocol/vectors/keys.json`: Ed25519 as every node judges it, and the short names of keys."""

import hashlib
from typing import Any

from protocol import keys
from tests.vectors.sample import ID, OPRF, code_of, key

PRIME = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
SMALL_ORDER = (
    (0, "order 4"),
    (1, "order 1"),
    (PRIME - 1, "order 2"),
    (2707385501144840649318225287225658788936804267575313519463743609750303402022, "order 8"),
    (55188659117513257062467267217118295137698188065244968500265048394206261417927, "order 8"),
)
KEY = key("issue")
MESSAGE = b"what is signed"
MIXED_R = bytes.fromhex("cdbc161be64c4302f56443ff29ccf36a2075be1a1fa67ff126b56315f5681c38")
"""12345 times the base point, plus a point of order 8."""


def _encoded(number: int) -> str:
    return number.to_bytes(32, "little").hex()


def _refused_points() -> list[dict[str, str]]:
    found = []
    for y, order in SMALL_ORDER:
        for spelled in (y, y + PRIME):
            for sign in (0, 1):
                if spelled < 2**255:
                    point = _encoded(spelled | sign << 255)
                    found.append({"reason": f"a point of {order}", "point": point})
    found.extend(
        {"reason": "y is not reduced", "point": _encoded(y)} for y in (PRIME + 3, PRIME + 18)
    )
    for each in found:
        if keys.is_strict_point(bytes.fromhex(each["point"])):
            raise AssertionError(each)
    return found


def _refused_signatures() -> list[dict[str, str]]:
    signature = KEY.sign(MESSAGE)
    r, s = signature[:32], signature[32:]
    malleated = (int.from_bytes(s, "little") + ORDER).to_bytes(32, "little")
    identity = (1).to_bytes(32, "little")
    cases = [
        ("S is not below the group order", KEY.public_key, r + malleated),
        ("R is of small order", KEY.public_key, identity + s),
        ("A and R are of small order, S is 0", identity, identity + bytes(32)),
        ("A is not canonical", (PRIME + 3).to_bytes(32, "little"), signature),
        ("holds only when multiplied by 8", KEY.public_key, _cofactored_only()),
        ("another message was signed", KEY.public_key, KEY.sign(MESSAGE + b".")),
        ("63 bytes", KEY.public_key, signature[:63]),
        ("a key of 31 bytes", KEY.public_key[:31], signature),
    ]
    return [
        {
            "reason": reason,
            "public_key": public_key.hex(),
            "message": MESSAGE.hex(),
            "signature": made.hex(),
            "code": code_of(keys.verify, public_key, MESSAGE, made),
        }
        for reason, public_key, made in cases
    ]


def _cofactored_only() -> bytes:
    """R is a multiple of the base point plus one of order 8; S is made for that R."""
    digest = hashlib.sha512(KEY.seed).digest()
    secret = (int.from_bytes(digest[:32], "little") & (2**254 - 8)) | 2**254
    challenge = hashlib.sha512(MIXED_R + KEY.public_key + MESSAGE).digest()
    s = (12345 + int.from_bytes(challenge, "little") * secret) % ORDER
    return MIXED_R + s.to_bytes(32, "little")


def content() -> dict[str, Any]:
    """The whole file."""
    return {
        "about": "SPEC.md, General rules (Signatures) and sections 1 and 8. Bytes are hex.",
        "signatures": [
            {
                "seed": KEY.seed.hex(),
                "public_key": KEY.public_key.hex(),
                "message": message.hex(),
                "signature": KEY.sign(message).hex(),
            }
            for message in (b"", MESSAGE, bytes(200))
        ],
        "signatures_refused": _refused_signatures(),
        "points_refused": _refused_points(),
        "oprf_key_id": {
            "public_key": OPRF.public.hex(),
            "id": keys.oprf_key_id(OPRF.public).hex(),
        },
        "http_key_id": {
            "community": ID,
            "public_key": key("http").public_key.hex(),
            "id": keys.http_key_id(ID, key("http").public_key),
        },
    }
