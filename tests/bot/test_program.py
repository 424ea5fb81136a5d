"""program.toml: what a program is called, checked when it is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from handlers.program import ProgramError, load_program

TEXTS = 'name.en = "Base"\ncontact.en = "Write."\nintro.en = "Hello."\n'


def write(folder: Path, lines: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "program.toml").write_text(f"[program]\n{TEXTS}{lines}\n", encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("", "program.languages must list"),
        ('languages = "en"', "program.languages must list"),
        ("languages = []", "program.languages must list"),
        ('languages = ["en"]\ndefault_language = "zh"', "default_language 'zh' is not in"),
        ('languages = ["en"]\nslug = "../up"', "program.slug must be lower-case"),
        ('languages = ["en"]\nslug = 7', "program.slug must be lower-case"),
        ('languages = ["en"]\nexamples.en = "Who can apply?"', "program.examples must list questions"),
        ('languages = ["en"]\nexamples = 3', "program.examples must list questions"),
        ('languages = ["en"]\ntimezone = "Mars/One"', "'Mars/One' is not a known time zone"),
    ],
)
def test_what_is_wrong_in_the_file_is_named_by_its_key(tmp_path: Path, lines: str, told: str) -> None:
    with pytest.raises(ProgramError, match=told):
        load_program(write(tmp_path, lines))


@pytest.mark.parametrize(("folder", "slug"), [("harbor", "harbor"), ("My Harbor_2", "my-harbor-2")])
def test_a_program_without_a_slug_is_named_after_its_folder(tmp_path: Path, folder: str, slug: str) -> None:
    assert load_program(write(tmp_path / folder, 'languages = ["en"]')).slug == slug


def test_a_folder_whose_name_makes_no_slug_asks_for_one(tmp_path: Path) -> None:
    with pytest.raises(ProgramError, match="slug"):
        load_program(write(tmp_path / "项目", 'languages = ["en"]'))


@pytest.mark.parametrize("folder", ["missing", "file.txt"])
def test_a_folder_that_is_none_names_the_setting(tmp_path: Path, folder: str) -> None:
    (tmp_path / "file.txt").touch()
    with pytest.raises(ProgramError, match="does not exist; BOT_PROGRAM must name a program folder"):
        load_program(tmp_path / folder)
