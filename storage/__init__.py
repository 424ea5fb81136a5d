"""The database: the only room that knows SQLAlchemy; it takes entries and returns records."""
