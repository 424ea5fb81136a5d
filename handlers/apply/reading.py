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
from handlers.apply.shapes import HAN, clauses, sentences
from handlers.small_talk import recognize
from handlers.words import has_words
from knowledge.language import to_simplified

_TEXTS = ("text", "long_text")
TOPICS = re.compile(
    r"价格|价钱|费用|租金|收费|押金|要求|条件|流程|截止|地址|电话|区别|材料|资格|政策|规定|规则|补贴|优惠|周期|时长限制|上限|"
    r"\b(?:prices?|pricing|costs?|fees?|rent|deposit|requirements?|conditions?|process|deadline|address|difference|eligib\w+|rules?|polic\w+|discounts?|"
    r"preise?|kosten|gebühr\w*|miete|voraussetzung\w*|ablauf|frist|adresse|unterschied\w*|regeln?)\b",
    re.IGNORECASE,
)
OURS = re.compile(
    r"我|咱|\b(?:we|i|we'?re|we'?d|i'?d|i'?m|our|us|my|me|wir|ich|uns\w*|mein\w*)\b", re.IGNORECASE
)
_DECLARES = re.compile(
    r"了(?:$|[,，。!！])|吧(?:$|[,，。!！])|^(?:选|要|想要|已经|就|只)|\b(?:please|pls|plz|bitte)\b|^(?:just|only|already|mostly|probably)\b",
    re.IGNORECASE,
)
_ALONE = re.compile(
    r"^(?:(?:it's |it is )?(?:just|only) (?:me|myself)\b|(?:目前|现在)?(?:只有|就|仅)我(?:自己|一个人?|一人)?(?:$|[,，。了])|nur ich\b)",
    re.IGNORECASE,
)
_ASIDE = re.compile(
    r"[(（][^)）]*[)）]|[,，\s]+(?:incl(?:uding|\.)?|inkl\.?|其中|包括|包含|含).*$", re.IGNORECASE
)
_WORDS = re.compile(r"[^\W\d_]+")
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


_SOFT = "吧啊呀呢哦啦嘛"
_ENOUGH = re.compile(
    r"(?:就|也)?(?:够了?|行了?|可以了?|好了|即可|差不多|足够)$|\s(?:is|are|will be) (?:enough|plenty|fine)$"
)
_AT = re.compile(r"\s*[\[(]\s*(?:at|@)\s*[\])]\s*|\s+at\s+(?=[\w-]+\.[a-z]{2,})", re.IGNORECASE)
_SPOKEN_NUMBER = re.compile("[零〇一二三四五六七八九幺]{7,}")
_DIGIT = str.maketrans("零〇一二三四五六七八九幺", "001234567891")
TO_PROGRAM = re.compile(
    r"你们(?!的?(?:好|大家))|(?<![给把被为让帮])您|贵(?:司|方|基地)|(?:请|麻烦)(?:告知|确认|回复|解释)"
)
_EITHER = re.compile(r"\b(?:or|oder)\b", re.IGNORECASE)
_NAMED = re.compile(r"名|\bname\b", re.IGNORECASE)
ENTITY = re.compile(
    r"公司|科技|智能|集团|工作室|团队|项目|有限|股份|中心|研究院|实验室|合伙|筹备|叫|"
    r"\b(?:gmbh|ug|ag|ltd|inc|corp|co|llc|limited|company|project|team|labs?|studio|called|named)\b",
    re.IGNORECASE,
)
_ENTITY_END = re.compile(r"(?:公司|科技|智能|集团|工作室|股份|研究院|实验室|[（(].{1,6}[）)])$")
_SENTENCE = re.compile(
    r"[我你您他她的了吗么呢吧啊先再还就都也]|可以|必须|需要|应该|不能|能不能|什么|怎么|如何|多少|为什么|明天|今天|已经|没有|因为|如果"
)
RULE = re.compile(r"必须|需要|应该|不能|可以|允许|\b(?:must|should|have to|need to|allowed)\b", re.IGNORECASE)
_PREMISE = re.compile(
    r"^(?:so|then|ok(?:ay)?,? so|also|那么?|所以|就是说|也就是说|意思是)\b|\b(?:that|this|it|these|those)\b|这|那(?!时)",
    re.IGNORECASE,
)


class Reading:
    """One message beside the question that it may answer."""

    def __init__(self, text: str, slot: Slot | None, language: str, today: date) -> None:
        self.text, self.slot, self.language, self.today = text, slot, language, today
        every = sentences(text)
        spoken = [item for item in every if not _courtesy(item.text)] if len(every) > 1 else every
        self.sentences = spoken or every

    @property
    def prose(self) -> bool:
        """Whether the pending question takes any text."""
        return self.slot is not None and self.slot.question.type in _TEXTS

    @property
    def asks(self) -> bool:
        """Whether every sentence is built like a question."""
        return bool(self.sentences) and all(item.asks for item in self.sentences)

    def plausible(self) -> bool:
        """Whether a text that asks nothing looks like an answer to this very question, as far as words tell.

        A name is short or has a word for a company; anything else is no remark to the program about its rules.
        """
        if self.wants_name():
            return _is_name(self.text)
        return len(self.text) > 160 or not any(item.direct for item in self.sentences)

    def is_likely(self, text: str) -> bool:
        """Whether a part of the message could be the answer: where a name is asked for, only a name."""
        return not self.wants_name() or _is_name(text)

    def is_title(self) -> bool:
        """Whether a text that is built like a question is a name all the same: "Is It Windy", "去哪儿科技"."""
        if not self.wants_name() or any(item.shape == "strong" and item.addressed for item in self.sentences):
            return False
        if "?" in self.text or "？" in self.text or len(self.sentences) != 1:
            return False
        words = self.text.split()
        if HAN.search(self.text):
            return len(words) == 1 and len(self.text) <= 20 and _ENTITY_END.search(self.text) is not None
        return 2 <= len(words) <= 5 and all(word[:1].isupper() or not word[:1].isalpha() for word in words)

    def doubtful(self) -> bool:
        """Whether a text that is not built like a question may be one all the same: it speaks to the program,
        supposes something or only names two things to choose from.
        """
        text = self.text
        if len(text) > 60 or not self.prose:
            return False
        if HAN.search(text):
            folded = to_simplified(text).rstrip("。.!！~～ ")
            return bool(TO_PROGRAM.search(folded)) or (folded.endswith("吧") and len(folded) >= 6)
        return len(text.split()) <= 6 and _EITHER.search(text) is not None and not OURS.search(text)

    def wants_name(self) -> bool:
        """Whether the pending question asks for a name."""
        question = self.slot.question if self.slot else None
        return question is not None and question.type == "text" and any(map(_NAMED.search, names(question)))

    def topical(self) -> bool:
        """Whether it names something founders ask about, beside the pending question's own name."""
        text = self.text.casefold()
        for name in names(self.slot.question) if self.slot else ():
            text = text.replace(name, " ")
        if TOPICS.search(text) is None:
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
        return (len(words) <= 1 and not HAN.search("".join(words))) or len("".join(words)) <= 3

    def declares(self) -> bool:
        """Whether it tells rather than names something: "we …", "… 了", "… please"."""
        return OURS.search(self.text) is not None or _DECLARES.search(self.text.strip()) is not None

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
        if question.type == "number" and _ALONE.search(self.text):
            return self.read("1")[0]
        bare = _ASIDE.sub("", self.text).strip()
        for name in sorted(names(question), key=len, reverse=True):
            if bare.casefold().startswith(name):
                bare = bare[len(name) :].lstrip(" :：是为=")
                break
        bare = _ENOUGH.sub("", bare) or bare
        if question.type == "email":
            bare = _AT.sub("@", bare)
        if question.type == "phone":
            bare = _SPOKEN_NUMBER.sub(lambda match: match[0].translate(_DIGIT), bare)
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
        return self.read(cut[0])[0] or self.read(cut[0].rstrip(_SOFT))[0]

    def opening(self) -> Value | None:
        """The number that a sentence opens with: "9 months to start with"."""
        if self.slot is None or self.slot.question.type not in ("number", "amount"):
            return None
        words = self.text.split()
        longest = min(4, len(words) - 1)
        openings = (" ".join(words[:length]) for length in range(longest, 0, -1))
        return next((value for part in openings if (value := self.read(part)[0]) is not None), None)

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


def is_premise(text: str) -> bool:
    """Tell whether words before a question lead up to it, rather than answer another one."""
    return _PREMISE.search(text) is not None


def _is_name(text: str) -> bool:
    if RULE.search(text):
        return False
    if ENTITY.search(text):
        return True
    if HAN.search(text):
        return len(text) <= 4 or not _SENTENCE.search(to_simplified(text))
    words = text.split()
    return len(words) <= 3 or sum(word[:1].isupper() for word in words) * 2 >= len(words)


def _courtesy(text: str) -> bool:
    """Whether a sentence is only polite: a greeting, thanks, a pictograph."""
    found = recognize(text)
    return not has_words(text) or (found is not None and found[0] in ("greeting", "thanks", "goodbye"))
