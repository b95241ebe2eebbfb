"""The committee's pages of a running node, by HTTP, as browsers without JavaScript send it."""

import json
import re
from collections.abc import Sequence
from contextlib import AsyncExitStack

import aiohttp
import pytest

from node import inquiries
from protocol.encoding import base64url
from protocol.keys import SigningKey
from protocol.sheet_checks import verify_sheet
from tests.node.federation import Federation, password
from tests.node.web.conftest import Browser, Pages

BAN = [
    ("who", "Mallory Quill <mallory@person.example>\nhttps://github.com/mallory-fake"),
    ("measure", "ban"),
    ("scope", "event"),
    ("scope", "event_series:meetup"),
    ("basis", "harassment"),
    ("end", "none"),
    ("notice", "unreachable"),
]


@pytest.fixture
async def desk(federation: Federation, stack: AsyncExitStack) -> Pages:
    """The pages of a community of two officers who both decide."""
    return Pages(await federation.community("python.example"), stack)


async def _approved(address: str, browsers: Sequence[tuple[str, Browser]]) -> str:
    """Approve a decision by each; the page as it is then."""
    text = ""
    for officer, browser in browsers:
        text = await browser.open(address)
        if "decided, and in the log" in text:
            break
        _, text = await browser.send(f"{address}/approve", {"password": password(officer)})
    assert "decided, and in the log" in text
    return text


async def test_a_committee_proposes_decides_reviews_and_ends(desk: Pages) -> None:
    """From the guided form to the end of a sanction, by two officers, without any script."""
    alice, bob = await desk.signed_in("officer", "alice"), await desk.signed_in("officer", "bob")
    both = [("alice", alice), ("bob", bob)]
    assert "Who?" in await alice.open("/sanctions/new")
    path, draft = await alice.send("/sanctions/new", [*BAN, ("step", "show")])
    assert path == "/sanctions/new"
    for words in ("It names a name", "has not been told", "No end is set", "Meetup"):
        assert words in draft
    _, form = await alice.send("/sanctions/new", [*BAN, ("step", "change")])
    assert "Mallory Quill &lt;mallory@person.example&gt;\nhttps://github.com" in form
    decision, shown = await alice.send("/sanctions/new", [*BAN, ("step", "propose")])
    assert "github:mallory-fake" in shown
    assert "Waiting for you" in await bob.open("/decisions")
    assert decision in await bob.open("/decisions")

    _, wrong = await bob.send(f"{decision}/approve", {"password": "no"}, status=403)
    assert 'href="#password"' in wrong
    await _approved(decision, both)
    assert decision not in await bob.open("/decisions")
    assert decision in await bob.open("/decisions?ended=1")

    listed = await alice.open("/sanctions")
    (id_,) = re.findall(r'name="id" value="([^"]+)"', listed)
    assert "mallory@person.example" in listed
    for act, words in (
        ("opened", "an appeal is open"),
        ("stay", "weighs nothing until"),
        ("reaffirm", "review by"),
    ):
        address, said = await alice.send("/sanctions", {"id": id_, "act": act})
        assert words in said
        await _approved(address, both)
    _, missing = await alice.send("/sanctions", {"act": "lifted"}, status=422)
    assert 'href="#choose"' in missing

    await alice.open(f"/sanctions/{id_}/letter")
    address, _ = await alice.send(f"/sanctions/{id_}/amend", {"drop": "github:mallory-fake"})
    await _approved(address, both)
    (ending,) = re.findall(r'href="(/decisions/[0-9a-f]{64})"', await alice.open("/decisions"))
    await _approved(ending, both)
    (new,) = re.findall(r'name="id" value="([^"]+)"', await alice.open("/sanctions"))
    address, _ = await alice.send(f"/sanctions/{new}", {"act": "lifted"})
    await _approved(address, both)
    assert "lifted" in await alice.open(f"/sanctions/{new}")
    assert "None is in force" in await alice.open("/sanctions?ended=1")


async def test_what_is_wrong_is_said_and_what_was_typed_is_kept(desk: Pages) -> None:
    """The summary leads to the field; nothing has to be typed twice."""
    alice = await desk.signed_in("officer", "alice")
    await alice.open("/sanctions/new")
    for fields, field in (
        ([("who", ""), ("measure", "ban"), ("scope", "event")], "who"),
        ([("who", "Only Aname"), ("measure", "ban"), ("scope", "event")], "who"),
        ([("who", "a@b.example"), ("measure", "ban")], "scope"),
        ([("who", "a@b.example"), ("measure", "ban"), ("scope", "event")], "notice"),
        ([("who", "a@b.example"), ("measure", "suspension"), ("scope", "event")], "ends_on"),
    ):
        told = [] if field == "notice" else [("notice", "given")]
        sent = [*fields, *told, ("step", "propose")]
        _, text = await alice.send("/sanctions/new", sent, status=422)
        assert f'href="#{field}"' in text
        assert "--" not in text
        assert f">{dict(fields)['who']}</textarea>" in text
    address, _ = await alice.send("/sanctions/new", [*BAN, ("step", "propose")])
    _, text = await alice.send(f"{address}/decline", {"reason": "Too harsh"}, status=422)
    assert 'href="#decline_password"' in text
    assert "Too harsh</textarea>" in text
    form = aiohttp.FormData()
    form.add_field("signed", b"nonsense", filename="approval.json")
    await alice.send(f"{address}/signed", form, status=422)
    _, text = await alice.send(
        f"{address}/decline", {"reason": "Too harsh", "decline_password": password("alice")}
    )
    assert "alice has declined: Too harsh" in text


async def test_only_officers_decide(desk: Pages) -> None:
    """Whoever only checks, or runs the node, sees nobody who is under a sanction."""
    for role in ("checker", "operator"):
        browser = await desk.signed_in(role)
        for path in ("/decisions", "/sanctions", "/sanctions/new", "/inquiries", "/browser-key"):
            await browser.open(path, status=403)
        await browser.send("/sanctions/new", BAN, status=403)


async def test_a_key_in_the_browser_approves_what_it_has_read(desk: Pages) -> None:
    """What the script does, done here: the key is proposed, the sheet read, the vote brought."""
    alice, bob = await desk.signed_in("officer", "alice"), await desk.signed_in("officer", "bob")
    key = SigningKey.generate()
    assert "by this node" in await alice.open("/browser-key")
    fields = {"public_key": base64url(key.public_key)}
    await alice.send("/browser-key", {"public_key": "no key"}, status=422)
    address, _ = await alice.send("/browser-key", fields)
    await _approved(address, [("alice", alice), ("bob", bob)])
    # The account goes on, and whoever was signed in with the key of before is so no more.
    assert "Sign in" in await alice.open("/browser-key")
    alice = await desk.signed_in("officer", "alice")
    assert "in a browser of yours" in await alice.open("/browser-key")

    decision, shown = await alice.send("/sanctions/new", [*BAN, ("step", "propose")])
    assert "data-sign" in shown
    _, sheet = await alice.send(f"{decision}/sheet", {})
    verified = verify_sheet(sheet.strip().encode(), key.public_key, now=desk.community.now)
    assert decision.endswith(verified.hash.hex())
    signed = json.dumps(verified.approve(key).to_value())
    _, text = await alice.send(f"{decision}/signed", {"signed": signed})
    assert "You have approved it" in text
    await _approved(decision, [("bob", bob)])


async def test_questions_of_others_are_answered(desk: Pages, federation: Federation) -> None:
    """A fixed phrase, or what is released; what others asked stands with its answer."""
    issuer = desk.community
    conf = await federation.community("conf.example")
    await federation.peer(conf, issuer)
    attestation = await issuer.publish("email:mallory@person.example", basis="harassment")
    await conf.sync()
    alice = await desk.signed_in("officer", "alice")
    assert "None." in await alice.open("/inquiries")
    there = await Pages(conf, desk.stack).signed_in("officer", "alice")
    await there.open("/check")
    _, found = await there.send("/check", {"who": "mallory@person.example"})
    (finding,) = re.findall(r'href="(/findings/[^"]+)"', found)
    await there.send(f"{finding}/ask", {})

    waiting = await alice.open("/inquiries")
    assert f"/sanctions/{attestation}" in waiting
    (answering,) = re.findall(r'action="(/inquiries/[^"]+)"', waiting)
    await alice.send(answering, {"phrase": "it_has_ended"}, status=422)
    path, text = await alice.send(answering, {"phrase": "released", "release": "basis"})
    assert path == "/inquiries"
    assert "This much we release" in text
    await inquiries.carry(conf.node, conf.clients, conf.now)
    assert "harassment" in await there.open("/inquiries")


async def test_a_half_year_that_is_over_has_a_report(desk: Pages) -> None:
    """It is chosen from those that are over since the community began, and no other."""
    bob = await desk.signed_in("officer", "bob")
    assert "No half-year is over yet" in await bob.open("/report")
    desk.community.clock[0] += 250 * 86_400
    alice = await desk.signed_in("officer", "alice")
    page = await alice.open("/report")
    (newest,) = re.findall(r'<option value="([^"]+)"', page)
    _, made = await alice.send("/report", {"from": newest})
    assert "Sanctions decided" in made
    await alice.send("/report", {"from": "2027-01-02"}, status=422)
