from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import handlers
from handlers.small_talk import recognize
from handlers.texts import LANGUAGES, Texts, TextsInvalid, check, load, load_phrases, placeholders, read
from handlers.words import phrases

HANDLERS = Path(handlers.__file__).parent
CHANNELS = HANDLERS.parent / "bot" / "channels"


def test_every_language_has_the_same_keys_and_placeholders() -> None:
    texts = load()
    assert set(texts) == set(LANGUAGES)
    for language in LANGUAGES:
        assert texts[language].keys() == texts["en"].keys()
        for key, sentence in texts[language].items():
            assert placeholders(sentence) == placeholders(texts["en"][key]), (language, key)


def test_a_language_file_that_lacks_a_key_is_refused_by_name() -> None:
    with pytest.raises(TextsInvalid, match=r"de\.toml has no text for 'b'"):
        check({"en": {"a": "x", "b": "y"}, "de": {"a": "x"}})


def test_a_language_file_with_another_placeholder_is_refused_by_name() -> None:
    with pytest.raises(TextsInvalid, match=r"zh\.toml, 'a'"):
        check({"en": {"a": "{x}"}, "zh": {"a": "{y}"}})


def _keys_in_code() -> set[str]:
    found = set()
    for path in [*HANDLERS.rglob("*.py"), *CHANNELS.glob("terminal*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    for path in HANDLERS.rglob("*.html"):
        found.update(re.findall(r'"([a-z_.]+)"', path.read_text(encoding="utf-8")))
    return found


def _beginnings_in_code() -> tuple[str, ...]:
    """How keys begin that are put together, as in f"apply.dates.{phase}" or section = "apply.file."."""
    found = {"feedback.reason.", "menu."}
    found |= {text for text in _keys_in_code() if re.fullmatch(r"[a-z_]+(?:[.][a-z_]+)+[.]", text)}
    for path in HANDLERS.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            first = node.values[0] if isinstance(node, ast.JoinedStr) and node.values else None
            if isinstance(first, ast.Constant) and isinstance(first.value, str) and "." in first.value:
                found.add(first.value)
    for path in HANDLERS.rglob("*.html"):
        found.update(re.findall(r'"([a-z_.]+[.])"', path.read_text(encoding="utf-8")))
    return tuple(found)


def test_no_sentence_is_left_unsaid() -> None:
    said, beginnings = _keys_in_code(), _beginnings_in_code()
    unsaid = [key for key in load()["en"] if key not in said and not key.startswith(beginnings)]
    assert unsaid == []


def test_every_key_in_the_code_has_a_sentence() -> None:
    sections = {key.partition(".")[0] for key in load()["en"]}
    keys = {text for text in _keys_in_code() if text.replace(".", "_").isidentifier() and "." in text}
    wanted = {key for key in keys if key.partition(".")[0] in sections}
    assert {key for key in wanted if not key.endswith((".", "_"))} - load()["en"].keys() == set()


def test_foreign_text_in_a_placeholder_stays_as_it_is() -> None:
    assert Texts("en")("ask.heading", question="{0.__class__}") == "Your question: {0.__class__}"


def test_a_founder_who_writes_french_is_addressed_in_english() -> None:
    assert Texts("fr")("ask.refused") == Texts("en")("ask.refused")


def test_phrases_are_stored_as_they_are_compared_and_once_only() -> None:
    seen: dict[str, tuple[str, str]] = {}
    for kind, languages in read("phrases").items():
        for language, items in languages.items():
            for item in items:
                assert " ".join(phrases(item)) == item, item
                assert item not in seen, (item, seen.get(item), kind, language)
                seen[item] = (kind, language)
    assert seen.keys() == load_phrases().keys()


@pytest.mark.parametrize(
    ("text", "kind", "language"),
    [
        ("你好", "greeting", "zh"),
        ("您好！", "greeting", "zh"),
        ("谢谢!", "thanks", "zh"),
        ("hi there", "greeting", "en"),
        ("Hello! 👋", "greeting", "en"),
        ("HELLO", "greeting", "en"),
        ("Thanks a lot!!", "thanks", "en"),
        ("danke", "thanks", "de"),
        ("Guten Tag", "greeting", "de"),
        ("what can you do?", "help", "en"),
        ("你能做什么？", "help", "zh"),
        ("你能做什麼", "help", "zh"),
        ("你好，你能做什么？", "help", "zh"),
        ("Was kannst du?", "help", "de"),
        ("What's your name?", "help", "en"),
        ("转人工", "human", "zh"),
        ("I'd like to talk to a human.", "human", "en"),
        ("I have a question.", "greeting", "en"),
        ("我有个问题", "greeting", "zh"),
        ("I have a question about the rent.", None, None),
        ("you are useless!!", "upset", "en"),
        ("hi, talk to a human please", None, None),
        ("你好，租金多少？", None, None),
        ("hello, how much is the rent?", None, None),
        ("thanks for the grant, when is it paid?", None, None),
        ("help with visas", None, None),
        ("!!!", None, None),
    ],
)
def test_small_talk_is_recognized_only_as_a_whole_message(
    text: str, kind: str | None, language: str | None
) -> None:
    assert recognize(text) == (None if kind is None else (kind, language))
