"""An application on a desk, without any conversation."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from forms.load import load_form
from forms.model import Form, Value
from handlers.apply.context import Desk, lay_out
from handlers.messages import IncomingMessage
from handlers.turn import Services, Turn
from knowledge.language import detect
from storage.application_records import ApplicationRecord
from storage.database import Database
from tests.conversation.fakes import PROGRAM, ScriptedKnowledge
from tests.storage.builders import a_person

HARBOR = Path(__file__).parents[1] / "data" / "forms" / "harbor.toml"
AT = datetime(2027, 3, 30, 6, 5, tzinfo=UTC)


def harbor() -> Form:
    return load_form(HARBOR, timezone=ZoneInfo("Asia/Shanghai"))


async def a_desk(database: Database, answers: Mapping[str, Any], language: str = "zh") -> Desk:
    """A draft of Harbor Lab's form with these answers, typed data by key."""
    form, person = harbor(), await a_person(database, language)
    services = Services(
        database=database,
        knowledge=ScriptedKnowledge(),
        program=PROGRAM,
        clock=lambda: AT,
        detect=detect,
        form=form,
    )
    message = IncomingMessage(
        channel="telegram", chat="7", sender="7", external_id="1", kind="text", received_at=AT
    )
    turn = Turn(
        message=message, text="", person=person, language=language, written=None, services=services, now=AT
    )
    async with database.unit_of_work() as work:
        draft: ApplicationRecord = await work.applications.start(
            person.founder.id, language=language, form_version=form.version
        )
    values = {
        key: data if isinstance(data, Value) else Value(data=data, wording=str(data))
        for key, data in answers.items()
    }
    return lay_out(turn, form, draft, values)


FILE = {"sha256": "ab" * 32, "name": "plan.pdf", "media_type": "application/pdf", "size": 1_234_567}


def whole(text: str = "蓝鲸船艇") -> dict[str, Any]:
    """Answers to most questions; `text` stands wherever the founder writes freely."""
    return {
        "track": "trial",
        "company_name": text,
        "one_sentence": text * 2,
        "team_size": Value(data=7, wording="我们一共7个人,都在上海"),
        "registered": True,
        "founded": "2025-03-01",
        "website": "https://example.org",
        "stage": "idea",
        "solution": f"{text}\n" * 12,
        "raised": Value(data={"value": 3_000_000, "currency": "CNY"}, wording="三百万"),
        "deck": Value(data={**FILE, "name": f"{text}.pdf"}),
        "founders/1/founder_name": text,
        "founders/1/full_time": True,
        "founders/more": True,
        "founders/2/founder_name": text,
        "founders/2/full_time": False,
        "email": "li@example.org",
        "phone": Value(data="+8613800138000", wording="138 0013 8000"),
        "motivation": text,
        "can_swim": True,
    }
