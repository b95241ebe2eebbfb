"""A process that changes the OPRF key from wherever that stands, and approves, until it is ended.

python -m tests.node.rotator HOME
"""

import asyncio
import sys
from pathlib import Path

from node import decisions, officers, resealing, rotation, voting
from node.clock import day_of
from node.home import Home
from node.ledger import own_register
from node.node import Node, opened
from tests.node.committee import NOW, password


async def rotate(home: Home) -> None:
    """Go on until everything is sealed under another key than at the start, telling each step."""
    async with opened(home) as node:
        names = ("alice", "bob")
        keys = [await officers.key_of(node, each, password(each), NOW) for each in names]
        print("begun", flush=True)  # noqa: T201 - to who started it
        for _ in range(100):
            statuses = await rotation.rotate(node, NOW)
            print(len(statuses), flush=True)  # noqa: T201
            for status in statuses:
                for key in keys:
                    if (await decisions.status(node, status.decision, NOW)).state == "pending":
                        await voting.approve_with(node, status.decision, key, NOW)
                        print("approved", flush=True)  # noqa: T201
            if await _is_done(node):
                print("done", flush=True)  # noqa: T201
                return


async def _is_done(node: Node) -> bool:
    return not resealing.left(await own_register(node), day_of(NOW))


if __name__ == "__main__":
    asyncio.run(rotate(Home(Path(sys.argv[1]))))
