"""What is wrong with a form, in sentences for the operator."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

_T = TypeVar("_T", bound=BaseModel)

_SENTENCES = {
    "missing": "is missing: add it",
    "dict_type": 'needs a text for each language, as in {name}.zh = "…"',
    "string_type": "must be a text in quotes",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "list_type": "must be a list in [ ]",
    "datetime_type": "must be a date and a time, as in 2027-03-01T10:00:00",
    "string_too_short": "is empty: write something, or leave it out",
    "too_short": "is empty: write something, or leave it out",
}
_PATTERNS = {
    "id": "may hold only small letters, digits and _, and begins with a letter",
    "option id": "may hold only small letters, digits, _ and -",
    "currency": 'must be an ISO 4217 code such as "CNY"',
    "earliest": 'must be a day "2027-03-01", a month "2027-03", or "today"',
    "latest": 'must be a day "2027-03-01", a month "2027-03", or "today"',
    "file_types": 'must be endings of files such as "pdf", without the dot',
}


class FormInvalid(Exception):
    """A form that cannot be used; `problems` names each with its place and what to do."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


class Problems:
    """Collects what is wrong; `conditions` are the texts of conditions that wait to be compiled."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[str] = []
        self.conditions: dict[int, str] = {}

    def add(self, place: str, reason: str) -> None:
        """Note one problem at a place such as "question team_size"."""
        sentence = f"{self.file}, {place}: {reason}" if place else f"{self.file}: {reason}"
        if sentence not in self.found:
            self.found.append(sentence)

    def parse(self, model: type[_T], entry: Any, place: str) -> _T | None:
        """Read one table strictly, or note everything that is wrong in it."""
        try:
            return model.model_validate(entry)
        except ValidationError as error:
            for one in error.errors(include_url=False):
                self.add(place, _sentence(model, one["type"], one["loc"], one["msg"], one["input"]))
        return None


def _sentence(model: type[BaseModel], kind: str, loc: tuple[int | str, ...], msg: str, given: Any) -> str:
    words = [str(part + 1) if isinstance(part, int) else part for part in loc if part != "[key]"]
    name = ".".join(words) or "the table"
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(words[-1], _names(model), n=1)
        return f"{name} is not known here" + (f": did you mean {near[0]}?" if near else ": take it out")
    if kind == "literal_error":
        return f"{name} is {given!r}: {msg.replace('Input should', 'it must')}"
    if kind == "string_pattern_mismatch":
        if loc and loc[-1] == "[key]":
            return f'{name}: name a language by its code, such as "zh" or "en"'
        key = (
            "option id" if words[0] == "option" else next((word for word in words if word in _PATTERNS), "id")
        )
        return f"{name} is {given!r}: it {_PATTERNS[key]}"
    if sentence := _SENTENCES.get(kind):
        return f"{name} {sentence.format(name=name)}"
    return f"{name} is {given!r}: it {msg.partition(' ')[2]}"


def _names(model: type[BaseModel]) -> list[str]:
    """Every name that may stand in a table, or in the tables inside it."""
    found = list(model.model_fields)
    for info in model.model_fields.values():
        for one in (info.annotation, *getattr(info.annotation, "__args__", ())):
            if isinstance(one, type) and issubclass(one, BaseModel):
                found += one.model_fields
    return found
