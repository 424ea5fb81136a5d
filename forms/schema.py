"""The shape of application.toml: what may stand where, table by table, before it means anything."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from forms.model import Type

_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=3500)]
_Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]
_Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=24)]
_OptionId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=32)]
_Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
_Ending = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]{1,8}$")]
_Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
_Texts = dict[_Language, _Text]


def _day(value: Any) -> Any:
    """A TOML date as its text; TOML has no type for a month, so that one is written as a string."""
    return value.isoformat() if type(value) is date else value


def _number(value: Any) -> Any:
    """A TOML number as the decimal that was written."""
    return Decimal(str(value)) if type(value) in (int, float) else value


_Day = Annotated[
    str, BeforeValidator(_day), StringConstraints(pattern=r"^(today|\d{4}-(0[1-9]|1[0-2])(-[0-3]\d)?)$")
]
_Decimal = Annotated[Decimal, BeforeValidator(_number)]


class _Table(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class FormTable(_Table):
    """The table [form]."""

    name: Annotated[_Texts, Field(min_length=1)]
    intro: _Texts = {}
    consent: _Texts = {}
    sample: bool = False
    default_language: str | None = None


class WindowTable(_Table):
    """One window of a track; times without a zone are the program's."""

    opens: datetime | None = None
    closes: datetime | None = None


class TrackTable(_Table):
    """A table [[track]]."""

    id: _OptionId
    windows: list[WindowTable] = []
    grace_minutes: Annotated[int, Field(ge=0, le=7 * 24 * 60)] = 0
    late: Literal["refuse", "next_window"] = "refuse"


class SectionTable(_Table):
    """A table [[section]] without its questions."""

    id: _Id
    title: _Texts
    intro: _Texts = {}
    each_member: bool = False


class RuleTable(_Table):
    """A `rule`: the document without language and its headings by language."""

    document: _Name
    heading: Annotated[_Texts, Field(min_length=1)]


class OptionTable(_Table):
    """A table [[section.question.option]]."""

    id: _OptionId
    label: _Texts
    also: list[_Name] = []


class LimitsTable(_Table):
    """The `limits` of a question; which of them fit depends on its type."""

    min_length: Annotated[int, Field(ge=1)] | None = None
    max_length: Annotated[int, Field(ge=1, le=20_000)] | None = None
    minimum: _Decimal | None = None
    maximum: _Decimal | None = None
    whole: bool = False
    earliest: _Day | None = None
    latest: _Day | None = None
    min_choices: Annotated[int, Field(ge=1)] | None = None
    max_choices: Annotated[int, Field(ge=1)] | None = None
    min_rows: Annotated[int, Field(ge=0, le=20)] = 0
    max_rows: Annotated[int, Field(ge=1, le=20)] = 5
    max_bytes: Annotated[int, Field(ge=1, le=20_000_000)] = 20_000_000
    file_types: list[_Ending] = []


class QuestionTable(_Table):
    """A table [[section.question]], without the questions of a group."""

    id: _Id
    type: Type
    text: _Texts
    required: bool = True
    help: _Texts = {}
    why: _Texts = {}
    example: _Texts = {}
    label: _Texts = {}
    names: dict[_Language, list[_Name]] = {}
    rule: RuleTable | None = None
    limits: LimitsTable = LimitsTable()
    unit: _Texts = {}
    currency: _Currency = "CNY"
    option: list[OptionTable] = []
    applies_when: str | None = None
    private: bool = False
    seconds: Annotated[int, Field(ge=1, le=3600)] = 30


class RequirementTable(_Table):
    """A table [[requirement]]."""

    id: _Id
    text: _Texts
    holds: str
    applies_when: str | None = None
    change: _Texts = {}
    rule: RuleTable | None = None
    hard: bool = False
