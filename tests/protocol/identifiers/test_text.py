"""Normal forms do not depend on the Unicode version that a machine has."""

import hashlib
import unicodedata

import idna
import pytest

from protocol.identifiers import InvalidIdentifier
from protocol.identifiers.domains import domain
from protocol.identifiers.lists import APOSTROPHES, HYPHENS
from protocol.identifiers.text import JOINERS, clean, fold, is_assigned

ASSIGNED = [chr(point) for point in range(0x110000) if is_assigned(chr(point))]
UTS46_DIFFERS = "ϲ" + "".join(map(chr, (0x1D6D3, 0x1D70D, 0x1D747, 0x1D781, 0x1D7BB)))
"""Lunate and mathematical final sigmas: NFKC comes first here, and a final sigma stays."""


def test_folding_is_the_same_on_every_python() -> None:
    """All assigned code points, one digest: made by 3.11, equal on 3.12 and 3.13."""
    digest = hashlib.sha256("\n".join(map(fold, ASSIGNED)).encode()).hexdigest()
    assert digest == "89189d822bb1a354e2b5a9e32a33fcc577ff6372635181b5b6d87ecd6eee2725"


def test_folding_twice_changes_nothing() -> None:
    """For every code point by itself."""
    assert all(fold(folded) == folded for folded in map(fold, ASSIGNED))


@pytest.mark.parametrize("spellings", [APOSTROPHES, HYPHENS])
def test_every_width_of_an_apostrophe_or_hyphen_is_listed(spellings: str) -> None:
    """They are made one before NFKC, so whatever NFKC makes one of them has to be there."""
    assert all(
        character in spellings
        for character in ASSIGNED
        if unicodedata.normalize("NFKC", character) in spellings
    )


@pytest.mark.parametrize("stranger", ["\U0001fae8", "\ud800", "\ue000", "\uffff", "\U0010ffff"])
def test_code_points_outside_unicode_14_are_refused(stranger: str) -> None:
    """Unassigned there, surrogate, private use, noncharacters."""
    with pytest.raises(InvalidIdentifier):
        clean(f"a{stranger}")


@pytest.mark.sweep
def test_domains_are_mapped_as_uts_46_says() -> None:
    """Every code point that UTS 46 lets pass gives the same label here."""
    differing = [
        character
        for character in ASSIGNED
        if character not in JOINERS and (want := _uts46(character)) and want != _mapped(character)
    ]
    assert "".join(differing) == UTS46_DIFFERS


def _uts46(character: str) -> str:
    try:
        mapped = idna.uts46_remap(f"a{character}a", std3_rules=True, transitional=False)
    except idna.IDNAError:
        return ""
    return f"{mapped}.example"


def _mapped(character: str) -> str:
    labels = domain(f"a{character}a.example").split(".")
    return ".".join(
        label[4:].encode().decode("punycode") if label.startswith("xn--") else label
        for label in labels
    )
