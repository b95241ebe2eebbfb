"""Who this node speaks for: what its community says of itself, and the keys it says it with."""

from dataclasses import dataclass, field

from node.keyring import Keys, oprf_keys_in, oprf_unused_since, signing_keys_in
from node.ledger import own_head_in
from node.node import Node
from protocol.keys import SigningKey, http_key_id
from protocol.register import Register
from protocol.statements import Community
from protocol.voprf import OprfKey


@dataclass(frozen=True)
class Identity:
    """The community as its own log has it, up to one head."""

    register: Register
    keys: Keys
    oprf: dict[bytes, OprfKey] = field(repr=False)
    """The live OPRF keys whose secrets are here, by key id."""

    @property
    def community(self) -> Community:
        """What the community says of itself."""
        return self.register.community

    @property
    def fingerprint(self) -> bytes:
        """The fingerprint of its log (32 bytes)."""
        return self.register.fingerprint

    @property
    def http(self) -> tuple[str, SigningKey]:
        """The `keyid` and the key that sign requests and answers."""
        return http_key_id(self.community.id, self.keys.http.public_key), self.keys.http


class OwnIdentity:
    """The identity of this node; it changes when its log grows, or a secret goes, by whomever."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._at: tuple[int, bytes, frozenset[bytes]] | None = None
        self._known: Identity | None = None

    async def current(self) -> Identity:
        """The identity at the head that the database has now.

        Raises:
            UserError: the community is not founded, or the master key is another.
            DamagedLog: the log in the database is not what its head says.
        """
        async with self._node.store.read() as connection:
            head = await own_head_in(connection)
            # A secret is destroyed without a word in the log.
            held = await oprf_unused_since(connection)
            at = (head.size, head.root, frozenset(held))
            if self._known is not None and self._at == at:
                return self._known
            register = (await self._node.registers.at(connection, head)).register
            oprf = await oprf_keys_in(connection, self._node.vault)
            live = {id_: key for id_, key in oprf.items() if key.public in register.community.oprf}
            keys = await signing_keys_in(connection, self._node.vault)
        self._at, self._known = at, Identity(register, keys, live)
        return self._known

    @property
    def last(self) -> Identity:
        """What `current` gave last, for whoever cannot wait.

        Raises:
            LookupError: it was never asked.
        """
        if self._known is None:
            raise LookupError("the identity was not read yet")
        return self._known
