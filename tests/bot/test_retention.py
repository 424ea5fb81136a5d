from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.files import FileStore
from bot.retention import Keeper
from storage.review_records import ConversationFilter, Retention
from tests.storage import conversations
from tests.storage.builders import update
from tests.storage.conversations import Desk, looked_for

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    async with conversations.desk(database_url) as opened:
        yield opened


def keeper(desk: Desk, folder: Path, **ages: int) -> Keeper:
    return Keeper(desk.database, FileStore(folder, []), Retention(**ages), desk.clock, SHANGHAI)


async def test_words_that_are_too_old_go_and_the_numbers_stay(desk: Desk, tmp_path: Path) -> None:
    await desk.asks("Ann", "an old secret", name="Ann", rating="not_helpful", answered=False)
    desk.clock.now += timedelta(days=40)
    await desk.asks("Ann", "a new question", name="Ann")
    old = keeper(desk, tmp_path, messages=30, traces=30)
    assert await old.preview() == {
        "messages": {"days": 30, "removed": 2},
        "traces": {"days": 30, "removed": 1},
    }
    record = await old.run()
    assert {kind: part["removed"] for kind, part in record.report.items()} == {"messages": 2, "traces": 1}
    assert (await old.run()).report["messages"]["removed"] == 0
    async with desk.database.unit_of_work() as work:
        page = await work.reviews.page(ConversationFilter(search=looked_for("secret")))
        (row,) = (await work.reviews.page(ConversationFilter())).rows
        shown = await work.transcripts.page(row.summary.conversation_id)
        runs = await work.retention.latest()
    assert page.rows == []
    assert [item.message.text for item in shown] == ["", "", "a new question", "By the form."]
    assert shown[1].trace is not None
    assert (shown[1].trace.question, shown[1].trace.passages, shown[1].trace.answered) == ("", (), False)
    assert (row.summary.questions, row.summary.unanswered, row.unhelpful) == (2, 1, 1)
    assert len(runs) == 2


async def test_without_settings_everything_is_kept(desk: Desk, tmp_path: Path) -> None:
    await desk.asks("Ann", "an old question", name="Ann")
    desk.clock.now += timedelta(days=4000)
    record = await keeper(desk, tmp_path).run()
    assert record.report == {}
    assert await desk.finds("question") == ["Ann"]


async def test_raw_updates_and_old_entries_of_the_audit_log_go(desk: Desk, tmp_path: Path) -> None:
    async with desk.database.unit_of_work() as work:
        (stored,) = await work.inbox.store("telegram", "w", [update(1, payload="secret")])
        await work.inbox.mark_failed(stored.id, "timeout")
        await work.audit.note("staff.add", actor="Anna")
    desk.clock.now += timedelta(days=31)
    report = (await keeper(desk, tmp_path, inbox=30, audit=30).run()).report
    assert {kind: part["removed"] for kind, part in report.items()} == {"inbox": 1, "audit": 1}


@pytest.mark.parametrize(("hour", "left"), [(2, 1), (3, 24), (20, 7)])
async def test_the_run_is_in_the_programs_night(desk: Desk, tmp_path: Path, hour: int, left: int) -> None:
    desk.clock.now = datetime(2026, 11, 22, hour, tzinfo=SHANGHAI).astimezone(UTC)
    assert keeper(desk, tmp_path).until_night() == left * 3600
