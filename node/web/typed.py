"""What is typed or pasted about a person, and what it is understood as.

Whatever could be taken for two things is asked about again: a handle that passed for a name would
be searched for as a name, and "nothing was found" would be said of somebody who was not looked for.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from email.utils import getaddresses
from urllib.parse import urlsplit

from node.web.forms import Form
from protocol.english import English
from protocol.identifiers import KINDS

HANDLES = ("github", "gitlab", "pypi", "telegram", "bluesky", "matrix", "fediverse")
"""Where a bare handle can be of."""

_SITES = {"github.com": "github", "gitlab.com": "gitlab", "pypi.org": "pypi", "t.me": "telegram"}
"""Whose addresses of people are `https://SITE/NAME`."""

_ADDRESS = re.compile(r"(https?://\S+|([a-z0-9-]+\.)+[a-z]{2,}/\S*)", re.IGNORECASE)
_NUMBER = re.compile(r"\+?(?=[^0-9]*[0-9])[0-9 ()/.-]+")
_LONGEST = 512
"""Characters of a line; in a longer one nobody wrote one thing about a person."""

_WITHIN_NAMES = "'\N{RIGHT SINGLE QUOTATION MARK}-\N{HYPHEN}\N{MIDDLE DOT}"


@dataclass(frozen=True)
class Typed:
    """What was typed, as `KIND:VALUE`; and what it is not clear how to read, as it was typed."""

    terms: list[str] = field(repr=False)
    unclear: list[str] = field(repr=False)

    def named(self, words: str) -> English:
        """A refusal of "identifier 2", with that one itself in place of its number."""
        refusal = English(words)
        place = refusal.parts.get("place")
        number = place.parts.get("number") if isinstance(place, English) else None
        if not isinstance(number, int):
            return refusal
        term = English("“%(term)s”", term=self.terms[number - 1])
        return English(refusal.text, **{**refusal.parts, "place": term})


def understood(text: str, handle: str) -> Typed:
    """What was typed or pasted, line by line or with semicolons.

    `handle` is the kind of bare handles; empty, only what begins with `@` is one, of GitHub.
    """
    terms: list[str] = []
    unclear: list[str] = []
    for line in filter(None, map(str.strip, text.replace(";", "\n").splitlines())):
        found = _of_line(line, handle)
        terms += found
        unclear += [] if found else [line]
    return Typed(list(dict.fromkeys(terms)), unclear)


def of_form(form: Form) -> Typed:
    """What a form says about a person, by its fields `who` and `handle`."""
    return understood(form.one("who"), form.one("handle"))


def _of_line(line: str, handle: str) -> list[str]:
    """Empty where it is not clear."""
    if len(line) > _LONGEST:
        return []
    kind, colon, _ = line.partition(":")
    if colon and kind.strip().lower() in KINDS:
        return [line]
    if _ADDRESS.fullmatch(line):
        return _of_address(line)
    if "@" in line:
        is_handle = line.startswith("@") and " " not in line
        return [_of_handle(line, handle)] if is_handle else _of_mailboxes(line)
    kind = _kind_of(line, handle)
    return [f"{kind}:{line}"] if kind else []


def _kind_of(line: str, handle: str) -> str:
    """What it is without any mark of it; empty where it is not clear."""
    if _NUMBER.fullmatch(line):
        return "phone"
    if handle and " " not in line:
        return handle
    return "name" if _is_name(line) else ""


def _is_name(line: str) -> bool:
    """Whether it is written as people's names are; one word of ASCII may be a handle as well."""
    words = [word.rstrip(".,") for word in line.split()]
    return (len(words) > 1 or not line.isascii()) and all(map(_is_word, words))


def _is_word(word: str) -> bool:
    return any(map(str.isalpha, word)) and all(
        c.isalpha() or unicodedata.category(c).startswith("M") or c in _WITHIN_NAMES for c in word
    )


def _of_mailboxes(line: str) -> list[str]:
    """What a mail program writes for people: an address, or `Name <address>`, with commas.

    Nothing, where anything else stands there: it would be dropped, and not looked for.
    """
    try:
        found = getaddresses([line])
    except RecursionError:  # parentheses within parentheses
        return []
    rest = line
    for name, address in found:
        for part in (address, *name.split()):
            rest = rest.replace(part, "", 1)
    is_all = not any(map(str.isalnum, rest))
    if not is_all or not all("@" in address and "@" not in name for name, address in found):
        return []
    return [
        term
        for name, address in found
        for term in ([f"email:{address}"] + ([f"name:{name}"] if name else []))
    ]


def _of_handle(line: str, handle: str) -> str:
    if line.count("@") == 2:
        return f"fediverse:{line}"
    if ":" in line:
        return f"matrix:{line}"
    return f"{handle or 'github'}:{line.removeprefix('@')}"


def _of_address(line: str) -> list[str]:
    try:
        parts = urlsplit(line if "://" in line else f"https://{line}")
        site = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        return []
    path = [part for part in parts.path.split("/") if part]
    if site == "pypi.org" and path[:1] == ["user"]:
        path = path[1:]
    if site in _SITES and path:
        return [f"{_SITES[site]}:{path[0]}"]
    return [f"fediverse:{path[0]}@{site}"] if path and path[0].startswith("@") else []
