"""One element more in each request, without which a batch's proof could be forged.

The weights with which RFC 9497 adds a batch up depend on one pair each: d_i on (C_i, D_i) alone
(section 2.2.1). So an issuer may answer D_i = k C_i + e_i G for errors e_i of its choice, and look
for some with Σ d_i e_i = 0, a generalized birthday problem (Wagner, CRYPTO 2002). In a batch of
4,096 that takes some 2^31 steps: garbage under a proof that holds, by which an issuer could hide
all its sanctions from one peer.

Against that, and without any change of what the issuer does, the asker adds

    C* = Σ w_i C_i        with secret random weights w_i

to the request, at a random place, and checks that D* = Σ w_i D_i. To the issuer C* is one element
like all others. Errors that pass would have to satisfy e* = Σ w_i e_i for weights that are not
known to it; the one relation that it does know, C* itself, only leads to errors e_i proportional
to the logarithm of C_i: to another key for all elements, which the proof refuses.

Source: SPEC.md, section 8.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from protocol.errors import BadProof
from protocol.ristretto import ORDER, SIZE, Element, Scalar
from protocol.voprf import Proven, Run, composite

SEED_SIZE = 32


def new_seed() -> bytes:
    """A fresh seed (32 bytes) for the secret weights of one request."""
    return secrets.token_bytes(SEED_SIZE)


@dataclass(frozen=True)
class CrossCheck:
    """The secret weights of one request, drawn from a seed so that they can be kept with it."""

    seed: bytes = field(repr=False)

    def element(self, blinded: Sequence[Element], run: Run = map) -> Element:
        """C*, to be asked together with the `blinded` elements, at a random place."""
        return composite(self._weights(len(blinded)), blinded, run)

    def verify(self, evaluated: Sequence[Proven], answer: Proven, run: Run = map) -> None:
        """Hold the answer to C* against the answers to all others, in the order of `element`.

        Raises:
            BadProof: an element was not evaluated under the key of the others.
        """
        if composite(self._weights(len(evaluated)), evaluated, run) != answer:
            raise BadProof("the answers do not agree with each other")

    def _weights(self, count: int) -> list[Scalar]:
        return [self._weight(index) for index in range(count)]

    def _weight(self, index: int) -> Scalar:
        digest = hashlib.blake2b(index.to_bytes(4, "big"), key=self.seed).digest()
        # Of 512 bits, so that the remainder is uniform; from 1, since zero would check nothing.
        number = int.from_bytes(digest, "little") % (ORDER - 1) + 1
        return Scalar(number.to_bytes(SIZE, "little"))
