"""What is said about an answer that was taken: noted, what it opened and closed, what the rules say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from forms.eligibility import Finding, assess
from forms.model import Rule, Slot, Value
from forms.state import Change
from forms.values import show_value
from handlers.apply.asking import heading, shown
from handlers.apply.context import Desk
from handlers.messages import Source
from handlers.words import clip
from knowledge.model import Passage

_LONGEST_VALUE = 200
_LONGEST_QUOTE = 500
_MOST_NAMED = 8
_OWN_WORDS = frozenset({"text", "long_text", "email", "url", "company_code"})


def noted(desk: Desk, slot: Slot) -> str:
    """Confirm what was understood; `desk` holds the new answer."""
    if slot.closing:
        return ""
    return desk.say("apply.noted", label=heading(desk, slot), value=clip(shown(desk, slot), _LONGEST_VALUE))


def needs_confirming(slot: Slot, value: Value, text: str, language: str) -> bool:
    """Whether an answer reads differently from what was typed, so that it should be said back."""
    if slot.question.type in _OWN_WORDS:
        return False
    return not show_value(slot.question, value, language).casefold().startswith(text.strip().casefold())


def consequences(before: Desk, change: Change, after: Desk, *, correction: bool) -> list[str]:
    """Tell which answers no longer apply, and after a correction also which questions are new."""
    lines = []
    gone = [slot for slot in change.closed if slot.key in before.answers]
    if gone:
        count = before.state.questions(gone)
        lines.append(before.say("apply.closed", count=count, names=named(before, gone)))
    new = [slot for slot in change.opened if slot.key not in after.answers]
    if correction and new:
        count = after.state.questions(new)
        lines.append(after.say("apply.opened", count=count, names=named(after, new)))
    return lines


def named(desk: Desk, slots: Iterable[Slot]) -> str:
    """List the questions that places belong to by their short names, as they are counted: a group is one."""
    labels = list(dict.fromkeys(desk.label(slot.group or slot.question) for slot in slots))
    more = "…" if len(labels) > _MOST_NAMED else ""
    return listed(desk, labels[:_MOST_NAMED]) + more


def listed(desk: Desk, names: Iterable[str]) -> str:
    """Put names in a row, with the comma of the language."""
    comma = desk.say("apply.comma")
    return (f"{comma} " if comma.isascii() else comma).join(names)


def news(before: Desk, after: Desk) -> list[str]:
    """What the rules say now and did not before: a miss is explained, a mended one is told."""
    known = {item.requirement.id: item.outcome for item in assess(before.form, before.answers, before.today)}
    lines = []
    for finding in assess(after.form, after.answers, after.today):
        earlier = known.get(finding.requirement.id)
        if finding.outcome == "not_met" and earlier != "not_met":
            lines.append(explained(after, finding))
        elif finding.outcome == "met" and earlier == "not_met":
            lines.append(after.say("apply.rule.mended", rule=after.text(finding.requirement.texts)))
    return lines


def explained(desk: Desk, finding: Finding) -> str:
    """A requirement that is not met or cannot be judged yet, what would change that, and its source."""
    requirement = finding.requirement
    said = desk.text(requirement.texts)
    if finding.outcome == "unknown":
        slots = [slot for slot in desk.state.slots if slot.key in finding.missing]
        missing = named(desk, slots) or desk.say("apply.rule.other_answers")
        lines = [desk.say("apply.rule.unknown", rule=said, missing=missing)]
    else:
        lines = [desk.say("apply.rule.not_met", rule=said)]
        if change := desk.text(requirement.change):
            lines.append(change)
    if requirement.rule is not None:
        source = rule_source(desk, requirement.rule)
        lines.append(desk.say("apply.rule.source", title=source.title, section=source.section))
    if finding.outcome == "not_met":
        lines.append(desk.say("apply.rule.goes_on"))
    return "\n".join(lines)


def rule_source(desk: Desk, rule: Rule) -> Source:
    """Where a rule stands, as a source to cite."""
    found = _passage(desk, rule)
    title = found.title if found is not None else rule.document
    return Source(number=1, title=title, section=desk.text(rule.headings))


def rule_quote(desk: Desk, rule: Rule) -> str:
    """The words of a rule, shortened; "" when the document is not there."""
    found = _passage(desk, rule)
    return "" if found is None else clip(found.text.strip(), _LONGEST_QUOTE)


def _passage(desk: Desk, rule: Rule) -> Passage | None:
    heading = desk.text(rule.headings)
    return desk.turn.services.knowledge.section(rule.document, heading, desk.turn.language)


def form_changed(desk: Desk) -> list[str]:
    """Say what became of stored answers when the form was changed since; nothing when all is as it was."""
    if not desk.lost:
        return []
    questions = [desk.form.question(key.partition("/")[0]) for key in desk.lost]
    labels = [desk.label(question) for question in questions if question is not None]
    names = listed(desk, dict.fromkeys(labels)) or desk.say("apply.removed_questions")
    return [desk.say("apply.form_changed", names=names)]


def joined(*parts: Sequence[str]) -> list[str]:
    """Put lines together, without empty ones."""
    return [line for part in parts for line in part if line]
