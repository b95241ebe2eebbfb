"""A restored backup: our own log catches up from peers, and never has two histories.

Row 34 of the threats.
"""

import asyncio
import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from node import (
    acts,
    app,
    audit,
    constitution,
    decisions,
    doctor,
    keyring,
    proposing,
    recovery,
    rotation,
    sanctions,
)
from node.checking import Occasion, check
from node.cli import cli
from node.decisions import Status
from node.errors import Refused
from node.recovery import Behind, OtherKeys, TwoHistories
from node.store import attestations, cosigned, records
from node.store import keys as key_rows
from node.store.cosigned import CosignedHead
from node.store.keys import OwnKey
from protocol.checkpoint import Checkpoint, origin_of, sign_checkpoint
from protocol.claims import Scope
from protocol.encoding import base64url
from protocol.exchange import Purpose
from protocol.identifiers import from_text
from protocol.keys import SigningKey
from protocol.sealing import record_hash
from protocol.tiles import Bundle
from tests.node.federation import Community, Federation, eventually, password

pytestmark = pytest.mark.wire

NO_EVENT = Purpose(kind="unspecified", start=None, end=None)


async def _finds(asker: Community, identifier: str) -> str:
    occasion = Occasion(None, NO_EVENT)
    asked = [from_text(identifier)]
    result = await check(asker.node, asker.clients.to, asked, occasion, now=asker.now)
    assert result.coverage.complete
    return result.outcome


async def _content(community: Community, id_: str) -> bytes | None:
    async with community.node.store.read() as connection:
        row = await attestations.get(connection, id_)
    assert row is not None
    return row.content_sealed


async def _approve_all(community: Community, status: Status) -> None:
    """Approve a decision, and those that it brings about."""
    for hash_ in (await community.approve(status)).then:
        await community.approve(await decisions.status(community.node, hash_, community.now))


def _proposal(identifier: str) -> proposing.Proposal:
    return proposing.Proposal(
        identifiers=[from_text(identifier)],
        measure="ban",
        scope=(Scope(kind="all_own_spaces", space=None),),
    )


async def test_row_34_an_old_backup_beside_living_peers_catches_up(federation: Federation) -> None:
    """Erased stays erased, lifted lifted, what was published since is found; the log goes on."""
    python, conf = await federation.followed()
    lifted, erased = [await python.publish(f"email:{n}@person.example") for n in ("l", "e")]
    waiting = await sanctions.propose(python.node, _proposal("email:w@person.example"), python.now)
    overtaken = await acts.stay(python.node, [lifted], python.today, python.now)
    backup = await federation.backup(python)
    await python.approve(waiting)
    since = await python.publish("email:s@person.example")
    await python.lift(lifted)
    await python.lift(erased, "erased")
    await conf.follow(python)
    newest = await python.head()

    restored = await federation.restore(python, backup)
    head = await restored.head()
    assert (head.size, head.root, head.own) == (newest.size, newest.root, True)
    register = await restored.register()
    assert register == await python.register()
    assert await _content(restored, erased) is None
    assert await _content(restored, lifted) is not None
    assert await _content(restored, waiting.attestations[0]) is not None
    assert await _content(restored, since) is None
    live = {each.item.id: each.item.seal.record for each in register.live(restored.today)}
    async with restored.node.store.read() as connection:
        assert await records.held(connection, register.fingerprint) == live
    states = {each.row.hash: each.row.state for each in await decisions.every(restored.node)}
    assert states[waiting.decision] == "logged"
    assert states[overtaken.decision] == "void"
    assert set(states) >= register.effective
    listed = {each.id: each.state(restored.today) for each in await sanctions.every(restored.node)}
    assert listed[since] == "in_force"
    said = [each.detail for each in await audit.every(restored.node, "catch_up")]
    assert [each["entries"] for each in said] == [4]
    # And it goes on from there, for peers of before and for new ones.
    await restored.lift(since, "overturned")
    await restored.publish("email:n@person.example")
    assert (await conf.follow(restored)).state == "current"
    late = await federation.community("late.example")
    await federation.peer(late, restored)
    outcomes = dict.fromkeys("les", "nothing_found") | dict.fromkeys("wn", "match")
    for asker in (conf, late):
        for who, outcome in outcomes.items():
            assert await _finds(asker, f"email:{who}@person.example") == outcome


async def test_a_node_that_was_not_restored_takes_nothing(federation: Federation) -> None:
    """Asked at every start, and answered by whoever is there."""
    python, conf = await federation.followed()
    await python.publish("email:person@person.example")
    await conf.follow(python)
    found = await recovery.catch_up(python.node, python.clients, python.now)
    assert (found.entries, found.records, found.unsure) == (0, 0, [])
    (answer,) = found.answers
    assert answer.head is not None
    assert answer.head.size == found.size == 2
    alone = await federation.community("alone.example")
    assert not (await recovery.catch_up(alone.node, alone.clients, alone.now)).unsure


async def _forked(federation: Federation) -> tuple[Community, Community]:
    """A restored community that decided something before it had asked anybody."""
    python, conf = await federation.followed()
    backup = await federation.backup(python)
    await python.publish("email:since@person.example")
    await conf.follow(python)
    restored = await federation.restore(python, backup, serve=False)
    await restored.publish("email:fork@person.example")
    return restored, conf


async def test_two_histories_go_no_further(federation: Federation) -> None:
    """Neither the service starts, nor does a command decide; both say what to do."""
    restored, _ = await _forked(federation)
    with pytest.raises(TwoHistories, match="Restore that backup once more"):
        await restored.start("127.0.0.1:0")
    await restored.publish("email:more@person.example")
    # Longer than what peers hold, and shorter: it is another history either way.
    with pytest.raises(TwoHistories):
        await recovery.catch_up(restored.node, restored.clients, restored.now)


async def test_a_longer_branch_is_no_continuation(federation: Federation) -> None:
    """What peers hold is larger, and not an extension of what is here."""
    python, conf = await federation.followed()
    backup = await federation.backup(python)
    for number in range(3):
        await python.publish(f"email:since{number}@person.example")
    await conf.follow(python)
    restored = await federation.restore(python, backup, serve=False)
    await restored.publish("email:fork@person.example")
    with pytest.raises(TwoHistories, match=r"conf\.example holds another continuation"):
        await recovery.catch_up(restored.node, restored.clients, restored.now)


async def test_what_nobody_hands_over_is_waited_for(federation: Federation) -> None:
    """A peer cosigned our newest head, and has not its entries: nothing is appended without."""
    python, conf = await federation.followed()
    backup = await federation.backup(python)
    await python.stop()
    await python.publish("email:since@person.example")
    head = await python.head()
    async with conf.node.store.write() as connection:
        seen = CosignedHead(head.fingerprint, head.size, head.root, head.note)
        await cosigned.put(connection, seen)
    restored = await federation.restore(python, backup, serve=False)
    with pytest.raises(Behind, match=r"conf\.example has seen more entries"):
        await restored.start("127.0.0.1:0")
    # Until the entries are there.
    await python.start(await python.address())
    await conf.follow(python)
    await python.stop()
    found = await recovery.catch_up(restored.node, restored.clients, restored.now)
    assert (found.entries, found.size) == (1, head.size)


async def test_a_peer_cannot_make_up_a_head(federation: Federation) -> None:
    """What our key has not signed is no reason to stop."""
    python, conf = await federation.followed()
    fingerprint = await python.fingerprint()
    thief = SigningKey.generate()
    checkpoint = Checkpoint(origin_of(python.id), 1000, bytes(32))
    note = sign_checkpoint(checkpoint, thief).to_bytes()
    async with conf.node.store.write() as connection:
        await cosigned.put(connection, CosignedHead(fingerprint, 1000, bytes(32), note))
    found = await recovery.catch_up(python.node, python.clients, python.now)
    assert found.entries == 0
    # It is asked about again, as the key might have been changed since; and nothing waits for it.
    assert [peer.id for peer in found.unsure] == ["conf.example"]


async def test_a_log_under_other_keys_is_not_taken(federation: Federation) -> None:
    """Keys that were changed since the backup are lost with it: nothing could be signed."""
    python, conf = await federation.followed()
    backup = await federation.backup(python)
    issue = SigningKey.generate()
    async with python.node.store.write() as connection:
        sealed = python.node.vault.seal("own_keys.secret", "issue", issue.seed)
        await key_rows.drop(connection, "issue")
        await key_rows.put(connection, OwnKey("issue", issue.public_key, sealed, python.now))
    community = (await python.register()).community.to_value()
    keys = community["keys"] | {"issue": base64url(issue.public_key)}
    await python.approve(await constitution.change(python.node, {"keys": keys}, python.now))
    await conf.follow(python)
    with pytest.raises(OtherKeys, match=r"changed its keys \(issue\)"):
        await federation.restore(python, backup)


async def test_a_lost_oprf_key_is_replaced(federation: Federation) -> None:
    """The records are there again, and nobody is found by them until they are sealed anew."""
    python, conf = await federation.followed()
    ban = await python.publish("email:person@person.example")
    backup = await federation.backup(python)
    (status,) = await rotation.rotate(python.node, python.now)
    await _approve_all(python, status)
    await conf.follow(python)
    restored = await federation.restore(python, backup)
    register = await restored.register()
    async with restored.node.store.read() as connection:
        held = await records.get(connection, register.fingerprint, [ban])
    assert record_hash(held[ban]) == register.attestations[ban].item.seal.record
    assert register.community.oprf[0] not in {
        key.public for key in (await keyring.oprf_keys(restored.node)).values()
    }
    checks = await doctor.examine(restored.home, restored.now)
    assert ("keys", "comity community rotate") in {(each.name, each.next) for each in checks}
    (status,) = await rotation.rotate(restored.node, restored.now)
    await _approve_all(restored, status)
    await conf.follow(restored)
    assert await _finds(conf, "email:person@person.example") == "match"


async def test_who_cannot_be_asked_at_the_start_is_asked_later(
    federation: Federation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The node serves meanwhile, and catches up as soon as one answers."""
    monkeypatch.setattr(app, "ASK_INTERVAL", 0.05)
    python, conf = await federation.followed()
    backup = await federation.backup(python)
    await python.publish("email:since@person.example")
    await conf.follow(python)
    await conf.stop()
    restored = await federation.restore(python, backup)
    assert (await restored.head()).size == 1
    await conf.start(await conf.address())

    async def has_caught_up() -> bool:
        return (await restored.head()).size == 2

    await eventually(has_caught_up)


async def test_a_service_that_learns_of_two_histories_stops(
    federation: Federation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What nobody could tell at the start ends it later, with the words that say what to do."""
    monkeypatch.setattr(app, "ASK_INTERVAL", 0.05)
    restored, conf = await _forked(federation)
    await conf.stop()
    await restored.start("127.0.0.1:0")
    assert restored.serving is not None
    assert not restored.serving.fault.done()
    await conf.start(await conf.address())
    with pytest.raises(TwoHistories):
        await asyncio.wait_for(asyncio.shield(restored.serving.fault), 20)


async def _comity(community: Community, *arguments: str, status: int = 0) -> Result:
    line = ["--home", str(community.home.path), *arguments]
    result = await asyncio.to_thread(CliRunner().invoke, cli, line)
    assert result.exit_code == status, result.output
    return result


async def test_a_command_catches_up_before_it_decides(
    federation: Federation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where no service runs; and there is a command that does nothing else."""
    monkeypatch.setattr("node.clock.now", lambda: federation.clock[0])
    monkeypatch.setenv("COMITY_OFFICER_PASSWORD", password("alice"))
    python, conf = await federation.followed()
    ban = await python.publish("email:person@person.example")
    backup = await federation.backup(python)
    await python.publish("email:since@person.example")
    await conf.follow(python)
    restored = await federation.restore(python, backup, serve=False)
    lifted = await _comity(restored, "sanction", "lift", ban, "--officer", "alice")
    assert "1 entries came from peers" in " ".join(lifted.stderr.split())
    done = await _comity(restored, "--json", "log", "catch-up")
    document: Any = json.loads(done.stdout.splitlines()[-1])
    assert (document["size"], document["entries"], document["confirmed"]) == (3, 0, True)
    await conf.stop()
    said = await _comity(restored, "log", "catch-up", status=1)
    assert "unreachable" in said.stdout
    warned = await _comity(restored, "sanction", "stay", ban, "--officer", "alice")
    assert "conf.example could not be asked" in " ".join(warned.stderr.split())


async def test_a_mirror_is_for_those_who_may_read_the_log(federation: Federation) -> None:
    """Its own community always; others where the log is public; nobody of what is not there."""
    python, conf = await federation.followed()
    late = await federation.community("late.example")
    await federation.peer(late, conf)
    await federation.sync()
    own = python.clients.to(await python.sees(conf))
    other = late.clients.to(await late.sees(conf))
    origin = origin_of(python.id)
    (note,) = await other.heads([origin])
    assert note == await other.mirrored_checkpoint(origin)
    bundle = await other.mirrored_bundle(origin, Bundle(0, 1))
    assert bundle == await own.mirrored_bundle(origin, Bundle(0, 1))
    assert await other.heads([origin_of("nobody.example")]) == [None]
    with pytest.raises(Refused, match="not-found"):
        await other.mirrored_checkpoint(origin_of("nobody.example"))
    await python.approve(await constitution.change(python.node, {"entries": "peers"}, python.now))
    await conf.follow(python)
    assert await own.mirrored_bundle(origin, Bundle(0, 2))
    with pytest.raises(Refused, match="not-found"):
        await other.mirrored_bundle(origin, Bundle(0, 2))
    assert await other.mirrored_checkpoint(origin)
