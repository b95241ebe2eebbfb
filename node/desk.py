"""The desk: whoever proves an address gets, there and nowhere else, all that is held about it.

1. Somebody names an address. A code is mailed to it, whoever asks and whatever is held.
2. Whoever has the code uses it, once. Nothing is looked up, and everybody is told the same.
3. The answer is written: all is looked up, whether or not anything is held, and has one form.
4. It leaves at the full quarter of an hour after the code was used, as long as every other.

So neither what is done, nor when, nor how long it is tells whether anything is held. Together with
the code a review may be asked for: of whatever is held, which may be nothing.
"""

import base64
import json
import secrets
import uuid
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from node import audit, ledger, objections, outbox, pages, subject, subject_words
from node.background import attempt
from node.errors import UserError
from node.mail import Letter
from node.node import Node
from node.notice import desk_url, sender_of
from node.smtp import mail_server
from node.store import desk as rows
from node.store.desk import DeskRow
from node.vault import Vault
from protocol.identifiers import Identifier, parse_text
from protocol.statements import Community

DAY = 86_400

LIFE = 2 * 3600
"""Seconds for which a code holds that somebody asked for themselves."""

LIFE_BY_HAND = 7 * DAY
"""As long holds one that the committee had sent, to whoever wrote to it."""

MOST_OF_ONE = 3
"""Codes that are mailed to one address within a day."""

MOST = 200
"""Codes that are mailed within a day, to whomever; those by hand are not held up."""

SLOT = 15 * 60
"""Seconds from one moment at which answers leave to the next."""

MARGIN = 5 * 60
"""Seconds in which an answer has to be written, far more than it takes."""

DESK = "desk"
"""Who acts where it is somebody at the desk."""

_CODE_BYTES = 16
_ADDRESS = "desk_requests.address"
_ADDRESS_TAG = "desk_requests.tag"
_CODE_TAG = "desk_requests.code_tag"


class NoSuchCode(UserError):
    """Nobody was sent this code; or it was used, or is too old."""


@dataclass(frozen=True)
class Request:
    """One that was taken; `letter` is the id of the letter with the code."""

    letter: str
    expires_at: int


async def is_open(node: Node) -> bool:
    """Whether anybody can ask by e-mail: there is a mail server, and an address to write from."""
    if node.config.smtp_host is None:
        return False
    try:
        sender_of(node, (await ledger.own_register(node)).community)
    except UserError:
        return False
    return True


async def request(
    node: Node, address: Identifier, now: int, *, by_hand: bool = False
) -> Request | None:
    """Have a code mailed to an address; None where too many were today.

    `by_hand`: the committee does it for somebody who wrote to it.

    Raises:
        UserError: there is no mail server, or no address to write from.
    """
    mail_server(node)
    community = (await ledger.own_register(node)).community
    code = base64.b32encode(secrets.token_bytes(_CODE_BYTES)).decode().rstrip("=").lower()
    letter = _code_letter(node, community, code, by_hand=by_hand)
    expires_at = now + (LIFE_BY_HAND if by_hand else LIFE)
    tag = node.vault.tag(_ADDRESS_TAG, address.text.encode())
    id_ = str(uuid.uuid4())
    sealed = node.vault.seal(_ADDRESS, id_, address.text.encode())
    row = DeskRow(id_, tag, _tag_of(node.vault, code), sealed, now, expires_at)
    wanted = outbox.Wanted("code", address.value, letter, now, expires_at)
    async with node.store.write() as connection:
        if not await _may(connection, tag, now, by_hand=by_hand):
            return None
        # Without a tag: nobody has proven anything, and what anybody types is not kept for good.
        said = {"who": audit.who() if by_hand else DESK, "what": "request"}
        await audit.record(connection, node.vault, "desk", said, now)
        await rows.add(connection, row)
        sent = await outbox.put(connection, node.vault, sender_of(node, community), wanted, now)
    return Request(sent, expires_at)


async def confirm(node: Node, typed: str, now: int, *, review: bool) -> int:
    """Use a code; when the answer leaves (Unix seconds). Nothing is looked up for it.

    `review`: that a review is asked for, of whatever is held.

    Raises:
        NoSuchCode: it was never sent, was used before, or is too old.
    """
    async with node.store.write() as connection:
        row = await rows.by_code(connection, _tag_of(node.vault, typed))
        if row is None or row.confirmed_at is not None or row.expires_at < now:
            raise NoSuchCode("this code was used, is too old or was never sent: ask for another")
        address = _address_of(node.vault, row)
        said = {"who": DESK, "what": "review" if review else "answer"}
        tag = audit.tag(node.vault, address)
        await audit.record(connection, node.vault, "desk", said, now, [tag])
        await rows.replace(connection, replace(row, confirmed_at=now, review=review))
    return slot_of(now)


def slot_of(confirmed_at: int) -> int:
    """When an answer leaves: reckoned from when it was asked for, not from when it was written."""
    return -(-(confirmed_at + MARGIN) // SLOT) * SLOT


async def answer_all(node: Node, now: int) -> int:
    """Write the answers that are due; how many. One that cannot be written holds up no other."""
    async with node.store.read() as connection:
        due = await rows.to_answer(connection)
    return sum([await attempt("answer at the desk", _answer(node, row, now)) for row in due])


async def _answer(node: Node, row: DeskRow, now: int) -> None:
    address = _address_of(node.vault, row)
    asked_at = row.confirmed_at or now
    with audit.acting(DESK):
        export = await subject.export(node, [address], now)
    to_review = export.open_to_review
    if row.review:
        export = export.with_review(asked_at)
    letter = _answer_letter(node, export, address, review=row.review)
    wanted = outbox.Wanted(
        "answer", address.value, letter, slot_of(asked_at), now + outbox.PATIENCE
    )
    async with node.store.write() as connection:
        held = await rows.by_code(connection, row.code_tag)
        if held is None or held.answered_at is not None:
            return  # another process was faster
        await rows.replace(connection, replace(row, answered_at=now))
        if row.review:
            # Kept in one form, whatever is held.
            await objections.object_to(connection, node.vault, to_review, asked_at)
        sender = sender_of(node, export.community)
        await outbox.put(connection, node.vault, sender, wanted, now)


def _code_letter(node: Node, community: Community, code: str, *, by_hand: bool) -> Letter:
    url = desk_url(node, community)
    written = pages.text(
        "desk-code",
        node.home.templates,
        community=community,
        code="-".join(code[at : at + 5] for at in range(0, len(code), 5)),
        link=None if url is None else f"{url}/confirm?code={code}",
        days=LIFE_BY_HAND // DAY if by_hand else None,
        hours=None if by_hand else LIFE // 3600,
    )
    return Letter.read(written, "desk-code")


def _answer_letter(
    node: Node, export: subject.Export, address: Identifier, *, review: bool
) -> Letter:
    written = pages.text(
        "desk-answer",
        node.home.templates,
        community=export.community,
        address=address.value,
        parts=subject_words.in_words(export),
        review=review,
        desk=desk_url(node, export.community),
    )
    attached = json.dumps(export.to_value(), indent=1).encode()
    return replace(Letter.read(written, "desk-answer"), attached=attached)


async def _may(connection: AsyncConnection, tag: bytes, now: int, *, by_hand: bool) -> bool:
    of_one, of_all = await rows.counts(connection, tag, now - DAY)
    return of_one < MOST_OF_ONE and (by_hand or of_all < MOST)


def _tag_of(vault: Vault, typed: str) -> bytes:
    """The tag of a code, however it is spaced."""
    code = "".join(char for char in typed.lower() if char.isascii() and char.isalnum())
    return vault.tag(_CODE_TAG, code.encode())


def _address_of(vault: Vault, row: DeskRow) -> Identifier:
    return parse_text(vault.open(_ADDRESS, row.id, row.address_sealed).decode())
