"""Row 21: initials and names slip into public text only where there is a field for text."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

import protocol
from protocol.encoding import Message, Slug
from protocol.errors import Malformed
from protocol.names import BaseUrl, CommunityId, Contact, Url

_NAMED_BY_ITSELF = "what a community calls itself, or a space or body of its own"
_NAME_OF_A_HOST = "a DNS name, an address of a community's, or a URL: spelling is checked"
_BYTES = "the exact bytes of something that is itself of such members, or the text of C2SP"

WITHOUT_FORM = {
    ("Claims", "iss"): _NAME_OF_A_HOST,
    ("Claims", "contact"): _NAME_OF_A_HOST,
    ("Claims", "public_reference"): _NAME_OF_A_HOST,
    ("Community", "id"): _NAME_OF_A_HOST,
    ("Community", "name"): _NAMED_BY_ITSELF,
    ("Community", "url"): _NAME_OF_A_HOST,
    ("Community", "contact"): _NAME_OF_A_HOST,
    ("Community", "policy"): _NAME_OF_A_HOST,
    ("Declared", "name"): _NAMED_BY_ITSELF,
    ("Discovery", "id"): _NAME_OF_A_HOST,
    ("Discovery", "name"): _NAMED_BY_ITSELF,
    ("Discovery", "url"): _NAME_OF_A_HOST,
    ("Discovery", "log"): _NAME_OF_A_HOST,
    ("Discovery", "contact"): _NAME_OF_A_HOST,
    ("ListedPeer", "id"): _NAME_OF_A_HOST,
    ("ListedPeer", "name"): _NAMED_BY_ITSELF,
    ("PeeringRequest", "id"): _NAME_OF_A_HOST,
    ("PeeringRequest", "name"): _NAMED_BY_ITSELF,
    ("PeeringRequest", "url"): _NAME_OF_A_HOST,
    ("Inquiry", "from"): _NAME_OF_A_HOST,
    ("Inquiry", "to"): _NAME_OF_A_HOST,
    ("Answer", "contact"): _NAME_OF_A_HOST,
    ("Answer", "disclosures"): _BYTES,
    ("CarriedLog", "entries"): _BYTES,
    ("CarriedLog", "checkpoint"): _BYTES,
    ("CommunityStatement", "entry"): _BYTES,
    ("HeadsAnswer", "notes"): _BYTES,
    ("HeadsRequest", "origins"): _NAME_OF_A_HOST,
    ("CommunityStatement", "proof"): _BYTES,
    ("RecordsAnswer", "records"): _BYTES,
    ("SheetAttestation", "jwt"): _BYTES,
    ("SheetAttestation", "disclosures"): _BYTES,
}
"""The members that are strings and of no closed form, and why they are. None is about a person."""

ABOUT_A_SANCTION = {"Claims", "DecidedBy", "Scope", "OwnDecision", "Recognition", "Notice", "Seal"}
"""What is said of one; the items of statements besides."""


def _messages(of: type[Message] = Message) -> Iterator[type[Message]]:
    for module in pkgutil.iter_modules(protocol.__path__):
        importlib.import_module(f"protocol.{module.name}")
    for each in of.__subclasses__():
        if each.__module__.startswith("protocol."):
            yield each
        yield from _messages(each)


def _is_free(schema: Any) -> bool:
    """Whether a string of no closed form fits somewhere."""
    if isinstance(schema, list):
        return any(_is_free(each) for each in schema)
    if not isinstance(schema, dict):
        return False
    closed = {"enum", "const", "pattern", "format", "contentEncoding"}
    if schema.get("type") == "string" and not closed & schema.keys():
        return True
    return any(_is_free(each) for each in schema.values())


def _free() -> set[tuple[str, str]]:
    return {
        (message.__name__, name)
        for message in _messages()
        for name, member in message.model_json_schema().get("properties", {}).items()
        if _is_free(member)
    }


def test_row_21_no_message_has_a_field_for_text_about_a_person() -> None:
    """(Row 21) Of all that peers or the public read, each string has a closed form, or a reason."""
    assert _free() == set(WITHOUT_FORM)


def test_row_21_of_a_sanction_nothing_is_said_in_words() -> None:
    """(Row 21) But whose it is, whom to ask, and where it stands in public."""
    names = {name for name, _ in _free()}
    items = {each.__name__ for each in _messages() if each.__name__.endswith("Item")}
    decisions = {each.__name__ for each in _messages() if each.__name__.endswith("Decision")}
    assert len(items) >= 8
    assert len(decisions) >= 8
    assert not (items | decisions | ABOUT_A_SANCTION - {"Claims"}) & names
    assert {member for name, member in _free() if name == "Claims"} == {
        "iss",
        "contact",
        "public_reference",
    }


@pytest.mark.parametrize("text", ["Robin Vale", "R. V.", "robin vale was here", "Robin\nVale"])
def test_row_21_a_person_fits_into_no_member_that_has_the_form_of_an_address(text: str) -> None:
    """(Row 21) Neither into one of a community's own, nor into a slug."""
    for form in (CommunityId, BaseUrl, Url, Contact, Slug):
        with pytest.raises((ValidationError, Malformed)):
            TypeAdapter(form).validate_python(text)
