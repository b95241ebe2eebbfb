"""Who is meant: raw text to the one canonical value of its kind, rules version 1.

Both sides of a question must write an identifier alike, or a match is silently missed. So the
rules are exact, and their lists and tables closed: they stand in `lists`, `tables/` and
`protocol/vectors/identifiers.json`, and each module says the rules of its kinds.

| kind | module | strong |
|---|---|---|
| `email` | `email` | unless of a role or at an address literal |
| `email-untagged` | `email` | no |
| `phone` | `phone` | yes |
| `github`, `gitlab`, `pypi`, `matrix`, `fediverse`, `telegram`, `bluesky` | `handles` | yes |
| `github-id`, `discord-id`, `telegram-id` | `handles` | yes |
| `name` | `names` | no |

For every kind, canonicalising a canonical value changes nothing.
"""

from protocol.errors import Malformed
from protocol.identifiers.email import email, email_untagged
from protocol.identifiers.handles import handle
from protocol.identifiers.lists import KINDS
from protocol.identifiers.model import MAX_RAW, MAX_VALUE, Identifier, InvalidIdentifier
from protocol.identifiers.names import name, name_variants
from protocol.identifiers.phone import phone

__all__ = [
    "KINDS",
    "MAX_RAW",
    "MAX_VALUE",
    "Identifier",
    "InvalidIdentifier",
    "canonicalise",
    "from_text",
    "parse_text",
    "related",
]


def canonicalise(kind: str, raw: str, *, region: str | None = None) -> Identifier:
    """The identifier that `raw` means, as typed or pasted by a person.

    `region` (ISO 3166-1 alpha-2) says what a telephone number without `+` means.

    Raises:
        InvalidIdentifier: an unknown kind, or nothing of this kind that every node reads alike.

    Source: SPEC.md, section 2.
    """
    if kind not in KINDS:
        raise InvalidIdentifier("the kind must be one of: %(kinds)s", kinds=", ".join(KINDS))
    return Identifier(kind, _value(kind, raw, region))


def related(kind: str, raw: str, *, region: str | None = None) -> tuple[Identifier, ...]:
    """What is asked, and published, for `raw`: the identifier itself first, then those beside it.

    `email-untagged` beside an `email` whose provider is not listed; up to seven variants of a
    `name`; nothing else.

    Raises:
        InvalidIdentifier: as `canonicalise`.

    Source: SPEC.md, section 2.
    """
    first = canonicalise(kind, raw, region=region)
    if kind == "name":
        return tuple(Identifier(kind, value) for value in name_variants(raw))
    if kind == "email":
        try:
            return first, Identifier("email-untagged", email_untagged(raw))
        except InvalidIdentifier:
            # A listed provider, or nothing before the first "+".
            return (first,)
    return (first,)


def from_text(text: str, *, region: str | None = None) -> Identifier:
    """The identifier that `kind:value` means where a person typed it, `email:Foo@Bar.example`.

    Raises:
        InvalidIdentifier: no such kind, or no value of it.
    """
    kind, colon, raw = text.partition(":")
    if not colon:
        raise InvalidIdentifier("write kind:value, such as email:name@example.org")
    return canonicalise(kind.strip().lower(), raw, region=region)


def parse_text(text: str) -> Identifier:
    """The identifier that `kind:value` is, as disclosed by an issuer: canonical already.

    Raises:
        Malformed: an unknown kind, or a value that canonicalising refuses or changes.

    Source: SPEC.md, sections 2 and 4.
    """
    kind, _, value = text.partition(":")
    try:
        identifier = canonicalise(kind, value)
    except InvalidIdentifier as error:
        raise Malformed("not an identifier") from error
    if identifier.text != text:
        raise Malformed("an identifier that is not canonical")
    return identifier


def _value(kind: str, raw: str, region: str | None) -> str:
    if kind == "email":
        return email(raw)
    if kind == "email-untagged":
        return email_untagged(raw)
    if kind == "phone":
        return phone(raw, region)
    if kind == "name":
        return name(raw)
    return handle(kind, raw)
