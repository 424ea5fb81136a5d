"""Whatever a reply holds, Telegram's parser accepts it and shows the same words."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.telegram_render import LIMIT, keyboard, render, safe_link, utf16_length
from handlers.messages import Button, Reply, Source
from tests.telegram_api.markup import parse_html

NASTY = st.text(
    st.one_of(
        st.sampled_from("<>&\"'/;#=\n\t \u200f\u202e\u2067👩\u200d💻\ufe0f🏽é问。!?"),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=300,
)


def shown(reply: Reply) -> list[str]:
    parts = render(reply)
    for part in parts:
        assert utf16_length(part.markup) <= LIMIT
        assert utf16_length(part.plain) <= LIMIT
    return [parse_html(part.markup)[0] for part in parts]


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


@settings(max_examples=200, deadline=None)
@given(NASTY)
def test_any_text_is_accepted_and_reads_the_same(text: str) -> None:
    assert shown(Reply(text=text)) == ([text] if text.strip() else [])


@settings(max_examples=60, deadline=None)
@given(NASTY.filter(str.strip), st.integers(20, 60), NASTY, NASTY)
def test_any_long_text_is_cut_without_losing_a_character(
    text: str, times: int, note: str, title: str
) -> None:
    source = Source(number=1, title=title, section="", link="https://base.example/?a=1&b=2")
    reply = Reply(text=text * times, notes=(note,), sources=(source,))
    assert squeezed("".join(shown(reply))) == squeezed(text * times + note + "[1] " + title)


@pytest.mark.parametrize("length", [4095, 4096, 4097, 8192, 20_000])
@pytest.mark.parametrize("char", ["x", "问", "😀", "<", "&"])
def test_a_text_without_any_space_is_cut_too(length: int, char: str) -> None:
    assert "".join(shown(Reply(text=char * length))) == char * length


def test_a_cut_prefers_paragraphs_then_sentences() -> None:
    paragraph = "One sentence here. Another one there.\n\n"
    parts = shown(Reply(text=paragraph * 200))
    assert all(part.endswith("there.") for part in parts)
    parts = shown(Reply(text="这是一句话。" * 1500))
    assert all(part.endswith("。") for part in parts)


def test_a_cut_never_splits_an_emoji_of_several_code_points() -> None:
    parts = shown(Reply(text="👩🏽‍💻" * 2000))
    assert len(parts) > 2
    assert all(squeezed(part).startswith("👩") for part in parts)
    assert all(len(part) % 4 == 0 for part in parts)


def test_notes_are_italic_and_sources_a_numbered_list_of_links() -> None:
    reply = Reply(
        text="The base has 5,000 m² & more [1][2].",
        notes=("Sample policy.", "As of 2026-09."),
        sources=(
            Source(number=1, title="The base", section="Space", link='https://x.example/?a="1"&b=<2>'),
            Source(number=2, title="FAQ", section="FAQ"),
        ),
    )
    [part] = render(reply)
    text, entities = parse_html(part.markup)
    assert text == (
        "The base has 5,000 m² & more [1][2].\n\nSample policy.\nAs of 2026-09.\n\n"
        "[1] The base · Space\n[2] FAQ"
    )
    assert [(e["type"], text[e["offset"] : e["offset"] + e["length"]]) for e in entities] == [
        ("italic", "Sample policy.\nAs of 2026-09."),
        ("text_link", "The base"),
    ]
    assert entities[1]["url"] == 'https://x.example/?a="1"&b=<2>'
    assert 'The base (https://x.example/?a="1"&b=<2>) · Space' in part.plain


@pytest.mark.parametrize(
    "link",
    [
        None,
        "",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "tg://user?id=1",
        "https://",
        "http://[bad",
        "https://x.example/a b",
        "https://x.example/\n",
        "//x.example",
        "https://x.example/" + "a" * 3000,
        "https://x.example/?" + "&" * 1000,
    ],
)
def test_only_plain_web_addresses_become_links(link: str | None) -> None:
    assert safe_link(link) == ""
    [part] = render(Reply(text="", sources=(Source(number=1, title="T", section="", link=link),)))
    assert part.markup == "[1] T"


def test_names_and_paths_in_other_scripts_are_spelled_as_telegram_takes_them() -> None:
    made = keyboard([[Button(label="Open", payload="", url="https://例子.中国/公告?x=人")]])
    assert made is not None
    assert made.inline_keyboard[0][0].url == ("https://xn--fsqu00a.xn--fiqs8s/%E5%85%AC%E5%91%8A?x=%E4%BA%BA")
    assert safe_link("https://straße.de/ä?q=%20") == "https://xn--strae-oqa.de/%C3%A4?q=%20"
    assert safe_link("https://☃☃.example/") == ""


def test_half_surrogates_are_replaced_since_they_cannot_be_sent() -> None:
    assert shown(Reply(text="a\ud83d")) == ["a\ufffd"]
    made = keyboard([[Button(label="a\ud83d", payload="v1:\ud83d")]])
    assert made is not None
    assert (made.inline_keyboard[0][0].text, made.inline_keyboard[0][0].callback_data) == (
        "a\ufffd",
        "v1:\ufffd",
    )


def test_a_button_telegram_would_refuse_is_left_out() -> None:
    rows = [
        [Button(label="Yes", payload="v1:yes"), Button(label=" ", payload="v1:blank")],
        [Button(label="Long", payload="问" * 22), Button(label="None", payload="")],
        [
            Button(label="Web", payload="", url="https://x.example"),
            Button(label="Bad", payload="x", url="ftp://x"),
        ],
    ]
    made = keyboard(rows)
    assert made is not None
    assert [[b.text for b in row] for row in made.inline_keyboard] == [["Yes"], ["Web"]]
    assert keyboard([[Button(label="", payload="")]]) is None
