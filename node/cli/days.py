"""Days as they are typed."""

from datetime import date
from typing import Any, Literal

import click

from protocol.encoding import day_from_text
from protocol.errors import Violation


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
