"""Pages in another language: nothing that the node itself says is left in English on them."""

import html
import re
from contextlib import AsyncExitStack

import pytest

from node.attention import URGENCY
from tests.node.federation import Community, Federation, password
from tests.node.web.conftest import Browser, Pages
from tests.translations import said

_PLACE = re.compile(r"%\(\w+\)-?\d*[sd]")
_TAG = re.compile(r"<[^>]*>")


def _sentences() -> set[str]:
    """Pieces of what is said in English, of several words: no name is one of them."""
    ids = [each.id if isinstance(each.id, str) else each.id[0] for each in said() if each.id]
    pieces = {piece.strip() for id_ in ids for piece in _PLACE.split(id_)}
    return {piece for piece in pieces if piece.count(" ") >= 2}


SENTENCES = _sentences()


def _expect_german(text: str) -> str:
    """Nothing is marked as English, and no English sentence stands there; what is read."""
    read = html.unescape(_TAG.sub(" ", text))
    assert '<span lang="en">' not in text
    assert [each for each in SENTENCES if each in read] == []
    return read


async def _german(browser: Browser) -> Browser:
    await browser.post("/language", {"language": "de", "back": "/"})
    return browser


async def _found(browser: Browser, who: str) -> str:
    """The page of what is found about somebody."""
    answered = await browser.post("/check", {"who": who})
    return (await browser.get(answered.leads_to)).text


@pytest.fixture
async def two(federation: Federation, stack: AsyncExitStack) -> tuple[Pages, Community]:
    """The pages of a conference, and a foundation that is its peer."""
    conf = await federation.community("conf.example", threshold=1)
    foundation = await federation.community("foundation.example", threshold=1)
    await federation.peer(conf, foundation)
    return Pages(conf, stack), foundation


async def test_why_a_finding_is_shown_so(two: tuple[Pages, Community]) -> None:
    """At each level, of a strong identifier and of a name; judged, and before it is asked about."""
    pages, foundation = two
    await foundation.publish("email:mallory@person.example", "name:Mallory Quill")
    await pages.community.sync()
    officer = await _german(await pages.signed_in("officer"))
    for level in URGENCY:
        rule = {"about": "rule", "measure": "ban", "attention": level, "do": "save"}
        assert (await officer.post("/policy", rule)).leads_to == "/policy"
        found = await _found(officer, "mallory@person.example")
        assert "Eingestuft als" in _expect_german(found)
    _expect_german(await _found(officer, "Mallory Quill"))
    finding = re.findall(r'href="(/findings/[^"]+)"', found)[0]
    for judged in ("same", "different", "unknown"):
        await officer.post(f"{finding}/judge", {"judged": judged})
        _expect_german((await officer.get(finding)).text)
    seen = await officer.post("/policy", {"about": "rule", "measure": "ban", "drop": "yes"})
    assert "Eingestuft als" in _expect_german(seen.text)


async def test_what_doctor_says_and_what_is_kept(two: tuple[Pages, Community]) -> None:
    """What is in order as well as what is not, and each table of what is kept."""
    operator = await _german(await two[0].signed_in("operator"))
    read = _expect_german((await operator.get("/node")).text)
    assert "dieser Knoten darf private Netze erreichen" in read
    assert "Wer diese Seiten betreten darf" in read
    await operator.get("/peers")
    path = re.findall(r'href="(/peers/[^"]+)"', (await operator.get("/peers")).text)[0]
    assert "1 von 2" in _expect_german((await operator.get(path)).text)


async def test_what_is_decided(two: tuple[Pages, Community]) -> None:
    """An officer reads all of it in their language."""
    officer = await _german(await two[0].signed_in("officer"))
    ban = {"who": "a@b.example", "measure": "ban", "scope": "event", "notice": "unreachable"}
    proposed = await officer.post("/sanctions/new", ban | {"end": "none", "step": "propose"})
    decision = proposed.leads_to
    assert "die Person war nicht zu erreichen" in _expect_german((await officer.get(decision)).text)
    await officer.post(f"{decision}/approve", {"password": password("alice")})
    (id_,) = re.findall(r'name="id" value="([^"]+)"', (await officer.get("/sanctions")).text)
    for act in ("opened", "stay", "reaffirm", "lifted"):
        said_of_it = await officer.post("/sanctions", {"id": id_, "act": act})
        _expect_german((await officer.get(said_of_it.leads_to)).text)


async def test_what_is_reported(two: tuple[Pages, Community]) -> None:
    """Each number, and what is not counted."""
    two[0].community.clock[0] += 250 * 86_400
    officer = await _german(await two[0].signed_in("officer"))
    newest = re.findall(r'<option value="([^"]+)"', (await officer.get("/report")).text)[0]
    made = await officer.post("/report", {"from": newest})
    assert "Beschlossene Sanktionen" in _expect_german(made.text)


async def test_what_was_wrong(two: tuple[Pages, Community]) -> None:
    """Errors that are made of parts, and errors within errors."""
    officer = await _german(await two[0].signed_in("officer"))
    typed = {"measure": "ban", "scope": "event", "notice": "given", "step": "propose"}
    for path, fields, words in (
        ("/check", {"who": "email:nobody"}, "„email:nobody“: Eine E-Mail-Adresse wird gebraucht"),
        ("/check", {"who": "phone:1234567"}, "das Land für Nummern ohne Vorwahl"),
        ("/sanctions/new", typed | {"who": "Only Aname"}, "Ein Name allein ist nie ein Treffer"),
        (
            "/sanctions/new",
            typed | {"who": "a@b.example", "review_by": "2999-01-01"},
            "der Tag der Überprüfung liegt innerhalb von 400 Tagen",
        ),
    ):
        answer = await officer.post(path, fields)
        assert answer.status in {400, 422}
        assert words in _expect_german(answer.text)
