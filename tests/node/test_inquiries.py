"""Inquiries: from a match to what its issuer releases, between nodes that may be away for days."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from node import answering, audit, inquiries, kept, keyring, retention, tables
from node.answering import NEW, WAITING, Received, Reply
from node.checking import Occasion, check
from node.client import WrongAnswer
from node.errors import Refused, Unreachable, UserError
from node.identity import OwnIdentity
from node.inquiries import Asked
from node.node import OWN_SECRET, Node
from node.subject import export
from protocol import sdjwt
from protocol.encoding import base64url
from protocol.errors import NotFound, OverBudget
from protocol.exchange import Purpose
from protocol.identifiers import from_text
from protocol.inquiry import Answer, Inquiry, InquiryState, Releasable, SignedAnswer, sign
from protocol.keys import SigningKey
from tests.node.committee import NOW as COMMITTEE_NOW
from tests.node.committee import Committee
from tests.node.federation import Community, Federation, eventually
from tests.node.issuers import NOW, TODAY, Issuer
from tests.node.test_kept import find, held

pytestmark = pytest.mark.wire

DAY = 86_400
MALLORY = "email:mallory@quill.example"
NO_EVENT = Purpose(kind="meetup", start=None, end=None)
BOTH: frozenset[Releasable] = frozenset({"basis", "decided_by"})


@dataclass
class Two:
    """An issuer whose ban was found at an asker's, which has no address."""

    federation: Federation
    issuer: Community
    asker: Community
    ban: str

    async def found(self, purpose: Purpose = NO_EVENT) -> str:
        """The id of the finding."""
        occasion = Occasion("Meetup", purpose)
        asked, now = [from_text(MALLORY)], self.asker.now
        result = await check(self.asker.node, self.asker.clients.to, asked, occasion, now=now)
        return result.findings[0].id

    async def ask(self, purpose: Purpose = NO_EVENT) -> Asked:
        """Ask about it; the question is kept, and not sent yet."""
        node, now = self.asker.node, self.asker.now
        draft = await inquiries.draft(node, await self.found(purpose), None, now)
        return await inquiries.ask(node, draft, now)

    async def carry(self) -> Asked:
        """A step further; the only question as it stands then."""
        await inquiries.carry(self.asker.node, self.asker.clients, self.asker.now)
        return await self.asked()

    async def asked(self) -> Asked:
        """The only question, as the asker has it."""
        (asked,) = await inquiries.every(self.asker.node)
        return asked

    async def received(self) -> Received:
        """The only question, as the issuer has it."""
        (received,) = await answering.every(self.issuer.node)
        return received

    async def answer(self, *release: Releasable) -> Received:
        """Release something, or say that there is no more to say."""
        received = await self.received()
        reply = Reply("released" if release else "cannot_say_more", frozenset(release))
        return await answering.answer(self.issuer.node, received.id, reply, self.issuer.now)


@pytest.fixture
async def two(federation: Federation) -> Two:
    issuer = await federation.community("python.example")
    asker = await federation.community("meetup.example", only_asks=True)
    await federation.peer(asker, issuer)
    ban = await issuer.publish(MALLORY, basis="harassment")
    await asker.sync()
    return Two(federation, issuer, asker, ban)


async def acts(community: Community, act: str) -> list[dict[str, Any]]:
    """What was recorded under a word."""
    return [dict(each.detail) for each in await audit.every(community.node) if each.act == act]


async def test_from_a_match_to_a_verified_disclosure(two: Two) -> None:
    """Asked, kept on both sides, answered, fetched, verified, recorded."""
    asked = await two.ask()
    assert (asked.state, await answering.every(two.issuer.node)) == ("unsent", [])
    assert (await two.carry()).state == "waiting"
    received = await two.received()
    assert (received.id, received.inquiry) == (asked.id, asked.inquiry)
    assert (received.inquiry.attestation, received.inquiry.purpose) == (two.ban, NO_EVENT)
    await two.answer("basis", "decided_by")
    assert (await two.received()).handed_over_at is None
    done = await two.carry()
    assert done.told is not None
    assert (done.state, done.told.basis) == ("answered", "harassment")
    assert done.told.decided_by is not None
    assert (done.told.decided_by.present, done.told.decided_by.in_favour) == (2, 2)
    assert done.to_value()["answer"]["contact"] == "coc@python.example"
    assert (await two.received()).handed_over_at == two.issuer.now
    said = [(each["what"], each["who"]) for each in await acts(two.issuer, "answer")]
    assert said == [
        ("received", "meetup.example"), ("answered", "here"), ("handed_over", "meetup.example")
    ]  # fmt: skip
    own = await acts(two.asker, "inquire")
    assert [each["what"] for each in own] == ["asked", "answered"]
    assert {each["inquiry"] for each in own} == {asked.id}
    assert own[0] == own[0] | {"issuer": "python.example", "event": "Meetup", "who": "here"}


@pytest.mark.parametrize("release", [("basis",), ("decided_by",), ()], ids=str)
async def test_no_more_is_told_than_was_released(two: Two, release: tuple[Releasable, ...]) -> None:
    await two.ask()
    await two.carry()
    await two.answer(*release)
    told = (await two.carry()).told
    assert told is not None
    assert (told.basis is not None, told.decided_by is not None) == (
        "basis" in release, "decided_by" in release
    )  # fmt: skip
    assert told.signed.answer.phrase == ("released" if release else "cannot_say_more")


async def test_the_issuer_is_away_for_a_day(two: Two) -> None:
    """What was asked meanwhile is kept, and goes out once it is back; nothing else has to be typed.

    The asker's own `serve` carries it.
    """
    address = two.issuer.serving
    assert address is not None
    await two.found()
    await two.issuer.stop()
    asked = await two.ask()
    assert ((await two.carry()).state, (await two.asked()).fault) == ("unsent", "unreachable")
    two.federation.later(DAY)
    assert (await two.carry()).state == "unsent"
    await two.issuer.start(address.url.removeprefix("http://"))
    await two.asker.start("127.0.0.1:0")

    async def arrived() -> bool:
        return (await two.asked()).state == "waiting"

    await eventually(arrived)
    assert (await two.received()).id == asked.id
    assert (await two.asked()).fault is None


async def test_the_asker_is_away_for_a_day(two: Two) -> None:
    """The answer waits for it, and is there as soon as its node runs again."""
    await two.ask()
    await two.carry()
    two.federation.later(DAY)
    await two.answer("basis")
    two.federation.later(DAY)
    await two.asker.start("127.0.0.1:0")

    async def answered() -> bool:
        return (await two.asked()).state == "answered"

    await eventually(answered)
    assert (await two.received()).handed_over_at == two.issuer.now


async def test_a_community_with_an_address_asks_alike(federation: Federation) -> None:
    """Each may be issuer and asker at once; a question stands on the side that it is on."""
    issuer = await federation.community("python.example")
    asker = await federation.community("conf.example")
    await federation.peer(asker, issuer)
    ban = await issuer.publish(MALLORY)
    await asker.sync()
    two = Two(federation, issuer, asker, ban)
    await two.ask()
    assert (await two.carry()).state == "waiting"
    assert await answering.every(asker.node) == []
    assert await inquiries.every(issuer.node) == []


async def test_the_same_question_again_is_the_same_question(two: Two) -> None:
    """A crash after sending, or two processes that send: one row, one act, one answer."""
    await two.ask()
    asked = (await two.carry()).inquiry
    client = two.asker.clients.to(await two.asker.sees(two.issuer))
    for _ in range(3):
        assert (await client.inquire(asked)).state == "waiting"
    await two.answer("basis")
    states = [await client.inquire(asked), await client.inquiry(asked.hash)]
    assert {each.state for each in states} == {"answered"}
    assert [each["what"] for each in await acts(two.issuer, "answer")] == [
        "received", "answered", "handed_over"
    ]  # fmt: skip


async def test_nobody_else_asks_with_it_or_fetches_its_answer(two: Two) -> None:
    """Another admitted peer that got hold of the question, or of its hash, gets nothing for it."""
    other = await two.federation.community("other.example", only_asks=True)
    await two.federation.peer(other, two.issuer)
    await two.ask()
    asked = (await two.carry()).inquiry
    await two.answer("basis")
    thief = other.clients.to(await other.sees(two.issuer))
    for attempt, problem in (
        (thief.inquire(asked), "conflict"),
        (thief.inquiry(asked.hash), "not-found"),
        (
            thief.inquire(_altered(asked, **{"from": "other.example", "to": "x.example"})),
            "conflict",
        ),
        (thief.inquire(_altered(asked, log=base64url(bytes(32)))), "conflict"),
    ):
        with pytest.raises(Refused) as refused:
            await attempt
        assert refused.value.problem == problem
    assert len(await answering.every(two.issuer.node)) == 1
    assert (await two.received()).handed_over_at is None


def _altered(asked: Inquiry, **changes: Any) -> Inquiry:
    return Inquiry.from_value(asked.to_value() | changes)


async def test_only_what_is_in_force_can_be_asked_about(two: Two) -> None:
    """An id that is none, or of what has ended: not found, and nothing is kept."""
    await two.ask()
    asked = (await two.asked()).inquiry
    client = two.asker.clients.to(await two.asker.sees(two.issuer))
    with pytest.raises(Refused, match="not-found"):
        await client.inquire(_altered(asked, attestation="7c4b8a52-90d1-4c37-8a10-5b1f2e6d9c03"))
    await two.issuer.lift(two.ban)
    # The asker has not heard of the lift yet: the refusal is final.
    done = await two.carry()
    assert (done.state, done.fault) == ("refused", "not-found")
    assert await answering.every(two.issuer.node) == []
    assert (await two.carry()) == done


async def test_questions_are_bounded(two: Two) -> None:
    """So many new ones in a day, and so many that wait; then over budget, for whoever asks more."""
    await two.ask()
    asked = (await two.asked()).inquiry
    client = two.asker.clients.to(await two.asker.sees(two.issuer))
    for number in (NEW, WAITING - NEW, 0):
        for _ in range(number):
            await client.inquire(_altered(asked, nonce=base64url(secrets.token_bytes(16))))
        with pytest.raises(Refused) as refused:
            await client.inquire(_altered(asked, nonce=base64url(secrets.token_bytes(16))))
        assert (refused.value.problem, refused.value.retry_after) == (OverBudget.code, DAY)
        two.federation.later(DAY + 1)
    # Being refused so is no end: it is tried again.
    assert ((await two.carry()).state, (await two.asked()).fault) == ("unsent", OverBudget.code)


async def test_what_the_issuer_lost_is_sent_anew(two: Two) -> None:
    """An old backup was restored there: it is asked once more, under the same id."""
    await two.ask()
    await two.carry()
    async with two.issuer.node.store.write() as connection:
        await connection.execute(tables.inquiries_received.delete())
    assert ((await two.carry()).state, (await two.asked()).fault) == ("unsent", "not-found")
    assert (await two.carry()).state == "waiting"
    assert (await two.received()).id == (await two.asked()).id


async def test_an_answer_stands(two: Two) -> None:
    """It is given once; and none can be given to what was not asked."""
    await two.ask()
    await two.carry()
    await two.answer()
    with pytest.raises(UserError, match="an answer stands"):
        await two.answer("basis")
    with pytest.raises(UserError, match="no question of this id"):
        await answering.answer(two.issuer.node, "00" * 32, Reply("cannot_say_more"), two.issuer.now)
    for phrase, release in (("released", frozenset()), ("cannot_say_more", BOTH)):
        with pytest.raises(UserError, match="what is released is named"):
            Reply(phrase, release)  # type: ignore[arg-type]


async def test_what_has_ended_is_answered_so(two: Two) -> None:
    """Nothing of it is released any more; and what is in force is not said to have ended."""
    await two.ask()
    await two.carry()
    (received,) = await answering.every(two.issuer.node)
    with pytest.raises(UserError, match="has not ended"):
        await answering.answer(two.issuer.node, received.id, Reply("it_has_ended"), two.issuer.now)
    await two.issuer.lift(two.ban)
    with pytest.raises(UserError, match="--phrase it_has_ended"):
        await two.answer("basis")
    done = await answering.answer(
        two.issuer.node, received.id, Reply("it_has_ended"), two.issuer.now
    )
    assert done.answer is not None
    assert done.answer.phrase == "it_has_ended"


@pytest.mark.parametrize("answered", [False, True])
async def test_once_the_sanction_has_ended_what_was_told_is_gone(
    two: Two, *, answered: bool
) -> None:
    """With the next sync: no basis stays here, and nobody is asked any more."""
    await two.ask()
    await two.carry()
    if answered:
        await two.answer("basis")
        assert (await two.carry()).told is not None
    await two.issuer.lift(two.ban)
    await two.asker.follow(two.issuer)
    done = await two.carry()
    assert (done.state, done.told) == ("ended", None)
    (row,) = await held(two.asker.node, tables.inquiries_asked)
    assert row["answer_sealed"] is None


async def test_what_is_erased_takes_along_what_was_asked_about_it(two: Two) -> None:
    """At the issuer too, where the answer names the basis."""
    await two.ask()
    await two.carry()
    await two.answer("basis")
    await two.issuer.lift(two.ban, "erased")
    assert await answering.every(two.issuer.node) == []


async def test_what_nobody_answers_is_given_up(two: Two) -> None:
    """After 30 days; a finding for a later event is there still."""
    later = two.asker.today + timedelta(days=60)
    await two.ask(Purpose(kind="registration", start=later, end=later))
    await two.carry()
    two.federation.later(30 * DAY - 1)
    assert (await two.carry()).state == "waiting"
    two.federation.later(1)
    assert (await two.carry()).state == "given_up"
    assert [each["what"] for each in await acts(two.asker, "inquire")] == ["asked", "given_up"]


async def test_both_sides_let_go_of_it_in_time(two: Two) -> None:
    """30 days after it came, or was answered; at the asker's together with the finding."""
    await two.ask()
    await two.carry()
    two.federation.later(20 * DAY)
    await two.answer()
    await two.carry()
    for node, days in ((two.asker.node, 10), (two.issuer.node, 30)):
        now = two.issuer.now + days * DAY
        await retention.clean(node, now)
        assert [*await inquiries.every(node), *await answering.every(node)] != []
        await retention.clean(node, now + DAY)
        assert [*await inquiries.every(node), *await answering.every(node)] == []


async def test_with_the_finding_goes_what_was_asked_about_it(two: Two) -> None:
    """Whoever deletes what was found of somebody deletes that, too; an open question just ends."""
    asked = await two.ask()
    await two.carry()
    await kept.delete(two.asker.node, asked.finding, two.asker.now)
    assert await inquiries.every(two.asker.node) == []
    assert await inquiries.carry(two.asker.node, two.asker.clients, two.asker.now) == []


async def test_row_3_nothing_of_an_inquiry_is_readable_in_the_databases(two: Two) -> None:
    """Neither which sanction, nor what was told."""
    await two.ask()
    await two.carry()
    await two.answer("basis")
    await two.carry()
    for node, table in (
        (two.asker.node, tables.inquiries_asked),
        (two.issuer.node, tables.inquiries_received),
    ):
        rows = await held(node, table)
        assert len(rows) == 1
        words = ("harassment", two.ban, "released", "meetup.example")
        assert [word for word in words if word in repr(rows)] == []


async def test_a_person_is_told_that_an_issuer_was_asked_about_them(two: Two) -> None:
    """In their export: when, of whom, and for which event."""
    await two.ask()
    told = await export(two.asker.node, [from_text(MALLORY)], two.asker.now)
    assert [(each["act"], each["event"], each["issuer"]) for each in told.asked] == [
        ("check", "Meetup", None), ("inquire", "Meetup", "python.example")
    ]  # fmt: skip
    other = await export(two.asker.node, [from_text("email:alice@a.example")], two.asker.now)
    assert other.asked == []


# What an issuer could do


@dataclass
class Dishonest:
    """A peer's client that answers as it is told to. Whoever follows it finds its log as it is."""

    issuer: Issuer
    node: Node
    answers: Callable[[Inquiry], InquiryState]
    asked: int = 0

    def to(self, _peer: object) -> "Dishonest":
        """Itself, as `Clients` would give it."""
        return self

    async def inquire(self, inquiry: Inquiry) -> InquiryState:
        """Answer at once."""
        self.asked += 1
        return self.answers(inquiry)

    async def checkpoint(self) -> bytes:
        """Its log has been followed by the time that this fails."""
        await self.issuer.grown_at(self.node)
        raise Unreachable("not now")


@dataclass
class Asking:
    """A founded community that has found somebody at an issuer in the test's own memory."""

    node: Node
    issuer: Issuer
    attestation: str

    async def outcome(
        self, answers: Callable[[Inquiry], InquiryState]
    ) -> tuple[Asked, "Dishonest"]:
        """Ask, and take what comes back."""
        result = await find(self.node, self.issuer, asked=(MALLORY,))
        draft = await inquiries.draft(self.node, result.findings[0].id, None, NOW)
        await inquiries.ask(self.node, draft, NOW)
        peer: Any = Dishonest(self.issuer, self.node, answers)
        await inquiries.carry(self.node, peer, NOW)
        (asked,) = await inquiries.carry(self.node, peer, NOW) or await inquiries.every(self.node)
        return asked, peer

    def said(self, asked: Inquiry, *disclosures: str, **changes: Any) -> Answer:
        """An answer that releases this."""
        value = {
            "v": 1,
            "inquiry": base64url(asked.hash),
            "log": base64url(asked.log),
            "attestation": asked.attestation,
            "on": TODAY.isoformat(),
            "phrase": "released" if disclosures else "cannot_say_more",
            "disclosures": list(disclosures),
            "contact": "appeals@issuer.example",
        }
        return Answer.from_value(value | changes)

    def signed(self, answer: Answer, key: SigningKey | None = None) -> InquiryState:
        """As it comes back."""
        signed = sign(answer, key or self.issuer.key("issue"))
        return InquiryState(v=1, state="answered", answered=signed)


@pytest.fixture
async def asking(committee: Committee) -> Asking:
    issuer = Issuer("issuer.example")
    attestation = issuer.publish(MALLORY)
    issuer.publish("email:other@a.example")
    await issuer.admitted_at(committee.node)
    return Asking(committee.node, issuer, attestation)


def _lies(asking: Asking) -> dict[str, Callable[[Inquiry], InquiryState]]:
    issued = asking.issuer.issued
    mine = issued.pop(asking.attestation)
    (other,) = issued.values()
    (identifier, *_) = mine.subject.values()
    made_up = sdjwt.object_disclosure(bytes(16), "basis", "violence_or_threat")
    another = asking.issuer.key("http")
    honest = asking.said
    return {
        "bad signature": lambda q: asking.signed(honest(q, mine.basis), another),
        "altered": lambda q: _altered_after(asking.signed(honest(q, mine.basis))),
        "other question": lambda q: asking.signed(
            honest(q, mine.basis, inquiry=base64url(bytes(32)))
        ),
        "other attestation": lambda q: asking.signed(
            honest(q, mine.basis, attestation="7c4b8a52-90d1-4c37-8a10-5b1f2e6d9c03")
        ),
        "other log": lambda q: asking.signed(honest(q, mine.basis, log=base64url(bytes(32)))),
        "basis of another": lambda q: asking.signed(honest(q, other.basis)),
        "basis made up": lambda q: asking.signed(honest(q, made_up)),
        "identifier": lambda q: asking.signed(honest(q, identifier)),
        "identifier beside the basis": lambda q: asking.signed(honest(q, mine.basis, identifier)),
    }


def _altered_after(state: InquiryState) -> InquiryState:
    assert state.answered is not None
    answer = state.answered.answer.model_copy(update={"contact": "nobody@evil.example"})
    signed = SignedAnswer(answer=answer, sig=state.answered.sig)
    return InquiryState(v=1, state="answered", answered=signed)


LIES = (
    "bad signature", "altered", "other question", "other attestation", "other log",
    "basis of another", "basis made up", "identifier", "identifier beside the basis",
)  # fmt: skip


@pytest.mark.parametrize("lie", LIES)
async def test_a_dishonest_answer_is_shown_as_such_and_never_as_information(
    asking: Asking, lie: str
) -> None:
    """Nothing of it is kept, and the issuer is not asked again."""
    lies = _lies(asking)
    assert set(lies) == set(LIES)
    asked, peer = await asking.outcome(lies[lie])
    assert (asked.state, asked.told, peer.asked) == ("dishonest", None, 1)
    assert asked.fault in ("bad-signature", "dishonest-answer")
    (row,) = await held(asking.node, tables.inquiries_asked)
    assert row["answer_sealed"] is None
    words = ("harassment", "violence", "quill", "evil.example")
    assert [word for word in words if word in str(asked.to_value())] == []
    said = [each.detail for each in await audit.every(asking.node) if each.act == "inquire"]
    assert [each["what"] for each in said] == ["asked", "dishonest"]


async def test_the_honest_answer_beside_those_is_believed(asking: Asking) -> None:
    """So the cases above fail for what they are."""
    basis = asking.issuer.issued[asking.attestation].basis
    asked, _ = await asking.outcome(lambda q: asking.signed(asking.said(q, basis)))
    assert asked.told is not None
    assert (asked.state, asked.told.basis) == ("answered", "harassment")


async def test_an_answer_of_no_form_that_the_issuer_signed_is_dishonest(asking: Asking) -> None:
    """What anybody on the way could have said is not: it is tried again."""
    for error, state in (
        (WrongAnswer("no answer"), "dishonest"),
        (NotFound("not shown to be the issuer's own"), "unsent"),
    ):
        async with asking.node.store.write() as connection:
            await connection.execute(tables.inquiries_asked.delete())

        def fails(_inquiry: Inquiry, error: Exception = error) -> InquiryState:
            raise error

        asked, _ = await asking.outcome(fails)
        assert asked.state == state


async def test_an_answer_by_a_newer_key_is_believed_once_the_log_was_followed(
    asking: Asking,
) -> None:
    """Keys rotate while questions wait: the key in force counts, and that in force before not."""
    newer = asking.issuer.key("newer issue")
    public = {
        use: base64url(asking.issuer.key(use).public_key) for use in ("log", "cosign", "http")
    }
    asking.issuer.found(keys=public | {"issue": base64url(newer.public_key)})
    basis = asking.issuer.issued[asking.attestation].basis
    asked, _ = await asking.outcome(lambda q: asking.signed(asking.said(q, basis), newer))
    assert asked.told is not None
    assert asked.told.basis == "harassment"


async def test_an_issuer_signs_an_answer_anew_once_its_key_has_changed(
    committee: Committee,
) -> None:
    """The same answer, by the key that askers will find in the log."""
    node, peer = committee.node, bytes(32)
    ban = await committee.publish()
    own = OwnIdentity(node)
    question = Inquiry.from_value(
        {
            "v": 1,
            "from": "meetup.example",
            "to": "python.example",
            "log": base64url((await own.current()).fingerprint),
            "attestation": ban,
            "purpose": NO_EVENT.to_value(),
            "nonce": base64url(bytes(16)),
        }
    )
    now = COMMITTEE_NOW
    asked = await answering.receive(
        node, await own.current(), peer, "meetup.example", question, now
    )
    assert asked.state == "waiting"
    await answering.answer(node, question.hash.hex(), Reply("released", BOTH), now)
    before = await answering.standing(node, await own.current(), peer, question.hash, now)
    newer = await _rotated(committee)
    after = await answering.standing(node, await own.current(), peer, question.hash, now)
    assert before.answered is not None
    assert after.answered is not None
    assert after.answered.answer == before.answered.answer
    assert after.answered == sign(before.answered.answer, newer)


async def _rotated(committee: Committee) -> SigningKey:
    """Another `issue` key, in the log and in the node."""
    newer = SigningKey(bytes(range(2, 34)))
    sealed = committee.node.vault.seal(OWN_SECRET, "issue", newer.seed)
    keys = (await committee.register()).community.keys
    table = tables.own_keys
    async with committee.node.store.write() as connection:
        values = {"public": newer.public_key, "secret_sealed": sealed}
        await connection.execute(table.update().where(table.c.name == "issue").values(**values))
    await committee.change(keys=keys.model_copy(update={"issue": newer.public_key}))
    assert (await keyring.signing_keys(committee.node)).issue == newer
    return newer


# What nobody can ask


async def test_row_22_a_namesake_is_not_asked_about(asking: Asking) -> None:
    """(Row 22) It would tell the issuer of somebody who only has the same name."""
    asking.issuer.publish("email:eve@a.example", "name:Eve Adams")
    await asking.issuer.grown_at(asking.node)
    (weak,) = (await find(asking.node, asking.issuer, asked=("name:Eve Adams",))).findings
    with pytest.raises(UserError, match="namesake"):
        await inquiries.draft(asking.node, weak.id, None, NOW)


async def test_what_has_ended_or_was_asked_or_is_not_there_is_not_asked(asking: Asking) -> None:
    """Each with a word on what to do."""
    (found,) = (await find(asking.node, asking.issuer, asked=(MALLORY,))).findings
    draft = await inquiries.draft(asking.node, found.id, "membership", NOW)
    assert draft.inquiry.purpose.kind == "membership"
    assert "issuer.example does not know" in draft.reveals
    await inquiries.ask(asking.node, draft, NOW)
    again = replace(draft, inquiry=_altered(draft.inquiry, nonce=base64url(bytes(16))))
    with pytest.raises(UserError, match="asked already"):
        await inquiries.ask(asking.node, again, NOW)
    with pytest.raises(UserError, match="asked already"):
        await inquiries.draft(asking.node, found.id, None, NOW)
    asking.issuer.lift(asking.attestation)
    await asking.issuer.grown_at(asking.node)
    with pytest.raises(UserError, match="has ended"):
        await inquiries.draft(asking.node, found.id, None, NOW)
    await kept.delete(asking.node, found.id, NOW)
    for work in (
        inquiries.draft(asking.node, found.id, None, NOW),
        inquiries.ask(asking.node, draft, NOW),
    ):
        with pytest.raises(UserError, match="deleted"):
            await work
