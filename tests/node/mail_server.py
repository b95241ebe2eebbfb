"""A real mail server on loopback (aiosmtpd), which accepts, refuses and breaks off as it is told.

async with mail_server() as mails:
    mails.answers = ["451 4.7.1 greylisted", None]     # to RCPT, one for each attempt
    …
    (received,) = mails.received
"""

import asyncio
import datetime as dt
import email
import email.policy
import ipaddress
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

HOST = "127.0.0.1"

PATIENCE = 20.0
"""Seconds until what ought to happen is given up."""


@dataclass
class Received:
    """One message as the server took it."""

    sender: str
    recipients: list[str]
    data: bytes
    tls: bool
    user: str | None

    @property
    def message(self) -> EmailMessage:
        """Parsed as a mail program does."""
        parsed = email.message_from_bytes(self.data, policy=email.policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed

    @property
    def text(self) -> str:
        """What a person reads."""
        body = self.message.get_body()
        assert body is not None
        return str(body.get_content())


@dataclass
class MailServer:
    """What it received, and what it answers."""

    port: int = 0
    received: list[Received] = field(default_factory=list)
    answers: list[str | None] = field(default_factory=list)
    """To RCPT, one for each attempt; None accepts. Where none is left, everything is accepted."""
    data_answers: list[str | None] = field(default_factory=list)
    """To the end of the message; or `break off`, or `take and break off`."""
    attempts: int = 0
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    password: str = "mail password"

    @property
    def settings(self) -> str:
        """The lines of comity.toml by which a node sends through it."""
        return f'smtp_host = "{HOST}"\nsmtp_port = {self.port}\nsmtp_security = "plain"\n'

    async def handle_RCPT(  # noqa: N802 - this and the next are aiosmtpd's forms
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        """Accept a recipient, or not."""
        await self._attempted()
        answer = self.answers.pop(0) if self.answers else None
        if answer is None:
            envelope.rcpt_tos.append(address)
        return answer or "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Accept a message, or not."""
        answer = self.data_answers.pop(0) if self.data_answers else None
        if answer in {None, "take and break off"}:
            self.received.append(
                Received(
                    str(envelope.mail_from),
                    [str(each) for each in envelope.rcpt_tos],
                    bytes(envelope.original_content or b""),
                    session.ssl is not None,
                    session.auth_data.decode() if session.auth_data else None,
                )
            )
            async with self.changed:
                self.changed.notify_all()
        if answer is not None and "break off" in answer:
            _cut(server)
        return answer or "250 2.0.0 OK"

    async def until(self, happened: Callable[[], bool]) -> None:
        """Wait for something that a message, or an attempt, brings about."""
        async with asyncio.timeout(PATIENCE), self.changed:
            await self.changed.wait_for(happened)

    async def arrived(self, count: int) -> Received:
        """The newest message, once so many have come."""
        await self.until(lambda: len(self.received) >= count)
        return self.received[-1]

    async def _attempted(self) -> None:
        async with self.changed:
            self.attempts += 1
            self.changed.notify_all()

    def authenticate(self, _server: SMTP, _session: Session, _envelope: Any, _mechanism: str,
                     data: Any) -> AuthResult:  # fmt: skip
        """Whether a password is the right one."""
        assert isinstance(data, LoginPassword)
        right = data.password == self.password.encode()
        return AuthResult(success=right, handled=False, auth_data=data.login)


@asynccontextmanager
async def mail_server(
    certificate: "Certificate | None" = None, *, login: bool = False
) -> AsyncIterator[MailServer]:
    """A server on a free port; with a certificate it offers STARTTLS, and insists on it."""
    state = MailServer()
    context = None if certificate is None else certificate.context()

    talking: list[SMTP] = []

    def connected() -> SMTP:
        protocol = SMTP(
            state,
            hostname="mail.test",
            tls_context=context,
            require_starttls=context is not None,
            authenticator=state.authenticate if login else None,
            auth_required=login,
            loop=asyncio.get_running_loop(),
        )
        talking.append(protocol)
        return protocol

    server = await asyncio.get_running_loop().create_server(connected, HOST, 0)
    state.port = server.sockets[0].getsockname()[1]
    try:
        yield state
    finally:
        server.close()
        await server.wait_closed()
        for protocol in talking:
            _cut(protocol)


def _cut(protocol: SMTP) -> None:
    if isinstance(protocol.transport, asyncio.WriteTransport):
        protocol.transport.abort()


@dataclass(frozen=True)
class Certificate:
    """A certificate that signs itself, for some names and addresses."""

    file: Path

    def context(self) -> ssl.SSLContext:
        """What a server presents it with."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.file)
        return context


def certificate(folder: Path, host: str) -> Certificate:
    """Make one for a host, a name or an address."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail server of tests")])
    try:
        alternative: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        alternative = x509.DNSName(host)
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{host}.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return Certificate(file)
