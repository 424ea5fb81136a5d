"""Records of how staff sign in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from storage.announcement_records import StaffRecord

Theme = Literal["light", "dark"]
Method = Literal["password", "telegram", "link"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRecord:
    """How one member of staff signs in; `totp_at` is None until the second factor was confirmed by a code.

    `totp_secret` is sealed: the database alone gives no codes. `totp_step` is the time step of the last code
    that was taken; `recovery` are hashes of unused codes.
    """

    staff_id: int
    login: str
    password_hash: str
    password_at: datetime
    totp_secret: str | None
    totp_at: datetime | None
    totp_step: int | None
    recovery: Sequence[str]
    theme: Theme | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRecord:
    """A browser that is signed in, or, while `waits_for_code`, has yet to give the second factor."""

    id: int
    staff_id: int
    method: Method
    waits_for_code: bool
    browser: str
    address: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Whom a session belongs to; `account` is None for somebody who only ever came through Telegram."""

    staff: StaffRecord
    session: SessionRecord
    account: AccountRecord | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRecord:
    """A token of the API; `hint` is its beginning, by which its owner knows it."""

    id: int
    staff_id: int
    name: str
    hint: str
    scopes: Sequence[str]
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    revoked_at: datetime | None
