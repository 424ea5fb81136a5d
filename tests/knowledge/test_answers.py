"""What a founder reads must hold what was asked: a floor on a part of the labeled questions."""

from __future__ import annotations

import asyncio

from benchmarks.answers import Shown, ask
from knowledge.writer import LONGEST_ANSWER


def _share(shown: list[Shown]) -> float:
    answered = [s for s in shown if s.answer.answered]
    return sum(s.right for s in answered) / len(answered)


def test_answers_show_the_fact_that_was_asked_for_whole_and_short() -> None:
    shown = asyncio.run(ask("founder_docs"))
    assert _share(shown) >= 0.9
    assert sum(s.answer.answered for s in shown) >= 0.9 * len(shown)
    assert [s.fact.question for s in shown if s.cut] == []
    assert [s.fact.question for s in shown if len(s.answer.text) > LONGEST_ANSWER] == []
