r"""Letters as they are sent: one recipient, plain text in UTF-8, quoted-printable.

What people wrote stands in header fields as plain words or encoded, and recipients are such as
`mailbox` lets pass. So nothing that anybody wrote can add a field or another recipient.
"""

import binascii
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.header import Header
from email.utils import format_datetime

from node.mailbox import is_mailbox
from protocol.encoding import canonical_json, from_canonical_json

MAX_SUBJECT = 200
"""Characters of a subject."""

_LINE = 66
"""Characters of a line of encoded words; with the name of a field before, it is below 78."""

_PLAIN = re.compile(r"[A-Za-z0-9]+(?: [A-Za-z0-9]+)*")
_MAX_KEPT = 4 * 1024 * 1024


@dataclass(frozen=True)
class Sender:
    """Who writes: the community by its name, its address, and where an answer goes."""

    name: str
    address: str
    reply_to: str | None = None


@dataclass(frozen=True)
class Letter:
    """What is written; the first line of a template is the subject."""

    subject: str
    body: str = field(repr=False)

    @property
    def text(self) -> str:
        """As it is printed, for review."""
        return f"{self.subject}\n\n{self.body}"


@dataclass(frozen=True)
class Mail:
    """A letter on its way: envelope and message."""

    sender: str
    recipient: str = field(repr=False)
    data: bytes = field(repr=False)
    """ASCII only, lines ended by CR LF."""

    def to_bytes(self) -> bytes:
        """As it is kept, before it is sealed."""
        values = {"from": self.sender, "to": self.recipient, "data": self.data.decode("ascii")}
        return canonical_json(dict(values))

    @classmethod
    def from_bytes(cls, data: bytes) -> "Mail":
        """What `to_bytes` gave."""
        value = dict(from_canonical_json(data, _MAX_KEPT))
        return cls(value["from"], value["to"], value["data"].encode("ascii"))


def compose(sender: Sender, recipient: str, letter: Letter, id_: str, now: int) -> Mail:
    """The letter as a message; `id_` names it at every attempt, so that a repeat is known as one.

    Raises:
        ValueError: the recipient is none that `mailbox` lets pass.
    """
    if not is_mailbox(recipient):
        raise ValueError("no address that a letter can be sent to")
    fields = {
        "From": f"{_text(sender.name)} <{sender.address}>",
        "To": recipient,
        "Reply-To": sender.reply_to,
        "Subject": _text(letter.subject[:MAX_SUBJECT]),
        "Date": format_datetime(datetime.fromtimestamp(now, UTC)),
        "Message-ID": f"<{id_}@{sender.address.rpartition('@')[2]}>",
        # No automatic answer is to follow (RFC 3834, section 5).
        "Auto-Submitted": "auto-generated",
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Transfer-Encoding": "quoted-printable",
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value is not None)
    return Mail(sender.address, recipient, head.encode("ascii") + b"\r\n" + _body(letter.body))


def _text(text: str) -> str:
    """Words in a header field: plain ones as they are, all else encoded (RFC 2047).

    Not by `email.message`: where it folds a long name it loses the quotation marks around it, and
    it writes the line break that `=?utf-8?q?=0A?=` stands for.
    """
    printable = "".join(char if char.isprintable() else " " for char in text)
    line = " ".join(printable.split())
    if _PLAIN.fullmatch(line):
        return line
    return Header(line, "utf-8", maxlinelen=_LINE).encode(linesep="\r\n")


def _body(text: str) -> bytes:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace")
    return binascii.b2a_qp(lines, istext=True).replace(b"\n", b"\r\n")
