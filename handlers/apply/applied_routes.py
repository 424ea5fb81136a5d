"""Who answers about an application that was handed in, about co-founders and about linked accounts."""

from __future__ import annotations

from handlers.route import Route

APPLIED_ROUTES: tuple[Route, ...] = ()
