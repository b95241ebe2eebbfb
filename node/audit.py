"""Who did what, when, and for which event: an append-only record, and nothing is answered before.

Each row's `chain` is the vault's keyed hash of the row, of the tags of whom it is about, and of the
chain before it. The head, sealed alike, says where the record ends. So `verify` finds a row that
was changed, removed, put elsewhere or cut off the end, and a tag that was taken away or put in; and
the database itself refuses all of that. Against whoever holds database *and* master key, and could
write the whole record anew, a committee keeps the head of an export, `SEQ:CHAIN`, through which
every later record has to pass.

No identifier stands in it: those who were asked about are known by tags, which are dropped `KEPT`
seconds after the act. The head says up to where, so that the record verifies with and without them.

What is recorded, and what is not, stands in docs/record-of-acts.md. No peer adds rows without
bound: what it causes is paid for, or is written down once a day.
"""

import hmac
import re
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any, Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from node.errors import UserError
from node.node import Node
from node.store import audit as rows
from node.store.audit import AuditHead, AuditRow
from node.vault import Vault, VaultError
from protocol.encoding import canonical_json, from_canonical_json
from protocol.english import English
from protocol.identifiers import Identifier

Act = Literal[
    "check",
    "screen",
    "evaluate",
    "records",
    "event",
    "propose",
    "vote",
    "outcome",
    "peer",
    "policy",
    "read",
    "rotate",
    "catch_up",
    "password",
    "account",
    "export",
    "delete",
    "token",
    "call",
    "inquire",
    "answer",
    "judge",
    "notice",
    "desk",
]
"""What was done: asked here, about one or about a list; answered to a peer; sealed records given to
a peer; an event of a peer's declared, lowered or ended; a decision proposed, voted on, and what
became of it; peered; whom a sanction is about shown here; handed out; deleted on request; a token
of the local API made or revoked; called by such a token; inquired at an issuer about a finding;
told a peer about a sanction; said of what peers' words mean here; judged whether somebody is whom
an issuer means; a person written to; asked by a person what is held about them;
a restored log that caught up; a wrong password given for an officer's key or an account; somebody
invited to the pages, an account made, changed or removed."""

HERE = "here"
"""Who acts where it is whoever has access to the node's home."""

KEPT = 400 * 86_400
"""Seconds for which it is known whom an act is about: who asks once a year misses nothing."""

_acting: ContextVar[str] = ContextVar("acting", default=HERE)

_DETAIL = "audit.detail"
_CHAIN = "audit.chain"
_SUBJECT = "audit.subject"
_SUBJECTS = "audit.subjects"
_HEAD = "audit.head"
_MAX_DETAIL = 64 * 1024

_HEAD_FORM = re.compile(r"([0-9]{1,18}):([0-9A-Fa-f]{64})")

_BEGINNING = AuditHead(seq=-1, chain=bytes(32), tags_from=0, seal=b"")


@dataclass(frozen=True)
class Recorded:
    """One act as it is read back."""

    seq: int
    at: int
    act: str
    detail: Mapping[str, Any]
    chain: bytes

    @property
    def head(self) -> str:
        """Where the record ended with it: kept elsewhere, it holds later records to this one."""
        return f"{self.seq}:{self.chain.hex()}"

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

    def __init__(self, what: str, /, **parts: object) -> None:
        super().__init__(
            "the record of acts was altered: %(what)s. Restore it from a backup",
            what=English(what, **parts),
        )


class NotPassed(Altered):
    """The record, as it is written, does not pass through a head that was kept."""

    def __init__(self, why: str, /, **parts: object) -> None:
        UserError.__init__(
            self,
            "the record of acts does not pass through this head: %(why)s",
            why=English(why, **parts),
        )


class NoHead(UserError):
    """What was given as a head has not the form of one."""


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
    tags = [tag(node.vault, each) for each in about]
    async with node.store.write() as connection:
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

    `detail` is JSON without anything that names a person; `tags`, of whom it is about.

    Raises:
        Altered: the record does not end where it should, so that nothing can follow.
    """
    before = await _head(connection, vault)
    seq, subjects = before.seq + 1, _subjects(vault, tags)
    sealed = vault.seal(_DETAIL, _place(seq), canonical_json(dict(detail)))
    row = AuditRow(seq, now, act, sealed, subjects, b"")
    row = replace(row, chain=_chain(vault, before.chain, row))
    await rows.add(connection, row, set(tags))
    await _put_head(connection, vault, replace(before, seq=seq, chain=row.chain))


def tag(vault: Vault, identifier: Identifier) -> bytes:
    """The tag by which acts about whoever has this identifier are found."""
    return vault.tag(_SUBJECT, identifier.text.encode())


async def stream(node: Node) -> AsyncIterator[Recorded]:
    """The record, the oldest act first, each verified before it is given.

    Raises:
        Altered: where it comes to what was changed, removed, put elsewhere or put in; at its end,
            where it should be longer.
    """
    async with node.store.read() as connection:
        async for row in _verified(connection, node.vault):
            yield _opened(node.vault, row)


async def every(node: Node, *acts: Act) -> list[Recorded]:
    """All acts of these kinds, or of all where none is said, once the whole record was verified.

    Raises:
        Altered: it is not as it was written; where.
    """
    return [each async for each in stream(node) if not acts or each.act in acts]


async def since(node: Node, act: Act, at: int) -> list[Recorded]:
    """The acts of a kind since a time (Unix seconds), not verified: for those who count them."""
    async with node.store.read() as connection:
        return [_opened(node.vault, row) for row in await rows.since(connection, act, at)]


async def verify(node: Node, head: str | None = None) -> int:
    """Verify the record, and that it passes through a head that was kept; how many acts it has.

    `head` is `SEQ:CHAIN`, the chain in hexadecimal, as an export ends.

    Raises:
        NoHead: `head` is not of that form.
        NotPassed: it does not; why that may be.
        Altered: it was altered; where.
    """
    kept, held, count = None if head is None else _parsed_head(head), None, 0
    async with node.store.read() as connection:
        async for row in _verified(connection, node.vault):
            if kept is not None and row.seq == kept[0]:
                held = row.chain
            count += 1
    if kept is not None:
        _require_passed(kept, held, count)
    return count


def _parsed_head(text: str) -> tuple[int, bytes]:
    found = _HEAD_FORM.fullmatch(text.strip())
    if found is None:
        raise NoHead(
            "a head is SEQ:CHAIN, a number and 64 hexadecimal digits, as the last line of "
            "`comity audit export` has it"
        )
    return int(found[1]), bytes.fromhex(found[2])


def _require_passed(kept: tuple[int, bytes], held: bytes | None, count: int) -> None:
    seq, chain = kept
    if held is None:
        raise NotPassed(
            "it ends with act %(last)s, before act %(seq)s of the head. It was cut off, a backup "
            "from before was brought back, or the head is mistyped or of another record",
            last=count - 1,
            seq=seq,
        )
    if held != chain:
        raise NotPassed(
            "act %(seq)s is another one here. The record was written anew, or the head is "
            "mistyped or of another record",
            seq=seq,
        )


async def asked_about(node: Node, identifiers: Collection[Identifier]) -> list[Recorded]:
    """The acts about whoever has any of these identifiers, as long as that is known.

    Raises:
        Altered: one of them is not about those whom it was about when it was written.
    """
    tags = [tag(node.vault, each) for each in identifiers]
    async with node.store.read() as connection:
        found = await rows.about(connection, tags)
        # In one statement, whether or not there is any act: what is looked up tells nothing.
        held = await rows.tags_beside(connection, tags)
    for row in found:
        _require_tags(node.vault, row, held.get(row.seq, []))
    return [_opened(node.vault, row) for row in found]


async def forget_subjects(node: Node, now: int) -> int:
    """Forget whom acts were about that were done more than `KEPT` seconds ago; how many tags.

    Up to the first act of those seconds: one that a clock ahead or behind dated otherwise goes with
    its neighbours. Where the newest is dated ahead of now, one of the two clocks was wrong, and
    nothing is forgotten.
    """
    async with node.store.write() as connection:
        head = await _head(connection, node.vault)
        newest = await rows.get(connection, head.seq)
        if newest is None or newest.at > now:
            return 0
        first = await rows.first_within(connection, head.tags_from, now - KEPT, now)
        tags_from = head.seq + 1 if first is None else first
        if tags_from == head.tags_from:
            return 0
        # The head first: the database lets go of nothing that it does not name.
        await _put_head(connection, node.vault, replace(head, tags_from=tags_from))
        return await rows.drop_tags(connection, tags_from)


async def _verified(connection: AsyncConnection, vault: Vault) -> AsyncIterator[AuditRow]:
    head, seq, chain = await _head(connection, vault), _BEGINNING.seq, _BEGINNING.chain
    async for row in rows.stream(connection):
        seq += 1
        if row.seq != seq or not hmac.compare_digest(row.chain, _chain(vault, chain, row)):
            raise Altered("act %(seq)s is not the one that was recorded", seq=seq)
        if row.subjects is not None and seq >= head.tags_from:
            await _require_its_tags(connection, vault, row)
        chain = row.chain
        yield row
    if (seq, chain) != (head.seq, head.chain):
        raise Altered(
            "it ends with act %(seq)s, and should with act %(last)s", seq=seq, last=head.seq
        )
    stray = await rows.stray_tag(connection, head.tags_from)
    if stray is not None:
        raise Altered("somebody was put into act %(stray)s, which is not about them", stray=stray)


async def _require_its_tags(connection: AsyncConnection, vault: Vault, row: AuditRow) -> None:
    _require_tags(vault, row, await rows.tags_of(connection, row.seq))


def _require_tags(vault: Vault, row: AuditRow, held: Collection[bytes]) -> None:
    if _subjects(vault, held) != row.subjects:
        raise Altered("act %(seq)s is not about those whom it was about", seq=row.seq)


async def _head(connection: AsyncConnection, vault: Vault) -> AuditHead:
    """Where the record ends; at its beginning where there has been no act."""
    head = await rows.head(connection)
    if head is None:
        if await rows.is_begun(connection):
            raise Altered("its end is missing")
        return _BEGINNING
    if not hmac.compare_digest(head.seal, _seal(vault, head)):
        raise Altered("its end is not the one that was recorded")
    return head


async def _put_head(connection: AsyncConnection, vault: Vault, head: AuditHead) -> None:
    await rows.put_head(connection, replace(head, seal=_seal(vault, head)))


def _opened(vault: Vault, row: AuditRow) -> Recorded:
    try:
        data = vault.open(_DETAIL, _place(row.seq), row.detail_sealed)
    except VaultError as error:
        raise Altered("act %(seq)s cannot be opened", seq=row.seq) from error
    detail = from_canonical_json(data, _MAX_DETAIL)
    return Recorded(row.seq, row.at, row.act, dict(detail), row.chain)


def _place(number: int) -> bytes:
    return number.to_bytes(8, "big", signed=True)


def _subjects(vault: Vault, tags: Collection[bytes]) -> bytes | None:
    """What stands for all tags of an act, also when they are dropped."""
    return vault.tag(_SUBJECTS, b"".join(sorted(set(tags)))) if tags else None


def _chain(vault: Vault, before: bytes, row: AuditRow) -> bytes:
    act = row.act.encode()
    words = _place(len(act)) + act + bytes([row.subjects is not None]) + (row.subjects or b"")
    return vault.tag(_CHAIN, before + _place(row.seq) + _place(row.at) + words + row.detail_sealed)


def _seal(vault: Vault, head: AuditHead) -> bytes:
    return vault.tag(_HEAD, _place(head.seq) + head.chain + _place(head.tags_from))
