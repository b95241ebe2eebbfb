"""What a community has decided itself is found where it asks about somebody."""

import pytest

from node import acts, inquiries, kept, recognition
from node.checking import Occasion, Result, check
from node.errors import UserError
from node.policy import Policy, Requirement, Rule
from node.store import policies
from protocol.exchange import Purpose
from protocol.identifiers import from_text
from tests.node.federation import Community, Federation

PERSON = "email:mallory@person.example"
NAME = "name:Mallory Quill"
NO_OCCASION = Occasion(None, Purpose(kind="unspecified", start=None, end=None))


async def _ask(community: Community, *typed: str) -> Result:
    asked = [from_text(each) for each in typed]
    return await check(community.node, community.clients.to, asked, NO_OCCASION, now=community.now)


async def test_an_own_sanction_is_found_and_is_urgent(federation: Federation) -> None:
    """Whatever the policy says of peers; what is stayed weighs nothing, as everywhere."""
    python = await federation.community("python.example")
    id_ = await python.publish(PERSON, "github:mallory-fake")
    async with python.node.store.write() as connection:
        everything = Policy([Rule("ignore")], (), [Requirement(approvals=9)])
        await policies.save(connection, everything)
    result = await _ask(python, PERSON, "github:other-fake")
    (found,) = result.findings
    assert (result.outcome, found.attestation, found.attention) == ("match", id_, "urgent")
    assert (found.issuer, found.measure, found.strength) == (python.id, "ban", "strong")
    assert (found.matched, found.not_matched) == (("email",), ("github",))
    assert "this community has decided it itself" in found.why
    with pytest.raises(UserError, match="decided it itself"):
        await inquiries.draft(python.node, found.id, None, python.now)

    await python.approve(await acts.stay(python.node, [id_], python.today, python.now))
    assert (await _ask(python, PERSON)).outcome == "nothing_found"


async def test_by_a_name_alone_nothing_is_told_of_it(federation: Federation) -> None:
    """As to a peer: no measure, no scope, no dates, and no more than possible."""
    python = await federation.community("python.example")
    await python.publish(PERSON, NAME)
    result = await _ask(python, NAME)
    (found,) = result.findings
    assert (result.outcome, found.strength) == ("possible", "weak")
    assert (found.measure, found.scope, found.in_force_from) == (None, None, None)


async def test_what_is_not_in_force_is_not_found(federation: Federation) -> None:
    """Neither somebody else, nor what only waits, nor what has ended; kept, it reads as ended."""
    python = await federation.community("python.example")
    assert (await _ask(python, PERSON)).findings == []
    id_ = await python.publish(PERSON)
    assert (await _ask(python, "email:other@person.example", NAME)).findings == []
    (found,) = (await _ask(python, PERSON)).findings
    await python.lift(id_)
    assert (await _ask(python, PERSON)).findings == []
    read = await kept.show(python.node, found.id, python.now)
    assert (read.finding.state, read.finding.measure, read.finding.counts) == (
        "withdrawn",
        None,
        False,
    )
    await kept.forget_all_ended(python.node, python.now)
    assert (await kept.show(python.node, found.id, python.now)).shown is None


async def test_what_is_recognised_counts_once_beside_its_source(federation: Federation) -> None:
    """The source and our own recognition of it are one match."""
    python, conf = await federation.pair()
    source = await python.publish(PERSON)
    await conf.sync()
    origin = await recognition.of(conf.node, python.id, source, conf.now)
    await conf.publish(PERSON, origin=origin)
    result = await _ask(conf, PERSON)
    assert result.outcome == "match"
    assert sorted((each.issuer, each.counts) for each in result.findings) in (
        [(conf.id, False), (python.id, True)],
        [(conf.id, True), (python.id, False)],
    )
