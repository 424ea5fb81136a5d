# ruff: noqa: E501 (patterns are lists of words)
"""What a message in the interview is: an answer, a side question, a correction, a command or small talk.

Cheap signs decide first: commands, corrections, the shape of a question, the validator. Only when these leave
it open are the documents asked. What a text means is weighed last (`leaning`). A side question must never be stored as an answer, so what stays open is
"unsure" and the founder decides with a press.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from forms.model import Value
from forms.values import NotValid
from handlers.apply.commands import command
from handlers.apply.corrections import Asked, find_correction, find_statement, wishes_to_edit
from handlers.apply.leaning import ASKS, LONGEST, SURELY_ASKS, Lean, beside, signs
from handlers.apply.reading import OURS, Reading, is_premise
from handlers.apply.shapes import (
    Sentence,
    answers_itself,
    cuts,
    is_hypothesis,
    is_open_question,
    sentences,
)
from handlers.small_talk import recognize
from handlers.words import clean
from knowledge.errors import KnowledgeError
from knowledge.model import Answer

Kind = Literal["answer", "question", "correction", "command", "chat", "unsure", "invalid"]
Ask = Callable[[str], Awaitable[Answer]]

_SURE = 0.4
_VERY_SURE = 0.8
_SHORT = 160
_SUBSTANTIAL = 1.5
_NAME_LEAD = re.compile(
    r"^(?:(?:我们?|咱们?)?(?:的)?(?:公司|团队|项目|名字|全名|名称)?(?:的)?(?:名字|名称|全名)?(?:暂时)?(?:叫做?|名为|是)|我是|"
    r"(?:it|we|he|she)(?:'s| is|'re| are)? (?:called|named)|(?:our|the|my)(?: (?:company|team|project|full|startup))*(?:'s)?(?: name)? is(?: called)?|my name is|i am|i'm|"
    r"(?:wir|es|er|sie) (?:heißen|heißt|heisst)|ich heiße|unsere firma heißt)\s*[:：]?\s*(?P<name>[^,，。]{1,60}?)\s*[.。!！]?$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What a message is taken as; only the fields of its kind are set.

    `value` is the answer, or what would be it when "unsure"; `key` the slot that a correction is about (None:
    not clear which); `command` its name ("skip", "back", "why", "continue", "draft", "pause", "cancel",
    "submit", "status"); `problem` what is wrong when "invalid"; `looked` the documents' answer when they were asked.
    `from_sentence`: the value was taken out of a sentence and should be confirmed. `also_asks`: what an answer
    asks besides.
    """

    kind: Kind
    value: Value | None = None
    key: str | None = None
    command: str | None = None
    problem: NotValid | None = None
    looked: Answer | None = None
    from_sentence: bool = False
    also_asks: str | None = None


async def interpret(text: str, asked: Asked, ask: Ask, lean: Lean | None = None) -> Meaning:
    """Decide what a message is; `ask` looks into the documents, `lean` weighs a text."""
    message = _Message(clean(text), asked, ask)
    meaning = message.told() or await message.weighed()
    return meaning if lean is None else await message.reconsidered(meaning, lean)


class _Message(Reading):
    """One message, decided upon."""

    def __init__(self, text: str, asked: Asked, ask: Ask) -> None:
        super().__init__(text, asked.slot, asked.language, asked.today)
        self.asked, self.ask = asked, ask

    # --- what shows by itself ---------------------------------------------------------------------

    def told(self) -> Meaning | None:
        """What the message is by its words alone; None when that is not clear."""
        value, problem = self.read(self.text)
        valid = value if value is not None and not self.prose else None
        if valid is not None and not any(item.asks for item in self.sentences) and len(self.text) <= 12:
            return Meaning(kind="answer", value=valid)
        if (name := command(self.text)) is not None and not (valid and name in ("edit", "skip")):
            return Meaning(kind="correction") if name == "edit" else Meaning(kind="command", command=name)
        if self.passes_over(valid):
            return Meaning(kind="command", command="skip")
        if valid is None and recognize(self.text) is not None:
            return Meaning(kind="chat")
        if (corrected := self._corrected()) is not None:
            return corrected
        if valid is not None and not any(item.asks for item in self.sentences):
            return Meaning(kind="answer", value=valid)
        asks = any(item.asks for item in self.sentences)
        if value is not None and not asks and self.doubtful():
            return Meaning(kind="unsure", value=value)
        if self.prose and ((not asks and self.plausible()) or self.is_title()):
            return self._taken(value) if value is not None else Meaning(kind="invalid", problem=problem)
        return None

    def _corrected(self) -> Meaning | None:
        found = find_correction(self.text, self.asked, asks=self.asks)
        if found is None:
            return None
        if self.slot is None or found.key != self.slot.key:
            return Meaning(
                kind="correction", key=found.key, value=found.value, from_sentence=found.value is not None
            )
        if found.value is None:
            return Meaning(kind="correction", key=found.key) if wishes_to_edit(self.text) else None
        return Meaning(kind="answer", value=found.value, from_sentence=True)

    def _taken(self, value: Value) -> Meaning:
        """A text as the answer; of "our company is called X" the name."""
        if self.wants_name():
            match = _NAME_LEAD.match(self.text)
            if match and (short := self.read(match["name"])[0]) is not None:
                return Meaning(kind="answer", value=short, from_sentence=True)
        return Meaning(kind="answer", value=value)

    # --- what has to be weighed -------------------------------------------------------------------

    async def weighed(self) -> Meaning:
        """What a message is that holds a question, or no plain answer."""
        if self.slot is None:
            return Meaning(kind="question")
        asking = [item for item in self.sentences if item.asks]
        if self.prose:
            return await self._weighed_text(asking)
        if asking:
            return await self._weighed_question(asking)
        return await self._weighed_statement()

    async def _weighed_question(self, asking: list[Sentence]) -> Meaning:
        """A question while a number, a choice or the like is pending: does it answer besides?"""
        telling = [item for item in self.sentences if not item.asks and not is_hypothesis(item.text)]
        if telling:
            value = self.value(" ".join(item.text for item in telling), strict=False)
            if value is not None:
                return Meaning(
                    kind="answer",
                    value=value,
                    from_sentence=True,
                    also_asks=" ".join(item.text for item in asking),
                )
        elif (both := self._first_clauses(self.sentences[0].text)) is not None:
            return both
        if any(item.shape == "strong" for item in asking):
            return Meaning(kind="question")
        value = self.value(self.text, strict=True)
        if value is not None:
            return Meaning(kind="unsure", value=value)
        looked = await self._look(self.text)
        if looked is not None and looked.answered:
            return Meaning(kind="question", looked=looked)
        return Meaning(kind="unsure" if self.found() else "question", value=self.found(), looked=looked)

    def _first_clauses(self, text: str) -> Meaning | None:
        """An answer before a comma and a question after it: "5个，能带显示器吗？"."""
        for told, asked in cuts(text):
            if is_hypothesis(told) or any(item.asks for item in sentences(told)):
                continue
            asking = sentences(asked)
            if not asking or not all(item.asks for item in asking):
                continue
            value = self.value(told, strict=not OURS.search(told))
            if value is not None:
                return Meaning(kind="answer", value=value, from_sentence=True, also_asks=asked)
        return None

    async def _weighed_statement(self) -> Meaning:
        """A sentence while a number, a choice or the like is pending: is the value in it?"""
        leading = self.aside() or self.opening()
        value = leading or self.found()
        ours = OURS.search(self.text) is not None
        named = self.topical() and not ours
        meant = leading or (not self.denies() and (self.declares() or not self.mentions()))
        if value is not None and not named and meant:
            return Meaning(kind="answer", value=value, from_sentence=True)
        _, problem = self.read(self.text)
        if value is None and not named:
            if (stated := self._stated()) is not None:
                return stated
            if self.is_bare():
                return Meaning(kind="invalid", problem=problem)
        looked = await self._look(self.text)
        answered = _surely(looked)
        if answered and named:
            return Meaning(kind="question", looked=looked)
        if value is not None and not (answered or named or self.denies()):
            return Meaning(kind="answer", value=value, from_sentence=True, looked=looked)
        if answered or named or value is not None:
            return Meaning(kind="unsure", value=value, problem=problem, looked=looked)
        return Meaning(kind="invalid", problem=problem, looked=looked)

    def _stated(self) -> Meaning | None:
        """A statement about another question: its answer comes early, or again."""
        told = find_statement(self.text, self.asked)
        if told is None:
            return None
        return Meaning(kind="correction", key=told.key, value=told.value, from_sentence=True)

    async def _weighed_text(self, asking: list[Sentence]) -> Meaning:
        """A text that holds a question: a side question, or a figure of speech in an answer."""
        assert self.slot is not None
        value, problem = self.read(self.text)
        telling = [item for item in self.sentences if not item.asks]
        if telling and not asking:
            looked = await self._look(self.text)
            if value is None or _surely(looked):
                return Meaning(kind="unsure", value=value, problem=problem, looked=looked)
            return self._taken(value)
        if telling:
            return await self._mixed_text(asking, telling, value, problem)
        if value is not None and self.takes_questions(self.slot.question):
            asked_here = any(item.direct for item in asking) or await self._answered(self.text)
            return Meaning(kind="unsure" if asked_here else "answer", value=value)
        if any(item.addressed and item.shape == "strong" for item in asking):
            return Meaning(kind="question")
        if self.continues(asking[-1].text) and value is not None:
            return Meaning(kind="answer", value=value)
        looked = await self._look(self.text)
        if _surely(looked):
            return Meaning(kind="question", looked=looked)
        if value is None:
            return Meaning(kind="question", looked=looked)
        return Meaning(kind="unsure", value=value, looked=looked)

    async def _mixed_text(
        self, asking: list[Sentence], telling: list[Sentence], value: Value | None, problem: NotValid | None
    ) -> Meaning:
        """Questions beside statements: rhetorical ones stay in the answer, real ones are answered besides."""
        figures = {
            id(one)
            for one, after in pairwise(self.sentences)
            if one.asks
            and not after.asks
            and not one.direct
            and (is_open_question(one.text) or answers_itself(after.text))
        }
        real = [item for item in asking if id(item) not in figures and self._is_real(item)]
        told = " ".join(item.text for item in telling)
        asked = " ".join(item.text for item in asking)
        if not real:
            if self.sentences[-1].asks and len(self.text) <= _SHORT and await self._answered(asked):
                return Meaning(kind="unsure", value=value, problem=problem)
            return Meaning(kind="answer", value=value) if value else Meaning(kind="invalid", problem=problem)
        if self.sentences[-1].asks and not self.sentences[0].asks:
            rest = self.read(told)[0] if self.is_likely(told) else None
            looked = await self._look(asked)
            answered = _surely(looked)
            if (
                answered
                and rest is not None
                and not is_premise(told)
                and len(told) >= _SUBSTANTIAL * len(asked)
            ):
                return Meaning(kind="answer", value=rest, from_sentence=True, also_asks=asked, looked=looked)
            return Meaning(kind="unsure", value=value, looked=looked)
        if value is not None and len(told) > 1.5 * len(asked):
            looked = await self._look(asked)
            if looked is None or not looked.answered or looked.confidence < _VERY_SURE:
                return Meaning(kind="answer", value=value, looked=looked)
        return Meaning(kind="unsure" if value is not None else "question", value=value)

    def _is_real(self, item: Sentence) -> bool:
        """Whether a question among statements wants an answer: it speaks to the program, or ends the message."""
        if item.shape == "strong" and item.addressed:
            return True
        if len(self.text) > _SHORT:
            return False
        if is_open_question(item.text):
            return False
        return item is self.sentences[-1] or (item is self.sentences[0] and item.shape == "weak")

    async def reconsidered(self, meaning: Meaning, lean: Lean) -> Meaning:
        """The same, or changed by what the message means: questioned back, asked, or a doubt dropped."""
        if self.slot is None or not self._can_change(meaning):
            return meaning
        try:
            leaning = await lean(self.text, beside(self, self.slot.question), signs(self))
        except KnowledgeError:
            return meaning
        if meaning.kind == "invalid":
            return Meaning(kind="question", looked=meaning.looked) if leaning > SURELY_ASKS else meaning
        if leaning > ASKS:
            return replace(meaning, kind="unsure")
        # What ends in a question beside an answer may be both, whichever is the longer part.
        mixed = len(self.sentences) > 1 and self.sentences[-1].asks
        if meaning.kind == "answer" or meaning.value is None or mixed:
            return meaning
        return self._taken(meaning.value)

    def _can_change(self, meaning: Meaning) -> bool:
        """Whether a second opinion could change anything: of a text, or of what is no answer."""
        if meaning.kind == "invalid":
            return not self.is_bare()
        if not self.prose or meaning.kind not in ("answer", "unsure") or len(self.text) > LONGEST:
            return False
        assert self.slot is not None
        told = meaning.also_asks is None and meaning.value is not None and not meaning.value.skipped
        return told and not self.takes_questions(self.slot.question)

    # --- tools ------------------------------------------------------------------------------------

    async def _answered(self, text: str) -> bool:
        """Whether the documents answer it for sure."""
        return _surely(await self._look(text))

    async def _look(self, text: str) -> Answer | None:
        """What the documents say; None when they cannot be asked."""
        try:
            return await self.ask(text)
        except KnowledgeError:
            return None


def _surely(looked: Answer | None) -> bool:
    """Whether the documents were asked and answer it for sure."""
    return looked is not None and looked.answered and looked.confidence >= _SURE
