"""The page about the local API is what its routes say."""

from tests.docs.api import PAGE, page


def test_the_page_on_the_api_lists_every_route_and_who_may_call_it() -> None:
    """It is made, not written."""
    assert PAGE.read_text("utf-8") == page(), "run python -m tests.docs"
