"""The verifiable oblivious pseudorandom function: a question that its answerer does not learn.

RFC 9497, mode 0x01 (VOPRF), suite ristretto255-SHA512. The client blinds inputs, the issuer
evaluates the blinded elements under its secret key and proves, once for all of them, that it used
the key of its log; the client verifies the proof and finalizes.

Evaluation, proof and verification go in pieces of `CHUNK` elements, so that whoever has several
threads can share the work out: `prove` and `verify_proof` take the `map` to run the pieces with,
`evaluate_chunk` is a piece itself.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NewType

from protocol import ristretto
from protocol.errors import BadProof, Malformed, TooLarge
from protocol.keys import oprf_key_id
from protocol.ristretto import Element, Scalar

MAX_BATCH = 4096
"""The most elements that one proof covers (SPEC.md, section 8)."""

MAX_INPUT = 2**16 - 1
"""The most bytes of an input (RFC 9497, section 5.1)."""

CHUNK = 64
"""Elements in one piece of work: some 3 ms of one processor."""

OUTPUT_SIZE = 64
PROOF_SIZE = 64
SEED_SIZE = 32

_CONTEXT = b"OPRFV1-" + b"\x01" + b"-ristretto255-SHA512"  # RFC 9497, sections 3.1 and 4.1
_TO_GROUP = b"HashToGroup-" + _CONTEXT
_TO_SCALAR = b"HashToScalar-" + _CONTEXT
_SEED = b"Seed-" + _CONTEXT
_DERIVE = b"DeriveKeyPair" + _CONTEXT

Run = Callable[..., Iterable[Element]]
"""Something to call like the builtin `map`, such as the method `map` of an executor."""

Proven = NewType("Proven", Element)
"""An evaluated element under a proof that held."""


@dataclass(frozen=True)
class OprfKey:
    """An issuer's key pair, made from its secret scalar (32 bytes).

    Raises:
        Malformed: the secret is zero or not reduced.
    """

    secret: Scalar = field(repr=False)
    public: Element = field(init=False)

    def __post_init__(self) -> None:
        public = ristretto.multiply_base(ristretto.scalar(self.secret))
        object.__setattr__(self, "public", public)

    @property
    def id(self) -> bytes:
        """The 8 bytes by which records and requests name the key (SPEC.md, section 1)."""
        return oprf_key_id(self.public)


@dataclass(frozen=True)
class Blinded:
    """What a client keeps, `blind`, and what it sends, `element`."""

    blind: Scalar = field(repr=False)
    element: Element


def generate_key_pair() -> OprfKey:
    """A fresh random key pair (RFC 9497, section 3.2, GenerateKeyPair)."""
    return OprfKey(ristretto.random_scalar())


def derive_key_pair(seed: bytes, info: bytes) -> OprfKey:
    """The key pair that belongs to a secret seed (32 bytes) and public `info`.

    Raises:
        ValueError: the seed has another size, or `info` more than 65,535 bytes.

    Source: RFC 9497, section 3.2.1, DeriveKeyPair.
    """
    if len(seed) != SEED_SIZE or len(info) > MAX_INPUT:
        raise ValueError("a seed has 32 bytes, info at most 65,535")
    # The RFC counts the last byte up from 0 while the scalar is zero; OprfKey refuses that one
    # seed in 2^252 instead.
    return OprfKey(ristretto.hash_to_scalar(seed + _prefixed(info) + b"\0", _DERIVE))


def blind(private_input: bytes, random_blind: Scalar | None = None) -> Blinded:
    """Hide an input, at most 65,535 bytes, under a blind, drawn anew unless given.

    Raises:
        TooLarge: a longer input.

    Source: RFC 9497, section 3.3.1, Blind.
    """
    mapped = _map_input(private_input)
    factor = ristretto.random_scalar() if random_blind is None else random_blind
    return Blinded(factor, ristretto.multiply(factor, mapped))


def evaluate_chunk(secret_key: Scalar, blinded: Sequence[bytes]) -> list[Element]:
    """Evaluate blinded elements (32 bytes each) as received, in their order.

    Raises:
        Malformed: one is not the canonical encoding of an element, or is the identity.

    Source: RFC 9497, section 3.3.2, BlindEvaluate, without its proof.
    """
    return [ristretto.multiply(secret_key, element) for element in blinded]


def evaluate(secret_key: Scalar, private_input: bytes) -> bytes:
    """The output (64 bytes) for an input, computed by whoever has the key.

    Raises:
        TooLarge: the input has more than 65,535 bytes.

    Source: RFC 9497, section 3.3.1, Evaluate.
    """
    return _output(private_input, ristretto.multiply(secret_key, _map_input(private_input)))


def prove(
    key: OprfKey,
    blinded: Sequence[bytes],
    evaluated: Sequence[Element],
    random_scalar: Scalar | None = None,
    run: Run = map,
) -> bytes:
    """Prove (64 bytes) that every element was evaluated under `key`.

    Args:
        key: the key pair that evaluated.
        blinded: the elements as received, 1 to 4096.
        evaluated: what `evaluate_chunk` made of them, in the same order.
        random_scalar: the nonce of the proof, drawn anew unless given. Two proofs with the same
            one reveal the secret key.
        run: calls a function on pieces of work, as the builtin `map` does.

    Raises:
        Malformed: not 1 to 4096 elements, or an evaluated one for each.

    Source: RFC 9497, section 2.2.1, GenerateProof, with ComputeCompositesFast.
    """
    weights = composite_weights(key.public, blinded, evaluated)
    m = composite(weights, blinded, run)
    z = ristretto.multiply(key.secret, m)
    nonce = ristretto.random_scalar() if random_scalar is None else random_scalar
    commitments = ristretto.multiply_base(nonce), ristretto.multiply(nonce, m)
    challenge = _challenge(key.public, m, z, *commitments)
    return challenge + ristretto.subtract_scalars(
        nonce, ristretto.multiply_scalars(challenge, key.secret)
    )


def verify_proof(
    public_key: bytes,
    blinded: Sequence[Element],
    evaluated: Sequence[bytes],
    proof: bytes,
    run: Run = map,
) -> list[Proven]:
    """Give the evaluated elements back as proven, if one proof holds for all of them.

    Args:
        public_key: the issuer's (32 bytes), as its log has it.
        blinded: the elements as sent, 1 to 4096.
        evaluated: the answers as received (32 bytes each), in the same order.
        proof: as received (64 bytes).
        run: calls a function on pieces of work, as the builtin `map` does.

    Raises:
        Malformed: the key or an evaluated element is not the canonical encoding of an element, or
            is the identity; not 1 to 4096 elements, or an answer for each.
        BadProof: the proof is not of its form or does not hold.

    Source: RFC 9497, section 2.2.2, VerifyProof, with ComputeComposites.
    """
    challenge, response = _proof_scalars(proof)
    weights = composite_weights(public_key, blinded, evaluated)
    m = composite(weights, blinded, run)
    z = composite(weights, evaluated, run)
    commitments = (
        ristretto.add(ristretto.multiply_base(response), ristretto.multiply(challenge, public_key)),
        ristretto.add(ristretto.multiply(response, m), ristretto.multiply(challenge, z)),
    )
    if _challenge(public_key, m, z, *commitments) != challenge:
        raise BadProof("the proof does not hold for these elements under this key")
    return [Proven(Element(element)) for element in evaluated]


def finalize(private_input: bytes, random_blind: Scalar, evaluated: Proven) -> bytes:
    """The output (64 bytes) for an input, from its blind and its proven evaluation.

    Source: RFC 9497, section 3.3.2, Finalize, after its proof was verified.
    """
    return finalize_batch([private_input], [random_blind], [evaluated])[0]


def finalize_batch(
    private_inputs: Sequence[bytes], blinds: Sequence[Scalar], evaluated: Sequence[Proven]
) -> list[bytes]:
    """`finalize` for inputs, blinds and evaluations in the same order, at one inversion in all.

    Raises:
        ValueError: the three have different lengths.
    """
    inverses = ristretto.invert_all(blinds)
    return [
        _output(private_input, ristretto.multiply(inverse, element))
        for private_input, inverse, element in zip(private_inputs, inverses, evaluated, strict=True)
    ]


def composite_weights(
    public_key: bytes, blinded: Sequence[bytes], evaluated: Sequence[bytes]
) -> list[Scalar]:
    """The factors d by which a batch is added up to the one pair that the proof is about.

    Raises:
        Malformed: not 1 to 4096 elements, or an evaluated one for each.

    Source: RFC 9497, section 2.2.1, ComputeComposites.
    """
    if not 1 <= len(blinded) <= MAX_BATCH or len(evaluated) != len(blinded):
        raise Malformed(f"1 to {MAX_BATCH} elements, and an evaluated one for each")
    seed = _prefixed(hashlib.sha512(_prefixed(public_key) + _prefixed(_SEED)).digest())
    return [
        ristretto.hash_to_scalar(
            seed + index.to_bytes(2, "big") + _prefixed(c) + _prefixed(d) + b"Composite",
            _TO_SCALAR,
        )
        for index, (c, d) in enumerate(zip(blinded, evaluated, strict=True))
    ]


def composite(weights: Sequence[Scalar], elements: Sequence[bytes], run: Run = map) -> Element:
    """The weighted sum of elements, in pieces that `run` may spread over threads.

    Raises:
        Malformed: an element is none, or a sum is the identity.
    """
    starts = range(0, len(weights), CHUNK)
    sums = run(
        ristretto.weighted_sum,
        [weights[start : start + CHUNK] for start in starts],
        [elements[start : start + CHUNK] for start in starts],
    )
    total, *others = sums
    for other in others:
        total = ristretto.add(total, other)
    return total


def _proof_scalars(proof: bytes) -> tuple[Scalar, Scalar]:
    try:
        return ristretto.scalar(proof[:32]), ristretto.scalar(proof[32:])
    except Malformed as error:
        raise BadProof("a proof is two reduced scalars other than zero") from error


def _challenge(*elements: bytes) -> Scalar:
    transcript = b"".join(_prefixed(element) for element in elements)
    return ristretto.hash_to_scalar(transcript + b"Challenge", _TO_SCALAR)


def _map_input(private_input: bytes) -> Element:
    if len(private_input) > MAX_INPUT:
        raise TooLarge(f"an input has at most {MAX_INPUT} bytes")
    return ristretto.hash_to_group(private_input, _TO_GROUP)


def _output(private_input: bytes, element: Element) -> bytes:
    transcript = _prefixed(private_input) + _prefixed(element) + b"Finalize"
    return hashlib.sha512(transcript).digest()


def _prefixed(data: bytes) -> bytes:
    return len(data).to_bytes(2, "big") + data
