"""`/policy`, `/judgments`: what peers' words mean here, and whom a finding is not about."""

from typing import Annotated, Any, Literal

from pydantic import Field

from node import judging, kept, policymaking
from node.api.findings import KeptFinding
from node.api.routes import Body, Call, NoQuery, Nothing, NotYours
from node.attention import Attention
from node.clock import day_of
from node.documents import Document
from node.judgments import Judged
from node.policy import MOST_APPROVALS, Circumstance, Part, Requirement, Rule, Weight
from node.policymaking import Proposed
from protocol.claims import Measure, ScopeKind
from protocol.encoding import Slug
from protocol.english import English
from protocol.statements import Custody

Peer = Annotated[str, Field(max_length=253)] | None
"""Id or fingerprint of a peer; null: all peers."""


class RuleChange(Body):
    """A level, by peer, measure, kind of scope, and space of the peer's; null: whatever it is."""

    about: Literal["rule"]
    peer: Peer = None
    measure: Measure | None = None
    scope: ScopeKind | None = None
    space: Slug | None = None
    attention: Attention = "review"

    def part(self, peer: bytes | None) -> Part:
        """As the policy has it."""
        return Rule(self.attention, peer, self.measure, self.scope, self.space)


class WeightChange(Body):
    """The most that a circumstance leaves of a finding."""

    about: Literal["weight"]
    peer: Peer = None
    circumstance: Circumstance
    attention: Attention = "note"

    def part(self, peer: bytes | None) -> Part:
        """As the policy has it."""
        return Weight(self.circumstance, self.attention, peer)


class RequirementChange(Body):
    """By how many, and by keys kept no weaker than where, a decision has to be approved."""

    about: Literal["requirement"]
    peer: Peer = None
    approvals: Annotated[int, Field(ge=1, le=MOST_APPROVALS)] = 1
    custody: Custody = "node"

    def part(self, peer: bytes | None) -> Part:
        """As the policy has it."""
        return Requirement(self.approvals, self.custody, peer)


class Change(Body):
    """A part of the policy that is to stand in place of the one about the same, or to go."""

    part: Annotated[RuleChange | WeightChange | RequirementChange, Field(discriminator="about")]
    drop: bool = False


class RuleShown(Document):
    """A level; null stands for whatever it is, `former` for a peer that is one no more."""

    peer: str | None
    former: bool
    measure: Measure | None
    scope: str | None
    attention: Attention


class WeightShown(Document):
    """The most that a circumstance leaves of a finding."""

    peer: str | None
    former: bool
    circumstance: Circumstance
    attention: Attention


class RequirementShown(Document):
    """What is asked of a decision."""

    peer: str | None
    former: bool
    approvals: int
    custody: Custody


class PolicyShown(Document):
    """All of it."""

    rules: list[RuleShown]
    weights: list[WeightShown]
    requirements: list[RequirementShown]


class Level(Document):
    """The level of a finding, and whether it makes a match."""

    attention: Attention
    counts: bool


class Changed(Document):
    """A finding that is kept, as it is and as it would be."""

    finding: str
    issuer: str
    attestation: str
    before: Annotated[Level, Field(alias="from")]
    after: Annotated[Level, Field(alias="to")]
    why: English


class Previewed(Document):
    """The findings that would have another level, or make a match no more, or anew."""

    changes: list[Changed]


class Verdict(Body):
    """Whether it is the person whom the issuer means, and who judged so."""

    judged: Judged
    by: Annotated[str, Field(min_length=1, max_length=judging.MAX_NAME)]


class JudgmentShown(Document):
    """What was judged of somebody; of whom, nobody can read here."""

    issuer: str
    attestation: str
    judged: Judged
    by: str
    on: str


class AllJudged(Document):
    """All judgments."""

    judgments: list[JudgmentShown]


async def show(call: Call[Nothing, NoQuery]) -> PolicyShown:
    """What peers' words mean here."""
    return await _shown(call)


async def change(call: Call[Change, NoQuery]) -> PolicyShown:
    """Set a part of the policy, or drop it."""
    await policymaking.adopt(call.node, await _proposed(call), call.now)
    return await _shown(call)


async def preview(call: Call[Change, NoQuery]) -> Previewed:
    """What a change would do to the findings that are kept; nothing is changed."""
    found = await policymaking.previewed(call.node, await _proposed(call), call.now)
    return Previewed(changes=[Changed.model_validate(each.to_value()) for each in found])


async def judge(call: Call[Verdict, NoQuery]) -> KeptFinding:
    """Judge whether the person who was found is the one whom the issuer means."""
    given, caller, id_ = call.body, call.caller, call.path["id"]
    found = await kept.show(call.node, id_, call.now)
    if found.finding.is_own and caller.role != "officer":
        raise NotYours("what this community has decided itself is judged by its officers")
    # Whoever calls is named as well: an other name is what they say.
    by = caller.name if given.by == caller.name else f"{given.by} ({caller.name})"
    read = await judging.judge(call.node, id_, given.judged, by, call.now)
    return KeptFinding.model_validate(read.to_value())


async def judged(call: Call[Nothing, NoQuery]) -> AllJudged:
    """What was judged, by whom and when."""
    made = await judging.every(call.node)
    return AllJudged(
        judgments=[
            JudgmentShown(
                issuer=issuer,
                attestation=each.attestation,
                judged=each.judged,
                by=each.by,
                on=day_of(each.at).isoformat(),
            )
            for issuer, each in made
        ]
    )


async def _proposed(call: Call[Change, NoQuery]) -> Proposed:
    given, goes = call.body.part, call.body.drop
    find = policymaking.peer_in_policy if goes else policymaking.active_peer
    peer = None if given.peer is None else await find(call.node, given.peer)
    return Proposed(given.part(peer), goes=goes)


async def _shown(call: Call[Any, Any]) -> PolicyShown:
    found = await policymaking.named(call.node)
    parts = [(each, found.to_value(each)) for each in found.policy.parts()]
    return PolicyShown(
        rules=[RuleShown.model_validate(said) for each, said in parts if isinstance(each, Rule)],
        weights=[
            WeightShown.model_validate(said) for each, said in parts if isinstance(each, Weight)
        ],
        requirements=[
            RequirementShown.model_validate(said)
            for each, said in parts
            if isinstance(each, Requirement)
        ],
    )
