"""Letters that are to be sent: kept sealed until the mail server has accepted them.

waiting → accepted   the server said that it has it
        → failed     it refused for good, or nobody accepted within `PATIENCE`

An attempt is counted, and the next one set, before anything is sent; so a process that ends in the
middle leaves a letter that is tried again, and two processes never send it at once. It may arrive
twice, under one Message-ID, and is never lost in silence. What was written is dropped once it has
left or failed.
"""

import uuid
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, replace

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from node import smtp
from node.mail import Letter, Mail, Sender, compose
from node.node import Node
from node.smtp import Failure, MailServer
from node.store import outbox as rows
from node.store.outbox import Kind, OutboxRow
from node.vault import Vault

FIRST_RETRY = 300
"""Seconds to the second attempt, as servers that greylist want it; then twice as long each time."""

LONGEST_RETRY = 6 * 3600
"""The most seconds from one attempt to the next."""

PATIENCE = 5 * 86_400
"""Seconds after which a letter is given up (RFC 5321, section 4.5.4.1)."""

_MAIL = "outbox.mail"

_log = structlog.get_logger()

OnAccepted = Callable[[AsyncConnection, OutboxRow], Awaitable[None]]
"""What is done, in the same transaction, when the server has accepted a letter."""


@dataclass(frozen=True)
class Wanted:
    """A letter to be sent, to whom, and from when to when it is of use (Unix seconds)."""

    kind: Kind
    recipient: str
    letter: Letter
    not_before: int
    give_up_at: int
    attestation: str | None = None


async def put(
    connection: AsyncConnection, vault: Vault, sender: Sender, wanted: Wanted, now: int
) -> str:
    """Keep a letter that is to be sent, within a writing transaction; its id."""
    id_ = str(uuid.uuid4())
    mail = compose(sender, wanted.recipient, wanted.letter, id_, now)
    row = OutboxRow(
        id_,
        wanted.kind,
        wanted.attestation,
        vault.seal(_MAIL, id_, mail.to_bytes()),
        "waiting",
        0,
        wanted.not_before,
        wanted.give_up_at,
        now,
    )
    await rows.add(connection, row)
    return id_


async def send_due(
    node: Node,
    server: MailServer,
    now: int,
    accepted: OnAccepted,
    ids: Collection[str] | None = None,
) -> list[OutboxRow]:
    """Try what may be tried now, of `ids` where they are named; what became of each.

    A server that takes no letter at all is not tried with the next one.
    """
    async with node.store.read() as connection:
        due = await rows.due(connection, now, ids)
    tried = []
    for id_ in due:
        row = await _begin(node, id_, now)
        if row is None or row.mail_sealed is None:
            continue
        mail = Mail.from_bytes(node.vault.open(_MAIL, row.id, row.mail_sealed))
        failure = await smtp.deliver(server, mail)
        tried.append(await _end(node, row, failure, now, accepted))
        if failure is not None and failure.of == "server":
            break
    return tried


async def give_up(connection: AsyncConnection, row: OutboxRow, why: str, now: int) -> OutboxRow:
    """Drop a letter that is not to be sent any more, within a writing transaction."""
    ended = replace(row, state="failed", mail_sealed=None, ended_at=now, fault=why)
    await rows.replace(connection, ended)
    return ended


def next_attempt(row: OutboxRow, now: int) -> int:
    """When a letter is tried again that has been tried `attempts` times."""
    wait = min(FIRST_RETRY << min(row.attempts - 1, 20), LONGEST_RETRY)
    return min(now + wait, max(row.give_up_at, now + FIRST_RETRY))


async def _begin(node: Node, id_: str, now: int) -> OutboxRow | None:
    """Take a letter in hand; None where another process has."""
    async with node.store.write() as connection:
        row = await rows.get(connection, id_)
        if row is None or row.state != "waiting" or row.next_at > now:
            return None
        begun = replace(row, attempts=row.attempts + 1)
        begun = replace(begun, next_at=next_attempt(begun, now))
        await rows.replace(connection, begun)
        return begun


async def _end(
    node: Node, row: OutboxRow, failure: Failure | None, now: int, accepted: OnAccepted
) -> OutboxRow:
    async with node.store.write() as connection:
        if failure is None:
            ended = replace(row, state="accepted", mail_sealed=None, ended_at=now, fault=None)
            await rows.replace(connection, ended)
            await accepted(connection, ended)
            return ended
        if failure.of == "letter" or row.next_at > row.give_up_at:
            _log.error("letter-failed", letter=row.id, kind=row.kind, why=failure.why)
            return await give_up(connection, row, failure.why, now)
        _log.warning("letter-waits", letter=row.id, kind=row.kind, why=failure.why)
        waiting = replace(row, fault=failure.why)
        await rows.replace(connection, waiting)
        return waiting
