"""What the name `localhost` leads to: two addresses, each with ports of its own.

Browsers take either, one after the other. Whoever listens at one of them, at the port of pages that
listen at the other, is sent what is meant for these, and is the same origin.
"""

import errno
import socket

FAMILIES = {"127.0.0.1": socket.AF_INET, "::1": socket.AF_INET6}

_ABSENT = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}

_COVERED = {"127.0.0.1": {"127.0.0.1", "0.0.0.0"}, "::1": {"::1", "::"}}  # noqa: S104 - not bound
"""Listening where one is listened at already: there, or at all addresses of its kind."""


def addresses() -> list[str]:
    """Those of the two that this machine has; without IPv6 nobody can listen at the second."""
    return [each for each in FAMILIES if _refused(each, 0) not in _ABSENT]


def is_free(port: int) -> bool:
    """Whether nobody listens at a port of `localhost`."""
    return all(_refused(each, port) is None for each in addresses())


def is_covered(address: str, bound: set[str]) -> bool:
    """Whether who listens at the addresses `bound` does so at one of the two."""
    return not bound.isdisjoint(_COVERED[address])


def _refused(address: str, port: int) -> int | None:
    """Why nobody can listen there, as the system numbers it; None where somebody can."""
    try:
        with socket.socket(FAMILIES[address]) as probe:
            probe.bind((address, port))
    except OSError as error:
        return error.errno
    return None
