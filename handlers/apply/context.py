"""An application laid out for one turn, and the way a step of the interview is stored."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

from forms.model import TRACK, Answers, Form, Question, Slot, Value
from forms.state import State, examine, settle
from handlers.messages import Button, Reply
from handlers.turn import Result, Turn
from storage.application_records import ApplicationChange, ApplicationRecord, StoredAnswer
from storage.records import Payload

if TYPE_CHECKING:
    from storage.database import UnitOfWork

Rows = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One application as a founder finds it: its answers, what is open, and where the chat stands.

    `turn` speaks the application's language. `answers` are those that still fit the form and `lost` the keys
    of stored ones that do not; `focus` is the key of the question that the chat shows and `view` what is
    half done under it. `waiting` are co-founders who have not finished their part, where that was looked up.
    """

    turn: Turn
    form: Form
    application: ApplicationRecord
    answers: Mapping[str, Value]
    stored: Mapping[str, Value]
    state: State
    today: date
    lost: tuple[str, ...] = ()
    focus: str | None = None
    view: Payload = field(default_factory=dict)
    waiting: tuple[str, ...] = ()

    @property
    def owner(self) -> bool:
        """Whether the founder owns the application, rather than being a co-founder in it."""
        return self.application.founder_id == self.turn.founder_id

    @property
    def editable(self) -> bool:
        """Whether answers can be changed now: a draft, or an application that is being amended."""
        return self.application.status == "draft" or self.application.amending_at is not None

    @property
    def entered(self) -> bool:
        """Whether this chat is in the interview of this very application."""
        return (self.turn.interview or {}).get("application") == self.application.id

    @property
    def pending(self) -> Slot | None:
        """The question that the chat shows or would show: the one in focus, else the first open one.

        None when nothing is open, or when the chat shows the whole application to be checked.
        """
        if self.reads_back:
            return None
        return (self.state.slot(self.focus) if self.focus else None) or self.state.next

    @property
    def done(self) -> int:
        """How many questions are answered or passed over; a group is, once there is no further row."""
        return self.state.total - self.state.questions(self.state.open)

    @property
    def reads_back(self) -> bool:
        """Whether the chat shows the whole application rather than a question."""
        return self.focus is None and bool(self.view.get("reads"))

    @property
    def chosen(self) -> tuple[str, ...] | None:
        """The options ticked so far under the question in focus; None when nothing was ticked yet."""
        ticked = self.view.get("chosen")
        return None if ticked is None or self.view.get("of") != self.focus else tuple(map(str, ticked))

    def say(self, key: str, **values: object) -> str:
        """Return a sentence in the application's language."""
        return self.turn.say(key, **values)

    def text(self, texts: Mapping[str, str]) -> str:
        """Return a text of the form in the application's language."""
        return self.form.text(texts, self.turn.language)

    def label(self, question: Question) -> str:
        """The short name of a question."""
        return self.text(question.labels) or self.text(question.texts)

    def with_answers(self, answers: Answers) -> Desk:
        """Return the desk as it is once these answers are stored, which counts one revision up."""
        state = examine(self.form, answers, self.today, owner=self.owner)
        application = replace(self.application, revision=self.application.revision + 1)
        return replace(self, answers=answers, state=state, lost=(), view={}, application=application)

    def standing(self, focus: str | None, view: Payload | None = None) -> Payload:
        """What the conversation remembers while it shows the question `focus`."""
        return {"application": self.application.id, "focus": focus, "view": dict(view or {})}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a step comes to: replies, the whole new set of answers (None: unchanged), the chat's standing.

    `interview` is the new standing; `leaves` says that the chat leaves the interview, `reads_back` that
    the whole application is shown. `then` writes more in
    the same commit and may add replies; it gets the unit of work and the id of the founder's message.
    """

    replies: tuple[Reply, ...] = ()
    answers: Answers | None = None
    interview: Payload | None = None
    leaves: bool = False
    language: str | None = None
    reads_back: bool = False
    then: Callable[[UnitOfWork, int], Awaitable[Sequence[Reply]]] | None = None

    @property
    def changes(self) -> bool:
        """Whether the application is written to, rather than only looked at."""
        return self.answers is not None or self.then is not None or self.language is not None


Step = Callable[[Desk], Outcome]
"""Decides on one desk; pure, because it is decided again when another device was faster."""


def to_value(stored: StoredAnswer) -> Value:
    """Read a stored answer."""
    return Value(data=stored.data, wording=stored.wording, skipped=stored.skipped)


def to_stored(value: Value) -> StoredAnswer:
    """Make an answer ready to store."""
    return StoredAnswer(data=value.data, wording=value.wording, skipped=value.skipped)


def program_day(turn: Turn) -> date:
    """Today, where the program is."""
    return turn.now.astimezone(turn.services.program.timezone).date()


async def open_desk(turn: Turn, application_id: int | None = None) -> Desk | None:
    """Lay out an application of this founder: the one named, else the chat's, else the founder's draft.

    None when there is no form or no such application; ids in buttons come from outside, so one that is not
    the founder's own or joined is none.
    """
    if turn.services.form is None:
        return None
    wanted = application_id or (turn.interview or {}).get("application")
    found = turn.person.opened
    if found is not None and found.application.id == wanted:
        return lay_out(turn, turn.services.form, found.application, _values(found.answers))
    async with turn.reading() as work:
        return await read_desk(turn, work, wanted)


async def pressed_desk(turn: Turn) -> Desk | None:
    """Lay out the application that the pressed button names; None when it names none."""
    wanted = turn.pressed.number()
    return await open_desk(turn, wanted) if wanted else None


async def read_desk(turn: Turn, work: UnitOfWork, wanted: int | None, *, lock: bool = False) -> Desk | None:
    """Lay out an application within a unit of work, locked against other devices when asked."""
    form = turn.services.form
    if form is None:
        return None
    if wanted is None:
        application = await work.applications.draft_of(turn.founder_id)
    else:
        application = await work.applications.get(wanted, lock=lock)
    if application is None or not await _allowed(turn, work, application):
        return None
    found = await work.applications.answers(application.id, turn.founder_id)
    return lay_out(turn, form, application, _values(found))


def _values(found: Mapping[str, StoredAnswer]) -> dict[str, Value]:
    return {key: to_value(item) for key, item in found.items()}


def lay_out(turn: Turn, form: Form, application: ApplicationRecord, stored: Answers) -> Desk:
    """Put an application and its stored answers on a desk."""
    today = program_day(turn)
    answers, lost = settle(form, stored, today)
    owner = application.founder_id == turn.founder_id
    standing = turn.interview or {}
    here = standing.get("application") == application.id
    return Desk(
        turn=turn.speaking(application.language),
        form=form,
        application=application,
        answers=answers,
        stored=dict(stored),
        state=examine(form, answers, today, owner=owner),
        today=today,
        lost=tuple(lost),
        focus=standing.get("focus") if here else None,
        view=(standing.get("view") or {}) if here else {},
    )


def commit(desk: Desk, step: Step, decided: Outcome) -> Result:
    """Store in the turn's commit what a step decided on a desk.

    When another device changed the application in between, the step is decided again on what that one left.
    """

    async def write(work: UnitOfWork, message_id: int) -> Sequence[Reply]:
        here, outcome = desk, decided
        if outcome.changes:
            if not await work.applications.change(change_of(here, outcome, message_id)):
                again = await read_desk(desk.turn, work, here.application.id, lock=True)
                if again is None:
                    await work.conversations.set_interview(desk.turn.conversation_id, None)
                    return desk.turn.reply("apply.gone").replies
                here, outcome = again, step(again)
                await work.applications.change(change_of(here, outcome, message_id))
        elif (chat := _moved(here, outcome)) is not None:
            await work.conversations.set_interview(chat, _standing(outcome))
        more = await outcome.then(work, message_id) if outcome.then is not None else ()
        return (*outcome.replies, *more)

    return Result(write=write)


def change_of(desk: Desk, outcome: Outcome, message_id: int) -> ApplicationChange:
    """What an outcome comes to in the database."""
    record = desk.application
    answers = desk.stored if outcome.answers is None else outcome.answers
    answered = outcome.answers is not None or outcome.language is not None
    put: dict[int | None, dict[str, StoredAnswer]] = {}
    drop: dict[int | None, list[str]] = {}
    for key, value in answers.items():
        if desk.stored.get(key) != value:
            put.setdefault(_whose(desk, key), {})[key] = to_stored(value)
    for key in desk.stored:
        if key not in answers:
            drop.setdefault(_whose(desk, key), []).append(key)
    return ApplicationChange(
        application_id=record.id,
        revision=record.revision,
        message_id=message_id,
        track=_track(answers) if answered else record.track,
        language=outcome.language or record.language,
        form_version=desk.form.version if answered else record.form_version,
        put=put,
        drop=drop,
        chat=_moved(desk, outcome),
        interview=_standing(outcome),
    )


def _moved(desk: Desk, outcome: Outcome) -> int | None:
    """The chat, when it stands elsewhere after this; None when it stays where it is."""
    moves = outcome.leaves or outcome.interview is not None
    return desk.turn.conversation_id if moves and _standing(outcome) != desk.turn.interview else None


def _standing(outcome: Outcome) -> Payload | None:
    return None if outcome.leaves else outcome.interview


def _whose(desk: Desk, key: str) -> int | None:
    return desk.turn.founder_id if _personal(desk.form, key) else None


def _personal(form: Form, key: str) -> bool:
    """Whether every member gives this answer for themselves."""
    question = form.question(key.partition("/")[0])
    return question is not None and form.section(question.section).each_member


def _track(answers: Answers) -> str | None:
    value = answers.get(TRACK)
    return None if value is None or value.data is None else str(value.data)


async def _allowed(turn: Turn, work: UnitOfWork, application: ApplicationRecord) -> bool:
    if application.founder_id == turn.founder_id:
        return True
    members = await work.applications.members(application.id)
    return any(member.founder_id == turn.founder_id for member in members)
