"""What other sites can have a browser do at these pages, in which somebody is signed in."""

from collections.abc import Mapping

import pytest

from node import accounts, audit, decisions
from node.callers import Role
from node.web.table import PAGES
from node.web.visit import Page
from tests.node.federation import Community
from tests.node.web.conftest import Browser, Pages

EMBEDDED: Mapping[str, tuple[str, str]] = {
    "image": ("no-cors", "image"),
    "script": ("no-cors", "script"),
    "fetch": ("cors", "empty"),
    "frame": ("navigate", "iframe"),
    "object": ("navigate", "object"),
    "stream": ("cors", "empty"),
    "nothing said": ("", ""),
}
"""What another site can make a request by: `Sec-Fetch-Mode` and `Sec-Fetch-Dest`."""

ELSEWHERE = ("cross-site", "same-site")
ROLES: tuple[Role, ...] = ("checker", "officer", "operator")
OPENED = [page for page in PAGES if page.method == "GET"]


def _by(site: str, mode: str, destination: str) -> dict[str, str]:
    return {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": destination}


async def _address(community: Community, page: Page) -> str:
    """Where a page is, of what is there to be seen or used."""
    if page.path == "/opened/{code}":
        code = await accounts.open_link(community.node, "checker", None, community.now)
        return f"/opened/{code}"
    if page.path == "/decisions/{id}":
        return f"/decisions/{(await decisions.every(community.node))[-1].row.hash.hex()}"
    sanction = next(iter((await community.register()).attestations))
    return page.path.replace("{form:csv|xlsx}", "csv").replace("{id}", sanction)


async def _browser(pages: Pages, page: Page) -> Browser:
    """One in which somebody has signed in who may open it."""
    return await pages.signed_in(page.roles[0] if page.roles else "checker")


async def _acts(community: Community) -> int:
    return await audit.verify(community.node)


@pytest.mark.parametrize("site", ELSEWHERE)
async def test_other_sites_embed_and_fetch_nothing(pages: Pages, site: str) -> None:
    """No page answers, whoever is signed in, and none of them leaves anything behind."""
    community = pages.community
    await community.publish("email:somebody@person.example")
    for page in OPENED:
        browser, path = await _browser(pages, page), await _address(community, page)
        before = await _acts(community)
        for what, (mode, destination) in EMBEDDED.items():
            answer = await browser.get(path, **_by(site, mode, destination))
            assert answer.status == 403, (what, path)
            assert "no part of other sites" in answer.text, (what, path)
        answer = await browser.get(path, **{"Sec-Purpose": "prefetch;prerender"})
        assert answer.status == 403, path
        assert "not loaded beforehand" in answer.text, path
        assert await _acts(community) == before, path


@pytest.mark.parametrize("site", ELSEWHERE)
async def test_a_link_from_elsewhere_opens_what_leaves_nothing_behind(
    pages: Pages, site: str
) -> None:
    """The rest takes a click, after which the page opens as ever."""
    community = pages.community
    await community.publish("email:somebody@person.example")
    for page in OPENED:
        browser, path = await _browser(pages, page), await _address(community, page)
        before = await _acts(community)
        answer = await browser.get(path, **_by(site, "navigate", "document"))
        assert await _acts(community) == before, path
        assert "Set-Cookie" not in answer.headers, path
        if not page.leaves:
            assert "Go on?" not in answer.text, path
            assert answer.status != 403, path
            continue
        assert (answer.status, f'href="{path}"' in answer.text) == (403, True), path
        opened = await browser.get(path, **_by("same-origin", "navigate", "document"))
        assert opened.status in {200, 303}, path
        assert await _acts(community) > before or "Set-Cookie" in opened.headers, path


async def test_where_it_leads_on_is_kept_whole(pages: Pages) -> None:
    """With what stands behind the question mark, and nothing else on these pages."""
    browser = await pages.signed_in("operator")
    answer = await browser.get(
        "/record?from=3&x=%22%3E%3Cb", **_by("cross-site", "navigate", "document")
    )
    assert 'href="/record?from=3&amp;x=%22%3E%3Cb"' in answer.text
