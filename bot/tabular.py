"""Rows of the database as lines that a spreadsheet or a script can open safely."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

BOM = "\ufeff"
"""Without it Excel reads UTF-8 as the machine's old code page and Chinese turns to noise."""

_STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def safe_cell(value: Any) -> Any:
    """A cell that no spreadsheet runs: text that would start a formula gets an apostrophe in front."""
    if isinstance(value, str) and (value.startswith(_STARTS_FORMULA) or value.lstrip()[:1] in _FORMULA_SIGNS):
        return "'" + value
    return value


_FORMULA_SIGNS = frozenset("=+-@＝＋－＠")


def record(row: Any) -> dict[str, Any]:
    """A flat row of JSON values from a frozen record: times as ISO 8601 in UTC, mappings as objects."""
    return {item.name: _plain(getattr(row, item.name)) for item in fields(row)}


def csv_header(kind: type[Any]) -> str:
    """The first line of a CSV file of these records, with the byte order mark."""
    return BOM + _csv_line([item.name for item in fields(kind)])


def csv_lines(rows: Iterable[Any]) -> str:
    """The rows as CSV lines; nested values become compact JSON in one cell."""
    return "".join(_csv_line([_cell(value) for value in record(row).values()]) for row in rows)


def json_lines(rows: Iterable[Any]) -> str:
    """The rows as JSON lines."""
    return "".join(json.dumps(record(row), ensure_ascii=False) + "\n" for row in rows)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
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
