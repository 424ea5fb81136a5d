"""The words by which knowledge/facts.py knows numbers, units, dates and what one must or may do.

A pair of patterns is looked up by whether the text is Chinese: [0] English, [1] Chinese.
"""

from __future__ import annotations

import re

MONTHS = dict(
    zip(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
        range(1, 13),
        strict=True,
    )
)
CHINESE_DIGITS = {**dict(zip("零一二三四五六七八九", range(10), strict=True)), "两": 2, "〇": 0}
_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
ENGLISH_NUMBERS = {
    **{word: value for value, word in enumerate(_SMALL.split())},
    **{word: 20 + 10 * n for n, word in enumerate(_TENS.split())},
    "hundred": 100,
    "once": 1,
    "twice": 2,
}
_MONTH = r"(?P<month>(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*)\.?"
_ENGLISH_DATES = (
    rf"\b(?P<day>[0-3]?\d)(?:st|nd|rd|th)?\s+{_MONTH},?\s+(?P<year>(?:19|20)\d\d)\b",
    rf"\b{_MONTH}\s+(?P<day>[0-3]?\d)(?:st|nd|rd|th)?,?\s+(?P<year>(?:19|20)\d\d)\b",
    r"(?<![\d-])(?P<year>(?:19|20)\d\d)-(?P<month>\d\d)-(?P<day>\d\d)(?![\d-])",
    rf"\b{_MONTH}\s+(?P<year>(?:19|20)\d\d)\b",
    rf"\b(?P<day>[0-3]?\d)(?:st|nd|rd|th)?\s+{_MONTH}(?=\W|$)",
    rf"\b{_MONTH}\s+(?P<day>[0-3]?\d)(?:st|nd|rd|th)?\b",
    _MONTH.replace("|May", "") + r"(?=\W|$)",
    r"(?<![\d,.])(?P<year>(?:19|20)\d\d)(?![\d,]\d|\d)(?!\s*(?:m²|square|people|startups|companies|yuan|RMB))",
)
_CHINESE_DATES = (
    r"(?P<year>(?:19|20)\d\d)\s*年\s*(?P<month>\d{1,2})\s*月\s*(?P<day>\d{1,2})\s*[日号]",
    r"(?<![\d-])(?P<year>(?:19|20)\d\d)-(?P<month>\d\d)-(?P<day>\d\d)(?![\d-])",
    r"(?P<year>(?:19|20)\d\d)\s*年\s*(?P<month>\d{1,2})\s*月",
    r"(?<!\d)(?P<month>\d{1,2})\s*月\s*(?P<day>\d{1,2})\s*[日号]",
    r"(?<![\d个])(?P<month>\d{1,2})\s*月(?![\d])",
    r"(?P<year>(?:19|20)\d\d)\s*年",
    r"[（〔(](?P<year>(?:19|20)\d\d)[）〕)]",
)
DATES = (
    tuple(re.compile(p, re.IGNORECASE if "Jan" not in p else 0) for p in _ENGLISH_DATES),
    tuple(re.compile(p) for p in _CHINESE_DATES),
)
TIMES = (
    re.compile(
        r"\b(?P<hour>[0-2]?\d)(?::(?P<minute>[0-5]\d)\b|(?=\s*[ap]\.?m\b))(?:\s*(?P<half>[ap]\.?m\b))?",
        re.IGNORECASE,
    ),
    re.compile(
        r"(?P<half>上午|下午|晚上|早上|中午)?\s*(?P<hour>[0-2]?\d)\s*(?:[:：](?P<minute>[0-5]\d)|[点點](?!\d)整?)"
    ),
)
ADDRESS = re.compile(
    r"https?://[^\s，。；）)》\]]+|[\w.+-]+@[\w-]+\.[\w.-]+|(?<![\w@/.])(?:www\.)?[a-z0-9-]+\.(?:com|cn|org|net|de|io)"
    r"(?:/[^\s，。；）)》\]]*)?",
    re.IGNORECASE | re.ASCII,
)
# Numbers that count nothing: names that hold one, ordinals that lists and prose give at will.
NOT_A_NUMBER = (
    re.compile(
        r"\b[A-Z][a-z]*-?\d+\b|\b\d+(?:st|nd|rd|th)\b|\b(?:no one|one of|one another)\b"
        r"|\b(?:each one|this one|at one)\b"
        r"|\b3D\b|\bUTC[+-]\d+|/[a-z]+|^\s*\d{1,2}[.)]\s",
    ),
    re.compile(
        r"[A-Z][A-Za-z]*-?\d+|3D|UTC[+-]\d+|/[a-z]+|第[一二三四五六七八九十\d]+|^\s*\d{1,2}[.、)]\s?"
        r"|一[些般定样切起直旦方致同下点线边]|[统同唯专之进逐万]一|一[一二三四五六七八九]五|十[三四]五|其[一二]|"
        r"周[一二三四五六日天]|星期[一二三四五六日天]|千[万方]不|百科|四[处面周]|三方|两[者边岸]|双方|十分|万一|百度|一带",
    ),
)
_CN = "[零一二两三四五六七八九十百千万〇]+"
_EN = "|".join(sorted((w for w in ENGLISH_NUMBERS if w not in {"zero"}), key=len, reverse=True))
_EN_WORD = rf"(?:(?:{_TENS.replace(' ', '|')})-(?:{'|'.join(_SMALL.split()[1:10])})|{_EN})"
_FIGURE = r"(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"

CHINESE_UNITS = (
    ("百分之", "percent", "%", 1.0),
    ("%|％|个百分点", "percent", "%", 1.0),
    ("US\\$|\\$|美元|USD", "money", "USD", 1.0),
    ("€|欧元|EUR", "money", "EUR", 1.0),
    ("¥|￥|人民币|RMB|CNY|元|元人民币|块钱", "money", "CNY", 1.0),
    ("个?工作日|个?工作天", "duration", "working days", 1.0),
    ("秒钟?|秒", "duration", "minutes", 1 / 60),
    ("分钟", "duration", "minutes", 1.0),
    ("个?小时|个?钟头", "duration", "minutes", 60.0),
    ("天|个?自然日|日", "duration", "days", 1.0),
    ("周|个?星期|个?礼拜", "duration", "weeks", 1.0),
    ("个?月", "duration", "months", 1.0),
    ("年|周年", "duration", "months", 12.0),
    ("平方米|平米|㎡|m²|m2", "quantity", "m²", 1.0),
    ("公里|千米|km", "quantity", "km", 1.0),
    ("MB|兆", "quantity", "MB", 1.0),
    ("GB|吉字节", "quantity", "GB", 1.0),
    ("TB", "quantity", "TB", 1.0),
    ("页", "quantity", "pages", 1.0),
    ("岁|周岁", "quantity", "years old", 1.0),
    ("字|个?字符|个?汉字", "quantity", "characters", 1.0),
)
ENGLISH_UNITS = (
    ("%|percent|per cent", "percent", "%", 1.0),
    ("US\\$|\\$|USD|US dollars?|dollars?", "money", "USD", 1.0),
    ("€|EUR|euros?", "money", "EUR", 1.0),
    ("¥|RMB|CNY|yuan", "money", "CNY", 1.0),
    ("(?:working|business) days?", "duration", "working days", 1.0),
    ("seconds?", "duration", "minutes", 1 / 60),
    ("minutes?|min", "duration", "minutes", 1.0),
    ("(?:[a-z]+ )?hours?", "duration", "minutes", 60.0),
    ("(?:calendar )?days?", "duration", "days", 1.0),
    ("weeks?", "duration", "weeks", 1.0),
    ("months?", "duration", "months", 1.0),
    ("years? (?:old|of age)", "quantity", "years old", 1.0),
    ("years?", "duration", "months", 12.0),
    ("square met(?:er|re)s?|sq\\.? ?m|m²|m2|sqm", "quantity", "m²", 1.0),
    ("kilomet(?:er|re)s?|km", "quantity", "km", 1.0),
    ("MB|megabytes?", "quantity", "MB", 1.0),
    ("GB|gigabytes?", "quantity", "GB", 1.0),
    ("TB|terabytes?", "quantity", "TB", 1.0),
    ("pages?", "quantity", "pages", 1.0),
    ("characters?|letters", "quantity", "characters", 1.0),
)
_CHINESE_AFTER = (
    "个?工作日|个?工作天|个?自然日|分钟|秒钟?|个?小时|个?钟头|个?月(?![份初底中末])|周年|年(?![级初底末])|天|个?星期|个?礼拜|周(?![末边围报])|"
    "日(?![期常志])|平方米|平米|㎡|m²|m2|公里|千米|km|MB|兆|GB|TB|页|周?岁|个?字符|个?汉字|字(?!节)|元人民币|美元|欧元|人民币|"
    "元|块钱|%|％|个百分点|USD|EUR|RMB|CNY"
)
_ENGLISH_AFTER = (
    "%|percent|per cent|US dollars?|dollars?|USD|euros?|EUR|RMB|CNY|yuan|(?:working|business) days?|seconds?|"
    "minutes?|min|(?:[a-z]+ )?hours?|calendar days?|days?|weeks?|months?|years? (?:old|of age)|years?|"
    "square met(?:er|re)s?|"
    "sq\\.? ?m|sqm|m²|m2|kilomet(?:er|re)s?|km|MB|megabytes?|GB|gigabytes?|"
    "TB|terabytes?|pages?|characters?|letters"
)
NUMBER = (
    re.compile(
        rf"(?P<before>US\$|\$|€|¥|RMB |CNY |USD |EUR )?"
        rf"(?:(?P<low>(?<![\w.])(?<!\d:){_FIGURE}|\b{_EN_WORD})\s*(?:to|–|-|or|and)\s*(?=(?:{_FIGURE}|{_EN_WORD})\s?(?:{_ENGLISH_AFTER})))?"
        rf"(?P<number>(?<![\w.])(?<!\d:){_FIGURE}(?!\d)|\b{_EN_WORD}\b)"
        rf"(?:\s?(?P<scale>hundred|thousand|million|billion|k)\b)?"
        rf"(?:[\s-]?(?P<after>(?:{_ENGLISH_AFTER})(?![a-z])))?",
        re.IGNORECASE,
    ),
    re.compile(
        rf"(?P<before>US\$|\$|€|¥|￥|人民币|百分之)?\s?"
        rf"(?:(?P<low>(?<![\d.])(?<!\d[:：]){_FIGURE}|{_CN})\s*(?:至|到|–|-|~|～|—|或)\s*(?=(?:{_FIGURE}|{_CN})\s*(?:{_CHINESE_AFTER})))?"
        rf"(?P<number>(?<![\d.A-Za-z])(?<!\d[:：]){_FIGURE}(?!\d)|{_CN})"
        rf"\s?(?P<scale>[万亿千百])?\s?"
        rf"(?P<after>{_CHINESE_AFTER})?",
    ),
)
IDIOMS: tuple[tuple[tuple[re.Pattern[str], str, tuple[str | float | None, ...]], ...], ...] = (
    (
        (re.compile(r"\bhalf a year\b", re.I), "duration", (6.0, "months")),
        (re.compile(r"\bhalf an hour\b", re.I), "duration", (30.0, "minutes")),
    ),
    (
        (re.compile("半年"), "duration", (6.0, "months")),
        (re.compile("半个?小时"), "duration", (30.0, "minutes")),
    ),
)
LATIN_NAME = re.compile(r"(?<![A-Za-z/])[A-Z][A-Za-z]+(?:[ -][A-Z][A-Za-z]+)*(?![A-Za-z])")
# The surest first: "must not" before "must". "no" says that something is not, whatever the verb.
MODALS = (
    (
        (
            "need not",
            re.compile(
                r"\b(?:need(?:s)? not|needn't|(?:does|do) not (?:need|have) to|(?:is|are) not (?:required|"
                r"needed|necessary|obliged)|needs? no|no need|no [a-z]+ (?:is|are) (?:needed|required)|"
                r"not mandatory|nothing to|asks? for no|without having to)\b",
                re.I,
            ),
        ),
        (
            "must not",
            re.compile(
                r"\b(?:must not|mustn't|may not|cannot|can not|can't|shall not|should not|"
                r"not (?:allowed|permitted)|(?:is|are) (?:prohibited|forbidden)|(?:can|may|must) neither|"
                r"could not|"
                r"(?:can|may|must|could) (?:[a-z]+ ){1,4}not|"
                r"(?:nobody|no one|neither [a-z ]{1,40}) (?:may|can)|nor can)\b",
                re.I,
            ),
        ),
        (
            "must",
            re.compile(
                r"\b(?:must|shall|should|ha(?:s|ve) to|(?:is|are) required|required to|needs? to)\b", re.I
            ),
        ),
        ("may", re.compile(r"\b(?:may|can|(?:is|are) allowed to|(?:is|are) free to)\b(?! [a-z]+ 20\d\d)")),
    ),
    (
        (
            "need not",
            re.compile("不需要|无需|无须|不必|不用(?!于|户)|不要求|不需|用不着|不是必[须需]|并非必[须需]"),
        ),
        ("must not", re.compile("不得|不能|不可以?(?!避免|抗)|不准|不许|禁止|严禁|不应当?|无法")),
        (
            "must",
            re.compile(
                "必须|应当|(?<![相反对供适响感])应(?![用该付答急])|应该|务必|须(?!知)|需要|(?<!必)需(?![求])"
            ),
        ),
        (
            "may",
            re.compile(
                "可以|可(?![能选靠持见观穿演展燃再])|(?<![不智功性职可才技动只潜赋才])能(?![力量源够耗级动源见])|能够|可能"
            ),
        ),
    ),
)
