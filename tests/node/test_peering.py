"""Peering: who is let in, by whose hand, and what leaving ends."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest
from aiohttp import web
from sqlalchemy import select

from node import admission, audit, ledger, officers, peering, retention, tables
from node.carrying import Act
from node.client import AtAnotherSize, PeerClient
from node.coverage import load_sources
from node.errors import Refused, UserError
from node.introduction import NotTheOneCompared, check_goes_on, introduce
from node.keyring import signing_keys
from node.limits import STRANGER
from node.store import cosigned, logs, peers, records
from node.store.peers import Peer
from node.sync import NotFollowed
from protocol.checkpoint import Checkpoint, sign_checkpoint
from protocol.compare import Comparison
from protocol.encoding import base64url
from protocol.errors import BadProof, Unavailable
from protocol.exchange import CarriedLog, PeeringAnswer, PeeringRequest
from protocol.keys import SigningKey
from protocol.merkle import leaf_hash, tree_root
from protocol.statements import CommunityDecision, approve, encode_entry
from protocol.tiles import Bundle
from protocol.witness import AddCheckpoint
from tests.node.federation import Community, Federation, eventually, password

pytestmark = pytest.mark.wire


async def _add(asking: Community, asked: Community, comparison: Comparison | None = None) -> Peer:
    outcome = await peering.add(
        asking.node, asking.clients, await asked.url(), comparison, asking.now
    )
    assert outcome.error is None
    return outcome.peer


async def _accept(
    asked: Community, asking: Community, comparison: Comparison | None = None
) -> peering.Outcome:
    return await peering.accept(asked.node, asked.clients, asking.id, comparison, asked.now)


async def _state(here: Community, there: Community) -> str:
    return (await here.sees(there)).state


async def _acts(here: Community) -> list[tuple[str, str]]:
    found = await audit.every(here.node, "peer")
    return [(each.detail["who"], each.detail["what"]) for each in found]


async def test_two_administrators_agree_one_after_the_other(federation: Federation) -> None:
    """Asked and wanted until the second one agrees; then active on both sides, and followed."""
    conf = await federation.community("conf.example")
    python = await federation.community("python.example")
    ban = await python.publish("email:person@person.example")
    await _add(conf, python, await python.comparison())
    assert (await _state(conf, python), await _state(python, conf)) == ("asked", "wanted")
    with pytest.raises(NotFollowed):
        await conf.follow(python)
    await _accept(python, conf, await conf.comparison())
    assert (await _state(conf, python), await _state(python, conf)) == ("active", "active")
    # Nobody polls: whoever becomes a peer is followed at once.

    async def held() -> bool:
        return await conf.records_of(python) == {ban}

    await eventually(held)


async def test_asks_that_cross_make_peers(federation: Federation) -> None:
    """Each administrator has agreed by adding."""
    conf = await federation.community("conf.example")
    python = await federation.community("python.example")
    await asyncio.gather(
        _add(conf, python, await python.comparison()),
        _add(python, conf, await conf.comparison()),
    )
    # Had both asked before either was asked, asking again settles it.
    await federation.sync()
    assert (await _state(conf, python), await _state(python, conf)) == ("active", "active")


async def test_the_host_s_own_address_leads_to_the_node(federation: Federation) -> None:
    """People type the host; its discovery document points to where the node is."""
    conf = await federation.community("conf.example")
    python = await federation.community("python.example")
    host = (await python.url()).removesuffix(f"/{python.id}")
    outcome = await peering.add(conf.node, conf.clients, f"{host}/", None, conf.now)
    assert outcome.peer.fingerprint == await python.fingerprint()
    assert outcome.peer.url == await python.url()


@pytest.mark.parametrize("address", ["", "python.example", "ftp://python.example", "http://a b"])
async def test_what_is_no_address_is_refused_in_words(federation: Federation, address: str) -> None:
    """Before anything is fetched."""
    conf = await federation.community("conf.example")
    with pytest.raises(UserError, match="an address is due"):
        await peering.add(conf.node, conf.clients, address, None, conf.now)


async def test_nobody_peers_with_itself(federation: Federation) -> None:
    """An address typed by mistake."""
    conf = await federation.community("conf.example")
    with pytest.raises(UserError, match="this very community"):
        await _add(conf, conf)


async def test_row_38_another_log_than_the_compared_one_is_refused(federation: Federation) -> None:
    """Another community's string, another branch's root, another id: nothing is stored."""
    conf = await federation.community("conf.example")
    python = await federation.community("python.example")
    await python.publish("email:person@person.example")
    right = await python.comparison()
    for wrong in (
        await conf.comparison(),
        replace(right, root=bytes(32)),
        replace(right, id="pypi.example"),
        replace(right, fingerprint=bytes(32)),
        replace(right, size=1, root=right.root),
    ):
        with pytest.raises(NotTheOneCompared):
            await _add(conf, python, wrong)
    with pytest.raises(UserError, match="newer head"):
        await _add(conf, python, replace(right, size=right.size + 1))
    with pytest.raises(KeyError):
        await conf.sees(python)


async def test_row_38_the_string_of_an_older_head_still_compares(federation: Federation) -> None:
    """The log has grown since it was read out, and passes through it."""
    conf = await federation.community("conf.example")
    python = await federation.community("python.example")
    for number in range(4):
        older = await python.comparison()
        await python.publish(f"email:person{number}@person.example")
        assert (await _add(conf, python, older)).compared


async def test_row_38_a_second_log_of_a_known_id_waits_for_a_human(federation: Federation) -> None:
    """A squatter may ask; it is shown beside the first, and cannot take its place."""
    conf = await federation.community("conf.example")
    python = await federation.community("python.example")
    await federation.peer(conf, python)
    squatter = await federation.community(
        "python.example.squatter.example", id="python.example", name="Python, really"
    )
    squatter.id = "python.example"
    await _add(squatter, conf)
    assert (await conf.sees(squatter)).state == "wanted"
    assert (await conf.sees(python)).state == "active"
    fingerprint = base64url(await squatter.fingerprint())
    with pytest.raises(UserError, match="another log already stands"):
        await peering.accept(conf.node, conf.clients, fingerprint, None, conf.now)
    with pytest.raises(UserError, match="another log already stands"):
        await _add(conf, squatter)
    assert (await conf.sees(squatter)).state == "wanted"
    # A human decides that the new one is right.
    first = base64url(await python.fingerprint())
    await peering.remove(conf.node, conf.clients, first, conf.now)
    await peering.accept(conf.node, conf.clients, "python.example", None, conf.now)
    assert (await conf.sees(squatter)).state == "active"


async def test_taking_a_peer_uncompared_is_remembered(federation: Federation) -> None:
    """On the side that did not compare; comparing later is remembered too."""
    conf = await federation.community("conf.example")
    python = await federation.community("python.example")
    await _add(conf, python)
    await _accept(python, conf, await conf.comparison())
    assert not (await conf.sees(python)).compared
    assert (await python.sees(conf)).compared
    with pytest.raises(UserError, match="is wanted"):
        await _accept(conf, python)
    await _accept(conf, python, await python.comparison())
    assert (await conf.sees(python)).compared
    assert await _state(conf, python) == "active"
    async with conf.node.store.write() as connection:
        await peers.change(connection, (await conf.sees(python)).fingerprint, compared=False)
    await _add(conf, python, await python.comparison())
    assert (await conf.sees(python)).compared


async def test_removing_ends_everything_at_once_on_both_sides(federation: Federation) -> None:
    """Nothing of either is kept by the other, nothing is answered any more."""
    conf = await federation.community("conf.example")
    python = await federation.community("python.example")
    await federation.peer(conf, python)
    ban = await python.publish("email:person@person.example")
    await conf.publish("email:other@person.example")
    await federation.sync()
    before = await python.sees(conf)
    outcome = await peering.remove(python.node, python.clients, "conf.example", python.now)
    assert outcome.error is None
    for here, there in ((conf, python), (python, conf)):
        assert await _state(here, there) == "removed"
        assert await here.holds(there) is None
        assert await here.records_of(there) == set()
        fingerprint = await there.fingerprint()
        async with here.node.store.read() as connection:
            tokens = tables.tokens
            rows = await connection.execute(select(tokens).where(tokens.c.log == fingerprint))
            assert rows.all() == []
        assert await load_sources(here.node, now=here.now) == []
    # Whoever asks all the same, with the keys of before, is nobody here.
    with pytest.raises(Refused, match="unknown-key"):
        await conf.clients.at(
            await python.url(), await python.fingerprint(), python.id, bytes(32)
        ).records([ban])
    assert (await conf.push()) == []
    assert before.state == "active"
    said = [("here", "add"), ("python.example", "accept"), ("python.example", "leave")]
    assert await _acts(conf) == said
    assert await _acts(python) == [("here", "accept"), ("here", "remove")]


async def test_row_34_what_was_cosigned_stays_cosigned_when_a_peer_comes_back(
    federation: Federation,
) -> None:
    """A peer that was removed and added again cannot have an older head cosigned meanwhile."""
    conf = await federation.community("conf.example")
    python = await federation.community("python.example")
    await federation.peer(conf, python)
    await python.publish("email:person@person.example")
    assert [told.error for told in await python.push()] == [None]
    size = (await python.head()).size
    await peering.remove(conf.node, conf.clients, "python.example", conf.now)
    await federation.peer(conf, python)
    async with conf.node.store.read() as connection:
        kept = await cosigned.get(connection, await python.fingerprint())
    assert kept is not None
    assert kept.size == size
    client = python.clients.to(await python.sees(conf))
    older = (await python.head()).note
    with pytest.raises(AtAnotherSize) as refused:
        await client.add_checkpoint(AddCheckpoint(0, (), older))
    assert refused.value.size == size


async def test_a_community_that_was_removed_may_ask_again(federation: Federation) -> None:
    """It starts anew: wanted, uncompared, by two hands."""
    conf = await federation.community("conf.example")
    python = await federation.community("python.example")
    await federation.peer(conf, python)
    await peering.remove(python.node, python.clients, "conf.example", python.now)
    await _add(conf, python, await python.comparison())
    again = await python.sees(conf)
    assert (again.state, again.compared) == ("wanted", False)
    await _accept(python, conf)
    assert (await _state(conf, python), await _state(python, conf)) == ("active", "active")


async def test_whoever_did_not_hear_that_we_left_learns_it_when_it_asks(
    federation: Federation,
) -> None:
    """Leaving does not depend on the other: it is answered no more, whether it knows or not."""
    conf = await federation.community("conf.example")
    python = await federation.community("python.example")
    await federation.peer(conf, python)
    await conf.stop()
    outcome = await peering.remove(python.node, python.clients, "conf.example", python.now)
    assert outcome.error == "unreachable"
    assert (await python.sees(conf)).state == "removed"
    assert await python.holds(conf) is None
    ban = await python.publish("email:person@person.example")
    result = await conf.follow(python)
    # The log is for everybody to read, its records for peers only.
    assert (result.state, result.error) == ("refused", "unknown-key")
    assert await conf.records_of(python) == set()
    assert ban


async def test_a_community_without_address_asks_with_its_log(federation: Federation) -> None:
    """It is compared against the log that it brought, and learns at its next sync that it is in."""
    python = await federation.community("python.example")
    meetup = await federation.community("meetup.example", only_asks=True)
    ban = await python.publish("email:person@person.example")
    await _add(meetup, python, await python.comparison())
    with pytest.raises(NotTheOneCompared):
        await _accept(python, meetup, replace(await meetup.comparison(), root=bytes(32)))
    assert await _state(python, meetup) == "wanted"
    await _accept(python, meetup)
    assert not (await python.sees(meetup)).compared
    assert await _state(meetup, python) == "asked"
    await meetup.sync()
    assert await _state(meetup, python) == "active"
    assert await meetup.records_of(python) == {ban}
    with pytest.raises(NotTheOneCompared):
        await _accept(python, meetup, replace(await meetup.comparison(), root=bytes(32)))
    await _accept(python, meetup, await meetup.comparison())
    assert (await python.sees(meetup)).compared
    # Nobody tries to reach it, and it counts for no coverage: it has nothing to say.
    assert await python.push() == []
    assert await load_sources(python.node, now=python.now) == []


async def test_a_log_without_address_is_brought_along_as_it_grows(federation: Federation) -> None:
    """Later entries follow by themselves at each sync; the same again changes nothing."""
    python = await federation.community("python.example")
    meetup = await federation.community("meetup.example", only_asks=True)
    await _add(meetup, python)
    await _accept(python, meetup)
    await meetup.sync()
    await _rename(meetup, "Another name")
    for _ in range(2):
        await meetup.sync()
        assert (await python.sees(meetup)).name == "Another name"
        held = await python.holds(meetup)
        assert held is not None
        assert held.size == 2


async def test_a_log_of_many_pieces_is_carried_whole(
    federation: Federation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than one request holds: each piece stands under a checkpoint of its own."""
    monkeypatch.setattr("node.carrying.PIECE", 2000)
    python = await federation.community("python.example")
    meetup = await federation.community("meetup.example", only_asks=True)
    for number in range(6):
        await _rename(meetup, f"Name {number}")
    await _add(meetup, python, await python.comparison())
    held = await python.holds(meetup)
    assert held is not None
    assert held.size == 7
    await _accept(python, meetup, await meetup.comparison())
    for number in range(6):
        await _rename(meetup, f"Name {number}, again")
    await meetup.sync()
    held = await python.holds(meetup)
    assert held is not None
    assert held.size == 13


async def _rename(community: Community, name: str) -> None:
    """One officer changes the community's name."""
    await _change(community, {"name": name})


async def _change(community: Community, changes: dict[str, object]) -> None:
    """One officer changes what one may change alone."""
    register = await community.register()
    decision = CommunityDecision(
        v=1,
        type="community",
        log=register.fingerprint,
        on=community.today,
        after=register.community_leaf,
        community=register.community.model_copy(update=changes),
    ).to_bytes()
    officer = community.officers[0]
    key = await officers.key_of(community.node, officer, password(officer), community.now)
    await ledger.append(
        community.node, [encode_entry(decision, [approve(decision, key)])], community.now
    )


async def test_one_that_only_asks_and_was_removed_learns_it_when_it_syncs(
    federation: Federation,
) -> None:
    """Nobody can tell it; the signed answer to what it brings does."""
    python = await federation.community("python.example")
    meetup = await federation.community("meetup.example", only_asks=True)
    await python.publish("email:person@person.example")
    await _add(meetup, python)
    await _accept(python, meetup)
    await meetup.sync()
    await peering.remove(python.node, python.clients, "meetup.example", python.now)
    await meetup.sync()
    assert await _state(meetup, python) == "removed"
    assert await meetup.holds(python) is None
    assert await meetup.records_of(python) == set()


async def test_entries_for_peers_are_read_by_peers_only(federation: Federation) -> None:
    """Who is admitted follows; a stranger may still compare, and reads no entry."""
    python = await federation.community("python.example", entries="peers")
    conf = await federation.community("conf.example")
    stranger = await federation.community("stranger.example")
    await python.publish("email:person@person.example")
    await federation.peer(conf, python)
    held = await conf.holds(python)
    assert held is not None
    assert held.size == 2
    await _add(stranger, python, await python.comparison())
    asking = stranger.clients.at(
        await python.url(), await python.fingerprint(), python.id, bytes(32)
    )
    with pytest.raises(Refused, match="unknown-key"):
        await asking.bundle(Bundle(0, 2))


async def test_row_10_strangers_that_ask_change_no_answer(federation: Federation) -> None:
    """Twenty of them wait, and are no peers: nothing of theirs is followed, asked or counted."""
    python = await federation.community("python.example")
    conf = await federation.community("conf.example")
    await federation.peer(conf, python)
    before = await load_sources(conf.node, now=conf.now)
    async with conf.node.store.write() as connection:
        for number in range(20):
            row = Peer(
                fingerprint=bytes([number]) * 32,
                id=f"stranger{number}.example",
                name="A stranger",
                url="http://127.0.0.1:9",
                state="wanted",
                compared=False,
                proven_at=None,
                admitted_at=None,
                last_sync_at=None,
                last_error=None,
            )
            await peers.add(connection, row)
    assert [result.id for result in await conf.sync()] == ["python.example"]
    after = await load_sources(conf.node, now=conf.now)
    assert [source.peer.id for source in after] == [source.peer.id for source in before]
    assert [source.live for source in after] == [source.live for source in before]


async def test_so_many_strangers_may_wait_and_no_more(
    federation: Federation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next is told to come later, and whoever waits already is not pushed out."""
    monkeypatch.setattr(admission, "MAX_WANTED", 1)
    python = await federation.community("python.example")
    first = await federation.community("first.example", only_asks=True)
    second = await federation.community("second.example", only_asks=True)
    await _add(first, python)
    outcome = await peering.add(second.node, second.clients, await python.url(), None, second.now)
    assert outcome.error is not None
    await _add(first, python)
    async with python.node.store.read() as connection:
        assert [peer.id for peer in await peers.every(connection)] == ["first.example"]


async def test_an_id_that_stands_for_two_has_to_be_said_by_fingerprint(
    federation: Federation,
) -> None:
    """The command says which two."""
    python = await federation.community("python.example")
    asking = [
        await federation.community(f"{n}.example", only_asks=True, id="meetup.example", name=f"{n}")
        for n in range(2)
    ]
    for community in asking:
        await _add(community, python)
    with pytest.raises(UserError, match="two logs claim"):
        await peering.accept(python.node, python.clients, "meetup.example", None, python.now)
    fingerprint = base64url(await asking[1].fingerprint())
    outcome = await peering.accept(python.node, python.clients, fingerprint, None, python.now)
    assert (outcome.peer.name, outcome.peer.state) == ("1", "active")


async def test_a_sync_under_way_cannot_bring_back_who_was_removed(federation: Federation) -> None:
    """What arrives after the removal is thrown away."""
    conf = await federation.community("conf.example")
    python = await federation.community("python.example")
    await federation.peer(conf, python)
    await python.publish("email:person@person.example")
    following = asyncio.create_task(conf.follow(python))
    await asyncio.sleep(0.005)
    await peering.remove(conf.node, conf.clients, "python.example", conf.now)
    await asyncio.gather(following, return_exceptions=True)
    assert await conf.holds(python) is None
    async with conf.node.store.read() as connection:
        assert await records.held(connection, await python.fingerprint()) == {}
    assert isinstance(following.exception(), NotFollowed | Unavailable | None)
    assert await _state(conf, python) == "removed"


# --- Strangers ------------------------------------------------------------------------------------


async def _carried(community: Community, *junk: bytes, start: int = 0) -> CarriedLog:
    """Its log with more behind it, from `start`, under its own key."""
    head = await community.head()
    async with community.node.store.read() as connection:
        entries = [*await logs.entries(connection, head), *junk]
    root = tree_root([leaf_hash(entry) for entry in entries])
    key = (await signing_keys(community.node)).log
    note = sign_checkpoint(Checkpoint(head.origin, len(entries), root), key).to_bytes()
    texts = tuple(base64url(entry) for entry in entries[start:])
    return CarriedLog(start=start, entries=texts, checkpoint=note.decode())


async def _send(
    asking: Community, asked: Community, act: Act, carried: CarriedLog | None = None
) -> PeeringAnswer:
    found = await introduce(asking.clients, await asked.url(), now=asking.now)
    key = found.community.keys.http
    client = asking.clients.at(found.url, found.fingerprint, found.community.id, key)
    request = PeeringRequest(
        v=1,
        act=act,
        id=asking.id,
        name=asking.id,
        fingerprint=await asking.fingerprint(),
        url=(await asking.register()).community.url,
        carried=carried,
    )
    return await client.peering(request)


@pytest.mark.parametrize("junk", [[b"x"] * 64, [b"x" * 20_000] * 2])
async def test_row_16_of_a_stranger_s_log_no_more_is_kept_than_shows_who_asks(
    federation: Federation, junk: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not at once, and not by pieces; a peer's log may grow by what it grows by."""
    monkeypatch.setattr(admission, "STRANGER", replace(STRANGER, bytes=30_000))
    python = await federation.community("python.example")
    meetup = await federation.community("meetup.example", only_asks=True)
    with pytest.raises(Refused, match="too-large"):
        await _send(meetup, python, "ask", await _carried(meetup, *junk))
    assert (await _send(meetup, python, "ask", await _carried(meetup))).size == 1
    for act in ("ask", "extend"):
        with pytest.raises(Refused, match="too-large"):
            await _send(meetup, python, act, await _carried(meetup, *junk, start=1))
    with pytest.raises(Refused, match="not-admitted"):
        await _send(meetup, python, "extend", await _carried(meetup, b"x", start=1))
    held = await python.holds(meetup)
    assert held is not None
    assert held.size == 1
    await _accept(python, meetup)
    answer = await _send(meetup, python, "extend", await _carried(meetup, *junk, start=1))
    assert (answer.state, answer.size) == ("active", 1 + len(junk))


async def test_a_stranger_that_comes_and_goes_leaves_nothing_behind(federation: Federation) -> None:
    """Or rows would pile up; of who was a peer it is remembered that it was."""
    python = await federation.community("python.example")
    meetup = await federation.community("meetup.example", only_asks=True)
    for _ in range(2):
        await _send(meetup, python, "ask", await _carried(meetup))
        assert (await _send(meetup, python, "leave")).state == "none"
        with pytest.raises(KeyError):
            await python.sees(meetup)
        assert await python.holds(meetup) is None
    assert await _acts(python) == []
    await _send(meetup, python, "ask", await _carried(meetup))
    await _accept(python, meetup)
    await _send(meetup, python, "leave")
    assert await _state(python, meetup) == "removed"
    await _send(meetup, python, "ask", await _carried(meetup))
    await _send(meetup, python, "leave")
    assert await _state(python, meetup) == "removed"
    # What our own administrator agreed to, and its end.
    assert await _acts(python) == [("here", "accept"), ("meetup.example", "leave")]


async def test_a_wish_that_is_not_repeated_lapses(federation: Federation) -> None:
    """A fortnight after it was made last; then it may be made anew."""
    python = await federation.community("python.example")
    meetup = await federation.community("meetup.example", only_asks=True)
    await _send(meetup, python, "ask", await _carried(meetup))
    federation.later(admission.WANTED_TERM)
    await _send(meetup, python, "ask", await _carried(meetup))
    federation.later(admission.WANTED_TERM)
    await retention.clean(python.node, python.now)
    assert await _state(python, meetup) == "wanted"
    federation.later(1)
    await retention.clean(python.node, python.now)
    with pytest.raises(KeyError):
        await python.sees(meetup)
    assert await python.holds(meetup) is None
    await _send(meetup, python, "ask", await _carried(meetup))
    assert await _state(python, meetup) == "wanted"


async def _changed_key(community: Community) -> SigningKey:
    """One officer puts another `http` key into the log; the node itself goes on under the old."""
    register = await community.register()
    key = SigningKey.generate()
    keys = register.community.keys.model_copy(update={"http": key.public_key})
    await _change(community, {"keys": keys})
    return key


async def _shown_at(stack: AsyncExitStack, answers: dict[str, bytes]) -> str:
    """The base URL of somebody who answers so."""

    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=answers[request.path], content_type="application/json")

    site = web.Application()
    site.router.add_get("/x/{path:.*}", answer)
    runner = web.AppRunner(site, access_log=None)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return f"http://127.0.0.1:{runner.addresses[0][1]}/x"


async def test_row_13_a_retired_key_does_not_speak_for_a_peer_by_the_log_of_before(
    federation: Federation,
) -> None:
    """Its log is held, with the key's end in it; what an address shows cannot take that back."""
    python = await federation.community("python.example")
    conf = await federation.community("conf.example")
    await federation.peer(conf, python)
    shown = await python.clients.public(await python.url()).community()
    await _changed_key(python)
    assert (await conf.follow(python)).state == "current"
    async with AsyncExitStack() as stack:
        url = await _shown_at(stack, {"/x/comity/v1/log/community": shown.to_bytes()})
        target = await conf.url()
        found = await introduce(python.clients, target, now=python.now)
        client = python.clients.at(target, found.fingerprint, conf.id, found.community.keys.http)
        request = PeeringRequest(
            v=1,
            act="leave",
            id=python.id,
            name="x",
            fingerprint=await python.fingerprint(),
            url=url,
            carried=None,
        )
        with pytest.raises(Refused, match="unknown-key"):
            await client.peering(request)
    assert await _state(conf, python) == "active"


async def test_row_13_nor_by_a_newer_head_with_the_key_s_end_kept_back(
    federation: Federation,
) -> None:
    """Tiles and head are public; they prove what is there, and not what is left out."""
    python = await federation.community("python.example")
    await _rename(python, "Another name")
    conf = await federation.community("conf.example")
    await federation.peer(conf, python)
    held = await conf.holds(python)
    assert held is not None
    async with conf.node.store.read() as connection:
        statements = (await conf.node.registers.at(connection, held)).statements
    await _rename(python, "Yet another")
    found = await introduce(conf.clients, await python.url(), now=conf.now)
    await check_goes_on(found, held.size, held.root, statements)
    for size, root, kept in (
        (held.size, bytes(32), statements),
        (held.size, held.root, statements[:-1]),
        (found.head.size, found.head.root, found.statements),
        (found.head.size + 1, held.root, found.statements),
    ):
        with pytest.raises(BadProof):
            await check_goes_on(found, size, root, kept)
    hidden = replace(found, statements=[found.statements[0], found.statements[-1]])
    with pytest.raises(BadProof):
        await check_goes_on(hidden, held.size, held.root, statements)


async def test_an_answer_from_before_an_agreement_does_not_end_it(
    federation: Federation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`none` was true of what stood when it was asked, and is not of what stands now."""
    python = await federation.community("python.example")
    meetup = await federation.community("meetup.example", only_asks=True)
    await _add(meetup, python)
    await _accept(python, meetup)
    await meetup.sync()
    await peering.remove(python.node, python.clients, "meetup.example", python.now)
    tell = PeerClient.peering

    async def told(client: PeerClient, request: PeeringRequest) -> PeeringAnswer:
        answer = await tell(client, request)
        async with meetup.node.store.write() as connection:
            await peers.change(connection, await python.fingerprint(), state="asked")
        return answer

    monkeypatch.setattr(PeerClient, "peering", told)
    await peering.keep_in_touch(meetup.node, meetup.clients, meetup.now)
    assert await _state(meetup, python) == "asked"
    assert await meetup.holds(python) is not None
