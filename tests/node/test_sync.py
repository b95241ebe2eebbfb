"""Following: what is taken of a peer's log and records, what is refused, and what stays."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
import structlog
from sqlalchemy import update

from node import ledger, officers, replica, sync, tables
from node.checking import freshen
from node.client import Clients, PeerClient
from node.coverage import load_sources
from node.limits import PEER, Limits
from node.notify import notify
from node.peering import keep_in_touch
from node.store import logs, peers, records
from node.store.peers import Peer
from node.sync import follow_all
from protocol.checkpoint import cosign_key, cosignature_time
from protocol.encoding import base64url, canonical_json
from protocol.keys import SigningKey
from protocol.note import SignedNote
from protocol.statements import CommunityDecision, approve, encode_entry
from tests.node.federation import Community, Federation, password
from tests.node.mirror import Mirror, led_to, mirror, swapped

pytestmark = pytest.mark.wire


async def _key(community: Community, officer: str) -> SigningKey:
    return await officers.key_of(community.node, officer, password(officer), community.now)


async def _state(conf: Community) -> str:
    """What a check would say of the only peer before asking it anything."""
    (source,) = await load_sources(conf.node, now=conf.now)
    return source.coverage(None).state


async def test_what_an_issuer_publishes_is_held_by_whoever_follows(federation: Federation) -> None:
    """The log to its head, and every record in force, exactly as the issuer has them."""
    python, conf = await federation.pair()
    bans = {await python.publish(f"email:person{n}@person.example") for n in range(3)}
    result = await conf.follow(python)
    assert (result.state, result.new_entries, result.new_records) == ("current", 3, 3)
    held, head = await conf.holds(python), await python.head()
    assert held is not None
    assert (held.size, held.root, held.own) == (head.size, head.root, False)
    assert await conf.records_of(python) == bans
    again = await conf.follow(python)
    assert (again.state, again.new_entries, again.new_records) == ("current", 0, 0)
    assert await _state(conf) == "heard"


@pytest.mark.sweep
async def test_a_log_of_several_tiles_is_followed_at_once_and_by_pieces(
    federation: Federation,
) -> None:
    """Beyond 256 entries: who followed all along and who comes late hold the same."""
    python, conf = await federation.pair()
    key = await _key(python, "alice")
    for count in (200, 130):
        await ledger.append(python.node, await _renamings(python, key, count), python.now)
        assert (await conf.follow(python)).state == "current"
    late = await federation.community("late.example")
    await federation.peer(late, python)
    head = await python.head()
    for follower in (conf, late):
        held = await follower.holds(python)
        assert held is not None
        assert (held.size, held.root) == (331, head.root)
        assert (await follower.sees(python)).name == "Name 129"


async def _renamings(community: Community, key: SigningKey, count: int) -> list[bytes]:
    """Statements that change the community's name, each naming the one before."""
    register = (await community.register()).copy()
    made = []
    for number in range(count):
        decision = CommunityDecision(
            v=1,
            type="community",
            log=register.fingerprint,
            on=community.today,
            after=register.community_leaf,
            community=register.community.model_copy(update={"name": f"Name {number}"}),
        ).to_bytes()
        made.append(encode_entry(decision, [approve(decision, key)]))
        assert register.append(made[-1]) is None
    return made


LIES: dict[str, Callable[[Mirror], None]] = {
    "an entry changed": lambda shown: shown.entries.__setitem__(1, shown.entries[2]),
    "an entry removed": lambda shown: shown.entries.__delitem__(1),
    "all but its beginning removed": lambda shown: shown.entries.__delitem__(slice(2, None)),
    "two entries reordered": lambda shown: shown.entries.__setitem__(
        slice(None), swapped(shown.entries, 1, 2)
    ),
    "an entry put between": lambda shown: shown.entries.insert(1, shown.entries[1]),
    "another beginning": lambda shown: shown.entries.__setitem__(0, shown.entries[1]),
    "another signer": lambda shown: setattr(
        shown, "note", shown.checkpoint().replace(b"\xe2\x80\x94 python", b"\xe2\x80\x94 pypy")
    ),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
async def test_row_7_a_rewritten_history_is_refused(
    federation: Federation, lie: Callable[[Mirror], None]
) -> None:
    """The issuer's own keys sign it; all the same the last good state stays, and is `untrusted`."""
    python, conf = await federation.pair()
    for number in range(3):
        await python.publish(f"email:person{number}@person.example")
    await conf.follow(python)
    good, good_records = await conf.holds(python), await conf.records_of(python)
    # With one more entry too: growing is no excuse for changing.
    for grows in (False, True):
        if grows:
            await python.publish("email:person9@person.example")
        async with mirror(python) as shown:
            lie(shown)
            await led_to(conf, shown)
            result = await conf.follow(python)
        assert result.state == "untrusted"
        assert await conf.holds(python) == good
        assert await conf.records_of(python) == good_records
        assert await _state(conf) == "untrusted"


async def test_after_the_truth_is_told_again_a_peer_is_heard_again(federation: Federation) -> None:
    """A refusal destroys nothing, and leaves nothing to be repaired by hand."""
    python, conf = await federation.pair()
    await python.publish("email:person@person.example")
    async with mirror(python) as shown:
        shown.entries.append(b"no statement")
        await led_to(conf, shown)
        # A void statement is no lie: it is kept, and means nothing.
        assert (await conf.follow(python)).state == "current"
        shown.entries.pop(1)
        await led_to(conf, shown)
        assert (await conf.follow(python)).state == "untrusted"
        shown.entries[1:1] = [(await _entries(python))[1]]
        assert (await conf.follow(python)).state == "current"
    assert await _state(conf) == "heard"


async def _entries(community: Community) -> list[bytes]:
    head = await community.head()
    async with community.node.store.read() as connection:
        return await logs.entries(connection, head)


async def test_row_14_a_frozen_peer_turns_stale(federation: Federation) -> None:
    """Its log still verifies and does not grow; only the time in its own cosignature tells."""
    python, conf = await federation.pair()
    async with mirror(python) as shown:
        await led_to(conf, shown)
        assert await _state(conf) == "heard"
        federation.later(86_401)
        assert (await conf.follow(python)).state == "current"
        assert await _state(conf) == "stale"
        # It comes back to life: a newer cosignature of the same head.
        shown.time = conf.now
        await led_to(conf, shown)
        assert (await conf.follow(python)).new_entries == 0
        assert await _state(conf) == "heard"
        # An older note out of some cache does not undo that.
        shown.time -= 86_401
        await led_to(conf, shown)
        await conf.follow(python)
        assert await _state(conf) == "heard"
        # Nor is it fresh for ever because its clock runs ahead.
        shown.time = conf.now + 301
        await led_to(conf, shown)
        assert (await conf.follow(python)).error == "out-of-time"
        # One that is not cosigned by the community at all says nothing about time.
        shown.cosigns = False
        await led_to(conf, shown)
        await conf.follow(python)
        assert await _state(conf) == "heard"


async def test_a_critical_statement_that_is_not_known_makes_a_peer_outdated(
    federation: Federation,
) -> None:
    """It is kept, so that a newer version finds it; until then the peer never counts as heard."""
    python, conf = await federation.pair()
    register = await python.register()
    decision = canonical_json(
        {
            "v": 1,
            "type": "quarantine",
            "log": base64url(register.fingerprint),
            "on": python.today.isoformat(),
            "critical": True,
        }
    )
    approvals = [approve(decision, await _key(python, officer)) for officer in python.officers]
    async with mirror(python) as shown:
        shown.entries.append(encode_entry(decision, approvals))
        await led_to(conf, shown)
        assert (await conf.follow(python)).state == "outdated"
    assert await _state(conf) == "outdated"


async def test_whoever_stops_between_log_and_records_goes_on_there(federation: Federation) -> None:
    """The log is kept, the peer not heard; following again asks for what is missing only."""
    python, conf = await federation.pair()
    bans = {await python.publish(f"email:person{n}@person.example") for n in range(3)}
    async with mirror(python) as shown:
        shown.refuses_records_after = 0
        await led_to(conf, shown)
        assert (await conf.follow(python)).state == "unreachable"
        held = await conf.holds(python)
        assert held is not None
        assert held.size == 4
        assert await conf.records_of(python) == set()
        assert await _state(conf) == "stale"
        shown.refuses_records_after = 1000
        await led_to(conf, shown)
        result = await conf.follow(python)
    assert (result.new_entries, result.new_records) == (0, 3)
    assert await conf.records_of(python) == bans
    assert await _state(conf) == "heard"


@pytest.mark.parametrize("steps", range(0, 60, 6))
async def test_being_killed_at_any_step_leaves_nothing_to_repair(
    federation: Federation, steps: int
) -> None:
    """Broken off after so many turns of the loop: nothing half, and following goes on."""
    python, conf = await federation.pair()
    ban = await python.publish("email:person@person.example")
    following = asyncio.create_task(conf.follow(python))
    for _ in range(steps):
        await asyncio.sleep(0.001)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    held = await conf.holds(python)
    assert held is not None
    async with conf.node.store.read() as connection:
        assert len(await logs.entries(connection, held)) == held.size
    assert (await conf.follow(python)).state == "current"
    assert await conf.records_of(python) == {ban}
    assert await _state(conf) == "heard"


async def test_a_record_that_is_not_the_one_approved_is_refused(federation: Federation) -> None:
    """The others are held; as long as one is wrong the issuer is at fault, and says nothing."""
    python, conf = await federation.pair()
    bans = [await python.publish(f"email:person{n}@person.example") for n in range(3)]
    async with mirror(python) as shown:
        shown.records[bans[0]] = shown.records[bans[1]]
        await led_to(conf, shown)
        result = await conf.follow(python)
    assert (result.state, result.error) == ("untrusted", "wrong-record")
    assert await conf.records_of(python) == set(bans[1:])
    assert await _state(conf) == "untrusted"


async def test_a_record_that_is_withheld_keeps_its_issuer_from_being_heard(
    federation: Federation,
) -> None:
    """No answer about a record is no answer at all."""
    python, conf = await federation.pair()
    bans = [await python.publish(f"email:person{n}@person.example") for n in range(2)]
    async with mirror(python) as shown:
        del shown.records[bans[0]]
        await led_to(conf, shown)
        assert (await conf.follow(python)).missing_records == 1
    assert await _state(conf) == "stale"


async def test_a_record_that_rotted_is_fetched_anew(federation: Federation) -> None:
    """Where every record is looked at again, as `comity sync` does."""
    python, conf = await federation.pair()
    ban = await python.publish("email:person@person.example")
    await conf.follow(python)
    fingerprint = await python.fingerprint()
    async with conf.node.store.write() as connection:
        good = (await records.get(connection, fingerprint, [ban]))[ban]
        # As a disk would: the hash beside it is still that of the good one.
        await connection.execute(
            update(tables.records)
            .where(tables.records.c.attestation == ban)
            .values(record=bytes([good[0] ^ 1]) + good[1:])
        )
    assert await _state(conf) == "stale"
    assert (await conf.follow(python, recheck=True)).new_records == 1
    assert await _state(conf) == "heard"


async def test_records_of_sanctions_that_are_over_are_dropped(federation: Federation) -> None:
    """Nothing has to be said for it: the last day in force stands in the log."""
    python, conf = await federation.pair()
    await python.publish("email:person@person.example")
    await conf.follow(python)
    federation.later(367 * 86_400)
    await ledger.renew_cosignature(python.node, python.now)
    await conf.follow(python)
    assert await conf.records_of(python) == set()
    assert await _state(conf) == "heard"


async def test_a_peers_cosignature_is_kept_in_our_note(federation: Federation) -> None:
    """Whoever is told cosigns, and whoever follows us sees who else has seen our head."""
    python = await federation.community("python.example")
    conf = await federation.community("conf.example")
    await federation.peer(conf, python)
    await python.publish("email:person@person.example")
    assert [told.error for told in await python.push()] == [None]
    community = (await conf.register()).community
    key = cosign_key(conf.id, community.keys.cosign)
    note = SignedNote.from_bytes((await python.head()).note)
    assert cosignature_time(note, key) == python.now
    # And told again, though nothing is new, it answers the same.
    assert [told.error for told in await python.push()] == [None]


@dataclass(frozen=True)
class Odd(Clients):
    """Clients of which one does what nobody foresaw."""

    about: bytes

    def to(self, peer: Peer) -> PeerClient:
        """Fail for one."""
        if peer.fingerprint == self.about:
            raise RuntimeError("person@person.example")
        return super().to(peer)

    def at(self, url: str, fingerprint: bytes, community: str, http_key: bytes) -> PeerClient:
        """Fail for one."""
        if fingerprint == self.about:
            raise RuntimeError("person@person.example")
        return super().at(url, fingerprint, community, http_key)


async def _with_one_more_peer(federation: Federation) -> tuple[Community, Community, Community]:
    conf = await federation.community("conf.example")
    python, odd = [await federation.community(f"{name}.example") for name in ("python", "odd")]
    for community in (python, odd):
        await federation.peer(conf, community)
    await conf.stop()
    federation.later(60)
    await python.publish("email:person@person.example")
    return python, conf, odd


@pytest.mark.parametrize("url", ["https://[::::]", "https://x:99999", "http://a b", "nowhere"])
async def test_row_16_an_address_that_nobody_can_read_silences_its_own_community_only(
    federation: Federation, url: str
) -> None:
    """One officer of a peer can change its address: no other peer is silenced by it."""
    _, conf, odd = await _with_one_more_peer(federation)
    await conf.publish("email:person@person.example")
    async with conf.node.store.write() as connection:
        await peers.change(connection, await odd.fingerprint(), url=url)
    followed = {result.id: result for result in await conf.sync()}
    assert followed["python.example"].state == "current"
    assert followed["odd.example"].state != "current"
    told = {told.id: told.error for told in await conf.push()}
    assert told["python.example"] is None
    assert told["odd.example"] is not None


async def test_what_nobody_foresaw_with_one_peer_is_about_that_peer_only(
    federation: Federation,
) -> None:
    """The others are followed, told and asked; what is logged of it quotes nobody."""
    python, conf, odd = await _with_one_more_peer(federation)
    clients = Odd(conf.clients.caller, await odd.fingerprint())
    with structlog.testing.capture_logs() as logged:
        followed = await follow_all(conf.node, clients, conf.now)
        told = await notify(conf.node, clients, conf.now)
        async with conf.node.store.write() as connection:
            for community in (python, odd):
                await peers.change(connection, await community.fingerprint(), state="asked")
        asked = await keep_in_touch(conf.node, clients, conf.now)
    assert {each.id: each.state for each in followed} == {
        "odd.example": "unreachable", "python.example": "current"
    }  # fmt: skip
    assert {each.id: each.error for each in told} == {
        "odd.example": "unavailable", "python.example": None
    }  # fmt: skip
    assert {each.peer.id: (each.peer.state, each.error) for each in asked} == {
        "odd.example": ("asked", "unavailable"), "python.example": ("active", None)
    }  # fmt: skip
    assert [each["error"] for each in logged if each["event"] == "unexpected"] == [
        "RuntimeError"
    ] * 3
    assert "person@" not in str(logged)


async def test_before_a_question_one_odd_peer_does_not_keep_the_others_from_being_followed(
    federation: Federation,
) -> None:
    """Nor the question from being asked."""
    python, conf, odd = await _with_one_more_peer(federation)
    await freshen(conf.node, Odd(conf.clients.caller, await odd.fingerprint()), now=conf.now)
    assert await conf.holds(python) == replace(await python.head(), own=False)
    assert (await conf.sees(odd)).last_error == "unavailable"


async def test_another_branch_of_a_log_is_replayed_from_its_beginning(
    federation: Federation,
) -> None:
    """Another process dropped the log and took up a branch: nothing of the old one lives on."""
    python, conf = await federation.pair()
    fingerprint = await python.fingerprint()
    async with mirror(python) as shown:
        for entries in ([b"one"], [await _entry_of(python), b"two", b"three"]):
            shown.entries[1:] = entries
            async with conf.node.store.write() as connection:
                await logs.forget(connection, fingerprint)
            await led_to(conf, shown)
            assert (await conf.follow(python)).state == "current"
    held = await conf.holds(python)
    assert held is not None
    async with conf.node.store.read() as connection:
        kept = await conf.node.registers.of(connection, fingerprint)
        assert kept == await logs.register_of(connection, held)


async def _entry_of(community: Community) -> bytes:
    """A statement that has its effect."""
    return (await _renamings(community, await _key(community, "alice"), 1))[0]


LIMITS: dict[str, Limits] = {
    "entries": replace(PEER, entries=3),
    "bytes": replace(PEER, bytes=3_000),
    "void entries": replace(PEER, voids=1),
}


@pytest.mark.parametrize("limits", LIMITS.values(), ids=LIMITS.keys())
async def test_row_16_a_log_that_outgrows_what_is_taken_of_any_is_followed_no_further(
    federation: Federation, monkeypatch: pytest.MonkeyPatch, limits: Limits
) -> None:
    """Held is what was good; the peer is `untrusted`, and its error says why."""
    monkeypatch.setattr(sync, "PEER", limits)
    monkeypatch.setattr(replica.verify, "__kwdefaults__", {"limits": limits})
    python, conf = await federation.pair()
    async with mirror(python) as shown:
        shown.entries.append(b"void")
        await led_to(conf, shown)
        assert (await conf.follow(python)).state == "current"
        # By pieces, so that what is held counts too.
        shown.entries += [b"void", b"x" * 3_000]
        await led_to(conf, shown)
        result = await conf.follow(python)
    assert (result.state, result.error) == ("untrusted", "too-large")
    held = await conf.holds(python)
    assert held is not None
    assert held.size == 2
    assert await _state(conf) == "untrusted"


async def test_row_16_more_sanctions_in_force_than_are_taken_of_any_are_too_many(
    federation: Federation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is a record that every question looks through; one that has ended is none."""
    monkeypatch.setattr(replica.verify, "__kwdefaults__", {"limits": replace(PEER, live=1)})
    python, conf = await federation.pair()
    ban = await python.publish("email:person@person.example")
    assert (await conf.follow(python)).state == "current"
    await python.publish("email:other@person.example")
    assert (await conf.follow(python)).error == "too-large"
    await python.lift(ban)
    assert (await conf.follow(python)).state == "current"


async def test_row_6_a_lie_is_not_washed_off_by_hanging_up(federation: Federation) -> None:
    """Only following it to the end, verified, makes a peer heard again."""
    python, conf = await federation.pair()
    await python.publish("email:person@person.example")
    await conf.follow(python)
    async with mirror(python) as shown:
        shown.entries[1] += b" "
        await led_to(conf, shown)
        assert (await conf.follow(python)).error == "bad-proof"
    assert (await conf.follow(python)).state == "unreachable"
    assert (await conf.sees(python)).last_error == "bad-proof"
    assert await _state(conf) == "untrusted"
    # Nor by withholding what was wrong.
    async with mirror(python) as shown:
        shown.records.clear()
        await led_to(conf, shown)
        async with conf.node.store.write() as connection:
            await records.forget(connection, await python.fingerprint())
        assert (await conf.follow(python)).missing_records == 1
    assert (await conf.sees(python)).last_error == "bad-proof"
    async with mirror(python) as shown:
        await led_to(conf, shown)
        assert (await conf.follow(python)).state == "current"
    assert (await conf.sees(python)).last_error is None
    assert await _state(conf) == "heard"


async def test_row_16_following_ends_at_its_deadline_and_keeps_what_came(
    federation: Federation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However slowly a peer answers, each answer within its own deadline."""
    python, conf = await federation.pair()
    await python.publish("email:person@person.example")
    shorter = conf.node.config.model_copy(update={"follow_deadline": 0.5})
    monkeypatch.setattr(conf, "node", replace(conf.node, config=shorter))
    async with mirror(python) as shown:
        shown.records_take = 5.0
        await led_to(conf, shown)
        result = await conf.follow(python)
        assert (result.state, result.error) == ("unreachable", "unreachable")
        held = await conf.holds(python)
        assert held is not None
        assert held.size == 2
        shown.records_take = 0.0
        assert (await conf.follow(python)).new_records == 1
