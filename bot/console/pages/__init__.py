"""The pages: one file an area, each with a `router` whose every route demands a permission."""

from __future__ import annotations

from bot.console.pages import (
    account,
    api_docs,
    applications,
    audit,
    conversations,
    document_editing,
    document_trials,
    document_versions,
    documents,
    gap_answers,
    gap_moves,
    gaps,
    handovers,
    home,
    retention,
    sign_in,
    staff,
    telegram,
    transcript,
    twins,
)

ROUTERS = (
    sign_in.router,
    telegram.router,
    home.router,
    gaps.router,
    gap_answers.router,
    gap_moves.router,
    handovers.router,
    conversations.router,
    transcript.router,
    applications.router,
    documents.router,
    twins.router,
    document_editing.router,
    document_trials.router,
    document_versions.router,
    staff.router,
    account.router,
    audit.router,
    retention.router,
    api_docs.router,
)
