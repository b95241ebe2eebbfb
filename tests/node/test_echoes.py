"""Findings that go back to one decision: one counts, with the most attention of any of them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from node.echoes import Key, count_once, root
from node.policy import Policy, Stated
from tests.node.policies import LEVELS, PEERS, POLICIES, STATED

KEYS: list[Key] = [(peer, f"{number}") for peer in PEERS for number in range(2)]
UNSEEN: Key = (b"u" * 32, "0")
"""What nothing here was found by."""

ORIGINS = st.dictionaries(
    st.sampled_from(KEYS), st.sampled_from([None, UNSEEN, *KEYS]), min_size=1
).map(lambda each: {key: None if origin == key else origin for key, origin in each.items()})


@st.composite
def persons(draw: st.DrawFn) -> tuple[dict[Key, Stated], dict[Key, Key | None]]:
    """What is stated of one person by whom, and what each of that follows."""
    origins: dict[Key, Key | None] = draw(ORIGINS)
    # Most of it weighs: groups of which nothing does have nothing to show.
    stated = {}
    for key in origins:
        drawn = replace(draw(STATED), peer=key[0])
        plain = replace(drawn, circumstances=frozenset(), facts=())
        stated[key] = draw(st.sampled_from([plain, plain, plain, drawn]))
    return stated, origins


Person = tuple[Mapping[Key, Stated], Mapping[Key, Key | None]]


def _highest(person: Person, policy: Policy) -> dict[Key, int]:
    """The most attention that is asked for what goes back to each source, where it counts."""
    stated, origins = person
    highest: dict[Key, int] = {}
    for key, verdict in count_once(stated, origins, policy).items():
        if not verdict.silences:
            source = root(key, origins)
            highest[source] = max(highest.get(source, 0), verdict.urgency)
    return highest


@given(ORIGINS)
def test_what_follows_another_goes_back_to_the_same(origins: dict[Key, Key | None]) -> None:
    """However long the way, and also in a circle."""
    for key, origin in origins.items():
        if origin is None:
            assert root(key, origins) == key
        else:
            assert root(key, origins) == root(origin, origins)


@given(persons(), POLICIES)
def test_row_9_what_goes_back_to_one_decision_counts_once(person: Person, policy: Policy) -> None:
    """Once where anything of it would by itself, with the most that any of it would have."""
    stated, origins = person
    alone = {key: policy.judge(each) for key, each in stated.items()}
    verdicts = count_once(stated, origins, policy)
    assert set(verdicts) == set(stated)
    counted = Counter(root(key, origins) for key, each in verdicts.items() if not each.silences)
    voices: dict[Key, list[int]] = {}
    for key, each in alone.items():
        if not each.silences:
            voices.setdefault(root(key, origins), []).append(each.urgency)
    assert counted == dict.fromkeys(voices, 1)
    assert _highest(person, policy) == {source: max(each) for source, each in voices.items()}


@given(persons(), POLICIES)
def test_row_9_a_decision_that_weighs_counts_before_what_follows_it(
    person: Person, policy: Policy
) -> None:
    """Whoever decided is asked, not whoever repeats it."""
    stated, origins = person
    verdicts = count_once(stated, origins, policy)
    for key, origin in origins.items():
        if origin is None and not policy.judge(stated[key]).silences:
            assert not verdicts[key].silences


@given(persons(), POLICIES)
def test_every_level_of_a_group_is_explained(person: Person, policy: Policy) -> None:
    """Also of the one that has another's level, and of those that do not count for it."""
    for verdict in count_once(*person, policy).values():
        assert verdict.why.startswith(f"Marked {verdict.attention}, ")
        assert verdict.why.count("Marked ") == 1
        assert ". " not in verdict.why


@given(persons(), POLICIES, st.data())
def test_a_more_attentive_policy_lowers_no_decision(
    person: Person, policy: Policy, data: st.DataObject
) -> None:
    """Whichever of its findings it is that counts for it then."""
    raised = [
        replace(each, attention=data.draw(st.sampled_from(LEVELS[LEVELS.index(each.attention) :])))
        for each in policy.rules
    ]
    less = _highest(person, policy)
    more = _highest(person, Policy(raised, policy.weights))
    assert all(more[source] >= level for source, level in less.items())
