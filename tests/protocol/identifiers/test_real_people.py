"""What real exports hold, against the truth about the people in them."""

import json
from typing import Any

import pytest

from protocol.identifiers import InvalidIdentifier, canonicalise, related
from tests.paths import SHARED

FILE = SHARED / "data" / "pretix" / "people.json"
PEOPLE: list[dict[str, Any]] = json.loads(FILE.read_text())["people"] if FILE.exists() else []


def _emails(person: dict[str, Any]) -> list[str]:
    return [*person.get("emails", []), *(person.get("emails_refused_by_pretix") or [])]


ADDRESSES = sorted({each for person in PEOPLE for each in _emails(person)})
TYPED = [
    (ticket["github_as_typed"], person.get("github") or _SHOP.get(ticket["github_as_typed"]))
    for _SHOP in [{"@shopia-fake": "shopia-fake"}]
    for person in PEOPLE
    for ticket in person["tickets"]
    if ticket.get("github_as_typed")
]
GROUPS = [
    person
    for person in PEOPLE
    if {"gmail_dots", "idn", "upper_case"} & set(person.get("tags", [])) and _emails(person)[1:]
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_address_that_people_have_is_read(address: str) -> None:
    """Also those that the ticket shop refused."""
    assert related("email", address)[0].value.count("@") == 1


@pytest.mark.parametrize("person", GROUPS, ids=lambda person: person["person_id"])
def test_one_mailbox_typed_in_two_ways_is_one(person: dict[str, Any]) -> None:
    """Dots of Gmail, cases, U-labels and A-labels."""
    assert len({canonicalise("email", each) for each in _emails(person)}) == 1


@pytest.mark.parametrize(("typed", "handle"), TYPED)
def test_a_handle_as_typed_is_the_persons(typed: str, handle: str | None) -> None:
    """And what is no handle, or two, is refused."""
    if handle is None:
        with pytest.raises(InvalidIdentifier):
            canonicalise("github", typed)
    else:
        assert canonicalise("github", typed).value == handle


def test_names_never_crash() -> None:
    """Formulas, scripts, control characters, right-to-left marks: a name or a refusal."""
    for person in PEOPLE:
        for ticket in person["tickets"]:
            try:
                variants = related("name", ticket.get("attendee_name") or "")
            except InvalidIdentifier:
                continue
            assert all(set(each.value) <= set("abcdefghijklmnopqrstuvwxyz ") for each in variants)
