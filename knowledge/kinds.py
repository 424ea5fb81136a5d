"""Which kind of answer a question asks for, and which kinds a text gives: a duration, an amount, a date, …

Questions are read by the words that ask in Chinese, English and German; texts by the facts they state.
"""

from __future__ import annotations

import re
from functools import lru_cache

from knowledge.facts import read_facts

_ASKS = {
    "duration": r"\bhow (?:long|soon|fast|quickly)\b|\bwie (?:lange|schnell|bald)\b"
    r"|\b(?:how many|wie viele) (?:minute|hour|day|week|month|year|minuten|stunden|tage|wochen|monate|jahre)"
    r"|多久|多长|几(?:分钟|个?小时|天|周|个?星期|个月|年)|最长",
    "date": r"\bwhen\b|\bdeadlines?\b|\b(?:what|which) (?:day|date|time|month|year)\b|\bwann\b|\bfrist"
    r"|schluss\b|什么时候|啥时候|何时|哪天|哪一天|哪年|几号|几月|几点|截止|日期",
    "money": r"\bhow much\b|\b(?:cost|price|fee|pay|paid|charge|free|rent|prize|commission|invest)"
    r"|\bkost|\bpreis|\bgebühr|\bwie ?viel geld|多少钱|收费|费用|价格|免费|要钱|花钱|租金|奖金|抽成|额度|付",
    "number": r"\bhow (?:many|much|often|large|big|old|high)\b|\b(?:maximum|max|rate|limit|score)\b"
    r"|\bwie (?:viele?|oft|gro(?:ß|ss)|hoch)\b|多少|几|最多|最大|上限|总共",
    "place": r"\bwhere\b|\baddress\b|\blocat|\bwo\b|\badresse|哪里|哪儿|在哪|地址|什么地方|位置",
    "rule": r"^(?:and |so |but )?(?:can|may|must|could|should|do (?:i|we) (?:have|need)|am i|are we|is it)\b"
    r"|\ballowed\b|^(?:kann|kannst|darf|muss|können|dürfen|müssen|brauch)"
    r"|能不能|可不可以|行不行|可以吗|(?:可以|能|要|用|必须|需要|允许).{0,24}[吗么嘛]",
    "meaning": r"\bwhat (?:is|are|does)\b.{0,40}\bmeans?\b"
    r"|^(?:what(?:'s| is| are)|was (?:ist|sind|bedeutet))\b"
    r"|是什么|什么是|什么叫|啥是|是啥|什么意思",
}
_ASKED = {kind: re.compile(pattern, re.IGNORECASE) for kind, pattern in _ASKS.items()}
_FACTS = {
    "duration": "duration",
    "date": "date",
    "time": "date",
    "money": "money",
    "number": "number",
    "quantity": "number",
    "percent": "number",
    "modal": "rule",
}
# What says an amount, a place or a rule without a figure: nothing to pay is an answer to "how much", too.
_SAYS = {
    "money": r"\bfree\b|\bno (?:\w+ )?(?:fee|commission|prize|cost|price|equity)|\bnothing\b|\bkostenlos"
    r"|免费|不收|不抽|没有现金|无需付|价格|租金",
    "place": r"\b(?:in|near|at) (?:the )?[A-Z]\w+|位于|地址|[区市路镇]",
    "rule": r"\b(?:can|cannot|may|must|need|needs|required|should|allowed|possible|never)\b"
    r"|可以|不能|必须|不得|需要|不需|允许|不必|不用|不要求",
    "duration": r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|twelve) (?:\w+ )?"
    r"(?:minute|hour|day|week|month|year)s?\b|[一二三四五六七八九十两半]个?(?:分钟|小时|天|周|月|年)",
}
_SAID = {kind: re.compile(pattern) for kind, pattern in _SAYS.items()}


@lru_cache(maxsize=256)
def asked_kinds(question: str) -> frozenset[str]:
    """Kinds of answer a question asks for, none where its words do not tell; in simplified characters.

    "how long" is a duration alone, and "when" a date alone, whatever else the words could ask for.
    """
    kinds = [kind for kind, pattern in _ASKED.items() if pattern.search(question.strip())]
    for sure in ("duration", "date", "place"):
        if sure in kinds:
            return frozenset({sure})
    return frozenset(kinds)


@lru_cache(maxsize=8192)
def given_kinds(text: str, language: str) -> frozenset[str]:
    """Kinds of answer a sentence gives."""
    facts = {_FACTS[f.kind] for f in read_facts(text, language) if f.kind in _FACTS}
    return frozenset(facts | {kind for kind, pattern in _SAID.items() if pattern.search(text)})
