"""Reading what a form sends: bounded, in time, and never by way of a disk."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import BadHttpMessage

from node.federation.bodies import read_body
from protocol.errors import Malformed, TooLarge, TooSlow, UnsupportedMedia

KIB = 1024
MAX_FIELDS = 2_000

_URLENCODED = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"


@dataclass(frozen=True)
class Form:
    """What was sent: each field's values in order, and files by the name of their field."""

    fields: Mapping[str, list[str]] = field(default_factory=dict, repr=False)
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    def one(self, name: str) -> str:
        """The first value of a field, stripped; empty where there is none."""
        return next(iter(self.fields.get(name, [])), "").strip()

    def all(self, name: str) -> list[str]:
        """All values of a field that say anything, stripped."""
        return [each.strip() for each in self.fields.get(name, []) if each.strip()]


async def read(request: web.Request, limit: int, deadline: float) -> Form:
    """Read a form of at most `limit` bytes within `deadline` seconds.

    Raises:
        TooLarge, TooSlow, Malformed, UnsupportedMedia: what it is not.
    """
    if request.content_type == _MULTIPART:
        return await _multipart(request, limit, deadline)
    data = await read_body(request, limit, media_type=_URLENCODED, deadline=deadline)
    try:
        pairs = parse_qsl(data.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError as error:
        raise Malformed("this is no form") from error
    return _gathered(pairs)


async def _multipart(request: web.Request, limit: int, deadline: float) -> Form:
    if "Content-Encoding" in request.headers:
        raise UnsupportedMedia("a form is taken without content coding only")
    if request.content_length is None:
        raise Malformed("a form says beforehand how long it is")
    if request.content_length > limit:
        raise TooLarge("more than %(limit)s bytes", limit=limit)
    try:
        async with asyncio.timeout(deadline):
            return await _parts(request)
    except TimeoutError as error:
        raise TooSlow(
            "the form was not complete after %(deadline)s s", deadline=f"{deadline:g}"
        ) from error
    except (
        ValueError, web.RequestPayloadError, ConnectionError, AssertionError, BadHttpMessage,
    ) as error:  # fmt: skip
        raise Malformed("this is no form, or it breaks off") from error


async def _parts(request: web.Request) -> Form:
    pairs: list[tuple[str, str]] = []
    files: dict[str, bytes] = {}
    reader, count = await request.multipart(), 0
    while (part := await reader.next()) is not None:
        count += 1
        if not isinstance(part, BodyPartReader) or count > MAX_FIELDS:
            raise Malformed("this is no form")
        data = bytearray()
        while chunk := await part.read_chunk():
            data += chunk
        name = part.name or ""
        if part.filename is None:
            pairs.append((name, data.decode("utf-8")))
        elif part.filename or data:  # else no file was chosen
            files[name] = bytes(data)
    return Form(_gathered(pairs).fields, files)


def _gathered(pairs: list[tuple[str, str]]) -> Form:
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return Form(fields)
