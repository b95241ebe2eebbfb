"""Handles and immutable ids of platforms.

All begin alike: `clean`; a comment in parentheses at the end, after a space, is dropped; if one
of the platform's address prefixes matches (case-blind, with or without `http://` or `https://`),
what follows it counts; from there, ids excepted, the first `?`, `#` or `&` and all behind it is
dropped, then one `/` at the end; then one leading `@`; ASCII letters become lower case. A handle
that is a page of the platform (`NOT_HANDLES`) or one of the things people type for "nothing"
(`NON_VALUES`) is refused. What then is not of the kind's grammar is refused: so is the address of
anything deeper than a profile, because a repository says nothing about who typed it.

- `github`: after `[www.]github.com/`; 1 to 39 of `a-z0-9_-`, `a-z0-9` first. Doubled and final
  hyphens stand in old accounts, `_` in those of enterprises.
- `gitlab`: after `[www.]gitlab.com/`; 2 to 255 of `a-z0-9_.-`, not `-` first.
- `pypi`: after `[www.]pypi.org/user/`; 1 to 50 of `a-z0-9._-`, `a-z0-9` first and last. These
  are names of users, not of projects: `.`, `_` and `-` differ.
- `telegram`: after `t.me/`, `telegram.me/`, `tg://resolve?domain=`; 4 to 32 of `a-z0-9_`, a letter
  first.
- `bluesky`: after `bsky.app/profile/`, `at://`; a domain, or `did:plc:` and 24 of `a-z2-7`.
- `matrix`: after `matrix.to/#/`, where `%40` and `%3A` mean `@` and `:`, and `matrix:u/`;
  `local:server`, the local part of `a-z0-9._=/+-`, the server a domain, perhaps with `:` and a
  port of 1 to 65535.
- `fediverse`: `user@host`, after `acct:`, or as `HOST/@user`, `HOST/users/user`,
  `HOST/@user@elsewhere`; the user 1 to 64 of `a-z0-9_.-`, `a-z0-9_` first and last.
- `github-id`, `telegram-id`: 1 to 16 digits, the first not 0.
- `discord-id`: 17 to 20 digits, the first not 0; also as `<@...>` and `<@!...>`.

Domains are those of `domains.domain`.
"""

import re
from collections.abc import Callable

from protocol.identifiers.domains import domain
from protocol.identifiers.lists import NON_VALUES, NOT_HANDLES
from protocol.identifiers.model import InvalidIdentifier
from protocol.identifiers.text import checked, clean

_WEB = r"(?:https?://)?"
_PREFIX = {
    "github": re.compile(_WEB + r"(?:www\.)?github\.com/", re.ASCII | re.IGNORECASE),
    "gitlab": re.compile(_WEB + r"(?:www\.)?gitlab\.com/", re.ASCII | re.IGNORECASE),
    "pypi": re.compile(_WEB + r"(?:www\.)?pypi\.org/user/", re.ASCII | re.IGNORECASE),
    "telegram": re.compile(
        rf"{_WEB}(?:t|telegram)\.me/|tg://resolve\?domain=", re.ASCII | re.IGNORECASE
    ),
    "bluesky": re.compile(_WEB + r"bsky\.app/profile/|at://", re.ASCII | re.IGNORECASE),
    "matrix": re.compile(_WEB + r"matrix\.to/#/|matrix:u/", re.ASCII | re.IGNORECASE),
    "fediverse": re.compile(r"acct:", re.ASCII | re.IGNORECASE),
}
_GRAMMAR = {
    "github": re.compile(r"[a-z0-9][a-z0-9_-]{0,38}\Z"),
    "gitlab": re.compile(r"[a-z0-9_.][a-z0-9_.-]{1,254}\Z"),
    "pypi": re.compile(r"(?=.{1,50}\Z)[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?\Z"),
    "telegram": re.compile(r"[a-z][a-z0-9_]{3,31}\Z"),
    "github-id": re.compile(r"[1-9][0-9]{0,15}\Z"),
    "telegram-id": re.compile(r"[1-9][0-9]{0,15}\Z"),
    "discord-id": re.compile(r"[1-9][0-9]{16,19}\Z"),
}
_LOOKS_LIKE = {
    "github": "octocat",
    "gitlab": "octocat",
    "pypi": "octocat",
    "telegram": "octocat",
    "bluesky": "name.example.org",
    "matrix": "@name:example.org",
    "fediverse": "@name@example.org",
    "github-id": "583231, the account's number",
    "telegram-id": "123456789, the account's number",
    "discord-id": "80351110224678912, the account's number",
}
_COMMENT = re.compile(r" \([^()]*\)\Z")
_MENTION = re.compile(r"<@!?([0-9]+)>\Z")
_DID = re.compile(r"did:plc:[a-z2-7]{24}\Z")
_MATRIX = re.compile(r"([a-z0-9._=/+-]+):([^:]+)(:[1-9][0-9]{0,4})?\Z")
_FEDIVERSE = re.compile(r"([a-z0-9_](?:[a-z0-9_.-]{0,62}[a-z0-9_])?)@([^@]+)\Z")
_FEDIVERSE_ADDRESS = re.compile(
    r"(?:https?://)?([^/@]+)/(?:@|users/)([^/@]+)(?:@([^/@]+))?\Z", re.IGNORECASE
)
_UPPER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


def handle(kind: str, raw: str) -> str:
    """The canonical value of a handle or id on a platform.

    Raises:
        InvalidIdentifier: not a handle of that platform, or a word that stands for "none".

    Source: SPEC.md, section 2.
    """
    text = _COMMENT.sub("", clean(raw, joiners=kind in _WITH_DOMAIN)).rstrip(" ")
    text = _without_address(kind, text).removeprefix("@").translate(_UPPER)
    if text in NON_VALUES or text in NOT_HANDLES.get(kind, ()):
        raise InvalidIdentifier("no %(kind)s of a person; leave it out", kind=kind)
    if kind in _WITH_DOMAIN:
        value = _WITH_DOMAIN[kind](text)
    else:
        value = text if _GRAMMAR[kind].match(text) else None
    if value is None or value in NON_VALUES:
        raise InvalidIdentifier(
            "one %(kind)s is due, such as %(example)s", kind=kind, example=_LOOKS_LIKE[kind]
        )
    return checked(value)


def _without_address(kind: str, text: str) -> str:
    mention = _MENTION.match(text) if kind == "discord-id" else None
    if mention:
        return mention[1]
    prefix = _PREFIX[kind].match(text) if kind in _PREFIX else None
    rest = text[prefix.end() :] if prefix else text
    # A Discord or numeric id has no address; there "?" and "#" are simply wrong.
    if kind in _PREFIX:
        rest = re.split("[?#&]", rest, maxsplit=1)[0].removesuffix("/")
    if kind == "matrix" and prefix:
        rest = re.sub("%40", "@", re.sub("%3a", ":", rest, flags=re.IGNORECASE))
    return rest


def _bluesky(text: str) -> str | None:
    return text if _DID.match(text) else domain(text)


def _matrix(text: str) -> str | None:
    parts = _MATRIX.match(text)
    if not parts or int((parts[3] or ":1")[1:]) > 65535:
        return None
    return f"{parts[1]}:{domain(parts[2])}{parts[3] or ''}"


def _fediverse(text: str) -> str | None:
    address = _FEDIVERSE_ADDRESS.match(text)
    if address:
        # An account of elsewhere is shown under `host/@user@elsewhere`.
        text = f"{address[2]}@{address[3] or address[1]}"
    parts = _FEDIVERSE.match(text)
    return f"{parts[1]}@{domain(parts[2])}" if parts else None


_WITH_DOMAIN: dict[str, Callable[[str], str | None]] = {
    "bluesky": _bluesky,
    "matrix": _matrix,
    "fediverse": _fediverse,
}
