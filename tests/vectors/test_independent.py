"""The published files judged without the library: other implementations, and formulas by hand.

Nothing of `protocol` is imported here, so a mistake in it cannot confirm itself.
"""

import base64
import hashlib
import json
import struct
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from http_message_signatures import HTTPMessageVerifier, MappingKeyResolver
from http_message_signatures.algorithms import ED25519
from nacl.bindings import crypto_generichash_blake2b_salt_personal as blake2b
from openvc.proof.sd_jwt import SdJwtVcProofSuite
from voprf import ristretto as rust

from tests.paths import ROOT

JSON = dict[str, Any]
FOLDER = ROOT / "protocol" / "vectors"


def load(name: str) -> JSON:
    content: JSON = json.loads((FOLDER / name).read_text("ascii"))
    return content


ATTESTATION, ENCODING, HTTP = (
    load(name) for name in ("attestation.json", "encoding.json", "http-signatures.json")
)
KEYS, LOG, REGISTER, SEALING, STATEMENTS = (
    load(f"{name}.json") for name in ("keys", "log", "register", "sealing", "statements")
)
VOPRF, COMPARE, SHEET = (load(f"{name}.json") for name in ("voprf-pseudonyms", "compare", "sheet"))
INQUIRY = load("inquiry.json")


def unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def holds(public_key: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def canonical(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


# Encoding and keys


def test_canonical_json_reads_back_as_its_value() -> None:
    for case in ENCODING["canonical_json"]:
        assert json.loads(bytes.fromhex(case["bytes"])) == case["value"]
        assert canonical(case["value"]).hex() == case["bytes"]


def test_base64url_is_that_of_the_standard_library() -> None:
    for case in ENCODING["base64url"]:
        assert unpadded(case["text"]).hex() == case["bytes"]


def test_signatures_are_those_of_another_implementation() -> None:
    for case in KEYS["signatures"]:
        key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(case["seed"]))
        assert key.public_key().public_bytes_raw().hex() == case["public_key"]
        assert key.sign(bytes.fromhex(case["message"])).hex() == case["signature"]


def test_a_refused_signature_can_satisfy_the_equation() -> None:
    """Of the small-order forms some hold elsewhere: that is why the rules are stricter."""
    signature = next(
        each for each in KEYS["signatures_refused"] if each["reason"].startswith("A and R")
    )
    assert signature["code"] == "bad-signature"
    message = bytes.fromhex(signature["message"])
    made, public = bytes.fromhex(signature["signature"]), bytes.fromhex(signature["public_key"])
    assert holds(public, message, made)


def test_key_ids_are_digests() -> None:
    oprf, http = KEYS["oprf_key_id"], KEYS["http_key_id"]
    assert hashlib.sha256(bytes.fromhex(oprf["public_key"])).hexdigest()[:16] == oprf["id"]
    digest = hashlib.sha256(bytes.fromhex(http["public_key"])).hexdigest()
    assert http["id"] == f"{http['community']}/{digest[:16]}"


# The VOPRF and pseudonyms


@pytest.mark.parametrize("run", VOPRF["runs"], ids=["single", "batch"])
def test_an_issuer_in_rust_gives_the_same_elements(run: JSON) -> None:
    """Evaluations and outputs are determined; the crate's own proofs are random."""
    issuer = rust.Evaluator.from_seed(bytes.fromhex(VOPRF["oprf_key"]["seed"]), b"")
    assert issuer.public_key.serialize().hex() == VOPRF["oprf_key"]["public"]
    blinded = [rust.BlindedInput.deserialize(bytes.fromhex(each)) for each in run["blinded"]]
    answer = issuer.evaluate_batch(blinded).serialize()
    assert answer[64:].hex() == "".join(run["evaluated"])
    outputs = [issuer.evaluate_known_input(each.encode()).hex() for each in run["inputs"]]
    assert outputs == run["outputs"]


def test_locators_and_record_keys_are_keyed_blake2b() -> None:
    for case in VOPRF["pseudonyms"]:
        f = bytes.fromhex(case["f"])
        assert case["locators"] == [
            blake2b(bytes([slot]), 16, f, b"", b"comity-locator\0\0").hex() for slot in range(4)
        ]
        message = UUID(case["attestation"]).bytes
        assert case["record_key"] == blake2b(message, 32, f, b"", b"comity-key" + bytes(6)).hex()


# The attestation


def test_another_implementation_of_sd_jwt_reads_the_attestation() -> None:
    public_key = bytes.fromhex(ATTESTATION["issue_key"]["public_key"])
    x = base64.urlsafe_b64encode(public_key).decode().rstrip("=")
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": x}
    text = "~".join([ATTESTATION["jwt"], *ATTESTATION["verified"][-1]["disclosures"], ""])
    # It reads the clock; the times of the vectors are fixed.
    claims = SdJwtVcProofSuite().verify(text, public_key_jwk=jwk, check_temporal=False).claims
    assert {name: claims[name] for name in ATTESTATION["claims"]} == ATTESTATION["claims"]
    assert sorted(claims["subject"]) == sorted(ATTESTATION["subject"])


def test_every_digest_of_the_subject_is_accounted_for() -> None:
    """Each is of a disclosure or of a decoy's seed, and both formulas are those of section 4."""
    disclosed = {
        text: base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode()[:43]
        for text in ATTESTATION["digests"]
    }
    assert disclosed == ATTESTATION["digests"]
    for decoy in ATTESTATION["decoys"]:
        digest = hashlib.sha256(f"comity:decoy:v1:{decoy['seed']}".encode()).digest()
        assert unpadded(decoy["digest"]) == digest
    shown = {disclosed[text] for text in ATTESTATION["subject"].values()}
    decoys = {each["digest"] for each in ATTESTATION["decoys"]}
    assert shown | decoys == {each["..."] for each in ATTESTATION["payload"]["subject"]}
    assert hashlib.sha256(ATTESTATION["jwt"].encode()).hexdigest() == ATTESTATION["jwt_sha256"]


# The sealed record


def rotated(value: int, count: int) -> int:
    return (value << count | value >> 32 - count) & 0xFFFFFFFF


def hchacha20(key: bytes, nonce: bytes) -> bytes:
    """draft-irtf-cfrg-xchacha, section 2.2."""
    state = [*struct.unpack("<4I", b"expand 32-byte k"), *struct.unpack("<12I", key + nonce)]
    columns = [(0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15)]
    diagonals = [(0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)]
    for _ in range(10):
        for a, b, c, d in columns + diagonals:
            for x, y, z, count in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
                state[x] = (state[x] + state[y]) & 0xFFFFFFFF
                state[z] = rotated(state[z] ^ state[x], count)
    return struct.pack("<8I", *state[:4], *state[12:])


def opened(sealed: bytes, key: bytes, associated_data: str) -> bytes:
    """XChaCha20-Poly1305 put together from ChaCha20-Poly1305 of another library."""
    nonce, ciphertext = sealed[:24], sealed[24:]
    cipher = ChaCha20Poly1305(hchacha20(key, nonce[:16]))
    return cipher.decrypt(bytes(4) + nonce[16:], ciphertext, associated_data.encode())


def test_the_record_opens_by_the_formulas_of_section_5() -> None:
    record = json.loads(SEALING["record"])
    key = bytes.fromhex(SEALING["content_key"])
    commit = blake2b(b"", 32, key, b"", b"comity-commit\0\0\0")
    assert unpadded(record["commit"]) == commit
    body = opened(unpadded(record["body"]), key, SEALING["associated_data"]["body"])
    assert body == (SEALING["jwt"] + "~").encode() + b"\x80" + bytes(
        len(body) - len(SEALING["jwt"]) - 2
    )
    assert len(body) % 1024 == 0
    index = {unpadded(each["locator"]): unpadded(each["wrap"]) for each in record["index"]}
    assert list(index) == sorted(index)
    for share in SEALING["shares"]:
        wrap = index[bytes.fromhex(share["locator"])]
        plain = opened(wrap, bytes.fromhex(share["record_key"]), SEALING["associated_data"]["wrap"])
        assert plain.hex() == share["plaintext"]
        flag = b"\1" + key if share["strong"] else bytes(33)
        disclosure = share["disclosure"].encode()
        assert plain[:33] == flag
        assert plain[33:] == (len(disclosure).to_bytes(2, "big") + disclosure).ljust(567, b"\0")


def test_the_log_approves_the_record_and_the_attestation() -> None:
    approved = SEALING["approved"]
    assert hashlib.sha256(SEALING["record"].encode()).hexdigest() == approved["record_sha256"]
    assert hashlib.sha256(SEALING["jwt"].encode()).hexdigest() == approved["jwt_sha256"]
    item = json.loads(STATEMENTS["statements"][1]["decision"])["items"][0]
    assert unpadded(item["jwt"]).hex() == approved["jwt_sha256"]
    assert unpadded(item["seal"]["record"]).hex() == approved["record_sha256"]
    assert unpadded(item["seal"]["key"]).hex() == approved["oprf_key"] == VOPRF["oprf_key"]["id"]


# Statements and the register


@pytest.mark.parametrize("statement", STATEMENTS["statements"], ids=lambda each: each["statement"])
def test_an_entry_is_its_decision_and_approvals(statement: JSON) -> None:
    decision = statement["decision"].encode()
    assert hashlib.sha256(decision).hexdigest() == statement["decision_hash"]
    value = {"decision": json.loads(decision), "approvals": statement["approvals"]}
    assert canonical(value) == statement["entry"].encode()
    leaf = hashlib.sha256(b"\0" + statement["entry"].encode()).hexdigest()
    assert leaf == statement["leaf_hash"]
    for approval in statement["approvals"]:
        signed = b"comity:approve:v1\n" + decision
        assert holds(unpadded(approval["officer"]), signed, unpadded(approval["sig"]))


def test_the_recusal_is_signed_over_the_hash() -> None:
    recusal = STATEMENTS["recusal"]
    signed = b"comity:recuse:v1\n" + bytes.fromhex(recusal["decision_hash"])
    key, signature = (bytes.fromhex(recusal[name]) for name in ("officer", "signature"))
    assert holds(key, signed, signature)


@pytest.mark.parametrize("case", REGISTER["states"], ids=lambda each: each["what"])
def test_states_follow_from_the_dates(case: JSON) -> None:
    """The table of section 6, once more by hand."""
    item, on = json.loads(case["item"]), date.fromisoformat(case["on"])
    ends, review_by = (date.fromisoformat(item[name]) for name in ("ends", "review_by"))
    until = item["notice"]["until"]
    for each in case["states"]:
        day = date.fromisoformat(each["day"])
        lapses = review_by + timedelta(days=90)
        if day < on:
            expected = "pending"
        elif day <= min(ends, lapses):
            expected = "in_force"
        else:
            expected = "lapsed" if lapses < ends else "expired"
        assert each["state"] == expected
        in_force = expected == "in_force"
        assert ("review_due" in each["flags"]) == (in_force and day > review_by)
        stayed = in_force and until is not None and day > date.fromisoformat(until)
        assert ("stayed" in each["flags"]) == stayed


def test_every_log_begins_with_its_fingerprint() -> None:
    for log in REGISTER["logs"]:
        first = log["entries"][0]["entry"].encode("latin-1")
        assert hashlib.sha256(b"\0" + first).hexdigest() == REGISTER["fingerprint"]


# The log


def leaf(number: int) -> bytes:
    return hashlib.sha256(b"\0" + f"entry {number}".encode()).digest()


def root(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, as it is written there."""
    if len(leaves) < 2:
        return leaves[0] if leaves else hashlib.sha256(b"").digest()
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + root(leaves[:split]) + root(leaves[split:])).digest()


def inclusion(index: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of RFC 6962, section 2.1.1."""
    if len(leaves) == 1:
        return []
    split = 1 << (len(leaves) - 1).bit_length() - 1
    if index < split:
        return [*inclusion(index, leaves[:split]), root(leaves[split:])]
    return [*inclusion(index - split, leaves[split:]), root(leaves[:split])]


def consistency(size: int, leaves: list[bytes], *, complete: bool = True) -> list[bytes]:
    """PROOF and SUBPROOF of RFC 6962, section 2.1.2."""
    if size == len(leaves):
        return [] if complete else [root(leaves)]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    if size <= split:
        return [*consistency(size, leaves[:split], complete=complete), root(leaves[split:])]
    return [*consistency(size - split, leaves[split:], complete=False), root(leaves[:split])]


LEAVES = [leaf(number) for number in range(600)]


def test_roots_and_proofs_are_those_of_rfc_6962() -> None:
    for case in LOG["roots"]:
        assert root(LEAVES[: case["size"]]).hex() == case["root"]
    for case in LOG["inclusion"]:
        path = inclusion(case["index"], LEAVES[: case["size"]])
        assert [each.hex() for each in path] == case["proof"]
    for case in LOG["consistency"]:
        size = case["old_size"]
        path = consistency(size, LEAVES[: case["size"]]) if size else []
        assert [each.hex() for each in path] == case["proof"]


def test_tiles_are_hashes_and_the_bundle_is_entries() -> None:
    tiles = {each["path"]: each["hashes"] for each in LOG["tiles"]["tiles"]}
    assert tiles["tile/0/000"] == b"".join(LEAVES[:256]).hex()
    assert tiles["tile/0/002.p/88"] == b"".join(LEAVES[512:]).hex()
    assert tiles["tile/1/000.p/2"] == (root(LEAVES[:256]) + root(LEAVES[256:512])).hex()
    entries = [f"entry {number}".encode() for number in range(512, 600)]
    bundle = b"".join(len(each).to_bytes(2, "big") + each for each in entries)
    assert LOG["tiles"]["bundle"]["bytes"] == bundle.hex()


def signature_line(note: str, name: str) -> list[bytes]:
    """The signatures of a key name in a note, key id in front."""
    lines = note.rpartition("\n\n")[2].splitlines()
    found = [line.removeprefix("\u2014 ").split(" ") for line in lines]
    return [base64.b64decode(text) for key_name, text in found if key_name == name]


def test_the_checkpoint_is_signed_and_cosigned() -> None:
    checkpoint, keys = LOG["checkpoint"], LOG["keys"]
    leaves = [hashlib.sha256(b"\0" + each["entry"].encode()).digest() for each in LOG["entries"]]
    tree = base64.b64encode(root(leaves)).decode()
    assert checkpoint["text"] == f"python.example/comity\n3\n{tree}\n"
    signed, cosigned = signature_line(checkpoint["note"], "python.example/comity")
    text = checkpoint["text"].encode()
    assert holds(bytes.fromhex(keys["log"]["public_key"]), text, signed[4:])
    time = int.from_bytes(cosigned[4:12], "big")
    assert time == checkpoint["time"]
    message = f"cosignature/v1\ntime {time}\n".encode() + text
    assert message == checkpoint["cosigned_text"].encode()
    assert holds(bytes.fromhex(keys["cosign"]["public_key"]), message, cosigned[12:])
    for use, kind, line in (("log", b"\1", signed), ("cosign", b"\4", cosigned)):
        key = keys[use]
        material = kind + bytes.fromhex(key["public_key"])
        key_id = hashlib.sha256(f"{key['name']}\n".encode() + material).digest()[:4]
        assert line[:4] == key_id
        assert key["vkey"] == f"{key['name']}+{key_id.hex()}+{base64.b64encode(material).decode()}"


def test_a_witness_adds_its_line() -> None:
    (line,) = signature_line(LOG["witness"]["note_after"], "django.example/comity")
    assert LOG["witness"]["note_after"].endswith(LOG["witness"]["answer"])
    time = int.from_bytes(line[4:12], "big")
    message = f"cosignature/v1\ntime {time}\n{LOG['checkpoint']['text']}".encode()
    assert holds(bytes.fromhex(LOG["keys"]["peer"]["public_key"]), message, line[12:])
    assert LOG["witness"]["request"].endswith("\n\n" + LOG["checkpoint"]["note"])


def test_the_compared_text_is_its_five_fields() -> None:
    for case in COMPARE["cases"]:
        prefix, id_, fingerprint, size, root_text = case["text"].split(":")
        assert (prefix, id_, size) == ("comity1", case["id"], str(case["size"]))
        assert unpadded(fingerprint).hex() == case["fingerprint"] == REGISTER["fingerprint"]
        assert unpadded(root_text).hex() == case["root"]


# Requests and answers


@pytest.mark.parametrize("case", HTTP["requests"] + HTTP["answers"], ids=lambda case: case["body"])
def test_a_signature_is_over_its_base(case: JSON) -> None:
    who = HTTP["asker"] if "method" in case else HTTP["issuer"]
    signature = base64.b64decode(case["fields"]["Signature"].split(":")[1])
    assert holds(bytes.fromhex(who["public_key"]), case["signature_base"].encode(), signature)
    if case["body"]:
        digest = base64.b64encode(hashlib.sha256(case["body"].encode()).digest()).decode()
        assert case["fields"]["Content-Digest"] == f"sha-256=:{digest}:"


@dataclass
class Message:
    """A request in the interface of the library that judges it."""

    method: str
    url: str
    headers: dict[str, str]


class TimelessVerifier(HTTPMessageVerifier):
    """The library reads the clock; the times of the vectors are fixed."""

    def validate_created_and_expires(self, sig_input: Any, max_age: Any = None) -> None:
        """Accept any time."""


@pytest.mark.parametrize("case", HTTP["requests"], ids=lambda case: case["method"])
def test_a_library_of_rfc_9421_verifies_the_requests(case: JSON) -> None:
    public_key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(HTTP["asker"]["public_key"]))
    keys = MappingKeyResolver(public_keys={HTTP["asker"]["keyid"]: public_key}, private_keys={})
    verifier = TimelessVerifier(signature_algorithm=ED25519, key_resolver=keys)
    message = Message(
        case["method"], f"https://{case['authority']}{case['target']}", case["fields"]
    )
    (result,) = verifier.verify(message, expect_tag="comity", body=case["body"].encode())
    assert unpadded(str(result.nonce)).hex() == HTTP["nonce"]


# Sheets


def test_fillers_are_shake256_of_the_decoys_seeds() -> None:
    commit = unpadded(json.loads(SEALING["record"])["commit"])
    for case in SEALING["fillers"]:
        seed = bytes.fromhex(case["seed"])
        stream = hashlib.shake_256(b"comity:filler:v1:" + seed + commit).digest(656)
        assert stream.hex() == case["locator"] + case["wrap"]


ACCEPTED = [*SHEET["accepted"], *SHEET["ended"]["accepted"]]


@pytest.mark.parametrize("case", ACCEPTED, ids=lambda case: case["sheet_of"])
def test_a_vote_is_over_the_decision_on_the_sheet(case: JSON) -> None:
    decision = canonical(json.loads(case["sheet"])["decision"])
    assert hashlib.sha256(decision).hexdigest() == case["decision_hash"]
    officer = bytes.fromhex(SHEET["officer"]["public_key"])
    approval = b"comity:approve:v1\n" + decision
    assert holds(officer, approval, unpadded(case["approval"]["sig"]))
    recusal = b"comity:recuse:v1\n" + hashlib.sha256(decision).digest()
    assert holds(officer, recusal, unpadded(case["recusal"]["sig"]))


def test_every_check_of_a_sheet_can_fail() -> None:
    assert {case["check"] for case in SHEET["refused"]} == set(range(1, 12))


# Inquiries

ANSWER_MEMBERS = {
    "v", "inquiry", "log", "attestation", "on", "phrase", "disclosures", "contact",
}  # fmt: skip


def seen_in(jwt: str, disclosures: list[str]) -> JSON | None:
    """What disclosures say of an attestation; None where one is not of its `_sd`."""
    payload = json.loads(unpadded(jwt.split(".")[1]))
    seen = {}
    for text in disclosures:
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode()[:43]
        if digest not in payload["_sd"]:
            return None
        _, name, value = json.loads(unpadded(text))
        seen[name] = value
    return seen if len(seen) == len(disclosures) else None


def answer_holds(question: JSON, signed: JSON) -> bool:
    """The checks of section 8 on an answer, once more by hand."""
    answer = signed["answer"]
    phrases = {case["phrase"] for case in INQUIRY["answers"]}
    key = bytes.fromhex(INQUIRY["issue_key"]["public_key"])
    return (
        set(answer) == ANSWER_MEMBERS
        and answer["phrase"] in phrases
        and (answer["phrase"] == "released") == bool(answer["disclosures"])
        and answer["contact"] is not None
        and holds(key, b"comity:answer:v1\n" + canonical(answer), unpadded(signed["sig"]))
        and unpadded(answer["inquiry"]) == hashlib.sha256(canonical(question)).digest()
        and all(answer[name] == question[name] for name in ("log", "attestation"))
        and seen_in(INQUIRY["jwt"], answer["disclosures"]) is not None
    )


def test_an_inquiry_is_named_by_its_hash() -> None:
    for case in INQUIRY["questions"]:
        assert canonical(json.loads(case["body"])) == case["body"].encode()
        assert hashlib.sha256(case["body"].encode()).hexdigest() == case["hash"]


@pytest.mark.parametrize("case", INQUIRY["answers"], ids=lambda case: case["phrase"])
def test_an_answer_holds_by_the_checks_of_section_8(case: JSON) -> None:
    signed = json.loads(case["body"])["answered"]
    assert answer_holds(json.loads(INQUIRY["questions"][0]["body"]), signed)
    assert case["signed_text"] == "comity:answer:v1\n" + canonical(signed["answer"]).decode()
    seen = seen_in(INQUIRY["jwt"], signed["answer"]["disclosures"]) or {}
    assert {name: case[name] for name in ("basis", "decided_by") if case[name]} == seen


@pytest.mark.parametrize("case", INQUIRY["answers_refused"], ids=lambda case: case["reason"])
def test_a_refused_answer_fails_one_of_them(case: JSON) -> None:
    question = json.loads(INQUIRY["questions"][0]["body"])
    assert not answer_holds(question, json.loads(case["answered"]))
