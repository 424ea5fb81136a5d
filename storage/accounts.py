"""Accounts of staff, one-time links to them, and how often signing in was tried."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, delete, insert, select, update

from storage.announcement_records import StaffRecord
from storage.announcement_tables import Staff as StaffTable
from storage.console_records import AccountRecord, Theme
from storage.console_tables import Account, OneTimeLink, Tries
from storage.repository import Repository, columns, filled, table
from storage.tables import Identity

_accounts, _links, _tries = table(Account), table(OneTimeLink), table(Tries)
_staff, _identities = table(StaffTable), table(Identity)
_COLUMNS = columns(Account, AccountRecord)
_STAFF = columns(StaffTable, StaffRecord)


class Accounts(Repository):
    """Names to sign in with, password hashes, second factors."""

    __slots__ = ()

    async def get(self, staff_id: int) -> AccountRecord | None:
        """Find the account of a member of staff; None before their first link was used."""
        row = await self._row(select(*_COLUMNS).where(_accounts.c.staff_id == staff_id))
        return None if row is None else filled(AccountRecord, row)

    async def by_login(self, login: str) -> AccountRecord | None:
        """Find the account with this name, of somebody who may still sign in."""
        statement = select(*_COLUMNS).join(_staff, _staff.c.id == _accounts.c.staff_id)
        row = await self._row(statement.where(_accounts.c.login == login, _staff.c.disabled_at.is_(None)))
        return None if row is None else filled(AccountRecord, row)

    async def by_telegram(self, sender: str) -> StaffRecord | None:
        """Find who of staff has linked this Telegram user's chat; None for everybody else."""
        statement = select(*_STAFF).join(_identities, _identities.c.founder_id == _staff.c.founder_id)
        row = await self._row(
            statement.where(
                _identities.c.channel == "telegram",
                _identities.c.sender == sender,
                _staff.c.disabled_at.is_(None),
            )
        )
        return None if row is None else filled(StaffRecord, row)

    async def set_password(self, staff_id: int, login: str, password_hash: str) -> bool:
        """Give a name and a password; False when somebody else has this name."""
        taken = await self._row(
            select(_accounts.c.staff_id).where(_accounts.c.login == login, _accounts.c.staff_id != staff_id)
        )
        if taken is not None:
            return False
        values = {"login": login, "password_hash": password_hash, "password_at": self._now()}
        statement = self._insert(Account).values(staff_id=staff_id, recovery=[], **values)
        await self._write(statement.on_conflict_do_update(index_elements=["staff_id"], set_=values))
        return True

    async def rehash(self, staff_id: int, password_hash: str) -> None:
        """Replace the hash of the same password, when parameters have become stronger."""
        await self._change(staff_id, password_hash=password_hash)

    async def set_theme(self, staff_id: int, theme: Theme | None) -> bool:
        """Remember light or dark; None follows the device. False without an account."""
        return await self._change(staff_id, theme=theme)

    async def propose_totp(self, staff_id: int, secret: str) -> bool:
        """Keep a sealed secret that counts only after a code has confirmed it; False while one is in use."""
        statement = update(_accounts).where(_accounts.c.staff_id == staff_id, _accounts.c.totp_at.is_(None))
        return (await self._write(statement.values(totp_secret=secret))).rowcount == 1

    async def confirm_totp(self, staff_id: int, step: int, recovery: Sequence[str]) -> bool:
        """Begin to ask for codes; False when that was done before."""
        statement = update(_accounts).where(
            _accounts.c.staff_id == staff_id,
            _accounts.c.totp_at.is_(None),
            _accounts.c.totp_secret.is_not(None),
        )
        values = {"totp_at": self._now(), "totp_step": step, "recovery": list(recovery)}
        return (await self._write(statement.values(values))).rowcount == 1

    async def remove_totp(self, staff_id: int) -> bool:
        """Stop asking for codes; False when none was asked for."""
        statement = update(_accounts).where(
            _accounts.c.staff_id == staff_id, _accounts.c.totp_secret.is_not(None)
        )
        values: dict[str, Any] = {"totp_secret": None, "totp_at": None, "totp_step": None, "recovery": []}
        return (await self._write(statement.values(values))).rowcount == 1

    async def use_step(self, staff_id: int, step: int) -> bool:
        """Take a code's time step; False when this code, or a later one, was taken before."""
        statement = update(_accounts).where(
            _accounts.c.staff_id == staff_id,
            _accounts.c.totp_step.is_(None) | (_accounts.c.totp_step < step),
        )
        return (await self._write(statement.values(totp_step=step))).rowcount == 1

    async def use_recovery(self, staff_id: int, used: str) -> bool:
        """Strike out a recovery code by its hash; False when it is none or was used."""
        statement = select(_accounts.c.recovery).where(_accounts.c.staff_id == staff_id)
        row = await self._row(statement.with_for_update())
        if row is None or used not in row.recovery:
            return False
        return await self._change(staff_id, recovery=[code for code in row.recovery if code != used])

    async def _change(self, staff_id: int, **values: Any) -> bool:
        statement = update(_accounts).where(_accounts.c.staff_id == staff_id)
        return (await self._write(statement.values(values))).rowcount == 1


class OneTimeLinks(Repository):
    """Links by which staff set their password, of which only a digest is kept."""

    __slots__ = ()

    async def issue(self, staff_id: int, ttl: timedelta) -> str:
        """Make a link's token, which is returned here and nowhere else; earlier ones stop working."""
        await self.revoke(staff_id)
        now, token = self._now(), secrets.token_urlsafe(32)
        await self._write(
            insert(_links).values(
                digest=digest(token), staff_id=staff_id, created_at=now, expires_at=now + ttl
            )
        )
        return token

    async def whose(self, token: str) -> StaffRecord | None:
        """Find whom a link is for, while it works."""
        statement = select(*_STAFF).join(_links, _links.c.staff_id == _staff.c.id)
        row = await self._row(
            statement.where(
                _links.c.digest == digest(token),
                _links.c.used_at.is_(None),
                _links.c.expires_at > self._now(),
                _staff.c.disabled_at.is_(None),
            )
        )
        return None if row is None else filled(StaffRecord, row)

    async def use(self, token: str) -> bool:
        """Use a link up; False when it is used or expired, perhaps a moment ago."""
        now = self._now()
        statement = update(_links).where(
            _links.c.digest == digest(token), _links.c.used_at.is_(None), _links.c.expires_at > now
        )
        return (await self._write(statement.values(used_at=now))).rowcount == 1

    async def revoke(self, staff_id: int) -> None:
        """Make unused links of a person work no more."""
        await self._write(
            update(_links)
            .where(_links.c.staff_id == staff_id, _links.c.used_at.is_(None))
            .values(used_at=self._now())
        )

    async def waiting(self) -> dict[int, datetime]:
        """Tell for whom a link waits, and until when."""
        rows = await self._rows(
            select(_links.c.staff_id, _links.c.expires_at).where(
                _links.c.used_at.is_(None), _links.c.expires_at > self._now()
            )
        )
        return {row.staff_id: row.expires_at for row in rows}


class SignInTries(Repository):
    """Counters that hold across processes; a try is counted before it is made, so that none slips by."""

    __slots__ = ()

    async def count(self, key: str, within: timedelta) -> tuple[int, datetime]:
        """Count a try, and return how many there were since the window began, and when it ends."""
        now = self._now()
        over = _tries.c.until <= now
        statement = self._insert(Tries).values(key=digest(key), number=1, until=now + within)
        statement = statement.on_conflict_do_update(
            index_elements=["key"],
            set_={
                "number": case((over, 1), else_=_tries.c.number + 1),
                "until": case((over, now + within), else_=_tries.c.until),
            },
        )
        row = (await self._write(statement.returning(_tries.c.number, _tries.c.until))).one()
        return int(row.number), row.until

    async def forget(self, key: str) -> None:
        """Begin anew, after it went well."""
        await self._write(delete(_tries).where(_tries.c.key == digest(key)))

    async def sweep(self) -> None:
        """Remove windows that are over."""
        await self._write(delete(_tries).where(_tries.c.until <= self._now()))


def digest(secret: str) -> str:
    """Return what is kept of a random secret in its place."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
