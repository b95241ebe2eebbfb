"""Reading what is sent to this node, never more and never longer than agreed beforehand."""

import asyncio
from typing import Any

from aiohttp import web

from protocol.errors import Malformed, TooLarge, TooSlow, UnsupportedMedia

BODY_DEADLINE = 10.0
"""Seconds in which a whole body must have arrived."""

SERVER_LIMITS: dict[str, Any] = {
    # Decompressing is refused, and would happen before any cap or digest sees the bytes.
    "auto_decompress": False,
    "max_line_size": 8190,
    "max_field_size": 8190,
    "max_headers": 64,
    # Counted from the start of a connection too, so it bounds slow headers as well.
    "keepalive_timeout": 30.0,
    # Reading on after a refusal only serves to let the sender see it.
    "lingering_time": 2.0,
    # An access log holds addresses of people; what is logged is chosen elsewhere.
    "access_log": None,
}
"""What `web.AppRunner` is to be started with."""


async def read_body(
    request: web.Request, limit: int, *, media_type: str, deadline: float = BODY_DEADLINE
) -> bytes:
    """The body as it stood on the wire: at most `limit` bytes, all there after `deadline` seconds.

    An empty body needs no content type.

    Raises:
        UnsupportedMedia: a content coding, or another type than `media_type`.
        TooLarge: more than `limit` bytes, declared or sent.
        TooSlow: not complete at the deadline.
        Malformed: a transfer coding that breaks off or is none.
    """
    if "Content-Encoding" in request.headers:
        raise UnsupportedMedia("a body is taken without content coding only")
    if (request.content_length or 0) > limit:
        raise TooLarge(f"more than {limit} bytes")
    if not request.can_read_body:
        return b""
    if request.content_type != media_type:
        raise UnsupportedMedia(f"{media_type} is due")
    try:
        async with asyncio.timeout(deadline):
            return await _read(request, limit)
    except TimeoutError as error:
        raise TooSlow(f"the body was not complete after {deadline:g} s") from error
    except (web.RequestPayloadError, ConnectionError) as error:
        raise Malformed("the body breaks off, or is not in its transfer coding") from error


async def _read(request: web.Request, limit: int) -> bytes:
    body = bytearray()
    # Not `request.read()`, whose cap is the application's and not the resource's.
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > limit:
            raise TooLarge(f"more than {limit} bytes")
    return bytes(body)
