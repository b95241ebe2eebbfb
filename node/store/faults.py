"""Why a database gives no transaction, in words that hold no password and nothing of its rows."""

import socket

from sqlalchemy.engine import URL
from sqlalchemy.exc import TimeoutError as PoolTimeout

_BUSY = "the database is kept busy by others: try again, or see which process holds it"

_SQLITE = {
    "not a database": "{file} is not a SQLite database: name the right one, or restore a backup",
    "malformed": (
        "{file} is damaged, or another database's {file}-wal and {file}-shm lie beside it: stop "
        "`comity serve`, remove all three, and put a backup in place of {file}"
    ),
    "unable to open": "{file} cannot be opened: look at who may read and write it and its folder",
    "readonly": "{file} cannot be written: look at who may write it and its folder",
    "disk I/O": "{file} cannot be read or written: look at its disk",
    "full": "{file} cannot be written: its disk is full",
    "locked": _BUSY,
}

_DAMAGE = ("not a database", "database disk image is malformed", "malformed database schema")

_POSTGRESQL = {
    "28": "the database server at {server} does not let this user in: look at user and password",
    "3D": "the database server at {server} has no database of this name: make it by `createdb`",
    "53": "the database server at {server} has no room for another connection: try again",
    "55": _BUSY,
    "57": "the database server at {server} is starting or stopping: try again",
}
"""By the class of the SQLSTATE: its first two characters."""


def is_damage(error: Exception) -> bool:
    """Whether a statement failed because a SQLite file does not hold what it should.

    That is often found only after a transaction has begun: with the first page that is read.
    """
    said = str(getattr(error, "orig", None) or "")
    return any(part in said for part in _DAMAGE)


def in_words(error: Exception, url: URL) -> str:
    """Why the database of this URL did not begin a transaction."""
    if isinstance(error, PoolTimeout):
        return _BUSY
    cause = getattr(error, "orig", None) or error
    words = f"the database cannot be reached ({type(cause).__name__})"
    if url.get_backend_name() == "sqlite":
        said = next((known for part, known in _SQLITE.items() if part in str(cause)), words)
        return said.format(file=url.database)
    if isinstance(cause, OSError):
        words = f"the database server at {{server}} cannot be reached: {_why(cause)}"
    state = getattr(cause, "sqlstate", None) or ""
    return _POSTGRESQL.get(state[:2], words).format(server=_server(url))


def _why(error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "it refuses connections; does it run?"
    if isinstance(error, socket.gaierror):
        return "its name is not known"
    return f"no connection ({type(error).__name__})"


def _server(url: URL) -> str:
    host = url.host or str(url.query.get("host") or "localhost")
    return host if url.port is None else f"{host}:{url.port}"
