"""`founder-bot form`: look at the application form before founders do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.common import CommandError, begin

if TYPE_CHECKING:
    from forms.model import Form
    from handlers.program import Program

app = typer.Typer(help="Check and show the application form.", no_args_is_help=True)

Folder = Annotated[
    Path | None,
    typer.Option("--program", help="Program folder; without it, the one in the settings."),
]


@app.callback()
def _form() -> None:
    """Check and show the application form."""


@app.command("check")
def check(context: typer.Context, program: Folder = None) -> None:
    """Check application.toml: every problem with its place and what to do about it.

    Also checks that its tracks are in program.toml, and that the documents hold the rules it names.
    """
    from bot.forms import FORM_FILE

    form, problems, folder = _read(context, program)[1:]
    for problem in problems:
        typer.echo(problem)
    if problems:
        raise typer.Exit(1)
    if form is None:
        raise CommandError(f"{folder / FORM_FILE} does not exist: write it, docs/forms.md says how")
    typer.echo(f"{FORM_FILE}: {summary(form)}; nothing to mend")


@app.command("preview")
def preview(
    context: typer.Context,
    language: Annotated[
        str, typer.Option("--language", help="Language to show; without it, the form's default.")
    ] = "",
    track: Annotated[str, typer.Option("--track", help="Show only what this track may be asked.")] = "",
    program: Folder = None,
) -> None:
    """Print the form as founders will see it: sections, questions, hints, options and conditions in words."""
    from bot.forms import FORM_FILE
    from bot.preview import preview_lines

    loaded, form, problems, folder = _read(context, program)
    if form is None:
        if problems:
            raise CommandError(f"{problems[0]} ({len(problems)} problems in all: founder-bot form check)")
        raise CommandError(f"{folder / FORM_FILE} does not exist: write it, docs/forms.md says how")
    if language and language not in form.names:
        raise CommandError(f"--language {language}: the form speaks {', '.join(form.names)}")
    tracks = [one.id for one in form.tracks]
    if track and track not in tracks:
        raise CommandError(f"--track {track}: the tracks are {', '.join(tracks) or 'none'}")
    for line in preview_lines(form, language or form.default_language, zone=loaded.timezone, track=track):
        typer.echo(line)


def summary(form: Form) -> str:
    """How big the form is."""
    return (
        f"{len(form.questions)} questions in {len(form.sections)} sections, {len(form.tracks)} tracks, "
        f"{len(form.requirements)} requirements, in {', '.join(form.names)}"
    )


def _read(context: typer.Context, program: Path | None) -> tuple[Program, Form | None, tuple[str, ...], Path]:
    settings = begin(context)
    from bot.forms import check_form
    from handlers.program import load_program

    folder = program or settings.program
    documents = program / "documents" if program else settings.documents
    loaded = load_program(folder)
    return loaded, *check_form(folder, documents, loaded), folder
