"""The first page of whoever runs the node: whether it is in order, and what it keeps."""

from aiohttp import web

from node.api import here, officers
from node.web.visit import Visit


async def show(visit: Visit) -> web.StreamResponse:
    """`GET /node`: what `doctor` finds, our string to compare, and what is kept how long."""
    return visit.page(
        "node",
        health=await visit.ask(here.health),
        storage=await visit.ask(here.storage),
        community=await visit.ask(officers.community),
    )
