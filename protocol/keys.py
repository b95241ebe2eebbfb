"""Ed25519 as every node must judge it, and the short names of keys.

Implementations disagree on malleable, small-order and non-canonical signatures, and a disagreement
splits the federation. So the rules of RFC 8032, section 5.1.7, cofactorless, are checked here
before libsodium is asked: S below the group order, A and R canonical and not of small order.
"""

import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Self

from nacl import bindings
from nacl.exceptions import BadSignatureError

from protocol.errors import BadSignature

PUBLIC_KEY_SIZE = 32
SEED_SIZE = 32
SIGNATURE_SIZE = 64

_FIELD_PRIME = 2**255 - 19
_GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493
_SMALL_ORDER_Y = frozenset(
    {
        0,  # order 4
        1,  # order 1
        _FIELD_PRIME - 1,  # order 2
        # order 8, the two y coordinates
        2707385501144840649318225287225658788936804267575313519463743609750303402022,
        55188659117513257062467267217118295137698188065244968500265048394206261417927,
    }
)


def is_strict_point(encoding: bytes) -> bool:
    """Whether 32 bytes are canonical and encode no point of small order.

    Source: RFC 8032, section 5.1.3; SPEC.md, General rules, Signatures.
    """
    y = int.from_bytes(encoding, "little") & (2**255 - 1)
    return y < _FIELD_PRIME and y not in _SMALL_ORDER_Y


def verify(public_key: bytes, message: bytes, signature: bytes) -> None:
    """Verify an Ed25519 signature (64 bytes) under a public key (32 bytes).

    Raises:
        BadSignature: it does not hold, or key or signature are not of the strict form.
    """
    if len(public_key) != PUBLIC_KEY_SIZE or len(signature) != SIGNATURE_SIZE:
        raise BadSignature("a key has 32 bytes, a signature 64")
    if int.from_bytes(signature[32:], "little") >= _GROUP_ORDER:
        raise BadSignature("S is not below the group order")
    if not is_strict_point(public_key) or not is_strict_point(signature[:32]):
        raise BadSignature("A or R is not canonical, or of small order")
    try:
        # The raw binding: nacl.signing wraps the same call in copies.
        bindings.crypto_sign_open(signature + message, public_key)
    except BadSignatureError as error:
        raise BadSignature("the signature does not hold") from error


@dataclass(frozen=True)
class SigningKey:
    """An Ed25519 key pair, made from its seed (32 bytes, RFC 8032 section 5.1.5)."""

    seed: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.seed) != SEED_SIZE:
            raise ValueError("a seed has 32 bytes")
        public_key, secret_key = bindings.crypto_sign_seed_keypair(self.seed)
        object.__setattr__(self, "public_key", public_key)
        object.__setattr__(self, "_secret_key", secret_key)

    public_key: bytes = field(init=False)
    _secret_key: bytes = field(init=False, repr=False, compare=False)

    @classmethod
    def generate(cls) -> Self:
        """A fresh key from the system's generator."""
        return cls(secrets.token_bytes(SEED_SIZE))

    def sign(self, message: bytes) -> bytes:
        """The signature (64 bytes) over `message`."""
        return bindings.crypto_sign(message, self._secret_key)[:SIGNATURE_SIZE]


def oprf_key_id(public_key: bytes) -> bytes:
    """The 8 bytes by which records and requests name an OPRF key (SPEC.md, section 1)."""
    return hashlib.sha256(public_key).digest()[:8]


def http_key_id(community: str, public_key: bytes) -> str:
    """The `keyid` of a community's `http` key in HTTP signatures (SPEC.md, section 8)."""
    return f"{community}/{hashlib.sha256(public_key).hexdigest()[:16]}"
