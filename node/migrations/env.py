"""Alembic's entry: runs the revisions on the connection, and in the transaction, handed to it."""

from alembic import context

from node.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
