"""`comity serve`: the node at work, until it is told to stop."""

import asyncio
import signal
from typing import TYPE_CHECKING, Any

import click

from node.cli import node_command
from node.cli.output import emit

if TYPE_CHECKING:
    from node.app import Serving
    from node.node import Node


def _checked(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    from node.config import listen_address

    try:
        if value is not None:
            listen_address(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
    return value


@click.command()
@click.option(
    "--listen",
    metavar="HOST:PORT",
    callback=_checked,
    help="Instead of `listen` in comity.toml.",
)
@click.option(
    "--api",
    metavar="HOST:PORT",
    callback=_checked,
    help="Answer the local API there, instead of at `api_listen` in comity.toml.",
)
@node_command
async def serve(node: "Node", listen: str | None, api: str | None) -> None:
    """Answer peers and follow them. Ends with SIGTERM or Ctrl-C, finishing what is under way.

    A home has one service at a time; all other commands may run beside it.
    """
    from node import logging

    with node.home.kept_to_oneself():
        logging.configure()
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await _serve(node, listen, api, stop)


async def _serve(node: "Node", listen: str | None, api: str | None, stop: asyncio.Event) -> None:
    from node.app import serving

    async with serving(node, listen, api) as running:
        with node.home.serving_pages(running.pages):
            await _until(running, stop)


async def _until(running: "Serving", stop: asyncio.Event) -> None:
    document = {"listen": running.url, "api": running.api, "pages": running.pages}
    words = f"listening on {running.url}"
    if running.api is not None:
        words += f"; the pages are at {running.pages}, the local API at {running.api}/api/v1"
    emit(click.get_current_context(), document, words)
    stopped = asyncio.create_task(stop.wait())
    ends: list[asyncio.Future[Any]] = [stopped, running.fault]
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if running.fault.done():
        running.fault.result()
