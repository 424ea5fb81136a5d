# ruff: noqa: E501 (patterns are lists of words)
"""What a founder wants done, in plain words: "跳过", "go back", "warum fragst du das"."""

from __future__ import annotations

import re

from handlers.words import phrases

_LEAD = re.compile(
    r"^(?:(?:please|ok|okay|well|hmm|um|sorry|so|then|let ?s|let me|(?:can|could|may) (?:i|we|you)|i (?:want|need|have) to|"
    r"i ?d like to|i would like to|we want to|bitte|ich (?:möchte|will)|kann ich)\s+)+|"
    r"^(?:请|麻烦|帮我|我想要?|我要|我先|我们|那就|那|就|先|可以|能不能|能|直接)+(?=.)"
)
_TAIL = re.compile(
    r"(?:\s+(?:please|thanks|thank you|bitte|for now|now|erstmal|jetzt))+$|(?:吧|了吧|好了|谢谢|可以吗|行吗|好吗|呢|啊|哈)+$"
)


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


_THIS_ZH = r"(?:这|本|该)?(?:一)?(?:个|道|条|项)?(?:题|问题|问)?"
_WHOLE_ZH = r"(?:我的|这个|这份|整个|全部)?(?:申请表|申请|草稿|报名|填写)"
_MY = r"(?:(?:my|the|this|whole|entire) )*"
_COMMANDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "skip",
        _any(
            rf"(?:跳过|略过|跳){_THIS_ZH}(?:了|先)?",
            r"(?:这|本)(?:一)?(?:个|道)?题?(?:先)?(?:跳过|略过|不填|不答)(?:了)?",
            r"(?:暂时|这题|这个|先)?(?:不想|不方便|不愿意?|不便)(?:填|写|说|回答|告诉|提供|透露|公开)(?:了|这个|这题)?",
            r"(?:这题|这个)?(?:先|暂时)?不(?:填|答|回答|写)(?:了)?",
            r"下一(?:题|个|道|步|个问题)",
            r"(?:skip|pass)(?: (?:this|it|that|on (?:this|it|that)|(?:this|the|that) (?:one|question)))?",
            r"(?:go to the )?next(?: (?:question|one))?|leave (?:it|this)(?: one)? (?:out|blank|empty)",
            r"(?:i ?d |i would |we ?d )?(?:rather|prefer) not(?: to)?(?: (?:say|tell|answer|share|disclose)(?: (?:that|this|it))?)?",
            r"(?:i )?(?:do not|dont|don t) want to (?:say|tell|answer|share)(?: (?:that|this|it))?",
            r"(?:我们?|这个|这题)?(?:也|还|暂时|目前|现在)?(?:真)?(?:的)?(?:不知道|不清楚|不确定|没想好|没想过|没头绪|说不好|不好说|不晓得|忘了|不记得)(?:怎么(?:填|写|答|回答))?(?:了|呢)?",
            r"(?:(?:i|we) )?(?:really |honestly )?(?:do not|dont|don t) know(?: (?:yet|that|this|it))?|idk|(?:i have |we have )?no (?:idea|clue)(?: yet)?|(?:(?:i am|im|i m|we are) )?not sure(?: yet)?|(?:i|we) forgot|cant remember",
            r"(?:(?:das )?(?:weiß|weiss) (?:ich|wir) (?:noch )?nicht|ich (?:weiß|weiss)(?: es| das)? (?:noch )?nicht|(?:weiß|weiss) nicht|keine ahnung|(?:noch )?(?:nicht|un)sicher)",
            r"(?:diese frage |das )?überspringen|überspring(?:e)?(?: das| diese frage)?|nächste(?: frage)?|keine angabe|möchte ich nicht (?:sagen|angeben)",
        ),
    ),
    (
        "back",
        _any(
            r"(?:返回|回到|退回|回|看)?(?:到)?(?:上|前)(?:一)?(?:题|步|个|道|个问题)",
            r"返回|退回|后退|往回",
            r"(?:go |step |one )?back(?: (?:one|a)(?: (?:step|question))?)?|go back to the (?:last|previous) (?:one|question)",
            r"(?:the )?previous(?: (?:question|one))?",
            r"(?:geh )?zurück(?: gehen)?|(?:die )?vorherige(?: frage)?|(?:zur )?(?:vorigen|letzten) frage",
        ),
    ),
    (
        "why",
        _any(
            r"为(?:什么|啥|何)(?:你们|你)?(?:还)?(?:要|会|想|需要|得)?(?:问|知道|填|收集|了解|提供|写)(?:我们?)?(?:这|那|人|此)?.{0,8}",
            r"(?:你们?)?(?:干嘛|干吗|为什么|为啥|为何)(?:要问)?(?:这个|这题)?|(?:问|填|要)(?:这个|这题|这些)(?:是)?(?:干嘛|干什么|干啥|做什么|有什么用|有啥用)(?:的)?",
            r"why|why (?:do|are|would|should|must|did) (?:you|we|i) (?:ask(?:ing)?|need(?:ing)?|want(?:ing)?|answer|tell|give)(?: .{0,40})?",
            r"why (?:does|do|would|should|is|are|did) (?:this|that|it|these)(?: even| really)? (?:matter(?: to you)?|asked|needed|necessary|required|a question|relevant|important)|why this(?: question)?|what (?:do|will) you need (?:this|that|it) for|"
            r"what (?:is|s) (?:this|that|it) for|whats (?:this|that|it) for",
            r"warum|warum (?:fragst|fragt|fragen|wollt|willst|wollen|braucht|brauchst|brauchen|müsst|muss)(?: .{0,40})?|wozu(?: .{0,30})?(?:braucht|brauchst|wissen).{0,20}|wozu",
        ),
    ),
    (
        "continue",
        _any(
            r"(?:继续|接着|往下)(?:来|填|写|答|走|申请|填写)?(?:下去)?|下面呢",
            r"(?:continue|go on|carry on|resume|proceed|keep going)(?: (?:with )?(?:it|this|(?:my|the) (?:application|form|draft)))?",
            r"weiter(?:machen|gehts)?|fortfahren|fortsetzen",
        ),
    ),
    (
        "status",
        _any(
            r"(?:我|我们)?的?申请(?:现在)?(?:走|进行|处理)?到?(?:哪|什么|哪儿|哪里)(?:一)?(?:步|了|程度|阶段|个环节).*",
            r"(?:查|查看|看|看看|查询)?(?:一下)?(?:我们?)?的?申请的?(?:状态|进度|进展|结果)(?:如何|怎么样|怎样)?|(?:查|查看|看)(?:一下)?(?:状态|进度)|申请怎么样了",
            r"(?:check |show |what(?: i|)?s |what is )?(?:me )?(?:my |the )?(?:application )?status(?: of my application)?|where is my application|how far is my application|"
            r"what(?: ha|)?(?:s| has) (?:happened|become) (?:to|of|with) my application",
            r"(?:wie ist )?der stand(?: meiner bewerbung)?|status meiner bewerbung|wo ist meine bewerbung",
        ),
    ),
    (
        "draft",
        _any(
            r"(?:我)?(?:给我)?(?:看看|看一下|看一看|查看|显示|列出|看|打开|汇总)?(?:一下)?(?:我|我们)?(?:的)?(?:现在|目前|已经|至今|到目前为止)?(?:的|填的|写的|填过的|已填的|所有的?|全部的?|之前的?)*"
            r"(?:草稿|答案|回答|申请表|填写内容|已填内容)(?:都)?(?:列出来|有哪些)?(?:给我看看)?",
            r"(?:看看|看一下|查看|看)?(?:我|我们)(?:之前|刚才|已经|到现在|目前|现在)*(?:都)?(?:填|写|答)(?:了|过)(?:些|哪些|的)?(?:什么|啥|内容|东西|题)?",
            r"(?:(?:show|see|view|list|display|review|open|look at|read)(?: me)? )(?:all )?(?:of )?(?:my |the )?(?:draft|answers|application|form)(?: (?:so far|again))?",
            r"(?:my )?draft|(?:all )?my answers(?: so far)?|(?:(?:show|see|check|view)(?: me)? )?what (?:have |did |had )?(?:i|we)(?:ve)? (?:have |had )?(?:already )?(?:got|answer|fill|written|write|wrote|said|say|put|enter|given)\w*(?: in)?(?: so far| already)?|what i (?:have )?(?:answered|wrote|filled in)(?: so far)?",
            r"(?:zeig|zeige)(?: mir)?(?: bitte)? (?:meine[n]? |alle |die |den )*(?:antworten|entwurf|bewerbung)|(?:alle )?meine antworten(?: sehen| ansehen)?|(?:mein(?:en)? )?entwurf(?: ansehen| zeigen)?",
        ),
    ),
    (
        "cancel",
        _any(
            rf"(?:取消|删除|放弃|撤销|清空|删掉|作废)(?:掉|了)?{_WHOLE_ZH}?(?:了)?",
            rf"(?:把)?{_WHOLE_ZH}(?:给)?(?:取消|删除|删掉|作废|清空)(?:掉|了)?",
            r"(?:算了)?不(?:想)?(?:再)?(?:申请|报名|报|填)了",
            rf"(?:cancel|delete|discard|abandon|drop|erase|throw away)(?: {_MY}(?:application|draft|form|everything|all|it))?",
            r"(?:i|we) (?:do not|dont|don t|no longer) want to apply(?: any ?more| any longer)?|never mind the application|forget (?:the|my) application",
            r"(?:(?:meine|die|meinen|den) )?(?:bewerbung|antrag|entwurf) (?:löschen|abbrechen|verwerfen|zurückziehen)|abbrechen|verwerfen",
        ),
    ),
    (
        "submit",
        _any(
            r"(?:都|全)?(?:填|写)(?:完|好)了|(?:帮我|给我|就)(?:提交|递交|交)(?:上去)?(?:了)?(?:吧)?",
            rf"(?:确认|确定|现在|马上|立即|好|好的|是的)?(?:提交|递交|交上去){_WHOLE_ZH}?(?:了)?",
            rf"(?:submit|send|hand in|file)(?: (?:it|{_MY}(?:application|form)|everything))(?: in| off)?(?: now)?|submit|i (?:confirm|want) (?:and|to) submit(?: it)?|yes submit(?: it)?",
            r"(?:jetzt )?(?:abschicken|einreichen|absenden)|(?:(?:meine|die) )?bewerbung (?:jetzt )?(?:abschicken|einreichen|absenden)",
        ),
    ),
    (
        "pause",
        _any(
            r"(?:暂停|停|停一下|暂停一下|休息一下|歇会儿?|退出|离开|保存|保存(?:并|后|一下|然后)?退出|到这里|到这儿)(?:填写|申请|了)?",
            r"(?:稍后|晚点|晚些|等会儿?|等一会儿?|待会儿?|过会儿?|明天|后天|改天|改日|下次|下周|以后|之后|回头|有空|晚上)(?:我)?(?:再|继续|接着)(?:填|写|说|来|继续|弄|补|做|申请|发|答|回答)?(?:写|填)?(?:完|上)?(?:这个|这题|好了)?",
            r"(?:这个|这题|这)(?:稍后|晚点|以后|回头|下次|明天)(?:再)?(?:填|写|说|补)",
            r"稍后|晚点|改天",
            r"(?:i ?m |i am )?(?:done|finished) for (?:today|now|tonight|the day)|that ?s (?:it|all|enough) for (?:today|now|tonight)|(?:i )?(?:gotta|got to|have to|need to|must) (?:run|go|leave)(?: now)?|will (?:finish|continue|go on|be back)(?: (?:this|it))? (?:later|tonight|tomorrow|soon)",
            r"(?:今天|现在|我)?(?:就|先)(?:到(?:这|此)(?:里|儿)?|放(?:着|一放|一边)|这样)(?:了)?(?:吧)?(?:(?:明天|后天|改天|回头|之后|晚点|下次)(?:再)?(?:弄|填|写|来|继续|说)?)?",
            r"pause(?: (?:here|it|this|the application))?|later|not now|stop(?: (?:here|it|this))?|exit|quit|save and (?:exit|quit|continue later)|(?:i )?(?:take|need) a (?:break|pause)|"
            r"(?:(?:i|we) ?(?:ll|will|can) |id |let me )?(?:continue|finish|do|come back|go on|carry on|send|fill|resume|pick up|answer)(?: (?:this|it|that|back|with this|the rest))?(?: in| to this| to it| up)? (?:later|tomorrow|tonight|another (?:day|time)|next (?:week|time)|some other time|in the (?:morning|evening|afternoon)|on \w+day)",
            r"pause(?: machen)?|später(?: weiter(?:machen)?)?|weiter später|(?:ich mache |mache )?(?:später|morgen|ein andermal) weiter|aufhören|stopp?|unterbrechen",
        ),
    ),
    (
        "edit",
        _any(
            r"(?:修改|更改|改|改动|编辑|更正|改正)(?:一个|一下|个|某个|几个|下|之前的?|前面的?|我的|已填的|其他|别的|错的)*(?:答案|回答|内容|东西|题|信息|地方)?",
            r"(?:有(?:个|一个)?(?:地方|答案|题|信息))(?:我)?(?:写错|填错|错|不对|要改)(?:了)?|(?:我)?(?:前面|之前|刚才)?(?:写|填|选|打)错了(?:一个)?",
            r"(?:edit|change|correct|fix|revise|update)(?: (?:something(?: else)?|(?:an|one|my|some|another|the|a)(?: \w+)? answers?|one of my answers|one thing|a mistake|(?:my )?answers?))?",
            r"(?:i )?made a (?:mistake|typo|error)|something (?:is|was) wrong|(?:eine )?antwort(?:en)? (?:ändern|korrigieren)|etwas (?:ändern|korrigieren)|ändern|korrigieren",
        ),
    ),
)  # fmt: skip
_WITHOUT = re.compile(
    r"(?:我们?|公司)?(?:现在|目前|暂时|还|都)?(?:没有|没|无|暂无|不需要|不用|没做)(?P<zh>.{0,6}?)(?:了|的|呢)?|"
    r"(?:(?:no|none|nothing|nope|n a|na)(?: (?P<en>[\w ]{1,20}))?|(?:i|we) (?:do not|dont|don t|havent|haven t|have not) (?:have|got) (?:one|any|it|that)(?: yet)?|not yet|"
    r"(?:i|we) have (?:none|no (?P<own>\w+)))(?: yet)?|"
    r"(?:(?:wir )?haben wir (?:nicht|keine?)|keine?|nein|noch nicht|wir haben keine?)(?: (?P<de>\w+))?"
)


def command(text: str) -> str | None:
    """The command that a whole message gives, maybe with a polite word or a reason in a phrase of its own."""
    parts = phrases(text)
    if not parts or len(text) > 120:
        return None
    if (found := _named(" ".join(parts))) is not None:
        return found
    named = [_named(part) for part in parts]
    if len(parts) > 3 or not any(named):
        return None
    others = [part for part, name in zip(parts, named, strict=True) if name is None]
    wanted = {name for name in named if name is not None}
    fits = all(len(part) <= 24 for part in others) and len(wanted) == 1
    return wanted.pop() if fits and (named[-1] or named[0]) else None


def has_none(text: str, names: list[str]) -> bool:
    """Tell whether the message says only that there is no such thing; `names` are the question's own."""
    parts = phrases(text)
    match = _WITHOUT.fullmatch(" ".join(parts)) if parts else None
    if match is None:
        return False
    rest = next((group for group in match.groups() if group), "").strip()
    return not rest or any(rest in name or name in rest for name in names)


def _named(phrase: str) -> str | None:
    bare = _TAIL.sub("", _LEAD.sub("", phrase)).strip()
    for name, pattern in _COMMANDS:
        if pattern.fullmatch(phrase) or (bare and pattern.fullmatch(bare)):
            return name
    return None
