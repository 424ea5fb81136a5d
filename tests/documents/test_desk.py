"""What staff do with documents, on both databases, with real Chroma and the bundled embedder."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.background import background
from bot.publishing import Publisher
from handlers.ask import _trace
from handlers.review.checks import LONGEST_BODY, DocumentRefused
from handlers.review.documents import DocumentDesk, WouldBreak
from handlers.review.overlay import as_document
from knowledge.config import KnowledgeConfig
from knowledge.documents.export import to_markdown
from knowledge.documents.folder import read_folder
from knowledge.embeddings import BUNDLED, build_embeddings
from knowledge.evaluation import LabeledQuestion
from knowledge.ingest import ingest
from knowledge.library import Library
from knowledge.rehearsal import Rehearsals
from knowledge.service import Knowledge
from storage.announcement_records import StaffRecord
from storage.database import Database
from storage.document_records import NewDocument
from storage.entries import NewTrace
from storage.errors import DocumentConflict
from tests.documents.conftest import HARBOR, crane, ferry
from tests.knowledge.rules import config, fill
from tests.storage.builders import a_person, answers, asked

LIFTS = "How much does the crane lift?"
GOLDEN = LabeledQuestion(question=LIFTS, doc="crane.md", section=LIFTS, answerable=True, lang="en")
LEAVES = "When does the ferry leave?"
UNKNOWN = "What does the soup in the canteen cost?"


@dataclass
class Office:
    desk: DocumentDesk
    database: Database
    knowledge: Knowledge
    ada: StaffRecord


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeConfig:
    place = tmp_path_factory.mktemp("desk")
    made = config(place / "data", embeddings=BUNDLED, languages=("en",), zone=ZoneInfo("Asia/Shanghai"))
    ingest(made, fill(place / "documents", **HARBOR), build_embeddings(BUNDLED))
    return made


@pytest.fixture
async def office(database: Database, indexed: KnowledgeConfig) -> AsyncIterator[Office]:
    knowledge = Knowledge.open(indexed)
    library = Library(indexed, lambda: indexed.data_dir.parent / "documents")
    publisher = Publisher(database, knowledge, library)
    rehearsals = Rehearsals(publisher.library, [GOLDEN], knowledge.in_background())
    desk = DocumentDesk(database, knowledge, publisher, rehearsals, lambda: datetime.now(UTC))
    async with database.unit_of_work() as work:
        ada = await work.staff.add("Ada", "editor")
    async with background(publisher.keep()):
        assert await publisher.published()
        yield Office(desk, database, knowledge, ada)
    await knowledge.close()


async def question(office: Office, text: str) -> int:
    """A founder's question as a turn stores it; returns the id of the answer."""
    person = await a_person(office.database)
    message = await asked(office.database, person, text)
    note = _trace(await office.knowledge.ask(text))
    fields = {name: getattr(note, name) for name in note.__slots__}
    async with office.database.unit_of_work() as work:
        trace = NewTrace(
            message_id=message.id, conversation_id=message.conversation_id, route="ask", **fields
        )
        await work.traces.add(trace)
        return (await answers(work, message)).id


async def test_a_question_is_answered_from_what_staff_wrote_as_the_probe_has_shown(office: Office) -> None:
    assert "seven" not in (await office.desk.bench(LEAVES)).text
    found = await office.desk.rehearse([ferry()], probes=[LEAVES])
    assert found.safe
    assert "seven" in found.probes[0].after.text
    record = await office.desk.save(ferry(), office.ada, based_on=0, note="asked by five founders")
    assert await office.desk.published()
    answer = await office.desk.bench(LEAVES)
    assert "seven" in answer.text
    assert answer.retrieved[0].passage.document_version == as_document(record).version
    async with office.database.unit_of_work(read_only=True) as work:
        entry = (await work.audit.entries(about=("document", record.number)))[0]
    assert (entry.action, entry.actor, entry.details["id"]) == ("document.save", "Ada", "en/ferry")


async def test_the_list_shows_files_and_what_staff_wrote_with_where_each_stands(office: Office) -> None:
    now = datetime.now(UTC)
    await office.desk.save(crane(twin="zh/crane"), office.ada, based_on=0)
    for name, begins, ends in (
        ("en/past", None, now - timedelta(hours=1)),
        ("en/soon", None, now + timedelta(days=3)),
        ("en/later", now + timedelta(days=1), None),
    ):
        new = ferry(id=name, markdown=f"A word about {name}.", valid_from=begins, valid_until=ends)
        await office.desk.save(new, office.ada, based_on=0)
    assert await office.desk.published()
    rows = {row.document.id: row for row in await office.desk.rows()}
    shown = {name: (row.origin, row.version, row.over_file, row.state) for name, row in rows.items()}
    assert shown == {
        "en/berths": ("folder", None, False, "valid"),
        "en/crane": ("edited", 1, True, "valid"),
        "en/past": ("faq", 1, False, "expired"),
        "en/soon": ("faq", 1, False, "ending"),
        "en/later": ("faq", 1, False, "upcoming"),
    }
    assert all(row.published for row in rows.values())
    assert rows["en/crane"].twin_missing
    assert rows["en/berths"].passages == 2
    assert [row.document.id for row in await office.desk.ending()] == ["en/soon"]
    assert await office.desk.ending(timedelta(days=1)) == []


async def test_what_breaks_a_golden_question_is_stored_only_when_forced(office: Office) -> None:
    gone = crane("Nothing is said any more.", markdown="## What color is the crane?\n\nIt is red.\n")
    with pytest.raises(WouldBreak) as refused:
        await office.desk.save(gone, office.ada, based_on=0)
    assert [one.question for one in refused.value.rehearsal.broken] == [LIFTS]
    async with office.database.unit_of_work(read_only=True) as work:
        assert await work.documents.newest("en/crane") is None
    record = await office.desk.save(gone, office.ada, based_on=0, force=True)
    async with office.database.unit_of_work(read_only=True) as work:
        entry = (await work.audit.entries(about=("document", record.number)))[0]
    assert entry.details["broken"] == 1


async def test_versions_come_back_and_a_removal_gives_the_folder_its_text_again(office: Office) -> None:
    desk, ada = office.desk, office.ada
    await desk.save(crane("The crane lifts ten tonnes."), ada, based_on=0)
    await desk.save(crane("The crane lifts twelve tonnes."), ada, based_on=1)
    back = await desk.restore("en/crane", 1, ada, based_on=2)
    assert back is not None
    assert "ten" in back.markdown
    assert await desk.restore("en/crane", 8, ada, based_on=3) is None
    page = await desk.page("en/crane")
    assert page is not None
    assert page.file is not None
    assert "nine" in page.file.markdown
    assert [one.version for one in page.history] == [3, 2, 1]
    assert page.based_on == 3
    await desk.remove("en/crane", ada, based_on=3)
    assert await desk.published()
    assert "nine" in (await desk.bench(LIFTS)).text
    after = await desk.page("en/crane")
    assert after is not None
    assert after.row is not None
    assert after.row.origin == "folder"
    assert await desk.page("en/nothing") is None


async def test_of_two_staff_who_save_one_document_the_second_is_told_and_nothing_is_lost(
    office: Office,
) -> None:
    await office.desk.save(ferry(), office.ada, based_on=0)
    with pytest.raises(DocumentConflict):
        await office.desk.save(ferry("It leaves at nine."), office.ada, based_on=0)
    page = await office.desk.page("en/ferry")
    assert page is not None
    assert [one.markdown for one in page.history] == [ferry().markdown]


async def test_how_often_a_document_is_cited_and_what_it_failed_is_counted(office: Office) -> None:
    answer = await question(office, LIFTS)
    await question(office, UNKNOWN)
    nearest = (await office.knowledge.ask(UNKNOWN)).retrieved[0].passage.document_id
    person = await a_person(office.database)
    async with office.database.unit_of_work() as work:
        await work.feedback.set(answer, person.founder.id, "not_helpful")
    rows = {row.document.id: row.use for row in await office.desk.rows()}
    assert {name: use.cited for name, use in rows.items()} == {"en/berths": 0, "en/crane": 1}
    assert {name: use.unhelpful for name, use in rows.items()} == {"en/berths": 0, "en/crane": 1}
    assert {name for name, use in rows.items() if use.nearest == 1} == {nearest}
    failed = []
    for name in rows:
        page = await office.desk.page(name)
        assert page is not None
        failed += [(name, one.reason, one.question) for one in page.failed]
    assert sorted(failed) == sorted([(nearest, "refused", UNKNOWN), ("en/crane", "not_helpful", LIFTS)])


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"id": "../etc/passwd"}, ("id", "bad_id")),
        ({"language": "English"}, ("language", "bad_language")),
        ({"title": "  "}, ("title", "missing")),
        ({"title": "x" * 201}, ("title", "too_long")),
        ({"markdown": "# Only a heading\n\n<!-- asks: nothing -->"}, ("markdown", "no_text")),
        ({"markdown": "word " * LONGEST_BODY}, ("markdown", "too_long")),
        ({"sources": ("javascript:alert(1)",)}, ("sources", "bad_address")),
        ({"sources": ("https://x.example",) * 21}, ("sources", "too_many")),
        ({"twin": "en/ferry"}, ("twin", "own_twin")),
        ({"twin": "a b"}, ("twin", "bad_id")),
        (
            {"valid_from": datetime(2026, 2, 1, tzinfo=UTC), "valid_until": datetime(2026, 1, 1, tzinfo=UTC)},
            ("valid_until", "ends_before_it_begins"),
        ),
    ],
)
async def test_a_document_that_cannot_be_is_refused_by_field(
    office: Office, changes: dict[str, object], problem: tuple[str, str]
) -> None:
    with pytest.raises(DocumentRefused) as refused:
        await office.desk.save(replace(ferry(), **changes), office.ada, based_on=0)  # type: ignore[arg-type]
    assert [(one.field, one.code) for one in refused.value.problems] == [problem]
    async with office.database.unit_of_work(read_only=True) as work:
        assert await work.documents.current() == []


def test_an_exported_document_reads_back_as_the_same(tmp_path: Path) -> None:
    zone = ZoneInfo("Asia/Shanghai")
    new = NewDocument(
        id="zh/ferry",
        language="zh",
        title="渡轮: 何时开？",
        markdown="# 渡轮\n\n---\n\n每天七点。\n",
        origin="faq",
        twin="en/ferry",
        sources=("https://harbor.example/ferry",),
        as_of=datetime(2026, 11, 1).date(),
        valid_from=datetime(2026, 11, 2, 9, 30, tzinfo=zone),
        valid_until=datetime(2027, 1, 1, tzinfo=zone),
        sample=True,
    )
    from handlers.review.overlay import as_proposed

    before = as_proposed(new)
    text = to_markdown(before, zone)
    assert "valid_until: 2026-12-31\n" in text
    (tmp_path / "any.md").write_text(text, encoding="utf-8")
    (after,), failures = read_folder(tmp_path, ("zh", "en"), zone=zone)
    assert failures == []
    assert replace(after, path="", version="", markdown="") == replace(
        before, path="", version="", markdown=""
    )
    assert after.markdown.strip() == before.markdown.strip()
