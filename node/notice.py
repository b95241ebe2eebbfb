"""Telling the person what was decided: the letter, and what follows when it has been accepted.

1. A sanction is decided with its notice delayed, for 30 days at most.
2. The letter is written from a template, and read by whoever sends it.
3. The mail server accepts it; or it is handed over otherwise.
4. Only then is it proposed to say in the log that the person was told: one officer signs that.

Past the delay, with nobody having said so, the sanction weighs nothing, by the rules themselves.
Accepted is not read: what comes back later comes to the address that the letter is from.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from node import acts, audit, ledger, outbox, pages, sanctions
from node.clock import day_of
from node.errors import UserError
from node.mail import Letter, Sender
from node.mailbox import identifier_of, is_mailbox
from node.node import Node
from node.sanctions import Sanction
from node.smtp import mail_server
from node.store import outbox as rows
from node.store import peers
from node.store.outbox import OutboxRow
from node.vault import Vault
from node.wording import MEASURES, SCOPES
from protocol.attested import LAPSE
from protocol.claims import Recognition, Scope
from protocol.identifiers import parse_text
from protocol.register import Register
from protocol.statements import Community


@dataclass(frozen=True)
class Decided:
    """What a letter says of one sanction; see the head of the template."""

    id: str
    measure: str
    scope: Sequence[str]
    basis: str | None
    decided_by: str | None
    decided_on: date
    in_force_from: date
    last_day: date
    indefinite: bool
    review_by: date
    lapses_on: date
    reference: str | None
    recognised: bool


async def letter(node: Node, id_: str) -> Letter:
    """The letter about a sanction of our own, as it would be sent now.

    Raises:
        UserError: there is none of this id, what it says is not kept any more, or the community's
            own template does not work.
    """
    found = await sanctions.show(node, id_)
    community = (await ledger.own_register(node)).community
    async with node.store.read() as connection:
        receiving = await peers.active(connection)
    url = community.url
    written = pages.text(
        "notice",
        node.home.templates,
        community=community,
        decision=_decided(found),
        peers=receiving,
        peers_url=None if url is None else f"{url}/comity/v1/peers",
        desk=desk_url(node, community),
        entries=community.entries,
    )
    return Letter.read(written, "notice")


async def queue(node: Node, id_: str, to: str | None, now: int) -> str:
    """Have the letter about a sanction sent, to `to` or to the one address that it names; its id.

    Raises:
        UserError: it cannot be sent: no mail server, no or several addresses, a sanction that is
            not published, has ended or was told, or a letter that is on its way.
    """
    mail_server(node)
    written = await letter(node, id_)
    found = await sanctions.show(node, id_)
    recipient = _address(found) if to is None else identifier_of(to).value
    async with node.store.write() as connection:
        register = await ledger.own_register_in(connection)
        await acts.require_untold(connection, node.vault, id_, now)
        if any(row.attestation == id_ for row in await rows.notices(connection)):
            raise UserError("its letter is on its way already: see `comity mail list`")
        wanted = outbox.Wanted(
            "notice", recipient, written, now, now + outbox.PATIENCE, attestation=id_
        )
        said = {"who": audit.who(), "what": "queued", "attestation": id_}
        await audit.record(connection, node.vault, "notice", said, now)
        return await outbox.put(
            connection, node.vault, sender_of(node, register.community), wanted, now
        )


def desk_url(node: Node, community: Community) -> str | None:
    """Where anybody can ask what is held about their address; None where nobody can by e-mail."""
    if community.url is None or node.config.smtp_host is None:
        return None
    return f"{community.url}/desk"


def sender_of(node: Node, community: Community) -> Sender:
    """Who a letter of this community is from.

    Raises:
        UserError: it has no address.
    """
    contact = community.contact
    reachable = contact if contact is not None and is_mailbox(contact) else None
    address = node.config.mail_from or reachable
    if address is None:
        raise UserError(
            "letters need an address that they come from: set mail_from in %(file)s",
            file=node.home.config_file,
        )
    return Sender(community.name, address, reachable if reachable != address else None)


@dataclass(frozen=True)
class Sent:
    """What became of a letter, and the decision that waits for one officer since."""

    row: OutboxRow
    decision: bytes | None


async def send_mail(node: Node, now: int, ids: Collection[str] | None = None) -> list[Sent]:
    """Send the letters that are due, of `ids` where they are named.

    Raises:
        UserError: something is to be sent, and no mail server is set.
    """
    await _drop_overtaken(node, now)
    async with node.store.read() as connection:
        if not await rows.due(connection, now, ids):
            return []
    proposed: dict[str, bytes] = {}

    async def accepted(connection: AsyncConnection, row: OutboxRow) -> None:
        decision = await _told(connection, node.vault, row, now)
        if decision is not None:
            proposed[row.id] = decision

    tried = await outbox.send_due(node, mail_server(node), now, accepted, ids)
    return [Sent(row, proposed.get(row.id)) for row in tried]


async def send_now(node: Node, letter_id: str, now: int) -> Sent:
    """Try one letter at once; what became of it, also where another process was faster."""
    for sent in await send_mail(node, now, [letter_id]):
        return sent
    async with node.store.read() as connection:
        row = await rows.get(connection, letter_id)
    if row is None:
        raise UserError("no such letter: see `comity mail list`")
    return Sent(row, None)


async def _told(
    connection: AsyncConnection, vault: Vault, row: OutboxRow, now: int
) -> bytes | None:
    """What follows when a letter was accepted; the decision that says so, where it is a notice."""
    id_ = row.attestation
    if id_ is None:
        return None
    said = {"who": audit.who(), "what": "accepted", "attestation": id_}
    await audit.record(connection, vault, "notice", said, now)
    try:
        return (await acts.told_in(connection, vault, [id_], now)).decision
    except UserError:
        # It was said, proposed or ended while the letter was on its way.
        return None


async def _drop_overtaken(node: Node, now: int) -> None:
    """Whoever was told otherwise, or has nothing against them any more, is not written to."""
    async with node.store.read() as connection:
        if not await rows.notices(connection):
            return
    async with node.store.write() as connection:
        register = await ledger.own_register_in(connection)
        for row in await rows.notices(connection):
            why = _overtaken(register, row, day_of(now))
            if why is not None:
                await outbox.give_up(connection, row, why, now)


def _overtaken(register: Register, row: OutboxRow, day: date) -> str | None:
    attested = register.attestations.get(row.attestation or "")
    if attested is None or attested.state(day).is_final:
        return "the sanction has ended"
    return "the person was told otherwise" if attested.told else None


def _address(found: Sanction) -> str:
    named = [] if found.attestation is None else found.attestation.subject
    known = [parse_text(text) for text in named]
    mailboxes = {
        each.value
        for each in known
        if each.kind == "email" and each.strong and is_mailbox(each.value)
    }
    if len(mailboxes) != 1:
        count = "no" if not mailboxes else "more than one"
        raise UserError(
            "this sanction names %(count)s address of the person: say which by --to", count=count
        )
    return mailboxes.pop()


def _decided(found: Sanction) -> Decided:
    said, item = found.attestation, found.item
    if said is None:
        raise UserError("what this sanction says is not kept any more")
    claims, community = said.claims, found.proposed.community
    bodies = {each.slug: each.name for each in community.bodies}
    body = None if said.decided_by is None else bodies.get(said.decided_by.body)
    return Decided(
        id=found.id,
        measure=MEASURES[claims.measure],
        scope=[_place(each, community) for each in claims.scope],
        basis=None if said.basis in {None, "undisclosed"} else str(said.basis).replace("_", " "),
        decided_by=body,
        decided_on=claims.decided_on,
        in_force_from=claims.in_force_from,
        last_day=item.ends,
        indefinite=claims.ends_on == "indefinite",
        review_by=item.review_by,
        lapses_on=item.review_by + LAPSE,
        reference=claims.public_reference,
        recognised=isinstance(claims.origin, Recognition),
    )


def _place(scope: Scope, community: Community) -> str:
    names = {each.slug: each.name for each in community.spaces}
    if scope.space is None:
        return SCOPES[scope.kind]
    return f"{SCOPES[scope.kind]} {names.get(scope.space, scope.space)}"
