"""Sheets: an officer's device shows what would be decided, or refuses.

Row 11 of the threats: whoever has the node and all of its keys prepares the sheet.
"""

import copy
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import UUID

import pytest

from node import (
    acts,
    constitution,
    keyring,
    ledger,
    officers,
    sheets,
    voting,
    wording,
)
from node.decisions import Status
from node.errors import UserError
from node.home import Home
from node.node import opened
from protocol import attestation, voprf
from protocol.attestation import Disclosable
from protocol.claims import DecidedBy
from protocol.encoding import base64url, canonical_json, from_base64url
from protocol.errors import OutOfOrder, Violation
from protocol.identifiers import Identifier, from_text
from protocol.items import Seal, WithdrawItem
from protocol.keys import SigningKey
from protocol.merkle import leaf_hash
from protocol.pseudonyms import Pseudonym, locator, record_key
from protocol.sealing import Entry, Sealed, parse_record, record_hash, seal_record
from protocol.sheet import (
    Evaluation,
    SealedPart,
    Sheet,
    SheetAttestation,
    drawing_fillers,
    filler,
)
from protocol.sheet_checks import RefusedSheet, VerifiedSheet, verify_sheet
from protocol.statements import (
    Approval,
    AttestDecision,
    CommunityDecision,
    Declared,
    Officer,
    approve,
    encode_entry,
)
from tests.node.committee import CYD, NOW, TODAY, Committee, found_cheaply, password

pytestmark = pytest.mark.wire

Value = Any
Path = tuple[str | int, ...]


@pytest.fixture
async def attest_sheet(committee: Committee) -> bytes:
    """The sheet of a proposed ban, with three identifiers and a decoy."""
    status = await committee.propose("email:mallory.quill@example.org", "github:malloryq-fake")
    return await sheets.export(committee.node, status.decision, NOW)


def _verified(data: bytes) -> VerifiedSheet:
    return verify_sheet(data, CYD.public_key, now=NOW)


async def test_an_officers_device_approves_what_it_recomputed(committee: Committee) -> None:
    """From the sheet alone; what it signs is what the node waits for."""
    status = await committee.approve(await committee.propose(), "alice")
    verified = _verified(await sheets.export(committee.node, status.decision, NOW))
    assert verified.hash == status.decision
    (item,) = verified.items
    assert [each.text for each in item.identifiers] == [
        "email:mallory.quill@example.org",
        "email-untagged:mallory.quill@example.org",
        "github:malloryq-fake",
        "name:mallory quill",
    ]
    file = verified.approve(CYD).to_bytes()
    status = await voting.bring(committee.node, status.decision, file, NOW)
    assert status.state == "logged"


async def test_an_end_shows_whom_it_is_about(committee: Committee) -> None:
    """The sheet of a lift carries the attestation as it was decided, and its statements."""
    id_ = await committee.publish()
    status = await acts.withdraw(committee.node, [id_], "lifted", NOW)
    verified = _verified(await sheets.export(committee.node, status.decision, NOW))
    words = "\n".join(wording.sheet_in_words(verified))
    for part in (id_, "lifted", "email:mallory.quill@example.org", "harassment"):
        assert part in words
    await committee.approve(status, "alice")
    file = verified.approve(CYD).to_bytes()
    assert (await voting.bring(committee.node, status.decision, file, NOW)).state == "logged"


async def test_an_end_is_decided_by_the_officers_of_now(committee: Committee) -> None:
    """Whoever was one when it was attested signs nothing; each item is told as it was decided."""
    first = await committee.publish()
    await committee.change(bodies=(Declared(slug="cwg", name="The Elders"),))
    second = await committee.publish("email:somebody@example.org")
    kept = tuple(
        each
        for each in (await committee.register()).community.officers
        if each.key != CYD.public_key
    )
    await committee.change(officers=kept)
    register = await committee.register()
    items = tuple(
        WithdrawItem(id=id_, after=register.attestations[id_].leaf, because="lifted", by=None)
        for id_ in (first, second)
    )
    hash_ = await committee.withdrawal(*items)
    data = await sheets.export(committee.node, hash_, NOW)
    with pytest.raises(RefusedSheet, match="check 4"):
        _verified(data)
    verified = verify_sheet(data, kept[0].key, now=NOW)
    assert verified.community == register.community
    words = wording.sheet_in_words(verified)
    assert [line.split()[-1] for line in words if "decided by     " in line] == [
        'Group"',
        'Elders"',
    ]


async def test_a_founding_shows_what_the_community_says_of_itself(home: Home) -> None:
    """At genesis the officers are those whom the statement itself lists."""
    status = await found_cheaply(home, threshold=3)
    async with opened(home) as node:
        verified = _verified(await sheets.export(node, status.decision, NOW))
        words = "\n".join(wording.sheet_in_words(verified))
        for part in ("founds", "python.example", "3 of 3", base64url(CYD.public_key), "PyCon"):
            assert part in words
        file = verified.approve(CYD).to_bytes()
        assert (await voting.bring(node, status.decision, file, NOW)).state == "logged"


async def test_everything_that_is_decided_is_said_in_words(committee: Committee) -> None:
    """Identifiers, measure, scope, dates, basis, who decided, notice, contact."""
    status = await committee.propose(
        decided_by=DecidedBy(body="cwg", present=5, in_favour=4), public_measure=True
    )
    verified = _verified(await sheets.export(committee.node, status.decision, NOW))
    words = "\n".join(wording.sheet_in_words(verified))
    claims = verified.items[0].attestation.claims
    for part in (
        "email:mallory.quill@example.org",
        "github:malloryq-fake",
        "name:mallory quill",
        "ban",
        "all own spaces",
        str(claims.in_force_from),
        str(claims.ends_on),
        "harassment",
        '  decided by     cwg "Conduct Working Group"',
        "4 in favour, of 5 present",
        "decided by the community itself",
        "the person was told",
        "coc@python.example",
        "everybody may read the measure",
        'python.example "Python Foundation"',
    ):
        assert part in words


async def test_there_is_no_sheet_of_what_is_decided(committee: Committee) -> None:
    """Nothing is left to sign."""
    status = await committee.approve(await committee.propose())
    with pytest.raises(UserError, match="logged"):
        await sheets.export(committee.node, status.decision, NOW)


async def test_a_sheet_is_for_officers_only(attest_sheet: bytes) -> None:
    """A key that the community does not list signs nothing."""
    with pytest.raises(RefusedSheet, match="check 4"):
        verify_sheet(attest_sheet, SigningKey(bytes(range(5, 37))).public_key, now=NOW)


# --- Row 11: a sheet altered in every place -------------------------------------------------------


def _places(value: Value, path: Path = ()) -> Iterator[Path]:
    if isinstance(value, dict):
        for name, member in value.items():
            yield from _places(member, (*path, name))
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from _places(member, (*path, index))
    if path:
        yield path


def _alterations(value: Value) -> list[Value]:
    """Other values of the same kind, and of another one."""
    match value:
        case bool() | None:
            return [not value, 1]
        case int():
            return [value + 1, 2 if value != 2 else 3, str(value)]
        case str():
            middle = len(value) // 2
            other = "B" if value[middle : middle + 1] != "B" else "A"
            return [
                value[:middle] + other + value[middle + 1 :],
                value[:-1],
                _next_day(value),
                "",
                None,
            ]
        case list():
            return [value[1:], [*value, *value[-1:]], value[::-1], []]
        case _:
            return [{}, None, dict(list(value.items())[1:]), value | {"more": 1}]


def _next_day(text: str) -> str:
    return text[:-1] + str((int(text[-1]) + 1) % 10) if text[-1:].isdigit() else text + "x"


def _altered(value: Value, path: Path, replacement: Value) -> Value:
    made = copy.deepcopy(value)
    at = made
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = replacement
    return made


def _every_alteration(data: bytes) -> Iterator[tuple[Path, bytes]]:
    value = json.loads(data)
    for path in _places(value):
        at = value
        for step in path:
            at = at[step]
        for replacement in _alterations(at):
            if replacement != at:
                yield path, canonical_json(_altered(value, path, replacement))


def _expect_no_disguise(data: bytes) -> tuple[int, int]:
    """Whatever is altered is refused, or is another decision that says so in words."""
    original = _verified(data)
    words = sorted(wording.sheet_in_words(original))
    refused = shown = 0
    for path, altered in _every_alteration(data):
        try:
            verified = _verified(altered)
        except Violation:
            refused += 1
            continue
        # The same decision reads the same, in whatever order; another one reads otherwise, and
        # what is signed of it counts for nothing else.
        said = sorted(wording.sheet_in_words(verified))
        assert (verified.hash == original.hash) == (said == words), path
        shown += 1
    return refused, shown


async def test_row_11_an_altered_sheet_is_refused_or_says_so(attest_sheet: bytes) -> None:
    """Every member of the sheet of an attestation, in several ways each."""
    refused, shown = _expect_no_disguise(attest_sheet)
    assert refused > 200
    # Review, notice and a public measure are the decision's own: they can be others, as shown.
    assert shown <= 6


async def test_row_11_an_altered_sheet_of_an_end_is_refused_or_says_so(
    committee: Committee,
) -> None:
    """Every member of the sheet of a lift."""
    id_ = await committee.publish()
    status = await acts.withdraw(committee.node, [id_], "lifted", NOW)
    refused, shown = _expect_no_disguise(await sheets.export(committee.node, status.decision, NOW))
    assert refused > 60
    assert shown <= 3


DANA, THIEF = (SigningKey(bytes(range(each, each + 32))) for each in (1, 64))


async def _changes(committee: Committee, change: str) -> Status:
    node = committee.node
    dana = await constitution.newcomer("dana", DANA.public_key, "")
    bob = await constitution.newcomer("bob", DANA.public_key, "")
    match change:
        case "add":
            return await constitution.add(node, dana, 3, NOW)
        case "remove":
            return await constitution.remove(node, "bob", None, NOW)
        case "replace":
            return await constitution.replace(node, bob, NOW)
        case _:
            return await constitution.set_threshold(node, 3, NOW)


@pytest.mark.parametrize("change", ["add", "remove", "replace", "threshold"])
async def test_row_11_an_altered_sheet_of_an_officer_change_is_refused_or_says_so(
    committee: Committee, change: str
) -> None:
    """Every member of it: whom it lists, how many decide, what the community said before."""
    status = await _changes(committee, change)
    refused, shown = _expect_no_disguise(await sheets.export(committee.node, status.decision, NOW))
    assert refused > 100
    assert shown > 0


async def test_row_11_an_officer_change_is_told_by_keys_and_numbers(committee: Committee) -> None:
    """Who comes, who goes and how many decide, against what was said before; nothing else."""
    bob = (await officers.named(committee.node, "bob")).key
    for change, told in (
        ("add", [f"now      {base64url(DANA.public_key)}", "now      3 of 4", "no more  2 of 3"]),
        ("replace", [f"now      {base64url(DANA.public_key)}", f"no more  {base64url(bob)}"]),
        ("threshold", ["now      3 of 3", "no more  2 of 3"]),
        ("remove", [f"no more  {base64url(bob)}", "now      2 of 2", "no more  2 of 3"]),
    ):
        status = await _changes(committee, change)
        words = wording.sheet_in_words(
            _verified(await sheets.export(committee.node, status.decision, NOW))
        )
        changed = [line for line in words if "now   " in line or "no more" in line]
        assert len(changed) == len(told)
        assert all(any(each in line for line in changed) for each in told)
        for name in ("alice", "bob"):
            await voting.decline(committee.node, status.decision, name, "no", NOW)


async def test_row_11_an_officer_of_a_thiefs_is_shown_or_counts_for_nothing(
    committee: Committee,
) -> None:
    """Put in the place of the newcomer; or said to have been one all along, in a forged statement.

    The thief has every key of the node. The first is told by its key. The second is not told as a
    change, and what was signed under it stands in no log of this community.
    """
    status = await _changes(committee, "add")
    data = await sheets.export(committee.node, status.decision, NOW)
    thief = base64url(THIEF.public_key)
    swapped = data.replace(base64url(DANA.public_key).encode(), thief.encode())
    value = json.loads(swapped)
    value["decision"]["community"]["officers"].sort(key=lambda each: from_base64url(each["key"]))
    verified = _verified(canonical_json(value))
    assert verified.hash != status.decision
    assert any(f"now      {thief}" in line for line in wording.sheet_in_words(verified))

    register = await committee.register()
    listed = [*register.community.officers, Officer(key=THIEF.public_key, custody="own")]
    stuffed = register.community.model_copy(
        update={"officers": tuple(sorted(listed, key=lambda each: each.key))}
    )
    said = CommunityDecision(
        v=1,
        type="community",
        log=register.fingerprint,
        on=TODAY,
        after=register.community_leaf,
        community=stuffed,
    )
    forged = encode_entry(said.to_bytes(), [approve(said.to_bytes(), THIEF)])
    decision = said.model_copy(
        update={
            "after": leaf_hash(forged),
            "community": stuffed.model_copy(update={"contact": "new@python.example"}),
        }
    )
    sheet = Sheet(v=1, decision=decision.to_value(), entries=(forged,), attestations=())
    verified = _verified(sheet.to_bytes())
    assert thief not in "\n".join(wording.sheet_in_words(verified))
    signed = verified.approve(CYD)
    approvals = [Approval(officer=signed.officer, sig=signed.sig)]
    for name in ("alice", "bob"):
        key = await officers.key_of(committee.node, name, password(name), NOW)
        approvals.append(approve(decision.to_bytes(), key))
    for entries in (
        [encode_entry(decision.to_bytes(), approvals)],
        [forged, encode_entry(decision.to_bytes(), approvals)],
    ):
        with pytest.raises(OutOfOrder):
            await ledger.append(committee.node, entries, NOW)


async def test_row_11_bytes_that_are_not_canonical_are_refused(attest_sheet: bytes) -> None:
    """Spaces, another order, a member twice."""
    for data in (
        attest_sheet.replace(b",", b", ", 1),
        attest_sheet[:-1] + b',"v":1}',
        json.dumps(json.loads(attest_sheet), indent=1).encode(),
        attest_sheet + b"{}",
        b"",
    ):
        with pytest.raises(RefusedSheet, match="check 1"):
            _verified(data)


async def test_row_11_a_statement_that_nobody_named_is_refused(
    committee: Committee, attest_sheet: bytes
) -> None:
    """Even a genuine one: the sheet holds what is decided and nothing beside."""
    await committee.publish("email:somebody@example.org")
    sheet = Sheet.from_bytes(attest_sheet, len(attest_sheet))
    entries = await committee.entries()
    for more in (entries[1], entries[0]):
        altered = sheet.model_copy(update={"entries": (*sheet.entries, more)})
        with pytest.raises(RefusedSheet, match="check 2"):
            _verified(altered.to_bytes())


# --- Row 11: made anew with all keys of the node --------------------------------------------------


def _with_item(data: bytes, shown: SheetAttestation, **changes: Any) -> bytes:
    """The sheet with another item in its decision, and what is shown of it."""
    sheet = Sheet.from_bytes(data, len(data))
    decision = AttestDecision.from_value(sheet.decision)
    item = decision.items[0].model_copy(update=changes)
    altered = decision.model_copy(update={"items": (item,)})
    return sheet.model_copy(
        update={"decision": altered.to_value(), "attestations": (shown,)}
    ).to_bytes()


def _with_record(data: bytes, alter: Callable[[list[Entry]], list[Entry]]) -> bytes:
    """The sheet with other entries in the record's index, and the hash that belongs to them."""
    shown = Sheet.from_bytes(data, len(data)).attestations[0]
    assert shown.sealed is not None
    record = parse_record(shown.sealed.record)
    index = sorted(alter(list(record.index)), key=lambda entry: entry.locator)
    altered = record.model_copy(update={"index": tuple(index)}).to_bytes()
    sealed = shown.sealed.model_copy(update={"record": altered})
    seal = Seal(key=record.oprf_key, record=record_hash(altered))
    return _with_item(data, shown.model_copy(update={"sealed": sealed}), seal=seal)


async def test_row_11_every_entry_of_a_record_is_accounted_for(attest_sheet: bytes) -> None:
    """An entry that leads elsewhere, or one that leads nowhere any more, is found."""
    (shown,) = Sheet.from_bytes(attest_sheet, len(attest_sheet)).attestations
    assert shown.sealed is not None
    commit = parse_record(shown.sealed.record).commit
    fills, other = filler(shown.decoys[0], commit), filler(bytes(32), commit)

    def instead_of_the_filler(index: list[Entry]) -> list[Entry]:
        return [*(entry for entry in index if entry != fills), other]

    def instead_of_an_identifier(index: list[Entry]) -> list[Entry]:
        (*kept, _) = [entry for entry in index if entry != fills]
        return [*kept, fills, other]

    def with_broken_wraps(index: list[Entry]) -> list[Entry]:
        return [
            entry.model_copy(update={"wrap": entry.wrap[:-1] + bytes([entry.wrap[-1] ^ 1])})
            for entry in index
        ]

    for alter, check in (
        (instead_of_the_filler, 11),
        (instead_of_an_identifier, 10),
        (with_broken_wraps, 10),
    ):
        with pytest.raises(RefusedSheet) as refused:
            _verified(_with_record(attest_sheet, alter))
        assert refused.value.check == check


async def test_row_11_nobody_else_can_be_named_in_secret(
    committee: Committee, attest_sheet: bytes
) -> None:
    """A further identifier: signed, sealed, findable by every peer, and not on the sheet."""
    keys = await keyring.signing_keys(committee.node)
    (oprf,) = (await keyring.oprf_keys(committee.node)).values()
    honest = _verified(attest_sheet).items[0]
    said, hidden = honest.attestation, from_text("github:critic")
    assert said.basis is not None
    assert said.decided_by is not None
    identifiers = (*honest.identifiers, hidden)
    texts = tuple(each.text for each in identifiers)
    issued = attestation.issue(
        said.claims, Disclosable(texts, said.basis, said.decided_by), keys.issue
    )
    attested = attestation.verify(issued.jwt, keys.issue.public_key, issued.disclosures, now=NOW)
    shares = [_share(oprf, said.claims.jti, each, issued.subject) for each in identifiers]
    record = seal_record(attested, shares, oprf.id, drawing_fillers(issued.decoy_seeds))
    shown = SheetAttestation(
        jwt=issued.jwt,
        disclosures=tuple(
            each for each in issued.disclosures if each != issued.subject[hidden.text]
        ),
        decoys=issued.decoy_seeds,
        sealed=_evaluated(oprf, record, honest.identifiers),
    )
    seal = Seal(key=oprf.id, record=record_hash(record))
    with pytest.raises(RefusedSheet, match="check 6"):
        _verified(_with_item(attest_sheet, shown, jwt=attested.jwt_hash, seal=seal))
    # Nothing but what is hidden was wrong with it.
    whole = shown.model_copy(
        update={
            "disclosures": issued.disclosures,
            "sealed": _evaluated(oprf, record, identifiers),
        }
    )
    _verified(_with_item(attest_sheet, whole, jwt=attested.jwt_hash, seal=seal))


def _share(
    oprf: voprf.OprfKey, id_: str, identifier: Identifier, subject: dict[str, str]
) -> Sealed:
    pseudonym = Pseudonym(voprf.evaluate(oprf.secret, identifier.oprf_input))
    key = record_key(pseudonym, UUID(id_))
    return Sealed(locator(pseudonym, 0), key, subject[identifier.text], identifier.strong)


def _evaluated(oprf: voprf.OprfKey, record: bytes, identifiers: Sequence[Identifier]) -> SealedPart:
    blinded = [voprf.blind(each.oprf_input) for each in identifiers]
    elements = [each.element for each in blinded]
    answers = voprf.evaluate_chunk(oprf.secret, elements)
    evaluations = [
        Evaluation(blind=each.blind, evaluated=answer, slot=0)
        for each, answer in zip(blinded, answers, strict=True)
    ]
    proof = voprf.prove(oprf, elements, answers)
    return SealedPart(record=record, evaluations=tuple(evaluations), proof=proof)
