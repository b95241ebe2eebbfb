"""A founded community at rest, for tests: its node, its officers, and their passwords."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from node import acts, decisions, ledger, sanctions, voting
from node.acts import Because
from node.clock import day_of
from node.decisions import Status
from node.founding import Founding, NewOfficer, found
from node.home import Home
from node.node import Node
from node.passwords import Cost
from node.proposing import Proposal
from node.store import logs
from protocol.claims import Scope
from protocol.identifiers import from_text
from protocol.items import WithdrawItem
from protocol.keys import SigningKey
from protocol.register import Register
from protocol.statements import CommunityDecision, WithdrawDecision

NOW = 1_803_895_200
"""When tests begin, in Unix seconds."""

TODAY = day_of(NOW)

CHEAP = Cost(1, 8192)
"""The least that Argon2id costs."""

CYD = SigningKey(bytes(range(32)))
"""The key of the officer whose device keeps it."""

PERSON = ("email:mallory.quill@example.org", "github:malloryq-fake", "name:Mallory Quill")


def password(officer: str) -> str:
    """The password of an officer."""
    return f"password of {officer}"


def founding(**changes: Any) -> Founding:
    """A community of three officers, of whom two decide; Cyd's key is on Cyd's own device."""
    values: dict[str, Any] = {
        "id": "python.example",
        "name": "Python Foundation",
        "url": "https://comity.python.example",
        "contact": "coc@python.example",
        "policy": "https://python.example/coc",
        "officers": (
            NewOfficer("alice", None),
            NewOfficer("bob", None),
            NewOfficer("cyd", CYD.public_key),
        ),
        "threshold": 2,
        "spaces": {"pycon": "PyCon"},
        "bodies": {"cwg": "Conduct Working Group"},
    }
    return Founding(**(values | changes))


async def found_cheaply(home: Home, database: str | None = None, **changes: Any) -> Status:
    """Found that community in a home folder."""
    return await found(
        home, founding(**changes), database=database, password=password, now=NOW, cost=CHEAP
    )


def proposal(*identifiers: str, **changes: Any) -> Proposal:
    """A ban from all own spaces; with `changes`."""
    values: dict[str, Any] = {
        "identifiers": [from_text(each) for each in identifiers or PERSON],
        "measure": "ban",
        "scope": (Scope(kind="all_own_spaces", space=None),),
        "basis": "harassment",
    }
    return Proposal(**(values | changes))


@dataclass(frozen=True)
class Committee:
    """The community's officers at work; the time stands still at `NOW` unless said."""

    node: Node

    async def propose(self, *identifiers: str, **changes: Any) -> Status:
        """Propose a ban."""
        return await sanctions.propose(self.node, proposal(*identifiers, **changes), NOW)

    async def withdrawal(self, *items: WithdrawItem, now: int = NOW) -> bytes:
        """Propose to end sanctions just so, whatever the node itself would say; its hash."""
        register = await self.register()
        decision = WithdrawDecision(
            v=1,
            type="withdraw",
            log=register.fingerprint,
            on=TODAY,
            after=register.quorum_leaf,
            items=items,
        )
        async with self.node.store.write() as connection:
            return await decisions.propose(connection, self.node.vault, decision, now)

    async def approve(self, status: Status, *officers: str, now: int = NOW) -> Status:
        """These officers approve with the keys that the node keeps; alice and bob by default."""
        for name in officers or ("alice", "bob"):
            status = await voting.approve_here(
                self.node, status.decision, name, password(name), now
            )
        return status

    async def publish(self, *identifiers: str, **changes: Any) -> str:
        """Publish a ban; its id."""
        status = await self.approve(await self.propose(*identifiers, **changes))
        return status.attestations[0]

    async def lift(self, attestation: str, because: Because = "lifted") -> Status:
        """Lift a sanction."""
        return await self.approve(await acts.withdraw(self.node, [attestation], because, NOW))

    async def change(self, **changes: Any) -> None:
        """Change what the community says of itself."""
        register = await self.register()
        decision = CommunityDecision(
            v=1,
            type="community",
            log=register.fingerprint,
            on=TODAY,
            after=register.community_leaf,
            community=register.community.model_copy(update=changes),
        )
        async with self.node.store.write() as connection:
            hash_ = await decisions.propose(connection, self.node.vault, decision, NOW)
        status = await self.approve(await decisions.status(self.node, hash_, NOW))
        assert status.state == "logged"

    async def register(self) -> Register:
        """The register of its own log."""
        return await ledger.own_register(self.node)

    async def entries(self) -> list[bytes]:
        """The entries of its own log."""
        async with self.node.store.read() as connection:
            return await logs.entries(connection, await ledger.own_head_in(connection))

    async def state(self, attestation: str, day: date = TODAY) -> str:
        """The state of one of its sanctions."""
        return (await sanctions.show(self.node, attestation)).state(day)
