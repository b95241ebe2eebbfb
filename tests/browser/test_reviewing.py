"""A committee goes on with what it has decided: reviews, appeals, stays, letters, amendments."""

import asyncio
import re
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner

from node import clock, constitution, keyfile
from node.cli import cli
from protocol.claims import DAY
from protocol.items import Notice
from tests.browser.officers import approve, officer
from tests.browser.story import ONCE
from tests.browser.visitor import Visitor, Visitors
from tests.node.federation import CHEAP, Federation, eventually, password
from tests.node.mail_server import mail_server

MALLORY = "mallory@person.example"
TRENT = "trent@person.example"

Officers = Sequence[tuple[str, Visitor]]


async def _decided(officers: Officers) -> str:
    """Approve what was proposed, by as many as it takes; the page that says so."""
    for name, visitor in officers:
        await approve(visitor, name)
        said = await visitor.text()
        if "decided, and in the log" in said:
            return said
    raise AssertionError(said)


async def _of(visitor: Visitor, person: str, words: str) -> None:
    """Press a button about one sanction."""
    await visitor.go("/sanctions")
    row = visitor.page.locator("li", has_text=person)
    await row.get_by_role("link").click()
    if words:
        await visitor.click(words)


async def _something_waits(visitor: Visitor) -> bool:
    await visitor.go("/decisions")
    return "Nothing waits for you." not in await visitor.text()


async def _standing(visitor: Visitor, person: str) -> str:
    await visitor.go("/sanctions")
    return await visitor.page.locator("li", has_text=person).inner_text()


async def test_many_are_reviewed_at_once_and_one_is_stayed_and_appealed_against(
    federation: Federation, visitors: Visitors
) -> None:
    """Without script; each act is proposed, approved by two, and seen on the sanction then."""
    issuer = await federation.community("foundation.example")
    for person in (MALLORY, TRENT):
        await issuer.publish(f"email:{person}", ends_on="indefinite")
    federation.later(340 * DAY)
    officers = [
        (name, await officer(visitors, issuer, name, java_script_enabled=False))
        for name in ("alice", "bob")
    ]
    (_, alice), _ = officers
    await alice.go("/")
    await alice.click("2 sanctions are due for a review, or end soon")
    await alice.click("It was reviewed and goes on")
    assert "Choose at least one sanction." in await alice.text()
    for person in (MALLORY, TRENT):
        assert "its review is due on" in await _standing(alice, person)
    for person in (MALLORY, TRENT):
        await alice.page.get_by_label(person).check()
    await alice.click("It was reviewed and goes on")
    assert await alice.title() == "A review, after which a sanction goes on"
    await _decided(officers)
    for person in (MALLORY, TRENT):
        assert "due" not in await _standing(alice, person)

    for words, seen in (
        ("An appeal is open", "an appeal is open"),
        ("Stay it", "stayed for now"),
        ("End the stay", "an appeal is open"),
        ("It is granted", "weighs nothing any more: an appeal was granted"),
    ):
        await _of(alice, MALLORY, words)
        await _decided(officers)
        assert seen in await _standing(alice, MALLORY)
    assert "stayed" not in await _standing(alice, MALLORY)

    await _of(alice, MALLORY, "The decision, and who approved it")
    await alice.click("To the sanction")
    await alice.page.get_by_text("It should not have been decided").click()
    await alice.click("Overturn it")
    await _decided(officers)
    await alice.click("To the sanction")
    assert "ended: overturned" in await alice.text()
    await alice.click("Propose to forget here whom it was about")
    await _decided(officers)
    await alice.go("/sanctions?ended=1")
    assert MALLORY not in await alice.text()
    await (
        alice.page.get_by_role("listitem").filter(has_text="overturned").get_by_role("link").click()
    )
    assert "forgotten here" in await alice.text()
    assert "in force" in await _standing(alice, TRENT)


async def test_the_person_is_written_to_and_an_identifier_is_dropped(
    federation: Federation, visitors: Visitors, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without script; the letter really leaves, and that it was sent waits for an officer then."""
    monkeypatch.setattr("node.app.MAIL_INTERVAL", 0.05)
    async with mail_server() as mails:
        issuer = await federation.community("foundation.example", settings=mails.settings)
        later = Notice(state="delayed", until=issuer.today + timedelta(days=20))
        await issuer.publish(f"email:{MALLORY}", "github:mallory-fake", notice=later)
        officers = [
            (name, await officer(visitors, issuer, name, java_script_enabled=False))
            for name in ("alice", "bob")
        ]
        (_, alice), _ = officers
        assert "the person is to be told until" in await _standing(alice, MALLORY)
        await _of(alice, MALLORY, "The letter to the person")
        letter = await alice.text()
        assert "ban" in letter
        await alice.click("Send it")
        assert await alice.title() == "The letter is on its way"
        received = await mails.arrived(1)
        assert received.recipients == [MALLORY]
        assert received.text.splitlines()[0] in letter
        await alice.click("Back to the sanction")
        await eventually(partial(_something_waits, alice))
        await _decided(officers)
        assert "told" not in await _standing(alice, MALLORY)

        await _of(alice, MALLORY, "")
        await alice.page.get_by_label("mallory-fake (GitHub)").check()
        await alice.click("Propose it")
        for name, visitor in officers:
            # In which order the two are approved makes no difference.
            for _ in range(2):
                await approve(visitor, name)
        await alice.go("/sanctions")
        assert "mallory-fake" not in await alice.text()
        await alice.click("Show those that have ended")
        assert "ended: replaced by another" in await alice.text()


@ONCE
async def test_an_officer_recuses_themselves_and_others_decline(
    federation: Federation, visitors: Visitors
) -> None:
    """Without script; the first needs another in their place, and two who decline end it."""
    issuer = await federation.community("foundation.example", officers=("alice", "bob", "carol"))
    await issuer.publish(f"email:{MALLORY}")
    alice, bob, carol = [
        await officer(visitors, issuer, name, java_script_enabled=False)
        for name in ("alice", "bob", "carol")
    ]
    await _of(alice, MALLORY, "Lift it")
    decision = alice.page.url
    await bob.go(decision)
    await bob.page.get_by_text("Recuse yourself").click()
    recusing = bob.page.locator("form[action$=recuse]")
    await recusing.get_by_label("Password of your key").fill("a guess of mine")
    await bob.click("Recuse myself")
    assert "wrong password" in await bob.text()
    await recusing.get_by_label("Password of your key").fill(password("bob"))
    await bob.click("Recuse myself")
    assert "You have recused yourself from this decision." in await bob.text()

    await carol.go(decision)
    assert "bob has recused themselves" in await carol.text()
    await carol.page.locator("summary", has_text="Decline").click()
    declining = carol.page.locator("form[action$=decline]")
    await declining.get_by_label("Why").fill("We have not heard the person.")
    await declining.get_by_label("Password of your key").fill(password("carol"))
    await declining.get_by_role("button").click()
    said = await carol.text()
    assert "declined: too few officers are left to approve it" in said
    assert "carol has declined: We have not heard the person." in said
    assert "in force" in await _standing(carol, MALLORY)


@ONCE
async def test_an_officer_signs_on_a_device_of_their_own(
    federation: Federation, visitors: Visitors, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without script: the sheet is downloaded, signed by `comity officer sign`, and brought."""
    issuer = await federation.community("foundation.example")
    await issuer.publish(f"email:{MALLORY}")
    key, secret = tmp_path / "bob.key", tmp_path / "password"
    secret.write_text(password("bob"))
    public = keyfile.create(key, password("bob"), cost=CHEAP)
    bob_anew = await constitution.newcomer("bob", public, "")
    await issuer.approve(await constitution.replace(issuer.node, bob_anew, issuer.now))
    alice, bob = [
        await officer(visitors, issuer, name, java_script_enabled=False)
        for name in ("alice", "bob")
    ]
    await _of(alice, MALLORY, "Lift it")
    await approve(alice, "alice")

    await bob.go(alice.page.url)
    typed = re.findall(r"comity officer sign (sheet-\w+\.json) --key", await bob.text())
    async with bob.page.expect_download() as coming:
        await bob.click("Download the sheet")
    download = await coming.value
    assert [download.suggested_filename] == typed
    sheet, signed = tmp_path / typed[0], tmp_path / "signed.json"
    await download.save_as(sheet)
    monkeypatch.setattr(clock, "now", lambda: issuer.now)
    arguments = ["--key", str(key), "--password-file", str(secret), "--yes", "--out", str(signed)]
    done = await asyncio.to_thread(
        CliRunner().invoke, cli, ["officer", "sign", str(sheet), *arguments]
    )
    assert done.exit_code == 0, done.output
    assert MALLORY in done.output

    await bob.page.get_by_label("The signed file").set_input_files(sheet)
    await bob.click("Bring it")
    assert "This is no file that" in await bob.text()
    await bob.page.get_by_label("The signed file").set_input_files(signed)
    await bob.click("Bring it")
    assert "decided, and in the log" in await bob.text()
