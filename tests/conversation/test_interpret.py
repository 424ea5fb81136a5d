"""A message in the interview is taken as what it is, or questioned back; a side question is never stored."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from benchmarks.interpret import TODAY, Taken, draft, figures, read_messages, take_all
from handlers.apply.corrections import Asked
from handlers.apply.interpret import Meaning, interpret
from knowledge.errors import EmbedderUnavailable
from knowledge.leaning import Beside
from knowledge.model import Answer


async def never(question: str) -> Answer:
    raise AssertionError(f"the documents were asked: {question}")


async def unavailable(question: str) -> Answer:
    raise EmbedderUnavailable("the embedder does not answer")


async def asks(text: str, beside: Beside, signs: Sequence[float]) -> float:
    return 2.0


async def tells(text: str, beside: Beside, signs: Sequence[float]) -> float:
    return -5.0


async def unweighed(text: str, beside: Beside, signs: Sequence[float]) -> float:
    raise EmbedderUnavailable("the embedder does not answer")


async def meaning(
    text: str, pending: str | None, *, ask: Any = never, track: str = "berth", lean: Any = None
) -> Meaning:
    answers, state = draft("harbor", track, pending)
    slot = state.slot(pending) if pending else None
    asked = Asked(slot=slot, state=state, answers=answers, language="en", today=TODAY)
    return await interpret(text, asked, ask, lean)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the sample program's documents are indexed, once for all."""
    return tmp_path_factory.mktemp("index")


@pytest.fixture(scope="module")
def taken(index: Path) -> list[Taken]:
    """The whole labeled set, with the sample program's documents at hand."""
    return asyncio.run(take_all(index, read_messages()))


@pytest.fixture(scope="module")
def fresh(index: Path) -> list[Taken]:
    """The set of awkward messages."""
    return asyncio.run(take_all(index, read_messages("fresh")))


def test_the_labeled_set_is_large_and_in_both_languages() -> None:
    messages = read_messages()
    assert len(messages) >= 320
    assert all(sum(m.language == language for m in messages) >= 150 for language in ("zh", "en"))
    assert {m.split for m in messages} == {"dev", "test"}


@pytest.mark.parametrize("split", ["dev", "test"])
def test_nearly_all_messages_are_taken_as_what_they_are_or_questioned_back(
    taken: list[Taken], split: str
) -> None:
    shares = figures([one for one in taken if one.message.split == split])
    assert shares["right_or_questioned_back"] >= 0.97
    assert shares["unsure"] <= 0.06
    assert shares["values_right"] >= 0.97


def test_side_questions_are_not_stored_as_answers(taken: list[Taken]) -> None:
    assert figures(taken)["right_or_questioned_back"] >= 0.97
    assert figures(taken)["questions_stored"] < 0.01


def test_awkward_messages_are_seldom_taken_wrongly(fresh: list[Taken]) -> None:
    shares = figures([one for one in fresh if one.message.split != "last"])
    assert len(fresh) >= 1000
    assert shares["right_or_questioned_back"] >= 0.95
    assert shares["questions_stored"] < 0.01
    assert shares["plain_answers_unsure"] <= 0.07
    # Written after the weights were fitted for the last time.
    shares = figures([one for one in fresh if one.message.split == "last"])
    assert shares["right_or_questioned_back"] >= 0.97
    assert shares["questions_stored"] < 0.05


async def test_a_text_that_means_a_question_is_questioned_back_though_no_word_asks() -> None:
    found = await meaning("crane prices for members", "one_sentence", lean=asks)
    assert found.kind == "unsure"
    assert found.value is not None
    assert (await meaning("7", "team_size", lean=asks)).kind == "answer"
    assert (await meaning("/skip", "one_sentence", lean=asks)).kind == "command"


async def test_a_doubtful_word_in_a_text_that_means_an_answer_is_no_doubt() -> None:
    said = "你们港口的吊机常坏，我们提前预警"
    assert (await meaning(said, "one_sentence")).kind == "unsure"
    assert (await meaning(said, "one_sentence", lean=tells)).kind == "answer"


async def test_what_is_no_answer_and_means_a_question_is_asked() -> None:
    said = "contractors included, or only employees"
    assert (await meaning(said, "team_size", ask=unavailable, lean=tells)).kind == "invalid"
    assert (await meaning(said, "team_size", ask=unavailable, lean=asks)).kind == "question"


async def test_without_an_opinion_the_words_decide() -> None:
    assert (await meaning("Quiet propellers", "one_sentence", lean=unweighed)).kind == "answer"


@pytest.mark.parametrize(
    ("text", "pending"),
    [
        ("7", "team_size"),
        ("是", "registered"),
        ("Berth", "track"),
        ("蓝鲸船艇", "company_name"),
        ("a@b.cn", "email"),
    ],
)
async def test_a_plain_answer_costs_no_look_into_the_documents(text: str, pending: str) -> None:
    await meaning(text, pending)
    times = []
    for _ in range(20):
        started = time.process_time()
        found = await meaning(text, pending)
        times.append(time.process_time() - started)
    assert found.kind == "answer"
    assert found.value is not None
    assert min(times) < 0.001


async def test_an_answer_and_a_question_in_one_message_are_both_taken() -> None:
    found = await meaning("7 people. By the way is rent included?", "team_size")
    assert (found.kind, found.value and found.value.data) == ("answer", 7)
    assert found.also_asks == "By the way is rent included?"


@pytest.mark.parametrize(
    ("said", "pending", "data", "asked"),
    [
        ("吊机、潜水员，费用怎么算？", "needs", ["crane", "divers"], "费用怎么算？"),
        ("是的，已经注册了，还需要公证吗？", "registered", True, "还需要公证吗？"),
        ("5个，能带显示器吗？", "team_size", 5, "能带显示器吗？"),
    ],
)
async def test_an_answer_is_all_that_comes_before_the_question_beside_it(
    said: str, pending: str, data: object, asked: str
) -> None:
    found = await meaning(said, pending)
    assert (found.kind, found.value and found.value.data) == ("answer", data)
    assert found.also_asks is not None
    assert found.also_asks.endswith(asked)


async def test_nothing_pending_means_nothing_is_answered() -> None:
    assert (await meaning("When will I hear back?", None)).kind == "question"
    assert (await meaning("7", None)).kind == "question"
    found = await meaning("actually we are 9 people", None)
    assert (found.kind, found.key, found.value and found.value.data) == ("correction", "team_size", 9)


async def test_which_answer_is_meant_is_asked_when_it_is_not_clear() -> None:
    found = await meaning("改一下姓名", "email")
    assert (found.kind, found.key) == ("correction", None)
    found = await meaning("改一下第二位创始人的姓名", "email")
    assert found.key == "founders/2/founder_name"


async def test_documents_out_of_reach_leave_the_decision_to_the_founder() -> None:
    found = await meaning("why not boats", "company_name", ask=unavailable)
    assert found.kind == "unsure"
    assert found.value is not None


async def test_no_message_at_all_breaks_it() -> None:
    for text in (
        "",
        "?",
        "。。。",
        "改",
        "第题改成",
        "@",
        "😀",
        "\x00",
        "9" * 3000,
        "吗" * 500,
        "change my",
        ": : :",
    ):
        for pending in (None, "team_size", "one_sentence", "track", "motivation", "email"):
            assert (await meaning(text, pending, ask=unavailable)).kind
