"""What Alembic runs: the steps, on the connection that storage.migrate hands over."""

from alembic import context

import storage.announcement_tables
import storage.application_tables
import storage.console_tables
import storage.document_tables
import storage.gap_tables
import storage.review_tables  # noqa: F401 - their tables belong to the metadata
from storage.tables import Table

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Table.metadata,
    # SQLite rebuilds a table where PostgreSQL alters it.
    render_as_batch=connection.dialect.name == "sqlite",
    # The caller's transaction holds the whole run, on SQLite too: a failed step leaves nothing behind.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
