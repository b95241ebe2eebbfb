"""What went wrong on our own side, in words for whoever runs the node.

What comes from the other side is in `protocol.errors`.
"""

from protocol.errors import Unavailable


class UserError(Exception):
    """Something that the person at the keyboard can mend; the message says how.

    A message holds names of files, keys and settings, never a value that could be personal or
    secret: it ends in terminals, logs and reports of faults.
    """


class Unreachable(Unavailable):
    """Another node could not be reached, or gave no complete answer in time."""

    code = "unreachable"
    status = 504
