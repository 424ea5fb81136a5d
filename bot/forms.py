"""The application form of a program: opened for the bot, and checked against what stands beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from forms.load import load_form, rules
from forms.model import Form
from forms.problems import FormInvalid
from handlers.program import Program

FORM_FILE = "application.toml"


def open_form(folder: Path, program: Program) -> Form | None:
    """The form in a program's folder, None when it has none; FormInvalid tells all that is wrong with it."""
    path = folder / FORM_FILE
    if not path.exists():
        return None
    form = load_form(path, timezone=program.timezone)
    if problems := list(_tracks(form, program)):
        raise FormInvalid(problems)
    return form


def check_form(folder: Path, documents: Path, program: Program) -> tuple[Form | None, tuple[str, ...]]:
    """The form and all that is wrong with it, down to rules no document holds; (None, ()) for no form."""
    path = folder / FORM_FILE
    if not path.exists():
        return None, ()
    try:
        form = load_form(path, timezone=program.timezone)
    except FormInvalid as error:
        return None, error.problems
    return form, (*_tracks(form, program), *_rules(form, documents, program))


def _tracks(form: Form, program: Program) -> Iterator[str]:
    known = [track.id for track in program.tracks]
    for track in form.tracks:
        if known and track.id not in known:
            yield (
                f"{FORM_FILE}, track {track.id}: is no [[track]] of program.toml ({', '.join(known)}): "
                "add it there, or use one of those"
            )


def _rules(form: Form, folder: Path, program: Program) -> Iterator[str]:
    named = rules(form)
    if not named:
        return
    from knowledge.documents import read_folder
    from knowledge.errors import DocumentsInvalid
    from knowledge.markdown import parse

    try:
        documents, _ = read_folder(folder, program.languages)
    except DocumentsInvalid as error:
        yield f"{FORM_FILE}: names rules, but {error}"
        return
    headings = {
        (document.id.rpartition("/")[2], document.language): {
            section.path[-1] for section in parse(document.markdown) if section.path
        }
        for document in documents
    }
    names = sorted({name for name, _ in headings})
    for where, rule in named:
        place = f"{FORM_FILE}, {where}"
        if rule.document not in names:
            advice = _near(rule.document, names)
            yield f"{place}: rule.document {rule.document} is no document of the program{advice}"
            continue
        for language, heading in rule.headings.items():
            known = headings.get((rule.document, language))
            if known is None:
                yield f"{place}: {rule.document} is not there in {language}: take heading.{language} out"
            elif heading not in known:
                yield (
                    f"{place}: {rule.document} ({language}) has no heading “{heading}”"
                    f"{_near(heading, sorted(known))}"
                )


def _near(name: str, known: list[str]) -> str:
    import difflib

    near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    return f": did you mean “{near[0]}”?" if near else ": write it as the document has it"
