"""Sessions of the console and tokens of the API: random secrets, of which only a digest is kept."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, select, update

from storage.accounts import digest
from storage.announcement_records import StaffRecord
from storage.announcement_tables import Staff as StaffTable
from storage.console_records import AccountRecord, Method, SessionRecord, SignedIn, TokenRecord
from storage.console_tables import Account, ApiToken, Session
from storage.repository import Repository, columns, filled, table

_sessions, _tokens = table(Session), table(ApiToken)
_staff, _accounts = table(StaffTable), table(Account)
_COLUMNS = columns(Session, SessionRecord)
_STAFF = columns(StaffTable, StaffRecord)
_ACCOUNT = columns(Account, AccountRecord)
_TOKEN = columns(ApiToken, TokenRecord)

TOKEN_PREFIX = "fb_"  # noqa: S105 (how every token begins, so that scanners for lost secrets know it)
_HINT = len(TOKEN_PREFIX) + 6
_SEEN_EVERY = timedelta(minutes=1)


class Sessions(Repository):
    """Browsers that are signed in."""

    __slots__ = ()

    async def begin(
        self,
        staff_id: int,
        method: Method,
        ttl: timedelta,
        *,
        place: tuple[str, str] = ("", ""),
        waits_for_code: bool = False,
    ) -> str:
        """Sign in; the token is returned here and nowhere else. `place` is the browser and its address."""
        now, token = self._now(), secrets.token_urlsafe(32)
        await self._write(
            insert(_sessions).values(
                digest=digest(token),
                staff_id=staff_id,
                method=method,
                waits_for_code=waits_for_code,
                browser=place[0],
                address=place[1],
                created_at=now,
                seen_at=now,
                expires_at=now + ttl,
            )
        )
        return token

    async def find(self, token: str, idle: timedelta) -> SignedIn | None:
        """Find who is signed in; None when it is over, was idle for too long, or the person is disabled."""
        now = self._now()
        row = await self._row(
            select(
                *(column.label(f"s_{column.name}") for column in _COLUMNS),
                *(column.label(f"p_{column.name}") for column in _STAFF),
                *(column.label(f"a_{column.name}") for column in _ACCOUNT),
            )
            .join(_staff, _staff.c.id == _sessions.c.staff_id)
            .outerjoin(_accounts, _accounts.c.staff_id == _sessions.c.staff_id)
            .where(
                _sessions.c.digest == digest(token),
                _sessions.c.expires_at > now,
                _sessions.c.seen_at > now - idle,
                _staff.c.disabled_at.is_(None),
            )
        )
        if row is None:
            return None
        parts: dict[str, dict[str, object]] = {"s": {}, "p": {}, "a": {}}
        for name, value in row._mapping.items():
            kind, _, field = name.partition("_")
            parts[kind][field] = value
        return SignedIn(
            session=SessionRecord(**parts["s"]),  # type: ignore[arg-type]
            staff=StaffRecord(**parts["p"]),  # type: ignore[arg-type]
            account=None if parts["a"]["staff_id"] is None else AccountRecord(**parts["a"]),  # type: ignore[arg-type]
        )

    async def touch(self, session_id: int) -> None:
        """Note that the browser is still in use."""
        await self._write(update(_sessions).where(_sessions.c.id == session_id).values(seen_at=self._now()))

    def is_stale(self, session: SessionRecord) -> bool:
        """Tell whether `touch` is due; every request would be a write otherwise."""
        return self._now() - session.seen_at > _SEEN_EVERY

    async def passed(self, session_id: int, ttl: timedelta) -> str:
        """Take a session whose second factor was right as signed in, under a new token."""
        now, token = self._now(), secrets.token_urlsafe(32)
        await self._write(
            update(_sessions)
            .where(_sessions.c.id == session_id)
            .values(digest=digest(token), waits_for_code=False, seen_at=now, expires_at=now + ttl)
        )
        return token

    async def of(self, staff_id: int, idle: timedelta) -> list[SessionRecord]:
        """List where a person is signed in, the latest use first."""
        now = self._now()
        statement = select(*_COLUMNS).where(
            _sessions.c.staff_id == staff_id,
            _sessions.c.expires_at > now,
            _sessions.c.seen_at > now - idle,
            _sessions.c.waits_for_code.is_(False),
        )
        rows = await self._rows(statement.order_by(_sessions.c.seen_at.desc(), _sessions.c.id.desc()))
        return [filled(SessionRecord, row) for row in rows]

    async def counts(self, idle: timedelta) -> dict[int, int]:
        """Count, by person, where they are signed in."""
        now = self._now()
        statement = select(_sessions.c.staff_id, func.count().label("number")).where(
            _sessions.c.expires_at > now,
            _sessions.c.seen_at > now - idle,
            _sessions.c.waits_for_code.is_(False),
        )
        rows = await self._rows(statement.group_by(_sessions.c.staff_id))
        return {row.staff_id: row.number for row in rows}

    async def end(self, session_id: int, staff_id: int) -> bool:
        """Sign one browser of a person out; False when it was none of theirs."""
        statement = delete(_sessions).where(_sessions.c.id == session_id, _sessions.c.staff_id == staff_id)
        return (await self._write(statement)).rowcount == 1

    async def end_all(self, staff_id: int, *, but: int | None = None) -> int:
        """Sign a person out everywhere, or everywhere else; return in how many browsers."""
        statement = delete(_sessions).where(_sessions.c.staff_id == staff_id)
        if but is not None:
            statement = statement.where(_sessions.c.id != but)
        return int((await self._write(statement)).rowcount)

    async def sweep(self, idle: timedelta) -> None:
        """Remove what is over."""
        now = self._now()
        await self._write(
            delete(_sessions).where((_sessions.c.expires_at <= now) | (_sessions.c.seen_at <= now - idle))
        )


class ApiTokens(Repository):
    """Tokens of the API."""

    __slots__ = ()

    async def issue(
        self, staff_id: int, name: str, scopes: Sequence[str], expires_at: datetime | None
    ) -> str:
        """Make a token, which is returned here and nowhere else."""
        token = TOKEN_PREFIX + secrets.token_urlsafe(32)
        await self._write(
            insert(_tokens).values(
                digest=digest(token),
                staff_id=staff_id,
                name=name,
                hint=token[:_HINT],
                scopes=sorted(scopes),
                created_at=self._now(),
                expires_at=expires_at,
            )
        )
        return token

    async def find(self, token: str) -> tuple[TokenRecord, StaffRecord] | None:
        """Find a token that works, and whom it acts for."""
        row = await self._row(
            select(*_TOKEN)
            .join(_staff, _staff.c.id == _tokens.c.staff_id)
            .where(
                _tokens.c.digest == digest(token),
                _tokens.c.revoked_at.is_(None),
                _tokens.c.expires_at.is_(None) | (_tokens.c.expires_at > self._now()),
                _staff.c.disabled_at.is_(None),
            )
        )
        if row is None:
            return None
        record = filled(TokenRecord, row)
        staff = await self._row(select(*_STAFF).where(_staff.c.id == record.staff_id))
        return None if staff is None else (record, filled(StaffRecord, staff))

    def is_stale(self, token: TokenRecord) -> bool:
        """Tell whether `touch` is due."""
        return token.used_at is None or self._now() - token.used_at > _SEEN_EVERY

    async def touch(self, token_id: int) -> None:
        """Note that a token was used."""
        await self._write(update(_tokens).where(_tokens.c.id == token_id).values(used_at=self._now()))

    async def of(self, staff_id: int) -> list[TokenRecord]:
        """List the tokens of a person that are not revoked, newest first."""
        statement = select(*_TOKEN).where(_tokens.c.staff_id == staff_id, _tokens.c.revoked_at.is_(None))
        return [filled(TokenRecord, row) for row in await self._rows(statement.order_by(_tokens.c.id.desc()))]

    async def revoke(self, token_id: int, staff_id: int) -> bool:
        """Make a token of a person work no more; False when it is none of theirs or was revoked."""
        statement = update(_tokens).where(
            _tokens.c.id == token_id, _tokens.c.staff_id == staff_id, _tokens.c.revoked_at.is_(None)
        )
        return (await self._write(statement.values(revoked_at=self._now()))).rowcount == 1

    async def revoke_all(self, staff_id: int) -> None:
        """Make all tokens of a person work no more."""
        await self._write(
            update(_tokens)
            .where(_tokens.c.staff_id == staff_id, _tokens.c.revoked_at.is_(None))
            .values(revoked_at=self._now())
        )
