"""The engine and the unit of work: the only place in the project that commits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from storage.accounts import Accounts, OneTimeLinks, SignInTries
from storage.annotations import Annotations
from storage.announcements import Announcements
from storage.applications import Applications
from storage.changes import Changes
from storage.codes import Codes
from storage.conversations import Conversations
from storage.document_uses import DocumentUses
from storage.documents import Documents
from storage.engine import Location, build_engine, locate
from storage.errors import DatabaseOutdated, DatabaseReadOnly, StorageError
from storage.failures import FAILURES, UPGRADE, explained, missing, read_only
from storage.feedback import Feedback
from storage.files import Files
from storage.founders import Founders
from storage.gaps import Gaps
from storage.handovers import Handovers
from storage.inbox import Inbox
from storage.leases import Leases
from storage.messages import Messages
from storage.numbering import Numbering
from storage.outbox import Outbox
from storage.people import People
from storage.rate_shares import RateShares
from storage.recipients import Recipients
from storage.records import DatabaseStatus
from storage.repository import Scope, Segment
from storage.retention import RetentionRuns
from storage.reviews import Reviews
from storage.sessions import ApiTokens, Sessions
from storage.staff import Audit, Staff
from storage.subscriptions import Subscriptions
from storage.traces import Traces
from storage.transcripts import Transcripts
from storage.turnstile import Turnstile
from storage.workers import Workers

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


class UnitOfWork:
    """The repositories of one transaction: all of it is committed at the end, or nothing."""

    __slots__ = (
        "accounts",
        "annotations",
        "announcements",
        "api_tokens",
        "applications",
        "audit",
        "changes",
        "codes",
        "conversations",
        "document_uses",
        "documents",
        "feedback",
        "files",
        "founders",
        "gaps",
        "handovers",
        "inbox",
        "leases",
        "messages",
        "numbering",
        "one_time_links",
        "outbox",
        "people",
        "rate_shares",
        "recipients",
        "retention",
        "reviews",
        "sessions",
        "sign_in_tries",
        "staff",
        "subscriptions",
        "traces",
        "transcripts",
        "workers",
    )

    def __init__(self, scope: Scope) -> None:
        self.founders = Founders(scope)
        self.conversations = Conversations(scope)
        self.messages = Messages(scope)
        self.inbox = Inbox(scope)
        self.outbox = Outbox(scope)
        self.numbering = Numbering(scope)
        self.traces = Traces(scope)
        self.feedback = Feedback(scope)
        self.handovers = Handovers(scope)
        self.applications = Applications(scope)
        self.codes = Codes(scope)
        self.files = Files(scope)
        self.people = People(scope)
        self.announcements = Announcements(scope)
        self.recipients = Recipients(scope)
        self.retention = RetentionRuns(scope)
        self.reviews = Reviews(scope)
        self.transcripts = Transcripts(scope)
        self.annotations = Annotations(scope)
        self.changes = Changes(scope)
        self.rate_shares = RateShares(scope)
        self.subscriptions = Subscriptions(scope)
        self.leases = Leases(scope)
        self.staff = Staff(scope)
        self.audit = Audit(scope)
        self.accounts = Accounts(scope)
        self.one_time_links = OneTimeLinks(scope)
        self.sessions = Sessions(scope)
        self.sign_in_tries = SignInTries(scope)
        self.api_tokens = ApiTokens(scope)
        self.workers = Workers(scope)
        self.documents = Documents(scope)
        self.document_uses = DocumentUses(scope)
        self.gaps = Gaps(scope)


class Database:
    """One database of one process; safe for many coroutines at once."""

    def __init__(
        self, engine: AsyncEngine, location: Location, clock: Clock, segment: Segment | None = None
    ) -> None:
        self._engine = engine
        self._location = location
        self._clock = clock
        self._segment = segment
        self._turnstile = Turnstile(location.place)

    @classmethod
    def open(
        cls,
        url: str,
        *,
        clock: Clock = utc_now,
        lock_timeout: float = 8.0,
        segment: Segment | None = None,
    ) -> Database:
        """Prepare access without connecting; raises DatabaseInvalid for a URL that cannot be used.

        `lock_timeout` is how many seconds a unit of work waits for another process that is writing to
        the same SQLite file, before DatabaseLocked. `segment` gives the words a stored message is found
        by; without it messages wait to be indexed (`Messages.index`).
        """
        location = locate(url)
        return cls(build_engine(location, lock_timeout), location, clock, segment)

    @asynccontextmanager
    async def unit_of_work(self, *, read_only: bool = False) -> AsyncIterator[UnitOfWork]:
        """Open a transaction, commit it at the end, roll it back when an exception leaves it.

        Never await anything slow in it but the database: on SQLite all writing units of a process take
        turns. A read-only unit does not wait for them and refuses to write. A statement that failed dooms
        the unit: its error comes out at the end even if it was caught inside.
        """
        async with self._turnstile.pass_through(read_only=read_only), self._connected() as connection:
            if not read_only:
                await self._begin(connection)
            scope = Scope(connection, self._location.place, self._clock, read_only, segment=self._segment)
            yield UnitOfWork(scope)
            if scope.failure is not None:
                raise scope.failure
            # Leaving without this line, by whatever exception, rolls back when the connection goes home.
            await self._commit(connection)

    async def check(self) -> DatabaseStatus:
        """Look at the database for `doctor`; raises StorageError only when it cannot be read at all."""
        from storage.migrate import head_revision

        async with self._connected() as connection:
            revision = await self._revision(connection)
            version = await self._version(connection)
        return DatabaseStatus(
            dialect=self._location.place.dialect,
            server_version=version,
            where=self._location.place.label,
            revision=revision,
            head=head_revision(),
            writable=await self._writable(),
        )

    async def require_ready(self) -> DatabaseStatus:
        """Raise DatabaseOutdated or DatabaseReadOnly unless the bot can work with this database now."""
        from storage.migrate import known_revision
        from storage.schema import require_whole

        status = await self.check()
        if status.revision is None:
            raise missing(self._location.place)
        if not known_revision(status.revision):
            raise DatabaseOutdated(
                f"The database {status.where} was set up by a newer founder-bot (its revision "
                f"{status.revision} is unknown to this one): install that version, or restore a backup."
            )
        if not status.current:
            raise DatabaseOutdated(
                f"The database {status.where} is at revision {status.revision}, this version needs "
                f"{status.head}: {UPGRADE}."
            )
        async with self._connected() as connection:
            await require_whole(connection, self._location.place, status.head)
        if not status.writable:
            raise read_only(self._location.place)
        return status

    async def close(self) -> None:
        """Close all connections; the last one to leave a SQLite file also folds its log into it."""
        await self._engine.dispose()

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[AsyncConnection]:
        connection = self._engine.connect()
        try:
            await connection.start()
        except StorageError:
            raise
        except Exception as error:
            raise explained(error, self._location.place) from error
        try:
            yield connection
        except BaseException:
            # Shielded: a canceled unit of work must still roll back and give SQLite's lock free.
            await asyncio.shield(asyncio.ensure_future(connection.close()))
            raise
        await connection.close()

    async def _begin(self, connection: AsyncConnection) -> None:
        if self._location.place.dialect != "sqlite":
            return  # begun when the connection was taken
        try:
            await connection.exec_driver_sql("BEGIN IMMEDIATE")
        except FAILURES as error:
            raise explained(error, self._location.place) from error

    async def _commit(self, connection: AsyncConnection) -> None:
        try:
            await connection.commit()
        except FAILURES as error:
            raise explained(error, self._location.place) from error

    async def _revision(self, connection: AsyncConnection) -> str | None:
        from storage.migrate import current_revision

        try:
            return await connection.run_sync(current_revision)
        except FAILURES as error:
            raise explained(error, self._location.place) from error

    async def _version(self, connection: AsyncConnection) -> str:
        sqlite = self._location.place.dialect == "sqlite"
        query = "SELECT sqlite_version()" if sqlite else "SHOW server_version"
        return str((await connection.execute(text(query))).scalar_one())

    async def _writable(self) -> bool:
        # Asked in a writing unit of work, because only the attempt tells on SQLite.
        try:
            async with self.unit_of_work() as work:
                return await work.workers.can_write()
        except DatabaseReadOnly:
            return False
