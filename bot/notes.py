"""An announcement in a file: note.toml, read and checked as a whole, every mistake with its key."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from bot.file_checks import check_file
from handlers.announce.checks import (
    DraftRefused,
    as_record,
    check_audience,
    check_labels,
    check_link,
    check_sendable,
    check_text,
    read_label,
)
from handlers.announce.checks import (
    check_file as check_enclosure,
)
from handlers.announce.moments import BadMoment, in_zone, read_moment
from handlers.announce.words import STATUSES
from handlers.files import StoredFile
from handlers.program import Program
from handlers.refusals import Refused
from handlers.texts import Texts
from storage.announcement_records import Audience, NewAnnouncement

KEYS = ("text", "topic", "audience", "at", "until", "urgent", "link", "file", "replies")
_LISTS = ("tracks", "statuses", "languages", "tags", "topics", "founders")


class NoteError(Exception):
    """A note that cannot be announced; `problems` has a sentence for every mistake."""

    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(slots=True)
class Note:
    """What a note says: `founders` as named in it, still to be looked up, `content` that of its file."""

    draft: NewAnnouncement = field(default_factory=NewAnnouncement)
    founders: tuple[str, ...] = ()
    content: bytes | None = None


class NoteReader:
    """Reads one note; problems are gathered, so that all are shown at once."""

    def __init__(self, path: Path, program: Program, now: datetime, put: Callable[[bytes], str]) -> None:
        self._path, self._program, self._now, self._put = path, program, now, put
        self._say = Texts("en")
        self.problems: list[str] = []

    def read(self) -> Note:
        """Read the file; raises NoteError that names every mistake."""
        data = self._data()
        for key in data:
            if key not in KEYS:
                self._wrong(key, f"is not a key of a note; there are {', '.join(KEYS)}")
        note = self._note(data)
        if self.problems:
            raise NoteError(*self.problems)
        return note

    def texts(self) -> dict[str, str]:
        """Read only the texts, for a correction."""
        data = self._data()
        found = self._texts(data.get("text"))
        if self.problems:
            raise NoteError(*self.problems)
        return found

    def _data(self) -> dict[str, Any]:
        try:
            return tomllib.loads(self._path.read_text(encoding="utf-8"))
        except OSError as error:
            raise NoteError(f"{self._path}: {error.strerror}") from None
        except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise NoteError(f"{self._path}: {error}") from None

    def _note(self, data: Mapping[str, Any]) -> Note:
        audience, founders = self._audience(data.get("audience", {}))
        at = self._moment("at", data.get("at"))
        until = self._moment("until", data.get("until"), end_of_day=True)
        draft = NewAnnouncement(
            texts=self._texts(data.get("text")),
            topic=self._topic(data.get("topic")),
            audience=audience,
            at=at,
            valid_until=until,
            urgent=self._urgent(data.get("urgent", False)),
            link=self._checked("link", data.get("link"), lambda value: check_link(str(value))),
            file=self._checked("file", data.get("file"), self._file),
            replies=self._checked("replies", data.get("replies"), self._replies) or (),
        )
        if not self.problems:
            record = as_record(draft, self._now)
            self._checked("until", record, lambda value: check_sendable(value, self._program, self._now))
        return Note(draft=draft, founders=founders)

    def _texts(self, given: Any) -> dict[str, str]:
        texts: dict[str, str] = {}
        if not isinstance(given, dict) or not given:
            self._wrong("text", 'is missing: write [text] with zh = "…" and en = "…"')
            return texts
        for code, text in given.items():
            if code not in self._program.languages:
                known = ", ".join(self._program.languages)
                self._wrong(f"text.{code}", f"is no language of the program; there are {known}")
            elif checked := self._checked(f"text.{code}", text, lambda value: check_text(str(value))):
                texts[code] = checked
        return texts

    def _topic(self, given: Any) -> str | None:
        if given is None or given == "":
            return None
        if self._program.topic(str(given)) is None:
            known = ", ".join(topic.id for topic in self._program.topics) or "none"
            self._wrong("topic", f"{given!r} is no topic of the program; there are {known}")
        return str(given)

    def _urgent(self, given: Any) -> bool:
        if not isinstance(given, bool):
            self._wrong("urgent", "must be true or false")
        return bool(given)

    def _audience(self, given: Any) -> tuple[Audience, tuple[str, ...]]:
        if not isinstance(given, dict):
            self._wrong("audience", "must be a table; leave it out for everyone")
            return Audience(), ()
        lists: dict[str, tuple[str, ...]] = {}
        for key, values in given.items():
            if key not in _LISTS:
                self._wrong(f"audience.{key}", f"is not a key of an audience; there are {', '.join(_LISTS)}")
            elif not isinstance(values, list) or not values or isinstance(values[0], (dict, list)):
                self._wrong(f"audience.{key}", "must be a list with something in it")
            else:
                lists[key] = tuple(str(value) for value in values)
        for status in lists.get("statuses", ()):
            if status not in STATUSES:
                self._wrong("audience.statuses", f"{status!r} is no status; there are {', '.join(STATUSES)}")
        founders = lists.pop("founders", ())
        audience = Audience(**lists)  # type: ignore[arg-type]
        self._checked("audience", audience, lambda value: check_audience(value, self._program))
        return audience, founders

    def _moment(self, key: str, given: Any, *, end_of_day: bool = False) -> datetime | None:
        def read(value: Any) -> datetime:
            zone = self._program.timezone
            if isinstance(value, datetime):
                at = value if value.tzinfo is not None else in_zone(value, zone).at
                if at <= self._now:
                    raise BadMoment("past", time=f"{at.astimezone(zone):%Y-%m-%d %H:%M}")
                return at
            text = value.isoformat() if isinstance(value, date) else str(value)
            return read_moment(text, zone, self._now, end_of_day=end_of_day).at

        found: datetime | None = self._checked(key, given, read)
        return found

    def _file(self, given: Any) -> dict[str, Any]:
        path = self._path.parent / str(given)
        try:
            content = path.read_bytes()
        except OSError as error:
            raise DraftRefused("unreadable", path=path, reason=error.strerror or "") from None
        checked = check_file(content, path.name)
        stored = StoredFile(sha256="", name=checked.name, media_type=checked.media_type, size=len(content))
        described = check_enclosure(stored)
        return {**described, "sha256": self._put(content)}

    def _replies(self, given: Any) -> tuple[dict[str, Any], ...]:
        if not isinstance(given, list):
            raise DraftRefused("replies")
        labels = [
            {str(code): str(label) for code, label in item.items()}
            if isinstance(item, dict)
            else read_label(str(item), self._program)
            for item in given
        ]
        return check_labels(labels)

    def _checked(self, key: str, given: Any, check: Callable[[Any], Any]) -> Any:
        """The value once checked; None when it is not there or wrong, which is noted."""
        if given is None:
            return None
        try:
            return check(given)
        except Refused as refused:
            zone = {"zone": self._program.timezone.key} if isinstance(refused, BadMoment) else {}
            self._wrong(key, self._say(refused.key, **(refused.values | zone)))
        return None

    def _wrong(self, key: str, reason: str) -> None:
        self.problems.append(f"{self._path}: {key}: {reason}")
