"""Forgetting what our own sanctions said: whom they were about, and everything else.

- what our log says is erased: at once, and again should a restored backup have brought it back;
- what has ended otherwise: so many days later as the settings say, for whoever still asks;
- its sealed record, which nobody is handed any more: as soon as it has ended.

The id, and what the log says of it, stay.
"""

from datetime import date, timedelta

from node import effects
from node.clock import day_of
from node.node import Node
from node.store import attestations, logs, records
from protocol.attested import Attested


async def forget_ended(node: Node, now: int) -> int:
    """Forget what is due on the day of `now` (Unix seconds); of how many sanctions the content."""
    day = day_of(now)
    async with node.store.write() as connection:
        head = await logs.own_head(connection)
        if head is None:
            return 0
        register = (await node.registers.at(connection, head)).register
        ended = {
            id_: attested
            for id_, attested in register.attestations.items()
            if attested.state(day).is_final
        }
        held = await records.held(connection, head.fingerprint)
        await records.drop(connection, head.fingerprint, ended.keys() & held.keys())
        due = [
            id_
            for id_ in await attestations.with_content(connection)
            if id_ in ended and _is_due(ended[id_], day, node.config.ended_retention_days)
        ]
        for id_ in due:
            await effects.erase(connection, node.vault, id_)
        return len(due)


def _is_due(attested: Attested, day: date, days: int) -> bool:
    if attested.erased:
        return True
    ended_on = attested.last_day if attested.ending is None else attested.quorum_on
    return day > ended_on + timedelta(days=days)
