"""What two administrators compare out of band, as text or QR code: a log up to a root.

`comity1:<id>:<fingerprint>:<size>:<root>`, never shortened. Fingerprint and root are 32 bytes in
base64url. The log that is followed must begin with the fingerprint and pass through the root, so
that nobody can show a newcomer another branch (SPEC.md, section 1).
"""

from dataclasses import dataclass
from typing import Self

from pydantic import TypeAdapter, ValidationError

from protocol.checkpoint import parse_size
from protocol.encoding import base64url, from_base64url
from protocol.errors import Malformed
from protocol.merkle import HASH_SIZE
from protocol.names import CommunityId

_PREFIX = "comity1"
_FIELDS = 5
_MAX_TEXT = 512
_COMMUNITY_ID = TypeAdapter(CommunityId)


@dataclass(frozen=True)
class Comparison:
    """A community's id, its log's fingerprint (32 bytes), and a head of its log."""

    id: str
    fingerprint: bytes
    size: int
    root: bytes

    def to_text(self) -> str:
        """The text that is read out, pasted or scanned."""
        fingerprint, root = base64url(self.fingerprint), base64url(self.root)
        return f"{_PREFIX}:{self.id}:{fingerprint}:{self.size}:{root}"

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read the text; space around it, which pasting brings along, is the caller's to strip.

        Raises:
            Malformed: another form, or a log of one entry whose root is not the fingerprint.
        """
        fields = text.split(":") if len(text) <= _MAX_TEXT else []
        if len(fields) != _FIELDS or fields[0] != _PREFIX:
            raise Malformed("five fields are due, beginning with comity1")
        fingerprint, root = (from_base64url(field, HASH_SIZE) for field in (fields[2], fields[4]))
        found = cls(_community_id(fields[1]), fingerprint, parse_size(fields[3]), root)
        if found.size == 0 or (found.size == 1 and root != fingerprint):
            raise Malformed("a log begins with its fingerprint")
        return found


def _community_id(text: str) -> str:
    try:
        return _COMMUNITY_ID.validate_python(text)
    except ValidationError:
        raise Malformed("not a community's id") from None
