"""Short words for the columns of a step, which describes tables as they were then, not as they are now."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(JSONB(), "postgresql")
TIME = sa.DateTime(timezone=True)


def id_() -> sa.Column[int]:
    """Number the rows."""
    return sa.Column("id", NUMBER, primary_key=True)


def text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    """Make a column for text of any length."""
    return sa.Column(name, sa.Text(), nullable=nullable)


def time(name: str, *, nullable: bool = False) -> sa.Column[object]:
    """Make a column for a moment in UTC."""
    return sa.Column(name, TIME, nullable=nullable)


def json(name: str, *, nullable: bool = False) -> sa.Column[object]:
    """Make a column for JSON, JSONB on PostgreSQL."""
    return sa.Column(name, JSON, nullable=nullable)


def short(name: str, length: int, *, nullable: bool = False) -> sa.Column[str]:
    """Make a column for text of a known length."""
    return sa.Column(name, sa.String(length), nullable=nullable)


def count(name: str) -> sa.Column[int]:
    """Make a column for a whole number."""
    return sa.Column(name, sa.Integer(), nullable=False)


def flag(name: str) -> sa.Column[bool]:
    """Make a column for yes or no."""
    return sa.Column(name, sa.Boolean(), nullable=False)


def to(name: str, target: str, *, nullable: bool = False) -> sa.Column[int]:
    """Make a column that refers to a row of another table."""
    return sa.Column(name, NUMBER, sa.ForeignKey(f"{target}.id"), nullable=nullable)


def one_of(column: str, *values: str) -> sa.CheckConstraint:
    """Allow a column these values only, under the name the mapped classes give the check."""
    return sa.CheckConstraint(f"{column} IN ({', '.join(repr(value) for value in values)})", name=column)


def create(name: str, *items: sa.schema.SchemaItem) -> None:
    """Create a numbered table whose ids are never used again."""
    op.create_table(name, id_(), *items, sqlite_autoincrement=True)


def index(table: str, *columns: str) -> None:
    """Create an index under the name the mapped classes give it."""
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def partial_index(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    """Create an index over the rows that meet a condition."""
    condition = sa.text(where)
    op.create_index(name, table, columns, unique=unique, sqlite_where=condition, postgresql_where=condition)
