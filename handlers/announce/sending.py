"""From draft to announcement: preview, test, who gets it and how long that takes, and the confirmation."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from handlers.announce import steering
from handlers.announce.checks import LONGEST_CAPTION, DraftRefused, check_sendable, sent_length
from handlers.announce.composing import wrong
from handlers.announce.desk import act, card, gone, words
from handlers.announce.drafting import Gone
from handlers.announce.rendering import announcement_reply
from handlers.announce.reporting import status_reply
from handlers.announce.steering import LEFT_OUT, By, look
from handlers.announce.trying import warning_lines
from handlers.announce.words import Words
from handlers.apply.telling import tell_chat
from handlers.apply.times import moment
from handlers.buttons import SELF, Press
from handlers.messages import Button, Reply
from handlers.staff_rights import still_allowed
from handlers.turn import Result, Turn
from storage.announcement_records import AnnouncementRecord, Audience

if TYPE_CHECKING:
    from datetime import datetime

    from knowledge.rehearsal import Rehearsal
    from storage.database import UnitOfWork

_ANSWERED_WITHIN = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Who would get an announcement now: `counts` by what becomes of them, `languages` of who gets it."""

    counts: Mapping[str, int]
    languages: Mapping[str, int]

    @property
    def recipients(self) -> int:
        """How many will be written to."""
        return self.counts.get("pending", 0)


async def reach(work: UnitOfWork, record: AnnouncementRecord, channels: Sequence[str]) -> Reach:
    """Count the recipients of an announcement, and those it leaves out."""
    counts: Counter[str] = Counter()
    languages: Counter[str] = Counter()
    found = await work.recipients.preview(Audience.of(record.audience), record.topic, channels)
    for (reason, language), number in found.items():
        counts[reason] += number
        languages[language] += number if reason == "pending" else 0
    return Reach(counts=counts, languages=+languages)


def reach_lines(
    speak: Words, record: AnnouncementRecord, found: Reach, rate: int, now: datetime
) -> list[str]:
    """Who gets it, who does not and why, how long it takes, and when it starts."""
    say, total = speak.say, found.recipients
    if not total:
        lines = [say("announce.count.nobody")]
    else:
        lines = [say("announce.count.recipients", count=total, languages=_languages(speak, found.languages))]
    left_out = [
        say(f"announce.count.{reason}", count=found.counts[reason])
        for reason in LEFT_OUT
        if found.counts.get(reason)
    ]
    if left_out:
        lines.append(say("announce.count.left_out", reasons=speak.join(left_out)))
    if not total:
        return lines
    lines += _strangers(speak, record, found.languages)
    lines.append(
        say("announce.count.takes", time=duration(speak, total * messages_each(record) / rate), rate=rate)
    )
    if record.at is not None:
        lines.append(say("announce.count.begins", time=speak.time(record.at)))
    quiet = waits_for_morning(speak, record, now)
    if quiet is not None:
        lines.append(say("announce.count.quiet", time=moment(speak.program, say, quiet)))
    return lines


def waits_for_morning(speak: Words, record: AnnouncementRecord, now: datetime) -> datetime | None:
    """When the quiet hours end that an announcement would begin in; None when nothing holds it back."""
    return None if record.urgent else speak.program.quiet_until(record.at or now)


def messages_each(record: AnnouncementRecord) -> int:
    """How many messages each recipient gets: a long text does not fit below a picture or file."""
    longest = max(sent_length(text) for text in record.texts.values())
    return 2 if record.file and longest > LONGEST_CAPTION else 1


def duration(speak: Words, seconds: float) -> str:
    """Say how long something takes, rounded up."""
    if seconds < 90:
        return speak.say("announce.seconds", count=max(1, math.ceil(seconds)))
    return speak.say("announce.minutes", count=math.ceil(seconds / 60))


async def preview(turn: Turn, record: AnnouncementRecord, _: int, __: tuple[str, ...]) -> Result:
    """Show it as founders will see it, once for each language of the program."""
    if problem := _problem(turn, record, time=False):
        return Result.of(card(turn, record, problem))
    replies: list[Reply] = []
    for code in turn.services.program.languages:
        head = turn.say("announce.preview.head", language=turn.texts.name_of(code))
        replies.append(Reply(text=head, language=turn.language))
        replies.append(announcement_reply(record, code, turn.services.program))
    rows = (
        (
            act(turn.say("announce.button.back"), record, "card"),
            act(turn.say("announce.button.send"), record, "count"),
        ),
    )
    replies.append(Reply(text=turn.say("announce.preview.end"), buttons=rows, language=turn.language))
    return Result.of(*replies)


async def test(turn: Turn, record: AnnouncementRecord, _: int, __: tuple[str, ...]) -> Result:
    """Send it to the person who composes, exactly as to a founder of their language."""
    if problem := _problem(turn, record, time=False):
        return Result.of(card(turn, record, problem))
    assert turn.staff is not None
    member, sent = turn.staff, announcement_reply(record, turn.language, turn.services.program)

    async def write(work: UnitOfWork, _: int) -> Sequence[Reply]:
        await work.audit.note(
            "announcement.test",
            actor=member.name,
            staff_id=member.id,
            about=("announcement", record.id),
        )
        return ()

    return Result(replies=(sent,), write=write)


async def count(turn: Turn, record: AnnouncementRecord, _: int, __: tuple[str, ...]) -> Result:
    """Count the recipients and ask before anything is sent; what golden questions it breaks follows."""
    if problem := _problem(turn, record):
        return Result.of(card(turn, record, problem))
    async with turn.reading() as work:
        counted = await reach(work, record, turn.services.channels)
    trials = turn.services.announced
    if trials is None or not trials.questions or not counted.recipients:
        return Result.of(_confirmation(turn, record, counted))
    if (found := trials.found(record)) is not None:
        return Result.of(_confirmation(turn, record, counted, warning_lines(words(turn), found)))

    async def write(_: UnitOfWork, message_id: int) -> Sequence[Reply]:
        trials.start(record, partial(_tell_trial, turn, record, message_id))  # once, however often it is told
        return ()

    trying = turn.say("announce.golden.trying", total=trials.questions)
    return Result(replies=(_confirmation(turn, record, counted, [trying]),), write=write)


async def _tell_trial(
    turn: Turn, record: AnnouncementRecord, pressed_id: int, found: Rehearsal | None
) -> None:
    """Show what came of trying a draft out on its confirmation, if it still is the draft that was shown."""
    await _until_answered(turn, pressed_id)
    async with turn.reading() as work:
        counted = await reach(work, record, turn.services.channels)
    golden = warning_lines(words(turn), found) if found else [turn.say("announce.golden.untried")]
    shown = _confirmation(turn, record, counted, golden)
    async with turn.services.database.unit_of_work() as work:
        now = await work.announcements.get(record.id)
        if now is not None and (now.status, now.revision) == ("draft", record.revision):
            message = turn.message
            await tell_chat(work, turn.conversation_id, message.channel, message.chat, shown)


async def _until_answered(turn: Turn, message_id: int) -> None:
    """Wait until the answer to a press is stored, so that what follows does not come before it."""
    async with asyncio.timeout(_ANSWERED_WITHIN):
        while True:
            async with turn.reading() as work:
                recent = await work.messages.recent(turn.conversation_id, 20)
            if any(message.in_reply_to == message_id for message in recent):
                return
            await asyncio.sleep(0.05)


def _confirmation(turn: Turn, record: AnnouncementRecord, found: Reach, golden: Sequence[str] = ()) -> Reply:
    """Who gets it, what it does to golden questions, and the button that sends it."""
    speak = words(turn)
    lines = reach_lines(speak, record, found, turn.services.rate, turn.now)
    if golden:
        lines += ["", *golden]
    back = (act(turn.say("announce.button.back"), record, "card"),)
    title = turn.say("announce.count.head", number=record.id, title=speak.title(record.texts))
    rows: tuple[tuple[Button, ...], ...] = (back,)
    if found.recipients:
        later = record.at is not None or waits_for_morning(speak, record, turn.now) is not None
        key = "announce.button.go_later" if later else "announce.button.go"
        go_on = act(turn.say(key, count=found.recipients), record, "go", SELF)
        rows = ((go_on,), back)
    return Reply(
        text="\n".join((title, "", *lines)),
        buttons=rows,
        edits=turn.message.button_message,
        language=turn.language,
    )


async def go(turn: Turn, record: AnnouncementRecord, revision: int, arguments: tuple[str, ...]) -> Result:
    """Let it be sent, if it still is what was counted; the message then shows how far it is."""
    if problem := _problem(turn, record):
        return Result.of(card(turn, record, problem))
    watched = Press(action="", arguments=arguments).number()

    async def write(work: UnitOfWork, _: int) -> Sequence[Reply]:
        member = await still_allowed(work, turn, "announcement.send")
        if member is None:
            return (gone(turn, Gone()),)
        by = By(name=member.name, staff_id=member.id)
        shown = replace(record, revision=revision)
        if not await steering.confirm(work, shown, by, turn.services.program):
            now = await work.announcements.get(record.id)
            if now is None or now.status != "draft":
                return (gone(turn, Gone(now)),)
            return (card(turn, now, turn.say("announce.changed_since")),)
        await work.announcements.watch(record.id, await turn_message(work, turn, watched))
        state = await look(work, record.id)
        assert state is not None
        return (replace(status_reply(words(turn), state), edits=turn.message.button_message),)

    return Result(write=write)


async def turn_message(work: UnitOfWork, turn: Turn, message_id: int | None) -> int | None:
    """The stored message, if it is one of this very chat: ids in buttons come from outside."""
    found = await work.messages.get(message_id) if message_id is not None else None
    return found.id if found is not None and found.conversation_id == turn.conversation_id else None


async def ask_to_discard(turn: Turn, record: AnnouncementRecord, _: int, __: tuple[str, ...]) -> Result:
    """Ask before a draft is thrown away."""
    rows = (
        (act(turn.say("announce.button.discard_yes"), record, "discarded"),),
        (act(turn.say("announce.button.back"), record, "card"),),
    )
    text = turn.say("announce.ask.discard", title=words(turn).title(record.texts))
    return Result.of(
        Reply(text=text, buttons=rows, edits=turn.message.button_message, language=turn.language)
    )


async def discard(turn: Turn, record: AnnouncementRecord, _: int, __: tuple[str, ...]) -> Result:
    """Throw a draft away; it stays in the list as cancelled, and can be copied."""

    async def write(work: UnitOfWork, _: int) -> Sequence[Reply]:
        member = await still_allowed(work, turn, "announcement.write")
        if member is None or not await work.announcements.cancel(record.id):
            return (gone(turn, Gone(await work.announcements.get(record.id))),)
        await work.audit.note(
            "announcement.discard",
            actor=member.name,
            staff_id=member.id,
            about=("announcement", record.id),
        )
        text = turn.say("announce.discarded", number=record.id)
        return (Reply(text=text, edits=turn.message.button_message, language=turn.language),)

    return Result(write=write)


def _problem(turn: Turn, record: AnnouncementRecord, *, time: bool = True) -> str:
    """What keeps a draft from being sent, in a sentence; "" for nothing."""
    try:
        check_sendable(record if time else replace(record, at=None), turn.services.program, turn.now)
    except DraftRefused as refused:
        return wrong(turn, refused)
    return ""


def _languages(speak: Words, languages: Mapping[str, int]) -> str:
    named = sorted(languages.items(), key=lambda item: -item[1])
    parts = [
        speak.say("announce.count.in_language", count=number, language=speak.say.name_of(code))
        if code
        else speak.say("announce.count.in_none", count=number)
        for code, number in named
    ]
    return speak.join(parts)


def _strangers(speak: Words, record: AnnouncementRecord, languages: Mapping[str, int]) -> list[str]:
    """How many will read it in a language that is not theirs."""
    missing = [code for code in speak.program.languages if not record.texts.get(code)]
    affected = sum(languages.get(code, 0) for code in missing)
    if not affected:
        return []
    return [speak.say("announce.count.other_language", count=affected)]
