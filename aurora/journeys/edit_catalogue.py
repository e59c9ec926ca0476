"""The service catalogue, from the operators' side: who may change it. What follows is `recommender.catalogue.drafts`'.

No model is trained by any of this: which models serve changes by two stewards alone (`model_operations`). Suggestions are made anew when a citizen
next opens them, since the catalogue is among what they rest on (`suggest`).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from django.db import transaction

from aurora.audit import trail
from aurora.identity.models import Operator
from consent.errors import AuroraError, InvalidInput
from recommender.catalogue import drafts
from recommender.catalogue.importers.take import Taken
from recommender.catalogue.models import ImportDraft
from recommender.errors import RecommenderError

logger = logging.getLogger(__name__)
REASON_LIMIT = 200


class NotAnEditor(AuroraError):
    """Least privilege: the catalogue is its editors' business."""

    code = "not_an_editor"
    sentence = "This is for catalogue editors."
    status = 403


class CatalogueFault(AuroraError):
    """What the catalogue says to a change that cannot be; its sentence is English, since it names what stands in the documents."""

    code = "catalogue_fault"
    status = 400


def propose(
    *, operator: Operator, origin: str, files: Sequence[tuple[str, bytes]], whole: bool, language: str, now: datetime
) -> ImportDraft:
    """Have the documents read, and what they would do written down; what has lain for a week goes. Raises `InvalidInput`, `CatalogueFault`, `NotAnEditor`."""
    _check(operator)
    wrong = {"files": "files_required"} if not files else {}
    wrong |= {} if origin in drafts.FORMATS else {"format": "format_required"}
    if wrong:
        raise InvalidInput(wrong)
    with _told(), transaction.atomic():
        closed = drafts.close_old(by=operator.pk, now=now)
        made = drafts.propose(
            origin="ptv" if origin == "ptv" else "hsds", files=files, whole=whole, language=language, by=operator.pk, now=now
        )
        for each in closed:
            trail.did(operator_id=operator.pk, deed="catalogue_import_withdrawn", about=[each])
        trail.did(operator_id=operator.pk, deed="catalogue_import_proposed", about=[made.pk])
    return made


def confirm(*, operator: Operator, draft_id: UUID, now: datetime) -> Taken:
    """Do what was shown. Raises `CatalogueFault`, `NotAnEditor`."""
    _check(operator)
    with _told(), transaction.atomic():
        taken = drafts.confirm(draft_id=draft_id, by=operator.pk, now=now)
        trail.did(operator_id=operator.pk, deed="catalogue_import_confirmed", about=[draft_id])
    logger.info("Catalogue %s is in use (operator %s, import %s).", taken.version[:16], operator.username, draft_id)
    return taken


def withdraw(*, operator: Operator, draft_id: UUID, now: datetime) -> None:
    """Let nothing come of it."""
    _check(operator)
    with _told(), transaction.atomic():
        drafts.withdraw(draft_id=draft_id, by=operator.pk, now=now)
        trail.did(operator_id=operator.pk, deed="catalogue_import_withdrawn", about=[draft_id])


def retire(*, operator: Operator, identifier: str, reason: str, now: datetime) -> None:
    """Take a service out of the catalogue in use. Raises `InvalidInput`, `CatalogueFault`, `NotAnEditor`."""
    _check(operator)
    said = _reasoned(reason)
    with _told(), transaction.atomic():
        drafts.retire(identifier=identifier, why=said, now=now)
        trail.did(operator_id=operator.pk, deed="service_retired", about=[identifier])


def bring_back(*, operator: Operator, identifier: str, reason: str, now: datetime) -> None:
    """Put a retired service into use again, in its newest version. Raises as `retire` does."""
    _check(operator)
    said = _reasoned(reason)
    with _told(), transaction.atomic():
        drafts.bring_back(identifier=identifier, why=said, now=now)
        trail.did(operator_id=operator.pk, deed="service_brought_back", about=[identifier])


@contextmanager
def _told() -> Iterator[None]:
    """The catalogue's refusals as those of a page."""
    try:
        yield
    except RecommenderError as error:
        raise CatalogueFault(error.sentence, code=error.code) from None


def _check(operator: Operator) -> None:
    if not operator.is_active or Operator.Role.CATALOGUE_EDITOR not in operator.roles:
        raise NotAnEditor()


def _reasoned(reason: str) -> str:
    if not 1 <= len(reason.strip()) <= REASON_LIMIT:
        raise InvalidInput({"reason": "reason_required"})
    return reason.strip()
