"""A writer of its own process: publishes sanctions and tells which are logged, until it is ended.

python -m tests.node.writer HOME COUNT NAME
"""

import asyncio
import sys
from pathlib import Path

from node import officers, sanctions, voting
from node.home import Home
from node.node import opened
from tests.node.committee import NOW, password, proposal


async def publish(home: Home, count: int, name: str) -> None:
    """Publish `count` bans, and print each decision's hash once it is acknowledged."""
    async with opened(home) as node:
        keys = [await officers.key_of(node, each, password(each), NOW) for each in ("alice", "bob")]
        for number in range(count):
            status = await sanctions.propose(node, proposal(f"github:{name}-{number}"), NOW)
            for key in keys:
                status = await voting.approve_with(node, status.decision, key, NOW)
            print(status.decision.hex(), status.state, flush=True)  # noqa: T201 - to who started it


if __name__ == "__main__":
    asyncio.run(publish(Home(Path(sys.argv[1])), int(sys.argv[2]), sys.argv[3]))
