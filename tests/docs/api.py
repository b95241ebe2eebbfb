"""`docs/api.md`: the routes of the local API and whose token opens each."""

from node.api.table import ROUTES
from tests.paths import ROOT

PAGE = ROOT / "docs" / "api.md"

_HEAD = """\
# The local API

What people do at a node, as JSON: for web pages of one's own and for plugins of ticket software.
This page is made from the routes themselves (`python -m tests.docs`). The full description, OpenAPI
3.1 made from the models that validate, is at `/openapi.json` of a node that serves it.

    comity token create 'ticket plugin' --role checker      # prints the token, once
    comity serve --api 127.0.0.1:8201                       # or api_listen in comity.toml

    curl -H "Authorization: Bearer comity_…" -H 'Content-Type: application/json' \\
        -d '{"identifiers": ["email:a@b.example"], "ref": "order-7",
             "event": {"purpose": "registration", "from": "2027-03-31", "to": "2027-04-02"}}' \\
        http://127.0.0.1:8201/api/v1/checks

It has an address of its own, so that what faces the internet never reaches it. Leave it on
loopback, or put a proxy that speaks TLS before it: a token is all it takes. Requests with an
`Origin`, which browsers add for pages of other sites, are refused. Identifiers stand in bodies
only, never in addresses, where logs of proxies would keep them.

A token has a role. A **checker** asks; an **officer** decides, and asks; an **operator** runs the
node, and sees nobody who is under a sanction. A token alone approves nothing: an officer's
approval takes the officer's password, or what they signed on their own device. Every call that
does more than read is recorded, under the token's name, before it is carried out (`comity audit
export`).

Refusals are problem documents (RFC 9457), whose `detail` says what to do and repeats nothing that
was sent. What was found is read by `GET /findings?since=CURSOR`, from the `next` of the page
before, and taken back by its `ref` (`POST /findings/delete`) when the person does not come after
all.

| Call | What it does | checker | officer | operator |
|---|---|---|---|---|
"""


def page() -> str:
    """The page as it is to be."""
    lines = [
        f"| `{route.method} {route.path}` | {route.summary} | "
        + " | ".join("yes" if role in route.roles else "" for role in _ROLES)
        + " |"
        for route in ROUTES
    ]
    return _HEAD + "\n".join(lines) + "\n"


_ROLES = ("checker", "officer", "operator")
