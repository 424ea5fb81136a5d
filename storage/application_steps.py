"""One step of the interview on PostgreSQL: a change is claimed and written, the chat moved on, in one go."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Column, bindparam, exists, select, text, update
from sqlalchemy.dialects.postgresql import insert

from storage.application_tables import Application, ApplicationAnswer
from storage.repository import table
from storage.tables import Conversation

_applications, _answers = table(Application), table(ApplicationAnswer)
_chats = table(Conversation)
HEAD = ("track", "language", "form_version")
"""What an application says of itself and may say anew with every change."""


def _given(column: Column[Any]) -> Any:
    """A parameter of a column's type, which the server cannot tell; called alike, it would be set itself."""
    return bindparam(f"new_{column.name}", type_=column.type)


@cache
def step(*, shared: bool) -> Any:
    """The statement: no row comes back, and nothing was written, when somebody else was faster."""
    taken = (
        update(_applications)
        .where(_applications.c.id == bindparam("wanted"), _applications.c.revision == bindparam("seen"))
        .values(
            revision=_applications.c.revision + 1,
            updated_at=_given(_answers.c.updated_at),
            **{name: _given(_applications.c[name]) for name in HEAD},
        )
        .returning(_applications.c.id)
        .cte("taken")
    )
    stands = (
        update(_chats)
        .where(_chats.c.id == bindparam("here"), exists(select(taken.c.id)))
        .values(interview=_given(_chats.c.interview))
        .cte("stands")
    )
    given = [column for column in _answers.c if column.name not in ("id", "application_id")]
    rows = select(taken.c.id, *(_given(column) for column in given))
    names = ["application_id", *(column.name for column in given)]
    put = upsert(insert(_answers).from_select(names, rows), shared=shared)
    return select(taken.c.id).add_cte(stands, put.cte("put"))


def upsert(statement: Any, *, shared: bool) -> Any:
    """Let an INSERT of answers replace those that are there, of shared ones or of a member's own."""
    new = statement.excluded
    keys = ["application_id", "key"] if shared else ["member_id", "application_id", "key"]
    changed = ("data", "wording", "skipped", "sha256", "message_id", "updated_at")
    return statement.on_conflict_do_update(
        index_elements=keys,
        index_where=text("member_id IS NULL" if shared else "member_id IS NOT NULL"),
        set_={name: new[name] for name in changed},
    )
