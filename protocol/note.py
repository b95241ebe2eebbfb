"""Signed notes: a text, and lines that sign it (C2SP signed-note).

A note is read as it was signed and is not believed until `verify` found the signature of a key
that the reader already had. Lines by unknown keys are carried along and mean nothing.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from protocol import keys
from protocol.errors import BadSignature, Malformed, TooLarge

MAX_NOTE = 65_536
"""Bytes of a signed note."""

MAX_SIGNATURES = 16
"""Signature lines of a note: as many as every verifier must accept (C2SP signed-note, "Format")."""

ED25519 = 0x01
"""Signature type: Ed25519 over the text (C2SP signed-note, "Ed25519 signatures")."""

COSIGNATURE = 0x04
"""Signature type: timed Ed25519 (C2SP tlog-cosignature, "Format")."""

KEY_ID_SIZE = 4

_LINE_START = "\u2014 "
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_NOT_IN_NAME = re.compile(r"[\s+\x00-\x1f\ud800-\udfff]")
_VKEY = re.compile(r"([^+]+)\+([0-9a-f]{8})\+(.+)", re.DOTALL)


def to_base64(data: bytes) -> str:
    """Encode with padding, as C2SP does (RFC 4648, section 4)."""
    return base64.b64encode(data).decode()


def from_base64(text: str, size: int | None = None) -> bytes:
    """Decode the one padded encoding of `size` bytes (any number where None).

    Raises:
        Malformed: another alphabet, stray bits, no or wrong padding, another size.
    """
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed("not base64") from error
    if to_base64(data) != text or size not in (None, len(data)):
        raise Malformed("not the canonical base64 of as many bytes as are due")
    return data


@dataclass(frozen=True)
class VerifierKey:
    """A public key (32 bytes, Ed25519) as notes name it; `algorithm` is its signature type.

    Raises:
        Malformed: no key name of a note, another type, or another length.
    """

    name: str
    algorithm: int
    public_key: bytes

    def __post_init__(self) -> None:
        _refuse_odd_name(self.name)
        if self.algorithm not in (ED25519, COSIGNATURE):
            raise Malformed("a signature type that is not used here")
        if len(self.public_key) != keys.PUBLIC_KEY_SIZE:
            raise Malformed("a public key has 32 bytes")

    @property
    def key_id(self) -> bytes:
        """4 bytes that, with the name, tell which key signed (C2SP signed-note, "Signatures")."""
        material = bytes([self.algorithm]) + self.public_key
        return hashlib.sha256(self.name.encode() + b"\n" + material).digest()[:KEY_ID_SIZE]

    def vkey(self) -> str:
        """`<name>+<key id in hex>+<base64 of type and key>` (C2SP signed-note, "Verifier keys")."""
        material = bytes([self.algorithm]) + self.public_key
        return f"{self.name}+{self.key_id.hex()}+{to_base64(material)}"

    @classmethod
    def from_vkey(cls, text: str) -> Self:
        """Read the text form.

        Raises:
            Malformed: another form, or a key id that is not this key's.
        """
        match = _VKEY.fullmatch(text)
        if match is None:
            raise Malformed("not a verifier key")
        material = from_base64(match[3], 1 + keys.PUBLIC_KEY_SIZE)
        key = cls(match[1], material[0], material[1:])
        if key.vkey() != text:
            raise Malformed("the verifier key carries another key's id")
        return key

    def signed(self, line: "NoteSignature") -> bool:
        """Whether the line says that it is by this key."""
        return (line.name, line.key_id) == (self.name, self.key_id)


@dataclass(frozen=True)
class NoteSignature:
    """One signature line: who signed (`name` and 4 bytes), and the bytes of that signature type."""

    name: str
    key_id: bytes
    signature: bytes

    def line(self) -> str:
        """The line as it stands in a note, with its newline."""
        return f"{_LINE_START}{self.name} {to_base64(self.key_id + self.signature)}\n"

    @classmethod
    def from_line(cls, line: str) -> Self:
        """Read a line without its newline.

        Raises:
            Malformed: not a signature line.
        """
        name, space, encoded = line.removeprefix(_LINE_START).partition(" ")
        if not line.startswith(_LINE_START) or not space:
            raise Malformed("not a signature line")
        _refuse_odd_name(name)
        data = from_base64(encoded)
        if len(data) <= KEY_ID_SIZE:
            raise Malformed("a signature line without a signature")
        return cls(name, data[:KEY_ID_SIZE], data[KEY_ID_SIZE:])


@dataclass(frozen=True)
class SignedNote:
    """A note of the right layout, whose signatures nobody has verified yet.

    `text` ends in a newline. What is read writes itself as the same bytes again.
    """

    text: str
    signatures: tuple[NoteSignature, ...]

    @classmethod
    def from_bytes(cls, data: bytes, limit: int = MAX_NOTE) -> Self:
        """Read the layout of a note of at most `limit` bytes.

        Raises:
            TooLarge: more bytes, or more than `MAX_SIGNATURES` signature lines.
            Malformed: not a signed note.

        Source: C2SP signed-note, "Format".
        """
        whole = _read_text(data, limit)
        # The text may hold empty lines; the last one parts it from the signatures.
        text, empty_line, lines = whole.rpartition("\n\n")
        if not empty_line:
            raise Malformed("no empty line before the signatures")
        return cls(text + "\n", _signatures(lines))

    def to_bytes(self) -> bytes:
        """The note as it is sent."""
        return (self.text + "\n" + "".join(item.line() for item in self.signatures)).encode()

    def with_signatures(self, signatures: Sequence[NoteSignature]) -> Self:
        """Add signatures; one by the same name and key id takes the place of the older one.

        Past `MAX_SIGNATURES`, what comes last is left out: no verifier need accept more.
        """
        lines = {(item.name, item.key_id): item for item in (*self.signatures, *signatures)}
        return replace(self, signatures=tuple(lines.values())[:MAX_SIGNATURES])

    def signatures_by(self, key: VerifierKey) -> list[bytes]:
        """The signatures that say that they are by this key, not verified.

        Raises:
            BadSignature: there is none.
        """
        found = [item.signature for item in self.signatures if key.signed(item)]
        if not found:
            raise BadSignature("no signature by the expected key")
        return found

    def verify(self, key: VerifierKey) -> None:
        """Verify that the key, of type 0x01, signed the text.

        Every line that names the key must hold, however many there are: which one another
        implementation looks at must not matter.

        Raises:
            BadSignature: there is none, or one of them does not hold.

        Source: C2SP signed-note, "Signatures".
        """
        if key.algorithm != ED25519:
            raise ValueError("a timed signature is verified by cosignature_time")
        for signature in self.signatures_by(key):
            keys.verify(key.public_key, self.text.encode(), signature)


def sign_note(text: str, key: keys.SigningKey, name: str) -> NoteSignature:
    """Sign a text with type 0x01 under a key name."""
    verifier = VerifierKey(name, ED25519, key.public_key)
    return NoteSignature(name, verifier.key_id, key.sign(text.encode()))


def parse_signatures(data: bytes, limit: int = MAX_NOTE) -> tuple[NoteSignature, ...]:
    """Read signature lines that stand alone: what a witness answers.

    Raises:
        TooLarge: more than `limit` bytes or `MAX_SIGNATURES` lines.
        Malformed: no line, or anything else than signature lines.

    Source: C2SP tlog-witness, "add-checkpoint".
    """
    return _signatures(_read_text(data, limit))


def _signatures(lines: str) -> tuple[NoteSignature, ...]:
    *items, rest = lines.split("\n")
    if rest or not items:
        raise Malformed("one or more signature lines are due, each with its newline")
    if len(items) > MAX_SIGNATURES:
        raise TooLarge(f"more than {MAX_SIGNATURES} signatures")
    return tuple(NoteSignature.from_line(item) for item in items)


def _read_text(data: bytes, limit: int) -> str:
    if len(data) > limit:
        raise TooLarge(f"more than {limit} bytes")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise Malformed("not UTF-8") from error
    if _CONTROL.search(text):
        raise Malformed("a control character other than newline")
    return text


def _refuse_odd_name(name: str) -> None:
    if not name or _NOT_IN_NAME.search(name):
        raise Malformed("a key name is not empty, and has no space, plus or control character")
