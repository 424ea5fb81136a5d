from __future__ import annotations

import pytest

from knowledge.kinds import asked_kinds, given_kinds


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How long may a boat stay?", "duration"),
        ("停多久", "duration"),
        ("Wie lange liegt ein Boot hier?", "duration"),
        ("When does the slip open?", "date"),
        ("船台哪天开放", "date"),
        ("Wann öffnet der Slip?", "date"),
        ("What does a berth cost?", "money"),
        ("泊位多少钱", "money"),
        ("Was kostet ein Liegeplatz?", "money"),
        ("How many boats fit in?", "number"),
        ("能放几条船", "number"),
        ("Where is hall B?", "place"),
        ("二号库在哪", "place"),
        ("Can I bring a dog?", "rule"),
        ("可以带狗吗", "rule"),
        ("Darf ich einen Hund mitbringen?", "rule"),
        ("What is a slip?", "meaning"),
        ("船台是什么", "meaning"),
    ],
)
def test_a_question_tells_which_kind_of_answer_it_wants(question: str, kind: str) -> None:
    assert kind in asked_kinds(question)


@pytest.mark.parametrize("question", ["", "???", "Herons", "白鹭", "Tell me about the herons of the marsh."])
def test_a_question_without_words_that_ask_wants_no_kind(question: str) -> None:
    assert asked_kinds(question) == frozenset()


@pytest.mark.parametrize(
    ("text", "language", "kinds"),
    [
        ("A boat stays for 26 weeks.", "en", {"duration"}),
        ("The slip opens on 3 May 2027.", "en", {"date"}),
        ("最长停26周。", "zh", {"duration"}),
        ("船台2027年5月3日开放。", "zh", {"date"}),
        ("每米340元。", "zh", {"money"}),
        ("Dogs may not enter the hall.", "en", {"rule"}),
        ("狗不能进库。", "zh", {"rule"}),
        ("Water is free of charge.", "en", {"money"}),
    ],
)
def test_a_sentence_gives_kinds_of_answers(text: str, language: str, kinds: set[str]) -> None:
    assert kinds <= given_kinds(text, language)
    assert not given_kinds("Herons nest." if language == "en" else "白鹭筑巢。", language)
