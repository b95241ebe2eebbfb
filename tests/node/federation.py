"""Communities that federate, for tests: real nodes in this process, real sockets on loopback.

    python = await federation.community("python.example")
    conf = await federation.community("conf.example")
    await federation.peer(conf, python)
    ban = await python.publish("email:alice@person.example")
    await federation.sync()

Officers' keys are kept by the nodes, under cheap passwords. Nothing happens by itself but what
follows from a request: nodes poll at their start only. The time is `federation.clock`'s, for all.
"""

import asyncio
import json
import secrets
import socket
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from sqlalchemy import insert, select

from node import acts, ledger, peering, proposing, sanctions, voting
from node.app import Serving, serving
from node.client import Clients, connect
from node.clock import day_of
from node.config import database_url
from node.decisions import Status
from node.founding import Founding, NewOfficer, found
from node.home import Home
from node.node import Node, opened
from node.notify import Told, notify
from node.passwords import Cost
from node.store import Store, logs, peers, records
from node.store.logs import Head
from node.store.peers import Peer
from node.sync import SyncResult, follow, follow_all
from node.tables import metadata
from protocol.claims import Scope
from protocol.compare import Comparison
from protocol.identifiers import from_text
from protocol.register import Register

NOW = 1_803_895_200
"""When tests begin, in Unix seconds."""

CHEAP = Cost(1, 8192)
"""The least that Argon2id costs."""

PATIENCE = 20.0
"""Seconds until what ought to happen is given up."""

INTERVAL = 0.02
"""Seconds from one look to the next."""


def password(officer: str) -> str:
    """The password of an officer."""
    return f"password of {officer}"


@dataclass
class Community:
    """One community and its node, at work until it is stopped."""

    id: str
    home: Home
    node: Node
    clients: Clients
    officers: tuple[str, ...]
    clock: list[int]
    serving: Serving | None = None
    _tasks: AsyncExitStack = field(default_factory=AsyncExitStack)

    @property
    def now(self) -> int:
        """The time."""
        return self.clock[0]

    @property
    def today(self) -> date:
        """The day."""
        return day_of(self.clock[0])

    async def start(self, listen: str, api: str = "127.0.0.1:0") -> None:
        """Answer peers, and who is here."""
        self.serving = await self._tasks.enter_async_context(
            serving(self.node, listen, api, now=lambda: self.clock[0])
        )

    async def stop(self) -> None:
        """Answer nobody any more. What it keeps stays."""
        await self._tasks.aclose()
        self.serving = None

    async def head(self) -> Head:
        """The head of its own log."""
        return await ledger.own_head(self.node)

    async def register(self) -> Register:
        """The register of its own log."""
        return await ledger.own_register(self.node)

    async def fingerprint(self) -> bytes:
        """Who it is."""
        return (await self.head()).fingerprint

    async def comparison(self) -> Comparison:
        """The string that its administrator reads out."""
        head = await self.head()
        return Comparison(self.id, head.fingerprint, head.size, head.root)

    async def url(self) -> str:
        """Where its node is reached; a KeyError where it is not."""
        url = (await self.register()).community.url
        if url is None:
            raise KeyError(self.id)
        return url

    async def sees(self, other: "Community") -> Peer:
        """The other community as this one has it among its peers."""
        async with self.node.store.read() as connection:
            peer = await peers.get(connection, await other.fingerprint())
        if peer is None:
            raise KeyError(other.id)
        return peer

    async def holds(self, other: "Community") -> Head | None:
        """The head of the other's log, as held here."""
        async with self.node.store.read() as connection:
            return await logs.head_of(connection, await other.fingerprint())

    async def records_of(self, other: "Community") -> set[str]:
        """Ids of the attestations whose records are held here."""
        async with self.node.store.read() as connection:
            return set(await records.held(connection, await other.fingerprint()))

    async def publish(self, *identifiers: str, **proposal: Any) -> str:
        """Publish a sanction against `kind:value`s; its id. By default a ban from everywhere."""
        values: dict[str, Any] = {
            "identifiers": [from_text(each) for each in identifiers],
            "measure": "ban",
            "scope": (Scope(kind="all_own_spaces", space=None),),
        }
        proposed = proposing.Proposal(**(values | proposal))
        status = await self.approve(await sanctions.propose(self.node, proposed, self.now))
        return status.attestations[0]

    async def lift(
        self, attestation: str, because: Literal["lifted", "overturned", "erased"] = "lifted"
    ) -> None:
        """End a sanction."""
        await self.approve(await acts.withdraw(self.node, [attestation], because, self.now))

    async def approve(self, status: Status) -> Status:
        """Approve by as many officers as it takes."""
        for officer in self.officers[: status.threshold]:
            status = await voting.approve_here(
                self.node, status.decision, officer, password(officer), self.now
            )
        assert status.state == "logged"
        return status

    async def address(self) -> str:
        """Host and port that it is reached at, to serve there again."""
        return urlsplit(await self.url()).netloc

    async def follow(self, other: "Community", **options: Any) -> SyncResult:
        """Follow one peer once."""
        fingerprint = await other.fingerprint()
        return await follow(self.node, self.clients, fingerprint, self.now, **options)

    async def sync(self) -> list[SyncResult]:
        """What `comity sync` does."""
        await peering.keep_in_touch(self.node, self.clients, self.now)
        return await follow_all(self.node, self.clients, self.now)

    async def push(self) -> list[Told]:
        """Tell peers that the log has grown."""
        return await notify(self.node, self.clients, self.now)


@dataclass
class Federation:
    """Makes communities, and has them meet."""

    databases: Callable[[], Awaitable[str]]
    folder: Path
    stack: AsyncExitStack
    clock: list[int] = field(default_factory=lambda: [NOW])
    communities: list[Community] = field(default_factory=list)

    async def community(
        self,
        id_: str,
        *,
        officers: tuple[str, ...] = ("alice", "bob"),
        threshold: int = 2,
        only_asks: bool = False,
        settings: str = "",
        **founding: Any,
    ) -> Community:
        """Found a community whose node serves; one that only asks has no address, and does not.

        `settings` are further lines of its comity.toml.
        """
        home = Home(self.folder / id_)
        home.create()
        _settle_in(home, await self.databases(), settings)
        listen = free_address()
        values: dict[str, Any] = {"id": id_, "name": f"The community {id_}"}
        if only_asks:
            officers, threshold = ("operator",), 1
        else:
            values |= {
                "url": f"http://{listen}/{id_}",
                "contact": f"coc@{id_}",
                "policy": f"https://{id_}/coc",
                "officers": [NewOfficer(name, None) for name in officers],
                "threshold": threshold,
                "spaces": {"meetup": "Meetup"},
            }
        await found(
            home,
            Founding(**(values | founding)),
            database=None,
            password=password,
            now=self.clock[0],
            cost=CHEAP,
        )
        node = await self.stack.enter_async_context(opened(home))
        clients = await self.stack.enter_async_context(connect(node, clock=lambda: self.clock[0]))
        made = Community(id_, home, node, clients, officers, self.clock)
        self.communities.append(made)
        self.stack.push_async_callback(made.stop)
        if not only_asks:
            await made.start(listen)
        return made

    async def peer(self, asking: Community, asked: Community) -> None:
        """Both administrators agree, strings compared, and both follow each other."""
        await peering.add(
            asking.node, asking.clients, await asked.url(), await asked.comparison(), asking.now
        )
        await peering.accept(
            asked.node, asked.clients, asking.id, await asking.comparison(), asked.now
        )
        for community in (asking, asked):
            await community.sync()

    async def pair(self) -> tuple[Community, Community]:
        """An issuer, and a conference that follows it when it is told to, and never by itself."""
        python, conf = await self.followed()
        await conf.stop()
        return python, conf

    async def followed(self) -> tuple[Community, Community]:
        """An issuer, and a conference that serves and follows it."""
        python = await self.community("python.example")
        conf = await self.community("conf.example")
        await self.peer(conf, python)
        return python, conf

    async def backup(self, community: Community) -> str:
        """A copy of a community's database, row by row, as it is now; its URL."""
        url = await self.databases()
        copy = Store(database_url(url))
        async with community.node.store.read() as source, copy.write() as target:
            for table in metadata.sorted_tables:
                rows = [dict(row) for row in (await source.execute(select(table))).mappings()]
                if rows:
                    await target.execute(insert(table), rows)
        await copy.close()
        return url

    async def restore(
        self, community: Community, database: str, *, serve: bool = True
    ) -> Community:
        """The community on an older database, at the same address; the node before is stopped."""
        listen = await community.address()
        await community.stop()
        _settle_in(community.home, database)
        node = await self.stack.enter_async_context(opened(community.home))
        clients = await self.stack.enter_async_context(connect(node, clock=lambda: self.clock[0]))
        made = Community(
            community.id, community.home, node, clients, community.officers, self.clock
        )
        self.communities[self.communities.index(community)] = made
        self.stack.push_async_callback(made.stop)
        if serve:
            await made.start(listen)
        return made

    async def sync(self) -> None:
        """Every node that serves follows all its peers, and so do those that only ask."""
        await asyncio.gather(*(community.sync() for community in self.communities))

    def later(self, seconds: int) -> None:
        """Let time pass, for all."""
        self.clock[0] += seconds


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something is so that others bring about; a TimeoutError where it never is."""
    for _ in range(int(PATIENCE / INTERVAL)):
        if await holds():
            return
        await asyncio.sleep(INTERVAL)
    raise TimeoutError


def _settle_in(home: Home, database: str, more: str = "") -> None:
    settings = f"{more}database = {json.dumps(database)}\n"
    settings += "allow_private_networks = true\npoll_interval = 3600\n"
    home.config_file.write_text(settings, encoding="utf-8")


def free_address() -> str:
    """An address on loopback at which nobody listens.

    Its port is below those that systems give to connections: else one could have it meanwhile.
    """
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return f"127.0.0.1:{port}"
