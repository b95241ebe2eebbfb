"""Running a node by its pages."""

import re
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest

from node import accounts, audit, budgets, callers
from protocol.exchange import Purpose
from tests.node.federation import Community, Federation
from tests.node.web.conftest import Pages


@pytest.fixture
async def two(federation: Federation, stack: AsyncExitStack) -> tuple[Pages, Community]:
    """The pages of a conference, and a foundation that is no peer yet."""
    conf = await federation.community("conf.example", threshold=1)
    return Pages(conf, stack), await federation.community("foundation.example")


async def test_a_peer_is_added_followed_and_removed(two: tuple[Pages, Community]) -> None:
    """By address and string; who has not agreed yet is asked; nothing goes without a string."""
    pages, other = two
    browser = await pages.signed_in("operator")
    url, compare = await other.url(), (await other.comparison()).to_text()
    without = await browser.post("/peers", {"url": url})
    assert (without.status, 'href="#compare"' in without.text) == (422, True)
    wrong = compare.replace("foundation.example", "conf.example")
    for never in (wrong, compare[:-3], "x" * 300):
        other_log = await browser.post("/peers", {"url": url, "compare": never})
        assert (other_log.status in {400, 422}, 'href="#compare"' in other_log.text) == (True, True)
    asked = await browser.post("/peers", {"url": url, "compare": compare})
    own = (await pages.community.comparison()).to_text()
    assert own in await browser.open(asked.leads_to)

    there = Pages(other, pages.stack)
    theirs = await there.signed_in("operator")
    listed = (await theirs.get("/peers")).text
    assert "asks to be a peer" in listed
    path = re.findall(r'href="(/peers/[^"]+)"', listed)[0]
    refused = await theirs.post(f"{path}/accept", {})
    assert (refused.status, "Error:" in refused.text) == (422, True)
    accepted = await theirs.post(f"{path}/accept", {"compare": own})
    assert "a peer, compared" in await theirs.open(accepted.leads_to)

    path = re.findall(r'href="(/peers/[^"]+)"', (await browser.get("/peers")).text)[0]
    assert (await browser.post(f"{path}/follow")).leads_to == path
    shown = (await browser.get(path)).text
    assert "a peer, compared" in shown
    assert "Remove this peer" in shown
    removed = await browser.post(f"{path}/remove")
    assert (removed.status, "is a peer no more" in removed.text) == (200, True)
    assert (await pages.community.sees(other)).state == "removed"
    who = [each.detail["who"] for each in await audit.since(pages.community.node, "peer", 0)]
    assert set(who) == {"operator at this computer", "foundation.example"}


async def test_a_peer_that_cannot_be_reached_gets_words(pages: Pages) -> None:
    """What was typed stays in the form."""
    browser = await pages.signed_in("operator")
    fields = {"url": "http://127.0.0.1:9/x", "uncompared": "yes"}
    answer = await browser.post("/peers", fields)
    assert answer.status in {400, 422, 502, 504}
    assert 'value="http://127.0.0.1:9/x"' in answer.text


async def test_an_event_of_a_peers_is_lowered_and_never_raised(
    federation: Federation, stack: AsyncExitStack
) -> None:
    """So that a peer that was let ask for much can be held back."""
    conf = await federation.community("conf.example")
    foundation = await federation.community("foundation.example")
    await federation.peer(conf, foundation)
    today = foundation.today
    purpose = Purpose(kind="meetup", start=today, end=today + timedelta(days=1))
    declared = await budgets.declare(
        foundation.node, await conf.fingerprint(), purpose, foundation.now
    )
    (event,) = declared.events
    browser = await Pages(foundation, stack).signed_in("operator")
    path = re.findall(r'href="(/peers/[^"]+)"', (await browser.get("/peers")).text)[0]
    shown = (await browser.get(path)).text
    assert f"/events/{event.id}" in shown
    fields = {"peer": path.removeprefix("/peers/"), "allowance": "10"}
    assert (await browser.post(f"/events/{event.id}", fields)).leads_to == path
    assert "may ask 10 questions" in (await browser.get(path)).text
    for never in ("11", "-1", "x", ""):
        raised = await browser.post(f"/events/{event.id}", fields | {"allowance": never})
        assert (raised.status in {400, 422}, "Error:" in raised.text) == (True, True)


async def test_doctor_is_a_page_that_says_what_to_do(pages: Pages) -> None:
    """Each fault with its next step; what is kept, and how long; our own string."""
    shown = (await (await pages.signed_in("operator")).get("/node")).text
    assert "this node may reach private networks" in shown
    assert "comity peer add URL --compare STRING" in shown
    assert (await pages.community.comparison()).to_text() in shown
    assert "outlives its event by 30 days" in shown
    assert "Who may enter the pages, and as what." in shown


async def test_an_operator_invites_operators_and_an_officer_checkers(pages: Pages) -> None:
    """The link is shown this once; nobody lets themselves ask or decide by another account."""
    for role, made in (("operator", "operator"), ("officer", "checker")):
        browser = await pages.signed_in(role)  # type: ignore[arg-type]
        answer = await browser.post("/accounts/invite", {"name": f"by {role}", "role": "officer"})
        assert answer.status == 200
        link = re.findall(rf"{pages.origin}(/invited/[\w-]+)", answer.text)[0]
        assert f"by {role}" in (await browser.get("/accounts")).text
        invited = await pages.stranger()
        password = {"password": "a password of some length"}
        assert (await invited.post(link, password)).status == 303
        found = {each.name: each.role for each in await accounts.every(pages.community.node)}
        assert found[f"by {role}"] == made
        taken = await browser.post("/accounts/invite", {"name": f"by {role}"})
        assert (taken.status, 'href="#name"' in taken.text) == (422, True)


async def test_tokens_are_made_and_revoked(pages: Pages) -> None:
    """Shown once, and an operator's only."""
    browser, node = await pages.signed_in("operator"), pages.community.node
    made = await browser.post("/tokens", {"token-name": "plugin", "expires_on": ""})
    token = re.findall(r"comity_[\w-]+", made.text)[0]
    caller = await callers.caller_of(node, token, pages.community.now)
    assert caller is not None
    assert (caller.name, caller.role) == ("plugin", "operator")
    listed = (await browser.get("/accounts")).text
    assert "plugin" in listed
    assert token not in listed
    assert (await browser.post("/tokens", {"token-name": "plugin"})).status == 422
    assert (await browser.post("/tokens/revoke", {"name": "plugin"})).leads_to == "/accounts"
    assert await callers.caller_of(node, token, pages.community.now) is None


async def test_the_record_is_read_page_by_page(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest first, with the names of officers; that it was looked at is in it, too."""
    monkeypatch.setattr("node.web.record.PAGE", 3)
    browser = await pages.signed_in("operator")
    newest = (await browser.get("/record")).text
    assert "handed out" in newest
    total = len(await audit.every(pages.community.node))
    seen, path = set(), "/record"
    while path:
        shown = (await browser.get(path)).text
        seen |= {int(each) for each in re.findall(r"Act (\d+), ", shown)}
        older = re.findall(r'href="(/record\?from=\d+)" rel="prev"', shown)
        path = older[0] if older else ""
    assert seen >= set(range(total))
    assert "alice" in shown  # whose vote founded the community
    for never in ("x", "-1", "9" * 30, "\u0663", "99999999"):
        assert (await browser.get(f"/record?from={never}")).status == 200


async def test_the_policy_is_looked_at_before_it_is_changed(
    federation: Federation, stack: AsyncExitStack
) -> None:
    """Nothing is set by looking; an operator reads what officers set."""
    conf = await federation.community("conf.example")
    foundation = await federation.community("foundation.example")
    await federation.peer(conf, foundation)
    pages = Pages(conf, stack)
    officer, operator = await pages.signed_in("officer"), await pages.signed_in("operator")
    parts = [
        {"about": "rule", "peer": "foundation.example", "measure": "ban", "attention": "urgent"},
        {"about": "weight", "circumstance": "weak", "attention": "ignore"},
        {"about": "requirement", "approvals": "2", "custody": "own"},
    ]
    for part in parts:
        before = (await operator.get("/policy")).text
        seen = await officer.post("/policy", part)
        assert (seen.status, "What it would change" in seen.text) == (200, True)
        assert (await operator.get("/policy")).text == before
        assert (await officer.post("/policy", part | {"do": "save"})).leads_to == "/policy"
    shown = (await operator.get("/policy")).text
    assert "foundation.example</strong>" in shown
    assert "See what" not in shown
    assert (await operator.post("/policy", parts[0] | {"do": "save"})).status == 403
    for part in parts:
        dropped = await officer.post("/policy", part | {"drop": "yes", "do": "save"})
        assert dropped.leads_to == "/policy"
    assert "foundation.example</strong>" not in (await operator.get("/policy")).text
    for never in (
        {},
        {"about": "x"},
        {"about": "rule", "attention": "block"},
        {"about": "rule", "peer": "nobody.example"},
        {"about": "rule", "scope": "event", "space": "x"},
        {"about": "requirement", "approvals": "0"},
        {"about": "requirement", "approvals": "x"},
        {"about": "weight", "circumstance": "weak", "drop": "yes"},
    ):
        answer = await officer.post("/policy", never)
        assert (answer.status in {400, 404, 422}, "Error:" in answer.text) == (True, True), never
