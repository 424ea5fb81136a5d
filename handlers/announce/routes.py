"""Who answers what belongs to announcements; these routes come before the interview's."""

from __future__ import annotations

from handlers.announce import composing, desk, managing, pressing, replying, reporting, topics
from handlers.route import Route, command, kind, press
from handlers.staff_rights import at_desk, for_staff

ANNOUNCE_ROUTES: tuple[Route, ...] = (
    Route(name="announce", matches=composing.awaits, handle=at_desk(composing.typed)),
    Route(name="announce", matches=managing.awaits_correction, handle=at_desk(managing.corrected)),
    Route(
        name="announce",
        matches=for_staff("announcement.write", kind("edited")),
        handle=at_desk(composing.text_edited),
    ),
    Route(
        name="announce",
        matches=for_staff("announcement.write", command("announce")),
        handle=at_desk(composing.announce),
    ),
    Route(
        name="announce",
        matches=for_staff("announcement.write", press(desk.ACTION)),
        handle=at_desk(pressing.pressed),
    ),
    Route(
        name="announcements",
        matches=for_staff("announcement.see", command("announcements")),
        handle=at_desk(managing.show_list),
    ),
    Route(
        name="announcements",
        matches=for_staff("announcement.see", press(reporting.ACTION)),
        handle=at_desk(managing.pressed),
    ),
    Route(name="topics", matches=command("topics"), handle=topics.show),
    Route(name="topics", matches=press("topics"), handle=topics.show),
    Route(name="topics", matches=press("topicset"), handle=topics.switch),
    Route(name="topic_stopped", matches=press("untopic"), handle=topics.stop),
    Route(name="topic_resumed", matches=press("retopic"), handle=topics.undo),
    Route(name="announcement_reply", matches=press("rsvp"), handle=replying.press),
)
