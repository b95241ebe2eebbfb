"""Our own log: one line whatever happens, never signed over damage, durable before answered."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

import pytest
from sqlalchemy import Table, select, update

from node import decisions, ledger
from node.clock import day_of
from node.home import Home
from node.node import Node
from node.store import decisions as decision_rows
from node.store import logs, records
from node.store.logs import DamagedLog
from node.tables import log_entries, log_tiles
from node.tables import logs as log_heads
from protocol.checkpoint import cosign, cosign_key, cosignature_time, verify_checkpoint
from protocol.errors import Conflict, OutOfOrder
from protocol.keys import SigningKey
from protocol.merkle import leaf_hash, tree_root
from protocol.register import Register
from protocol.tiles import bundles_of
from tests.node.committee import NOW, Committee
from tests.node.processes import beside

WITNESS = SigningKey(bytes(range(7, 39)))


async def _verified_line(node: Node) -> Register:
    """The whole log, as anybody would verify it from outside."""
    async with node.store.read() as connection:
        head = await ledger.own_head_in(connection)
        data = [await logs.bundle(connection, head, each) for each in bundles_of(0, head.size)]
        entries = await logs.entries(connection, head)
    register = Register.replay(entries)
    community = register.community
    verified = verify_checkpoint(head.note, community.keys.log, head.origin)
    assert (verified.head.size, verified.head.root) == (len(entries), head.root)
    assert tree_root([leaf_hash(entry) for entry in entries]) == head.root
    assert len(data) == len(bundles_of(0, head.size))
    cosignature_time(verified.note, cosign_key(community.id, community.keys.cosign))
    assert register.voids == []
    return register


async def _expect_all_in_step(node: Node) -> Register:
    """Log, records and decisions tell the same, whichever of them was written last."""
    register = await _verified_line(node)
    live = {each.item.id: each.item.seal.record for each in register.live(day_of(NOW))}
    async with node.store.read() as connection:
        assert await records.held(connection, register.fingerprint) == live
    logged = {each.row.hash for each in await decisions.every(node) if each.row.state == "logged"}
    assert logged == register.effective
    return register


async def test_the_head_is_signed_and_cosigned_with_a_time(committee: Committee) -> None:
    """A peer finds the log's signature and the community's own timed line on every head."""
    await committee.publish()
    await _verified_line(committee.node)
    head = await ledger.renew_cosignature(committee.node, NOW + 300)
    register = await committee.register()
    key = cosign_key("python.example", register.community.keys.cosign)
    verified = verify_checkpoint(head.note, register.community.keys.log, head.origin)
    assert cosignature_time(verified.note, key) == NOW + 300
    assert head.size == 2


async def test_witnesses_lines_stay_until_the_log_grows(committee: Committee) -> None:
    """They are on the checkpoint that they were given for, and on no other."""
    head = await ledger.own_head(committee.node)
    text = verify_checkpoint(
        head.note, (await committee.register()).community.keys.log, head.origin
    ).note.text
    line = cosign(text, WITNESS, "witness.example/comity", NOW)
    with_line = await ledger.add_cosignatures(committee.node, head.size, [line], NOW)
    assert with_line is not None
    assert b"witness.example/comity" in with_line.note
    assert b"witness.example/comity" in (await ledger.renew_cosignature(committee.node, NOW)).note
    await committee.publish()
    assert await ledger.add_cosignatures(committee.node, head.size, [line], NOW) is None
    assert b"witness.example" not in (await ledger.own_head(committee.node)).note


async def test_a_log_is_begun_once(committee: Committee) -> None:
    """A second genesis would be a second history."""
    (genesis,) = await committee.entries()
    with pytest.raises(Conflict):
        await ledger.begin(committee.node, genesis, NOW)


async def test_entries_are_appended_all_or_none(committee: Committee) -> None:
    """One that would be void takes those before it with it, and leaves no trace."""
    before = await ledger.own_head(committee.node)
    with pytest.raises(OutOfOrder):
        await ledger.append(committee.node, [b"{}"], NOW)
    (genesis,) = await committee.entries()
    with pytest.raises(OutOfOrder):
        await ledger.append(committee.node, [genesis], NOW)
    assert await ledger.own_head(committee.node) == before
    await _expect_all_in_step(committee.node)


def _writer(
    home: Home, count: int, name: str
) -> AbstractAsyncContextManager[asyncio.subprocess.Process]:
    return beside("tests.node.writer", str(home.path), str(count), name)


async def test_row_31_many_writers_make_one_line(home: Home, committee: Committee) -> None:
    """Two processes and four tasks append at once: every entry is effective, none is lost."""

    async def task(name: str) -> None:
        for number in range(2):
            await committee.publish(f"github:{name}-{number}")

    async with _writer(home, 3, "one") as one, _writer(home, 3, "two") as two:
        await asyncio.gather(*(task(name) for name in ("a", "b", "c", "d")))
        said = [(await each.communicate())[0].split(b"\n")[:-1] for each in (one, two)]
    assert [len(lines) for lines in said] == [3, 3]
    register = await _expect_all_in_step(committee.node)
    assert register.size == 1 + 2 * 3 + 4 * 2
    assert len(register.attestations) == register.size - 1


async def test_row_32_nothing_acknowledged_is_lost_when_the_process_is_killed(
    home: Home, committee: Committee
) -> None:
    """Killed amid its writing, again and again: what it said is logged, all is in step."""
    acknowledged: set[bytes] = set()
    for number, lines in enumerate((1, 2, 3)):
        async with _writer(home, 1000, f"killed-{number}") as writer:
            assert writer.stdout is not None
            for _ in range(lines):
                line = await writer.stdout.readline()
                acknowledged.add(bytes.fromhex(line.split()[0].decode()))
            await asyncio.sleep(0.003 * number)
            writer.kill()
        register = await _expect_all_in_step(committee.node)
        assert acknowledged <= register.effective
    await committee.publish()
    await _expect_all_in_step(committee.node)


async def test_row_32_a_failure_at_any_statement_leaves_the_old_head(
    committee: Committee, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every step of an append fails once, before and after its write; then it goes through."""
    steps = [(logs, "extend"), (records, "put"), (decision_rows, "replace")]
    status = await committee.approve(await committee.propose(), "alice")
    for module, name in steps:
        for after in (False, True):
            with monkeypatch.context() as patched:
                patched.setattr(module, name, _failing(getattr(module, name), after=after))
                with pytest.raises(OSError, match="disk full"):
                    await committee.approve(status, "bob")
            assert (await _expect_all_in_step(committee.node)).size == 1
    assert (await committee.approve(status, "bob")).state == "logged"
    await _expect_all_in_step(committee.node)


def _failing(
    function: Callable[..., Awaitable[object]], *, after: bool
) -> Callable[..., Awaitable[object]]:
    async def failing(*args: object, **kwargs: object) -> object:
        if after:
            await function(*args, **kwargs)
        raise OSError("disk full")

    return failing


@pytest.mark.parametrize("what", ["entry", "tile", "root", "size", "note", "cosignature"])
async def test_row_33_nothing_is_signed_over_one_flipped_bit(
    committee: Committee, what: str
) -> None:
    """It is found when the log is appended to or cosigned, and the head stays as it was."""
    await committee.publish()
    status = await committee.approve(await committee.propose(), "alice")
    await _damage(committee.node, what)
    before = await ledger.own_head(committee.node)
    with pytest.raises(DamagedLog):
        await committee.approve(status, "bob")
    with pytest.raises(DamagedLog):
        await ledger.renew_cosignature(committee.node, NOW + 300)
    with pytest.raises(DamagedLog):
        await ledger.add_cosignatures(committee.node, before.size, [], NOW + 300)
    assert await ledger.own_head(committee.node) == before


async def _damage(node: Node, what: str) -> None:
    head = await ledger.own_head(node)
    if what == "entry":
        await _flip(node, log_entries, "entry", 60)
    elif what == "tile":
        await _flip(node, log_tiles, "hashes", 3)
    elif what == "root":
        await _flip(node, log_heads, "root", 9)
    elif what == "size":
        async with node.store.write() as connection:
            await connection.execute(update(log_heads).values(size=head.size - 1))
    else:
        # The last lines are the log's signature, then our own timed one.
        await _flip(node, log_heads, "note", -20 if what == "cosignature" else -180)


async def _flip(node: Node, table: Table, column: str, place: int) -> None:
    async with node.store.write() as connection:
        data = bytearray((await connection.execute(select(table.c[column]).limit(1))).scalar_one())
        data[place] ^= 1
        await connection.execute(
            update(table)
            .where(table.c[column] == select(table.c[column]).limit(1).scalar_subquery())
            .values({column: bytes(data)})
        )
