"""The answer about one person: how long it is there, and for whom."""

import asyncio

import pytest

from node import acts, audit, kept
from node.api.checks import Checked, Coverage
from node.web import answers
from tests.node.federation import Federation
from tests.node.web.conftest import Browser, Pages

WHO = "somebody@person.example"
NOTHING = Checked(outcome="nothing_found", coverage=Coverage(complete=True, peers=[]), findings=[])


@pytest.fixture
async def found(federation: Federation, pages: Pages) -> Browser:
    """A checker, at a community whose peer states something about `WHO`."""
    issuer = await federation.community("issuer.example")
    await federation.peer(pages.community, issuer)
    await issuer.publish(f"email:{WHO}")
    await pages.community.sync()
    return await pages.signed_in("checker")


async def _check(browser: Browser, who: str = WHO) -> str:
    """Where the answer is."""
    answer = await browser.post("/check", {"who": who})
    assert answer.status == 303
    assert "person" not in answer.leads_to
    return answer.leads_to


async def test_an_answer_can_be_opened_again_by_who_asked(pages: Pages, found: Browser) -> None:
    """Whoever goes back to it asks nobody anew; in another session it is not there."""
    address = await _check(found)
    before = await audit.verify(pages.community.node)
    for _ in range(2):
        shown = await found.get(address)
        assert (shown.status, WHO in shown.text) == (200, True)
        assert "Something was found" in shown.text
    assert before == await audit.verify(pages.community.node)
    for role in ("checker", "officer"):
        other = await (await pages.signed_in(role)).get(address)
        assert (other.status, WHO in other.text) == (404, False)
    assert (await found.get("/check/nothing")).status == 404


async def test_an_answer_goes_with_what_was_found(pages: Pages, found: Browser) -> None:
    """Deleted anywhere, it is not shown by going back either; nor after a while."""
    address = await _check(found)
    finding = (await found.get(address)).text.split('href="/findings/')[1].partition('"')[0]
    await kept.delete(pages.community.node, finding, pages.community.now)
    gone = await found.get(address)
    assert (gone.status, WHO in gone.text) == (404, False)
    assert "check once more" in gone.text


async def test_an_answer_goes_with_what_it_states(
    federation: Federation, pages: Pages, found: Browser
) -> None:
    """What is erased where it was stated is erased here, too."""
    address = await _check(found)
    issuer = federation.communities[-1]
    (sanction,) = (await issuer.register()).attestations
    await issuer.lift(sanction, "erased")
    await pages.community.sync()
    assert (await found.get(address)).status == 404


async def test_an_answer_goes_by_itself(found: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """After some minutes, or once there were many more."""
    addresses = [await _check(found, f"nobody{number}@else.example") for number in range(3)]
    monkeypatch.setattr(answers, "MOST", 2)
    addresses.append(await _check(found))
    there = [(await found.get(each)).status for each in addresses]
    assert there == [404, 404, 200, 200]
    monkeypatch.setattr(answers, "LASTING", 0.01)
    short = await _check(found)
    await asyncio.sleep(0.1)
    assert (await found.get(short)).status == 404


async def test_an_answer_does_not_outlive_what_it_says(pages: Pages) -> None:
    """What is our own and was stayed, or has ended since, is read anew; so is what was judged."""
    conf = pages.community
    id_ = await conf.publish(f"email:{WHO}")
    browser = await pages.signed_in("checker")
    for change in ("stay", "lift"):
        address = await _check(browser)
        assert (await browser.get(address)).status == 200
        if change == "stay":
            await conf.approve(await acts.stay(conf.node, [id_], conf.today, conf.now))
        else:
            await conf.lift(id_, "overturned")
        assert (await browser.get(address)).status == 404


async def test_nothing_of_an_answer_is_left_after_signing_out(
    found: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither what was found, nor about whom."""
    dropped: list[bytes] = []
    monkeypatch.setattr(answers.Answers, "drop", lambda _, session: dropped.append(session))
    await _check(found)
    await found.get("/check")
    await found.post("/leave")
    assert len(dropped) == 1
    held = answers.Answers()
    id_ = held.keep(answers.Answer(b"session", NOTHING, [WHO]))
    monkeypatch.undo()
    held.drop(b"another")
    assert held.of(b"session", id_) is not None
    held.drop(b"session")
    assert held.of(b"session", id_) is None
