"""Sealed records: what opens, for whom, and what is the issuer's fault.

Records are forged here byte by byte from section 5 of the specification, not with the code under
test, so that each check is met by a record that is right in everything else.
"""

import hashlib
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_encrypt as aead

from protocol import attestation, sdjwt, sealing
from protocol.attestation import Disclosable, IssuedAttestation
from protocol.claims import DAY, expiry
from protocol.encoding import base64url, canonical_json, from_base64url
from protocol.errors import BrokenSeal, Malformed, OutOfTime, TooLarge, Violation, WrongRecord
from protocol.keys import SigningKey
from protocol.pseudonyms import Pseudonym, locator, record_key
from protocol.sealing import Approved, Asked, Sealed, StrongHit, WeakHit
from tests.protocol.samples import (
    DECIDED_BY,
    ENDS,
    HANDLE,
    ID,
    IDENTIFIERS,
    KEY,
    LOG,
    MAIL,
    NAME,
    NOW,
    claims,
    issued,
    payload,
    verified,
)

OPRF_KEY = bytes(range(8))
K = bytes(range(200, 232))
NONCE = bytes(range(24))


def pseudonym(identifier: str) -> Pseudonym:
    """In place of an evaluation: 64 bytes that only this identifier has."""
    return Pseudonym(hashlib.sha512(identifier.encode()).digest())


def asked(identifier: str, **changes: Any) -> Asked:
    return replace(
        Asked(identifier, not identifier.startswith("name:"), pseudonym(identifier)), **changes
    )


def approved(made: IssuedAttestation, record: bytes, **changes: Any) -> Approved:
    """What the log says of a record that a quorum approved."""
    sound = Approved(
        community="python.example",
        log=LOG,
        id=ID,
        jwt_hash=hashlib.sha256(made.jwt.encode()).digest(),
        record_hash=hashlib.sha256(record).digest(),
        oprf_key=OPRF_KEY,
        ends=ENDS,
        issue_key=KEY.public_key,
    )
    return replace(sound, **changes)


def share(made: IssuedAttestation, identifier: str, slot: int = 0) -> Sealed:
    f = pseudonym(identifier)
    return Sealed(
        locator=locator(f, slot),
        record_key=record_key(f, UUID(ID)),
        disclosure=made.subject[identifier],
        strong=not identifier.startswith("name:"),
    )


def sealed(made: IssuedAttestation, slot: int = 0) -> bytes:
    shares = [share(made, identifier, slot) for identifier in made.subject]
    return sealing.seal_record(verified(made), shares, OPRF_KEY)


MADE = issued()
RECORD = sealed(MADE)


def look(
    record: bytes, query: Asked, made: IssuedAttestation = MADE, **changes: Any
) -> WeakHit | StrongHit | None:
    return sealing.open_record(record, approved(made, record, **changes), query, now=NOW)


@dataclass
class Forgery:
    """A record about `MAIL`, right in everything; a test then makes one thing wrong."""

    made: IssuedAttestation = field(default_factory=issued)
    entry_key: bytes = record_key(pseudonym(MAIL), UUID(ID))
    locators: list[bytes] = field(
        default_factory=lambda: [
            locator(pseudonym(MAIL), 2),
            *(bytes([9, n] * 8) for n in range(3)),
        ]
    )
    flag: int = 1
    key_in_entry: bytes = K
    length: int | None = None
    disclosure: bytes = b""
    padding: bytes = b"\0"
    committed: bytes = K
    body_key: bytes = K
    body: bytes = b""
    body_part: str = "body"
    wrap_part: str = "wrap"
    aad_id: str = ID

    def __post_init__(self) -> None:
        self.disclosure = self.made.subject[MAIL].encode()
        self.body = self.made.jwt.encode() + b"~\x80"

    def _aad(self, part: str) -> bytes:
        log, key = base64url(LOG), base64url(OPRF_KEY)
        return f"comity:seal:v1:{log}:{self.aad_id}:{key}:{part}".encode()

    def _entry(self) -> bytes:
        length = len(self.disclosure) if self.length is None else self.length
        plain = bytes([self.flag]) + self.key_in_entry + length.to_bytes(2, "big")
        plain = (plain + self.disclosure).ljust(600, self.padding)
        return NONCE + aead(plain, self._aad(self.wrap_part), NONCE, self.entry_key)

    def record(self) -> bytes:
        """The record's bytes."""
        body = self.body + bytes(-len(self.body) % 1024)
        wraps = [self._entry(), *(bytes([n]) * 640 for n in range(len(self.locators) - 1))]
        index = sorted(zip(self.locators, wraps, strict=True))
        commit = hashlib.blake2b(
            b"", digest_size=32, key=self.committed, person=b"comity-commit"
        ).digest()
        value = {
            "id": ID,
            "oprf_key": base64url(OPRF_KEY),
            "commit": base64url(commit),
            "index": [{"locator": base64url(a), "wrap": base64url(b)} for a, b in index],
            "body": base64url(NONCE + aead(body, self._aad(self.body_part), NONCE, self.body_key)),
        }
        return canonical_json(value)


def forged(**changes: Any) -> tuple[Forgery, bytes]:
    forgery = Forgery()
    for name, value in changes.items():
        setattr(forgery, name, value)
    return forgery, forgery.record()


# What opens.


@pytest.mark.parametrize("identifier", [MAIL, HANDLE])
@pytest.mark.parametrize("slot", range(4))
def test_whoever_asked_about_the_right_person_opens_it(identifier: str, slot: int) -> None:
    """By any strong identifier, in any slot; and only that identifier is disclosed."""
    hit = look(sealed(MADE, slot), asked(identifier))
    assert isinstance(hit, StrongHit)
    assert hit.attestation.claims == verified(MADE).claims
    assert list(hit.attestation.subject) == [identifier]
    assert (hit.attestation.basis, hit.attestation.decided_by) == (None, None)


def test_a_record_made_from_the_specification_alone_opens() -> None:
    """Bytes, keys and sizes are those of section 5, not merely those of our own sealing."""
    forgery, record = forged()
    assert isinstance(look(record, asked(MAIL), forgery.made), StrongHit)


def test_somebody_else_finds_nothing() -> None:
    """No locator of theirs is there; that is the common answer and no fault."""
    assert look(RECORD, asked("email:somebody.else@example.org")) is None


def test_row_22_a_weak_identifier_opens_nothing() -> None:
    """A name finds that there is an attestation: not its measure, scope or dates, not even K."""
    assert look(RECORD, asked(NAME)) == WeakHit(ID)
    entry = next(
        each
        for each in sealing.parse_record(RECORD).index
        if each.locator == locator(pseudonym(NAME), 0)
    )
    context = sealing.SealContext(LOG, ID, OPRF_KEY)
    key = record_key(pseudonym(NAME), UUID(ID))
    opened = sealing.open_entry(entry, key, context)
    assert opened.content_key is None
    assert opened.disclosure == MADE.subject[NAME]


def test_row_22_a_list_of_public_names_reads_no_record() -> None:
    """With every name's pseudonym in hand, no key found in any entry opens the body."""
    made = issued(NAME, "name:mallory fake")
    record = sealed(made)
    for name in made.subject:
        assert look(record, asked(name), made) == WeakHit(ID)
    entries = sealing.parse_record(record).index
    context = sealing.SealContext(LOG, ID, OPRF_KEY)
    for name, entry in itertools.product(made.subject, entries):
        try:
            opened = sealing.open_entry(entry, record_key(pseudonym(name), UUID(ID)), context)
        except BrokenSeal:
            continue
        assert opened.content_key is None


def test_row_3_a_record_shows_no_identifier_and_no_measure() -> None:
    """A stolen copy: neither in the JSON nor in the bytes that it encodes."""
    value = json.loads(RECORD)
    encoded = [value["body"], value["commit"], *(each["wrap"] for each in value["index"])]
    seen = RECORD + b"".join(map(from_base64url, encoded))
    hidden = [MAIL, HANDLE, NAME, "mallory", "ban", "event_series", "harassment", *MADE.disclosures]
    for text in (*hidden, MADE.jwt, *(base64url(each.encode()) for each in IDENTIFIERS)):
        # Three letters may stand anywhere by chance: not as a whole value.
        needle = f'"{text}"' if len(text) < 6 else text
        assert needle.encode() not in seen


def test_row_39_records_of_one_person_share_nothing() -> None:
    """In four slots, four records of one identifier have no locator, wrap or key in common."""
    records = [sealing.parse_record(sealed(MADE, slot)) for slot in range(4)]
    for one, other in itertools.combinations(records, 2):
        for part in ("locator", "wrap"):
            ours, theirs = ({getattr(each, part) for each in r.index} for r in (one, other))
            assert not ours & theirs
        assert one.commit != other.commit
        assert one.body != other.body


@pytest.mark.parametrize(("identifiers", "entries"), [(1, 4), (5, 8), (32, 32)])
def test_the_number_of_entries_shows_in_steps_only(identifiers: int, entries: int) -> None:
    """Filled-up entries have the same sizes, and stand in no telling order."""
    made = issued(*(f"github:fake-{number}" for number in range(identifiers)))
    record = sealed(made)
    assert len(record) <= sealing.MAX_RECORD
    index = sealing.parse_record(record).index
    assert len(index) == entries
    assert {len(each.wrap) for each in index} == {640}
    for name in made.subject:
        assert isinstance(look(record, asked(name), made), StrongHit)


def test_sizes_of_bodies_show_in_steps_only() -> None:
    """A longer scope or contact does not show until it fills another kilobyte."""
    sizes = {
        len(sealing.parse_record(sealed(issued(contact=f"{'a' * n}@python.example"))).body)
        for n in (1, 20, 40)
    }
    assert len(sizes) == 1
    assert (sizes.pop() - 40) % 1024 == 0


def test_drawn_bytes_alone_decide_what_is_sealed() -> None:
    """With the same random bytes another node seals the same record."""
    numbers = itertools.count()

    def draw(size: int) -> bytes:
        return bytes([next(numbers)]) * size

    disclosable = Disclosable((MAIL, NAME), "other", DECIDED_BY)
    made = attestation.issue(claims(), disclosable, KEY, draw)
    record = sealing.seal_record(
        verified(made),
        [share(made, MAIL), share(made, NAME)],
        OPRF_KEY,
        draw,
    )
    assert (
        sealing.record_hash(record).hex()
        == "167df3e47c6a45b1dfe57239dfae81aab06908034382c60bba5dec7ad2884e4d"
    )


# What is the issuer's fault, in the order of the checks.


def test_check_1_a_record_that_the_log_does_not_approve_is_not_looked_at() -> None:
    """Whoever handed it over is at fault, not the issuer; even where nothing would be found."""
    for query in (asked(MAIL), asked("email:somebody.else@example.org")):
        with pytest.raises(WrongRecord):
            look(RECORD, query, record_hash=bytes(32))


@given(st.data())
def test_any_bit_flipped_in_a_record_is_refused(data: st.DataObject) -> None:
    """By its hash; and where even the log approved it so, by what the bit belongs to."""
    flipped = bytearray(RECORD)
    at = data.draw(st.integers(0, len(RECORD) - 1))
    flipped[at] ^= 1 << data.draw(st.integers(0, 7))
    altered = bytes(flipped)
    with pytest.raises(WrongRecord):
        look(altered, asked(MAIL), record_hash=sealing.record_hash(RECORD))
    try:
        hit = look(altered, asked(MAIL))
    except BrokenSeal:
        return
    # Another entry was hit, or the locator itself: our entry is untouched or not found at all.
    ours = base64url(locator(pseudonym(MAIL), 0)).encode()
    assert (hit is None) == (ours not in altered)


BODY = from_base64url(json.loads(RECORD)["body"])
REFUSED_RECORDS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "no `commit`": lambda r: r.pop("commit"),
    "a member more": lambda r: r.update(v=1),
    "another id's form": lambda r: r.update(id=ID.upper()),
    "a key id of 7 bytes": lambda r: r.update(oprf_key=base64url(bytes(7))),
    "no entries": lambda r: r.update(index=[]),
    "three entries": lambda r: r["index"].pop(),
    "five entries": lambda r: r["index"].append(
        {"locator": base64url(b"\xff" * 16), "wrap": base64url(bytes(640))}
    ),
    "descending locators": lambda r: r["index"].reverse(),
    "a locator twice": lambda r: r["index"].__setitem__(1, r["index"][0]),
    "a locator of 15 bytes": lambda r: r["index"][0].update(locator=base64url(bytes(15))),
    "a wrap of 639 bytes": lambda r: r["index"][0].update(wrap=base64url(bytes(639))),
    "a wrap of 641 bytes": lambda r: r["index"][0].update(wrap=base64url(bytes(641))),
    "an empty wrap": lambda r: r["index"][0].update(wrap=""),
    "an entry's member more": lambda r: r["index"][0].update(kind="email"),
    "an empty body": lambda r: r.update(body=""),
    "a body without a block": lambda r: r.update(body=base64url(BODY[:40])),
    "a body of a broken block": lambda r: r.update(body=base64url(BODY[:-1])),
    "a body of 14 blocks": lambda r: r.update(body=base64url(bytes(40 + 14 * 1024))),
}


@pytest.mark.parametrize("change", REFUSED_RECORDS.values(), ids=REFUSED_RECORDS.keys())
def test_check_2_a_record_of_another_form_is_refused(
    change: Callable[[dict[str, Any]], Any],
) -> None:
    """When it is fetched already; and approved so, it is the issuer's fault."""
    value = json.loads(RECORD)
    change(value)
    record = canonical_json(value)
    with pytest.raises(Malformed):
        sealing.parse_record(record)
    with pytest.raises(BrokenSeal):
        look(record, asked(MAIL))


def test_check_2_a_record_is_one_canonical_json() -> None:
    """What parses encodes to the same bytes."""
    assert sealing.parse_record(RECORD).to_bytes() == RECORD
    for altered in (RECORD + b"\n", b" " + RECORD, RECORD + RECORD, RECORD[:-1], b"", b"null"):
        with pytest.raises(Malformed):
            sealing.parse_record(altered)
    with pytest.raises(TooLarge):
        sealing.parse_record(b" " * (sealing.MAX_RECORD + 1))


@pytest.mark.parametrize(
    "changes", [{"id": ID.replace("2f", "3f", 1)}, {"oprf_key": bytes(8)}], ids=str
)
def test_check_2_a_record_of_something_else_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(BrokenSeal):
        look(RECORD, asked(MAIL), **changes)


WEAK: dict[str, Any] = {"flag": 0, "key_in_entry": bytes(32)}
OTHER_DISCLOSURE = sdjwt.array_disclosure(bytes(16), HANDLE).encode()
SAME_TEXT = sdjwt.array_disclosure(bytes(16), MAIL).encode()

BROKEN: dict[str, dict[str, Any]] = {
    "3: an entry under another key": {"entry_key": bytes(32)},
    "3: an entry bound to another part": {"wrap_part": "body"},
    "3: a seal bound to another attestation": {"aad_id": ID.replace("2f", "3f", 1)},
    "3: two entries for one identifier": {
        "locators": [locator(pseudonym(MAIL), slot) for slot in range(4)]
    },
    "4: weak where the identifier is strong": WEAK,
    "4: an unknown flag": {"flag": 2},
    "4: another unknown flag": {"flag": 255},
    "4: a strong entry without key": {"key_in_entry": bytes(32)},
    "4: padding that is not zero": {"padding": b"\1"},
    "4: a length beyond the entry": {"length": 566},
    "4: a length far beyond the entry": {"length": 65_535},
    "4: a length that cuts the disclosure": {"length": 40},
    "4: a length that takes in the padding": {"length": 400},
    "4: no disclosure": {"disclosure": b""},
    "4: a disclosure that is not ASCII": {"disclosure": b"\xff" * 50},
    "4: a disclosure of another identifier": {"disclosure": OTHER_DISCLOSURE},
    "4: a disclosure of a claim": {
        "disclosure": sdjwt.object_disclosure(bytes(16), "subject", MAIL).encode()
    },
    "4: a disclosure of something else": {
        "disclosure": sdjwt.array_disclosure(bytes(16), [MAIL]).encode()
    },
    "5: a commitment to another key": {"committed": bytes(31) + b"\1"},
    "5: another key than committed": {"key_in_entry": bytes(31) + b"\1"},
    "6: a body under another key": {"body_key": bytes(32)},
    "6: a body bound to another part": {"body_part": "wrap"},
    "9: a disclosure that is not in `subject`": {"disclosure": SAME_TEXT},
    "9: fewer digests than entries": {
        "locators": [locator(pseudonym(MAIL), 2), *(bytes([9, n] * 8) for n in range(7))]
    },
}


@pytest.mark.parametrize("changes", BROKEN.values(), ids=BROKEN.keys())
def test_a_failed_hit_is_the_issuers_fault(changes: dict[str, Any]) -> None:
    """Approved by the quorum and right in everything else; never `nothing found`."""
    forgery, record = forged(**changes)
    sealing.parse_record(record)
    with pytest.raises(BrokenSeal):
        look(record, asked(MAIL), forgery.made)


@pytest.mark.parametrize("changes", [{}, {"flag": 0}, {**WEAK, "padding": b"\1"}], ids=str)
def test_check_4_a_weak_identifier_never_gets_a_key(changes: dict[str, Any]) -> None:
    """An entry that would open to a name, or holds a key behind the weak flag, is refused."""
    forgery, record = forged(**changes)
    with pytest.raises(BrokenSeal):
        look(record, asked(MAIL, strong=False), forgery.made)
    forgery, record = forged(**WEAK)
    assert look(record, asked(MAIL, strong=False), forgery.made) == WeakHit(ID)


@pytest.mark.parametrize(
    "body",
    [
        b"%b~",
        b"%b~\x80\x80",
        b"%b~\x80\0\1",
        b"%b~\x81",
        b"%b\x80",
        b"%b~disclosure~\x80",
        b"%b~~\x80",
        b"\xff%b~\x80",
        b"%b~\x80" + bytes(1024),
        b"\x80",
        b"",
    ],
)
def test_check_6_a_body_is_a_bare_sd_jwt_and_its_padding(body: bytes) -> None:
    forgery = Forgery()
    forgery.body = body % forgery.made.jwt.encode() if b"%b" in body else body.ljust(1024, b"\0")
    record = forgery.record()
    with pytest.raises(BrokenSeal):
        look(record, asked(MAIL), forgery.made)


def test_check_6_another_jwt_than_approved_is_refused() -> None:
    """Even one that the issuer signed: the quorum approved the other."""
    with pytest.raises(BrokenSeal):
        look(RECORD, asked(MAIL), jwt_hash=bytes(32))
    with pytest.raises(BrokenSeal):
        look(RECORD, asked(MAIL), issued())


def test_check_7_another_issue_key_than_in_force_is_refused() -> None:
    with pytest.raises(BrokenSeal):
        look(RECORD, asked(MAIL), issue_key=SigningKey(bytes(32)).public_key)


def test_check_7_what_is_signed_must_be_an_attestation() -> None:
    """A token of another vocabulary is refused however well it is sealed and approved."""
    made = issued()
    digests = [{"...": sdjwt.digest(made.subject[each])} for each in IDENTIFIERS]
    value = payload(subject=[*digests, payload()["subject"][0]])
    for measure in ("ban", "warning"):
        jwt = sdjwt.sign({**value, "measure": measure}, KEY)
        forgery = Forgery(replace(made, jwt=jwt))
        record = forgery.record()
        if measure == "ban":
            assert isinstance(look(record, asked(MAIL), forgery.made), StrongHit)
        else:
            with pytest.raises(BrokenSeal):
                look(record, asked(MAIL), forgery.made)


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "other.example"},
        {"log": base64url(bytes(32))},
        {"jti": ID.replace("2f", "3f", 1)},
        {"exp": expiry(ENDS) - DAY},
        {"exp": expiry(ENDS) + DAY, "ends_on": "indefinite"},
    ],
    ids=str,
)
def test_check_8_claims_of_another_statement_are_refused(changes: dict[str, Any]) -> None:
    """The JWT was approved by its hash, but says something else than the statement."""
    forgery = Forgery(issued(**changes))
    record = forgery.record()
    with pytest.raises(BrokenSeal):
        look(record, asked(MAIL), forgery.made)


def test_an_attestation_that_ended_is_not_opened() -> None:
    """That is nobody's fault. One that expires before its statement ends is the issuer's."""
    after = expiry(ENDS)
    with pytest.raises(OutOfTime):
        sealing.open_record(RECORD, approved(MADE, RECORD), asked(MAIL), now=after)
    hit = sealing.open_record(RECORD, approved(MADE, RECORD), asked(MAIL), now=after - 1)
    assert isinstance(hit, StrongHit)
    longer = approved(MADE, RECORD, ends=ENDS + timedelta(days=10))
    with pytest.raises(BrokenSeal):
        sealing.open_record(RECORD, longer, asked(MAIL), now=after)


def test_row_37_a_record_resealed_to_somebody_else_is_the_issuers_fault() -> None:
    """The locator of one person, the entry of another: seen at the first hit."""
    other = issued("email:other@example.org")
    moved = replace(share(other, "email:other@example.org"), locator=locator(pseudonym(MAIL), 0))
    record = sealing.seal_record(verified(other), [moved], OPRF_KEY)
    with pytest.raises(BrokenSeal):
        look(record, asked(MAIL), other)


def test_no_error_repeats_what_was_asked_or_found() -> None:
    """Messages go to logs and to the peer; nobody's address may stand there."""
    messages = []
    for changes in BROKEN.values():
        forgery, record = forged(**changes)
        with pytest.raises(BrokenSeal) as caught:
            look(record, asked(MAIL), forgery.made)
        messages.append(f"{caught.value!r} {caught.value.__cause__!r}")
    text = " ".join([*messages, repr(asked(MAIL)), repr(MADE), repr(share(MADE, MAIL))])
    assert "mallory" not in text
    assert MADE.subject[MAIL] not in text


# Sealing refuses what opening would.


def test_shares_that_no_peer_could_use_are_not_sealed() -> None:
    """Found by the issuer, before anybody approves it, not by a peer at the first match."""
    attested = verified(MADE)
    mail = share(MADE, MAIL)
    foreign = replace(mail, disclosure=issued().subject[MAIL])
    colliding = replace(share(MADE, HANDLE), locator=mail.locator)
    basis = replace(mail, disclosure=MADE.basis)
    for shares in ([], [mail, mail], [foreign], [mail, colliding], [basis]):
        with pytest.raises(Malformed):
            sealing.seal_record(attested, shares, OPRF_KEY)
    with pytest.raises(TooLarge):
        sealing.seal_record(attested, [mail] * 5, OPRF_KEY)


def test_the_longest_identifier_fits_into_an_entry() -> None:
    """A disclosure of 564 characters, the most that base64url makes below 566."""
    longest = "email:" + "a" * 388
    made = issued(longest)
    assert len(made.subject[longest]) == 564
    assert isinstance(look(sealed(made), asked(longest), made), StrongHit)
    with pytest.raises(TooLarge):
        issued(longest + "a")


@given(st.binary(max_size=300))
def test_nothing_read_raises_anything_but_a_violation(data: bytes) -> None:
    with pytest.raises(Violation):
        sealing.parse_record(data)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=60), max_size=8))
def test_each_identifier_opens_exactly_its_own_entry(values: list[str]) -> None:
    """Whatever their texts: what is found is what was asked about."""
    names = [f"github:{number}{value}" for number, value in enumerate(["x", *values])]
    made = issued(*names)
    record = sealed(made)
    for name in names:
        hit = look(record, asked(name), made)
        assert isinstance(hit, StrongHit)
        assert hit.attestation.subject == {name: made.subject[name]}
