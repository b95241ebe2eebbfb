"""`POST …/records`: the sealed records of attestations in force, for peers to hold."""

from datetime import date

import structlog
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from node import audit
from node.clock import day_of
from node.federation.middleware import Authenticated, authenticated
from node.federation.service import SERVICE, Service
from node.ledger import own_head_in
from node.store import peers
from node.store import records as store
from protocol.encoding import base64url
from protocol.errors import Unavailable
from protocol.exchange import MAX_RECORDS_BODY, RecordsAnswer, RecordsRequest
from protocol.sealing import record_hash

_log = structlog.get_logger()


@authenticated(MAX_RECORDS_BODY)
async def records(request: web.Request, asker: Authenticated) -> web.StreamResponse:
    """The exact bytes in the order asked; null where there is nothing, or it has ended.

    Ours; and the asker's own, as they are held here, which a restored backup of its may lack.
    """
    service = request.app[SERVICE]
    ids = RecordsRequest.from_bytes(asker.body, MAX_RECORDS_BODY).ids
    day = day_of(service.now())
    async with service.node.store.read() as connection:
        # Of one moment: a record may be sealed anew at any time.
        head = await own_head_in(connection)
        register = (await service.node.registers.at(connection, head)).register
        due = {each.item.id: each.item.seal.record for each in register.live(day)}
        held = await store.get(connection, head.fingerprint, [id_ for id_ in ids if id_ in due])
        others = [id_ for id_ in ids if id_ not in due]
        theirs = await store.get(connection, asker.peer.fingerprint, others)
    for id_, data in held.items():
        # The storage may have rotted; what is served must be what the officers approved.
        if record_hash(data) != due[id_]:
            _log.error("damaged-record", attestation=id_)
            raise Unavailable("a record in this node's database is damaged")
    if held:
        await _record(service, asker)
    every = theirs | held
    found = tuple(base64url(every[id_]) if id_ in every else None for id_ in ids)
    answer = RecordsAnswer(v=1, records=found)
    return web.Response(body=answer.to_bytes(), content_type="application/json")


async def _record(service: Service, asker: Authenticated) -> None:
    """Record that a peer fetches records; once a day, or it could fill the database."""
    node, now = service.node, service.now()
    fingerprint, day = asker.peer.fingerprint, day_of(now)
    async with node.store.read() as connection:
        if not await _is_first(connection, fingerprint, day):
            return
    async with node.store.write() as connection:
        if await _is_first(connection, fingerprint, day):
            await audit.record(connection, node.vault, "records", {"who": asker.peer.id}, now)
            await peers.change(connection, fingerprint, fetched_on=day)


async def _is_first(connection: AsyncConnection, fingerprint: bytes, day: date) -> bool:
    """Whether nothing was fetched that day; a clock that is set back begins no earlier one."""
    peer = await peers.get(connection, fingerprint)
    return peer is not None and (peer.fetched_on is None or peer.fetched_on < day)
