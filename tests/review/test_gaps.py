from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from handlers.review.gaps import Draft, GapChanged, GapDesk, faq_document
from knowledge.meaning import READER_WIDTH, WIDTH, Rows
from storage.announcement_records import Audience
from storage.database import Database
from storage.gap_records import GapLine, GapStatus
from tests.conversation.fakes import PROGRAM
from tests.storage.conversations import Desk

SUBJECTS = ("gym", "健身", "parking", "dog")


class MeaningsByRule:
    """A meaning for every subject that is named; two words for one subject mean the same."""

    def read(self, texts: Sequence[str], languages: Sequence[str]) -> Rows:
        rows = np.zeros((len(texts), WIDTH), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            place = next(i for i, subject in enumerate(SUBJECTS) if subject in text)
            place = 0 if place == 1 else place
            row[place] = row[READER_WIDTH + place] = 1
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
