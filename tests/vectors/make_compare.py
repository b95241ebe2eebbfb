"""`protocol/vectors/compare.json`: what two administrators compare."""

from typing import Any

from protocol.compare import Comparison
from protocol.encoding import base64url
from protocol.merkle import leaf_hash, tree_root
from tests.vectors.sample import ID, LOG, code_of

ROOT = tree_root([LOG, leaf_hash(b"a second entry")])
SOUND = Comparison(ID, LOG, 2, ROOT)


def _refused() -> tuple[tuple[str, str], ...]:
    fingerprint, root = base64url(LOG), base64url(ROOT)
    return (
        ("another version", SOUND.to_text().replace("comity1", "comity2")),
        ("upper case", SOUND.to_text().upper()),
        ("a field is missing", f"comity1:{ID}:{fingerprint}:2"),
        ("a field too many", SOUND.to_text() + ":"),
        ("a shortened fingerprint", f"comity1:{ID}:{fingerprint[:-1]}:2:{root}"),
        ("a padded root", f"comity1:{ID}:{fingerprint}:2:{root}="),
        ("a leading zero", f"comity1:{ID}:{fingerprint}:02:{root}"),
        ("a size beyond 2^53", f"comity1:{ID}:{fingerprint}:{2**53}:{root}"),
        ("an empty log", f"comity1:{ID}:{fingerprint}:0:{root}"),
        ("one entry, whose root is its hash", f"comity1:{ID}:{fingerprint}:1:{root}"),
        ("the id is no DNS name", f"comity1:python:{fingerprint}:2:{root}"),
        ("a space at the end", SOUND.to_text() + " "),
    )


def content() -> dict[str, Any]:
    """The whole file."""
    first = Comparison(ID, LOG, 1, LOG)
    return {
        "about": "SPEC.md, section 1. Fingerprint and root are hex here.",
        "cases": [
            {
                "id": each.id,
                "fingerprint": each.fingerprint.hex(),
                "size": each.size,
                "root": each.root.hex(),
                "text": each.to_text(),
            }
            for each in (SOUND, first)
        ],
        "refused": [
            {"reason": reason, "text": text, "code": code_of(Comparison.from_text, text)}
            for reason, text in _refused()
        ],
    }
