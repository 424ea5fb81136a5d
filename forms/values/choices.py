"""Answers that choose one or several options."""

from __future__ import annotations

import re
from collections.abc import Iterable

from forms.model import Option, Question, Value
from forms.values.options import Mention, by_number, is_filler, mentions, resolve
from forms.values.problem import NotValid
from forms.values.text import excerpt, fold, plain, wording
from forms.values.vocabulary import words

_SEPARATORS = re.compile(
    r"[、,;/+&|\n。.]|\s*\b(?:and|und|et|plus|as well as|sowie)\b\s*|以及|还有|和|及|与|跟|加上?"
)
_EDGES = " \t:!()[]\"'“”‘’-–—•*~?"
_ASKED = re.compile(r"\?|[吗呢么]\s*$")
_CHOOSING = re.compile(
    r"选|要|申请|想|倾向|\b(?:choose|pick|select|apply|applying|want|go for|go with|take|prefer|interested|"
    r"like|nehmen|wählen|möchten?|wollen|bewerben)\b"
)


def read_option(question: Question, option_id: str) -> Value:
    """Take a pressed option as the answer; NotValid when it is no longer offered."""
    option = next((item for item in question.options if item.id == option_id), None)
    if option is None:
        raise NotValid("option_gone")
    data = [option.id] if question.type == "choices" else option.id
    return Value(data=data, wording=next(iter(option.labels.values()), option.id))


def read_choice(question: Question, text: str, language: str) -> Value:
    """Read the one option that is meant; NotValid when none or several are."""
    meant = resolve(question, text)
    if len(meant) == 1:
        return Value(data=meant[0].id, wording=wording(text))
    if meant:
        raise NotValid("option_unclear", word=excerpt(text), options=_labels(meant, language))
    named = {mention.option.id for mention in mentions(question, plain(text).casefold(), parts=False)}
    raise NotValid("one_option" if len(named) > 1 else "choice", word=excerpt(text))


def read_choices(question: Question, text: str, language: str) -> Value:
    """Read every option that is meant; NotValid when a part of the text is none."""
    return _value(question, _chosen(question, text, language), text)


def find_choice(question: Question, text: str) -> Value | None:
    """The one option that a sentence names and does not deny."""
    named = _affirmed(question, text)
    return Value(data=named[0], wording=wording(text)) if len(named) == 1 else None


def find_choices(question: Question, text: str) -> Value | None:
    """The options that a sentence names, none of them denied."""
    named = _affirmed(question, text)
    try:
        return _value(question, set(named), text) if named else None
    except NotValid:
        return None


def check_choices(question: Question, chosen: Iterable[str]) -> None:
    """Raise NotValid for an option that is not there, or too few or too many."""
    ids = set(chosen)
    if ids - {option.id for option in question.options}:
        raise NotValid("option_gone")
    least = question.limits.min_choices
    if least is None:
        least = 1 if question.required else 0
    most = question.limits.max_choices
    if len(ids) < least:
        raise NotValid("too_few", count=len(ids), limit=least)
    if most is not None and len(ids) > most:
        raise NotValid("too_many", count=len(ids), limit=most)


def _value(question: Question, chosen: set[str], text: str) -> Value:
    check_choices(question, chosen)
    ordered = [option.id for option in question.options if option.id in chosen]
    return Value(data=ordered, wording=wording(text))


def _affirmed(question: Question, text: str) -> list[str]:
    """Ids of the options that a statement names; none when it asks, or denies one of them."""
    lowered = plain(text).casefold()
    if _ASKED.search(lowered):
        return []
    found = mentions(question, lowered, parts=True)
    if any(mention.negated for mention in found):
        return []
    named = list(dict.fromkeys(mention.option.id for mention in found))
    if _CHOOSING.search(lowered):
        return named
    certain = {mention.option.id for mention in mentions(question, lowered, parts=False)}
    return named if certain == set(named) else []


def _chosen(question: Question, text: str, language: str) -> set[str]:
    whole = resolve(question, text)
    if len(whole) == 1:
        return {whole[0].id}
    word = fold(text)
    if word in words("choices", "all") or (len(question.options) == 2 and word in words("choices", "both")):
        return {option.id for option in question.options}
    if word in words("choices", "none"):
        return set()
    lowered = plain(text).casefold()
    found = mentions(question, lowered, parts=True)
    if denied := next((mention for mention in found if mention.negated), None):
        raise NotValid("option_unknown", word=excerpt(lowered[: denied.end]))
    chosen = {mention.option.id for mention in found}
    for part in _SEPARATORS.split(_without(lowered, found)):
        chosen |= _part(question, part.strip(_EDGES), language, letters=not found)
    if not chosen:
        raise NotValid("option_unknown", word=excerpt(text))
    return chosen


def _without(lowered: str, found: list[Mention]) -> str:
    """The text with a line break in place of every option named."""
    rest, position = [], 0
    for mention in found:
        rest.append(lowered[position : mention.start])
        position = mention.end
    return "\n".join([*rest, lowered[position:]])


def _part(question: Question, part: str, language: str, *, letters: bool) -> set[str]:
    """Ids of the options that a part between separators means; none for words around a choice."""
    numbered = [by_number(question, word) for word in part.split() if letters or not word.isalpha()]
    if numbered and all(numbered):
        return {option.id for option in numbered if option is not None}
    if not part or is_filler(part):
        return set()
    meant = resolve(question, part)
    if len(meant) == 1:
        return {meant[0].id}
    if meant:
        raise NotValid("option_unclear", word=excerpt(part), options=_labels(meant, language))
    raise NotValid("option_unknown", word=excerpt(part))


def _labels(options: list[Option], language: str) -> str:
    return " / ".join(
        option.labels.get(language) or option.labels.get("en") or option.id for option in options
    )
