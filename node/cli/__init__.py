"""The command line: arguments in, one job called, its result printed.

Each command's module is imported when that command is called, and imports its job when it runs:
importing everything takes a second, longer than a check.
"""

import asyncio
import functools
import importlib
import json
import sys
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import click

from node.errors import UserError, cause
from node.home import Home
from node.spelling import printable_lines
from protocol.errors import ComityError

if TYPE_CHECKING:
    from node.node import Node

P = ParamSpec("P")
T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

INTERRUPTED = 130
"""Exit status after Ctrl-C: 128 and the number of SIGINT."""

LAZY = {
    "init": "node.cli.founding:init",
    "id": "node.cli.founding:id_",
    "serve": "node.cli.serve:serve",
    "peer": "node.cli.peer:peer",
    "community": "node.cli.community:community",
    "officer": "node.cli.officer:officer",
    "sanction": "node.cli.sanction:sanction",
    "decision": "node.cli.decision:decision",
    "sync": "node.cli.sync:sync",
    "check": "node.cli.check:check",
    "screen": "node.cli.screen:screen",
    "finding": "node.cli.finding:finding",
    "inquiry": "node.cli.inquiry:inquiry",
    "log": "node.cli.log:log",
    "mail": "node.cli.mail:mail",
    "subject": "node.cli.audit:subject",
    "audit": "node.cli.audit:audit_group",
    "report": "node.cli.report:report",
    "privacy": "node.cli.privacy:privacy",
    "token": "node.cli.token:token",
    "account": "node.cli.account:account",
    "open": "node.cli.open:open_",
    "doctor": "node.cli.doctor:doctor",
}
"""Where each command stands: module and attribute."""


@dataclass
class Settings:
    """What holds for every command, said before or after its name."""

    home: Path = Path("~/.comity")
    json: bool = False


class Commands(click.Group):
    """The commands of `LAZY`; the one place where errors become words and exit statuses."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's own form
        """Their names, in the order of a node's life."""
        return list(LAZY)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002
        cmd_name: str,
    ) -> click.Command | None:
        """The command of a name, imported now."""
        if cmd_name not in LAZY:
            return None
        module, _, attribute = LAZY[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; where --json was said, an error is the document."""
        try:
            return self._invoke(ctx)
        except click.ClickException as error:
            if _settings(ctx).json:
                click.echo(json.dumps({"error": error.format_message()}))
            raise

    def _invoke(self, ctx: click.Context) -> Any:
        """Usage errors leave with 2, all others with 1."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except (UserError, ComityError) as error:
            # It may quote what came from elsewhere: the members of a sheet, or a peer's refusal.
            raise click.ClickException(printable_lines(str(error))) from error
        except OSError as error:
            raise click.ClickException(
                f"{error.filename or 'the system'}: {cause(error)}"
            ) from error
        except KeyboardInterrupt:
            ctx.exit(INTERRUPTED)
        except Exception as error:
            if sys.flags.dev_mode:
                raise
            # Its words could hold what nobody should find in a terminal's history.
            raise click.ClickException(
                f"a fault of this program ({type(error).__name__}); `python -X dev -m node …` "
                "shows where"
            ) from error


def _settings(ctx: click.Context) -> Settings:
    return ctx.find_root().ensure_object(Settings)


def _set_home(ctx: click.Context, _parameter: click.Parameter, value: Path | None) -> None:
    if value is not None:
        _settings(ctx).home = value


def _set_json(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value:
        _settings(ctx).json = True


_home = functools.partial(
    click.option,
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    expose_value=False,
    callback=_set_home,
    help="Folder of the node (default: COMITY_HOME, else ~/.comity).",
)
_json = functools.partial(
    click.option,
    "--json",
    is_flag=True,
    expose_value=False,
    callback=_set_json,
    help="Print one JSON document (screen: one on each line).",
)


@click.group(cls=Commands)
@_home(envvar="COMITY_HOME")
@_json()
@click.version_option(package_name="comity", message="comity %(version)s")
def cli() -> None:
    """Communities tell each other, privately and accountably, that somebody is under a sanction."""


def shared_options(function: F) -> F:
    """Let a command take --home and --json after its name as well."""
    return _home()(_json()(function))


def home() -> Home:
    """The home folder that was said."""
    return Home(_settings(click.get_current_context()).home.expanduser())


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run an asynchronous job to its end."""
    return asyncio.run(coroutine)


def node_command(
    function: "Callable[Concatenate[Node, P], Awaitable[T]]",
) -> Callable[P, T]:
    """Make a command of an asynchronous function that takes the opened node first."""

    @functools.wraps(function)
    def command(*args: P.args, **kwargs: P.kwargs) -> T:
        from node.node import opened

        async def with_node() -> T:
            async with opened(home()) as node:
                return await function(node, *args, **kwargs)

        return run(with_node())

    return shared_options(command)
