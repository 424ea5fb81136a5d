from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.forms import open_form
from bot.preview import preview_lines
from forms.load import FormInvalid, load_form
from handlers.program import load_program
from tests.bot.conftest import DOCUMENT, Installation

HARBOR = Path(__file__).resolve().parent.parent / "data" / "forms" / "harbor.toml"
CHINESE = DOCUMENT.replace("language: en", "language: zh").replace("How long is a berth let?", "泊位租多久？")
TRACKS = '\n[[track]]\nid = "berth"\nname.en = "Berth"\n[[track]]\nid = "trial"\nname.en = "Trial"\n'


@pytest.fixture
def form(installation: Installation) -> Path:
    """The boat yard's form in the program's folder, with its tracks and its documents."""
    path = installation.program / "application.toml"
    shutil.copy(HARBOR, path)
    toml = installation.program / "program.toml"
    toml.write_text(toml.read_text(encoding="utf-8") + TRACKS, encoding="utf-8")
    (installation.documents / "zh").mkdir()
    (installation.documents / "zh" / "berths.md").write_text(
        CHINESE.replace("id: berths", "id: zh/berths"), encoding="utf-8"
    )
    return path


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_good_form_passes(
    form: Path, command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("form", "check") == 0
    assert "21 questions in 4 sections, 2 tracks, 3 requirements, in zh, en" in capsys.readouterr().out


def test_another_folder_is_looked_at(
    form: Path,
    command: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("BOT_PROGRAM", str(tmp_path / "nowhere"))
    assert command("form", "check", "--program", str(form.parent)) == 0


def test_every_problem_is_a_line_that_says_what_to_do(
    form: Path, command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    change(form, 'type = "email"', 'type = "e-mail"')
    change(form, '"crane" in needs', '"crain" in needs')
    assert command("form", "check") == 1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert "application.toml, question email: type is 'e-mail'" in lines[0]
    assert 'needs is never "crain"' in lines[1]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            '"How long is a berth let?"',
            '"How long is a birth let?"',
            "did you mean “How long is a berth let?”",
        ),
        ('"泊位租多久？"', '"泊位多少钱？"', "berths (zh) has no heading “泊位多少钱？”"),
        ('document = "berths"', 'document = "boats"', "boats is no document of the program"),
        ('id = "trial"', 'id = "try"', "track try: is no [[track]] of program.toml (berth, trial)"),
    ],
)
def test_what_stands_beside_the_form_must_fit(
    form: Path,
    command: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    old: str,
    new: str,
    problem: str,
) -> None:
    change(form, old, new)
    if "try" in new:
        change(form, 'track == "trial"', 'track == "try"')
    assert command("form", "check") == 1
    assert problem in capsys.readouterr().out


def test_a_rule_in_a_language_without_the_document(
    form: Path,
    installation: Installation,
    command: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
) -> None:
    shutil.rmtree(installation.documents / "zh")
    assert command("form", "check") == 1
    assert "berths is not there in zh: take heading.zh out" in capsys.readouterr().out


def test_a_program_without_a_form(
    installation: Installation, command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("form", "check") == 1
    assert "application.toml does not exist: write it, docs/forms.md says how" in capsys.readouterr().err
    assert open_form(installation.program, load_program(installation.program)) is None


def test_the_bot_opens_a_good_form_only(form: Path, installation: Installation) -> None:
    program = load_program(installation.program)
    opened = open_form(installation.program, program)
    assert opened
    assert len(opened.tracks) == 2
    change(form, 'id = "trial"', 'id = "try"')
    with pytest.raises(FormInvalid, match="track"):
        open_form(installation.program, program)


def test_the_preview_shows_what_a_founder_will_see(
    form: Path, command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("form", "preview", "--language", "en") == 0
    out = capsys.readouterr().out
    for piece in (
        "Harbor Lab application (SAMPLE)",
        "== 1. The basics",
        "1. What do you want to apply for?  [choice]",
        "1) Berth (船位, mooring)",
        "Why: Reviewers read this sentence first",
        "Rule: berths › How long is a berth let?",
        "Asked when: Needs includes “Crane” and Team size is at least 2",
        "every co-founder answers this section alone",
        "seen by its author and by staff only",
        "A team at a berth has at most 12 people. (a must)",
        "Before submitting",
    ):
        assert piece in out, piece


@pytest.mark.parametrize(
    ("language", "condition"),
    [
        ("en", "the number of “Full time: yes” under Founders is at least 1"),
        ("zh", "创始人中“全职：是”的数量至少为 1"),
    ],
)
def test_the_form_of_the_sample_program_is_previewed_to_its_end(language: str, condition: str) -> None:
    path = Path(__file__).parents[2] / "programs" / "joint-base" / "application.toml"
    form = load_form(path, timezone=ZoneInfo("Asia/Shanghai"))
    lines = list(preview_lines(form, language, zone=ZoneInfo("Asia/Shanghai")))
    assert f"  {condition}" in lines
    assert any(line.startswith("  residency: 2027-03-01 10:00 – 2027-03-31 20:00") for line in lines)


def test_the_preview_of_one_track_in_one_language(
    form: Path, command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("form", "preview", "--language", "zh", "--track", "trial") == 0
    out = capsys.readouterr().out
    assert "船做到哪一步了？" in out
    assert "你们需要什么？" not in out
    assert "每周投入多少小时？" not in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--language", "fr"), "the form speaks zh, en"),
        (("--track", "pilot"), "the tracks are berth, trial"),
    ],
)
def test_a_preview_that_cannot_be(
    form: Path,
    command: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, str],
    message: str,
) -> None:
    assert command("form", "preview", *words) == 1
    assert message in capsys.readouterr().err


def test_a_broken_form_is_not_previewed_and_seen_by_the_doctor(
    form: Path, command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    change(form, 'type = "email"', 'type = "e-mail"')
    assert command("form", "preview") == 1
    assert "founder-bot form check" in capsys.readouterr().err
    assert command("doctor") == 1
    out = capsys.readouterr().out
    assert "fail form" in out
    assert "→ run: founder-bot form check" in out
