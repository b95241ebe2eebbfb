"""What asking a peer may end in, other than its answer, and how people are told."""

from node.background import log_unexpected
from node.client import WrongAnswer
from node.coverage import Failure, Source
from node.errors import Refused
from protocol.english import English
from protocol.errors import BadProof, ComityError, OverBudget, Violation
from protocol.exchange import Purpose

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def failure_of(error: ComityError, purpose: Purpose) -> Failure:
    """What an error of asking says of the peer; `purpose`: what it was asked for."""
    if isinstance(error, Refused):
        return Failure("refused", _refused(error, purpose))
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


def _refused(error: Refused, purpose: Purpose) -> English:
    refusal = _refusal(error, purpose)
    if error.retry_after is None:
        return refusal
    when = _in_words(error.retry_after)
    return English("%(refusal)s; ask again %(when)s", refusal=refusal, when=when)


def _refusal(error: Refused, purpose: Purpose) -> English:
    if error.problem != OverBudget.code:
        return English("it refused (`%(problem)s`)", problem=error.problem)
    if purpose.start is None:
        return English(
            "its budget for us is used up: give `--from` and `--to`, an event has a budget of its "
            "own"
        )
    return English("its budget for us is used up, and it allows this event no more")


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
