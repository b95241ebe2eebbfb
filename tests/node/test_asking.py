"""The private question: what issuers see of it, what is kept of it, and how it goes on."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node import tables
from node.asking import Answered, Question, ask
from node.client import WrongAnswer
from node.config import load
from node.coverage import load_sources
from node.errors import Refused
from node.failures import failure_of
from node.home import Home
from node.node import Node
from node.runs import REQUEST, EvaluationRun, begin, hide, padded_size, resumed
from node.store import Store
from node.vault import Vault
from protocol.errors import (
    BadProof,
    BadSignature,
    Malformed,
    OutOfTime,
    TooLarge,
    UnknownKey,
    UnsupportedMedia,
)
from protocol.exchange import (
    DECLARED_AHEAD,
    EvaluateAnswer,
    EvaluateRequest,
    EventAnswer,
    EventRequest,
    Purpose,
)
from protocol.identifiers import Identifier
from protocol.ristretto import add, multiply_base, random_scalar
from protocol.voprf import Proven, evaluate, evaluate_chunk, generate_key_pair
from tests.node.issuers import NOW, TODAY, Issuer, Reach

pytestmark = pytest.mark.wire

NO_EVENT = Purpose(kind="unspecified", start=None, end=None)
EVENT = Purpose(kind="registration", start=TODAY, end=TODAY + timedelta(days=2))


@pytest.fixture
def node(home: Home, store: Store, vault: Vault) -> Node:
    return Node(home, load(home).model_copy(update={"peer_deadline": 5.0}), vault, store)


def people(count: int, prefix: str = "person") -> list[Identifier]:
    """As many different addresses."""
    return [Identifier("email", f"{prefix}{number}@a.example") for number in range(count)]


async def asked(
    node: Node,
    *issuers: Any,
    about: Sequence[Identifier],
    purpose: Purpose = NO_EVENT,
    now: int = NOW,
) -> list[Answered]:
    """The answers of issuers that were admitted."""
    question = Question(about, purpose, TODAY + timedelta(days=30))
    sources = await load_sources(node, now=NOW)
    answers = await ask(node, Reach(*issuers), sources, question, now=now)
    return [answers[issuer.fingerprint] for issuer in issuers]


async def admitted(node: Node, issuer: Issuer) -> Issuer:
    """An issuer with something in force, admitted."""
    issuer.publish("github:mallory-fake")
    await issuer.admitted_at(node)
    return issuer


def expected(issuer: Issuer, about: Sequence[Identifier]) -> dict[Identifier, bytes]:
    """What the issuer would compute itself."""
    return {each: evaluate(issuer.oprf.secret, each.oprf_input) for each in about}


def sizes(issuer: Issuer) -> list[int]:
    """How many elements each request had."""
    return [len(request.blinded) for request in issuer.asked]


async def rows(node: Node, table: Any) -> list[Any]:
    """All rows of a table."""
    async with node.store.read() as connection:
        return list((await connection.execute(table.select())).all())


@given(st.integers(1, 50_000))
def test_row_4_a_list_is_padded_to_one_of_few_sizes(count: int) -> None:
    """8, 16 … 4096, then multiples of 1024: whole requests, each with room for its cross-check."""
    size = padded_size(count)
    requests = -(-size // REQUEST)
    assert count <= size - requests
    assert size in (8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096) or size % 1024 == 0
    assert size <= 2 * (count + requests) or size == 8
    assert padded_size(size - requests) == size
    assert size <= REQUEST or size % REQUEST == 0


def test_row_4_a_list_is_shuffled_and_blinded_anew_each_time() -> None:
    """Padding lies between the others, and no element comes twice."""
    about = people(40)
    lists = [hide(about) for _ in range(2)]
    orders = [[each.identifier for each in batch.hidden] for (batch,) in lists]
    assert orders[0] != orders[1]
    assert all({*order} == {*about, None} and len(order) == 63 for order in orders)
    assert orders[0] != sorted(orders[0], key=str)
    assert len({element for (batch,) in lists for element in batch.elements}) == 128
    assert all(order[40:] != [None] * 23 for order in orders)


def test_row_5_every_request_holds_its_cross_check_at_a_place_of_its_own() -> None:
    """One element more in each request, anywhere among the others."""
    requests = [batch for _ in range(4) for batch in hide(people(1500))]
    assert [len(batch.elements) for batch in requests] == [1024] * 8
    assert len({batch.place for batch in requests}) > 1
    for batch in requests:
        assert batch.elements[batch.place] == batch.checking
        others = [each.element for each in batch.hidden]
        assert batch.checking == batch.check.element(others)


def test_row_5_answers_that_a_forged_proof_would_cover_are_refused() -> None:
    """Where the proof is made to hold for wrong answers, the cross-check still tells."""
    (batch,) = hide(people(5))
    key = generate_key_pair()
    proven = [Proven(each) for each in evaluate_chunk(key.secret, batch.elements)]
    assert len(batch.verify(proven)) == len(batch.hidden)
    for wrong in range(len(proven)):
        error = multiply_base(random_scalar())
        spoiled = [*proven]
        spoiled[wrong] = Proven(add(spoiled[wrong], error))
        with pytest.raises(BadProof):
            batch.verify(spoiled)


@given(count=st.integers(1, 20), event=st.booleans())
def test_a_run_that_was_kept_is_the_same_run(count: int, event: bool) -> None:  # noqa: FBT001
    """Byte by byte, so that its requests are not charged anew; and only under its own vault."""
    vault = Vault(bytes(32))
    run = begin(bytes(32), bytes(8), hide(people(count)), EVENT if event else NO_EVENT, NOW)
    pending = run.sealed(vault)
    (again,) = resumed(vault, pending)
    assert again == run
    assert [part.request(run.oprf_key).to_bytes() for part in again.parts] == [
        part.request(run.oprf_key).to_bytes() for part in run.parts
    ]
    assert resumed(Vault(bytes(31) + b"x"), pending) == []


async def test_all_issuers_are_asked_with_the_same_elements(node: Node) -> None:
    """Blinding is done once for all who lack the same; each gets its own pseudonyms."""
    one, two = [await admitted(node, Issuer(f"{name}.example")) for name in ("one", "two")]
    about = people(10)
    answers = await asked(node, one, two, about=about)
    for issuer, answer in zip((one, two), answers, strict=True):
        assert answer.failure is None
        assert answer.pseudonyms == {issuer.oprf.id: expected(issuer, about)}
    assert sizes(one) == sizes(two) == [16]
    assert one.asked[0].blinded == two.asked[0].blinded
    assert await rows(node, tables.pending_evaluations) == []


async def test_what_was_asked_is_not_asked_again(node: Node) -> None:
    """Only what is missing goes out, padded again; what is held is kept as long as needed."""
    issuer = await admitted(node, Issuer("one.example"))
    await asked(node, issuer, about=people(10))
    await asked(node, issuer, about=people(10))
    assert sizes(issuer) == [16]
    (answer,) = await asked(node, issuer, about=people(13))
    assert sizes(issuer) == [16, 8]
    assert answer.pseudonyms[issuer.oprf.id] == expected(issuer, people(13))
    assert len(await rows(node, tables.tokens)) == 13


async def test_tokens_are_kept_for_the_latest_event(node: Node) -> None:
    issuer = await admitted(node, Issuer("one.example"))
    sources = await load_sources(node, now=NOW)
    for days in (10, 90, 20):
        question = Question(people(3), NO_EVENT, TODAY + timedelta(days=days))
        await ask(node, Reach(issuer), sources, question, now=NOW)
    kept = {row.delete_after for row in await rows(node, tables.tokens)}
    assert kept == {TODAY + timedelta(days=90)}


class Tiring(Issuer):
    """Refuses from one of its answers on."""

    patience = 1

    async def evaluate(self, request: EvaluateRequest) -> EvaluateAnswer:
        """Answer, or refuse."""
        if len(self.asked) >= self.patience:
            self.asked.append(request)
            raise Refused("over-budget", 3600)
        return await super().evaluate(request)


async def test_a_run_goes_on_where_the_budget_ended(node: Node) -> None:
    """What was answered is kept; the rest goes out again byte by byte, and nothing else."""
    issuer = Tiring("tiring.example")
    await admitted(node, issuer)
    about = people(1500)
    (answer,) = await asked(node, issuer, about=about)
    assert answer.failure is not None
    assert answer.failure.state == "refused"
    held = answer.pseudonyms[issuer.oprf.id]
    assert 0 < len(held) < 1500
    assert answer.failure_for(held) is None
    assert answer.failure_for(about) == answer.failure
    refused = issuer.asked[-1].to_bytes()
    issuer.patience = 10
    (answer,) = await asked(node, issuer, about=about, now=NOW + 3600)
    assert answer.failure is None
    assert answer.pseudonyms[issuer.oprf.id] == expected(issuer, about)
    assert [request.to_bytes() for request in issuer.asked[2:]] == [refused]
    assert await rows(node, tables.pending_evaluations) == []


class Killed(BaseException):
    """Nobody catches it, as nobody catches SIGKILL."""


async def test_a_run_that_was_killed_goes_on(node: Node) -> None:
    """Nothing is in memory only: another process takes the same requests up."""

    class Killer(Tiring):
        async def evaluate(self, request: EvaluateRequest) -> EvaluateAnswer:
            if len(self.asked) == 1:
                self.asked.append(request)
                raise Killed
            return await Issuer.evaluate(self, request)

    issuer = Killer("killing.example")
    await admitted(node, issuer)
    with pytest.raises(Killed):
        await asked(node, issuer, about=people(1500))
    again = Node(node.home, node.config, node.vault, node.store)
    (answer,) = await asked(again, issuer, about=people(1500))
    assert answer.pseudonyms[issuer.oprf.id] == expected(issuer, people(1500))
    assert issuer.asked[1].to_bytes() == issuer.asked[2].to_bytes()
    assert len(issuer.asked) == 3


async def test_row_19_between_two_requests_nothing_depends_on_who_is_asked_about(
    node: Node,
) -> None:
    """Answers are proven and kept as they are: no token is made until nobody is asked any more.

    Else the time until the next request would tell how many of the elements were real.
    """

    class Watching(Issuer):
        async def evaluate(self, request: EvaluateRequest) -> EvaluateAnswer:
            pending = await rows(node, tables.pending_evaluations)
            pending.sort(key=lambda row: row.seq)
            kept = [row.answer_sealed and len(row.answer_sealed) for row in pending]
            seen.append((len(await rows(node, tables.tokens)), kept))
            return await super().evaluate(request)

    issuer = await admitted(node, Watching("one.example"))
    transcripts = []
    for name, count in (("few", 1030), ("many", 2046)):
        seen: list[tuple[int, list[int | None]]] = []
        (answer,) = await asked(node, issuer, about=people(count, name))
        assert answer.pseudonyms[issuer.oprf.id] == expected(issuer, people(count, name))
        async with node.store.write() as connection:
            await connection.execute(tables.tokens.delete())
        transcripts.append(seen)
    assert transcripts[0] == transcripts[1]
    (before, (first, second)), (between, (kept, open_)) = transcripts[0]
    assert (before, first, second) == (0, None, None)
    assert between == 0
    assert kept is not None
    assert open_ is None


async def test_a_token_that_does_not_open_is_asked_for_again(node: Node) -> None:
    """One row that rotted keeps no question from being answered."""
    issuer = await admitted(node, Issuer("one.example"))
    about = people(3)
    await asked(node, issuer, about=about)
    tag = node.vault.tag("tokens.tag", about[0].oprf_input)
    async with node.store.write() as connection:
        await connection.execute(
            tables.tokens.update()
            .where(tables.tokens.c.tag == tag)
            .values(pseudonym_sealed=bytes(200))
        )
    for _ in range(2):
        (answer,) = await asked(node, issuer, about=about)
        assert answer.failure is None
        assert answer.pseudonyms == {issuer.oprf.id: expected(issuer, about)}
    assert sizes(issuer) == [8, 8]


@pytest.mark.parametrize("column", ["request_sealed", "answer_sealed"])
async def test_a_run_that_does_not_open_is_begun_anew(node: Node, column: str) -> None:
    """A request under way, or an answer to one, that rotted."""
    issuer = Proxied("proxied.example")
    await admitted(node, issuer)
    await asked(node, issuer, about=people(1500))
    async with node.store.write() as connection:
        await connection.execute(tables.pending_evaluations.update().values({column: bytes(200)}))
        await connection.execute(tables.tokens.delete())
    issuer.through = 10
    (answer,) = await asked(node, issuer, about=people(1500))
    assert answer.failure is None
    assert answer.pseudonyms[issuer.oprf.id] == expected(issuer, people(1500))
    assert sizes(issuer) == [1024] * 4


async def test_only_who_asks_about_all_of_a_run_takes_it_up(node: Node) -> None:
    """A check of one person does not spend the budget on a list that was broken off."""
    issuer = Tiring("tiring.example")
    await admitted(node, issuer)
    await asked(node, issuer, about=people(1500))
    issuer.patience = 10
    unknown = Identifier("email", "somebody@else.example")
    await asked(node, issuer, about=[unknown])
    assert sizes(issuer)[2:] == [8]
    assert len(await rows(node, tables.pending_evaluations)) == 2


async def test_a_run_of_yesterday_is_begun_anew(node: Node) -> None:
    """It would be charged anew; nobody is to see the same elements for longer than needed."""
    issuer = Tiring("tiring.example")
    await admitted(node, issuer)
    await asked(node, issuer, about=people(1500))
    refused = issuer.asked[-1]
    issuer.patience = 10
    await asked(node, issuer, about=people(1500), now=NOW + 86_401)
    assert not {*refused.blinded} & {each for later in issuer.asked[2:] for each in later.blinded}


class LateLiar(Issuer):
    """Its first answer holds, its second does not."""

    async def evaluate(self, request: EvaluateRequest) -> EvaluateAnswer:
        """Answer, or lie."""
        self.asked.append(request)
        key = self.oprf if len(self.asked) == 1 else self.oprf_key("another")
        return self.evaluated(request, key)


async def test_row_5_one_bad_proof_discards_the_whole_run(node: Node) -> None:
    """Also what earlier answers of the run gave, held or kept."""
    issuer = LateLiar("liar.example")
    await admitted(node, issuer)
    (answer,) = await asked(node, issuer, about=people(1500))
    assert answer.failure is not None
    assert answer.failure.state == "untrusted"
    assert answer.pseudonyms == {issuer.oprf.id: {}}
    assert await rows(node, tables.tokens) == await rows(node, tables.pending_evaluations) == []


@pytest.mark.parametrize(
    "wrong", [{"evaluated": (bytes(32),) * 8}, {"proof": bytes(64)}], ids="-".join
)
async def test_row_5_what_is_no_element_or_no_proof_is_a_bad_answer(
    node: Node, wrong: dict[str, Any]
) -> None:
    """The issuer signed it: it is untrusted, and nothing of the run is kept."""

    class Sloppy(Issuer):
        async def evaluate(self, request: EvaluateRequest) -> EvaluateAnswer:
            return (await super().evaluate(request)).model_copy(update=wrong)

    issuer = await admitted(node, Sloppy("sloppy.example"))
    (answer,) = await asked(node, issuer, about=people(3))
    assert answer.failure is not None
    assert answer.failure.state == "untrusted"
    assert await rows(node, tables.tokens) == await rows(node, tables.pending_evaluations) == []


class Proxied(Issuer):
    """From its second answer on, something between us answers in its stead."""

    said: Exception = BadSignature("not the issuer's")
    through = 1

    async def evaluate(self, request: EvaluateRequest) -> EvaluateAnswer:
        """Answer, or let the proxy."""
        if len(self.asked) >= self.through:
            self.asked.append(request)
            raise self.said
        return await super().evaluate(request)


@pytest.mark.parametrize(
    "said",
    [
        BadSignature("the answer is not signed"),
        Malformed("a signature of another form"),
        UnknownKey("by a key that is not in the log"),
        OutOfTime("of yesterday"),
        TooLarge("a long page"),
        UnsupportedMedia("a packed page"),
        RuntimeError("nobody foresaw it"),
    ],
    ids=lambda said: type(said).__name__,
)
async def test_what_the_issuer_did_not_sign_ends_no_run(node: Node, said: Exception) -> None:
    """Whoever sits in between can silence an issuer, and cannot have it thrown away."""
    issuer = Proxied("proxied.example")
    issuer.said = said
    await admitted(node, issuer)
    about = people(1500)
    (answer,) = await asked(node, issuer, about=about)
    assert answer.failure is not None
    assert answer.failure.state == "unreachable"
    assert 0 < len(answer.pseudonyms[issuer.oprf.id]) < 1500
    issuer.through = 10
    (answer,) = await asked(node, issuer, about=about)
    assert answer.failure is None
    assert answer.pseudonyms[issuer.oprf.id] == expected(issuer, about)
    assert issuer.asked[2:] == issuer.asked[1:2]


async def test_nonsense_about_an_event_ends_no_run(node: Node) -> None:
    """It is asked within its ordinary budget, as one that takes no event."""

    class Sloppy(Issuer):
        async def declare(self, event: EventRequest) -> EventAnswer:
            assert event.act == "declare"
            raise WrongAnswer("signed, and no answer")

    issuer = await admitted(node, Sloppy("sloppy.example"))
    (answer,) = await asked(node, issuer, about=people(2049), purpose=EVENT)
    assert answer.failure is None
    assert await rows(node, tables.events) == []


async def test_a_large_question_declares_its_event_once(node: Node) -> None:
    """Kind and days, nothing more; a small question needs no event."""
    issuer = await admitted(node, Issuer("one.example"))
    await asked(node, issuer, about=people(100), purpose=EVENT)
    await asked(node, issuer, about=people(1100), purpose=NO_EVENT)
    assert issuer.declared == []
    for prefix in ("a", "b"):
        await asked(node, issuer, about=people(1100, prefix), purpose=EVENT)
    assert issuer.declared == [EventRequest(v=1, act="declare", event=EVENT)]


class Poor(Issuer):
    """Answers from the budget of an event only, and from that only once."""

    async def evaluate(self, request: EvaluateRequest) -> EvaluateAnswer:
        """Answer, or refuse."""
        if not self.declared or len(self.asked) > 1:
            self.asked.append(request)
            raise Refused("over-budget", 5400)
        return await super().evaluate(request)


async def test_where_the_budget_is_used_up_the_event_is_declared(node: Node) -> None:
    """A small question too: then the very same request goes out once more, and never again."""
    issuer = await admitted(node, Poor("poor.example"))
    (answer,) = await asked(node, issuer, about=people(3), purpose=EVENT)
    assert answer.failure is None
    assert issuer.declared == [EventRequest(v=1, act="declare", event=EVENT)]
    assert issuer.asked[0].to_bytes() == issuer.asked[1].to_bytes()
    (answer,) = await asked(node, issuer, about=people(3, "more"), purpose=EVENT)
    assert (len(issuer.asked), len(issuer.declared)) == (3, 1)
    assert answer.failure is not None
    assert answer.failure.state == "refused"
    assert "this event" in answer.failure.because
    assert "--from" not in answer.failure.because


async def test_without_days_whoever_is_over_budget_is_told_of_them(node: Node) -> None:
    issuer = await admitted(node, Poor("poor.example"))
    (answer,) = await asked(node, issuer, about=people(3))
    assert (len(issuer.asked), issuer.declared) == (1, [])
    assert answer.failure is not None
    assert "give `--from` and `--to`" in answer.failure.because
    assert "in 2 hours" in answer.failure.because


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "in a minute"), (60, "in a minute"), (61, "in 2 minutes"), (3540, "in 59 minutes"),
     (3541, "in an hour"), (3600, "in an hour"), (3601, "in 2 hours"), (86_400, "in 24 hours"),
     (2 * 86_400, "in 2 days"), (10 * 86_400 + 1, "in 11 days")],
)  # fmt: skip
def test_when_to_ask_again_is_said_as_people_say_it(seconds: int, words: str) -> None:
    failure = failure_of(Refused("busy", seconds), NO_EVENT, NOW)
    assert failure.because == f"it refused (`busy`); ask again {words}"


def test_an_event_that_is_too_far_ahead_is_said_to_be_declared_later() -> None:
    """And when the issuer may be asked again, for whoever shows it otherwise."""
    day = TODAY + DECLARED_AHEAD + timedelta(days=10)
    event = Purpose(kind="registration", start=day, end=day)
    failure = failure_of(Refused("over-budget", 5400), event, NOW)
    assert f"can be declared, for a budget of its own, from {failure.event_from} on" in (
        failure.because
    )
    assert failure.event_from == TODAY + timedelta(days=10)
    assert failure.again_at == NOW + 5400


async def test_an_issuer_that_takes_no_event_is_asked_all_the_same(node: Node) -> None:
    class Strict(Issuer):
        async def declare(self, event: EventRequest) -> EventAnswer:
            assert event.act == "declare"
            raise Refused("over-budget", 86_400)

    issuer = await admitted(node, Strict("strict.example"))
    (answer,) = await asked(node, issuer, about=people(2049), purpose=EVENT)
    assert answer.failure is None
    assert await rows(node, tables.events) == []


async def test_progress_is_told_per_peer(node: Node) -> None:
    issuer = await admitted(node, Issuer("one.example"))
    told: list[tuple[str, int, int]] = []
    question = Question(people(1500), NO_EVENT, TODAY)
    await ask(
        node,
        Reach(issuer),
        await load_sources(node, now=NOW),
        question,
        now=NOW,
        progress=lambda *step: told.append(step),
    )
    assert told == [("one.example", done, 2048) for done in (0, 1024, 2048)]


def test_a_run_names_nobody_when_printed() -> None:
    """What ends in a log by accident does not hold addresses or blinds."""
    run: EvaluationRun = begin(bytes(32), bytes(8), hide(people(3)), NO_EVENT, NOW)
    assert "person" not in repr(run)
