"""What staff do about questions that were not settled: group, answer, attach, dismiss, tell who asked."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from handlers.announce.steering import By, confirm
from storage.announcement_records import Audience, NewAnnouncement
from storage.document_records import NewDocument
from storage.gap_records import GapQuestionRecord, GapStatus, UnsettledQuestion

if TYPE_CHECKING:
    from handlers.program import Program
    from knowledge.grouping import Group
    from knowledge.meaning import Rows
    from storage.announcement_records import StaffRecord
    from storage.database import Database, UnitOfWork

_BATCH = 200
ANSWERS = ("zh", "en")
"""Languages an answer can be written in."""


class Meanings(Protocol):
    """Turns questions into rows of numbers."""

    def read(self, texts: Sequence[str]) -> Rows:
        """Encode questions; takes milliseconds each."""


class GapChanged(Exception):
    """Somebody else has changed the group; nothing was stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An answer as it is written in one language, and until when it holds."""

    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Regrouped:
    """What a grouping did: questions that came in, groups that are open, groups that came back."""

    added: int
    open: int
    back: int


class GapDesk:
    """Everything about gaps that a page or a chore needs."""

    def __init__(
        self, database: Database, meanings: Meanings, detect: Callable[[str], str], program: Program
    ) -> None:
        self._database, self._meanings = database, meanings
        self._detect, self._program = detect, program
        self._turn = asyncio.Lock()

    async def regroup(self) -> Regrouped:
        """Take in what was not settled since, and group what nobody has decided on.

        A decided group keeps its questions, and is open again when it is asked about once more. An open
        group stays the same one as long as most of its questions stay together. A group that staff moved
        questions into or out of keeps those it has, and only takes in new ones.
        """
        async with self._turn:
            added = await self._take_in()
            while True:
                async with self._database.unit_of_work(read_only=True) as work:
                    stored = await work.gaps.meanings()
                    decided, shaped = await _kept(work)
                if await self._renew(stored):
                    continue
                joined, groups = await asyncio.to_thread(_grouped, stored, decided, shaped)
                async with self._database.unit_of_work() as work:
                    if (decided, shaped) != await _kept(work):
                        continue  # Staff decided meanwhile: what they did stays.
                    back = await self._store(work, stored, joined, groups)
                    counts = await work.gaps.counts()
                return Regrouped(added=added, open=counts.get("open", 0), back=back)

    async def save_draft(
        self, group_id: int, revision: int, drafts: Mapping[str, Draft], valid_until: str
    ) -> None:
        """Keep an answer as it is written; raises GapChanged when somebody else wrote meanwhile."""
        kept = {
            "texts": {code: {"title": d.title, "text": d.text} for code, d in drafts.items()},
            "valid_until": valid_until,
        }
        async with self._database.unit_of_work() as work:
            if not await work.gaps.save_draft(group_id, revision, kept):
                raise GapChanged

    async def decide(
        self,
        group_id: int,
        revision: int,
        by: StaffRecord,
        *,
        dismissed_for: str = "",
        documents: Sequence[str] = (),
        answered: bool = False,
    ) -> None:
        """Dismiss with a reason, attach to documents, or mark as answered by them; raises GapChanged."""
        status: GapStatus = "dismissed" if dismissed_for else "answered" if answered else "attached"
        async with self._database.unit_of_work() as work:
            if not await work.gaps.decide(
                group_id, revision, status, by.id, reason=dismissed_for, documents=documents
            ):
                raise GapChanged
            await self._note(work, f"gap.{status}", by, group_id, documents=list(documents))

    async def reopen(self, group_id: int, revision: int, by: StaffRecord) -> None:
        """Undo a decision; a document that was published stays. Raises GapChanged."""
        async with self._database.unit_of_work() as work:
            if not await work.gaps.decide(group_id, revision, "open", by.id):
                raise GapChanged
            await self._note(work, "gap.reopened", by, group_id)

    async def move(
        self, group_id: int, revision: int, by: StaffRecord, to: int | None, questions: Collection[int] = ()
    ) -> int:
        """Move questions (none named: all) into another open group, or one of their own (`to` None).

        Returns the group they are in now. Raises GapChanged when one of the groups is another by now.
        """
        async with self._database.unit_of_work() as work:
            target = to or await work.gaps.create()
            if target == group_id or not await work.gaps.move(group_id, revision, target, questions):
                raise GapChanged
            moved = sorted(questions) or "all"
            await self._note(work, "gap.moved", by, group_id, to=target, questions=moved)
            return target

    async def move_back(self, group_id: int, revision: int, by: StaffRecord, source: int) -> None:
        """Undo moves: what came from a group goes back into it. Raises GapChanged."""
        async with self._database.unit_of_work() as work:
            if source == group_id or not await work.gaps.move_back(group_id, revision, source):
                raise GapChanged
            await work.gaps.drop_empty()
            await self._note(work, "gap.moved_back", by, group_id, to=source)

    async def tell(
        self, group_id: int, revision: int, by: StaffRecord, texts: Mapping[str, str]
    ) -> tuple[int, int]:
        """Send the answer to everyone who asked, in their language; returns announcement and people.

        Raises GapChanged when they are told already, or somebody changed the group meanwhile.
        """
        async with self._database.unit_of_work() as work:
            founders = await work.gaps.founders(group_id)
            if not founders:
                raise GapChanged
            audience = Audience(founders=founders)
            record = await work.announcements.create(
                NewAnnouncement(texts=texts, audience=audience, created_by=by.id)
            )
            who = By(name=by.name, staff_id=by.id)
            if not await work.gaps.announced(group_id, revision, record.id) or not await confirm(
                work, record, who, self._program
            ):
                raise GapChanged
            await self._note(work, "gap.told", by, group_id, announcement=record.id, founders=len(founders))
            return record.id, len(founders)

    async def _take_in(self) -> int:
        """Read and store what is new, a batch in a unit of work."""
        added = 0
        while True:
            async with self._database.unit_of_work(read_only=True) as work:
                new = await work.gaps.unsettled(_BATCH)
            if not new:
                return added
            languages = [one.language or self._detect(one.text) for one in new]
            rows = await asyncio.to_thread(self._meanings.read, [one.text for one in new])
            await self._keep(new, languages, rows)
            added += len(new)

    async def _keep(self, new: Sequence[UnsettledQuestion], languages: Sequence[str], rows: Rows) -> None:
        from knowledge.meaning import pack_meaning

        async with self._database.unit_of_work() as work:
            for question, language, row in zip(new, languages, rows, strict=True):
                await work.gaps.add(question, language, pack_meaning(row))

    async def _renew(self, stored: Sequence[tuple[GapQuestionRecord, bytes]]) -> int:
        """Read again what was stored by another version; returns how many these were."""
        from knowledge.meaning import is_current, pack_meaning

        old = [record for record, packed in stored if not is_current(packed)]
        for start in range(0, len(old), _BATCH):
            batch = old[start : start + _BATCH]
            rows = await asyncio.to_thread(self._meanings.read, [one.text for one in batch])
            async with self._database.unit_of_work() as work:
                for record, row in zip(batch, rows, strict=True):
                    await work.gaps.renew(record.id, pack_meaning(row))
        return len(old)

    async def _store(
        self,
        work: UnitOfWork,
        stored: Sequence[tuple[GapQuestionRecord, bytes]],
        joined: Mapping[int, tuple[int, float]],
        groups: Sequence[Group],
    ) -> int:
        """Write what grouping found; questions that joined a decided group open it again."""
        await work.gaps.forget_blank()
        of = {record.id: record.group_id for record, _ in stored}
        taken: set[int] = set()
        for group in groups:
            before = Counter(of[m.question.id] for m in group.members)
            known = (g for g, _ in before.most_common() if g is not None and g not in taken)
            group_id = next(known, None) or await work.gaps.create()
            taken.add(group_id)
            await work.gaps.put(group_id, {m.question.id: m.likeness for m in group.members})
        for question_id, (group_id, likeness) in joined.items():
            await work.gaps.put(group_id, {question_id: likeness})
        back = 0
        for group_id in sorted({group_id for group_id, _ in joined.values()}):
            back += await work.gaps.come_back(group_id)
        await work.gaps.drop_empty()
        return back

    @staticmethod
    async def _note(work: UnitOfWork, action: str, by: StaffRecord, group_id: int, **details: object) -> None:
        await work.audit.note(action, actor=by.name, staff_id=by.id, about=("gap", group_id), details=details)


def faq_document(
    group_id: int, language: str, draft: Draft, valid_until: datetime | None, *, twin: str | None
) -> NewDocument:
    """The FAQ document that answers a group in one language."""
    today = datetime.now(UTC).date()
    return NewDocument(
        id=faq_id(group_id, language),
        language=language,
        title=draft.title.strip(),
        markdown=f"# {draft.title.strip()}\n\n{draft.text.strip()}\n",
        origin="faq",
        twin=twin,
        as_of=today,
        valid_until=valid_until,
    )


def faq_id(group_id: int, language: str) -> str:
    """The id of the FAQ document of a group: twins differ in the folder only."""
    return f"{language}/faq-{group_id}"


async def _kept(work: UnitOfWork) -> tuple[set[int], set[int]]:
    """The groups that staff decided on, and those that they shaped by hand."""
    decided = {g.id for g in await work.gaps.groups(("answered", "attached", "dismissed"))}
    return decided, await work.gaps.shaped()


def _grouped(
    stored: Sequence[tuple[GapQuestionRecord, bytes]], decided: set[int], shaped: set[int]
) -> tuple[dict[int, tuple[int, float]], list[Group]]:
    """Where new questions join decided groups, and the groups of everything else."""
    from knowledge.grouping import Question, group, nearest_group
    from knowledge.meaning import unpack_meanings

    rows = unpack_meanings([packed for _, packed in stored])
    kept = decided | shaped

    def asked(places: Sequence[int]) -> list[Question]:
        records = [stored[i][0] for i in places]
        return [Question(id=r.id, text=r.text, language=r.language, founder=r.founder_id) for r in records]

    def parts(places: list[int]) -> list[list[int]]:
        place = {stored[i][0].id: i for i in places}
        found = group(asked(places), rows[places])
        return [[place[m.question.id] for m in one.members] for one in found]

    held: dict[int, list[int]] = {}
    for i, (record, _) in enumerate(stored):
        if record.group_id in kept:
            held.setdefault(record.group_id, []).append(i)
    names, known = [], []
    for name in sorted(held):
        # What staff put together may mean different things: a new question need only fit one of them.
        for part in parts(held[name]) if name in shaped else [held[name]]:
            names.append(name)
            known.append((rows[part], [stored[i][0].language for i in part]))
    joined: dict[int, tuple[int, float]] = {}
    rest: list[int] = []
    for i, (record, _) in enumerate(stored):
        if record.group_id in kept:
            continue
        found = nearest_group(rows[i], record.language, known) if record.group_id is None else None
        if found is None:
            rest.append(i)
        else:
            joined[record.id] = (names[found[0]], found[1])
    return joined, group(asked(rest), rows[rest])
