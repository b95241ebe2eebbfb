"""Bringing a database to the shape that this version of the software expects.

Every command does it when it opens the database. It happens in one transaction, as the one writer:
two commands that start at once do not collide, and a crash leaves the shape as it was.
"""

from sqlalchemy import Connection, inspect, text

from node.errors import UserError
from node.store import Store

HEAD = "r0001"
"""The newest revision; known here so that an up-to-date database costs no import of Alembic."""


async def upgrade(store: Store) -> None:
    """Bring the database to `HEAD`.

    Raises:
        UserError: it was made by a newer version of the software.
        Unavailable: it cannot be reached.
    """
    async with store.read() as connection:
        current = await connection.run_sync(revision)
    if current != HEAD:
        async with store.write() as connection:
            await connection.run_sync(_upgrade)


def revision(connection: Connection) -> str | None:
    """The revision of a database; None where it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def _upgrade(connection: Connection) -> None:
    # A tenth of a second, longer than many a command takes: imported where there is work to do.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", "node:migrations")
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    current = revision(connection)
    if current is not None and current not in known:
        raise UserError(
            "the database was made by a newer version (its revision is %(current)s, %(newest)s is "
            "the newest known here): install that version again, or restore an older backup",
            current=current,
            newest=HEAD,
        )
    command.upgrade(config, "head")
