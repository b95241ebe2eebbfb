"""Answers about one person, so that a browser can go back to them, or load them again.

They are kept in memory only, for a while and for the session that asked. What names them is drawn
at random: who was asked about stands in no address.
"""

import asyncio
import secrets
from dataclasses import dataclass, field

from node.api.checks import Checked

LASTING = 600
"""Seconds."""

MOST = 20
"""Answers of one session; the oldest goes before its time."""

_SIZE = 16


@dataclass(frozen=True)
class Answer:
    """What was answered to `session`, and about whom."""

    session: bytes
    checked: Checked = field(repr=False)
    terms: list[str] = field(repr=False)


class Answers:
    """All that are kept, the oldest first."""

    def __init__(self) -> None:
        self._held: dict[str, Answer] = {}

    def keep(self, answer: Answer) -> str:
        """Keep an answer from now on; by what it is found again."""
        id_ = secrets.token_urlsafe(_SIZE)
        self._held[id_] = answer
        asyncio.get_running_loop().call_later(LASTING, self._held.pop, id_, None)
        theirs = [id_ for id_, held in self._held.items() if held.session == answer.session]
        for each in theirs[:-MOST]:
            del self._held[each]
        return id_

    def drop(self, session: bytes) -> None:
        """Keep no answer to this session any longer."""
        self._held = {id_: held for id_, held in self._held.items() if held.session != session}

    def of(self, session: bytes, id_: str) -> Answer | None:
        """An answer to this session; None where it is not kept (any more), or another's."""
        held = self._held.get(id_)
        return held if held is not None and held.session == session else None
