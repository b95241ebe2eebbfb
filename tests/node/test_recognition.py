"""Recognising what another community decided: it counts once, and ends with its source."""

import uuid

import pytest

from node import recognition
from node.checking import Occasion, check
from node.errors import UserError
from node.policy import Policy, Rule
from node.store import policies
from protocol.exchange import Purpose
from protocol.identifiers import from_text
from tests.node.federation import Community, Federation

pytestmark = pytest.mark.wire

PERSON = "email:mallory@person.example"
NO_OCCASION = Occasion(None, Purpose(kind="unspecified", start=None, end=None))


async def _outcome(conf: Community) -> tuple[str, list[bool]]:
    await conf.sync()
    found = await check(conf.node, conf.clients.to, [from_text(PERSON)], NO_OCCASION, now=conf.now)
    return found.outcome, [each.counts for each in found.findings]


async def test_row_9_what_is_recognised_counts_once_and_ends_with_its_source(
    federation: Federation,
) -> None:
    """(Row 9) Two findings, one of which counts; none, once the source was lifted."""
    python = await federation.community("python.example")
    meetup = await federation.community("meetup.example")
    conf = await federation.community("conf.example")
    for asked in (python, meetup):
        await federation.peer(conf, asked)
    await federation.peer(meetup, python)
    source = await python.publish(PERSON)
    await meetup.sync()
    origin = await recognition.of(meetup.node, "python.example", source, meetup.now)
    await meetup.publish(PERSON, origin=origin)
    outcome, counted = await _outcome(conf)
    assert (outcome, sorted(counted)) == ("match", [False, True])
    await python.lift(source)
    outcome, counted = await _outcome(conf)
    assert (outcome, counted) == ("nothing_found", [False])
    await meetup.sync()
    with pytest.raises(UserError, match="does not weigh"):
        await recognition.of(meetup.node, "python.example", source, meetup.now)


async def test_ignoring_a_source_does_not_silence_who_recognised_it(federation: Federation) -> None:
    """The policy ignores the one and not the other: then the other's word counts."""
    python = await federation.community("python.example")
    meetup = await federation.community("meetup.example")
    conf = await federation.community("conf.example")
    for asked in (python, meetup):
        await federation.peer(conf, asked)
    await federation.peer(meetup, python)
    source = await python.publish(PERSON)
    await meetup.sync()
    origin = await recognition.of(meetup.node, "python.example", source, meetup.now)
    await meetup.publish(PERSON, origin=origin)
    async with conf.node.store.write() as connection:
        await policies.save(connection, Policy([Rule("ignore", peer=await python.fingerprint())]))
    outcome, counted = await _outcome(conf)
    assert (outcome, sorted(counted)) == ("match", [False, True])


async def test_only_what_a_peer_attested_can_be_recognised(federation: Federation) -> None:
    """Neither a stranger's word nor an unknown id."""
    python = await federation.community("python.example")
    conf = await federation.community("conf.example")
    await federation.peer(conf, python)
    for issuer in ("python.example", "stranger.example"):
        with pytest.raises(UserError):
            await recognition.of(conf.node, issuer, str(uuid.uuid4()), conf.now)
