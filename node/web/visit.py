"""One request for a page: by whom, what was sent, and what the local API answers to it."""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast
from urllib.parse import quote, urlsplit

from aiohttp import web
from pydantic import BaseModel

from node import sessions
from node.accounts import caller_of
from node.api.routes import Call, Nothing, NotYours
from node.api.serving import body_of, path_of, perform
from node.api.table import ROUTES
from node.callers import Caller, Role
from node.door import Door
from node.federation.service import Service
from node.node import Node
from node.sessions import Session
from node.web import rendering
from node.web.answers import Answers
from node.web.forms import Form
from node.web.streams import Streams

_ROUTE_OF = {route.handler: route for route in ROUTES}

_OURS = re.compile(r"/([^/\\?#][^\\?#]*)?")
"""The path of a page of ours; browsers take a backslash for a slash, and two for another site."""

_IN_ADDRESSES = "/:?#[]@!$&'()*+,;=%"

A = TypeVar("A", bound=BaseModel)

Handler = Callable[["Visit"], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Page:
    """One method of one page.

    `roles`: who may open it; None where nobody has to be signed in. `limit`: bytes of a form.
    `confirmed`: whether a passkey or password has to be shown just before. `leaves`: whether
    opening it leaves something behind, in the record of acts or in the browser.
    """

    method: str
    path: str
    roles: tuple[Role, ...] | None
    handler: Handler
    limit: int = 64 * 1024
    confirmed: bool = False
    leaves: bool = False


@dataclass
class Site:
    """The pages of a node at work; `origin` is where browsers reach them.

    `is_lasting`: whether they are reached there the next time, too, and so what a browser keeps.
    """

    service: Service
    origin: str = ""
    is_lasting: bool = True
    door: Door = field(default_factory=Door)
    streams: Streams = field(default_factory=Streams)
    answers: Answers = field(default_factory=Answers)

    def listens_on(self, url: str, *, is_lasting: bool) -> None:
        """Where no address is set, the pages are for whoever sits at this machine."""
        if not self.origin:
            # By name: a passkey is bound to one, and to no number.
            self.origin = f"http://localhost:{urlsplit(url).port}"
            self.is_lasting = is_lasting

    @property
    def is_local(self) -> bool:
        """Whether browsers reach the pages by the name `localhost`, as where no address is set."""
        return not self.origin or urlsplit(self.origin).hostname == "localhost"

    @property
    def is_secure(self) -> bool:
        """Whether the pages are reached by TLS."""
        return self.origin.startswith("https:")

    @property
    def cookie(self) -> str:
        """What the cookie of a session is called; with `__Host-` nobody else can have set it.

        Cookies know no port: at this machine, that of the pages of another home is called another.
        """
        return self._named("comity")

    @property
    def device(self) -> str:
        """What the cookie is called by which a browser is known in which somebody has signed in."""
        return self._named("comity-device")

    def _named(self, name: str) -> str:
        return f"__Host-{name}" if self.is_secure else f"{name}-{urlsplit(self.origin).port or 80}"


def ours(address: str, otherwise: str) -> str:
    """An address, where it is a path of ours; to no other site is gone on."""
    return address if address.isprintable() and _OURS.fullmatch(address) else otherwise


async def signed_in(site: Site, request: web.Request, now: int) -> tuple[Session, Caller] | None:
    """Whose browser this is, and in which session; None where nobody is signed in (any more)."""
    session = await sessions.of(site.service.node, request.cookies.get(site.cookie, ""), now)
    if session is None:
        return None
    caller = await caller_of(site.service.node, session.account)
    return None if caller is None else (session, caller)


@dataclass(frozen=True)
class Visit:
    """A request that may be answered."""

    site: Site
    request: web.Request
    now: int
    language: str
    session: Session | None = None
    caller: Caller | None = None
    form: Form = field(default_factory=Form, repr=False)

    @property
    def node(self) -> Node:
        """The node that answers."""
        return self.site.service.node

    @property
    def who(self) -> Caller:
        """Who is signed in; only for pages that somebody is signed in for."""
        if self.caller is None:
            raise NotYours("nobody is signed in")
        return self.caller

    @property
    def here(self) -> Session:
        """The session; as `who`."""
        if self.session is None:
            raise NotYours("nobody is signed in")
        return self.session

    @property
    def path(self) -> Mapping[str, str]:
        """The variables of the address; a NotFound where they can name nothing."""
        return path_of(self.request)

    async def is_still_here(self) -> bool:
        """Whether whoever is signed in is so still, for what goes on for a while."""
        return await signed_in(self.site, self.request, self.site.service.now()) is not None

    def say(self, text: str) -> str:
        """A text in the reader's language, or marked as English where it is only there so."""
        return rendering.said(self.language, text)

    def page(self, template: str, status: int = 200, **values: Any) -> web.Response:
        """The page of a template."""
        common: dict[str, Any] = {
            "caller": self.caller,
            "whose": "" if self.caller is None else self.site.service.own.last.community.name,
            "form_token": self.session.form if self.session is not None else "",
            "here": self.request.path,
            "form": self.form,
            "fault": None,
            "faults": {},
        }
        return rendering.page(template, self.language, common | values, status)

    def go(self, address: str) -> web.Response:
        """Go on to another page of ours."""
        return web.Response(
            status=303, headers=rendering.HEADERS | {"Location": quote(address, safe=_IN_ADDRESSES)}
        )

    async def ask(
        self,
        handler: Callable[[Call[Any, Any]], Awaitable[A]],
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
        **path: str,
    ) -> A:
        """What the local API answers to whoever is signed in.

        Raises:
            NotYours: their role does not open this.
            ComityError: it cannot be answered; why.
        """
        route = _ROUTE_OF[handler]
        if self.who.role not in route.roles:
            raise NotYours("this is not for the role %(role)s", role=self.who.role)
        model, queries, _ = route.models
        sent = Nothing() if model is Nothing else body_of(model, json.dumps(body or {}).encode())
        asked = queries.model_validate(dict(query or {}))
        call = Call(self.site.service, self.who, path, sent, asked)
        return cast("A", await perform(route, call))
