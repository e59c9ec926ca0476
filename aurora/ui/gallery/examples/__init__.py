"""Every page with example contexts, in the active language."""

from aurora.ui.gallery.example import Example
from aurora.ui.gallery.examples import (
    acting,
    activity,
    asked_again,
    break_glass,
    citizen,
    clients,
    evaluations,
    feedback,
    life,
    mandates,
    messages,
    models,
    monitoring,
    office,
    records,
    services,
    training,
    withdrawals,
)


def pages() -> list[Example]:
    """All examples; their sentences are in the language that is active now."""
    parts = (
        citizen.entrance,
        citizen.home,
        citizen.sources,
        citizen.suggestions,
        feedback.pages,
        life.pages,
        training.pages,
        services.pages,
        evaluations.pages,
        activity.pages,
        records.data,
        records.consents,
        records.agency,
        messages.receipts,
        messages.messages,
        messages.email,
        asked_again.agency,
        asked_again.connect,
        mandates.mandates,
        mandates.acting,
        acting.pages,
        office.errors,
        office.console,
        clients.console,
        withdrawals.console,
        break_glass.pages,
        models.console,
        training.console,
        monitoring.console,
    )
    return [example for part in parts for example in part()]
