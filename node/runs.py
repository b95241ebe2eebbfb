"""Runs: a set of identifiers, hidden in a padded and shuffled list, cut into requests.

The issuer sees random elements in random order, as many as the next of a few sizes; nothing in
them tells who is asked about, nor how many in that size class. A run is kept, sealed, before the
first request is sent: after a crash or a refusal exactly the same requests go out again, so that
nothing is asked or charged twice.

Each request holds one element more, the cross-check, without which the proof of a large batch
could be forged (`protocol.cross_check`).

Between two requests of a run the same work is done whoever is in them: an answer is proven, and
kept sealed as it is. What it says of whom is computed when nobody is asked any more, or else the
time until the next request would tell how much of it was padding.

Source: SPEC.md, section 8, "Evaluate".
"""

import contextlib
import itertools
import secrets
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NewType, cast

from node.store.tokens import Pending
from node.vault import Vault, VaultError
from protocol import ristretto, voprf
from protocol.cross_check import CrossCheck, new_seed
from protocol.encoding import base64url, canonical_json, from_base64url, from_json
from protocol.exchange import EvaluateAnswer, EvaluateRequest, Purpose
from protocol.identifiers import Identifier
from protocol.ristretto import SIZE, Element, Scalar

REQUEST = 1024
"""Elements of one request: a quarter of what is allowed, because a budget too small for a request
would never be used, and what was answered is kept request by request."""

LARGEST_POWER = 4096
STEP = 1024

_REQUEST = "pending_evaluations.request"
_ANSWER = "pending_evaluations.answer"
_MAX_PENDING = 4 * 2**20

Run = Callable[..., Iterable[Any]]
"""Something to call like the builtin `map`."""

Blinds = NewType("Blinds", tuple["Batch", ...])
"""A whole list, padded, in the order in which it is sent, and cut into requests."""


@dataclass(frozen=True)
class Hidden:
    """One element of a list: what it hides, and with which blind; padding hides nothing."""

    element: Element
    blind: Scalar | None = field(repr=False)
    identifier: Identifier | None = field(repr=False)


@dataclass(frozen=True)
class Batch:
    """The elements of one request: those that hide somebody or nobody, and the cross-check."""

    hidden: tuple[Hidden, ...] = field(repr=False)
    check: CrossCheck
    checking: Element
    """What the cross-check asks."""
    place: int
    """Where that stands among the others."""

    @property
    def elements(self) -> list[Element]:
        """All of them, as sent."""
        others = [each.element for each in self.hidden]
        return [*others[: self.place], self.checking, *others[self.place :]]

    def verify(self, proven: Sequence[voprf.Proven], run: Run = map) -> list[voprf.Proven]:
        """The proven answers to `hidden`, once the cross-check agrees with them.

        Raises:
            BadProof: it does not, whatever the proof says.
        """
        others = [*proven[: self.place], *proven[self.place + 1 :]]
        self.check.verify(others, proven[self.place], run)
        return others


@dataclass(frozen=True)
class Part:
    """One request of a run."""

    seq: int
    purpose: Purpose
    batch: Batch
    proven: tuple[voprf.Proven, ...] | None = None
    """The proven answers to `batch.hidden`, once they are there."""

    @property
    def size(self) -> int:
        """How many elements it asks for, and is charged."""
        return len(self.batch.hidden) + 1

    @property
    def elements(self) -> list[Element]:
        """The blinded elements, as sent."""
        return self.batch.elements

    @property
    def identifiers(self) -> list[Identifier]:
        """Whom it asks about, in the order in which their elements stand in it."""
        return [each.identifier for each in self.batch.hidden if each.identifier is not None]

    def request(self, oprf_key: bytes) -> EvaluateRequest:
        """The body, the same at every call."""
        return EvaluateRequest(
            v=1, oprf_key=oprf_key, blinded=tuple(self.elements), purpose=self.purpose
        )

    def verify(self, public_key: bytes, answer: EvaluateAnswer, run: Run = map) -> "Part":
        """This part, with the answer to it.

        Raises:
            BadProof: the proof does not hold, or the answers do not agree with each other.
            Malformed: what was evaluated is no element.
        """
        proven = voprf.verify_proof(public_key, self.elements, answer.evaluated, answer.proof, run)
        return replace(self, proven=tuple(self.batch.verify(proven, run)))

    def finalize(self, run: Run = map) -> list[bytes]:
        """The pseudonyms of `identifiers`, from the answer; none without an answer."""
        if self.proven is None:
            return []
        asked = [
            (each.identifier.oprf_input, each.blind, answer)
            for each, answer in zip(self.batch.hidden, self.proven, strict=True)
            if each.identifier is not None and each.blind is not None
        ]
        pieces = [asked[at : at + voprf.CHUNK] for at in range(0, len(asked), voprf.CHUNK)]
        return [pseudonym for piece in run(_finalize, pieces) for pseudonym in piece]


@dataclass(frozen=True)
class EvaluationRun:
    """What one issuer is asked under one of its OPRF keys."""

    id: str
    log: bytes
    """Fingerprint of the issuer, 32 bytes."""
    oprf_key: bytes
    """Key id, 8 bytes."""
    parts: tuple[Part, ...]
    begun_at: int

    @property
    def identifiers(self) -> frozenset[Identifier]:
        """Whom the run asks about."""
        return frozenset(each for part in self.parts for each in part.identifiers)

    def sealed(self, vault: Vault) -> list[Pending]:
        """The run as it is kept."""
        return [
            Pending(
                self.id,
                part.seq,
                self.log,
                self.oprf_key,
                vault.seal(_REQUEST, _row(self.id, part.seq), _written(part)),
                self.begun_at,
            )
            for part in self.parts
        ]


def padded_size(count: int) -> int:
    """How many elements are sent for `count` (at least one): 8, 16 … 4096, then steps of 1024.

    One of each request is its cross-check.
    """
    sizes = itertools.chain(
        (1 << power for power in range(3, 13)), itertools.count(LARGEST_POWER + STEP, STEP)
    )
    return next(size for size in sizes if size - _requests(size) >= count)


def hide(identifiers: Sequence[Identifier], run: Run = map) -> Blinds:
    """Blind every identifier with a fresh blind, fill up with random elements, shuffle, and cut."""
    pieces = [
        identifiers[start : start + voprf.CHUNK]
        for start in range(0, len(identifiers), voprf.CHUNK)
    ]
    hidden = [each for piece in run(_hide, pieces) for each in piece]
    size = padded_size(len(identifiers))
    while len(hidden) < size - _requests(size):
        padding = ristretto.multiply_base(ristretto.random_scalar())
        hidden.append(Hidden(padding, None, None))
    secrets.SystemRandom().shuffle(hidden)
    room = REQUEST - 1
    return Blinds(
        tuple(
            _checked(tuple(hidden[start : start + room]), run)
            for start in range(0, len(hidden), room)
        )
    )


def begin(log: bytes, oprf_key: bytes, hidden: Blinds, purpose: Purpose, now: int) -> EvaluationRun:
    """A run of its own for one issuer; several may be asked with the same blinded list."""
    parts = tuple(Part(seq, purpose, batch) for seq, batch in enumerate(hidden))
    return EvaluationRun(str(uuid.uuid4()), log, oprf_key, parts, now)


def sealed_answer(vault: Vault, run: EvaluationRun, part: Part) -> bytes:
    """The answer to a part, as it is kept."""
    return vault.seal(_ANSWER, _row(run.id, part.seq), b"".join(part.proven or ()))


def resumed(vault: Vault, pending: Sequence[Pending]) -> list[EvaluationRun]:
    """The runs that were kept, each with exactly the requests that it had, and their answers.

    A run of which a row does not open is none: what it asked about is asked anew.
    """
    rows: dict[str, list[Pending]] = {}
    for each in pending:
        rows.setdefault(each.id, []).append(each)
    runs = []
    for id_, requests in rows.items():
        with contextlib.suppress(VaultError):
            parts = tuple(_opened(vault, each) for each in requests)
            first = requests[0]
            runs.append(EvaluationRun(id_, first.log, first.oprf_key, parts, first.created_at))
    return runs


def _row(run: str, seq: int) -> str:
    return f"{run}:{seq}"


def _opened(vault: Vault, kept: Pending) -> Part:
    row = _row(kept.id, kept.seq)
    part = _read(kept.seq, vault.open(_REQUEST, row, kept.request_sealed))
    if kept.answer_sealed is None:
        return part
    answer = vault.open(_ANSWER, row, kept.answer_sealed)
    elements = [cast("Element", answer[at : at + SIZE]) for at in range(0, len(answer), SIZE)]
    return replace(part, proven=tuple(voprf.Proven(each) for each in elements))


def _requests(size: int) -> int:
    return -(-size // REQUEST)


def _checked(hidden: tuple[Hidden, ...], run: Run) -> Batch:
    check = CrossCheck(new_seed())
    checking = check.element([each.element for each in hidden], run)
    return Batch(hidden, check, checking, secrets.randbelow(len(hidden) + 1))


def _hide(identifiers: Sequence[Identifier]) -> list[Hidden]:
    blinded = [(each, voprf.blind(each.oprf_input)) for each in identifiers]
    return [Hidden(made.element, made.blind, each) for each, made in blinded]


def _finalize(asked: Sequence[tuple[bytes, Scalar, voprf.Proven]]) -> list[bytes]:
    inputs, blinds, answers = zip(*asked, strict=True)
    return voprf.finalize_batch(inputs, blinds, answers)


def _written(part: Part) -> bytes:
    hidden = part.batch.hidden
    return canonical_json(
        {
            "purpose": part.purpose.to_value(),
            "elements": base64url(b"".join(each.element for each in hidden)),
            "blinds": base64url(b"".join(each.blind or bytes(32) for each in hidden)),
            "identifiers": [each.identifier and each.identifier.text for each in hidden],
            "seed": base64url(part.batch.check.seed),
            "checking": base64url(part.batch.checking),
            "place": part.batch.place,
        }
    )


def _read(seq: int, data: bytes) -> Part:
    value = from_json(data, _MAX_PENDING)
    elements, blinds = (from_base64url(value[name]) for name in ("elements", "blinds"))
    hidden = []
    for place, text in enumerate(value["identifiers"]):
        element = cast("Element", elements[32 * place : 32 * place + 32])
        blind = cast("Scalar", blinds[32 * place : 32 * place + 32])
        if text is None:
            hidden.append(Hidden(element, None, None))
        else:
            kind, _, written = text.partition(":")
            hidden.append(Hidden(element, blind, Identifier(kind, written)))
    check = CrossCheck(from_base64url(value["seed"]))
    checking = cast("Element", from_base64url(value["checking"]))
    batch = Batch(tuple(hidden), check, checking, value["place"])
    return Part(seq, Purpose.from_value(value["purpose"]), batch)
