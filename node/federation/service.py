"""What the resources are served from."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

from node.client import Clients
from node.evaluation import Evaluator
from node.identity import OwnIdentity
from node.node import Node
from node.pulls import Pulls

STRANGERS = 4
"""Requests to peer that are looked at together; further ones are told to come later."""


@dataclass(frozen=True)
class Service:
    """A node at work. `now` is its clock, in Unix seconds."""

    node: Node
    own: OwnIdentity
    evaluator: Evaluator
    pulls: Pulls
    clients: Clients
    now: Callable[[], int]
    strangers: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(STRANGERS))
    """Their turns: each may have us fetch from an address that it names."""


SERVICE = web.AppKey("SERVICE", Service)
