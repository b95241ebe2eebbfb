"""What a response of a peer is: an answer, a refusal with its code, or a node out of order."""

import re

from node.errors import Refused, Unreachable
from node.outbound import Response
from protocol.encoding import from_json
from protocol.errors import ComityError

JSON_TYPE = "application/json"

FRAME = 16 * 1024
"""Bytes that an answer may have beside what was asked for; enough for a problem document."""

_PROBLEM = re.compile(r"urn:comity:problem:([a-z-]{1,40})", re.ASCII)
_MAX_RETRY_AFTER = 31 * 86_400


def accepted(response: Response) -> bytes:
    """The body of a 200; any other status is a refusal, or means that the peer cannot answer."""
    if response.status == 200:
        return response.body
    code = problem_code(response)
    if response.status >= 500 or (code is None and response.status < 400):
        raise Unreachable("the other node answers with status %(status)s", status=response.status)
    raise Refused(code or f"status-{response.status}", _retry_after(response))


def problem_code(response: Response) -> str | None:
    """The code of a problem document (RFC 9457); None where it is none of this protocol's."""
    if content_type(response) != "application/problem+json":
        return None
    try:
        document = from_json(response.body, FRAME)
    except ComityError:
        return None
    kind = document.get("type") if isinstance(document, dict) else None
    # The code is shown to people: nothing else of what a stranger wrote is.
    match = _PROBLEM.fullmatch(kind) if isinstance(kind, str) else None
    return None if match is None else match[1]


def _retry_after(response: Response) -> int | None:
    for name, value in response.headers:
        if name == "retry-after" and value.isascii() and value.isdigit() and len(value) < 10:
            return min(int(value), _MAX_RETRY_AFTER)
    return None


def content_type(response: Response) -> str:
    """The media type that it names; JSON where it names none, or several."""
    values = [value for name, value in response.headers if name == "content-type"]
    return values[0] if len(values) == 1 else JSON_TYPE
