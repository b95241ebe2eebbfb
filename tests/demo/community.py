"""One community of the demonstration: a home folder, and its node as a process of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PASSWORD = "a password for the demonstration only"
BOBS = f"{PASSWORD}: bob's"
START = 60
"""Seconds that a node may take until it answers; a slow machine takes ten."""


class DemoFailed(Exception):
    """A step did not do what it is there to show."""


@dataclass(frozen=True)
class Community:
    """A community and its node."""

    id: str
    home: Path
    url: str

    def comity(self, *arguments: str, expect: tuple[int, ...] = (0,), **options: str) -> Any:
        """Run one `comity` command on this home; what it prints with `--json`.

        Raises:
            DemoFailed: another exit status than expected.
        """
        done = subprocess.run(
            [sys.executable, "-m", "node", "--json", *arguments],
            env=_environment(self.home) | options,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if done.returncode not in expect:
            raise DemoFailed(
                f"{self.id}: comity {arguments[0]}: exit status {done.returncode}\n{done.stderr}"
            )
        lines = [json.loads(line) for line in done.stdout.splitlines() if line]
        return lines[0] if len(lines) == 1 else lines

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Run this community's node until the block ends."""
        listen = self.url.removeprefix("http://")
        process = subprocess.Popen(
            [sys.executable, "-m", "node", "serve", "--listen", listen],
            env=_environment(self.home),
            stdout=subprocess.DEVNULL,
            stderr=(self.home / "serve.log").open("wb"),
        )
        try:
            self._wait(process)
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + START
        while time.monotonic() < until and process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}/healthz", timeout=2):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        raise DemoFailed(f"{self.id}: the node did not start:\n{self.log()}")

    def log(self) -> str:
        """The last lines that the node wrote."""
        return "\n".join((self.home / "serve.log").read_text().splitlines()[-10:])


@contextmanager
def homes() -> Iterator[Path]:
    """A folder for the homes of the demonstration, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="comity-demo-") as folder:
        yield Path(folder)


def community(folder: Path, id_: str) -> Community:
    """A community that is not initialised yet, with a free port for its node."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home = folder / id_.partition(".")[0]
    home.mkdir()
    return Community(id_, home, f"http://127.0.0.1:{port}")


def _environment(home: Path) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if "COMITY" not in name}
    return inherited | {
        "COMITY_HOME": str(home),
        "COMITY_OFFICER_PASSWORD": PASSWORD,
        "COMITY_ALLOW_PRIVATE_NETWORKS": "1",
    }
