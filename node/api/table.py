"""Every route of the local API, and whose token opens it.

- A **checker** asks: about one person, about a list, and what became of it.
- An **officer** decides: sanctions and what is said of them, decisions, what is held of a person,
  what peers' words mean here, whether a finding is about whom its issuer means; and asks, as a
  checker does. What the community decides takes the officer's password or signature besides.
- An **operator** runs the node: peers, officers' and the community's proposals, accounts, tokens,
  the record; and sees nobody who is under a sanction, nor asks about anybody.
"""

from node.api import (
    accounts,
    checks,
    decisions,
    findings,
    here,
    inquiries,
    letters,
    officers,
    peers,
    policy,
    records,
    sanctions,
    screenings,
)
from node.api.routes import Route
from node.callers import Role

_ASKS: tuple[Role, ...] = ("checker", "officer")
_DECIDES: tuple[Role, ...] = ("officer",)
_RUNS: tuple[Role, ...] = ("operator",)
_SEES: tuple[Role, ...] = ("officer", "operator")
_ANYBODY: tuple[Role, ...] = ("checker", "officer", "operator")

ROUTES = (
    Route("GET", "/me", _ANYBODY, here.me),
    Route("GET", "/node", _RUNS, here.health),
    Route("GET", "/node/storage", _RUNS, here.storage),
    Route("GET", "/tokens", _RUNS, here.tokens),
    Route("POST", "/tokens", _RUNS, here.create_token, recorded=True),
    Route("DELETE", "/tokens/{name}", _RUNS, here.revoke_token, recorded=True),
    Route("GET", "/accounts", _SEES, accounts.every),
    Route("POST", "/accounts/invitations", _SEES, accounts.invite, recorded=True),
    Route("DELETE", "/accounts/{name}", _RUNS, accounts.remove, recorded=True),
    # --- Asking
    Route("POST", "/checks", _ASKS, checks.check, asks_peers=True, recorded=True),
    Route("GET", "/findings", _ASKS, findings.since),
    Route("POST", "/findings/delete", _ASKS, findings.delete_ref, recorded=True),
    Route("GET", "/findings/{id}", _ASKS, findings.show),
    Route("DELETE", "/findings/{id}", _ASKS, findings.delete, recorded=True),
    Route("GET", "/screenings", _ASKS, screenings.every),
    Route("POST", "/screenings", _ASKS, screenings.begin, limit=screenings.LIMIT),
    Route("POST", "/screenings/understand", _ASKS, screenings.understand, limit=screenings.LIMIT),
    Route("GET", "/screenings/{id}", _ASKS, screenings.show),
    Route("DELETE", "/screenings/{id}", _ASKS, screenings.delete, recorded=True),
    Route("GET", "/screenings/{id}/rows", _ASKS, screenings.rows),
    Route("POST", "/findings/{id}/judge", _ASKS, policy.judge, recorded=True),
    Route("GET", "/judgments", _DECIDES, policy.judged),
    Route("GET", "/policy", _SEES, policy.show),
    Route("POST", "/policy", _DECIDES, policy.change, recorded=True),
    Route("POST", "/policy/preview", _DECIDES, policy.preview),
    Route("GET", "/inquiries/asked", _ASKS, inquiries.every_asked),
    Route("POST", "/inquiries/asked", _ASKS, inquiries.ask, asks_peers=True, recorded=True),
    Route("POST", "/inquiries/reveals", _ASKS, inquiries.reveals),
    Route("GET", "/inquiries/asked/{id}", _ASKS, inquiries.show_asked),
    Route("GET", "/inquiries/received", _DECIDES, inquiries.every_received),
    Route("POST", "/inquiries/received/{id}", _DECIDES, inquiries.answer, recorded=True),
    # --- Deciding
    Route("GET", "/sanctions", _DECIDES, sanctions.every),
    Route("POST", "/sanctions", _DECIDES, sanctions.propose, recorded=True),
    Route("POST", "/sanctions/preview", _DECIDES, sanctions.preview),
    Route("GET", "/sanctions/due", _DECIDES, sanctions.due),
    Route("POST", "/sanctions/notice", _DECIDES, sanctions.told, recorded=True),
    Route("POST", "/sanctions/reaffirm", _DECIDES, sanctions.reaffirm, recorded=True),
    Route("POST", "/sanctions/appeal", _DECIDES, sanctions.appeal, recorded=True),
    Route("POST", "/sanctions/stay", _DECIDES, sanctions.stay, recorded=True),
    Route("POST", "/sanctions/resume", _DECIDES, sanctions.resume, recorded=True),
    Route("POST", "/sanctions/end", _DECIDES, sanctions.end, recorded=True),
    Route("GET", "/sanctions/{id}", _DECIDES, sanctions.show),
    Route("POST", "/sanctions/{id}/amend", _DECIDES, sanctions.amend, recorded=True),
    Route("GET", "/sanctions/{id}/letter", _DECIDES, letters.show),
    Route("POST", "/sanctions/{id}/letter", _DECIDES, letters.send, recorded=True),
    Route("GET", "/decisions", _SEES, decisions.every),
    Route("GET", "/decisions/{id}", _DECIDES, decisions.show),
    Route("POST", "/decisions/{id}/sheet", _DECIDES, decisions.sheet, recorded=True),
    Route("POST", "/decisions/{id}/approve", _DECIDES, decisions.approve, recorded=True),
    Route("POST", "/decisions/{id}/recuse", _DECIDES, decisions.recuse, recorded=True),
    Route("POST", "/decisions/{id}/decline", _DECIDES, decisions.decline, recorded=True),
    Route("POST", "/decisions/{id}/approvals", _DECIDES, decisions.bring_approval, recorded=True),
    Route("POST", "/decisions/{id}/recusals", _DECIDES, decisions.bring_recusal, recorded=True),
    Route("POST", "/subjects", _DECIDES, records.held, recorded=True),
    # --- The community
    Route("GET", "/officers", _SEES, officers.every),
    Route("POST", "/officers", _SEES, officers.add, recorded=True),
    Route("POST", "/officers/threshold", _SEES, officers.set_threshold, recorded=True),
    Route("POST", "/officers/{name}/replace", _SEES, officers.replace, recorded=True),
    Route("DELETE", "/officers/{name}", _SEES, officers.remove, recorded=True),
    Route("GET", "/community", _ANYBODY, officers.community),
    Route("POST", "/community", _SEES, officers.change_community, recorded=True),
    Route("POST", "/community/rotate", _RUNS, officers.rotate, recorded=True),
    # --- Peers
    Route("GET", "/peers", _ANYBODY, peers.every),
    Route("POST", "/peers", _RUNS, peers.add, asks_peers=True, recorded=True),
    Route("POST", "/peers/{id}/accept", _RUNS, peers.accept, asks_peers=True, recorded=True),
    Route("POST", "/peers/{id}/follow", _RUNS, peers.follow, asks_peers=True),
    Route("DELETE", "/peers/{id}", _RUNS, peers.remove, asks_peers=True, recorded=True),
    Route("POST", "/events/{id}", _RUNS, peers.lower, recorded=True),
    # --- What was done
    Route("GET", "/log", _ANYBODY, records.log),
    Route("GET", "/audit", _RUNS, records.acts),
    Route("GET", "/reports", _SEES, records.half_year),
)
