"""Who did what, when, and for which event: an append-only record, and nothing is answered before.

Each row's `chain` is the vault's keyed hash of the row and of the chain before it, so that a row
that was changed, removed or put elsewhere is found by `verify`, and the database itself refuses to
change or delete one. Whoever holds database *and* master key could write the whole record anew:
against that a committee keeps the head of an export, `SEQ:CHAIN`, through which every later record
has to pass.

No identifier stands in it: those who were asked about are known by tags (`about`).
"""

import hmac
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Literal, get_args

from sqlalchemy.ext.asyncio import AsyncConnection

from node.errors import UserError
from node.node import Node
from node.store import audit as rows
from node.store.audit import AuditRow
from node.vault import Vault, VaultError
from protocol.encoding import canonical_json, from_canonical_json
from protocol.identifiers import Identifier

Act = Literal[
    "check",
    "screen",
    "evaluate",
    "vote",
    "peer",
    "export",
    "delete",
    "token",
    "call",
    "inquire",
    "answer",
    "policy",
    "judge",
]
"""What was done: asked here, about one or about a list; answered to a peer; voted; peered; handed
out; deleted on request; a token of the local API made or revoked; called by such a token; inquired
at an issuer about a finding; told a peer about a sanction; said of what peers' words mean here;
judged whether somebody is whom an issuer means."""

HERE = "here"
"""Who acts where it is whoever has access to the node's home."""

_acting: ContextVar[str] = ContextVar("acting", default=HERE)

_DETAIL = "audit.detail"
_CHAIN = "audit.chain"
_SUBJECT = "audit.subject"
_MAX_DETAIL = 64 * 1024


@dataclass(frozen=True)
class Recorded:
    """One act as it is read back."""

    seq: int
    at: int
    act: str
    detail: Mapping[str, Any]
    chain: bytes

    def to_value(self) -> dict[str, Any]:
        """As it is exported."""
        return {
            "seq": self.seq,
            "at": self.at,
            "act": self.act,
            **self.detail,
            "chain": self.chain.hex(),
        }


class Altered(UserError):
    """The record is not as it was written."""


def who() -> str:
    """Who acts now, as it is recorded: `HERE`, or the name of a token."""
    return _acting.get()


@contextmanager
def acting(name: str) -> Iterator[None]:
    """Let what is recorded within the block be acts of `name`."""
    before = _acting.set(name)
    try:
        yield
    finally:
        _acting.reset(before)


async def write(
    node: Node,
    act: Act,
    detail: Mapping[str, Any],
    now: int,
    about: Collection[Identifier] = (),
) -> None:
    """Record an act in a transaction of its own; see `record`."""
    async with node.store.write() as connection:
        tags = [tag(node.vault, each) for each in about]
        await record(connection, node.vault, act, detail, now, tags)


async def record(  # noqa: PLR0913, PLR0917 - what, by which vault, when, about whom
    connection: AsyncConnection,
    vault: Vault,
    act: Act,
    detail: Mapping[str, Any],
    now: int,
    tags: Collection[bytes] = (),
) -> None:
    """Record an act, within the writing transaction of what is done.

    `detail` is JSON without anything that names a person; `tags`, of the identifiers of whom it is
    about.
    """
    before = await rows.last(connection)
    seq = 0 if before is None else before.seq + 1
    sealed = vault.seal(_DETAIL, _place(seq), canonical_json(dict(detail)))
    chain = _chain(vault, b"" if before is None else before.chain, seq, now, act, sealed)
    await rows.add(connection, AuditRow(seq, now, act, sealed, chain), set(tags))


def tag(vault: Vault, identifier: Identifier) -> bytes:
    """The tag by which an act about somebody of this identifier is found."""
    return vault.tag(_SUBJECT, identifier.text.encode())


async def every(node: Node) -> list[Recorded]:
    """The whole record, verified.

    Raises:
        Altered: a row was changed, removed or put elsewhere; which one.
    """
    async with node.store.read() as connection:
        found = await rows.every(connection)
    chain = b""
    for seq, row in enumerate(found):
        expected = _chain(node.vault, chain, seq, row.at, row.act, row.detail_sealed)
        if row.seq != seq or not hmac.compare_digest(row.chain, expected):
            raise Altered(f"the audit record was altered at row {seq}: restore it from a backup")
        chain = row.chain
    return [_opened(node.vault, row) for row in found]


async def verify(node: Node, head: str | None = None) -> int:
    """Verify the record, and that it passes through a head that was kept; how many rows it has.

    `head` is `SEQ:CHAIN` in hexadecimal, as an export ends.

    Raises:
        Altered: it does not, or a row was altered.
    """
    found = await every(node)
    if head is not None:
        seq, _, chain = head.partition(":")
        kept = int(seq) if seq.isascii() and seq.isdigit() and len(seq) < 16 else -1
        if not (0 <= kept < len(found) and found[kept].chain.hex() == chain):
            raise Altered("the audit record does not pass through this head: it was written anew")
    return len(found)


async def asked_about(node: Node, identifiers: Collection[Identifier]) -> list[Recorded]:
    """Who asked here about any of these identifiers, and for which event."""
    async with node.store.read() as connection:
        found = await rows.about(connection, [tag(node.vault, each) for each in identifiers])
    return [_opened(node.vault, row) for row in found]


def _opened(vault: Vault, row: AuditRow) -> Recorded:
    try:
        data = vault.open(_DETAIL, _place(row.seq), row.detail_sealed)
    except VaultError as error:
        raise Altered(f"row {row.seq} of the audit record cannot be opened") from error
    detail = from_canonical_json(data, _MAX_DETAIL)
    return Recorded(row.seq, row.at, row.act, dict(detail), row.chain)


def _place(seq: int) -> bytes:
    return seq.to_bytes(8, "big")


def _chain(vault: Vault, before: bytes, seq: int, at: int, act: str, sealed: bytes) -> bytes:  # noqa: PLR0913, PLR0917 - a row's columns
    place = _place(seq) + at.to_bytes(8, "big", signed=True)
    return vault.tag(_CHAIN, before + place + bytes([get_args(Act).index(act)]) + sealed)
