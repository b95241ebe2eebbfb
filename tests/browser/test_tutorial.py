"""`docs/tutorial.md` is followed to the letter: its commands are run, its buttons pressed.

Only folders and ports are others, so that it can be followed twice at a time.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.browser.visitor import Visitor, Visitors
from tests.paths import ROOT

TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text("utf-8")

_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_STEP = re.compile(r"^\d+\. (.+?)(?=^\d+\. |^$)", re.MULTILINE | re.DOTALL)
_STAYS = re.compile(r" (serve|open)( |$)")

PATIENCE = 120


def _steps() -> list[str]:
    return [" ".join(each.split()) for each in _STEP.findall(TUTORIAL)]


async def _follow(visitor: Visitor, step: str) -> None:
    """One step of the browser's; what follows its first sentence is for people."""
    page = visitor.page
    if match := re.match(r"Press \*\*(.+?)\*\*\.", step):
        await visitor.click(match[1])
    elif match := re.match(r"Choose the file \*\*(.+?)\*\* as \*\*(.+?)\*\*", step):
        await page.get_by_label(match[2]).set_input_files(ROOT / match[1])
    elif match := re.match(r"Choose \*\*(.+?)\*\* as \*\*(.+?)\*\*\.", step):
        await page.get_by_label(match[2]).select_option(label=match[1])
    elif match := re.match(r"Write \*\*(.+?)\*\* as \*\*(.+?)\*\*\.", step):
        await page.get_by_label(match[2]).fill(match[1])
    elif match := re.match(r"You read \*\*(.+?)\*\*", step):
        await page.get_by_text(match[1]).first.wait_for(timeout=60_000)
    else:
        raise AssertionError(f"the test cannot follow this step: {step}")


@contextmanager
def _staying(command: str, environment: dict[str, str], log: Path) -> Iterator[None]:
    with log.open("wb") as out:
        process = subprocess.Popen(
            ["/bin/bash", "-c", f"exec {command}"],
            cwd=ROOT, env=environment, stdout=out, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def _said(log: Path, pattern: str) -> str:
    """What a command prints that stays."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if found := re.search(pattern, log.read_text("utf-8")):
            return found[0]
        time.sleep(0.2)
    raise TimeoutError(log.read_text("utf-8"))


def _commands(folder: Path, stack: ExitStack) -> str:
    """Run all commands; the link that the last of them prints."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if "COMITY" not in name}
    environment |= {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "BROWSER": "true",  # the program that does nothing
    }
    last = folder
    for number, block in enumerate(_BLOCK.findall(TUTORIAL)):
        typed = block.replace("/tmp/", f"{folder}/").replace(":8101", f":{port}")  # noqa: S108
        last = folder / f"{number}.log"
        if _STAYS.search(typed.strip()):
            stack.enter_context(_staying(typed.strip(), environment, last))
            _said(last, "serving|opened/")
            continue
        done = subprocess.run(
            ["/bin/bash", "-euc", f"{typed}\nprintf '\\n\\0'; env -0"],
            cwd=ROOT, env=environment, capture_output=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{typed}\n{done.stderr.decode()}"
        # What is exported holds in the terminals of the next blocks, too.
        pairs = done.stdout.decode().rpartition("\n\0")[2].split("\0")
        environment |= dict(pair.split("=", 1) for pair in pairs if "=" in pair)
    return _said(last, r"http://localhost:\d+/opened/\S+")


async def test_whoever_follows_the_tutorial_finds_whom_it_says(
    visitors: Visitors, tmp_path: Path
) -> None:
    """In a few minutes, with what the page says on the way."""
    with ExitStack() as stack:
        link = _commands(tmp_path, stack)
        base = link.partition("/opened/")[0]
        visitor = await visitors.at(base)
        await visitor.go(link)
        steps = _steps()
        assert len(steps) > 10
        for step in steps:
            await _follow(visitor, step)
