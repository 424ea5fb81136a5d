"""One-time codes that a person carries from one chat to another."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import ColumnElement, func, insert, select, update

from storage.application_records import ALPHABET, LENGTH, CodePurpose, CodeRecord, CodeRefusal, CodeRefused
from storage.application_tables import Code, CodeAttempt
from storage.repository import Repository, columns, filled, named, table

_codes, _attempts = table(Code), table(CodeAttempt)

MAX_TRIES = 5
TRIES_WITHIN = timedelta(hours=1)

_COLUMNS = columns(Code, CodeRecord)
_FIND = select(*_COLUMNS).where(_codes.c.digest == named("digest"), _codes.c.purpose == named("purpose"))


class Codes(Repository):
    """Codes, of which only a digest is kept."""

    __slots__ = ()

    async def issue(
        self,
        purpose: CodePurpose,
        founder_id: int | None,
        application_id: int | None,
        ttl: timedelta,
        *,
        staff_id: int | None = None,
    ) -> str:
        """Make a code that works once within `ttl`; it is returned here and nowhere else.

        A new code for linking replaces an unused one of the same founder or member of staff; invitations
        stand side by side.
        """
        now = self._now()
        if staff_id is not None:
            await self.withdraw(staff_id)
        if founder_id is not None and purpose != "join_application":
            await self._expire(_codes.c.founder_id == founder_id, _codes.c.purpose == purpose)
        code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
        await self._write(
            insert(_codes).values(
                purpose=purpose,
                digest=_digest(code),
                founder_id=founder_id,
                application_id=application_id,
                staff_id=staff_id,
                created_at=now,
                expires_at=now + ttl,
            )
        )
        return code

    async def withdraw(self, staff_id: int) -> None:
        """Let the unused codes of a member of staff work no more."""
        await self._expire(_codes.c.staff_id == staff_id)

    async def _expire(self, *whose: ColumnElement[bool]) -> None:
        now = self._now()
        unused = (_codes.c.used_at.is_(None), _codes.c.expires_at > now)
        await self._write(update(_codes).where(*whose, *unused).values(expires_at=now))

    async def peek(self, code: str, purpose: CodePurpose, founder_id: int) -> CodeRecord:
        """Look at a code without using it up; refuses as `redeem` does."""
        return await self._checked(code, purpose, founder_id)

    async def redeem(self, code: str, purpose: CodePurpose, founder_id: int) -> CodeRecord:
        """Use a code up; raises CodeRefused when it cannot be used by this founder.

        Case, spaces and dashes do not matter. A wrong code counts, and after five within an hour none is
        looked at; the unit of work must be committed for that, so catch the refusal within it.
        """
        found = await self._checked(code, purpose, founder_id)
        statement = (
            update(_codes)
            .where(_codes.c.id == found.id, _codes.c.used_at.is_(None))
            .values(used_at=self._now(), used_by=founder_id)
            .returning(*_COLUMNS)
        )
        row = (await self._write(statement)).first()
        if row is None:
            raise CodeRefused("used")
        return filled(CodeRecord, row)

    async def _checked(self, code: str, purpose: CodePurpose, founder_id: int) -> CodeRecord:
        if await self._tried(founder_id) >= MAX_TRIES:
            raise CodeRefused("too_many")
        row = await self._row(_FIND, {"digest": _digest(code), "purpose": purpose})
        reason: CodeRefusal | None = None
        if row is None:
            reason = "unknown"
        elif row.used_at is not None:
            reason = "used"
        elif row.expires_at <= self._now():
            reason = "expired"
        elif row.founder_id == founder_id:
            reason = "own"
        if reason is None:
            assert row is not None
            return filled(CodeRecord, row)
        if reason == "unknown" and not self._scope.read_only:
            await self._write(insert(_attempts).values(founder_id=founder_id, at=self._now()))
        raise CodeRefused(reason)

    async def _tried(self, founder_id: int) -> int:
        row = await self._row(
            select(func.count().label("number")).where(
                _attempts.c.founder_id == founder_id, _attempts.c.at > self._now() - TRIES_WITHIN
            )
        )
        return 0 if row is None else int(row.number)


def _digest(code: str) -> str:
    typed = "".join(character for character in code.upper() if character.isalnum())
    return hashlib.sha256(typed.encode("utf-8", "replace")).hexdigest()
