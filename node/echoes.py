"""Findings that go back to one decision: they count once, with the most attention of any of them.

A recognition follows the attestation of another community, which may follow one itself. The
attestations about one person that go back to the same are one group, and of those in it that would
make a match, one does: the decision itself, if it is among them. So a recognised copy adds no
weight; it takes none away either, for the one that counts has the level of the one that is trusted
most. Two that recognise each other are a group like any other: one of them counts.

What a recognition follows has ended where anything on the way is: then it weighs nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date

from node.attention import Reason, Verdict, settle
from node.policy import Policy, Stated
from protocol.english import English
from protocol.register import Register

Key = tuple[bytes, str]
"""An attestation: fingerprint of the issuer, and id."""

Origins = Mapping[Key, Key | None]
"""What each of the attestations that are known for what they say follows; None: it decides."""

_ECHO = Reason(
    "note",
    English(
        "as it goes back to the same decision as another finding here, and counts once, with that"
    ),
    silences=True,
)


def root(key: Key, origins: Origins) -> Key:
    """What an attestation goes back to, as far as that is known here.

    Of those that follow each other in a circle, it is the same for all.
    """
    way = list(_way(key, origins))
    following = origins.get(way[-1])
    return way[-1] if following is None else min(way[way.index(following) :])


def follows_ended(
    key: Key, origins: Origins, registers: Mapping[bytes, Register], today: date
) -> bool:
    """Whether anything that an attestation goes back to has ended."""
    return any(_has_ended(each, registers, today) for each in list(_way(key, origins))[1:])


def count_once(
    stated: Mapping[Key, Stated], origins: Origins, policy: Policy
) -> dict[Key, Verdict]:
    """The levels of all that is stated of one person; `origins` has those that can be a match."""
    verdicts = {key: policy.judge(each) for key, each in stated.items()}
    groups: dict[Key, list[Key]] = {}
    for key in origins:
        if not verdicts[key].silences:
            groups.setdefault(root(key, origins), []).append(key)
    for source, voices in groups.items():
        loudest = max(voices, key=lambda each: verdicts[each].urgency)
        counting = source if source in voices else loudest
        if verdicts[loudest].urgency > verdicts[counting].urgency:
            verdicts[counting] = _raised(stated[counting], stated[loudest], verdicts[loudest])
        for key in voices:
            if key != counting:
                facts = (*stated[key].facts, _ECHO)
                verdicts[key] = policy.judge(replace(stated[key], facts=facts))
    return verdicts


def _raised(counting: Stated, loudest: Stated, verdict: Verdict) -> Verdict:
    because = English(
        "as %(issuer)s says the same, %(because)s", issuer=loudest.issuer, because=verdict.because
    )
    said = [each for each in counting.facts if each.always]
    return settle([Reason(verdict.attention, because), *said])


def _way(key: Key, origins: Origins) -> Iterator[Key]:
    """An attestation, what it follows, what that follows, …, each once."""
    seen: list[Key] = []
    following: Key | None = key
    while following is not None and following not in seen:
        seen.append(following)
        yield following
        following = origins.get(following)


def _has_ended(key: Key, registers: Mapping[bytes, Register], today: date) -> bool:
    log, attestation = key
    register = registers.get(log)
    found = None if register is None else register.attestations.get(attestation)
    return found is not None and found.state(today).is_final
