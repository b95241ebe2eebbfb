"""What an identifier is, how strong it is, and how a raw one is refused."""

from dataclasses import dataclass

from protocol.errors import ComityError
from protocol.identifiers.lists import ROLES, WEAK_KINDS

MAX_RAW = 1000
"""Code points of raw input; more is refused before any work is done."""

MAX_VALUE = 300
"""UTF-8 bytes of a canonical value, so that its disclosure fits an entry (SPEC.md, section 5)."""


class InvalidIdentifier(ComityError, ValueError):
    """What was given names nobody, or not in a form that every node reads alike.

    It is the local user's input that is at fault. The message says what to do and never repeats
    the value.
    """

    code = "invalid-identifier"
    status = 422


@dataclass(frozen=True, order=True)
class Identifier:
    """A kind and the canonical value that both sides of a question compute alike.

    Made by `canonicalise` and its relatives; the constructor checks nothing.

    Source: SPEC.md, section 2.
    """

    kind: str
    value: str

    @property
    def text(self) -> str:
        """`kind:value`, as it stands in disclosures."""
        return f"{self.kind}:{self.value}"

    @property
    def strong(self) -> bool:
        """Whether this identifier alone says who is meant; a function of kind and value only.

        Weak are `email-untagged`, `name`, and an `email` of a role or at an address literal.
        """
        if self.kind in WEAK_KINDS:
            return False
        if self.kind != "email":
            return True
        local, _, domain = self.value.rpartition("@")
        return local.partition("+")[0] not in ROLES and not domain.startswith("[")

    @property
    def oprf_input(self) -> bytes:
        """The input of the VOPRF, UTF-8 (SPEC.md, sections 2 and 3)."""
        return f"comity:identifier:v1:{self.text}".encode()
