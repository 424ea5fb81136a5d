"""A form on paper: what founders will be asked, in order, with what the bot knows about each question."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, tzinfo

from forms.conditions import Condition
from forms.model import TRACK, Form, Question, Requirement, Rule, Section
from forms.wording import describe

_CHROME: Mapping[str, Mapping[str, str]] = {
    "en": {
        "sample": "SAMPLE",
        "each": "every co-founder answers this section alone",
        "optional": "may be skipped",
        "private": "seen by its author and by staff only",
        "why": "Why",
        "rule": "Rule",
        "when": "Asked when",
        "example": "Example",
        "limits": "Limits",
        "rows": "Asked once a row",
        "requirements": "Requirements",
        "applies": "Applies when",
        "change": "What would change it",
        "hard": "a must",
        "consent": "Before submitting",
        "dates": "Dates ({zone})",
        "always": "open all year",
    },
    "zh": {
        "sample": "示例",
        "each": "每位联合创始人各自填写",
        "optional": "可跳过",
        "private": "只有本人和工作人员可见",
        "why": "为什么问",
        "rule": "规则",
        "when": "什么时候问",
        "example": "例如",
        "limits": "限制",
        "rows": "每行都问",
        "requirements": "申请条件",
        "applies": "适用于",
        "change": "怎样才能符合",
        "hard": "硬性条件",
        "consent": "提交之前",
        "dates": "日期（{zone}）",
        "always": "全年开放",
    },
}


def preview_lines(form: Form, language: str, *, zone: tzinfo = UTC, track: str = "") -> Iterator[str]:
    """The lines of the form in `language`, dates in `zone`; with `track` without what it is never asked."""
    yield from _Preview(form, language, track, zone).lines()


class _Preview:
    def __init__(self, form: Form, language: str, track: str, zone: tzinfo) -> None:
        self.form = form
        self.zone = zone
        self.language = language
        self.known = {TRACK: track} if track else {}
        self.words = _CHROME.get(language, _CHROME["en"])

    def lines(self) -> Iterator[str]:
        form = self.form
        name = self.text(form.names)
        marked = not form.sample or self.words["sample"].casefold() in name.casefold()
        yield name if marked else f"{name} ({self.words['sample']})"
        yield from self._paragraph(self.text(form.intro))
        yield from self._dates()
        number = 0
        for index, section in enumerate(form.sections, 1):
            asked = [x for x in form.questions if x.section == section.id and self.possible(x.applies_when)]
            if asked:
                yield from self._section(index, section)
            for question in asked:
                number += 1
                yield from self._question(question, f"{number}.", "")
        wanted = [x for x in form.requirements if self.possible(x.applies_when)]
        if wanted:
            yield from ("", f"== {self.words['requirements']}")
        for requirement in wanted:
            yield from self._requirement(requirement)
        if form.consent:
            yield from ("", f"== {self.words['consent']}", self.text(form.consent))

    def text(self, texts: Mapping[str, str]) -> str:
        return self.form.text(texts, self.language)

    def possible(self, condition: Condition | None) -> bool:
        return condition is None or condition.possible(self.known)

    def _paragraph(self, text: str) -> Iterator[str]:
        if text:
            yield text

    def _dates(self) -> Iterator[str]:
        shown = [one for one in self.form.tracks if self.known.get(TRACK, one.id) == one.id]
        if shown:
            yield f"{self.words['dates'].format(zone=self.zone)}:"
        for one in shown:
            spans = [
                f"{self._moment(window.opens)} – {self._moment(window.closes)}" for window in one.windows
            ]
            grace = f" + {one.grace // timedelta(minutes=1)} min" if one.grace else ""
            when = ", ".join(spans) + grace if spans else self.words["always"]
            yield f"  {one.id}: {when} ({one.late})"

    def _section(self, index: int, section: Section) -> Iterator[str]:
        yield ""
        yield f"== {index}. {self.text(section.titles)}" + (
            f" ({self.words['each']})" if section.each_member else ""
        )
        yield from self._paragraph(self.text(section.intro))

    def _question(
        self, question: Question, number: str, indent: str, group: Question | None = None
    ) -> Iterator[str]:
        marks: list[str] = [question.type]
        marks += [] if question.required else [self.words["optional"]]
        marks += [self.words["private"]] if question.private else []
        yield ""
        yield f"{indent}{number} {self.text(question.texts)}  [{', '.join(marks)}]"
        inner = f"{indent}   "
        yield from (f"{inner}{line}" for line in self._about(question, group))
        for index, option in enumerate(question.options, 1):
            also = f" ({', '.join(option.also)})" if option.also else ""
            yield f"{inner}{index}) {self.text(option.labels)}{also}"
        if question.questions:
            yield f"{inner}{self.words['rows']}:"
        for index, sub in enumerate(question.questions, 1):
            if self.possible(sub.applies_when):
                yield from self._question(sub, f"{number}{index}", inner, question)

    def _about(self, question: Question, group: Question | None) -> Iterator[str]:
        yield from self._paragraph(self.text(question.help))
        for word, text in (
            ("example", self.text(question.example)),
            ("limits", self._limits(question)),
            ("why", self.text(question.why)),
            ("rule", self._rule(question.rule)),
        ):
            if text:
                yield f"{self.words[word]}: {text}"
        if question.applies_when:
            yield f"{self.words['when']}: {describe(question.applies_when, self.form, self.language, group)}"

    def _limits(self, question: Question) -> str:
        limits = question.limits
        unit = self.text(question.unit) or (question.currency if question.type == "amount" else "")
        pairs: list[tuple[object, object]] = [
            (limits.min_length, limits.max_length),
            (limits.minimum, limits.maximum),
            (limits.earliest, limits.latest),
            (limits.min_choices, limits.max_choices),
        ]
        if question.type == "group":
            pairs.append((limits.min_rows, limits.max_rows))
        spans = [
            f"{'' if low is None else low}–{'' if high is None else high}"
            for low, high in pairs
            if low is not None or high is not None
        ]
        if question.type == "file":
            spans.append(f"{', '.join(limits.file_types) or '*'}, ≤ {limits.max_bytes / 1e6:g} MB")
        return " ".join([*spans, *([unit] if unit else [])])

    def _rule(self, rule: Rule | None) -> str:
        return f"{rule.document} › {self.text(rule.headings)}" if rule else ""

    def _requirement(self, requirement: Requirement) -> Iterator[str]:
        yield f"- {self.text(requirement.texts)}" + (f" ({self.words['hard']})" if requirement.hard else "")
        yield f"  {describe(requirement.holds, self.form, self.language)}"
        if requirement.applies_when:
            yield f"  {self.words['applies']}: {describe(requirement.applies_when, self.form, self.language)}"
        if requirement.change:
            yield f"  {self.words['change']}: {self.text(requirement.change)}"
        if requirement.rule:
            yield f"  {self.words['rule']}: {self._rule(requirement.rule)}"

    def _moment(self, moment: datetime | None) -> str:
        return f"{moment.astimezone(self.zone):%Y-%m-%d %H:%M}" if moment else "…"
