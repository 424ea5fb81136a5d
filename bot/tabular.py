"""Rows of the database as lines that a spreadsheet or a script can open safely."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import IO, Any, Protocol

BOM = "\ufeff"
"""Without it Excel reads UTF-8 as the machine's old code page and Chinese turns to noise."""

_STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def safe_cell(value: Any) -> Any:
    """A cell that no spreadsheet runs: text that would start a formula gets an apostrophe in front."""
    if isinstance(value, str) and (value.startswith(_STARTS_FORMULA) or value.lstrip()[:1] in _FORMULA_SIGNS):
        return "'" + value
    return value


_MAX_CELL = 32_000
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_FORMULA_SIGNS = frozenset("=+-@＝＋－＠")


def record(row: Any) -> dict[str, Any]:
    """A flat row of JSON values from a frozen record: times as ISO 8601 in UTC, mappings as objects."""
    return {item.name: plain(getattr(row, item.name)) for item in fields(row)}


def csv_header(kind: type[Any]) -> str:
    """The first line of a CSV file of these records, with the byte order mark."""
    return BOM + _csv_line([item.name for item in fields(kind)])


def csv_lines(rows: Iterable[Any]) -> str:
    """The rows as CSV lines; nested values become compact JSON in one cell."""
    return "".join(_csv_line([_cell(value) for value in record(row).values()]) for row in rows)


def json_lines(rows: Iterable[Any]) -> str:
    """The rows as JSON lines."""
    return "".join(json.dumps(record(row), ensure_ascii=False) + "\n" for row in rows)


def csv_line(values: Iterable[Any]) -> str:
    """One CSV line, every cell made safe; nested values become compact JSON in one cell."""
    return _csv_line([_cell(plain(value)) for value in values])


def text_of(value: Any) -> str | int | float | None:
    """A value as a typed cell takes it: numbers stay numbers, anything else is text without controls."""
    value = plain(value)
    if value is None or (isinstance(value, (int, float)) and not isinstance(value, bool)):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, dict)):
        value = json.dumps(value, ensure_ascii=False) if value else ""
    return _NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", str(value))[:_MAX_CELL]


def plain(value: Any) -> Any:
    """JSON values only: times as ISO 8601, mappings as objects, tuples as lists."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    return value


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, dict)):
        value = json.dumps(value, ensure_ascii=False) if value else ""
    return safe_cell(value)


def _csv_line(cells: list[Any]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue()


class Sheet(Protocol):
    """Rows going into a file, one after the other."""

    def add(self, row: Mapping[str, Any]) -> None:
        """Write one row by column."""
        ...

    def close(self) -> None:
        """Write what belongs to the end."""
        ...


class _Lines:
    def __init__(self, file: IO[bytes], line: Callable[[Mapping[str, Any]], str]) -> None:
        self._file, self._line = file, line

    def add(self, row: Mapping[str, Any]) -> None:
        self._file.write(self._line(row).encode("utf-8", "replace"))

    def close(self) -> None:
        pass


def csv_writer(names: Sequence[str], file: IO[bytes]) -> Sheet:
    """A CSV file with a byte order mark and a header; formulas are neutralized."""
    file.write((BOM + _csv_line(list(names))).encode("utf-8"))
    return _Lines(file, lambda row: csv_line(row[name] for name in names))


def json_writer(names: Sequence[str], file: IO[bytes]) -> Sheet:
    """JSON lines with the values as they are."""
    return _Lines(file, lambda row: json.dumps({n: plain(row[n]) for n in names}, ensure_ascii=False) + "\n")
