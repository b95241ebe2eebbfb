"""Officers and threshold change by the quorum that there was before, and by nobody else."""

import random

import pytest

from node import (
    acts,
    audit,
    constitution,
    decisions,
    officers,
    sanctions,
    settling,
    sheets,
    voting,
    wording,
)
from node.clock import day_of
from node.decisions import Status
from node.errors import UserError
from node.founding import NewOfficer
from node.home import Home
from node.node import Node, opened
from node.officers import Officer
from node.store import attestations
from protocol.claims import DAY, Scope
from protocol.items import WithdrawItem
from protocol.keys import SigningKey
from protocol.sheet import SignedVote
from protocol.sheet_checks import verify_sheet
from protocol.statements import Community, recuse
from tests.node.committee import (
    CHEAP,
    CYD,
    NOW,
    Committee,
    found_cheaply,
    password,
    proposal,
)

pytestmark = pytest.mark.wire

DANA = SigningKey(bytes(range(1, 33)))
"""The key of somebody who is no officer yet, on a device of their own."""


async def _newcomer(_committee: Committee, name: str) -> Officer:
    return await constitution.newcomer(name, None, password(name), cost=CHEAP)


async def _dana(name: str = "dana") -> Officer:
    return await constitution.newcomer(name, DANA.public_key, "")


async def _decline(committee: Committee, status: Status) -> Status:
    for name in ("alice", "bob"):
        status = await voting.decline(committee.node, status.decision, name, "no", NOW)
    assert status.state == "declined"
    return status


async def _names(node: Node) -> list[str]:
    return [each.name for each in await officers.every(node)]


async def _community(node: Node) -> Community:
    return (await Committee(node).register()).community


async def test_a_new_officer_has_a_password_of_ten_characters() -> None:
    """Where the node makes the key; nobody is asked for one of a key of their own."""
    with pytest.raises(UserError, match="10 characters or more"):
        await constitution.newcomer("dana", None, "9 letters", cost=CHEAP)
    assert (await constitution.newcomer("dana", bytes(32), "")).locked is None


async def test_an_officer_is_added_by_the_quorum_and_counts_afterwards(
    committee: Committee,
) -> None:
    """Not before the statement that lists them: neither for it, nor for anything else."""
    dana = await _newcomer(committee, "dana")
    status = await constitution.add(committee.node, dana, None, NOW)
    with pytest.raises(UserError, match="not one of the community's officers"):
        await committee.approve(status, "dana")
    assert (await committee.approve(status, "alice")).state == "pending"
    assert (await committee.approve(status, "bob")).state == "logged"
    ban = await committee.propose()
    assert (await committee.approve(ban, "alice", "dana")).state == "logged"


async def test_row_12_a_removed_officers_approval_does_not_count(committee: Committee) -> None:
    """What is pending is void when the officers change; a removed officer decides nothing more."""
    ban = await committee.propose()
    await committee.approve(ban, "bob")
    removal = await constitution.remove(committee.node, "bob", None, NOW)
    assert (await committee.approve(removal)).state == "logged"
    found = await decisions.status(committee.node, ban.decision, NOW)
    assert (found.state, found.fault) == (
        "void",
        "the log has gone on since this was proposed: propose it again",
    )
    again = await committee.propose()
    with pytest.raises(UserError, match="not one of the community's officers"):
        await committee.approve(again, "bob")


async def test_a_lost_key_is_replaced_under_the_same_name(committee: Committee) -> None:
    """The new key approves in that name from then on, the old one nothing."""
    cyd = await _newcomer(committee, "cyd")
    status = await constitution.replace(committee.node, cyd, NOW)
    assert (await committee.approve(status)).state == "logged"
    listed = {each.key for each in (await _community(committee.node)).officers}
    assert (cyd.key in listed, CYD.public_key in listed) == (True, False)
    ban = await committee.propose()
    assert (await committee.approve(ban, "cyd", "alice")).state == "logged"
    eve = await constitution.newcomer("eve", CYD.public_key, "", cost=CHEAP)
    with pytest.raises(UserError, match="used once"):
        await constitution.add(committee.node, eve, None, NOW)


async def test_a_recusal_never_lowers_the_threshold(committee: Committee) -> None:
    """Of three one recused: two still have to approve; too few are left: it is declined."""
    ban = await committee.propose()
    await voting.recuse_here(committee.node, ban.decision, "alice", password("alice"), NOW)
    assert (await committee.approve(ban, "bob")).state == "pending"
    other = await committee.propose("email:other@example.org")
    for officer in ("alice", "bob"):
        status = await voting.recuse_here(
            committee.node, other.decision, officer, password(officer), NOW
        )
    assert (status.state, status.threshold) == ("declined", 2)


async def test_what_waits_for_ninety_days_lapses_and_is_forgotten(committee: Committee) -> None:
    """On the 90th day it may still be approved; afterwards nothing of it is kept."""
    ban = await committee.propose()
    await settling.lapse(committee.node, NOW + 90 * DAY)
    assert (await decisions.status(committee.node, ban.decision, NOW)).state == "pending"
    with pytest.raises(UserError, match="lapsed"):
        await committee.approve(ban, now=NOW + 91 * DAY)
    await settling.lapse(committee.node, NOW + 91 * DAY)
    assert (await decisions.status(committee.node, ban.decision, NOW)).state == "lapsed"
    async with committee.node.store.read() as connection:
        row = await attestations.get(connection, ban.attestations[0])
    assert row is not None
    assert row.content_sealed is None


async def test_a_setup_that_one_lost_key_would_block_is_warned_about(committee: Committee) -> None:
    """All of all, and one of one; two of three is sound."""
    sound = await _community(committee.node)
    assert constitution.risk(sound) is None
    everybody = sound.model_copy(update={"threshold": 3})
    assert "3 of 3" in (constitution.risk(everybody) or "")
    alone = sound.model_copy(update={"threshold": 1, "officers": sound.officers[:1]})
    assert "1 of 1" in (constitution.risk(alone) or "")


async def test_a_contact_takes_one_officer_and_a_threshold_the_quorum(
    committee: Committee,
) -> None:
    """And what could not stand in the log is refused before anybody is asked."""
    contact = await constitution.change(committee.node, {"contact": "new@python.example"}, NOW)
    assert contact.threshold == 1
    assert (await committee.approve(contact, "bob")).state == "logged"
    assert (await constitution.set_threshold(committee.node, 3, NOW)).threshold == 2
    for impossible in ({"threshold": 4}, {"contact": "new@python.example"}, {"name": "\u202e"}):
        with pytest.raises(UserError):
            await constitution.change(committee.node, impossible, NOW)


@pytest.mark.parametrize("seed", range(3))
async def test_fewer_than_the_threshold_before_never_change_the_officers(
    committee: Committee, seed: int
) -> None:
    """Random changes, approved by random officers, present and former ones and newcomers."""
    draw, node = random.Random(seed), committee.node
    names = ["alice", "bob"]
    for step in range(8):
        before = await _community(node)
        listed = {each.key for each in before.officers}
        try:
            if draw.random() < 0.5:
                names.append(f"new{step}")
                newcomer = await _newcomer(committee, names[-1])
                threshold = draw.choice([None, None, 2, 3])
                status = await constitution.add(node, newcomer, threshold, NOW)
            else:
                status = await constitution.remove(node, draw.choice(names), None, NOW)
        except UserError:
            continue
        approved: set[bytes] = set()
        for name in draw.sample(names, k=min(len(names), draw.randint(0, 3))):
            if status.state != "pending":
                break
            assert await _community(node) == before
            try:
                status = await committee.approve(status, name)
            except UserError:
                continue
            approved = {
                vote.officer for vote in (await decisions.show(node, status.decision)).votes
            }
        if status.state == "logged":
            assert len(approved & listed) >= before.threshold
        else:
            assert await _community(node) == before


async def test_a_device_keeps_its_own_key_through_a_change(committee: Committee) -> None:
    """A newcomer with a key of their own is listed with custody `own`."""
    await committee.approve(await constitution.add(committee.node, await _dana(), None, NOW))
    custody = {each.key: each.custody for each in (await _community(committee.node)).officers}
    assert custody[DANA.public_key] == "own"


# --- Names, of those who are officers and of those who may become one -----------------------------


@pytest.mark.parametrize("name", ["", " ", "dana ", "da\nna", "\u202eanad", "d" * 101])
async def test_an_officer_is_called_by_what_can_be_read(name: str) -> None:
    """Names stand in lists and in terminals."""
    with pytest.raises(UserError, match="1 to 100 printable characters"):
        await constitution.newcomer(name, None, "", cost=CHEAP)


async def test_a_name_is_given_to_one_officer_at_a_time(committee: Committee) -> None:
    """Neither to two who are proposed, nor to one beside an officer; afterwards anew."""
    node = committee.node
    first = await constitution.add(node, await _newcomer(committee, "dana"), None, NOW)
    for name, words in (("dana", "proposed already"), ("alice", "an officer of that name is")):
        with pytest.raises(UserError, match=words):
            await constitution.add(node, await _newcomer(committee, name), None, NOW)
    replacing = await constitution.replace(node, await _newcomer(committee, "cyd"), NOW)
    with pytest.raises(UserError, match="proposed already"):
        await constitution.replace(node, await _newcomer(committee, "cyd"), NOW)
    assert await _names(node) == ["alice", "bob", "cyd", "cyd", "dana"]
    for refused in (constitution.remove(node, "dana", None, NOW), _replaced(committee, "dana")):
        with pytest.raises(UserError, match="no officer of that name now"):
            await refused
    await _decline(committee, first)
    await _decline(committee, replacing)
    again = await constitution.add(node, await _newcomer(committee, "dana"), None, NOW)
    assert (await committee.approve(again)).state == "logged"
    assert await _names(node) == ["alice", "bob", "cyd", "dana"]


async def test_a_proposal_that_waited_too_long_holds_no_name(committee: Committee) -> None:
    """Nor a key, whether or not the daily job has run."""
    node = committee.node
    await constitution.add(node, await _dana(), None, NOW)
    with pytest.raises(UserError, match="proposed already"):
        await constitution.add(node, await _dana(), None, NOW + 90 * DAY)
    again = await constitution.add(node, await _dana(), None, NOW + 91 * DAY)
    assert again.state == "pending"
    assert await _names(node) == ["alice", "bob", "cyd", "dana"]


async def _replaced(committee: Committee, name: str) -> Status:
    return await constitution.replace(committee.node, await _newcomer(committee, name), NOW)


@pytest.mark.parametrize("end", ["declined", "void", "lapsed"])
async def test_who_did_not_become_an_officer_is_forgotten(committee: Committee, end: str) -> None:
    """Name and key, and a key that the node kept; who is one already stays."""
    node = committee.node
    status = await constitution.add(node, await _newcomer(committee, "dana"), None, NOW)
    assert "dana" in await _names(node)
    match end:
        case "declined":
            await _decline(committee, status)
        case "void":
            await committee.approve(await constitution.set_threshold(node, 3, NOW))
        case "lapsed":
            await settling.lapse(node, NOW + 91 * DAY)
    assert (await decisions.status(node, status.decision, NOW)).state == end
    assert await _names(node) == ["alice", "bob", "cyd"]


async def test_who_became_an_officer_is_known_for_good(committee: Committee) -> None:
    """Also when removed: what they approved is theirs."""
    node = committee.node
    await committee.approve(await constitution.add(node, await _dana(), None, NOW))
    other = await constitution.add(node, await _newcomer(committee, "eve"), None, NOW)
    await _decline(committee, await _recused(committee, other))
    await committee.approve(await constitution.remove(node, "dana", None, NOW))
    assert await _names(node) == ["alice", "bob", "cyd", "dana"]
    with pytest.raises(UserError, match="used once"):
        await constitution.add(node, await _dana("dora"), None, NOW)


async def _recused(committee: Committee, status: Status) -> Status:
    """Of four officers, of whom two decide, three have to refuse."""
    signed = recuse((await decisions.show(committee.node, status.decision)).data, CYD)
    vote = {"v": 1, "decision": status.decision, "kind": "recuse"}
    file = SignedVote.model_validate(vote | {"officer": CYD.public_key, "sig": signed}).to_bytes()
    return await voting.bring(committee.node, status.decision, file, NOW, kind="recuse")


# --- What waits, what was declined ----------------------------------------------------------------


async def test_a_change_that_was_declined_can_be_proposed_the_same_day(
    committee: Committee,
) -> None:
    """The very same: it waits anew, and who declined may approve; twice at a time it cannot."""
    node = committee.node
    status = await constitution.add(node, await _dana(), None, NOW)
    with pytest.raises(UserError, match="proposed already"):
        await constitution.add(node, await _dana(), None, NOW)
    await _decline(committee, status)
    again = await constitution.add(node, await _dana(), None, NOW)
    assert (again.decision, again.state, again.approvals) == (status.decision, "pending", 0)
    assert (await decisions.show(node, again.decision)).votes == []
    with pytest.raises(UserError, match="proposed already"):
        await constitution.add(node, await _dana("dora"), None, NOW)
    assert await _names(node) == ["alice", "bob", "cyd", "dana"]
    assert (await committee.approve(again)).state == "logged"
    votes = [each.detail["what"] for each in await audit.every(node, "vote")]
    assert votes[2:] == ["decline", "decline", "approve", "approve"]


async def test_what_officers_signed_stays_when_a_change_is_proposed_again(
    committee: Committee,
) -> None:
    """An approval is of these very bytes, and a recusal is final."""
    node = committee.node
    status = await constitution.set_threshold(node, 1, NOW)
    with pytest.raises(UserError, match="proposed already, and waits"):
        await constitution.set_threshold(node, 1, NOW)
    await committee.approve(status, "alice")
    await voting.recuse_here(node, status.decision, "bob", password("bob"), NOW)
    await voting.decline(node, status.decision, "cyd", "no", NOW)
    assert (await decisions.status(node, status.decision, NOW)).state == "declined"
    again = await constitution.set_threshold(node, 1, NOW)
    assert (again.state, again.approvals) == ("pending", 1)
    with pytest.raises(UserError, match="recused themselves"):
        await committee.approve(again, "bob")


async def test_a_founding_never_lapses(home: Home) -> None:
    """Until every device has signed, however long that takes: there is nothing to begin anew."""
    status = await found_cheaply(home, threshold=3)
    late = NOW + 400 * DAY
    async with opened(home) as node:
        await settling.lapse(node, late)
        status = await decisions.status(node, status.decision, late)
        assert (status.state, status.approvals) == ("pending", 2)
        sheet = verify_sheet(
            await sheets.export(node, status.decision, late), CYD.public_key, now=late
        )
        file = sheet.approve(CYD).to_bytes()
        assert (await voting.bring(node, status.decision, file, late)).state == "logged"


async def test_what_waited_too_long_has_lapsed_before_anybody_ends_it(
    committee: Committee,
) -> None:
    """On the 91st day it is shown so, nothing is handed out or signed, and it is proposed anew."""
    node = committee.node
    id_ = await committee.publish()
    status, late = await acts.withdraw(node, [id_], "lifted", NOW), NOW + 91 * DAY
    ban = await committee.propose("email:other@example.org")
    for now, state in ((NOW + 90 * DAY, "pending"), (late, "lapsed")):
        assert (await decisions.status(node, status.decision, now)).state == state
        shown = (await sanctions.show(node, ban.attestations[0])).state(day_of(now))
        assert shown == ("proposed" if state == "pending" else state)
    with pytest.raises(UserError, match="lapsed"):
        await sheets.export(node, status.decision, late)
    with pytest.raises(UserError, match="lapsed"):
        await voting.decline(node, status.decision, "alice", "late", late)
    with pytest.raises(UserError, match="proposed already"):
        await acts.withdraw(node, [id_], "lifted", NOW + 90 * DAY)
    again = await acts.withdraw(node, [id_], "lifted", late)
    assert (await committee.approve(again, now=late)).state == "logged"
    # What the log goes past is ended with that, as what it is.
    kept = await decisions.show(node, status.decision)
    assert kept.row.state == "lapsed"


async def test_what_lapsed_is_not_logged_with_what_it_waited_for(committee: Committee) -> None:
    """An end in favour of another sanction, approved by all and too early, and for too long."""
    node, soon, late = committee.node, NOW + 10 * DAY, NOW + 91 * DAY
    old = await committee.publish()
    new = await sanctions.propose(node, proposal("email:new@example.org"), soon)
    register = await committee.register()
    after = register.attestations[old].leaf
    item = WithdrawItem(id=old, after=after, because="superseded", by=new.attestations[0])
    hash_ = await committee.withdrawal(item, now=soon)
    waiting = await committee.approve(await decisions.status(node, hash_, soon), now=soon)
    assert (waiting.state, waiting.approvals, bool(waiting.fault)) == ("pending", 2, True)
    assert (await committee.approve(new, now=late)).state == "logged"
    assert (await decisions.show(node, hash_)).row.state == "lapsed"
    assert await committee.state(old, day_of(late)) == "in_force"


# --- What nobody could undo, and names of spaces and bodies ---------------------------------------


async def test_a_number_that_officers_cannot_reach_is_refused_at_once(
    committee: Committee,
) -> None:
    """In words, and before anything is kept; the same with all that would lead to it."""
    node = committee.node
    before = len(await decisions.every(node))
    for change, words in (
        (constitution.set_threshold(node, 4, NOW), "4 of 3: more would have to approve .* 1 to 3"),
        (constitution.add(node, await _dana(), 5, NOW), "5 of 4: .* 1 to 4"),
        (constitution.remove(node, "bob", 3, NOW), "3 of 2: .* 1 to 2"),
    ):
        with pytest.raises(UserError, match=words):
            await change
    assert len(await decisions.every(node)) == before
    assert await _names(node) == ["alice", "bob", "cyd"]
    await committee.approve(await constitution.set_threshold(node, 3, NOW))
    with pytest.raises(UserError, match="3 of 2"):
        await constitution.remove(node, "bob", None, NOW)
    everybody = await constitution.remove(node, "bob", 2, NOW)
    assert everybody.state == "pending"


async def test_the_last_officer_stays(home: Home) -> None:
    """Nobody would be left to decide."""
    alone = (NewOfficer("alice", None),)
    await found_cheaply(home, officers=alone, threshold=1)
    async with opened(home) as node:
        with pytest.raises(UserError, match="nobody would be left"):
            await constitution.remove(node, "alice", None, NOW)


async def test_spaces_and_bodies_get_other_names_and_go(committee: Committee) -> None:
    """What was decided for them stands, reads as it was decided, and can be lifted."""
    node = committee.node
    scope = (Scope(kind="event_series", space="pycon"),)
    id_ = await committee.publish(scope=scope)
    said = await _community(node)
    renamed = {
        "spaces": constitution.declared(said.spaces, {"pycon": "PyCon US", "eu": "Europe"}, ()),
        "bodies": constitution.declared(said.bodies, {"board": "Board"}, ["cwg"]),
    }
    await committee.approve(await constitution.change(node, renamed, NOW))
    said = await _community(node)
    assert {each.slug: each.name for each in said.spaces} == {"eu": "Europe", "pycon": "PyCon US"}
    gone = {"spaces": constitution.declared(said.spaces, {}, ["pycon"])}
    await committee.approve(await constitution.change(node, gone, NOW))
    said = await _community(node)
    assert [each.slug for each in (*said.spaces, *said.bodies)] == ["eu", "board"]
    lift = await acts.withdraw(node, [id_], "lifted", NOW)
    sheet = verify_sheet(await sheets.export(node, lift.decision, NOW), CYD.public_key, now=NOW)
    words = "\n".join(wording.sheet_in_words(sheet))
    assert 'pycon "PyCon"' in words
    assert 'cwg "Conduct Working Group"' in words
    with pytest.raises(UserError, match=r"not declared; declared are: eu"):
        await committee.propose(scope=scope)
    assert (await committee.approve(lift)).state == "logged"
    for named, unknown in (({}, "pycon"), ({"eu": "E"}, "eu")):
        with pytest.raises(UserError, match=unknown):
            constitution.declared(said.spaces, named, [unknown])
