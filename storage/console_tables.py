"""The mapped classes of how staff sign in: accounts, sessions, one-time links, tries, tokens of the API."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables import CleanJson, Number, Numbered, Table, args


class Account(Table):
    """How one member of staff signs in, and how they like the console; made when a link is first used."""

    __tablename__ = "staff_accounts"
    __table_args__ = (UniqueConstraint("login"),)

    staff_id: Mapped[int] = mapped_column(Number, ForeignKey("staff.id"), primary_key=True)
    login: Mapped[str]
    password_hash: Mapped[str]
    password_at: Mapped[datetime]
    totp_secret: Mapped[str | None]
    totp_at: Mapped[datetime | None]
    totp_step: Mapped[int | None] = mapped_column(BigInteger)
    recovery: Mapped[Any] = mapped_column(CleanJson)
    theme: Mapped[str | None]


class Session(Numbered, Table):
    """A browser that is signed in; only the digest of its token is kept."""

    __tablename__ = "staff_sessions"
    __table_args__ = args(UniqueConstraint("digest"), Index(None, "staff_id"), Index(None, "expires_at"))

    digest: Mapped[str] = mapped_column(String(64))
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    method: Mapped[str]
    waits_for_code: Mapped[bool] = mapped_column(Boolean)
    browser: Mapped[str]
    address: Mapped[str]
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class OneTimeLink(Numbered, Table):
    """A link by which a member of staff sets a password once."""

    __tablename__ = "staff_links"
    __table_args__ = args(UniqueConstraint("digest"), Index(None, "staff_id"))

    digest: Mapped[str] = mapped_column(String(64))
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Tries(Table):
    """How often something was tried within a window: "account:…" and "address:…", as digests."""

    __tablename__ = "sign_in_tries"
    __table_args__ = (Index(None, "until"),)

    key: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int]
    until: Mapped[datetime]


class ApiToken(Numbered, Table):
    """A token of the API: acts for its member of staff, within its scopes."""

    __tablename__ = "api_tokens"
    __table_args__ = args(UniqueConstraint("digest"), Index(None, "staff_id"))

    digest: Mapped[str] = mapped_column(String(64))
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    name: Mapped[str]
    hint: Mapped[str]
    scopes: Mapped[Any] = mapped_column(CleanJson)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
