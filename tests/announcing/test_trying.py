"""Before an announcement is confirmed, staff see which golden questions it breaks; it may go out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from handlers.announce.trying import AnnouncementTrials
from knowledge.config import KnowledgeConfig
from knowledge.embeddings import BUNDLED, build_embeddings
from knowledge.evaluation import LabeledQuestion
from knowledge.ingest import ingest
from knowledge.library import Library
from knowledge.rehearsal import Rehearsals
from knowledge.service import Knowledge
from tests.announcing.desk import Desk, audience
from tests.conversation.fakes import Bot, rows, until
from tests.documents.conftest import HARBOR
from tests.knowledge.rules import config, fill

LIFTS = "How much does the crane lift?"
UNKNOWN = "What does a seat at the demo day cost?"
GOLDEN = [
    LabeledQuestion(question=LIFTS, doc="crane.md", section=LIFTS, answerable=True, lang="en"),
    LabeledQuestion(question=UNKNOWN, doc=None, section=None, answerable=False, lang="en"),
]
HARMLESS = "Lanterns\nLanterns are lent at the pier on Friday."
HARMFUL = "A seat at the demo day\nA seat at the demo day costs four euros."


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeConfig:
    place = tmp_path_factory.mktemp("trying")
    made = config(place / "data", embeddings=BUNDLED, languages=("en",))
    ingest(made, fill(place / "documents", **HARBOR), build_embeddings(BUNDLED))
    return made


@pytest.fixture
async def desk(bot: Bot, here: KnowledgeConfig) -> AsyncIterator[Desk]:
    """An editor whose bot can try drafts out, and two founders."""
    knowledge = Knowledge.open(here)
    library = Library(here, lambda: here.data_dir.parent / "documents")
    rehearsals = Rehearsals(library, GOLDEN, knowledge.in_background())
    trials = AnnouncementTrials(bot.database, rehearsals, bot.services.program)
    object.__setattr__(bot.services, "announced", trials)
    await audience(bot, "ann", "bob")
    yield await Desk.open(bot)
    await trials.settled()
    await knowledge.close()


async def composed(desk: Desk, text: str) -> None:
    """A draft in English only."""
    await desk.say(f"/announce {text}")
    await desk.press("Leave Chinese out")


async def finished(desk: Desk) -> str:
    """Let the trial end and wait for what it shows."""
    trials = desk.bot.services.announced
    assert trials is not None
    await trials.settled()
    await until(lambda: "⏳" not in desk.bot.to(desk.chat)[-1].text)
    desk.all = desk.bot.to(desk.chat)[-1:]
    return desk.text


async def counted(desk: Desk, text: str) -> tuple[str, str]:
    """Compose and count; the confirmation as it is shown at once, and as it is in the end."""
    await composed(desk, text)
    return await desk.press("Recipients"), await finished(desk)


async def test_what_breaks_follows_on_the_confirmation(
    desk: Desk,
) -> None:
    at_once, in_the_end = await counted(desk, HARMFUL)

    assert "3 founders get it" in at_once
    assert "Trying out whether 2 golden questions" in at_once
    assert "1 of 2 golden questions lose their right answer" in in_the_end
    assert f"· {UNKNOWN}\n   before: no answer\n" in in_the_end
    assert "after: Announcement of" in in_the_end
    assert desk.seen.edits == "m1"


async def test_it_may_go_out_all_the_same(desk: Desk) -> None:
    await counted(desk, HARMFUL)
    await desk.press("Send now")
    assert (await desk.announcement())["status"] == "scheduled"


async def test_what_breaks_nothing_says_so(desk: Desk) -> None:
    _, in_the_end = await counted(desk, HARMLESS)
    assert "All 2 golden questions keep their answers" in in_the_end


async def test_one_that_is_sent_later_is_tried_out_as_if_it_held_already(desk: Desk) -> None:
    await composed(desk, HARMFUL)
    await desk.press("When")
    await desk.say("2030-01-01 10:00")
    await desk.press("Recipients")
    assert "1 of 2 golden questions" in await finished(desk)


async def test_the_second_look_at_the_same_draft_shows_the_result_at_once(desk: Desk) -> None:
    await counted(desk, HARMFUL)
    await desk.press("Back")
    assert "1 of 2 golden questions" in await desk.press("Recipients")


@pytest.mark.parametrize("then", ["Back", "Urgent"])
async def test_a_draft_that_was_left_or_changed_meanwhile_is_not_painted_over(desk: Desk, then: str) -> None:
    await composed(desk, HARMFUL)
    card = desk.seen
    await desk.press("Recipients")
    desk.all = desk.all if then == "Back" else [card]
    await desk.press(then)
    await finished(desk)
    assert {row["status"] for row in await rows(desk.bot.database, "outbox")} == {"sent"}
    assert "Draft" in desk.text


async def test_who_cannot_try_it_out_is_told_so(desk: Desk, here: KnowledgeConfig) -> None:
    trials = desk.bot.services.announced
    assert trials is not None
    trials._rehearsals._config = replace(here, data_dir=here.data_dir / "nowhere")
    _, in_the_end = await counted(desk, HARMLESS)
    assert "could not be tried out" in in_the_end
