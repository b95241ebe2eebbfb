"""Days and scopes as they are typed."""

from datetime import date
from typing import TYPE_CHECKING, Any, Literal, get_args

import click

from protocol.encoding import day_from_text
from protocol.errors import Violation

if TYPE_CHECKING:
    from protocol.claims import Scope


class Day(click.ParamType[date]):
    """A day, `YYYY-MM-DD`."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Read it."""
        try:
            return value if isinstance(value, date) else day_from_text(value)
        except Violation as error:
            self.fail(str(error), param, ctx)


DAY = Day()


def end_of(text: str) -> date | Literal["indefinite"]:
    """A last day, or `never`."""
    return "indefinite" if text == "never" else DAY.convert(text, None, None)


def scope_of(text: str) -> "Scope":
    """Where a sanction holds, `KIND[:SPACE]`."""
    from node import terms
    from protocol.claims import ScopeKind

    try:
        return terms.scope(text)
    except Violation as error:
        raise click.UsageError(
            f"--scope KIND[:SPACE], where KIND is one of: {', '.join(get_args(ScopeKind))}"
        ) from error
