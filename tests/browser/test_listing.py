"""Screening a list: what is understood, corrected, screened, looked at, downloaded and deleted."""

import asyncio
import csv
import io
import re
from pathlib import Path

import openpyxl
import pytest
from playwright.async_api import FilePayload

from node import accounts, lists
from node.web.streams import MOST
from tests.browser.officers import officer
from tests.browser.story import CASEY, ONCE, ROBIN, Story
from tests.browser.visitor import Visitor, Visitors, invitation
from tests.paths import SHARED

EXPORTS = SHARED / "data" / "pretix" / "exports"

REAL = 1 if EXPORTS.is_dir() else 0
"""No case where the exports are not there."""

LIST = (
    "Order code,Full name,E-mail,Where we find you\r\n"
    f"A1,Casey Brandt,{CASEY},\r\n"
    f"A2,Robin Vale,robin@person.example,{ROBIN}\r\n"
    "A3,Ada Example,ada@person.example,ada-fake\r\n"
    "A4,,nobody at all,\r\n"
)


async def upload(visitor: Visitor, name: str, data: bytes) -> None:
    """Hand over a file, to see how it is read."""
    await visitor.go("/lists")
    file = FilePayload(name=name, mimeType="text/csv", buffer=data)
    await visitor.page.get_by_label("The file").set_input_files(file)
    await visitor.click("See how it is read")


async def done(visitor: Visitor, *, scripts: bool = True) -> None:
    """Wait until the list is done: the page goes on by itself, or is opened again."""
    heading = visitor.page.get_by_role("heading", name="What came of it")
    if not scripts:
        for _ in range(200):
            if await heading.count():
                break
            await visitor.page.wait_for_timeout(200)
            await visitor.page.reload()
    await heading.wait_for(timeout=60_000)


async def downloaded(visitor: Visitor, words: str) -> bytes:
    """The file behind a link."""
    async with visitor.page.expect_download() as coming:
        await visitor.click(words)
    path = await (await coming.value).path()
    return await asyncio.to_thread(Path(path).read_bytes)


@pytest.mark.parametrize("scripts", [True, False])
async def test_a_list_from_upload_to_deletion(
    story: Story, visitors: Visitors, *, scripts: bool
) -> None:
    """A column is corrected, rows that need a human are queued, and all of it can be deleted."""
    ada = await visitors.to(story.conf, java_script_enabled=scripts)
    await ada.enter(await invitation(story.conf, "Ada"))
    await upload(ada, "list.csv", LIST.encode())
    assert await ada.title() == "How the list is read"
    column = ada.page.get_by_label("Where we find you")
    await column.select_option("4=attendee-github")
    await ada.click("See again how it is read")
    assert await column.locator("option:checked").inner_text() == "GitHub (the attendee’s)"
    await ada.click("Screen this list")
    await done(ada, scripts=scripts)

    said = await ada.text()
    assert "Of 4 rows 3 were checked" in said
    assert "Matches: 2." in said
    queue = ada.page.locator("article.row")
    assert await queue.count() == 3
    assert "Row 1, order A1" in await queue.nth(0).inner_text()
    assert "same GitHub account (the attendee’s)" in await queue.nth(1).inner_text()
    assert "could not be checked" in await queue.nth(2).inner_text()

    table = list(csv.reader(io.StringIO((await downloaded(ada, "Download as CSV")).decode())))
    assert [line[:4] for line in table[1:4]] == [
        ["1", "A1", "match", "foundation.example"],
        ["2", "A2", "match", "meetup.example"],
        ["4", "A4", "not checked, could not be read: email", ""],
    ]
    assert [line[2].partition(" as of ")[0] for line in table[4:]] == ["heard", "heard"]
    book = openpyxl.load_workbook(io.BytesIO(await downloaded(ada, "Download as XLSX")))
    assert [[cell or "" for cell in row] for row in book["Report"].values] == table
    assert not any(word in str(table) for word in ("Casey", "robin@", CASEY, ROBIN))

    address = ada.page.url
    await queue.nth(0).get_by_role("button", name="No, somebody else").click()
    assert ada.page.url == f"{address}?after=0#row-2"
    assert "Nothing has to be done here" in await queue.nth(0).inner_text()
    await queue.nth(1).get_by_role("link", name="Look closer").click()
    assert await ada.title() == "What meetup.example states"
    await ada.click("It cannot be told")
    assert ada.page.url == f"{address}?after=0#row-2"
    await ada.go(address)
    await ada.click("Delete it now")
    assert await ada.title() == "It is deleted"
    assert (await ada.go(address)).status == 404


@ONCE
async def test_many_tabs_are_all_told_and_whoever_is_out_is_told_that(
    story: Story, visitors: Visitors, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than have a stream at a time: each goes on by itself, whatever becomes of the list."""

    async def nothing(*_arguments: object) -> bool:
        return False

    ada, conf = await visitors.to(story.conf), story.conf
    await ada.enter(await invitation(conf, "Ada"))
    await upload(ada, "list.csv", LIST.encode())
    with monkeypatch.context() as patch:
        patch.setattr(lists, "run_next", nothing)
        await ada.click("Screen this list")
        tabs = [ada.page, *[await ada.context.new_page() for _ in range(MOST + 2)]]
        for tab in tabs[1:]:
            await tab.goto(ada.page.url)
    for tab in tabs:
        await tab.get_by_role("heading", name="What came of it").wait_for(timeout=60_000)

    await upload(ada, "list.csv", LIST.encode())
    with monkeypatch.context() as patch:
        patch.setattr(lists, "run_next", nothing)
        await ada.click("Screen this list")
        await ada.page.get_by_text("The list is being screened").wait_for()
        await accounts.remove(conf.node, "Ada", conf.now)
        await ada.page.get_by_role("heading", name="Sign in").wait_for(timeout=60_000)


@ONCE
async def test_progress_is_shown_without_reloading(story: Story, visitors: Visitors) -> None:
    """The bars come by events; the page is loaded again once, when the list is done."""
    ada = await visitors.to(story.conf)
    await ada.enter(await invitation(story.conf, "Ada"))
    loads: list[str] = []
    ada.page.on("domcontentloaded", lambda page: loads.append(page.url))
    rows = "".join(f"A{n},person{n}@person.example\r\n" for n in range(1500))
    await upload(ada, "list.csv", f"Order code,E-mail\r\n{rows}".encode())
    await ada.click("Screen this list")
    await ada.page.locator("#progress progress").first.wait_for(state="attached")
    peers = await ada.page.locator("#progress li").all_inner_texts()
    assert {each.split()[0] for each in peers} <= {"foundation.example", "meetup.example"}
    assert all(re.search("[0-9]+ of [0-9]+ answered$", each.strip()) for each in peers)
    await done(ada)
    assert len([each for each in loads if each == ada.page.url]) == 2


@ONCE
async def test_printed_pages_show_what_was_found_and_no_buttons(
    story: Story, visitors: Visitors
) -> None:
    """On paper there is nothing to press."""
    ada = await visitors.to(story.conf)
    await ada.enter(await invitation(story.conf, "Ada"))
    await upload(ada, "list.csv", LIST.encode())
    await ada.click("Screen this list")
    await done(ada)
    await ada.page.emulate_media(media="print")
    assert await ada.page.get_by_text("Matches: 1.").is_visible()
    assert await ada.page.get_by_role("heading", name="Row 1, order A1").is_visible()
    for hidden in ("form", "nav", "footer", ".button"):
        for each in await ada.page.locator(hidden).all():
            assert not await each.is_visible()


@ONCE
async def test_what_is_decided_is_on_paper_as_well(story: Story, visitors: Visitors) -> None:
    """The sanctions stand within a form, and are printed; what is chosen and pressed is not."""
    issuer = story.foundation
    ada = await officer(visitors, issuer, "alice")
    await ada.go("/sanctions")
    await ada.page.emulate_media(media="print")
    assert await ada.page.get_by_text(CASEY).is_visible()
    assert await ada.page.get_by_text("ban, in force").is_visible()
    for hidden in ("button", "input", "nav", "footer", "legend", "#acts"):
        for each in await ada.page.locator(hidden).all():
            assert not await each.is_visible()
    await ada.page.locator("main a[href^='/sanctions/']:not(.button)").first.click()
    assert await ada.page.get_by_text(CASEY).first.is_visible()
    await ada.go((await ada.page.locator("a[href^='/decisions/']").get_attribute("href")) or "")
    assert await ada.page.get_by_text(CASEY).first.is_visible()


@ONCE
async def test_a_file_is_dropped_and_the_tab_closed(story: Story, visitors: Visitors) -> None:
    """The export is let go of above its field; who comes back later finds what came of it."""
    ada = await visitors.to(story.conf)
    await ada.enter(await invitation(story.conf, "Ada"))
    await ada.go("/lists")
    await ada.page.locator(".drop").evaluate(
        """(field, text) => {
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File([text], "list.csv", { type: "text/csv" }));
          field.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true }));
        }""",
        LIST,
    )
    await ada.click("See how it is read")
    await ada.click("Screen this list")
    await ada.page.wait_for_url("**/lists/*-*")
    await ada.page.close()
    ada.page = await ada.context.new_page()
    await ada.go("/")
    await ada.page.locator("main a[href^='/lists/']").click()
    await done(ada)
    assert "Matches: 1." in await ada.text()


@ONCE
async def test_what_is_no_list_is_said_so(story: Story, visitors: Visitors) -> None:
    """A picture, and nothing at all; the page of the form stands there again."""
    ada = await visitors.to(story.conf, java_script_enabled=False)
    await ada.enter(await invitation(story.conf, "Ada"))
    await upload(ada, "list.csv", b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    assert await ada.page.locator(".summary").is_visible()
    assert await ada.page.get_by_label("The file").count() == 1
    await ada.go("/lists/understand")
    assert await ada.title() == "Screen a list"


@pytest.mark.parametrize("exports", [sorted(EXPORTS.glob("orderlist_positions_*"))] * REAL)
async def test_real_exports_go_all_the_way(
    story: Story, visitors: Visitors, exports: list[Path]
) -> None:
    """As pretix wrote them, in each of its dialects: no row is lost."""
    ada = await visitors.to(story.conf)
    await ada.enter(await invitation(story.conf, "Ada"))
    for path in exports:
        await upload(ada, path.name, path.read_bytes())
        assert await ada.title() == "How the list is read"
        await ada.click("Screen this list")
        await done(ada)
        said = await ada.text()
        assert "Of 584 rows" in said
        assert "All 2 communities you work with have answered" in said
