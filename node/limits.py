"""How much of another community's log is taken: a reader's own limits (SPEC.md, section 7).

Every process replays what is held, so that each log of this size costs a command seconds. Whoever
writes more is followed no further, and says nothing here until a human has looked.
"""

from dataclasses import dataclass

from protocol.errors import TooLarge


@dataclass(frozen=True)
class Limits:
    """The most that is held of one log, all in all."""

    entries: int
    bytes: int
    """Of the entries."""
    voids: int
    """Entries without effect: an issuer writes none, and they may be of the worst that it can."""
    live: int
    """Sanctions in force, and so sealed records of up to 64 KiB each."""

    def check_size(self, entries: int, bytes_: int) -> None:
        """Check what a log would come to, before any of it is replayed.

        Raises:
            TooLarge: it would be more than is taken.
        """
        if entries > self.entries:
            raise TooLarge("a log of more entries than this node takes")
        if bytes_ > self.bytes:
            raise TooLarge("a log of more bytes than this node takes")

    def check_voids(self, voids: int) -> None:
        """Check how many entries are void, while they are replayed; raises as `check_size` does."""
        if voids > self.voids:
            raise TooLarge("a log of more void entries than this node takes")

    def check_live(self, live: int) -> None:
        """Check how many sanctions are in force; raises as `check_size` does."""
        if live > self.live:
            raise TooLarge("a log of more sanctions in force than this node takes")


PEER = Limits(entries=10_000, bytes=16 * 1024 * 1024, voids=1_000, live=4_096)
"""Of the log of a peer."""

STRANGER = Limits(entries=64, bytes=64 * 1024, voids=64, live=64)
"""Of a log that somebody carries who is no peer yet: as much as shows who asks."""
