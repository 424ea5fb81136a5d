"""Golden questions before and after a change, with the bundled embedder: what would break is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from handlers.review.overlay import with_change
from knowledge.config import KnowledgeConfig
from knowledge.embeddings import BUNDLED, build_embeddings
from knowledge.evaluation import LabeledQuestion
from knowledge.ingest import ingest
from knowledge.library import Library
from knowledge.model import Document, Overlay
from knowledge.rehearsal import Rehearsals
from knowledge.service import Knowledge
from knowledge.store import current_version
from tests.documents.conftest import HARBOR
from tests.knowledge.rules import config, fill


def golden(question: str, doc: str | None, section: str | None = None) -> LabeledQuestion:
    return LabeledQuestion(question=question, doc=doc, section=section, answerable=doc is not None, lang="en")


LIFTS = golden("How many tonnes does the crane lift?", "crane.md", "How much does the crane lift?")
SLIPWAY = golden("Who may use the slipway?", "berths.md", "Who may use the slipway?")
SOUP = golden("What does the soup in the canteen cost?", None)
QUESTIONS = [LIFTS, SLIPWAY, SOUP]


def document(**changes: object) -> Document:
    facts: dict[str, object] = {
        "id": "en/canteen",
        "title": "Canteen",
        "language": "en",
        "markdown": "## When is the canteen open?\n\nThe canteen is open from noon to two o'clock.\n",
        "path": "en/canteen",
        "version": "1",
        **changes,
    }
    return Document(**facts)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeConfig:
    place = tmp_path_factory.mktemp("rehearsal")
    made = config(place / "data", embeddings=BUNDLED, languages=("en",))
    ingest(made, fill(place / "documents", **HARBOR), build_embeddings(BUNDLED))
    return made


@pytest.fixture
def library(here: KnowledgeConfig) -> Library:
    return Library(here, lambda: here.data_dir.parent / "documents")


@pytest.fixture
async def rehearsals(here: KnowledgeConfig, library: Library) -> AsyncIterator[Rehearsals]:
    knowledge = Knowledge.open(here)
    yield Rehearsals(library, QUESTIONS, knowledge.in_background())
    await knowledge.close()


async def test_a_harmless_document_breaks_nothing_and_the_probe_shows_that_it_answers(
    rehearsals: Rehearsals, here: KnowledgeConfig
) -> None:
    before, told = current_version(here), []
    found = await rehearsals.run(
        with_change(Overlay(), [document()]),
        ["en/canteen"],
        ["When is the canteen open?"],
        lambda step, done, total: told.append((step, done, total)),
    )
    assert found.safe
    assert (found.questions, found.right_before, found.right_after, found.passages) == (3, 3, 3, 1)
    assert not found.probes[0].before.answered
    assert "noon" in found.probes[0].after.text
    assert {("before", 4, 4), ("build", 1, 1), ("after", 4, 4)} <= set(told)
    assert current_version(here) == before


async def test_a_text_that_draws_a_question_away_from_its_section_is_told(rehearsals: Rehearsals) -> None:
    lifts = "## How many tonnes does the crane lift?\n\nThe crane lifts as many tonnes as you like.\n"
    rival = document(title="Crane", markdown=lifts)
    found = await rehearsals.run(with_change(Overlay(), [rival]), [rival.id])
    assert [broken.label for broken in found.broken] == [LIFTS]
    assert "nine" in found.broken[0].before.text
    assert "as you like" in found.broken[0].after.text
    assert not found.safe


async def test_an_answer_to_what_must_be_refused_is_told(rehearsals: Rehearsals) -> None:
    soup = document(markdown="## What does the soup in the canteen cost?\n\nThe soup costs four crowns.\n")
    found = await rehearsals.run(with_change(Overlay(), [soup]), [soup.id])
    assert [broken.label for broken in found.broken] == [SOUP]
    assert "four" in found.broken[0].after.text


async def test_a_section_that_is_edited_away_is_told_and_one_that_comes_back_is_mended(
    rehearsals: Rehearsals,
) -> None:
    empty = document(id="en/crane", markdown="## What color is the crane?\n\nThe crane is red.\n")
    found = await rehearsals.run(with_change(Overlay(), [empty]), ["en/crane"])
    assert LIFTS in [broken.label for broken in found.broken]
    assert found.right_after < found.right_before == 3


async def test_an_edit_that_keeps_the_section_of_a_file_is_still_the_right_place(
    rehearsals: Rehearsals,
) -> None:
    edited = document(
        id="en/crane",
        title="Crane",
        markdown="## How much does the crane lift?\n\nThe new crane lifts twelve tonnes.\n",
    )
    found = await rehearsals.run(with_change(Overlay(), [edited]), ["en/crane"], ["crane lift weight?"])
    assert found.safe
    assert "twelve" in found.probes[0].after.text


async def test_a_change_of_what_lies_over_the_folder_already_is_compared_with_it(
    rehearsals: Rehearsals,
) -> None:
    over = Overlay(documents=(document(),), state="one")
    shorter = with_change(over, removed=["en/canteen"])
    longer = with_change(over, [replace(document(), title="The canteen")])
    assert shorter.documents == ()
    assert [one.title for one in longer.documents] == ["The canteen"]
    assert (await rehearsals.run(shorter, ["en/canteen"])).passages == 0


async def test_answers_of_before_are_asked_once_for_an_index(rehearsals: Rehearsals) -> None:
    told: list[tuple[str, int, int]] = []
    for _ in range(2):
        await rehearsals.run(
            with_change(Overlay(), [document()]), ["en/canteen"], step=lambda *step: told.append(step)
        )
    assert [step for step in told if step[0] == "before"] == [
        ("before", 0, 3),
        ("before", 1, 3),
        ("before", 2, 3),
        ("before", 3, 3),
        ("before", 0, 0),
    ]
