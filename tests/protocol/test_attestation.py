"""Attestations: what a community can state, and what nobody can be made to believe."""

import itertools
from dataclasses import replace
from datetime import date
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openvc.proof.sd_jwt import SdJwtVcProofSuite

from protocol import attestation, sdjwt
from protocol.attestation import SUBJECT_SIZES, Disclosable
from protocol.claims import DAY, MAX_LIFE, Basis, Claims, DecidedBy, expiry
from protocol.encoding import base64url, canonical_json
from protocol.errors import BadSignature, Malformed, OutOfTime, TooLarge
from protocol.keys import SigningKey
from tests.protocol.samples import (
    DECIDED_BY,
    ENDS,
    ID,
    IDENTIFIERS,
    KEY,
    MAIL,
    NAME,
    NOW,
    claims,
    issued,
    payload,
    plain,
    verified,
)

SALT = bytes(16)


def check(value: dict[str, Any], *disclosures: str) -> attestation.VerifiedAttestation:
    """Verify a payload that was signed as it is."""
    return attestation.verify(sdjwt.sign(value, KEY), KEY.public_key, disclosures, now=NOW)


def with_subject(*values: Any) -> tuple[dict[str, Any], list[str]]:
    """A payload whose first elements of `subject` are `values`, and their disclosures."""
    disclosures = [sdjwt.array_disclosure(bytes([i]) * 16, each) for i, each in enumerate(values)]
    subject = [{"...": sdjwt.digest(each)} for each in disclosures]
    return payload(subject=subject + payload()["subject"][len(subject) :]), disclosures


def with_property(name: str, value: Any) -> tuple[dict[str, Any], str]:
    """A payload with a disclosable claim, and its disclosure."""
    disclosure = sdjwt.object_disclosure(SALT, name, value)
    return payload(_sd=[sdjwt.digest(disclosure), payload()["_sd"][0]]), disclosure


def test_what_is_issued_verifies_with_everything_disclosed() -> None:
    made = issued()
    seen = verified(made)
    assert seen.claims == claims()
    assert seen.subject == made.subject
    assert tuple(seen.subject) == IDENTIFIERS
    assert (seen.basis, seen.decided_by) == ("harassment", DECIDED_BY)
    assert seen.jwt_hash == sdjwt.jwt_hash(made.jwt)


def test_what_is_not_disclosed_is_not_known() -> None:
    """A match discloses one identifier; why and who decided come only if humans agree."""
    made = issued()
    bare = attestation.verify(made.jwt, KEY.public_key, [], now=NOW)
    assert (bare.subject, bare.basis, bare.decided_by) == ({}, None, None)
    one = attestation.verify(made.jwt, KEY.public_key, [made.subject[MAIL]], now=NOW)
    assert list(one.subject) == [MAIL]
    later = attestation.verify(made.jwt, KEY.public_key, [made.decided_by], now=NOW)
    assert (later.basis, later.decided_by) == (None, DECIDED_BY)


@pytest.mark.parametrize(
    ("identifiers", "digests"), [(1, 4), (4, 4), (5, 8), (8, 8), (9, 16), (17, 32), (32, 32)]
)
def test_subject_is_filled_with_decoys(identifiers: int, digests: int) -> None:
    """The number of identifiers shows in steps only."""
    made = issued(*(f"github:fake-{number}" for number in range(identifiers)))
    assert len(verified(made).subject_digests) == digests
    assert len(made.decoy_seeds) == digests - identifiers


def test_the_order_of_digests_does_not_follow_the_identifiers() -> None:
    """Over many issues, the first identifier stands at every place."""
    places = set()
    for _ in range(100):
        made = issued()
        places.add(verified(made).subject_digests.index(sdjwt.digest(made.subject[MAIL])))
    assert places == set(range(4))


def test_two_attestations_of_the_same_share_no_digest() -> None:
    """Fresh salts and seeds, so that nothing links them."""
    first, second = verified(issued()), verified(issued())
    assert not set(first.subject_digests) & set(second.subject_digests)


def test_drawn_bytes_alone_decide_what_is_issued() -> None:
    """With the same random bytes another node issues the same JWT: a vector for strangers."""
    numbers = itertools.count()
    made = attestation.issue(
        claims(),
        Disclosable(IDENTIFIERS, "harassment", DECIDED_BY),
        KEY,
        draw=lambda size: bytes([next(numbers)]) * size,
    )
    assert made.subject[MAIL] == sdjwt.array_disclosure(bytes(16), MAIL)
    assert made.decoy_seeds == (bytes([5]) * 32,)
    assert (
        sdjwt.jwt_hash(made.jwt).hex()
        == "d7c182f818205c94e6cdc83ff2ea943ffed1ebc354a7d5f497eee7e4d8822c8b"
    )


# Completeness: an officer sees that nobody is named beyond what is shown.


def test_an_officer_sees_that_everything_is_shown() -> None:
    made = issued()
    attestation.check_complete(verified(made), made.decoy_seeds)


def test_a_hidden_identifier_cannot_pass_for_a_decoy() -> None:
    """Whatever is left out or added, the check fails; a seed cannot be made of a disclosure."""
    made = issued()
    attested = verified(made)
    without_name = {each: made.subject[each] for each in IDENTIFIERS if each != NAME}
    hiding = replace(attested, subject=without_name)
    hidden = made.subject[NAME].encode()
    for seeds in (made.decoy_seeds, (*made.decoy_seeds, hidden), (*made.decoy_seeds, bytes(32))):
        with pytest.raises(Malformed):
            attestation.check_complete(hiding, seeds)
    for seeds in ((), (*made.decoy_seeds, bytes(32)), made.decoy_seeds * 2):
        with pytest.raises(Malformed):
            attestation.check_complete(attested, seeds)


@pytest.mark.parametrize("missing", ["basis", "decided_by"])
def test_an_officer_is_shown_basis_and_vote(missing: str) -> None:
    made = issued()
    shown = [each for each in made.disclosures if each != getattr(made, missing)]
    attested = attestation.verify(made.jwt, KEY.public_key, shown, now=NOW)
    with pytest.raises(Malformed):
        attestation.check_complete(attested, made.decoy_seeds)


def test_a_decoy_is_no_disclosure() -> None:
    """What a decoy digest is the hash of holds a `:`, which no disclosure can."""
    with pytest.raises(Malformed):
        sdjwt.parse_disclosure(f"comity:decoy:v1:{base64url(bytes(32))}")


# The vocabulary.

ACCEPTED = [
    {"measure": "suspension", "ends_on": "2025-08-28", "exp": expiry(date(2025, 8, 28))},
    {"ends_on": "indefinite"},
    {"ends_on": "2999-12-31"},
    {"ends_on": "indefinite", "exp": plain()["iat"] + MAX_LIFE * DAY},
    {"scope": [{"kind": "all_own_spaces", "space": None}]},
    {"scope": [{"kind": "event", "space": "a"}, {"kind": "event", "space": "b"}]},
    {"scope": [{"kind": "role", "space": "a" * 63}, {"kind": "membership", "space": None}]},
    {"origin": {"kind": "recognition", "log": base64url(bytes(32)), "attestation": ID}},
    {"contact": "https://conduct.python.example/contact?form=1"},
    {"public_reference": "https://python.example"},
    {"public_reference": "https://www.python.example/decisions/2025-03#a"},
    {"in_force_from": "2024-01-01"},
    *({"measure": measure} for measure in ("membership_revocation", "status_removal")),
    {"measure": "restriction"},
]


@pytest.mark.parametrize("changes", ACCEPTED, ids=str)
def test_the_vocabulary_holds_what_communities_do(changes: dict[str, Any]) -> None:
    """And what is accepted is encoded again exactly as it was."""
    assert check(payload(**changes)).claims.to_bytes() == canonical_json(plain(**changes))


REFUSED: list[dict[str, Any]] = [
    {"iss": "Python.example"},
    {"iss": "python"},
    {"iss": "python.example."},
    {"iss": "127.0.0.1"},
    {"iss": "https://python.example"},
    {"iss": ("a" * 62 + ".") * 4 + "example"},
    {"iss": "pythön.example"},
    {"iss": "python.example\n"},
    {"log": base64url(bytes(31))},
    {"log": None},
    {"jti": ID.upper()},
    {"jti": ID.replace("-", "")},
    {"jti": ID + "\n"},
    {"jti": "2f1a9c1e-6f3b-1f0e-8a3d-0d7c5b1e9a42"},
    {"jti": "2f1a9c1e-6f3b-4f0e-ca3d-0d7c5b1e9a42"},
    {"iat": plain()["iat"] + 1},
    {"iat": str(plain()["iat"])},
    {"iat": True},
    {"iat": -DAY},
    {"iat": plain()["exp"]},
    {"iat": plain()["exp"] + DAY},
    {"exp": plain()["exp"] - 1},
    {"ends_on": "indefinite", "exp": plain()["iat"] + (MAX_LIFE + 1) * DAY},
    {"exp": plain()["exp"] + DAY},
    {"vct": "urn:comity:attestation:2"},
    {"vct": None},
    {"measure": "warning"},
    {"measure": "Ban"},
    {"measure": None},
    {"measure": ["ban"]},
    {"scope": []},
    {"scope": None},
    {"scope": {"kind": "event", "space": None}},
    {"scope": [{"kind": "event", "space": None}] * 2},
    {"scope": [{"kind": "event", "space": f"s{number}"} for number in range(33)]},
    {"scope": [{"kind": "event"}]},
    {"scope": [{"kind": "world", "space": None}]},
    {"scope": [{"kind": "event", "space": "Main Hall"}]},
    {"scope": [{"kind": "event", "space": "-a"}]},
    {"scope": [{"kind": "event", "space": ""}]},
    {"scope": [{"kind": "event", "space": "a" * 64}]},
    {"scope": [{"kind": "event", "space": "a\n"}]},
    {"scope": [{"kind": "all_own_spaces", "space": "a"}]},
    {"scope": [{"kind": "event", "space": None, "note": "x"}]},
    {"origin": {"kind": "own_decision", "log": base64url(bytes(32)), "attestation": ID}},
    {"origin": {"kind": "recognition"}},
    {"origin": {"kind": "recognition", "log": base64url(bytes(32)), "attestation": "x"}},
    {"origin": {"kind": "recognition", "log": plain()["log"], "attestation": ID}},
    {"origin": {"kind": "hearsay"}},
    {"origin": None},
    {"decided_on": None},
    {"decided_on": "2025-02-30"},
    {"decided_on": "27.02.2025"},
    {"decided_on": 20250227},
    {"in_force_from": "indefinite"},
    {"in_force_from": "2026-03-01"},
    {"ends_on": None},
    {"ends_on": "never"},
    {"ends_on": "2026-02-27"},
    {"measure": "suspension", "ends_on": "indefinite"},
    {"measure": "suspension", "ends_on": "2025-08-29", "exp": expiry(date(2025, 8, 29))},
    {"contact": None},
    {"contact": ""},
    {"contact": "Ask Robin at the desk"},
    {"contact": "Robin <conduct@python.example>"},
    {"contact": "mailto:conduct@python.example"},
    {"contact": "http://python.example/contact"},
    {"contact": "conduct@python.example\n"},
    {"contact": "a" * 64 + "@" + "b." * 95 + "example"},
    {"contact": "https://robin@python.example/"},
    {"public_reference": ""},
    {"public_reference": "http://python.example/a"},
    {"public_reference": "https://evil.example/"},
    {"public_reference": "https://evilpython.example/"},
    {"public_reference": "https://python.example.evil.example/"},
    {"public_reference": "https://python.example@evil.example/"},
    {"public_reference": "https://evil.example/python.example"},
    {"public_reference": "https://evil.example\\.python.example/"},
    {"public_reference": "https://python.example/Robin Vale did this"},
    {"public_reference": "https://python.example/\n"},
    {"public_reference": "https://python.example/" + "a" * 500},
    {"public_reference": "javascript://python.example/%0aalert(1)"},
    {"reason": "free text"},
    {"nbf": NOW},
    {"sub": "mallory"},
    {"cnf": {}},
    {"status": {}},
    {"subject": []},
    {"subject": None},
    {"subject": {}},
    {"subject": payload()["subject"][:3]},
    {"subject": [*payload()["subject"], {"...": sdjwt.digest("one more")}]},
    {"subject": [*payload()["subject"], "email:plain@example.org"]},
    {"subject": ["email:plain@example.org", *payload()["subject"][1:]]},
    {"subject": [{"...": sdjwt.digest(f"d{number}")} for number in range(64)]},
    {"_sd": []},
    {"_sd": payload()["_sd"][:1]},
    {"_sd": [*payload()["_sd"], sdjwt.digest("one more")]},
]


@pytest.mark.parametrize("changes", REFUSED, ids=lambda changes: str(changes)[:70])
def test_what_is_not_in_the_vocabulary_is_refused(changes: dict[str, Any]) -> None:
    """However well signed: no free text, no warning, no end that never comes."""
    check(payload())
    with pytest.raises(Malformed):
        check(payload(**changes))


@pytest.mark.parametrize("name", payload())
def test_every_member_is_required(name: str) -> None:
    """Null stands where there is nothing; a member that is left out is another message."""
    value = payload()
    del value[name]
    with pytest.raises(Malformed):
        check(value)


def test_row_21_no_member_takes_free_text() -> None:
    """A person's name fits into no member of an attestation that everybody who opens it sees."""
    texts = {name for name, value in plain(public_reference="").items() if isinstance(value, str)}
    for name in texts:
        with pytest.raises(Malformed):
            claims(**{name: "Robin Vale, R. V."})
    for inner in ("kind", "space"):
        with pytest.raises(Malformed):
            claims(scope=[{"kind": "event", "space": None, inner: "Robin Vale"}])
    for value in ({"body": "Robin Vale"}, {"by": "Robin Vale"}):
        with pytest.raises(Malformed):
            DecidedBy.from_value({"body": "board", "present": 3, "in_favour": 3, **value})


@pytest.mark.parametrize("basis", get_args(Basis))
def test_each_basis_is_disclosed_as_it_is(basis: Basis) -> None:
    value, disclosure = with_property("basis", basis)
    assert check(value, disclosure).basis == basis


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("basis", "terrorism"),
        ("basis", None),
        ("basis", ["harassment"]),
        ("basis", {"harassment": 1}),
        ("decided_by", None),
        ("decided_by", "board"),
        ("decided_by", {"body": "board", "present": 3}),
        ("decided_by", {"body": "board", "present": 3, "in_favour": 4}),
        ("decided_by", {"body": "board", "present": 3, "in_favour": 0}),
        ("decided_by", {"body": "board", "present": True, "in_favour": 1}),
        ("decided_by", {"body": "The Board", "present": 3, "in_favour": 3}),
        ("decided_by", {"body": "board", "present": 3, "in_favour": 3, "who": "x"}),
        ("reporter", "harassment"),
        ("subject", ["email:a@b.example"]),
        ("measure", "ban"),
    ],
)
def test_a_disclosed_claim_outside_the_vocabulary_is_refused(name: str, value: Any) -> None:
    signed, disclosure = with_property(name, value)
    with pytest.raises(Malformed):
        check(signed, disclosure)


@pytest.mark.parametrize("value", ["", "email:", ":a", "email", "E:a", 1, None, ["email:a"], {}])
def test_an_element_of_subject_is_kind_and_value(value: Any) -> None:
    signed, disclosures = with_subject(value)
    check(signed)
    with pytest.raises(Malformed):
        check(signed, *disclosures)


def test_an_identifier_that_stands_twice_is_refused() -> None:
    """Under two salts: it would be found twice, and count twice."""
    signed, disclosures = with_subject(MAIL, MAIL)
    check(signed, disclosures[0])
    with pytest.raises(Malformed):
        check(signed, *disclosures)


def test_an_element_longer_than_an_entry_holds_is_refused() -> None:
    signed, disclosures = with_subject("email:" + "a" * 395)
    with pytest.raises(TooLarge):
        check(signed, *disclosures)


def test_an_element_disclosed_elsewhere_is_refused() -> None:
    """The scope cannot be hidden behind a digest."""
    disclosure = sdjwt.array_disclosure(SALT, {"kind": "event", "space": None})
    with pytest.raises(Malformed):
        check(payload(scope=[{"...": sdjwt.digest(disclosure)}]), disclosure)


def test_expired_at_midnight_after_the_last_day() -> None:
    made = issued()
    last = expiry(ENDS) - 1
    attestation.verify(made.jwt, KEY.public_key, [], now=last)
    with pytest.raises(OutOfTime):
        attestation.verify(made.jwt, KEY.public_key, [], now=last + 1)


def test_expiry_is_midnight_utc_of_the_day_after() -> None:
    assert expiry(date(1970, 1, 1)) == DAY
    assert expiry(date(2024, 2, 28)) == 1709164800  # 2024-02-29T00:00:00Z
    assert expiry(date(9999, 12, 31)) % DAY == 0


def test_another_issuers_key_does_not_verify() -> None:
    with pytest.raises(BadSignature):
        attestation.verify(issued().jwt, SigningKey(bytes(32)).public_key, [], now=NOW)


# Issuing refuses what verifying would.


@pytest.mark.parametrize(
    ("identifiers", "error"),
    [
        ([], Malformed),
        ([MAIL, MAIL], Malformed),
        (["mallory"], Malformed),
        ([f"github:a{number}" for number in range(33)], TooLarge),
        (["email:" + "a" * 500], TooLarge),
        (["name:" + "\n" * 300], TooLarge),
    ],
)
def test_identifiers_that_no_peer_would_accept_are_not_issued(
    identifiers: list[str], error: type[Exception]
) -> None:
    with pytest.raises(error):
        attestation.issue(claims(), Disclosable(tuple(identifiers), "other", DECIDED_BY), KEY)


def test_claims_cannot_be_made_wrong_in_code_either() -> None:
    """The rules between members hold however claims are built."""
    with pytest.raises(Malformed):
        Claims(**{**dict(claims()), "measure": "suspension", "ends_on": "indefinite"})


def test_the_largest_attestation_fits() -> None:
    """Every member at its limit: the JWT stays below its cap."""
    iss = "a" * 63 + "." + "b" * 63 + "." + "c" * 63 + "." + "d" * 53 + ".example"
    scope = [{"kind": "online_space", "space": f"{number:063}"} for number in range(32)]
    reference = f"https://{iss}/".ljust(512, "x")
    contact = "https://python.example/".ljust(254, "x")
    value = claims(iss=iss, scope=scope, public_reference=reference, contact=contact)
    names = tuple(f"github:fake-{number}" for number in range(32))
    made = attestation.issue(value, Disclosable(names, "other", DECIDED_BY), KEY)
    assert len(made.jwt) < sdjwt.MAX_JWT
    assert len(verified(made).subject) == 32


def test_openvc_reads_what_we_attest() -> None:
    """Another implementation of RFC 9901 sees the same members and disclosures."""
    made = issued()
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": base64url(KEY.public_key)}
    presented = sdjwt.compact(made.jwt, [made.subject[MAIL], made.basis])
    # openvc reads the clock, so the sample's own expiry is left out of the comparison.
    seen = SdJwtVcProofSuite().verify(presented, public_key_jwk=jwk, check_temporal=False)
    assert {name: seen.claims[name] for name in plain()} == plain()
    assert seen.claims["subject"] == [MAIL]
    assert seen.claims["basis"] == "harassment"
    assert "decided_by" not in seen.claims


@given(
    st.lists(st.sampled_from(range(40)), min_size=1, max_size=32, unique=True),
    st.sampled_from(get_args(Basis)),
    st.data(),
)
def test_any_choice_of_disclosures_verifies_as_what_it_says(
    numbers: list[int], basis: Basis, data: st.DataObject
) -> None:
    """Whatever is shown is seen, in any order, and nothing else is."""
    names = tuple(f"github:fake-{number}" for number in numbers)
    made = attestation.issue(claims(), Disclosable(names, basis, DECIDED_BY), KEY)
    shown = data.draw(st.lists(st.sampled_from(names), unique=True))
    chosen = [made.subject[name] for name in shown]
    seen = attestation.verify(made.jwt, KEY.public_key, chosen, now=NOW)
    assert set(seen.subject) == set(shown)
    assert len(seen.subject_digests) == min(n for n in SUBJECT_SIZES if n >= len(names))
