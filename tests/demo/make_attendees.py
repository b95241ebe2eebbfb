"""Writes attendees.csv, the list that the demonstration screens: invented people, real format.

The format is pretix's default English export of order positions, with what makes such lists hard:
add-ons and T-shirts, cancelled and expired orders, blank addresses, one buyer for several people,
question columns, and cells that pretix neutralised. To write it anew:

    python -m tests.demo.make_attendees
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TARGET = Path(__file__).with_name("attendees.csv")

_HEADERS = (
    "Event slug|Event name|Order code|Position ID|Status|Email|Phone number|Order date|Order time"
    "|Product|Product ID|Variation|Variation ID|Price|Tax rate|Tax rule|Tax value|Attendee name"
    "|Attendee name: Given name|Attendee name: Family name|Attendee email|Attendee company|Address"
    "|ZIP code|City|Country|State|Voucher|Voucher budget usage|Voucher tag|Pseudonymization ID"
    "|Ticket secret|Seat ID|Seat name|Seat zone|Seat row|Seat number|Blocked|Valid from|Valid until"
    "|Order comment|Follow-up date|Add-on to position ID|GitHub handle|T-shirt size"
    "|Invoice address company|Invoice address name|Invoice address name: Given name"
    "|Invoice address name: Family name|Invoice address street|Invoice address ZIP code"
    "|Invoice address city|Invoice address country|Invoice address state|VAT ID|Sales channel"
    "|Order locale|Email address verified|External customer ID|Check-in lists|Payment providers"
    "|Position order link"
)
HEADER = _HEADERS.split("|")

_GIVEN_NAMES = (
    "Amara Bastian Celeste Dario Eilidh Farid Gudrun Hideo Ines Joaquim Kirsi Lorcan Maëlle Nikolai"
    " Odalys Pranav Quirin Ruta Søren Tamsin Ulrich Vesna Wanjiru Ximena Yusuf Zofia"
)
_FAMILY_NAMES = (
    "Abernethy|Bergström|Castellanos|D'Agostino|Eriksen|Fontaine|Grünwald|Hashimoto|Ivanova|Jansen"
    "|Kowalczyk|Lindqvist|Mbeki|Nakamura|O'Rourke|Pettersen|Quispe|Rosenthal|'t Veld|Ueda|Varga"
    "|Whitcombe|Y\u0131ld\u0131z|Zubiri"
)
_GIVEN, _FAMILY = _GIVEN_NAMES.split(" "), _FAMILY_NAMES.split("|")
_CODE = "ABCDEFGHJKLMNPQRSTUVWXYZ3789"

_PRODUCTS = {
    "Ticket": ("1", "199.00"),
    "Student": ("2", "49.50"),
    "Workshop": ("4", "80.00"),
    "T-shirt": ("5", "25.00"),
}


@dataclass(frozen=True)
class Position:
    """What differs from row to row; everything else is alike in every order."""

    given: str = ""
    family: str = ""
    email: str = ""
    buyer: str = ""
    github: str = ""
    phone: str = ""
    status: str = "paid"
    product: str = "Ticket"
    number: int = 1
    add_on_to: str = ""
    comment: str = ""


def positions() -> Iterator[list[Position]]:
    """The orders, in the order of the list."""
    for number in range(88):
        yield _order(number)
        if number in _CAST:
            yield [_CAST[number]]


_CAST = {
    17: Position(
        "Mallory",
        "Quill",
        "mallory.quill+pyregion@example.org",
        "mallory.quill+pyregion@example.org",
        "MalloryQ-fake",
    ),
    41: Position(
        "Casey",
        "Brandt",
        "c.brandt.travel@example.net",
        "c.brandt.travel@example.net",
        "https://github.com/casey-brandt-fake",
        "+493023125190",
    ),
    66: Position("Robin", "Vale", "robin.vale@example.com", "robin.vale@example.com"),
}
"""Whom the demonstration is about: a match by address, one by handle, and a namesake."""


def _order(number: int) -> list[Position]:
    """One order of somebody invented; the residues of its number decide what is odd about it."""
    first = _person(number)
    if number % 12 == 5:
        return [first, _add_on(first, 2, "Workshop"), _add_on(first, 3, "T-shirt")]
    if number % 14 == 3:
        return [first, _guest(number, first, 2), _guest(number + 7, first, 3, blank=True)]
    if number % 22 == 9:
        return [Position(buyer=first.buyer, product="T-shirt")]
    return [first]


def _person(number: int) -> Position:
    given = _GIVEN[number % len(_GIVEN)]
    family = _FAMILY[(number * 5 + number // len(_FAMILY)) % len(_FAMILY)]
    address = (
        f"{_ascii(given)}.{_ascii(family)}{number}@example.{('org', 'net', 'com')[number % 3]}"
    )
    handle = f"{_ascii(given)}-{_ascii(family)}-fake"
    handles = ("", handle, f"@{handle}", f"https://github.com/{handle}", "", "n/a")
    return Position(
        given,
        family,
        "" if number % 11 == 4 else address.title() if number % 13 == 1 else address,
        "office.fake@example.com" if number % 17 == 6 else address,
        handles[number % len(handles)],
        f"+4930231{25100 + number}" if number % 4 == 0 else "",
        {7: "canceled", 13: "pending", 19: "expired"}.get(number % 20, "paid"),
        "Student" if number % 9 == 2 else "Ticket",
        comment='two\nlines, "quoted"' if number == 30 else "=see e-mail" if number == 52 else "",
    )


def _guest(number: int, buyer: Position, position: int, *, blank: bool = False) -> Position:
    guest = _person(number + 100)
    email = "" if blank else guest.email
    return Position(
        guest.given, guest.family, email, buyer.buyer, guest.github, buyer.phone, buyer.status,
        number=position,
    )  # fmt: skip


def _add_on(parent: Position, number: int, product: str) -> Position:
    return Position(
        buyer=parent.buyer,
        phone=parent.phone,
        status=parent.status,
        product=product,
        number=number,
        add_on_to="1" if product == "Workshop" else "",
    )


def _ascii(name: str) -> str:
    plain = name.casefold().translate(str.maketrans("ëøöü\u0131", "eooui", "' "))
    return plain.encode("ascii").decode()


def _code(index: int) -> str:
    """Five characters that look random and may look like a number, as pretix's codes do."""
    if index in (23, 58):
        return {23: "3E789", 58: "38973"}[index]
    value = index * 7_368_787 + 1_234_567
    return "".join(_CODE[value // len(_CODE) ** place % len(_CODE)] for place in range(5))


def _neutralised(cell: str) -> str:
    return "'" + cell.replace("|", "\\|") if cell.startswith(tuple("@+-=|%")) else cell


def _row(code: str, index: int, position: Position) -> list[str]:
    product, price = _PRODUCTS[position.product]
    cells = {
        "Event slug": "2027",
        "Event name": "PyRegion 2027",
        "Order code": code,
        "Position ID": str(position.number),
        "Status": position.status,
        "Email": position.buyer,
        "Phone number": position.phone,
        "Order date": f"2027-02-{index % 28 + 1:02}",
        "Order time": f"{8 + index % 12:02}:{index * 7 % 60:02}:{index * 13 % 60:02}",
        "Product": position.product,
        "Product ID": product,
        "Price": price,
        "Tax rate": "19",
        "Attendee name": f"{position.given} {position.family}".strip(),
        "Attendee name: Given name": position.given,
        "Attendee name: Family name": position.family,
        "Attendee email": position.email,
        "Order comment": position.comment,
        "Add-on to position ID": position.add_on_to,
        "GitHub handle": position.github,
        "Sales channel": "Online shop",
        "Order locale": "en",
        "Email address verified": "No",
        "Payment providers": "Manual payment",
    }
    return [_neutralised(cells.get(header, "")) for header in HEADER]


def make() -> bytes:
    """The file: commas, everything quoted, CRLF, UTF-8 without a byte order mark."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(HEADER)
    for index, order in enumerate(positions()):
        writer.writerows(_row(_code(index), index, position) for position in order)
    return out.getvalue().encode()


if __name__ == "__main__":
    TARGET.write_bytes(make())
