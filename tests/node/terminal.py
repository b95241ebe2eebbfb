"""Commands typed at a home folder, as people and scripts type them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from node import keyfile
from node.cli import cli
from node.passwords import Cost

PASSWORD = "a password of tests"
CHEAP = Cost(1, 8192)


@dataclass(frozen=True)
class Terminal:
    """One home folder, and commands typed at it."""

    home: Path

    def type(self, *arguments: str, password: str | None = PASSWORD, stdin: str = "") -> Result:
        """Run a command."""
        return CliRunner().invoke(
            cli,
            list(arguments),
            prog_name="comity",
            env={"COMITY_HOME": str(self.home), "COMITY_OFFICER_PASSWORD": password},
            input=stdin,
        )

    def json(self, *arguments: str) -> Any:
        """Run a command with --json; its one document."""
        done = self.type("--json", *arguments)
        assert done.exit_code == 0, done.stderr
        return json.loads(done.stdout)

    def sign(self, decision: str, device: Path, *more: str) -> Path:
        """What an officer signs on a device of their own, by its key file."""
        sheet = device.with_name(f"{decision[:8]}.sheet")
        approval = device.with_name(f"{decision[:8]}.{device.stem}.approval")
        self.json("decision", "export", decision, "--out", str(sheet))
        self.json("officer", "sign", str(sheet), "--key", str(device), "--out", str(approval),
                  "--yes", *more)  # fmt: skip
        sheet.unlink()
        return approval

    def approve(self, decision: str, device: Path) -> Any:
        """Bring an officer's approval from their device; how far the decision has come."""
        approval = self.sign(decision, device)
        return self.json("decision", "approve", decision, "--approval", str(approval))


def device(folder: Path, name: str) -> tuple[Path, str]:
    """The key file of an officer's own device, and the public key in it."""
    file = folder / f"{name}.key"
    keyfile.create(file, PASSWORD, cost=CHEAP)
    return file, json.loads(file.read_bytes())["officer"]
