"""What Telegram offers staff to type in their own chats, and no longer when their rights are gone."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.channels.base import DeliveryError
from bot.channels.telegram import TelegramChannel
from bot.channels.telegram_client import TelegramConfig
from bot.menus import MENU, StaffMenus
from storage.announcement_records import Role, StaffRecord
from storage.database import Database
from tests.announcing.team import founder
from tests.telegram_api import TOKEN, TelegramApi


@pytest.fixture
async def channel(api: TelegramApi) -> AsyncIterator[TelegramChannel]:
    made = TelegramChannel(TelegramConfig(token=TOKEN, api_url=api.url))
    yield made
    await made.close()


async def linked(database: Database, chat: str, role: Role) -> StaffRecord:
    """Somebody whose chat in Telegram is theirs as a member of staff."""
    person = await founder(database, chat, channel="telegram")
    async with database.unit_of_work() as work:
        member = await work.staff.add(f"Staff {chat}", role)
        assert await work.staff.link(member.id, person)
    return member


def offered(api: TelegramApi, chat: str) -> list[str]:
    return [item["command"] for item in api.state.commands.get(chat, [])]


async def test_a_menu_follows_the_rights_and_the_language_also_over_a_restart(
    database: Database, api: TelegramApi, channel: TelegramChannel
) -> None:
    await founder(database, "12", channel="telegram")
    member = await linked(database, "11", "viewer")
    menus = StaffMenus(database, channel, "en")
    await menus.look()
    assert offered(api, "11") == ["announcements", "staff", *MENU]
    assert offered(api, "12") == []

    async with database.unit_of_work() as work:
        await work.staff.set_role(member.id, "editor")
        await work.staff.set_language(member.id, "zh")
    await menus.look()
    assert offered(api, "11") == ["announce", "announcements", "handovers", "staff", *MENU]
    assert api.state.commands["11"][-1]["description"] == "转人工"

    calls = len(api.calls("setMyCommands"))
    await StaffMenus(database, channel, "en").look()
    assert len(api.calls("setMyCommands")) == calls, "nothing has changed"
    async with database.unit_of_work() as work:
        await work.staff.disable(member.id)
    await StaffMenus(database, channel, "en").look()
    assert "11" not in api.state.commands


async def test_a_chat_that_takes_no_menu_is_tried_again_and_keeps_nobody_waiting(
    database: Database, api: TelegramApi, channel: TelegramChannel
) -> None:
    await linked(database, "11", "viewer")
    now = [0.0]
    menus = StaffMenus(database, channel, "en", clock=lambda: now[0])
    api.fail("setMyCommands", status=502)
    with pytest.raises(DeliveryError):
        await menus.look()
    await linked(database, "12", "viewer")
    await menus.look()
    assert offered(api, "11") == []
    assert offered(api, "12")
    now[0] = 61.0
    await menus.look()
    assert offered(api, "11")
