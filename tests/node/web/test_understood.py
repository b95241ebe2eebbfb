"""What is typed or pasted about a person, and what it is understood as."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node import terms
from node.errors import UserError
from node.web.typed import HANDLES, understood
from protocol.identifiers import KINDS

ANY_LINE = st.text(st.characters(exclude_characters=";")).filter(
    lambda line: len(line.splitlines()) == 1 and line.strip()
)
WORDS = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=12)
HOSTILE = st.text("@<>\"',:/+[]().; \t\nab1%", max_size=40)


@given(st.one_of(st.text(), HOSTILE), st.sampled_from(["", *HANDLES]))
def test_whatever_is_typed_is_understood_as_terms(text: str, handle: str) -> None:
    """Nothing raises, and each term has a kind that can be asked about."""
    for term in understood(text, handle).terms:
        kind, colon, _ = term.partition(":")
        assert colon
        assert kind.strip().lower() in KINDS


@given(st.one_of(ANY_LINE, HOSTILE.filter(lambda text: text.strip(" ;\t\n"))))
def test_each_line_gives_a_term_or_is_asked_about(line: str) -> None:
    """Nothing that was typed is left out: an answer is about all of it."""
    typed = understood(line, "")
    assert typed.terms or typed.unclear


@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=60, unique=True))
def test_lines_stand_each_for_themselves(names: list[tuple[str, str]]) -> None:
    """In their order, and however many there are."""
    lines = [" ".join(each) for each in names]
    expected = [f"name:{each}" for each in lines]
    assert understood("\n".join(lines), "").terms == expected
    assert understood(";".join(lines), "matrix").terms == expected


@given(WORDS, WORDS, WORDS)
def test_a_mailbox_gives_the_address_and_the_name(given_: str, family: str, host: str) -> None:
    """As mail programs write it, with and without quotation marks."""
    address = f"{given_}@{host}.example"
    expected = [f"email:{address}", f"name:{given_} {family}"]
    assert understood(f"{given_} {family} <{address}>", "").terms == expected
    assert understood(f'"{given_} {family}" <{address}>', "").terms == expected
    assert understood(address, "").terms == [f"email:{address}"]


@pytest.mark.parametrize(
    ("typed", "terms"),
    [
        ("ada@a.example, bob@b.example", ["email:ada@a.example", "email:bob@b.example"]),
        ("@octocat", ["github:octocat"]),
        ("@ada@social.example", ["fediverse:@ada@social.example"]),
        ("@ada:matrix.example", ["matrix:@ada:matrix.example"]),
        ("https://github.com/octocat/repo", ["github:octocat"]),
        ("github.com/octocat", ["github:octocat"]),
        ("https://www.gitlab.com/ada", ["gitlab:ada"]),
        ("https://pypi.org/user/ada/", ["pypi:ada"]),
        ("https://social.example/@ada", ["fediverse:@ada@social.example"]),
        ("+49 30 1234", ["phone:+49 30 1234"]),
        ("0151 23456", ["phone:0151 23456"]),
        ("Telegram: ada", ["Telegram: ada"]),
        ("Ada Example", ["name:Ada Example"]),
        ("Dr. J. R. O\u2019Neill-Sm\u00edth, Jr.", ["name:Dr. J. R. O\u2019Neill-Sm\u00edth, Jr."]),
        ("\u5c71\u7530\u592a\u90ce", ["name:\u5c71\u7530\u592a\u90ce"]),
        ("name: Casey", ["name: Casey"]),
        ("", []),
        (" \n;\n", []),
    ],
)
def test_what_people_paste(typed: str, terms: list[str]) -> None:
    """Addresses of profiles, handles of several platforms, what is typed as KIND:VALUE."""
    found = understood(typed, "")
    assert (found.terms, found.unclear) == (terms, [])


@pytest.mark.parametrize(
    "typed",
    [
        "casey-brandt-fake",
        "Casey",
        "https://www.facebook.com/casey",
        "https://[broken",
        "discord: casey#1234",
        "casey at example.org",
        "asdf@",
        "asdf qwer !!! ???",
        "Casey Brandt (she)",
        "casey_brandt fake",
        "https://github.com/mallory, ok@fine.example",
        "ok@fine.example, +49 151 12345678",
        "ok@fine.example, github:mallory",
        "ok@fine.example, mallory",
        "ok@fine.example mallory",
        "Ada <ok@fine.example>, github.com/mallory",
        "ok@fine.example (mallory@bad.example)",
        '"mallory@bad.example" <ok@fine.example>',
        "(" * 511 + "@",
        "1" * 500 + "x",
        "A" * 600 + " Name",
    ],
)
def test_what_could_be_two_things_is_no_name(typed: str) -> None:
    """It is asked about again: as a name it would be looked for in vain."""
    found = understood(f"Ada Example\n{typed}", "")
    assert (found.terms, found.unclear) == (["name:Ada Example"], [typed])


def test_a_bare_handle_is_of_what_was_chosen() -> None:
    """With a space in it, it is a name all the same."""
    typed = understood("ada\nAda Example\n@ada", "gitlab")
    assert (typed.terms, typed.unclear) == (["gitlab:ada", "name:Ada Example"], [])


def test_what_is_refused_is_named_as_it_was_typed() -> None:
    """Nobody who typed lines knows them by their numbers."""
    typed = understood("Ada Example\n+49 1", "")
    with pytest.raises(UserError) as refused:
        terms.meant(terms.numbered(typed.terms))
    assert typed.named(str(refused.value)).startswith("“phone:+49 1”: a telephone number is due")
    assert typed.named("something else") == "something else"
