"""Runs migrations on the connection that `mlconnector.store.migrate` hands over, inside its transaction."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from mlconnector.store.tables import metadata


def run(connection: Connection) -> None:
    """Bring the database behind `connection` to the wanted revision."""
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()


run(context.config.attributes["connection"])
