"""Lists that wait for their turn: each is screened once, and none keeps the others waiting."""

import pytest

from node import lists, screening
from node.checking import Occasion
from node.lists import Lists
from tests.node.attendees.lists import csv_list
from tests.node.committee import NOW, Committee
from tests.node.issuers import Reach
from tests.node.screenings import NO_EVENT

OCCASION = Occasion("PyRegion", NO_EVENT)


async def test_a_list_that_fails_unexpectedly_has_failed(
    committee: Committee, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not tried forever, says no more than where to look, and the next has its turn."""
    at_work, data = Lists(), csv_list(["Name", "Email"], ["Ada", "ada@person.example"])
    first, second = [
        await lists.add(committee.node, at_work, data, [], OCCASION, NOW + number)
        for number in range(2)
    ]
    with monkeypatch.context() as patched:
        patched.setattr(screening, "screen", _broken)
        assert await lists.run_next(committee.node, Reach(), at_work, NOW)
    assert await lists.run_next(committee.node, Reach(), at_work, NOW)
    assert not await lists.run_next(committee.node, Reach(), at_work, NOW)
    failed, done = [await lists.show(committee.node, id_) for id_ in (first, second)]
    assert (failed.state, done.state) == ("failed", "done")
    assert failed.fault is not None
    assert "ada" not in failed.fault


async def _broken(*_: object, **__: object) -> None:
    raise RuntimeError("ada@person.example")
