"""The node at work: the one place where HTTP, jobs and the database are wired together.

What is to happen soon after something else is left to the database rather than to calls: another
process (a command) may append to our log as well, so a look at the head each second tells peers
about it, whoever made it grow.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlsplit

import structlog
from aiohttp import web

from node import (
    acts,
    clock,
    desk,
    ledger,
    lists,
    loopback,
    notice,
    notify,
    recovery,
    retention,
    sync,
)
from node import inquiries as inquiries_job
from node import peering as peering_job
from node.api import serving as local
from node.background import attempt, repeat, running
from node.client import Clients, connect
from node.config import listen_address
from node.directory import Directory
from node.errors import UserError, cause
from node.evaluation import Evaluator
from node.federation import (
    discovery,
    evaluate,
    events,
    inquiries,
    log,
    mirror,
    peering,
    records,
    witness,
)
from node.federation import peers as peer_list
from node.federation.bodies import SERVER_LIMITS
from node.federation.middleware import EDGE, PEERS, Edge, strict_http
from node.federation.problems import problems
from node.federation.service import SERVICE, Service
from node.identity import OwnIdentity
from node.node import Node
from node.public import about
from node.public import desk as public_desk
from node.pulls import Pulls
from node.store import logs, peers
from node.web.serving import add_pages
from protocol.signatures import authority_of

Clock = Callable[[], int]
Work = Callable[[], Awaitable[object]]

HEAD_INTERVAL = 1.0
"""Seconds from one look at our own head to the next."""

TOUCH_INTERVAL = 300.0
"""Seconds from one word to those who have not answered, or cannot fetch from us, to the next; and
from one question how an inquiry stands to the next."""

LISTS_INTERVAL = 1.0
"""Seconds from one look for lists that wait to the next."""

DAILY_INTERVAL = 3600.0
"""Seconds from one look at what is due daily to the next."""

MAIL_INTERVAL = 5.0
"""Seconds from one look at the letters that are due to the next."""

ASK_INTERVAL = 60.0
"""Seconds from one try to ask peers for our own log to the next, until one has answered."""

PULLS = 16
"""Peers that are followed at a time."""

SHUTDOWN = 5.0
"""Seconds that requests under way have when the node stops."""

_ELSEWHERE = "Name another address by `--listen` or `listen` in comity.toml"
_LOCAL_ELSEWHERE = (
    "Stop what listens there, or name another address by `api_listen` in comity.toml; a key that a "
    "browser keeps stays with the address at which it was made"
)

_log = structlog.get_logger()


@dataclass(frozen=True)
class Serving:
    """A node that answers.

    `url` is where it listens, which need not be its public address; `api`, where it answers the
    local API, if it does; `pages`, where browsers reach its pages then.
    """

    url: str
    api: str | None
    pages: str | None
    service: Service
    fault: asyncio.Future[None]
    """Has the error on which the node has to stop, once there is one."""


@asynccontextmanager
async def serving(
    node: Node, listen: str | None = None, api: str | None = None, *, now: Clock = clock.now
) -> AsyncIterator[Serving]:
    """Answer peers, follow them, and keep our own log's time, for as long as the context lasts.

    `listen`, for peers, and `api`, for the local API, are HOST:PORT where they are not the
    settings' own.

    Raises:
        UserError: the community is not founded, peers hold more of its log than can be had, or the
            address cannot be listened on.
        DamagedLog: our own log in the database is not what its head says.
    """
    host, port = listen_address(listen or node.config.listen)
    evaluator = Evaluator()
    held = ExitStack()
    try:
        async with connect(node, clock=now) as clients:
            service = Service(
                node, OwnIdentity(node), evaluator, Pulls(time.monotonic), clients, now
            )
            # Before anything is signed: a restored database may be behind.
            asking = _OwnLog(service, asyncio.get_running_loop().create_future(), held)
            await asking.catch_up()
            own = await service.own.current()
            app = application(service, own.community.url)
            async with (
                _listening(app, host, port, _ELSEWHERE) as url,
                _local(service, api or node.config.api_listen) as (local_url, pages),
                running(_tasks(service, asking)),
            ):
                _log.info("serving", listen=url, address=own.community.url)
                yield Serving(url, local_url, pages, service, asking.fault)
    finally:
        held.close()
        evaluator.close()


def application(service: Service, url: str | None) -> web.Application:
    """The resources of a community whose base URL is `url`; without one, nobody can address any."""
    app = web.Application(middlewares=[problems, strict_http])
    app[SERVICE] = service
    app.router.add_get("/healthz", healthz, allow_head=False)
    app.on_response_prepare.append(_say_little)
    if url is None:
        return app
    app[EDGE] = Edge(
        authority=authority_of(url),
        signer=lambda: service.own.last.http,
        now=service.now,
        body_deadline=service.node.config.request_deadline,
    )
    app[PEERS] = Directory(service.node, service.pulls.doubt)
    app.router.add_get("/.well-known/comity", discovery.discovery, allow_head=False)
    base = f"{urlsplit(url).path}/comity/v1"
    for path, get in (
        ("/log/checkpoint", log.checkpoint),
        ("/log/community", log.community),
        ("/log/{path:tile/entries/.+}", log.entries),
        ("/log/{path:tile/.+}", log.tile),
        ("/peers", peer_list.listed),
    ):
        app.router.add_get(base + path, get, allow_head=False)
    public_desk.add_routes(app, urlsplit(url).path)
    about.add_routes(app, urlsplit(url).path)
    app.router.add_post(f"{base}/log/add-checkpoint", witness.add_checkpoint)
    app.router.add_post(f"{base}/evaluate", evaluate.evaluate)
    app.router.add_post(f"{base}/records", records.records)
    app.router.add_post(f"{base}/events", events.events)
    app.router.add_post(f"{base}/heads", mirror.heads)
    held = f"{base}/mirror/{{origin:[0-9a-f]{{64}}}}"
    app.router.add_get(f"{held}/checkpoint", mirror.checkpoint, allow_head=False)
    app.router.add_get(f"{held}/{{path:tile/.+}}", mirror.tile, allow_head=False)
    app.router.add_post(f"{base}/inquiries", inquiries.ask)
    app.router.add_get(f"{base}/inquiries/{{hash}}", inquiries.standing, allow_head=False)
    app.router.add_post(f"{base}/peering", peering.peering)
    return app


async def healthz(_request: web.Request) -> web.Response:
    """That the node answers; nothing about it."""
    return web.Response(text="ok\n", headers={"Cache-Control": "no-store"})


async def _say_little(_request: web.Request, response: web.StreamResponse) -> None:
    """The versions of what answers are of use to attackers only."""
    response.headers["Server"] = "comity"


@asynccontextmanager
async def _listening(
    app: web.Application, host: str, port: int, remedy: str, *, as_localhost: bool = False
) -> AsyncIterator[str]:
    """Listen there; `as_localhost`, at all that browsers take for `localhost` as well."""
    # aiohttp's own logger writes down who sent what it could not parse.
    quiet = logging.Logger("node.http")  # noqa: LOG001 - one without handlers, parent or level
    quiet.disabled = True
    runner = web.AppRunner(app, logger=quiet, shutdown_timeout=SHUTDOWN, **SERVER_LIMITS)
    await runner.setup()
    try:
        await _listen(runner, host, port, remedy)
        bound = runner.addresses[0][1]
        for address in loopback.addresses() if as_localhost else ():
            if not loopback.is_covered(address, {each[0] for each in runner.addresses}):
                await _listen(runner, address, bound, remedy)
        yield f"http://{_in_url(host)}:{bound}"
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, host: str, port: int, remedy: str) -> None:
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        raise UserError(
            "cannot listen on %(host)s:%(port)s: %(cause)s. %(remedy)s",
            host=_in_url(host),
            port=port,
            cause=cause(error),
            remedy=remedy,
        ) from error


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


@asynccontextmanager
async def _local(
    service: Service, listen: str | None
) -> AsyncIterator[tuple[str | None, str | None]]:
    """Local API and pages, at an address of their own: what faces the internet never reaches it."""
    if listen is None:
        yield None, None
        return
    app = local.application(service)
    app.on_response_prepare.append(_say_little)
    host, port = listen_address(listen)
    site = add_pages(app, service, service.node.config.pages_url)
    if host == "localhost":
        host = "127.0.0.1"  # by number: of two addresses each would draw a port of its own
    async with _listening(app, host, port, _LOCAL_ELSEWHERE, as_localhost=site.is_local) as url:
        site.listens_on(url, is_lasting=port != 0)
        yield url, site.origin


def _tasks(service: Service, asking: "_OwnLog") -> list[Coroutine[Any, Any, None]]:
    node, now = service.node, service.now

    async def renew() -> None:
        await ledger.renew_cosignature(node, now())

    async def poll() -> None:
        # Only wished for: a slow peer would hold up the next round for all.
        async with node.store.read() as connection:
            for peer in await peers.active(connection):
                if peer.url is not None:
                    service.pulls.want(peer.fingerprint)

    def with_peers(job: Callable[[Node, Clients, int], Awaitable[object]]) -> Work:
        return lambda: job(node, service.clients, now())

    async def clean() -> None:
        await retention.clean(node, now())

    async def screen() -> None:
        while await lists.run_next(node, service.clients.to, service.lists, now()):
            pass

    return [
        repeat("screen lists", LISTS_INTERVAL, screen),
        repeat("cosign our head", node.config.cosign_renewal, renew),
        repeat("follow peers", node.config.poll_interval, poll),
        repeat("keep in touch", TOUCH_INTERVAL, with_peers(peering_job.keep_in_touch)),
        repeat("carry inquiries", TOUCH_INTERVAL, with_peers(inquiries_job.carry)),
        repeat("prove domains", DAILY_INTERVAL, with_peers(peering_job.prove)),
        repeat("remind of what is due", DAILY_INTERVAL, _Reminder(service)),
        repeat("write and send letters", MAIL_INTERVAL, lambda: _write_letters(service)),
        repeat("delete what is due", DAILY_INTERVAL, clean),
        repeat("watch our head", HEAD_INTERVAL, _HeadWatch(service, asking)),
        repeat("ask for our own log", ASK_INTERVAL, asking),
        _Pulling(service)(),
    ]


async def _write_letters(service: Service) -> None:
    await desk.answer_all(service.node, service.now())
    # Without a mail server nothing is sent: `comity doctor` says so where something waits.
    if service.node.config.smtp_host is not None:
        await notice.send_mail(service.node, service.now())


class _OwnLog:
    """Asks peers whether they hold more of our own log, each until it has answered."""

    def __init__(self, service: Service, fault: asyncio.Future[None], held: ExitStack) -> None:
        self.fault = fault
        self._service = service
        self._held = held
        """Says to commands, once all have answered, that they need not ask."""
        self._left: set[bytes] | None = None
        """Who has not answered yet; None where nobody was asked."""

    async def __call__(self) -> None:
        if self._left == set() or self.fault.done():
            return
        try:
            await self.catch_up()
        except UserError as error:
            self.fault.set_exception(error)

    def ask_anew(self) -> None:
        """Ask all of them once more: one said that we are behind."""
        self._left = None

    async def catch_up(self) -> None:
        """Ask once; raises as `recovery.catch_up`."""
        service, asked = self._service, self._left
        found = await recovery.catch_up(service.node, service.clients, service.now(), asked)
        self._left = {peer.fingerprint for peer in found.unsure}
        self._held.close()
        if not self._left:
            self._held.enter_context(service.node.home.known_to_be_current())
        if found.entries:
            _log.warning(
                "our log was behind and caught up", entries=found.entries, records=found.records
            )
        if found.unsure and asked is None:
            silent = " ".join(peer.id for peer in found.unsure)
            _log.warning("could not be asked for our own log, and will be", peers=silent)


class _Reminder:
    """Reminds of reviews and ends, once on each day on which something is reminded of."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._reminded: date | None = None

    async def __call__(self) -> None:
        now = self._service.now()
        if self._reminded == clock.day_of(now):
            return
        for each in await acts.due(self._service.node, now):
            if each.is_reminded:
                _log.warning("due", sanction=each.id, what=each.what, day=str(each.day))
        self._reminded = clock.day_of(now)


class _HeadWatch:
    """Tells peers whenever our own log has grown since they were told last."""

    def __init__(self, service: Service, asking: _OwnLog) -> None:
        self._service = service
        self._asking = asking
        self._told = 0
        self._url = service.own.last.community.url

    async def __call__(self) -> None:
        service = self._service
        async with service.node.store.read() as connection:
            head = await logs.own_head(connection)
        if head is None or head.size == self._told:
            return
        own = await service.own.current()
        if own.community.url != self._url:
            # Peers sign for the new address from now on, and none of that would verify.
            self._url = own.community.url
            _log.error("our address has changed: restart `comity serve`", address=self._url)
        told = await notify.notify(service.node, service.clients, service.now())
        if any(each.error == notify.Behind.code for each in told):
            self._asking.ask_anew()
        self._told = head.size


class _Pulling:
    """Follows peers as is wished: each by itself, so that a slow one delays nobody but itself."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._turns = asyncio.Semaphore(PULLS)
        self._under_way: set[bytes] = set()
        self._again: set[bytes] = set()

    async def __call__(self) -> None:
        async with asyncio.TaskGroup() as pulls:
            while True:
                for fingerprint in await self._service.pulls.next():
                    if fingerprint in self._under_way:
                        self._again.add(fingerprint)
                    else:
                        self._under_way.add(fingerprint)
                        pulls.create_task(self._pull(fingerprint))

    async def _pull(self, fingerprint: bytes) -> None:
        service = self._service
        async with self._turns:
            following = sync.follow(service.node, service.clients, fingerprint, service.now())
            await attempt("follow a peer", following)
        self._under_way.remove(fingerprint)
        if fingerprint in self._again:
            # Its log may have grown since it was asked.
            self._again.remove(fingerprint)
            service.pulls.want(fingerprint)
