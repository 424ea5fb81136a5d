"""One application laid out for reviewers: answers by section and person, the rules, what versions changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from forms.eligibility import Finding, assess
from forms.model import Answers, Form, Question, Slot, Value
from forms.state import examine, settle
from forms.values import show_value
from handlers.review.masking import EMAIL, PHONE, Masker
from storage.application_records import MemberRecord, StoredAnswer

Given = Mapping[int | None, Mapping[str, StoredAnswer]]
"""Answers by the founder who gave them for themselves; those under None are shared."""

_WORDED = frozenset({"number", "amount", "date", "month", "phone"})
_CONTACT = {"email": EMAIL, "phone": PHONE}
_LONG = 240


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One answer; `key` is unique in the application, `sha256` that of a file, `link` an address.

    `wording` is how the founder put it where that says more. `withheld` are answers that this reader may not
    see; `empty` ones were skipped or are missing.
    """

    key: str
    label: str
    value: str = ""
    wording: str = ""
    sha256: str = ""
    link: str = ""
    long: bool = False
    private: bool = False
    withheld: bool = False
    empty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Answers that belong together: a section's, one row of a group (`row`), or one founder's (`whose`)."""

    lines: Sequence[Line]
    label: str = ""
    row: int | None = None
    whose: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetSection:
    """A section with its answers; the one without a title holds what the form no longer asks."""

    title: str
    blocks: Sequence[Block]

    @property
    def lines(self) -> Iterator[Line]:
        """All lines, in order."""
        return (line for block in self.blocks for line in block.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What two versions say to one question; "" where one does not answer it."""

    line: Line
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheets:
    """How one reader sees applications: in a language, masked, with `private` answers and files or without.

    `opened` says that `mask` hides nothing, so that mail addresses and phone numbers show, too.
    """

    form: Form | None
    language: str
    today: date
    mask: Masker
    opened: bool = False
    private: bool = False

    def sections(self, given: Given, members: Sequence[MemberRecord]) -> list[SheetSection]:
        """Lay the answers out in the form's order, with those that it no longer asks at the end."""
        found: list[SheetSection] = []
        left = {(member, key) for member, answers in given.items() for key in answers}
        shared = given.get(None, {})
        people = [one.founder_id for one in members] or [one for one in given if one is not None]
        for section in self.form.sections if self.form is not None else ():
            blocks: list[Block] = []
            for whose in people if section.each_member else (None,):
                answers = {**shared, **(given.get(whose, {}) if whose is not None else {})}
                blocks += self._blocks(section.id, _settled(self.form, answers, self.today), whose, left)
            if blocks:
                assert self.form is not None
                title = self.form.text(section.titles, self.language)
                found.append(SheetSection(title=title, blocks=blocks))
        if others := self._others(given, left):
            found.append(SheetSection(title="", blocks=[Block(lines=others)]))
        return found

    def findings(self, given: Given) -> tuple[Finding, ...]:
        """Say which requirements are met, on the day `today`."""
        if self.form is None:
            return ()
        shared, *rest = (given.get(None, {}), *(one for whose, one in given.items() if whose is not None))
        answers = {**(rest[0] if rest else {}), **shared}
        return assess(self.form, _settled(self.form, answers, self.today), self.today)

    def changes(self, before: Given, after: Given, members: Sequence[MemberRecord]) -> list[Changed]:
        """Compare two versions, in the form's order; an answer withheld is only said to differ."""
        old = {line.key: line for part in self.sections(before, members) for line in part.lines}
        new = {line.key: line for part in self.sections(after, members) for line in part.lines}
        same = {key for key, content in _contents(before).items() if _contents(after).get(key) == content}
        found = []
        for key in [*new, *(key for key in old if key not in new)]:
            was, is_ = old.get(key), new.get(key)
            if key in same or (was is not None and is_ is not None and was.empty and is_.empty):
                continue
            line = is_ or was
            assert line is not None
            found.append(Changed(line=line, before=was.value if was else "", after=is_.value if is_ else ""))
        return found

    def _blocks(
        self, section: str, answers: Answers, whose: int | None, left: set[tuple[int | None, str]]
    ) -> Iterator[Block]:
        assert self.form is not None
        slots = [
            slot
            for slot in examine(self.form, answers, self.today).slots
            if (slot.group or slot.question).section == section
        ]
        for (group, row), items in groupby(slots, key=lambda slot: (slot.group, slot.row)):
            lines = []
            for slot in items:
                left -= {(whose, slot.key), (whose, slot.question.id)}
                if not slot.closing:
                    lines.append(self._line(slot, answers.get(slot.key), whose))
            if lines:
                label = self._label(group) if group is not None else ""
                yield Block(lines=lines, label=label, row=row, whose=whose)

    def _line(self, slot: Slot, value: Value | None, whose: int | None) -> Line:
        question = slot.question
        key = slot.key if whose is None else f"{slot.key} ({whose})"
        private = question.private or (slot.group is not None and slot.group.private)
        label = self._label(question)
        if value is None or value.skipped or value.data is None:
            return Line(key=key, label=label, private=private, empty=True)
        if private and not self.private:
            return Line(key=key, label=label, private=True, withheld=True)
        shown, data = self._shown(question, value), value.data
        wording = self.mask(value.wording.strip()) if question.type in _WORDED else ""
        if question.type in _CONTACT and not self.opened:
            wording = ""
        file = data if isinstance(data, dict) else {}
        return Line(
            key=key,
            label=label,
            value=shown,
            wording=wording if wording not in shown else "",
            sha256=str(file.get("sha256", "")) if self.private else "",
            link=self._link(str(file.get("link", "")) or (str(data) if question.type == "url" else "")),
            long=len(shown) > _LONG or "\n" in shown,
            private=private,
        )

    def _link(self, address: str) -> str:
        """An address that can be opened, unless something of it is hidden."""
        web = address.lower().startswith(("http://", "https://"))
        return address if web and self.mask(address) == address else ""

    def _shown(self, question: Question, value: Value) -> str:
        if question.type in _CONTACT and not self.opened:
            return _CONTACT[question.type]
        shown = show_value(question, value, self.language)
        # Figures are no telephone numbers, however long they are.
        free = question.type in ("text", "long_text", "file", "url", "choice", "choices")
        return self.mask(shown) if free else shown

    def _others(self, given: Given, left: set[tuple[int | None, str]]) -> list[Line]:
        found = []
        for whose, answers in given.items():
            for key, answer in answers.items():
                if (whose, key) not in left or answer.skipped or answer.data is None:
                    continue
                if _is_closing(self.form, key):
                    continue
                named = key if whose is None else f"{key} ({whose})"
                if whose is not None and not self.private:
                    found.append(Line(key=named, label=key, private=True, withheld=True))
                    continue
                text = answer.wording or _plain(answer.data)
                hashed = isinstance(answer.data, dict) and self.private
                found.append(
                    Line(
                        key=named,
                        label=key,
                        value=self.mask(text),
                        sha256=str(answer.data.get("sha256", "")) if hashed else "",
                        private=whose is not None,
                    )
                )
        return found

    def _label(self, question: Question) -> str:
        assert self.form is not None
        return self.form.text(question.labels, self.language) or self.form.text(question.texts, self.language)


def title_question(form: Form | None) -> str:
    """The question whose answer stands for an application in lists: the first short text that all share."""
    for question in form.questions if form is not None else ():
        assert form is not None
        if (
            question.type == "text"
            and not question.private
            and not form.section(question.section).each_member
        ):
            return question.id
    return ""


def people_in(given: Given) -> list[str]:
    """List the people that answers name: a group asks for each in a question that is or ends in `name`."""
    return [
        str(answer.data)
        for answers in given.values()
        for key, answer in answers.items()
        if key.count("/") == 2 and key.endswith(("/name", "_name")) and isinstance(answer.data, str)
    ]


def files_in(sections: Sequence[SheetSection]) -> set[str]:
    """The hashes of the files that a reader of these sections may have."""
    return {line.sha256 for part in sections for line in part.lines if line.sha256}


def _settled(form: Form | None, answers: Mapping[str, StoredAnswer], today: date) -> Answers:
    assert form is not None
    values = {
        key: Value(data=one.data, wording=one.wording, skipped=one.skipped) for key, one in answers.items()
    }
    return settle(form, values, today)[0]


def _contents(given: Given) -> dict[str, tuple[Any, bool]]:
    return {
        key if whose is None else f"{key} ({whose})": (answer.data, answer.skipped)
        for whose, answers in given.items()
        for key, answer in answers.items()
    }


def _is_closing(form: Form | None, key: str) -> bool:
    """Whether an answer only says if there is another row, or that a group was passed over."""
    group, _, rest = key.partition("/")
    found = form.question(group) if form is not None else None
    return rest == "more" or (not rest and found is not None and found.type == "group")


def _plain(data: Any) -> str:
    if isinstance(data, dict):
        return str(data.get("link") or data.get("name") or data)
    return ", ".join(map(str, data)) if isinstance(data, list) else str(data)
