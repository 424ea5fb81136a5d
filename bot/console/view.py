"""What every page works with: who looks, in which language, and how the answer is made."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import Form
from pydantic import AfterValidator
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from bot.console.config import LANGUAGES, Console
from bot.console.cookies import FLASH, LANGUAGE, VISIT, put_cookie, read_cookie
from bot.console.rendering import Templates
from bot.console.sealing import Seal
from bot.console.texts import FALLBACK, Wording
from handlers.staff import Permission, may
from storage.announcement_records import StaffRecord
from storage.console_records import SignedIn

if TYPE_CHECKING:
    from storage.database import UnitOfWork

Text = Annotated[str, Form()]
"""A field of a form; what is missing is empty."""

Revision = Annotated[int, Form(), AfterValidator(lambda number: min(max(number, 0), 2**31 - 2))]
"""What a change is based on, as the page that sends it was made; what none can be is a conflict."""

ToastKind = Literal["good", "bad"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Toast:
    """A brief word that appears over the page and goes away."""

    text: str
    kind: ToastKind = "good"


class View:
    """One request of somebody at a browser; `me` is None for somebody who is not signed in."""

    def __init__(self, request: Request, me: SignedIn | None, token: str | None) -> None:
        self.request = request
        self.me = me
        self._token = token or read_cookie(request, self.console.config, VISIT)
        self._fresh = not self._token
        if not self._token:
            self._token = secrets.token_urlsafe(32)

    # --- what there is ----------------------------------------------------------------------------

    @property
    def console(self) -> Console:
        """The parts the composition root has built."""
        found: Console = self.request.app.state.console
        return found

    @property
    def seal(self) -> Seal:
        """What keeps secrets that must be read again."""
        found: Seal = self.request.app.state.seal
        return found

    @property
    def staff(self) -> StaffRecord:
        """Who is signed in; pages behind a permission always have somebody."""
        assert self.me is not None
        return self.me.staff

    @property
    def now(self) -> datetime:
        """The present moment in UTC."""
        return self.console.services.clock()

    @cached_property
    def texts(self) -> Wording:
        """The sentences in the reader's language: chosen by hand, else the browser's, else the program's."""
        if self.me is not None and self.me.staff.language in LANGUAGES:
            return Wording(self.me.staff.language)
        chosen = self._asked_for or read_cookie(self.request, self.console.config, LANGUAGE)
        if chosen in LANGUAGES:
            return Wording(chosen)
        for part in self.request.headers.get("accept-language", "").split(","):
            if (code := part.strip()[:2].lower()) in LANGUAGES:
                return Wording(code)
        default = self.console.services.program.default_language
        return Wording(default if default in LANGUAGES else FALLBACK)

    @property
    def _asked_for(self) -> str:
        """The language of a link on the pages before signing in; "" for none."""
        asked = self.request.query_params.get("lang", "")
        return asked if asked in LANGUAGES else ""

    @property
    def language(self) -> str:
        """The language of the page."""
        return self.texts.language

    @property
    def theme(self) -> str:
        """The theme chosen by hand; empty follows the device."""
        account = self.me.account if self.me is not None else None
        return (account.theme or "") if account is not None else ""

    @property
    def csrf(self) -> str:
        """What every form carries back, so that no other site can send it in this person's name."""
        assert self._token is not None
        return hmac.new(self._token.encode(), b"csrf", hashlib.sha256).hexdigest()

    @property
    def is_partial(self) -> bool:
        """Whether HTMX asks for a part of the page rather than a browser for all of it."""
        headers = self.request.headers
        return headers.get("hx-request") == "true" and headers.get("hx-history-restore-request") != "true"

    def may(self, permission: Permission) -> bool:
        """Tell whether the person may do something; pages hide what they may not."""
        return self.me is not None and may(self.me.staff.role, permission)

    def say(self, key: str, **values: object) -> str:
        """Return a sentence in the reader's language."""
        return self.texts(key, **values)

    # --- the database -----------------------------------------------------------------------------

    def reading(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """Open a short unit of work that reads."""
        return self.console.services.database.unit_of_work(read_only=True)

    def writing(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """Open a short unit of work that writes; committed when it is left without an exception."""
        return self.console.services.database.unit_of_work()

    async def note(
        self, work: UnitOfWork, action: str, about: tuple[str, int] | None = None, **details: Any
    ) -> int:
        """Write an action of this person into the audit log, in the unit of work that does it; its id."""
        return await work.audit.note(
            action, actor=self.staff.name, staff_id=self.staff.id, about=about, details=details
        )

    # --- answers ----------------------------------------------------------------------------------

    def page(
        self,
        template: str,
        /,
        *,
        block: str = "",
        status: int = 200,
        toast: Toast | None = None,
        **values: Any,
    ) -> Response:
        """Render a template; asked by HTMX, only its `block`, when one is named.

        The template sees `view`, `t` (the texts), and `values`.
        """
        templates: Templates = self.request.app.state.templates
        partial = bool(block) and self.is_partial
        context = {"view": self, "t": self.texts, "toast": None if partial else toast, **values}
        if not partial and toast is None:
            context["toast"] = self._flashed()
        html = templates.render(template, block if partial else "", context)
        response = HTMLResponse(html, status_code=status, headers={"Vary": "HX-Request, Cookie"})
        if partial and toast is not None:
            response.headers["HX-Trigger"] = json.dumps({"toast": {"text": toast.text, "kind": toast.kind}})
        if not partial and context["toast"] is not None:
            put_cookie(response, self.console.config, FLASH, "", seconds=0)
        if self._asked_for and self.me is None:
            put_cookie(response, self.console.config, LANGUAGE, self._asked_for)
        if self._fresh:
            assert self._token is not None
            put_cookie(response, self.console.config, VISIT, self._token)
        return response

    def go(self, path: str, key: str = "", *, kind: ToastKind = "good", **values: object) -> Response:
        """Send the browser on after a form was taken; `key` is the sentence that greets it there."""
        if self.request.headers.get("hx-request") == "true":
            response = Response(status_code=204, headers={"HX-Redirect": path})
        else:
            response = RedirectResponse(path, status_code=303)
        if key:
            said = json.dumps([self.say(key, **values), kind])
            packed = base64.urlsafe_b64encode(said.encode()).decode()
            put_cookie(response, self.console.config, FLASH, packed, seconds=60)
        return response

    def _flashed(self) -> Toast | None:
        packed = read_cookie(self.request, self.console.config, FLASH)
        if not packed:
            return None
        try:
            text, kind = json.loads(base64.urlsafe_b64decode(packed))
            return Toast(text=str(text)[:500], kind="bad" if kind == "bad" else "good")
        except (ValueError, TypeError):
            return None
