"""Founding a community: its keys, its officers, and the statement with which its log begins.

A founding that fails leaves no settings and no key behind; one that is killed may be begun anew.
"""

import asyncio
import json
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError
from sqlalchemy.engine import make_url

from node import decisions, keyring, officers, passwords, settling
from node.clock import day_of
from node.config import database_url, load
from node.decisions import Status
from node.errors import UserError
from node.home import MASTER_KEY_VARIABLE, Home, create_master_key
from node.keyring import Keys
from node.node import Node, opened
from node.officers import Officer
from node.passwords import Cost
from node.store import Store
from node.store import keys as key_rows
from node.store.decisions import Vote
from protocol import statements
from protocol.keys import SigningKey
from protocol.statements import Community, CommunityDecision, Custody, Declared, approve
from protocol.voprf import OprfKey, generate_key_pair

OPERATOR = "operator"
"""The one officer of a community that names none."""

COMMITTEE = {"committee": "Committee"}
"""The bodies of a community that declares none: somebody decides everywhere."""


_OPTIONS = {
    "id": "--id",
    "name": "--name",
    "url": "--url",
    "contact": "--contact",
    "policy": "--policy-url",
    "threshold": "--threshold",
    "officers": "--officer",
}
"""Under which option of `init` a member of the community's statement is given."""

_FOUNDED = (
    "a community was founded here before, in this database: `comity id` in its home shows it. "
    "Another community has a home and a database of its own"
)


@dataclass(frozen=True)
class NewOfficer:
    """An officer; `public_key` (32 bytes) where the key is on their own device."""

    name: str
    public_key: bytes | None


@dataclass(frozen=True)
class Founding:
    """What a community says of itself. `spaces` and `bodies`: names by slug."""

    id: str
    name: str
    url: str | None = None
    contact: str | None = None
    policy: str | None = None
    officers: Sequence[NewOfficer] = (NewOfficer(OPERATOR, None),)
    threshold: int = 1
    spaces: Mapping[str, str] = field(default_factory=dict)
    bodies: Mapping[str, str] = field(default_factory=lambda: COMMITTEE)
    part_time: bool = False
    entries: Literal["public", "peers"] = "public"

    @property
    def publishes(self) -> bool:
        """Whether it may attest: it is reached, has a policy, and a human answers for it."""
        return not self.missing

    @property
    def missing(self) -> list[str]:
        """The options of `init` without which nothing is published."""
        due = {"--url": self.url, "--contact": self.contact, "--policy-url": self.policy}
        return [option for option, value in due.items() if value is None]


@dataclass(frozen=True)
class _Plan:
    """Everything that will be kept, but for the passwords."""

    keys: Keys
    oprf: OprfKey | None
    own: Mapping[str, SigningKey]
    """Keys that the node keeps, by the officer's name."""
    public: Mapping[str, bytes]
    """Every officer's public key, by name."""
    genesis: CommunityDecision


async def found(  # noqa: PLR0913 - each comes from another place, and each has its name
    home: Home,
    founding: Founding,
    *,
    database: str | None,
    password: Callable[[str], str],
    now: int,
    cost: Cost = passwords.MODERATE,
) -> Status:
    """Found a community in a home folder; its genesis is logged if keys kept here suffice.

    Args:
        home: the folder; settings that stand there already are used.
        founding: what the community says of itself.
        database: URL of the database, unless settings or environment name it.
        password: gives the password of an officer, by name, whose key the node keeps.
        now: Unix seconds.
        cost: of each guess at a password.

    Raises:
        UserError: something that cannot stand in a log, or there is a community already.
        Unavailable: the database cannot be reached.
    """
    # What is wrong shows before a password is asked for, and before a file is made.
    plan = _plan(founding, now)
    await _refuse_second(home, database)
    kept = [await _officer(plan, name, password, cost) for name in plan.public]
    with ExitStack() as undo:
        _prepare(home, database, undo)
        async with opened(home) as node:
            status = await _begin(node, plan, kept, now)
        undo.pop_all()
    return status


def _plan(founding: Founding, now: int) -> _Plan:
    names = [officer.name for officer in founding.officers]
    for name in names:
        officers.check_name(name)
    if len(set(names)) != len(names):
        raise UserError("each officer has a name, and none stands twice")
    if names:
        officers.check_threshold(founding.threshold, len(names))
    keys, oprf = Keys.generate(), generate_key_pair() if founding.publishes else None
    own = {
        each.name: SigningKey.generate() for each in founding.officers if each.public_key is None
    }
    public = {each.name: each.public_key or own[each.name].public_key for each in founding.officers}
    listed: list[tuple[bytes, Custody]] = [
        (key, "node" if name in own else "own") for name, key in public.items()
    ]
    genesis = CommunityDecision(
        v=1,
        type="community",
        log=None,
        on=day_of(now),
        after=None,
        community=_community(founding, keys, oprf, sorted(listed)),
    )
    return _Plan(keys, oprf, own, public, genesis)


def _community(
    founding: Founding,
    keys: Keys,
    oprf: OprfKey | None,
    listed: Sequence[tuple[bytes, Custody]],
) -> Community:
    try:
        return Community(
            id=founding.id,
            name=founding.name,
            url=founding.url,
            keys=statements.Keys(**{use: key.public_key for use, key in vars(keys).items()}),
            oprf=() if oprf is None else (oprf.public,),
            officers=tuple(statements.Officer(key=key, custody=custody) for key, custody in listed),
            threshold=founding.threshold,
            spaces=_declared(founding.spaces),
            bodies=_declared(founding.bodies),
            contact=founding.contact,
            policy=founding.policy,
            part_time=founding.part_time,
            entries=founding.entries,
        )
    except ValidationError as error:
        raise UserError("\n".join(_fault(item) for item in error.errors())) from None


def _declared(names: Mapping[str, str]) -> tuple[Declared, ...]:
    return tuple(Declared(slug=slug, name=names[slug]) for slug in sorted(names))


def _fault(item: Mapping[str, Any]) -> str:
    place = ".".join(str(part) for part in item["loc"]) or "community"
    place = _OPTIONS.get(place, place)
    return f"{place}: {item['msg'].removeprefix('Value error, ')}"


async def _officer(plan: _Plan, name: str, password: Callable[[str], str], cost: Cost) -> Officer:
    key = plan.own.get(name)
    if key is None:
        return Officer(name, plan.public[name], "own", None)
    chosen = password(name)
    passwords.check_new(chosen)
    locked = await asyncio.to_thread(passwords.lock, key.seed, chosen, cost=cost)
    return Officer(name, key.public_key, "node", locked)


def _prepare(home: Home, database: str | None, undo: ExitStack) -> None:
    """Make what is not there of folders, settings and master key; `undo` takes the files away."""
    for folder in (home.path, home.master_key_file.parent):
        if not folder.exists():
            undo.callback(_remove_if_empty, folder)
    home.create()
    if database is not None:
        _write_settings(home, database, undo)
    has_other_key = MASTER_KEY_VARIABLE in os.environ or "CREDENTIALS_DIRECTORY" in os.environ
    if not has_other_key and not home.master_key_file.exists():
        create_master_key(home)
        undo.callback(home.master_key_file.unlink)


def _remove_if_empty(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()


async def _refuse_second(home: Home, database: str | None) -> None:
    url = load(home).database if database is None else _given(database)
    if _is_still_to_be_made(url):
        return
    store = Store(url)
    try:
        async with store.read() as connection:
            if await key_rows.are_there(connection):
                raise UserError(_FOUNDED)
    finally:
        await store.close()


def _is_still_to_be_made(url: str) -> bool:
    parsed = make_url(url)
    return parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").exists()


def _given(database: str) -> str:
    try:
        return database_url(database)
    except ValueError as error:
        raise UserError("--database: %(error)s", error=str(error)) from None


def _write_settings(home: Home, database: str, undo: ExitStack) -> None:
    # A string of JSON is one of TOML. The URL may hold a password: for its owner's eyes only.
    text = f"database = {json.dumps(database)}\n"
    if home.config_file.exists():
        if home.config_file.read_text(encoding="utf-8") == text:
            return
        raise UserError(
            "%(file)s exists: set `database` there, and omit --database", file=home.config_file
        )
    descriptor = os.open(home.config_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    undo.callback(home.config_file.unlink)


async def _begin(node: Node, plan: _Plan, kept: Sequence[Officer], now: int) -> Status:
    async with node.store.write() as connection:
        if await key_rows.every(connection):
            raise UserError(_FOUNDED)
        await keyring.keep(connection, node.vault, plan.keys, plan.oprf, now)
        for officer in kept:
            await officers.keep(connection, node.vault, officer)
        decision = await decisions.propose(connection, node.vault, plan.genesis, now)
        approvals = [approve(plan.genesis.to_bytes(), key) for key in plan.own.values()]
        votes = [
            Vote(decision, given.officer, "approve", given.sig, None, now) for given in approvals
        ]
        return await settling.settle(connection, node.vault, decision, votes, now)
