"""Announcements: composing, choosing who gets them, and what founders do with them."""
