"""`protocol/vectors/exchange.json`: the bodies that two nodes exchange."""

from typing import Any

from protocol import exchange
from protocol.checkpoint import log_key
from protocol.encoding import Message, base64url, canonical_json
from protocol.tlog_proof import TlogProof
from tests.vectors.make_log import ENTRIES, NOTE, tree_of
from tests.vectors.sample import (
    ATTESTATION,
    GENESIS,
    ID,
    JSON,
    LOG,
    OPRF,
    PEER,
    Draw,
    code_of,
    key,
    made,
)

LIMIT = 64 * 1024
PURPOSE = {"kind": "registration", "start": "2025-05-14", "end": "2025-05-22"}
NO_EVENT = {"kind": "unspecified", "start": None, "end": None}
ELEMENTS = [base64url(each) for each in Draw("elements").many(8, 32)]

EVALUATE = {"v": 1, "oprf_key": base64url(OPRF.id), "blinded": ELEMENTS, "purpose": PURPOSE}
PEERING = {
    "v": 1,
    "act": "ask",
    "id": PEER,
    "name": "Django Events",
    "fingerprint": base64url(LOG),
    "url": "https://comity.django.example",
    "carried": None,
}
CARRIED = {
    "start": 0,
    "entries": [base64url(each) for each in ENTRIES],
    "checkpoint": NOTE.to_bytes().decode(),
}
EVENT = {"v": 1, "act": "declare", "event": PURPOSE}


def _sound() -> list[tuple[str, type[Message], JSON]]:
    inclusion = tuple(tree_of(ENTRIES).inclusion_proof(0))
    proof = TlogProof(0, inclusion, NOTE.to_bytes()).to_bytes().decode()
    return [
        ("evaluate", exchange.EvaluateRequest, EVALUATE),
        ("evaluate", exchange.EvaluateRequest, EVALUATE | {"purpose": NO_EVENT}),
        (
            "evaluate answer",
            exchange.EvaluateAnswer,
            {"v": 1, "evaluated": ELEMENTS, "proof": base64url(Draw("proof")(64))},
        ),
        ("records", exchange.RecordsRequest, {"v": 1, "ids": [ATTESTATION]}),
        (
            "records answer",
            exchange.RecordsAnswer,
            {"v": 1, "records": [base64url(made().record), None]},
        ),
        ("heads", exchange.HeadsRequest, {"v": 1, "origins": [f"{ID}/comity", f"{PEER}/comity"]}),
        ("heads answer", exchange.HeadsAnswer, {"v": 1, "notes": [NOTE.to_bytes().decode(), None]}),
        ("events", exchange.EventRequest, EVENT),
        ("events answer", exchange.EventAnswer, {"v": 1, "available": 22048, "until": None}),
        ("peering", exchange.PeeringRequest, PEERING),
        ("peering", exchange.PeeringRequest, PEERING | {"url": None, "carried": CARRIED}),
        ("peering", exchange.PeeringRequest, PEERING | {"act": "leave", "url": None}),
        ("peering answer", exchange.PeeringAnswer, {"v": 1, "state": "waiting", "size": 3}),
        (
            "community answer",
            exchange.CommunityAnswer,
            {"v": 1, "statements": [{"index": 0, "entry": base64url(GENESIS), "proof": proof}]},
        ),
        (
            "peers answer",
            exchange.PeersAnswer,
            {
                "v": 1,
                "peers": [{"id": PEER, "name": "Django Events", "fingerprint": base64url(LOG)}],
            },
        ),
        (
            "discovery",
            exchange.Discovery,
            {
                "id": ID,
                "name": "Python Foundation",
                "url": "https://comity.python.example",
                "versions": [1],
                "log": log_key(ID, key("log").public_key).vkey(),
                "fingerprint": base64url(LOG),
                "contact": "conduct@python.example",
            },
        ),
    ]


def _refused() -> list[tuple[str, str, type[Message], JSON]]:
    asked, peering = exchange.EvaluateRequest, exchange.PeeringRequest
    half = {"kind": "registration", "start": "2025-05-14", "end": None}
    backwards = {"kind": "registration", "start": "2025-05-22", "end": "2025-05-14"}
    return [
        ("no element", "evaluate", asked, EVALUATE | {"blinded": []}),
        ("an element of 31 bytes", "evaluate", asked, EVALUATE | {"blinded": [ELEMENTS[0][:-2]]}),
        ("version 2", "evaluate", asked, EVALUATE | {"v": 2}),
        ("a further member", "evaluate", asked, EVALUATE | {"who": ""}),
        ("another purpose", "evaluate", asked, EVALUATE | {"purpose": NO_EVENT | {"kind": "x"}}),
        ("one day of two", "evaluate", asked, EVALUATE | {"purpose": half}),
        ("ends before it begins", "evaluate", asked, EVALUATE | {"purpose": backwards}),
        ("no id", "records", exchange.RecordsRequest, {"v": 1, "ids": []}),
        (
            "an id in upper case",
            "records",
            exchange.RecordsRequest,
            {"v": 1, "ids": [ATTESTATION.upper()]},
        ),
        ("no origin", "heads", exchange.HeadsRequest, {"v": 1, "origins": []}),
        (
            "seventeen origins",
            "heads",
            exchange.HeadsRequest,
            {"v": 1, "origins": [f"{ID}/comity"] * 17},
        ),
        ("another act", "events", exchange.EventRequest, EVENT | {"act": "raise"}),
        ("asks without address or log", "peering", peering, PEERING | {"url": None}),
        ("an address and a log", "peering", peering, PEERING | {"carried": CARRIED}),
        (
            "leaves with a log",
            "peering",
            peering,
            PEERING | {"act": "leave", "url": None, "carried": CARRIED},
        ),
        ("another act", "peering", peering, PEERING | {"act": "join"}),
    ]


def content() -> dict[str, Any]:
    """The whole file."""
    return {
        "about": "SPEC.md, sections 1, 7 and 8. Bodies are their exact text. Elements and the"
        " proof of an evaluation are random bytes here: bodies of the right form, and no more.",
        "bodies": [
            {"message": title, "body": model.from_value(value).to_bytes().decode()}
            for title, model, value in _sound()
        ],
        "refused": [
            {
                "reason": reason,
                "message": title,
                "body": canonical_json(value).decode(),
                "code": code_of(model.from_bytes, canonical_json(value), LIMIT),
            }
            for reason, title, model, value in _refused()
        ],
    }
