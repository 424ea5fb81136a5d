"""Text into sentences, each an exact substring, so that a quotation can be checked against its source."""

from __future__ import annotations

import re

# A list item or a table row is quoted whole: half of one says something else.
_UNIT = re.compile(
    r"^\s*(?:[-*+•·]\s|\(?\d{1,3}[.)、]\s?|[（(][一二三四五六七八九十\d]{1,3}[)）]|[a-z]\)\s|\||>\s)"
)
_CONTINUATION = re.compile(r"^(?:\s{2,}|\t)\S")
_CLOSERS = "\"'”’」』）)】》]*_"
_WIDE_ENDS = "。！？；…｡؟۔।॥։"
_NARROW_ENDS = ".!?"
_BOUNDARY = re.compile(rf"(?:[{_WIDE_ENDS}]+|[{_NARROW_ENDS}]+)[{re.escape(_CLOSERS)}]*")
_LAST_WORD = re.compile(r"(?:[^\W_]\.)*[^\W_]+$")
CJK = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\U00020000-\U000323af]")
_NEVER_LAST = (
    "e.g i.e cf vs dr mr mrs ms prof st no nr art fig approx dept est jan feb mar apr jun jul aug sep sept "
    "oct nov dec z.b bzw ca d.h u.a evtl ggf inkl zzgl abs str p.ex sr sra dott ing pp vol ed eds u.s u.k a.m"
)
_ABBREVIATIONS = frozenset(_NEVER_LAST.split())
# A dot after such a word ends the sentence only when a capital follows.
_SOMETIMES = frozenset({"etc", "inc", "ltd", "co", "corp", "plc", "p.m", "usw"})
_ORDINAL_LANGUAGES = frozenset(
    {"de", "da", "no", "fi", "cs", "sk", "hu", "hr", "sl", "et", "lv", "is", "tr", "pl"}
)


def split_sentences(text: str, language: str) -> list[str]:
    """Cut text at sentence ends; line breaks always end one, list items and table rows stay whole.

    Every result is a substring of `text` without surrounding white space, and together, in order, they
    hold everything but white space.
    """
    sentences: list[str] = []
    for line in _lines(text):
        if _UNIT.match(line):
            sentences.append(line.strip())
        else:
            sentences.extend(_split_line(line, language))
    return [sentence for sentence in sentences if sentence]


def _lines(text: str) -> list[str]:
    """Split at line breaks, but keep the indented lines of a list item with it."""
    lines: list[str] = []
    in_item = False
    for line in text.split("\n"):
        if in_item and _CONTINUATION.match(line) and not _UNIT.match(line):
            lines[-1] += "\n" + line
            continue
        in_item = bool(_UNIT.match(line)) and not line.lstrip().startswith("|")
        lines.append(line)
    return lines


def _split_line(line: str, language: str) -> list[str]:
    parts: list[str] = []
    start = 0
    for match in _BOUNDARY.finditer(line):
        if _ends_sentence(line, match, language):
            parts.append(line[start : match.end()].strip())
            start = match.end()
    parts.append(line[start:].strip())
    return parts


def _ends_sentence(line: str, match: re.Match[str], language: str) -> bool:
    mark, after = match.group(), line[match.end() :]
    if mark[0] in _WIDE_ENDS or not after:
        return True
    if CJK.match(after):
        # "3.5万" has a digit before the dot; "!" and "?" always end here.
        return mark[0] != "." or _is_cjk(line, match.start() - 1)
    if not after[0].isspace():
        return mark[0] != "." and _is_cjk(line, match.start() - 1)
    if mark[0] != ".":
        return True
    return _full_stop(line[: match.start()], after.lstrip(), language)


def _is_cjk(line: str, position: int) -> bool:
    return position >= 0 and bool(CJK.match(line[position]))


def _full_stop(before: str, following: str, language: str) -> bool:
    found = _LAST_WORD.search(before)
    word = found.group().casefold() if found else ""
    starts_new = bool(following) and not following[0].islower()
    if word in _ABBREVIATIONS or (len(word) == 1 and word.isalpha() and not CJK.match(word)):
        return False
    if word in _SOMETIMES:
        return starts_new
    if word.isdigit() and len(word) <= 2 and language in _ORDINAL_LANGUAGES:
        return False
    return starts_new
