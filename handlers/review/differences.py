"""What differs between two texts, line by line, for people to look at."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Literal

_AROUND = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a comparison; "gap" stands for equal lines that are left out."""

    kind: Literal["same", "added", "taken", "gap"]
    text: str


def compare(old: str, new: str) -> list[Line]:
    """List the lines that were taken away and added, with a few around them; empty when nothing differs."""
    lines: list[Line] = []
    for line in difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=_AROUND):
        if line.startswith(("---", "+++")) and not lines:
            continue
        if line.startswith("@@"):
            lines.append(Line(kind="gap", text=""))
        else:
            kinds: dict[str, Literal["same", "added", "taken"]] = {"+": "added", "-": "taken"}
            lines.append(Line(kind=kinds.get(line[0], "same"), text=line[1:]))
    return lines[1:] if lines else []
