"""Issuers in the test's own memory: real logs, real records, real evaluations, no sockets."""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from node.node import Node
from node.store import logs, peers, records
from node.store.logs import Head
from node.store.peers import Peer
from protocol import attestation
from protocol.attestation import Disclosable
from protocol.checkpoint import Checkpoint, cosign, origin_of, sign_checkpoint
from protocol.claims import DAY, VCT, Claims, DecidedBy, expiry
from protocol.encoding import base64url, canonical_json
from protocol.exchange import EvaluateAnswer, EvaluateRequest, EventAnswer, EventRequest
from protocol.identifiers import Identifier, related
from protocol.keys import SigningKey
from protocol.merkle import EMPTY_ROOT, leaf_hash
from protocol.note import SignedNote
from protocol.pseudonyms import Pseudonym, choose_slot, locator, record_key
from protocol.register import Register
from protocol.sealing import Sealed, record_hash, seal_record
from protocol.statements import approve, encode_entry
from protocol.verified_tiles import EMPTY_TREE, Growth
from protocol.voprf import OprfKey, derive_key_pair, evaluate, evaluate_chunk, prove

NOW = 1_800_000_000
TODAY = datetime.fromtimestamp(NOW, UTC).date()


@dataclass
class Issuer:
    """A community of one officer, its log, and its answers as `node.client` would give them."""

    id: str
    part_time: bool = False
    entries: list[bytes] = field(default_factory=list)
    records: dict[str, bytes] = field(default_factory=dict)
    issued: dict[str, attestation.IssuedAttestation] = field(default_factory=dict)
    asked: list[EvaluateRequest] = field(default_factory=list)
    declared: list[EventRequest] = field(default_factory=list)
    cosigned_at: int = NOW - 60
    witnesses: list["Issuer"] = field(default_factory=list)
    used: dict[Identifier, list[int]] = field(default_factory=dict)
    oprf: OprfKey = field(init=False)

    def __post_init__(self) -> None:
        self.oprf = self.oprf_key("oprf")
        self.found()

    def key(self, use: str) -> SigningKey:
        """The same key for the same use."""
        return SigningKey(hashlib.sha256(f"{self.id}:{use}".encode()).digest())

    def cosign_key(self) -> SigningKey:
        """What it cosigns its head with."""
        return self.key("cosign")

    def oprf_key(self, use: str) -> OprfKey:
        """The same OPRF key for the same use."""
        return derive_key_pair(hashlib.sha256(f"{self.id}:{use}".encode()).digest(), b"")

    @property
    def register(self) -> Register:
        """What its log says."""
        return Register.replay(self.entries)

    @property
    def fingerprint(self) -> bytes:
        """Leaf hash of its genesis statement."""
        return leaf_hash(self.entries[0])

    def found(self, **changes: Any) -> None:
        """Log a community statement: the genesis, or the next one."""
        register = self.register if self.entries else None
        public = {use: base64url(self.key(use).public_key) for use in _KEYS}
        community = {
            "id": self.id,
            "name": self.id.partition(".")[0].title(),
            "url": f"https://{self.id}",
            "keys": public,
            "oprf": [base64url(self.oprf.public)],
            "officers": [{"key": base64url(self.key("officer").public_key), "custody": "node"}],
            "threshold": 1,
            "spaces": [{"slug": "pyregion", "name": "PyRegion"}],
            "bodies": [{"slug": "cwg", "name": "Conduct group"}],
            "contact": f"conduct@{self.id}",
            "policy": f"https://{self.id}/conduct",
            "part_time": self.part_time,
            "entries": "public",
        }
        decision = {
            "v": 1,
            "type": "community",
            "log": register and base64url(register.fingerprint),
            "on": (TODAY - timedelta(days=10)).isoformat(),
            "after": register and base64url(register.community_leaf),
            "community": community | changes,
        }
        self.append(decision)

    def append(self, decision: dict[str, Any]) -> None:
        """Log a decision, approved by the officer."""
        data = canonical_json(decision)
        self.entries.append(encode_entry(data, [approve(data, self.key("officer"))]))
        register = self.register
        assert not register.voids or register.frozen_at is not None, register.voids

    def publish(self, *raw: str, related_too: bool = True, **changes: Any) -> str:
        """Attest a ban of the person of these `kind:value`s; the attestation's id.

        `changes` are of the claims; `notice_until` delays the notice.
        """
        notice_until: date | None = changes.pop("notice_until", None)
        kinds = [each.partition(":") for each in raw]
        meant = {
            each: None
            for kind, _, value in kinds
            for each in (related(kind, value) if related_too else related(kind, value)[:1])
        }
        on = TODAY - timedelta(days=5)
        ends_on = changes.get("ends_on", "indefinite")
        ends = on + timedelta(days=365)
        if ends_on != "indefinite":
            ends = min(ends, date.fromisoformat(ends_on))
        value = {
            "iss": self.id,
            "log": base64url(self.fingerprint),
            "jti": str(uuid.uuid4()),
            "iat": expiry(on) - DAY,
            "exp": expiry(ends),
            "vct": VCT,
            "measure": "ban",
            "scope": [{"kind": "event_series", "space": "pyregion"}],
            "origin": {"kind": "own_decision"},
            "decided_on": on.isoformat(),
            "in_force_from": on.isoformat(),
            "ends_on": "indefinite",
            "contact": f"appeals@{self.id}",
            "public_reference": None,
        } | changes
        claims = Claims.from_value(value)
        disclosable = Disclosable(
            tuple(each.text for each in meant),
            "harassment",
            DecidedBy(body="cwg", present=5, in_favour=4),
        )
        issued = attestation.issue(claims, disclosable, self.key("issue"))
        self.issued[claims.jti] = issued
        verified = attestation.verify(
            issued.jwt, self.key("issue").public_key, issued.disclosures, now=NOW
        )
        shares = [self._share(each, claims.jti, issued.subject[each.text]) for each in meant]
        record = self.seal(verified, shares)
        self.records[claims.jti] = record
        notice = (
            {"state": "delayed", "until": notice_until.isoformat()}
            if notice_until
            else {"state": "given", "until": None}
        )
        self.append(
            {
                "v": 1,
                "type": "attest",
                "log": base64url(self.fingerprint),
                "on": on.isoformat(),
                "after": base64url(self.register.quorum_leaf),
                "items": [
                    {
                        "id": claims.jti,
                        "jwt": base64url(verified.jwt_hash),
                        "seal": {
                            "key": base64url(self.oprf.id),
                            "record": base64url(record_hash(record)),
                        },
                        "ends": ends.isoformat(),
                        "review_by": (on + timedelta(days=300)).isoformat(),
                        "notice": notice,
                        "measure": None,
                    }
                ],
            }
        )
        return claims.jti

    def seal(self, verified: attestation.VerifiedAttestation, shares: Sequence[Sealed]) -> bytes:
        """The record, as a liar may override it."""
        return seal_record(verified, shares, self.oprf.id)

    def lift(self, attestation_id: str, because: str = "lifted", by: str | None = None) -> None:
        """Withdraw an attestation; `by` supersedes it."""
        self.say("withdraw", attestation_id, because=because, by=by)
        del self.records[attestation_id]

    def say(self, kind: str, attestation_id: str, **item: Any) -> None:
        """Log something about an attestation."""
        last = base64url(self.register.attestations[attestation_id].leaf)
        self.append(
            {
                "v": 1,
                "type": kind,
                "log": base64url(self.fingerprint),
                "on": TODAY.isoformat(),
                "after": base64url(self.register.quorum_leaf),
                "items": [{"id": attestation_id, "after": last, **item}],
            }
        )

    async def evaluate(self, request: EvaluateRequest) -> EvaluateAnswer:
        """Evaluate for real."""
        self.asked.append(request)
        return self.evaluated(request, self.oprf)

    def evaluated(self, request: EvaluateRequest, key: OprfKey) -> EvaluateAnswer:
        """The answer under a key."""
        evaluated = evaluate_chunk(key.secret, request.blinded)
        proof = prove(key, request.blinded, evaluated)
        return EvaluateAnswer(v=1, evaluated=tuple(evaluated), proof=proof)

    async def declare(self, event: EventRequest) -> EventAnswer:
        """Take note of an event."""
        self.declared.append(event)
        return EventAnswer(v=1, available=20_000, until=event.event.end)

    async def admitted_at(self, node: Node) -> None:
        """Be an active peer of a node that has followed the log, or follow what is new."""
        async with node.store.write() as connection:
            await logs.forget(connection, self.fingerprint)
            await peers.forget(connection, self.fingerprint)
            await peers.add(connection, self._peer())
            await self._put_log(connection)
            for record in self.records.values():
                await records.put(connection, self.fingerprint, record)

    async def grown_at(self, node: Node) -> None:
        """Be followed on by a node that holds the log already; its other rows stay."""
        async with node.store.write() as connection:
            held = await logs.head_of(connection, self.fingerprint)
            assert held is not None
            new = self.entries[held.size :]
            tiles = await logs.verified_tiles(connection, held)
            growth = tiles.append([leaf_hash(entry) for entry in new])
            await logs.extend(connection, held, self._note(growth), new, growth)
            before = await records.held(connection, self.fingerprint)
            gone = [id_ for id_ in before if id_ not in self.records]
            await records.drop(connection, self.fingerprint, gone)
            for id_ in self.records.keys() - before.keys():
                await records.put(connection, self.fingerprint, self.records[id_])

    def _peer(self) -> Peer:
        return Peer(
            fingerprint=self.fingerprint,
            id=self.id,
            name=self.id,
            url=f"https://{self.id}",
            state="active",
            compared=True,
            proven_at=NOW,
            admitted_at=NOW,
            last_sync_at=NOW,
            last_error=None,
        )

    async def _put_log(self, connection: Any) -> None:
        origin = origin_of(self.id)
        empty = Head(self.fingerprint, origin, own=False, size=0, root=EMPTY_ROOT, note=b"")
        await logs.begin(connection, empty)
        growth = EMPTY_TREE.append([leaf_hash(entry) for entry in self.entries])
        await logs.extend(connection, empty, self._note(growth), self.entries, growth)

    def _note(self, growth: Growth) -> bytes:
        """The newest checkpoint, signed and cosigned."""
        origin = origin_of(self.id)
        checkpoint = Checkpoint(origin, growth.size, growth.root)
        signed = sign_checkpoint(checkpoint, self.key("log"))
        lines = [cosign(signed.text, self.cosign_key(), origin, self.cosigned_at)]
        lines += [
            cosign(signed.text, each.cosign_key(), origin_of(each.id), self.cosigned_at)
            for each in self.witnesses
        ]
        return SignedNote(signed.text, (*signed.signatures, *lines)).to_bytes()

    def _share(self, identifier: Identifier, id_: str, disclosure: str) -> Sealed:
        pseudonym = Pseudonym(evaluate(self.oprf.secret, identifier.oprf_input))
        used = self.used.setdefault(identifier, [])
        used.append(choose_slot(used))
        return Sealed(
            locator(pseudonym, used[-1]),
            record_key(pseudonym, uuid.UUID(id_)),
            disclosure,
            identifier.strong,
        )


_KEYS = ("log", "cosign", "http", "issue")


class Reach:
    """Finds the issuer of a peer, as `node.client.Clients.to` finds its client."""

    def __init__(self, *issuers: Any) -> None:
        self._issuers = {each.fingerprint: each for each in issuers}

    def __call__(self, peer: Peer) -> Any:
        """The issuer of a peer."""
        return self._issuers[peer.fingerprint]
