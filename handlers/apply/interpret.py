"""What a message in the interview is: an answer, a side question, a correction, a command or small talk.

Cheap signs decide first: commands, corrections, the shape of a question, the validator. Only when these leave
it open are the documents asked. A side question must never be stored as an answer, so what stays open is
"unsure" and the founder decides with a press.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Literal

from forms.model import Answers, Form, Question, Slot, Value
from forms.state import State
from forms.values import NotValid, find_value, read_value
from handlers.apply.commands import command, has_none
from handlers.apply.corrections import find_correction, names
from handlers.apply.echoes import echo
from handlers.apply.shapes import Sentence, clauses, is_hypothesis, is_open_question, sentences
from handlers.small_talk import recognize
from handlers.words import clean
from knowledge.errors import KnowledgeError
from knowledge.model import Answer

Kind = Literal["answer", "question", "correction", "command", "chat", "unsure", "invalid"]
Ask = Callable[[str], Awaitable[Answer]]

_TEXTS = ("text", "long_text")
_SURE = 0.5
_VERY_SURE = 0.7
_TOPICS = re.compile(
    r"价格|价钱|费用|租金|收费|押金|要求|条件|流程|截止|地址|电话|区别|材料|资格|政策|规定|规则|补贴|优惠|周期|时长限制|上限|"
    r"\b(?:prices?|pricing|costs?|fees?|rent|deposit|requirements?|conditions?|process|deadline|address|difference|eligib\w+|rules?|polic\w+|discounts?|"
    r"preise?|kosten|gebühr\w*|miete|voraussetzung\w*|ablauf|frist|adresse|unterschied\w*|regeln?)\b",
    re.IGNORECASE,
)
_OURS = re.compile(
    r"我|咱|\b(?:we|i|we'?re|we'?d|i'?d|i'?m|our|us|my|me|wir|ich|uns\w*|mein\w*)\b", re.IGNORECASE
)
_NAME_LEAD = re.compile(
    r"^(?:(?:我们?|咱们?)?(?:的)?(?:公司|团队|项目|名字|全名|名称)?(?:的)?(?:名字|名称|全名)?(?:暂时)?(?:叫做?|名为|是)|我是|"
    r"(?:it|we|he|she)(?:'s| is|'re| are)? (?:called|named)|(?:our|the|my)(?: (?:company|team|project|full|startup))*(?:'s)?(?: name)? is(?: called)?|my name is|i am|i'm|"
    r"(?:wir|es|er|sie) (?:heißen|heißt|heisst)|ich heiße|unsere firma heißt)\s*[:：]?\s*(?P<name>[^,，。]{1,60}?)\s*[.。!！]?$",
    re.IGNORECASE,
)
_ASIDE = re.compile(
    r"[(（][^)）]*[)）]|[,，\s]+(?:incl(?:uding|\.)?|inkl\.?|其中|包括|包含|含).*$", re.IGNORECASE
)
_DIGITS = re.compile(r"\+?\d[\d \-()]{6,}\d")
_TOTAL = re.compile(
    r"(?:一共|总共|共计|共|合计|加起来)(?:有|是)?\s*([^\s,，。]{1,6}?)(?:个人?|人|名|位)?(?=$|[,，。\s])|(\w+)(?: people| of us)? (?:in total|total|altogether|overall|insgesamt)\b",
    re.IGNORECASE,
)
_DENIAL = re.compile(
    r"不|没|别|无需|\b(?:not?|never|without|don'?t|doesn'?t|haven'?t|isn'?t|nicht|kein\w*|ohne)\b",
    re.IGNORECASE,
)
_NAMED = re.compile(r"名|\bname\b", re.IGNORECASE)
_QUESTIONING = re.compile(r"问题|疑问|\bquestions?\b|\bfrage\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What a message is taken as; only the fields of its kind are set.

    `value` is the answer, or what would be it when "unsure"; `key` the slot that a correction is about (None:
    not clear which); `command` its name ("skip", "back", "why", "draft", "pause", "cancel", "submit",
    "status"); `problem` what is wrong when "invalid"; `looked` the documents' answer when they were asked.
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


async def interpret(
    text: str,
    slot: Slot | None,
    state: State,
    *,
    form: Form,
    answers: Answers,
    language: str,
    today: date,
    ask: Ask,
) -> Meaning:
    """Decide what a message is while `slot` is pending; `ask` looks into the documents."""
    message = _Message(clean(text), slot, form, language, today, ask)
    if (meaning := message.told(state, answers)) is not None:
        return meaning
    return await message.weighed()


class _Message:
    """One message and the question it may answer."""

    def __init__(
        self, text: str, slot: Slot | None, form: Form, language: str, today: date, ask: Ask
    ) -> None:
        self.text, self.slot, self.form = text, slot, form
        self.language, self.today, self.ask = language, today, ask
        self.sentences = sentences(text)

    @property
    def prose(self) -> bool:
        """Whether the pending question takes any text."""
        return self.slot is not None and self.slot.question.type in _TEXTS

    @property
    def asks(self) -> bool:
        """Whether every sentence is built like a question."""
        return bool(self.sentences) and all(item.asks for item in self.sentences)

    # --- what shows by itself ---------------------------------------------------------------------

    def told(self, state: State, answers: Answers) -> Meaning | None:
        """What the message is by its words alone; None when that is not clear."""
        value, problem = self._read(self.text)
        valid = value if value is not None and not self.prose else None
        if valid is not None and not any(item.asks for item in self.sentences) and len(self.text) <= 12:
            return Meaning(kind="answer", value=valid)
        if (name := command(self.text)) is not None and not (valid and name in ("edit", "skip")):
            return Meaning(kind="correction") if name == "edit" else Meaning(kind="command", command=name)
        if valid is None and recognize(self.text) is not None:
            return self._small_talk()
        if self._passes_over(valid):
            return Meaning(kind="command", command="skip")
        if (corrected := self._corrected(state, answers)) is not None:
            return corrected
        if valid is not None and not any(item.asks for item in self.sentences):
            return Meaning(kind="answer", value=valid)
        if self.prose and not any(item.asks for item in self.sentences) and not self._names_a_topic():
            return self._taken(value) if value is not None else Meaning(kind="invalid", problem=problem)
        return None

    def _names_a_topic(self) -> bool:
        """Whether a short text only names what founders ask about: "crane prices"."""
        short = self.slot is not None and self.slot.question.type == "text" and len(self.text) <= 40
        return short and self._topical() and _OURS.search(self.text) is None

    def _topical(self) -> bool:
        """Whether it names something founders ask about, beside the pending question's own name."""
        text = self.text.casefold()
        for name in names(self.slot.question) if self.slot else ():
            text = text.replace(name, " ")
        if _TOPICS.search(text) is None:
            return False
        return not (self.slot and self.slot.question.type in ("phone", "email", "url") and self._aside())

    def _small_talk(self) -> Meaning:
        return Meaning(kind="chat")

    def _passes_over(self, valid: Value | None) -> bool:
        """Whether it says that there is nothing to answer, where nothing has to be."""
        if self.slot is None or self.slot.question.required or valid is not None:
            return False
        if any(item.asks for item in self.sentences):
            return False
        return has_none(self.text, list(names(self.slot.question)))

    def _corrected(self, state: State, answers: Answers) -> Meaning | None:
        found = find_correction(
            self.text, self.slot, state, answers, language=self.language, today=self.today, asks=self.asks
        )
        if found is None:
            return None
        if self.slot is None or found.key != self.slot.key:
            return Meaning(
                kind="correction", key=found.key, value=found.value, from_sentence=found.value is not None
            )
        if found.value is None or self.prose and not found.value:
            return None
        return Meaning(kind="answer", value=found.value, from_sentence=True)

    def _taken(self, value: Value) -> Meaning:
        """A text as the answer; of "our company is called X" the name."""
        question = self.slot.question if self.slot else None
        if question is not None and question.type == "text" and any(map(_NAMED.search, names(question))):
            match = _NAME_LEAD.match(self.text)
            if match and (short := self._read(match["name"])[0]) is not None:
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
        telling = [item for item in self.sentences if not item.asks]
        if telling:
            value = self._value(" ".join(item.text for item in telling), strict=False)
            if value is not None:
                return Meaning(
                    kind="answer",
                    value=value,
                    from_sentence=True,
                    also_asks=" ".join(item.text for item in asking),
                )
        elif (both := self._first_clause(self.sentences[0].text)) is not None:
            return both
        if any(item.shape == "strong" for item in asking):
            return Meaning(kind="question")
        value = self._value(self.text, strict=True)
        if value is not None:
            return Meaning(kind="unsure", value=value)
        looked = await self._look(self.text)
        if looked is not None and looked.answered:
            return Meaning(kind="question", looked=looked)
        return Meaning(kind="unsure" if self._found() else "question", value=self._found(), looked=looked)

    def _first_clause(self, text: str) -> Meaning | None:
        """An answer before the comma and a question after it: "5个，能带显示器吗？"."""
        cut = clauses(text)
        if cut is None or is_hypothesis(cut[0]):
            return None
        if not sentences(cut[1]) or not all(item.asks for item in sentences(cut[1])):
            return None
        if any(item.asks for item in sentences(cut[0])):
            return None
        value = self._value(cut[0], strict=not _OURS.search(cut[0]))
        if value is None:
            return None
        return Meaning(kind="answer", value=value, from_sentence=True, also_asks=cut[1])

    async def _weighed_statement(self) -> Meaning:
        """A sentence while a number, a choice or the like is pending: is the value in it?"""
        value = self._aside() or self._found()
        ours = _OURS.search(self.text) is not None
        named = self._topical() and not ours
        if value is not None and not named and not self._denies() and (ours or not self._mentions()):
            return Meaning(kind="answer", value=value, from_sentence=True)
        _, problem = self._read(self.text)
        looked = await self._look(self.text) if named or len(self.text) >= 4 else None
        answered = looked is not None and looked.answered and looked.confidence >= _SURE
        if answered and named:
            return Meaning(kind="question", looked=looked)
        if value is not None and not (answered or named or self._denies()):
            return Meaning(kind="answer", value=value, from_sentence=True, looked=looked)
        if answered or named or value is not None:
            return Meaning(kind="unsure", value=value, problem=problem, looked=looked)
        return Meaning(kind="invalid", problem=problem, looked=looked)

    def _mentions(self) -> bool:
        """Whether the value is only mentioned in a sentence about something: options are topics, too."""
        question = self.slot.question if self.slot else None
        return question is not None and (
            question.type in ("choice", "choices") or (question.type == "number" and len(self.text) > 10)
        )

    def _denies(self) -> bool:
        """Whether a sentence denies something while options are to be chosen: which ones is for the founder to say."""
        question = self.slot.question if self.slot else None
        return (
            question is not None
            and question.type in ("choice", "choices")
            and bool(_DENIAL.search(self.text))
        )

    def _aside(self) -> Value | None:
        """The value once an aside is left out: brackets, the question's own name before it, a remark after it."""
        assert self.slot is not None
        question = self.slot.question
        if question.type == "yes_no" and (echoed := echo(self.slot, self.text)) is not None:
            return Value(data=echoed, wording=self.text)
        bare = _ASIDE.sub("", self.text).strip()
        for name in sorted(names(question), key=len, reverse=True):
            if bare.casefold().startswith(name):
                bare = bare[len(name) :].lstrip(" :：是为=")
                break
        if question.type == "phone" and (digits := _DIGITS.search(bare)):
            bare = digits[0]
        value = self._read(bare)[0] if bare else None
        if value is not None:
            return value
        if (total := _TOTAL.search(bare)) and (value := self._read(total[1] or total[2])[0]) is not None:
            return value
        cut = clauses(bare)
        if cut is None or question.type == "choices" or any(char.isdigit() for char in cut[1]):
            return None
        return self._read(cut[0])[0]

    async def _weighed_text(self, asking: list[Sentence]) -> Meaning:
        """A text that holds a question: a side question, or a figure of speech in an answer."""
        assert self.slot is not None
        value, problem = self._read(self.text)
        telling = [item for item in self.sentences if not item.asks]
        if telling and not asking:
            looked = await self._look(self.text)
            if value is None or (looked is not None and looked.answered and looked.confidence >= _SURE):
                return Meaning(kind="unsure", value=value, problem=problem, looked=looked)
            return self._taken(value)
        if telling:
            return await self._mixed_text(asking, telling, value, problem)
        if value is not None and self._takes_questions(self.slot.question):
            return Meaning(kind="unsure", value=value)
        if any(item.addressed and item.shape == "strong" for item in asking):
            return Meaning(kind="question")
        if self._continues(asking[-1].text) and value is not None:
            return Meaning(kind="answer", value=value)
        looked = await self._look(self.text)
        if looked is not None and looked.answered and looked.confidence >= _SURE:
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
            if one.asks and not after.asks and not one.direct and is_open_question(one.text)
        }
        real = [
            item for item in asking if item.shape == "strong" and item.addressed and id(item) not in figures
        ]
        told = " ".join(item.text for item in telling)
        asked = " ".join(item.text for item in asking)
        if not real:
            return Meaning(kind="answer", value=value) if value else Meaning(kind="invalid", problem=problem)
        if self.sentences[-1].asks and not self.sentences[0].asks:
            rest = self._read(told)[0]
            looked = await self._look(asked)
            if looked is not None and looked.answered and looked.confidence >= _SURE and rest is not None:
                return Meaning(kind="answer", value=rest, from_sentence=True, also_asks=asked)
            return Meaning(kind="unsure", value=value, looked=looked)
        if value is not None and len(told) > 1.5 * len(asked):
            looked = await self._look(asked)
            if looked is None or not looked.answered or looked.confidence < _VERY_SURE:
                return Meaning(kind="answer", value=value, looked=looked)
        return Meaning(kind="unsure" if value is not None else "question", value=value)

    # --- tools ------------------------------------------------------------------------------------

    def _continues(self, text: str) -> bool:
        """Whether a sentence that begins like a question goes on to tell: "How might boats see in fog: we …"."""
        cut = re.split(r"[:：]|，(?=我们)|,\s(?=we\b|our\b|so\b)", text, maxsplit=1)
        return len(cut) == 2 and len(cut[1]) >= 8 and not any(item.asks for item in sentences(cut[1]))

    @staticmethod
    def _takes_questions(question: Question) -> bool:
        """Whether the pending question asks for a question."""
        return any(_QUESTIONING.search(label) for label in question.labels.values())

    def _read(self, text: str) -> tuple[Value | None, NotValid | None]:
        if self.slot is None:
            return None, None
        try:
            return read_value(self.slot.question, text, language=self.language, today=self.today), None
        except NotValid as problem:
            return None, problem

    def _found(self, text: str | None = None) -> Value | None:
        if self.slot is None:
            return None
        words = self.text if text is None else text
        return find_value(self.slot.question, words, language=self.language, today=self.today)

    def _value(self, text: str, *, strict: bool) -> Value | None:
        value = self._read(text)[0]
        return value if value is not None or strict else self._found(text)

    async def _look(self, text: str) -> Answer | None:
        """What the documents say; None when they cannot be asked."""
        try:
            return await self.ask(text)
        except KnowledgeError:
            return None
