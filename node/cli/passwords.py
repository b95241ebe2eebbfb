"""Where an officer's password comes from: a file, `COMITY_OFFICER_PASSWORD`, or a prompt."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from node.errors import UserError

VARIABLE = "COMITY_OFFICER_PASSWORD"

F = TypeVar("F", bound=Callable[..., Any])


def password_option(function: F) -> F:
    """Let a command take --password-file, as `password_file`."""
    return click.option(
        "--password-file",
        type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True),
        help=f"File whose first line is the officer's password (else {VARIABLE}, else a prompt).",
    )(function)


def officer_password(name: str, file: Path | None, *, new: bool = False) -> str:
    """The password of an officer; a new one is asked for twice.

    Raises:
        UserError: nobody is there to be asked.
    """
    found = given_password(file)
    if found is not None:
        return found
    if not sys.stdin.isatty():
        raise UserError(f"a password is needed: give --password-file, or {VARIABLE}")
    prompt = f"{'New password' if new else 'Password'} of {name}"
    password: str = click.prompt(prompt, hide_input=True, confirmation_prompt=new, err=True)
    return password


def given_password(file: Path | None) -> str | None:
    """The password that was given without a prompt; None where none was."""
    if file is None:
        return os.environ.get(VARIABLE)
    with click.open_file(str(file), encoding="utf-8") as lines:
        return str(lines.readline()).rstrip("\r\n")
