"""What an attestation may say: a closed vocabulary, and the members that every opener sees.

There is no free text and no measure for a warning, on purpose: what is private stays private by
construction (SPEC.md, section 4).
"""

from datetime import date
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from protocol.encoding import Bytes32, Day, Message, Slug, Uuid
from protocol.encoding import Sequence as Array
from protocol.errors import Malformed
from protocol.names import URL, CommunityId, Contact

VCT: Final = "urn:comity:attestation:1"

Measure = Literal["ban", "suspension", "membership_revocation", "status_removal", "restriction"]
ScopeKind = Literal["event", "event_series", "online_space", "membership", "role", "all_own_spaces"]
Basis = Literal[
    "undisclosed",
    "harassment",
    "sexual_conduct",
    "violence_or_threat",
    "discrimination",
    "privacy_breach",
    "disruption",
    "retaliation",
    "evasion",
    "financial",
    "other",
]

MAX_SCOPES = 32
MAX_SUSPENSION = 180
"""Days from `in_force_from` to the `ends_on` of a suspension."""

MAX_LIFE = 1827
"""Days from `iat` to `exp`: five years."""

DAY = 86_400
"""Seconds of a day as `iat` and `exp` count them."""

_EPOCH = date(1970, 1, 1).toordinal()
Midnight = Annotated[int, Field(ge=0, multiple_of=DAY)]
"""Seconds since 1970 at 00:00 UTC of a day."""


class Scope(Message):
    """Where a measure holds; a null `space` means every one of its kind."""

    kind: ScopeKind
    space: Slug | None

    @model_validator(mode="after")
    def _all_is_not_one(self) -> Self:
        if self.kind == "all_own_spaces" and self.space is not None:
            raise Malformed("all own spaces are not one space")
        return self


class OwnDecision(Message):
    """The community decided on its own."""

    kind: Literal["own_decision"]


class Recognition(Message):
    """The community follows another's attestation; it weighs nothing once that has ended."""

    kind: Literal["recognition"]
    log: Bytes32
    attestation: Uuid


class DecidedBy(Message):
    """Which declared body decided, and the vote; a recusal counts as absent."""

    body: Slug
    present: Annotated[int, Field(ge=1, le=9999)]
    in_favour: Annotated[int, Field(ge=1)]

    @model_validator(mode="after")
    def _no_more_votes_than_voters(self) -> Self:
        if self.in_favour > self.present:
            raise Malformed("more in favour than present")
        return self


class Claims(Message):
    """The plain members of an attestation; all of them are required (SPEC.md, section 4)."""

    iss: CommunityId
    log: Bytes32
    """Fingerprint of the issuer's log."""
    jti: Uuid
    """The attestation's id."""
    iat: Midnight
    exp: Midnight
    """The day after the last day in force."""
    vct: Literal["urn:comity:attestation:1"]
    measure: Measure
    scope: Annotated[Array[Scope], Field(min_length=1, max_length=MAX_SCOPES)]
    origin: Annotated[OwnDecision | Recognition, Field(discriminator="kind")]
    decided_on: Day
    in_force_from: Day
    ends_on: Literal["indefinite"] | Day
    contact: Contact
    public_reference: Annotated[str, Field(max_length=512)] | None

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if len(set(self.scope)) != len(self.scope):
            raise Malformed("a scope stands twice")
        if not self.iat < self.exp <= self.iat + MAX_LIFE * DAY:
            raise Malformed("`exp` is 1 to %(days)s days after `iat`", days=MAX_LIFE)
        if isinstance(self.origin, Recognition) and self.origin.log == self.log:
            raise Malformed("nobody recognises their own attestation")
        self._check_end()
        self._check_reference()
        return self

    def _check_end(self) -> None:
        if not isinstance(self.ends_on, date):
            if self.measure == "suspension":
                raise Malformed("a suspension needs an end")
            return
        days = (self.ends_on - self.in_force_from).days
        if days < 0:
            raise Malformed("ends before it is in force")
        if self.measure == "suspension" and days > MAX_SUSPENSION:
            raise Malformed("a suspension ends within %(days)s days", days=MAX_SUSPENSION)
        if self.exp > expiry(self.ends_on):
            raise Malformed("an attestation does not outlive the measure")

    def _check_reference(self) -> None:
        if self.public_reference is None:
            return
        url = URL.fullmatch(self.public_reference)
        if url is None or not f".{url[1]}".endswith(f".{self.iss}"):
            raise Malformed("`public_reference` is an https URL under the community's own domain")


def expiry(ends: date) -> int:
    """The `exp` of an attestation whose last day in force is `ends`: 00:00 UTC of the day after."""
    return (ends.toordinal() + 1 - _EPOCH) * DAY
