"""The documentation says what the code does: settings, commands and links are compared."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from bot.cli import NAME, app
from bot.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
COMMANDS = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


def commands(command: Any, path: str = NAME) -> Iterator[tuple[str, Any]]:
    """Every command that does something, with the words that call it."""
    inner = getattr(command, "commands", None)
    if not inner:
        yield path, command
        return
    for name, one in inner.items():
        yield from commands(one, f"{path} {name}")


TREE = dict(commands(typer.main.get_command(app)))


def section(path: str) -> str:
    """The part of docs/commands.md that is about one command."""
    match = re.search(rf"^## `{re.escape(path)}[^\n]*`\n(.*?)(?=^## |\Z)", COMMANDS, re.MULTILINE | re.DOTALL)
    assert match, f"docs/commands.md has no section '## `{path} ...`'"
    return " ".join(match.group(0).split())


def default_of(name: str) -> str:
    """How the table of settings shows a default."""
    value = Settings.model_fields[name].default
    if hasattr(value, "get_secret_value"):
        value = value.get_secret_value()
    if isinstance(value, Path) and value.is_absolute():
        value = value.relative_to(ROOT)
    return f"`{value}`" if value not in ("", None) else "–"


@pytest.mark.parametrize("name", Settings.model_fields)
def test_a_setting_is_documented_with_its_default_and_meaning(name: str) -> None:
    row = f"| `BOT_{name.upper()}` | {default_of(name)} | {Settings.model_fields[name].description} |"
    assert row in SETTINGS, f"docs/settings.md lacks the row\n{row}"


def test_no_setting_is_documented_that_does_not_exist() -> None:
    text = SETTINGS + (ROOT / ".env.example").read_text(encoding="utf-8")
    assert set(re.findall(r"BOT_([A-Z_]+[A-Z])", text)) <= {name.upper() for name in Settings.model_fields}


@pytest.mark.parametrize("path", TREE)
def test_a_command_is_documented_with_its_help(path: str) -> None:
    text = " ".join((TREE[path].help or "").split())
    assert text
    assert text in section(path), f"docs/commands.md, {path}: lacks its help text\n{text}"


@pytest.mark.parametrize("path", TREE)
def test_a_parameter_is_documented_with_its_help(path: str) -> None:
    about = section(path)
    for parameter in TREE[path].params:
        if parameter.name == "help":
            continue
        option = parameter.param_type_name == "option"
        spelled = (
            ", ".join(f"`{name}`" for name in parameter.opts)
            if option
            else f"`{parameter.metavar or parameter.name.upper()}`"
        )
        assert parameter.help, f"{path}: {parameter.name} has no help text"
        row = f"{spelled}: {' '.join(parameter.help.split())}"
        assert row in about, f"docs/commands.md, {path}: lacks\n- {row}"


def test_no_command_is_documented_that_does_not_exist() -> None:
    headings = re.findall(rf"^## `({NAME} [^`]*)`", COMMANDS, re.MULTILINE)
    assert {path for path in TREE for heading in headings if heading.startswith(path)} == set(TREE)
    assert len(headings) == len(TREE)


def prose(page: Path) -> str:
    """A page without its blocks of code."""
    return re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)


def anchors(page: Path) -> set[str]:
    """What links to headings of a page end with, as GitHub makes it of them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_within_the_repository_lead_somewhere(page: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#\s]*)(?:#([^)]*))?\)", prose(page)):
        if "://" not in target:
            there = page.parent / target if target else page
            assert there.exists(), f"{page.name} links to {target}"
            assert not anchor or anchor in anchors(there), f"{page.name} links to {target}#{anchor}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_founder_bot_command_in_the_pages_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    known = {path.split()[1] for path in TREE} | {"--help", "--debug", "--version"}
    for word in re.findall(r"(?:^|`|\$ |&& |exec )founder-bot ([a-z-]+)", text, re.MULTILINE):
        assert word in known, f"{page.name} names founder-bot {word}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_make_target_in_the_pages_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for target in re.findall(r"`make ([a-z]+)`", page.read_text(encoding="utf-8")):
        assert target in targets, f"{page.name} names make {target}"
