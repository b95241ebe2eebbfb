r"""E-mail addresses: `email`, and `email-untagged` beside it.

1. `clean`; then what stands in a final `<...>` is taken, and a leading `mailto:` dropped. The
   address is split at its last `@`; both sides are trimmed.
2. The domain: `domains.domain`, or an address literal `[a.b.c.d]` with four decimal numbers of 0
   to 255 without leading zeros. IPv6 literals are refused.
3. The local part: `fold`. If it stands in quotation marks, they and the backslashes that escape
   are removed (RFC 5321, section 4.1.2): `"eve"@` and `eve@` are one mailbox. Unquoted it consists
   of dots, ASCII atext (RFC 5322, section 3.2.3) and anything beyond U+00A0 but white space; dots
   may stand anywhere, because mailboxes with two in a row exist.
4. Providers of the closed lists: `googlemail.com` becomes `gmail.com`, what follows the first `+`
   is dropped at `TAG_DROPPED`, all dots at `DOTS_DROPPED`. No other domains are merged.
5. A local part of nothing but dots, spaces and `+` is refused. One that could not stand unquoted
   is written in quotation marks, with a backslash before each `"` and backslash and nowhere else.
   At most 64 bytes.

`email-untagged` exists at every domain that is not in `TAG_DROPPED`: step 4 is to drop what
follows the first `+`, if there is one.
"""

import re

from protocol.identifiers.domains import domain
from protocol.identifiers.lists import DOTS_DROPPED, SAME_DOMAIN, TAG_DROPPED
from protocol.identifiers.model import InvalidIdentifier
from protocol.identifiers.text import checked, clean, fold, without_ends

MAX_LOCAL = 64
"""Bytes of a canonical local part (RFC 5321, section 4.5.3.1.1)."""

_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_LITERAL = re.compile(rf"\[{_OCTET}(?:\.{_OCTET}){{3}}\]\Z")
_UNQUOTED = re.compile(r"(?:[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]|[^\x00-\xa0\u1680\u2028\u2029])*\Z")
_QUOTED = re.compile(r'"((?:[^"\\\x00-\x1f\x7f-\x9f]|\\[^\x00-\x1f\x7f-\x9f])*)"\Z')


def email(raw: str) -> str:
    """The canonical `email` of an address.

    Raises:
        InvalidIdentifier: it is no address of a mailbox.

    Source: SPEC.md, section 2.
    """
    content, host = _parts(raw)
    host = SAME_DOMAIN.get(host, host)
    if host in TAG_DROPPED:
        content = content.partition("+")[0]
    if host in DOTS_DROPPED:
        content = content.replace(".", "")
    return _written(content, host)


def email_untagged(raw: str) -> str:
    """The canonical `email-untagged` of an address.

    Raises:
        InvalidIdentifier: it is no address, or of a provider whose tags `email` drops already.

    Source: SPEC.md, section 2.
    """
    content, host = _parts(raw)
    if SAME_DOMAIN.get(host, host) in TAG_DROPPED:
        raise InvalidIdentifier("this provider's addresses lose their tag as kind email; use that")
    return _written(content.partition("+")[0], host)


def _parts(raw: str) -> tuple[str, str]:
    """The local part without quotation, folded, and the canonical domain."""
    text = clean(raw, joiners=True)
    if text.endswith(">"):
        text = text[:-1].rpartition("<")[2]
    if text[:7].lower() == "mailto:":
        text = text[7:]
    local, at, host = text.rpartition("@")
    if not at:
        raise InvalidIdentifier("an e-mail address is due, such as name@example.org")
    return _content(without_ends(fold(local))), _host(without_ends(host))


def _host(text: str) -> str:
    if _LITERAL.match(text):
        return text
    if text.startswith("["):
        raise InvalidIdentifier("an address at a bare IPv6 host cannot be asked about")
    return domain(text)


def _content(local: str) -> str:
    quoted = _QUOTED.match(local)
    if quoted:
        # Folded once more: a backslash may have kept a letter and its accent apart.
        return fold(re.sub(r"\\(.)", r"\1", quoted[1]))
    if not _UNQUOTED.match(local):
        raise InvalidIdentifier("one e-mail address is due, without spaces, commas or brackets")
    return local


def _written(content: str, host: str) -> str:
    if not content.strip(". +"):
        raise InvalidIdentifier("nothing is left before the @; give the whole address")
    local = content
    if not _UNQUOTED.match(content):
        local = '"' + re.sub(r'(["\\])', r"\\\1", content) + '"'
    if len(local.encode()) > MAX_LOCAL:
        raise InvalidIdentifier(
            "at most %(most)s bytes stand before the @; check the address", most=MAX_LOCAL
        )
    return checked(f"{local}@{host}")
