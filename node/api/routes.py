"""What a route of the local API is: method, path, who may call it, and the models of both sides.

The models are read off the handler's own annotations, so that what validates, what is answered and
what is described can never be three different things.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, Literal, TypeVar, get_args, get_type_hints

from pydantic import BaseModel, ConfigDict

from node.callers import Caller, Role
from node.federation.service import Service
from node.node import Node
from protocol.errors import NotAdmitted

KIB = 1024


class NotYours(NotAdmitted):
    """The caller's role does not open this."""

    code = "not-yours"


class Body(BaseModel):
    """What is sent or answered: nothing unknown, nothing of another type than is due."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Query(BaseModel):
    """The parameters behind the `?`; read from text, nothing unknown."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Nothing(Body):
    """No members."""


class NoQuery(Query):
    """No parameters."""


B_co = TypeVar("B_co", bound=Body, covariant=True)
Q_co = TypeVar("Q_co", bound=Query, covariant=True)


@dataclass(frozen=True)
class Call(Generic[B_co, Q_co]):
    """One call that may be answered: validated, and by whom."""

    service: Service
    caller: Caller
    path: Mapping[str, str]
    body: B_co = field(repr=False)
    query: Q_co

    @property
    def node(self) -> Node:
        """The node that answers."""
        return self.service.node

    @cached_property
    def now(self) -> int:
        """When it is answered, read once."""
        return self.service.now()


Handler = Callable[[Call[Any, Any]], Awaitable[BaseModel]]


@dataclass(frozen=True)
class Route:
    """One method of one resource.

    `path` is below `/api/v1`, with its variables in braces. `limit` bounds the body, in bytes.
    `recorded` says that the job itself writes the call into the record of acts.
    """

    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str
    roles: tuple[Role, ...]
    handler: Handler
    asks_peers: bool = False
    recorded: bool = False
    limit: int = 64 * KIB

    @cached_property
    def models(self) -> tuple[type[Body], type[Query], type[BaseModel]]:
        """Of the body, of the query and of the answer, from the handler's annotations."""
        hints = get_type_hints(self.handler)
        body, query = get_args(hints["call"])
        return body, query, hints["return"]

    @property
    def name(self) -> str:
        """What the handler is called: unique, and the `operationId`."""
        module = self.handler.__module__.rpartition(".")[2]
        return f"{module}.{self.handler.__name__}"

    @property
    def variables(self) -> list[str]:
        """The names of the path's variables."""
        return [part[1:-1] for part in self.path.split("/") if part.startswith("{")]

    @property
    def summary(self) -> str:
        """The first line of the handler's docstring."""
        return (self.handler.__doc__ or "").strip().splitlines()[0]

    @property
    def takes_body(self) -> bool:
        """Whether anything is to be sent."""
        return self.models[0] is not Nothing

    @property
    def changes(self) -> bool:
        """Whether it does more than to read."""
        return self.method != "GET"

    @property
    def problems(self) -> tuple[int, ...]:
        """The statuses with which it can refuse."""
        found = {400, 401, 403, 408, 413, 422, 503}
        if self.takes_body:
            found |= {415}
        if self.variables:
            found |= {404}
        if self.changes:
            found |= {404, 409}
        if self.asks_peers:
            found |= {429, 502, 504}
        return tuple(sorted(found))
