"""Statements written out once: one that runs along with another should not cost a whole execution."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from sqlalchemy import Dialect, Executable
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler


class Spelled:
    """One statement as a driver takes it, with the way its parameters are made of Python's values."""

    __slots__ = ("_fixed", "_places", "text")

    def __init__(self, statement: Executable, names: tuple[str, ...], dialect: Dialect) -> None:
        assert isinstance(statement, ClauseElement)
        compiled = statement.compile(dialect=dialect, column_keys=list(names))
        assert isinstance(compiled, SQLCompiler)
        self.text = str(compiled)
        self._fixed = {name: value for name, value in compiled.params.items() if name not in names}
        self._places = [
            (name, _processor(compiled.binds[name].type, dialect)) for name in compiled.positiontup or ()
        ]

    def parameters(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """Put values into the order of their places, each as the driver takes it."""
        known = {**self._fixed, **values}
        return tuple(process(known[name]) if process else known[name] for name, process in self._places)


def _processor(kind: Any, dialect: Dialect) -> Callable[[Any], Any] | None:
    found: Callable[[Any], Any] | None = kind.dialect_impl(dialect).bind_processor(dialect)
    return found


@cache
def spelled(statement: Executable, names: tuple[str, ...], dialect: Dialect) -> Spelled:
    """Write a statement out; only for those that are made once and kept, since it is kept with them."""
    return Spelled(statement, names, dialect)
