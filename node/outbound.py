"""The one HTTP client of the node. What it fetches from, others choose: addresses are theirs.

So no connection goes to an address that is not public. That is checked on the very address a
socket is about to connect to, after every name was resolved, since a name may resolve to something
else at each look, and since resolvers never see IP literals. No redirects, no proxies from the
environment, no cookies, no content coding; a byte cap and a deadline on every fetch.
"""

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from yarl import URL

from node.errors import Unreachable
from protocol.english import English
from protocol.errors import Malformed, TooLarge, UnsupportedMedia

CONNECT_DEADLINE = 10.0
"""Seconds until a connection, TLS included, must stand."""

READ_DEADLINE = 10.0
"""Seconds until the next bytes of an answer must arrive."""

MAX_CONNECTIONS = 64
MAX_CONNECTIONS_PER_HOST = 8

# IANA's special-purpose registries and their neighbours, written out: Python's `is_global` differs
# between versions and lets NAT64, 6to4 and multicast pass.
_NOT_PUBLIC_V4 = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, cloud metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # IETF protocol assignments
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
_PUBLIC_V6 = ipaddress.IPv6Network("2000::/3")
"""All of global unicast; beyond it lie mapped, NAT64, local, link-local and multicast addresses."""
_NOT_PUBLIC_V6 = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "2001::/23",  # IETF protocol assignments: Teredo, ORCHID, benchmarks
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)
_KEPT_HEADERS = frozenset(
    {"content-type", "content-digest", "signature", "signature-input", "retry-after"}
)


class _NotPublicError(OSError):
    """The address is not public. An OSError, so that the other addresses of a name are tried."""


@dataclass(frozen=True)
class Response:
    """An answer, verified by nobody yet: the header lines that anybody here needs, and the body."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)


class Outbound:
    """A guarded HTTP client, as `open_outbound` makes it."""

    def __init__(
        self, session: aiohttp.ClientSession, schemes: frozenset[str], read_deadline: float
    ) -> None:
        self._session = session
        self._schemes = schemes
        self._read_deadline = read_deadline

    async def fetch(  # noqa: PLR0913 - the caps are named at every call, on purpose
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes = b"",
        max_bytes: int,
        deadline: float,
    ) -> Response:
        """One request, its target exactly as `url` has it; any status is an answer, 3xx included.

        Raises:
            Unreachable: no connection to a public address, or no complete answer within `deadline`
                seconds, all in all.
            TooLarge: an answer of more than `max_bytes`, declared or sent.
            UnsupportedMedia: an answer with a content coding.
            Malformed: `url` is not one that this client follows.
        """
        timeout = aiohttp.ClientTimeout(
            total=deadline, connect=CONNECT_DEADLINE, sock_read=self._read_deadline
        )
        try:
            async with self._session.request(
                method,
                self._checked(url),
                headers=headers,
                data=body or None,
                allow_redirects=False,
                timeout=timeout,
            ) as response:
                return await _read(response, max_bytes)
        except TimeoutError as error:
            raise Unreachable("no complete answer in time") from error
        except aiohttp.InvalidURL as error:
            # Among others an IPv4 address in another spelling: 127.1, 0177.0.0.1, 2130706433.
            raise Malformed("not a URL that this client follows") from error
        except aiohttp.ClientConnectorError as error:
            raise Unreachable(_why_not_connected(error)) from error
        except (aiohttp.ClientError, OSError, UnicodeError) as error:
            raise Unreachable("the connection failed, or did not speak HTTP") from error
        except ValueError as error:
            # Parsers that disagree about what an address is: yarl's, aiohttp's, the resolver's.
            raise Malformed("not a URL, or not a header, that this client sends") from error

    def _checked(self, url: str) -> URL:
        try:
            # encoded: the signature covers the target as written, and yarl would rewrite it.
            parsed = URL(url, encoded=True)
            port = parsed.port
        except ValueError as error:
            raise Malformed("not a URL") from error
        if parsed.scheme not in self._schemes or not parsed.host or not port:
            raise Malformed(
                "a URL of scheme %(schemes)s is due",
                schemes=English.joined(sorted(self._schemes), English(" or ")),
            )
        if parsed.raw_user is not None or parsed.raw_password is not None or "#" in url:
            raise Malformed("a URL without user information and fragment is due")
        return parsed


@asynccontextmanager
async def open_outbound(
    *, allow_private_networks: bool = False, read_deadline: float = READ_DEADLINE
) -> AsyncIterator[Outbound]:
    """The node's HTTP client, with its connections, for as long as the context lasts.

    `allow_private_networks` is the development setting: any address, and plain http.
    `read_deadline` is in how many seconds the next bytes of an answer must arrive.
    """
    connector = aiohttp.TCPConnector(
        limit=MAX_CONNECTIONS,
        limit_per_host=MAX_CONNECTIONS_PER_HOST,
        socket_factory=None if allow_private_networks else public_socket,
    )
    async with aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        auto_decompress=False,
        headers={"Accept-Encoding": "identity", "User-Agent": "comity"},
    ) as session:
        schemes = frozenset({"https", "http"} if allow_private_networks else {"https"})
        yield Outbound(session, schemes, read_deadline)


def is_public(address: str) -> bool:
    """Whether it is an IP address, in the form that sockets take, of the public Internet."""
    try:
        # The zone of a scoped address (fe80::1%eth0) says nothing about whether it is public.
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv4Address):
        return not any(parsed in network for network in _NOT_PUBLIC_V4)
    return parsed in _PUBLIC_V6 and not any(parsed in network for network in _NOT_PUBLIC_V6)


def public_socket(info: aiohttp.AddrInfoType) -> socket.socket:
    """A socket for one resolved address, if that is public; aiohttp connects it to that address.

    Raises:
        OSError: it is not.
    """
    family, kind, protocol, _, address = info
    if not is_public(str(address[0])):
        raise _NotPublicError("not a public address")
    return socket.socket(family, kind, protocol)


async def _read(response: aiohttp.ClientResponse, max_bytes: int) -> Response:
    if "Content-Encoding" in response.headers:
        raise UnsupportedMedia("an answer with a content coding, which nobody asked for")
    if (response.content_length or 0) > max_bytes:
        raise TooLarge("an answer of more than %(most)s bytes", most=max_bytes)
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > max_bytes:
            raise TooLarge("an answer of more than %(most)s bytes", most=max_bytes)
        # A flood that always has bytes ready would never let the deadline's timer run.
        await asyncio.sleep(0)
    kept = tuple(
        (name.lower(), value)
        for name, value in response.headers.items()
        if name.lower() in _KEPT_HEADERS
    )
    return Response(response.status, kept, bytes(body))


def _why_not_connected(error: aiohttp.ClientConnectorError) -> English:
    if isinstance(error.os_error, _NotPublicError):
        return English("its address is not one of the public Internet")
    return English("no connection")
