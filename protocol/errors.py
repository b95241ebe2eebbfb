"""What can go wrong, and the codes under which the other side hears of it (SPEC.md, section 9).

Two families. `Violation`: what was received breaks the protocol; the sender is at fault, and
sending it again will not help. `Unavailable`: nothing is wrong with the message, but it cannot be
answered now, or the other side could not be reached; later may be better.

Every class carries the code of the problem document that tells the other side; HTTP itself is
spoken in one place of the node.
"""

from typing import ClassVar

from protocol.english import English


class ComityError(Exception):
    """Everything that Comity raises on purpose."""

    code: ClassVar[str]
    """The last part of `urn:comity:problem:<code>`."""

    status: ClassVar[int]
    """The HTTP status that goes with it (RFC 9110, section 15)."""

    def __init__(self, text: str = "", /, **parts: object) -> None:
        super().__init__(English(text, **parts))


class Violation(ComityError):
    """What was received breaks the protocol."""

    code = "malformed"
    status = 400


class Malformed(Violation):
    """Bytes that are not the one encoding of a value of the expected form."""


class TooLarge(Violation):
    """More bytes or elements than the limit of this input allows."""

    code = "too-large"
    status = 413


class TooSlow(Violation):
    """A message that was not complete at its deadline."""

    code = "too-slow"
    status = 408


class UnsupportedMedia(Violation):
    """A content type or content coding that this resource does not take."""

    code = "unsupported-media"
    status = 415


class BadSignature(Violation):
    """A signature that does not hold, or a key that no strict implementation accepts."""

    code = "bad-signature"
    status = 401


class UnknownKey(Violation):
    """A signature by a key that no admitted peer has in its log as replicated here."""

    code = "unknown-key"
    status = 401


class OutOfTime(Violation):
    """A signature that is not valid yet, not valid any more, or valid for too long."""

    code = "out-of-time"
    status = 401


class Replayed(Violation):
    """A nonce that was seen before."""

    code = "replayed"
    status = 401


class BadProof(Violation):
    """A DLEQ or Merkle proof that does not hold."""

    code = "bad-proof"
    status = 422


class WrongRecord(Violation):
    """A sealed record that is not the one whose hash its issuer's log approves."""

    code = "wrong-record"
    status = 422


class BrokenSeal(Violation):
    """A sealed record that matches and does not open as due: its issuer's fault, not "nothing"."""

    code = "broken-seal"
    status = 422


class DishonestAnswer(Violation):
    """A signed answer to an inquiry that is of something else, or discloses what does not hold."""

    code = "dishonest-answer"
    status = 422


class NotAdmitted(Violation):
    """A known key whose community is not an admitted peer here."""

    code = "not-admitted"
    status = 403


class NotFound(Violation):
    """There is nothing at this address."""

    code = "not-found"
    status = 404


class MethodNotAllowed(Violation):
    """The resource exists, the method does not apply to it."""

    code = "method-not-allowed"
    status = 405


class UnknownOprfKey(Violation):
    """An OPRF key id that is not, or no longer, live in this community's log."""

    code = "unknown-oprf-key"
    status = 409


class Conflict(Violation):
    """What was sent does not follow from what is held here."""

    code = "conflict"
    status = 409


class OutOfOrder(Violation):
    """A statement that is well formed and may not stand where it stands (SPEC.md, section 6)."""

    code = "out-of-order"
    status = 409


class Unavailable(ComityError):
    """Nothing is wrong with the message; it cannot be answered now."""

    code = "unavailable"
    status = 503


class OverBudget(Unavailable):
    """The peer's budget of evaluations is used up; `retry_after` seconds until it suffices."""

    code = "over-budget"
    status = 429

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after
