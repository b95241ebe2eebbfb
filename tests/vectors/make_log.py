"""`protocol/vectors/log.json`: trees, tiles, notes, cosignatures, witnessing, proofs of entries."""

from collections.abc import Callable
from typing import Any

from protocol import merkle
from protocol.checkpoint import (
    Checkpoint,
    VerifiedCheckpoint,
    cosign,
    cosign_key,
    cosignature_time,
    log_key,
    origin_of,
    sign_checkpoint,
    verify_checkpoint,
)
from protocol.merkle import leaf_hash, tree_root
from protocol.note import SignedNote, VerifierKey, parse_signatures, sign_note, to_base64
from protocol.tiles import Bundle, Tile, edge_tiles, encode_bundle, parse_bundle, parse_path
from protocol.tlog_proof import TlogProof
from protocol.verified_tiles import EMPTY_TREE, VerifiedTiles, verify_tiles
from protocol.witness import AddCheckpoint, parse_size_answer, size_answer
from tests.vectors.make_statements import ATTEST, WITHDRAW
from tests.vectors.sample import GENESIS, ID, JSON, NOW, PEER, code_of, key

ORIGIN = origin_of(ID)
ENTRIES = [GENESIS, ATTEST, WITHDRAW]
MANY = [f"entry {number}".encode() for number in range(600)]
SIZES = (0, 1, 2, 3, 4, 7, 8, 255, 256, 257, 300, 512, 600)


def tree_of(entries: list[bytes]) -> VerifiedTiles:
    growth = EMPTY_TREE.append([leaf_hash(each) for each in entries])
    return verify_tiles(growth.size, growth.root, growth.tiles)


def _head(entries: list[bytes]) -> Checkpoint:
    return Checkpoint(ORIGIN, len(entries), tree_of(entries).root)


def _note(entries: list[bytes], time: int = NOW) -> SignedNote:
    """The checkpoint as its log serves it: log signature, own cosignature."""
    note = sign_checkpoint(_head(entries), key("log"))
    return note.with_signatures([cosign(note.text, key("cosign"), ORIGIN, time)])


NOTE = _note(ENTRIES)


def _witnessed() -> SignedNote:
    return NOTE.with_signatures([cosign(NOTE.text, key("peer"), origin_of(PEER), NOW + 7)])


def _roots() -> list[JSON]:
    leaves = [leaf_hash(each) for each in MANY]
    return [{"size": size, "root": tree_root(leaves[:size]).hex()} for size in SIZES]


def _inclusions() -> list[JSON]:
    return [
        {
            "index": index,
            "size": size,
            "leaf_hash": leaf_hash(MANY[index]).hex(),
            "root": (tree := tree_of(MANY[:size])).root.hex(),
            "proof": [each.hex() for each in tree.inclusion_proof(index)],
        }
        for index, size in ((0, 1), (0, 7), (6, 7), (255, 300), (256, 300), (5, 600))
    ]


def _consistencies() -> list[JSON]:
    return [
        {
            "old_size": old,
            "old_root": tree_of(MANY[:old]).root.hex(),
            "size": size,
            "root": (tree := tree_of(MANY[:size])).root.hex(),
            "proof": [each.hex() for each in tree.consistency_proof(old)],
        }
        for old, size in ((0, 7), (1, 7), (4, 7), (6, 7), (7, 7), (256, 300), (300, 600))
    ]


def _tiles() -> JSON:
    tree = tree_of(MANY)
    shown = [Tile(0, 0), Tile(0, 2, 88), Tile(1, 0, 2)]
    return {
        "size": len(MANY),
        "edge": [each.path() for each in edge_tiles(len(MANY))],
        "tiles": [{"path": each.path(), "hashes": tree.tile(each).hex()} for each in shown],
        "bundle": {
            "path": Bundle(2, 88).path(),
            "bytes": encode_bundle(MANY[512:]).hex(),
        },
        "paths": [
            "tile/0/000",
            "tile/0/x001/x234/067",
            "tile/entries/x001/000.p/255",
            "tile/63/000.p/1",
        ],
        "paths_refused": [
            {"reason": reason, "path": path, "code": code_of(parse_path, path)}
            for reason, path in (
                ("a width of 0", "tile/0/000.p/0"),
                ("a width of 256 written out", "tile/0/000.p/256"),
                ("a leading zero of the width", "tile/0/000.p/08"),
                ("two digits", "tile/0/00"),
                ("a group of zeros in front", "tile/0/x000/001"),
                ("level 64", "tile/64/000"),
                ("a leading zero of the level", "tile/00/000"),
                ("another name", "tile/data/000"),
                ("a newline at the end", "tile/0/000\n"),
            )
        ],
        "bundles_refused": [
            {
                "reason": reason,
                "bytes": data.hex(),
                "width": width,
                "code": code_of(parse_bundle, data, width),
            }
            for reason, data, width in (
                ("cut short", b"\0\2a", 1),
                ("one entry too few", b"\0\1a", 2),
                ("one entry too many", b"\0\1a\0\1b", 1),
            )
        ],
    }


def _inclusions_refused() -> list[JSON]:
    tree, leaf = tree_of(MANY[:7]), leaf_hash(MANY[6])
    proof = tree.inclusion_proof(6)
    cases: list[tuple[str, int, int, list[bytes]]] = [
        ("another place", 5, 7, proof),
        ("another size", 6, 8, proof),
        ("a hash too many", 6, 7, [*proof, leaf]),
        ("a hash too few", 6, 7, proof[:-1]),
        ("two hashes exchanged", 6, 7, proof[::-1]),
        ("beyond the tree", 7, 7, proof),
    ]
    return [
        {
            "reason": reason,
            "index": index,
            "size": size,
            "leaf_hash": leaf.hex(),
            "root": tree.root.hex(),
            "proof": [each.hex() for each in hashes],
            "code": code_of(merkle.verify_inclusion, leaf, index, size, tree.root, hashes),
        }
        for reason, index, size, hashes in cases
    ]


def _consistencies_refused() -> list[JSON]:
    old, tree = tree_of(MANY[:6]), tree_of(MANY[:7])
    proof = tree.consistency_proof(6)
    empty = merkle.EMPTY_ROOT
    cases: list[tuple[str, int, bytes, list[bytes]]] = [
        ("another old root", 6, tree.root, proof),
        ("another old size", 5, old.root, proof),
        ("no proof", 6, old.root, []),
        ("a hash too many", 6, old.root, [*proof, old.root]),
        ("one size and two roots", 7, old.root, []),
        ("a proof where none is due", 7, tree.root, proof),
        ("from the empty tree with a proof", 0, empty, proof),
        ("a tree that shrank", 8, old.root, proof),
    ]
    return [
        {
            "reason": reason,
            "old_size": old_size,
            "old_root": old_root.hex(),
            "size": 7,
            "root": tree.root.hex(),
            "proof": [each.hex() for each in hashes],
            "code": code_of(merkle.verify_extension, old_size, old_root, 7, tree.root, hashes),
        }
        for reason, old_size, old_root, hashes in cases
    ]


def _verify(data: bytes) -> VerifiedCheckpoint:
    return verify_checkpoint(data, key("log").public_key, ORIGIN)


def _own_time(data: bytes) -> int:
    note = _verify(data).note
    return cosignature_time(note, cosign_key(ID, key("cosign").public_key))


def _signed(text: str, name: str = ORIGIN, signer: str = "log") -> bytes:
    """A text of any content, signed as a checkpoint would be."""
    line = sign_note(text, key(signer), name)
    return SignedNote(text, (line,)).to_bytes()


def _notes_refused() -> list[JSON]:
    sound, root = NOTE.to_bytes(), to_base64(_head(ENTRIES).root)
    old = _note(ENTRIES[:2])
    forged = SignedNote(old.text, NOTE.signatures).to_bytes()
    too_many = NOTE.text + "\n" + NOTE.signatures[0].line() * 17
    cases: list[tuple[str, bytes, Callable[[bytes], object]]] = [
        ("the signatures of another head", forged, _verify),
        ("signed by another key", _signed(NOTE.text, signer="issue"), _verify),
        ("signed under another name", _signed(NOTE.text, origin_of(PEER)), _verify),
        ("of another log", _signed(f"{origin_of(PEER)}\n3\n{root}\n"), _verify),
        ("an extension line", _signed(f"{ORIGIN}\n3\n{root}\nextra\n"), _verify),
        ("a leading zero of the size", _signed(f"{ORIGIN}\n03\n{root}\n"), _verify),
        ("a size beyond 2^53", _signed(f"{ORIGIN}\n{2**53}\n{root}\n"), _verify),
        ("a root that is not padded", _signed(f"{ORIGIN}\n3\n{root[:-1]}\n"), _verify),
        ("an empty tree with a root", _signed(f"{ORIGIN}\n0\n{root}\n"), _verify),
        ("no signature", (NOTE.text + "\n").encode(), _verify),
        ("no empty line", sound.replace(b"\n\n", b"\n"), _verify),
        ("a hyphen in place of the dash", sound.replace("\u2014".encode(), b"-"), _verify),
        ("a carriage return", sound.replace(b"\n", b"\r\n"), _verify),
        ("17 signatures", too_many.encode(), _verify),
        ("no time of its own", sign_checkpoint(_head(ENTRIES), key("log")).to_bytes(), _own_time),
    ]
    return [
        {"reason": reason, "note": data.decode(), "code": code_of(check, data)}
        for reason, data, check in cases
    ]


def _witnessing() -> JSON:
    tree = tree_of(ENTRIES)
    request = AddCheckpoint(1, tuple(tree.consistency_proof(1)), NOTE.to_bytes())
    answer = cosign(NOTE.text, key("peer"), origin_of(PEER), NOW + 7)
    sound = request.to_bytes()
    return {
        "request": sound.decode(),
        "answer": answer.line(),
        "conflict": size_answer(1).decode(),
        "note_after": _witnessed().to_bytes().decode(),
        "requests_refused": [
            {"reason": reason, "request": data.decode(), "code": code_of(parse, data)}
            for reason, data, parse in (
                ("no old size", sound.replace(b"old 1\n", b"", 1), AddCheckpoint.from_bytes),
                ("a leading zero", sound.replace(b"old 1", b"old 01", 1), AddCheckpoint.from_bytes),
                ("no empty line", b"old 1\n", AddCheckpoint.from_bytes),
                (
                    "64 hashes",
                    b"old 1\n" + b"A" * 43 + b"=\n" + (b"A" * 43 + b"=\n") * 63 + b"\n",
                    AddCheckpoint.from_bytes,
                ),
            )
        ],
        "answers_refused": [
            {"reason": reason, "answer": data.decode(), "code": code_of(parse, data)}
            for reason, data, parse in (
                ("no line", b"", parse_signatures),
                ("a size without a newline", b"1", parse_size_answer),
                ("a size with a leading zero", b"01\n", parse_size_answer),
            )
        ],
    }


def _proof() -> JSON:
    proof = TlogProof(1, tuple(tree_of(ENTRIES).inclusion_proof(1)), NOTE.to_bytes())
    sound = proof.to_bytes()
    elsewhere = TlogProof(2, proof.proof, proof.checkpoint).to_bytes()
    return {
        "entry": ATTEST.decode(),
        "proof": sound.decode(),
        "refused": [
            {"reason": reason, "proof": data.decode(), "code": code_of(_check_proof, data)}
            for reason, data in (
                ("another place", elsewhere),
                ("an extra line", sound.replace(b"index", b"extra AAAA\nindex", 1)),
                ("another version", sound.replace(b"@v1", b"@v2", 1)),
            )
        ],
    }


def _check_proof(data: bytes) -> None:
    TlogProof.from_bytes(data).verify(ATTEST, key("log").public_key, ORIGIN)


def _keys() -> JSON:
    named = {
        "log": log_key(ID, key("log").public_key),
        "cosign": cosign_key(ID, key("cosign").public_key),
        "peer": cosign_key(PEER, key("peer").public_key),
    }
    return {
        use: {
            "seed": key(use).seed.hex(),
            "public_key": verifier.public_key.hex(),
            "name": verifier.name,
            "key_id": verifier.key_id.hex(),
            "vkey": verifier.vkey(),
        }
        for use, verifier in named.items()
    }


def content() -> dict[str, Any]:
    """The whole file."""
    vkey = log_key(ID, key("log").public_key).vkey()
    return {
        "about": "SPEC.md, section 7; C2SP signed-note, tlog-checkpoint, tlog-cosignature,"
        " tlog-tiles, tlog-witness, tlog-proof. Notes and entries are their exact text, other"
        " bytes hex. Trees beyond three entries hold `entry 0`, `entry 1` and so on.",
        "keys": _keys(),
        "vkeys_refused": [
            {"reason": reason, "vkey": text, "code": code_of(VerifierKey.from_vkey, text)}
            for reason, text in (
                ("another key's id", _other_id(vkey)),
                ("padding where none is due", vkey + "="),
                ("a space in the name", " " + vkey),
                ("the id in upper case", _upper_id(vkey)),
            )
        ],
        "entries": [
            {"entry": each.decode(), "leaf_hash": leaf_hash(each).hex()} for each in ENTRIES
        ],
        "roots": _roots(),
        "inclusion": _inclusions(),
        "inclusion_refused": _inclusions_refused(),
        "consistency": _consistencies(),
        "consistency_refused": _consistencies_refused(),
        "tiles": _tiles(),
        "checkpoint": {
            "origin": ORIGIN,
            "size": len(ENTRIES),
            "root": _head(ENTRIES).root.hex(),
            "text": NOTE.text,
            "cosigned_text": f"cosignature/v1\ntime {NOW}\n{NOTE.text}",
            "time": _own_time(NOTE.to_bytes()),
            "note": NOTE.to_bytes().decode(),
        },
        "notes_refused": _notes_refused(),
        "witness": _witnessing(),
        "tlog_proof": _proof(),
    }


def _upper_id(vkey: str) -> str:
    name, key_id, material = vkey.split("+", 2)
    return f"{name}+{key_id.upper()}+{material}"


def _other_id(vkey: str) -> str:
    name, _, material = vkey.split("+", 2)
    return f"{name}+00000000+{material}"
