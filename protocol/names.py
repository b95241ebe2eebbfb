"""Names and addresses of communities, as statements, attestations and requests write them.

Every form is spelled out here rather than left to a library or to Unicode's classes, which change
with their versions: a statement has to be void everywhere or nowhere.
"""

import re
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

HOST = r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])"
"""A DNS name of two labels or more, in lower case, as A-labels; the last one begins a letter."""

# The characters of RFC 3986 only: what cannot be typed cannot hide in a link.
URL = re.compile(rf"https://({HOST})(?::[0-9]{{1,5}})?(?:[/?#][A-Za-z0-9._~:/?#@!$&'()*+,;=%-]*)?")
"""An https URL; its first group is the host."""

_COMMUNITY_ID = re.compile(HOST)
_MAIL = re.compile(rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@{HOST}")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# Plain http, addresses and single labels too: nodes under development speak to each other.
_BASE_URL = re.compile(
    rf"https?://(?=[a-z0-9.-]{{1,253}}(?:[:/]|\Z)){_LABEL}(?:\.{_LABEL})*"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?(?P<path>(?:/[A-Za-z0-9._~-]{1,100})*)"
)
# What could hide or reorder a name on a page: controls, Unicode's default-ignorable code points,
# line and paragraph separators, the blank Braille pattern, interlinear and non-characters.
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def _community_id(text: str) -> str:
    if len(text) > 253 or not _COMMUNITY_ID.fullmatch(text):
        raise ValueError("a DNS name in lower case")
    return text


def _contact(text: str) -> str:
    if len(text) > 254 or not (_MAIL.fullmatch(text) or URL.fullmatch(text)):
        raise ValueError("an e-mail address or an https URL")
    return text


def _url(text: str) -> str:
    if len(text) > 512 or not URL.fullmatch(text):
        raise ValueError("an https URL")
    return text


def _base_url(text: str) -> str:
    url = _BASE_URL.fullmatch(text)
    if len(text) > 512 or url is None or int(url["port"] or 0) > 65_535:
        raise ValueError("scheme, host in lower case, and a path without final slash")
    # HTTP clients resolve them away, and the node would be asked for something else.
    if {".", ".."} & set(url["path"].split("/")):
        raise ValueError("a path without dot segments")
    return text


def _printable(text: str) -> str:
    if text != text.strip(" ") or _UNPRINTABLE.search(text):
        raise ValueError("no control or direction characters, no space around")
    return text


CommunityId = Annotated[str, AfterValidator(_community_id)]
"""The DNS name that a community controls; it never changes."""

Contact = Annotated[str, AfterValidator(_contact)]
"""Where a human answers: an e-mail address or an https URL."""

Url = Annotated[str, AfterValidator(_url)]
BaseUrl = Annotated[str, AfterValidator(_base_url)]
"""Where a node is reached; resources follow after it."""

Name = Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(_printable)]
"""A name for people to read, of 1 to 100 characters."""
