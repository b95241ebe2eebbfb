"""What we say to a peer about peering; without an address, with our log in the same request.

A log that does not fit into one request is carried in pieces, each under a checkpoint of its own
size that our `log` key signs. Such a checkpoint is no head: it is not cosigned, so it says nothing
about time, and nobody takes it for a log that has shrunk.
"""

from collections.abc import Sequence
from typing import Literal, TypeAlias

from node.client import PeerClient
from node.errors import Refused
from node.keyring import signing_keys
from node.ledger import own_head_in
from node.node import Node
from node.store import logs
from node.store.logs import Head
from protocol.checkpoint import Checkpoint, sign_checkpoint
from protocol.encoding import base64url
from protocol.errors import Conflict, UnknownKey
from protocol.exchange import CarriedLog, PeeringAnswer, PeeringRequest
from protocol.merkle import leaf_hash, tree_root
from protocol.register import Register

Act: TypeAlias = Literal["ask", "accept", "leave", "extend"]

PIECE = 40 * 1024
"""Bytes of entries in one request: in base64url, with the rest, they stay below its limit."""

MAX_PIECES = 256


async def tell(node: Node, client: PeerClient, act: Act) -> PeeringAnswer:
    """Say it, and bring as much of our log as the other has not, where we have no address.

    Raises:
        Unreachable, Refused, Violation: as the client does.
    """
    async with node.store.read() as connection:
        head = await own_head_in(connection)
        register = (await node.registers.at(connection, head)).register
        entries = await logs.entries(connection, head) if register.community.url is None else []
    if not entries or act not in ("ask", "extend"):
        return await client.peering(_request(register, act, None))
    # Most often nothing was added: then not even the checkpoint's entries are sent.
    start = head.size if act == "extend" else 0
    for _ in range(MAX_PIECES):
        carried = await _carried(node, head, entries, start)
        try:
            said = await client.peering(_request(register, act, carried))
        except Refused as error:
            # Our key has changed in what they have not yet, or they hold nothing of our log.
            if error.problem not in (UnknownKey.code, Conflict.code) or start == 0:
                raise
            start = 0
            continue
        if said.size in (start, head.size) or said.state == "none":
            return said
        start = said.size
    return said


def _request(register: Register, act: Act, carried: CarriedLog | None) -> PeeringRequest:
    community = register.community
    return PeeringRequest(
        v=1,
        act=act,
        id=community.id,
        name=community.name,
        fingerprint=register.fingerprint,
        url=community.url,
        carried=carried,
    )


async def _carried(node: Node, head: Head, entries: Sequence[bytes], start: int) -> CarriedLog:
    piece = _piece(entries[start:])
    size = start + len(piece)
    note = head.note
    if size < head.size:
        root = tree_root([leaf_hash(entry) for entry in entries[:size]])
        key = (await signing_keys(node)).log
        note = sign_checkpoint(Checkpoint(head.origin, size, root), key).to_bytes()
    return CarriedLog(start=start, entries=tuple(map(base64url, piece)), checkpoint=note.decode())


def _piece(entries: Sequence[bytes]) -> list[bytes]:
    piece: list[bytes] = []
    taken = 0
    for entry in entries:
        taken += len(entry)
        if piece and taken > PIECE:
            break
        piece.append(entry)
    return piece
