"""Row 8: what a board that was captured can do to its critics, and what a peer makes of it."""

from datetime import timedelta

from node import acts, proposing, sanctions, voting
from node.checking import Occasion, Result, check
from node.policy import Policy, Requirement, Weight
from node.store import policies
from protocol.claims import Scope
from protocol.exchange import Purpose
from protocol.identifiers import from_text
from tests.node.federation import Community, Federation, password

CRITIC = "email:critic@person.example"
NO_OCCASION = Occasion(None, Purpose(kind="unspecified", start=None, end=None))


async def _found(conf: Community) -> Result:
    await conf.sync()
    return await check(conf.node, conf.clients.to, [from_text(CRITIC)], NO_OCCASION, now=conf.now)


async def _sign(community: Community, decision: bytes, officer: str) -> str:
    signed = await voting.approve_here(
        community.node, decision, officer, password(officer), community.now
    )
    return signed.state


async def test_row_8_from_one_officer_to_a_stayed_sanction(federation: Federation) -> None:
    """(Row 8) One officer publishes nothing; whatever a quorum did, one other takes its weight.

    Every peer sees by how many it was decided and may ask for more; an appeal travels with it; and
    what is stayed weighs nothing at any of them, however attentive its policy is.
    """
    board = await federation.community("board.example", officers=("alice", "bob", "cyd"))
    conf = await federation.community("conf.example", only_asks=True)
    await federation.peer(conf, board)
    proposal = proposing.Proposal(
        identifiers=[from_text(CRITIC)],
        measure="ban",
        scope=(Scope(kind="all_own_spaces", space=None),),
    )
    proposed = await sanctions.propose(board.node, proposal, board.now)
    assert await _sign(board, proposed.decision, "alice") == "pending"
    assert (await _found(conf)).findings == []
    assert await _sign(board, proposed.decision, "bob") == "logged"
    result = await _found(conf)
    (finding,) = result.findings
    assert (result.outcome, finding.quorum, finding.attention) == ("match", "2 of 3", "review")

    async with conf.node.store.write() as connection:
        await policies.save(connection, Policy(requirements=[Requirement(3)]))
    result = await _found(conf)
    assert (result.outcome, result.findings[0].attention) == ("nothing_found", "note")
    async with conf.node.store.write() as connection:
        await policies.save(connection, Policy(weights=[Weight("stayed", "urgent")]))

    (id_,) = proposed.attestations
    appeal = await acts.appeal(board.node, [id_], "opened", board.now)
    assert await _sign(board, appeal.decision, "cyd") == "logged"
    result = await _found(conf)
    assert (result.outcome, result.findings[0].flags) == ("match", ("appeal",))
    until = board.today + timedelta(days=14)
    stay = await acts.stay(board.node, [id_], until, board.now)
    assert await _sign(board, stay.decision, "cyd") == "logged"
    result = await _found(conf)
    (finding,) = result.findings
    assert (result.outcome, finding.flags) == ("nothing_found", ("appeal", "stayed"))
    assert "as it is stayed; it makes no match" in finding.why
