"""The VOPRF: the published vectors, another implementation in both roles, and a lying issuer."""

import json
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from voprf import ristretto as rust

from protocol import ristretto, voprf
from protocol.errors import BadProof, Malformed, TooLarge, Violation
from protocol.keys import oprf_key_id
from protocol.ristretto import Element, Scalar
from protocol.voprf import OprfKey, Proven
from tests.paths import SHARED

SEED = bytes.fromhex("a3" * 32)
KEY_INFO = b"test key"
SECRET = "e6f73f344b79b379f1a0dd37e07ff62e38d9f71345ce62ae3a9bc60b04ccd909"
PUBLIC = "c803e2cc6b05fc15064549b5920659ca4a77b2cca6f04f6b357009335476ad4e"

# RFC 9497, appendix A.1.2, the third case: a batch of two.
BATCH_OF_TWO = {
    "input": ["00", "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"],
    "blind": [
        "64d37aed22a27f5191de1c1d69fadb899d8862b58eb4220029e036ec4c1f6706",
        "222a5e897cf59db8145db8d16e597e8facb80ae7d4e26d9881aa6f61d645fc0e",
    ],
    "blinded_element": [
        "863f330cc1a1259ed5a5998a23acfd37fb4351a793a5b3c090b642ddc439b945",
        "90a0145ea9da29254c3a56be4fe185465ebb3bf2a1801f7124bbbadac751e654",
    ],
    "evaluation_element": [
        "aa8fa048764d5623868679402ff6108d2521884fa138cd7f9c7669a9a014267e",
        "cc5ac221950a49ceaa73c8db41b82c20372a4c8d63e5dded2db920b7eee36a2a",
    ],
    "proof": "cc203910175d786927eeb44ea847328047892ddf8590e723c37205cb74600b0a"
    "5ab5337c8eb4ceae0494c2cf89529dcf94572ed267473d567aeed6ab873dee08",
    "proof_random_scalar": "419c4f4f5052c53c45f3da494d2b67b220d02118e0857cdbcf037f9ea84bbe0c",
    "output": [
        (
            "b58cfbe118e0cb94d79b5fd6a6dafb98764dff49c14e1770b566e42402da1a7d"
            "a4d8527693914139caee5bd03903af43a491351d23b430948dd50cde10d32b3c"
        ),
        (
            "8a9a2f3c7f085b65933594309041fc1898d42d0858e59f90814ae90571a6df60"
            "356f4610bf816f27afdd84f47719e480906d27ecd994985890e5f539e7ea74b6"
        ),
    ],
}


def published_cases() -> list[dict[str, Any]]:
    path = SHARED / "vectors" / "rfc9497_voprf_ristretto255_sha512.json"
    cases = json.loads(path.read_text())["suites"]["voprf"]["cases"] if path.is_file() else []
    return [BATCH_OF_TWO, *cases]


def many_bytes(texts: list[str]) -> list[bytes]:
    return [bytes.fromhex(text) for text in texts]


KEY = voprf.derive_key_pair(SEED, KEY_INFO)
OTHER_KEY = voprf.derive_key_pair(SEED, b"another key")
inputs = st.binary(max_size=80)
batches = st.lists(inputs, min_size=1, max_size=5)
# The crate takes no empty input.
shared_batches = st.lists(st.binary(min_size=1, max_size=80), min_size=1, max_size=5)


def blinded_batch(private_inputs: list[bytes]) -> tuple[list[Scalar], list[Element]]:
    blinded = [voprf.blind(private_input) for private_input in private_inputs]
    return [each.blind for each in blinded], [each.element for each in blinded]


# The published vectors


def test_the_key_pair_is_derived_as_published() -> None:
    """RFC 9497, appendix A.1.2."""
    assert KEY.secret.hex() == SECRET
    assert KEY.public.hex() == PUBLIC


@pytest.mark.parametrize("case", published_cases())
def test_every_step_gives_the_published_bytes(case: dict[str, Any]) -> None:
    """RFC 9497, appendix A.1.2: blind, evaluate, prove, verify, finalize."""
    private_inputs, blinds = many_bytes(case["input"]), many_bytes(case["blind"])
    blinded = [
        voprf.blind(private_input, ristretto.scalar(blind)).element
        for private_input, blind in zip(private_inputs, blinds, strict=True)
    ]
    assert blinded == many_bytes(case["blinded_element"])
    evaluated = voprf.evaluate_chunk(KEY.secret, blinded)
    assert evaluated == many_bytes(case["evaluation_element"])
    nonce = ristretto.scalar(bytes.fromhex(case["proof_random_scalar"]))
    proof = voprf.prove(KEY, blinded, evaluated, nonce)
    assert proof.hex() == case["proof"]
    proven = voprf.verify_proof(KEY.public, blinded, evaluated, proof)
    outputs = voprf.finalize_batch(private_inputs, [Scalar(each) for each in blinds], proven)
    assert outputs == many_bytes(case["output"])
    assert [voprf.evaluate(KEY.secret, each) for each in private_inputs] == outputs


# Another implementation: the Rust crate `voprf`, through its Python binding


@given(shared_batches)
@settings(max_examples=15)
def test_a_client_in_rust_accepts_our_issuer(private_inputs: list[bytes]) -> None:
    """One proof for the whole batch; the outputs are ours."""
    clients = [rust.Client.blind(private_input) for private_input in private_inputs]
    blinded = [message.serialize() for _, message in clients]
    evaluated = voprf.evaluate_chunk(KEY.secret, blinded)
    proof = voprf.prove(KEY, blinded, evaluated)
    outputs = rust.Client.finalize_batch(
        [client for client, _ in clients],
        rust.VerifiableBatchOutput.deserialize(proof + b"".join(evaluated)),
        rust.PublicKey.deserialize(KEY.public),
    )
    assert outputs == [voprf.evaluate(KEY.secret, each) for each in private_inputs]


@given(shared_batches, st.binary(min_size=32, max_size=32), st.binary(max_size=20))
@settings(max_examples=15)
def test_our_client_accepts_an_issuer_in_rust(
    private_inputs: list[bytes], seed: bytes, info: bytes
) -> None:
    """Its key is derived alike, its proof holds, its outputs are ours."""
    issuer = rust.Evaluator.from_seed(seed, info)
    public_key = issuer.public_key.serialize()
    blinds, blinded = blinded_batch(private_inputs)
    answer = issuer.evaluate_batch(
        [rust.BlindedInput.deserialize(element) for element in blinded]
    ).serialize()
    proof = answer[:64]
    evaluated = [answer[start : start + 32] for start in range(64, len(answer), 32)]
    proven = voprf.verify_proof(public_key, blinded, evaluated, proof)
    outputs = voprf.finalize_batch(private_inputs, blinds, proven)
    assert outputs == [issuer.evaluate_known_input(each) for each in private_inputs]
    assert voprf.derive_key_pair(seed, info).public == public_key


# What holds for every input


@given(inputs)
@settings(max_examples=25)
def test_the_output_depends_on_key_and_input_alone(private_input: bytes) -> None:
    """Two runs blind differently and end alike; another key ends elsewhere."""
    (blind, other_blind), blinded = blinded_batch([private_input, private_input])
    assert blinded[0] != blinded[1]
    evaluated = voprf.evaluate_chunk(KEY.secret, blinded)
    proof = voprf.prove(KEY, blinded, evaluated)
    one, two = voprf.verify_proof(KEY.public, blinded, evaluated, proof)
    output = voprf.finalize(private_input, blind, one)
    assert output == voprf.finalize(private_input, other_blind, two)
    assert output == voprf.evaluate(KEY.secret, private_input)
    assert output != voprf.evaluate(OTHER_KEY.secret, private_input)
    assert len(output) == voprf.OUTPUT_SIZE


@pytest.mark.parametrize("size", [voprf.CHUNK, voprf.CHUNK + 1, 3 * voprf.CHUNK - 1])
def test_pieces_in_threads_make_the_same_proof(size: int) -> None:
    """However the work is shared out, the bytes are those of a single thread."""
    _, blinded = blinded_batch([b"%d" % number for number in range(size)])
    evaluated = voprf.evaluate_chunk(KEY.secret, blinded)
    nonce = ristretto.random_scalar()
    proof = voprf.prove(KEY, blinded, evaluated, nonce)
    with ThreadPoolExecutor(2) as pool:
        assert voprf.prove(KEY, blinded, evaluated, nonce, run=pool.map) == proof
        assert voprf.verify_proof(KEY.public, blinded, evaluated, proof, run=pool.map) == evaluated


def test_a_key_names_itself_and_hides_its_secret() -> None:
    """Its id is the one of the log; its secret is not in what a log line would show of it."""
    key = voprf.generate_key_pair()
    assert key.id == oprf_key_id(key.public)
    assert key != voprf.generate_key_pair()
    assert str(list(key.secret))[1:-1] not in repr(key)
    assert repr(key.secret) not in repr(key)
    blinded = voprf.blind(b"")
    assert repr(blinded.blind) not in repr(blinded)


# A client or an issuer that does not keep to the form


ELEMENT_FORMS = {
    "the identity": bytes(32),
    "not canonical": bytes.fromhex("f3" + "ff" * 30 + "7f"),
    "the last bit set": KEY.public[:31] + bytes([KEY.public[31] | 0x80]),
    "too short": KEY.public[:31],
    "too long": KEY.public + b"\0",
    "nothing": b"",
}


@pytest.mark.parametrize("form", ELEMENT_FORMS)
def test_an_issuer_refuses_what_is_no_element(form: str) -> None:
    """Wherever it stands in the batch."""
    _, (first, last) = blinded_batch([b"first", b"last"])
    with pytest.raises(Malformed):
        voprf.evaluate_chunk(KEY.secret, [first, ELEMENT_FORMS[form], last])


@pytest.mark.parametrize("form", ELEMENT_FORMS)
def test_a_client_refuses_what_is_no_element(form: str) -> None:
    """As an evaluated element and as a public key."""
    _, blinded = blinded_batch([b"first", b"last"])
    evaluated = voprf.evaluate_chunk(KEY.secret, blinded)
    proof = voprf.prove(KEY, blinded, evaluated)
    with pytest.raises(Malformed):
        voprf.verify_proof(KEY.public, blinded, [evaluated[0], ELEMENT_FORMS[form]], proof)
    with pytest.raises(Malformed):
        voprf.verify_proof(ELEMENT_FORMS[form], blinded, evaluated, proof)


@pytest.mark.parametrize("number", [0, ristretto.ORDER, 2**255 + 1])
def test_scalars_that_are_not_reduced_are_refused(number: int) -> None:
    """As either half of a proof, and as a secret key."""
    _, blinded = blinded_batch([b"input"])
    evaluated = voprf.evaluate_chunk(KEY.secret, blinded)
    proof = voprf.prove(KEY, blinded, evaluated)
    foreign = number.to_bytes(32, "little")
    for forged in (foreign + proof[32:], proof[:32] + foreign, proof[:63], proof + b"\0"):
        with pytest.raises(BadProof):
            voprf.verify_proof(KEY.public, blinded, evaluated, forged)
    with pytest.raises(Malformed):
        OprfKey(Scalar(foreign))


def test_a_proof_has_one_encoding() -> None:
    """A response to which the order is added proves the same to who does not look."""
    _, blinded = blinded_batch([b"input"])
    evaluated = voprf.evaluate_chunk(KEY.secret, blinded)
    proof = voprf.prove(KEY, blinded, evaluated)
    for half in (slice(0, 32), slice(32, 64)):
        twin = bytearray(proof)
        number = int.from_bytes(proof[half], "little") + ristretto.ORDER
        twin[half] = number.to_bytes(32, "little")
        with pytest.raises(BadProof):
            voprf.verify_proof(KEY.public, blinded, evaluated, bytes(twin))


def test_batches_have_1_to_4096_elements_and_as_many_answers() -> None:
    """Checked before anything is multiplied."""
    _, (element,) = blinded_batch([b"input"])
    proof = bytes([1]) * 64
    for blinded, evaluated in (
        ([], []),
        ([element] * 4097, [element] * 4097),
        ([element] * 2, [element]),
        ([element], [element] * 2),
    ):
        with pytest.raises(Malformed):
            voprf.prove(KEY, blinded, evaluated)
        with pytest.raises((Malformed, BadProof)):
            voprf.verify_proof(KEY.public, blinded, evaluated, proof)


def test_inputs_and_seeds_are_bounded() -> None:
    """65,535 bytes of input; seeds of 32 bytes."""
    voprf.blind(bytes(65535))
    with pytest.raises(TooLarge):
        voprf.blind(bytes(65536))
    with pytest.raises(ValueError, match="seed"):
        voprf.derive_key_pair(bytes(31), b"")
    with pytest.raises(ValueError, match="info"):
        voprf.derive_key_pair(bytes(32), bytes(65536))


def test_a_batch_to_finalize_is_of_one_length() -> None:
    """Nothing is cut off in silence."""
    blinds, blinded = blinded_batch([b"first", b"last"])
    evaluated = [Proven(each) for each in voprf.evaluate_chunk(KEY.secret, blinded)]
    with pytest.raises(ValueError, match="shorter"):
        voprf.finalize_batch([b"first", b"last"], blinds, evaluated[:1])


# An issuer that lies


@given(st.integers(1, 70), st.data())
@settings(max_examples=15, deadline=None)
def test_row_5_one_wrong_element_in_a_batch_is_refused(size: int, data: st.DataObject) -> None:
    """One element evaluated under another key, or moved by anything else, breaks the one proof."""
    _, blinded = blinded_batch([b"%d" % number for number in range(size)])
    evaluated = voprf.evaluate_chunk(KEY.secret, blinded)
    place = data.draw(st.integers(0, size - 1))
    wrong = voprf.evaluate_chunk(OTHER_KEY.secret, blinded)[place]
    shifted = ristretto.add(evaluated[place], KEY.public)
    for lie in (wrong, shifted, blinded[place]):
        answer = [*evaluated[:place], lie, *evaluated[place + 1 :]]
        # The proof of the truth, and the best that the issuer can make for the lie.
        for proof in (voprf.prove(KEY, blinded, evaluated), voprf.prove(KEY, blinded, answer)):
            with pytest.raises(BadProof):
                voprf.verify_proof(KEY.public, blinded, answer, proof)


@given(batches)
@settings(max_examples=15)
def test_row_5_another_key_is_refused(private_inputs: list[bytes]) -> None:
    """A proof that holds under the key it was made with holds under no other."""
    _, blinded = blinded_batch(private_inputs)
    evaluated = voprf.evaluate_chunk(OTHER_KEY.secret, blinded)
    proof = voprf.prove(OTHER_KEY, blinded, evaluated)
    assert voprf.verify_proof(OTHER_KEY.public, blinded, evaluated, proof) == evaluated
    with pytest.raises(BadProof):
        voprf.verify_proof(KEY.public, blinded, evaluated, proof)
    with pytest.raises(BadProof):
        voprf.verify_proof(KEY.public, blinded, evaluated, voprf.prove(KEY, blinded, evaluated))


def test_row_5_answers_in_another_order_or_to_another_question_are_refused() -> None:
    """A proof is about these pairs, in these places."""
    _, blinded = blinded_batch([b"one", b"two", b"three"])
    _, others = blinded_batch([b"one", b"two", b"three"])
    evaluated = voprf.evaluate_chunk(KEY.secret, blinded)
    proof = voprf.prove(KEY, blinded, evaluated)
    for sent, received in (
        (blinded, evaluated[::-1]),
        (blinded[::-1], evaluated[::-1]),
        (others, evaluated),
        (blinded[:2], evaluated[:2]),
    ):
        with pytest.raises(BadProof):
            voprf.verify_proof(KEY.public, sent, received, proof)


def test_row_5_every_bit_of_a_proof_counts() -> None:
    """Any one of its 512 bits, turned over, breaks it."""
    _, blinded = blinded_batch([b"input"])
    evaluated = voprf.evaluate_chunk(KEY.secret, blinded)
    proof = voprf.prove(KEY, blinded, evaluated)
    for bit in range(512):
        forged = (int.from_bytes(proof, "little") ^ (1 << bit)).to_bytes(64, "little")
        with pytest.raises(BadProof):
            voprf.verify_proof(KEY.public, blinded, evaluated, forged)


def test_row_5_a_proof_without_a_nonce_is_refused() -> None:
    """Challenge c and response -ck commit to the identity, which nobody may commit to."""
    _, blinded = blinded_batch([b"input"])
    evaluated = voprf.evaluate_chunk(KEY.secret, blinded)
    challenge = ristretto.random_scalar()
    product = ristretto.multiply_scalars(challenge, KEY.secret)
    response = ristretto.subtract_scalars(Scalar(bytes(32)), product)
    with pytest.raises(Violation):
        voprf.verify_proof(KEY.public, blinded, evaluated, challenge + response)


def test_row_5_two_runs_share_no_element() -> None:
    """Fresh blinds: the issuer cannot tell a second question about somebody from a first."""
    runs = [blinded_batch([b"same"])[1][0] for _ in range(20)]
    assert all(one != other for one, other in pairwise(sorted(runs)))
