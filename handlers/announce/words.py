"""An announcement in the words of staff: what it says, whom it is for, when, and what is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from handlers.announce.checks import KNOWN_FOR
from handlers.apply.times import moment
from handlers.program import Program
from handlers.texts import Texts
from handlers.words import clip
from storage.announcement_records import AnnouncementRecord, Audience

KINDS = ("tracks", "statuses", "languages", "tags", "topics", "founders")
STATUSES = ("draft", "submitted", "in_review", "accepted", "declined", "withdrawn")
_SHOWN_TEXT = 90


class Words:
    """Describes announcements of one program in one language."""

    def __init__(self, program: Program, language: str) -> None:
        self.program = program
        self.say = Texts(language)

    @property
    def language(self) -> str:
        """The language it speaks."""
        return self.say.language

    def join(self, parts: Iterable[str], key: str = "announce.comma") -> str:
        """Join parts by a comma or a word; Chinese has no spaces around them."""
        sign = self.say(key)
        if self.language != "zh":
            sign = f" {sign} " if sign.isalpha() else f"{sign} "
        return sign.join(parts)

    def title(self, texts: Mapping[str, str], limit: int = 60) -> str:
        """The first line of the text, in this language when there is one."""
        text = next((texts[x] for x in (self.language, *self.program.languages) if texts.get(x)), "")
        text = text or next(iter(texts.values()), "")
        return clip(text.strip().partition("\n")[0], limit) or self.say("announce.untitled")

    def card(self, record: AnnouncementRecord) -> str:
        """Everything about a draft, a line each."""
        lines = [self._text_line(record.texts, code) for code in self.program.languages]
        lines.append(self._line("topic", self.topic(record.topic) or self.say("announce.card.no_topic")))
        lines.append(self._line("audience", self.audience_of(record)))
        lines.append(self._line("at", self.time(record.at)))
        lines.append(self._line("until", self.until(record.valid_until)))
        if record.link:
            lines.append(self._line("link", record.link))
        if record.file:
            lines.append(self._line("file", str(record.file["name"])))
        if record.replies:
            lines.append(self._line("replies", " · ".join(self.labels(item) for item in record.replies)))
        if record.urgent:
            lines.append(self._line("urgent", self.say("announce.card.urgent_yes")))
        return "\n".join(lines)

    def topic(self, topic_id: str | None) -> str:
        """A topic's name; "" for none."""
        topic = self.program.topic(topic_id)
        return self.program.text(topic.names, self.language) if topic else topic_id or ""

    def time(self, at: datetime | None) -> str:
        """When it is sent, with the time zone."""
        return self.say("announce.card.at_once") if at is None else moment(self.program, self.say, at)

    def until(self, at: datetime | None) -> str:
        """Until when it answers questions."""
        if at is None:
            return self.say("announce.card.until_default", days=KNOWN_FOR.days)
        return moment(self.program, self.say, at)

    def audience(self, audience: Audience) -> str:
        """Whom it is for: kinds narrow each other, values of one kind are alternatives."""
        parts = [
            self.say(f"announce.audience.{kind}", values=self._values(kind, getattr(audience, kind)))
            for kind in KINDS
            if getattr(audience, kind)
        ]
        return self.join(parts, "announce.audience.and") or self.say("announce.audience.everyone")

    def audience_of(self, record: AnnouncementRecord) -> str:
        """Whom an announcement is for."""
        return self.audience(Audience.of(record.audience))

    def value(self, kind: str, value: Any) -> str:
        """One value of an audience, as staff call it."""
        if kind == "tracks":
            names = next((track.names for track in self.program.tracks if track.id == value), {})
            return self.program.text(names, self.language) or str(value)
        if kind == "statuses":
            return self.say(f"announce.status.{value}") if value in STATUSES else str(value)
        if kind == "languages":
            return self.say.name_of(str(value))
        return self.topic(str(value)) if kind == "topics" else str(value)

    def labels(self, item: Mapping[str, Any]) -> str:
        """A reply button in all its languages."""
        return " / ".join(dict.fromkeys(item["labels"].values()))

    def changes(self, details: Mapping[str, Any]) -> list[str]:
        """What an entry of the audit log says was changed, a line each."""
        lines = []
        for name, (old, new) in dict(details.get("changes", {})).items():
            if name == "texts":
                for code in sorted({*old, *new}):
                    if old.get(code) != new.get(code):
                        label = self.say("announce.field.text", language=self.say.name_of(code))
                        lines.append(self._change(label, old.get(code), new.get(code)))
                continue
            lines.append(
                self._change(self.say(f"announce.field.{name}"), *(self._shown(name, x) for x in (old, new)))
            )
        return lines

    def _change(self, label: str, old: object, new: object) -> str:
        nothing = self.say("announce.nothing")
        before, after = (clip(str(x), _SHOWN_TEXT) if x else nothing for x in (old, new))
        return self.say("announce.change", field=label, before=before, after=after)

    def _shown(self, name: str, value: Any) -> str:
        shown: Mapping[str, Callable[[Any], str]] = {
            "audience": lambda x: self.audience(Audience.of(x)),
            "topic": lambda x: self.topic(x),
            "replies": lambda x: " · ".join(self.labels(item) for item in x),
            "file": lambda x: str((x or {}).get("name", "")),
            "at": lambda x: self.time(datetime.fromisoformat(x) if x else None),
            "valid_until": lambda x: self.until(datetime.fromisoformat(x) if x else None),
            "urgent": lambda x: self.say("announce.yes" if x else "announce.no"),
        }
        return shown.get(name, lambda x: str(x or ""))(value)

    def _values(self, kind: str, values: Sequence[Any]) -> str:
        if kind == "founders" and len(values) > 3:
            return str(len(values))
        return self.join((self.value(kind, value) for value in values), "announce.or")

    def _text_line(self, texts: Mapping[str, str], code: str) -> str:
        label = self.say("announce.field.text", language=self.say.name_of(code))
        if texts.get(code):
            return self._told(label, clip(" ".join(texts[code].split()), _SHOWN_TEXT))
        other = next((x for x in texts if texts[x]), None)
        if other is None:
            return self._told(label, self.say("announce.card.missing"))
        there = self.say.name_of(other)
        return self._told(label, self.say("announce.card.missing_other", language=there))

    def _line(self, field: str, value: str) -> str:
        return self._told(self.say(f"announce.card.{field}"), value)

    def _told(self, label: str, value: str) -> str:
        return self.join((label, value), "announce.colon")
