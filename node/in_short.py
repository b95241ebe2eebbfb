"""A decision in a few words on one line, and what is typed to propose it again."""

from collections.abc import Mapping, Sequence

from node import spelling
from protocol.encoding import base64url
from protocol.items import (
    AppealItem,
    LaterItem,
    NoticeItem,
    ReaffirmItem,
    ResumeItem,
    StayItem,
    WithdrawItem,
)
from protocol.statements import (
    AttestDecision,
    Community,
    CommunityDecision,
    Decision,
    ResealDecision,
)

DIGITS = 12
"""How much is shown of the hash of a decision."""

_OF_AN_ID = 8
"""How much is shown of the id of a sanction."""

_APPEALS = {"opened": "open", "granted": "grant", "rejected": "reject", "withdrawn": "withdraw"}
_ENDINGS = {"lifted": "lift", "overturned": "overturn", "erased": "erase", "superseded": "amend"}
_PAST = {
    "lifted": "lifts",
    "overturned": "overturns",
    "erased": "erases",
    "superseded": "puts another in place of",
}


def in_short(
    decision: Decision, before: Community | None = None, names: Mapping[bytes, str] | None = None
) -> str:
    """What it decides, without anybody whom it is about.

    Args:
        decision: the decision.
        before: what the community said of itself before; None where that is not known.
        names: officers by their keys, as far as this node knows their names.
    """
    if isinstance(decision, CommunityDecision):
        return _community(decision, before, names or {})
    ids = _ids([item.id for item in decision.items])
    if isinstance(decision, AttestDecision):
        return f"sanction {ids}"
    if isinstance(decision, ResealDecision):
        return f"seals anew {ids}"
    return f"{_act(decision.items[0])} {ids}"


def again(decision: Decision) -> str:
    """How it is proposed once more."""
    if isinstance(decision, CommunityDecision):
        return "comity community set …, or comity officer …"
    if isinstance(decision, AttestDecision):
        return "comity sanction propose …"
    if isinstance(decision, ResealDecision):
        return "that is done by itself"
    item = decision.items[0]
    which = " ".join(each.id[:_OF_AN_ID] for each in decision.items)
    return f"comity sanction {_typed(item, which)}"


def _typed(item: LaterItem, which: str) -> str:
    match item:
        case NoticeItem():
            return f"notice {which} --handed-over"
        case ReaffirmItem(review_by=review_by):
            return f"reaffirm {which} --review-by {review_by}"
        case AppealItem(state=state):
            return f"appeal {which} {_APPEALS[state]}"
        case StayItem(until=until):
            return f"stay {which} --until {until}"
        case ResumeItem():
            return f"resume {which}"
        case WithdrawItem(because=because):
            return f"{_ENDINGS[because]} {which}"


def _act(item: LaterItem) -> str:
    match item:
        case NoticeItem():
            return "the person was told of"
        case ReaffirmItem(review_by=review_by):
            return f"review by {review_by} of"
        case AppealItem(state=state):
            return f"appeal: {state}, against"
        case StayItem(until=until):
            return f"stay until {until} of"
        case ResumeItem():
            return "end of the stay of"
        case WithdrawItem(because=because):
            return _PAST[because]


def _ids(ids: Sequence[str]) -> str:
    first = ids[0][:_OF_AN_ID]
    return first if len(ids) == 1 else f"{first} and {len(ids) - 1} more"


def _community(
    decision: CommunityDecision, before: Community | None, names: Mapping[bytes, str]
) -> str:
    after = decision.community
    if decision.after is None:
        return f"founds {after.id}"
    if before is None:
        return "changes what the community says of itself"
    held, listed = ({each.key: each for each in of.officers} for of in (before, after))
    changes = [f"adds the officer {_named(key, names)}" for key in listed if key not in held]
    changes += [f"removes the officer {_named(key, names)}" for key in held if key not in listed]
    if after.threshold != before.threshold:
        changes.append(f"{after.threshold} of {len(after.officers)} officers decide")
    others = [
        name.replace("_", "-")
        for name, value in after
        if name not in {"officers", "threshold"} and value != getattr(before, name)
    ]
    changes += [f"changes {', '.join(others)}"] if others else []
    return "; ".join(changes) or "changes where an officer's key is kept"


def _named(key: bytes, names: Mapping[bytes, str]) -> str:
    return spelling.name(names[key]) if key in names else base64url(key)[:DIGITS]
