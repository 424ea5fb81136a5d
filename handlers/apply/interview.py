"""What a founder sends while the chat is in the interview: answers, questions, corrections, files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from forms.model import Slot, Value
from forms.values import NotValid, read_file
from handlers import small_talk
from handlers.apply import submitting
from handlers.apply.asking import asked, reply
from handlers.apply.context import Desk, Outcome, Step, open_desk, pressed_desk
from handlers.apply.corrections import Asked
from handlers.apply.going import ask_again, carry_out, followed, go_on, gone, saying
from handlers.apply.interpret import Meaning, interpret
from handlers.apply.leaving import asking_to_cancel, pausing
from handlers.apply.marks import find_slot
from handlers.apply.moving import editing_named, explaining, going_back, showing_draft, skipping
from handlers.apply.opening import under_way
from handlers.apply.summary import edit_button
from handlers.apply.taking import answering, problem_text, refusing, value_in, wondering
from handlers.apply.wording import needs_confirming
from handlers.ask import LONGEST_QUESTION, tell
from handlers.buttons import button
from handlers.errors import apologize
from handlers.files import FileRefused, StoredFile, note_file
from handlers.handover import wish, wishes_person
from handlers.messages import Reply
from handlers.start import show_help
from handlers.texts import LANGUAGES, Texts
from handlers.turn import Result, Turn
from handlers.words import clean, clip
from knowledge.errors import KnowledgeError
from knowledge.model import Answer

if TYPE_CHECKING:
    from storage.database import UnitOfWork

_STEPS: dict[str, Step] = {
    "skip": skipping(None),
    "back": going_back,
    "why": explaining(None),
    "continue": go_on,
    "draft": showing_draft,
    "pause": pausing,
    "cancel": asking_to_cancel,
    "submit": submitting.read_back,
}


async def typed(turn: Turn) -> Result:
    """Find out what a typed message means at the pending question, and act on it."""
    desk = await open_desk(turn)
    if desk is None:
        return gone(turn)
    if not desk.editable:
        return await carry_out(desk, ask_again)
    if not turn.text:
        return await carry_out(desk, saying(desk.say("apply.expects.text")))
    if len(turn.text) > LONGEST_QUESTION:
        line = desk.say("ask.too_long", length=len(turn.text), limit=LONGEST_QUESTION)
        return await carry_out(desk, saying(line))
    if wishes_person(turn):
        return followed(await wish(desk.turn), desk)
    slot = desk.pending
    meaning = await interpret(
        turn.text,
        Asked(
            slot=slot,
            state=desk.state,
            answers=desk.answers,
            language=desk.turn.language,
            today=desk.today,
        ),
        partial(_look_up, turn),
        turn.services.knowledge.leaning,
    )
    return await _act(desk, slot, meaning, turn.text)


async def _act(desk: Desk, slot: Slot | None, meaning: Meaning, text: str) -> Result:
    """Turn a meaning into a step."""
    match meaning.kind:
        case "answer" if slot is not None and meaning.value is not None:
            stored = await carry_out(
                desk, _taken(desk, slot, meaning.value, text, sure=not meaning.from_sentence)
            )
            asked_besides = meaning.also_asks
            if asked_besides is None:
                return stored
            told = await _told(desk.turn, asked_besides, meaning.looked, shown_as=asked_besides)
            return told.then(stored)
        case "invalid" if slot is not None and meaning.problem is not None:
            return await carry_out(desk, refusing(slot, meaning.problem))
        case "unsure" if slot is not None:
            return await carry_out(desk, wondering(slot, meaning.problem))
        case "correction":
            if meaning.key is None:
                return await carry_out(desk, editing_named(""))
            if meaning.value is None:
                return await carry_out(desk, _asking_anew(meaning.key))
            return await carry_out(desk, answering(meaning.key, meaning.value, confirm=True))
        case "command":
            return await _command(desk, meaning.command or "")
        case "chat":
            return await _chat(desk)
        case _:
            return followed(await _told(desk.turn, text, meaning.looked), desk)


def _taken(desk: Desk, slot: Slot, value: Value, text: str, *, sure: bool) -> Step:
    """The step for an answer; it offers the other language to a founder who writes in it."""
    confirm = not sure or needs_confirming(slot, value, text, desk.turn.language)
    step = answering(slot.key, value, confirm=confirm)
    written = desk.turn.written
    if written is None or written == desk.turn.language or desk.turn.chosen or written not in LANGUAGES:
        return step
    return partial(_offering, step, written)


def _offering(step: Step, language: str, desk: Desk) -> Outcome:
    outcome = step(desk)
    if not outcome.replies:
        return outcome
    *others, last = outcome.replies
    offer = button(Texts(language)("apply.button.speak"), "speak", desk.application.id, language)
    return replace(outcome, replies=(*others, replace(last, buttons=(*last.buttons, (offer,)))))


def _asking_anew(key: str) -> Step:
    def step(desk: Desk) -> Outcome:
        slot = desk.state.slot(key)
        return ask_again(desk, [desk.say("apply.no_longer_asked")]) if slot is None else asked(desk, slot)

    return step


async def _command(desk: Desk, name: str) -> Result:
    if name in _STEPS:
        return await carry_out(desk, _STEPS[name])
    if name == "help":
        return followed(await show_help(desk.turn), desk, [desk.say("apply.help")])
    if name == "human":
        return followed(await wish(desk.turn), desk)
    if name == "status":
        return await carry_out(desk, showing_draft)
    return await carry_out(desk, ask_again)


async def _chat(desk: Desk) -> Result:
    found = small_talk.recognize(desk.turn.text)
    if found is None or found[0] in ("apply", "okay"):
        return await carry_out(desk, ask_again)
    return followed(await small_talk.small_talk(desk.turn), desk)


async def _told(turn: Turn, question: str, looked: Answer | None = None, *, shown_as: str = "") -> Result:
    """What the documents say; an answer of the founder is not lost because they cannot be read now."""
    try:
        return tell(turn, looked or await _look_up(turn, question), shown_as=shown_as)
    except KnowledgeError as error:
        return apologize(turn, error)


async def _look_up(turn: Turn, question: str) -> Answer:
    language = turn.chosen or (None if turn.written else turn.language)
    return await turn.services.knowledge.ask(question, language=language)


# --- commands ---------------------------------------------------------------------------------------


async def command(turn: Turn) -> Result:
    """Carry out one of the interview's commands, also from outside of it."""
    desk = await open_desk(turn)
    if desk is None:
        return await _none(turn)
    name = turn.message.command or ""
    if name == "edit":
        return await carry_out(desk, editing_named(clean(turn.message.arguments)))
    return await carry_out(desk, _STEPS[name])


async def _none(turn: Turn) -> Result:
    """Say that there is no draft; what is handed in is changed from its /status."""
    if turn.services.form is None:
        return turn.reply("apply.no_form", contact=turn.contact)
    if (number := await under_way(turn)) is not None:
        return turn.reply("apply.submitted_already", number=number)
    start = button(turn.say("apply.button.start"), "apply")
    return Result.of(Reply(text=turn.say("apply.none"), buttons=((start,),), language=turn.language))


# --- what a founder meant by a message --------------------------------------------------------------


async def meant_answer(turn: Turn) -> Result:
    """Store an earlier message as the answer, as its founder has now said."""
    desk, text = await _message(turn)
    if desk is None:
        return gone(turn)
    slot = find_slot(desk, turn.pressed.word(2))
    if slot is None or not text or not desk.editable:
        return desk.turn.toast("apply.stale")
    if slot.key != desk.focus and slot.key in desk.answers and turn.pressed.word(3) != "edited":
        return desk.turn.toast("apply.noted_already")
    value = value_in(desk, slot, text)
    if isinstance(value, NotValid):
        return await carry_out(desk, refusing(slot, value))
    return await carry_out(desk, answering(slot.key, value, confirm=True))


async def meant_question(turn: Turn) -> Result:
    """Answer an earlier message from the documents, as its founder has now said."""
    desk, text = await _message(turn)
    if desk is None:
        return gone(turn)
    if not text:
        return desk.turn.toast("apply.stale")
    return followed(await _told(desk.turn, text, shown_as=text), desk)


async def _message(turn: Turn) -> tuple[Desk | None, str]:
    desk = await pressed_desk(turn)
    said = await turn.stored(turn.pressed.number(1))
    asked_by = await turn.stored(said.in_reply_to) if said is not None else None
    return desk, clean(asked_by.text) if asked_by is not None else ""


# --- files and what cannot be read ------------------------------------------------------------------


async def file(turn: Turn) -> Result:
    """Take a file as the answer to the pending question; anywhere else ask what it is for."""
    desk = await open_desk(turn)
    if desk is None:
        return gone(turn)
    slot, files = desk.pending, turn.services.files
    if not desk.editable or not turn.message.attachments:
        return await carry_out(desk, ask_again)
    if slot is None or slot.question.type != "file" or files is None:
        return await carry_out(desk, _misplaced)
    try:
        kept = await files.fetch(turn.message.channel, turn.message.attachments[0])
        value = read_file(
            slot.question, sha256=kept.sha256, name=kept.name, media_type=kept.media_type, size=kept.size
        )
    except FileRefused as refused:
        return await carry_out(desk, saying(desk.say(refused.key, **refused.values)))
    except NotValid as problem:
        return await carry_out(desk, saying(problem_text(desk, problem)))
    return _noting(await carry_out(desk, answering(slot.key, value, confirm=True)), turn, kept)


def _noting(result: Result, turn: Turn, kept: StoredFile) -> Result:
    """Describe the file in the commit that stores the answer, so that /mydata and /forget know of it."""
    write = result.write

    async def noted(work: UnitOfWork, message_id: int) -> Sequence[Reply]:
        replies = await write(work, message_id) if write else ()
        await note_file(work, turn.founder_id, kept)
        return replies

    return replace(result, write=noted)


def _misplaced(desk: Desk) -> Outcome:
    slots = [slot for slot in desk.state.slots if slot.question.type == "file"]
    if not slots:
        return ask_again(desk, [desk.say("apply.no_files")])
    buttons = tuple((edit_button(desk, slot, clip(desk.label(slot.question), 48)),) for slot in slots)
    return Outcome(
        replies=(reply(desk, [desk.say("apply.which_file")], buttons),),
        interview=desk.standing(desk.focus, desk.view),
    )


async def unreadable(turn: Turn) -> Result:
    """Say what is expected instead of a sticker or a voice message, and ask again."""
    desk = await open_desk(turn)
    if desk is None:
        return gone(turn)
    slot = desk.pending
    wants_file = slot is not None and slot.question.type == "file"
    return await carry_out(
        desk, saying(desk.say("apply.expects.file" if wants_file else "apply.expects.text"))
    )
