"""Every export that pretix wrote, against people of whom some were published in other spellings.

The truth is taken from the cells themselves, all of them, whatever their columns are taken for:
whoever misreads a column, an owner or an encoding finds fewer or other rows than stand there.
"""

import csv
import io
import json
import re
import shutil
import unicodedata
from collections.abc import AsyncIterator, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from node.config import load
from node.home import Home
from node.node import Node
from node.screening import RowResult, Screened
from node.store import Store
from node.vault import Vault
from tests.node.issuers import Issuer
from tests.node.screenings import by_outcome, screened
from tests.paths import SHARED

PRETIX = SHARED / "data" / "pretix"
EXPORTS = sorted(path for path in (PRETIX / "exports").glob("*") if path.suffix != ".txt")
EVERY = 17
"""Every so many people are published, and all at providers or domains with other spellings."""


@cache
def people() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((PRETIX / "people.json").read_text("utf-8"))["people"]
    return found


@cache
def tickets() -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (ticket["order"], str(ticket["positionid"])): ticket
        for person in people()
        for ticket in person["tickets"]
    }


def known(address: str) -> str | None:
    """An address as its provider knows it; None for what is no ordinary address."""
    address = unicodedata.normalize("NFC", address.strip().strip("'").lower())
    match = re.fullmatch(r"([a-z0-9_.+=-]+)@([\w.-]+)", address)
    if match is None or "ß" in address:
        return None
    local, domain = match[1], match[2].encode("idna").decode()
    if domain in ("gmail.com", "googlemail.com"):
        local, domain = local.partition("+")[0].replace(".", ""), "gmail.com"
    return f"{local}@{domain}"


def respelled(address: str) -> str:
    """The same mailbox, typed by somebody else."""
    local, _, domain = address.rpartition("@")
    if domain in ("gmail.com", "googlemail.com"):
        return f"{'.'.join(local.partition('+')[0])}+pycon@GoogleMail.com"
    return f" <{local.upper()}@{domain.replace('xn--bcher-kva', 'bücher').title()}> "


@cache
def published() -> tuple[list[Issuer], set[str], set[str], set[frozenset[str]]]:
    """Two communities that published some; their addresses, handles and names as known."""
    issuers = [Issuer("python.example"), Issuer("meetup.example")]
    emails: set[str] = set()
    handles: set[str] = set()
    names: set[frozenset[str]] = set()
    for number, person in enumerate(people()):
        addresses = [each for each in person["emails"] if known(each)]
        unusual = any(known(each) and "example.org" not in each for each in addresses)
        at_meetup = any(ticket["event"] == "meetups" for ticket in person["tickets"])
        hard = unusual and "hard" in person.get("tags", ())
        if number % EVERY and not (at_meetup and number % 3 == 0) and not hard:
            continue
        meant = [f"email:{respelled(each)}" for each in addresses]
        handle = person["github"]
        meant += [f"github:https://github.com/{handle.upper()}/"] if handle else []
        name = f"{person['given_name']} {person['family_name']}"
        if re.fullmatch(r"[A-Za-z]{2,} [A-Za-z]{2,}", name):
            meant.append(f"name:{person['family_name'].upper()}, {person['given_name']}")
            names.add(frozenset(name.lower().split()))
        if not meant:
            continue
        issuers[number % 2].publish(*meant, related_too=False)
        emails |= {each for each in map(known, addresses) if each}
        handles |= {handle.lower()} if handle else set()
    return issuers, emails, handles, names


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Path:
    """One for all files, so that nobody is asked about twice."""
    path = tmp_path_factory.mktemp("screening") / "comity.sqlite3"
    return Path(shutil.copyfile(sqlite_template, path))


@pytest.fixture
async def node(home: Home, database: Path, vault: Vault) -> AsyncIterator[Node]:
    store = Store(f"sqlite+aiosqlite:///{database}")
    yield Node(home, load(home), vault, store)
    await store.close()


def content(path: Path) -> bytes:
    return path.read_bytes()


def cells(path: Path) -> Iterator[list[str]]:
    """All data rows, read without any guess: dialects are named in the files' names."""
    if path.suffix == ".xlsx":
        sheet = openpyxl.load_workbook(io.BytesIO(content(path)), read_only=True).worksheets[1]
        rows = [[str(cell or "") for cell in row] for row in sheet.iter_rows(values_only=True)]
    else:
        text = path.read_bytes().decode("utf-8-sig")
        delimiter = ";" if "semicolon" in path.name else ","
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    yield from rows[1:]


def handles_in(cell: str) -> set[str]:
    """What could be handles in a cell."""
    parts = re.split(r"[,\s]+", cell.strip().strip("'").lower())
    return {
        re.sub(r"^(https?://)?(www\.)?(github\.com/)?@?", "", each).strip("/") for each in parts
    }


def holds(row: list[str]) -> bool:
    """Whether a published address or handle stands anywhere in a row."""
    _, emails, handles, _ = published()
    return any(known(cell) in emails or handles_in(cell) & handles for cell in row)


@pytest.fixture
async def result(node: Node, path: Path) -> Screened:
    issuers = published()[0]
    async with node.store.read() as connection:
        admitted = (await connection.exec_driver_sql("SELECT count(*) FROM peers")).scalar_one()
    for issuer in issuers if not admitted else ():
        await issuer.admitted_at(node)
    return await screened(node, content(path), issuers)


@pytest.mark.parametrize("path", EXPORTS, ids=lambda path: path.name)
async def test_a_row_matches_if_and_only_if_it_holds_a_published_identifier(
    result: Screened, path: Path
) -> None:
    """In every file, on every row that is not cancelled and has an attendee."""
    assert result.coverage.complete
    matching = 0
    for each, row in zip(result.rows, cells(path), strict=True):
        skipped = each.asked.checked_by == "skipped"
        assert (each.outcome == "match") == (holds(row) and not skipped), each.asked.row.number
        matching += each.outcome == "match"
    assert matching or "waitinglist" in path.name


@pytest.mark.parametrize("path", EXPORTS, ids=lambda path: path.name)
async def test_a_name_is_possible_at_most(result: Screened, path: Path) -> None:
    """Whoever has a published name is possible, unless more matches; nobody else is."""
    names = published()[3]
    for each in result.rows:
        given = {
            frozenset(re.findall(r"[a-z]+", candidate.raw.lower()))
            for candidate in each.asked.row.candidates
            if candidate.kind == "name"
        }
        if given & names:
            assert each.outcome in ("possible", "match")
        if each.outcome == "possible":
            assert any(name <= other for name in names for other in given)
            (finding, *_) = each.result.findings if each.result else ()
            assert set(finding.matched) == {"name"}


@pytest.mark.parametrize("path", EXPORTS, ids=lambda path: path.name)
async def test_it_is_said_whose_address_matched(result: Screened, path: Path) -> None:
    """As far as the file tells, which people.json knows; else `unknown`."""
    for each in by_outcome(result, "match"):
        for finding in each.result.findings if each.result else ():
            for kind, whose in zip(finding.matched, finding.whose, strict=True):
                if kind == "email":
                    assert whose in owners(path, each)
                elif kind == "github":
                    assert whose in ("attendee", "parent")


def owners(path: Path, each: RowResult) -> set[str]:
    """Whose a published address can be that stands in a row of this file."""
    if "checkinlist" in path.name:
        return {"unknown"}
    if "orderlist_orders" in path.name:
        return {"buyer"}
    if "waitinglist" in path.name:
        return {"attendee"}
    emails = published()[1]
    of_order = [t for key, t in tickets().items() if key[0] == each.asked.row.order_code]
    own = {known(t.get("attendee_email") or "") for t in of_order} & emails
    buyer = {known(t["order_email"]) for t in of_order} & emails
    return ({"attendee"} if own else set()) | ({"buyer"} if buyer else set())
