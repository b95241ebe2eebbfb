"""`comity open`: the pages, for whoever sits at this computer."""

import asyncio
import signal
import webbrowser
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from node import clock
from node.cli import node_command
from node.cli.account import pages_of
from node.cli.output import emit
from node.cli.token import ROLES
from node.errors import UserError

if TYPE_CHECKING:
    from node.callers import Role
    from node.node import Node


@click.command("open")
@click.option(
    "--role", type=click.Choice(ROLES), default="checker", show_default=True,
    help="checker: asks; officer: decides, and asks; operator: runs the node.",
)  # fmt: skip
@click.option("--officer", help="Who you are, for the role officer.")
@click.option("--browser/--no-browser", default=True, help="Open the link, or only print it.")
@node_command
async def open_(node: "Node", role: "Role", officer: str | None, browser: bool) -> None:
    """Open the pages in a browser, signed in. The link works once, within two minutes.

    Where no `comity serve` runs, this is one, on this computer only, until Ctrl-C. It has the port
    of `api_listen`; where that is not set, one of its own that stays the same.
    """
    from node import logging
    from node.app import serving

    with ExitStack() as kept:
        try:
            kept.enter_context(node.home.kept_to_oneself())
        except UserError:  # a service is at work, and has the pages
            await _open(node, pages_of(node), role, officer, browser)
            return
        logging.configure()
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        async with serving(node, "127.0.0.1:0", f"127.0.0.1:{_port(node)}") as running:
            with node.home.serving_pages(running.pages):
                await _open(node, running.pages or "", role, officer, browser)
                await stop.wait()


def _port(node: "Node") -> int:
    from node.config import listen_address

    set_ = node.config.api_listen
    return (listen_address(set_)[1] if set_ else 0) or node.home.pages_port()


async def _open(node: "Node", base: str, role: "Role", officer: str | None, browser: bool) -> None:
    from node import accounts

    code = await accounts.open_link(node, role, officer, clock.now())
    link = f"{base}/opened/{code}"
    emit(click.get_current_context(), {"link": link}, link)
    if browser:
        await asyncio.to_thread(webbrowser.open, link)
