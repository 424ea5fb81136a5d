"""The words of the forms room: a form made of questions, and the answers that are its whole state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from forms.conditions import Condition

Texts = Mapping[str, str]
"""A text by language (ISO 639-1)."""

Type = Literal[
    "text",
    "long_text",
    "number",
    "amount",
    "date",
    "month",
    "choice",
    "choices",
    "yes_no",
    "email",
    "phone",
    "url",
    "company_code",
    "file",
    "group",
]

TRACK = "track"
"""The id of the one question that every form has first: which way into the program."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One choice; `also` are other words for it, in any language, that a founder may type."""

    id: str
    labels: Texts
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of an answer: characters as people count them, values, rows of a group, bytes of a file."""

    min_length: int | None = None
    max_length: int | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    whole: bool = False
    earliest: str | None = None
    latest: str | None = None
    min_choices: int | None = None
    max_choices: int | None = None
    min_rows: int = 0
    max_rows: int = 5
    max_bytes: int = 20_000_000
    file_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """The section of a program document that holds the rule behind a question.

    `document` is the id without language ("application-guide"), `headings` name the section by language.
    """

    document: str
    headings: Texts = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One thing to ask; `id` is for ever, `names` are short names by which a founder may correct it.

    `private` answers are seen by the person who gave them and by staff, not by co-founders. A question of
    type "group" holds `questions`, asked once a row.
    """

    id: str
    type: Type
    section: str
    texts: Texts
    required: bool = True
    help: Texts = field(default_factory=dict)
    why: Texts = field(default_factory=dict)
    example: Texts = field(default_factory=dict)
    labels: Texts = field(default_factory=dict)
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rule: Rule | None = None
    limits: Limits = field(default_factory=Limits)
    unit: Texts = field(default_factory=dict)
    currency: str = "CNY"
    options: tuple[Option, ...] = ()
    applies_when: Condition | None = None
    private: bool = False
    seconds: int = 30
    questions: tuple[Question, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A run of questions with an introduction; with `each_member` every co-founder fills one of their own."""

    id: str
    titles: Texts
    intro: Texts = field(default_factory=dict)
    each_member: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """When a track can be applied for, in UTC; late is refused after `closes` + `grace`."""

    opens: datetime | None = None
    closes: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FormTrack:
    """The dates of one track; no windows means open all year. `late` says what happens after the grace."""

    id: str
    windows: tuple[Window, ...] = ()
    grace: timedelta = timedelta(0)
    late: Literal["refuse", "next_window"] = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One rule of eligibility: `holds` over the answers, what it says, and what would change a miss."""

    id: str
    texts: Texts
    holds: Condition
    applies_when: Condition | None = None
    change: Texts = field(default_factory=dict)
    rule: Rule | None = None
    hard: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A program's application; `version` is the hex SHA-256 of its file, `sample` marks an invented one."""

    version: str
    names: Texts
    sections: tuple[Section, ...]
    questions: tuple[Question, ...]
    tracks: tuple[FormTrack, ...] = ()
    requirements: tuple[Requirement, ...] = ()
    intro: Texts = field(default_factory=dict)
    consent: Texts = field(default_factory=dict)
    sample: bool = False
    default_language: str = "en"

    def question(self, question_id: str) -> Question | None:
        """Find a question of the top level by its id."""
        return next((item for item in self.questions if item.id == question_id), None)

    def section(self, section_id: str) -> Section:
        """Find a section; KeyError for an id that loading would have refused."""
        for item in self.sections:
            if item.id == section_id:
                return item
        raise KeyError(section_id)

    def text(self, texts: Texts, language: str) -> str:
        """The text in `language`, else in English, else in the form's first language, else ""."""
        return texts.get(language) or texts.get("en") or texts.get(self.default_language) or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """An answer: `data` typed and JSON-able, `wording` as the founder wrote it.

    `data` by type: text, long_text, email, url, company_code: str; phone: str in E.164; number: int or float;
    amount: {"value": number, "currency": ISO 4217}; date: "YYYY-MM-DD"; month: "YYYY-MM"; choice: option id;
    choices: list of option ids in the form's order; yes_no: bool; file: {"link": url} or {"sha256", "name",
    "media_type", "size"}. `skipped` marks an optional question that was passed over; then `data` is None.
    """

    data: Any
    wording: str = ""
    skipped: bool = False


Answers = Mapping[str, Value]
"""All answers by key: a question id, "group/2/sub" in row 2 of a group, "group/more" for another row.

Rows are numbered from 1 and keep their number when another row is removed.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A place for one answer: a question at its key; `row` and `group` for those inside a group."""

    key: str
    question: Question
    group: Question | None = None
    row: int | None = None

    @property
    def closing(self) -> bool:
        """Whether this is the question if there is another row."""
        return self.group is not None and self.row is None


def keys(slots: Sequence[Slot]) -> list[str]:
    """The keys of slots, in their order."""
    return [slot.key for slot in slots]
