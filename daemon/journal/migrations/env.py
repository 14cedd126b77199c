"""Alembic's environment: migrations run on the connection that migrate.py hands over, in its transaction."""

from alembic import context

from ossmend.daemon.journal.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=False,  # the transaction is the caller's: schema and version change together or not at all
    render_as_batch=True,
)
context.run_migrations()
