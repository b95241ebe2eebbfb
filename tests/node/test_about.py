"""The page about a community: who it is, for everybody, and nothing that leads to anybody."""

from datetime import date

from node import ledger, peering, report
from node.node import Node
from protocol.compare import Comparison
from tests.node.served import NOW, served


async def test_everybody_reads_who_a_community_is(node: Node) -> None:
    """Policy, contact, peers and the string that peers compare; no script, and nothing is kept."""
    async with served(node) as at:
        page = await at.get("/about")
        head, community = await ledger.own_head(node), (await ledger.own_register(node)).community
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    text = page.body.decode()
    compare = Comparison(community.id, head.fingerprint, head.size, head.root).to_text()
    for said in (community.name, community.contact, community.policy, "conf.example", compare):
        assert said is not None
        assert said in text
    assert "<svg" in text
    assert f'href="mailto:{community.contact}"' in text
    for never in ("<script", "style=", "<style", "<form"):
        assert never not in text
    assert "unsafe" not in page.headers["content-security-policy"]
    assert "set-cookie" not in page.headers


async def test_whoever_only_knows_the_address_is_led_there(node: Node) -> None:
    """By the community's address, with and without a slash at its end."""
    async with served(node) as at:
        for path in ("", "/"):
            answer = await at.get(path)
            assert (answer.status, answer.headers["location"]) == (303, "/federation/about")


async def test_it_loads_only_what_this_node_has(node: Node) -> None:
    """Stylesheet and icon, below the address of the node; no script and no other file."""
    async with served(node) as at:
        text = (await at.get("/about")).body.decode()
        start = text.index('rel="stylesheet" href="/federation') + len('rel="stylesheet" href="')
        path = text[start : text.index('"', start)].removeprefix("/federation")
        style = await at.get(path)
        assert (style.status, style.headers["content-type"]) == (200, "text/css; charset=utf-8")
        assert (await at.get(path.replace("comity.css", "comity.js"))).status == 404
        assert (await at.get(path.replace("comity.css", "..%2fenter.html"))).status == 404


async def test_a_report_is_shown_once_it_was_made_and_is_made_by_nobodys_looking(
    node: Node,
) -> None:
    """Nor is anything recorded of who looks."""
    async with served(node) as at:
        assert "Numbers that stand alone" not in (await at.get("/about")).body.decode()
        assert await report.newest(node) is None
        period = report.half_year(date(2026, 7, 1), date(2026, 12, 31))
        await report.report(node, period, NOW)
        text = (await at.get("/about")).body.decode()
    assert "From 1 July 2026 to 31 December 2026" in text
    assert "held back" in text


async def test_who_is_a_peer_no_more_is_not_named(node: Node) -> None:
    """The page says who can learn of sanctions now."""
    async with served(node) as at:
        await peering.remove(node, at.service.clients, at.peer.id, NOW)
        assert b"conf.example" not in (await at.get("/about")).body


async def test_it_is_read_in_the_readers_language(node: Node) -> None:
    """As the browser prefers."""
    async with served(node) as at:
        page = await at.get("/about", {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"})
        assert b'<html lang="de">' in page.body
