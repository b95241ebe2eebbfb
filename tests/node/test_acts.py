"""What is said of sanctions later: by whom, when, and what then follows."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node import acts, casebook, decisions, sanctions
from node.clock import day_of
from node.decisions import Status
from node.errors import UserError
from protocol.attested import Flag
from protocol.claims import DAY
from protocol.identifiers import from_text
from protocol.items import Notice
from tests.node.committee import NOW, PERSON, TODAY, Committee, proposal

pytestmark = pytest.mark.wire


async def _flags(committee: Committee, id_: str, day: date = TODAY) -> frozenset[Flag]:
    return (await committee.register()).attestations[id_].state(day).flags


async def _approve(committee: Committee, status: Status, *officers: str) -> str:
    return (await committee.approve(status, *officers)).state


async def test_notice_by_one_officer_ends_the_stay_by_the_rules(committee: Committee) -> None:
    """Untold past its delay a sanction is stayed; told, it weighs again, and is told once only."""
    until = TODAY + timedelta(days=10)
    id_ = await committee.publish(notice=Notice(state="delayed", until=until))
    late = until + timedelta(days=1)
    assert await _flags(committee, id_, late) == {"stayed"}
    status = await acts.told(committee.node, [id_], NOW)
    assert status.threshold == 1
    assert await _approve(committee, status, "bob") == "logged"
    assert await _flags(committee, id_, late) == set()
    with pytest.raises(UserError, match="told already"):
        await acts.told(committee.node, [id_], NOW)


async def test_an_appeal_is_opened_by_one_and_answered_by_the_quorum(committee: Committee) -> None:
    """An open one is a flag; rejected it is gone; granted, nothing but the end may follow."""
    id_ = await committee.publish()
    opened = await acts.appeal(committee.node, [id_], "opened", NOW)
    assert await _approve(committee, opened, "alice") == "logged"
    assert await _flags(committee, id_) == {"appeal"}
    with pytest.raises(UserError, match="answered once"):
        await acts.appeal(committee.node, [id_], "opened", NOW)
    rejected = await acts.appeal(committee.node, [id_], "rejected", NOW)
    assert await _approve(committee, rejected, "alice") == "pending"
    assert await _approve(committee, rejected, "bob") == "logged"
    assert await _flags(committee, id_) == set()
    await _approve(committee, await acts.appeal(committee.node, [id_], "opened", NOW), "alice")
    await _approve(committee, await acts.appeal(committee.node, [id_], "granted", NOW))
    assert await _flags(committee, id_) == {"stayed"}
    with pytest.raises(UserError, match="only be withdrawn"):
        await acts.reaffirm(committee.node, [id_], None, NOW)
    await committee.lift(id_, "overturned")
    assert await committee.state(id_) == "withdrawn"


async def test_one_officer_stays_once_and_for_a_fortnight(committee: Committee) -> None:
    """The second stay, and a longer one, take the quorum; none shortens another; resume ends it."""
    id_ = await committee.publish()
    fortnight, month = TODAY + timedelta(days=14), TODAY + timedelta(days=30)
    assert (await acts.stay(committee.node, [id_], month, NOW)).threshold == 2
    await _approve(committee, await _waiting(committee))
    assert await _flags(committee, id_) == {"stayed"}
    with pytest.raises(UserError, match="there already"):
        await acts.stay(committee.node, [id_], fortnight, NOW)
    await _approve(committee, await acts.resume(committee.node, [id_], NOW))
    assert await _flags(committee, id_) == set()
    alone = await acts.stay(committee.node, [id_], fortnight, NOW)
    assert alone.threshold == 1
    assert await _approve(committee, alone, "bob") == "logged"
    assert await _flags(committee, id_, fortnight) == {"stayed"}
    assert await _flags(committee, id_, fortnight + timedelta(days=1)) == set()
    await _approve(committee, await acts.resume(committee.node, [id_], NOW))
    assert (await acts.stay(committee.node, [id_], fortnight, NOW)).threshold == 2


async def _waiting(committee: Committee) -> Status:
    (kept,) = [
        each for each in await decisions.every(committee.node) if each.row.state == "pending"
    ]
    return kept.status(TODAY)


async def test_many_are_reaffirmed_at_once(committee: Committee) -> None:
    """One decision about all of them, and each has its next review."""
    ids = [await committee.publish(f"email:{name}@example.org") for name in ("ann", "ben", "cem")]
    next_review = TODAY + timedelta(days=300)
    status = await acts.reaffirm(committee.node, ids, next_review, NOW)
    assert status.attestations == ids
    assert await _approve(committee, status) == "logged"
    register = await committee.register()
    assert {register.attestations[id_].item.review_by for id_ in ids} == {next_review}


@pytest.mark.parametrize("end_first", [False, True])
async def test_an_amendment_drops_an_identifier(committee: Committee, *, end_first: bool) -> None:
    """In whichever order both are approved, the old one ends only when the new one is there."""
    id_ = await committee.publish()
    before = await sanctions.show(committee.node, id_)
    dropped = from_text("github:malloryq-fake")
    made = await acts.amend(committee.node, before, acts.as_proposed(before, [dropped]), NOW)
    (new,) = made.attesting.attestations
    order = [made.attesting, made.withdrawing]
    for status in reversed(order) if end_first else order:
        await committee.approve(status)
    assert await committee.state(id_) == "withdrawn"
    assert await committee.state(new) == "in_force"
    said = (await sanctions.show(committee.node, new)).attestation
    assert said is not None
    assert "github:malloryq-fake" not in said.subject
    assert "email:mallory.quill@example.org" in said.subject


async def test_an_amendment_changes_something(committee: Committee) -> None:
    """The same again, or with the end and the review that it has, is no amendment."""
    id_ = await committee.publish()
    before = await sanctions.show(committee.node, id_)
    same = acts.as_proposed(before)
    for each in (same, replace(same, review_by=before.item.review_by)):
        with pytest.raises(UserError, match="say what is to change"):
            await acts.amend(committee.node, before, each, NOW)
    sooner = replace(same, review_by=TODAY + timedelta(days=20))
    made = await acts.amend(committee.node, before, sooner, NOW)
    assert made.attesting.state == "pending"


async def test_what_ended_while_it_waited_does_not_rise_again(committee: Committee) -> None:
    """A review that was proposed in time and approved after the sanction lapsed is void."""
    id_ = await committee.publish(review_by=TODAY + timedelta(days=1))
    status = await acts.reaffirm(committee.node, [id_], None, NOW + 10 * DAY)
    late = NOW + 92 * DAY
    assert (await committee.approve(status, now=late)).state == "void"
    assert await committee.state(id_, day_of(late)) == "lapsed"


async def test_reviews_and_ends_are_reminded_of(committee: Committee) -> None:
    """60, 30 and 7 days before each, and on no other day."""
    id_ = await committee.publish(
        review_by=TODAY + timedelta(days=100), ends_on=TODAY + timedelta(days=150)
    )
    reminded = {
        (each.what, day)
        for day in range(151)
        for each in await acts.due(committee.node, NOW + day * DAY)
        if each.id == id_ and each.is_reminded and each.what in ("review", "end")
    }
    assert reminded == {
        ("review", 40), ("review", 70), ("review", 93),
        ("end", 90), ("end", 120), ("end", 143),
    }  # fmt: skip


async def test_a_list_of_old_decisions_is_one_decision(committee: Committee) -> None:
    """Each row is a sanction of its own; all of them wait for the same approvals."""
    rows = "".join(
        f"email:p{n}@example.org;github:p{n}-x,ban,all_own_spaces,never\n" for n in range(40)
    )
    data = f"identifiers,measure,scope,ends_on\n{rows}".encode()
    status = await sanctions.propose_all(committee.node, casebook.read(data), NOW)
    assert len(status.attestations) == 40
    assert await _approve(committee, status) == "logged"
    assert {await committee.state(id_) for id_ in status.attestations} == {"in_force"}


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ("email:x@example.org,Ban,all_own_spaces,", "measure: one of ban, suspension, "),
        ("email:x@example.org,ban,planet,", "scope: KIND or KIND:SPACE"),
        ("email:x@example.org,ban,all_own_spaces,tomorrow", "ends_on: a day such as 2027-03-31"),
        ("x@example.org,ban,all_own_spaces,", "identifiers: KIND:VALUE"),
        ("phone:0301 2345678,ban,all_own_spaces,", "default_region in comity.toml"),
    ],
)
def test_a_cell_that_is_refused_is_placed_and_what_is_due_said(cells: str, words: str) -> None:
    """By row and column; the value is not repeated."""
    data = f"identifiers,measure,scope,ends_on\n{cells}\n".encode()
    with pytest.raises(UserError, match=r"^row 1 \(the first below the header\), column ") as said:
        casebook.read(data)
    assert words in str(said.value)
    assert not any(value in str(said.value) for value in ("x@example", "planet", "2345678"))


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ("ban,all_own_spaces,2020-01-01", "it would have ended .* say a later `ends_on`"),
        ("suspension,all_own_spaces,", "a suspension needs `ends_on`"),
        ("ban,event_series:nowhere,", "`scope`: the space `nowhere` is not declared"),
    ],
)
async def test_a_rule_that_a_row_breaks_is_said_of_that_row(
    committee: Committee, cells: str, words: str
) -> None:
    """By the names of columns; where options were typed instead, by theirs."""
    good, bad = ("email:a@example.org,ban,all_own_spaces,", f"email:b@example.org,{cells}")
    proposals = casebook.read(f"identifiers,measure,scope,ends_on\n{good}\n{bad}\n".encode())
    place = r"^row 2 \(row 1 is the first below the header\): "
    with pytest.raises(UserError, match=place + words) as said:
        await sanctions.propose_all(committee.node, proposals, NOW)
    assert "--" not in str(said.value)
    with pytest.raises(UserError, match=r"--(ends-on|scope)"):
        await sanctions.propose(committee.node, replace(proposals[1], place=None), NOW)


_CELLS = st.text("identifers,m asucop;:@\n\"'é", max_size=300).map(str.encode)


@given(st.binary(max_size=300) | _CELLS)
def test_any_other_list_is_refused_in_words(data: bytes) -> None:
    """Whatever the bytes: nothing here is a sanction, and nothing but words comes of it."""
    with pytest.raises(UserError):
        casebook.read(b"identifiers,measure,scope\n" + data)


async def test_row_8_a_single_officer_puts_nothing_in_force(committee: Committee) -> None:
    """(Row 8) One officer of two cannot publish, prolong or end; what is stayed weighs nothing."""
    proposed = await sanctions.propose(committee.node, proposal(*PERSON), NOW)
    assert await _approve(committee, proposed, "alice") == "pending"
    assert not (await committee.register()).attestations
    await committee.approve(proposed, "bob")
    (id_,) = proposed.attestations
    for status in (
        await acts.reaffirm(committee.node, [id_], None, NOW),
        await acts.withdraw(committee.node, [id_], "lifted", NOW),
    ):
        assert await _approve(committee, status, "alice") == "pending"
    assert await committee.state(id_) == "in_force"
    await _approve(
        committee, await acts.stay(committee.node, [id_], TODAY + timedelta(days=3), NOW), "alice"
    )
    assert await _flags(committee, id_) == {"stayed"}
