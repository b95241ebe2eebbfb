"""What is sealed of a finding: all that it takes to judge it again, and never an identifier."""

import contextlib
from collections.abc import Mapping

from node.findings import Finding, Matched, Person
from node.judgments import Who
from node.store.findings import FindingRow
from node.vault import Vault, VaultError
from protocol import attestation
from protocol.encoding import JSON, Message, Uuid
from protocol.encoding import Sequence as Array
from protocol.exchange import Purpose
from protocol.register import Register

_CONTENT = "findings.finding"
_MAX_CONTENT = 256 * 1024


class Hit(Message):
    """A kind that matched, and whose it is."""

    kind: str
    whose: str


class Content(Message):
    """What is sealed of a finding."""

    attestation: Uuid
    strong: bool
    jwt: str | None
    """None where weak, or once it has ended."""
    matched: Array[Hit]
    others: Array[str]
    who: Who
    event: str | None
    purpose: Purpose
    ref: str | None
    found_at: int
    shown: dict[str, JSON] | None
    """The finding as it was first shown; None once it has ended."""

    @classmethod
    def of(
        cls, finding: Finding, person: Person, event: str | None, purpose: Purpose, now: int
    ) -> "Content":
        """Of what was found about a person, now, for an event."""
        return cls(
            attestation=finding.attestation,
            strong=finding.found.strong,
            jwt=finding.found.jwt,
            matched=tuple(Hit(kind=kind, whose=whose) for kind, whose in finding.found.kinds),
            others=finding.found.others,
            who=finding.found.who,
            event=event,
            purpose=purpose,
            ref=person.ref,
            found_at=now,
            shown=_plain(finding.to_value(with_owners=True)),
        )

    def sealed(self, vault: Vault, id_: str) -> bytes:
        """As it is kept, for the finding of this id."""
        return vault.seal(_CONTENT, id_, self.to_bytes())

    def found(self, row: FindingRow, register: Register) -> Matched:
        """What was found, as it can be judged by its issuer's register."""
        attested = register.attestations[self.attestation]
        claims = None
        if self.jwt is not None:
            # At time 0 nothing has expired: whether it has ended is for the register to say.
            claims = attestation.verify(self.jwt, attested.issue_key, [], now=0).claims
        return Matched(
            id=row.id,
            log=row.log,
            community=register.community,
            attested=attested,
            strong=self.strong,
            claims=claims,
            jwt=self.jwt,
            kinds=tuple((each.kind, each.whose) for each in self.matched),
            others=self.others,
            who=self.who,
        )


def opened(vault: Vault, row: FindingRow) -> Content:
    """What is sealed in a row.

    Raises:
        VaultError: it does not open.
    """
    return Content.from_bytes(vault.open(_CONTENT, row.id, row.finding_sealed), _MAX_CONTENT)


def opened_or_none(vault: Vault, row: FindingRow) -> Content | None:
    """As `opened`; what does not open tells nobody anything."""
    with contextlib.suppress(VaultError):
        return opened(vault, row)
    return None


def _plain(value: Mapping[str, object]) -> dict[str, JSON]:
    """With lists in place of tuples, as it is read back."""
    return {
        name: list(member) if isinstance(member, tuple) else member
        for name, member in value.items()
    }
