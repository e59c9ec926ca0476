"""No column is forgotten: every sealed one is gone through by a rotation, and every plain one of a citizen's was thought about."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import models

from aurora.journeys._sealed_columns import OF_CITIZENS, OF_PLATFORM
from tests.vault.classified import CLASSES, COLUMNS, NOBODYS
from tests.vault.seals import places

OURS = ("aurora.", "consent.", "recommender.")
KEPT_BACK = {("ledger.KeptBack", "sealed"), ("ledger.KeptBack", "longer_sealed")}
"""Nobody reads them before they are due: the key that opens them stays instead, hidden (`vault.retire_former`)."""
REGISTERED = {(column.model._meta.label, column.column) for column in (*OF_CITIZENS, *OF_PLATFORM)}
ALREADY = (
    models.ForeignKey,
    models.UUIDField,
    models.AutoField,
    models.DateTimeField,
    models.DateField,
    models.IntegerField,
    models.BooleanField,
)
"""Ids, times, counts and flags say what they are by their type; so does a field with choices, a code."""

# Where something is sealed, and into which column.
SEALS: dict[str, tuple[str, ...]] = {
    "aurora/corrections/requests.py:_sealed": ("corrections.Correction.sealed", "corrections.Correction.answer_sealed"),
    "aurora/exports/rows.py:enqueue": ("exports.Export.key_sealed",),
    "aurora/feedback/reports.py:seal": (
        "accessibility.Report.sealed",
        "accessibility.Report.answer_sealed",
        "accessibility.Report.closing_sealed",
    ),
    "aurora/identity/citizens.py:_create": ("identity.Citizen.national_id_sealed", "identity.Citizen.name_sealed"),
    "aurora/identity/totp.py:enrol": ("identity.Operator.totp_secret_sealed",),
    "aurora/journeys/_glass_told.py:seal_text": ("consent_breakglass.Request.text_sealed", "consent_breakglass.Request.review_sealed"),
    "aurora/journeys/_log.py:log": ("ledger.LedgerEntry.sealed",),
    "aurora/journeys/_record.py:sealed": ("twin.Evaluation.sealed",),
    "aurora/journeys/delay.py:keep_back": ("ledger.KeptBack.sealed",),
    "aurora/journeys/delay.py:keep_longer": ("ledger.KeptBack.longer_sealed",),
    "aurora/journeys/delegate.py:offer": ("consent.Mandate.invited_sealed",),
    "aurora/journeys/delegate.py:pass_on": ("consent.Mandate.invited_sealed",),
    "aurora/journeys/delegate.py:reconfirm": ("consent.Mandate.invited_sealed",),
    "aurora/journeys/report_use.py:_row": ("consent_uses.UsageReport.sealed",),
    "aurora/management/commands/seed_demo.py:_eid": ("identity.IdentityProvider.key_sealed",),
    "aurora/messages/address.py:give": ("aurora_messages.MailAddress.sealed",),
    "aurora/messages/outbox.py:_sealed": ("aurora_messages.Message.sealed",),
    "aurora/sources/connections.py:begin": ("sources.ConnectAttempt.verifier_sealed",),
    "aurora/sources/credentials.py:sealed": ("sources.Connection.access_token_sealed", "sources.Connection.refresh_token_sealed"),
    "aurora/sources/credentials.py:sealed_context": ("sources.Connection.context_sealed",),
    "aurora/sources/feeds.py:_sealed": ("sources.Feed.mark_sealed",),
    "aurora/sources/loading.py:_sealed": ("sources.DataSource.key_sealed",),
    "aurora/twin/choices.py:put": ("twin.FactChoice.sealed",),
    "aurora/twin/feedback.py:say": ("twin.Feedback.sealed",),
    "aurora/twin/rows.py:insert": ("twin.Fact.sealed",),
    "aurora/twin/suggestions.py:keep": ("twin.SuggestionRun.sealed",),
    "aurora/twin/training.py:keep": ("twin.TrainingRow.sealed",),
    "aurora/twin/write.py:_row": ("twin.Fact.sealed",),
    "consent/concerns/cases.py:_say": ("consent_concerns.ConcernPart.sealed",),
    "consent/receipts.py:issue": ("consent.Receipt.sealed",),
}


def ours() -> Iterator[type[models.Model]]:
    return (model for model in apps.get_models() if model.__module__.startswith(OURS))


def test_every_column_that_is_sealed_is_gone_through_by_a_rotation() -> None:
    sealed = {
        (model._meta.label, field.column)
        for model in ours()
        for field in model._meta.concrete_fields
        if isinstance(field, models.BinaryField) and (field.column.endswith(("sealed", "wrapped")))
    }
    assert sealed == REGISTERED | KEPT_BACK
    assert len(REGISTERED) == len(OF_CITIZENS) + len(OF_PLATFORM)


def test_every_place_that_seals_does_so_for_a_column_that_is_registered() -> None:
    found = places()
    assert set(found) == set(SEALS)
    known = {f"{model}.{column}" for model, column in REGISTERED | KEPT_BACK}
    platform = {f"{column.model._meta.label}.{column.column}" for column in OF_PLATFORM}
    for place, columns in SEALS.items():
        assert set(columns) <= known, place
        assert found[place] == {"platform" if set(columns) <= platform else "citizen"}, place
    assert {column for columns in SEALS.values() for column in columns} >= known - {
        "identity.DataKey.wrapped",
        "identity.DataKey.marking_wrapped",
        "identity.FormerKey.wrapped",
    }


@pytest.mark.parametrize("model", list(ours()), ids=lambda model: model._meta.label)
def test_every_plain_column_of_a_citizen_s_row_was_thought_about(model: type[models.Model]) -> None:
    """A new one fails here: can it tell a value, or find somebody again once they are erased? Then it is sealed, or goes with them."""
    label = model._meta.label
    if label in NOBODYS:
        assert label not in COLUMNS and not {"citizen", "citizen_id", "principal", "principal_id"} & {
            f.name for f in model._meta.concrete_fields
        }
        return
    open_ones = {field.column for field in model._meta.concrete_fields if field.column and not _says_what_it_is(field)}
    assert open_ones == set(COLUMNS.get(label, {})), label
    assert set(COLUMNS.get(label, {}).values()) <= CLASSES
    sealed = {column for column, kind in COLUMNS.get(label, {}).items() if kind == "sealed"}
    assert sealed == {column for of, column in REGISTERED | KEPT_BACK if of == label}


def _says_what_it_is(field: models.Field) -> bool:  # type: ignore[type-arg]
    base = field.base_field if isinstance(field, ArrayField) else field
    return isinstance(base, ALREADY) or bool(base.choices)
