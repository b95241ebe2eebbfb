"""What people do at a node, by the local API: real nodes on loopback."""

import asyncio
from base64 import b64encode
from typing import Any

import pytest

from node import audit, inquiries, screening
from tests.node.api.conftest import Api
from tests.node.federation import eventually

BAN = {
    "identifiers": ["email:casey@person.example", "github:casey-fake"],
    "measure": "ban",
    "scope": [{"kind": "all_own_spaces"}],
    "basis": "harassment",
}

LIST = (
    b"Order code,Name,Email\nA1,Mallory,mallory@person.example\nA2,Eve,eve@person.example\nA3,,\n"
)


async def _acts(api: Api) -> list[tuple[str, str]]:
    return [
        (each.act, str(each.detail.get("who"))) for each in await audit.every(api.community.node)
    ]


async def test_a_sanction_is_proposed_approved_reviewed_and_lifted(api: Api) -> None:
    """The committee's work, as calls; every act is recorded under the token's name."""
    proposed = await api.done("officer", "POST", "/sanctions", BAN)
    assert proposed["state"] == "pending"
    decision = await api.done("officer", "GET", f"/decisions/{proposed['decision']}")
    assert decision["votes"] == []
    assert any("github:casey-fake" in line for line in decision["words"])
    logged = await api.logged(proposed)
    id_ = logged["attestation"]
    shown = await api.done("officer", "GET", f"/sanctions/{id_}")
    assert (shown["state"], shown["measure"]) == ("in_force", "ban")
    assert "github:casey-fake" in shown["identifiers"]

    due = await api.done("officer", "GET", "/sanctions/due", within=400)
    assert id_ in {each["id"] for each in due["due"]}
    await api.logged(await api.done("officer", "POST", "/sanctions/reaffirm", {"ids": [id_]}))

    amended = await api.done(
        "officer", "POST", f"/sanctions/{id_}/amend", {"drop": ["github:casey-fake"]}
    )
    new = (await api.logged(amended["attesting"]))["attestation"]
    await api.logged(amended["withdrawing"])
    lifted = await api.done(
        "officer", "POST", "/sanctions/end", {"ids": [new], "because": "lifted"}
    )
    await api.logged(lifted)
    states = {
        each["id"]: each["ending"]
        for each in (await api.done("officer", "GET", "/sanctions"))["sanctions"]
    }
    assert states == {id_: "superseded", new: "lifted"}
    log = await api.done("checker", "GET", "/log")
    assert [each["type"] for each in log["entries"]][-1] == "withdraw"
    acts = await _acts(api)
    assert acts.count(("propose", "officer token")) == 5
    assert acts.count(("read", "officer token")) == 3


async def test_a_check_finds_and_what_was_found_is_read_and_deleted_by_ref(api: Api) -> None:
    """Raw fields as they were typed; what was found is read since a cursor, and is taken back."""
    attestation = await api.issuer.publish("email:mallory@person.example")
    await api.community.sync()
    event = {"name": "Conf", "purpose": "registration", "from": "2027-03-01", "to": "2027-03-03"}
    checked = await api.done(
        "checker",
        "POST",
        "/checks",
        {
            "fields": [{"kind": "email", "value": " Mallory@PERSON.example "}],
            "ref": "order-7",
            "event": event,
        },
    )
    assert checked["outcome"] == "match"
    assert checked["coverage"]["complete"]
    (finding,) = checked["findings"]
    assert finding["attestation"] == attestation

    page = await api.done("checker", "GET", "/findings")
    assert [each["ref"] for each in page["findings"]] == ["order-7"]
    assert await api.done("checker", "GET", "/findings", since=page["next"]) == {
        "findings": [],
        "next": page["next"],
    }
    await api.issuer.lift(attestation)
    await api.community.sync()
    again = await api.done("checker", "GET", f"/findings/{finding['id']}")
    assert not again["counts"]
    assert again["shown"] is None
    deleted = await api.done("checker", "POST", "/findings/delete", {"ref": "order-7"})
    assert deleted == {"deleted": 1}
    status, _ = await api.call("checker", "GET", f"/findings/{finding['id']}")
    assert status == 404
    acts = await _acts(api)
    assert ("check", "checker token") in acts
    assert ("delete", "checker token") in acts


async def test_a_list_is_screened_in_the_background_and_deleted(api: Api) -> None:
    """Rows that a human has to look at come by themselves; every row is there if asked for."""
    attestation = await api.issuer.publish("email:mallory@person.example")
    await api.community.sync()
    body = {"file": b64encode(LIST).decode(), "event": {"purpose": "registration"}}
    understood = await api.done("checker", "POST", "/screenings/understand", body)
    assert any("Email" in line for line in understood["words"])
    assert (understood["rows"], understood["identifies"]) == (3, True)
    begun = await api.done("checker", "POST", "/screenings", body)

    async def is_done() -> bool:
        shown = await api.done("checker", "GET", f"/screenings/{begun['id']}")
        assert shown["state"] != "failed", shown["fault"]
        return bool(shown["state"] == "done")

    await eventually(is_done)
    shown = await api.done("checker", "GET", f"/screenings/{begun['id']}")
    assert (shown["counts"]["rows"], shown["counts"]["match"]) == (3, 1)
    assert shown["counts"]["coverage"]["complete"]
    path = f"/screenings/{begun['id']}/rows"
    page = await api.done("checker", "GET", path)
    assert [(each["row"], each["outcome"]) for each in page["rows"]] == [(1, "match")]
    for found, rows in (("true", [1]), ("false", [])):
        page = await api.done("checker", "GET", path, found=found)
        assert [each["row"] for each in page["rows"]] == rows
    (listed,) = (await api.done("checker", "GET", "/screenings"))["screenings"]
    assert (listed["rows"], listed["match"], listed["possible"]) == (3, 1, 0)
    first = await api.done("checker", "GET", path, attention="false", limit=2)
    second = await api.done("checker", "GET", path, attention="false", after=first["next"])
    assert [each["row"] for each in first["rows"] + second["rows"]] == [1, 2, 3]

    assert ("screen", "checker token") in await _acts(api)
    await api.issuer.lift(attestation)
    await api.community.sync()
    page = await api.done("checker", "GET", path)
    ((row, outcome, found),) = [
        (each["row"], each["outcome"], each["findings"]) for each in page["rows"]
    ]
    assert (row, outcome, found[0]["measure"]) == (1, "nothing_found", None)
    assert await api.done("checker", "DELETE", f"/screenings/{begun['id']}") == {"deleted": 1}
    assert (await api.done("checker", "GET", "/findings"))["findings"] == []
    status, _ = await api.call("checker", "GET", path)
    assert status == 404
    assert (await api.done("checker", "GET", "/screenings"))["screenings"] == []


async def test_a_list_that_waits_is_screened_after_a_restart(api: Api) -> None:
    """What waits is in the database, sealed, and not in anybody's memory."""
    conf = api.community
    listen = await conf.url()
    begun = await api.done("checker", "POST", "/screenings", {"file": b64encode(LIST).decode()})
    await conf.stop()
    await conf.start(listen.removeprefix("http://").partition("/")[0])

    async def is_done() -> bool:
        shown = await api.done("checker", "GET", f"/screenings/{begun['id']}")
        return bool(shown["state"] == "done")

    await eventually(is_done)


async def test_a_list_that_cannot_be_read_is_refused_at_once(api: Api) -> None:
    """In words that say what to do."""
    for file, words in (("%%%", "base64"), (b64encode(b"%PDF-").decode(), "CSV"), ("", "empty")):
        status, problem = await api.call("checker", "POST", "/screenings", {"file": file})
        assert status == 422
        assert words in problem["detail"]


async def test_peers_officers_and_what_is_held_of_a_person(api: Api) -> None:
    """The operator's side, and the person's right."""
    peers = await api.done("operator", "GET", "/peers")
    assert [(each["id"], each["state"]) for each in peers["peers"]] == [
        ("foundation.example", "active")
    ]
    followed = await api.done("operator", "POST", "/peers/foundation.example/follow")
    assert followed["error"] is None
    officers = await api.done("operator", "GET", "/officers")
    assert [each["name"] for each in officers["officers"]] == ["alice", "bob"]
    changed = await api.done("operator", "POST", "/community", {"name": "The Conference"})
    await api.logged(changed)
    assert (await api.done("checker", "GET", "/community"))["community"]["name"] == (
        "The Conference"
    )
    asked = {"identifiers": ["email:mallory@person.example"]}
    await api.done("checker", "POST", "/checks", asked)
    held = (await api.done("officer", "POST", "/subjects", asked))["held"]
    assert len(held["asked_here"]) == 1
    health = await api.done("operator", "GET", "/node")
    assert "log" in {each["name"] for each in health["checks"]}
    acts = await api.done("operator", "GET", "/audit", limit=500)
    assert acts["total"] == len(acts["acts"])
    removed = await api.done("operator", "DELETE", "/peers/foundation.example")
    assert removed["peer"]["state"] == "removed"


async def test_an_inquiry_goes_from_match_to_verified_disclosure(api: Api) -> None:
    """Between two running nodes; whoever asks is told first what the question reveals."""
    issuer, conf = api.issuer, api.community
    await issuer.publish("email:mallory@person.example", basis="harassment")
    await conf.sync()
    asked = {"identifiers": ["email:mallory@person.example"]}
    (finding,) = (await api.done("checker", "POST", "/checks", asked))["findings"]
    about = {"finding": finding["id"], "purpose": "registration"}
    told = await api.done("checker", "POST", "/inquiries/reveals", about)
    assert "cannot be taken back" in told["reveals"]
    question = await api.done("checker", "POST", "/inquiries/asked", about)
    assert question["state"] == "waiting"

    theirs = await api.elsewhere(issuer, "officer", "alice")
    received = await theirs.done("officer", "GET", "/inquiries/received")
    assert [each["id"] for each in received["received"]] == [question["id"]]
    await theirs.done(
        "officer", "POST", f"/inquiries/received/{question['id']}", {"release": ["basis"]}
    )
    await inquiries.carry(conf.node, conf.clients, conf.now)
    answered = await api.done("checker", "GET", f"/inquiries/asked/{question['id']}")
    assert answered["state"] == "answered"
    assert answered["answer"]["basis"] == "harassment"


async def test_a_policy_is_previewed_changed_and_a_finding_judged(api: Api) -> None:
    """By an officer's token; an operator reads the policy, and no finding."""
    await api.issuer.publish("email:mallory@person.example")
    await api.community.sync()
    asked = {"identifiers": ["email:mallory@person.example"]}
    (found,) = (await api.done("checker", "POST", "/checks", asked))["findings"]
    rule = {"about": "rule", "peer": "foundation.example", "measure": "ban", "attention": "urgent"}
    (change,) = (await api.done("officer", "POST", "/policy/preview", {"part": rule}))["changes"]
    assert (change["finding"], change["to"]) == (
        found["id"],
        {"attention": "urgent", "counts": True},
    )
    nothing: dict[str, list[str]] = {"rules": [], "weights": [], "requirements": []}
    assert await api.done("operator", "GET", "/policy") == nothing
    await api.done("officer", "POST", "/policy", {"part": rule})
    for part in ({"about": "weight", "circumstance": "weak"}, {"about": "requirement"}):
        await api.done("officer", "POST", "/policy", {"part": part})
    shown = await api.done("operator", "GET", "/policy")
    assert shown["rules"] == [
        {
            "peer": "foundation.example",
            "former": False,
            "measure": "ban",
            "scope": None,
            "attention": "urgent",
        }
    ]
    assert (len(shown["weights"]), len(shown["requirements"])) == (1, 1)
    (read,) = (await api.done("checker", "GET", "/findings"))["findings"]
    assert read["finding"]["attention"] == "urgent"
    await api.done("officer", "POST", "/policy", {"part": rule, "drop": True})
    assert (await api.call("officer", "POST", "/policy", {"part": rule, "drop": True}))[0] == 404
    for scope, space in ((None, "meetup"), ("event", "planet"), ("event", "meetup")):
        typed = {"about": "rule", "scope": scope, "space": space}
        assert (await api.call("officer", "POST", "/policy", {"part": typed}))[0] == 422

    path = f"/findings/{found['id']}/judge"
    judged = {"judged": "different", "by": "Ann"}
    assert (await api.call("operator", "POST", path, judged))[0] == 403
    read = await api.done("checker", "POST", path, judged)
    assert (read["finding"]["attention"], read["counts"]) == ("note", False)
    (made,) = (await api.done("officer", "GET", "/judgments"))["judgments"]
    assert (made["issuer"], made["judged"], made["by"]) == (
        "foundation.example",
        "different",
        "Ann (checker token)",
    )
    acts = await _acts(api)
    assert acts.count(("policy", "officer token")) == 4
    assert ("judge", "checker token") in acts


async def test_a_list_that_is_deleted_while_it_is_screened_leaves_nothing(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither rows nor what was found."""
    await api.issuer.publish("email:mallory@person.example")
    await api.community.sync()
    ask, asked, go_on = screening.screen, asyncio.Event(), asyncio.Event()

    async def screen(*arguments: Any, **options: Any) -> Any:
        done = await ask(*arguments, **options)
        asked.set()
        await go_on.wait()
        return done

    monkeypatch.setattr(screening, "screen", screen)
    begun = await api.done("checker", "POST", "/screenings", {"file": b64encode(LIST).decode()})
    await asked.wait()
    assert len((await api.done("checker", "GET", "/findings"))["findings"]) == 1
    await api.done("checker", "DELETE", f"/screenings/{begun['id']}")
    go_on.set()

    async def is_gone() -> bool:
        return bool((await api.done("checker", "GET", "/findings"))["findings"] == [])

    await eventually(is_gone)
    assert (await api.done("checker", "GET", "/screenings"))["screenings"] == []


async def test_a_half_year_far_ahead_is_refused_in_words(api: Api) -> None:
    """Whatever days are named."""
    for first, last in (("9999-07-01", "9999-12-31"), ("2999-07-01", "2999-12-31")):
        days = {"from": first, "to": last}
        status, _ = await api.call("officer", "GET", "/reports", None, **days)
        assert status in {400, 422}
