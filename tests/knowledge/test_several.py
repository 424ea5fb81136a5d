"""Messages that ask several things at once: taken apart, and answered question by question."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from knowledge.config import KnowledgeConfig
from knowledge.embeddings import BundledEmbeddings
from knowledge.ingest import ingest
from knowledge.service import Knowledge
from knowledge.several import MOST, asked_alone, questions_in
from tests.knowledge.rules import fill
from tests.knowledge.test_service import BERTHS, REPAIR, check_citations

APART = [
    ("What does a berth cost, and can I pay later?", "en", ["What does a berth cost", "can I pay later?"]),
    ("Who watches the piers? Where is the crane?", "en", ["Who watches the piers?", "Where is the crane?"]),
    ("When is the race and how long is it?", "en", ["When is the race", "how long is it?"]),
    ("Hi! We are three. May we paint? Who pays?", "en", ["We are three. May we paint?", "Who pays?"]),
    (
        "Was kostet ein Liegeplatz und wie lange gilt er?",
        "de",
        ["Was kostet ein Liegeplatz", "wie lange gilt er?"],
    ),
    ("泊位多少钱，能不能延期", "zh", ["泊位多少钱，", "能不能延期"]),
    ("你好，我想了解一下泊位的价格，另外怎么预约？", "zh", ["我想了解一下泊位的价格，", "怎么预约？"]),
    ("泊位多少錢？幾點關門？", "zh", ["泊位多少錢？", "幾點關門？"]),
    ("1. When is it? 2. Who may come?", "en", ["When is it?", "Who may come?"]),
    ("请问：1、泊位多少钱？2、几点关门？", "zh", ["泊位多少钱？", "几点关门？"]),
]
TOGETHER = [
    ("When and how do I book a berth?", "en"),
    ("Can I paint when I have no berth?", "en"),
    ("We sell nets and have two boats. What does a berth cost?", "en"),
    ("We are a team of five, with two boats, and want a berth near the crane, is that possible?", "en"),
    ("Were you open in 1931 near St. Augustine, Florida?", "en"),
    ("Hello! What does a berth cost? Thanks a lot!", "en"),
    ("我们有两条船，想租两个泊位，可以吗", "zh"),
    ("宠物能不能上船", "zh"),
    ("你好！泊位多少钱？谢谢！", "zh"),
    ("", "en"),
]


@pytest.mark.parametrize(("message", "language", "questions"), APART)
def test_a_message_is_taken_apart_where_both_sides_ask(
    message: str, language: str, questions: list[str]
) -> None:
    assert questions_in(message, language) == questions


@pytest.mark.parametrize(("message", "language"), TOGETHER)
def test_what_asks_one_thing_stays_whole(message: str, language: str) -> None:
    assert questions_in(message, language) == [message]


@pytest.mark.parametrize(
    ("message", "language", "asking"),
    [
        ("I run a lidar company in Berlin. Can I get a berth?", "en", "Can I get a berth?"),
        ("Can I get a berth? I come from Berlin with two boats.", "en", "Can I get a berth?"),
        ("We repair nets. Two of us are in Berlin! Can we come", "en", "Can we come"),
        ("我们三个人，从柏林来。泊位多少钱？", "zh", "泊位多少钱？"),
        ("Wir kommen mit zwei Booten. Was kostet ein Liegeplatz?", "de", "Was kostet ein Liegeplatz?"),
        ("Hello there! Can I get a berth?", "en", ""),
        ("Can I get a berth?", "en", ""),
        ("I run a lidar company in Berlin.", "en", ""),
        ("", "en", ""),
    ],
)
def test_what_a_message_asks_is_told_from_what_it_tells(message: str, language: str, asking: str) -> None:
    assert asked_alone(message, language) == asking


def test_of_very_many_questions_the_last_ones_stay_together() -> None:
    found = questions_in("Where is the pier? " * 9, "en")
    assert len(found) == MOST
    assert found[-1].count("?") == 9 - MOST + 1


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Knowledge]:
    here = KnowledgeConfig(data_dir=tmp_path_factory.mktemp("data"), program="yard")
    documents = {f"berths_{x}": t for x, t in BERTHS.items()} | {f"repair_{x}": t for x, t in REPAIR.items()}
    ingest(here, fill(tmp_path_factory.mktemp("documents"), **documents), BundledEmbeddings())
    knowledge = Knowledge.open(here)
    yield knowledge
    asyncio.run(knowledge.close())


SEVERAL = {
    "What does a summer berth cost, and who watches the piers at night?": ["340 crowns", "guard"],
    "Who watches the piers at night? And what does a summer berth cost?": ["guard", "340 crowns"],
    "How long does a new engine take? May I paint my hull myself? Where do boats stay in winter?": [
        "eleven working days",
        "east shed",
        "hall B",
    ],
    "换发动机要多久，我可以自己给船体刷漆吗": ["十一个工作日", "东边的棚子"],
    "冬天船放在哪裡？夏季泊位多少錢？": ["二号库", "340克朗"],
}


@pytest.mark.parametrize("message", SEVERAL)
async def test_every_question_is_answered_from_its_own_section_in_the_order_asked(
    yard: Knowledge, message: str
) -> None:
    answer = await yard.ask(message)
    assert answer.answered
    places = [answer.text.find(told) for told in SEVERAL[message]]
    assert -1 not in places
    assert places == sorted(places)
    assert [
        bool(told in citation.quote)
        for told, citation in zip(SEVERAL[message], answer.citations, strict=True)
    ]
    assert (answer.left, answer.question) == ((), message)
    assert len(answer.text) < 900
    assert {c.passage_id for c in answer.citations} <= {s.passage.id for s in answer.retrieved}


async def test_a_question_without_an_answer_is_named_beside_the_answer_to_the_other(yard: Knowledge) -> None:
    answer = await yard.ask("What does a summer berth cost? Who is the president of the United States?")
    assert answer.answered
    assert "340 crowns" in answer.text
    assert answer.left == ("Who is the president of the United States?",)
    check_citations(answer)


async def test_questions_about_one_section_get_it_once(yard: Knowledge) -> None:
    answer = await yard.ask("What does a summer berth cost, and is water part of the price of a berth?")
    assert [c.section for c in answer.citations] == ["What does a summer berth cost?"]


@pytest.mark.parametrize("more", ["And how long?", "What do they cost?", "Can I see it?"])
async def test_a_question_that_only_points_to_the_one_before_brings_no_section_of_another_document(
    yard: Knowledge, more: str
) -> None:
    answer = await yard.ask(f"Where do boats stay in winter? {more}")
    assert {c.document_id for c in answer.citations} == {"berths-en"}
    assert answer.citations[0].section == "Where do boats stay in winter?"


async def test_several_questions_without_any_answer_are_refused(yard: Knowledge) -> None:
    answer = await yard.ask("Who is the president of the United States? What will the weather be in Lisbon?")
    assert not answer.answered
    assert answer.left == ()


async def test_what_is_told_beside_a_question_does_not_stand_in_its_way(yard: Knowledge) -> None:
    told = "My sister sells roasted chestnuts from a yellow van in Lisbon and has won two prizes for them."
    answer = await yard.ask(f"{told} What is the price of a berth?")
    assert [c.section for c in answer.citations] == ["What does a summer berth cost?"]
    assert answer.searched == "What is the price of a berth?"
    assert answer.question.startswith(told)
    assert answer.left == ()


async def test_what_is_told_beside_a_question_gives_none_an_answer(yard: Knowledge) -> None:
    answer = await yard.ask("We have two boats and like the sea. Who wrote Hamlet?")
    assert not answer.answered
