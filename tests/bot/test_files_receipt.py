from __future__ import annotations

import html
from html.parser import HTMLParser

import pytest

from handlers.apply.receipt import receipt
from storage.database import Database
from tests.bot.desks import AT, a_desk, whole
from tests.conversation.fakes import PROGRAM


@pytest.fixture
async def store(sqlite_url: str) -> Database:
    return Database.open(sqlite_url)


class Page(HTMLParser):
    """The tags and the visible text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not any(name.startswith("on") or name in {"src", "href"} for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.text += data


async def test_the_copy_holds_number_time_and_every_answer(store: Database) -> None:
    desk = await a_desk(store, whole())
    file = receipt(desk, "2027-0007", AT)
    assert (file.name, file.media_type) == ("application-2027-0007.html", "text/html")
    assert file.content is not None
    text = Page(file.content.decode()).text
    for words in (
        "2027-0007", "2027-03-30 14:05", PROGRAM.names["zh"], "海港实验室申请表", "蓝鲸船艇",
        "我们一共7个人,都在上海",
        "三百万", "蓝鲸船艇.pdf", "SHA-256 abababababababab", "li@example.org", "虚构", "不符合",
    ):  # fmt: skip
        assert words in text, words
    for slot in desk.state.slots:
        if not slot.closing:
            assert desk.text(slot.question.labels or slot.question.texts) in text
    await store.close()


@pytest.mark.parametrize("language", ["zh", "en", "de"])
async def test_nothing_a_founder_wrote_becomes_markup(store: Database, language: str) -> None:
    evil = '<script>"><img onerror=a>{{7*7}}'
    plain = receipt(await a_desk(store, whole(), language), "2027-0007", AT).content
    file = receipt(await a_desk(store, whole(evil), language), "2027-0007<b>", AT)
    assert plain is not None
    assert file.content is not None
    page = file.content.decode()
    assert Page(page).tags == Page(plain.decode()).tags
    assert "<script" not in page
    assert html.escape("{{7*7}}") in page
    assert f'<html lang="{language}">' in page
    await store.close()
