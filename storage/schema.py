"""Whether a database has the tables and columns that this version of the code works with."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.failures import FAILURES, Place, explained, incomplete
from storage.tables import Table

_COLUMNS = {
    "sqlite": "SELECT found.name, field.name FROM sqlite_master found, pragma_table_info(found.name) field"
    " WHERE found.type = 'table'",
    "postgresql": "SELECT table_name, column_name FROM information_schema.columns"
    " WHERE table_schema = current_schema()",
}


async def require_whole(connection: AsyncConnection, place: Place, revision: str) -> None:
    """Raise DatabaseInvalid when tables or columns are not there although the revision says so."""
    try:
        rows = (await connection.execute(text(_COLUMNS[place.dialect]))).all()
    except FAILURES as error:
        raise explained(error, place) from error
    if missing := _missing({(row[0], row[1]) for row in rows}):
        raise incomplete(place, revision, missing)


def _missing(found: Collection[tuple[str, str]]) -> list[str]:
    """Name tables, and columns of other tables."""
    import storage.database  # noqa: F401  (with it come all tables)

    tables = {table for table, _ in found}
    missing = []
    for table in Table.metadata.sorted_tables:
        if table.name in tables:
            columns = (column.name for column in table.columns)
            missing += [f"{table.name}.{name}" for name in columns if (table.name, name) not in found]
        else:
            missing.append(table.name)
    return missing
