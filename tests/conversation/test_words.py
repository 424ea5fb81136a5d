from __future__ import annotations

import pytest

from handlers.buttons import SELF, button, parse_press, resolve
from handlers.messages import Attachment, Button, Reply, Source
from handlers.replies import plain_text, reply_from_dict, reply_to_dict, with_message_id
from handlers.words import clean, clip, has_words, is_only_names, looks_like_question


@pytest.mark.parametrize(
    ("typed", "cleaned"),
    [
        ("\x00\x07rent\x1b[31m?\x7f", "rent[31m?"),
        ("\u202ehow much\u202c\u200f?", "how much?"),
        ("  a\r\nb\tc  ", "a\nb c"),
        ("\u200b\ufeff", ""),
        ("half \ud83d pair", "half  pair"),
        ("👩\u200d💻 ok", "👩\u200d💻 ok"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("<b>& *x* {y} %s", "<b>& *x* {y} %s"),
    ],
)
def test_invisible_signs_go_and_all_that_is_read_stays(typed: str, cleaned: str) -> None:
    assert clean(typed) == cleaned


@pytest.mark.parametrize(("text", "asks"), [("租金多少吗", True), ("Why?", True), ("它过时了。", False)])
def test_a_question_is_told_from_a_reason(text: str, asks: bool) -> None:
    assert looks_like_question(text) is asks


@pytest.mark.parametrize(
    ("text", "names"), [("BMW", True), ("BMW Startup Garage", True), ("rent", False), ("租金", False)]
)
def test_names_alone_do_not_show_a_language(text: str, names: bool) -> None:
    assert is_only_names(text) is (names if text != "租金" else False)


@pytest.mark.parametrize(("text", "words"), [("👍🎉", False), ("?!…", False), ("1", True), ("租", True)])
def test_emoji_and_signs_are_no_words(text: str, words: bool) -> None:
    assert has_words(text) is words


def test_a_long_text_is_clipped_at_a_sentence_end_near_the_limit() -> None:
    assert clip("一二三四五六七。九十一二", 10) == "一二三四五六七。…"
    assert len(clip("x" * 50, 10)) == 10


def test_a_payload_can_never_grow_beyond_64_bytes() -> None:
    longest = button("x", "topic", SELF, 1)
    assert len(resolve(longest.payload, 2**62).encode()) <= 64
    with pytest.raises(ValueError, match="64 bytes"):
        button("x", "topic", "y" * 60)
    with pytest.raises(ValueError, match="colon"):
        button("x", "topic", "a:b")


@pytest.mark.parametrize("payload", [None, "", "v1", "v1:", "v2:helpful:1", "helpful", "🙂"])
def test_a_payload_of_another_version_is_not_understood(payload: str | None) -> None:
    assert parse_press(payload) is None


@pytest.mark.parametrize("argument", ["", "-1", "1.5", "٣", "9" * 30, "x"])
def test_an_argument_that_is_no_number_is_none(argument: str) -> None:
    press = parse_press(f"v1:helpful:{argument}")
    assert press is not None
    assert press.number() is None


def test_a_reply_survives_the_outbox_unchanged() -> None:
    reply = Reply(
        text="租金 <b>",
        notes=("n",),
        sources=(Source(number=1, title="t", section="s", link="https://x"),),
        buttons=((Button(label="l", payload="v1:helpful:@"),),),
        attachments=(Attachment(name="f.json", media_type="application/json", size=2, content=b"{}"),),
        edits="5",
        toast="t",
        language="zh",
        extra={"press": "q"},
    )
    assert reply_from_dict(reply_to_dict(reply)) == reply
    assert reply_from_dict({**reply_to_dict(reply), "later": 1}) == reply
    assert reply_from_dict(reply_to_dict(reply, with_files=False)).attachments[0].content is None
    assert with_message_id(reply, 9).buttons[0][0].payload == "v1:helpful:9"
    assert plain_text(reply) == "租金 <b>\nn\n[1] t: s"
