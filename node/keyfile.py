"""An officer's key on the officer's own device: a file that opens under a password."""

import os
from pathlib import Path
from typing import Annotated

from node import passwords
from node.errors import UserError
from node.passwords import Cost
from protocol.encoding import Bytes32, Message, Version, bytes_field
from protocol.errors import Violation
from protocol.keys import SigningKey

MAX_FILE = 4096


class KeyFile(Message):
    """The file: canonical JSON. `locked` is what `passwords.lock` made of the seed."""

    v: Version
    officer: Bytes32
    """The public key, to be told to the administrator."""
    locked: Annotated[bytes, *bytes_field()]


def create(path: Path, password: str, *, cost: Cost = passwords.MODERATE) -> bytes:
    """Draw a key into a new file (mode 0600) and give its public key (32 bytes).

    Raises:
        UserError: the file is there already; a key is never overwritten. Or the password is short.
    """
    passwords.check_new(password)
    key = SigningKey.generate()
    locked = passwords.lock(key.seed, password, cost=cost)
    file = KeyFile(v=1, officer=key.public_key, locked=locked)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise UserError(
            "%(path)s exists already, and a key is never overwritten", path=path
        ) from error
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(file.to_bytes() + b"\n")
        stream.flush()
        os.fsync(stream.fileno())
    return key.public_key


def read(path: Path) -> KeyFile:
    """Read the file, which needs no password.

    Raises:
        UserError: it is no key file.
    """
    with path.open("rb") as stream:
        data = stream.read(MAX_FILE + 1)
    try:
        return KeyFile.from_bytes(data.strip(), MAX_FILE)
    except Violation as error:
        raise UserError(
            "%(path)s is no officer's key: restore it from a backup", path=path
        ) from error


def unlock(file: KeyFile, password: str) -> SigningKey:
    """The key.

    Raises:
        UserError: the password is another, or the file was altered.
    """
    key = SigningKey(passwords.unlock(file.locked, password))
    if key.public_key != file.officer:
        raise UserError("this file was altered: restore it from a backup")
    return key
