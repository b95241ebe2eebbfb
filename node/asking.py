"""The private question: every issuer's pseudonyms for a set of identifiers, all issuers at once.

What was asked before is not asked again: tokens are kept, sealed, as long as the event needs them.
The rest goes out in runs (`node.runs`). An issuer that is slow, dead, out of budget or lying is
given up after its own deadline, is named, and delays nobody; asked again, the same run goes on
where it stopped.

In this order, so that it can be broken off anywhere:

1. tokens that are held are opened; runs that were broken off and ask nothing else are taken up;
2. what is still missing is blinded, once for all issuers that lack the same, and the runs are kept;
3. an event with days is declared where a peer is asked for more than one request;
4. each request: sent, its proof verified, the answer kept, sealed as it is; where the budget is
   used up, the event is declared now, and the request sent once more;
5. when nobody is asked any more, answers are finalized, the tokens kept, and finished runs dropped.

A proof that does not hold, or an evaluation that is none, in an answer that the issuer has signed,
ends everything with it: the tokens of its runs are discarded, whichever request they came with.
What it has not signed anybody on the way may have said: the run is kept, and goes on another time.

Source: SPEC.md, section 8, "Evaluate" and "Budgets".
"""

import asyncio
import contextlib
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Protocol

from node.client import WrongAnswer
from node.coverage import Failure, Source
from node.errors import Refused
from node.evaluation import THREADS
from node.failures import failure_of, unforeseen
from node.node import Node
from node.runs import REQUEST, EvaluationRun, Part, begin, hide, resumed, sealed_answer
from node.store import events, tokens
from node.store.events import Event
from node.store.peers import Peer
from node.vault import VaultError
from protocol.errors import ComityError, Malformed, OverBudget, Unavailable, Violation
from protocol.exchange import (
    EvaluateAnswer,
    EvaluateRequest,
    EventAnswer,
    EventRequest,
    Purpose,
)
from protocol.identifiers import Identifier
from protocol.pseudonyms import Pseudonym

RESUMABLE = 86_400
"""Seconds in which a request that is sent anew is not charged anew."""

_TOKEN = "tokens.pseudonym"  # noqa: S105 - a purpose of the vault
_TAG = "tokens.tag"


class Issuer(Protocol):
    """What is asked of a peer: its client over HTTP, or an issuer in a test's own memory."""

    async def evaluate(self, request: EvaluateRequest) -> EvaluateAnswer:
        """Evaluate; its signature was verified, its proof was not."""
        ...

    async def declare(self, event: EventRequest) -> EventAnswer:
        """Declare an event for the budget."""
        ...


Reach = Callable[[Peer], Issuer]
Progress = Callable[[str, int, int], None]
"""Called with a peer's id, the elements that it has answered, and how many it is asked for."""


@dataclass(frozen=True)
class Question:
    """Whom to ask about, what for, and until which day the answer is kept."""

    identifiers: Sequence[Identifier] = field(repr=False)
    purpose: Purpose
    keep_until: date


Pseudonyms = dict[Identifier, Pseudonym]


@dataclass
class Answered:
    """What one issuer's pseudonyms are, by OPRF key id; and why some are missing, if they are."""

    pseudonyms: dict[bytes, Pseudonyms] = field(default_factory=dict, repr=False)
    failure: Failure | None = None

    def failure_for(self, identifiers: Iterable[Identifier]) -> Failure | None:
        """Why these identifiers were not all asked about; None where they were."""
        if self.failure is None or self.failure.state == "untrusted":
            return self.failure
        known = self.pseudonyms.values()
        return (
            self.failure
            if any(each not in under for each in identifiers for under in known)
            else None
        )


def nobody_listens(peer: str, done: int, total: int) -> None:
    """The progress that nobody wants to see."""


async def ask(  # noqa: PLR0913 - time and progress are named at every call
    node: Node,
    reach: Reach,
    sources: Sequence[Source],
    question: Question,
    *,
    now: int,
    progress: Progress = nobody_listens,
) -> dict[bytes, Answered]:
    """Ask all `sources` at once; an answer for each, by fingerprint, whatever became of it.

    A source that fails by itself (frozen, stale, untrusted) is not asked, as it would not count;
    what is held of its tokens is used.
    """
    with ThreadPoolExecutor(THREADS, thread_name_prefix="asking") as workers:
        asking = _Asking(node, reach, question, now, progress, workers)
        answers = {source.peer.fingerprint: await asking.held(source) for source in sources}
        asked = [source for source in sources if source.failure is None]
        runs = await asking.prepare(asked, answers)
        done = await asyncio.gather(
            *(
                asking.run(source, runs[source.peer.fingerprint], answers[source.peer.fingerprint])
                for source in asked
            )
        )
        for source, known in zip(asked, done, strict=True):
            await asking.finish(source, known, answers[source.peer.fingerprint])
    return answers


@dataclass(frozen=True)
class _Asking:
    """One question on its way to several issuers."""

    node: Node
    reach: Reach
    question: Question
    now: int
    progress: Progress
    workers: ThreadPoolExecutor
    tags: Mapping[Identifier, bytes] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        vault = self.node.vault
        tags = {each: vault.tag(_TAG, each.oprf_input) for each in self.question.identifiers}
        object.__setattr__(self, "tags", tags)

    async def held(self, source: Source) -> Answered:
        """The tokens that are held of an issuer, to be kept as long as this question needs."""
        answer = Answered()
        log, tags = source.peer.fingerprint, list(self.tags.values())
        for oprf_key in source.oprf_keys:
            async with self.node.store.read() as connection:
                sealed = await tokens.held(connection, log, oprf_key, tags)
            if sealed:
                async with self.node.store.write() as connection:
                    await tokens.keep_longer(
                        connection, log, oprf_key, list(sealed), self.question.keep_until
                    )
            answer.pseudonyms[oprf_key] = await asyncio.to_thread(
                self._opened, log, oprf_key, sealed
            )
        return answer

    async def prepare(
        self, sources: Sequence[Source], answers: Mapping[bytes, Answered]
    ) -> dict[bytes, list[EvaluationRun]]:
        """The runs that complete the answers, kept before the first request is sent."""
        runs: dict[bytes, list[EvaluationRun]] = {}
        lacking: dict[frozenset[Identifier], list[tuple[bytes, bytes]]] = {}
        for source in sources:
            log = source.peer.fingerprint
            runs[log] = await self._resumed(source, answers[log])
            for oprf_key, known in answers[log].pseudonyms.items():
                taken_up = [run.identifiers for run in runs[log] if run.oprf_key == oprf_key]
                missing = frozenset(self.tags).difference(known, *taken_up)
                if missing:
                    lacking.setdefault(missing, []).append((log, oprf_key))
        begun = []
        for missing, keys in lacking.items():
            hidden = await asyncio.to_thread(hide, sorted(missing), self.workers.map)
            begun += [begin(*key, hidden, self.question.purpose, self.now) for key in keys]
        await self._keep(begun)
        for run in begun:
            runs[run.log].append(run)
        return runs

    async def run(
        self, source: Source, runs: Sequence[EvaluationRun], answer: Answered
    ) -> list[EvaluationRun]:
        """Ask one issuer; the runs with what it answered, and why not all of it in the answer."""
        done = {run.id: {part.seq: part for part in run.parts} for run in runs}
        if runs:
            try:
                issuer = self.reach(source.peer)
                if sum(part.size for run in runs for part in run.parts) > REQUEST:
                    await self._declare(source, issuer)
                await self._send_all(source, issuer, runs, done, answer)
            except ComityError as error:
                answer.failure = failure_of(error, self.question.purpose, self.now)
            except Exception as error:  # noqa: BLE001 - one issuer must not silence the others
                answer.failure = unforeseen(source, error)
        return [replace(run, parts=tuple(done[run.id].values())) for run in runs]

    async def finish(self, source: Source, runs: Sequence[EvaluationRun], answer: Answered) -> None:
        """Make tokens of what one issuer answered, and drop the runs that are complete."""
        try:
            if answer.failure is not None and answer.failure.state == "untrusted":
                await self._discard(runs, answer)
                return
            for run in runs:
                for part in [each for each in _open_parts(run, answer) if each.proven is not None]:
                    outputs = await asyncio.to_thread(part.finalize, self.workers.map)
                    pseudonyms = dict(zip(part.identifiers, map(Pseudonym, outputs), strict=True))
                    await self._keep_tokens(run, pseudonyms)
                    answer.pseudonyms[run.oprf_key] |= pseudonyms
            finished = [run.id for run in runs if not _open_parts(run, answer)]
            if finished:
                async with self.node.store.write() as connection:
                    await tokens.end(connection, finished)
        except Exception as error:  # noqa: BLE001 - one issuer must not silence the others
            answer.failure = unforeseen(source, error)

    async def _send_all(
        self,
        source: Source,
        issuer: Issuer,
        runs: Sequence[EvaluationRun],
        done: Mapping[str, dict[int, Part]],
        answer: Answered,
    ) -> None:
        open_parts = [(run, part) for run in runs for part in _open_parts(run, answer)]
        total = sum(part.size for _, part in open_parts)
        told = sum(part.size for _, part in open_parts if part.proven is not None)
        self.progress(source.peer.id, told, total)
        for run, part in open_parts:
            if part.proven is not None:
                continue
            public_key = source.oprf_keys[run.oprf_key]
            evaluated = await self._paid(source, issuer, part.request(run.oprf_key))
            proven = await asyncio.to_thread(self._proven, part, public_key, evaluated)
            await self._keep_answer(run, proven)
            done[run.id][part.seq] = proven
            told += part.size
            self.progress(source.peer.id, told, total)

    async def _paid(
        self, source: Source, issuer: Issuer, request: EvaluateRequest
    ) -> EvaluateAnswer:
        """The answer, from the budget of the event where the ordinary one is used up."""
        try:
            return await self._evaluated(issuer, request)
        except Refused as error:
            if error.problem != OverBudget.code or not await self._declare(source, issuer):
                raise
        return await self._evaluated(issuer, request)

    async def _evaluated(self, issuer: Issuer, request: EvaluateRequest) -> EvaluateAnswer:
        # A request of ours is a quarter of what is allowed: it need not have the whole deadline of
        # an evaluation, and whoever waits for one person's answer would not wait that long.
        try:
            async with asyncio.timeout(self.node.config.peer_deadline):
                return await issuer.evaluate(request)
        except TimeoutError as error:
            raise Unavailable("no complete answer in time") from error

    def _proven(self, part: Part, public_key: bytes, answer: EvaluateAnswer) -> Part:
        try:
            return part.verify(public_key, answer, self.workers.map)
        except Malformed as error:
            raise WrongAnswer("what was evaluated is no element") from error

    async def _keep_answer(self, run: EvaluationRun, part: Part) -> None:
        sealed = await asyncio.to_thread(sealed_answer, self.node.vault, run, part)
        async with self.node.store.write() as connection:
            await tokens.answered(connection, run.id, part.seq, sealed)

    async def _declare(self, source: Source, issuer: Issuer) -> bool:
        """Declare the event, if it has days and was not declared before; whether it is now."""
        event = self.question.purpose
        if event.start is None or event.end is None:
            return False
        peer = source.peer.fingerprint
        async with self.node.store.read() as connection:
            declared = await events.of_peer(connection, peer, ours=True)
        said = (event.kind, event.start, event.end)
        if any((each.kind, each.from_day, each.until_day) == said for each in declared):
            return False
        # An issuer that takes no event now still answers within its ordinary budget; and one that
        # says nonsense about an event has not lied about anybody.
        with contextlib.suppress(Refused, Violation):
            allowed = await issuer.declare(EventRequest(v=1, act="declare", event=event))
            row = Event(str(uuid.uuid4()), peer, True, *said, allowed.available, 0, self.now)  # noqa: FBT003
            async with self.node.store.write() as connection:
                await events.add(connection, row)
            return True
        return False

    async def _resumed(self, source: Source, answer: Answered) -> list[EvaluationRun]:
        """Runs that were broken off, if they ask about nobody but those asked about now."""
        async with self.node.store.read() as connection:
            rows = await tokens.pending(connection, source.peer.fingerprint, self.now - RESUMABLE)
        kept = await asyncio.to_thread(resumed, self.node.vault, rows)
        return [
            run
            for run in kept
            if run.oprf_key in answer.pseudonyms
            and run.identifiers <= self.tags.keys()
            and _open_parts(run, answer)
        ]

    async def _keep(self, runs: Sequence[EvaluationRun]) -> None:
        rows = await asyncio.to_thread(
            lambda: [row for run in runs for row in run.sealed(self.node.vault)]
        )
        async with self.node.store.write() as connection:
            await tokens.begin(connection, rows)

    async def _keep_tokens(self, run: EvaluationRun, pseudonyms: Pseudonyms) -> None:
        sealed = {
            self.tags[identifier]: self.node.vault.seal(
                _TOKEN, _place(run.log, run.oprf_key, self.tags[identifier]), pseudonym
            )
            for identifier, pseudonym in pseudonyms.items()
        }
        async with self.node.store.write() as connection:
            await tokens.keep(connection, run.log, run.oprf_key, sealed, self.question.keep_until)

    async def _discard(self, runs: Sequence[EvaluationRun], answer: Answered) -> None:
        async with self.node.store.write() as connection:
            for run in runs:
                tags = [self.tags[each] for each in run.identifiers]
                await tokens.discard(connection, run.log, run.oprf_key, tags)
            await tokens.end(connection, [run.id for run in runs])
        for run in runs:
            for each in run.identifiers:
                answer.pseudonyms[run.oprf_key].pop(each, None)

    def _opened(self, log: bytes, oprf_key: bytes, sealed: Mapping[bytes, bytes]) -> Pseudonyms:
        opened = {}
        for identifier, tag in self.tags.items():
            # What does not open is as good as not held: it is asked for, and replaced.
            with contextlib.suppress(VaultError):
                if tag in sealed:
                    place = _place(log, oprf_key, tag)
                    token = self.node.vault.open(_TOKEN, place, sealed[tag])
                    opened[identifier] = Pseudonym(token)
        return opened


@dataclass(frozen=True)
class HeldOf:
    """What asking an issuer about somebody has left here; None: a question under way."""

    log: bytes
    until: date | None


async def held_about(node: Node, identifiers: Collection[Identifier]) -> list[HeldOf]:
    """What asking about any of these identifiers has left: tokens, and requests under way."""
    tags = [node.vault.tag(_TAG, each.oprf_input) for each in identifiers]
    async with node.store.read() as connection:
        answered = await tokens.about(connection, tags)
        pending = await tokens.pending(connection, None, 0)
    wanted = set(identifiers)
    under_way = {run.log for run in resumed(node.vault, pending) if wanted & run.identifiers}
    return [
        *(HeldOf(log, until) for log, until in answered),
        *(HeldOf(log, None) for log in sorted(under_way)),
    ]


def _open_parts(run: EvaluationRun, answer: Answered) -> list[Part]:
    """The requests of a run that are not done with: those with an identifier without token."""
    known = answer.pseudonyms[run.oprf_key]
    return [part for part in run.parts if any(each not in known for each in part.identifiers)]


def _place(log: bytes, oprf_key: bytes, tag: bytes) -> bytes:
    return log + oprf_key + tag
