"""Decisions and the officers who make them: whose word counts, how often, and when."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from node import (
    acts,
    audit,
    constitution,
    decisions,
    in_short,
    ledger,
    officers,
    sanctions,
    voting,
)
from node.decisions import Status
from node.documents import Decided
from node.errors import UserError
from node.passwords import WrongPassword
from node.store import decisions as rows
from node.store import records
from node.store.decisions import Vote
from protocol.claims import DAY
from protocol.errors import BadSignature, Malformed, OutOfOrder, Violation
from protocol.items import WithdrawItem
from protocol.keys import SigningKey
from protocol.sheet import SignedVote
from protocol.statements import approve, decision_hash, encode_entry, recuse
from tests.node.committee import CYD, NOW, TODAY, Committee, password

STRANGER = SigningKey(bytes(range(1, 33)))


def _approval(data: bytes, key: SigningKey) -> bytes:
    given = approve(data, key)
    return _file(data, "approve", given.officer, given.sig)


def _file(data: bytes, kind: str, officer: bytes, signature: bytes) -> bytes:
    return SignedVote.model_validate(
        {
            "v": 1,
            "decision": decision_hash(data),
            "kind": kind,
            "officer": officer,
            "sig": signature,
        }
    ).to_bytes()


async def _data(committee: Committee, status: Status) -> bytes:
    return (await decisions.show(committee.node, status.decision)).data


async def test_an_approval_signed_elsewhere_counts_as_one_given_here(committee: Committee) -> None:
    """Two of three: one key kept by the node, one on the officer's own device."""
    status = await committee.approve(await committee.propose(), "alice")
    file = _approval(await _data(committee, status), CYD)
    status = await voting.bring(committee.node, status.decision, file + b"\n", NOW)
    assert (status.state, status.approvals) == ("logged", 2)
    quorum = (await committee.register()).attestations[status.attestations[0]].quorum
    assert (len(quorum.approved), quorum.custody) == (2, "node")


async def test_row_12_an_officer_counts_once(committee: Committee) -> None:
    """However often, and on whatever way, the same officer approves."""
    status = await committee.approve(await committee.propose(), "alice", "alice")
    assert (status.state, status.approvals) == ("pending", 1)
    again = await committee.propose()
    file = _approval(await _data(committee, again), CYD)
    for _ in range(2):
        again = await voting.bring(committee.node, again.decision, file, NOW)
    assert (again.state, again.approvals) == ("pending", 1)


async def test_row_12_an_approval_of_another_decision_does_not_count(committee: Committee) -> None:
    """Neither as it is, nor with the other decision's hash written over it."""
    status, other = await committee.propose(), await committee.propose()
    file = _approval(await _data(committee, other), CYD)
    with pytest.raises(UserError, match="another decision"):
        await voting.bring(committee.node, status.decision, file, NOW)
    signature = approve(await _data(committee, other), CYD).sig
    forged = _file(await _data(committee, status), "approve", CYD.public_key, signature)
    with pytest.raises(BadSignature):
        await voting.bring(committee.node, status.decision, forged, NOW)
    assert (await decisions.status(committee.node, status.decision, NOW)).approvals == 0


async def test_row_12_nobody_approves_who_is_no_officer(committee: Committee) -> None:
    """A perfectly good signature by a stranger's key is refused at once."""
    status = await committee.propose()
    file = _approval(await _data(committee, status), STRANGER)
    with pytest.raises(UserError, match="not one of the community's officers"):
        await voting.bring(committee.node, status.decision, file, NOW)


async def test_row_12_a_stranger_whose_vote_is_slipped_into_the_database_does_not_count(
    committee: Committee,
) -> None:
    """Not even then is anything logged: who counts stands in the log, and what holds is checked."""
    status = await committee.approve(await committee.propose(), "alice")
    given = approve(await _data(committee, status), STRANGER)
    slipped = Vote(status.decision, given.officer, "approve", given.sig, None, NOW)
    forged = Vote(status.decision, CYD.public_key, "approve", bytes(64), None, NOW)
    for vote in (slipped, forged):
        async with committee.node.store.write() as connection:
            await rows.vote(connection, vote)
    status = await committee.approve(status, "alice")
    assert status.state != "logged"
    assert not (await committee.register()).attestations


async def test_a_wrong_password_approves_nothing(committee: Committee) -> None:
    """And says no more than that it is wrong."""
    status = await committee.propose()
    with pytest.raises(UserError, match="wrong password"):
        await voting.approve_here(committee.node, status.decision, "alice", "guess", NOW)
    with pytest.raises(UserError, match="no officer of that name"):
        await voting.approve_here(committee.node, status.decision, "eve", "guess", NOW)
    with pytest.raises(UserError, match="not kept here"):
        await voting.approve_here(committee.node, status.decision, "cyd", "guess", NOW)
    assert (await decisions.status(committee.node, status.decision, NOW)).approvals == 0


async def test_passwords_cannot_be_guessed_by_trying(committee: Committee) -> None:
    """Each wrong one is an act; after five in a quarter of an hour the right one is not either."""
    status = await committee.propose()

    async def approve(officer: str, typed: str, now: int = NOW) -> None:
        await voting.approve_here(committee.node, status.decision, officer, typed, now)

    tries = [approve("alice", f"guess {number}") for number in range(20)]
    refused = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(each, WrongPassword) for each in refused) == officers.MOST_WRONG
    for right in (NOW, NOW + officers.PATIENCE):
        with pytest.raises(UserError, match=r"officer alice \(key .{43}\): wait 15 minutes"):
            await approve("alice", password("alice"), right)
    acts_ = await audit.every(committee.node, "password")
    alice = (await officers.named(committee.node, "alice")).key.hex()
    assert [dict(each.detail) for each in acts_] == [{"who": "here", "officer": alice}] * 5
    await approve("alice", password("alice"), NOW + officers.PATIENCE + 1)
    # Nobody else had to wait, nor does an officer whose token somebody else tries passwords by.
    with audit.acting("a stolen token"):
        for number in range(5):
            with pytest.raises(WrongPassword):
                await approve("bob", f"guess {number}")
        with pytest.raises(UserError, match="wait 15 minutes"):
            await approve("bob", password("bob"))
    await approve("bob", password("bob"))
    assert (await decisions.status(committee.node, status.decision, NOW)).state == "logged"


async def test_whoever_recused_approves_no_more(committee: Committee) -> None:
    """A recusal takes an approval back, is final, and lowers no threshold."""
    status = await committee.approve(await committee.propose(), "alice")
    status = await voting.recuse_here(
        committee.node, status.decision, "alice", password("alice"), NOW
    )
    assert (status.state, status.approvals, status.threshold) == ("pending", 0, 2)
    with pytest.raises(UserError, match="recused"):
        await committee.approve(status, "alice")
    status = await committee.approve(status, "bob")
    assert status.state == "pending"
    file = _approval(await _data(committee, status), CYD)
    status = await voting.bring(committee.node, status.decision, file, NOW)
    assert status.state == "logged"


async def test_a_recusal_signed_elsewhere_is_verified(committee: Committee) -> None:
    """It holds for this decision alone, and an approval is no recusal."""
    status, other = await committee.propose(), await committee.propose()
    data = await _data(committee, status)
    for signature in (recuse(await _data(committee, other), CYD), approve(data, CYD).sig):
        file = _file(data, "recuse", CYD.public_key, signature)
        with pytest.raises(BadSignature):
            await voting.bring(committee.node, status.decision, file, NOW, kind="recuse")
    file = _file(data, "recuse", CYD.public_key, recuse(data, CYD))
    with pytest.raises(UserError, match="signed to recuse"):
        await voting.bring(committee.node, status.decision, file, NOW)
    await voting.bring(committee.node, status.decision, file, NOW, kind="recuse")
    with pytest.raises(UserError, match="recused"):
        await voting.bring(committee.node, status.decision, _approval(data, CYD), NOW)


async def test_a_decision_is_declined_when_too_few_are_left(committee: Committee) -> None:
    """One of three who declines stops nothing; the second does, and what was prepared is gone."""
    status = await committee.propose()
    status = await voting.decline(committee.node, status.decision, "cyd", "I doubt it", NOW)
    assert status.state == "pending"
    kept = await decisions.show(committee.node, status.decision)
    assert [voting.reason_of(committee.node, vote) for vote in kept.votes] == ["I doubt it"]
    status = await voting.recuse_here(committee.node, status.decision, "bob", password("bob"), NOW)
    assert status.state == "declined"
    with pytest.raises(UserError, match="declined"):
        await committee.approve(status, "alice")
    shown = await sanctions.show(committee.node, status.attestations[0])
    assert shown.attestation is None
    assert await committee.state(shown.id) == "declined"


async def test_whoever_declined_may_still_approve(committee: Committee) -> None:
    """A note is no signature."""
    status = await committee.propose()
    await voting.decline(committee.node, status.decision, "alice", "not yet", NOW)
    assert (await committee.approve(status)).state == "logged"


async def test_a_logged_decision_takes_no_more_votes(committee: Committee) -> None:
    """What is in the log is as it was approved."""
    status = await committee.approve(await committee.propose())
    with pytest.raises(UserError, match="logged"):
        await voting.decline(committee.node, status.decision, "cyd", "too late", NOW)
    size = (await ledger.own_head(committee.node)).size
    assert (await decisions.show(committee.node, status.decision)).row.index == size - 1


async def test_a_decision_that_the_log_has_overtaken_is_void(committee: Committee) -> None:
    """Two ends of one sanction were proposed; the second is void with the first, and why."""
    id_ = await committee.publish()
    first = await acts.withdraw(committee.node, [id_], "lifted", NOW)
    kept = await decisions.show(committee.node, first.decision)
    async with committee.node.store.write() as connection:
        # As another process might have, between the look at what is pending and the proposal.
        item = kept.decision.model_dump()["items"][0] | {"because": "overturned"}
        other = type(kept.decision).from_value(kept.decision.to_value() | {"items": [item]})
        second = await decisions.propose(connection, committee.node.vault, other, NOW)
    await committee.approve(first)
    status = await decisions.status(committee.node, second, NOW)
    assert status.state == "void"
    assert status.fault is not None
    assert "propose it again" in status.fault
    with pytest.raises(UserError, match="void"):
        await committee.approve(status)


async def test_what_a_decision_voids_is_told(committee: Committee) -> None:
    """Of one officer's act: which others wait no more; and it is listed until proposed again."""
    id_ = await committee.publish()
    stay = await acts.stay(committee.node, [id_], TODAY + timedelta(days=60), NOW)
    await committee.approve(stay, "alice")
    (at_risk,) = await decisions.would_be_voided(committee.node, [id_], NOW)
    assert at_risk.row.hash == stay.decision
    opened = await acts.appeal(committee.node, [id_], "opened", NOW)
    status = await committee.approve(opened, "bob")
    assert [each.decision for each in status.voided] == [stay.decision]
    assert Decided.of(status).voided == [stay.decision.hex()]
    said = in_short.in_short(status.voided[0].said)
    assert said == f"stay until {TODAY + timedelta(days=60)} of {id_[:8]}"
    typed = f"comity sanction stay {id_[:8]} --until {TODAY + timedelta(days=60)}"
    assert in_short.again(status.voided[0].said) == typed

    async def listed(now: int) -> set[bytes]:
        every = await decisions.every(committee.node)
        return await decisions.voided_of_late(committee.node, every, now)

    assert await listed(NOW) == {stay.decision}
    assert await listed(NOW + 31 * DAY) == set()
    later = NOW + DAY
    await acts.stay(committee.node, [id_], TODAY + timedelta(days=60), later)
    assert await listed(later) == set()


async def test_a_change_of_who_decides_says_what_it_voids(committee: Committee) -> None:
    """Everything that waited for those who decided before."""
    waiting = await committee.propose()
    removal = await constitution.remove(committee.node, "cyd", None, NOW)
    status = await committee.approve(removal)
    assert [each.decision for each in status.voided] == [waiting.decision]


async def test_one_officer_voids_no_change_by_the_threshold(committee: Committee) -> None:
    """A small change waits, where it would end a large one: nobody escapes their removal by it."""
    removal = await constitution.remove(committee.node, "bob", None, NOW)
    await committee.approve(removal, "alice")
    small = await constitution.change(committee.node, {"name": "Renamed by bob"}, NOW)
    assert small.threshold == 1
    with pytest.raises(UserError, match="would void the change"):
        await committee.approve(small, "bob")
    assert (await decisions.status(committee.node, small.decision, NOW)).approvals == 0
    await voting.decline(committee.node, removal.decision, "bob", "no", NOW)
    await voting.decline(committee.node, removal.decision, "cyd", "no", NOW)
    assert (await committee.approve(small, "bob")).state == "logged"


async def test_what_nobody_has_approved_is_in_nobodys_way(committee: Committee) -> None:
    """Whoever may propose holds up no small change by a proposal that nobody wants."""
    removal = await constitution.remove(committee.node, "alice", None, NOW)
    small = await constitution.change(committee.node, {"name": "Renamed by alice"}, NOW)
    assert (await committee.approve(small, "alice")).state == "logged"
    assert (await decisions.status(committee.node, removal.decision, NOW)).state == "void"


async def test_what_can_never_be_published_is_forgotten(committee: Committee) -> None:
    """Who decides changed before a ban was approved: it is proposed anew, or never."""
    waiting = await committee.propose()
    await committee.change(threshold=3)
    status = await decisions.status(committee.node, waiting.decision, NOW)
    assert status.state == "void"
    assert (await sanctions.show(committee.node, status.attestations[0])).attestation is None


async def test_a_rotted_approval_is_given_again(committee: Committee) -> None:
    """One flipped bit of what is stored costs a signature, and not the sanction."""
    status = await committee.approve(await committee.propose(), "alice")
    kept = await decisions.show(committee.node, status.decision)
    (vote,) = kept.votes
    assert vote.signature is not None
    rotted = replace(vote, signature=bytes([vote.signature[0] ^ 1]) + vote.signature[1:])
    async with committee.node.store.write() as connection:
        await rows.vote(connection, rotted)
    status = await committee.approve(status, "bob")
    assert (status.state, status.approvals) == ("pending", 1)
    shown = await sanctions.show(committee.node, status.attestations[0])
    assert shown.attestation is not None
    assert (await committee.approve(status, "alice")).state == "logged"


async def test_what_came_too_early_waits(committee: Committee) -> None:
    """An end in favour of what is not attested yet; it follows by itself."""
    old, new = await committee.publish(), await committee.propose()
    register = await committee.register()
    item = WithdrawItem(
        id=old,
        after=register.attestations[old].leaf,
        because="superseded",
        by=new.attestations[0],
    )
    hash_ = await committee.withdrawal(item)
    status = await committee.approve(await decisions.status(committee.node, hash_, NOW))
    assert (status.state, status.approvals) == ("pending", 2)
    assert status.fault is not None
    assert "superseded" in status.fault
    assert (await committee.approve(new)).state == "logged"
    status = await decisions.status(committee.node, hash_, NOW)
    assert (status.state, status.fault) == ("logged", None)
    assert await committee.state(old) == "withdrawn"


async def test_what_is_in_the_log_is_never_forgotten_as_overtaken(committee: Committee) -> None:
    """A backup of before it was logged, beside a log that has it and has gone on."""
    status = await committee.propose()
    data = await _data(committee, status)
    entry = encode_entry(data, [approve(data, CYD), approve(data, await _bob(committee))])
    await ledger.append(committee.node, [entry], NOW)
    await committee.change(threshold=3)
    await committee.approve(status)
    file = _approval(data, CYD)
    status = await voting.bring(committee.node, status.decision, file, NOW)
    assert status.state == "pending"
    assert (await sanctions.show(committee.node, status.attestations[0])).attestation is not None


async def test_row_11_with_every_key_of_the_node_but_no_officer_nothing_is_logged(
    committee: Committee,
) -> None:
    """The thief prepares a perfect attestation, and signs with all keys that the node has."""
    status = await committee.propose("email:critic@example.org")
    data = await _data(committee, status)
    for thieves in ([], [STRANGER], [STRANGER, SigningKey(bytes(range(2, 34)))]):
        entry = encode_entry(data, [approve(data, thief) for thief in thieves])
        with pytest.raises(OutOfOrder, match="of 2 approvals hold"):
            await ledger.append(committee.node, [entry], NOW)
        register = await committee.register()
        void = register.append(entry)
        assert void is not None
        assert not register.attestations
    one = encode_entry(data, [approve(data, CYD), approve(data, STRANGER)])
    with pytest.raises(OutOfOrder, match="1 of 2 approvals hold"):
        await ledger.append(committee.node, [one], NOW)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda file: file[:-1],
        lambda file: file.replace(b'"v":1', b'"v":2'),
        lambda file: file.replace(b'"approve"', b'"decline"'),
        lambda file: b" " + file.replace(b",", b", "),
        lambda file: file.replace(file, b"[]"),
        lambda file: file[:0],
        lambda file: file * 10,
    ],
)
async def test_what_is_no_approval_is_refused_as_such(
    committee: Committee, spoil: Callable[[bytes], bytes]
) -> None:
    """Cut, of another version, of another kind, spaced out, empty, or too long."""
    status = await committee.propose()
    file = _approval(await _data(committee, status), CYD)
    with pytest.raises(Violation):
        await voting.bring(committee.node, status.decision, spoil(file), NOW)


async def test_decisions_are_found_by_the_beginning_of_their_hash(committee: Committee) -> None:
    """Eight digits suffice where they say which one is meant; fewer never do."""
    status = await committee.propose()
    text = status.decision.hex()
    for part in (text, text[:8], text[:20].upper()):
        assert await decisions.find(committee.node, part) == status.decision
    for part in (text[:7], ""):
        with pytest.raises(UserError, match="first 8 digits, or more"):
            await decisions.find(committee.node, part)
    for part in ("0" * 64, "no hash at all"):
        with pytest.raises(UserError, match="no decision"):
            await decisions.find(committee.node, part)


async def test_officers_names_are_known_here_alone(committee: Committee) -> None:
    """The log has keys and custody; the names are for the community's own use."""
    assert [each.name for each in await officers.every(committee.node)] == ["alice", "bob", "cyd"]
    for entry in await committee.entries():
        assert b"alice" not in entry


async def test_records_follow_the_log_in_one_step(committee: Committee) -> None:
    """When an entry cannot be appended, nothing that hangs on it has happened either."""
    status = await committee.approve(await committee.propose(), "alice")
    register = await committee.register()

    async def failing(_connection: object) -> None:
        raise Malformed("something after the append")

    data = await _data(committee, status)
    entry = encode_entry(data, [approve(data, CYD), approve(data, await _bob(committee))])
    with pytest.raises(Malformed):
        await ledger.append(committee.node, [entry], NOW, within=failing)
    assert (await committee.register()) == register
    async with committee.node.store.read() as connection:
        assert await records.held(connection, register.fingerprint) == {}


async def _bob(committee: Committee) -> SigningKey:
    return await officers.key_of(committee.node, "bob", password("bob"), NOW)
