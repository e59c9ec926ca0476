"""Every column that is sealed, for a citizen or for the platform, and what each value is sealed for: what rotations go through.

A column that is missing here would be lost with the former key. `tests/vault/test_columns.py` finds every column and every call of a seal by
itself, and fails on one that is not named.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from uuid import UUID

from aurora.corrections import requests as corrections
from aurora.corrections.models import Correction
from aurora.exports import rows as exports
from aurora.exports.models import Export
from aurora.feedback import reports as accessibility
from aurora.feedback.models import Report
from aurora.identity import eid, totp, vault
from aurora.identity.kek.rewrap import PlatformColumn
from aurora.identity.models import Citizen, DataKey, FormerKey, IdentityProvider, Operator
from aurora.identity.rotation import SealedColumn
from aurora.journeys import _glass_told, _mandate_told, _record
from aurora.messages import address, outbox
from aurora.messages.models import MailAddress, Message
from aurora.sources import registry
from aurora.sources.models import ConnectAttempt, Connection, DataSource, Feed
from aurora.twin import choices, feedback, suggestions, training
from aurora.twin.choices import FactChoice
from aurora.twin.models import Evaluation, Fact, Feedback, SuggestionRun, TrainingRow
from aurora.twin.sealing import fact_context
from consent import receipts
from consent.breakglass.models import Request
from consent.concerns import cases
from consent.concerns.models import ConcernPart
from consent.ledger.append import sealing_context
from consent.ledger.models import LedgerEntry
from consent.models import Mandate, Receipt
from consent.uses import reports
from consent.uses.models import UsageReport


def _always(context: bytes) -> Callable[..., bytes]:
    return lambda: context


OF_CITIZENS: tuple[SealedColumn, ...] = (
    SealedColumn(Citizen, "national_id_sealed", (), _always(b"national-id"), citizen="id"),
    SealedColumn(Citizen, "name_sealed", (), _always(b"name"), citizen="id"),
    SealedColumn(Connection, "access_token_sealed", (), _always(b"access-token")),
    SealedColumn(Connection, "refresh_token_sealed", (), _always(b"refresh-token")),
    SealedColumn(Connection, "context_sealed", (), _always(b"token-context")),
    SealedColumn(ConnectAttempt, "verifier_sealed", (), _always(b"pkce-verifier")),
    SealedColumn(Feed, "mark_sealed", ("connection_id", "category"), lambda link, category: b"feed-mark:" + link.bytes + category.encode()),
    SealedColumn(Fact, "sealed", ("id", "category", "mark"), fact_context),
    SealedColumn(FactChoice, "sealed", ("id", "category", "mark"), choices._context, closed=True),
    SealedColumn(SuggestionRun, "sealed", ("id",), suggestions._context, closed=True),
    SealedColumn(Feedback, "sealed", ("run_id", "service"), feedback._context, closed=True),
    SealedColumn(TrainingRow, "sealed", ("id",), training._context, closed=True),
    SealedColumn(Evaluation, "sealed", ("id",), _record._context),
    SealedColumn(Correction, "sealed", ("id", "mark"), partial(corrections.place, part="asked")),
    SealedColumn(Correction, "answer_sealed", ("id", "mark"), partial(corrections.place, part="answer")),
    SealedColumn(Export, "key_sealed", ("id",), exports._place),
    SealedColumn(Message, "sealed", ("id",), outbox._place),
    SealedColumn(MailAddress, "sealed", (), _always(address._CONTEXT)),
    SealedColumn(Mandate, "invited_sealed", (), _always(_mandate_told.INVITED), citizen="principal_id"),
    SealedColumn(Receipt, "sealed", ("id",), receipts._place, closed=True),
    SealedColumn(UsageReport, "sealed", ("id",), reports.context_of, closed=True),
    SealedColumn(ConcernPart, "sealed", ("id",), cases._place, closed=True),
    SealedColumn(LedgerEntry, "sealed", ("id",), sealing_context, closed=True),
)
"""`KeptBack.sealed` and `longer_sealed` are not among them: before they are due nobody reads them, so the key that opens them stays, hidden."""


def _words(request_id: UUID, *, what: str) -> bytes:
    return _glass_told._place(request_id, what)


OF_PLATFORM: tuple[PlatformColumn, ...] = (
    PlatformColumn(IdentityProvider, "key_sealed", ("issuer",), eid.key_context),
    PlatformColumn(DataSource, "key_sealed", ("agency__code",), registry.key_context),
    PlatformColumn(Operator, "totp_secret_sealed", ("pk",), totp.sealing_context),
    PlatformColumn(Request, "text_sealed", ("pk",), partial(_words, what="reason")),
    PlatformColumn(Request, "review_sealed", ("pk",), partial(_words, what="review")),
    PlatformColumn(Report, "sealed", ("pk",), partial(accessibility.place, what=accessibility.WORDS)),
    PlatformColumn(Report, "answer_sealed", ("pk",), partial(accessibility.place, what=accessibility.ANSWER)),
    PlatformColumn(Report, "closing_sealed", ("pk",), partial(accessibility.place, what=accessibility.CLOSING)),
    # Before the data key, which names the key-encryption key of both.
    PlatformColumn(DataKey, "marking_wrapped", ("citizen_id",), vault.marking_context),
    PlatformColumn(DataKey, "wrapped", ("citizen_id",), vault.wrapping_context, kek_id="kek_id"),
    PlatformColumn(FormerKey, "wrapped", ("citizen_id",), vault.wrapping_context, kek_id="kek_id"),
)
