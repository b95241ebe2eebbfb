"""Everything that is kept: all SQL of the node is in this package."""

from node.store.engine import Store, chunked

__all__ = ["Store", "chunked"]
