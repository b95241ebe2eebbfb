"""What an operator should know: every check of a node, and for each fault the next thing to type.

Checks go from the ground up, and end at the first thing without which the others mean nothing:
settings, master key, database, record of acts, own log, keys, records; then time, peers, budgets,
who asks here, and the disk.
"""

import os
import shutil
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from node import audit, budgets, config, constitution, coverage, desk, resealing
from node.clock import day_of
from node.config import Config
from node.errors import UserError
from node.home import Home, KeySource, MasterKey, load_master_key
from node.identity import Identity, OwnIdentity
from node.ledger import own_head_in, verify_note
from node.node import Node, opened
from node.smtp import mail_server
from node.store import desk as desk_rows
from node.store import inquiries, logs, outbox, peers, records
from node.store.peers import Peer
from node.vault import WrongMasterKey
from protocol.checkpoint import cosign_key, cosignature_time
from protocol.english import English
from protocol.errors import ComityError, Unavailable
from protocol.keys import oprf_key_id
from protocol.note import SignedNote
from protocol.sealing import record_hash

Level = Literal["ok", "warning", "fault"]

MAX_SILENCE = 600
"""Seconds after which our own checkpoint has to be cosigned anew (SPEC.md, section 7)."""

MAX_SKEW = 300
"""Seconds that our clock may be behind what it said before."""

FREE = 256 * 1024 * 1024
"""Bytes below which a disk is as good as full: a log that cannot be written cannot be lifted."""

SHOWN = 7 * 86_400
"""Seconds for which a refusal by a budget is shown."""

_PRIVATE = "COMITY_ALLOW_PRIVATE_NETWORKS"

_RESTORED = (
    "comity doctor  # after restoring database and master key from one backup; of SQLite, remove "
    "the old -wal and -shm first"
)


_NO_SERVER = English("no mail server is set")

_SOURCES = {
    KeySource.ENVIRONMENT: English("environment"),
    KeySource.CREDENTIAL: English("credential"),
    KeySource.FILE: English("file"),
}
_STATES: dict[coverage.PeerState, English] = {
    "heard": English("heard"),
    "stale": English("stale"),
    "unwitnessed": English("unwitnessed"),
    "unreachable": English("unreachable"),
    "refused": English("refused"),
    "untrusted": English("untrusted"),
    "outdated": English("outdated"),
}


@dataclass(frozen=True)
class Check:
    """One thing that was looked at; `next` is what to type, where something is to be done."""

    name: English
    level: Level
    message: English
    next: str | None = None


async def examine(home: Home, now: int) -> list[Check]:
    """Look at everything. Changes nothing, and reaches nobody. `now`: Unix seconds."""
    return [check async for check in _checks(home, now)]


def healthy(checks: list[Check]) -> bool:
    """Whether no check found a fault; warnings are for people to judge."""
    return not any(check.level == "fault" for check in checks)


async def _checks(home: Home, now: int) -> AsyncIterator[Check]:
    try:
        settings = config.load(home)
    except UserError as error:
        yield Check(
            English("settings"), "fault", English(str(error)), f"$EDITOR {home.config_file}"
        )
        return
    yield _settings(home, settings)
    try:
        key = load_master_key(home, os.environ)
    except UserError as error:
        yield Check(
            English("master key"), "fault", English(str(error)), f"ls -l {home.master_key_file}"
        )
        return
    yield _disk(home)
    try:
        async with opened(home) as node:
            yield _master_key(home, settings, key)
            async for check in _at_work(node, now):
                yield check
    except WrongMasterKey as error:
        yield Check(
            English("master key"), "fault", English(str(error)), f"ls -l {home.master_key_file}"
        )
    except Unavailable as error:
        yield Check(English("database"), "fault", English(str(error)), _look_at(settings))
    except (UserError, ComityError, SQLAlchemyError, OSError) as error:
        # The words of the database's own errors may hold what they were about.
        message = English("the database fails (%(error)s)", error=type(error).__name__)
        if isinstance(error, UserError | ComityError):
            message = English(str(error))
        yield Check(English("database"), "fault", message, _RESTORED)


def _look_at(settings: Config) -> str:
    url = make_url(settings.database)
    if url.get_backend_name() == "sqlite":
        return f"ls -l {url.database}"
    host = url.host or url.query.get("host") or "localhost"
    return f"pg_isready --host {host} --port {url.port or 5432}"


def _settings(home: Home, settings: Config) -> Check:
    if settings.allow_private_networks:
        words = English("this node may reach private networks, which is for development only")
        next_ = f"$EDITOR {home.config_file}  # remove allow_private_networks"
        if _PRIVATE in map(str.upper, os.environ):  # as the settings take variables: in any case
            words = English("%(words)s: the environment says so", words=words)
            next_ = f"unset {_PRIVATE}"
        return Check(English("settings"), "warning", words, next_)
    return Check(English("settings"), "ok", English("readable"))


def _master_key(home: Home, settings: Config, key: MasterKey) -> Check:
    url = make_url(settings.database)
    beside = url.get_backend_name() == "sqlite" and str(home.path.absolute()) in str(url.database)
    if key.source is KeySource.FILE and beside:
        return Check(
            English("master key"),
            "warning",
            English(
                "it lies beside the database: one stolen copy of the folder opens everything. Keep "
                "it elsewhere: a systemd credential, or COMITY_MASTER_KEY"
            ),
            f"systemd-creds encrypt --name=comity-master-key {home.master_key_file} -",
        )
    return Check(
        English("master key"), "ok", English("from %(source)s", source=_SOURCES[key.source])
    )


def _disk(home: Home) -> Check:
    free = shutil.disk_usage(home.path).free
    if free < FREE:
        message = English(
            "%(free)s MiB are free, %(due)s are due", free=free // 1024**2, due=FREE // 1024**2
        )
        return Check(English("disk"), "fault", message, f"df -h {home.path}")
    return Check(English("disk"), "ok", English("%(free)s GiB are free", free=free // 1024**3))


async def _at_work(node: Node, now: int) -> AsyncIterator[Check]:
    yield Check(English("database"), "ok", English("opens, and has this version's form"))
    yield await _record(node)
    async with node.store.read() as connection:
        if await logs.own_head(connection) is None:
            yield Check(
                English("log"),
                "warning",
                English("the community is not founded yet: its genesis waits for approvals"),
                "comity decision list",
            )
            return
    try:
        own = await OwnIdentity(node).current()
        as_of = await _own_log(node, own)
    except (UserError, ComityError) as error:
        yield Check(English("log"), "fault", English(str(error)), _RESTORED)
        return
    entries = English("%(count)s entries give the signed root", count=own.register.size)
    yield Check(English("log"), "ok", entries)
    yield _keys(own, now)
    if left := resealing.left(own.register, day_of(now)):
        message = English(
            "%(count)s in force are not sealed under the new key yet", count=len(left)
        )
        yield Check(English("rotation"), "warning", message, "comity community rotate")
    yield _officers(own)
    yield await _own_records(node, own, now)
    yield _time(own, as_of, now)
    yield await _mail(node)
    yield await _desk(node, now)
    async for check in _peers(node, now):
        yield check
    async for check in _budgets(node, now):
        yield check
    async for check in _questions(node, now):
        yield check
    yield await _inquiries(node)


async def _record(node: Node) -> Check:
    try:
        acts = await audit.verify(node)
    except UserError as error:
        return Check(English("record"), "fault", English(str(error)), _RESTORED)
    message = English("%(count)s acts, as they were recorded", count=acts)
    return Check(English("record"), "ok", message)


def _officers(own: Identity) -> Check:
    community = own.register.community
    risk = constitution.risk(community)
    if risk is not None:
        return Check(English("officers"), "warning", risk, "comity officer list")
    message = English(
        "%(threshold)s of %(count)s decide",
        threshold=community.threshold,
        count=len(community.officers),
    )
    return Check(English("officers"), "ok", message)


async def _own_log(node: Node, own: Identity) -> int:
    """Hold all of our log against its signed head; when we cosigned that last."""
    async with node.store.read() as connection:
        head = await own_head_in(connection)
        note: SignedNote = verify_note(head, own.register)
        await logs.entries(connection, head)
    return cosignature_time(note, cosign_key(own.community.id, own.community.keys.cosign))


def _keys(own: Identity, now: int) -> Check:
    held = {use: key.public_key for use, key in vars(own.keys).items()}
    named = {use: getattr(own.community.keys, use) for use in held}
    odd = sorted(use for use in held if held[use] != named[use])
    # An older one that nothing uses any more was destroyed.
    needed = {oprf_key_id(key) for key in own.community.oprf[:1]}
    needed |= {each.item.seal.key for each in own.register.live(day_of(now))}
    if not needed <= own.oprf.keys():
        odd.append("oprf")
    if odd:
        message = English("not the ones that the log names: %(keys)s", keys=English.joined(odd))
        lost = "comity community rotate" if odd == ["oprf"] else _RESTORED
        return Check(English("keys"), "fault", message, lost)
    return Check(English("keys"), "ok", English("those that the log names"))


async def _own_records(node: Node, own: Identity, now: int) -> Check:
    due = {each.item.id: each.item.seal.record for each in own.register.live(day_of(now))}
    async with node.store.read() as connection:
        held = await records.get(connection, own.fingerprint, due)
    damaged = [id_ for id_, seal in due.items() if record_hash(held.get(id_, b"")) != seal]
    if damaged:
        message = English(
            "%(count)s of %(all)s in force are missing or altered",
            count=len(damaged),
            all=len(due),
        )
        return Check(English("records"), "fault", message, _RESTORED)
    return Check(
        English("records"), "ok", English("%(count)s in force, as approved", count=len(due))
    )


def _time(own: Identity, as_of: int, now: int) -> Check:
    if as_of > now + MAX_SKEW:
        message = English(
            "the clock is %(seconds)s s behind what it said before", seconds=as_of - now
        )
        return Check(English("time"), "fault", message, "timedatectl status")
    if own.community.url is not None and now - as_of > MAX_SILENCE:
        message = English(
            "our checkpoint was cosigned %(seconds)s s ago, %(most)s are allowed",
            seconds=now - as_of,
            most=MAX_SILENCE,
        )
        return Check(English("time"), "warning", message, "comity serve")
    message = English("our checkpoint was cosigned %(seconds)s s ago", seconds=max(0, now - as_of))
    return Check(English("time"), "ok", message)


async def _mail(node: Node) -> Check:
    """Whether letters can be sent, and what became of the last ones."""
    async with node.store.read() as connection:
        letters = await outbox.every(connection)
    failed = [each for each in letters if each.state == "failed"]
    unset = node.config.smtp_host is None
    waiting = [each for each in letters if each.state == "waiting" and (each.fault or unset)]
    if failed:
        message = English(
            "%(count)s were not sent, the last because %(fault)s",
            count=len(failed),
            fault=English(failed[-1].fault or ""),
        )
        return Check(English("letters"), "warning", message, "comity mail list")
    if waiting:
        fault = English(waiting[0].fault or _NO_SERVER)
        message = English("%(count)s wait: %(fault)s", count=len(waiting), fault=fault)
        return Check(English("letters"), "warning", message, "comity mail list")
    if unset:
        return Check(
            English("letters"),
            "ok",
            English("no mail server is set: notice is handed over otherwise"),
        )
    try:
        mail_server(node)
    except UserError as error:
        return Check(
            English("letters"),
            "fault",
            English(str(error)),
            f"ls -l {node.home.smtp_password_file}",
        )
    return Check(English("letters"), "ok", English("by %(host)s", host=node.config.smtp_host))


async def _desk(node: Node, now: int) -> Check:
    """Whether the desk still sends codes today, or somebody types one address after the other."""
    async with node.store.read() as connection:
        _, asked = await desk_rows.counts(connection, b"", now - desk.DAY)
    message = English(
        "%(asked)s of %(most)s codes were sent within a day", asked=asked, most=desk.MOST
    )
    if asked >= desk.MOST:
        words = English(
            "%(message)s: who asks now gets none, but by `comity subject request`", message=message
        )
        return Check(English("desk"), "warning", words, "comity subject request EMAIL")
    if not await desk.is_open(node):
        return Check(
            English("desk"), "ok", English("closed: nobody can ask by e-mail what is held")
        )
    return Check(English("desk"), "ok", message)


async def _peers(node: Node, now: int) -> AsyncIterator[Check]:
    heard = {each.peer.fingerprint: each for each in await coverage.load_sources(node, now=now)}
    async with node.store.read() as connection:
        every = [peer for peer in await peers.every(connection) if peer.state != "removed"]
    for peer in every:
        failure = heard[peer.fingerprint].failure if peer.fingerprint in heard else None
        yield _peer(peer, failure)
    if not any(peer.state == "active" for peer in every):
        message = English("none is active: there is nobody to ask and nobody to tell")
        yield Check(English("peers"), "warning", message, "comity peer add URL --compare STRING")


def _compare(peer: Peer) -> str:
    return f"comity peer accept {peer.id} --compare STRING"


def _peer(peer: Peer, failure: coverage.Failure | None) -> Check:
    name = English("peer %(id)s", id=peer.id)
    if peer.state == "wanted":
        return Check(name, "warning", English("asks to peer"), _compare(peer))
    if peer.state == "asked":
        return Check(name, "ok", English("was asked, and has not accepted yet"))
    if failure is not None:
        level: Level = "fault" if failure.state == "untrusted" else "warning"
        message = English(
            "%(state)s: %(because)s", state=_STATES[failure.state], because=failure.because
        )
        return Check(name, level, message, f"comity sync {peer.id}")
    if not peer.compared:
        message = English("was accepted without comparing: another log may be shown in its name")
        return Check(name, "warning", message, _compare(peer))
    if peer.last_error is not None:
        message = English(
            "could not be followed (%(error)s); what is held of it is fresh still",
            error=peer.last_error,
        )
        return Check(name, "warning", message, f"comity sync {peer.id}")
    return Check(name, "ok", English("as it should be"))


async def _budgets(node: Node, now: int) -> AsyncIterator[Check]:
    async with node.store.read() as connection:
        active = await peers.active(connection)
    total = await budgets.total_charged(node, now)
    limit = node.config.evaluation_total
    yield Check(
        English("budgets"),
        "ok" if total < limit else "warning",
        English(
            "%(total)s of %(limit)s evaluations a day were asked for by all peers",
            total=total,
            limit=limit,
        ),
        None if total < limit else "comity peer list",
    )
    for peer in active:
        budget = await budgets.standing(node, peer.fingerprint, now)
        if budget.refused_at is not None and now - budget.refused_at < SHOWN:
            yield _refused(peer, budget)


async def _questions(node: Node, now: int) -> AsyncIterator[Check]:
    """Who asks here about more than a peer may: of our own sanctions they are told unmeasured."""
    asked = Counter[tuple[str, date]]()
    for each in [
        *await audit.since(node, "check", now - SHOWN),
        *await audit.since(node, "screen", now - SHOWN),
    ]:
        asked[each.detail["who"], day_of(each.at)] += each.detail.get("identifiers", 0)
    most = node.config.evaluation_bucket
    many = {who: (day, asked[who, day]) for who, day in sorted(asked) if asked[who, day] > most}
    for who, (day, number) in many.items():
        message = English(
            "asked about %(number)s addresses, names and handles on %(day)s, and was told what our "
            "own sanctions say of them. If it was the list of an event, all is well. Else ask "
            "them why: somebody may be trying out a list of addresses",
            number=number,
            day=day,
        )
        name = English("questions of %(who)s", who=who)
        yield Check(name, "warning", message, "comity audit export")
    if not many:
        message = English("nobody here asked about more than %(most)s on one day", most=most)
        yield Check(English("questions"), "ok", message)


async def _inquiries(node: Node) -> Check:
    async with node.store.read() as connection:
        waiting = [each for each in await inquiries.received(connection) if not each.answered_at]
    if waiting:
        message = English("%(count)s of peers wait for your answer", count=len(waiting))
        return Check(English("inquiries"), "warning", message, "comity inquiry list")
    return Check(English("inquiries"), "ok", English("none waits for an answer"))


_LIMITS = {
    "bucket": English("its own budget"),
    "total": English("the budget of all peers"),
    "repeats": English("the count of answers to one and the same request"),
}


def _refused(peer: Peer, budget: budgets.Budget) -> Check:
    message = English(
        "asked for more than %(limit)s allows, the last time on %(day)s; %(charged)s evaluations "
        "in the last day. If they hold an event, they can declare it: their `comity screen` with "
        "--from and --to does. Else ask them why: somebody may be trying out a list of addresses",
        limit=_LIMITS.get(budget.refused_by or "", English("its budget")),
        day=day_of(budget.refused_at or 0),
        charged=budget.charged,
    )
    name = English("budget of %(id)s", id=peer.id)
    return Check(name, "warning", message, "comity peer list")
