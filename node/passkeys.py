"""Passkeys (WebAuthn, level 3): what a device is asked to sign, and whether it did.

A challenge is signed once, within `TIME` seconds. A passkey is bound to the origin under which the
pages are reached, so that one made for them can be used nowhere else.
"""

import json
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

import webauthn
from sqlalchemy.ext.asyncio import AsyncConnection
from webauthn.helpers import parse_authentication_credential_json, parse_client_data_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from node import accounts, audit, challenges
from node.clock import day_of
from node.errors import NotHere, UserError
from node.node import Node
from node.store import accounts as rows
from node.store.accounts import AccountRow, PasskeyRow
from protocol.encoding import base64url, from_base64url
from protocol.english import English
from protocol.errors import Malformed

TIME = 300

MAX_NAME = 60
MOST = 20
"""Passkeys of one account."""

MAX_ANSWER = 16 * 1024
"""Bytes of what a device answers, as JSON."""

_PURPOSE = "passkey"
_TOO_LATE = English("this was asked too long ago, or answered already: try again")
_NAME = "passkeys.name"


class WrongPasskey(UserError):
    """What was signed does not hold."""


@dataclass(frozen=True)
class Listed:
    """A passkey among those of an account."""

    id: str
    name: str
    created_on: date
    used_on: date | None


async def registration(node: Node, account: AccountRow, origin: str, now: int) -> str:
    """What a device is asked to make a passkey by, as JSON for `navigator.credentials.create`.

    `origin` is that of the pages.
    """
    held = await _held(node, account)
    options = webauthn.generate_registration_options(
        rp_id=_host(origin),
        rp_name="Comity",
        user_name=accounts.name_of(node, account),
        user_id=account.id.encode(),
        challenge=_challenge(node, account, now),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=row.id) for row in held],
    )
    return webauthn.options_to_json(options)


async def register(  # noqa: PLR0913, PLR0917 - whose, of what device, called what
    node: Node, account: AccountRow, answer: str, name: str, origin: str, now: int
) -> None:
    """Keep the passkey that a device made.

    Raises:
        WrongPasskey: it was not made for this, or too late.
        UserError: it has no name, or there are too many.
    """
    name = name.strip() or "passkey"
    if len(name) > MAX_NAME or not name.isprintable():
        raise UserError(
            "a passkey has a name of up to %(most)s printable characters", most=MAX_NAME
        )
    challenge = _answered(node, answer, account, now)
    try:
        verified = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=_host(origin),
            expected_origin=origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError) as error:
        raise WrongPasskey("this passkey was not made for these pages: try again") from error
    row = PasskeyRow(
        id=verified.credential_id,
        account=account.id,
        public_key=verified.credential_public_key,
        sign_count=verified.sign_count,
        name_sealed=node.vault.seal(_NAME, verified.credential_id, name.encode()),
        created_on=day_of(now),
        used_on=None,
    )
    async with node.store.write() as connection:
        await _spend(connection, challenge)
        if len(await rows.passkeys_of(connection, account.id)) >= MOST:
            raise UserError("an account has at most %(most)s passkeys: remove one first", most=MOST)
        if await rows.passkey(connection, row.id) is not None:
            raise UserError("this passkey is registered already")
        said = {"who": audit.who(), "what": "passkey"}
        await audit.record(connection, node.vault, "account", said, now)
        await rows.add_passkey(connection, row)


async def authentication(node: Node, account: AccountRow | None, origin: str, now: int) -> str:
    """What a device is asked to sign, as JSON for `navigator.credentials.get`.

    Of one account, or (None) of whichever the person chooses.
    """
    held = [] if account is None else await _held(node, account)
    options = webauthn.generate_authentication_options(
        rp_id=_host(origin),
        challenge=_challenge(node, account, now),
        allow_credentials=[PublicKeyCredentialDescriptor(id=row.id) for row in held],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return webauthn.options_to_json(options)


async def authenticate(
    node: Node, account: AccountRow | None, answer: str, origin: str, now: int
) -> AccountRow:
    """Whose passkey has signed.

    Raises:
        WrongPasskey: nobody's here, another account's, or what it signed does not hold.
    """
    challenge = _answered(node, answer, account, now)
    failed = WrongPasskey("this passkey does not open these pages: try another way in")
    try:
        id_ = parse_authentication_credential_json(answer).raw_id
    except (WebAuthnException, ValueError) as error:
        raise failed from error
    async with node.store.read() as connection:
        row = await rows.passkey(connection, id_)
        found = None if row is None else await rows.get(connection, row.account)
    if row is None or found is None or (account is not None and found.id != account.id):
        raise failed
    try:
        verified = webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=_host(origin),
            expected_origin=origin,
            credential_public_key=row.public_key,
            credential_current_sign_count=row.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError) as error:
        raise failed from error
    async with node.store.write() as connection:
        await _spend(connection, challenge)
        await rows.used_passkey(connection, row.id, verified.new_sign_count, day_of(now))
    return found


async def every(node: Node, account: AccountRow) -> list[Listed]:
    """All passkeys of an account, the oldest first."""
    return [
        Listed(
            base64url(row.id),
            node.vault.open(_NAME, row.id, row.name_sealed).decode(),
            row.created_on,
            row.used_on,
        )
        for row in await _held(node, account)
    ]


async def remove(node: Node, account: AccountRow, id_: str, now: int) -> None:
    """Remove a passkey.

    Raises:
        NotHere: the account has no such passkey.
        UserError: it is the last way in.
    """
    held = await _held(node, account)
    if account.password_sealed is None and len(held) <= 1:
        raise UserError("this is the only way in: register another passkey, or set a password")
    async with node.store.write() as connection:
        said = {"who": audit.who(), "what": "remove passkey"}
        await audit.record(connection, node.vault, "account", said, now)
        try:
            there = await rows.drop_passkey(connection, account.id, from_base64url(id_))
        except Malformed:
            there = False
        if not there:
            raise NotHere("no such passkey (any more)")


async def _held(node: Node, account: AccountRow) -> list[PasskeyRow]:
    async with node.store.read() as connection:
        return await rows.passkeys_of(connection, account.id)


def _challenge(node: Node, account: AccountRow | None, now: int) -> bytes:
    return challenges.make(node.vault, _PURPOSE, _whom(account), now, TIME)


def _answered(node: Node, answer: str, account: AccountRow | None, now: int) -> bytes:
    """The challenge that an answer names, if it is one of ours that holds."""
    if len(answer) > MAX_ANSWER:
        raise WrongPasskey("this is more than any passkey answers")
    try:
        said = json.loads(answer)["response"]["clientDataJSON"]
        challenge = parse_client_data_json(webauthn.base64url_to_bytes(said)).challenge
    except (ValueError, KeyError, TypeError, RecursionError, WebAuthnException):
        challenge = b""
    if not challenges.holds(node.vault, _PURPOSE, _whom(account), challenge, now):
        raise WrongPasskey(_TOO_LATE)
    return challenge


async def _spend(connection: AsyncConnection, challenge: bytes) -> None:
    if not await challenges.spend(connection, challenge):
        raise WrongPasskey(_TOO_LATE)


def _whom(account: AccountRow | None) -> str:
    return "" if account is None else account.id


def _host(origin: str) -> str:
    return urlsplit(origin).hostname or ""
