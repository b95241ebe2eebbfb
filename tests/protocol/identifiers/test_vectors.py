"""The published vectors and tables are what the code does, on every machine."""

import json
import unicodedata
from typing import Any

import pytest

from protocol.identifiers import Identifier, InvalidIdentifier, canonicalise, parse_text, related
from protocol.identifiers.text import is_assigned, table
from tests.vectors import make_identifiers, make_tables

VECTORS = json.loads(make_identifiers.FILE.read_text("ascii"))
ACCEPTED = [case for case in VECTORS["cases"] if "value" in case]
REFUSED = [case for case in VECTORS["cases"] if "value" not in case]


def test_the_published_vectors_are_what_the_code_makes() -> None:
    """Lists, tables' hashes and results; a change of any is a new version of the rules."""
    assert make_identifiers.FILE.read_text("ascii") == make_identifiers.text()


@pytest.mark.parametrize("case", ACCEPTED, ids=lambda case: ascii((case["kind"], case["raw"])))
def test_an_accepted_case(case: dict[str, Any]) -> None:
    """Value, strength, what is asked beside, and the exact bytes that go into the VOPRF."""
    first, *beside = related(case["kind"], case["raw"])
    assert first == Identifier(case["kind"], case["value"])
    assert first.strong is case["strong"]
    assert [each.text for each in beside] == case["beside"]
    assert first.oprf_input == f"comity:identifier:v1:{case['kind']}:{case['value']}".encode()
    assert first.oprf_input.hex() == case["oprf_input"]
    assert parse_text(first.text) == first


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: ascii((case["kind"], case["raw"]))[:60])
def test_a_refused_case_is_refused_without_repeating_it(case: dict[str, str]) -> None:
    """The message says what to do; logs and pages show it, so it holds nothing of the value."""
    with pytest.raises(InvalidIdentifier) as refusal:
        related(case["kind"], case["raw"])
    assert len(case["raw"]) < 5 or case["raw"] not in str(refusal.value)


@pytest.mark.parametrize("case", VECTORS["national"], ids=lambda case: case["region"])
def test_a_national_number_is_read_by_its_region(case: dict[str, str]) -> None:
    """And refused without one."""
    assert canonicalise("phone", case["raw"], region=case["region"]).value == case["value"]
    with pytest.raises(InvalidIdentifier):
        canonicalise("phone", case["raw"])


@pytest.mark.parametrize(
    ("region", "raw"), [("XX", "030 23125000"), ("DE", "1"), ("DE", "030 231 ext. 5"), ("DE", "00")]
)
def test_a_region_does_not_make_a_number_of_anything(region: str, raw: str) -> None:
    """Unknown regions, too few digits, extensions."""
    with pytest.raises(InvalidIdentifier):
        canonicalise("phone", raw, region=region)


def test_the_table_of_letters_is_what_anyascii_says() -> None:
    """A release that renders one letter otherwise is noticed here, and changes no value."""
    frozen: dict[int, str] = {}
    for line in table("letters.txt").splitlines():
        number, *fields = line.split(" ")
        for place, field in enumerate(fields):
            if field != ".":
                frozen[(int(number, 16) << 8) + place] = field.replace("-", "")
    made = {
        point: value
        for point in range(0x110000)
        if is_assigned(chr(point)) and (value := make_tables.rendered(chr(point))) is not None
    }
    assert frozen == made


def test_the_table_of_assigned_code_points_is_within_this_unicode() -> None:
    """Whatever Unicode 14.0 assigns is assigned in every later version; of 14.0 it is all."""
    here = set(make_tables.assigned())
    frozen = {point for point in range(0x110000) if is_assigned(chr(point))}
    assert frozen <= here
    assert unicodedata.unidata_version != "14.0.0" or frozen == here
    assert len(frozen) == 144_762
