"""What strangers write into lists and names has no effect: on pages, in files, in addresses."""

import csv
import io
import unicodedata

import openpyxl

from tests.browser.story import CASEY, ONCE, Story
from tests.browser.test_listing import done, downloaded
from tests.browser.visitor import PHONE, Visitor, Visitors, invitation

pytestmark = ONCE

HOSTILE = (
    "<script>window.hacked=1</script>",
    "<img src=x onerror=window.hacked=1>",
    '"><svg onload=window.hacked=1>',
    "'; window.hacked=1; '",
    "{{ 7*7 }}{% raw %}",
    "javascript:window.hacked=1",
    '=HYPERLINK("http://evil.example","x")',
    "+1+1|cmd",
    "@SUM(A1)",
    "-2+3",
    "\u202eneddih\u202c",
    "\u2066iso\u2069 \u200f\u061c",
    "a\x00b\x07c\x1b[31md\x7f",
    "\ufeff\u200b\u2028line\u0085",
    "W" * 3000,
    "&lt;b&gt; &amp;#39;",
    "%(name)s %s %d {0}",
    "\U0001f600" * 30,
)

_TURNING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI"}


def _list() -> bytes:
    out = io.StringIO(newline="")
    lines = csv.writer(out)
    lines.writerow(["Order code", "Full name", "E-mail", *HOSTILE])
    for text in HOSTILE:
        lines.writerow([text, text, CASEY, *[text] * len(HOSTILE)])
    return out.getvalue().encode()


async def _harmless(visitor: Visitor) -> None:
    """Nothing ran, nothing became an element, nothing is hidden or turned round, all fits."""
    page = visitor.page
    assert await page.evaluate("window.hacked") is None
    assert await page.locator("main script, main img, main svg, main b").count() == 0
    text = await page.locator("body").inner_text()
    assert not [c for c in text if unicodedata.category(c) == "Cc" and c not in "\n\t"]
    assert not [c for c in text if unicodedata.bidirectional(c) in _TURNING]
    assert "49" not in await page.title()
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await page.evaluate(wide) <= 0


async def test_row_26_a_hostile_list_goes_through_without_effect(
    story: Story, visitors: Visitors
) -> None:
    """From upload to page, files and paper, in headers, cells and the event's name."""
    ada = await visitors.to(story.conf, viewport=PHONE)
    ada.page.on("dialog", lambda dialog: ada.faults.append(f"dialog: {dialog.message}"))
    await ada.enter(await invitation(story.conf, "Ada"))
    await ada.go("/lists")
    await ada.type("Name of the event", f"{HOSTILE[0]}{HOSTILE[10]}{HOSTILE[2]}")
    file = {"name": "<b>.csv", "mimeType": "text/csv", "buffer": _list()}
    await ada.page.get_by_label("The file").set_input_files(file)  # type: ignore[arg-type]
    await ada.click("See how it is read")
    assert await ada.title() == "How the list is read"
    await _harmless(ada)
    await ada.click("Screen this list")
    await done(ada)
    await _harmless(ada)
    assert f"Of {len(HOSTILE)} rows" in await ada.text()
    await ada.page.emulate_media(media="print")
    await _harmless(ada)
    printed = await ada.page.pdf()
    assert b"/JavaScript" not in printed
    assert b"evil.example" not in printed
    await ada.page.emulate_media(media="screen")

    table = list(csv.reader(io.StringIO((await downloaded(ada, "Download as CSV")).decode())))
    about = {line[0] for line in table[1:]} - {""}
    assert about == {str(number) for number in range(1, len(HOSTILE) + 1)}
    book = openpyxl.load_workbook(io.BytesIO(await downloaded(ada, "Download as XLSX")))
    cells = list(book["Report"].iter_rows())
    assert {cell.data_type for row in cells for cell in row if cell.value} == {"s"}
    assert [[str(cell.value or "") for cell in row] for row in cells] == table
    for cell in (cell for row in table for cell in row):
        assert not cell.startswith(("=", "+", "-", "@", "|", "%"))
        assert all(unicodedata.category(c) not in ("Cc", "Cf") for c in cell)


async def test_row_26_hostile_names_are_shown_and_do_nothing(
    story: Story, visitors: Visitors
) -> None:
    """Typed about a person, and as names of an account and its event."""
    ada = await visitors.to(story.conf, viewport=PHONE)
    await ada.enter(await invitation(story.conf, "<img src=x onerror=window.hacked=1>"))
    await _harmless(ada)
    for text in HOSTILE:
        await ada.go("/check")
        await ada.page.evaluate("text => document.querySelector('#who').value = text", text)
        await ada.type("Name of the event", text[:200].replace("\x00", ""))
        await ada.click("Check")
        await _harmless(ada)


async def test_a_form_of_another_site_changes_nothing(story: Story, visitors: Visitors) -> None:
    """Neither one without the token, nor one that was sent from elsewhere."""
    ada = await visitors.to(story.conf)
    await ada.enter(await invitation(story.conf, "Ada"))
    forged = await ada.context.request.post(
        f"{ada.base}/leave", headers={"Origin": ada.base}, form={"token": "guessed"}
    )
    assert forged.status == 403
    elsewhere = await ada.context.request.post(
        f"{ada.base}/leave", headers={"Origin": "https://evil.example"}, form={}
    )
    assert elsewhere.status == 403
    await ada.go("/")
    assert await ada.title() == "Hello, Ada"
