"""What headers are taken for, whose the addresses below them are, and overruling it."""

import pytest

from node.attendees.columns import describe, propose
from node.attendees.headers import Owner, Recognised, Role, recognise
from node.attendees.table import Table, TableRow
from node.errors import UserError
from protocol.english import English


def listed(*header: str, rows: tuple[tuple[str, ...], ...] = ()) -> Table:
    return Table(header, tuple(TableRow(row) for row in rows), English("CSV, UTF-8, comma"))


def owners(*header: str) -> list[Owner | None]:
    return [column.owner for column in propose(listed(*header)).columns]


@pytest.mark.parametrize(
    ("header", "role", "owner"),
    [
        ("Order code", Role.ORDER, None),
        ("\ufeffORDER  CODE ", Role.ORDER, None),
        ("Bestellnummer", Role.ORDER, None),
        ("Order #", Role.ORDER, None),
        ("Numéro de commande", Role.ORDER, None),
        ("Add-on to position ID", Role.ADD_ON_TO, None),
        ("Zusatzprodukt zu Position", Role.ADD_ON_TO, None),
        ("Void Status", Role.STATUS, None),
        ("Email", Role.EMAIL, None),
        ("E-mail address", Role.EMAIL, None),
        ("E-Mail-Adresse", Role.EMAIL, None),
        ("Adresse e-mail", Role.EMAIL, None),
        ("Attendee email", Role.EMAIL, Owner.ATTENDEE),
        ("Attendee's e-mail address", Role.EMAIL, Owner.ATTENDEE),
        ("E-Mail Teilnehmer*in", Role.EMAIL, Owner.ATTENDEE),
        ("Teilnehmer-E-Mail", Role.EMAIL, Owner.ATTENDEE),
        ("E-mail du participant", Role.EMAIL, Owner.ATTENDEE),
        ("Correo electrónico", None, None),
        ("Ticket Email", Role.EMAIL, Owner.ATTENDEE),
        ("Order Email", Role.EMAIL, Owner.BUYER),
        ("Buyer Email", Role.EMAIL, Owner.BUYER),
        ("Purchaser First Name", Role.GIVEN_NAME, Owner.BUYER),
        ("Teilnehmer*innenname: Vorname", Role.GIVEN_NAME, Owner.ATTENDEE),
        ("Name Teilnehmer*in: Nachname", Role.FAMILY_NAME, Owner.ATTENDEE),
        ("Teilnehmername", Role.NAME, Owner.ATTENDEE),
        ("Ticket Full Name", Role.NAME, Owner.ATTENDEE),
        ("Full name", Role.NAME, None),
        ("Surname", Role.FAMILY_NAME, None),
        ("Cell Phone", Role.PHONE, None),
        ("GitHub handle", Role.GITHUB, Owner.ATTENDEE),
        ("GitHub-Benutzername", Role.GITHUB, Owner.ATTENDEE),
        ("Your GitHub user name (if any)?", Role.GITHUB, Owner.ATTENDEE),
        ("Mastodon", Role.FEDIVERSE, Owner.ATTENDEE),
        ("Matrix ID", Role.MATRIX, Owner.ATTENDEE),
        ("PyPI username", Role.PYPI, Owner.ATTENDEE),
    ],
)
def test_headers_are_recognised(header: str, role: Role | None, owner: Owner | None) -> None:
    """Whole headers and, word by word, translated ones."""
    assert recognise(header) == (None if role is None else Recognised(role, owner))


@pytest.mark.parametrize(
    "header",
    [
        "",
        "???",
        "Event name",
        "Product",
        "Address",
        "Seat number",
        "Ticket name",
        "Email address verified",
        "Email of your manager",
        "Invoice address name",
        "Attendee company",
        "State",
        "GitHub repository of your talk",
        "GitHub or GitLab handle",
        "Skill matrix",
        "Buyer or attendee email",
        "Number",
        "x" * 100_000,
    ],
)
def test_headers_that_mean_something_else_are_left_aside(header: str) -> None:
    """One unknown word is enough not to guess."""
    assert recognise(header) is None


def test_whose_a_plain_address_is_follows_from_its_neighbours() -> None:
    """The five lists that say "Email" and mean five things."""
    assert owners("Order code", "Email", "Attendee email")[1] is Owner.BUYER
    assert owners("Order #", "Email", "Buyer Email")[1] is Owner.ATTENDEE
    assert owners("Order code", "Attendee name", "Email", "Phone number")[2:] == [
        Owner.UNKNOWN,
        Owner.BUYER,
    ]
    assert owners("Order code", "Order total", "Email", "Name")[2:] == [Owner.BUYER, Owner.BUYER]
    assert owners("Name", "Email") == [Owner.ATTENDEE, Owner.ATTENDEE]
    assert owners("Order code", "Name", "Email")[1:] == [Owner.UNKNOWN, Owner.UNKNOWN]
    assert owners("Order #", "First Name", "Email", "Attendee #")[2] is Owner.ATTENDEE


def test_overrides_decide_and_change_whose_the_others_are() -> None:
    """By header as written, by its words, by number; a header that stands twice is both."""
    table = listed("Order code", "wer", "Email", "Kontakt", "kontakt", "3")
    mapping = propose(table, ["WER = name", "Email=buyer-email", "kontakt=phone", "1=ignore"])
    assert [(column.role, column.owner) for column in mapping.columns] == [
        (None, None),
        (Role.NAME, Owner.ATTENDEE),
        (Role.EMAIL, Owner.BUYER),
        (None, None),
        (Role.PHONE, Owner.ATTENDEE),
        (None, None),
    ]
    assert propose(table, ["3=email"]).columns[5].role is Role.EMAIL
    assert propose(table, ["4=attendee-email"]).columns[2].owner is Owner.BUYER


def test_a_header_that_stands_twice_is_taken_twice() -> None:
    """So are two questions of one title."""
    mapping = propose(listed("Name", "GitHub handle", "GitHub handle", "Date", "Date"))
    assert len(mapping.having(Role.GITHUB)) == 2


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("Handle=github", "1 Name; 2 Email"),
        ("Email=e-mail", "buyer-email"),
        ("Email", "HEADER=ROLE"),
        ("9=email", "no column"),
        ("=email", "no column"),
    ],
)
def test_a_wrong_override_says_what_there_is(override: str, message: str) -> None:
    """The columns, the roles, or the form."""
    with pytest.raises(UserError, match=message):
        propose(listed("Name", "Email"), [override])


def test_a_list_that_identifies_nobody_is_refused() -> None:
    """With the way out in the message."""
    with pytest.raises(UserError, match="--column"):
        propose(listed("Product", "Price"))


def test_a_first_row_of_data_is_not_printed() -> None:
    """A list without a header would put a person into the message."""
    with pytest.raises(UserError) as caught:
        propose(listed("Mia Muster", "mia@example.org", "+49 30 23125 101"))
    assert "Mia" not in str(caught.value)
    assert "no header" in str(caught.value)


def test_yes_and_no_are_no_handles() -> None:
    """A question whether there is an account is not one for its name."""
    question = "Do you have a GitHub account?"
    rows = (("a", "Yes"), ("b", "no"), ("c", ""))
    assert propose(listed("Name", question, rows=rows)).columns[1].role is None
    answered = (*rows, ("d", "octo-fake"))
    assert propose(listed("Name", question, rows=answered)).columns[1].role is Role.GITHUB


def test_the_description_names_every_column() -> None:
    """What is taken for what and whose it is, and what is left aside."""
    mapping = propose(listed("Order code", "Email", "Attendee email", "Price"))
    assert describe(mapping) == [
        "Read as CSV, UTF-8, comma.",
        'Column 1 "Order code": order.',
        'Column 2 "Email": email, the buyer\'s.',
        'Column 3 "Attendee email": email, the attendee\'s.',
        'Left aside: "Price".',
    ]
    assert describe(propose(listed("Email")))[1:] == ['Column 1 "Email": email, the attendee\'s.']
    many = propose(listed("Email", *(f"Question {number}" for number in range(9))))
    assert describe(many)[-1] == "Left aside: 9 other columns."
