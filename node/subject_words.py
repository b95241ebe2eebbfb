"""What is held about a person in words: the same parts in the same order, whatever there is.

Read by the person, in an answer by e-mail or on a page to print. Names come from other communities:
whoever sets them on a page escapes them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from node import pages
from node.clock import day_of
from node.subject import NOT_LISTED, Export
from node.wording import APPEALS, MEASURES, PHRASES, SCOPES

STATES = {
    "proposed": "proposed, not decided",
    "pending": "decided, not in force yet",
    "in_force": "in force",
    "lapsed": "lapsed: nobody reviewed it",
    "expired": "over",
    "withdrawn": "ended before its time",
}

FLAGS = {
    "appeal": "an appeal is open",
    "stayed": "suspended: it weighs nothing at present",
    "review_due": "its review is overdue",
}

JUDGED = {
    "same": "you are meant",
    "different": "somebody else is meant",
    "unknown": "not known",
}

_ACTS = {
    "check": "you alone",
    "screen": "a list that you were on",
    "inquire": "what was found, to the one who stated it",
}
_OTHER_ACTS = {
    "judge": "judged whether you are the one who is meant",
    "export": "what is held about you was handed out",
    "desk": "whoever reads letters at your address asked what is held",
}
_RELEASED = {
    "basis": "the kind of reason",
    "decided_by": "which body decided, by how many votes",
}
_INQUIRIES = {
    "unsent": "it has not reached them yet",
    "waiting": "their committee has not answered yet",
    "answered": "answered",
    "dishonest": "what came back did not hold, and is not kept",
    "refused": "they do not take it",
    "given_up": "nobody answered within 30 days",
    "ended": "the decision has ended since: what was answered is not kept",
}
_PURPOSES = {
    "registration": "registration",
    "volunteer_or_speaker": "volunteers or speakers",
    "membership": "membership",
    "meetup": "a meetup",
    "unspecified": "not said",
}

Line = tuple[str, str]
"""What it is, and what it says."""


@dataclass(frozen=True)
class Part:
    """One part: things of a kind, each of several lines; or that there is none."""

    title: str
    things: Sequence[Sequence[Line]]
    otherwise: str


def in_words(export: Export) -> list[Part]:
    """The whole of an export."""
    name = export.community.name
    return [
        Part(
            f"Decisions of {name} about you",
            [_sanction(each, export) for each in export.sanctions],
            "None.",
        ),
        Part(
            "When you were asked about here, and what else was done about you",
            [_asked(each) for each in export.asked],
            "Nobody asked about you here.",
        ),
        Part(
            "What was found by that",
            [_found(each) for each in export.found],
            "Nothing that is kept.",
        ),
        Part(
            "Whether you were taken for whom somebody means",
            [_judged(each) for each in export.judged],
            "Nobody judged that.",
        ),
        Part(
            f"What others asked {name} about decisions about you, and were told",
            [_received(each) for each in export.inquired_of_us],
            "Nothing that is kept.",
        ),
        Part(
            f"What {name} asked others about what was found, and was told",
            [_inquired(each) for each in export.inquired_of_others],
            "Nothing that is kept.",
        ),
        Part(
            "What else is kept of you",
            [*(_kept(each) for each in export.kept), *(_letter(each) for each in export.letters)],
            "Nothing.",
        ),
        Part("What may be here and cannot be looked up", [[("", each)] for each in NOT_LISTED], ""),
        Part(
            f"Who can learn of decisions of {name}",
            [[("", f"{each['name']} ({each['id']})")] for each in export.peers],
            "Nobody at present.",
        ),
    ]


def page(export: Export) -> str:
    """A page to print: HTML that needs nothing besides itself."""
    made_on = day_of(export.made_at).isoformat()
    return pages.html("subject", export=export, parts=in_words(export), made_on=made_on)


def _sanction(said: Mapping[str, Any], export: Export) -> list[Line]:
    hidden = said["shown_to_nobody_by_a_match"]
    flags = [FLAGS[flag] for flag in said["flags"]]
    state = "; ".join([STATES.get(said["state"], said["state"]), *flags])
    lines = [("Number", said["id"]), ("State", state)]
    if said["strength"] == "weak":
        # As an organizer is told: a name, or an address that several read, may be another's.
        lines.append(("Is it you?", "not known: what you have shown, others may have, too"))
        return lines
    lines += [
        ("Decided", MEASURES[said["measure"]]),
        *(("Where", _scope(each, export)) for each in said["scope"]),
        ("Reason", hidden["basis"].replace("_", " ")),
        ("Decided on", said["decided_on"]),
        ("In force from", said["in_force_from"]),
        ("Until", "no end was set" if said["ends_on"] == "indefinite" else said["ends_on"]),
        ("Reviewed by", said["review_by"]),
        ("Told", _told(said["notice"])),
        ("Appeal", APPEALS[said["appeal"]] if said["appeal"] else "none"),
        ("Named in it", ", ".join(filter(_is_a_persons, hidden["identifiers"]))),
        ("Besides", ", ".join(hidden["other_identifiers"]) or "nothing"),
        *_recognised(said),
        ("Whom to ask", said["contact"]),
    ]
    return [*lines, *_review(said["review"])]


def _told(notice: Mapping[str, Any]) -> str:
    if notice["told"]:
        return "the log says that you were told of it"
    if notice["state"] == "unreachable":
        return "not: the committee could not reach you"
    return f"not yet, as far as the log says; untold after {notice['until']}, it weighs nothing"


def _is_a_persons(identifier: str) -> bool:
    """Not what is derived from an address, and stands beside it."""
    return not identifier.startswith("email-untagged:")


def _recognised(said: Mapping[str, Any]) -> list[Line]:
    if said["origin"]["kind"] != "recognition":
        return []
    return [("Origin", "a decision of another community, which this one recognises")]


def _review(asked: Mapping[str, str] | None) -> list[Line]:
    if asked is None:
        return [("Review", "you may ask for one; once a year")]
    words = f"asked for on {asked['asked_on']}, answered by {asked['answer_by']}"
    return [("Review", f"{words}; again from {asked['again_from']} on")]


def _scope(scope: Mapping[str, Any], export: Export) -> str:
    names = {each.slug: each.name for each in export.community.spaces}
    space = scope["space"]
    kind = SCOPES[scope["kind"]]
    return kind if space is None else f"{kind} {names.get(space, space)}"


def _asked(act: Mapping[str, Any]) -> list[Line]:
    if act["act"] not in _ACTS:
        return [("On", act["on"]), ("What", _OTHER_ACTS.get(act["act"], act["act"]))]
    purpose = act["purpose"] or {"kind": "unspecified"}
    return [
        ("On", act["on"]),
        ("About", _ACTS.get(act["act"], act["act"])),
        ("For", act["event"] or "no event that was named"),
        ("Purpose", _PURPOSES[purpose["kind"]]),
    ]


def _found(kept: Mapping[str, Any]) -> list[Line]:
    finding = kept["finding"]
    unknown = "not known: it may be another's"
    if finding["strength"] == "strong":
        unknown = "not kept any more: it has ended"
    return [
        ("Found on", kept["found_on"]),
        ("For", kept["event"] or "no event that was named"),
        ("Stated by", finding["issuer"]),
        ("Number", finding["attestation"]),
        ("Decided", MEASURES.get(finding["measure"], unknown)),
        ("Matched", ", ".join(finding["matched"])),
        ("Whom to ask", finding["contact"] or finding["issuer"]),
        ("Kept until", kept["kept_until"]),
    ]


def _judged(judgment: Mapping[str, Any]) -> list[Line]:
    return [
        ("On", judgment["on"]),
        ("Stated by", judgment["issuer"]),
        ("Number", judgment["attestation"]),
        ("Judged", JUDGED[judgment["judged"]]),
    ]


def _received(asked: Mapping[str, Any]) -> list[Line]:
    lines = [
        ("On", asked["asked_on"]),
        ("Asked by", asked["asked_by"]),
        ("Number", asked["sanction"]),
        ("Purpose", _PURPOSES[asked["purpose"]["kind"]]),
    ]
    if asked["phrase"] is None:
        return [*lines, ("Answer", "none so far"), ("Kept until", asked["kept_until"])]
    fetched = asked["fetched_on"]
    return [
        *lines,
        ("Answered on", asked["answered_on"]),
        ("Answer", PHRASES[asked["phrase"]]),
        ("Released", " and ".join(_RELEASED[name] for name in asked["released"]) or "nothing"),
        ("They have it", "not yet" if fetched is None else f"since {fetched}"),
        ("Kept until", asked["kept_until"]),
    ]


def _inquired(asked: Mapping[str, Any]) -> list[Line]:
    lines = [
        ("On", asked["asked_on"]),
        ("Asked", asked["issuer"]),
        ("Number", asked["attestation"]),
        ("Purpose", _PURPOSES[asked["purpose"]["kind"]]),
        ("State", _INQUIRIES[asked["state"]]),
    ]
    if asked["phrase"] is None:
        return lines
    votes = asked["decided_by"]
    return [
        *lines,
        ("Answered on", asked["on"]),
        ("Answer", PHRASES[asked["phrase"]]),
        *([("Reason", asked["basis"].replace("_", " "))] if asked["basis"] else []),
        *([("Decided by", _votes(votes))] if votes else []),
    ]


def _votes(decided_by: Mapping[str, Any]) -> str:
    votes = f"{decided_by['in_favour']} in favour, of {decided_by['present']} present"
    return f"{decided_by['body']}, {votes}"


def _kept(held: Mapping[str, Any]) -> list[Line]:
    issuer = held["issuer"] or "a community that is a peer no more"
    if held["kept_until"] is None:
        return [("", f"A question about you to {issuer} that is under way, for a day at most")]
    return [("", f"What asking {issuer} about you came to, sealed, until {held['kept_until']}")]


def _letter(letter: Mapping[str, Any]) -> list[Line]:
    ended = letter["ended_on"]
    became = {
        "waiting": "it waits to be sent",
        "accepted": f"sent on {ended}",
        "failed": f"could not be sent, given up on {ended}",
    }[letter["state"]]
    return [("", f"That a letter about {letter['sanction']} was written to you: {became}")]
