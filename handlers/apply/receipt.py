"""The founder's own copy of a submitted application: one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

from forms.eligibility import assess
from forms.model import Slot, Value
from forms.values import show_value
from handlers.apply.times import local_time
from handlers.messages import Attachment

if TYPE_CHECKING:
    from jinja2 import Template

    from handlers.apply.context import Desk

_WORDED = frozenset({"number", "amount", "date", "month", "phone"})
_LONG = 240


@dataclass(frozen=True, slots=True)
class _Line:
    label: str
    value: str
    long: bool = False
    wording: str = ""
    hash: str = ""


@dataclass(frozen=True, slots=True)
class _Block:
    title: str
    lines: tuple[_Line, ...]


@dataclass(frozen=True, slots=True)
class _Section:
    title: str
    blocks: tuple[_Block, ...]


def receipt(desk: Desk, number: str, at: datetime) -> Attachment:
    """Lay out all answers the founder may see, with number and time, in their language."""
    turn = desk.turn
    page = _template().render(
        language=turn.texts.language,
        say=turn.say,
        program=turn.program_name,
        form=desk.text(desk.form.names),
        sample=desk.form.sample,
        number=number,
        at=local_time(turn, at),
        sections=tuple(_sections(desk)),
        findings=_findings(desk),
    )
    content = page.encode("utf-8", "replace")
    name = f"application-{number}.html"
    return Attachment(name=name, media_type="text/html", size=len(content), content=content)


def _sections(desk: Desk) -> Iterator[_Section]:
    for section in desk.form.sections:
        slots = [slot for slot in desk.state.slots if _section(slot) == section.id and not slot.closing]
        blocks = []
        for (group, row), items in groupby(slots, key=_row):
            lines = tuple(_line(desk, slot) for slot in items)
            title = "" if group is None else desk.say("apply.copy.row", group=_label(desk, group), row=row)
            blocks.append(_Block(title, lines))
        if blocks:
            yield _Section(desk.text(section.titles), tuple(blocks))


def _section(slot: Slot) -> str:
    return (slot.group or slot.question).section


def _row(slot: Slot) -> tuple[Any, int | None]:
    return slot.group, slot.row


def _label(desk: Desk, question: Any) -> str:
    return desk.text(question.labels) or desk.text(question.texts)


def _line(desk: Desk, slot: Slot) -> _Line:
    label, value = _label(desk, slot.question), desk.answers.get(slot.key)
    if value is None or value.skipped:
        return _Line(label, "")
    shown = show_value(slot.question, value, desk.turn.language)
    wording = value.wording.strip()
    differs = slot.question.type in _WORDED and wording and wording not in shown
    return _Line(
        label=label,
        value=shown,
        long=len(shown) > _LONG or "\n" in shown,
        wording=wording if differs else "",
        hash=_hash(value),
    )


def _hash(value: Value) -> str:
    found = value.data.get("sha256") if isinstance(value.data, dict) else None
    return str(found)[:16] if found else ""


def _findings(desk: Desk) -> list[dict[str, str]]:
    return [
        {"outcome": finding.outcome, "text": desk.text(finding.requirement.texts)}
        for finding in assess(desk.form, desk.answers, desk.today)
    ]


@lru_cache(maxsize=1)
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("handlers.apply", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("receipt.html")
