"""What asking a peer may end in, other than its answer, and how people are told."""

from datetime import date

from node.background import log_unexpected
from node.client import WrongAnswer
from node.clock import day_of
from node.coverage import Failure, Source
from node.errors import Refused
from protocol.english import English
from protocol.errors import BadProof, ComityError, OverBudget, Violation
from protocol.exchange import DECLARED_AHEAD, Purpose

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def failure_of(error: ComityError, purpose: Purpose, now: int) -> Failure:
    """What an error of asking says of the peer; `purpose`: what it was asked for."""
    if isinstance(error, Refused):
        return _refusal(error, purpose, now)
    if isinstance(error, BadProof | WrongAnswer):
        because = English("its answer breaks the protocol (`%(code)s`)", code=error.code)
        return Failure("untrusted", because)
    if isinstance(error, Violation):
        # Not shown to be its own: a proxy's words, its key changed, its clock is wrong. No lie of
        # the peer's, and no answer.
        because = English("what came back is not its signed answer (`%(code)s`)", code=error.code)
        return Failure("unreachable", because)
    return Failure("unreachable", English("it gave no complete answer in time"))


def unforeseen(source: Source, error: Exception) -> Failure:
    """The failure of a peer whom asking ended in an error of this program."""
    log_unexpected("ask a peer", error, peer=source.peer.id)
    return Failure("unreachable", English("asking it failed in a way that was not foreseen"))


def _refusal(error: Refused, purpose: Purpose, now: int) -> Failure:
    event_from, again_at = None, None
    if error.problem != OverBudget.code:
        because = English("it refused (`%(problem)s`)", problem=error.problem)
    else:
        event_from = declared_from(purpose, now)
        again_at = None if error.retry_after is None else now + error.retry_after
        because = _used_up(purpose, event_from)
    if error.retry_after is not None:
        when = _in_words(error.retry_after)
        because = English("%(refusal)s; ask again %(when)s", refusal=because, when=when)
    return Failure("refused", because, again_at, event_from)


def _used_up(event: Purpose, event_from: date | None) -> English:
    if event.start is None:
        return English(
            "its budget for us is used up: give `--from` and `--to`, an event has a budget of its "
            "own"
        )
    if event_from is not None:
        return English(
            "its budget for us is used up, and this event can be declared, for a budget of its "
            "own, from %(day)s on",
            day=event_from,
        )
    return English("its budget for us is used up, and it allows this event no more")


def declared_from(event: Purpose, now: int) -> date | None:
    """From which day on an event may be declared; None where it has no days, or may be already."""
    if event.end is None or event.end <= day_of(now) + DECLARED_AHEAD:
        return None
    return event.end - DECLARED_AHEAD


def _in_words(seconds: int) -> English:
    """When that is, rounded up."""
    minutes, hours, days = (-(-seconds // unit) for unit in (_MINUTE, _HOUR, _DAY))
    if minutes <= 1:
        return English("in a minute")
    if minutes * _MINUTE < _HOUR:
        return English("in %(count)s minutes", count=minutes)
    if hours <= 1:
        return English("in an hour")
    if hours * _HOUR < 2 * _DAY:
        return English("in %(count)s hours", count=hours)
    return English("in %(count)s days", count=days)
