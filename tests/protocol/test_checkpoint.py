"""Signed notes, checkpoints, cosignatures, witness requests, proof files, the compared text."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.checkpoint import (
    Checkpoint,
    VerifiedCheckpoint,
    claimed_checkpoint,
    cosign,
    cosign_key,
    cosignature_time,
    log_key,
    origin_of,
    parse_size,
    sign_checkpoint,
    verify_checkpoint,
)
from protocol.compare import Comparison
from protocol.errors import BadProof, BadSignature, Malformed, TooLarge, Violation
from protocol.keys import SigningKey
from protocol.merkle import EMPTY_ROOT, MAX_PROOF, leaf_hash, tree_root, verify_extension
from protocol.note import (
    COSIGNATURE,
    ED25519,
    MAX_NOTE,
    MAX_SIGNATURES,
    NoteSignature,
    SignedNote,
    VerifierKey,
    parse_signatures,
    sign_note,
)
from protocol.tlog_proof import MAX_TLOG_PROOF, TlogProof
from protocol.verified_tiles import EMPTY_TREE, VerifiedTiles, verify_tiles
from protocol.witness import MAX_REQUEST, AddCheckpoint, parse_size_answer, size_answer
from tests.paths import SHARED

VECTORS = SHARED / "vectors" / "c2sp_tlog.json"

COMMUNITY = "python.example"
ORIGIN = "python.example/comity"
LOG, COSIGN, STRANGER = (SigningKey(bytes([number]) * 32) for number in (1, 2, 3))
ROOT = leaf_hash(b"entry")
HEAD = Checkpoint(ORIGIN, 7, ROOT)
NOTE = sign_checkpoint(HEAD, LOG)
NOW = 1_800_000_000

names = st.text(
    st.characters(codec="utf-8", exclude_characters="+", exclude_categories=("Z", "Cc", "Cs")),
    min_size=1,
    max_size=20,
)
lines = st.builds(
    NoteSignature,
    names,
    st.binary(min_size=4, max_size=4),
    st.binary(min_size=1, max_size=72),
)
texts = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), include_characters="\n"),
    max_size=60,
).map(lambda text: text + "\n")
notes = st.builds(SignedNote, texts, st.lists(lines, min_size=1, max_size=4).map(tuple))


# Notes


@given(notes)
def test_a_note_reads_as_it_was_written(note: SignedNote) -> None:
    assert SignedNote.from_bytes(note.to_bytes()) == note


@settings(max_examples=200)
@given(st.data())
def test_a_note_that_is_read_writes_itself_again(data: st.DataObject) -> None:
    """Bytes near those of a note are refused, or are the one form of what they say."""
    spoilt = bytearray(data.draw(notes).to_bytes())
    at = data.draw(st.integers(0, len(spoilt) - 1))
    spoilt[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
    try:
        note = SignedNote.from_bytes(bytes(spoilt))
    except Malformed:
        return
    assert note.to_bytes() == bytes(spoilt)


LINE = NOTE.signatures[0].line()

MALFORMED_NOTES = {
    "nothing": b"",
    "no signature": b"text\n\n",
    "no empty line": f"text\n{LINE}".encode(),
    "no text": f"\n{LINE}".encode(),
    "no final newline": f"text\n\n{LINE}"[:-1].encode(),
    "carriage returns": f"text\r\n\r\n{LINE}".encode(),
    "tab": f"te\txt\n\n{LINE}".encode(),
    "NUL": f"te\0xt\n\n{LINE}".encode(),
    "not UTF-8": b"te\xffxt\n\n" + LINE.encode(),
    "UTF-8 of a surrogate": b"te\xed\xa0\x80xt\n\n" + LINE.encode(),
    "overlong UTF-8": b"te\xc0\x80xt\n\n" + LINE.encode(),
    "text after the signatures": f"text\n\n{LINE}more\n".encode(),
    "empty line after the signatures": f"text\n\n{LINE}\n".encode(),
    "hyphen for the dash": f"text\n\n{LINE.replace(chr(0x2014), '-')}".encode(),
    "two spaces": f"text\n\n{LINE.replace(' ', '  ', 1)}".encode(),
    "no name": f"text\n\n\u2014 {LINE.split(' ')[2]}".encode(),
    "empty name": f"text\n\n\u2014  {LINE.split(' ')[2]}".encode(),
    "plus in the name": f"text\n\n{LINE.replace('python', 'py+thon')}".encode(),
    "no-break space in the name": f"text\n\n{LINE.replace('py', 'py' + chr(0xA0))}".encode(),
    "space at the end": f"text\n\n{LINE[:-1]} \n".encode(),
    "no signature bytes": f"text\n\n\u2014 {ORIGIN} AAAAAA==\n".encode(),
    "base64 without padding": f"text\n\n\u2014 {ORIGIN} AAAAAAA\n".encode(),
    "base64 with stray bits": f"text\n\n\u2014 {ORIGIN} AAAAAAB=\n".encode(),
    "base64url": f"text\n\n\u2014 {ORIGIN} AAAAAA_-\n".encode(),
    "base64 padded in the middle": f"text\n\n\u2014 {ORIGIN} AAA=AAAAAAA=\n".encode(),
}


@pytest.mark.parametrize("data", MALFORMED_NOTES.values(), ids=MALFORMED_NOTES.keys())
def test_what_is_not_a_note_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        SignedNote.from_bytes(data)


def test_a_note_may_hold_empty_lines_and_is_parted_at_the_last() -> None:
    note = SignedNote("one\n\n\ntwo\n\n", NOTE.signatures)
    assert SignedNote.from_bytes(note.to_bytes()) == note


def test_a_note_is_bounded_before_it_is_read() -> None:
    with pytest.raises(TooLarge):
        SignedNote.from_bytes(b"\xff" * (MAX_NOTE + 1))
    with pytest.raises(TooLarge):
        SignedNote.from_bytes(NOTE.to_bytes(), len(NOTE.to_bytes()) - 1)
    most = ("text\n\n" + LINE * MAX_SIGNATURES).encode()
    assert len(SignedNote.from_bytes(most).signatures) == MAX_SIGNATURES
    with pytest.raises(TooLarge):
        SignedNote.from_bytes(most + LINE.encode())


def test_signatures_of_unknown_keys_mean_nothing() -> None:
    """Not even when they share the name, or the id, of the known key."""
    key = log_key(COMMUNITY, LOG.public_key)
    junk = (
        NoteSignature(ORIGIN, b"\0\0\0\0", b"junk"),
        NoteSignature("other.example/comity", key.key_id, b"junk"),
        sign_note(NOTE.text, STRANGER, "stranger.example/comity"),
    )
    SignedNote(NOTE.text, (*junk, *junk, *NOTE.signatures)).verify(key)
    with pytest.raises(BadSignature):
        SignedNote(NOTE.text, junk).verify(key)


def test_every_line_that_names_the_known_key_must_hold() -> None:
    key = log_key(COMMUNITY, LOG.public_key)
    false = NoteSignature(ORIGIN, key.key_id, STRANGER.sign(NOTE.text.encode()))
    SignedNote(NOTE.text, NOTE.signatures * 2).verify(key)
    for both in ((false, *NOTE.signatures), (*NOTE.signatures, false)):
        with pytest.raises(BadSignature):
            SignedNote(NOTE.text, both).verify(key)


def test_a_newer_signature_takes_the_place_of_the_older_one_of_its_key() -> None:
    early, late = (cosign(NOTE.text, COSIGN, ORIGIN, time) for time in (NOW, NOW + 600))
    witness = cosign(NOTE.text, STRANGER, "peer.example/comity", NOW)
    note = NOTE.with_signatures([early, witness]).with_signatures([late])
    assert note.signatures == (*NOTE.signatures, late, witness)


def test_no_note_outgrows_what_every_verifier_accepts() -> None:
    crowd = [cosign(NOTE.text, STRANGER, f"c{number}.example/comity", NOW) for number in range(20)]
    note = NOTE.with_signatures(crowd)
    assert note.signatures == (*NOTE.signatures, *crowd[: MAX_SIGNATURES - 1])
    assert SignedNote.from_bytes(note.to_bytes()) == note


# Verifier keys


@given(names, st.sampled_from([ED25519, COSIGNATURE]), st.binary(min_size=32, max_size=32))
def test_a_verifier_key_reads_as_it_was_written(name: str, algorithm: int, key: bytes) -> None:
    verifier = VerifierKey(name, algorithm, key)
    assert VerifierKey.from_vkey(verifier.vkey()) == verifier


def test_other_verifier_keys_are_refused() -> None:
    good = log_key(COMMUNITY, LOG.public_key).vkey()
    name, key_id, material = good.split("+", 2)
    for bad in (
        "",
        name,
        f"{name}+{key_id}",
        f"+{key_id}+{material}",
        f"{name}+{key_id.upper()}+{material}",
        f"{name}+00000000+{material}",
        f"{name}+{key_id}+{material[:-4]}",
        f"{name}+{key_id}+{material}\n",
        f" {name}+{key_id}+{material}",
        f"{name}+{key_id}+A{'C' + material[2:]}",  # another type
        f"other{name}+{key_id}+{material}",
        f"\ud800+{key_id}+{material}",
    ):
        with pytest.raises(Malformed):
            VerifierKey.from_vkey(bad)
    with pytest.raises(Malformed):
        VerifierKey(ORIGIN, 0x02, LOG.public_key)
    with pytest.raises(Malformed):
        VerifierKey(ORIGIN, ED25519, LOG.public_key[:-1])


def test_one_name_stands_for_two_keys_told_apart_by_their_type() -> None:
    assert origin_of(COMMUNITY) == ORIGIN
    log, timed = log_key(COMMUNITY, LOG.public_key), cosign_key(COMMUNITY, LOG.public_key)
    assert log.name == timed.name == ORIGIN
    assert log.key_id != timed.key_id


# Checkpoints


@given(st.integers(1, 2**53 - 1), st.binary(min_size=32, max_size=32))
def test_a_checkpoint_reads_as_it_was_written(size: int, root: bytes) -> None:
    head = Checkpoint(ORIGIN, size, root)
    note = sign_checkpoint(head, LOG)
    assert verify_checkpoint(note.to_bytes(), LOG.public_key, ORIGIN) == VerifiedCheckpoint(
        head, note
    )
    assert claimed_checkpoint(note.to_bytes()) == head


B64 = HEAD.to_text().split("\n")[2]


@pytest.mark.parametrize(
    "text",
    [
        f"{ORIGIN}\n7\n",
        f"{ORIGIN}\n7\n{B64}",
        f"{ORIGIN}\n7\n{B64}\nextension\n",
        f"{ORIGIN}\n7\n{B64}\n\n",
        f"\n7\n{B64}\n",
        f"{ORIGIN}\n07\n{B64}\n",
        f"{ORIGIN}\n+7\n{B64}\n",
        f"{ORIGIN}\n-7\n{B64}\n",
        f"{ORIGIN}\n 7\n{B64}\n",
        f"{ORIGIN}\n7_0\n{B64}\n",
        f"{ORIGIN}\n\u0667\n{B64}\n",
        f"{ORIGIN}\n\n{B64}\n",
        f"{ORIGIN}\n{2**53}\n{B64}\n",
        f"{ORIGIN}\n{'9' * 10_000}\n{B64}\n",
        f"{ORIGIN}\n7\n{B64[:-1]}\n",
        f"{ORIGIN}\n7\n{B64[:-4]}\n",
        f"{ORIGIN}\n0\n{B64}\n",
    ],
)
def test_what_is_not_a_checkpoint_is_refused_though_signed(text: str) -> None:
    note = SignedNote(text, (sign_note(text, LOG, ORIGIN),))
    with pytest.raises(Malformed):
        verify_checkpoint(note.to_bytes(), LOG.public_key, ORIGIN)


def test_the_head_of_an_empty_log_reads() -> None:
    head = Checkpoint(ORIGIN, 0, EMPTY_ROOT)
    assert Checkpoint.from_text(head.to_text()) == head


def test_a_checkpoint_of_another_log_or_key_is_refused() -> None:
    data = NOTE.to_bytes()
    with pytest.raises(BadSignature):
        verify_checkpoint(data, STRANGER.public_key, ORIGIN)
    with pytest.raises(BadSignature):
        verify_checkpoint(data, LOG.public_key, "other.example/comity")
    # Signed under our name, about another log: no signature may be moved over.
    text = Checkpoint("other.example/comity", 7, ROOT).to_text()
    moved = SignedNote(text, (sign_note(text, LOG, ORIGIN),))
    with pytest.raises(BadProof):
        verify_checkpoint(moved.to_bytes(), LOG.public_key, ORIGIN)


@settings(max_examples=150)
@given(st.integers(0, len(NOTE.to_bytes()) * 8 - 1))
def test_a_checkpoint_with_one_bit_flipped_is_refused(bit: int) -> None:
    spoilt = bytearray(NOTE.to_bytes())
    spoilt[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Violation):
        verify_checkpoint(bytes(spoilt), LOG.public_key, ORIGIN)


# Cosignatures


@given(st.integers(0, 2**63 - 1))
def test_a_cosignature_tells_its_time(time: int) -> None:
    note = NOTE.with_signatures([cosign(NOTE.text, COSIGN, ORIGIN, time)])
    assert cosignature_time(note, cosign_key(COMMUNITY, COSIGN.public_key)) == time
    verify_checkpoint(note.to_bytes(), LOG.public_key, ORIGIN)


def test_the_time_of_a_cosignature_cannot_be_altered() -> None:
    key = cosign_key(COMMUNITY, COSIGN.public_key)
    good = cosign(NOTE.text, COSIGN, ORIGIN, NOW)
    for bit in range(len(good.signature) * 8):
        value = int.from_bytes(good.signature, "big") ^ 1 << bit
        spoilt = NoteSignature(good.name, good.key_id, value.to_bytes(72, "big"))
        with pytest.raises(BadSignature):
            cosignature_time(NOTE.with_signatures([spoilt]), key)
    for cut in (good.signature[:-1], good.signature + b"\0", good.signature[:3]):
        with pytest.raises(BadSignature):
            cosignature_time(NOTE.with_signatures([NoteSignature(ORIGIN, key.key_id, cut)]), key)


def test_a_time_beyond_2_to_the_63_is_refused_though_signed() -> None:
    key = cosign_key(COMMUNITY, COSIGN.public_key)
    with pytest.raises(BadSignature, match="beyond"):
        cosignature_time(NOTE.with_signatures([cosign(NOTE.text, COSIGN, ORIGIN, 2**63)]), key)


def test_a_cosignature_holds_for_its_head_only() -> None:
    other = sign_checkpoint(Checkpoint(ORIGIN, 8, ROOT), LOG)
    moved = other.with_signatures([cosign(NOTE.text, COSIGN, ORIGIN, NOW)])
    with pytest.raises(BadSignature):
        cosignature_time(moved, cosign_key(COMMUNITY, COSIGN.public_key))


def test_the_two_types_of_signature_do_not_pass_for_each_other() -> None:
    log, timed = log_key(COMMUNITY, LOG.public_key), cosign_key(COMMUNITY, LOG.public_key)
    plain = NoteSignature(ORIGIN, timed.key_id, NOW.to_bytes(8, "big") + LOG.sign(b"text\n"))
    with pytest.raises(BadSignature):
        cosignature_time(SignedNote("text\n", (plain,)), timed)
    untimed = cosign("text\n", LOG, ORIGIN, NOW).signature[8:]
    with pytest.raises(BadSignature):
        SignedNote("text\n", (NoteSignature(ORIGIN, log.key_id, untimed),)).verify(log)
    with pytest.raises(ValueError, match="timed"):
        NOTE.verify(timed)
    with pytest.raises(ValueError, match="0x04"):
        cosignature_time(NOTE, log)


def test_of_several_cosignatures_by_one_key_all_hold_and_the_latest_counts() -> None:
    key = cosign_key(COMMUNITY, COSIGN.public_key)
    several = [cosign(NOTE.text, COSIGN, ORIGIN, time) for time in (NOW, NOW + 9, NOW + 5)]
    assert cosignature_time(SignedNote(NOTE.text, tuple(several)), key) == NOW + 9
    false = NoteSignature(ORIGIN, key.key_id, several[1].signature[:8] + several[0].signature[8:])
    with pytest.raises(BadSignature):
        cosignature_time(SignedNote(NOTE.text, (*several, false)), key)


# Witnesses


hashes = st.lists(st.binary(min_size=32, max_size=32), max_size=MAX_PROOF).map(tuple)


@given(st.integers(0, 2**53 - 1), hashes)
def test_a_witness_request_reads_as_it_was_written(size: int, proof: tuple[bytes, ...]) -> None:
    request = AddCheckpoint(size, proof, NOTE.to_bytes())
    assert AddCheckpoint.from_bytes(request.to_bytes()) == request


@pytest.mark.parametrize(
    "head",
    [
        "",
        "\n",
        "old 1",
        "old 1\n",
        "old 01\n\n",
        "old\n\n",
        "old  1\n\n",
        "Old 1\n\n",
        "old 1 \n\n",
        "old -1\n\n",
        "old 1\r\n\r\n",
        f"{B64}\n\n",
        f"old 1\n{B64} \n\n",
        f"old 1\n{B64[:-4]}\n\n",
        "old 1\nold 1\n\n",
        "old 1\n\u00e9\n\n",
    ],
)
def test_what_is_not_a_witness_request_is_refused(head: str) -> None:
    body = head.encode() + sign_checkpoint(HEAD, LOG).to_bytes()
    with pytest.raises(Malformed):
        AddCheckpoint.from_bytes(body)


def test_a_witness_request_is_bounded() -> None:
    too_many = AddCheckpoint(1, (ROOT,) * (MAX_PROOF + 1), NOTE.to_bytes())
    with pytest.raises(TooLarge):
        AddCheckpoint.from_bytes(too_many.to_bytes())
    with pytest.raises(TooLarge):
        AddCheckpoint.from_bytes(b"old 1\n\n" + b"x" * MAX_REQUEST)


def test_the_answer_of_a_witness_is_signature_lines() -> None:
    signatures = [cosign(NOTE.text, COSIGN, ORIGIN, NOW + number) for number in range(2)]
    body = "".join(item.line() for item in signatures).encode()
    assert parse_signatures(body) == tuple(signatures)
    for bad in (b"", b"\n", body[:-1], body + b"\n", b"\n" + body, b"x\n" + body, b"\xff\n"):
        with pytest.raises(Malformed):
            parse_signatures(bad)
    with pytest.raises(TooLarge):
        parse_signatures(body * MAX_SIGNATURES)


def test_a_witness_tells_the_size_that_it_knows() -> None:
    assert parse_size_answer(size_answer(0)) == 0
    assert parse_size_answer(size_answer(2**53 - 1)) == 2**53 - 1
    for bad in (b"", b"7", b"07\n", b"7\n\n", b"7\r\n", b"\xd9\xa7\n", b"-1\n"):
        with pytest.raises(Malformed):
            parse_size_answer(bad)


# Proof files


ENTRIES = [b"entry %d" % number for number in range(300)]
TREE = EMPTY_TREE.append([leaf_hash(entry) for entry in ENTRIES])
SIGNED_TREE = sign_checkpoint(Checkpoint(ORIGIN, TREE.size, TREE.root), LOG)


def proof_of(index: int) -> TlogProof:
    tiles: VerifiedTiles = verify_tiles(TREE.size, TREE.root, TREE.tiles)
    return TlogProof(index, tuple(tiles.inclusion_proof(index)), SIGNED_TREE.to_bytes())


@pytest.mark.parametrize("index", [0, 1, 255, 256, 299])
def test_a_proof_file_shows_its_entry_offline_and_no_other(index: int) -> None:
    data = proof_of(index).to_bytes()
    proof = TlogProof.from_bytes(data)
    assert proof.to_bytes() == data
    assert data.startswith(b"c2sp.org/tlog-proof@v1\nindex %d\n" % index)
    assert proof.verify(ENTRIES[index], LOG.public_key, ORIGIN).head.size == 300
    with pytest.raises(BadProof):
        proof.verify(b"another entry", LOG.public_key, ORIGIN)
    with pytest.raises(BadProof):
        TlogProof(index ^ 1, proof.proof, proof.checkpoint).verify(
            ENTRIES[index], LOG.public_key, ORIGIN
        )
    with pytest.raises(BadSignature):
        proof.verify(ENTRIES[index], STRANGER.public_key, ORIGIN)


def test_other_proof_files_are_refused() -> None:
    good = proof_of(5).to_bytes()
    for bad in (
        b"",
        good.replace(b"@v1", b"@v2"),
        good.replace(b"index 5", b"index 05"),
        good.replace(b"index 5", b"index -5"),
        good.replace(b"index 5\n", b""),
        good.replace(b"index 5", b"extra AAAA\nindex 5"),  # nothing authenticates it
        good.replace(b"index 5", b"index 5\r"),
        good.replace(b"@v1\n", b"@v1\n\n"),
        good.replace(b"index 5\n", b"index 5\nAAAA\n"),
        b"c2sp.org/tlog-proof@v1\n\n" + SIGNED_TREE.to_bytes(),
    ):
        with pytest.raises(Malformed):
            TlogProof.from_bytes(bad)
    with pytest.raises(TooLarge):
        TlogProof.from_bytes(good + b"x" * MAX_TLOG_PROOF)


# The compared text


@given(
    st.binary(min_size=32, max_size=32),
    st.integers(2, 2**53 - 1),
    st.binary(min_size=32, max_size=32),
)
def test_a_compared_text_reads_as_it_was_written(
    fingerprint: bytes, size: int, root: bytes
) -> None:
    comparison = Comparison(COMMUNITY, fingerprint, size, root)
    assert Comparison.from_text(comparison.to_text()) == comparison


def test_a_log_of_one_entry_has_its_fingerprint_for_a_root() -> None:
    assert tree_root([ROOT]) == ROOT
    whole = Comparison(COMMUNITY, ROOT, 1, ROOT)
    assert Comparison.from_text(whole.to_text()) == whole


GOOD = Comparison(COMMUNITY, ROOT, 9, EMPTY_ROOT).to_text()


@pytest.mark.parametrize(
    "text",
    [
        "",
        GOOD[:-1],
        GOOD + "=",
        GOOD + ":",
        GOOD + "\n",
        " " + GOOD,
        GOOD.upper(),
        GOOD.replace("comity1", "comity2"),
        GOOD.replace("python.example", "Python.example"),
        GOOD.replace("python.example", "python"),
        GOOD.replace("python.example", ""),
        GOOD.replace(":9:", ":09:"),
        GOOD.replace(":9:", ":0:"),
        GOOD.replace(":9:", ":1:"),
        GOOD.replace(":9:", "::"),
        GOOD.replace("comity1:", "comity1:" + "a" * 100_000),
    ],
)
def test_no_other_compared_text_is_read(text: str) -> None:
    with pytest.raises(Malformed):
        Comparison.from_text(text)


@given(st.text(alphabet="0123456789+-_ \u0667", max_size=20))
def test_a_size_has_one_form(text: str) -> None:
    try:
        size = parse_size(text)
    except Malformed:
        return
    assert str(size) == text


class Witness:
    """The rules of tlog-witness for one log, to judge the published requests by."""

    def __init__(self, origin: str, key: bytes) -> None:
        self.origin, self.key = origin, key
        self.size, self.root = 0, EMPTY_ROOT

    def status(self, body: bytes) -> int:
        """The status of the answer to a request."""
        request = AddCheckpoint.from_bytes(body)
        try:
            head = verify_checkpoint(request.checkpoint, self.key, self.origin).head
        except Malformed:
            return 400
        except BadSignature:
            return 403
        if request.old_size > head.size:
            return 400
        if request.old_size != self.size:
            return 409
        try:
            verify_extension(self.size, self.root, head.size, head.root, request.proof)
        except BadProof:
            return 422
        self.size, self.root = head.size, head.root
        return 200


if VECTORS.is_file():
    PUBLISHED: dict[str, Any] = json.loads(VECTORS.read_bytes())

    def test_the_published_note_verifies_under_the_published_key() -> None:
        case = PUBLISHED["note_ed25519"]
        key = VerifierKey.from_vkey(case["vkey"])
        assert key.vkey() == case["vkey"]
        note = SignedNote.from_bytes(case["note"].encode())
        note.verify(key)
        assert note.text == "This is an example message.\n"
        assert note.to_bytes() == case["note"].encode()
        with pytest.raises(BadSignature):
            SignedNote(note.text + "more\n", note.signatures).verify(key)

    def test_the_published_cosigned_checkpoint_has_the_published_layout() -> None:
        case = PUBLISHED["cosigned_checkpoint_example"]
        data = case["note"].encode()
        note = SignedNote.from_bytes(data)
        assert note.to_bytes() == data
        head = claimed_checkpoint(data)
        assert (head.origin, head.size) == ("example.com/behind-the-sofa", 20_852_163)
        time = case["cosignature_timestamp"]
        line = note.signatures[1]
        assert line.name == "witness.example.com/w1"
        assert int.from_bytes(line.signature[:8], "big") == time
        assert len(line.signature) == 72
        # Ours has the same layout, and signs the published message.
        ours = cosign(note.text, COSIGN, line.name, time).signature
        assert ours == time.to_bytes(8, "big") + COSIGN.sign(case["cosigned_message"].encode())

    def test_published_witness_requests_get_the_published_answers() -> None:
        """In their order, by one witness: each builds on what the one before left."""
        published = PUBLISHED["witness_requests"]
        key = bytes.fromhex(published["log_ed25519_public_key"])
        first = AddCheckpoint.from_bytes(published["requests"][0]["body"].encode())
        witness = Witness(claimed_checkpoint(first.checkpoint).origin, key)
        for number, request in enumerate(published["requests"]):
            body = request["body"].encode()
            assert AddCheckpoint.from_bytes(body).to_bytes() == body
            # The second was spoilt in its last character, which leaves stray bits in the base64:
            # what is not the one encoding is refused before any signature is looked at.
            expected = 400 if number == 1 else request["status_torchwood_2025"]
            assert witness.status(body) == expected
