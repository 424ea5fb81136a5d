"""Which passages are true at a moment: those that are not are never found, cited or offered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from knowledge.model import Passage


class Validity:
    """From when until when each row of an index is true; asked at every question, so it only compares."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        begins = [p.valid_from.timestamp() if p.valid_from else -np.inf for p in passages]
        ends = [p.valid_until.timestamp() if p.valid_until else np.inf for p in passages]
        self._begins, self._ends = np.asarray(begins, dtype=np.float64), np.asarray(ends, dtype=np.float64)

    def rows(self, at: datetime) -> NDArray[np.intp]:
        """The rows that are true at a moment, in order."""
        moment = at.timestamp()
        return np.flatnonzero((self._begins <= moment) & (moment < self._ends))

    def among(self, rows: Sequence[int], at: datetime) -> list[int]:
        """Those of `rows` that are true at a moment, in their order."""
        moment = at.timestamp()
        return [row for row in rows if self._begins[row] <= moment < self._ends[row]]
