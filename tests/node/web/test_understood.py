"""What is typed or pasted about a person, and what it is understood as."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.web.checking import HANDLES, understood
from protocol.identifiers import KINDS

ANY_LINE = st.text(st.characters(exclude_characters=";")).filter(
    lambda line: len(line.splitlines()) == 1 and line.strip()
)
WORDS = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=12)
HOSTILE = st.text("@<>\"',:/+[]().; \t\nab1%", max_size=40)


@given(st.one_of(st.text(), HOSTILE), st.sampled_from(["", *HANDLES]))
def test_whatever_is_typed_is_understood_as_terms(text: str, handle: str) -> None:
    """Nothing raises, and each term has a kind that can be asked about."""
    for term in understood(text, handle):
        kind, colon, _ = term.partition(":")
        assert colon
        assert kind.strip().lower() in KINDS


@given(st.one_of(ANY_LINE, HOSTILE.filter(lambda text: text.strip(" ;\t\n"))))
def test_each_line_gives_a_term(line: str) -> None:
    """Nothing that was typed is left out: an answer is about all of it."""
    assert understood(line, "")


@given(st.lists(WORDS, min_size=1, max_size=60, unique=True))
def test_lines_stand_each_for_themselves(names: list[str]) -> None:
    """In their order, and however many there are."""
    assert understood("\n".join(names), "") == [f"name:{name}" for name in names]
    assert understood(";".join(names), "matrix") == [f"matrix:{name}" for name in names]


@given(WORDS, WORDS, WORDS)
def test_a_mailbox_gives_the_address_and_the_name(given_: str, family: str, host: str) -> None:
    """As mail programs write it, with and without quotation marks."""
    address = f"{given_}@{host}.example"
    expected = [f"email:{address}", f"name:{given_} {family}"]
    assert understood(f"{given_} {family} <{address}>", "") == expected
    assert understood(f'"{given_} {family}" <{address}>', "") == expected
    assert understood(address, "") == [f"email:{address}"]


@pytest.mark.parametrize(
    ("typed", "terms"),
    [
        ("ada@a.example, bob@b.example", ["email:ada@a.example", "email:bob@b.example"]),
        ("@octocat", ["github:octocat"]),
        ("@ada@social.example", ["fediverse:@ada@social.example"]),
        ("@ada:matrix.example", ["matrix:@ada:matrix.example"]),
        ("https://github.com/octocat/repo", ["github:octocat"]),
        ("https://www.gitlab.com/ada", ["gitlab:ada"]),
        ("https://pypi.org/user/ada/", ["pypi:ada"]),
        ("https://social.example/@ada", ["fediverse:@ada@social.example"]),
        ("https://[broken", ["name:https://[broken"]),
        ("+49 30 1234", ["phone:+49 30 1234"]),
        ("Telegram: ada", ["Telegram: ada"]),
        ("Ada Example", ["name:Ada Example"]),
        ("", []),
        (" \n;\n", []),
    ],
)
def test_what_people_paste(typed: str, terms: list[str]) -> None:
    """Addresses of profiles, handles of several platforms, what is typed as KIND:VALUE."""
    assert understood(typed, "") == terms


def test_a_bare_handle_is_of_what_was_chosen() -> None:
    """With a space in it, it is a name all the same."""
    assert understood("ada\nAda Example\n@ada", "gitlab") == ["gitlab:ada", "name:Ada Example"]
