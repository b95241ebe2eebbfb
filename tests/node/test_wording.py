"""What officers read: whatever differs between two decisions differs in their words."""

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Literal, get_args, get_origin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node import wording
from protocol.attestation import VerifiedAttestation
from protocol.claims import DAY, Basis, Claims, DecidedBy
from protocol.encoding import Message, base64url, canonical_json
from protocol.english import English
from protocol.errors import Malformed
from protocol.items import AttestItem
from protocol.merkle import leaf_hash
from protocol.sheet_checks import VerifiedItem, VerifiedSheet
from protocol.statements import (
    AppealDecision,
    AttestDecision,
    Community,
    CommunityDecision,
    Declared,
    ItemsDecision,
    NoticeDecision,
    ReaffirmDecision,
    ResealDecision,
    ResumeDecision,
    StayDecision,
    WithdrawDecision,
    read_decision,
)
from tests.vectors import sample

JSON = Any
Path = tuple[str | int, ...]
Place = tuple[type[Message], str]

OTHER = "3f1a9c1e-6f3b-4f0e-8a3d-0d7c5b1e9a42"
ELSEWHERE = base64url(bytes(32))
RECOGNITION = {"kind": "recognition", "log": ELSEWHERE, "attestation": OTHER}

BEFORE = Community.from_value(sample.community())
RICH = sample.community(
    name="Python Software Foundation",
    url=None,
    oprf=[base64url(sample.OTHER_OPRF.public), base64url(sample.OPRF.public)],
    keys={
        use: base64url(sample.key(f"other {use}").public_key)
        for use in ("log", "cosign", "http", "issue")
    },
    officers=[
        each | {"custody": custody}
        for each, custody in zip(
            sample.officers("ada", "dan", "eve"), ("own", "node", "browser"), strict=True
        )
    ],
    spaces=[{"slug": "a", "name": "X"}, {"slug": "b", "name": "Y"}],
    bodies=[],
    contact=None,
    policy=None,
    part_time=True,
)

CLAIMS = [
    sample.plain(),
    sample.plain(
        measure="suspension",
        scope=[{"kind": "event", "space": None}, {"kind": "online_space", "space": "b"}],
        origin=RECOGNITION,
        ends_on="2025-06-30",
        exp=sample.plain()["iat"] + 30 * DAY,
        contact="https://python.example/appeal",
        public_reference="https://python.example/decisions/1",
    ),
    sample.plain(ends_on="indefinite"),
]
ITEMS = [
    sample.attest_item(),
    sample.attest_item(
        id=OTHER, notice={"state": "delayed", "until": "2025-03-20"}, measure="suspension"
    ),
]
ENDS = (
    sample.withdraw_decision(sample.LOG)["items"]
    + sample.withdraw_decision(sample.LOG, id=OTHER, because="superseded", by=sample.ATTESTATION)[
        "items"
    ]
)
LATER: dict[str, JSON] = {
    "reseal": {"key": base64url(bytes(8)), "record": ELSEWHERE},
    "notice": {},
    "reaffirm": {"review_by": "2025-09-01"},
    "appeal": {"state": "opened"},
    "stay": {"until": "2025-06-10"},
    "resume": {},
}
"""What an item says, by the types between the first and the last."""

DECISIONS = [
    sample.community_decision(None, None),
    sample.community_decision(sample.LOG, leaf_hash(sample.GENESIS)) | {"community": RICH},
    sample.attest_decision(*ITEMS),
    sample.withdraw_decision(sample.LOG) | {"items": ENDS},
    *(sample.later_decision(kind, sample.LOG, "2025-06-01", **LATER[kind]) for kind in LATER),
]


def _attestation(claims: Claims, **changes: Any) -> VerifiedAttestation:
    said = VerifiedAttestation(
        "", claims, (), {"email:mallory.quill@example.org": ""}, "harassment", sample.DECIDED_BY
    )
    return replace(said, **changes)


SAID = _attestation(Claims.from_value(CLAIMS[0]))


def _decision_words(value: JSON) -> list[English]:
    """All but the decision's hash, which differs whenever anything does and tells nobody what."""
    decision = read_decision(value)
    items: tuple[VerifiedItem, ...] = ()
    if isinstance(decision, ItemsDecision):
        attested = AttestItem.from_value(ITEMS[0])
        items = tuple(VerifiedItem(each, attested, SAID, (), BEFORE) for each in decision.about)
    community = BEFORE
    if isinstance(decision, CommunityDecision) and decision.after is None:
        community = decision.community
    sheet = VerifiedSheet(decision.to_bytes(), decision, community, items)
    return [line for line in wording.sheet_in_words(sheet) if sheet.hash.hex() not in line]


def _claims_words(value: JSON) -> list[English]:
    return wording.attestation_in_words(_attestation(Claims.from_value(value)), BEFORE)


def _vote_words(value: JSON) -> list[English]:
    decided_by = DecidedBy.from_value(value)
    return wording.attestation_in_words(replace(SAID, decided_by=decided_by), BEFORE)


# --- Every member, altered alone ------------------------------------------------------------------


def _leaves(annotation: Any) -> Iterator[Any]:
    """What an annotation is made of: models, literals, types."""
    if get_origin(annotation) is Literal:
        yield annotation
        return
    yield annotation
    for part in get_args(annotation):
        yield from _leaves(part)


def _models(model: type[Message]) -> Iterator[type[Message]]:
    """A model and all within it."""
    yield model
    for info in model.model_fields.values():
        for each in _leaves(info.annotation):
            if isinstance(each, type) and issubclass(each, Message):
                yield from _models(each)


def _choices(place: Place) -> list[JSON]:
    """The values of a closed vocabulary."""
    model, name = place
    literals = [
        each for each in _leaves(model.model_fields[name].annotation) if get_origin(each) is Literal
    ]
    return [value for literal in literals for value in get_args(literal)]


def _members(model: type[Message]) -> set[Place]:
    """Every member of a model and of those within it that can have more than one value."""
    places = {(each, name) for each in _models(model) for name in each.model_fields}
    constant = {
        place
        for place in places
        if get_origin(place[0].model_fields[place[1]].annotation) is Literal
        and len(_choices(place)) == 1
    }
    return places - constant


def _walk(message: Message, path: Path = ()) -> Iterator[tuple[Path, Place, JSON]]:
    """Every member of a message: where it stands, what it is, and its value."""
    value = message.to_value()
    for name in type(message).model_fields:
        here = (*path, name)
        yield here, (type(message), name), value[name]
        member = getattr(message, name)
        each: Sequence[Any] = member if isinstance(member, tuple) else ()
        if isinstance(member, Message):
            yield from _walk(member, here)
        for index, one in enumerate(each):
            if isinstance(one, Message):
                yield from _walk(one, (*here, index))


def _others(value: JSON) -> list[JSON]:
    """Other values, some of which are of the same form."""
    match value:
        case bool():
            return [not value]
        case int():
            return [value + 1, value - 1, value + DAY, value - DAY]
        case str():
            near = [value[:-1] + chr(ord(value[-1]) + step) for step in (1, -1, 4, -4)]
            return [f"{value}x", f"x{value}", *near, "B" + value[1:], "C" + value[1:]]
        case list() | tuple():
            inner = [
                [*value[:index], other, *value[index + 1 :]]
                for index, each in enumerate(value)
                if isinstance(each, str)
                for other in _others(each)
            ]
            return [value[1:], value[:-1], value[::-1], *inner]
        case _:
            return []


def _altered(value: JSON, path: Path, replacement: JSON) -> JSON:
    made = copy.deepcopy(value)
    at = made
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = replacement
    return made


def _expect_words_for_everything(
    model: type[Message], values: Sequence[JSON], words: Callable[[JSON], list[English]]
) -> None:
    """Each member of the model, and of the models within it, altered alone alters the words."""
    walked = [list(_walk(model.from_value(value))) for value in values]
    known: dict[Place, list[JSON]] = {}
    for _, place, member in (each for members in walked for each in members):
        known.setdefault(place, []).append(member)
    altered: set[Place] = set()
    for value, members in zip(values, walked, strict=True):
        original, places = words(value), {path: place for path, place, _ in members}
        for path, place, member in members:
            for other in (*_others(member), *known[place], *_choices(place)):
                changed = _altered(value, path, other)
                if other != member and _is_valid(model, changed):
                    assert words(changed) != original, (place, canonical_json(changed))
                    # What stands within a member is a part of it.
                    altered |= {
                        places[path[:n]] for n in range(len(path) + 1) if path[:n] in places
                    }
    assert altered == _members(model)


def _is_valid(model: type[Message], value: JSON) -> bool:
    try:
        model.from_value(value)
    except Malformed:
        return False
    return True


def test_row_11_every_member_of_an_attestation_is_worded() -> None:
    """Origin and dates as well: nothing that peers act on is decided unread."""
    _expect_words_for_everything(Claims, CLAIMS, _claims_words)


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        (CommunityDecision, "community"),
        (AttestDecision, "attest"),
        (WithdrawDecision, "withdraw"),
        (ResealDecision, "reseal"),
        (NoticeDecision, "notice"),
        (ReaffirmDecision, "reaffirm"),
        (AppealDecision, "appeal"),
        (StayDecision, "stay"),
        (ResumeDecision, "resume"),
    ],
)
def test_row_11_every_member_of_a_decision_is_worded(model: type[Message], kind: str) -> None:
    """Of each type: hashes, dates, keys, notice, and in whose log it is to stand."""
    values = [each for each in DECISIONS if each["type"] == kind]
    _expect_words_for_everything(model, values, _decision_words)


def test_row_11_each_type_has_words_of_its_own() -> None:
    """Two types may say the same of an attestation: `notice` and `resume` say nothing beside."""
    words = [tuple(_decision_words(each)) for each in DECISIONS]
    assert {each["type"] for each in DECISIONS} == set(wording.DECISIONS)
    assert len(set(words)) == len(words)


def test_row_11_everything_that_is_disclosed_is_worded() -> None:
    """Who decided and how, why, and whom it is about."""
    _expect_words_for_everything(DecidedBy, [sample.DECIDED_BY.to_value()], _vote_words)
    bases = [*get_args(Basis), None]
    subjects = [{"email:a@m.example": ""}, {"github:a": ""}, {"github:a": "", "github:b": ""}]
    said = [
        *(replace(SAID, basis=basis) for basis in bases),
        *(replace(SAID, subject=subject) for subject in subjects),
        replace(SAID, decided_by=None),
    ]
    words = {tuple(wording.attestation_in_words(each, BEFORE)) for each in said}
    assert len(words) == len(said)


def test_row_11_a_recognition_says_that_it_is_none_of_ones_own() -> None:
    """Beside its source it weighs nothing: it would disarm what was decided."""
    own, other, _ = ("\n".join(_claims_words(value)) for value in CLAIMS)
    assert "decided by the community itself" in own
    assert f"recognises {OTHER}" in other
    assert ELSEWHERE in other


# --- Names and lists ------------------------------------------------------------------------------


def _with_spaces(*spaces: tuple[str, str]) -> Community:
    listed = [{"slug": slug, "name": name} for slug, name in spaces]
    return Community.from_value(sample.community(spaces=listed))


def test_row_11_no_name_passes_for_two_spaces() -> None:
    """One space called `X (a), Y` is not the two spaces X and Y, and taking one away shows."""
    two = _with_spaces(("a", "X"), ("b", "Y"))
    one = _with_spaces(("b", "X (a), Y"))
    assert wording.community_in_words(one, two) == [
        '  space          no more  a "X"',
        '  space          no more  b "Y"',
        '  space          now      b "X (a), Y"',
    ]
    quoted = _with_spaces(("a", 'X" b "Y'))
    assert (
        wording.community_in_words(quoted, two)[-1] == '  space          now      a "X\\" b \\"Y"'
    )


def test_a_change_shows_what_differs_and_nothing_else() -> None:
    """Who is an officer no more, who is one now; a key that was exchanged."""
    after = Community.from_value(
        sample.community(officers=sample.officers("ada", "bob", "dan"), contact=None)
    )
    cyd, dan = (base64url(sample.key(each).public_key) for each in ("cyd", "dan"))
    assert wording.community_in_words(after, BEFORE) == [
        "  contact        no more  conduct@python.example",
        "  contact        now      none",
        f"  officer        no more  {cyd}, kept on the officer's own device",
        f"  officer        now      {dan}, kept on the officer's own device",
    ]
    assert wording.community_in_words(BEFORE, BEFORE) == []


def test_each_item_is_worded_with_the_names_of_its_time() -> None:
    """Bodies and spaces change their names; what was decided was decided under the old one."""
    renamed = Community.from_value(sample.community(bodies=[{"slug": "cwg", "name": "The Elders"}]))
    decision = WithdrawDecision.from_value(DECISIONS[3])
    attested = AttestItem.from_value(ITEMS[0])
    items = tuple(
        VerifiedItem(item, attested, SAID, (), community)
        for item, community in zip(decision.items, (BEFORE, renamed), strict=True)
    )
    words = wording.sheet_in_words(VerifiedSheet(b"", decision, renamed, items))
    decided_by = [line for line in words if "decided by     " in line]
    assert decided_by == [
        '  decided by     cwg "Conduct Working Group"',
        '  decided by     cwg "The Elders"',
    ]


ANY_TEXT = st.text(st.characters(codec=None), min_size=1, max_size=20)


@given(ANY_TEXT, ANY_TEXT)
def test_row_11_nothing_that_is_worded_steers_a_terminal(text: str, other: str) -> None:
    """Whatever a model would let through as a name, an identifier, a link."""
    claims = SAID.claims.model_copy(update={"contact": text, "public_reference": other})
    said = replace(SAID, claims=claims, subject={f"email:{text}": ""})
    declared = (
        Declared.model_construct(slug="cwg", name=other),
        Declared.model_construct(slug="pyregion", name=text),
    )
    changes = {"name": text, "spaces": declared, "bodies": declared, "contact": other}
    community = BEFORE.model_copy(update=changes | {"url": text, "policy": other})
    lines = [
        *wording.attestation_in_words(said, community),
        *wording.community_in_words(community, None),
        *wording.community_in_words(community, BEFORE),
        *wording.community_in_words(BEFORE, community),
    ]
    for line in lines:
        shown = line.replace("\u2068", "").replace("\u2069", "")
        assert shown.isprintable(), ascii(line)
        assert line.count("\u2068") == line.count("\u2069")


def test_days_are_read_as_days() -> None:
    """`iat` and `exp` count seconds; people do not."""
    words = _claims_words(CLAIMS[0])
    assert f"  issued on      {sample.TODAY}" in words
    assert f"  signed until   {sample.ENDS}" in words
    assert date.fromisoformat(words[-1].split()[-1]) == sample.ENDS
