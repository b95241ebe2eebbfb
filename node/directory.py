"""The peers that this node answers, as their logs have them (SPEC.md, section 8)."""

from collections.abc import Callable
from dataclasses import dataclass, field

from node.federation.middleware import AdmittedPeer
from node.node import Node
from node.store import nonces, peers
from protocol.errors import NotAdmitted
from protocol.keys import http_key_id

NONCE_GRACE = 86_400
"""Seconds that a nonce is remembered beyond its signature: a clock may be set back."""


@dataclass(frozen=True)
class Directory:
    """`PeerDirectory` on the database. `on_unknown` hears of a peer whose key is not the one held.

    It may have rotated its key in entries that are not here yet.
    """

    node: Node
    on_unknown: Callable[[bytes], None] = field(repr=False)

    async def http_key(self, keyid: str) -> AdmittedPeer | None:
        """The active peer with that `http` key in force; None where no log held here has it.

        Raises:
            NotAdmitted: the community has that key, and is no active peer.
        """
        community = keyid.rpartition("/")[0]
        async with self.node.store.read() as connection:
            claimants = await peers.by_id(connection, community)
            for peer in claimants:
                register = await self.node.registers.of(connection, peer.fingerprint)
                if register is None:
                    continue
                key = register.community.keys.http
                if http_key_id(community, key) != keyid:
                    continue
                if peer.state != "active":
                    raise NotAdmitted("this community is no admitted peer here")
                return AdmittedPeer(peer.fingerprint, peer.id, key)
        for peer in claimants:
            if peer.state == "active":
                self.on_unknown(peer.fingerprint)
        return None

    async def remember_nonce(self, keyid: str, nonce: bytes, expires: int) -> bool:
        """Whether the nonce is new; from now on it is not."""
        async with self.node.store.write() as connection:
            return await nonces.remember(connection, keyid, nonce, expires)
