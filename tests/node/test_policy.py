"""The community's own policy: the most specific rule counts, and says why."""

from hypothesis import given
from hypothesis import strategies as st

from node.node import Node
from node.policy import Attention, Policy, Requirement, Rule, Stated
from node.store import policies
from protocol.attested import Quorum
from protocol.claims import Measure, ScopeKind
from protocol.statements import Custody
from tests.node.issuers import Issuer
from tests.node.test_checking import admitted_and_asked, issuer
from tests.paths import ROOT

__all__ = ["issuer"]

PEERS = (b"a" * 32, b"b" * 32)
MEASURES: tuple[Measure, ...] = ("ban", "suspension", "restriction")
SCOPES: tuple[ScopeKind, ...] = ("event", "membership")
CUSTODIES: tuple[Custody, ...] = ("node", "browser", "own")
LEVELS: tuple[Attention, ...] = ("urgent", "review", "note", "ignore")

RULES = st.builds(
    Rule,
    attention=st.sampled_from(LEVELS),
    peer=st.sampled_from([None, *PEERS]),
    measure=st.sampled_from([None, *MEASURES]),
    scope=st.sampled_from([None, *SCOPES]),
)
QUORUMS = st.builds(
    lambda n, custody: Quorum((b"k",) * n, 5, 1, custody),
    st.integers(1, 5),
    st.sampled_from(CUSTODIES),
)
STATED = st.builds(
    Stated,
    peer=st.sampled_from(PEERS),
    measure=st.sampled_from(MEASURES),
    scopes=st.frozensets(st.sampled_from(SCOPES), min_size=1),
    quorum=QUORUMS,
)


@given(st.lists(RULES, max_size=6), STATED)
def test_the_most_specific_rule_counts_and_without_one_it_is_for_review(
    rules: list[Rule], stated: Stated
) -> None:
    """Whatever the rules, the level is that of a rule that fits, and no fitting one goes before."""
    verdict = Policy(rules).judge(stated)
    fitting = [rule for rule in rules if rule.fits(stated)]
    if not fitting:
        assert (verdict.attention, verdict.why) == ("review", "")
        return
    best = max(rule.specificity for rule in fitting)
    equal = {rule.attention for rule in fitting if rule.specificity == best}
    assert verdict.attention == next(level for level in LEVELS if level in equal)
    assert Policy(rules[::-1]).judge(stated) == verdict
    assert verdict.why
    assert verdict.silences == (verdict.attention == "ignore")


@given(st.integers(1, 5), st.sampled_from(CUSTODIES), STATED)
def test_what_falls_short_makes_no_match(approvals: int, custody: Custody, stated: Stated) -> None:
    """And what suffices is as it would be without; a peer's own requirement goes before."""
    quorum = stated.quorum
    verdict = Policy((), [Requirement(approvals, custody)]).judge(stated)
    weaker = CUSTODIES.index(quorum.custody) < CUSTODIES.index(custody)
    assert verdict.silences == (len(quorum.approved) < approvals or weaker)
    own = Policy((), [Requirement(5, "own"), Requirement(1, peer=stated.peer)]).judge(stated)
    assert not own.silences


async def test_a_finding_has_the_level_of_the_policy_and_says_so(
    node: Node, issuer: Issuer
) -> None:
    """Urgent by rule; ignored it is still listed, and nothing is found."""
    issuer.publish("email:mallory@quill.example")
    async with node.store.write() as connection:
        await policies.put_rule(connection, Rule("urgent", measure="ban"))
    result = await admitted_and_asked(node, issuer, "email:mallory@quill.example")
    (finding,) = result.findings
    assert (result.outcome, finding.attention) == ("match", "urgent")
    assert "policy here makes it: urgent" in finding.why


async def test_row_8_what_falls_short_is_listed_and_makes_no_match(
    node: Node, issuer: Issuer
) -> None:
    """Row 8: an issuer of one officer is a note where the policy asks for two."""
    issuer.publish("email:mallory@quill.example")
    async with node.store.write() as connection:
        await policies.put_requirement(connection, Requirement(2))
    result = await admitted_and_asked(node, issuer, "email:mallory@quill.example")
    (finding,) = result.findings
    assert (result.outcome, finding.attention, finding.counts) == ("nothing_found", "note", False)
    assert "asks for 2 approvals" in finding.why


def test_nothing_here_ever_says_deny() -> None:
    """A human decides: the word stands in no code and no text that this software shows."""
    word = "de" + "ny"
    for folder in ("protocol", "node"):
        for path in (ROOT / folder).rglob("*.py"):
            assert word not in path.read_text("utf-8").lower().split()
