"""What the interview's buttons carry: short digests that survive a changed form and find stale presses."""

from __future__ import annotations

from hashlib import sha256

from forms.model import Question, Slot
from handlers.apply.context import Desk

YES, NO = "yes", "no"


def mark(key: str, option: str = "") -> str:
    """Eight hex digits for a question, or for one of its options."""
    return sha256(f"{key}={option}".encode()).hexdigest()[:8]


def options_of(slot: Slot) -> tuple[str, ...]:
    """The ids of what can be pressed under a question."""
    if slot.question.type == "yes_no":
        return (YES, NO)
    return tuple(option.id for option in slot.question.options)


def find_option(desk: Desk, digest: str) -> tuple[Slot, str] | None:
    """The question that applies now and its option behind a button; None for a stale one."""
    for slot in desk.state.slots:
        for option in options_of(slot):
            if mark(slot.key, option) == digest:
                return slot, option
    return None


def find_slot(desk: Desk, digest: str) -> Slot | None:
    """The question that applies now behind a button; None for a stale one."""
    return next((slot for slot in desk.state.slots if mark(slot.key) == digest), None)


def find_group(desk: Desk, digest: str) -> Question | None:
    """The group of the form behind a button, whether it applies now or not; None for a stale one."""
    groups = (question for question in desk.form.questions if question.type == "group")
    return next((group for group in groups if mark(group.id) == digest), None)
