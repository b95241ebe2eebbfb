"""Recognising another community's attestation as a decision of one's own.

Whoever recognises says the same of the same person under its own name, and names what it follows:
the two count once, and the recognition weighs nothing once its source has ended (SPEC.md, section
4). So only what a peer has in force, as this node follows it, can be recognised.
"""

from node.clock import day_of
from node.errors import UserError
from node.node import Node
from node.store import peers
from protocol.claims import Recognition


async def of(node: Node, issuer: str, attestation: str, now: int) -> Recognition:
    """The origin of a sanction that recognises a peer's attestation.

    Raises:
        UserError: `issuer` (its id) is no active peer, or has nothing of this id in force.
    """
    async with node.store.read() as connection:
        known = {peer.id: peer.fingerprint for peer in await peers.active(connection)}
        if issuer not in known:
            raise UserError("no active peer of this id: `comity peer list` shows them")
        register = await node.registers.of(connection, known[issuer])
    found = None if register is None else register.attestations.get(attestation)
    if found is None:
        raise UserError("this peer has attested nothing of this id, as far as it is followed here")
    state = found.state(day_of(now))
    if state.name != "in_force" or "stayed" in state.flags:
        raise UserError("what does not weigh at its source cannot be recognised")
    return Recognition(kind="recognition", log=known[issuer], attestation=attestation)
