"""Reading a sheet: an officer's device recomputes it all, and shows nothing else.

Whoever prepared the sheet, thief of every key of the node included, can make the officer's device
show nothing else than what would be decided. `verify_sheet` makes these checks, each with its
number beside it:

 1. the sheet is canonical JSON of its form, its decision of a type and version known here;
 2. its entries are exactly those that the decision names, and those that lead from each item,
    statement by statement about the same attestation, to its `attest` and the `community`
    statement that this one names, found by their leaf hashes; none is missing, none is more; a
    `reseal` follows nothing but `reseal` and `attest`, and nothing else follows a `reseal`;
 3. each of them is of the log that the decision names, or is the genesis statement with which that
    log begins; all are of one community id;
 4. whoever is asked to sign is an officer in the community statement that `after` names (in the
    one proposed, at genesis);
 5. each attestation's JWT has the hash that is decided, or was decided when it was attested;
 6. it is signed by the `issue` key, is an attestation (section 4) with everything disclosed, names
    nobody beyond what is shown, and its `iss`, `log`, `jti` and `exp` are those decided;
 7. what it says beside agrees with the decision: `iat` is `on`, `decided_on` not after it, a public
    measure is its measure; scopes and body are declared by the community; and every identifier is
    canonical, so that the one shown is the one that is matched;
 8. the record has the hash that is decided, and is sealed under a live OPRF key, a `reseal` under
    another one than the statement that it follows;
 9. the proof holds, so that the pseudonym of every identifier is known without any secret;
10. the record opens for every identifier, at the slot named, as it would for a peer;
11. every other entry of its index is the filler made from a decoy's seed, so that it leads nobody
    else anywhere.

8 to 11 apply to `attest` and `reseal`: all other types are about what was checked when it was
decided.

Source: SPEC.md, sections 1 and 6.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from protocol import ristretto, sealing, voprf
from protocol.attestation import VerifiedAttestation, check_complete
from protocol.attestation import verify as verify_attestation
from protocol.claims import DAY, expiry
from protocol.errors import BadProof, BrokenSeal, Malformed, OutOfOrder, Violation, WrongRecord
from protocol.identifiers import Identifier, parse_text
from protocol.items import AttestItem, LaterItem, ResealItem, Seal, WithdrawItem
from protocol.keys import SigningKey, oprf_key_id
from protocol.merkle import leaf_hash
from protocol.pseudonyms import Pseudonym, locator
from protocol.sealing import Approved, Asked, WeakHit, open_record, parse_record
from protocol.sheet import MAX_SHEET, SealedPart, Sheet, SheetAttestation, SignedVote, filler
from protocol.statements import (
    Approval,
    AttestDecision,
    Community,
    CommunityDecision,
    Decision,
    ItemsDecision,
    LaterDecision,
    ResealDecision,
    approve,
    decision_hash,
    read_decision,
    read_entry,
    recuse,
)

T = TypeVar("T")


class RefusedSheet(Violation):
    """A sheet that is not what it seems; nothing is signed. `check` is the number of the check."""

    def __init__(self, check: int, reason: str) -> None:
        super().__init__(f"check {check}: {reason}")
        self.check = check


@dataclass(frozen=True)
class VerifiedItem:
    """One attestation that is decided on, as it was recomputed."""

    item: AttestItem | ResealItem | LaterItem
    attested: AttestItem
    """What the log approves, or is to approve, of it."""
    attestation: VerifiedAttestation
    identifiers: tuple[Identifier, ...] = field(repr=False)
    """All of them; whoever is none of these is not named anywhere in it."""
    community: Community
    """As it stood when this was attested, and as it names its spaces and bodies."""


@dataclass(frozen=True)
class VerifiedSheet:
    """A sheet whose every check held. Only this is shown and signed."""

    decision_bytes: bytes
    """What is signed."""
    decision: Decision
    community: Community
    """As it stands before the decision; at genesis, as it is proposed."""
    items: tuple[VerifiedItem, ...]

    @property
    def hash(self) -> bytes:
        """The decision's hash, by which the node knows it."""
        return decision_hash(self.decision_bytes)

    def approve(self, key: SigningKey) -> SignedVote:
        """The officer's approval."""
        given: Approval = approve(self.decision_bytes, key)
        return SignedVote(
            v=1, decision=self.hash, kind="approve", officer=given.officer, sig=given.sig
        )

    def recuse(self, key: SigningKey) -> SignedVote:
        """The officer's recusal, which never lowers the threshold."""
        signature = recuse(self.decision_bytes, key)
        return SignedVote(
            v=1, decision=self.hash, kind="recuse", officer=key.public_key, sig=signature
        )


@dataclass(frozen=True)
class _Attested:
    item: AttestItem
    attestation: VerifiedAttestation
    identifiers: tuple[Identifier, ...]


def verify_sheet(data: bytes, officer: bytes, *, now: int) -> VerifiedSheet:
    """Recompute everything on a sheet for the officer (public key, 32 bytes) who is to sign it.

    `now`: seconds since 1970.

    Raises:
        TooLarge: more than `MAX_SHEET` bytes.
        RefusedSheet: a check failed, with its number as in this module's docstring.
    """
    with _check(1):
        sheet = Sheet.from_bytes(data, MAX_SHEET)
        decision = read_decision(sheet.decision)
    held = _Entries(sheet.entries)
    match decision:
        case CommunityDecision():
            found = _community(decision, sheet, held, officer)
        case AttestDecision():
            found = _attest(decision, sheet, held, officer, now)
        case _:
            found = _later(decision, sheet, held, officer, now)
    with _check(2):
        held.refuse_unnamed()
    return found


class _Entries:
    """The sheet's entries by leaf hash, and which of them have been asked for."""

    def __init__(self, entries: Sequence[bytes]) -> None:
        self._by_leaf = {leaf_hash(entry): entry for entry in entries}
        self._unnamed = set(self._by_leaf)
        self._twice = len(self._by_leaf) != len(entries)

    def statement(self, leaf: bytes, kind: type[T], log: bytes | None) -> T:
        """The decision of the entry with this leaf hash, which must be of one type and log."""
        with _check(2):
            if leaf not in self._by_leaf:
                raise OutOfOrder("a statement that the decision names is missing")
            self._unnamed.discard(leaf)
            decision = read_decision(read_entry(self._by_leaf[leaf]).decision)
            if not isinstance(decision, kind):
                raise OutOfOrder("the decision names a statement of another type")
        with _check(3):
            if log not in (decision.log, leaf):
                raise OutOfOrder("a statement of another log")
        return decision

    def refuse_unnamed(self) -> None:
        if self._unnamed or self._twice:
            raise Malformed("a statement that the decision does not name")


def _community(
    decision: CommunityDecision, sheet: Sheet, held: _Entries, officer: bytes
) -> VerifiedSheet:
    community = decision.community
    if decision.log is not None or decision.after is not None:
        before = held.statement(decision.after or b"", CommunityDecision, decision.log)
        community = before.community
        _require_one_id(community, decision.community)
    if sheet.attestations:
        raise RefusedSheet(1, "an attestation where none is decided on")
    _require_officer(community, officer)
    return VerifiedSheet(decision.to_bytes(), decision, community, ())


def _attest(
    decision: AttestDecision, sheet: Sheet, held: _Entries, officer: bytes, now: int
) -> VerifiedSheet:
    before = held.statement(decision.after, CommunityDecision, decision.log).community
    _require_officer(before, officer)
    items = []
    for item, shown in _paired(decision.items, sheet):
        found = _verified(item, shown, decision, before, now)
        if shown.sealed is None:
            raise RefusedSheet(1, "an attestation without its record")
        approved = _approved(found, item.seal, before)
        _check_record(found, approved, before, shown.sealed, shown.decoys, now)
        items.append(VerifiedItem(item, item, found.attestation, found.identifiers, before))
    return VerifiedSheet(decision.to_bytes(), decision, before, tuple(items))


def _later(
    decision: ResealDecision | LaterDecision,
    sheet: Sheet,
    held: _Entries,
    officer: bytes,
    now: int,
) -> VerifiedSheet:
    deciding = held.statement(decision.after, CommunityDecision, decision.log).community
    _require_officer(deciding, officer)
    decided: Sequence[ResealItem | LaterItem] = decision.items
    items = []
    for item, shown in _paired(decided, sheet):
        made, attested, sealed = _attesting(item, decision.log, held)
        before = held.statement(made.after, CommunityDecision, decision.log).community
        _require_one_id(before, deciding)
        # Whoever is to be forgotten is shown, also when the sanction has expired.
        erases = isinstance(item, WithdrawItem) and item.because == "erased"
        found = _verified(attested, shown, made, before, 0 if erases else now)
        if (shown.sealed is None) == isinstance(item, ResealItem):
            raise RefusedSheet(1, "a record is due where one is decided on, and nowhere else")
        if isinstance(item, ResealItem) and shown.sealed is not None:
            if item.key == sealed:
                raise RefusedSheet(8, "sealed under the same key as before")
            seal = Seal(key=item.key, record=item.record)
            approved = _approved(found, seal, before)
            _check_record(found, approved, deciding, shown.sealed, shown.decoys, now)
        items.append(VerifiedItem(item, attested, found.attestation, found.identifiers, before))
    return VerifiedSheet(decision.to_bytes(), decision, deciding, tuple(items))


def _attesting(
    decided: ResealItem | LaterItem, log: bytes, held: _Entries
) -> tuple[AttestDecision, AttestItem, bytes]:
    """The statement that attested what an item is about, through what was said of it since.

    Last the OPRF key under which it was sealed by the statement that a `reseal` follows.
    """
    leaf, sealed = decided.after, b""
    while True:
        statement = held.statement(leaf, ItemsDecision, log)
        item = next((each for each in statement.about if each.id == decided.id), None)
        if item is None:
            raise RefusedSheet(2, "the statement that is named is about other attestations")
        if isinstance(statement, AttestDecision) and isinstance(item, AttestItem):
            return statement, item, sealed or item.seal.key
        is_reseal = isinstance(item, ResealItem)
        if isinstance(item, AttestItem) or is_reseal != isinstance(decided, ResealItem):
            raise RefusedSheet(2, "a statement of a type that is not followed")
        if isinstance(item, ResealItem):
            sealed = sealed or item.key
        # Ends: a leaf hash cannot lead back to itself.
        leaf = item.after


def _paired(items: Sequence[T], sheet: Sheet) -> Iterator[tuple[T, SheetAttestation]]:
    if len(sheet.attestations) != len(items):
        raise RefusedSheet(1, "an attestation for each item is due, and no other")
    return zip(items, sheet.attestations, strict=True)


def _verified(
    attested: AttestItem,
    shown: SheetAttestation,
    made: AttestDecision,
    community: Community,
    now: int,
) -> _Attested:
    if hashlib.sha256(shown.jwt.encode()).digest() != attested.jwt:
        raise RefusedSheet(5, "the attestation is not the one decided on")
    with _check(6):
        issue_key = community.keys.issue
        attestation = verify_attestation(shown.jwt, issue_key, shown.disclosures, now=now)
        check_complete(attestation, shown.decoys)
        claims = attestation.claims
        expected = (community.id, made.log, attested.id, expiry(attested.ends))
        if (claims.iss, claims.log, claims.jti, claims.exp) != expected:
            raise Malformed("`iss`, `log`, `jti` or `exp` are not those decided")
    with _check(7):
        _check_claims(attestation, attested, community, made.on)
        identifiers = tuple(parse_text(text) for text in attestation.subject)
    return _Attested(attested, attestation, identifiers)


def _check_claims(
    attestation: VerifiedAttestation, attested: AttestItem, community: Community, on: date
) -> None:
    claims, decided_by = attestation.claims, attestation.decided_by
    if claims.iat != expiry(on) - DAY or claims.decided_on > on:
        raise Malformed("issued on another day than it is proposed, or decided later")
    if attested.measure not in (None, claims.measure):
        raise Malformed("another measure in public than in the attestation")
    spaces = {each.slug for each in community.spaces} | {None}
    if not {scope.space for scope in claims.scope} <= spaces:
        raise Malformed("a space that the community has not declared")
    if decided_by is None or decided_by.body not in {each.slug for each in community.bodies}:
        raise Malformed("a body that the community has not declared")


def _approved(found: _Attested, seal: Seal, community: Community) -> Approved:
    """What is to be approved of a record; `community` as it stood when it was attested."""
    return Approved(
        community=community.id,
        log=found.attestation.claims.log,
        id=found.item.id,
        jwt_hash=found.item.jwt,
        record_hash=seal.record,
        oprf_key=seal.key,
        ends=found.item.ends,
        issue_key=community.keys.issue,
    )


def _check_record(  # noqa: PLR0913, PLR0917 - two communities, one of them within `approved`
    found: _Attested,
    approved: Approved,
    community: Community,
    part: SealedPart,
    decoys: Sequence[bytes],
    now: int,
) -> None:
    live = {oprf_key_id(key): key for key in community.oprf}
    with _check(8):
        if sealing.record_hash(part.record) != approved.record_hash:
            raise WrongRecord("the record is not the one decided on")
        if approved.oprf_key not in live:
            raise WrongRecord("sealed under a key that is not live")
        record = parse_record(part.record)
    with _check(9):
        pseudonyms = _pseudonyms(found.identifiers, live[approved.oprf_key], part)
    with _check(10):
        for identifier, pseudonym in zip(found.identifiers, pseudonyms, strict=True):
            _check_opens(part.record, approved, identifier, pseudonym, now)
    with _check(11):
        slots = [evaluation.slot for evaluation in part.evaluations]
        places = {locator(*each) for each in zip(pseudonyms, slots, strict=True)}
        rest = [entry for entry in record.index if entry.locator not in places]
        fillers = [filler(seed, record.commit) for seed in decoys]
        fillers.sort(key=lambda entry: entry.locator)
        if len(places) != len(slots) or rest != fillers:
            raise BrokenSeal("an entry at another slot, or one that is no filler")


def _pseudonyms(
    identifiers: Sequence[Identifier], public_key: bytes, part: SealedPart
) -> list[Pseudonym]:
    if len(part.evaluations) != len(identifiers):
        raise BadProof("an evaluation for each identifier is due")
    inputs = [identifier.oprf_input for identifier in identifiers]
    blinds = [ristretto.scalar(each.blind) for each in part.evaluations]
    elements = [voprf.blind(*each).element for each in zip(inputs, blinds, strict=True)]
    evaluated = [each.evaluated for each in part.evaluations]
    proven = voprf.verify_proof(public_key, elements, evaluated, part.proof)
    return [Pseudonym(output) for output in voprf.finalize_batch(inputs, blinds, proven)]


def _check_opens(
    record: bytes, approved: Approved, identifier: Identifier, pseudonym: Pseudonym, now: int
) -> None:
    asked = Asked(identifier.text, identifier.strong, pseudonym)
    hit = open_record(record, approved, asked, now=now)
    if hit is None:
        raise BrokenSeal("an identifier leads nowhere")
    if isinstance(hit, WeakHit) == identifier.strong:
        raise BrokenSeal("an identifier opens another strength")


def _require_one_id(one: Community, other: Community) -> None:
    with _check(3):
        if one.id != other.id:
            raise OutOfOrder("a community's id never changes")


def _require_officer(community: Community, officer: bytes) -> None:
    with _check(4):
        if officer not in {each.key for each in community.officers}:
            raise OutOfOrder("this key is not one of the community's officers")


@contextmanager
def _check(number: int) -> Iterator[None]:
    try:
        yield
    except RefusedSheet:
        raise
    except Violation as error:
        raise RefusedSheet(number, str(error)) from error
