"""A second register, written from section 6 of SPEC.md alone, agrees with the published vectors.

Nothing of `protocol` is imported here. What the text does not say, this would not know.
"""

import base64
import binascii
import hashlib
import json
import re
from datetime import date, timedelta
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tests.paths import ROOT

JSON = dict[str, Any]
FOLDER = ROOT / "protocol" / "vectors"
REGISTER: JSON = json.loads((FOLDER / "register.json").read_text("ascii"))
STATEMENTS: JSON = json.loads((FOLDER / "statements.json").read_text("ascii"))

MINOR = {"http", "cosign", "name", "url", "contact"}
MEASURES = {"ban", "suspension", "membership_revocation", "status_removal", "restriction", None}
SMALL_ORDER_Y = {
    0,
    1,
    2**255 - 20,
    2707385501144840649318225287225658788936804267575313519463743609750303402022,
    55188659117513257062467267217118295137698188065244968500265048394206261417927,
}
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
HOST = r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])"
URL = re.compile(rf"https://{HOST}(:[0-9]{{1,5}})?([/?#][A-Za-z0-9._~:/?#@!$&'()*+,;=%-]*)?")
MAIL = re.compile(rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@{HOST}")
LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
BASE_URL = re.compile(
    rf"https?://({LABEL}(?:\.{LABEL})*)(?::([1-9][0-9]{{0,4}}))?((?:/[A-Za-z0-9._~-]{{1,100}})*)"
)
HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f-\u1160\u17b4-\u17b5\u180b-\u180f\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


class VoidError(Exception):
    """An entry without effect, and the code of the reason."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def require(holds: object, code: str = "malformed") -> None:
    if not holds:
        raise VoidError(code)


def canonical(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def unpadded(text: Any, size: int) -> bytes:
    require(isinstance(text, str))
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise VoidError("malformed") from None
    require(len(data) == size and base64.urlsafe_b64encode(data).decode().rstrip("=") == text)
    return data


def day(text: Any) -> date:
    require(isinstance(text, str) and re.fullmatch(r"2[0-9]{3}-[0-9]{2}-[0-9]{2}", text))
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise VoidError("malformed") from None


def members(value: Any, *names: str) -> JSON:
    require(isinstance(value, dict) and set(value) == set(names))
    found: JSON = value
    return found


def listed(value: Any, least: int, most: int) -> list[Any]:
    require(isinstance(value, list) and least <= len(value) <= most)
    found: list[Any] = value
    return found


def text(value: Any, form: re.Pattern[str], most: int) -> None:
    require(isinstance(value, str) and len(value) <= most and form.fullmatch(value))


def name(value: Any) -> None:
    require(isinstance(value, str) and 1 <= len(value) <= 100)
    require(value.strip(" ") == value and not HIDDEN.search(value))


def strict_key(value: Any) -> bytes:
    key = unpadded(value, 32)
    y = int.from_bytes(key, "little") & (2**255 - 1)
    require(y < 2**255 - 19 and y not in SMALL_ORDER_Y)
    return key


def oprf_id(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()[:8]


def leaf_hash(entry: bytes) -> str:
    digest = hashlib.sha256(b"\0" + entry).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


# Forms


def check_community(value: Any) -> None:
    community = members(
        value,
        *("id", "name", "url", "keys", "oprf", "officers", "threshold", "spaces", "bodies"),
        *("contact", "policy", "part_time", "entries"),
    )
    text(community["id"], re.compile(HOST), 253)
    name(community["name"])
    if community["url"] is not None:
        text(community["url"], BASE_URL, 512)
        host, port, path = BASE_URL.findall(community["url"])[0]
        require(len(host) <= 253 and int(port or 0) <= 65_535)
        require(not {".", ".."} & set(path.split("/")))
    keys = members(community["keys"], "log", "cosign", "http", "issue")
    officers = [members(each, "key", "custody") for each in listed(community["officers"], 1, 64)]
    officer_keys = [strict_key(each["key"]) for each in officers]
    require(officer_keys == sorted(officer_keys))
    require(all(each["custody"] in ("own", "browser", "node") for each in officers))
    every = [*map(strict_key, keys.values()), *officer_keys]
    require(len(set(every)) == len(every))
    oprf = [unpadded(each, 32) for each in listed(community["oprf"], 0, 2)]
    require(len({oprf_id(each) for each in oprf}) == len(oprf))
    require(type(community["threshold"]) is int)
    require(1 <= community["threshold"] <= len(officers))
    for declared in ("spaces", "bodies"):
        slugs = []
        for each in listed(community[declared], 0, 64):
            text(members(each, "slug", "name")["slug"], SLUG, 63)
            name(each["name"])
            slugs.append(each["slug"])
        require(slugs == sorted(set(slugs)))
    contact, policy = community["contact"], community["policy"]
    if contact is not None:
        require(isinstance(contact, str) and len(contact) <= 254)
        require(URL.fullmatch(contact) or MAIL.fullmatch(contact))
    if policy is not None:
        text(policy, URL, 512)
    require(type(community["part_time"]) is bool and community["entries"] in ("public", "peers"))


def check_attest_item(value: Any) -> None:
    item = members(value, "id", "jwt", "seal", "ends", "review_by", "notice", "measure")
    text(item["id"], UUID, 36)
    unpadded(item["jwt"], 32)
    unpadded(members(item["seal"], "key", "record")["key"], 8)
    unpadded(item["seal"]["record"], 32)
    day(item["ends"])
    day(item["review_by"])
    notice = members(item["notice"], "state", "until")
    require(notice["state"] in ("given", "delayed", "unreachable"))
    require((notice["state"] == "delayed") == (notice["until"] is not None))
    if notice["until"] is not None:
        day(notice["until"])
    require(item["measure"] in MEASURES)


LATER = {
    "reseal": ("key", "record"),
    "notice": (),
    "reaffirm": ("review_by",),
    "appeal": ("state",),
    "stay": ("until",),
    "resume": (),
    "withdraw": ("because", "by"),
}


def check_later_item(kind: str, value: Any) -> None:
    item = members(value, "id", "after", *LATER[kind])
    text(item["id"], UUID, 36)
    unpadded(item["after"], 32)
    match kind:
        case "reseal":
            unpadded(item["key"], 8)
            unpadded(item["record"], 32)
        case "reaffirm":
            day(item["review_by"])
        case "appeal":
            require(item["state"] in ("opened", "granted", "rejected", "withdrawn"))
        case "stay":
            day(item["until"])
        case "withdraw":
            require(item["because"] in ("lifted", "overturned", "superseded", "erased"))
            require((item["because"] == "superseded") == (item["by"] is not None))
            if item["by"] is not None:
                text(item["by"], UUID, 36)


def check_decision(decision: JSON) -> None:
    kind = decision.get("type")
    require(isinstance(kind, str) and type(decision.get("v")) is int)
    require(kind in ("community", "attest", *LATER) and decision["v"] == 1, "unknown")
    common = ("v", "type", "log", "on", "after")
    if kind == "community":
        members(decision, *common, "community")
        check_community(decision["community"])
    else:
        members(decision, *common, "items")
        for item in listed(decision["items"], 1, 256):
            if kind == "attest":
                check_attest_item(item)
            else:
                check_later_item(str(kind), item)
    day(decision["on"])
    for hash_name in ("log", "after"):
        if kind != "community" or decision[hash_name] is not None:
            unpadded(decision[hash_name], 32)


def read(data: bytes) -> JSON:
    """An entry's frame."""
    require(len(data) <= 65_535)
    try:
        value = json.loads(data.decode())
    except ValueError:
        raise VoidError("malformed") from None
    require(canonical(value) == data)
    entry = members(value, "approvals", "decision")
    require(isinstance(entry["decision"], dict))
    officers = [
        unpadded(members(each, "officer", "sig")["officer"], 32)
        for each in listed(entry["approvals"], 0, 64)
    ]
    require(officers == sorted(set(officers)))
    for each in entry["approvals"]:
        unpadded(each["sig"], 64)
    return entry


# The register


def approved(entry: JSON, community: JSON) -> int:
    """How many distinct officers of a community approved; approvals are distinct already."""
    message = b"comity:approve:v1\n" + canonical(entry["decision"])
    officers = {each["key"] for each in community["officers"]}
    return sum(_holds(each, message) for each in entry["approvals"] if each["officer"] in officers)


def _holds(approval: JSON, message: bytes) -> bool:
    key = Ed25519PublicKey.from_public_bytes(unpadded(approval["officer"], 32))
    try:
        key.verify(unpadded(approval["sig"], 64), message)
    except InvalidSignature:
        return False
    return True


def flat(community: JSON) -> JSON:
    return {**community, **community["keys"]} | {"keys": None}


class Register:
    """What replaying gives."""

    def __init__(self, genesis: bytes) -> None:
        entry = read(genesis)
        decision = entry["decision"]
        check_decision(decision)
        require(decision["type"] == "community", "out-of-order")
        require(decision["log"] is None and decision["after"] is None, "out-of-order")
        community = decision["community"]
        require(approved(entry, community) >= community["threshold"], "out-of-order")
        require(approved(entry, community) == len(entry["approvals"]), "out-of-order")
        self.oprf = {oprf_id(unpadded(each, 32)): each for each in community["oprf"]}
        self.fingerprint = self.leaf = self.major_leaf = leaf_hash(genesis)
        self.on = self.major_on = decision["on"]
        self.community = community
        self.attested: dict[str, JSON] = {}
        self.effective = {canonical(decision)}
        self.frozen = False

    def append(self, data: bytes) -> str | None:
        """The code of the reason where the entry is void."""
        try:
            self._take(data)
        except VoidError as void:
            return void.code
        return None

    def _take(self, data: bytes) -> None:
        entry = read(data)
        require(not self.frozen, "out-of-order")
        decision = entry["decision"]
        try:
            check_decision(decision)
        except VoidError as void:
            if void.code == "unknown":
                self._freeze(entry)
            raise VoidError("malformed") from None
        require(decision["log"] == self.fingerprint, "out-of-order")
        require(canonical(decision) not in self.effective, "out-of-order")
        given = approved(entry, self.community)
        needed = 1 if self._is_for_one(decision) else self.community["threshold"]
        require(given >= needed, "out-of-order")
        alone = given < self.community["threshold"]
        match decision["type"]:
            case "community":
                self._community(decision, leaf_hash(data))
            case "attest":
                self._attest(decision, leaf_hash(data))
            case _:
                self._later(decision, leaf_hash(data), alone=alone)
        self.effective.add(canonical(decision))

    def _is_for_one(self, decision: JSON) -> bool:
        match decision["type"]:
            case "community":
                return self._is_minor(decision["community"])
            case "notice":
                return True
            case "appeal":
                return all(item["state"] == "opened" for item in decision["items"])
            case "stay":
                return all(self._may_be_alone(item, decision["on"]) for item in decision["items"])
        return False

    def _may_be_alone(self, item: JSON, on: str) -> bool:
        before = self.attested.get(item["id"])
        short = (day(item["until"]) - day(on)).days <= 14
        return before is not None and not before["alone"] and short

    def _freeze(self, entry: JSON) -> None:
        decision = entry["decision"]
        if decision.get("critical") is True and decision.get("log") == self.fingerprint:
            self.frozen = approved(entry, self.community) >= self.community["threshold"]

    def _is_minor(self, community: JSON) -> bool:
        before, after = flat(self.community), flat(community)
        changed = {each for each in after if before[each] != after[each]}
        return bool(changed) and changed <= MINOR

    def _community(self, decision: JSON, leaf: str) -> None:
        minor = self._is_minor(decision["community"])
        require(decision["after"] == self.leaf, "out-of-order")
        require(decision["on"] >= (self.on if minor else self.major_on), "out-of-order")
        require(decision["community"]["id"] == self.community["id"], "out-of-order")
        for each in decision["community"]["oprf"]:
            id_ = oprf_id(unpadded(each, 32))
            require(self.oprf.setdefault(id_, each) == each, "out-of-order")
        if not minor:
            self.major_leaf, self.major_on = leaf, decision["on"]
        self.community, self.leaf, self.on = decision["community"], leaf, decision["on"]

    def _attest(self, decision: JSON, leaf: str) -> None:
        require(decision["after"] == self.major_leaf, "out-of-order")
        require(decision["on"] >= self.major_on, "out-of-order")
        live = [oprf_id(unpadded(each, 32)) for each in self.community["oprf"]]
        fresh: dict[str, JSON] = {}
        on = day(decision["on"])
        for item in decision["items"]:
            require(item["id"] not in {*self.attested, *fresh}, "out-of-order")
            require(unpadded(item["seal"]["key"], 8) in live, "out-of-order")
            terms = [(item["ends"], 0, 1826), (item["review_by"], 1, 400)]
            if item["notice"]["until"] is not None:
                terms.append((item["notice"]["until"], 0, 30))
            for text_, first, last in terms:
                require(first <= (day(text_) - on).days <= last, "out-of-order")
            fresh[item["id"]] = {
                "item": item,
                "leaf": leaf,
                "seal_leaf": leaf,
                "on": on,
                "major_on": on,
                "told": False,
                "appeal": None,
                "stays": [],
                "alone": False,
                "ending": None,
                "erased": False,
            }
        self.attested |= fresh

    def _later(self, decision: JSON, leaf: str, *, alone: bool) -> None:
        require(decision["after"] == self.major_leaf, "out-of-order")
        require(decision["on"] >= self.major_on, "out-of-order")
        changed: dict[str, JSON] = {}
        on = day(decision["on"])
        kind = decision["type"]
        for_one = self._is_for_one(decision)
        for item in decision["items"]:
            require(item["id"] in self.attested and item["id"] not in changed, "out-of-order")
            before = self.attested[item["id"]]
            last = "seal_leaf" if kind == "reseal" else "leaf"
            require(item["after"] == before[last] and on >= before["major_on"], "out-of-order")
            is_open = state(before, on) in ("pending", "in_force")
            erases = kind == "withdraw" and item["because"] == "erased"
            require(not before["erased"] if erases else is_open, "out-of-order")
            granted = before["appeal"] == "granted"
            require(not granted or kind in ("notice", "reseal", "withdraw"), "out-of-order")
            if kind == "reseal":
                changed[item["id"]] = self._reseal(before, item) | {"seal_leaf": leaf}
            else:
                effect = self._effect(kind, before, item, on, alone=alone)
                major_on = before["major_on"] if for_one else on
                changed[item["id"]] = before | effect | {"leaf": leaf, "major_on": major_on}
        self.attested |= changed

    def _reseal(self, before: JSON, item: JSON) -> JSON:
        live = [
            base64.urlsafe_b64encode(oprf_id(unpadded(each, 32))).decode().rstrip("=")
            for each in self.community["oprf"]
        ]
        require(item["key"] in live, "out-of-order")
        require(item["key"] != before["item"]["seal"]["key"], "out-of-order")
        seal = {"key": item["key"], "record": item["record"]}
        return before | {"item": before["item"] | {"seal": seal}}

    def _effect(self, kind: str, before: JSON, item: JSON, on: date, *, alone: bool) -> JSON:
        holding = [end for start, end in before["stays"] if start <= on <= end]
        match kind:
            case "notice":
                told = before["told"] or before["item"]["notice"]["state"] == "given"
                require(not told, "out-of-order")
                return {"told": True}
            case "reaffirm":
                review_by = item["review_by"]
                require(1 <= (day(review_by) - on).days <= 400, "out-of-order")
                return {"item": before["item"] | {"review_by": review_by}}
            case "appeal":
                is_open = before["appeal"] == "opened"
                require((item["state"] == "opened") != is_open, "out-of-order")
                return {"appeal": item["state"]}
            case "stay":
                until = day(item["until"])
                require(until >= on and all(until > end for end in holding), "out-of-order")
                stays = [*before["stays"], (on, until)]
                return {"stays": stays, "alone": before["alone"] or alone}
            case "resume":
                require(holding, "out-of-order")
                return {"stays": []}
        require(item["by"] is None or item["by"] in self.attested, "out-of-order")
        require(item["by"] != item["id"], "out-of-order")
        ended = state(before, on) not in ("pending", "in_force")
        ending = before["ending"] if ended else item["because"]
        return {"ending": ending, "erased": item["because"] == "erased"}


def state(attested: JSON, when: date) -> str:
    if attested["ending"] is not None:
        return "withdrawn"
    if when < attested["on"]:
        return "pending"
    ends = day(attested["item"]["ends"])
    lapses = day(attested["item"]["review_by"]) + timedelta(days=90)
    if when <= min(ends, lapses):
        return "in_force"
    return "lapsed" if lapses < ends else "expired"


def flags(attested: JSON, when: date) -> list[str]:
    if state(attested, when) != "in_force":
        return []
    until = attested["item"]["notice"]["until"]
    untold = until is not None and when > day(until) and not attested["told"]
    stayed = any(start <= when <= end for start, end in attested["stays"])
    holds = {
        "appeal": attested["appeal"] == "opened",
        "review_due": when > day(attested["item"]["review_by"]),
        "stayed": stayed or untold or attested["appeal"] == "granted",
    }
    return [flag for flag, is_set in holds.items() if is_set]


def check_states(attested: JSON, expected: list[JSON]) -> None:
    """Each is what it is from one day to the one before the next."""
    starts = [day(each["from"]) for each in expected]
    ends = [*starts[1:], starts[-1] + timedelta(days=2000)]
    for each, start, end in zip(expected, starts, ends, strict=True):
        for days in range((end - start).days):
            when = start + timedelta(days=days)
            found = (state(attested, when), flags(attested, when))
            assert found == (each["state"], each["flags"]), when


def entry_of(case: JSON) -> bytes:
    data: str = case["entry"]
    return data.encode("latin-1")


@pytest.mark.parametrize("log", REGISTER["logs"], ids=lambda log: log["log"])
def test_a_second_register_judges_every_entry_alike(log: JSON) -> None:
    first, *rest = log["entries"]
    register = Register(entry_of(first))
    for case in rest:
        assert (case["what"], register.append(entry_of(case))) == (case["what"], case["void"])
    assert unpadded(register.leaf, 32).hex() == log["community_leaf"]
    assert unpadded(register.major_leaf, 32).hex() == log["quorum_leaf"]
    assert register.frozen == (log["frozen_at"] is not None)
    assert {id_: _end(each) for id_, each in register.attested.items()} == {
        id_: _end(each) for id_, each in log["attestations"].items()
    }
    for id_, each in log["attestations"].items():
        mine = register.attested[id_]
        assert unpadded(mine["leaf"], 32).hex() == each["leaf"]
        assert unpadded(mine["seal_leaf"], 32).hex() == each["seal_leaf"]
        assert mine["item"]["seal"] == each["seal"]
        assert mine["item"]["review_by"] == each["review_by"]
        assert (mine["told"], mine["appeal"]) == (each["told"], each["appeal"])
        assert [[each.isoformat() for each in stay] for stay in mine["stays"]] == each["stays"]
        check_states(mine, each["states"])


def _end(attested: JSON) -> tuple[str | None, bool]:
    return attested["ending"], attested["erased"]


@pytest.mark.parametrize("case", REGISTER["no_genesis"], ids=lambda case: case["reason"])
def test_what_is_no_genesis_begins_no_second_register_either(case: JSON) -> None:
    with pytest.raises(VoidError) as void:
        Register(entry_of(case))
    assert void.value.code == case["code"]


@pytest.mark.parametrize("case", STATEMENTS["decisions_refused"], ids=lambda case: case["reason"])
def test_the_forms_in_the_text_refuse_what_is_refused(case: JSON) -> None:
    with pytest.raises(VoidError):
        check_decision(json.loads(case["decision"]))


@pytest.mark.parametrize("case", STATEMENTS["entries_refused"], ids=lambda case: case["reason"])
def test_the_frame_in_the_text_refuses_what_is_refused(case: JSON) -> None:
    with pytest.raises(VoidError):
        read(case["entry"].encode())


@pytest.mark.parametrize("case", STATEMENTS["statements"], ids=lambda case: case["statement"])
def test_the_forms_in_the_text_take_what_is_sound(case: JSON) -> None:
    check_decision(read(case["entry"].encode())["decision"])
