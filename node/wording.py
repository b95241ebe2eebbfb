"""Decisions and sanctions in words, for whoever has to decide on them."""

from collections.abc import Sequence

from protocol.attestation import VerifiedAttestation
from protocol.claims import Claims, DecidedBy, Scope
from protocol.encoding import base64url
from protocol.sheet_checks import VerifiedItem, VerifiedSheet
from protocol.statements import (
    AttestItem,
    Community,
    CommunityDecision,
    Declared,
    Notice,
)

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


def sheet_in_words(sheet: VerifiedSheet) -> list[str]:
    """What a verified sheet decides, a line for each thing that it says."""
    decision = sheet.decision
    lines = [f"{sheet.community.name} ({sheet.community.id}), proposed on {decision.on}"]
    if isinstance(decision, CommunityDecision):
        founding = decision.after is None
        before = None if founding else sheet.community
        lines.append("founds the community:" if founding else "changes what it says of itself:")
        return lines + community_in_words(decision.community, before)
    for item in sheet.items:
        lines += _item(item, sheet.community)
    return lines


def attestation_in_words(attestation: VerifiedAttestation, community: Community) -> list[str]:
    """What an attestation says, with everything that was disclosed of it."""
    claims = attestation.claims
    lines = [f"  identifier     {text}" for text in attestation.subject]
    lines += [
        f"  measure        {MEASURES[claims.measure]}",
        f"  scope          {'; '.join(scope_in_words(each, community) for each in claims.scope)}",
        f"  in force from  {claims.in_force_from}",
        f"  ends on        {claims.ends_on}",
        f"  basis          {attestation.basis or 'not disclosed'}",
        f"  decided by     {_decided_by(attestation.decided_by, claims, community)}",
        f"  contact        {claims.contact}",
    ]
    if claims.public_reference is not None:
        lines.append(f"  reference      {claims.public_reference}")
    return lines


def scope_in_words(scope: Scope, community: Community) -> str:
    """Where a measure holds."""
    if scope.space is None:
        return SCOPES[scope.kind]
    return f"{SCOPES[scope.kind]} {_name_of(scope.space, community.spaces)}"


def notice_in_words(notice: Notice) -> str:
    """Whether the person was told."""
    return {
        "given": "the person was told",
        "delayed": f"delayed until {notice.until}; untold after that, it is stayed",
        "unreachable": "the person could not be reached",
    }[notice.state]


def community_in_words(community: Community, before: Community | None) -> list[str]:
    """What a community says of itself; with `before`, only what differs from that."""
    after_lines = _members(community)
    if before is None:
        return [f"  {name:14} {value}" for name, value in after_lines.items()]
    earlier = _members(before)
    return [
        f"  {name:14} {earlier[name]}  →  {value}"
        for name, value in after_lines.items()
        if earlier[name] != value
    ]


def _members(community: Community) -> dict[str, str]:
    officers = [f"{base64url(each.key)} ({each.custody})" for each in community.officers]
    keys = community.keys
    return {
        "id": community.id,
        "name": community.name,
        "url": community.url or "none: it only asks",
        "contact": community.contact or "none",
        "policy": community.policy or "none",
        "officers": ", ".join(officers),
        "threshold": f"{community.threshold} of {len(officers)}",
        "spaces": _listed(community.spaces),
        "bodies": _listed(community.bodies),
        "part-time": "yes" if community.part_time else "no",
        "entries": community.entries,
        "key log": base64url(keys.log),
        "key cosign": base64url(keys.cosign),
        "key http": base64url(keys.http),
        "key issue": base64url(keys.issue),
        "keys oprf": ", ".join(map(base64url, community.oprf)) or "none: it publishes nothing",
    }


def _item(item: VerifiedItem, community: Community) -> list[str]:
    decided = item.item
    if isinstance(decided, AttestItem):
        public = (
            "everybody may read the measure" if decided.measure else "peers learn it by a match"
        )
        return [
            f"attests {decided.id}:",
            *attestation_in_words(item.attestation, community),
            f"  last day       {decided.ends} in the log",
            f"  review by      {decided.review_by}",
            f"  notice         {notice_in_words(decided.notice)}",
            f"  in public      {public}",
        ]
    lines = [f"ends {decided.id}, {BECAUSE[decided.because]}"]
    if decided.by is not None:
        lines.append(f"  superseded by  {decided.by}")
    return [*lines, "which says:", *attestation_in_words(item.attestation, community)]


def _decided_by(decided_by: DecidedBy | None, claims: Claims, community: Community) -> str:
    if decided_by is None:
        return f"not disclosed, on {claims.decided_on}"
    body = _name_of(decided_by.body, community.bodies)
    votes = f"{decided_by.in_favour} of {decided_by.present} present in favour"
    return f"{body}, {votes}, on {claims.decided_on}"


def _name_of(slug: str, declared: Sequence[Declared]) -> str:
    names = {each.slug: each.name for each in declared}
    return f"{names[slug]} ({slug})" if slug in names else slug


def _listed(declared: Sequence[Declared]) -> str:
    return ", ".join(f"{each.name} ({each.slug})" for each in declared) or "none"
