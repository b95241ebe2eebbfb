"""What organizers are told of their lists: how they are read, what was asked, and what was not."""

import csv
import io
import re
from base64 import b64encode
from datetime import timedelta

import pytest

from node import answering, inquiries, lists
from node.answering import Reply
from node.checking import Occasion, check
from node.web import rendering
from protocol.english import English
from protocol.exchange import DECLARED_AHEAD
from protocol.identifiers import canonicalise
from tests.node.federation import Community, Federation, eventually
from tests.node.web.conftest import Answer, Browser, Pages
from tests.node.web.test_lists import NO_EVENT

CASEY = "casey@person.example"

LIST = (
    "Order code,E-mail,GitHub\r\n"
    "A1,ada@person.example,not a handle!\r\n"
    "A2,nobody at all,\r\n"
    f"A3,{CASEY},\r\n"
)


def _encoded(text: str) -> str:
    return b64encode(text.encode()).decode()


async def _screened(pages: Pages, browser: Browser, text: str, **event: str) -> str:
    """Screen a list, and wait until it is done; the path of its page."""
    begun = await browser.post("/lists", {"list": _encoded(text)} | event)
    assert begun.status == 303, begun.text

    async def is_done() -> bool:
        found = await lists.show(pages.community.node, begun.leads_to.rpartition("/")[2])
        assert found.state != "failed", found.fault
        return found.state == "done"

    await eventually(is_done)
    return begun.leads_to


async def _understood(browser: Browser, text: str, *columns: str) -> Answer:
    fields = {"list": _encoded(text)} | ({"column": columns[0]} if columns else {})
    return await browser.post("/lists/understand", fields)


def _words(answer: Answer) -> str:
    """What can be read of a page."""
    return " ".join(re.sub("<[^>]*>", " ", answer.text).split())


async def test_each_row_says_what_nobody_was_asked_about(pages: Pages) -> None:
    """After those about which something was found; the counts and the report say it as well."""
    await pages.community.publish(f"email:{CASEY}")
    ada = await pages.signed_in("checker")
    path = await _screened(pages, ada, LIST)
    words = _words(await ada.get(path))
    assert "1 row was checked in part only" in words
    left = words.partition("Rows that could not be read, or not all of them")
    assert "Row 3, order A3" in left[0]
    assert "Row 1, order A1 Could not be read, so not asked about: GitHub" in left[2]
    assert (
        "Row 2, order A2 This row could not be checked. Could not be read, so not asked about: "
        "e-mail address"
    ) in left[2]
    report = (await ada.get(f"{path}/report.csv")).text
    assert [line[:3] for line in list(csv.reader(io.StringIO(report)))[1:4]] == [
        ["1", "A1", "checked in part, could not be read: github"],
        ["2", "A2", "not checked, could not be read: email"],
        ["3", "A3", "match"],
    ]
    # Where something was found about a row, what was not read of it is said beside that.
    path = await _screened(pages, ada, LIST.replace(f"{CASEY},", f"{CASEY},not a handle!"))
    words = _words(await ada.get(path))
    assert "Row 3, order A3 Could not be read, so not asked about: GitHub" in words
    lines = list(csv.reader(io.StringIO((await ada.get(f"{path}/report.csv")).text)))
    assert [line[2] for line in lines if line[0] == "3"] == [
        "match",
        "checked in part, could not be read: github",
    ]


async def test_a_list_about_which_nobody_answered_was_not_checked(
    pages: Pages, federation: Federation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Why not, when to ask again, and that an event whose days are said may ask for more."""
    monkeypatch.setenv("COMITY_EVALUATION_BUCKET", "1")
    issuer = await federation.community("foundation.example")
    await federation.peer(pages.community, issuer)
    await issuer.publish(f"email:{CASEY}")
    await pages.community.sync()
    ada = await pages.signed_in("checker")
    words = _words(await ada.get(await _screened(pages, ada, f"E-mail\r\n{CASEY}\r\n")))
    assert "Of 1 rows 1 could be checked, but no other community answered about any" in words
    assert re.search("foundation.example: not heard: .* it can be asked again from .* on", words)
    assert "Say the days of your event then" in words
    assert "Nothing was found" not in words

    last = pages.community.today + DECLARED_AHEAD + timedelta(days=7)
    days = {"from": last.isoformat(), "to": last.isoformat()}
    words = _words(await ada.get(await _screened(pages, ada, f"E-mail\r\n{CASEY}\r\n", **days)))
    day = rendering.said("en", English("%(day)s", day=last - DECLARED_AHEAD))
    assert f"from {day} on, your event can be declared to it" in words
    hint = f"from {DECLARED_AHEAD.days} days before its last day on"
    assert hint in _words(await ada.get("/lists"))


async def test_how_a_list_is_read_is_shown_with_its_values(pages: Pages) -> None:
    """And where a column seems to hold something else than it is read as."""
    ada = await pages.signed_in("checker")
    page = await _understood(
        ada,
        "Order code,E-mail,GitHub,Contact,Where\r\n"
        f"A1,Ada Example,octocat,{'x' * 80}@person.example,@ada\r\n"
        "A2,Bob Example,hubot,bob@person.example,@bob\r\n"
        "A3,Bob Example,hubot,eve@person.example,@eve\r\n",
    )
    words = _words(page)
    assert "It has 3 rows below the headers." in words
    assert "E-mail Ada Example Bob Example 0 of 3 values looked at can be read as: e-mail" in words
    assert "GitHub octocat hubot name" not in words
    assert "Most values look like: e-mail address." in words
    assert "Most values look like handles." in words
    assert "x" * 60 not in page.text
    assert page.text.count('class="wrong"') == 3


async def test_where_no_column_is_known_the_columns_can_still_be_said(pages: Pages) -> None:
    """On the same page as ever, and without a word of the command line."""
    ada = await pages.signed_in("checker")
    unknown = "Who,Where\r\nAda,ada@person.example\r\n"
    page = await _understood(ada, unknown)
    assert page.status == 200
    assert "No column was recognised" in page.text
    assert page.text.count("<select") == 2
    again = await ada.post("/lists", {"list": _encoded(unknown)})
    assert (again.status, again.text.count("<select")) == (422, 2)
    assert "--column" not in page.text + again.text
    corrected = await _understood(ada, unknown, "2=attendee-email")
    assert "No column was recognised" not in corrected.text


@pytest.mark.parametrize(
    ("data", "words"),
    [("", "The file is empty"), ("Name,E-mail\r\n", "The list has no rows")],
)
async def test_a_file_without_rows_is_said_so_at_once(pages: Pages, data: str, words: str) -> None:
    """Rather than that none was chosen, or that nothing was found."""
    ada = await pages.signed_in("checker")
    page = await ada.upload("/lists/understand", data.encode())
    assert page.status == 422
    assert words in page.text
    nothing = await ada.upload("/lists/understand", b"", name="")
    assert "Choose the file that was exported" in nothing.text


async def test_lists_are_told_apart_and_deleted_ones_are_said_to_be(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By event, time, rows and what came of them; one that waits, by what is before it."""
    await pages.community.publish(f"email:{CASEY}")
    ada = await pages.signed_in("checker")
    path = await _screened(pages, ada, LIST, event="PyRegion")
    for each in ("/", "/lists"):
        words = _words(await ada.get(each))
        assert re.search("PyRegion, .*UTC.* 3 .*Matches: 1. Possible: 0.", words)

    async def nothing(*_: object) -> bool:
        return False

    monkeypatch.setattr(lists, "run_next", nothing)
    assert pages.community.serving is not None
    at_work, waiting = pages.community.serving.service.lists, []
    for number in range(2):
        now = pages.community.now + number
        id_ = await lists.add(pages.community.node, at_work, LIST.encode(), [], NO_EVENT, now)
        waiting.append(f"/lists/{id_}")
    assert "before it" not in (await ada.get(waiting[0])).text
    assert "1 list is before it" in (await ada.get(waiting[1])).text
    at_work.screening = waiting[0].rpartition("/")[2]
    at_work.peers = {"foundation.example": (1, 3)}
    assert "1 of 3 answered</progress>" in (await ada.get(waiting[0])).text

    for each in (path, *waiting):
        deleted = await ada.post(f"{each}/delete")
        assert "It is deleted" in deleted.text
        gone = await ada.get(each)
        assert (gone.status, "It was deleted" in gone.text) == (404, True)


async def _answered(conf: Community, issuer: Community) -> str:
    """A question about somebody, and its answer; the id of the finding."""
    asked = [canonicalise("email", CASEY)]
    result = await check(
        conf.node, conf.clients.to, asked, Occasion(None, NO_EVENT.purpose), now=conf.now
    )
    finding = result.findings[0].id
    await inquiries.ask(
        conf.node, await inquiries.draft(conf.node, finding, None, conf.now), conf.now
    )
    await inquiries.carry(conf.node, conf.clients, conf.now)
    (received,) = await answering.every(issuer.node)
    await answering.answer(
        issuer.node, received.id, Reply("please_talk_to_us", frozenset()), issuer.now
    )
    await inquiries.carry(conf.node, conf.clients, conf.now)
    return finding


async def test_whoever_asked_is_told_on_the_first_page_that_there_is_an_answer(
    pages: Pages, federation: Federation
) -> None:
    """With a link to what it is about."""
    issuer = await federation.community("foundation.example")
    await federation.peer(pages.community, issuer)
    await issuer.publish(f"email:{CASEY}")
    await pages.community.sync()
    ada = await pages.signed_in("checker")
    assert "answered" not in (await ada.get("/")).text
    finding = await _answered(pages.community, issuer)
    page = await ada.get("/")
    assert f'<a href="/findings/{finding}">foundation.example answered on' in page.text
