"""What asking a peer may end in, other than its answer, and how people are told."""

from node.background import log_unexpected
from node.client import WrongAnswer
from node.coverage import Failure, Source
from node.errors import Refused
from protocol.errors import BadProof, ComityError, OverBudget, Violation
from protocol.exchange import Purpose

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def failure_of(error: ComityError, purpose: Purpose) -> Failure:
    """What an error of asking says of the peer; `purpose`: what it was asked for."""
    if isinstance(error, Refused):
        again = "" if error.retry_after is None else f"; ask again {_in_words(error.retry_after)}"
        return Failure("refused", f"{_refusal(error, purpose)}{again}")
    if isinstance(error, BadProof | WrongAnswer):
        return Failure("untrusted", f"its answer breaks the protocol (`{error.code}`)")
    if isinstance(error, Violation):
        # Not shown to be its own: a proxy's words, its key changed, its clock is wrong. No lie of
        # the peer's, and no answer.
        return Failure("unreachable", f"what came back is not its signed answer (`{error.code}`)")
    return Failure("unreachable", "it gave no complete answer in time")


def unforeseen(source: Source, error: Exception) -> Failure:
    """The failure of a peer whom asking ended in an error of this program."""
    log_unexpected("ask a peer", error, peer=source.peer.id)
    return Failure("unreachable", "asking it failed in a way that was not foreseen")


def _refusal(error: Refused, purpose: Purpose) -> str:
    if error.problem != OverBudget.code:
        return f"it refused (`{error.problem}`)"
    if purpose.start is None:
        return (
            "its budget for us is used up: give `--from` and `--to`, an event has a budget of its "
            "own"
        )
    return "its budget for us is used up, and it allows this event no more"


def _in_words(seconds: int) -> str:
    """When that is, rounded up."""
    for unit, one, many in ((_MINUTE, "a minute", "minutes"), (_HOUR, "an hour", "hours")):
        number = -(-seconds // unit)
        if number <= 1:
            return f"in {one}"
        if number * unit < (_HOUR if unit == _MINUTE else 2 * _DAY):
            return f"in {number} {many}"
    return f"in {-(-seconds // _DAY)} days"
