"""What a node says to its database, for tests that compare two ways through the same code."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from node.store import Store

_MANY = re.compile(r"\((?:\s*(?:\?|\$\d+(?:::\w+)?)\s*,?)+\)")


@contextmanager
def statements(store: Store) -> Iterator[list[str]]:
    """All statements that the store sends meanwhile, without their values."""
    sent: list[str] = []

    def note(*arguments: Any) -> None:
        sent.append(_MANY.sub("(…)", str(arguments[2])))

    engines = [store._reader.sync_engine, store._writer.sync_engine]  # noqa: SLF001 - nobody else asks
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)
