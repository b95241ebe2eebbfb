"""Sanctions of our own: what is published, what never is, and what is left when they end."""

import uuid
from datetime import timedelta
from typing import Any

import pytest

from node import acts, keyring, sanctions, voting
from node.errors import UserError
from node.home import Home
from node.node import opened
from node.store import Store, records
from node.tables import metadata
from protocol import voprf
from protocol.claims import DecidedBy, Scope
from protocol.identifiers import from_text
from protocol.items import Notice
from protocol.pseudonyms import Pseudonym, all_locators
from protocol.sealing import parse_record
from tests.node.committee import NOW, PERSON, TODAY, Committee, found_cheaply, proposal


async def _held(committee: Committee) -> dict[str, bytes]:
    register = await committee.register()
    async with committee.node.store.read() as connection:
        return await records.get(connection, register.fingerprint, register.attestations)


async def _locators(committee: Committee, identifier: str) -> list[bytes]:
    (key,) = (await keyring.oprf_keys(committee.node)).values()
    output = voprf.evaluate(key.secret, from_text(identifier).oprf_input)
    return all_locators(Pseudonym(output))


async def test_a_sanction_is_published_once_enough_officers_approved(committee: Committee) -> None:
    """Before, neither log nor records have anything of it; afterwards both do, and it is told."""
    status = await committee.propose()
    assert (status.state, status.approvals, status.threshold) == ("pending", 0, 2)
    (id_,) = status.attestations
    assert await committee.state(id_) == "proposed"
    assert not (await committee.register()).attestations
    status = await committee.approve(status, "alice")
    assert (status.state, status.approvals) == ("pending", 1)
    assert await _held(committee) == {}
    status = await committee.approve(status, "bob")
    assert (status.state, status.approvals, status.attestations) == ("logged", 2, [id_])
    assert await committee.state(id_) == "in_force"
    assert list(await _held(committee)) == [id_]


async def test_what_is_matched_beside_an_identifier_is_published_beside_it(
    committee: Committee,
) -> None:
    """The untagged form of an address, and a name, are in the record though nobody typed them."""
    id_ = await committee.publish("email:mallory+conf@example.org")
    shown = await sanctions.show(committee.node, id_)
    assert shown.attestation is not None
    assert list(shown.attestation.subject) == [
        "email:mallory+conf@example.org",
        "email-untagged:mallory@example.org",
    ]
    record = parse_record((await _held(committee))[id_])
    places = {entry.locator for entry in record.index}
    for identifier in shown.attestation.subject:
        assert places & set(await _locators(committee, identifier))


async def test_a_lifted_sanction_leaves_no_record(committee: Committee) -> None:
    """Its record is dropped with the lift; who it was about is still known to the issuer."""
    id_ = await committee.publish()
    status = await committee.lift(id_)
    assert status.state == "logged"
    assert await committee.state(id_) == "withdrawn"
    assert await _held(committee) == {}
    assert (await sanctions.show(committee.node, id_)).attestation is not None


async def test_an_erased_sanction_is_forgotten_here_too(committee: Committee) -> None:
    """Nothing that was said of the person is left."""
    id_ = await committee.publish()
    await committee.lift(id_, "erased")
    shown = await sanctions.show(committee.node, id_)
    assert shown.attestation is None
    assert await committee.state(id_) == "withdrawn"


async def test_a_sanction_ends_once(committee: Committee) -> None:
    """A second end, proposed before or after the first is logged, is refused in words."""
    id_ = await committee.publish()
    status = await acts.withdraw(committee.node, [id_], "lifted", NOW)
    with pytest.raises(UserError, match="proposed already"):
        await acts.withdraw(committee.node, [id_], "overturned", NOW)
    await committee.approve(status)
    with pytest.raises(UserError, match="has ended: withdrawn"):
        await acts.withdraw(committee.node, [id_], "lifted", NOW)
    with pytest.raises(UserError, match="no published sanction"):
        await acts.withdraw(committee.node, [str(uuid.uuid4())], "lifted", NOW)


async def test_defaults_let_nothing_last_by_neglect(committee: Committee) -> None:
    """Unless said, a sanction ends after a year, and is reviewed within one."""
    id_ = await committee.publish()
    item = (await committee.register()).attestations[id_].item
    assert item.ends == item.review_by == TODAY + timedelta(days=365)
    assert item.measure is None


async def test_an_indefinite_sanction_ends_in_the_log_after_five_years(
    committee: Committee,
) -> None:
    """The attestation says that it is indefinite; the log has a last day all the same."""
    id_ = await committee.publish(ends_on="indefinite")
    item = (await committee.register()).attestations[id_].item
    assert (item.ends - TODAY).days == 1826
    shown = await sanctions.show(committee.node, id_)
    assert shown.attestation is not None
    assert shown.attestation.claims.ends_on == "indefinite"


async def test_a_public_measure_is_said_in_the_log(committee: Committee) -> None:
    """Only where that was asked for."""
    id_ = await committee.publish(public_measure=True)
    assert (await committee.register()).attestations[id_].item.measure == "ban"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"measure": "suspension"}, "needs --ends-on"),
        (
            {"measure": "suspension", "ends_on": TODAY + timedelta(days=181)},
            "ends within 180 days",
        ),
        ({"ends_on": TODAY - timedelta(days=1)}, "later --ends-on"),
        ({"in_force_from": TODAY + timedelta(days=9), "ends_on": TODAY}, "ends before"),
        ({"review_by": TODAY}, "after today"),
        ({"review_by": TODAY + timedelta(days=401)}, "within 400 days"),
        (
            {"notice": Notice(state="delayed", until=TODAY + timedelta(days=31))},
            "--notice .* 30 days",
        ),
        ({"scope": (Scope(kind="event", space="elsewhere"),)}, "declared are: pycon"),
        ({"scope": ()}, "scope"),
        (
            {"decided_by": DecidedBy(body="board", present=1, in_favour=1)},
            "--decided-by.* declared are: cwg",
        ),
        ({"public_reference": "https://elsewhere.example/1"}, "own domain"),
        ({"contact": "somebody"}, "contact"),
        ({"identifiers": []}, "--identifier: "),
        ({"identifiers": [from_text("name:Mallory Quill")]}, "a name alone is never a match"),
        ({"identifiers": [from_text("email:info@example.org")]}, "several people read"),
    ],
)
async def test_a_proposal_that_breaks_a_rule_is_refused_in_words(
    home: Home, changes: dict[str, Any], words: str
) -> None:
    """Before anything is signed or stored."""
    await found_cheaply(home)
    async with opened(home) as node:
        with pytest.raises(UserError, match=words):
            await sanctions.propose(node, proposal(**changes), NOW)
        assert await sanctions.every(node) == []


@pytest.mark.parametrize("missing", ["url", "contact", "policy"])
async def test_nothing_is_published_before_a_human_answers_for_it(home: Home, missing: str) -> None:
    """Without address, contact or policy a community only asks, and is told what it lacks."""
    await found_cheaply(home, **{missing: None})
    async with opened(home) as node:
        with pytest.raises(UserError, match="only asks"):
            await sanctions.propose(node, proposal(), NOW)


async def test_row_39_the_first_four_records_of_an_identifier_share_no_locator(
    committee: Committee,
) -> None:
    """So nobody who stores them sees that they are about one person; the fifth one has to."""
    locators: list[bytes] = []
    for _ in range(4):
        id_ = await committee.publish(*PERSON)
        record = parse_record((await _held(committee))[id_])
        locators += [entry.locator for entry in record.index]
    assert len(set(locators)) == len(locators)
    id_ = await committee.publish(*PERSON)
    record = parse_record((await _held(committee))[id_])
    assert {entry.locator for entry in record.index} & set(locators)


async def test_row_39_a_declined_proposal_uses_up_no_slot(committee: Committee) -> None:
    """However many proposals fail, the first four that are published share no locator."""
    locators: list[bytes] = []
    for _ in range(4):
        failed = await committee.propose(*PERSON)
        for name in ("alice", "bob"):
            failed = await voting.decline(committee.node, failed.decision, name, "", NOW)
        assert failed.state == "declined"
        id_ = await committee.publish(*PERSON)
        record = parse_record((await _held(committee))[id_])
        locators += [entry.locator for entry in record.index]
    assert len(set(locators)) == len(locators)


SECRETS = ("mallory", "quill", "malloryq-fake", "harassment", '"ban"', "alice", "confidential")
"""Whom it is about, what is not public of it, and who decided, in any letter case."""


async def test_row_03_a_stolen_database_names_nobody(
    home: Home, committee: Committee, database_url: str
) -> None:
    """Neither before nor after publication can a name, identifier or measure be read from it."""
    status = await committee.propose()
    await _expect_nothing_readable(committee.node.store, home)
    await voting.decline(committee.node, status.decision, "cyd", "confidential", NOW)
    await committee.approve(status)
    await committee.lift(status.attestations[0])
    await committee.publish("email:mallory@example.org")
    await _expect_nothing_readable(committee.node.store, home)


async def _expect_nothing_readable(store: Store, home: Home) -> None:
    copies = [await _dump(store)]
    copies += [path.read_bytes() for path in home.path.parent.glob("comity.sqlite3*")]
    for copy in copies:
        found = [each for each in SECRETS if each.encode() in copy.lower()]
        assert found == []
        # The search can find: what is public is there in plain.
    assert b"python.example/comity" in copies[0]


async def _dump(store: Store) -> bytes:
    """Every value of every table, binary ones as they are."""
    parts: list[bytes] = []
    async with store.read() as connection:
        for table in metadata.sorted_tables:
            for row in await connection.execute(table.select()):
                parts += [each if isinstance(each, bytes) else str(each).encode() for each in row]
    return b"\0".join(parts)
