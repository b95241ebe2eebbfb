"""`protocol/vectors/voprf-pseudonyms.json`: from an identifier to where its records lie."""

from typing import Any
from uuid import UUID

from protocol import ristretto, voprf
from protocol.pseudonyms import Pseudonym, all_locators, record_key
from tests.vectors.sample import (
    ATTESTATION,
    IDENTIFIERS,
    OPRF,
    OPRF_SEED,
    OTHER_OPRF,
    Draw,
    code_of,
)

INPUTS = [f"comity:identifier:v1:{each}".encode() for each in IDENTIFIERS]


def _scalar(draw: Draw) -> ristretto.Scalar:
    # Below 2^252, hence reduced.
    return ristretto.scalar(draw(31) + b"\x05")


def _run(inputs: list[bytes], draw: Draw) -> dict[str, Any]:
    """A whole run: blind, evaluate, prove, verify, finalize."""
    blinded = [voprf.blind(each, _scalar(draw)) for each in inputs]
    elements = [each.element for each in blinded]
    evaluated = voprf.evaluate_chunk(OPRF.secret, elements)
    nonce = _scalar(draw)
    proof = voprf.prove(OPRF, elements, evaluated, nonce)
    proven = voprf.verify_proof(OPRF.public, elements, list(evaluated), proof)
    outputs = voprf.finalize_batch(inputs, [each.blind for each in blinded], proven)
    return {
        "inputs": [each.decode() for each in inputs],
        "blinds": [each.blind.hex() for each in blinded],
        "blinded": [each.hex() for each in elements],
        "evaluated": [each.hex() for each in evaluated],
        "proof_random_scalar": nonce.hex(),
        "proof": proof.hex(),
        "outputs": [each.hex() for each in outputs],
    }


def _refused_answers(run: dict[str, Any]) -> list[dict[str, Any]]:
    blinded, evaluated, proof = run["blinded"], run["evaluated"], run["proof"]
    other = [
        each.hex()
        for each in voprf.evaluate_chunk(OTHER_OPRF.secret, list(map(bytes.fromhex, blinded)))
    ]
    order = ristretto.ORDER.to_bytes(32, "little").hex()
    cases = [
        ("all under another key", other, proof),
        ("one element under another key", [*evaluated[:2], other[2]], proof),
        ("two answers exchanged", [evaluated[1], evaluated[0], evaluated[2]], proof),
        ("one answer too few", evaluated[:2], proof),
        ("an answer is the identity", [*evaluated[:2], "00" * 32], proof),
        ("an answer is not canonical", [*evaluated[:2], evaluated[2][:-2] + "ff"], proof),
        ("the proof's scalars exchanged", evaluated, proof[64:] + proof[:64]),
        ("a scalar of the proof is not reduced", evaluated, proof[:64] + order),
        ("a scalar of the proof is zero", evaluated, proof[:64] + "00" * 32),
        ("a proof of 63 bytes", evaluated, proof[:-2]),
    ]
    return [
        {
            "reason": reason,
            "blinded": blinded,
            "evaluated": answers,
            "proof": made,
            "code": code_of(
                voprf.verify_proof,
                OPRF.public,
                list(map(bytes.fromhex, blinded)),
                list(map(bytes.fromhex, answers)),
                bytes.fromhex(made),
            ),
        }
        for reason, answers, made in cases
    ]


def _refused_elements() -> list[dict[str, str]]:
    element = voprf.blind(INPUTS[0], _scalar(Draw("element"))).element
    cases = [
        ("the identity", bytes(32)),
        ("bit 255 is set", element[:31] + bytes([element[31] | 0x80])),
        ("not reduced", (2**255 - 18).to_bytes(32, "little")),
        ("negative", (2**255 - 20).to_bytes(32, "little")),
        ("31 bytes", element[:31]),
        ("33 bytes", element + b"\0"),
    ]
    return [
        {
            "reason": reason,
            "element": data.hex(),
            "code": code_of(voprf.evaluate_chunk, OPRF.secret, [data]),
        }
        for reason, data in cases
    ]


def _pseudonym(identifier: str, output: str) -> dict[str, Any]:
    f = Pseudonym(bytes.fromhex(output))
    return {
        "identifier": identifier,
        "f": output,
        "locators": [each.hex() for each in all_locators(f)],
        "attestation": ATTESTATION,
        "record_key": record_key(f, UUID(ATTESTATION)).hex(),
    }


def content() -> dict[str, Any]:
    """The whole file."""
    batch = _run(INPUTS, Draw("batch"))
    return {
        "about": "SPEC.md, sections 3 and 8; RFC 9497, VOPRF(ristretto255, SHA-512). Bytes are"
        " hex, inputs are text; the key pair is that of DeriveKeyPair.",
        "oprf_key": {
            "seed": OPRF_SEED.hex(),
            "info": "",
            "secret": OPRF.secret.hex(),
            "public": OPRF.public.hex(),
            "id": OPRF.id.hex(),
        },
        "runs": [_run(INPUTS[:1], Draw("single")), batch],
        "answers_refused": _refused_answers(batch),
        "elements_refused": _refused_elements(),
        "pseudonyms": [
            _pseudonym(identifier, output)
            for identifier, output in zip(IDENTIFIERS, batch["outputs"], strict=True)
        ],
    }
