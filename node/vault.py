"""Secrets and personal data at rest, sealed: whoever steals the database alone learns of nobody.

Every purpose (a column, as a rule) has keys of its own, derived from the master key. What is sealed
is bound to its row as well: a value moved to another row or column does not open there. Lengths are
padded, since the length of a row would tell the length of a name.
"""

import hashlib
from dataclasses import dataclass, field

from nacl import bindings
from nacl.exceptions import CryptoError
from nacl.utils import random

from node.errors import UserError
from node.home import MASTER_KEY_SIZE

NONCE_SIZE = bindings.crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
OVERHEAD = NONCE_SIZE + bindings.crypto_aead_xchacha20poly1305_ietf_ABYTES
"""Bytes that sealing adds, padding apart."""

BLOCK = 64
"""Plaintexts are padded with 0x80 and zeros to a multiple of this many bytes."""


class VaultError(UserError):
    """What was sealed does not open: another master key, or an altered or misplaced row."""


class WrongMasterKey(VaultError):
    """Nothing of a database opens: it was made with another master key."""


@dataclass(frozen=True)
class Vault:
    """Seals and opens under one master key (32 bytes)."""

    master_key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.master_key) != MASTER_KEY_SIZE:
            raise ValueError("a master key has 32 bytes")

    def seal(self, purpose: str, context: bytes | str, plaintext: bytes) -> bytes:
        """Encrypt (XChaCha20-Poly1305-IETF) for one purpose and one row.

        Args:
            purpose: what it is, such as `officers.name`; ASCII without colon.
            context: which row it stands in: what identifies the row, and nothing that changes.
            plaintext: any bytes.

        Returns:
            A nonce of 24 bytes and the ciphertext: `OVERHEAD` more than the padded plaintext.
        """
        nonce = random(NONCE_SIZE)
        return nonce + bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
            _padded(plaintext), _bound(purpose, context), nonce, self._key("comity-seal", purpose)
        )

    def open(self, purpose: str, context: bytes | str, sealed: bytes) -> bytes:
        """Decrypt what `seal` gave for the same purpose and row.

        Raises:
            VaultError: it was sealed with another master key, for another purpose or row, or was
                altered; which of them cannot be told apart.
        """
        # PyNaCl raises ValueError, not CryptoError, where not even nonce and tag are there.
        if len(sealed) < OVERHEAD + BLOCK:
            raise _closed(purpose)
        try:
            padded = bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
                sealed[NONCE_SIZE:],
                _bound(purpose, context),
                sealed[:NONCE_SIZE],
                self._key("comity-seal", purpose),
            )
        except CryptoError as error:
            raise _closed(purpose) from error
        return padded.rstrip(b"\0")[:-1]

    def tag(self, purpose: str, data: bytes) -> bytes:
        """A keyed hash (32 bytes), by which rows about a personal value are found without it.

        Equal data have equal tags within one purpose; without the master key nothing can be tried.
        """
        return hashlib.blake2b(data, key=self._key("comity-tag", purpose), digest_size=32).digest()

    def _key(self, person: str, purpose: str) -> bytes:
        return hashlib.blake2b(
            purpose.encode("ascii"), key=self.master_key, person=person.encode(), digest_size=32
        ).digest()


def _bound(purpose: str, context: bytes | str) -> bytes:
    row = context.encode() if isinstance(context, str) else context
    return b"comity:vault:v1:" + purpose.encode("ascii") + b":" + row


def _padded(plaintext: bytes) -> bytes:
    return plaintext + b"\x80" + bytes(-(len(plaintext) + 1) % BLOCK)


def _closed(purpose: str) -> VaultError:
    return VaultError(
        "%(purpose)s does not open: either the master key is not the one that this database was "
        "made with (restore keys/master.key from the same backup), or the row was altered "
        "(restore the database from a backup)",
        purpose=purpose,
    )
