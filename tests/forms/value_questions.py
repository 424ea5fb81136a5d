"""Questions for the tests of values, and the tables of answers to them."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from forms.model import Limits, Option, Question

TODAY = date(2026, 6, 15)
DATA = Path(__file__).parents[1] / "data" / "values"


def question(kind: str, **wanted: Any) -> Question:
    """A question of a type, with limits and options as plain data."""
    limits = dict(wanted.pop("limits", {}))
    for bound in ("minimum", "maximum"):
        if bound in limits:
            limits[bound] = Decimal(str(limits[bound]))
    if "file_types" in limits:
        limits["file_types"] = tuple(limits["file_types"])
    options = tuple(
        Option(id=one["id"], labels=one["labels"], also=tuple(one.get("also", ())))
        for one in wanted.pop("options", ())
    )
    return Question(
        id="asked",
        type=kind,
        section="s",
        texts={"en": "?"},
        limits=Limits(**limits),
        options=options,
        **wanted,
    )


def table(name: str) -> list[dict[str, Any]]:
    """The rows of a table, each with its question made."""
    rows = [json.loads(line) for line in (DATA / name).read_text(encoding="utf-8").splitlines()]
    for row in rows:
        kind = row["question"].pop("type")
        row["question"] = question(kind, **row["question"])
    return rows
