"""Conditions over answers, in the expression language of the rule-engine library; never run as Python."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Literal

from forms import rule_tables

rule_tables.lend()

import rule_engine  # noqa: E402 (it finds the tables)
from rule_engine import ast  # noqa: E402

Kind = Literal["string", "number", "boolean", "strings", "datetime", "unknown"]
"""What a symbol stands for; "unknown" is comparable with anything."""

RESERVED = frozenset(rule_engine.Rule.parser.reserved_words)
"""Words of the language, which cannot name a question."""

_MAX_LENGTH = 500
_MAX_KEPT = 256
_LONGEST_ID = 32
_STRING = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'")
_REFUSED = {"~": "patterns (=~)", "**": "powers (**)", "$": "functions ($)", "#": "comments (#)"}
_TYPES: Mapping[Kind, Any] = {
    "string": rule_engine.DataType.STRING,
    "number": rule_engine.DataType.FLOAT,
    "boolean": rule_engine.DataType.BOOLEAN,
    "strings": rule_engine.DataType.SET(rule_engine.DataType.STRING),
    "datetime": rule_engine.DataType.DATETIME,
    "unknown": rule_engine.DataType.UNDEFINED,
}
_LITERALS = (
    ast.StringExpression,
    ast.FloatExpression,
    ast.BooleanExpression,
    ast.DatetimeExpression,
    ast.TimedeltaExpression,
)


class ConditionInvalid(ValueError):
    """An expression that cannot be used; the message says what to mend, `symbol` which name is not known."""

    def __init__(self, message: str, symbol: str = "") -> None:
        super().__init__(message)
        self.symbol = symbol


class Condition:
    """An expression such as `track == "pilot" and team_size > 3`, compiled and checked once.

    Only comparisons, `and`, `or`, `not`, `in`, `+`, `-` and lists are understood: no patterns, functions or
    loops. With `kinds`, the kind of every symbol, unknown names and comparisons that can never hold are
    refused; `options` are the values that a symbol can have at all.
    """

    __slots__ = ("_kept", "_rule", "symbols", "text")

    def __init__(
        self,
        text: str,
        kinds: Mapping[str, Kind] | None = None,
        options: Mapping[str, Collection[str]] | None = None,
    ) -> None:
        self.text = text.strip()
        self._rule = _compile(self.text, kinds)
        self.symbols: frozenset[str] = frozenset(self._rule.context.symbols)
        self._kept: dict[tuple[Any, ...], bool] = {}
        for node in _nodes(self._rule.statement.expression):
            _check(node, options or {})
        if not _is_boolean(self._rule.statement.expression):
            raise ConditionInvalid(
                f"{self.text} is no condition: compare it with something, as in team_size > 3"
            )

    def __repr__(self) -> str:
        return f"Condition({self.text!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Condition) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    @property
    def expression(self) -> Any:
        """The parts of the expression, as rule-engine has them."""
        return self._rule.statement.expression

    def possible(self, values: Mapping[str, Any]) -> bool:
        """Whether it may still hold when only `values` are known and everything else is open."""
        return _possible(self.expression, values) is not False

    def missing(self, values: Mapping[str, Any]) -> frozenset[str]:
        """The symbols that have no value in `values`."""
        return frozenset(symbol for symbol in self.symbols if values.get(symbol) is None)

    def holds(self, values: Mapping[str, Any]) -> bool | None:
        """Whether it holds over `values` by symbol; None when one of its symbols has no value."""
        known: list[Any] = []
        keep = True
        for symbol in self.symbols:
            value = values.get(symbol)
            if value is None:
                return None
            known.append(frozenset(value) if isinstance(value, set) else value)
            keep = keep and not (isinstance(value, str) and len(value) > _LONGEST_ID)
        key = tuple(known)
        result = self._kept.get(key)
        if result is None:
            result = bool(self._rule.matches(values))
            if len(self._kept) >= _MAX_KEPT:
                self._kept.clear()
            if keep:
                self._kept[key] = result
        return result


def _compile(text: str, kinds: Mapping[str, Kind] | None) -> rule_engine.Rule:
    if not text:
        raise ConditionInvalid("the condition is empty: write one, or leave the line out")
    if len(text) > _MAX_LENGTH:
        raise ConditionInvalid(f"the condition is longer than {_MAX_LENGTH} characters: make it shorter")
    bare = _STRING.sub('""', text)
    for sign, name in _REFUSED.items():
        if sign in bare:
            raise ConditionInvalid(f"{name} cannot be used in a condition: use comparisons, and, or, not, in")
    types = None if kinds is None else {symbol: _TYPES[kind] for symbol, kind in kinds.items()}
    context = rule_engine.Context(
        type_resolver=None if types is None else rule_engine.type_resolver_from_dict(types),
        default_timezone="utc",
        mapping_attribute_lookup=False,
    )
    try:
        return rule_engine.Rule(text, context=context)
    except rule_engine.SymbolResolutionError as error:
        name = error.symbol_name
        raise ConditionInvalid(f"{name} is not known here{_near(name, kinds)}", name) from None
    except rule_engine.RuleSyntaxError as error:
        raise ConditionInvalid(f"{text} cannot be understood: {error.message}") from None
    except (rule_engine.EngineError, ArithmeticError, ValueError) as error:
        reason = getattr(error, "message", None) or str(error)
        raise ConditionInvalid(f"{text} does not fit together: {reason}; compare like with like") from None


def _possible(node: Any, values: Mapping[str, Any]) -> bool | None:
    """True or false as far as `values` decide it, else None."""
    if isinstance(node, ast.LogicExpression):
        decides: bool = node.type.lower() == "or"
        sides = (_possible(node.left, values), _possible(node.right, values))
        if decides in sides:
            return decides
        return None if None in sides else not decides
    if isinstance(node, ast.UnaryExpression):
        inner = _possible(node.right, values)
        return None if inner is None else not inner
    names = {part.name for part in _nodes(node) if isinstance(part, ast.SymbolExpression)}
    return bool(node.evaluate(values)) if names <= values.keys() else None


def _near(symbol: str, kinds: Mapping[str, Kind] | None) -> str:
    import difflib

    known = sorted(kinds or ())
    near = difflib.get_close_matches(symbol, known, n=1)
    return f": did you mean {near[0]}?" if near else f"; known are {', '.join(known)}"


def _nodes(node: Any) -> Iterator[Any]:
    """Every part of an expression, outermost first."""
    yield node
    for name in ("left", "right", "member", "container"):
        if isinstance(part := getattr(node, name, None), ast.ExpressionBase):
            yield from _nodes(part)
    if isinstance(node, (ast.ArrayExpression, ast.SetExpression)):
        for part in node.value:
            yield from _nodes(part)


def _check(node: Any, options: Mapping[str, Collection[str]]) -> None:
    """Refuse what is not in the small language, and what rule-engine would take for false without a word."""
    if isinstance(node, (ast.LogicExpression, ast.UnaryExpression)):
        parts = [node.left, node.right] if isinstance(node, ast.LogicExpression) else [node.right]
        negative = isinstance(node, ast.UnaryExpression) and node.type.lower() != "not"
        for part in parts:
            if not negative and not _is_boolean(part):
                raise ConditionInvalid(
                    f"{_words(part)} is no condition: compare it with something, as in team_size > 3"
                )
    elif isinstance(node, ast.ComparisonExpression) and not isinstance(node, ast.FuzzyComparisonExpression):
        _check_alike(node.left, node.right)
        _check_options(node.left, [node.right], options)
        _check_options(node.right, [node.left], options)
    elif isinstance(node, ast.ContainsExpression):
        listed = isinstance(node.container, (ast.ArrayExpression, ast.SetExpression))
        if not listed and not _is(node.container.result_type, "strings", "unknown"):
            raise ConditionInvalid(
                f'{_words(node.container)} is no list: write in ["a", "b"], or name choices'
            )
        members = list(node.container.value) if listed else []
        for part in members:
            _check_alike(node.member, part)
        if not listed and not _is(node.member.result_type, "string", "unknown"):
            raise ConditionInvalid(
                f"{_words(node.member)} is never among {_words(node.container)}: name an option"
            )
        _check_options(node.member, members, options)
        _check_options(node.container, [node.member], options)
    elif not isinstance(
        node, (*_LITERALS, ast.ArrayExpression, ast.SetExpression, ast.SymbolExpression)
    ) and not (isinstance(node, (ast.AddExpression, ast.SubtractExpression))):
        name = type(node).__name__.removesuffix("Expression").lower()
        raise ConditionInvalid(
            f"this cannot be used in a condition ({name}): use comparisons, and, or, not, in, + and -"
        )


def _check_alike(left: Any, right: Any) -> None:
    if _is(left.result_type, "unknown") or _is(right.result_type, "unknown"):
        return
    if left.result_type != right.result_type:
        raise ConditionInvalid(f"{_words(left)} and {_words(right)} are never alike: compare like with like")


def _check_options(symbol: Any, others: list[Any], options: Mapping[str, Collection[str]]) -> None:
    possible = options.get(symbol.name) if isinstance(symbol, ast.SymbolExpression) else None
    if possible is None:
        return
    for other in others:
        if isinstance(other, ast.StringExpression) and other.value not in possible:
            listed = ", ".join(f'"{option}"' for option in possible)
            raise ConditionInvalid(f'{symbol.name} is never "{other.value}": it can be {listed}')


def _is(result_type: Any, *kinds: Kind) -> bool:
    return any(result_type == _TYPES[kind] for kind in kinds)


def _is_boolean(node: Any) -> bool:
    return _is(node.result_type, "boolean", "unknown")


def _words(node: Any) -> str:
    """Name a part of an expression for the operator."""
    if isinstance(node, ast.SymbolExpression):
        return str(node.name)
    if isinstance(node, ast.LiteralExpressionBase):
        return f'"{node.value}"' if isinstance(node, ast.StringExpression) else str(node.value)
    return "this part"
