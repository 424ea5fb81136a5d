"""Conditions in words, for operators and reviewers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rule_engine import ast

from forms.conditions import Condition
from forms.model import Form, Question
from forms.symbols import MONTHS, TODAY, counts

_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "and": "{a} and {b}",
        "or": "{a} or {b}",
        "not": "not ({a})",
        "eq": "{a} is {b}",
        "ne": "{a} is not {b}",
        "lt": "{a} is less than {b}",
        "le": "{a} is at most {b}",
        "gt": "{a} is more than {b}",
        "ge": "{a} is at least {b}",
        "in": "{a} is one of {b}",
        "has": "{b} includes {a}",
        "yes": "{a}: yes",
        "no": "{a}: no",
        "months": "months since {a}",
        "count": "the number of “{b}: yes” under {a}",
        "today": "today",
        "list": ", ",
        "quote": "“{a}”",
    },
    "zh": {
        "and": "{a}，且{b}",
        "or": "{a}，或{b}",
        "not": "并非（{a}）",
        "eq": "{a}是{b}",
        "ne": "{a}不是{b}",
        "lt": "{a}小于 {b}",
        "le": "{a}不超过 {b}",
        "gt": "{a}大于 {b}",
        "ge": "{a}至少为 {b}",
        "in": "{a}是{b}之一",
        "has": "{b}包括{a}",
        "yes": "{a}：是",
        "no": "{a}：否",
        "months": "{a}至今的月数",
        "count": "{a}中“{b}：是”的数量",
        "today": "今天",
        "list": "、",
        "quote": "“{a}”",
    },
}


def describe(condition: Condition, form: Form, language: str, group: Question | None = None) -> str:
    """A condition as a sentence in `language` (Chinese, else English), with labels in place of ids."""
    known = {question.id: question for question in (*form.questions, *(group.questions if group else ()))}
    return _Teller(known, form, language).tell(condition.expression)


class _Teller:
    def __init__(self, known: Mapping[str, Question], form: Form, language: str) -> None:
        self.known = known
        self.form = form
        self.language = language
        self.words = _WORDS.get(language, _WORDS["en"])

    def tell(self, node: Any) -> str:
        """A part that is true or false."""
        if isinstance(node, ast.LogicExpression):
            parts = [self._part(node.left, node), self._part(node.right, node)]
            return self._say(node.type.lower(), *parts)
        if isinstance(node, ast.UnaryExpression):
            if isinstance(node.right, ast.SymbolExpression):
                return self._say("no", self.name(node.right))
            return self._say("not", self.tell(node.right))
        if isinstance(node, ast.ContainsExpression):
            if isinstance(node.container, ast.SymbolExpression):
                return self._say("has", self.name(node.member, node.container), self.name(node.container))
            listed = (self.name(one, node.member) for one in node.container.value)
            return self._say("in", self.name(node.member), self.words["list"].join(listed))
        if isinstance(node, ast.ComparisonExpression):
            return self._say(
                node.type.lower(), self.name(node.left, node.right), self.name(node.right, node.left)
            )
        if isinstance(node, ast.SymbolExpression):
            return self._say("yes", self.name(node))
        return self.name(node)

    def name(self, node: Any, about: Any = None) -> str:
        """A part that has a value; an option of the question `about` by its label."""
        if isinstance(node, ast.SymbolExpression):
            return self._symbol(node.name)
        if isinstance(node, ast.StringExpression):
            subject = self.known.get(about.name) if isinstance(about, ast.SymbolExpression) else None
            options = subject.options if subject else ()
            labels = {option.id: self.form.text(option.labels, self.language) for option in options}
            return self._say("quote", labels.get(node.value) or node.value)
        if isinstance(node, ast.DatetimeExpression):
            return str(node.value.date())
        if isinstance(node, ast.BooleanExpression):
            return "true" if node.value else "false"
        if isinstance(node, ast.LiteralExpressionBase):
            return f"{node.value:f}" if isinstance(node, ast.FloatExpression) else str(node.value)
        if isinstance(node, (ast.AddExpression, ast.SubtractExpression)):
            sign = "+" if isinstance(node, ast.AddExpression) else "-"
            return f"{self.name(node.left)} {sign} {self.name(node.right)}"
        return self.tell(node)

    def _symbol(self, symbol: str) -> str:
        if symbol == TODAY:
            return self.words["today"]
        if symbol in self.known:
            return self._label(self.known[symbol])
        for question in self.known.values():
            for inner in question.questions:
                if (inner.id, symbol) in counts(question):
                    return self._say("count", self._label(question), self._label(inner))
        return self._say("months", self._symbol(symbol.removesuffix(MONTHS)))

    def _label(self, question: Question) -> str:
        return self.form.text(question.labels or question.texts, self.language)

    def _part(self, node: Any, above: Any) -> str:
        inner = self.tell(node)
        mixed = isinstance(node, ast.LogicExpression) and node.type != above.type
        return f"({inner})" if mixed else inner

    def _say(self, word: str, a: str, b: str = "") -> str:
        return self.words[word].replace("{b}", "\0").replace("{a}", a).replace("\0", b)
