"""Fills an empty PostgreSQL with a year of conversations by COPY: minutes for a million messages.

python -m benchmarks.review_seed postgresql://… --messages 1000000 --founders 50000
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import io
import json
import random
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from handlers.review.search_words import search_words

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
TRACKS = ("technical", "residency", "pilot", "financing", "training")
STATUSES = ("submitted", "in_review", "accepted")
TAGS = ("housing", "money", "visa", "follow-up", "wrong answer", "press", "legal", "vip")
_YEAR = 365 * 86400
_AT_ONCE = 20_000
_ENGLISH = (
    "rent desk apply pilot founder program office visa deadline contract share equity money grant "
    "mentor room base team form answer document track week month company China Shanghai garage cloud "
    "credit support partner"
)
_CHINESE = (
    "租金 工位 申请 试点 创始人 基地 办公室 签证 截止 合同 股份 资金 补贴 导师 房间 团队 表格 文件 "
    "赛道 公司 上海 车库 云资源 支持 伙伴 什么时候 可以 需要 我们 如何 多少 阿里云 宝马"
)
_ADD_SUMMARIES = """
INSERT INTO conversation_summaries (conversation_id, last_message_id, first_at, last_at, language,
    turns, questions, unanswered, lowest_confidence, reviewed_message_id, reviewed_by, reviewed_at, revision)
SELECT t.conversation_id, max(t.message_id), min(t.created_at), max(t.created_at),
    (array_agg(t.language ORDER BY t.message_id DESC))[1], count(*), count(*),
    count(*) FILTER (WHERE NOT t.answered), min(t.confidence) FILTER (WHERE t.answered),
    CASE WHEN t.conversation_id % 10 < 7 THEN max(t.message_id) ELSE 0 END, 1, now(), 1
FROM traces t GROUP BY t.conversation_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much there is."""

    messages: int
    founders: int

    @property
    def turns(self) -> int:
        return self.messages // 2


def _zipf(words: Sequence[str]) -> list[float]:
    return [1 / (rank + 1) for rank in range(len(words))]


def _texts(
    chance: random.Random, words: Sequence[str], count: int, length: tuple[int, int]
) -> list[tuple[str, str]]:
    """Texts with the words they are found by, as PostgreSQL writes them."""
    rare = [f"{word}{number}" for number, word in enumerate(words * 40)]
    made = []
    between = "" if len(words[0].encode()) > len(words[0]) else " "
    for _ in range(count):
        chosen = chance.choices(words, _zipf(words), k=chance.randint(*length)) + chance.choices(rare, k=1)
        text = between.join(chosen)
        made.append((text, _vector(text)))
    return made


def _vector(text: str) -> str:
    return " ".join(f"'{word}'" for word in sorted(search_words(text)))


_OF_TURNS = (
    "messages(id, conversation_id, founder_id, direction, external_id, in_reply_to, kind, text, payload,"
    " language, created_at, words)",
    "traces(message_id, conversation_id, route, question, searched, language, answered, confidence,"
    " passages, timings, index_version, writer, created_at)",
    "outbox(message_id, channel, chat, status, worker, attempts, external_id, created_at, finished_at)",
    "feedback(answer_message_id, conversation_id, founder_id, rating, created_at, updated_at)",
    "document_uses(message_id, document_id, version, cited, created_at)",
)


class Rows:
    """All rows of one size; the same for the same seed."""

    def __init__(self, size: Size, seed: int = 7) -> None:
        self.size = size
        self._chance = random.Random(seed)
        languages = {"zh": _CHINESE.split(), "en": _ENGLISH.split()}
        self._asked = {code: _texts(self._chance, words, 2500, (4, 14)) for code, words in languages.items()}
        self._told = {code: _texts(self._chance, words, 1500, (20, 60)) for code, words in languages.items()}

    def people(self) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
        """Founders with their accounts, chats, applications and tags."""
        chance, numbers = self._chance, range(1, self.size.founders + 1)
        start = NOW - timedelta(days=365)
        yield "founders(id, created_at)", [(n, start) for n in numbers]
        yield (
            "identities(founder_id, channel, sender, name, created_at)",
            [(n, _channel(n), str(n), f"Founder {n} {chance.choice('ABCDEFG')}", start) for n in numbers],
        )
        yield (
            "conversations(id, founder_id, channel, chat, created_at)",
            [(n, n, _channel(n), str(n), start) for n in numbers],
        )
        applied = [n for n in numbers if n % 5 == 0]
        rest = ("en", "1", 1, False, start, start)

        def begun(number: int) -> datetime:
            return start + timedelta(minutes=number)

        yield (
            "applications(id, founder_id, status, track, number, language, form_version, revision, late,"
            " created_at, updated_at, submitted_at)",
            [
                (n, n, STATUSES[n // 5 % 3], chance.choice(TRACKS), f"2026-{n:05d}", *rest, begun(n))
                for n in applied
            ],
        )
        yield (
            "application_answers(application_id, key, data, wording, skipped, updated_at)",
            [(n, "company_name", json.dumps(f"Company {n}"), "so", False, start) for n in applied],
        )
        yield (
            "application_members(application_id, founder_id, role, joined_at)",
            [(n, n, "owner", start) for n in applied],
        )
        yield (
            "conversation_tags(conversation_id, tag, created_at)",
            [(n, TAGS[n % len(TAGS)], start) for n in numbers if n % 10 == 3],
        )
        yield (
            "handovers(conversation_id, founder_id, status, opened_at, asked_at)",
            [(n, n, "open", NOW, NOW) for n in numbers if n % 500 == 1],
        )

    def turns(self) -> Iterator[dict[str, list[tuple[Any, ...]]]]:
        """Questions, answers, traces, deliveries and ratings, many at once."""
        for start in range(0, self.size.turns, _AT_ONCE):
            rows: dict[str, list[tuple[Any, ...]]] = {target: [] for target in _OF_TURNS}
            for turn in range(start, min(start + _AT_ONCE, self.size.turns)):
                self._add(turn, *rows.values())
            yield rows

    def _add(
        self,
        turn: int,
        messages: list[Any],
        traces: list[Any],
        outbox: list[Any],
        rated: list[Any],
        uses: list[Any],
    ) -> None:
        chance = self._chance
        # Everybody has one turn first; after that some write much more than others.
        founder = (
            turn + 1 if turn < self.size.founders else 1 + int(self.size.founders * chance.random() ** 1.3)
        )
        question, answer = 2 * turn + 1, 2 * turn + 2
        at = NOW - timedelta(seconds=_YEAR * (1 - turn / self.size.turns))
        language = "zh" if chance.random() < 0.6 else "en"
        (asked, asked_words), (told, told_words) = (
            chance.choice(self._asked[language]),
            chance.choice(self._told[language]),
        )
        answered, confidence = chance.random() < 0.8, chance.random() ** 0.5
        common = (founder, founder)
        messages.append(
            (question, *common, "in", str(question), None, "text", asked, "{}", language, at, asked_words)
        )
        messages.append(
            (answer, *common, "out", None, question, "reply", told, "{}", language, at, told_words)
        )
        traces.append(
            (
                question,
                founder,
                "ask",
                asked,
                asked,
                language,
                answered,
                confidence,
                _PASSAGES,
                '{"total":40}',
                "1",
                "q",
                at,
            )
        )
        documents = sorted({f"en/{int(60 * chance.random() ** 2)}" for _ in range(2 if answered else 1)})
        uses += [(question, document, "v1", answered, at) for document in documents]
        outbox.append((answer, _channel(founder), str(founder), "sent", "w", 1, str(answer), at, at))
        if chance.random() < 0.05:
            rating = "not_helpful" if chance.random() < 0.3 else "helpful"
            rated.append((answer, founder, founder, rating, at, at))


_PASSAGES = json.dumps(
    [
        {"id": f"doc#{n}", "document": "doc", "version": "v1", "score": 0.5, "dense": 0.4, "lexical": 2.0}
        for n in range(4)
    ]
)


def _channel(number: int) -> str:
    return "telegram" if number % 10 else "terminal"


async def seed(url: str, size: Size) -> None:
    """Fill a migrated database without rows."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""), timeout=60)
    rows = Rows(size)
    try:
        await connection.execute("SET synchronous_commit = off; ALTER TABLE traces DISABLE TRIGGER USER")
        await connection.execute("DROP INDEX ix_messages_words")
        await connection.execute(
            "INSERT INTO staff (id, name, role, created_at) VALUES (1, 'Seed', 'reviewer', now())"
        )
        for target, people in rows.people():
            await _copy(connection, target, people)
        for parts in rows.turns():
            for target, part in parts.items():
                await _copy(connection, target, part)
        await connection.execute(_ADD_SUMMARIES, timeout=600)
        await connection.execute("ALTER TABLE traces ENABLE TRIGGER USER")
        await connection.execute("SET maintenance_work_mem = '512MB'")
        await connection.execute("CREATE INDEX ix_messages_words ON messages USING gin (words)", timeout=900)
        for name in (
            "founders",
            "identities",
            "conversations",
            "messages",
            "traces",
            "outbox",
            "staff",
            "document_uses",
        ):
            await connection.execute(f"SELECT setval('{name}_id_seq', (SELECT max(id) FROM {name}))")
        await connection.execute("VACUUM ANALYZE", timeout=900)
    finally:
        await connection.close()


async def _copy(connection: asyncpg.Connection[Any], target: str, rows: Sequence[tuple[Any, ...]]) -> None:
    table, _, names = target.rstrip(")").partition("(")

    async def lines() -> AsyncIterator[bytes]:
        for start in range(0, len(rows), 2000):
            text = io.StringIO()
            csv.writer(text).writerows(rows[start : start + 2000])
            yield text.getvalue().encode()

    await connection.copy_to_table(
        table, source=lines(), columns=[name.strip() for name in names.split(",")], format="csv", timeout=600
    )


def main() -> None:
    """Seed the database of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--founders", type=int, default=50_000)
    given = parser.parse_args()
    asyncio.run(seed(given.url, Size(messages=given.messages, founders=given.founders)))


if __name__ == "__main__":
    main()
