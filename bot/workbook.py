"""An Excel file written row by row, in which text is text: no cell is ever a formula."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import IO, Any

import openpyxl
from openpyxl.cell import WriteOnlyCell

from bot.tabular import text_of


class Workbook:
    """One sheet with a header that stays in view; memory does not grow with the rows."""

    def __init__(self, title: str, names: Sequence[str], file: IO[bytes]) -> None:
        self._names, self._file = names, file
        self._book = openpyxl.Workbook(write_only=True)
        self._sheet = self._book.create_sheet(title)
        self._sheet.freeze_panes = "B2"
        self._sheet.append([self._cell(name) for name in names])

    def add(self, row: Mapping[str, Any]) -> None:
        """Write one row by column."""
        self._sheet.append([self._cell(row[name]) for name in self._names])

    def close(self) -> None:
        """Write the file."""
        self._book.save(self._file)

    def _cell(self, value: Any) -> Any:
        value = text_of(value)
        if not isinstance(value, str):
            return value
        cell = WriteOnlyCell(self._sheet, value)
        cell.data_type = "s"  # or openpyxl takes "=…" for a formula
        return cell
