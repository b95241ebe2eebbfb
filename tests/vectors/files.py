"""The files of `protocol/vectors`, and what makes each of them."""

import json
from collections.abc import Callable
from typing import Any

from tests.paths import ROOT
from tests.vectors import (
    make_attestation,
    make_compare,
    make_encoding,
    make_exchange,
    make_http_signatures,
    make_identifiers,
    make_inquiry,
    make_keys,
    make_log,
    make_register,
    make_sealing,
    make_sheet,
    make_statements,
    make_voprf_pseudonyms,
)

FOLDER = ROOT / "protocol" / "vectors"

MAKERS: dict[str, Callable[[], dict[str, Any]]] = {
    "attestation.json": make_attestation.content,
    "compare.json": make_compare.content,
    "encoding.json": make_encoding.content,
    "exchange.json": make_exchange.content,
    "http-signatures.json": make_http_signatures.content,
    "identifiers.json": make_identifiers.content,
    "inquiry.json": make_inquiry.content,
    "keys.json": make_keys.content,
    "log.json": make_log.content,
    "register.json": make_register.content,
    "sealing.json": make_sealing.content,
    "sheet.json": make_sheet.content,
    "statements.json": make_statements.content,
    "voprf-pseudonyms.json": make_voprf_pseudonyms.content,
}


def text_of(name: str) -> str:
    """A file as it is written: ASCII, so that no tool normalises the cases."""
    return json.dumps(MAKERS[name](), ensure_ascii=True, indent=1) + "\n"
