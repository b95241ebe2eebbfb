r"""Letters as they are sent: one recipient, plain text in UTF-8, quoted-printable.

To a letter JSON may be attached. Such a message is filled up to a size that does not tell how much
it says: with spaces at the end of the JSON, where they mean nothing.

What people wrote stands in header fields as plain words or encoded, and recipients are such as
`mailbox` lets pass. So nothing that anybody wrote can add a field or another recipient.
"""

import binascii
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.header import Header
from email.utils import format_datetime

from node.errors import UserError
from node.mailbox import is_mailbox
from protocol.encoding import canonical_json, from_canonical_json

MAX_SUBJECT = 200
"""Characters of a subject."""

ROUND = 64 * 1024
"""Bytes: a message with an attachment is as long as a multiple of this."""

_LINE = 66
"""Characters of a line of encoded words; with the name of a field before, it is below 78."""

_B64_LINE = 57
"""Bytes in a line of base64 of 76 characters."""

_TEXT = (
    b"Content-Type: text/plain; charset=utf-8\r\n"
    b"Content-Transfer-Encoding: quoted-printable\r\n"
    b"\r\n"
)
_ATTACHMENT = (
    b'Content-Type: application/json; name="comity.json"\r\n'
    b'Content-Disposition: attachment; filename="comity.json"\r\n'
    b"Content-Transfer-Encoding: base64\r\n\r\n"
)
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
    attached: bytes | None = field(default=None, repr=False)
    """JSON, in which spaces may follow."""

    @classmethod
    def read(cls, written: str, template: str) -> "Letter":
        """What a template of that name gave.

        Raises:
            UserError: not a subject, an empty line, and a letter.
        """
        subject, _, rest = written.lstrip("\n").partition("\n")
        empty, _, body = rest.partition("\n")
        if not subject.strip() or empty.strip() or not body.strip():
            raise UserError(
                "%(template)s.txt.j2: the first line is the subject, the second is empty, the "
                "letter follows",
                template=template,
            )
        return cls(subject.strip(), body.strip("\n") + "\n")

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
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value is not None)
    text = _TEXT + _body(letter.body)
    if letter.attached is not None:
        text = _with_attachment(text, letter.attached, id_, len(head))
    return Mail(sender.address, recipient, head.encode("ascii") + text)


def _with_attachment(text: bytes, attached: bytes, id_: str, before: int) -> bytes:
    """Both parts, filled up so that with `before` bytes before them they are as long as is due."""
    mark = f"--comity-{id_}".encode()
    opening = f'Content-Type: multipart/mixed; boundary="comity-{id_}"\r\n\r\n'.encode()
    around = [
        opening,
        mark + b"\r\n" + text + b"\r\n" + mark + b"\r\n" + _ATTACHMENT,
        mark + b"--\r\n",
    ]
    fixed = before + sum(map(len, around)) + 2
    size = -(-(fixed + _encoded_size(len(attached))) // ROUND) * ROUND
    filled = attached.ljust(_most_encoded_in(size - fixed))
    encoded = b"".join(
        binascii.b2a_base64(filled[at : at + _B64_LINE], newline=False) + b"\r\n"
        for at in range(0, len(filled), _B64_LINE)
    )
    rest = size - fixed - len(encoded)
    # What stands before the first part is shown by no program that knows parts.
    return around[0] + b"." * rest + b"\r\n" + around[1] + encoded + around[2]


def _encoded_size(size: int) -> int:
    return 4 * -(-size // 3) + 2 * -(-size // _B64_LINE)


def _most_encoded_in(room: int) -> int:
    """The most bytes, in threes, whose encoding fits."""
    size = room // 4 * 3
    while _encoded_size(size) > room:
        size -= 3
    return size


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
