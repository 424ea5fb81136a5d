"""Conditions over answers, in the expression language of the rule-engine library; nothing is ever evaluated as Python."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import rule_engine


class ConditionInvalid(ValueError):
    """An expression that cannot be understood; the message says what and where."""


class Condition:
    """An expression such as `track == "pilot" and team_size > 3`, compiled once."""

    __slots__ = ("_rule", "symbols", "text")

    def __init__(self, text: str, context: rule_engine.Context | None = None) -> None:
        try:
            self._rule = rule_engine.Rule(text, context=context)
        except rule_engine.EngineError as error:
            raise ConditionInvalid(error.message) from error
        self.text = text
        self.symbols: frozenset[str] = frozenset(self._rule.context.symbols)

    def holds(self, values: Mapping[str, Any]) -> bool | None:
        """Whether it holds over `values` by symbol; None when one of its symbols has no value."""
        if any(values.get(symbol) is None for symbol in self.symbols):
            return None
        return bool(self._rule.matches(values))
