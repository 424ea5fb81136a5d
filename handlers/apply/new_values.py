# ruff: noqa: E501 (patterns are lists of words)
"""The new value in a correction: what follows "改成", "should be", "instead"."""

from __future__ import annotations

import re
from datetime import date

from forms.model import Question, Value
from forms.values import NotValid, find_value, read_value

_CLOSING = " \n\t.。!！~～?？,，;；:：\"“”‘’'「」《》"
EDIT = re.compile(
    r"改(?!变|善|进|革|良|造|装|锥)|修改|更改|更正|订正|修正|(?:写|填|选|打|输|弄|搞|说|记|算|报)(?:错|少了|多了|漏了|反了)|(?:少|多|漏)(?:写|填|打|输)|错了|有误|不对|不是[^,，。]{1,20}[,，]?\s*而?是|应该?[是为选填写]|应当?[是为]|换成|换为|换一?个|换了|改用|重写|重新(?:填|写|选)|更新(?:一下|为|成)|"
    r"\b(?:chang(?:e|ed|ing)|correct(?:ion)?|edit|updat(?:e|ed)|fix|revise|rewrite|redo|replace|switch|set|make|put|should(?: have)? (?:be|been|read|say)|must be|(?:is|was|are|were|got) (?:wrong|incorrect|a typo|not right|mistaken)|"
    r"wrong|mistake|typo|mis(?:spelled|spelt|typed|took|counted|stated)|instead|rather than|not .{1,20} but|"
    r"ändern?|änder[et]|korrigier\w*|falsch|sollte|statt|berichtig\w*|tippfehler|vertippt|verschrieben|geändert)\b",
    re.IGNORECASE,
)
NEGATED = re.compile(
    r"[,，、\s]*(?:而?不是|不再是|rather than|instead of|\bnot\b|statt|anstatt|nicht)\s*[^,，。;；]*$|^(?:不是|not|nicht)[^,，。;；]*?[,，]\s*(?:而?是|but|sondern)\s*",
    re.IGNORECASE,
)
_INTO = re.compile(
    r"(?:改|换|更正|修正|更新|修改|更改|调整|写|变)(?:成|为|到|回)了?|应该?(?:是|为|选|填|写)(?:的是)?|应[当为]|实际上?是|其实是|现在是|只要|的?是|[:：=→]|->|"
    r"\b(?:(?:should|must|ought to)(?: have)? (?:be|been|read|say)|(?:it|that|this|which)(?:'s| is| was)|is (?:now|actually|in fact)|(?:change|changed|update|set|switch|corrected?|edit|make|put|move)(?: \w+){0,5}? (?:in)?to|to|"
    r"with|as|by|are|is|was|were|auf|zu|in|ist|sind|war|lautet|heißt|soll|sollte|heissen|heißen)\b",
    re.IGNORECASE,
)


class NewValue:
    """Reads the new value out of a message."""

    def __init__(self, text: str, language: str, today: date) -> None:
        self.text, self.language, self.today = text, language, today

    def value(self, question: Question, after: int = 0) -> Value | None:
        """The new value, from what follows the last word for "to", or else from anywhere."""
        told = [self.text[match.end() :] for match in _INTO.finditer(self.text, after)]
        for rest in told if question.type in ("text", "long_text") else reversed(told):
            rest = NEGATED.sub("", rest).strip(_CLOSING)
            if rest and (found := self._read(question, rest)) is not None:
                return found
        if question.type in ("text", "long_text"):
            return None
        return self.find(question, NEGATED.sub("", self.text[after:])) or self.find(question, self.text)

    def find(self, question: Question, text: str | None = None) -> Value | None:
        """The one value inside a sentence."""
        return find_value(question, text or self.text, language=self.language, today=self.today)

    def _read(self, question: Question, rest: str) -> Value | None:
        if question.type in ("text", "long_text"):
            return self._text(question, rest)
        try:
            return read_value(question, rest, language=self.language, today=self.today)
        except NotValid:
            return self.find(question, rest)

    def _text(self, question: Question, rest: str) -> Value | None:
        inner = [
            match
            for match in _INTO.finditer(rest)
            if match.start() <= 16 and EDIT.search(rest[: match.end()])
        ]
        if inner or EDIT.match(rest):
            return None  # a later "should be" tells the value
        if re.fullmatch(
            r"(?:wrong|incorrect|错的|不对的?|falsch|a typo|misspell\w*|not right|outdated)\W*",
            rest,
            re.IGNORECASE,
        ):
            return None
        rest = re.sub(
            r"^(?:(?:it|that|this|the name|er|sie|es)\s*(?:'s|is|should be|ist|heißt)\s+|是|叫做?|应该是)",
            "",
            rest,
            flags=re.IGNORECASE,
        )
        try:
            return read_value(question, rest.strip(_CLOSING), language=self.language, today=self.today)
        except NotValid:
            return None
