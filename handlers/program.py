"""What one start-up program is called and where its people are: read from its program.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from forms.quiet import USUAL, QuietHours, QuietHoursInvalid, read_quiet_hours
from handlers.office_hours import OfficeHours, OfficeHoursInvalid, read_office_hours

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
_TOPIC_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,30}")


class ProgramError(Exception):
    """A program folder that cannot be used; the message names the file and the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One way into the program (residency, pilot, …); `names` by language."""

    id: str
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """What announcements may be about; founders subscribe and unsubscribe by it. `names` by language."""

    id: str
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """The program this installation serves; texts are by language (ISO 639-1)."""

    slug: str
    names: Mapping[str, str]
    languages: tuple[str, ...]
    default_language: str
    timezone: ZoneInfo
    tracks: tuple[Track, ...]
    contact: Mapping[str, str]
    intro: Mapping[str, str]
    examples: Mapping[str, tuple[str, ...]]
    topics: tuple[Topic, ...] = ()
    office_hours: OfficeHours | None = None
    quiet_hours: QuietHours = USUAL

    def quiet_until(self, moment: datetime) -> datetime | None:
        """Return when the quiet hours around a moment end, in UTC; None outside of them."""
        return self.quiet_hours.until(moment, self.timezone)

    def topic(self, topic_id: str | None) -> Topic | None:
        """The topic with this id; None for none, or one that the program has no more."""
        return next((topic for topic in self.topics if topic.id == topic_id), None)

    def text(self, texts: Mapping[str, str], language: str) -> str:
        """The text in `language`, else in English, else in the program's first language."""
        return texts.get(language) or texts.get("en") or texts.get(self.default_language) or ""


def load_program(folder: Path) -> Program:
    """Read `folder`/program.toml; raise ProgramError that says what to mend."""
    path = folder / "program.toml"
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise ProgramError(f"{path} does not exist; BOT_PROGRAM must name a program folder") from None
    except PermissionError:
        raise ProgramError(f"{path} cannot be read: this user has no right to") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ProgramError(f"{path} cannot be read: {error}") from error
    return _program(path, data)


def _program(path: Path, data: Mapping[str, Any]) -> Program:
    table = _table(path, data, "program")
    languages = _languages(path, table)
    default = str(table.get("default_language", languages[0]))
    if default not in languages:
        raise ProgramError(f"{path}: program.default_language {default!r} is not in program.languages")
    zone = str(table.get("timezone", "UTC"))
    try:
        timezone = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise ProgramError(f"{path}: program.timezone {zone!r} is not a known time zone") from None
    return Program(
        slug=_slug(path, table),
        names=_texts(path, table, "name"),
        languages=languages,
        default_language=default,
        timezone=timezone,
        tracks=_tracks(path, data),
        contact=_texts(path, table, "contact"),
        intro=_texts(path, table, "intro"),
        examples=_examples(path, table),
        topics=_topics(path, data, languages),
        office_hours=_office_hours(path, data, timezone),
        quiet_hours=_quiet_hours(path, data),
    )


def _languages(path: Path, table: Mapping[str, Any]) -> tuple[str, ...]:
    found = table.get("languages")
    if not isinstance(found, list) or not found or not all(isinstance(one, str) and one for one in found):
        raise ProgramError(f'{path}: program.languages must list at least one language, e.g. ["zh", "en"]')
    return tuple(found)


def _slug(path: Path, table: Mapping[str, Any]) -> str:
    """The name of the index; the folder's name, made fit for one, where none is given."""
    given = table.get("slug")
    folder = path.resolve().parent.name.lower()
    slug = re.sub(r"[^a-z0-9]+", "-", folder).strip("-")[:60] if given is None else given
    if not isinstance(slug, str) or not _SLUG.fullmatch(slug):
        raise ProgramError(
            f"{path}: program.slug must be lower-case letters, digits and hyphens, 60 at most, e.g. "
            'slug = "my-program"'
        )
    return slug


def _examples(path: Path, table: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
    found = table.get("examples", {})
    if not isinstance(found, dict) or not all(isinstance(asked, list) for asked in found.values()):
        raise ProgramError(
            f'{path}: program.examples must list questions by language, e.g. examples.en = ["Who can apply?"]'
        )
    return {str(language): tuple(map(str, asked)) for language, asked in found.items()}


def _office_hours(path: Path, data: Mapping[str, Any], timezone: ZoneInfo) -> OfficeHours | None:
    try:
        return read_office_hours(data.get("office_hours"), timezone)
    except OfficeHoursInvalid as error:
        raise ProgramError(f"{path}: {error}") from None


def _quiet_hours(path: Path, data: Mapping[str, Any]) -> QuietHours:
    try:
        return read_quiet_hours(data.get("quiet_hours"))
    except QuietHoursInvalid as error:
        raise ProgramError(f"{path}: {error}") from None


def _table(path: Path, data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    table = data.get(key)
    if not isinstance(table, dict):
        raise ProgramError(f"{path}: the table [{key}] is missing")
    return table


def _texts(path: Path, table: Mapping[str, Any], key: str) -> Mapping[str, str]:
    texts = table.get(key)
    if not isinstance(texts, dict) or not texts or not all(isinstance(v, str) for v in texts.values()):
        raise ProgramError(f'{path}: program.{key} must give a text for each language, e.g. {key}.en = "…"')
    return {str(k): v.strip() for k, v in texts.items()}


def _tracks(path: Path, data: Mapping[str, Any]) -> tuple[Track, ...]:
    tracks = []
    for entry in data.get("track", ()):
        if not isinstance(entry, dict) or not entry.get("id") or not isinstance(entry.get("name"), dict):
            raise ProgramError(f"{path}: every [[track]] needs an id and a name by language")
        tracks.append(Track(id=str(entry["id"]), names={str(k): str(v) for k, v in entry["name"].items()}))
    return tuple(tracks)


def _topics(path: Path, data: Mapping[str, Any], languages: tuple[str, ...]) -> tuple[Topic, ...]:
    topics: list[Topic] = []
    for entry in data.get("topic", ()):
        if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
            raise ProgramError(f"{path}: every [[topic]] needs an id")
        topic_id, names = entry["id"], entry.get("name")
        if not _TOPIC_ID.fullmatch(topic_id):
            raise ProgramError(
                f'{path}: [[topic]] id {topic_id!r}: use up to 31 of a-z, 0-9, - and _, such as "events"'
            )
        if any(topic.id == topic_id for topic in topics):
            raise ProgramError(f"{path}: [[topic]] id {topic_id!r} is there twice")
        named = names if isinstance(names, dict) else {}
        missing = [code for code in languages if not str(named.get(code, "")).strip()]
        if missing:
            raise ProgramError(f"{path}: [[topic]] {topic_id!r} has no name.{missing[0]}")
        topics.append(Topic(id=topic_id, names={str(k): str(v).strip() for k, v in named.items()}))
    return tuple(topics)
