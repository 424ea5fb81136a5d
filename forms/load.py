"""Reading application.toml: every problem at once, each with its place and what to do about it."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from forms import schema
from forms.checks import check_form, check_question, rules
from forms.compiling import compile_conditions, compile_requirements
from forms.model import Form, FormTrack, Limits, Option, Question, Rule, Section, Window
from forms.problems import FormInvalid, Problems
from forms.windows import read_windows

_T = TypeVar("_T", bound=schema._Table)
_TABLES = {"form", "track", "section", "requirement"}


def load_form(path: Path, *, timezone: ZoneInfo) -> Form:
    """Read a form whose times without a zone are in `timezone`; FormInvalid tells every problem of it."""
    problems = Problems(path.name)
    try:
        raw = path.read_bytes()
        data = tomllib.loads(raw.decode("utf-8"))
    except FileNotFoundError:
        raise FormInvalid([f"{path} does not exist: write it, docs/forms.md says how"]) from None
    except OSError as error:
        raise FormInvalid([f"{path} cannot be read: {error.strerror}"]) from error
    except UnicodeDecodeError:
        raise FormInvalid([f"{path.name}: is not UTF-8 text: save it as UTF-8"]) from None
    except tomllib.TOMLDecodeError as error:
        raise FormInvalid([f"{path.name}: is not TOML: {error}"]) from None
    form = _Reader(problems, timezone).read(data, hashlib.sha256(raw).hexdigest())
    if form is None or problems.found:
        raise FormInvalid(problems.found)
    return form


@dataclass(slots=True)
class _Reader:
    """Builds the form from what can be understood, and notes the rest."""

    problems: Problems
    timezone: ZoneInfo
    languages: tuple[str, ...] = ()
    broken: set[str] = field(default_factory=set)
    """Ids of questions that cannot be read, so that conditions that name them are not blamed."""

    def read(self, data: Mapping[str, Any], version: str) -> Form | None:
        for name in data.keys() - _TABLES:
            self.problems.add("", f"[{name}] is not known here: the tables are {', '.join(sorted(_TABLES))}")
        head = self._table(schema.FormTable, data.get("form", {}), "form")
        self.languages = tuple(head.name) if head else self._spoken(data)
        tracks = [self._track(entry, at) for at, entry in enumerate(self._list(data, "track", ""), 1)]
        sections, questions = self._sections(data)
        broken = frozenset(self.broken)
        questions = compile_conditions(questions, sections, broken, self.problems)
        wanted = [self._requirement(x, at) for at, x in enumerate(self._list(data, "requirement", ""), 1)]
        drafts = [entry for entry in wanted if entry is not None]
        requirements = compile_requirements(drafts, questions, broken, self.problems)
        if head is None:
            return None
        default = head.default_language or self.languages[0]
        if default not in self.languages:
            self.problems.add("form", f'default_language "{default}" is none of the languages of name')
        for name, texts in (("name", head.name), ("intro", head.intro), ("consent", head.consent)):
            self._complete("form", name, texts)
        form = Form(
            version=version,
            names=dict(head.name),
            sections=tuple(sections),
            questions=tuple(questions),
            tracks=tuple(track for track in tracks if track is not None),
            requirements=tuple(requirements),
            intro=dict(head.intro),
            consent=dict(head.consent),
            sample=head.sample,
            default_language=default,
        )
        check_form(form, broken, self.problems, tracks_read=None not in tracks)
        return form

    def _track(self, entry: Any, at: int) -> FormTrack | None:
        place = _place("track", entry, f"{at}")
        table = self._table(schema.TrackTable, entry, place)
        if table is None:
            return None
        windows: tuple[Window, ...] = read_windows(
            [(window.opens, window.closes) for window in table.windows], self.timezone, place, self.problems
        )
        return FormTrack(
            id=table.id, windows=windows, grace=timedelta(minutes=table.grace_minutes), late=table.late
        )

    def _sections(self, data: Mapping[str, Any]) -> tuple[list[Section], list[Question]]:
        sections, questions = [], []
        for at, entry in enumerate(self._list(data, "section", ""), 1):
            place = _place("section", entry, f"{at}")
            inner = self._list(entry, "question", place)
            table = self._table(schema.SectionTable, _without(entry, "question"), place)
            section_id = table.id if table else f"section{at}"
            if not inner:
                self.problems.add(place, "has no question: add [[section.question]], or take the section out")
            if table:
                self._complete(place, "title", table.title)
                self._complete(place, "intro", table.intro)
            sections.append(
                Section(
                    id=section_id,
                    titles=dict(table.title) if table else {},
                    intro=dict(table.intro) if table else {},
                    each_member=table.each_member if table else False,
                )
            )
            for number, one in enumerate(inner, 1):
                fallback = f"{number} of {place}"
                if question := self._question(one, section_id, _place("question", one, fallback)):
                    questions.append(question)
        return sections, questions

    def _question(self, entry: Any, section: str, place: str, *, inside: bool = False) -> Question | None:
        table = self._table(schema.QuestionTable, _without(entry, "question"), place)
        inner = [
            question
            for at, one in enumerate(self._list(entry, "question", place), 1)
            if (question := self._question(one, section, _inner(place, one, at), inside=True))
        ]
        if table is None:
            if isinstance(entry, dict) and isinstance(entry.get("id"), str):
                self.broken.add(entry["id"])
            return None
        self._check_languages(table, place)
        question = Question(
            id=table.id,
            type=table.type,
            section=section,
            texts=dict(table.text),
            required=table.required,
            help=dict(table.help),
            why=dict(table.why),
            example=dict(table.example),
            labels=dict(table.label),
            names={language: tuple(names) for language, names in table.names.items()},
            rule=self._rule(table.rule, place),
            limits=_limits(table.limits),
            unit=dict(table.unit),
            currency=table.currency,
            options=tuple(Option(id=x.id, labels=dict(x.label), also=tuple(x.also)) for x in table.option),
            private=table.private,
            seconds=table.seconds,
            questions=tuple(inner),
        )
        check_question(question, table, place, self.problems, inside=inside)
        if table.applies_when is not None:
            self.problems.conditions[id(question)] = table.applies_when
        return question

    def _check_languages(self, table: schema.QuestionTable, place: str) -> None:
        for name in ("text", "help", "why", "example", "label", "unit"):
            self._complete(place, name, getattr(table, name))
        for language in table.names.keys() - set(self.languages):
            self.problems.add(place, f"names.{language}: {language} is no language of [form].name")
        for option in table.option:
            self._complete(place, f"option {option.id}, label", option.label)

    def _requirement(self, entry: Any, at: int) -> tuple[schema.RequirementTable, Rule | None] | None:
        place = _place("requirement", entry, f"{at}")
        table = self._table(schema.RequirementTable, entry, place)
        if table is None:
            return None
        self._complete(place, "text", table.text)
        self._complete(place, "change", table.change)
        return table, self._rule(table.rule, place)

    def _rule(self, table: schema.RuleTable | None, place: str) -> Rule | None:
        if table is None:
            return None
        for language in table.heading.keys() - set(self.languages):
            self.problems.add(place, f"rule.heading.{language}: {language} is no language of [form].name")
        return Rule(document=table.document, headings=dict(table.heading))

    def _table(self, model: type[_T], entry: Any, place: str) -> _T | None:
        return self.problems.parse(model, entry, place)

    def _list(self, table: Any, name: str, place: str) -> list[Any]:
        found = table.get(name, []) if isinstance(table, dict) else []
        if isinstance(found, list):
            return found
        self.problems.add(place, f"{name} must be written as [[…{name}]], with two brackets")
        return []

    def _complete(self, place: str, name: str, texts: Mapping[str, str]) -> None:
        """Note languages that a text lacks, or has too many; a text may also be left out as a whole."""
        if not texts:
            return
        if lacking := [language for language in self.languages if language not in texts]:
            self.problems.add(
                place, f"{name} lacks {', '.join(lacking)}: add {name.split(', ')[-1]}.{lacking[0]}"
            )
        for language in texts.keys() - set(self.languages):
            self.problems.add(place, f"{name}.{language}: {language} is no language of [form].name")

    @staticmethod
    def _spoken(data: Mapping[str, Any]) -> tuple[str, ...]:
        """The languages when [form] is broken, as far as its name tells."""
        head = data.get("form")
        name = head.get("name") if isinstance(head, dict) else None
        return tuple(name) if isinstance(name, dict) else ()


def _limits(table: schema.LimitsTable) -> Limits:
    values = table.model_dump()
    return Limits(**{**values, "file_types": tuple(values["file_types"])})


def _without(entry: Any, name: str) -> Any:
    return {key: value for key, value in entry.items() if key != name} if isinstance(entry, dict) else entry


def _place(kind: str, entry: Any, fallback: str) -> str:
    given = entry.get("id") if isinstance(entry, dict) else None
    return f"{kind} {given}" if isinstance(given, str) and given else f"{kind} {fallback}"


def _inner(place: str, entry: Any, at: int) -> str:
    given = entry.get("id") if isinstance(entry, dict) else None
    return f"{place}/{given if isinstance(given, str) and given else at}"


__all__ = ["Form", "FormInvalid", "load_form", "rules"]
