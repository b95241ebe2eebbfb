"""Decisions and sanctions in words, for whoever has to decide on them.

Whatever can differ between two decisions differs in their words, each on a line of its own: what
is not shown is not decided on. Names come last on their lines, in quotation marks, so that no name
can pass for something else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from node.clock import day_of
from node.spelling import identifier, name, printable
from protocol.attestation import VerifiedAttestation
from protocol.claims import DAY, Basis, Claims, OwnDecision, Recognition, Scope
from protocol.encoding import base64url
from protocol.english import English
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
from protocol.statements import (
    Community,
    CommunityDecision,
    Custody,
    Decision,
    Declared,
    Officer,
)

MEASURES = {
    "ban": English("ban"),
    "suspension": English("suspension"),
    "membership_revocation": English("revocation of membership"),
    "status_removal": English("removal of a title, role or privilege"),
    "restriction": English("restriction: may attend; may not speak, organize or mentor"),
}

SCOPES = {
    "event": English("event"),
    "event_series": English("event series"),
    "online_space": English("online space"),
    "membership": English("membership"),
    "role": English("role"),
    "all_own_spaces": English("all own spaces"),
}

BECAUSE = {
    "lifted": English("lifted: it ends before its time"),
    "overturned": English("overturned: it should not have been decided"),
    "superseded": English("superseded by another"),
    "erased": English("erased: the community forgets it, too"),
}

DECISIONS = {
    "community": English("what the community says of itself"),
    "attest": English("sanction"),
    "reseal": English("sanction sealed under another key"),
    "notice": English("the person was told"),
    "reaffirm": English("review of a sanction, which goes on"),
    "appeal": English("appeal against a sanction"),
    "stay": English("stay of a sanction"),
    "resume": English("end of a stay"),
    "withdraw": English("end of a sanction"),
}
"""Types of decisions."""

APPEALS = {
    "opened": English("an appeal is open"),
    "granted": English("the appeal is granted: the sanction weighs nothing any more"),
    "rejected": English("the appeal is rejected: the sanction goes on"),
    "withdrawn": English("the appeal is withdrawn: the sanction goes on"),
}

PHRASES = {
    "released": English("this much we release"),
    "cannot_say_more": English("we cannot say more"),
    "not_the_same_person": English("not the same person"),
    "we_shall_drop_that_identifier": English("we shall drop that identifier"),
    "ask_again_after_the_review": English("ask again after the review"),
    "please_talk_to_us": English("please talk to us"),
    "it_has_ended": English("it has ended"),
}
"""What an inquiry is answered with."""

KEPT: dict[Custody, English] = {
    "own": English("on the officer's own device"),
    "browser": English("in the officer's browser"),
    "node": English("by the node"),
}

_BASES: dict[Basis, English] = {
    "undisclosed": English("undisclosed"),
    "harassment": English("harassment"),
    "sexual_conduct": English("sexual_conduct"),
    "violence_or_threat": English("violence_or_threat"),
    "discrimination": English("discrimination"),
    "privacy_breach": English("privacy_breach"),
    "disruption": English("disruption"),
    "retaliation": English("retaliation"),
    "evasion": English("evasion"),
    "financial": English("financial"),
    "other": English("other"),
}

LEADS = English("which says:")
"""The line between what is decided on an attestation and what it says."""

_NONE = English("none")
_UNDISCLOSED = English("not disclosed")

ENTRIES = {
    "public": English("everybody may read the log's entries"),
    "peers": English("peers may read the log's entries"),
}


def sheet_in_words(sheet: VerifiedSheet) -> list[English]:
    """What a verified sheet decides, a line for each thing that it says."""
    decision, community = sheet.decision, sheet.community
    lines = [
        English("%(id)s %(name)s", id=community.id, name=name(community.name)),
        _line("decision", sheet.hash.hex()),
        *_place_in_words(decision),
    ]
    if isinstance(decision, CommunityDecision):
        founding = decision.after is None
        lines.append(
            English("founds the community:")
            if founding
            else English("changes what it says of itself:")
        )
        return lines + community_in_words(decision.community, None if founding else community)
    for each in sheet.items:
        lines += item_in_words(each.item, each.attestation, each.community)
    return lines


def item_in_words(
    item: AttestItem | ResealItem | LaterItem,
    attestation: VerifiedAttestation | None,
    community: Community,
) -> list[English]:
    """What is decided on one attestation; None where what it says is not kept any more.

    `community` as it stood when it was attested: so it names its spaces and bodies.
    """
    said = [] if attestation is None else attestation_in_words(attestation, community)
    if isinstance(item, AttestItem):
        return [English("attests %(id)s:", id=item.id), *said, *_attested_in_words(item)]
    lines = [
        English("%(act)s %(id)s:", act=_ACTS[type(item)], id=item.id),
        *_act_in_words(item),
        _line("follows", English("the statement %(hash)s", hash=base64url(item.after))),
    ]
    return [*lines, LEADS, *said] if said else lines


_ACTS: dict[type, English] = {
    ResealItem: English("seals under another key"),
    NoticeItem: English("says that the person was told of"),
    ReaffirmItem: English("has reviewed, and goes on with,"),
    AppealItem: English("says of the appeal against"),
    StayItem: English("stays"),
    ResumeItem: English("ends the stay of"),
    WithdrawItem: English("ends"),
}


def _act_in_words(item: ResealItem | LaterItem) -> list[English]:
    match item:
        case ResealItem(key=key, record=record):
            return [
                _line("record", f"SHA-256 {base64url(record)}"),
                _line("sealed under", _oprf_key(key)),
            ]
        case ReaffirmItem(review_by=review_by):
            return [_line("review by", review_by)]
        case AppealItem(state=state):
            return [_line("appeal", APPEALS[state])]
        case StayItem(until=until):
            words = English("weighs nothing until %(day)s, that day included", day=until)
            return [_line("stayed", words)]
        case WithdrawItem(because=because, by=by):
            superseded = [] if by is None else [_line("superseded by", by)]
            return [_line("because", BECAUSE[because]), *superseded]
        case _:
            return []


def attestation_in_words(attestation: VerifiedAttestation, community: Community) -> list[English]:
    """What an attestation says, with everything that was disclosed of it."""
    claims = attestation.claims
    return [
        *(_line("identifier", identifier(text)) for text in attestation.subject),
        _line("measure", MEASURES[claims.measure]),
        *(_line("scope", scope_in_words(each, community)) for each in claims.scope),
        _line("origin", _origin_in_words(claims.origin)),
        _line("in force from", claims.in_force_from),
        _line("ends on", _end(claims)),
        _line("basis", _BASES[attestation.basis] if attestation.basis else _UNDISCLOSED),
        *decision_behind(attestation, community),
        _line("contact", printable(claims.contact)),
        _line("reference", _text(claims.public_reference)),
        *_token_in_words(claims),
    ]


def scope_in_words(scope: Scope, community: Community) -> English:
    """Where a measure holds."""
    if scope.space is None:
        return SCOPES[scope.kind]
    called = _called(scope.space, community.spaces)
    return English("%(scope)s %(space)s", scope=SCOPES[scope.kind], space=called)


def notice_in_words(notice: Notice) -> English:
    """Whether the person was told."""
    match notice.state:
        case "given":
            return English("the person was told")
        case "delayed":
            return English(
                "delayed until %(day)s; untold after that, it is stayed", day=notice.until
            )
        case "unreachable":
            return English("the person could not be reached")


def community_in_words(community: Community, before: Community | None) -> list[English]:
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


def _members(community: Community) -> dict[English, _Member]:
    officers, keys = community.officers, community.keys
    voters = English(
        "%(threshold)s of %(count)s officers", threshold=community.threshold, count=len(officers)
    )
    return {
        English("id"): _one(community.id),
        English("name"): _Member(community.name, [name(community.name)]),
        English("url"): _one(community.url, English("none: it only asks")),
        English("contact"): _one(community.contact),
        English("policy"): _one(community.policy),
        English("threshold"): _Member((community.threshold, len(officers)), [voters]),
        English("officer"): _Member(officers, [_officer_in_words(each) for each in officers]),
        English("space"): _declared(community.spaces),
        English("body"): _declared(community.bodies),
        English("part-time"): _one(English("yes") if community.part_time else English("no")),
        English("entries"): _one(ENTRIES[community.entries]),
        English("key log"): _one(base64url(keys.log)),
        English("key cosign"): _one(base64url(keys.cosign)),
        English("key http"): _one(base64url(keys.http)),
        English("key issue"): _one(base64url(keys.issue)),
        English("key oprf"): _oprf(community.oprf),
    }


def _officer_in_words(officer: Officer) -> English:
    return English(
        "%(key)s, kept %(where)s", key=base64url(officer.key), where=KEPT[officer.custody]
    )


def _one(value: str | None, absent: English = _NONE) -> _Member:
    return _Member(value, [absent if value is None else _text(value)])


def _text(value: str | None) -> str:
    if value is None:
        return _NONE
    return value if isinstance(value, English) else printable(value)


def _declared(declared: Sequence[Declared]) -> _Member:
    words = [_in_quotes(each) for each in declared]
    return _Member(declared, words or [_NONE])


def _oprf(keys: Sequence[bytes]) -> _Member:
    uses = (English("for new records"), English("for older ones"))
    words = [English.joined([base64url(key), use]) for key, use in zip(keys, uses, strict=False)]
    return _Member(keys, words or [English("none: it publishes nothing")])


def _change_in_words(label: str, earlier: Sequence[str], words: Sequence[str]) -> list[English]:
    gone = [English("no more  %(text)s", text=text) for text in earlier if text not in words]
    come = [English("now      %(text)s", text=text) for text in words if text not in earlier]
    return [_line(label, text) for text in (*gone, *come)]


def _place_in_words(decision: Decision) -> list[English]:
    """Where in which log it is to stand, and since when it is proposed."""
    log, after = decision.log, decision.after
    place = English("begins with this statement") if log is None else base64url(log)
    follows = English("no other statement")
    if after is not None:
        follows = English("the community's statement %(hash)s", hash=base64url(after))
    return [
        _line("proposed on", decision.on),
        _line("log", place),
        _line("follows", follows),
    ]


def _attested_in_words(item: AttestItem) -> list[English]:
    """What the log will say of an attestation."""
    public = English("no measure: peers learn it by a match")
    if item.measure is not None:
        measure = MEASURES[item.measure]
        public = English("everybody may read the measure: %(measure)s", measure=measure)
    return [
        _line("last day", English("%(day)s in the log", day=item.ends)),
        _line("review by", item.review_by),
        _line("notice", notice_in_words(item.notice)),
        _line("in public", public),
        _line("JWT", f"SHA-256 {base64url(item.jwt)}"),
        _line("record", f"SHA-256 {base64url(item.seal.record)}"),
        _line("sealed under", _oprf_key(item.seal.key)),
    ]


def _token_in_words(claims: Claims) -> list[English]:
    """By whom, in which log and for how long an attestation is signed."""
    return [
        _line("attestation", claims.jti),
        _line("issued by", claims.iss),
        _line("issued on", day_of(claims.iat)),
        _line("issued in log", base64url(claims.log)),
        _line("signed until", day_of(claims.exp - DAY)),
    ]


def _origin_in_words(origin: OwnDecision | Recognition) -> English:
    if isinstance(origin, OwnDecision):
        return English("decided by the community itself")
    return English(
        "recognises %(attestation)s of another's log %(log)s: weighs nothing beside it, and "
        "nothing once that has ended",
        attestation=origin.attestation,
        log=base64url(origin.log),
    )


def _oprf_key(key: bytes) -> English:
    return English("OPRF key %(key)s", key=base64url(key))


def _end(claims: Claims) -> date | English:
    return English("indefinite") if claims.ends_on == "indefinite" else claims.ends_on


def decision_behind(attestation: VerifiedAttestation, community: Community) -> list[English]:
    """When an attestation was decided on, by which body, and with how many votes."""
    lines = [_line("decided on", attestation.claims.decided_on)]
    decided_by = attestation.decided_by
    if decided_by is None:
        return [*lines, _line("decided by", _UNDISCLOSED)]
    votes = English(
        "%(in_favour)s in favour, of %(present)s present",
        in_favour=decided_by.in_favour,
        present=decided_by.present,
    )
    return [
        *lines,
        _line("votes", votes),
        _line("decided by", _called(decided_by.body, community.bodies)),
    ]


def _called(slug: str, declared: Sequence[Declared]) -> str:
    return next((_in_quotes(each) for each in declared if each.slug == slug), slug)


def _in_quotes(declared: Declared) -> English:
    return English("%(slug)s %(name)s", slug=declared.slug, name=name(declared.name))


def _line(label: str, text: str | date) -> English:
    return English("  %(label)-14s %(text)s", label=English(label), text=text)
