"""Pictures and files as founders see them, and what becomes of them when staff change their mind."""

from __future__ import annotations

from typing import Any

import pytest

from bot.channels.base import NetworkTrouble
from bot.channels.telegram import TelegramChannel
from handlers.messages import AS_POST, Attachment, Reply
from storage.announcement_records import AnnouncementRecord, ChangeKind
from tests.announcing.delivery.world import TEXTS, World, confirmed, ledger, seed, until

pytestmark = pytest.mark.filterwarnings("ignore:Deprecated since version v22.2")
PNG = b"\x89PNG picture"
SHA = "ab" * 32


class Shelf:
    """One kept file, and how often it was read."""

    def __init__(self, content: bytes = PNG) -> None:
        self.content = content
        self.reads = 0

    async def read(self, sha256: str) -> bytes:
        self.reads += 1
        if sha256 != SHA:
            raise LookupError(sha256)
        return self.content


def a_file(media_type: str = "image/png", size: int = len(PNG), sha256: str = SHA) -> dict[str, Any]:
    return {"sha256": sha256, "name": "poster.png", "media_type": media_type, "size": size}


async def some(world: World, count: int) -> list[int]:
    chats = await seed(world.database, count)
    world.join(chats)
    return chats


async def test_a_picture_is_uploaded_once_and_shown_with_the_text_below(world: World) -> None:
    chats = await some(world, 5)
    shelf = Shelf()
    announcement = await confirmed(world.database, file=a_file())
    async with world.announcing(files=shelf):
        assert await world.is_over(announcement) == {"sent": 5}
    assert shelf.reads == 1
    assert len(world.api.state.files) == 1
    for chat in chats:
        (message,) = world.api.messages(chat)
        assert (message.photo, message.text) == (True, TEXTS["en"])


async def test_a_file_that_is_no_picture_comes_as_a_document(world: World) -> None:
    (chat,) = await some(world, 1)
    announcement = await confirmed(world.database, file=a_file("application/pdf"))
    async with world.announcing(files=Shelf()):
        assert await world.is_over(announcement) == {"sent": 1}
    (message,) = world.api.messages(chat)
    assert (message.photo, message.text) == (False, TEXTS["en"])
    assert message.document is not None


async def test_a_picture_telegram_cannot_show_comes_as_a_document(world: World) -> None:
    (chat,) = await some(world, 1)
    world.api.fail("sendPhoto", status=400)
    announcement = await confirmed(world.database, file=a_file())
    async with world.announcing(files=Shelf()):
        assert await world.is_over(announcement) == {"sent": 1}
    (message,) = world.api.messages(chat)
    assert (message.photo, message.text) == (False, TEXTS["en"])


async def test_a_text_too_long_for_a_caption_follows_the_picture(world: World) -> None:
    (chat,) = await some(world, 1)
    announcement = await confirmed(world.database, file=a_file(), texts={"en": "A long story. " * 100})
    async with world.announcing(files=Shelf()):
        assert await world.is_over(announcement) == {"sent": 1}
        picture, text = world.api.messages(chat)
        assert (picture.photo, picture.text) == (True, "")
        assert len(text.text) > 1024
        (line,) = await ledger(world.database, announcement.id)
        assert line.external_ids == (str(picture.message_id), str(text.message_id))


async def test_the_second_message_of_an_announcement_gets_over_passing_trouble(world: World) -> None:
    (chat,) = await some(world, 1)
    world.api.fail("sendMessage", status=429, retry_after=1)
    world.api.fail("sendMessage", status=502)
    announcement = await confirmed(world.database, file=a_file(), texts={"en": "A long story. " * 100})
    async with world.announcing(files=Shelf()):
        assert await world.is_over(announcement) == {"sent": 1}
    assert len(world.api.messages(chat)) == 2


async def test_half_an_announcement_is_unknown_and_not_begun_again(world: World) -> None:
    (chat,) = await some(world, 1)
    world.api.fail("sendMessage", status=400, times=2)  # also as plain text
    announcement = await confirmed(world.database, file=a_file(), texts={"en": "A long story. " * 100})
    async with world.announcing(files=Shelf()):
        assert await world.is_over(announcement) == {"unknown": 1}
    assert [message.photo for message in world.api.messages(chat)] == [True]


async def test_a_file_that_is_gone_fails_everybody_and_says_why(world: World) -> None:
    await some(world, 2)
    announcement = await confirmed(world.database, file=a_file(sha256="cd" * 32))
    async with world.announcing(files=Shelf()):
        assert await world.is_over(announcement) == {"failed": 2}
    assert {line.error_code for line in await ledger(world.database, announcement.id)} == {"file_missing"}


async def changed(world: World, announcement: AnnouncementRecord, kind: ChangeKind) -> dict[str, int]:
    """Order a change, wait until it is through, and return what became of the lines."""
    async with world.database.unit_of_work() as work:
        change = await work.changes.begin(announcement.id, kind)

    async def through() -> bool:
        async with world.database.unit_of_work(read_only=True) as work:
            found = await work.changes.get(change.id)
        return found is not None and found.status == "finished"

    await until(through)
    async with world.database.unit_of_work(read_only=True) as work:
        return await work.changes.progress(change)


@pytest.mark.parametrize("file", [None, a_file()], ids=["text", "picture"])
async def test_what_was_sent_is_corrected_and_then_taken_back(
    world: World, file: dict[str, Any] | None
) -> None:
    chats = await some(world, 3)
    announcement = await confirmed(world.database, file=file)
    async with world.announcing(files=Shelf()):
        await world.is_over(announcement)
        async with world.database.unit_of_work() as work:
            assert await work.announcements.correct(announcement.id, {"en": "It begins at ten."})
        assert await changed(world, announcement, "edit") == {"edited": 3}
        assert [world.api.texts(chat) for chat in chats] == [["It begins at ten."]] * 3
        assert await changed(world, announcement, "delete") == {"deleted": 3}
        assert world.api.messages() == []
        assert await changed(world, announcement, "delete") == {}, "nothing is left to delete"


async def test_who_gets_it_while_it_is_corrected_has_the_new_text_too(world: World) -> None:
    chats = await some(world, 60)
    announcement = await confirmed(world.database)
    async with world.announcing(rate=30):
        await until(lambda: len(world.api.messages()) >= 10)
        async with world.database.unit_of_work() as work:
            assert await work.announcements.correct(announcement.id, {"en": "It begins at ten."})
        await changed(world, announcement, "edit")
        assert await world.is_over(announcement) == {"sent": 60}
    assert [world.api.texts(chat) for chat in chats] == [["It begins at ten."]] * 60


async def test_what_telegram_does_not_let_go_is_counted_as_refused(world: World) -> None:
    chats = await some(world, 3)
    announcement = await confirmed(world.database)
    async with world.announcing():
        await world.is_over(announcement)
        world.api.configure(deletable=0.0)
        world.api.state.blocked.add(chats[0])
        assert await changed(world, announcement, "delete") == {"refused": 3}
    assert len(world.api.messages()) == 3


async def test_a_change_gets_over_passing_trouble(world: World) -> None:
    await some(world, 3)
    announcement = await confirmed(world.database)
    async with world.announcing():
        await world.is_over(announcement)
        world.api.fail("deleteMessage", status=502, times=2)
        world.api.fail("deleteMessage", kind="drop_after")
        assert await changed(world, announcement, "delete") == {"deleted": 3}


async def test_a_cancelled_change_stops_where_it_is(world: World) -> None:
    await some(world, 120)
    announcement = await confirmed(world.database)
    async with world.announcing():
        await world.is_over(announcement)
    async with world.announcing(rate=30):
        async with world.database.unit_of_work() as work:
            change = await work.changes.begin(announcement.id, "delete")
        await until(lambda: len(world.api.messages()) < 115)
        async with world.database.unit_of_work() as work:
            assert await work.changes.cancel(change.id)
    assert len(world.api.messages()) > 60


async def test_a_reply_with_a_picture_is_laid_out_like_an_announcement(world: World) -> None:
    (chat,) = await some(world, 1)
    file = Attachment(name="a.png", media_type="image/png", size=len(PNG), content=PNG)
    async with world.channel() as channel:
        await channel.send(str(chat), Reply(text="Look.", attachments=(file,), extra={AS_POST: "1"}))
    (message,) = world.api.messages(chat)
    assert (message.photo, message.text) == (True, "Look.")


@pytest.mark.parametrize(
    ("fault", "maybe"),
    [
        ({"status": 502}, False),
        ({"kind": "garbage", "status": 502}, False),
        ({"status": 504}, True),
        ({"kind": "drop_before"}, True),
        ({"kind": "drop_after"}, True),
        ({"kind": "garbage", "status": 200}, True),
    ],
)
async def test_trouble_says_whether_telegram_may_have_it(
    world: World, fault: dict[str, Any], maybe: bool
) -> None:
    (chat,) = await some(world, 1)
    world.api.fail("sendMessage", **fault)
    async with world.channel() as channel:
        assert await maybe_sent(channel, chat) == maybe


async def test_a_connection_that_was_refused_took_nothing(world: World) -> None:
    async with world.channel() as channel:
        await world.api.stop()
        assert not await maybe_sent(channel, 7)


async def maybe_sent(channel: TelegramChannel, chat: int) -> bool:
    with pytest.raises(NetworkTrouble) as caught:
        await channel.send(str(chat), Reply(text="hello"))
    return caught.value.maybe_sent
