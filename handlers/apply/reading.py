# ruff: noqa: E501 (patterns are lists of words)
"""What one message says about the pending question: its values, topics and the parts that matter."""

from __future__ import annotations

import re
from datetime import date

from forms.model import Question, Slot, Value
from forms.values import NotValid, find_value, read_value
from handlers.apply.commands import has_none
from handlers.apply.corrections import names
from handlers.apply.echoes import echo
from handlers.apply.shapes import clauses, sentences

_TEXTS = ("text", "long_text")
_TOPICS = re.compile(
    r"价格|价钱|费用|租金|收费|押金|要求|条件|流程|截止|地址|电话|区别|材料|资格|政策|规定|规则|补贴|优惠|周期|时长限制|上限|"
    r"\b(?:prices?|pricing|costs?|fees?|rent|deposit|requirements?|conditions?|process|deadline|address|difference|eligib\w+|rules?|polic\w+|discounts?|"
    r"preise?|kosten|gebühr\w*|miete|voraussetzung\w*|ablauf|frist|adresse|unterschied\w*|regeln?)\b",
    re.IGNORECASE,
)
OURS = re.compile(
    r"我|咱|\b(?:we|i|we'?re|we'?d|i'?d|i'?m|our|us|my|me|wir|ich|uns\w*|mein\w*)\b", re.IGNORECASE
)
_ASIDE = re.compile(
    r"[(（][^)）]*[)）]|[,，\s]+(?:incl(?:uding|\.)?|inkl\.?|其中|包括|包含|含).*$", re.IGNORECASE
)
_WORDS = re.compile(r"[^\W\d_]+")
_HAN = re.compile(r"[\u3400-\u9fff]")
_DIGITS = re.compile(r"\+?\d[\d \-()]{6,}\d")
_TOTAL = re.compile(
    r"(?:一共|总共|共计|共|合计|加起来)(?:有|是)?\s*([^\s,，。]{1,6}?)(?:个人?|人|名|位)?(?=$|[,，。\s])|(\w+)(?: people| of us)? (?:in total|total|altogether|overall|insgesamt)\b",
    re.IGNORECASE,
)
_DENIAL = re.compile(
    r"不|没|别|无需|\b(?:not?|never|without|don'?t|doesn'?t|haven'?t|isn'?t|nicht|kein\w*|ohne)\b",
    re.IGNORECASE,
)
_QUESTIONING = re.compile(r"问题|疑问|\bquestions?\b|\bfrage\b", re.IGNORECASE)


class Reading:
    """One message beside the question that it may answer."""

    def __init__(self, text: str, slot: Slot | None, language: str, today: date) -> None:
        self.text, self.slot, self.language, self.today = text, slot, language, today
        self.sentences = sentences(text)

    @property
    def prose(self) -> bool:
        """Whether the pending question takes any text."""
        return self.slot is not None and self.slot.question.type in _TEXTS

    @property
    def asks(self) -> bool:
        """Whether every sentence is built like a question."""
        return bool(self.sentences) and all(item.asks for item in self.sentences)

    def names_a_topic(self) -> bool:
        """Whether a short text only names what founders ask about: "crane prices"."""
        short = self.slot is not None and self.slot.question.type == "text" and len(self.text) <= 40
        return short and self.topical() and OURS.search(self.text) is None

    def topical(self) -> bool:
        """Whether it names something founders ask about, beside the pending question's own name."""
        text = self.text.casefold()
        for name in names(self.slot.question) if self.slot else ():
            text = text.replace(name, " ")
        if _TOPICS.search(text) is None:
            return False
        return not (self.slot and self.slot.question.type in ("phone", "email", "url") and self.aside())

    def passes_over(self, valid: Value | None) -> bool:
        """Whether it says that there is nothing to answer, where nothing has to be."""
        if self.slot is None or self.slot.question.required or valid is not None:
            return False
        if any(item.asks for item in self.sentences):
            return False
        return has_none(self.text, list(names(self.slot.question)))

    def is_bare(self) -> bool:
        """Whether there are no words beside a value: "4000", "32.13.2027", "anna@"."""
        if "@" in self.text and len(self.text.split()) <= 2:
            return True
        words = _WORDS.findall(self.text)
        return (len(words) <= 1 and not _HAN.search("".join(words))) or len("".join(words)) <= 3

    def mentions(self) -> bool:
        """Whether the value is only mentioned in a sentence about something: options are topics, too."""
        question = self.slot.question if self.slot else None
        return question is not None and (
            question.type in ("choice", "choices") or (question.type == "number" and len(self.text) > 10)
        )

    def denies(self) -> bool:
        """Whether a sentence denies something while options are to be chosen: which ones is for the founder to say."""
        question = self.slot.question if self.slot else None
        return (
            question is not None
            and question.type in ("choice", "choices")
            and bool(_DENIAL.search(self.text))
        )

    def aside(self) -> Value | None:
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
        value = self.read(bare)[0] if bare else None
        if value is not None:
            return value
        if (total := _TOTAL.search(bare)) and (value := self.read(total[1] or total[2])[0]) is not None:
            return value
        cut = clauses(bare)
        if cut is None or question.type == "choices" or any(char.isdigit() for char in cut[1]):
            return None
        return self.read(cut[0])[0]

    def continues(self, text: str) -> bool:
        """Whether a sentence that begins like a question goes on to tell: "How might boats see in fog: we …"."""
        cut = re.split(r"[:：]|，(?=我们)|,\s(?=we\b|our\b|so\b)", text, maxsplit=1)
        return len(cut) == 2 and len(cut[1]) >= 8 and not any(item.asks for item in sentences(cut[1]))

    @staticmethod
    def takes_questions(question: Question) -> bool:
        """Whether the pending question asks for a question."""
        return any(_QUESTIONING.search(label) for label in question.labels.values())

    def read(self, text: str) -> tuple[Value | None, NotValid | None]:
        """The message, or a part of it, as the whole answer; else what is wrong with it."""
        if self.slot is None:
            return None, None
        try:
            return read_value(self.slot.question, text, language=self.language, today=self.today), None
        except NotValid as problem:
            return None, problem

    def found(self, text: str | None = None) -> Value | None:
        """The one value inside the message or a part of it."""
        if self.slot is None:
            return None
        words = self.text if text is None else text
        return find_value(self.slot.question, words, language=self.language, today=self.today)

    def value(self, text: str, *, strict: bool) -> Value | None:
        """The value of a part, inside a sentence too unless `strict`."""
        value = self.read(text)[0]
        return value if value is not None or strict else self.found(text)
