"""The `founder-bot` command: routes to one file a command and turns errors into one sentence."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from typing import Annotated, NoReturn

import typer

from bot import __version__
from bot.commands import (
    announce,
    announcements,
    applications,
    ask,
    chat,
    database,
    doctor,
    evaluate,
    export,
    form,
    founders,
    ingest,
    retention,
    run,
    setup,
    staff,
    staff_access,
)
from bot.commands.common import Launch

NAME = "founder-bot"
OWN_ROOMS = ("bot", "forms", "handlers", "knowledge", "storage")

app = typer.Typer(
    name=NAME,
    help="A chat bot that gives founders cited answers from their start-up program's own documents.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("chat")(chat.chat)
app.command("run")(run.run)
app.command("setup")(setup.setup)
app.command("ingest")(ingest.ingest)
app.command("ask")(ask.ask)
app.command("eval")(evaluate.evaluate)
app.command("doctor")(doctor.doctor)
app.add_typer(form.app, name="form")
app.add_typer(database.app, name="db")
app.add_typer(export.app, name="export")
app.add_typer(applications.app, name="applications")
app.command("retention")(retention.retention)
staff.app.command("invite")(staff_access.invite)
staff.app.command("token")(staff_access.token)
app.command("announce")(announce.announce)
app.add_typer(announcements.app, name="announcements")
app.add_typer(founders.app, name="founders")
app.add_typer(staff.app, name="staff")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"{NAME} {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    debug: Annotated[
        bool, typer.Option("--debug", help="Show tracebacks and debug logs; may be written anywhere.")
    ] = False,
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """Start here; the documentation is in docs/."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command; exit 0 when it worked, 1 with a sentence when not, 2 for usage, 130 for Ctrl-C."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = _take_debug(words)
    _show_what_can_be_shown()
    command = typer.main.get_command(app)
    try:
        command.main(words, prog_name=NAME, obj=Launch(debug=debug))
    except Exception as error:
        _report(error, debug=debug)
        sys.exit(1)
    sys.exit(0)


def _show_what_can_be_shown() -> None:
    """A terminal of another encoding shows ? for what it lacks; an emoji must not end a conversation."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _take_debug(words: list[str]) -> bool:
    """Whether --debug stands before a lone "--"; it is taken out, so that its place does not matter."""
    end = words.index("--") if "--" in words else len(words)
    kept = [word for word in words[:end] if word != "--debug"]
    found = len(kept) < end
    words[:end] = kept
    return found


def _report(error: Exception, *, debug: bool) -> None:
    from bot.redaction import Redactor

    redact = Redactor.from_environment()
    if debug:
        import traceback

        sys.stderr.write(redact("".join(traceback.format_exception(error))))
    sys.stderr.write(redact(f"Error: {sentence(error)}\n"))


def sentence(error: Exception) -> str:
    """What went wrong, for the operator; own errors speak for themselves, others are named as unexpected."""
    text = " ".join(str(error).split())
    if type(error).__module__.partition(".")[0] in OWN_ROOMS and text:
        return text
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return f"Unexpected {type(error).__name__}: {text}. Add --debug to see where it happened."
