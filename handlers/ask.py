"""A question, and what the documents say to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from handlers.announce.asking import announcement_meant, ask_about_it, still_about
from handlers.apply.wishes import about_applying
from handlers.buttons import SELF, button
from handlers.messages import Button, Reply, Source
from handlers.texts import Texts
from handlers.turn import Result, TraceNote, Turn
from handlers.words import clean, clip
from knowledge.model import Answer, Citation

LONGEST_QUESTION = 12_000
"""Characters; three messages at Telegram's limit, beyond which nobody asks a question any more."""

_LONGEST_ANSWER = 899
_LONGEST_LABEL = 60
_TOPICS = 2
_DAYS_IN_A_YEAR = 365
_SEARCHED = ("searched", "confidence", "timings", "index_version", "writer")


async def ask(turn: Turn) -> Result:
    """Answer what was typed."""
    if len(turn.text) > LONGEST_QUESTION:
        return turn.reply("ask.too_long", length=len(turn.text), limit=LONGEST_QUESTION)
    announcement = await announcement_meant(turn)
    answer = await ask_about_it(turn, announcement) if announcement is not None else None
    if announcement is not None and answer is not None:
        return replace(tell(turn, answer), pending=still_about(turn, announcement))
    return await ask_about(turn, turn.text)


async def ask_topic(turn: Turn) -> Result:
    """Answer a pressed topic of an earlier refusal."""
    press = turn.pressed
    message_id, position = press.number(0), press.number(1)
    asked = await turn.stored(message_id)
    extra = asked.payload.get("extra", {}) if asked is not None else {}
    topic = extra.get(f"topic{position}") if isinstance(extra, Mapping) else None
    return turn.toast("ask.topic_gone") if not topic else await ask_about(turn, str(topic), shown=False)


async def ask_example(turn: Turn) -> Result:
    """Answer a pressed example question of the welcome."""
    press = turn.pressed
    language, position = press.word(), press.number(1)
    examples = turn.services.program.examples.get(language, ())
    if position is None or position >= len(examples):
        return turn.toast("ask.topic_gone")
    return await ask_about(turn, examples[position], shown=False)


async def ask_again(turn: Turn) -> Result:
    """Answer a message that was taken for something else, by its stored text."""
    press = turn.pressed
    reply = await turn.stored(press.number())
    asked = await turn.stored(reply.in_reply_to) if reply is not None else None
    if asked is None or not clean(asked.text):
        return turn.toast("ask.topic_gone")
    return await ask_about(turn, clean(asked.text), shown=False)


async def ask_about(turn: Turn, question: str, *, shown: bool = True) -> Result:
    """Ask the documents; `shown` says that the founder sees the question in the chat already."""
    language = turn.chosen or (None if turn.written else turn.language)
    answer = await turn.services.knowledge.ask(question, language=language)
    return tell(turn, answer, shown_as="" if shown else question)


def tell(turn: Turn, answer: Answer, *, shown_as: str = "") -> Result:
    """Show what the documents say; `shown_as` is the question, where the chat does not show it already."""
    speak = Texts(turn.chosen or answer.language)
    reply = reply_of(answer, speak, turn.now.date())
    if shown_as:
        heading = speak("ask.heading", question=clip(shown_as, 120))
        reply = replace(reply, text=clip(f"{heading}\n\n{reply.text}", _LONGEST_ANSWER))
    if turn.services.form is not None and turn.interview is None and about_applying(answer.question):
        start = button(speak("apply.button.start"), "apply")
        reply = replace(reply, buttons=((start,), *reply.buttons))
    return Result(replies=(reply,), trace=_trace(answer))


def reply_of(answer: Answer, speak: Texts, today: date) -> Reply:
    """Put what the documents say, or that they do not say, into the words that a founder reads."""
    reply = _answered(answer, speak, today) if answer.answered else _refused(answer, speak)
    return replace(reply, text=clip(reply.text, _LONGEST_ANSWER))


def person_button(speak: Texts) -> Button:
    """Offer a person, with the message it hangs under as the context for staff."""
    return button(speak("button.human"), "human", SELF)


def _answered(answer: Answer, speak: Texts, today: date) -> Reply:
    return Reply(
        text=answer.text,
        notes=_notes(answer, speak, today),
        sources=tuple(_source(citation) for citation in answer.citations),
        buttons=(
            (
                button(speak("button.helpful"), "helpful", SELF),
                button(speak("button.unhelpful"), "unhelpful", SELF),
            ),
            (person_button(speak),),
        ),
        language=speak.language,
    )


def _refused(answer: Answer, speak: Texts) -> Reply:
    topics = answer.related[:_TOPICS]
    rows = [
        (button(clip(topic.label, _LONGEST_LABEL), "topic", SELF, number),)
        for number, topic in enumerate(topics)
    ]
    more = speak("ask.refused_topics" if topics else "ask.refused_person")
    return Reply(
        text=f"{speak('ask.refused')}\n{more}",
        buttons=(*rows, (person_button(speak),)),
        language=speak.language,
        # The label on a button may be shortened; the press asks the whole of it.
        extra={f"topic{number}": topic.label for number, topic in enumerate(topics)},
    )


def _notes(answer: Answer, speak: Texts, today: date) -> tuple[str, ...]:
    notes = [speak("ask.tentative")] if answer.tentative else []
    if any(citation.sample for citation in answer.citations):
        notes.append(speak("ask.sample"))
    dates = [citation.as_of for citation in answer.citations if citation.as_of]
    if dates and (today - min(dates)).days > _DAYS_IN_A_YEAR:
        notes.append(speak("ask.dated", date=min(dates).isoformat()))
    if answer.left:
        left = " / ".join(clip(question, _LONGEST_LABEL) for question in answer.left)
        notes.append(speak("ask.left", question=left))
    if answer.answer_language != answer.language:
        notes.append(speak("ask.quoted", language=speak.name_of(answer.answer_language)))
    return tuple(notes)


def _source(citation: Citation) -> Source:
    return Source(
        number=citation.number, title=citation.title, section=citation.section, link=citation.source
    )


def _trace(answer: Answer) -> TraceNote:
    cited = {citation.passage_id: citation.number for citation in answer.citations}
    passages: list[dict[str, Any]] = [
        {
            "id": found.passage.id,
            "document": found.passage.document_id,
            "version": found.passage.document_version,
            "score": found.score,
            "dense": found.dense,
            "lexical": found.lexical,
            "cited": cited.get(found.passage.id),
        }
        for found in answer.retrieved
    ]
    return TraceNote(
        question=answer.question,
        language=answer.language,
        answered=answer.answered,
        passages=passages,
        **{name: getattr(answer, name) for name in _SEARCHED},
    )
