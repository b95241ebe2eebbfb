"""Decisions and sanctions in words, for whoever has to decide on them.

Whatever can differ between two decisions differs in their words, each on a line of its own: what
is not shown is not decided on. Names come last on their lines, in quotation marks, so that no name
can pass for something else.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from node.clock import day_of
from node.spelling import identifier, name, printable
from protocol.attestation import VerifiedAttestation
from protocol.claims import DAY, Claims, OwnDecision, Recognition, Scope
from protocol.encoding import base64url
from protocol.items import (
    AppealItem,
    AttestItem,
    LaterItem,
    Notice,
    NoticeItem,
    ReaffirmItem,
    ResealItem,
    ResumeItem,
    StayItem,
    WithdrawItem,
)
from protocol.sheet_checks import VerifiedSheet
from protocol.statements import Community, CommunityDecision, Custody, Decision, Declared

MEASURES = {
    "ban": "ban",
    "suspension": "suspension",
    "membership_revocation": "revocation of membership",
    "status_removal": "removal of a title, role or privilege",
    "restriction": "restriction: may attend; may not speak, organize or mentor",
}

SCOPES = {
    "event": "event",
    "event_series": "event series",
    "online_space": "online space",
    "membership": "membership",
    "role": "role",
    "all_own_spaces": "all own spaces",
}

BECAUSE = {
    "lifted": "lifted: it ends before its time",
    "overturned": "overturned: it should not have been decided",
    "superseded": "superseded by another",
    "erased": "erased: the community forgets it, too",
}

DECISIONS = {
    "community": "what the community says of itself",
    "attest": "sanction",
    "reseal": "sanction sealed under another key",
    "notice": "the person was told",
    "reaffirm": "review of a sanction, which goes on",
    "appeal": "appeal against a sanction",
    "stay": "stay of a sanction",
    "resume": "end of a stay",
    "withdraw": "end of a sanction",
}
"""Types of decisions."""

APPEALS = {
    "opened": "an appeal is open",
    "granted": "the appeal is granted: the sanction weighs nothing any more",
    "rejected": "the appeal is rejected: the sanction goes on",
    "withdrawn": "the appeal is withdrawn: the sanction goes on",
}

PHRASES = {
    "released": "this much we release",
    "cannot_say_more": "we cannot say more",
    "not_the_same_person": "not the same person",
    "we_shall_drop_that_identifier": "we shall drop that identifier",
    "ask_again_after_the_review": "ask again after the review",
    "please_talk_to_us": "please talk to us",
    "it_has_ended": "it has ended",
}
"""What an inquiry is answered with."""

KEPT: dict[Custody, str] = {
    "own": "on the officer's own device",
    "browser": "in the officer's browser",
    "node": "by the node",
}

ENTRIES = {
    "public": "everybody may read the log's entries",
    "peers": "peers may read the log's entries",
}


def sheet_in_words(sheet: VerifiedSheet) -> list[str]:
    """What a verified sheet decides, a line for each thing that it says."""
    decision, community = sheet.decision, sheet.community
    lines = [
        f"{community.id} {name(community.name)}",
        _line("decision", sheet.hash.hex()),
        *_place_in_words(decision),
    ]
    if isinstance(decision, CommunityDecision):
        founding = decision.after is None
        lines.append("founds the community:" if founding else "changes what it says of itself:")
        return lines + community_in_words(decision.community, None if founding else community)
    for each in sheet.items:
        lines += item_in_words(each.item, each.attestation, each.community)
    return lines


def item_in_words(
    item: AttestItem | ResealItem | LaterItem,
    attestation: VerifiedAttestation | None,
    community: Community,
) -> list[str]:
    """What is decided on one attestation; None where what it says is not kept any more.

    `community` as it stood when it was attested: so it names its spaces and bodies.
    """
    said = [] if attestation is None else attestation_in_words(attestation, community)
    if isinstance(item, AttestItem):
        return [f"attests {item.id}:", *said, *_attested_in_words(item)]
    lines = [
        f"{_ACTS[type(item)]} {item.id}:",
        *_act_in_words(item),
        _line("follows", f"the statement {base64url(item.after)}"),
    ]
    return [*lines, "which says:", *said] if said else lines


_ACTS: dict[type, str] = {
    ResealItem: "seals under another key",
    NoticeItem: "says that the person was told of",
    ReaffirmItem: "has reviewed, and goes on with,",
    AppealItem: "says of the appeal against",
    StayItem: "stays",
    ResumeItem: "ends the stay of",
    WithdrawItem: "ends",
}


def _act_in_words(item: ResealItem | LaterItem) -> list[str]:
    match item:
        case ResealItem(key=key, record=record):
            return [
                _line("record", f"SHA-256 {base64url(record)}"),
                _line("sealed under", f"OPRF key {base64url(key)}"),
            ]
        case ReaffirmItem(review_by=review_by):
            return [_line("review by", str(review_by))]
        case AppealItem(state=state):
            return [_line("appeal", APPEALS[state])]
        case StayItem(until=until):
            return [_line("stayed", f"weighs nothing until {until}, that day included")]
        case WithdrawItem(because=because, by=by):
            superseded = [] if by is None else [_line("superseded by", by)]
            return [_line("because", BECAUSE[because]), *superseded]
        case _:
            return []


def attestation_in_words(attestation: VerifiedAttestation, community: Community) -> list[str]:
    """What an attestation says, with everything that was disclosed of it."""
    claims = attestation.claims
    return [
        *(_line("identifier", identifier(text)) for text in attestation.subject),
        _line("measure", MEASURES[claims.measure]),
        *(_line("scope", scope_in_words(each, community)) for each in claims.scope),
        _line("origin", _origin_in_words(claims.origin)),
        _line("in force from", str(claims.in_force_from)),
        _line("ends on", str(claims.ends_on)),
        _line("basis", attestation.basis or "not disclosed"),
        *decision_behind(attestation, community),
        _line("contact", printable(claims.contact)),
        _line("reference", printable(claims.public_reference or "none")),
        *_token_in_words(claims),
    ]


def scope_in_words(scope: Scope, community: Community) -> str:
    """Where a measure holds."""
    if scope.space is None:
        return SCOPES[scope.kind]
    return f"{SCOPES[scope.kind]} {_called(scope.space, community.spaces)}"


def notice_in_words(notice: Notice) -> str:
    """Whether the person was told."""
    return {
        "given": "the person was told",
        "delayed": f"delayed until {notice.until}; untold after that, it is stayed",
        "unreachable": "the person could not be reached",
    }[notice.state]


def community_in_words(community: Community, before: Community | None) -> list[str]:
    """What a community says of itself; with `before`, only what differs from that."""
    members = _members(community)
    if before is None:
        return [_line(label, text) for label, each in members.items() for text in each.words]
    earlier = _members(before)
    return [
        line
        for label, each in members.items()
        if each.value != earlier[label].value
        for line in _change_in_words(label, earlier[label].words, each.words)
    ]


@dataclass(frozen=True)
class _Member:
    """What is compared, and how it reads: a line for each thing that it lists."""

    value: object
    words: Sequence[str]


def _members(community: Community) -> dict[str, _Member]:
    officers, keys = community.officers, community.keys
    voters = f"{community.threshold} of {len(officers)} officers"
    return {
        "id": _one(community.id),
        "name": _Member(community.name, [name(community.name)]),
        "url": _one(community.url, "none: it only asks"),
        "contact": _one(community.contact),
        "policy": _one(community.policy),
        "threshold": _Member((community.threshold, len(officers)), [voters]),
        "officer": _Member(
            officers,
            [f"{base64url(each.key)}, kept {KEPT[each.custody]}" for each in officers],
        ),
        "space": _declared(community.spaces),
        "body": _declared(community.bodies),
        "part-time": _one("yes" if community.part_time else "no"),
        "entries": _one(ENTRIES[community.entries]),
        "key log": _one(base64url(keys.log)),
        "key cosign": _one(base64url(keys.cosign)),
        "key http": _one(base64url(keys.http)),
        "key issue": _one(base64url(keys.issue)),
        "key oprf": _oprf(community.oprf),
    }


def _one(value: str | None, absent: str = "none") -> _Member:
    return _Member(value, [absent if value is None else printable(value)])


def _declared(declared: Sequence[Declared]) -> _Member:
    words = [f"{each.slug} {name(each.name)}" for each in declared]
    return _Member(declared, words or ["none"])


def _oprf(keys: Sequence[bytes]) -> _Member:
    uses = ("for new records", "for older ones")
    words = [f"{base64url(key)}, {use}" for key, use in zip(keys, uses, strict=False)]
    return _Member(keys, words or ["none: it publishes nothing"])


def _change_in_words(label: str, earlier: Sequence[str], words: Sequence[str]) -> list[str]:
    gone = [f"no more  {text}" for text in earlier if text not in words]
    come = [f"now      {text}" for text in words if text not in earlier]
    return [_line(label, text) for text in (*gone, *come)]


def _place_in_words(decision: Decision) -> list[str]:
    """Where in which log it is to stand, and since when it is proposed."""
    log, after = decision.log, decision.after
    follows = None if after is None else f"the community's statement {base64url(after)}"
    return [
        _line("proposed on", str(decision.on)),
        _line("log", "begins with this statement" if log is None else base64url(log)),
        _line("follows", follows or "no other statement"),
    ]


def _attested_in_words(item: AttestItem) -> list[str]:
    """What the log will say of an attestation."""
    public = "no measure: peers learn it by a match"
    if item.measure is not None:
        public = f"everybody may read the measure: {MEASURES[item.measure]}"
    return [
        _line("last day", f"{item.ends} in the log"),
        _line("review by", str(item.review_by)),
        _line("notice", notice_in_words(item.notice)),
        _line("in public", public),
        _line("JWT", f"SHA-256 {base64url(item.jwt)}"),
        _line("record", f"SHA-256 {base64url(item.seal.record)}"),
        _line("sealed under", f"OPRF key {base64url(item.seal.key)}"),
    ]


def _token_in_words(claims: Claims) -> list[str]:
    """By whom, in which log and for how long an attestation is signed."""
    return [
        _line("attestation", claims.jti),
        _line("issued by", claims.iss),
        _line("issued on", str(day_of(claims.iat))),
        _line("issued in log", base64url(claims.log)),
        _line("signed until", str(day_of(claims.exp - DAY))),
    ]


def _origin_in_words(origin: OwnDecision | Recognition) -> str:
    if isinstance(origin, OwnDecision):
        return "decided by the community itself"
    return (
        f"recognises {origin.attestation} of another's log {base64url(origin.log)}: weighs nothing "
        "beside it, and nothing once that has ended"
    )


def decision_behind(attestation: VerifiedAttestation, community: Community) -> list[str]:
    """When an attestation was decided on, by which body, and with how many votes."""
    lines = [_line("decided on", str(attestation.claims.decided_on))]
    decided_by = attestation.decided_by
    if decided_by is None:
        return [*lines, _line("decided by", "not disclosed")]
    return [
        *lines,
        _line("votes", f"{decided_by.in_favour} in favour, of {decided_by.present} present"),
        _line("decided by", _called(decided_by.body, community.bodies)),
    ]


def _called(slug: str, declared: Sequence[Declared]) -> str:
    names = {each.slug: each.name for each in declared}
    return f"{slug} {name(names[slug])}" if slug in names else slug


def _line(label: str, text: str) -> str:
    return f"  {label:14} {text}"
