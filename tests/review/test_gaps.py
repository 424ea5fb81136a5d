from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from handlers.review.gaps import Draft, GapChanged, GapDesk, faq_document
from knowledge.meaning import WIDTH, Rows, is_current
from storage.announcement_records import Audience
from storage.database import Database
from storage.gap_records import GapLine, GapStatus
from storage.repository import Repository
from tests.conversation.fakes import PROGRAM, rows
from tests.storage.conversations import Desk

SUBJECTS = ("gym", "健身", "parking", "dog")


class MeaningsByRule:
    """A meaning for every subject that is named; two words for one subject mean the same."""

    def read(self, texts: Sequence[str]) -> Rows:
        rows = np.zeros((len(texts), WIDTH), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            place = next(i for i, subject in enumerate(SUBJECTS) if subject in text)
            place = 0 if place == 1 else place
            row[place] = 1
        return rows


@pytest.fixture
def talks(database: Database) -> Desk:
    return Desk(database)


@pytest.fixture
def gaps(database: Database) -> GapDesk:
    return GapDesk(database, MeaningsByRule(), lambda text: "en", PROGRAM)


async def lines(database: Database, status: GapStatus = "open") -> list[GapLine]:
    async with database.unit_of_work(read_only=True) as work:
        return await work.gaps.lines(status)


async def three_ask(talks: Desk) -> None:
    await talks.asks("ann", "is there a gym?", answered=False)
    await talks.asks("bo", "有健身房吗", answered=False, language="zh")
    await talks.asks("cy", "where is the parking", rating="not_helpful")
    await talks.asks("cy", "what is the rent")


async def test_what_was_not_settled_is_grouped_across_languages_the_largest_first(
    talks: Desk, gaps: GapDesk, database: Database
) -> None:
    await three_ask(talks)
    done = await gaps.regroup()
    assert (done.added, done.open, done.back) == (3, 2, 0)
    first, second = await lines(database)
    assert (first.founders, first.questions, first.languages) == (2, 2, ("en", "zh"))
    assert (second.question, second.founders) == ("where is the parking", 1)
    async with database.unit_of_work(read_only=True) as work:
        members = await work.gaps.questions(first.group.id)
        assert {m.reason for m in await work.gaps.questions(second.group.id)} == {"not_helpful"}
    assert {m.text for m in members} == {"is there a gym?", "有健身房吗"}
    assert members[0].likeness == 1.0


async def test_grouping_again_keeps_the_groups(talks: Desk, gaps: GapDesk, database: Database) -> None:
    await three_ask(talks)
    await gaps.regroup()
    before = await lines(database)
    await talks.asks("di", "any gym?", answered=False)
    assert (await gaps.regroup()).added == 1
    after = await lines(database)
    assert [one.group.id for one in after] == [one.group.id for one in before]
    assert after[0].founders == 3


async def test_a_dismissed_group_comes_back_when_it_is_asked_about_again(
    talks: Desk, gaps: GapDesk, database: Database
) -> None:
    editor = await talks.staff(role="editor")
    await three_ask(talks)
    await gaps.regroup()
    group = (await lines(database))[0].group
    await gaps.decide(group.id, group.revision, editor, dismissed_for="not ours")
    await gaps.regroup()
    (dismissed,) = await lines(database, "dismissed")
    assert (dismissed.group.id, dismissed.group.reason) == (group.id, "not ours")
    await talks.asks("di", "any gym?", answered=False)
    assert (await gaps.regroup()).back == 1
    assert (await lines(database))[0].group.id == group.id
    assert await lines(database, "dismissed") == []


async def test_two_staff_on_one_group_see_a_conflict(talks: Desk, gaps: GapDesk, database: Database) -> None:
    editor = await talks.staff(role="editor")
    await three_ask(talks)
    await gaps.regroup()
    group = (await lines(database))[0].group
    await gaps.save_draft(group.id, group.revision, {"en": Draft(title="Gym", text="There is none.")}, "")
    with pytest.raises(GapChanged):
        await gaps.decide(group.id, group.revision, editor, dismissed_for="late")
    with pytest.raises(GapChanged):
        await gaps.save_draft(group.id, group.revision, {"en": Draft(title="Gym", text="Two.")}, "")
    async with database.unit_of_work(read_only=True) as work:
        now = await work.gaps.group(group.id)
    assert now is not None
    assert (now.status, now.draft and now.draft["texts"]["en"]["text"]) == ("open", "There is none.")


async def test_a_decision_can_be_undone_and_is_on_record(
    talks: Desk, gaps: GapDesk, database: Database
) -> None:
    editor = await talks.staff(role="editor")
    await three_ask(talks)
    await gaps.regroup()
    group = (await lines(database))[0].group
    await gaps.decide(group.id, group.revision, editor, documents=["en/contact"])
    (attached,) = await lines(database, "attached")
    assert list(attached.group.documents) == ["en/contact"]
    await gaps.reopen(group.id, attached.group.revision, editor)
    assert group.id in {one.group.id for one in await lines(database)}
    async with database.unit_of_work(read_only=True) as work:
        actions = await work.audit.actions()
    assert {"gap.attached", "gap.reopened"} <= set(actions)


async def test_everyone_who_asked_is_told_once(talks: Desk, gaps: GapDesk, database: Database) -> None:
    editor = await talks.staff(role="editor")
    await three_ask(talks)
    await gaps.regroup()
    group = (await lines(database))[0].group
    texts = {"en": "There is none.", "zh": "没有。"}
    number, people = await gaps.tell(group.id, group.revision, editor, texts)
    assert people == 2
    ann, bo = (await talks.person("ann")).founder.id, (await talks.person("bo")).founder.id
    async with database.unit_of_work(read_only=True) as work:
        record = await work.announcements.get(number)
        assert await work.gaps.founders(group.id) == ()
    assert record is not None
    assert (record.status, Audience.of(record.audience).founders) == ("scheduled", (ann, bo))
    with pytest.raises(GapChanged):
        await gaps.tell(group.id, group.revision, editor, texts)
    async with database.unit_of_work(read_only=True) as work:
        assert len(await work.announcements.latest()) == 1


async def test_who_asks_after_everyone_was_told_is_told_alone(
    talks: Desk, gaps: GapDesk, database: Database
) -> None:
    editor = await talks.staff(role="editor")
    await three_ask(talks)
    await gaps.regroup()
    group = (await lines(database))[0].group
    await gaps.tell(group.id, group.revision, editor, {"en": "There is none."})
    await talks.asks("di", "any gym?", answered=False)
    await gaps.regroup()
    now = (await lines(database))[0].group
    number, people = await gaps.tell(now.id, now.revision, editor, {"en": "There is one now."})
    di = (await talks.person("di")).founder.id
    async with database.unit_of_work(read_only=True) as work:
        record = await work.announcements.get(number)
    assert record is not None
    assert (people, Audience.of(record.audience).founders) == (1, (di,))


async def test_the_list_names_the_documents_that_questions_came_to(
    talks: Desk, gaps: GapDesk, database: Database
) -> None:
    await three_ask(talks)
    await gaps.regroup()
    assert (await lines(database))[0].nearest == ("guide",)


async def test_erasure_takes_the_question_and_its_meaning_out(
    talks: Desk, gaps: GapDesk, database: Database
) -> None:
    await three_ask(talks)
    await gaps.regroup()
    ann = await talks.person("ann")
    async with database.unit_of_work() as work:
        await work.founders.erase(ann.founder.id)
        left = [record.text for record, _ in await work.gaps.meanings()]
    assert left == ["有健身房吗", "where is the parking"]
    await gaps.regroup()
    assert [one.questions for one in await lines(database)] == [1, 1]


def test_an_answer_becomes_an_faq_document_with_its_twin() -> None:
    draft = Draft(title=" Gym ", text="There is none.")
    new = faq_document(7, "en", draft, None, twin="zh/faq-7")
    assert (new.id, new.title, new.origin, new.twin) == ("en/faq-7", "Gym", "faq", "zh/faq-7")
    assert new.markdown == "# Gym\n\nThere is none.\n"
    assert replace(new, twin=None).as_of is not None


async def test_nothing_asked_is_nothing_to_group(gaps: GapDesk) -> None:
    done = await gaps.regroup()
    assert (done.added, done.open, done.back) == (0, 0, 0)


async def texts_of(database: Database, group_id: int) -> set[str]:
    async with database.unit_of_work(read_only=True) as work:
        return {one.text for one in await work.gaps.questions(group_id)}


async def ids_of(database: Database, group_id: int) -> list[int]:
    async with database.unit_of_work(read_only=True) as work:
        return [one.id for one in await work.gaps.questions(group_id)]


async def test_a_question_moved_by_hand_stays_where_staff_put_it(
    talks: Desk, gaps: GapDesk, database: Database
) -> None:
    editor = await talks.staff(role="editor")
    await three_ask(talks)
    await gaps.regroup()
    gym = (await lines(database))[0].group
    second = (await ids_of(database, gym.id))[1]
    own = await gaps.move(gym.id, gym.revision, editor, None, [second])
    assert (await gaps.regroup()).open == 3
    assert await texts_of(database, own) == {"有健身房吗"}
    assert await texts_of(database, gym.id) == {"is there a gym?"}
    async with database.unit_of_work(read_only=True) as work:
        now = await work.gaps.group(own)
    assert now is not None
    await gaps.move_back(own, now.revision, editor, gym.id)
    assert await texts_of(database, gym.id) == {"is there a gym?", "有健身房吗"}
    async with database.unit_of_work(read_only=True) as work:
        assert (await work.gaps.group(own), await work.gaps.shaped()) == (None, set())
    noted = [row["action"] for row in await rows(database, "audit_log")]
    assert noted == ["gap.moved", "gap.moved_back"]


async def test_groups_merged_by_hand_stay_one_and_take_in_what_either_would(
    talks: Desk, gaps: GapDesk, database: Database
) -> None:
    editor = await talks.staff(role="editor")
    await three_ask(talks)
    await gaps.regroup()
    gym, parking = (line.group for line in await lines(database))
    assert await gaps.move(parking.id, parking.revision, editor, gym.id) == gym.id
    await talks.asks("di", "parking for a bus?", answered=False)
    await talks.asks("ed", "may I bring a dog?", answered=False)
    done = await gaps.regroup()
    assert (done.open, done.back) == (2, 0)
    merged, dog = await lines(database)
    assert (merged.group.id, merged.questions, dog.questions) == (gym.id, 4, 1)
    await gaps.move_back(gym.id, merged.group.revision, editor, parking.id)
    assert await texts_of(database, parking.id) == {"where is the parking"}
    await gaps.regroup()
    assert sorted(one.questions for one in await lines(database)) == [1, 2, 2]


async def test_moving_by_an_old_revision_into_a_closed_group_or_what_is_elsewhere_changes_nothing(
    talks: Desk, gaps: GapDesk, database: Database
) -> None:
    editor = await talks.staff(role="editor")
    await three_ask(talks)
    await gaps.regroup()
    gym, parking = (line.group for line in await lines(database))
    elsewhere = await ids_of(database, parking.id)
    for move in (
        gaps.move(gym.id, gym.revision - 1, editor, parking.id),
        gaps.move(gym.id, gym.revision, editor, None, elsewhere),
        gaps.move(gym.id, gym.revision, editor, gym.id),
        gaps.move(gym.id, gym.revision, editor, 999),
        gaps.move_back(gym.id, gym.revision, editor, parking.id),
    ):
        with pytest.raises(GapChanged):
            await move
    await gaps.decide(parking.id, parking.revision, editor, dismissed_for="not ours")
    with pytest.raises(GapChanged):
        await gaps.move(gym.id, gym.revision, editor, parking.id)
    (still,) = await lines(database)
    assert (still.group, still.questions) == (gym, 2)


async def test_a_list_of_any_length_takes_five_statements(
    talks: Desk, gaps: GapDesk, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await talks.asks("ann", "is there a gym?", answered=False)
    await talks.asks("bo", "where is the parking", rating="not_helpful")
    await talks.asks("cy", "may I bring a dog?", answered=False)
    await gaps.regroup()
    ran: list[object] = []
    run = Repository._run

    async def counted(self: Any, statement: Any, params: Any = None) -> Any:
        ran.append(statement)
        return await run(self, statement, params)

    monkeypatch.setattr(Repository, "_run", counted)
    assert len(await lines(database)) == 3
    assert len(ran) == 5


async def test_a_meaning_stored_by_an_earlier_version_is_read_again(
    talks: Desk, gaps: GapDesk, database: Database
) -> None:
    await three_ask(talks)
    await gaps.regroup()
    async with database.unit_of_work() as work:
        for record, _ in await work.gaps.meanings():
            await work.gaps.renew(record.id, b"\0" * 1792)
    before = await lines(database)
    await talks.asks("di", "any gym?", answered=False)
    await gaps.regroup()
    after = await lines(database)
    assert [one.group.id for one in after] == [one.group.id for one in before]
    assert (after[0].founders, after[0].questions) == (3, 3)
    async with database.unit_of_work(read_only=True) as work:
        assert all(is_current(packed) for _, packed in await work.gaps.meanings())
