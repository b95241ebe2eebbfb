"""What people type for who is meant, where, and whether they were told: read, or refused in words.

KIND:VALUE                 email:a@b.example
KIND[:SPACE]               event_series:pyregion
given|delayed:DATE|…       delayed:2027-03-31
BODY:PRESENT:IN_FAVOUR     cwg:5:4
"""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from node.errors import NotHere, UserError
from protocol.claims import DecidedBy, Scope
from protocol.english import English
from protocol.identifiers import Identifier, InvalidIdentifier, from_text, related
from protocol.items import Notice

SHORTEST = 8
"""Characters of an id by which something may be named."""

_DIGITS = English("digits")
_IDENTIFIER = English("identifier")

T = TypeVar("T")

Term = tuple[str, str]
"""Where something was typed, as errors name the place, and what; errors never repeat that."""


def beginning(text: str, what: English, of: English = _DIGITS) -> str:
    """The beginning of an id by which something is named; `SHORTEST` characters or more.

    Raises:
        UserError: they are too few; `what` is named so, and what its id is made of.
    """
    typed = text.strip().lower()
    if len(typed) < SHORTEST:
        raise UserError(
            "%(what)s is named by its first %(shortest)s %(of)s, or more",
            what=what,
            shortest=SHORTEST,
            of=of,
        )
    return typed


def only(matching: Sequence[T], several: English, none: English) -> T:
    """The one that begins as was typed.

    Raises:
        UserError: several do, in these words.
        NotHere: none does, in these.
    """
    if len(matching) > 1:
        raise UserError(several)
    if not matching:
        raise NotHere(none)
    return matching[0]


def numbered(texts: Iterable[str], word: English = _IDENTIFIER) -> list[Term]:
    """Terms that stand one after the other, as "identifier 1"."""
    return [
        (English("%(word)s %(number)s", word=word, number=number), text)
        for number, text in enumerate(texts, 1)
    ]


def typed(terms: Iterable[Term], region: str | None = None) -> list[Identifier]:
    """The identifiers that are typed, each once; `region` is that of phone numbers without one.

    Raises:
        UserError: one of them is none; where.
    """
    found = []
    for place, text in terms:
        try:
            found.append(from_text(_complete(place, text), region=region))
        except InvalidIdentifier as error:
            raise _refused(place, text.partition(":")[0], region, error) from error
    return list(dict.fromkeys(found))


def meant(terms: Iterable[Term], region: str | None = None) -> list[Identifier]:
    """As `typed`, with those that are asked, and published, beside them."""
    found: list[Identifier] = []
    for place, text in terms:
        kind, _, raw = _complete(place, text).partition(":")
        try:
            found += related(kind.strip().lower(), raw, region=region)
        except InvalidIdentifier as error:
            raise _refused(place, kind, region, error) from error
    return list(dict.fromkeys(found))


def scope(text: str) -> Scope:
    """Where a sanction holds, `KIND[:SPACE]`.

    Raises:
        Malformed: no such kind, or no slug.
    """
    kind, _, space = text.partition(":")
    return Scope.from_value({"kind": kind, "space": space or None})


def notice(text: str) -> Notice:
    """Whether a person was told: `given`, `delayed:YYYY-MM-DD` or `unreachable`.

    Raises:
        Malformed: none of these.
    """
    state, _, until = text.partition(":")
    return Notice.from_value({"state": state, "until": until or None})


def decided_by(text: str) -> DecidedBy:
    """Which body decided, and the vote: `BODY:PRESENT:IN_FAVOUR`.

    Raises:
        Malformed: no such vote.
        ValueError: not of this form.
    """
    body, present, in_favour = text.split(":")
    value = {"body": body, "present": int(present), "in_favour": int(in_favour)}
    return DecidedBy.from_value(value)


def why(kind: str, region: str | None, error: InvalidIdentifier) -> English:
    """Why it is refused; of a phone number also what would have let it be read without +."""
    if kind.strip().lower() == "phone" and region is None:
        return English(
            "%(error)s; or set the country of numbers without it, default_region in comity.toml",
            error=str(error),
        )
    return English(str(error))


def _refused(place: str, kind: str, region: str | None, error: InvalidIdentifier) -> UserError:
    return UserError("%(place)s: %(why)s", place=place, why=why(kind, region, error))


def _complete(place: str, text: str) -> str:
    _, colon, raw = text.partition(":")
    if not colon or not raw.strip():
        raise UserError("%(place)s: write KIND:VALUE, such as email:a@b.example", place=place)
    return text
