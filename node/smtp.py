"""One letter over SMTP (RFC 5321), by the mail server that the settings name.

Nothing is said, not even the password, before TLS holds and the server's certificate is its own;
a server that offers no STARTTLS gets no letter. What a server writes in its refusals is not
repeated, as it quotes addresses: its codes alone are.
"""

import asyncio
import contextlib
import os
import re
import ssl
from dataclasses import dataclass, field
from typing import Literal

from aiosmtplib import SMTP
from aiosmtplib.errors import (
    SMTPAuthenticationError,
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
)

from node.errors import UserError
from node.home import load_smtp_password
from node.mail import Mail
from node.node import Node

_PORTS = {"starttls": 587, "tls": 465, "plain": 25}
_QUITTING = 5.0
"""Seconds for taking leave, when the letter has been accepted or refused already."""

_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b")
"""A status code of RFC 3463, as a refusal begins."""


@dataclass(frozen=True)
class MailServer:
    """Where letters are handed over."""

    host: str
    port: int
    security: Literal["starttls", "tls", "plain"]
    user: str | None
    password: str | None = field(repr=False)
    deadline: float
    """Seconds for one letter."""


@dataclass(frozen=True)
class Failure:
    """Why a letter was not accepted, in words that name nobody."""

    why: str
    of: Literal["letter", "moment", "server"]
    """`letter`: refused for good. `moment`: to be tried again. `server`: so for every letter."""


def mail_server(node: Node) -> MailServer:
    """The mail server that the settings name.

    Raises:
        UserError: they name none, or its password is missing.
    """
    config = node.config
    if config.smtp_host is None:
        raise UserError(
            "no mail server is set: write smtp_host to %(file)s; or hand it over otherwise",
            file=node.home.config_file,
        )
    password = None
    if config.smtp_user is not None:
        password = load_smtp_password(node.home, os.environ)
    return MailServer(
        config.smtp_host,
        config.smtp_port or _PORTS[config.smtp_security],
        config.smtp_security,
        config.smtp_user,
        password,
        config.smtp_deadline,
    )


async def deliver(server: MailServer, mail: Mail) -> Failure | None:
    """Hand a letter over; None once the server said that it has it.

    Where the connection breaks after the last byte, it may have it all the same: the letter is sent
    again under the same Message-ID (RFC 5321, section 6.1).
    """
    client = _client(server, mail)
    try:
        async with asyncio.timeout(server.deadline):
            await client.connect()
            failure = await _handed_over(client, mail)
    except (SMTPException, OSError, ValueError, TimeoutError) as error:
        return Failure(_words(server, error), "server")
    else:
        # Outside of the deadline, which could take back what was accepted.
        with contextlib.suppress(SMTPException, OSError, TimeoutError):
            await client.quit(timeout=_QUITTING)
        return failure
    finally:
        client.close()


async def _handed_over(client: SMTP, mail: Mail) -> Failure | None:
    try:
        await client.mail(mail.sender)
    except SMTPResponseException as error:
        return Failure(f"our own address was refused ({_codes(error)})", "server")
    try:
        await client.rcpt(mail.recipient)
        await client.data(mail.data)
    except (SMTPRecipientRefused, SMTPDataError) as error:
        what = "address" if isinstance(error, SMTPRecipientRefused) else "letter"
        for_good = 500 <= error.code < 600
        words = f"the {what} was refused ({_codes(error)})"
        return Failure(words, "letter" if for_good else "moment")
    except (SMTPException, OSError, TimeoutError):
        return Failure("the connection broke off before the letter was accepted", "moment")
    return None


def _client(server: MailServer, mail: Mail) -> SMTP:
    return SMTP(
        hostname=server.host,
        port=server.port,
        use_tls=server.security == "tls",
        start_tls=server.security == "starttls",
        username=server.user,
        password=server.password,
        # Else it would be asked of the DNS, and be the name of this machine.
        local_hostname=mail.sender.rpartition("@")[2],
        timeout=server.deadline,
    )


def _words(server: MailServer, error: Exception) -> str:
    """Why the server takes no letter at all; the more particular kinds of error come first."""
    lacking = "STARTTLS, or no way to log in" if server.security == "starttls" else "way to log in"
    codes = _codes(error) if isinstance(error, SMTPResponseException) else ""
    said: dict[type[Exception], str] = {
        SMTPAuthenticationError: f"the mail server refuses user or password ({codes})",
        SMTPResponseException: f"the mail server refuses to talk ({codes})",
        ssl.SSLError: f"TLS does not hold: the certificate is not one for {server.host}",
        TimeoutError: f"the mail server does not answer within {server.deadline:g} s",
        OSError: "the mail server cannot be reached",
        Exception: f"the mail server offers no {lacking}",
    }
    return next(words for kind, words in said.items() if isinstance(error, kind))


def _codes(error: SMTPResponseException) -> str:
    enhanced = _ENHANCED.match(error.message)
    return f"{error.code} {enhanced[0]}" if enhanced else str(error.code)
