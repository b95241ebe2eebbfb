"""`comity open`, as it is typed: where the pages are then."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from node import loopback
from node.errors import UserError
from node.home import Home
from tests.node.federation import free_address
from tests.node.terminal import Terminal
from tests.paths import ROOT

PATIENCE = 60
"""Seconds until what ought to happen is given up: everything is imported for it."""


@asynccontextmanager
async def _opened(home: Path) -> AsyncIterator[tuple[str, asyncio.subprocess.Process]]:
    """The first line that it prints, and itself, ended after the block."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "node", "--home", str(home), "--json", "open", "--no-browser",
        cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={"PATH": os.environ["PATH"]},
    )  # fmt: skip
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), PATIENCE)
    try:
        yield line.decode(), process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        await asyncio.wait_for(process.communicate(), PATIENCE)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A community that only asks."""
    terminal = Terminal(tmp_path / "home")
    done = terminal.type("init", "--id", "meetup.example", "--name", "A Meetup")
    assert done.exit_code == 0, done.stderr
    return terminal.home


async def test_the_pages_of_a_home_stay_where_they_are(home: Path) -> None:
    """What a browser keeps for them, it finds again; another home has another address."""
    ports = set()
    for _ in range(2):
        async with _opened(home) as (line, _process):
            ports.add(urlsplit(json.loads(line)["link"]).port)
    assert ports == {Home(home).pages_port()}
    other = Home(home.with_name("other"))
    other.create()
    assert other.pages_port() not in ports


async def test_the_settings_say_where_the_pages_are(home: Path) -> None:
    """As for `comity serve`, so that both are one address for a browser."""
    address = free_address()
    Home(home).config_file.write_text(f'api_listen = "{address}"\n', encoding="utf-8")
    async with _opened(home) as (line, _process):
        assert urlsplit(json.loads(line)["link"]).netloc == address.replace(
            "127.0.0.1", "localhost"
        )
    assert not Home(home).pages_port_file.exists()


async def test_while_the_pages_are_served_there_is_another_link(home: Path) -> None:
    """To the same pages, wherever whoever serves them was told to; afterwards to none."""
    invite = ("account", "invite", "Ada", "--role", "checker")
    async with _opened(home) as (line, process):
        first = json.loads(line)["link"]
        async with _opened(home) as (again, other):
            await asyncio.wait_for(other.wait(), PATIENCE)
        second = json.loads(again)["link"]
        assert urlsplit(first).netloc == urlsplit(second).netloc
        assert first != second
        invited = await asyncio.to_thread(Terminal(home).type, *invite)
        assert urlsplit(invited.stdout.strip()).netloc == urlsplit(first).netloc
        assert process.returncode is None
    refused = await asyncio.to_thread(Terminal(home).type, *invite[:2], "Eve", *invite[3:])
    assert refused.exit_code == 1
    assert "this node serves no pages" in refused.stderr


@pytest.mark.parametrize("address", loopback.addresses())
async def test_where_somebody_else_listens_it_is_said_what_to_do(home: Path, address: str) -> None:
    """Pages at another address would open with everything missing that browsers keep.

    Browsers take both addresses for `localhost`: at either somebody else would be these pages.
    """
    port = Home(home).pages_port()
    with socket.create_server((address, port), family=loopback.FAMILIES[address]):
        async with _opened(home) as (line, process):
            await asyncio.wait_for(process.wait(), PATIENCE)
    assert process.returncode == 1
    error = json.loads(line)["error"]
    assert "Stop what listens there, or name another address" in error
    assert f"{address}:{port}" in error.replace("[", "").replace("]", "")


@pytest.mark.parametrize("text", ["", "x", "0", "65536", "-1", "1234567"])
def test_what_is_no_port_is_named(tmp_path: Path, text: str) -> None:
    """And with it what to do."""
    home = Home(tmp_path)
    home.pages_port_file.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match="pages-port holds no port: remove it"):
        home.pages_port()
