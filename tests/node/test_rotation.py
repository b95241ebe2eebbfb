"""Another OPRF key: at every step whoever asks finds the person, and old answers open nothing new.

Row 30 of the threats: gaps when keys rotate.
"""

import asyncio
import json
from datetime import date
from typing import Any

import pytest
from click.testing import CliRunner
from click.testing import Result as Ran
from sqlalchemy import select

from node import (
    acts,
    audit,
    decisions,
    doctor,
    keyring,
    ledger,
    peering,
    resealing,
    retention,
    rotation,
    sheets,
    tables,
    voting,
)
from node import sanctions as proposing
from node.asking import Question, ask
from node.checking import Occasion, Result, check
from node.cli import cli
from node.coverage import FRESH, MAX_AHEAD, load_sources
from node.decisions import Status
from node.errors import Refused, UserError
from node.home import Home
from node.identity import OwnIdentity
from node.node import Node
from node.store import attestations, records, slots, tokens
from node.store import keys as key_rows
from protocol import voprf
from protocol.claims import DAY
from protocol.encoding import Bytes8
from protocol.exchange import EvaluateRequest, Purpose
from protocol.identifiers import from_text
from protocol.keys import oprf_key_id
from protocol.pseudonyms import Pseudonym, all_locators
from protocol.sealing import parse_record, record_hash
from protocol.sheet_checks import verify_sheet
from tests.node.committee import CYD, NOW, TODAY, Committee, password, proposal
from tests.node.federation import Community, Federation
from tests.node.mirror import led_to, mirror
from tests.node.processes import beside

pytestmark = pytest.mark.wire

PERSON, OTHER = "email:person@person.example", "email:somebody@else.example"
NO_EVENT = Purpose(kind="unspecified", start=None, end=None)


async def _check(asker: Community, identifier: str) -> Result:
    occasion = Occasion(None, NO_EVENT)
    asked = [from_text(identifier)]
    return await check(asker.node, asker.clients.to, asked, occasion, now=asker.now)


async def _expect_right_answers(conf: Community) -> None:
    """The person is found, somebody else is not, and everybody was heard."""
    for identifier, outcome in ((PERSON, "match"), (OTHER, "nothing_found")):
        result = await _check(conf, identifier)
        assert (result.outcome, result.coverage.complete) == (outcome, True)


async def _approve(community: Community, status: Status) -> Status:
    for officer in community.officers[: status.threshold]:
        status = await voting.approve_here(
            community.node, status.decision, officer, password(officer), community.now
        )
    assert status.state == "logged"
    return status


async def _waiting(node: Node) -> list[Status]:
    return [
        each.status(TODAY) for each in await decisions.every(node) if each.row.state == "pending"
    ]


async def _held_keys(node: Node) -> set[bytes]:
    return set(await keyring.oprf_keys(node))


async def _tokens(asker: Community, issuer: Community, identifier: str) -> dict[bytes, Pseudonym]:
    """What the asker was answered about an identifier, and keeps, by OPRF key."""
    (source,) = await load_sources(asker.node, now=asker.now)
    question = Question([from_text(identifier)], NO_EVENT, date(2030, 1, 1))
    answers = await ask(asker.node, asker.clients.to, [source], question, now=asker.now)
    answered = answers[await issuer.fingerprint()].pseudonyms
    return {key: known[from_text(identifier)] for key, known in answered.items()}


async def test_row_30_a_check_finds_the_person_at_every_step(federation: Federation) -> None:
    """Whether the asker has heard of the step or not; and never "nothing found" where it is not."""
    python, conf = await federation.pair()
    ban = await python.publish(PERSON)
    await conf.follow(python)
    await _expect_right_answers(conf)
    (first,) = await _held_keys(python.node)
    # 1. Another key is proposed, and listed: new records are sealed under it.
    (status,) = await rotation.rotate(python.node, python.now)
    await _expect_right_answers(conf)
    status = await _approve(python, status)
    (second,) = await _held_keys(python.node) - {first}
    await _expect_right_answers(conf)
    await conf.follow(python)
    await _expect_right_answers(conf)
    later = await python.publish("email:later@person.example")
    assert (await python.register()).attestations[later].item.seal.key == second
    await conf.follow(python)
    await _expect_right_answers(conf)
    assert (await _check(conf, "email:later@person.example")).outcome == "match"
    assert (await _tokens(conf, python, PERSON)).keys() == {first, second}
    # 2. What was sealed under the old one is sealed anew, and fetched again.
    (reseal,) = await _waiting(python.node)
    assert reseal.decision in status.then
    assert reseal.attestations == [ban]
    await _approve(python, reseal)
    await _expect_right_answers(conf)
    assert (await conf.follow(python)).new_records == 1
    await _expect_right_answers(conf)
    assert (await _tokens(conf, python, PERSON)).keys() == {second}
    async with conf.node.store.read() as connection:
        tag = conf.node.vault.tag("tokens.tag", from_text(PERSON).oprf_input)
        assert not await tokens.held(connection, await python.fingerprint(), first, [tag])
    # 3. The old secret goes once nobody can rightly ask under it.
    await retention.clean(python.node, python.now)
    federation.later(FRESH)
    await retention.clean(python.node, python.now)
    assert await _held_keys(python.node) == {first, second}
    federation.later(MAX_AHEAD + 1)
    await retention.clean(python.node, python.now)
    assert await _held_keys(python.node) == {second}
    await ledger.renew_cosignature(python.node, python.now)
    await conf.follow(python)
    await _expect_right_answers(conf)
    with pytest.raises(Refused, match="unknown-oprf-key"):
        await _evaluate(conf, python, first)
    # And then again.
    (status,) = await rotation.rotate(python.node, python.now)
    await _approve(python, status)
    for reseal in await _waiting(python.node):
        await _approve(python, reseal)
    await conf.follow(python)
    await _expect_right_answers(conf)


async def _evaluate(asker: Community, issuer: Community, key: Bytes8) -> None:
    blinded = voprf.blind(from_text(PERSON).oprf_input)
    request = EvaluateRequest(v=1, oprf_key=key, blinded=(blinded.element,), purpose=NO_EVENT)
    await asker.clients.to(await asker.sees(issuer)).evaluate(request)


async def test_a_removed_peers_answers_open_nothing_new(federation: Federation) -> None:
    """Whatever it kept, also where it gets at the new records by another's hand."""
    python, conf = await federation.pair()
    await python.publish(PERSON)
    await conf.follow(python)
    kept = await _tokens(conf, python, PERSON)
    (first,) = kept
    assert await _opened(python, kept[first])
    await _removed_with_rotation(python, conf)
    assert not await _opened(python, kept[first])
    assert await _opened(python, await _as_sealed_now(python))
    with pytest.raises(Refused, match=r"unknown-key|not-admitted"):
        await _evaluate(conf, python, first)


async def _removed_with_rotation(python: Community, conf: Community) -> None:
    """What `comity peer remove --rotate` does, and both approvals."""
    await rotation.require_possible(python.node, python.now)
    await peering.remove(python.node, python.clients, conf.id, python.now)
    (status,) = await rotation.rotate(python.node, python.now)
    await _approve(python, status)
    for each in await _waiting(python.node):
        await _approve(python, each)


async def _opened(issuer: Community, pseudonym: Pseudonym) -> bool:
    """Whether an answer leads anywhere in what the issuer's peers hold now."""
    fingerprint = await issuer.fingerprint()
    async with issuer.node.store.read() as connection:
        held = await records.get(
            connection, fingerprint, await records.held(connection, fingerprint)
        )
    mine = set(all_locators(pseudonym))
    return any(
        entry.locator in mine for data in held.values() for entry in parse_record(data).index
    )


async def _as_sealed_now(issuer: Community) -> Pseudonym:
    newest = (await issuer.register()).community.oprf[0]
    key = (await keyring.oprf_keys(issuer.node))[oprf_key_id(newest)]
    return Pseudonym(voprf.evaluate(key.secret, from_text(PERSON).oprf_input))


async def test_an_officers_device_checks_what_is_sealed_anew(committee: Committee) -> None:
    """From the sheet alone, for every identifier; then the new record takes the old one's place."""
    id_ = await committee.publish()
    before = await _slots_of(committee.node, id_)
    (status,) = await rotation.rotate(committee.node, NOW)
    await committee.approve(status)
    (reseal,) = await _waiting(committee.node)
    verified = verify_sheet(
        await sheets.export(committee.node, reseal.decision, NOW), CYD.public_key, now=NOW
    )
    (item,) = verified.items
    assert len(item.identifiers) == 4
    assert [each.custody for each in verified.community.officers].count("own") == 1
    await committee.approve(reseal, "alice")
    file = verified.approve(CYD).to_bytes()
    assert (await voting.bring(committee.node, reseal.decision, file, NOW)).state == "logged"
    await _expect_in_step(committee)
    async with committee.node.store.read() as connection:
        row = await attestations.get(connection, id_)
    assert row is not None
    # Amended later, shown later, sealed anew once more: all of it from the content as it is now.
    await committee.approve(await acts.withdraw(committee.node, [id_], "erased", NOW))
    assert before
    assert not await _slots_of(committee.node, id_)


async def _slots_of(node: Node, attestation: str) -> list[tuple[bytes, int]]:
    table = tables.slots
    query = select(table.c.oprf_key, table.c.slot).where(table.c.attestation == attestation)
    async with node.store.read() as connection:
        return [(row[0], row[1]) for row in await connection.execute(query)]


async def _expect_in_step(committee: Committee) -> None:
    """Every live record is sealed under the newest key, and is the one that the log approves."""
    register = await committee.register()
    live = {each.item.id: each.item.seal for each in register.attestations.values()}
    newest = oprf_key_id(register.community.oprf[0])
    async with committee.node.store.read() as connection:
        held = await records.get(connection, register.fingerprint, live)
    assert {id_: record_hash(data) for id_, data in held.items()} == {
        id_: seal.record for id_, seal in live.items()
    }
    assert {seal.key for seal in live.values()} == {newest}
    assert register.voids == []
    assert await _waiting(committee.node) == []
    checks = await doctor.examine(committee.node.home, NOW)
    assert {each.name for each in checks if each.level == "fault"} <= {"disk"}


async def test_many_records_are_decided_on_together(committee: Committee) -> None:
    """A hundred in one decision: peers are handed the old ones until theirs is logged."""
    many = [proposal(f"github:many-{number}") for number in range(resealing.MOST)]
    await committee.approve(await proposing.propose_all(committee.node, many, NOW))
    await committee.publish()
    (status,) = await rotation.rotate(committee.node, NOW)
    status = await committee.approve(status)
    first, second = await _waiting(committee.node)
    assert {first.decision, second.decision} == set(status.then)
    assert sorted(map(len, (first.attestations, second.attestations))) == [1, resealing.MOST]
    await committee.approve(first)
    assert len(resealing.left(await committee.register(), TODAY)) == len(second.attestations)
    with pytest.raises(UserError, match="wait to be sealed"):
        await rotation.require_possible(committee.node, NOW)
    (same,) = await rotation.rotate(committee.node, NOW)
    assert same.decision == second.decision
    await committee.approve(second)
    await _expect_in_step(committee)


async def test_what_is_declined_is_proposed_again_on_demand_only(committee: Committee) -> None:
    """By itself nothing comes back that officers did not want; what another act voided does."""
    kept, lifted = await committee.publish(), await committee.publish("github:somebody")
    (status,) = await rotation.rotate(committee.node, NOW)
    await committee.approve(status)
    (reseal,) = await _waiting(committee.node)
    for officer in ("alice", "bob"):
        await voting.decline(committee.node, reseal.decision, officer, "not now", NOW)
    assert await _waiting(committee.node) == []
    await committee.publish("github:another")
    assert await _waiting(committee.node) == []
    (again,) = await rotation.rotate(committee.node, NOW)
    assert set(again.attestations) == {kept, lifted}
    # A sanction that ends meanwhile voids the decision about it and others; those come back.
    await committee.lift(lifted)
    assert (await committee.approve(again)).state == "void"
    (third,) = await _waiting(committee.node)
    assert third.attestations == [kept]
    # So does what a change of the community overtakes.
    await committee.change(contact="somebody@python.example", threshold=3)
    (fourth,) = await _waiting(committee.node)
    assert (fourth.attestations, fourth.threshold) == ([kept], 3)
    await committee.approve(fourth)
    verified = verify_sheet(
        await sheets.export(committee.node, fourth.decision, NOW), CYD.public_key, now=NOW
    )
    await voting.bring(committee.node, fourth.decision, verified.approve(CYD).to_bytes(), NOW)
    register = await committee.register()
    assert resealing.left(register, TODAY) == []


async def test_a_key_that_is_not_wanted_is_forgotten(committee: Committee) -> None:
    """Proposing twice is proposing once; declined, nothing of it is left."""
    before = await _held_keys(committee.node)
    (status,) = await rotation.rotate(committee.node, NOW)
    (same,) = await rotation.rotate(committee.node, NOW)
    assert same.decision == status.decision
    assert len(await _held_keys(committee.node)) == 2
    await retention.clean(committee.node, NOW + 30 * DAY)
    assert len(await _held_keys(committee.node)) == 2
    for officer in ("alice", "bob"):
        await voting.decline(committee.node, status.decision, officer, "no", NOW)
    assert await _held_keys(committee.node) == before
    await committee.publish()


async def test_a_secret_is_destroyed_with_what_was_kept_under_it(committee: Committee) -> None:
    """The node at work answers under it no more, whoever destroyed it; the act is recorded."""
    await committee.publish()
    own = OwnIdentity(committee.node)
    (first,) = (await own.current()).oprf
    (status,) = await rotation.rotate(committee.node, NOW)
    await _approve_all(committee, status)
    assert first in (await own.current()).oprf
    await retention.clean(committee.node, NOW)
    await retention.clean(committee.node, NOW + FRESH + MAX_AHEAD + 1)
    assert first not in (await own.current()).oprf
    async with committee.node.store.read() as connection:
        assert f"oprf:{first.hex()}" not in await key_rows.every(connection)
        tag = committee.node.vault.tag("slots.tag", b"github:malloryq-fake")
        assert not await slots.used(connection, first, tag)
    said = [each.detail for each in await audit.every(committee.node) if each.act == "rotate"]
    assert [each["what"] for each in said] == ["propose", "destroy"]
    await _expect_in_step(committee)


async def test_a_lost_new_key_is_replaced_by_another(committee: Committee) -> None:
    """As where a backup from before the change was restored: the officers can go on from there."""
    await committee.publish()
    (status,) = await rotation.rotate(committee.node, NOW)
    await committee.approve(status)
    newest = oprf_key_id((await committee.register()).community.oprf[0])
    async with committee.node.store.write() as connection:
        await keyring.drop_oprf(connection, [newest])
    with pytest.raises(UserError, match="comity community rotate"):
        await committee.propose("github:somebody")
    (status,) = await rotation.rotate(committee.node, NOW)
    await _approve_all(committee, status)
    await _expect_in_step(committee)


async def _approve_all(committee: Committee, status: Status) -> None:
    """Approve a decision, and those that it brings about."""
    for hash_ in (await committee.approve(status)).then:
        await committee.approve(await decisions.status(committee.node, hash_, NOW))


@pytest.mark.parametrize("lines", [2, 5])
async def test_row_32_a_rotation_killed_anywhere_goes_on(
    home: Home, committee: Committee, lines: int
) -> None:
    """Killed after so many steps: nothing half, and the same command goes on from there."""
    ids = [await committee.publish(f"github:somebody-{number}") for number in range(3)]
    async with beside("tests.node.rotator", str(home.path)) as process:
        assert process.stdout is not None
        for _ in range(lines):
            await process.stdout.readline()
        process.kill()
    register = await committee.register()
    async with committee.node.store.read() as connection:
        held = await records.held(connection, register.fingerprint)
    assert held == {id_: register.attestations[id_].item.seal.record for id_ in ids}
    async with beside("tests.node.rotator", str(home.path)) as process:
        out, _ = await process.communicate()
    assert out.split()[-1] == b"done"
    await _expect_in_step(committee)


async def test_a_record_sealed_anew_while_it_is_fetched_accuses_nobody(
    federation: Federation,
) -> None:
    """The log was read before, the record is from after: the log is read once more."""
    python, conf = await federation.pair()
    ban = await python.publish(PERSON)
    (status,) = await rotation.rotate(python.node, python.now)
    await _approve(python, status)
    async with mirror(python) as shown:
        (reseal,) = await _waiting(python.node)
        await _approve(python, reseal)
        async with mirror(python) as after:
            shown.records = after.records

            def grow() -> None:
                shown.entries = after.entries

            shown.on_records = grow
            await led_to(conf, shown)
            result = await conf.follow(python)
    assert (result.state, result.error) == ("current", None)
    assert await conf.records_of(python) == {ban}


async def test_the_commands_remove_a_peer_and_change_the_key(
    federation: Federation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of them one step, and it says what comes next."""
    monkeypatch.setattr("node.clock.now", lambda: federation.clock[0])
    monkeypatch.setenv("COMITY_OFFICER_PASSWORD", password("alice"))
    python = await federation.community("python.example", officers=("alice",), threshold=1)
    conf, meetup = [await federation.community(f"{each}.example") for each in ("conf", "meetup")]
    for each in (conf, meetup):
        await federation.peer(each, python)
    ban = await python.publish(PERSON)
    words = await _comity(python, "peer", "remove", "meetup.example")
    assert "comity community rotate" in " ".join(words.stderr.split())
    removed = await _comity(python, "--json", "peer", "remove", "conf.example", "--rotate")
    document = _document(removed)
    assert (document["state"], document["rotation"]["state"]) == ("removed", "pending")
    decision = document["rotation"]["decision"]
    approved = await _comity(python, "decision", "approve", decision, "--officer", "alice")
    assert "sanctions sealed anew under it; it waits for approvals now" in approved.stdout
    checked = await _comity(python, "doctor", status=None)
    assert "not sealed under the new key yet" in " ".join(checked.stdout.split())
    refused = await _comity(python, "peer", "remove", "conf.example", "--rotate", status=1)
    assert "1 sanctions wait to be sealed" in " ".join(refused.stderr.split())
    done = await _comity(python, "--json", "community", "rotate", "--officer", "alice")
    assert _document(done)["attestation"] == ban
    again = await _comity(python, "--json", "community", "rotate", "--officer", "alice")
    document = _document(again)
    assert [document["state"], *(each["state"] for each in document["others"])] == ["logged"] * 2
    register = await python.register()
    assert register.voids == []
    assert register.attestations[ban].oprf_key == register.community.oprf[0]


async def test_who_only_asks_has_no_key_to_change(federation: Federation) -> None:
    """Said before anything is done."""
    meetup = await federation.community("meetup.example", only_asks=True)
    with pytest.raises(UserError, match="publishes nothing"):
        await rotation.rotate(meetup.node, meetup.now)
    with pytest.raises(UserError, match="publishes nothing"):
        await rotation.require_possible(meetup.node, meetup.now)


def _document(result: Ran) -> Any:
    """Its last line: the nodes at work in this process write their own before."""
    return json.loads(result.stdout.splitlines()[-1])


async def _comity(community: Community, *arguments: str, status: int | None = 0) -> Ran:
    """Run a command in a thread, as it starts a loop of its own."""
    line = ["--home", str(community.home.path), *arguments]
    result = await asyncio.to_thread(CliRunner().invoke, cli, line)
    assert status in (None, result.exit_code), result.output
    return result
