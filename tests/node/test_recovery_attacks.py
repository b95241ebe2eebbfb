"""What dishonest peers, and thieves of keys, do with a log that its own community asks for."""

import asyncio

import pytest
from sqlalchemy import update

from node import app, decisions, recovery
from node.keyring import signing_keys_in
from node.recovery import Behind, TwoHistories
from node.store import logs
from node.tables import logs as log_table
from protocol.checkpoint import Checkpoint, cosign, log_key, sign_checkpoint
from protocol.keys import SigningKey
from protocol.merkle import leaf_hash
from protocol.note import SignedNote
from protocol.statements import Approval, encode_entry, read_entry
from tests.node.federation import Community, Federation, eventually

pytestmark = pytest.mark.wire


async def _renoted(peer: Community, fingerprint: bytes, note: SignedNote) -> None:
    """Let a peer hand out this note of a log that it holds."""
    changed = update(log_table).where(log_table.c.fingerprint == fingerprint)
    async with peer.node.store.write() as connection:
        await connection.execute(changed.values(note=note.to_bytes()))


async def _grown(peer: Community, victim: Community, entries: list[bytes], *, both: bool) -> None:
    """Let a peer hold more of a log than its community: by its log's key, or by both keys."""
    async with victim.node.store.read() as connection:
        keys = await signing_keys_in(connection, victim.node.vault)
    fingerprint = await victim.fingerprint()
    async with peer.node.store.write() as connection:
        head = await logs.head_of(connection, fingerprint)
        assert head is not None
        tiles = await logs.verified_tiles(connection, head)
        growth = tiles.append([leaf_hash(entry) for entry in entries])
        note = sign_checkpoint(Checkpoint(head.origin, growth.size, growth.root), keys.log)
        if both:
            line = cosign(note.text, keys.cosign, head.origin, victim.now)
            note = note.with_signatures([line])
        await logs.extend(connection, head, note.to_bytes(), entries, growth)


async def test_a_note_without_our_own_line_is_not_taken(federation: Federation) -> None:
    """A peer leaves it out of a genuine one: nothing is adopted that could not be gone on from."""
    python, conf = await federation.followed()
    backup = await federation.backup(python)
    await python.publish("email:since@person.example")
    await conf.follow(python)
    head = await python.head()
    genuine = SignedNote.from_bytes(head.note)
    key = log_key(python.id, (await python.register()).community.keys.log)
    bare = SignedNote(genuine.text, tuple(each for each in genuine.signatures if key.signed(each)))
    await _renoted(conf, head.fingerprint, bare)
    restored = await federation.restore(python, backup)
    assert (await restored.head()).size == 1
    found = await recovery.catch_up(restored.node, restored.clients, restored.now)
    assert [peer.id for peer in found.unsure] == ["conf.example"]
    # With the line it is; and what is kept then is signed anew, without what the peer put there.
    await _renoted(conf, head.fingerprint, genuine)
    found = await recovery.catch_up(restored.node, restored.clients, restored.now)
    assert (found.entries, found.unsure) == (1, [])
    assert len(SignedNote.from_bytes((await restored.head()).note).signatures) == 2
    await restored.publish("email:more@person.example")


async def test_row_36_the_logs_key_alone_stops_nobody(federation: Federation) -> None:
    """Whoever stole it makes heads that peers show; the community goes on, with other keys."""
    python, conf = await federation.followed()
    await conf.follow(python)
    await _grown(conf, python, [b"rubbish"], both=False)
    address = await python.address()
    await python.stop()
    await python.start(address)
    await python.publish("email:person@person.example")
    assert (await python.head()).size == 2
    head = Checkpoint((await python.head()).origin, 1, bytes(32))
    async with python.node.store.read() as connection:
        keys = await signing_keys_in(connection, python.node.vault)
    await _renoted(conf, await python.fingerprint(), sign_checkpoint(head, keys.log))
    await recovery.catch_up(python.node, python.clients, python.now)


async def test_many_entries_that_nobody_approved_are_not_taken(federation: Federation) -> None:
    """Not by both keys either: they would fill our own log for good."""
    python, conf = await federation.followed()
    await conf.follow(python)
    await _grown(conf, python, [b"x"] * (recovery.MOST_VOIDS + 1), both=True)
    with pytest.raises(Behind, match="no officers approved"):
        await recovery.catch_up(python.node, python.clients, python.now)
    assert (await python.head()).size == 1


async def test_everybody_is_asked_until_they_have_answered(
    federation: Federation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One who knows nothing, or says so, does not answer for one who is not there."""
    monkeypatch.setattr(app, "ASK_INTERVAL", 0.05)
    python, conf = await federation.followed()
    other = await federation.community("other.example")
    await federation.peer(other, python)
    backup = await federation.backup(python)
    here, address, elsewhere = await python.address(), await conf.address(), await other.address()
    await other.stop()  # and does not hear of what is published meanwhile
    await python.publish("email:since@person.example")
    await conf.follow(python)
    await conf.stop()
    restored = await federation.restore(python, backup, serve=False)
    await other.start(elsewhere)
    await restored.start(here)
    assert (await restored.head()).size == 1
    assert not restored.home.is_current()
    await conf.start(address)

    async def has_caught_up() -> bool:
        return (await restored.head()).size == 2 and restored.home.is_current()

    await eventually(has_caught_up)


async def test_peers_on_two_branches_are_noticed(federation: Federation) -> None:
    """What one of them holds is adopted, and then held against what the others do."""
    python, conf = await federation.followed()
    other = await federation.community("other.example")
    await federation.peer(other, python)
    await federation.sync()
    backups = [await federation.backup(python) for _ in range(2)]
    # Told of one branch only, each of the other communities cosigns that one.
    address, elsewhere = await conf.address(), await other.address()
    await other.stop()
    await python.publish("email:a@person.example")
    await conf.follow(python)
    await conf.stop()
    forked = await federation.restore(python, backups[0])
    await other.start(elsewhere)
    await forked.publish("email:b@person.example")

    async def has_followed() -> bool:
        return (await other.follow(forked)).size == 2

    await eventually(has_followed)
    restored = await federation.restore(forked, backups[1], serve=False)
    await conf.start(address)
    with pytest.raises(TwoHistories):
        await recovery.catch_up(restored.node, restored.clients, restored.now)


async def test_a_copy_of_a_decision_is_not_taken_for_it(federation: Federation) -> None:
    """Nor what its approvals say: votes are those that officers signed, and the place the first."""
    python, conf = await federation.followed()
    backup = await federation.backup(python)
    await python.publish("email:person@person.example")
    await conf.follow(python)
    async with python.node.store.read() as connection:
        (entry,) = await logs.entries(connection, await python.head(), 1)
    said, listed = read_entry(entry), (await python.register()).community.officers
    keys = sorted(each.key for each in listed)
    forged = [Approval(officer=key, sig=bytes(64)) for key in keys]
    await _grown(conf, python, [encode_entry(said.decision_bytes, forged)], both=True)
    restored = await federation.restore(python, backup)
    (kept,) = [each for each in await decisions.every(restored.node) if each.row.type == "attest"]
    assert kept.row.index == 1
    assert len(kept.votes) == len(kept.approvals) == 2
    assert [each.index for each in (await restored.register()).voids] == [2]


async def test_heads_that_nobody_signed_hold_up_no_start(
    federation: Federation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of them together have so long; who claims one is asked again later."""
    python = await federation.community("python.example")
    liars = [await federation.community(f"liar{number}.example") for number in range(2)]
    head = await python.head()
    note = sign_checkpoint(Checkpoint(head.origin, 10**6, bytes(32)), SigningKey.generate())
    for each in liars:
        await federation.peer(each, python)
        await _renoted(each, head.fingerprint, note)
    tried = []

    async def slowly(*_: object) -> tuple[int, str | None]:
        tried.append(1)
        await asyncio.sleep(60)
        return 0, None

    monkeypatch.setattr(recovery, "UNSIGNED", 0.2)
    monkeypatch.setattr(recovery, "_try", slowly)
    async with asyncio.timeout(20):
        found = await recovery.catch_up(python.node, python.clients, python.now)
    assert {peer.id for peer in found.unsure} == {each.id for each in liars}
    assert len(tried) == 1
