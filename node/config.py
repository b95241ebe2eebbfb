"""The settings of a node: `comity.toml` in its home, and `COMITY_…` variables over it.

Only what concerns the running of this node stands here. What the community says of itself (id,
name, address, officers) is in its log, where its peers read it.
"""

import ipaddress
import tomllib
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationError, ValidationInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from node.errors import UserError
from node.home import Home
from node.mailbox import mailbox
from protocol.english import English

_PREFIX = "COMITY_"


def database_url(text: str) -> str:
    """The URL of a database as its asynchronous driver takes it.

    `sqlite:///` with an absolute path, or `postgresql://`, with `sslmode` as libpq knows it.

    Raises:
        ValueError: any other kind of database, or a relative path.
    """
    try:
        url = make_url(text)
    except ArgumentError:
        # The cause repeats the text, which may hold a password.
        raise ValueError("a URL is due: sqlite:///PATH or postgresql://…") from None
    match url.get_backend_name():
        case "sqlite" if url.database and url.database.startswith("/"):
            return _rendered(url.set(drivername="sqlite+aiosqlite"))
        case "sqlite":
            raise ValueError("an absolute path is due: sqlite:////var/lib/comity/comity.sqlite3")
        case "postgresql" | "postgres":
            return _rendered(_for_asyncpg(url))
        case _:
            raise ValueError("the database is SQLite or PostgreSQL")


def _for_asyncpg(url: URL) -> URL:
    # asyncpg says `ssl` where libpq, and so every hosting provider, says `sslmode`.
    query = {("ssl" if name == "sslmode" else name): value for name, value in url.query.items()}
    return url.set(drivername="postgresql+asyncpg", query=query)


def _rendered(url: URL) -> str:
    return url.render_as_string(hide_password=False)


def listen_address(text: str) -> tuple[str, int]:
    """Host and port of `127.0.0.1:8101`, `[::1]:8101` or `localhost:8101`.

    Raises:
        ValueError: anything else.
    """
    host, separator, port = text.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = str(ipaddress.IPv6Address(host[1:-1]))
    elif ":" in host:
        raise ValueError("an IPv6 address stands in brackets: [::1]:8101")
    if not separator or not host or not (port.isascii() and port.isdigit() and len(port) <= 5):
        raise ValueError("HOST:PORT is due, such as 127.0.0.1:8101")
    if not 0 <= int(port) <= 65_535:
        raise ValueError("a port is at most 65535")
    return host, int(port)


def _checked_listen(text: str) -> str:
    listen_address(text)
    return text


def _checked_origin(text: str) -> str:
    """As browsers write it, whose word it is compared with: in ASCII, without the usual port."""
    due = ValueError("https://HOST is due, without a path; or http://localhost:PORT")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise due from None
    local = parts.scheme == "http" and host == "localhost"
    rest = parts.path or parts.query or parts.fragment or "@" in parts.netloc
    if rest or not host or not (parts.scheme == "https" or local):
        raise due
    if not host.isascii():
        raise ValueError("a name in ASCII is due, as browsers send it: xn--…")
    named = f"[{host}]" if ":" in host else host
    usual = port in {None, 443 if parts.scheme == "https" else 80}
    return f"{parts.scheme}://{named}" + ("" if usual else f":{port}")


def is_this_machine(host: str) -> bool:
    """Whether a host is reached without a network."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _checked_security(security: str, info: ValidationInfo) -> str:
    host = info.data.get("smtp_host")
    apart = host is not None and not is_this_machine(host)
    if security == "plain" and apart and not info.data.get("allow_private_networks"):
        raise ValueError("letters cross a network under TLS only: starttls, or tls")
    return security


class Config(BaseSettings):
    """Everything that can be set, checked and immutable."""

    # Unknown variables that begin with COMITY_ are not refused, as unknown keys of the file are:
    # Kubernetes sets COMITY_PORT and the like for a service named comity.
    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, extra="forbid", frozen=True, use_attribute_docstrings=True
    )

    database: Annotated[str, AfterValidator(database_url)] = Field(repr=False)
    """URL of the database; unset, `comity.sqlite3` in the home folder."""

    listen: Annotated[str, AfterValidator(_checked_listen)] = "127.0.0.1:8101"
    """HOST:PORT that `serve` listens on."""

    api_listen: Annotated[str, AfterValidator(_checked_listen)] | None = None
    """HOST:PORT of the local API, for web pages and plugins; unset, it is not served.

    On loopback, or behind a proxy of one's own that speaks TLS: tokens travel in the clear.
    """

    pages_url: Annotated[str, AfterValidator(_checked_origin)] | None = None
    """Where browsers reach the pages, such as https://desk.pyregion.example; unset, localhost.

    Passkeys are bound to its name, and forms are taken from there only.
    """

    allow_private_networks: bool = False
    """For development only: let this node reach loopback and private addresses, by plain http."""

    default_region: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = None
    """ISO 3166 country of phone numbers that are written without one; unset, they are refused."""

    poll_interval: Annotated[int, Field(ge=1, le=3600)] = 30
    """Seconds from one look at a peer's log to the next."""

    cosign_renewal: Annotated[int, Field(ge=1, le=600)] = 300
    """Seconds after which our own checkpoint is cosigned anew (SPEC.md, section 7: at most 600)."""

    retention_days: Annotated[int, Field(ge=1, le=365)] = 30
    """Days that lists, tokens and findings outlive their event, or their check."""

    ended_retention_days: Annotated[int, Field(ge=0, le=1826)] = 365
    """Days that what a sanction said is kept here after it has ended; erased, it goes at once."""

    evaluation_bucket: Annotated[int, Field(ge=1)] = 2_048
    """Evaluations that a peer's budget holds when full."""

    evaluation_refill: Annotated[int, Field(ge=1)] = 200
    """Evaluations that flow back into a peer's budget in a day."""

    evaluation_event: Annotated[int, Field(ge=1)] = 20_000
    """Evaluations that a declared event raises a peer's budget to, once in 30 days."""

    evaluation_total: Annotated[int, Field(ge=1)] = 20_000
    """Evaluations of all peers in a day, without declared events, beyond which there is alarm."""

    peer_deadline: Annotated[float, Field(gt=0)] = 15.0
    """Seconds for one request to a peer, from connecting to the last byte."""

    follow_deadline: Annotated[float, Field(gt=0)] = 120.0
    """Seconds for following one peer once, log and records; what came until then is kept."""

    evaluation_deadline: Annotated[float, Field(gt=0)] = 120.0
    """Seconds for one evaluation by a peer, which may work through 4,096 elements."""

    document_bytes: Annotated[int, Field(ge=1)] = 64 * 1024
    """Most bytes read of a peer's discovery, checkpoint, hash tile or refusal."""

    answer_bytes: Annotated[int, Field(ge=1)] = 17 * 1024 * 1024
    """Most bytes read of a peer's entry bundle (256 entries of 64 KiB), records or evaluation."""

    smtp_host: Annotated[str, Field(pattern=r"^[A-Za-z0-9.:_-]{1,253}$")] | None = None
    """The mail server that takes what this node sends; unset, it sends nothing."""

    smtp_port: Annotated[int, Field(ge=1, le=65_535)] | None = None
    """Its port; unset, 587 for `starttls`, 465 for `tls`, 25 for `plain`."""

    smtp_security: Annotated[
        Literal["starttls", "tls", "plain"], AfterValidator(_checked_security)
    ] = "starttls"
    """How it is reached. `plain` is for a server on this machine."""

    smtp_user: Annotated[str, Field(min_length=1)] | None = None
    """Who logs in there; the password stands in `keys/smtp-password` or COMITY_SMTP_PASSWORD."""

    smtp_deadline: Annotated[float, Field(gt=0, le=240)] = 60.0
    """Seconds for one letter, from connecting to the server's word that it has it."""

    mail_from: Annotated[str, AfterValidator(mailbox)] | None = None
    """The address that letters come from; unset, the community's contact."""

    request_deadline: Annotated[float, Field(gt=0)] = 20.0
    """Seconds in which the whole body of a request to us has to arrive."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the names are pydantic's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment above the file, which `load` hands over as arguments; nothing else."""
        return env_settings, init_settings


def load(home: Home) -> Config:
    """Read the settings of a home; where there is no file, defaults and environment stand alone.

    Raises:
        UserError: not TOML, an unknown key, or a value that is not as due; the values themselves
            are not repeated, as one of them may be a password.
    """
    settings = {"database": f"sqlite:///{home.database_file.absolute()}"} | _file(home)
    try:
        return Config(**settings)
    except ValidationError as error:
        faults = [_fault(home, item) for item in error.errors()]
        raise UserError(English.joined(faults, "\n")) from None


def _file(home: Home) -> dict[str, Any]:
    try:
        return tomllib.loads(home.config_file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(
            "%(file)s is not TOML in UTF-8: %(error)s", file=home.config_file, error=str(error)
        ) from error


def _fault(home: Home, item: Mapping[str, Any]) -> English:
    key = str(item["loc"][0])
    if item["type"] == "extra_forbidden":
        return English(
            "%(file)s: unknown key `%(key)s`. Known are: %(known)s",
            file=home.config_file,
            key=key,
            known=", ".join(sorted(Config.model_fields)),
        )
    return English(
        "`%(key)s` in %(file)s, or %(variable)s: %(fault)s",
        key=key,
        file=home.config_file,
        variable=f"{_PREFIX}{key.upper()}",
        fault=English(item["msg"].removeprefix("Value error, ")),
    )
