"""How many planted differences the twin check finds: `python -m benchmarks twins`.

A difference is planted into a copy of a sample document, in either language, at a place that a seeded
generator picks: half of the seeds were used while the check was built, the other half only counted.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.tables import table
from knowledge.twins import Difference, compare_twins

DOCUMENTS = Path(__file__).parents[1] / "programs" / "joint-base" / "documents"
DEVELOPMENT, TEST = range(1_000, 1_060), range(2_000, 2_060)
_FRONT = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_DATE = {
    "en": r"\b\d{1,2} (?:January|February|March|April|May|June|July|August|September|October|November|"
    r"December)\b",
    "zh": r"\d{1,2}月\d{1,2}日",
}
_NUMBER = r"(?<![\d.:/-])\d[\d,]*(?:\.\d+)?(?![\d:/-]|,\d)"
_AMOUNT = {
    "en": r"(?:RMB|US\$|EUR|€|\$) ?\d[\d,.]*\d|\d[\d,.]* (?:yuan|percent|square meters)|\d+ ?%",
    "zh": r"\d[\d,.]*(?:万|亿)?(?:美元|欧元|元|平方米)|\d+ ?%",
}
_UNITS = {
    "en": (
        ("working days", "days"),
        ("months", "weeks"),
        ("weeks", "months"),
        ("hours", "days"),
        ("MB", "GB"),
        ("minutes", "hours"),
        ("days", "weeks"),
        ("years", "months"),
    ),
    "zh": (
        ("个工作日", "天"),
        ("个月", "周"),
        ("周", "个月"),
        ("小时", "天"),
        ("MB", "GB"),
        ("分钟", "小时"),
        ("天", "周"),
        ("年", "个月"),
    ),
}
_MUST = {
    "en": (
        ("must not", "may"),
        ("must", "may"),
        ("has to", "may"),
        ("have to", "may"),
        ("cannot", "must"),
        ("may", "must"),
    ),
    "zh": (("不得", "可以"), ("必须", "可以"), ("应", "可以"), ("不能", "必须"), ("可以", "必须")),
}
_NEGATED = {
    "en": (
        (r"\bcannot\b", "can"),
        (r"\bmust not\b", "must"),
        (r"\bdoes not need to\b", "needs to"),
        (r"\bcan\b(?! not)", "cannot"),
        (r"\bmay\b(?! not)", "may not"),
        (r"\bneed not\b", "must"),
    ),
    "zh": (
        ("不能", "能"),
        ("不得", "得"),
        ("不需要", "需要"),
        ("(?<!不)可以", "不可以"),
        ("无需", "需"),
        ("(?<!不)必须", "不必"),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """One change: where, what stood there and what stands there now; `body` is the changed document."""

    seed: int
    name: str
    language: str
    kind: str
    before: str
    after: str
    line: str
    body: str


Change = Callable[[random.Random, str, str], tuple[int, int, str] | None]


def body(language: str, name: str) -> str:
    """A sample document without front matter and comments."""
    text = (DOCUMENTS / language / name).read_text("utf-8")
    return _COMMENT.sub("", _FRONT.sub("", text))


def names() -> list[str]:
    """The documents that exist in both languages."""
    return sorted(p.name for p in (DOCUMENTS / "zh").glob("*.md") if (DOCUMENTS / "en" / p.name).exists())


def _pick(chance: random.Random, text: str, pattern: str) -> re.Match[str] | None:
    found = [m for m in re.finditer(pattern, text) if not _in_heading(text, m.start())]
    return chance.choice(found) if found else None


def _in_heading(text: str, position: int) -> bool:
    return text[text.rfind("\n", 0, position) + 1 :].startswith("#")


def _other(chance: random.Random, digits: str) -> str:
    value = int(re.sub(r"\D", "", digits) or 0)
    changed = value + chance.choice([d for d in (-3, -2, -1, 1, 2, 3, 10) if value + d > 1])
    return f"{changed:,}" if "," in digits else str(changed)


def _number(chance: random.Random, text: str, language: str) -> tuple[int, int, str] | None:
    match = _pick(chance, text, _NUMBER)
    if match is None or "." in match.group():
        return None
    return match.start(), match.end(), _other(chance, match.group())


def _date(chance: random.Random, text: str, language: str) -> tuple[int, int, str] | None:
    match = _pick(chance, text, _DATE[language])
    if match is None:
        return None
    digits = list(re.finditer(r"\d+", match.group()))[-1 if language == "zh" else 0]
    day = int(digits.group())
    new = str(day + 1 if day < 28 else day - 1)
    return match.start() + digits.start(), match.start() + digits.end(), new


def _amount(chance: random.Random, text: str, language: str) -> tuple[int, int, str] | None:
    match = _pick(chance, text, _AMOUNT[language])
    if match is None:
        return None
    digits = re.search(r"\d[\d,]*", match.group())
    assert digits is not None
    return match.start() + digits.start(), match.start() + digits.end(), _other(chance, digits.group())


def _dropped(chance: random.Random, text: str, language: str) -> tuple[int, int, str] | None:
    unit = r"(?: [a-z]+){0,2}" if language == "en" else r"[一-鿿]{0,2}"
    match = _pick(chance, text, _NUMBER + unit)
    return (match.start(), match.end(), "") if match else None


def _unit(chance: random.Random, text: str, language: str) -> tuple[int, int, str] | None:
    chosen = list(_UNITS[language])
    chance.shuffle(chosen)
    for old, new in chosen:
        match = _pick(chance, text, rf"(?<=\d) ?{old}")
        if match and not (old == "年" and re.search(r"(?:19|20)\d\d$", text[: match.start()])):
            return match.start(), match.end(), (" " if language == "en" else "") + new
    return None


def _modal(chance: random.Random, text: str, language: str) -> tuple[int, int, str] | None:
    chosen = list(_MUST[language])
    chance.shuffle(chosen)
    for old, new in chosen:
        match = _pick(
            chance,
            text,
            rf"\b{old}\b(?! not)" if language == "en" else rf"(?<![不相对供])(?:{old})(?![用该付答急当])",
        )
        if match:
            return match.start(), match.end(), new
    return None


def _negation(chance: random.Random, text: str, language: str) -> tuple[int, int, str] | None:
    chosen = list(_NEGATED[language])
    chance.shuffle(chosen)
    for old, new in chosen:
        match = _pick(chance, text, old)
        if match:
            return match.start(), match.end(), new
    return None


def _sentence(chance: random.Random, text: str, language: str) -> tuple[int, int, str] | None:
    end = "[.]" if language == "en" else "[。]"
    stop = r"[^\n.。]*" if language == "zh" else r"(?:[^\n.]|\.(?=\d))*"
    match = _pick(chance, text, rf"(?<=[.。]){stop}\d{stop}{end}")
    return (match.start(), match.end(), "") if match else None


KINDS: dict[str, Change] = {
    "changed number": _number,
    "changed date": _date,
    "changed amount": _amount,
    "dropped number": _dropped,
    "changed unit": _unit,
    "must for may": _modal,
    "negation": _negation,
    "dropped sentence": _sentence,
}


def plant(seed: int) -> Planted:
    """Plant one difference; the kinds take turns, everything else is chance of the seed."""
    chance = random.Random(seed)
    kind = list(KINDS)[seed % len(KINDS)]
    while True:
        name, language = chance.choice(names()), chance.choice(("zh", "en"))
        text = body(language, name)
        change = KINDS[kind](chance, text, language)
        if change is None:
            continue
        start, end, new = change
        line = text[text.rfind("\n", 0, start) + 1 : text.find("\n", end)]
        return Planted(
            seed=seed,
            name=name,
            language=language,
            kind=kind,
            before=text[start:end],
            after=new,
            line=line,
            body=text[:start] + new + text[end:],
        )


def differences(name: str, zh: str | None = None, en: str | None = None) -> tuple[list[Difference], int]:
    """Compare one pair of the sample documents, with one side changed if given."""
    report = compare_twins(zh or body("zh", name), "zh", en or body("en", name), "en")
    return list(report.differences), report.checked


def is_found(planted: Planted, known: list[Difference]) -> bool:
    """Whether the check reports something new in the planted section.

    What the unplanted twins already report does not count.
    """
    now, _ = differences(planted.name, **{planted.language: planted.body})
    new = Counter(_key(d) for d in now) - Counter(_key(d) for d in known)
    headings = {d.heading for d in now if _key(d) in new}
    return bool(headings & set(_headings(planted)))


def _key(difference: Difference) -> tuple[str, str, str, str, bool]:
    d = difference
    return d.kind, d.heading, d.value, d.other, d.on_left


def _headings(planted: Planted) -> Iterator[str]:
    """The Chinese heading of the planted section, and the other one where the Chinese side lacks it."""
    own = body(planted.language, planted.name).split("\n")
    at = next(i for i, line in enumerate(own) if line == planted.line)
    order = sum(line.startswith("#") for line in own[: at + 1]) - 1
    for language in ("zh", "en"):
        heads = [
            line.lstrip("# ").strip()
            for line in body(language, planted.name).split("\n")
            if line.startswith("#")
        ]
        yield heads[order]


def main() -> None:
    """Print what is found of each kind, and the false alarms on the twins as they are."""
    known, checked, rows = {}, 0, []
    for name in names():
        known[name], count = differences(name)
        checked += count
    alarms = sum(len(found) for found in known.values())
    for part, seeds in (("development", DEVELOPMENT), ("test", TEST)):
        found: Counter[str] = Counter()
        missed = []
        for planted in map(plant, seeds):
            if is_found(planted, known[planted.name]):
                found[planted.kind] += 1
            elif part == "development":
                missed.append(planted)
        total = Counter(plant(seed).kind for seed in seeds)
        rows += [(part, kind, total[kind], found[kind]) for kind in KINDS]
        rows.append((part, "all", len(seeds), sum(found.values())))
        for one in missed:
            print(
                f"missed {one.seed} {one.name} {one.kind}: {one.before!r} → {one.after!r} in {one.line[:300]}"
            )
    table("Planted differences", ("part", "kind", "planted", "found"), rows)
    table("False alarms", ("items checked", "reported", "share"), [(checked, alarms, alarms / checked)])


if __name__ == "__main__":
    main()
