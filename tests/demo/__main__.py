"""Three communities on this machine: `make demo`.

A foundation revokes a membership and a meetup bans somebody, each by a quorum of its officers. A
conference screens its attendee list (117 synthetic people, as pretix exports them) against both,
without showing the list to anybody. Then the meetup lifts its ban, and it is gone everywhere.

Each node is a process of its own, the cryptography is the real one, and every step is verified:
the exit status is 0 only if all of them did what they say. Nothing is left running.
"""

import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.demo.community import BOBS, Community, DemoFailed, community, homes

ATTENDEES = Path(__file__).with_name("attendees.csv")
PEOPLE = {25: "Mallory Quill", 56: "Casey Brandt", 90: "Robin Vale"}
"""Who is expected in the result, by row."""

LIFT_WITHIN = 60
"""Seconds in which every peer has to know of a lift."""

screen = Console(highlight=False)


def main() -> int:
    """Run every step; 0 only if all of them were verified."""
    began = time.monotonic()
    try:
        with homes() as folder, ExitStack() as running:
            demonstrate(folder, running)
    except DemoFailed as error:
        screen.print(f"[red]failed:[/] {error}", markup=True)
        return 1
    screen.print(f"\nEvery step was verified, in {time.monotonic() - began:.0f} seconds.")
    return 0


def demonstrate(folder: Path, running: ExitStack) -> None:
    """The whole story."""
    foundation, conference, meetup = (
        community(folder, f"{name}.example")
        for name in ("python-foundation", "pyregion", "py-meetup")
    )
    everybody = (foundation, conference, meetup)

    step("Three communities are founded, each with its own keys, officers and log")
    bob = folder / "bobs-laptop"
    bob.mkdir()
    found(foundation, "Python Foundation", bob_key=officer_key(foundation, bob / "bob.key"))
    found(conference, "PyRegion Conference")
    found(meetup, "Py Meetup")
    approve_genesis(foundation, bob)
    for each in everybody:
        running.enter_context(each.serving())
        say(f"{each.id:26} {each.comity('id')['url']}")

    step("Their administrators compare one string by phone, and both sides agree")
    for asker, other in ((conference, foundation), (conference, meetup), (meetup, foundation)):
        peer(asker, other)

    step("The foundation revokes a membership: proposed, then signed by two of its officers")
    revocation = publish_by_sheet(foundation, bob)
    step("The meetup bans somebody, by two of its officers")
    ban = publish_ban(meetup)
    until_known(conference, foundation, meetup)

    step(f"The conference screens {ATTENDEES.name}, as its ticket shop exported it")
    show_screening(screening(conference), {25: revocation, 56: ban})

    step("The meetup lifts its ban, by the same quorum")
    lift(meetup, ban)
    seconds = until(
        lambda: all(gone(each, "github:casey-brandt-fake") for each in (conference, foundation)),
        "the lift did not reach every peer",
    )
    say(
        f"gone at both peers after {seconds:.0f} s: the record is dropped, nothing matches any more"
    )
    check("the revocation still stands", len(matches(screening(conference))) == 1)


def found(each: Community, name: str, bob_key: str | None = None) -> None:
    """Found a community of two officers, who both have to approve."""
    officers = ["--officer", "alice", "--officer", f"bob={bob_key}" if bob_key else "bob"]
    if bob_key is None:
        file = each.home.with_suffix(".bob")
        file.write_text(BOBS, "utf-8")
        officers += ["--password-file", f"bob={file}"]
    each.comity(
        "init", "--id", each.id, "--name", name, "--url", each.url,
        "--contact", f"conduct@{each.id}", "--policy-url", f"https://{each.id}/conduct",
        *officers, "--threshold", "2", "--space", "main=Main events", "--body", "cwg=Conduct group",
    )  # fmt: skip


def officer_key(each: Community, file: Path) -> str:
    """Make an officer's key on the officer's own device."""
    return str(each.comity("officer", "key", str(file))["public_key"])


def approve_genesis(each: Community, bob: Path) -> None:
    """Bob approves on his own device that the community is founded as the statement says."""
    (waiting,) = each.comity("decision", "list")
    check("a founding waits for its second officer", each.comity("id")["fingerprint"] is None)
    sign_on_own_device(each, waiting["decision"], bob)
    check("the community is active", each.comity("id")["state"] == "active")


def sign_on_own_device(each: Community, decision: str, bob: Path) -> Any:
    """Export the sheet, let the officer's device recompute and sign it, bring the approval back."""
    sheet, approval = bob / "sheet.json", bob / "approval.json"
    for file in (sheet, approval):
        file.unlink(missing_ok=True)
    each.comity("decision", "export", decision, "--out", str(sheet))
    each.comity(
        "officer",
        "sign",
        str(sheet),
        "--key",
        str(bob / "bob.key"),
        "--out",
        str(approval),
        "--yes",
    )
    return each.comity("decision", "approve", decision, "--approval", str(approval))


def peer(asker: Community, other: Community) -> None:
    """Peer two communities: each administrator gives the string that the other reads out."""
    asker.comity("peer", "add", other.url, "--compare", other.comity("id")["compare"])
    other.comity("peer", "accept", asker.id, "--compare", asker.comity("id")["compare"])
    for one, two in ((asker, other), (other, asker)):
        until(partial(is_active, one, two), f"{one.id} and {two.id} did not peer")
    say(f"{asker.id} and {other.id} are peers")


def is_active(one: Community, other: Community) -> bool:
    """Whether `one` has `other` as an active peer."""
    peers = one.comity("peer", "list")
    return any(each["id"] == other.id and each["state"] == "active" for each in peers)


def publish_by_sheet(foundation: Community, bob: Path) -> str:
    """Alice approves with a key that the node keeps, Bob on his own device; the id."""
    proposed = foundation.comity(
        "sanction", "propose", "--measure", "membership_revocation", "--scope", "membership",
        "--identifier", "email:Mallory.Quill@Example.org",
        "--identifier", "github:https://github.com/malloryq-fake",
        "--basis", "harassment", "--officer", "alice",
    )  # fmt: skip
    check("one officer alone puts nothing in force", proposed["state"] == "pending")
    done = sign_on_own_device(foundation, proposed["decision"], bob)
    check("two of two officers approved", (done["state"], done["approvals"]) == ("logged", 2))
    say("in force; the second officer's own device recomputed all that it signed")
    return str(done["attestation"])


def publish_ban(meetup: Community) -> str:
    """Both officers approve with keys that the node keeps, and everybody will see that; the id."""
    proposed = meetup.comity(
        "sanction", "propose", "--measure", "ban", "--scope", "all_own_spaces",
        "--identifier", "github:@Casey-Brandt-fake", "--identifier", "email:casey@example.org",
        "--identifier", "name:Robin Vale", "--officer", "alice",
    )  # fmt: skip
    done = meetup.comity(
        "decision", "approve", proposed["decision"], "--officer", "bob",
        COMITY_OFFICER_PASSWORD=BOBS,
    )  # fmt: skip
    check("two of two officers approved", (done["state"], done["approvals"]) == ("logged", 2))
    say("in force")
    return str(done["attestation"])


def lift(each: Community, attestation: str) -> None:
    """Lift a sanction by both officers."""
    proposed = each.comity("sanction", "lift", attestation, "--officer", "alice")
    done = each.comity(
        "decision", "approve", proposed["decision"], "--officer", "bob",
        COMITY_OFFICER_PASSWORD=BOBS,
    )  # fmt: skip
    check("the lift is logged", done["state"] == "logged")


def until_known(asker: Community, *issuers: Community) -> None:
    """Wait until a peer has what was published, as it is told at once."""
    seconds = until(
        lambda: (
            not gone(asker, "github:malloryq-fake") and not gone(asker, "github:casey-brandt-fake")
        ),
        "what was published did not reach the conference",
    )
    say(f"known at {asker.id} after {seconds:.0f} s, as sealed records that it cannot read")
    check("both issuers are heard", len(coverage(asker)) == len(issuers))


def coverage(asker: Community) -> list[Any]:
    """The peers that a check heard."""
    answer = asker.comity("check", "github:nobody-at-all-fake")
    return [each for each in answer["coverage"]["peers"] if each["state"] == "heard"]


def gone(asker: Community, identifier: str) -> bool:
    """Whether a check finds nothing, with every peer heard."""
    answer = asker.comity("check", identifier, expect=(0, 3, 4))
    return bool(answer["outcome"] == "nothing_found" and answer["coverage"]["complete"])


def screening(asker: Community) -> list[Any]:
    """Screen the attendee list; a document for each row, and the summary."""
    first = datetime.now(UTC).date() + timedelta(days=30)
    rows: list[Any] = asker.comity(
        "screen", str(ATTENDEES), "--event", "PyRegion", "--purpose", "registration",
        "--from", first.isoformat(), "--to", (first + timedelta(days=2)).isoformat(), expect=(3,),
    )  # fmt: skip
    return rows


def matches(rows: list[Any]) -> list[Any]:
    """The rows that match by a strong identifier."""
    return [each for each in rows if each.get("outcome") == "match"]


def show_screening(rows: list[Any], expected: dict[int, str]) -> None:
    """Show what a human has to look at, after holding it against the truth."""
    found = [each for each in rows if each.get("outcome") in ("match", "possible")]
    summary = rows[-1]["summary"]
    check(
        "who matches is who was published",
        {each["row"]: each["findings"][0]["attestation"] for each in matches(rows)} == expected,
    )
    check("a name alone is only possible", [each["row"] for each in found] == sorted(PEOPLE))
    check("no row is lost", len(rows) - 1 == summary["rows"])
    check("every peer was heard", summary["coverage"]["complete"])
    table = Table("row", "who", "outcome", "because", "stated by", "what")
    for each in found:
        finding = each["findings"][0]
        same = ", ".join(finding["matched"])
        what = (finding["measure"] or "not shown: a name alone opens nothing").replace("_", " ")
        row = str(each["row"]), PEOPLE[each["row"]], each["outcome"]
        table.add_row(*row, f"same {same}", finding["issuer"], what)
    screen.print(table)
    say(
        f"{summary['rows']} rows: {summary['checked']} checked, "
        f"{summary['name_only']} by name only, {summary['unchecked']} not checked, "
        f"{summary['skipped']} skipped (cancelled, or nobody's ticket)"
    )
    say("Nobody learned who was asked about, not even of the three. A human decides what follows.")


def until(done: Callable[[], bool], otherwise: str) -> float:
    """Wait for something that another process does; the seconds that it took."""
    began = time.monotonic()
    while not done():
        if time.monotonic() - began > LIFT_WITHIN:
            raise DemoFailed(otherwise)
        time.sleep(0.5)
    return time.monotonic() - began


def check(what: str, holds: bool) -> None:  # noqa: FBT001 - reads as a sentence
    """Fail unless it holds."""
    if not holds:
        raise DemoFailed(f"it does not hold that {what}")


def step(text: str) -> None:
    """Begin a step."""
    screen.print(f"\n[bold]{text}[/]")


def say(text: str) -> None:
    """Tell what a step did."""
    screen.print(f"  {text}", markup=False, soft_wrap=True)


if __name__ == "__main__":
    sys.exit(main())
