"""Brings a database to the present schema: Alembic, driven from code, inside the caller's transaction."""

from __future__ import annotations

from importlib.resources import files

import sqlalchemy as sa
from alembic import command
from alembic.config import Config


def upgrade(connection: sa.Connection) -> None:
    """Run the migrations that this database has not seen yet; none on an up-to-date one."""
    config = Config()
    config.set_main_option("script_location", str(files("ossmend.daemon.journal") / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
