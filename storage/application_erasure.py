"""What /forget does to applications: words, files and codes go, a bare row of what was submitted stays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Delete, Update, delete, or_, select, update

from storage.application_tables import (
    Application,
    ApplicationAnswer,
    ApplicationEvent,
    ApplicationFollowUp,
    ApplicationMember,
    ApplicationReminder,
    ApplicationVersion,
    Code,
    CodeAttempt,
    File,
)
from storage.repository import Repository, table

_applications, _answers, _members = table(Application), table(ApplicationAnswer), table(ApplicationMember)
_versions, _followups, _events = (
    table(ApplicationVersion),
    table(ApplicationFollowUp),
    table(ApplicationEvent),
)
_reminders, _codes, _attempts, _files = (
    table(ApplicationReminder),
    table(Code),
    table(CodeAttempt),
    table(File),
)

KEPT = {
    "applications": "the number, track, status and times of what was submitted, without any answer, also "
    "of co-founders: an application goes with its owner, a co-founder's own answers with the co-founder; "
    "drafts are removed entirely",
}
"""Why a row stays, as in `erasure.KEPT`."""


async def erase_applications(repository: Repository, founder_id: int) -> dict[str, int]:
    """Erase a founder's applications and their part in others'; returns rows by kind."""
    await rewrite_snapshots(repository, founder_id, None)
    counts = {}
    for name, steps in _steps(founder_id).items():
        results = [(await repository._write(step)).rowcount for step in steps]
        counts[name] = sum(results)
    return counts


def _steps(founder_id: int) -> dict[str, Sequence[Delete | Update]]:
    owned = select(_applications.c.id).where(_applications.c.founder_id == founder_id)
    draft = _applications.c.status == "draft"
    return {
        "answers": [
            delete(_answers).where(
                or_(_answers.c.application_id.in_(owned), _answers.c.member_id == founder_id)
            )
        ],
        "versions": [delete(_versions).where(_versions.c.application_id.in_(owned))],
        "followups": [delete(_followups).where(_followups.c.application_id.in_(owned))],
        "events": [delete(_events).where(_events.c.application_id.in_(owned))],
        "reminders": [delete(_reminders).where(_reminders.c.application_id.in_(owned))],
        "codes": [
            delete(_codes).where(or_(_codes.c.founder_id == founder_id, _codes.c.application_id.in_(owned))),
            update(_codes).where(_codes.c.used_by == founder_id).values(used_by=None),
            delete(_attempts).where(_attempts.c.founder_id == founder_id),
        ],
        "members": [
            delete(_members).where(
                or_(_members.c.application_id.in_(owned), _members.c.founder_id == founder_id)
            )
        ],
        "files": [delete(_files).where(_files.c.founder_id == founder_id)],
        "applications": [
            delete(_applications).where(_applications.c.founder_id == founder_id, draft),
            update(_applications)
            .where(_applications.c.founder_id == founder_id)
            .values(amending_at=None, saved_receipt_at=None, reminders_stopped_at=None),
        ],
    }


async def rewrite_snapshots(
    repository: Repository, founder_id: int, new_id: int | None, application_id: int | None = None
) -> None:
    """Take a member's answers out of what was submitted, or put them under a new founder id."""
    joined = select(_members.c.application_id).where(_members.c.founder_id == founder_id)
    if application_id is not None:
        joined = joined.where(_members.c.application_id == application_id)
    query = select(_versions.c.id, _versions.c.snapshot).where(_versions.c.application_id.in_(joined))
    for row in await repository._rows(query):
        answers = dict(row.snapshot.get("answers") or {})
        own = answers.pop(str(founder_id), None)
        if own is None:
            continue
        if new_id is not None:
            answers[str(new_id)] = {**own, **answers.get(str(new_id), {})}
        await repository._write(
            update(_versions)
            .where(_versions.c.id == row.id)
            .values(snapshot={**row.snapshot, "answers": answers}, files=files_of(answers))
        )


def files_of(answers: Any) -> list[str]:
    """List the hashes of the files among the answers of a snapshot."""
    found = set()
    for given in answers.values():
        for item in given.values():
            data = item.get("data")
            if isinstance(data, dict) and isinstance(data.get("sha256"), str):
                found.add(data["sha256"])
    return sorted(found)
