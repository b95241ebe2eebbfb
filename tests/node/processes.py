"""Other processes that work in the same home, ended when the test is done with them."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def beside(module: str, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A module of the tests at work, with its standard output to be read."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments, stdout=asyncio.subprocess.PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        # Its pipe is closed in the loop's next round, which must still come.
        await asyncio.sleep(0)
