"""What was found, kept until its day, so that it can be read again, asked about and taken back.

- Kept, sealed: the issuer's attestation as it signed it, what of the person matched, the event, the
  caller's `ref`, and the finding as it was first shown. Never an identifier.
- Whoever reads it again reads it as judged then, by the register and the policy of that moment.
- Once its sanction has ended, by whatever, nothing stays but that there was something, of whom: not
  what it said. So it is after each sync that brought the end, and daily for what ends by its dates.
- Each finding that came or changed has a `cursor` that grows; whoever keeps the last one reads what
  is new. Deleted findings are not told of.
"""

import contextlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from node import audit, known, terms
from node.clock import day_of
from node.errors import NotHere, UserError
from node.finding_content import Content, opened, opened_or_none
from node.findings import AtHand, Days, Finding, Person, judged
from node.known import Known
from node.node import Node
from node.store import findings as rows
from node.store import inquiries, logs, policies
from node.store.findings import FindingRow
from node.vault import Vault, VaultError
from protocol.english import English
from protocol.exchange import Purpose
from protocol.identifiers import Identifier
from protocol.register import Register

MOST = 1000
"""Findings that are read at a time."""

MAX_NAME = 200
"""Characters of an event's name, and of what a caller calls a person."""

_REF = "findings.ref"


@dataclass(frozen=True)
class Kept:
    """A finding as it is judged now, and how it came here."""

    cursor: int
    finding: Finding
    event: str | None
    purpose: Purpose
    ref: str | None = field(repr=False)
    found_at: int
    shown: Mapping[str, Any] | None = field(repr=False)
    kept_until: date

    def to_value(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "cursor": self.cursor,
            "ref": self.ref,
            "event": self.event,
            "purpose": self.purpose.to_value(),
            "found_on": day_of(self.found_at).isoformat(),
            "kept_until": self.kept_until.isoformat(),
            "finding": self.finding.to_value(with_owners=True),
            "counts": self.finding.counts,
            "shown": self.shown,
        }


@dataclass(frozen=True)
class Found:
    """What was found about one person."""

    person: Person
    findings: Sequence[Finding]


def check_name(name: str | None, what: English) -> None:
    """Refuse what is too long to be the name of an event, or of a person.

    Raises:
        UserError: it is, or it is no text; `what` it would be the name of.
    """
    if name is None:
        return
    if len(name) > MAX_NAME:
        raise UserError("%(what)s has at most %(most)s characters", what=what, most=MAX_NAME)
    if any("\ud800" <= character <= "\udfff" for character in name):
        raise UserError("%(what)s is no text", what=what)


async def keep(  # noqa: PLR0913, PLR0917 - what, for which event, until when, now
    node: Node,
    found: Iterable[Found],
    event: str | None,
    purpose: Purpose,
    until: date,
    now: int,
) -> None:
    """Keep what was found for an event, up to and including the day `until`.

    What is kept already and is still shown alike stays as it is, for longer if need be.
    """
    everything = [(each.person, finding) for each in found for finding in each.findings]
    if not everything:
        return
    async with node.store.write() as connection:
        for person, finding in everything:
            content = Content.of(finding, person, event, purpose, now)
            await _keep(connection, node.vault, person, finding, content, until)


async def since(node: Node, cursor: int, now: int, limit: int = MOST) -> list[Kept]:
    """What came or changed after a cursor, in that order; at most `limit`, and `MOST`."""
    async with node.store.read() as connection:
        found = await rows.since(connection, cursor, min(limit, MOST))
        return await _read(node, connection, found, now)


async def find(node: Node, text: str) -> str:
    """The id that begins so, of a finding that is kept; 8 characters or more.

    Raises:
        UserError: there is none, or more than one, or too few characters.
    """
    beginning = terms.beginning(text, English("a finding"), English("characters"))
    async with node.store.read() as connection:
        matching = await rows.ids_beginning(connection, beginning)
    return terms.only(
        matching,
        English("several findings begin so: give more of the id"),
        English("no finding whose id begins so is kept here: it was deleted, or ask again"),
    )


async def show(node: Node, id_: str, now: int) -> Kept:
    """One finding.

    Raises:
        NotHere: nothing of this id is kept.
    """
    async with node.store.read() as connection:
        row = await rows.get(connection, id_)
        if row is None:
            raise NotHere("no finding of this id is kept here: it was deleted, or ask again")
        (found,) = await _read(node, connection, [row], now)
    return found


async def several(node: Node, ids: Collection[str], now: int) -> dict[str, Kept]:
    """These findings by their ids, without those that are not kept any more."""
    async with node.store.read() as connection:
        read = await _read(node, connection, await rows.several(connection, set(ids)), now)
    return {each.finding.id: each for each in read}


async def about(node: Node, identifiers: Collection[Identifier], now: int) -> list[Kept]:
    """What was found about whoever has any of these identifiers.

    By a weak one, which a namesake has as well, only what was found by nothing stronger. All that
    is kept is read, so that what is done is the same whether or not anything is about them.
    """
    async with node.store.read() as connection:
        by_strong, by_weak = [
            {
                row.id
                for row in await rows.about(
                    connection,
                    [audit.tag(node.vault, each) for each in identifiers if each.strong is strong],
                )
            }
            for strong in (True, False)
        ]
        held = await rows.every(connection)
        every = [row for row in held if opened_or_none(node.vault, row) is not None]
        read = await _read(node, connection, every, now)
    return [
        each
        for each in read
        if each.finding.id in by_strong
        or (each.finding.id in by_weak and each.finding.strength == "weak")
    ]


async def at_hand(node: Node, connection: AsyncConnection, now: int) -> tuple[list[AtHand], Known]:
    """Everything that is kept, person by person, as it can be judged, and what is known beside."""
    together = await rows.every(connection)
    contents = {row.id: opened(node.vault, row) for row in together}
    known_now = await known.load(node, connection, {row.log for row in together})
    return _persons(together, contents, known_now, day_of(now)), known_now


async def changed(connection: AsyncConnection, id_: str) -> None:
    """Tell whoever reads on from a cursor that a finding reads otherwise now.

    Raises:
        NotHere: it was deleted meanwhile.
    """
    if await rows.get(connection, id_) is None:
        raise NotHere("no finding of this id is kept here any more")
    await rows.renumber(connection, id_)


async def delete(node: Node, id_: str, now: int) -> int:
    """Delete a finding; how many there were. It is recorded who did."""
    async with node.store.write() as connection:
        deleted = await rows.drop(connection, id_)
        await _record_deletion(connection, node.vault, deleted, now)
    await node.store.scrub()
    return deleted


async def delete_ref(node: Node, ref: str, now: int) -> int:
    """Delete what was found about whom the caller calls so; how many. It is recorded who did."""
    async with node.store.write() as connection:
        deleted = await rows.drop_ref(connection, _ref(node.vault, ref))
        await _record_deletion(connection, node.vault, deleted, now)
    await node.store.scrub()
    return deleted


async def forget_ended(node: Node, log: bytes, day: date) -> int:
    """Forget what an issuer's sanctions said that have ended by that day; how many had."""
    async with node.store.read() as connection:
        if not await rows.open_of(connection, log):
            return 0
    ended = 0
    async with node.store.write() as connection:
        register = await node.registers.of(connection, log)
        for row in await rows.open_of(connection, log):
            # What does not open tells nobody anything: it goes when its day has come.
            with contextlib.suppress(VaultError):
                content = opened(node.vault, row)
                if register is None or _is_over(register, content, day):
                    bare = content.model_copy(update={"jwt": None, "shown": None})
                    await rows.end(connection, row.id, bare.sealed(node.vault, row.id))
                    await inquiries.end(connection, row.id)
                    ended += 1
    return ended


async def forget_all_ended(node: Node, now: int) -> int:
    """Forget what any issuer's sanctions said that have ended; how many had."""
    async with node.store.read() as connection:
        issuers = await rows.open_logs(connection)
    return sum([await forget_ended(node, log, day_of(now)) for log in issuers])


def _is_over(register: Register, content: Content, day: date) -> bool:
    return register.attestations[content.attestation].state(day).is_final


async def _keep(  # noqa: PLR0913, PLR0917 - whom, what, until when
    connection: AsyncConnection,
    vault: Vault,
    person: Person,
    finding: Finding,
    content: Content,
    until: date,
) -> None:
    before = await rows.get(connection, finding.id)
    if before is not None:
        until = max(until, before.delete_after)
        held = opened_or_none(vault, before)
        if held is not None and held.shown == content.shown:
            return await rows.keep_longer(connection, finding.id, until)
    log = finding.found.log
    if await logs.head_of(connection, log) is None:
        return None  # the issuer was removed while it was asked
    row = FindingRow(
        finding.id,
        log,
        person.tag,
        None if person.ref is None else _ref(vault, person.ref),
        content.sealed(vault, finding.id),
        ended=False,
        delete_after=until,
    )
    return await rows.put(connection, row, {audit.tag(vault, each) for each in person.identifiers})


async def _read(
    node: Node, connection: AsyncConnection, wanted: Sequence[FindingRow], now: int
) -> list[Kept]:
    """These findings as they are judged now, each with all others about the same person."""
    if not wanted:
        return []
    together = await rows.of_persons(connection, {row.person_tag for row in wanted})
    contents = _contents(node.vault, together, {row.id for row in wanted})
    together = [row for row in together if row.id in contents]
    known_now = await known.load(node, connection, {row.log for row in together})
    policy = await policies.load(connection)
    now_judged = {
        finding.id: finding
        for each in _persons(together, contents, known_now, day_of(now))
        for finding in judged(each.found, each.days, known_now, policy, day_of(now))
    }
    return [_kept(row, contents[row.id], now_judged[row.id]) for row in wanted]


def _contents(
    vault: Vault, together: Sequence[FindingRow], wanted: Collection[str]
) -> dict[str, Content]:
    """What is sealed of these; what is not wanted itself need not open."""
    contents = {}
    for row in together:
        try:
            contents[row.id] = opened(vault, row)
        except VaultError:
            if row.id in wanted:
                raise
    return contents


def _persons(
    together: Sequence[FindingRow],
    contents: Mapping[str, Content],
    known_now: Known,
    today: date,
) -> list[AtHand]:
    persons: dict[bytes, list[FindingRow]] = {}
    for row in together:
        persons.setdefault(row.person_tag, []).append(row)
    return [
        AtHand(
            [contents[row.id].found(row, known_now.registers[row.log]) for row in person],
            # One person's findings are all for one occasion: it is part of their tag.
            Days.of(contents[person[0].id].purpose, today),
        )
        for person in persons.values()
    ]


def _kept(row: FindingRow, content: Content, finding: Finding) -> Kept:
    return Kept(
        cursor=row.seq,
        finding=finding,
        event=content.event,
        purpose=content.purpose,
        ref=content.ref,
        found_at=content.found_at,
        shown=content.shown,
        kept_until=row.delete_after,
    )


async def _record_deletion(
    connection: AsyncConnection, vault: Vault, deleted: int, now: int
) -> None:
    detail = {"who": audit.who(), "what": "findings", "number": deleted}
    await audit.record(connection, vault, "delete", detail, now)


def _ref(vault: Vault, ref: str) -> bytes:
    return vault.tag(_REF, ref.encode())
