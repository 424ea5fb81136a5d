from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from bot.channels.base import FetchError
from bot.channels.telegram import TelegramChannel
from bot.channels.telegram_client import TelegramConfig
from bot.files import FileStore
from handlers.files import FileRefused
from handlers.messages import Attachment
from tests.bot import samples
from tests.telegram.conftest import FakeInbox, running
from tests.telegram_api import TOKEN, TelegramApi

LIMIT = 20_000_000


async def received(
    api: TelegramApi, channel: TelegramChannel, inbox: FakeInbox, name: str, content: bytes
) -> Attachment:
    """What the bot makes of a document that a founder sends."""
    async with running(channel, inbox):
        await api.send_file(7, name, content, "application/pdf")
        updates = await inbox.wait_for(1)
    message = channel.parse(updates[-1].payload)
    assert message is not None
    assert message.kind == "file"
    return message.attachments[0]


async def test_a_document_that_a_founder_sent_is_kept_with_every_byte(
    api: TelegramApi, channel: TelegramChannel, inbox: FakeInbox, tmp_path: Path
) -> None:
    content = samples.pdf()
    store = FileStore(tmp_path, [channel])
    sent = await received(api, channel, inbox, "计划书 #1 (final)?.pdf", content)
    kept = await store.fetch("telegram", sent)
    assert (kept.name, kept.size) == ("计划书 #1 (final)_.pdf", len(content))
    assert await store.read(kept.sha256) == content


async def test_a_program_that_calls_itself_a_document_is_refused(
    api: TelegramApi, channel: TelegramChannel, inbox: FakeInbox, tmp_path: Path
) -> None:
    sent = await received(api, channel, inbox, "plan.pdf", b"MZ" + bytes(100))
    with pytest.raises(FileRefused, match="program"):
        await FileStore(tmp_path, [channel]).fetch("telegram", sent)
    assert not os.listdir(tmp_path)


async def test_what_is_too_large_is_refused_before_and_while_it_comes(
    api: TelegramApi, channel: TelegramChannel
) -> None:
    large, _ = api.state.keep_file(bytes(20_000_001), "large.bin")
    with pytest.raises(FetchError, match="too_large"):
        await channel.fetch(large, LIMIT * 2)  # Telegram's own answer: "file is too big"
    small, path = api.state.keep_file(b"x" * 100, "grows.txt")
    with pytest.raises(FetchError, match="too_large"):
        await channel.fetch(small, 99)
    assert await channel.fetch(small, 100) == api.state.files[path]


async def test_a_file_that_is_gone_is_not_asked_for_again(api: TelegramApi, channel: TelegramChannel) -> None:
    with pytest.raises(FetchError, match="gone"):
        await channel.fetch("FILE999999", LIMIT)


@pytest.mark.parametrize("method", ["getFile", "download"])
async def test_a_passing_fault_is_survived_and_no_error_or_log_has_the_token(
    api: TelegramApi,
    channel: TelegramChannel,
    tmp_path: Path,
    method: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.files._PAUSE", 0.01)
    caplog.set_level(logging.DEBUG)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    file_id, _ = api.state.keep_file(samples.pdf(), "plan.pdf")
    api.fail(method, status=502)
    with pytest.raises(FetchError, match="network") as failed:
        await channel.fetch(file_id, LIMIT)
    assert TOKEN not in repr(failed.value)
    assert failed.value.__context__ is None or failed.value.__suppress_context__
    api.fail(method, kind="drop_before")
    sent = Attachment(name="plan.pdf", media_type="application/pdf", reference=file_id)
    kept = await FileStore(tmp_path, [channel]).fetch("telegram", sent)
    assert kept.name == "plan.pdf"
    assert TOKEN not in caplog.text


async def test_a_bot_api_server_on_this_machine_gives_a_path(api: TelegramApi, tmp_path: Path) -> None:
    content = samples.pdf()
    api.configure(local_files=tmp_path)
    file_id, _ = api.state.keep_file(content, "plan.pdf")
    channel = TelegramChannel(TelegramConfig(token=TOKEN, api_url=api.url))
    try:
        assert await channel.fetch(file_id, LIMIT) == content
        with pytest.raises(FetchError, match="too_large"):
            await channel.fetch(file_id, 10)
    finally:
        await channel.close()


async def test_the_link_to_this_bot_carries_a_payload_once_its_name_is_known(
    api: TelegramApi, channel: TelegramChannel, inbox: FakeInbox
) -> None:
    assert channel.deep_link("join_K7QF2M9P") is None
    async with running(channel, inbox):
        await api.say(7, "/start")
        await inbox.wait_for(1)
        assert channel.deep_link("join_K7QF2M9P") == "https://t.me/founder_test_bot?start=join_K7QF2M9P"
