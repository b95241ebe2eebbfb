"""The specification's text agrees with the code wherever that can be read off."""

import json
import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest

from protocol import (
    attestation,
    encoding,
    errors,
    exchange,
    inquiry,
    merkle,
    note,
    sdjwt,
    sealing,
    sheet,
)
from protocol.errors import ComityError
from protocol.identifiers import MAX_RAW, MAX_VALUE
from protocol.tiles import MAX_ENTRY
from protocol.witness import MAX_REQUEST
from tests.paths import ROOT
from tests.vectors.files import FOLDER, MAKERS

SPEC = (ROOT / "protocol" / "SPEC.md").read_text("utf-8")
HEADINGS = re.findall(r"^#+ (.+)$", SPEC, re.MULTILINE)
SOURCES = [path for folder in ("protocol", "node") for path in (ROOT / folder).rglob("*.py")]

KIB = 1024
LIMITS = [
    ("entry of a log", [MAX_ENTRY]),
    ("signed note", [note.MAX_NOTE, note.MAX_SIGNATURES]),
    ("Merkle proof", [merkle.MAX_PROOF]),
    ("`add-checkpoint` body, tlog-proof", [MAX_REQUEST]),
    ("discovery document", [exchange.MAX_DISCOVERY]),
    ("`log/community` answer", [exchange.MAX_COMMUNITY_ANSWER]),
    ("`peers` answer", [exchange.MAX_PEERS_ANSWER]),
    ("evaluate body", [exchange.MAX_EVALUATE_BODY, exchange.MAX_BLINDED]),
    (
        "records body; answer",
        [exchange.MAX_RECORDS_BODY, exchange.MAX_IDS, exchange.MAX_RECORDS_ANSWER],
    ),
    ("peering body", [exchange.MAX_PEERING_BODY]),
    ("events body", [exchange.MAX_EVENT_BODY]),
    (
        "heads body; answer",
        [exchange.MAX_HEADS_BODY, exchange.MAX_ORIGINS, exchange.MAX_HEADS_ANSWER],
    ),
    ("inquiry; its answer", [inquiry.MAX_INQUIRY, inquiry.MAX_INQUIRY_ANSWER]),
    ("sealed record", [sealing.MAX_RECORD]),
    (
        "JWT; disclosure; disclosures",
        [sdjwt.MAX_JWT, sdjwt.MAX_DISCLOSURE, sdjwt.MAX_DISCLOSURES],
    ),
    ("sheet; vote", [sheet.MAX_SHEET, sheet.MAX_SIGNED]),
    ("identifier as typed; canonical", [MAX_RAW, MAX_VALUE]),
]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_section_that_the_code_cites_exists(path: Any) -> None:
    """A reader who follows a citation arrives somewhere."""
    text = " ".join(path.read_text("utf-8").split())
    numbers = set(re.findall(r"SPEC\.md, sections? ([0-9]+)", text))
    assert numbers <= {heading.partition(".")[0] for heading in HEADINGS}
    named = set(re.findall(r"SPEC\.md, General rules, (\w+)", text))
    assert named <= set(HEADINGS)
    assert text.count("SPEC.md, ") == len(
        re.findall(r"SPEC\.md, (?:sections? [0-9]|General)", text)
    )


def test_every_refusal_is_listed_with_its_status() -> None:
    """Codes are part of the protocol; they are listed in one place of the text and of the code."""
    table = re.findall(r"^\| `([a-z-]+)` \| ([0-9]{3}) \|", SPEC, re.MULTILINE)
    assert {(code, int(status)) for code, status in table} == {
        (each.code, each.status) for each in _wire_errors(ComityError)
    }


def _wire_errors(base: type[ComityError]) -> Iterator[type[ComityError]]:
    """The errors of `protocol.errors`; others are local to the one who raises them."""
    for each in base.__subclasses__():
        if each.__module__ == errors.__name__:
            yield each
            yield from _wire_errors(each)


@pytest.mark.parametrize(("row", "limits"), LIMITS, ids=lambda value: str(value)[:30])
def test_limits_are_those_of_the_code(row: str, limits: list[int]) -> None:
    (line,) = re.findall(rf"^\| {re.escape(row)} \| (.+) \|$", SPEC, re.MULTILINE)
    assert [
        _number(*found) for found in re.findall(r"([0-9]+(?:,[0-9]{3})*) ?(KiB|MiB)?", line)
    ] == limits


def _number(digits: str, unit: str) -> int:
    return int(digits.replace(",", "")) * {"": 1, "KiB": KIB, "MiB": KIB * KIB}[unit]


def test_numbers_in_the_text_are_those_of_the_code() -> None:
    assert f"at most {attestation.MAX_SUBJECT_DISCLOSURE} characters" in SPEC
    assert f"nest at most {encoding.MAX_DEPTH} deep" in SPEC


def test_every_phrase_of_an_answer_is_explained() -> None:
    phrases = get_args(inquiry.Phrase)
    (table,) = re.findall(
        r"^\| `phrase` \| says \|\n\|---\|---\|\n((?:\|.+\n)+)", SPEC, re.MULTILINE
    )
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == list(phrases)


def test_examples_are_from_the_vectors() -> None:
    """So they are as right as those, and stay so."""
    published = [
        value
        for name in MAKERS
        for value in _values(json.loads((FOLDER / name).read_text("ascii")))
    ]
    examples = re.findall(r"^```json\n(.+?)^```", SPEC, re.MULTILINE | re.DOTALL)
    assert examples
    for example in examples:
        assert json.loads(example) in published
    for example in re.findall(r"^```text\n(.+?)^```", SPEC, re.MULTILINE | re.DOTALL):
        assert {example, example.removesuffix("\n")} & {
            value for value in published if isinstance(value, str)
        }


def _values(value: Any) -> Iterator[Any]:
    """Every value in a file, and what the texts in it are the JSON of."""
    yield value
    if isinstance(value, dict | list):
        for member in value.values() if isinstance(value, dict) else value:
            yield from _values(member)
    elif isinstance(value, str) and value.startswith("{"):
        try:
            yield json.loads(value)
        except ValueError:
            return
