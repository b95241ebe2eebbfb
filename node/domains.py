"""Whether a domain carries the fingerprint of the log that claims it (SPEC.md, section 1).

Either `https://<id>/.well-known/comity` says so, or a TXT record of `_comity.<id>` is it, in
base64url. That the domain says nothing proves nothing: the id is then merely claimed.
"""

import asyncio
from collections.abc import Awaitable, Callable

import dns.asyncresolver
import dns.exception
from dns.rdtypes.ANY.TXT import TXT

from node.outbound import Outbound
from node.public_log import WELL_KNOWN, read_discovery
from protocol.encoding import base64url
from protocol.errors import ComityError
from protocol.exchange import MAX_DISCOVERY

DEADLINE = 5.0
"""Seconds for each of the two ways: nobody waits long for a domain that says nothing."""

_RESERVED = (".example", ".invalid", ".test", ".example.com", ".example.org")
"""Names that are nobody's (RFC 2606): they are not looked up."""

LookUp = Callable[[str], Awaitable[list[str]]]
"""The TXT records of a name."""


async def txt_records(name: str) -> list[str]:
    """The TXT records of a name, each as one string; none where it has none."""
    try:
        # Already this fails where a machine has no resolver configured.
        resolver = dns.asyncresolver.Resolver()
        resolver.lifetime = DEADLINE
        answer = await resolver.resolve(name, "TXT")
    except dns.exception.DNSException:
        return []
    return [
        b"".join(record.strings).decode("ascii", "replace")
        for record in answer
        if isinstance(record, TXT)
    ]


async def is_proven(
    outbound: Outbound, community: str, fingerprint: bytes, look_up: LookUp = txt_records
) -> bool:
    """Whether the domain `community` carries this fingerprint (32 bytes)."""
    if f".{community}".endswith(_RESERVED):
        return False
    by_document, by_record = await asyncio.gather(
        _document_says(outbound, f"https://{community}{WELL_KNOWN}", fingerprint),
        _record_says(look_up, f"_comity.{community}", fingerprint),
    )
    return by_document or by_record


async def _document_says(outbound: Outbound, url: str, fingerprint: bytes) -> bool:
    try:
        response = await outbound.fetch(
            "GET", url, headers={}, max_bytes=MAX_DISCOVERY, deadline=DEADLINE
        )
        found = read_discovery(response.body)
    except ComityError:
        return False
    return response.status == 200 and found.fingerprint == fingerprint


async def _record_says(look_up: LookUp, name: str, fingerprint: bytes) -> bool:
    return base64url(fingerprint) in await look_up(name)
