"""Every page, and who may open it."""

from node.callers import Role
from node.web import (
    checking,
    deciding,
    entering,
    findings,
    inquiring,
    lists,
    me,
    peers,
    people,
    policy,
    proposing,
    record,
    reporting,
    running,
    sanctioning,
)
from node.web.visit import Page

_NOBODY: tuple[Role, ...] | None = None
_ANYBODY: tuple[Role, ...] = ("checker", "officer", "operator")
_ASKS: tuple[Role, ...] = ("checker", "officer")
_DECIDES: tuple[Role, ...] = ("officer",)
_RUNS: tuple[Role, ...] = ("operator",)
_SEES: tuple[Role, ...] = ("officer", "operator")

PAGES = (
    # --- Getting in
    Page("GET", "/enter", _NOBODY, entering.look),
    Page("POST", "/enter", _NOBODY, entering.by_password),
    Page("POST", "/enter/options", _NOBODY, entering.options),
    Page("POST", "/enter/passkey", _NOBODY, entering.by_passkey),
    Page("GET", "/invited/{code}", _NOBODY, entering.invited),
    Page("POST", "/invited/{code}", _NOBODY, entering.accept),
    Page("GET", "/opened/{code}", _NOBODY, entering.opened),
    Page("POST", "/leave", _ANYBODY, entering.leave),
    Page("POST", "/language", _NOBODY, entering.language),
    Page("GET", "/confirm", _ANYBODY, entering.ask_again),
    Page("POST", "/confirm", _ANYBODY, entering.confirm),
    Page("POST", "/confirm/options", _ANYBODY, entering.confirm_options),
    Page("GET", "/me", _ANYBODY, me.show),
    Page("POST", "/me/password", _ANYBODY, me.password, confirmed=True),
    Page("POST", "/me/passkeys", _ANYBODY, me.add_passkey, confirmed=True),
    Page("POST", "/me/passkeys/options", _ANYBODY, me.passkey_options, confirmed=True),
    Page("POST", "/me/passkeys/remove", _ANYBODY, me.remove_passkey, confirmed=True),
    Page("POST", "/me/sessions/end", _ANYBODY, me.end_session),
    # --- Asking
    Page("GET", "/", _ANYBODY, checking.home),
    Page("GET", "/check", _ASKS, checking.look),
    Page("POST", "/check", _ASKS, checking.check),
    Page("GET", "/lists", _ASKS, lists.every),
    Page("POST", "/lists/understand", _ASKS, lists.understand, limit=lists.LIMIT),
    Page("POST", "/lists", _ASKS, lists.begin, limit=lists.LIMIT),
    Page("GET", "/lists/{id}", _ASKS, lists.show),
    Page("GET", "/lists/{id}/progress", _ASKS, lists.progress),
    Page("GET", "/lists/{id}/report.{form:csv|xlsx}", _ASKS, lists.download),
    Page("POST", "/lists/{id}/delete", _ASKS, lists.delete),
    Page("GET", "/findings/{id}", _ASKS, findings.show),
    Page("POST", "/findings/{id}/judge", _DECIDES, findings.judge),
    Page("POST", "/findings/{id}/ask", _ASKS, findings.ask),
    Page("POST", "/findings/{id}/delete", _ASKS, findings.delete),
    # --- Deciding
    Page("GET", "/decisions", _DECIDES, deciding.every),
    Page("GET", "/decisions/{id}", _DECIDES, deciding.show),
    Page("POST", "/decisions/{id}/approve", _DECIDES, deciding.approve),
    Page("POST", "/decisions/{id}/decline", _DECIDES, deciding.decline),
    Page("POST", "/decisions/{id}/recuse", _DECIDES, deciding.recuse),
    Page("POST", "/decisions/{id}/sheet", _DECIDES, deciding.sheet),
    Page("POST", "/decisions/{id}/signed", _DECIDES, deciding.bring),
    Page("GET", "/browser-key", _DECIDES, deciding.look_at_key),
    Page("POST", "/browser-key", _DECIDES, deciding.propose_key),
    Page("GET", "/sanctions", _DECIDES, sanctioning.every),
    Page("POST", "/sanctions", _DECIDES, sanctioning.act),
    Page("GET", "/sanctions/new", _DECIDES, proposing.look),
    Page("POST", "/sanctions/new", _DECIDES, proposing.propose),
    Page("GET", "/sanctions/{id}", _DECIDES, sanctioning.show),
    Page("POST", "/sanctions/{id}", _DECIDES, sanctioning.act),
    Page("POST", "/sanctions/{id}/amend", _DECIDES, sanctioning.amend),
    Page("GET", "/sanctions/{id}/letter", _DECIDES, sanctioning.letter),
    Page("POST", "/sanctions/{id}/letter", _DECIDES, sanctioning.send_letter),
    Page("GET", "/inquiries", _DECIDES, inquiring.every),
    Page("POST", "/inquiries/{id}", _DECIDES, inquiring.answer),
    Page("GET", "/report", _SEES, reporting.show),
    # --- Running the node
    Page("GET", "/node", _RUNS, running.show),
    Page("GET", "/peers", _RUNS, peers.every),
    Page("POST", "/peers", _RUNS, peers.add),
    Page("GET", "/peers/{id}", _RUNS, peers.show),
    Page("POST", "/peers/{id}/accept", _RUNS, peers.accept),
    Page("POST", "/peers/{id}/follow", _RUNS, peers.follow),
    Page("POST", "/peers/{id}/remove", _RUNS, peers.remove),
    Page("POST", "/events/{id}", _RUNS, peers.lower),
    Page("GET", "/policy", _SEES, policy.show),
    Page("POST", "/policy", _DECIDES, policy.change),
    Page("GET", "/accounts", _SEES, people.every),
    Page("POST", "/accounts/invite", _SEES, people.invite, confirmed=True),
    Page("POST", "/accounts/remove", _RUNS, people.remove, confirmed=True),
    Page("POST", "/tokens", _RUNS, people.create_token, confirmed=True),
    Page("POST", "/tokens/revoke", _RUNS, people.revoke_token, confirmed=True),
    Page("GET", "/record", _RUNS, record.show),
)
