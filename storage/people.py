"""Founders as staff name them: by number, by user name, by the number of an application."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sqlalchemy import func, select

from storage.announcement_tables import FounderTag
from storage.application_tables import Application, ApplicationMember
from storage.repository import Repository, table
from storage.tables import Conversation, Founder, Identity

_founders, _identities, _tags = table(Founder), table(Identity), table(FounderTag)
_conversations = table(Conversation)
_applications, _members = table(Application), table(ApplicationMember)
_APPLICATION = re.compile(r"\d{4}-\d{4,}")
_LARGEST = 2**63 - 1


class People(Repository):
    """Looks founders up; only reads."""

    __slots__ = ()

    async def find(self, words: Iterable[str]) -> dict[str, tuple[int, ...]]:
        """Find for each word the founders it names, none for a word that names nobody.

        "12" is a founder's own number, "@liwei" a user name, "2026-0007" everybody of an application.
        """
        return {word: await self._one(word.strip()) for word in words}

    async def tags_of(self, founder_ids: Iterable[int]) -> dict[int, list[str]]:
        """List the tags of founders, by their number; those without are left out."""
        statement = (
            select(_tags.c.founder_id, _tags.c.tag)
            .where(_tags.c.founder_id.in_(tuple(founder_ids)))
            .order_by(_tags.c.tag)
        )
        found: dict[int, list[str]] = {}
        for row in await self._rows(statement):
            found.setdefault(int(row.founder_id), []).append(str(row.tag))
        return found

    async def page(self, after_id: int = 0, limit: int = 500, *, tag: str | None = None) -> list[int]:
        """List founders by number, a page at a time: all who are there, or those with a tag."""
        statement = select(_founders.c.id).where(
            _founders.c.id > after_id, _founders.c.erased_at.is_(None), _founders.c.merged_into.is_(None)
        )
        if tag is not None:
            statement = statement.where(
                _founders.c.id.in_(select(_tags.c.founder_id).where(_tags.c.tag == tag))
            )
        return [int(row.id) for row in await self._rows(statement.order_by(_founders.c.id).limit(limit))]

    async def names(self, founder_ids: Iterable[int]) -> dict[int, str]:
        """Say how founders are called, by their number; those without a name are left out."""
        statement = (
            select(_identities.c.founder_id, _identities.c.name, _identities.c.username)
            .where(_identities.c.founder_id.in_(tuple(founder_ids)))
            .order_by(_identities.c.id)
        )
        rows = await self._rows(statement)
        return {
            int(row.founder_id): row.name or f"@{row.username}" for row in rows if row.name or row.username
        }

    async def called(self, founder_ids: Iterable[int]) -> dict[int, list[str]]:
        """List every name and user name of founders, for masking."""
        statement = select(_identities.c.founder_id, _identities.c.name, _identities.c.username).where(
            _identities.c.founder_id.in_(tuple(founder_ids))
        )
        found: dict[int, list[str]] = {}
        for row in await self._rows(statement):
            found.setdefault(int(row.founder_id), []).extend(filter(None, (row.name, row.username)))
        return found

    async def names_in(self, conversation_ids: Iterable[int]) -> dict[int, list[str]]:
        """List by conversation every name and user name of its founder, for masking."""
        statement = (
            select(_conversations.c.id, _identities.c.name, _identities.c.username)
            .join(_identities, _identities.c.founder_id == _conversations.c.founder_id)
            .where(_conversations.c.id.in_(tuple(conversation_ids)))
        )
        found: dict[int, list[str]] = {}
        for row in await self._rows(statement):
            found.setdefault(int(row.id), []).extend(filter(None, (row.name, row.username)))
        return found

    async def _one(self, word: str) -> tuple[int, ...]:
        if _APPLICATION.fullmatch(word):
            statement = (
                select(_members.c.founder_id)
                .join(_applications, _applications.c.id == _members.c.application_id)
                .where(_applications.c.number == word)
            )
        elif word.isascii() and word.isdigit() and int(word) <= _LARGEST:
            statement = select(_founders.c.id.label("founder_id")).where(
                _founders.c.id == int(word), _founders.c.merged_into.is_(None)
            )
        else:
            username = func.lower(_identities.c.username)
            statement = select(_identities.c.founder_id).where(username == word.removeprefix("@").lower())
        rows = await self._rows(statement.distinct())
        return tuple(sorted(int(row.founder_id) for row in rows))
