"""A secret under a password: an officer's key in a file, or kept by the node for the officer.

    version   1 byte, 1
    opslimit  4 bytes, big-endian    Argon2id passes (RFC 9106)
    memlimit  8 bytes, big-endian    Argon2id memory in bytes
    salt      16 bytes
    nonce     24 bytes
    the secret under XChaCha20-Poly1305-IETF, bound to all of the above

The cost is written down, so that it can be raised later without locking anybody out.
"""

import struct
import unicodedata
from typing import NamedTuple

from nacl import bindings, pwhash
from nacl.exceptions import CryptoError
from nacl.utils import random

from node.errors import UserError


class Cost(NamedTuple):
    """What one guess at a password costs (Argon2id with one lane)."""

    opslimit: int
    """Passes over the memory."""

    memlimit: int
    """Bytes of memory."""


MODERATE = Cost(pwhash.argon2id.OPSLIMIT_MODERATE, pwhash.argon2id.MEMLIMIT_MODERATE)
"""libsodium's own middle: 3 passes over 256 MiB, most of a second."""

MOST = Cost(pwhash.argon2id.OPSLIMIT_SENSITIVE, 4 * pwhash.argon2id.MEMLIMIT_MODERATE)
"""The dearest that is paid when unlocking: an altered file must not take all memory."""

SHORTEST = 10
"""Characters of a password that is chosen now, at least."""

LONGEST = 1024
"""Characters of any, at most: the time of normalising grows with the square of their number."""

_HEADER = struct.Struct(">BIQ16s24s")
_VERSION = 1
_TAG_SIZE = bindings.crypto_aead_xchacha20poly1305_ietf_ABYTES


class WrongPassword(UserError):
    """The password does not open the key."""


def check_new(password: str) -> None:
    """Refuse a password that is chosen now, and too short to withstand guessing.

    One that was chosen before is not measured: it opens what it opens.

    Raises:
        UserError: it has less than `SHORTEST` characters, or more than `LONGEST`.
    """
    _check_length(password)
    if len(unicodedata.normalize("NFC", password)) < SHORTEST:
        raise UserError(
            "an officer's password has %(shortest)s characters or more: choose another",
            shortest=SHORTEST,
        )


def lock(secret: bytes, password: str, *, cost: Cost = MODERATE) -> bytes:
    """Encrypt `secret` under a password; takes the time and memory of `cost`.

    Raises:
        UserError: the password is empty, or has more than `LONGEST` characters.
    """
    if not password:
        raise UserError("an empty password protects nothing: choose one")
    _check_length(password)
    salt, nonce = random(pwhash.argon2id.SALTBYTES), random(24)
    header = _HEADER.pack(_VERSION, cost.opslimit, cost.memlimit, salt, nonce)
    key = _stretched(password, salt, cost)
    return header + bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(secret, header, nonce, key)


def unlock(locked: bytes, password: str) -> bytes:
    """Decrypt what `lock` gave.

    Raises:
        WrongPassword: another password, or altered bytes; the two cannot be told apart.
        UserError: not something that `lock` gives.
    """
    header, ciphertext = locked[: _HEADER.size], locked[_HEADER.size :]
    if len(header) < _HEADER.size or len(ciphertext) < _TAG_SIZE or header[0] != _VERSION:
        raise UserError("this is no key under a password: restore the file from a backup")
    _, opslimit, memlimit, salt, nonce = _HEADER.unpack(header)
    cost = Cost(opslimit, memlimit)
    if not _payable(cost):
        raise UserError("this key asks for more memory or time than any of ours: restore it")
    try:
        return bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
            ciphertext, header, nonce, _stretched(password, salt, cost)
        )
    except CryptoError as error:
        raise WrongPassword("wrong password: type it again") from error


def tried(password: str) -> str:
    """What is tried of a password that anybody gave: all of it, or nothing where it is too long.

    Nothing is locked under an empty one, so that as much is done, and it is wrong.
    """
    return password if len(password) <= LONGEST else ""


def _check_length(password: str) -> None:
    if len(password) > LONGEST:
        raise UserError(
            "a password has %(longest)s characters at most: choose a shorter one", longest=LONGEST
        )


def _payable(cost: Cost) -> bool:
    return (
        pwhash.argon2id.OPSLIMIT_MIN <= cost.opslimit <= MOST.opslimit
        and pwhash.argon2id.MEMLIMIT_MIN <= cost.memlimit <= MOST.memlimit
    )


def _stretched(password: str, salt: bytes, cost: Cost) -> bytes:
    # One keyboard writes é as one character, another as two: the same password all the same.
    typed = unicodedata.normalize("NFC", tried(password)).encode()
    return pwhash.argon2id.kdf(32, typed, salt, opslimit=cost.opslimit, memlimit=cost.memlimit)
