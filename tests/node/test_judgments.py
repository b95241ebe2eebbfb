"""Pairs of a person and an attestation, judged by a human: what that hides, and what it never does.

"Judged" stands for a judgment that is `different`, unless said otherwise.
"""

import asyncio
from collections.abc import Collection, Mapping

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from node import audit, judging, kept, retention, tables
from node.admission import drop
from node.checking import Occasion, Result, check
from node.errors import NotHere, UserError
from node.findings import Finding
from node.judgments import MOST, Judged, Judgment, Judgments, Who
from node.kept import Kept
from node.node import Node
from node.policy import Policy, Rule, Weight
from node.store import policies
from node.subject import export
from node.vault import Vault
from protocol.encoding import base64url
from protocol.identifiers import Identifier, from_text, related
from protocol.register import Register
from tests.node.committee import Committee
from tests.node.issuers import NOW, Issuer, Reach
from tests.node.test_checking import NO_EVENT, issuer, node
from tests.node.test_kept import held

pytestmark = pytest.mark.wire

__all__ = ["issuer", "node"]

VAULT = Vault(bytes(32))
LOG = b"l" * 32
EVERYBODY = [
    from_text(text)
    for text in (
        "email:alice@a.example",
        "email:bob@b.example",
        "github:alice",
        "email:info@a.example",
        "name:alice smith",
        "name:bob smith",
    )
]
"""Strong ones, and weak ones."""


def _amended() -> tuple[bytes, str, str, Register]:
    """A log with an attestation, and the one that superseded it."""
    issuer = Issuer("python.example")
    first, second = (issuer.publish("github:anybody") for _ in range(2))
    issuer.lift(first, "superseded", by=second)
    return issuer.fingerprint, first, second, issuer.register


AMENDED = _amended()
IDENTIFIERS = st.frozensets(st.sampled_from(EVERYBODY), min_size=1)
DAY = 86_400


def who(person: Collection[Identifier], subject: Collection[Identifier]) -> Who:
    """Somebody who is asked about, where an attestation names `subject`."""
    return Who.of(VAULT, person, set(person) & set(subject))


def judged_before(
    person: Collection[Identifier], subject: Collection[Identifier], judged: Judged = "different"
) -> Judgments:
    """What was judged of a person and the attestation "one" of `subject`."""
    return Judgments([Judgment(LOG, "one", who(person, subject), judged, "Ann", NOW)])


@given(IDENTIFIERS, IDENTIFIERS)
def test_it_holds_for_the_same_person_and_attestation(
    person: frozenset[Identifier], subject: frozenset[Identifier]
) -> None:
    """Whatever the person was known by, as long as nothing is added."""
    made = judged_before(person, subject)
    assert made.of(LOG, "one", who(person, subject), {}) is not None
    assert made.of(LOG, "two", who(person, subject), {}) is None
    assert made.of(b"m" * 32, "one", who(person, subject), {}) is None


@given(IDENTIFIERS, IDENTIFIERS, IDENTIFIERS)
def test_it_hides_nobody_who_has_an_identifier_that_was_not_judged(
    person: frozenset[Identifier], subject: frozenset[Identifier], later: frozenset[Identifier]
) -> None:
    """The same person under another address, or another person under the same one."""
    assume(not later <= person)
    made = judged_before(person, subject)
    assert made.of(LOG, "one", who(later, subject), {}) is None


@given(IDENTIFIERS, IDENTIFIERS, IDENTIFIERS)
def test_it_hides_nobody_who_is_known_by_less_than_who_they_are(
    person: frozenset[Identifier], subject: frozenset[Identifier], later: frozenset[Identifier]
) -> None:
    """With fewer identifiers than judged, one has to be strong and somebody else's than meant."""
    later &= person
    assume(later and later != person)
    own = [each for each in later if each.strong and each not in subject]
    made = judged_before(person, subject)
    assert (made.of(LOG, "one", who(later, subject), {}) is not None) == bool(own)


@given(IDENTIFIERS, IDENTIFIERS, IDENTIFIERS)
def test_it_is_not_carried_on_to_an_attestation_that_matches_by_more(
    person: frozenset[Identifier], subject: frozenset[Identifier], later: frozenset[Identifier]
) -> None:
    """An amendment that names more of this person is news, which nobody has judged."""
    log, first, second, register = AMENDED
    judgment = Judgment(log, first, who(person, subject), "different", "Ann", NOW)
    found = Judgments([judgment]).of(log, second, who(person, later), {log: register})
    assert (found is not None) == (person & later <= person & subject)


@given(st.permutations(["different", "unknown", "same"]), IDENTIFIERS, IDENTIFIERS)
def test_of_several_that_hold_the_one_that_asks_for_most_attention_counts(
    order: list[Judged], person: frozenset[Identifier], subject: frozenset[Identifier]
) -> None:
    """In whatever order they were made."""
    made = [judged_before(person, subject, each).every[0] for each in order]
    found = Judgments(made).of(LOG, "one", who(person, subject), {})
    assert found is not None
    assert found.judged == "same"


def test_of_too_many_identifiers_nobody_is_judged() -> None:
    """They are no one person's, and would be too much to keep."""
    many = [from_text(f"github:fake-{number}") for number in range(MOST + 1)]
    assert Who.of(VAULT, many, many) == Who(person=(), strong=(), matched=())
    assert len(Who.of(VAULT, many[1:], many[1:]).person) == MOST


# --- At a node ------------------------------------------------------------------------------------

NEWCOMER = ("email:casey@new.example", "github:recycled", "name:Casey Vale")
"""Who has a handle that was another's before."""


def asked(*texts: str) -> list[Identifier]:
    """All that is asked for what was typed."""
    return [each for text in texts for each in related(*text.split(":", 1))]


async def ask(node: Node, *issuers: Issuer, about: Collection[str] = NEWCOMER) -> Result:
    """Check somebody, as the command line does."""
    occasion = Occasion("PyRegion", NO_EVENT)
    return await check(node, Reach(*issuers), asked(*about), occasion, now=NOW)


async def _judged(
    node: Node, issuer: Issuer, judged: Judged = "different", about: Collection[str] = NEWCOMER
) -> Finding:
    """The only finding about somebody, once it was judged."""
    await issuer.admitted_at(node)
    (found,) = (await ask(node, issuer, about=about)).findings
    return (await judging.judge(node, found.id, judged, "Ann Other", NOW)).finding


async def test_row_23_a_recycled_handle_that_was_judged_is_a_note_that_says_so(
    node: Node, issuer: Issuer
) -> None:
    """(Row 23) Listed with who judged and when, in what is kept and whenever it is asked again."""
    issuer.publish("github:recycled", "email:old@owner.example")
    judged = await _judged(node, issuer)
    again = await ask(node, issuer)
    without_phone = await ask(node, issuer, about=NEWCOMER[:2])
    for finding in (judged, *again.findings, *without_phone.findings):
        assert (finding.attention, finding.counts) == ("note", False)
        assert (
            "Marked note, as judged a different person here on 2027-01-15 by Ann Other; "
            "it makes no match." in finding.why
        )
        assert "Matched: github; not matched: e-mail address" in finding.why
    assert (again.outcome, len(again.findings)) == ("nothing_found", 1)


async def test_row_23_who_was_judged_hides_nobody_else_at_the_same_address(
    node: Node, issuer: Issuer
) -> None:
    """(Row 23) A shared one: by itself, with another name, or beside an address of its owner."""
    issuer.publish("github:recycled", "email:old@owner.example")
    await _judged(node, issuer)
    for about in (
        ("github:recycled",),
        ("github:recycled", "name:Somebody Else"),
        (*NEWCOMER, "email:old@owner.example"),
        (*NEWCOMER, "phone:+493012345678"),
        ("github:recycled", "name:Casey Vale"),
    ):
        result = await ask(node, issuer, about=about)
        assert (result.outcome, result.findings[0].attention) == ("match", "review"), about


async def test_row_22_a_namesake_who_was_judged_stays_so_and_another_one_does_not(
    node: Node, issuer: Issuer
) -> None:
    """(Row 22) Two people of one name, told apart by what else they are known by."""
    issuer.publish("email:robin@old.example", "name:Robin Vale")
    one, other = ("email:robin@one.example", "name:Robin Vale"), ("name:Robin Vale",)
    judged = await _judged(node, issuer, about=one)
    assert (judged.attention, judged.counts, judged.measure) == ("note", False, None)
    assert (await ask(node, issuer, about=one)).outcome == "nothing_found"
    for about in (other, ("email:robin@other.example", "name:Robin Vale")):
        assert (await ask(node, issuer, about=about)).outcome == "possible"


async def test_a_later_attestation_of_the_same_person_is_shown(node: Node, issuer: Issuer) -> None:
    """By the same issuer or by another one; and a recognition of the judged one as well."""
    first = issuer.publish("github:recycled")
    await _judged(node, issuer)
    issuer.publish("github:recycled")
    await issuer.grown_at(node)
    result = await ask(node, issuer)
    assert sorted((each.attestation == first, each.counts) for each in result.findings) == [
        (False, True),
        (True, False),
    ]
    echo = Issuer("echo.example")
    origin = {"kind": "recognition", "log": base64url(issuer.fingerprint), "attestation": first}
    echo.publish("github:recycled", origin=origin)
    await echo.admitted_at(node)
    found = (await ask(node, issuer, echo)).findings
    assert [each.counts for each in found if each.issuer == "echo.example"] == [True]


async def test_unknown_keeps_the_level_and_says_so(node: Node, issuer: Issuer) -> None:
    """And takes back what was judged before."""
    issuer.publish("github:recycled")
    await _judged(node, issuer)
    finding = await _judged(node, issuer, "unknown")
    assert (finding.attention, finding.counts) == ("review", True)
    assert (
        "Marked review, as no rule here is about it, and as it was left open here on 2027-01-15 by "
        "Ann Other whether it is the same person." in finding.why
    )


async def test_same_is_worth_more_than_a_name_alone_and_never_a_match_by_itself(
    node: Node, issuer: Issuer
) -> None:
    """The level is that of the rules then; what the issuer states is known no better."""
    issuer.publish("email:casey@old.example", "name:Casey Vale")
    finding = await _judged(node, issuer, "same")
    assert (finding.attention, finding.counts, finding.measure) == ("review", True, None)
    assert "as judged the same person here on 2027-01-15 by Ann Other." in finding.why
    assert (await ask(node, issuer)).outcome == "possible"


async def test_a_judgment_goes_before_any_rule_but_one_to_ignore(
    node: Node, issuer: Issuer
) -> None:
    """An urgent rule does not make a match of it; ignored, it still says that it was judged."""
    issuer.publish("github:recycled")
    await _judged(node, issuer)
    for rule, attention in ((Rule("urgent"), "note"), (Rule("ignore"), "ignore")):
        async with node.store.write() as connection:
            await policies.save(connection, Policy([rule], [Weight("weak", "urgent")]))
        (finding,) = (await ask(node, issuer)).findings
        assert (finding.attention, finding.counts) == (attention, False)
        assert "judged a different person here on 2027-01-15 by Ann Other" in finding.why


async def test_an_amendment_keeps_the_judgment_unless_it_matches_by_more(
    node: Node, issuer: Issuer
) -> None:
    """Superseded twice: by one that names less, and by one that names more of this person."""
    first = issuer.publish("github:recycled", "name:Casey Vale")
    await _judged(node, issuer)
    second = issuer.publish("github:recycled", "email:somebody@else.example")
    issuer.lift(first, "superseded", by=second)
    await issuer.grown_at(node)
    (finding,) = (await ask(node, issuer)).findings
    assert (finding.attestation, finding.attention) == (second, "note")
    assert await retention.clean(node, NOW) == 0
    third = issuer.publish("github:recycled", "email:casey@new.example")
    issuer.lift(second, "superseded", by=third)
    await issuer.grown_at(node)
    (finding,) = (await ask(node, issuer)).findings
    assert (finding.attestation, finding.attention) == (third, "review")


async def test_it_is_kept_until_the_sanction_and_its_successors_have_ended(
    committee: Committee,
) -> None:
    """Not until the finding is deleted; and it goes with the peer."""
    node, issuer = committee.node, Issuer("python.example")
    first = issuer.publish("github:recycled")
    await _judged(node, issuer)
    await retention.clean(node, NOW + 40 * DAY)
    assert len(await held(node, tables.judgments)) == 1
    second = issuer.publish("github:recycled")
    issuer.lift(first, "superseded", by=second)
    await issuer.grown_at(node)
    await retention.clean(node, NOW)
    assert len(await held(node, tables.judgments)) == 1
    issuer.lift(second)
    await issuer.grown_at(node)
    await retention.clean(node, NOW)
    assert await held(node, tables.judgments) == []
    issuer.publish("github:recycled")
    await _judged(node, issuer)
    async with node.store.write() as connection:
        await drop(connection, issuer.fingerprint)
    assert await held(node, tables.judgments) == []


async def test_no_identifier_stands_in_it_and_the_record_says_who_judged(
    node: Node, issuer: Issuer
) -> None:
    """Neither in a row nor in the record of acts, opened or not; nor the name of who judged."""
    attestation = issuer.publish("github:recycled")
    finding = await _judged(node, issuer)
    (row,) = await held(node, tables.judgments)
    assert not [text for text in ("recycled", "casey", "Ann") if text.encode() in _bytes(row)]
    (made,) = [each for each in await audit.every(node) if each.act == "judge"]
    assert (made.detail["by"], made.detail["judged"]) == ("Ann Other", "different")
    assert (made.detail["attestation"], made.at) == (attestation, NOW)
    assert not [text for text in ("recycled", "casey") if text in str(made).lower()]
    assert finding.id not in str(made)


def _bytes(row: Mapping[str, object]) -> bytes:
    values = row.values()
    return b"".join(each if isinstance(each, bytes) else str(each).encode() for each in values)


async def test_whoever_reads_on_from_a_cursor_learns_of_a_judgment(
    node: Node, issuer: Issuer
) -> None:
    """A finding that reads otherwise is one that changed."""
    issuer.publish("github:recycled")
    await issuer.admitted_at(node)
    await ask(node, issuer)
    (before,) = await kept.since(node, 0, NOW)
    finding = await _judged(node, issuer)
    (after,) = await kept.since(node, before.cursor, NOW)
    assert (after.finding.id, after.finding.attention) == (finding.id, "note")


async def test_what_cannot_be_judged_is_refused_in_words(node: Node, issuer: Issuer) -> None:
    """A name alone, what has ended, what is not kept, and nobody's judgment."""
    attestation = issuer.publish("github:recycled", "name:Casey Vale")
    await issuer.admitted_at(node)
    (weak,) = (await ask(node, issuer, about=["name:Casey Vale"])).findings
    (found,) = (await ask(node, issuer)).findings
    for id_, by, words in (
        (weak.id, "Ann", "a name or the like alone"),
        (str(attestation), "Ann", "no finding of this id"),
        (found.id, " ", "is a name"),
        (found.id, "A" * 101, "is a name"),
        (found.id, "Ann\nOther", "is a name"),
    ):
        with pytest.raises(UserError, match=words):
            await judging.judge(node, id_, "different", by, NOW)
    issuer.lift(attestation)
    await issuer.grown_at(node)
    with pytest.raises(UserError, match="has ended"):
        await judging.judge(node, found.id, "different", "Ann", NOW)
    assert await held(node, tables.judgments) == []
    assert [each for each in await audit.every(node) if each.act == "judge"] == []


async def test_what_is_deleted_while_it_is_judged_is_not_judged(node: Node, issuer: Issuer) -> None:
    """Whichever comes first, no judgment is left of what nobody could read."""
    issuer.publish("github:recycled")
    await issuer.admitted_at(node)
    (found,) = (await ask(node, issuer)).findings
    results = await asyncio.gather(
        kept.delete(node, found.id, NOW),
        judging.judge(node, found.id, "different", "Ann", NOW),
        return_exceptions=True,
    )
    assert results[0] == 1
    assert isinstance(results[1], Kept | NotHere)
    acts = [each for each in await audit.every(node) if each.act == "judge"]
    assert len(acts) == len(await held(node, tables.judgments))
    async with node.store.write() as connection:
        with pytest.raises(NotHere):
            await kept.changed(connection, found.id)


async def test_a_judgment_that_rotted_hides_nothing(node: Node, issuer: Issuer) -> None:
    """The finding is as it was before."""
    issuer.publish("github:recycled")
    await _judged(node, issuer)
    async with node.store.write() as connection:
        await connection.execute(tables.judgments.update().values(judgment_sealed=b"rotten"))
    (finding,) = (await ask(node, issuer)).findings
    assert (finding.attention, finding.counts) == ("review", True)


async def test_a_person_is_told_what_was_judged_of_them(committee: Committee) -> None:
    """By any identifier that was asked about; not who judged."""
    node, issuer = committee.node, Issuer("issuer.example")
    attestation = issuer.publish("github:recycled")
    await _judged(node, issuer)
    told = await export(node, [from_text("email:casey@new.example")], NOW)
    assert told.to_value()["judged_here"] == [
        {
            "on": "2027-01-15",
            "issuer": "issuer.example",
            "attestation": attestation,
            "judged": "different",
        }
    ]
    assert (await export(node, [from_text("email:old@owner.example")], NOW)).judged == []
