"""The community's own policy: the most specific rule counts, and says why."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from node.attention import Attention, Verdict
from node.checking import Occasion, check
from node.node import Node
from node.policy import DEFAULTS, Circumstance, Part, Policy, Requirement, Rule, Stated, Weight
from node.store import Store, policies
from protocol.encoding import base64url
from protocol.identifiers import related
from protocol.statements import Custody
from tests.node.issuers import NOW, TODAY, Issuer, Reach
from tests.node.policies import (
    CIRCUMSTANCES,
    CUSTODIES,
    LEVEL,
    LEVELS,
    PEERS,
    POLICIES,
    REQUIREMENTS,
    RULES,
    STATED,
    WEAK,
    WEIGHTS,
)
from tests.node.test_checking import MALLORY, NO_EVENT, admitted_and_asked, issuer, node

__all__ = ["issuer", "node"]

ANYTHING = st.one_of(STATED, WEAK)
PLAIN = STATED.map(lambda each: replace(each, circumstances=frozenset(), facts=()))
"""Where nothing but rules and requirements has a say."""


def urgency(verdict: Verdict) -> tuple[int, bool]:
    """By which one verdict asks for more than another."""
    return LEVELS.index(verdict.attention), not verdict.silences


@given(st.lists(RULES, max_size=6), PLAIN)
def test_the_most_specific_rule_counts_and_without_one_it_is_for_review(
    rules: list[Rule], stated: Stated
) -> None:
    """Place by place it is the level of a rule that fits, before which no fitting one goes."""
    verdict = Policy(rules).judge(stated)
    levels = []
    for place in stated.places:
        fitting = [rule for rule in rules if rule.fits(stated, place)]
        best = max((rule.specificity for rule in fitting), default=None)
        levels += [
            max((r.attention for r in fitting if r.specificity == best), key=LEVELS.index)
            if fitting
            else "review"
        ]
    assert verdict.attention == max(levels, key=LEVELS.index)
    assert verdict.silences == (verdict.attention == "ignore")
    assert Policy(rules[::-1]).judge(stated) == verdict


@given(POLICIES, ANYTHING)
def test_every_finding_says_in_one_sentence_why_it_has_its_level(
    policy: Policy, stated: Stated
) -> None:
    """It names that level and no other one; and that it makes no match where that is so."""
    verdict = policy.judge(stated)
    sentence = verdict.why
    assert sentence.startswith(f"Marked {verdict.attention}, ")
    assert sentence.count("Marked ") == 1
    assert ". " not in sentence
    assert sentence.endswith(".")
    assert ("it makes no match" in sentence) == verdict.silences
    assert verdict.because
    for fact in stated.facts:
        assert not fact.always or fact.because in sentence


@given(STATED)
def test_what_keeps_a_finding_from_being_a_match_is_always_said(stated: Stated) -> None:
    """Also where something else takes more of its attention."""
    under = replace(stated, circumstances=frozenset({"stayed", "recognised"}), facts=())
    verdict = Policy(weights=[Weight("stayed", "review"), Weight("recognised", "note")]).judge(
        under
    )
    assert verdict.why == (
        "Marked note, as it follows another community's decision, and as it is stayed; "
        "it makes no match."
    )


@given(POLICIES, ANYTHING, st.data())
def test_a_more_attentive_policy_never_lowers_a_finding(
    policy: Policy, stated: Stated, data: st.DataObject
) -> None:
    """Whatever level is raised, or whatever is asked for less: no finding gets less attention."""
    more = Policy(
        [replace(each, attention=_raised(data, each.attention)) for each in policy.rules],
        [
            *(replace(each, attention=_raised(data, each.attention)) for each in policy.weights),
            *_raised_defaults(data, policy),
        ],
        [_eased(data, each) for each in policy.requirements],
    )
    assert urgency(more.judge(stated)) >= urgency(policy.judge(stated))


def _raised(data: st.DataObject, attention: Attention) -> Attention:
    return data.draw(st.sampled_from(LEVELS[LEVELS.index(attention) :]))


def _raised_defaults(data: st.DataObject, policy: Policy) -> list[Weight]:
    """Also what is left to a circumstance for all peers may be raised from what is by default."""
    said = {each.circumstance for each in policy.weights if each.peer is None}
    return [
        Weight(each, _raised(data, DEFAULTS[each])) for each in CIRCUMSTANCES if each not in said
    ]


def _eased(data: st.DataObject, asked: Requirement) -> Requirement:
    approvals = data.draw(st.integers(1, asked.approvals))
    custody = data.draw(st.sampled_from(CUSTODIES[: CUSTODIES.index(asked.custody) + 1]))
    return replace(asked, approvals=approvals, custody=custody)


@given(POLICIES, STATED, STATED)
def test_a_wider_sanction_gets_no_less_attention(
    policy: Policy, stated: Stated, other: Stated
) -> None:
    """What is said of one space takes nothing from another that the same sanction is about."""
    wider = replace(stated, places=stated.places | other.places)
    assert urgency(policy.judge(wider)) >= urgency(policy.judge(stated))


@given(POLICIES, ANYTHING, st.sampled_from(CIRCUMSTANCES))
def test_a_circumstance_only_takes_away(
    policy: Policy, stated: Stated, circumstance: Circumstance
) -> None:
    """Never more attention because something is stayed, recognised, or the like."""
    under = replace(stated, circumstances=stated.circumstances | {circumstance})
    assert urgency(policy.judge(under)) <= urgency(policy.judge(stated))


@given(POLICIES, PLAIN, LEVEL)
def test_by_default_a_due_review_unwitnessed_and_recognised_weigh_in_full(
    policy: Policy, stated: Stated, level: Attention
) -> None:
    """And what is stayed or matched by a name is a note; a peer's own weight goes before all's."""
    without = replace(policy, weights=[])
    for each in ("review_due", "unwitnessed", "recognised"):
        under = replace(stated, circumstances=frozenset({each}))
        assert urgency(without.judge(under)) == urgency(without.judge(stated))
    own = [Weight("review_due", level, stated.peer), Weight("review_due", "ignore")]
    under = replace(stated, circumstances=frozenset({"review_due"}))
    most = replace(policy, weights=own).judge(under).attention
    assert most == min(level, without.judge(stated).attention, key=LEVELS.index)


@given(POLICIES, WEAK)
def test_row_22_no_rule_about_what_is_not_known_fits_a_weak_hit(
    policy: Policy, stated: Stated
) -> None:
    """Neither to raise nor to hide it: what measure and scope are, nobody knows here."""
    general = [rule for rule in policy.rules if rule.measure is None and rule.scope is None]
    assert policy.judge(stated) == replace(policy, rules=general).judge(stated)


@given(POLICIES, ANYTHING)
def test_row_8_what_is_stayed_never_makes_a_match(policy: Policy, stated: Stated) -> None:
    """Row 8: however much attention a policy leaves to it."""
    stayed = replace(stated, circumstances=stated.circumstances | {"stayed"})
    assert policy.judge(stayed).silences


@given(st.integers(1, 5), st.sampled_from(CUSTODIES), PLAIN)
def test_what_falls_short_makes_no_match(approvals: int, custody: Custody, stated: Stated) -> None:
    """And what suffices is as it would be without; a peer's own requirement goes before."""
    quorum = stated.quorum
    verdict = Policy(requirements=[Requirement(approvals, custody)]).judge(stated)
    weaker = CUSTODIES.index(quorum.custody) < CUSTODIES.index(custody)
    assert verdict.silences == (len(quorum.approved) < approvals or weaker)
    asked = [Requirement(5, "own"), Requirement(1, peer=stated.peer)]
    assert not Policy(requirements=asked).judge(stated).silences


@given(POLICIES, st.one_of(RULES, WEIGHTS, REQUIREMENTS))
def test_there_is_one_part_about_the_same(policy: Policy, part: Part) -> None:
    """What is set stands in place of what stood there; what is dropped stands no more."""
    having = policy.having(part)
    assert [each for each in having.parts() if _same(each, part)] == [part]
    assert not [each for each in having.lacking(part).parts() if _same(each, part)]
    others = [each for each in policy.parts() if not _same(each, part)]
    assert having.lacking(part).parts() == others


def _same(one: Part, other: Part) -> bool:
    return type(one) is type(other) and one.subject == other.subject


async def test_a_policy_is_kept_as_it_was_saved(store: Store) -> None:
    """And in place of the one before."""
    first = Policy([Rule("note", PEERS[0], "ban", "event", "one"), Rule("ignore")])
    second = Policy(
        [Rule("urgent")], [Weight("weak", "review", PEERS[1])], [Requirement(3, "own", PEERS[1])]
    )
    for policy in (first, second, Policy()):
        async with store.write() as connection:
            await policies.save(connection, policy)
        async with store.read() as connection:
            loaded = await policies.load(connection)
        assert sorted(map(repr, loaded.parts())) == sorted(map(repr, policy.parts()))


async def _has(node: Node, *parts: Part) -> None:
    policy = Policy()
    for part in parts:
        policy = policy.having(part)
    async with node.store.write() as connection:
        await policies.save(connection, policy)


async def _asked_of_both(node: Node, *issuers: Issuer) -> list[tuple[str, str, bool]]:
    """What they say of Mallory: by whom, the level, and whether it counts."""
    for each in issuers:
        await each.admitted_at(node)
    asked = [each for text in MALLORY for each in related(*text.split(":", 1))]
    result = await check(node, Reach(*issuers), asked, Occasion(None, NO_EVENT), now=NOW)
    return [(each.issuer, each.attention, each.counts) for each in result.findings]


async def test_a_finding_has_the_level_of_the_policy_and_says_so(
    node: Node, issuer: Issuer
) -> None:
    """Urgent by rule; ignored it is still listed, and nothing is found."""
    issuer.publish("email:mallory@quill.example")
    space = Rule("urgent", issuer.fingerprint, "ban", "event_series", "pyregion")
    await _has(node, Rule("note", issuer.fingerprint, "ban", "event_series"), space)
    result = await admitted_and_asked(node, issuer, "email:mallory@quill.example")
    (finding,) = result.findings
    assert (result.outcome, finding.attention) == ("match", "urgent")
    because = "by the rule here for python.example (ban, event_series:pyregion)"
    assert f"Marked urgent, {because}." in finding.why
    await _has(node, Rule("ignore"))
    result = await admitted_and_asked(node, issuer, "email:mallory@quill.example")
    (finding,) = result.findings
    assert (result.outcome, finding.attention) == ("nothing_found", "ignore")
    assert "Marked ignore, by the rule here for all peers; it makes no match." in finding.why


async def test_row_8_what_falls_short_is_listed_and_makes_no_match(
    node: Node, issuer: Issuer
) -> None:
    """Row 8: an issuer of one officer is a note where the policy asks for two."""
    issuer.publish("email:mallory@quill.example")
    await _has(node, Requirement(2))
    result = await admitted_and_asked(node, issuer, "email:mallory@quill.example")
    (finding,) = result.findings
    assert (result.outcome, finding.attention, finding.counts) == ("nothing_found", "note", False)
    assert "asks for 2 approvals" in finding.why


async def test_row_8_a_stayed_one_weighs_nothing_whatever_it_is_called(
    node: Node, issuer: Issuer
) -> None:
    """Row 8: it may be called urgent, so that somebody looks; it makes no match."""
    issuer.publish("email:mallory@quill.example", notice_until=TODAY - timedelta(days=1))
    await _has(node, Rule("urgent"), Weight("stayed", "urgent"))
    result = await admitted_and_asked(node, issuer, "email:mallory@quill.example")
    (finding,) = result.findings
    assert (result.outcome, finding.attention, finding.counts) == ("nothing_found", "urgent", False)
    assert "Marked urgent, as it is stayed; it makes no match." in finding.why


async def test_a_name_alone_is_judged_by_the_policy_and_stays_possible(
    node: Node, issuer: Issuer
) -> None:
    """A note by default, what is left to it otherwise; ignored with its peer, and never a match."""
    issuer.publish(*MALLORY)
    for parts, expected in (
        ((), ("possible", "note")),
        ((Weight("weak", "review"), Rule("urgent")), ("possible", "review")),
        ((Rule("ignore", issuer.fingerprint),), ("nothing_found", "ignore")),
        ((Rule("ignore", measure="ban"),), ("possible", "note")),
        ((Requirement(2),), ("nothing_found", "note")),
    ):
        await _has(node, *parts)
        result = await admitted_and_asked(node, issuer, "name:Mallory Quill")
        (finding,) = result.findings
        assert (result.outcome, finding.attention) == expected, parts
        assert f"Marked {finding.attention}, " in finding.why


async def test_a_log_that_nobody_else_witnessed_weighs_what_is_left_to_it(
    node: Node, issuer: Issuer
) -> None:
    """With the cosignature of another active peer it weighs in full; its own does not do."""
    issuer.publish(*MALLORY)
    await _has(node, Weight("unwitnessed", "note"))
    result = await admitted_and_asked(node, issuer, *MALLORY)
    assert "nobody but its issuer and this community has witnessed" in result.findings[0].why
    assert (result.outcome, result.findings[0].attention) == ("match", "note")
    witness = Issuer("witness.example")
    await witness.admitted_at(node)
    issuer.witnesses.append(witness)
    result = await admitted_and_asked(node, issuer, *MALLORY)
    assert result.findings[0].attention == "review"


async def test_row_9_the_one_that_counts_has_the_level_of_whom_is_trusted_most(
    node: Node, issuer: Issuer
) -> None:
    """Row 9: what recognises it makes no match of its own, and takes no attention away."""
    source = issuer.publish(*MALLORY)
    echo = Issuer("echo.example")
    origin = {"kind": "recognition", "log": base64url(issuer.fingerprint), "attestation": source}
    echo.publish(*MALLORY, origin=origin)
    await echo.admitted_at(node)
    await _has(node, Rule("note", issuer.fingerprint), Rule("urgent", echo.fingerprint))
    result = await _asked_of_both(node, issuer, echo)
    assert result == [("python.example", "urgent", True), ("echo.example", "note", False)]
    await _has(node, Rule("ignore", issuer.fingerprint))
    result = await _asked_of_both(node, issuer, echo)
    assert result == [("echo.example", "review", True), ("python.example", "ignore", False)]
    await _has(node, Weight("recognised", "ignore"))
    result = await _asked_of_both(node, issuer, echo)
    assert result == [("python.example", "review", True), ("echo.example", "ignore", False)]
