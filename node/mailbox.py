"""Which addresses a letter can be sent to: those that no server on the way can read otherwise.

Identifiers are wider than that. A local part in quotation marks, one beyond ASCII or an address
literal may mean somebody, but whether a mail server takes it for the same mailbox is uncertain.
"""

import re

from node.errors import UserError
from protocol.identifiers import Identifier, InvalidIdentifier, canonicalise
from protocol.names import HOST

MAX_ADDRESS = 254
"""Characters of an address (RFC 5321, section 4.5.3.1.3, without the angle brackets)."""

_ATOM = r"[A-Za-z0-9!#$&'*+/=?^_`{|}~-]+"
# Without `%`, which old servers take for a route to yet another host.
_MAILBOX = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{HOST}")


def is_mailbox(address: str) -> bool:
    """Whether a letter can be sent there."""
    local = address.partition("@")[0]
    return len(address) <= MAX_ADDRESS and len(local) <= 64 and bool(_MAILBOX.fullmatch(address))


def mailbox(address: str) -> str:
    """The address itself, where a letter can be sent there.

    Raises:
        ValueError: it cannot.
    """
    if not is_mailbox(address):
        raise ValueError("an e-mail address is due, such as conduct@pyregion.example")
    return address


def identifier_of(typed: str) -> Identifier:
    """The identifier that a typed address is; its value is where a letter to it is sent.

    Never to the address as it was typed: two that are told apart by a mail server may be one
    identifier, and who reads the one would be shown what is held about the other.

    Raises:
        UserError: it is no address, or none that a letter can be sent to.
    """
    try:
        found = canonicalise("email", typed)
    except InvalidIdentifier as error:
        raise UserError("this is no e-mail address: %(error)s", error=str(error)) from error
    if not is_mailbox(found.value):
        raise UserError("no letter can be sent to an address of this form: hand it over otherwise")
    return found
