"""What went wrong on our own side, in words for whoever runs the node.

What comes from the other side is in `protocol.errors`.
"""

from protocol.english import English
from protocol.errors import ComityError, Unavailable


class UserError(Exception):
    """Something that the person at the keyboard can mend; the message says how.

    A message holds names of files, keys and settings, never a value that could be personal or
    secret: it ends in terminals, logs and reports of faults.
    """

    def __init__(self, text: str, /, **parts: object) -> None:
        super().__init__(English(text, **parts))


class NotHere(UserError):
    """Nothing is held here under the id or name that was given."""


def cause(error: OSError) -> English:
    """What the system would not do, in words; its own where they do."""
    if isinstance(error, PermissionError):
        return English("this user may not do that")
    return English(error.strerror or type(error).__name__)


class Unreachable(Unavailable):
    """Another node could not be reached, or gave no complete answer in time."""

    code = "unreachable"
    status = 504


class Refused(Unavailable):
    """Another node declined what we asked, with the code of its problem document."""

    code = "refused"
    status = 502

    def __init__(self, problem: str, retry_after: int | None = None) -> None:
        super().__init__("the other node declined: %(problem)s", problem=problem)
        self.problem = problem
        self.retry_after = retry_after
        """Seconds after which it may be asked again, where it said so."""


class ComeLater(Unavailable):
    """A stranger's request that is not looked at now: theirs to try again, and no fault here."""


class Unprocessable(ComityError):
    """A call of the local API is well formed and cannot be carried out: its `UserError`."""

    code = "unprocessable"
    status = 422
