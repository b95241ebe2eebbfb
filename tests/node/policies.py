"""Any policy, and anything that is stated: what properties of the policy are tried on."""

from hypothesis import strategies as st

from node.attention import Attention, Reason
from node.policy import Circumstance, Policy, Requirement, Rule, Stated, Weight
from protocol.attested import Quorum
from protocol.claims import Measure, ScopeKind
from protocol.english import English
from protocol.statements import Custody

PEERS = (b"a" * 32, b"b" * 32)
MEASURES: tuple[Measure, ...] = ("ban", "suspension", "restriction")
SCOPES: tuple[ScopeKind, ...] = ("event", "membership")
SPACES = ("one", "two")
CUSTODIES: tuple[Custody, ...] = ("node", "browser", "own")
LEVELS: tuple[Attention, ...] = ("ignore", "note", "review", "urgent")
"""From the least to the most."""
CIRCUMSTANCES: tuple[Circumstance, ...] = (
    "weak",
    "stayed",
    "review_due",
    "unwitnessed",
    "recognised",
)

LEVEL = st.sampled_from(LEVELS)
ANY_PEER = st.sampled_from([None, *PEERS])


def _rule(attention: Attention, peer: bytes | None, measure: Measure | None, place: str) -> Rule:
    scope, _, space = place.partition(":")
    return Rule(attention, peer, measure, scope or None, space or None)  # type: ignore[arg-type]


RULES = st.builds(
    _rule,
    attention=LEVEL,
    peer=ANY_PEER,
    measure=st.sampled_from([None, *MEASURES]),
    place=st.sampled_from(["", *SCOPES, *(f"{kind}:{slug}" for kind in SCOPES for slug in SPACES)]),
)
WEIGHTS = st.builds(Weight, st.sampled_from(CIRCUMSTANCES), LEVEL, ANY_PEER)
REQUIREMENTS = st.builds(Requirement, st.integers(1, 4), st.sampled_from(CUSTODIES), ANY_PEER)
POLICIES = st.builds(
    Policy,
    st.lists(RULES, max_size=8, unique_by=lambda each: each.subject),
    st.lists(WEIGHTS, max_size=4, unique_by=lambda each: each.subject),
    st.lists(REQUIREMENTS, max_size=2, unique_by=lambda each: each.subject),
)

QUORUMS = st.builds(
    lambda n, custody: Quorum((b"k",) * n, 5, 1, custody),
    st.integers(1, 5),
    st.sampled_from(CUSTODIES),
)
FACTS = st.sampled_from(
    [
        Reason("note", English("as it is over before the days asked about"), silences=True),
        Reason("note", English("as judged a different person"), silences=True, always=True),
        Reason("urgent", English("as judged the same person"), always=True),
    ]
)
STATED = st.builds(
    Stated,
    peer=st.sampled_from(PEERS),
    issuer=st.just("python.example"),
    measure=st.sampled_from(MEASURES),
    places=st.frozensets(
        st.tuples(st.sampled_from(SCOPES), st.sampled_from([None, *SPACES])), min_size=1
    ),
    quorum=QUORUMS,
    circumstances=st.frozensets(
        st.sampled_from([each for each in CIRCUMSTANCES if each != "weak"])
    ),
    facts=st.lists(FACTS, max_size=2, unique=True).map(tuple),
)
WEAK = st.builds(
    Stated,
    peer=st.sampled_from(PEERS),
    issuer=st.just("python.example"),
    measure=st.none(),
    places=st.just(frozenset()),
    quorum=QUORUMS,
    circumstances=st.frozensets(st.sampled_from(["stayed", "review_due", "unwitnessed"])).map(
        lambda each: each | {"weak"}
    ),
    facts=st.lists(FACTS, max_size=2, unique=True).map(tuple),
)
"""Matched by a name or the like only."""
