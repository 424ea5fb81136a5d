"""Who answers what belongs to announcements; these routes come before the interview's."""

from __future__ import annotations

from handlers.announce import replying, topics
from handlers.route import Route, command, press

ANNOUNCE_ROUTES: tuple[Route, ...] = (
    Route(name="topics", matches=command("topics"), handle=topics.show),
    Route(name="topics", matches=press("topics"), handle=topics.show),
    Route(name="topics", matches=press("topicset"), handle=topics.switch),
    Route(name="topic_stopped", matches=press("untopic"), handle=topics.stop),
    Route(name="topic_resumed", matches=press("retopic"), handle=topics.undo),
    Route(name="announcement_reply", matches=press("rsvp"), handle=replying.press),
)
