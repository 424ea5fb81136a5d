"""Gaps as pages and the API read them: groups, and questions without personal data."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from bot.console.errors import NotFound
from handlers.review.masking import Masker
from storage.gap_records import GapGroupRecord, GapLine, GapQuestionRecord

if TYPE_CHECKING:
    from storage.database import UnitOfWork

LONGEST_REASON = 500
PLACE = (int, datetime, int)
"""The kinds of what `place_of` gives."""


async def found(work: UnitOfWork, group_id: int) -> GapGroupRecord:
    """Find a group; raises NotFound."""
    group = await work.gaps.group(group_id) if 0 < group_id < 2**63 else None
    if group is None:
        raise NotFound
    return group


def place_of(line: GapLine) -> tuple[int, datetime, int]:
    """Return the place of a group in the list."""
    return line.founders, line.last_at, line.group.id


async def masked(work: UnitOfWork, questions: Sequence[GapQuestionRecord]) -> list[str]:
    """Return the words of questions without personal data."""
    return await _masked(work, [(one.text, one.founder_id) for one in questions])


async def masked_lines(work: UnitOfWork, lines: Sequence[GapLine]) -> list[str]:
    """Return the first question of groups without personal data."""
    return await _masked(work, [(one.question, one.founder_id) for one in lines])


async def _masked(work: UnitOfWork, said: Sequence[tuple[str, int | None]]) -> list[str]:
    called = await work.people.called({founder_id for _, founder_id in said if founder_id})
    return [Masker(called.get(founder_id or 0, ()))(text) for text, founder_id in said]


async def probe_mask(work: UnitOfWork, questions: Sequence[GapQuestionRecord]) -> Masker:
    """Return what masks the questions that an answer is tried with."""
    asked = probes(questions)
    names = await work.people.names_in({one.conversation_id for one in asked})
    return Masker(name for one in asked for name in names.get(one.conversation_id, ()))


def probes(questions: Sequence[GapQuestionRecord]) -> list[GapQuestionRecord]:
    """Return the first question of each language: what an answer must settle."""
    first: dict[str, GapQuestionRecord] = {}
    for one in questions:
        first.setdefault(one.language.split("-")[0], one)
    return list(first.values())
