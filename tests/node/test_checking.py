"""Asking about one person: what matches, what weighs, and who was heard."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, get_args

import pytest
import structlog
from sqlalchemy import update

from node import tables
from node.admission import drop
from node.attention import Attention
from node.checking import Occasion, Result, check
from node.client import WrongAnswer
from node.config import load
from node.errors import Refused, Unreachable
from node.home import Home
from node.node import Node
from node.policy import Policy, Rule
from node.store import Store, peers, policies
from node.vault import Vault
from protocol.attestation import VerifiedAttestation
from protocol.encoding import base64url
from protocol.errors import BadSignature, TooLarge, UnsupportedMedia
from protocol.exchange import EvaluateAnswer, EvaluateRequest, Purpose
from protocol.identifiers import from_text, related
from protocol.keys import SigningKey
from protocol.voprf import OprfKey
from tests.node.issuers import NOW, TODAY, Issuer, Reach

pytestmark = pytest.mark.wire

NO_EVENT = Purpose(kind="unspecified", start=None, end=None)
MALLORY = ("email:mallory@quill.example", "github:mallory-fake", "name:Mallory Quill")
DAY = timedelta(days=1)


@pytest.fixture
def node(home: Home, store: Store, vault: Vault) -> Node:
    return Node(home, load(home).model_copy(update={"peer_deadline": 1.0}), vault, store)


@pytest.fixture
def issuer() -> Issuer:
    return Issuer("python.example")


async def ask(node: Node, issuer: Any, *texts: str, purpose: Purpose = NO_EVENT) -> Result:
    """Check one person at one issuer, as the command line does."""
    identifiers = {each: None for text in texts for each in related(*text.split(":", 1))}
    return await check(node, Reach(issuer), list(identifiers), Occasion(None, purpose), now=NOW)


async def admitted_and_asked(node: Node, issuer: Issuer, *texts: str) -> Result:
    """Let the node follow the issuer, and check."""
    await issuer.admitted_at(node)
    return await ask(node, issuer, *texts)


def states(result: Result) -> list[str]:
    """How each peer was heard."""
    return [peer.state for peer in result.coverage.peers]


async def test_a_strong_identifier_in_another_spelling_matches(node: Node, issuer: Issuer) -> None:
    """What is asked as typed meets what was published as known, and all of it is told."""
    attestation = issuer.publish("email:mallory@quill.example", "github:mallory-fake")
    result = await admitted_and_asked(
        node, issuer, "email:Mallory@QUILL.example", "github:https://github.com/other-fake"
    )
    assert (result.outcome, result.coverage.complete) == ("match", True)
    finding: dict[str, Any] = result.findings[0].to_value(with_owners=False)
    assert finding == finding | {
        "issuer": "python.example",
        "attestation": attestation,
        "strength": "strong",
        "measure": "ban",
        "scope": [{"kind": "event_series", "space": "pyregion"}],
        "origin": {"kind": "own_decision"},
        "in_force_from": (TODAY - 5 * DAY).isoformat(),
        "ends_on": "indefinite",
        "state": "in_force",
        "flags": (),
        "quorum": "1 of 1",
        "custody": "node",
        "attention": "review",
        "contact": "appeals@python.example",
    }
    assert finding["matched"] == ("email",)
    assert "whose" not in finding
    assert "not matched: github" in finding["why"]
    assert "quill" not in finding["why"].lower()


async def test_somebody_else_is_not_found_and_every_peer_was_heard(
    node: Node, issuer: Issuer
) -> None:
    issuer.publish(*MALLORY)
    result = await admitted_and_asked(node, issuer, "email:alice@quill.example")
    assert (result.outcome, list(result.findings)) == ("nothing_found", [])
    assert result.coverage.complete


async def test_row_22_a_name_alone_is_possible_and_reveals_nothing(
    node: Node, issuer: Issuer
) -> None:
    """Two people of one name: no measure, scope, origin, date or contact of the record."""
    attestation = issuer.publish(*MALLORY)
    result = await admitted_and_asked(node, issuer, "name:quill, mallory", "email:other@a.example")
    assert result.outcome == "possible"
    (finding,) = result.findings
    assert finding.attestation == attestation
    assert (finding.strength, finding.attention) == ("weak", "note")
    hidden = (finding.measure, finding.scope, finding.origin, finding.in_force_from)
    assert (*hidden, finding.ends_on) == (None,) * 5
    assert finding.contact == "conduct@python.example"
    said = str(result.to_value())
    assert not [word for word in ("ban", "pyregion", "appeals@", "indefinite") if word in said]


@pytest.mark.parametrize("level", get_args(Attention))
async def test_row_23_a_role_address_is_possible_at_most(
    node: Node, issuer: Issuer, level: Attention
) -> None:
    """(Row 23) `info@` is many people's: whatever the rules, it opens nothing, and is a note."""
    issuer.publish("email:info@club.example")
    async with node.store.write() as connection:
        await policies.save(connection, Policy([Rule(level)]))
    result = await admitted_and_asked(node, issuer, "email:info@club.example")
    (finding,) = result.findings
    assert result.outcome == ("nothing_found" if level == "ignore" else "possible")
    assert (finding.strength, finding.matched) == ("weak", ("email",))
    assert (finding.measure, finding.scope, finding.in_force_from) == (None, None, None)
    assert finding.attention == ("ignore" if level == "ignore" else "note")
    assert "a second identifier is needed" in finding.why


@pytest.mark.parametrize("matched", range(3))
async def test_row_23_the_finding_says_what_matched_and_what_did_not(
    node: Node, issuer: Issuer, matched: int
) -> None:
    """(Row 23) One of three identifiers matches, as after an address was handed on."""
    words = {"email": "e-mail address", "github": "github", "name": "name"}
    theirs = ("email:alice@a.example", "github:alice", "name:Alice Abernethy")
    issuer.publish(*MALLORY)
    asked = [*theirs[:matched], MALLORY[matched], *theirs[matched + 1 :]]
    (finding,) = (await admitted_and_asked(node, issuer, *asked)).findings
    kind = MALLORY[matched].partition(":")[0]
    assert finding.matched == (kind,)
    others = ", ".join(sorted(each for name, each in words.items() if name != kind))
    assert f"Matched: {words[kind]}; not matched: {others}." in finding.why
    strong = kind != "name"
    assert (finding.strength, finding.attention) == (
        ("strong", "review") if strong else ("weak", "note")
    )
    assert f"Marked {finding.attention}, " in finding.why
    assert "mallory" not in finding.why.lower()


async def test_row_23_a_handle_that_was_given_to_another_is_told_from_the_account(
    node: Node, issuer: Issuer
) -> None:
    """(Row 23) The number of an account never changes hands, and is a kind of its own."""
    issuer.publish("github:handed-on", "github-id:583231")
    renamed = await admitted_and_asked(node, issuer, "github:new-name", "github-id:583231")
    (finding,) = renamed.findings
    assert (finding.matched, finding.attention) == (("github-id",), "review")
    assert "Matched: github-id; not matched: github." in finding.why
    another = await admitted_and_asked(node, issuer, "github:handed-on", "github-id:99")
    (finding,) = another.findings
    assert "Matched: github; not matched: github-id." in finding.why


async def test_an_address_with_a_tag_is_possible(node: Node, issuer: Issuer) -> None:
    """Elsewhere than at known providers `eve+x@` may be somebody else than `eve@`."""
    issuer.publish("email:eve@own.example")
    result = await admitted_and_asked(node, issuer, "email:eve+pycon@own.example")
    assert (result.outcome, result.findings[0].matched) == ("possible", ("email-untagged",))


async def test_what_was_lifted_is_gone(node: Node, issuer: Issuer) -> None:
    attestation = issuer.publish(*MALLORY)
    assert (await admitted_and_asked(node, issuer, *MALLORY)).outcome == "match"
    issuer.lift(attestation)
    result = await admitted_and_asked(node, issuer, *MALLORY)
    assert (result.outcome, list(result.findings)) == ("nothing_found", [])
    assert result.coverage.complete


async def test_stayed_is_listed_and_makes_no_match(node: Node, issuer: Issuer) -> None:
    """Told too late is stayed by the rules themselves."""
    issuer.publish(*MALLORY, notice_until=TODAY - DAY)
    result = await admitted_and_asked(node, issuer, *MALLORY)
    assert result.outcome == "nothing_found"
    (finding,) = result.findings
    assert (finding.flags, finding.attention) == (("stayed",), "note")


@pytest.mark.parametrize(
    ("start", "end", "outcome"),
    [(-40, -31, "nothing_found"), (-40, -30, "match"), (-3, -3, "match"), (5, 6, "match"),
     (10, 12, "match"), (11, 12, "nothing_found"), (-60, 60, "match")],
)  # fmt: skip
async def test_a_measure_counts_for_the_days_of_the_event(
    node: Node, issuer: Issuer, start: int, end: int, outcome: str
) -> None:
    """In force from 30 days before today to 10 days after it, both included."""
    issuer.publish(
        *MALLORY,
        in_force_from=(TODAY - 30 * DAY).isoformat(),
        ends_on=(TODAY + 10 * DAY).isoformat(),
    )
    await issuer.admitted_at(node)
    event = Purpose(kind="registration", start=TODAY + start * DAY, end=TODAY + end * DAY)
    result = await ask(node, issuer, *MALLORY, purpose=event)
    assert result.outcome == outcome
    assert len(result.findings) == 1


@pytest.mark.parametrize(("begins", "ends"), [(-30, 0), (20, 30)])
async def test_without_days_everything_from_today_on_counts(
    node: Node, issuer: Issuer, begins: int, ends: int
) -> None:
    """A suspension that begins next month is no note to who asks about next month."""
    issuer.publish(
        *MALLORY,
        in_force_from=(TODAY + begins * DAY).isoformat(),
        ends_on=(TODAY + ends * DAY).isoformat(),
    )
    assert (await admitted_and_asked(node, issuer, *MALLORY)).outcome == "match"


async def test_row_9_a_recognition_counts_once_with_its_source(node: Node, issuer: Issuer) -> None:
    """A recognised copy adds no weight, and has none once its source has ended."""
    source = issuer.publish(*MALLORY)
    echo = Issuer("echo.example")
    origin = {"kind": "recognition", "log": base64url(issuer.fingerprint), "attestation": source}
    echo.publish(*MALLORY, origin=origin)
    await issuer.admitted_at(node)
    await echo.admitted_at(node)
    asked = [each for text in MALLORY for each in related(*text.split(":", 1))]
    result = await check(node, Reach(issuer, echo), asked, Occasion(None, NO_EVENT), now=NOW)
    assert [(each.issuer, each.counts) for each in result.findings] == [
        ("python.example", True), ("echo.example", False)
    ]  # fmt: skip
    issuer.lift(source)
    await issuer.admitted_at(node)
    result = await check(node, Reach(issuer, echo), asked, Occasion(None, NO_EVENT), now=NOW)
    assert [(each.issuer, each.counts) for each in result.findings] == [("echo.example", False)]
    assert result.outcome == "nothing_found"


def _recognition(log: bytes, attestation: str) -> dict[str, str]:
    return {"kind": "recognition", "log": base64url(log), "attestation": attestation}


async def _counted(node: Node, *issuers: Issuer, asked: str = MALLORY[0]) -> dict[str, bool]:
    """Whose findings count, of issuers that are followed anew."""
    for each in issuers:
        await each.admitted_at(node)
    occasion = Occasion(None, Purpose(kind="meetup", start=TODAY, end=TODAY))
    about = [*dict.fromkeys(related(*asked.split(":", 1)))]
    result = await check(node, Reach(*issuers), about, occasion, now=NOW)
    return {each.issuer: each.counts for each in result.findings}


async def test_row_9_two_that_recognize_each_other_do_not_cancel_out(node: Node) -> None:
    """Nobody decided anything but to follow the other: they count once, and hide nobody."""
    one, other = Issuer("one.example"), Issuer("other.example")
    ids = [str(uuid.uuid4()) for _ in range(2)]
    one.publish(*MALLORY, jti=ids[0], origin=_recognition(other.fingerprint, ids[1]))
    other.publish(*MALLORY, jti=ids[1], origin=_recognition(one.fingerprint, ids[0]))
    assert sorted((await _counted(node, one, other)).values()) == [False, True]


async def test_row_9_a_chain_of_recognitions_counts_once(node: Node) -> None:
    """C follows B, B follows A: one source, which only looks like three; and none, once A ended."""
    a, b, c = [Issuer(f"{name}.example") for name in "abc"]
    first = a.publish(*MALLORY)
    second = b.publish(*MALLORY, origin=_recognition(a.fingerprint, first))
    c.publish(*MALLORY, origin=_recognition(b.fingerprint, second))
    assert await _counted(node, a, b, c) == {
        "a.example": True, "b.example": False, "c.example": False
    }  # fmt: skip
    a.lift(first)
    assert await _counted(node, a, b, c) == {"b.example": False, "c.example": False}


@pytest.mark.parametrize("source", ["weak", "stayed", "later", "ended", "unknown"])
async def test_row_9_a_recognition_counts_where_its_source_makes_no_match(
    node: Node, issuer: Issuer, source: str
) -> None:
    """Matched by a name only, stayed, out of the days, or not in its log; but not once ended."""
    cases: dict[str, dict[str, Any]] = {
        "stayed": {"notice_until": TODAY - DAY},
        "later": {"in_force_from": (TODAY + DAY).isoformat()},
    }
    asked = MALLORY[2:] if source == "weak" else MALLORY
    followed = issuer.publish(*asked, **cases.get(source, {}))
    issuer.publish("github:somebody-else")
    if source == "ended":
        issuer.lift(followed)
    if source == "unknown":
        followed = str(uuid.uuid4())
    echo = Issuer("echo.example")
    echo.publish(*MALLORY, origin=_recognition(issuer.fingerprint, followed))
    counted = await _counted(node, issuer, echo)
    assert counted["echo.example"] is (source != "ended")


async def test_row_14_a_head_that_nobody_cosigns_any_more_is_stale(
    node: Node, issuer: Issuer
) -> None:
    """A day, a week for a part-time community; and not from the future."""
    issuer.publish(*MALLORY)
    day = 86_400
    for age, state in ((day, "heard"), (day + 1, "stale"), (-300, "heard"), (-301, "stale")):
        issuer.cosigned_at = NOW - age
        result = await admitted_and_asked(node, issuer, "email:alice@a.example")
        assert states(result) == [state]
        assert result.coverage.complete is (state == "heard")
    part_time = Issuer("meetup.example", part_time=True, cosigned_at=NOW - 7 * day)
    await part_time.admitted_at(node)
    result = await check(
        node,
        Reach(issuer, part_time),
        [from_text("email:alice@a.example")],
        Occasion(None, NO_EVENT),
        now=NOW,
    )
    assert {peer.id: peer.state for peer in result.coverage.peers} == {
        "meetup.example": "heard", "python.example": "stale"
    }  # fmt: skip


class ForeignCosigner(Issuer):
    """Cosigns with a key that is not the one in its log."""

    def cosign_key(self) -> SigningKey:
        """Another than in its statement."""
        return self.key("foreign")


async def test_row_14_a_cosignature_by_another_key_is_none(node: Node) -> None:
    result = await admitted_and_asked(node, ForeignCosigner("a.example"), "email:alice@a.example")
    assert states(result) == ["stale"]


async def test_a_peer_with_nothing_in_force_is_heard_unasked(node: Node, issuer: Issuer) -> None:
    result = await admitted_and_asked(node, issuer, *MALLORY)
    assert (states(result), issuer.asked) == (["heard"], [])


async def test_a_peer_that_only_asks_is_no_part_of_coverage(node: Node) -> None:
    """And without any other there is nobody who was heard."""
    asker = Issuer("asker.example")
    asker.found(oprf=[])
    result = await admitted_and_asked(node, asker, *MALLORY)
    assert (states(result), result.coverage.complete) == ([], False)


async def test_row_35_no_peer_at_all_is_never_all_heard(node: Node, issuer: Issuer) -> None:
    result = await ask(node, issuer, *MALLORY)
    assert (result.outcome, result.coverage.complete) == ("nothing_found", False)


async def test_row_35_asking_about_nobody_matches_nobody(node: Node, issuer: Issuer) -> None:
    """No identifier, no request, no finding."""
    issuer.publish(*MALLORY)
    result = await admitted_and_asked(node, issuer)
    assert (result.outcome, issuer.asked) == ("nothing_found", [])


async def test_row_33_a_record_that_rotted_here_keeps_its_peer_from_being_heard(
    node: Node, issuer: Issuer
) -> None:
    """The stored bytes are hashed for every question, not believed."""
    attestation = issuer.publish(*MALLORY)
    await issuer.admitted_at(node)
    rotten = bytearray(issuer.records[attestation])
    rotten[200] ^= 1
    async with node.store.write() as connection:
        await connection.execute(update(tables.records).values(record=bytes(rotten)))
    result = await ask(node, issuer, *MALLORY)
    assert (states(result), result.outcome) == (["stale"], "nothing_found")
    async with node.store.write() as connection:
        await connection.execute(tables.records.delete())
    assert states(await ask(node, issuer, *MALLORY)) == ["stale"]


async def test_an_unknown_critical_statement_makes_a_peer_outdated(
    node: Node, issuer: Issuer
) -> None:
    issuer.publish(*MALLORY)
    log = base64url(issuer.fingerprint)
    issuer.append({"v": 2, "type": "future", "log": log, "critical": True})
    result = await admitted_and_asked(node, issuer, "email:alice@a.example")
    assert states(result) == ["outdated"]


async def test_a_peer_whose_log_broke_the_protocol_is_untrusted(node: Node, issuer: Issuer) -> None:
    """Until following it works again; what only could not be reached is as good as it was."""
    issuer.publish(*MALLORY)
    await issuer.admitted_at(node)
    for error, state in (("bad-proof", "untrusted"), ("unreachable", "heard"), (None, "heard")):
        async with node.store.write() as connection:
            await peers.change(connection, issuer.fingerprint, last_error=error)
        assert states(await ask(node, issuer, "email:alice@a.example")) == [state]


class LyingIssuer(Issuer):
    """Answers under another key, or with one wrong element."""

    lie = "key"

    async def evaluate(self, request: EvaluateRequest) -> EvaluateAnswer:
        """Lie."""
        if self.lie == "key":
            return self.evaluated(request, self.oprf_key("another"))
        answer = self.evaluated(request, self.oprf)
        elements = list(answer.evaluated)
        elements[0] = self.evaluated(request, self.oprf_key("another")).evaluated[0]
        return answer.model_copy(update={"evaluated": tuple(elements)})


@pytest.mark.parametrize("lie", ["key", "element"])
async def test_row_5_a_wrong_key_or_one_wrong_element_is_refused(node: Node, lie: str) -> None:
    """The proof is against the key in the log; nothing of such an answer is kept or shown."""
    issuer = LyingIssuer("liar.example")
    issuer.lie = lie
    issuer.publish(*MALLORY)
    result = await admitted_and_asked(node, issuer, *MALLORY)
    assert (states(result), result.outcome) == (["untrusted"], "nothing_found")
    for table in (tables.tokens, tables.pending_evaluations):
        async with node.store.read() as connection:
            assert (await connection.execute(table.select())).all() == []


class BadSealer(Issuer):
    """Seals records that do not open for whoever is meant."""

    def seal(self, verified: VerifiedAttestation, shares: Any) -> bytes:
        """Wrap under a key that nobody can derive."""
        wrong = [replace(share, record_key=bytes(32)) for share in shares]
        return super().seal(verified, wrong)


class FlagSwapper(Issuer):
    """Seals what is weak as if it were strong, so that somebody's name opens the record."""

    def seal(self, verified: VerifiedAttestation, shares: Any) -> bytes:
        """Flag every entry as strong."""
        return super().seal(verified, [replace(share, strong=True) for share in shares])


@pytest.mark.parametrize("kind", [BadSealer, FlagSwapper])
async def test_row_37_a_hit_that_does_not_open_is_never_silence(
    node: Node, kind: type[Issuer]
) -> None:
    issuer = kind("sloppy.example")
    issuer.publish(*MALLORY)
    result = await admitted_and_asked(node, issuer, "name:Mallory Quill")
    assert (states(result), list(result.findings)) == (["untrusted"], [])


class Meanwhile(Issuer):
    """While it is asked, something happens at the asker's."""

    happens: Callable[[], Awaitable[None]]

    async def evaluate(self, request: EvaluateRequest) -> EvaluateAnswer:
        """Answer, after it happened."""
        await self.happens()
        return await super().evaluate(request)


@pytest.mark.parametrize(
    ("event", "state"),
    [("lifted", "heard"), ("lost", "stale"), ("rotten", "stale"), ("removed", "unreachable")],
)
async def test_a_record_that_goes_while_a_question_is_asked_accuses_nobody(
    node: Node, event: str, state: str
) -> None:
    """What was lifted meanwhile is nothing found; what is lost here makes the answer stale."""
    issuer = Meanwhile("python.example")
    attestation = issuer.publish(*MALLORY)
    issuer.publish("github:somebody-else")

    async def lifted() -> None:
        # Following: the log as it has grown, and the record dropped.
        issuer.lift(attestation)
        await issuer.admitted_at(node)

    async def change() -> None:
        table = tables.records
        ours = table.c.attestation == attestation
        rotten = table.update().where(ours).values(record=b"rotten")
        async with node.store.write() as connection:
            await connection.execute(rotten if event == "rotten" else table.delete().where(ours))
            if event == "removed":
                await drop(connection, issuer.fingerprint)

    issuer.happens = lifted if event == "lifted" else change
    result = await admitted_and_asked(node, issuer, *MALLORY)
    assert (result.outcome, list(result.findings)) == ("nothing_found", [])
    assert states(result) == [state]


class FailingIssuer(Issuer):
    """Does not answer, each in its own way."""

    error: Exception | None = None

    async def evaluate(self, request: EvaluateRequest) -> EvaluateAnswer:
        """Fail."""
        if self.error is None:
            await asyncio.Event().wait()
        else:
            raise self.error
        return await super().evaluate(request)


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (None, "unreachable"),
        (Unreachable("no connection"), "unreachable"),
        (Refused("not-admitted"), "refused"),
        (Refused("over-budget", 7200), "refused"),
        (BadSignature("the answer is not the peer's"), "unreachable"),
        (TooLarge("a page of a proxy's"), "unreachable"),
        (UnsupportedMedia("a page of a proxy's, packed"), "unreachable"),
        (WrongAnswer("the peer signed it, and it is none"), "untrusted"),
        (RuntimeError("mallory@quill.example"), "unreachable"),
    ],
    ids=repr,
)
async def test_a_slow_dead_or_unwilling_peer_is_named_and_delays_nobody(
    node: Node, issuer: Issuer, error: Exception | None, state: str
) -> None:
    """The others are heard meanwhile, and what they have is found."""
    issuer.publish(*MALLORY)
    failing = FailingIssuer("failing.example")
    failing.error = error
    failing.publish(*MALLORY)
    await issuer.admitted_at(node)
    await failing.admitted_at(node)
    asked = [from_text(MALLORY[0])]
    reach = Reach(issuer, failing)
    with structlog.testing.capture_logs() as logged:
        async with asyncio.timeout(20):
            result = await check(node, reach, asked, Occasion(None, NO_EVENT), now=NOW)
    assert "quill" not in str(logged)
    assert [each["error"] for each in logged] == ["RuntimeError"] * isinstance(error, RuntimeError)
    assert {peer.id: peer.state for peer in result.coverage.peers} == {
        "python.example": "heard", "failing.example": state
    }  # fmt: skip
    assert (result.outcome, result.coverage.complete) == ("match", False)
    if isinstance(error, Refused) and error.retry_after:
        assert "2 hours" in str([peer.because for peer in result.coverage.peers])


async def test_every_oprf_key_in_use_is_asked_under(node: Node, issuer: Issuer) -> None:
    """While keys rotate, old records stay under the old one (row 30)."""
    issuer.publish("email:old@a.example")
    old = issuer.oprf
    issuer.oprf = issuer.oprf_key("next")
    issuer.found(oprf=[base64url(issuer.oprf.public), base64url(old.public)])
    issuer.publish("email:new@a.example")
    keys: dict[bytes, OprfKey] = {key.id: key for key in (old, issuer.oprf)}

    class Rotating:
        fingerprint = issuer.fingerprint

        async def evaluate(self, request: EvaluateRequest) -> EvaluateAnswer:
            return issuer.evaluated(request, keys[request.oprf_key])

    await issuer.admitted_at(node)
    for text in ("email:old@a.example", "email:new@a.example"):
        result = await ask(node, Rotating(), text)
        assert (result.outcome, states(result)) == ("match", ["heard"])


async def test_row_3_nothing_of_a_check_is_readable_in_the_database(
    node: Node, issuer: Issuer
) -> None:
    """Tokens and requests under way are sealed, and nothing else is kept of a question."""
    issuer.publish(*MALLORY)
    await admitted_and_asked(node, issuer, *MALLORY)
    for table in (tables.tokens, tables.pending_evaluations):
        async with node.store.read() as connection:
            rows = (await connection.execute(table.select())).all()
        assert not [word for word in ("mallory", "quill", "pyregion") if word in repr(rows).lower()]


async def test_the_same_finding_has_the_same_id(node: Node, issuer: Issuer) -> None:
    """So that people can name it to each other, however often it is found."""
    issuer.publish(*MALLORY)
    first = await admitted_and_asked(node, issuer, *MALLORY)
    again = await ask(node, issuer, *reversed(MALLORY))
    assert [each.id for each in first.findings] == [each.id for each in again.findings]
