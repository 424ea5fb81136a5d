# ruff: noqa: E501 (patterns are lists of words)
"""How much a message is built like a question, in Chinese, English and German, with or without its mark."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from knowledge.language import to_simplified

Shape = Literal["no", "weak", "strong"]

_CUT = re.compile(
    r"(?<=[。！？!?；;\n])|(?<=\.)(?=\s)|(?<=\.)$|(?<=[^\W\d])\s[-–—]{1,2}\s|(?<=[吗嗎])[\s,，、]+(?=[^\s?？])"
)
_CLAUSES = re.compile(r"[,，、:：]|\s+(?:and|but|und|aber)\s+")
HAN = re.compile(r"[\u3400-\u9fff]")
_QUOTED = re.compile(r"“[^”]{1,60}”|「[^」]{1,60}」|《[^》]{1,60}》|\"[^\"]{1,60}\"")
_MARK = re.compile(r"[?？]\s*[)）\"”'’]*$")
_CLOSING = " \n\t.。!！~～…\"”'’)）"

# --- Chinese ---
_ZH_PARTICLE = re.compile(
    r"(?:吗|嗎|[么麼]|嘛|吧[?？]|(?:可以|行|好|能|对|要|是|会|有|用|改|算)(?:不|没|没有)|没有呢|有没有|与否)[?？]*$"
)
_ZH_FINAL_NOT = re.compile(r"有[^,，。]{1,10}没有[?？]*$|[\u3400-\u9fff]{3}(?<![也都还从并绝毫何])不[?？]*$")
_ZH_SUPPOSED = re.compile(
    r"(?<!^)(?:是|对|可以|能|行|会|要|算|需要|应该|允许|包括|影响|收费|免费|必须)[^,，。]{0,10}吧[?？]*$"
)
_ZH_GUESS = re.compile(r"^(?:应该|大概|可能|估计|也许|我们?)*(?:可以|能|行|会|是|有|没问题|要)的?吧$")
_ZH_NOT_PARTICLE = re.compile(r"(?:什|怎|这|那|要|多)[么麼]$")
_ZH_A_NOT_A = re.compile(
    r"(?P<verb>[\u3400-\u9fff]{1,2}?)(?:不|没)(?P=verb)|(?:能|会|要|是|有|可)(?:不|没)(?:能|会|要|是|有|可)|是否|能否|可否|会否|有无"
)
_ZH_EITHER = re.compile(
    r"(?<!不管)(?<!无论)(?<![我们它他])还是(?!很|要|会|没|不|想|有|能|可以|得|希望|觉得|老|这|那|挺|比较)"
)
_ZH_REQUEST = re.compile(
    r"^(?!我们?|公司|帮(?!我|忙))(?:(?:请|麻烦|能|那|再|先)*(?:给|跟|和|向|帮|发|告诉|教)我|(?:请|麻烦)?(?:讲讲|说说|介绍|解释|说明|列出|科普)(?:一?下|给我)?)|"
    r"(?:发|给|告诉|教|讲|说|拿|看)(?:给)?(?:我|一?下)(?:看看|一?下|听听|吧|们)?$|(?:介绍|解释|说明|讲讲|说说)(?:一?下)?(?:吧|呗|看)?$|来着$"
)
_ZH_ASKING = re.compile(
    r"什[么麼]|甚么|啥|怎[么麼样]|如何|为何|多少|几(?:个|人|天|年|月|号|点|次|轮|页|位|家|种|周|小时|分|块|名|层|米|吨)|"
    r"哪(?!怕)|谁|誰|多(?:久|长|大|远|高|快|重|厚|深|早|晚|宽|详细|具体)|何时|何地|几时"
)
_ZH_END = re.compile(
    r"(?:多少\w{0,4}|几\w{1,3}|什[么麼]\w{0,4}|啥\w{0,2}|哪(?:个|里|些|天|儿|种|位|边|家|一\w)?|谁|怎[么麼](?:办|算|写|填|做|弄|样|说|处理|\w{1,3})|怎样|如何\w{0,2}|多久|多长\w{0,2}|多[大高远重快]|"
    r"何时|(?:可以|行|能)不|区别|不同)(?:呢|啊|呀|的|了|合适|比较好)?[?？]*$"
)
_ZH_LEAD = re.compile(
    r"^(?:那|那么|对了|另外|还有|话说|顺便|不好意思|你好|您好|嗨|hi|hello|哦|嗯|但是?|可是|就|只|主要|其实|先|再|也|，|,|\s)*"
    r"(?:请问|想问|想请问|问一?下|想问一?下|我想问|请教|咨询|想咨询|想知道(?!.{0,20}的(?:人|用户|客户|车主|公司|司机))|想了解|我想了解|想确认|确认一下|有个问题|问个问题|不知道(?:能|可|你|是否)|不清楚|不懂|没看懂|不明白)"
)
_ZH_EMBEDDED = re.compile(
    r"(?:知道|告诉|了解|看(?:到|见|清|出)?|解决|决定|发现|预测|判断|明白|显示|提示|掌握|搞清|弄清|回答|识别|测量?|无论|不管|任何|随时|不论|学会|教|关于|研究|验证|证明|说明|记录|明确|计算|算出|清楚|"
    r"提醒|监测|监控|预警|推荐)\w{0,14}(?:什[么麼]|怎[么麼样]|如何|多少|哪|谁|何时|多[久长大远高快重]|为什|为何|是否|[能可会]否|能不能|会不会|几)|"
    r"(?:什[么麼]|谁|哪里|怎[么麼])\w{0,10}(?:都|也)\w|没有?什么|没啥|哪儿?都"
)
_ZH_ADDRESS = re.compile(
    r"你们|您|贵(?:司|方|基地)|(?<![给把被为])你(?!好)|(?:我们?|我|公司|团队|个人|合伙人|学生|实习生|外国人|顾问)\w{0,10}(?:能|可以|可不可以|要|需要|算|会|必须|行|有)\w{0,14}(?:吗|么|嘛|不)|"
    r"(?:可以|能|需要|必须|要|算|影响|是不是|一定要|用)\w{0,16}(?:吗|么|嘛|不)[?？]*$|"
    r"这(?:个|里|题|一?项|句话?|道题|些|份)|申请|报名|截止|录取|评审|审核|填|写(?!字)|租金|费用|收费|免费|多少钱|公开|保密|上限|最多|最少|最长|最晚|例子|示例|格式|字数|字|区别|不同|什么意思|什么叫|什么是"
)  # fmt: skip
_ZH_HYPOTHESIS = re.compile(r"^(?:那)?(?:如果|假如|要是|万一|假设|若|比如|例如|像)|的话")

# --- English and German ---
_EN_LEADS = (
    r"(?:(?:hi|hello|hey|ok|okay|so|and|but|also|well|sorry|hm+|um+|oh|wait|by the way|btw|just|quick question|one question|question|excuse me|please|also|first|before that|then|"
    r"actually|another question|thanks|und|aber|also|hallo|übrigens|noch eine frage|frage|eine frage|entschuldigung|kurz|dann|mal)\b[\s,:.!–-]*)*"
)
_PRONOUN = (
    r"(?:i|we|you|they|it|he|she|the|this|that|these|those|there|my|our|your|their|its|a|an|any|anyone|anybody|everyone|every|each|all|one|both|some|someone|"
    r"only|also|really|still|even|only|not|no|two|three|bmw|alibaba)\b"
)
_AUX_SURE = r"(?:do|does|did|is|are|was|were|should|could|would|isn'?t|aren'?t|don'?t|doesn'?t|can'?t|won'?t|shouldn'?t|am(?=\s+i\b))"
_AUX_MAYBE = r"(?:can|may|might|will|must|have|has|had|shall|need)"
_EN_AUX = re.compile(
    rf"^{_EN_LEADS}(?:{_AUX_SURE}\s+(?!not\b)[a-z0-9$€]|{_AUX_MAYBE}\s+(?:{_PRONOUN}|[a-z]+s\b))",
    re.IGNORECASE,
)
_EN_WH = re.compile(
    rf"^{_EN_LEADS}(?:what(?:'?s|'?re)?|when(?:'?s)?|where(?:'?s)?|who(?:'?s|m|se)?|which|how(?:'?s)?|why|what if)\s+(?P<next>[\w']+)(?P<rest>.*)$",
    re.IGNORECASE | re.DOTALL,
)
_EN_INVERTED = re.compile(
    rf"^(?:(?:\w+\s+){{0,4}}?)(?:{_AUX_SURE}|{_AUX_MAYBE}|'s|'re|happens?|counts?|pays?|decides?|reads?|sees?|takes?|gets?|runs?|means?|costs?|about|if|to)\b",
    re.IGNORECASE,
)
_EN_BE = re.compile(rf"^{_EN_LEADS}(?:what|where|how|who|when)'?s\b|^what'?re\b", re.IGNORECASE)
_EN_LATER = re.compile(
    rf",\s*so (?:whose|which|what|who|where|when|how)\b|(?:[,;:–—-]|\bor|\band|\bbut|\bso)\s+(?:is|are|was|does|did|can|could|should|will|would|may)\s+{_PRONOUN}",
    re.IGNORECASE,
)
_EN_CLEFT = re.compile(
    r"^(?:what|how|why|where|who)\b[^?]{3,60}?\s(?:is|was|are)\s+(?:that|a|an|the|simple|to|my|our|because|in|by)\b",
    re.IGNORECASE,
)
_EN_CLEFT_ASKS = re.compile(
    r"^(?:what|how|why|where|who|when)(?:'s|\s+(?:is|was|are|were|does|do|did|can|will|would|should|much|many|long))\b",
    re.IGNORECASE,
)
_EN_ASKING = re.compile(
    rf"^{_EN_LEADS}(?:(?:i(?:'m| am)?|we(?:'re| are)?)\s+(?:just\s+)?(?:wonder(?:ing)?|would like to know|'?d like to know|want(?:ed)? to (?:know|ask)|not sure (?:if|whether|what|how|which|when|where)|"
    r"(?:do not|don'?t|didn'?t) (?:know|understand|get) (?:if|whether|what|how|which|when|where|this|the))|i'?d like to (?:know|ask)|(?:please )?(?:tell me|explain|clarify)\b|"
    r"(?:not sure|no idea|unclear|unsure|confused about) (?:if|whether|what|how|which|when|where|who)|(?:can|could) you|any (?:chance|idea|tips|limit|advice|example)|what about|how about|how come|let me know (?:if|whether)|curious|(?:my |our |a )?[\w-]+(?: [\w-]+)? (?:asks?|asked|wants to know|wonders|is asking) (?:if|whether|what|how|which|when|where|who)\b|need to know|want to know|asking (?:if|whether)|"
    r"ich (?:wüsste|möchte|würde) (?:gern\w* )?(?:wissen|fragen)|(?:kannst|können|könntest|könnten) (?:du|sie|ihr)|ich frage mich|weiß nicht,? ob)",
    re.IGNORECASE,
)
_EN_TAG = re.compile(
    rf"(?:,|[-–—]|\b(?:and|but|so)\b)\s*(?:so |and |but |then )?(?:{_AUX_SURE}|{_AUX_MAYBE})\s+{_PRONOUN}|"
    rf"(?:,|[-–—]|\b(?:and|but|so)\b)\s*(?:so |and |but |then )?(?:what|how|when|where|who|whose|why|which)(?:\s+(?:much|many|long|far|often|one|kind))?(?:\s+\w+)?\s+(?:(?:{_AUX_SURE}|{_AUX_MAYBE})\b|happens|if\b|about\b|then\b)|"
    r",\s*(?:right|correct|ok|okay|true|yes|oder|richtig|nicht wahr|stimmt'?s)\s*[?？]$|\bor not$|,\s*(?:still eligible|any chance|is it possible)\s*[?？]?$|\b(?:what|which|who|where|when|how)(?: exactly)?$",
    re.IGNORECASE,
)
_DE = re.compile(
    rf"^{_EN_LEADS}(?:(?:wer|was|wie|wann|warum|wieso|weshalb|wozu|woher|wohin|wo|welche[rsmn]?|wieviele?|womit|wofür|ab wann|bis wann|seit wann|für wen|mit wem)\s+\w+\s*\w*|"
    r"(?:gibt|ist|sind|kann|können|könnte|könnten|darf|dürfen|muss|müssen|soll|sollen|sollte|gilt|gelten|zählt|zählen|hat|haben|werden|wird|brauche|brauchen|braucht|kostet|kosten|reicht|reichen|geht|gehört|"
    r"bekommen|bekommt|nehmt|nimmt|habt|seid|macht|helft|stellt|will|wollt|dauert|besteht|läuft|steht|kommt|bietet|akzeptiert|sieht|liest|kennt|ändert|bleibt)\s+"
    r"(?:ich|wir|ihr|sie|es|er|du|man|das|die|der|den|dem|ein|eine|auch|hier|unser\w*|mein\w*|euer|eure\w*|ihre?|dies\w*|jeder|alle|[A-ZÄÖÜ]\w+))",
    re.IGNORECASE,
)
_DE_VERB_FIRST = re.compile(
    r"^\w+(?:en|[^s]t|st)\s+(?:das|ich|wir|ihr|sie|es|er|du|man|die|der|den|dem|diese\w*|ein|eine[nrms]?|auch|unser\w*|mein\w*)\b",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    rf"\b(?:you|your|yours)\b|\b(?:{_AUX_SURE}|{_AUX_MAYBE})\s+(?:i|we|my|our|one|founders?|teams?|interns?|it|this|that|the|there)\b|\bthis (?:question|field|form|answer)\b|"
    r"\b(?:appl(?:y|ication|ying|ied)|deadline|rent|fee|form|characters?|submit|reviewers?|required|mandatory|confidential|example|allowed|limit|ok(?:ay)? to|count|difference|mean)\b|"
    r"\b(?:ihr|euch|euer|eure\w*|ihnen|(?:darf|muss|kann|soll) (?:ich|man|der|die|das)|bewerb\w+|antrag|formular|miete|kostet|zeichen)\b",
    re.IGNORECASE,
)
_DIRECT = re.compile(
    r"你们|您|贵(?:司|方|基地)|申请|评审|这(?:一?题|个问题|里要?填)|怎么填|填什么|\b(?:you|your|yours|ihr|euch|euer|eure\w*)\b|"
    r"\bthis (?:question|field|form|answer)\b|\b(?:appl(?:y|ication|ying)|reviewers?|bewerb\w+)\b",
    re.IGNORECASE,
)
_YES_OR_NO = re.compile(
    r"\s*(?:yes|no|yep|nope|also yes|not|sure|ja|nein|doch)\b|\s*(?:能|可以|是的?|会|有|不|没|当然|对)",
    re.IGNORECASE,
)
_HYPOTHESIS = re.compile(
    rf"^{_EN_LEADS}(?:if|when|in case|suppose|supposing|imagine|assuming|say|wenn|falls|angenommen)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence with its shape; `addressed` when it seems to speak to the program, `direct` when it surely does."""

    text: str
    shape: Shape
    addressed: bool
    direct: bool

    @property
    def asks(self) -> bool:
        """Whether it is built like a question at all."""
        return self.shape != "no"


def sentences(text: str) -> list[Sentence]:
    """A message cut into its sentences, each with its shape."""
    parts = [part.strip() for part in _CUT.split(text) if part and part.strip(_CLOSING)]
    return [Sentence(part, shape(part), addresses(part), bool(_DIRECT.search(part))) for part in parts]


def clauses(text: str) -> tuple[str, str] | None:
    """The first clause of a sentence and the rest of it; None when there is only one."""
    match = _CLAUSES.search(text)
    if match is None or not text[: match.start()].strip() or not text[match.end() :].strip():
        return None
    return text[: match.start()].strip(), text[match.end() :].strip()


def cuts(text: str) -> Iterator[tuple[str, str]]:
    """A sentence cut in two between clauses, at the last place first; a list ("甲、乙") is never cut."""
    for match in reversed(list(_CLAUSES.finditer(text))):
        before, after = text[: match.start()].strip(), text[match.end() :].strip()
        if match[0] != "、" and before and after:
            yield before, after


def is_hypothesis(text: str) -> bool:
    """Tell whether a clause only supposes something: "如果有15个人", "if we were 15"."""
    return bool(_ZH_HYPOTHESIS.search(text) if HAN.search(text) else _HYPOTHESIS.search(text))


def answers_itself(text: str) -> bool:
    """Tell whether a sentence opens like the answer to the question before it: "Yes", "不能"."""
    return _YES_OR_NO.match(text) is not None


def is_open_question(text: str) -> bool:
    """Tell whether it asks why, how, who or what rather than whether."""
    return bool(_ZH_ASKING.search(text) if HAN.search(text) else _EN_WH.match(text))


def addresses(text: str) -> bool:
    """Tell whether a question speaks to the program, or of the application."""
    return bool(_ZH_ADDRESS.search(to_simplified(text)) if HAN.search(text) else _ADDRESS.search(text))


def shape(text: str) -> Shape:
    """How much one sentence is built like a question."""
    bare = _QUOTED.sub("", text).strip().rstrip(_CLOSING)
    marked = bool(_MARK.search(text.strip()))
    return _chinese(to_simplified(bare), marked) if HAN.search(bare) else _latin(bare, marked)


def _chinese(text: str, marked: bool) -> Shape:
    unmarked = text.rstrip("?？")
    if _ZH_LEAD.search(text) or (_ZH_REQUEST.search(text) and len(text) <= 40):
        return "strong"
    particle = _ZH_PARTICLE.search(text) and not _ZH_NOT_PARTICLE.search(unmarked)
    if (
        particle
        or _ZH_FINAL_NOT.search(text)
        or (_ZH_SUPPOSED.search(text) and not _ZH_GUESS.search(text) and len(text) <= 40)
    ):
        return "strong"
    if marked and (_ZH_ASKING.search(text) or _ZH_A_NOT_A.search(text) or unmarked.endswith("呢")):
        return "strong"
    if _ZH_EMBEDDED.search(text):
        return "weak" if marked else "no"
    if _ZH_A_NOT_A.search(text):
        return "strong" if len(text) <= 40 else "weak"
    if _ZH_END.search(text) and len(text) >= 4:
        return "strong" if len(text) <= 40 else "weak"
    either = _ZH_EITHER.search(text) and not re.search("不管|无论|不论", text)
    if either:
        return "strong" if len(text) <= 40 and addresses(text) else "weak"
    if unmarked.endswith("呢"):
        return (
            "no"
            if not marked and re.match(r"(?:我们?|公司)?(?:还|都|也|暂时|目前)?(?:没|不)", text)
            else "weak"
        )
    if _ZH_ASKING.search(text):
        return "strong" if addresses(text) and len(text) <= 40 else "weak"
    return "weak" if marked else "no"


def _latin(text: str, marked: bool) -> Shape:
    words = text.split()
    if _EN_ASKING.search(text):
        return "strong"
    title = len(words) <= 4 and all(word[:1].isupper() or not word[:1].isalpha() for word in words)
    structured = (
        bool(_EN_AUX.search(text) and len(words) >= 3) or bool(_EN_TAG.search(text)) or bool(_DE.search(text))
    )
    wh = _EN_WH.search(text)
    if wh is not None:
        structured = (
            structured or bool(_EN_BE.match(wh[0])) or bool(_EN_INVERTED.search(f"{wh['next']}{wh['rest']}"))
        )
    if _EN_CLEFT.search(text) and not _EN_CLEFT_ASKS.search(text) and not marked:
        return "no"
    structured = structured or bool(_EN_LATER.search(text))
    if structured:
        return "weak" if (title or len(text) > 160) and not (marked and len(words) > 3) else "strong"
    if wh is not None:
        return "strong" if marked and len(words) > 2 else "weak"
    return "weak" if marked or _DE_VERB_FIRST.search(text) else "no"
