"""What the resources are served from."""

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from node.client import Clients
from node.evaluation import Evaluator
from node.identity import OwnIdentity
from node.node import Node
from node.pulls import Pulls


@dataclass(frozen=True)
class Service:
    """A node at work. `now` is its clock, in Unix seconds."""

    node: Node
    own: OwnIdentity
    evaluator: Evaluator
    pulls: Pulls
    clients: Clients
    now: Callable[[], int]


SERVICE = web.AppKey("SERVICE", Service)
