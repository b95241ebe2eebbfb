"""Levels of attention, and in one sentence why a finding has the one that it has.

Every reason holds a finding at a level, at most. So the lowest counts, and the sentence names it;
and where the finding makes no match, it names what keeps it from that, too. No level acts on
anybody by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from protocol.english import English

Attention = Literal["urgent", "review", "note", "ignore"]

URGENCY: dict[Attention, int] = {"ignore": 0, "note": 1, "review": 2, "urgent": 3}
"""By which the greater of two asks for more attention."""

_LEVELS: dict[Attention, English] = {
    "urgent": English("urgent"),
    "review": English("review"),
    "note": English("note"),
    "ignore": English("ignore"),
}


@dataclass(frozen=True)
class Reason:
    """What holds a finding at a level, at most."""

    attention: Attention
    because: English
    """How its sentence goes on after the level: "as …" or "by …", without a full stop."""
    silences: bool = False
    """Whether the finding makes no match because of it."""
    always: bool = False
    """Whether the sentence says so in any case."""

    @property
    def urgency(self) -> int:
        """The greater, the more attention is asked for."""
        return URGENCY[self.attention]


@dataclass(frozen=True)
class Verdict:
    """The level of a finding, and why."""

    attention: Attention
    because: English
    silences: bool = False
    """Whether it makes no match."""

    @property
    def urgency(self) -> int:
        """The greater, the more attention is asked for."""
        return URGENCY[self.attention]

    @property
    def why(self) -> English:
        """One sentence, which names the level."""
        level = _LEVELS[self.attention]
        if self.silences:
            return English(
                "Marked %(level)s, %(because)s; it makes no match.",
                level=level,
                because=self.because,
            )
        return English("Marked %(level)s, %(because)s.", level=level, because=self.because)


def settle(reasons: Sequence[Reason]) -> Verdict:
    """The lowest of the levels, and what people have to know of why; of equal ones the first."""
    lowest = min(reason.urgency for reason in reasons)
    at_it = [each for each in reasons if each.urgency == lowest]
    silencing = [each for each in reasons if each.silences]
    # What keeps it from being a match has to be known before all else.
    named = [next((each for each in at_it if each.silences), at_it[0])]
    if silencing and not named[0].silences:
        named.append(silencing[0])
    named += [each for each in reasons if each.always and each not in named]
    because = English.joined([each.because for each in named], English(", and "))
    return Verdict(named[0].attention, because, silences=bool(silencing))
