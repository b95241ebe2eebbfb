"""Settings: the file, the environment over it, and how what is wrong is told."""

import pytest
from pydantic import ValidationError

from node.config import Config, database_url, listen_address, load
from node.errors import UserError
from node.home import Home


def test_without_a_file_there_are_defaults(home: Home) -> None:
    """A node runs without anything being set, on SQLite in its home."""
    config = load(home)
    assert config.database == f"sqlite+aiosqlite:///{home.database_file}"
    assert config.listen == "127.0.0.1:8101"
    assert not config.allow_private_networks


def test_the_environment_is_above_the_file(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an operator sets for one run overrides what is written down."""
    home.config_file.write_text('listen = "0.0.0.0:1"\npoll_interval = 7\n')
    monkeypatch.setenv("COMITY_LISTEN", "[::1]:2")
    monkeypatch.setenv("COMITY_ALLOW_PRIVATE_NETWORKS", "1")
    config = load(home)
    assert (config.listen, config.poll_interval) == ("[::1]:2", 7)
    assert config.allow_private_networks


def test_an_unknown_key_is_refused_and_named(home: Home) -> None:
    """A misspelt setting must not be a setting that silently does nothing."""
    home.config_file.write_text("retention_day = 7\n")
    with pytest.raises(
        UserError, match=r"comity\.toml: unknown key `retention_day`.*retention_days"
    ):
        load(home)


def test_variables_that_are_no_settings_are_left_alone(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kubernetes sets such variables for a service of that name; others are ours."""
    monkeypatch.setenv("COMITY_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("COMITY_HOME", str(home.path))
    assert load(home) == load(Home(home.path))


def test_every_fault_is_told_at_once_and_no_value(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A value may be a password; the key, the file and the variable are what helps."""
    home.config_file.write_text('poll_interval = 0\ndefault_region = "Germany"\n')
    monkeypatch.setenv("COMITY_DATABASE", "mysql://root:hunter2@db/comity")
    with pytest.raises(UserError) as caught:
        load(home)
    lines = str(caught.value).splitlines()
    assert len(lines) == 3
    assert any("COMITY_DATABASE: the database is SQLite or PostgreSQL" in line for line in lines)
    assert not [word for word in ("hunter2", "Germany") if word in str(caught.value)]


@pytest.mark.parametrize("content", [b"listen = ", b"listen = 1\nlisten = 2", b"\xff"])
def test_a_file_that_is_not_toml_is_refused(home: Home, content: bytes) -> None:
    """The message names the file."""
    home.config_file.write_bytes(content)
    with pytest.raises(UserError, match=r"comity\.toml is not TOML"):
        load(home)


def test_settings_do_not_change_and_show_no_password(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are read once, and may be logged."""
    home.config_file.write_text('database = "postgresql://comity:hunter2@db/comity"\n')
    config = load(home)
    with pytest.raises(ValidationError):
        monkeypatch.setattr(config, "poll_interval", 1)
    assert "hunter2" in config.database
    assert "hunter2" not in repr(config)


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("sqlite:////var/lib/comity/a.sqlite3", "sqlite+aiosqlite:////var/lib/comity/a.sqlite3"),
        ("postgresql://u:p@db/comity", "postgresql+asyncpg://u:p@db/comity"),
        ("postgres://u@db/comity", "postgresql+asyncpg://u@db/comity"),
        ("postgresql+asyncpg://u@db/comity", "postgresql+asyncpg://u@db/comity"),
        ("postgresql://u@db/c?sslmode=require", "postgresql+asyncpg://u@db/c?ssl=require"),
        ("postgresql://u@/c?host=/run/pg", "postgresql+asyncpg://u@/c?host=%2Frun%2Fpg"),
    ],
)
def test_database_urls_are_taken_as_people_have_them(given: str, taken: str) -> None:
    """As every hosting provider prints them; the driver is our affair."""
    assert database_url(given) == taken
    assert database_url(taken) == taken


@pytest.mark.parametrize("text", ["", "comity", "sqlite://", "sqlite:///a", "mysql://a", ":p@ss"])
def test_other_databases_are_refused(text: str) -> None:
    """Relative paths too: they would depend on where a command is typed."""
    with pytest.raises(ValueError, match=r"due|SQLite or PostgreSQL"):
        database_url(text)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:8101", ("127.0.0.1", 8101)),
        ("[::1]:0", ("::1", 0)),
        ("localhost:65535", ("localhost", 65535)),
    ],
)
def test_addresses_to_listen_on(text: str, address: tuple[str, int]) -> None:
    """Host and port, with the brackets of IPv6."""
    assert listen_address(text) == address


@pytest.mark.parametrize(
    "text", ["", "8101", ":8101", "a:", "a:-1", "a:65536", "a:x", "::1:1", "[x]:1", "a:\u0661"]
)
def test_other_addresses_are_refused(text: str) -> None:
    """Better at the start than when the first peer does not get through."""
    with pytest.raises(ValueError, match=r"."):
        listen_address(text)


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("https://desk.example", "https://desk.example"),
        ("https://DESK.example:443", "https://desk.example"),
        ("https://desk.example:8443", "https://desk.example:8443"),
        ("https://[2001:DB8::1]:443", "https://[2001:db8::1]"),
        ("http://localhost:80", "http://localhost"),
        ("http://localhost:8102", "http://localhost:8102"),
    ],
)
def test_the_address_of_the_pages_is_taken_as_browsers_write_it(
    home: Home, given: str, taken: str
) -> None:
    """Or else no form would be from there, and each page would lead to itself for ever."""
    home.config_file.write_text(f'pages_url = "{given}"\n', encoding="utf-8")
    assert load(home).pages_url == taken


@pytest.mark.parametrize(
    "text",
    [
        "desk.example",
        "http://desk.example",
        "https://desk.example/pages",
        "https://desk.example?x",
        "https://me@desk.example",
        "https://desk.example:x",
        "https://desk.example:65536",
        "https://[",
        "https://bücher.example",
        "https://",
    ],
)
def test_other_addresses_of_pages_are_refused(home: Home, text: str) -> None:
    """Before anybody has made a passkey for one."""
    home.config_file.write_text(f'pages_url = "{text}"\n', encoding="utf-8")
    with pytest.raises(UserError, match=r"pages_url.*is due"):
        load(home)


@pytest.mark.parametrize("name", Config.model_fields)
def test_every_setting_is_described(name: str) -> None:
    """With its unit, where it has one."""
    assert Config.model_fields[name].description
