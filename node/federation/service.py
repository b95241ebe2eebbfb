"""What the resources are served from."""

from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

from node.client import Clients
from node.evaluation import Evaluator
from node.identity import OwnIdentity
from node.lists import Lists
from node.node import Node
from node.pulls import Pulls

STRANGERS = 4
"""Addresses that strangers name and that are looked at together; others are told to come later."""


@dataclass(frozen=True)
class Service:
    """A node at work. `now` is its clock, in Unix seconds."""

    node: Node
    own: OwnIdentity
    evaluator: Evaluator
    pulls: Pulls
    clients: Clients
    now: Callable[[], int]
    lists: Lists = field(default_factory=Lists)
    """Lists that are screened in the background."""
    strangers: set[str] = field(default_factory=set)
    """The addresses at which a stranger's log is being looked at, each host and port once."""


SERVICE = web.AppKey("SERVICE", Service)
