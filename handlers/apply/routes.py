"""Who answers what belongs to the application; these routes come before all others."""

from __future__ import annotations

from handlers.apply.applied_routes import APPLIED_ROUTES
from handlers.route import Route

APPLY_ROUTES: tuple[Route, ...] = (*APPLIED_ROUTES,)
