"""A citizen looks at their own twin (GDPR art. 15), through the same door as everyone, and takes it with them (art. 20)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from aurora.identity import citizens
from aurora.identity.models import Citizen
from aurora.journeys import _glass_told as break_glass
from aurora.journeys import evaluate, model_outcomes, raise_concern
from aurora.journeys._door import open_door
from aurora.journeys._log import log
from aurora.journeys._record import Record
from aurora.journeys._reported import told_of
from aurora.journeys.evaluate import Evaluated
from aurora.twin import feedback, suggestions, write
from aurora.twin import queries as twin
from aurora.twin.models import Evaluation
from aurora.twin.suggestions import Run
from aurora.twin.values import FactView
from consent import acting, mandates, queries
from consent.errors import NotFound
from consent.ledger.events import Event
from consent.models import ConsentRecord, DataCategoryVersion
from consent.rules import CITIZEN, AccessRequest
from consent.rules.mandates import Deed
from consent.scope import citizen_scope
from recommender.catalogue import Catalogue, store
from recommender.catalogue.text import LANGUAGES
from recommender.models import EvaluatorVersion

OWN_DATA = "own-data"


@dataclass(frozen=True)
class OwnData:
    """The citizen's facts, and the entry that tells that they looked."""

    facts: tuple[FactView, ...]
    categories: tuple[DataCategoryVersion, ...]
    entry_id: UUID


def view(*, citizen_id: UUID, now: datetime) -> OwnData:
    """All that the twin holds of this citizen."""
    return _read(citizen_id=citizen_id, event=Event.OWN_DATA_VIEWED, now=now)


def export(*, citizen_id: UUID, now: datetime) -> dict[str, Any]:
    """Facts with provenance, what models made of them, suggestions that are kept with what they were made from, what the citizen said of them, and
    decisions with the text shown, as one JSON document (GDPR art. 15, and 20: machine-readable)."""
    mine = _read(citizen_id=citizen_id, event=Event.OWN_DATA_EXPORTED, now=now)
    with citizen_scope(citizen_id):
        consents = [_consent(record) for record in queries.for_citizen(citizen_id=citizen_id)]
        # Who acts for them has no page of these either.
        doing, name = acting.current(), citizens.name_of(Citizen.objects.get(pk=citizen_id))
        made = evaluate.made(citizen_id=citizen_id, now=now) if doing is None else []
        paired = model_outcomes.of_citizen(citizen_id=citizen_id) if doing is None else []
        # A guardian's child has words of their own.
        catalogue = store.current()
        said = [_named(one, catalogue) for one in feedback.everything(citizen_id=citizen_id)] if doing is None else []
        # What entries say of it, whoever may take all of it along may read.
        behind_glass = break_glass.taken_along(citizen_id=citizen_id)
        used = told_of(citizen_id) if doing is None else []
        suggested = [_run(one, catalogue) for one in suggestions.of(citizen_id)] if doing is None else []
        concerns = raise_concern.exported(citizen_id=citizen_id)
    return {
        "format": "aurora-export-1",
        "made_at": now.isoformat(),
        "about": {"name": name},
        "made_by": {"name": doing.attorney_name if doing else name, "as": doing.mandate.kind.value if doing else CITIZEN},
        "ledger_entry": str(mine.entry_id),
        "facts": [_fact(fact) for fact in mine.facts],
        "consents": consents,
        "evaluations": [_evaluation(version, outcome) for version, outcome in made],
        "model_outcomes": [_paired(*one) for one in paired],
        "suggestions": suggested,
        "feedback": said,
        "concerns": concerns,
        "reported_uses": used,
        "break_glass": behind_glass,
    }


def forget_kept(*, citizen_id: UUID, category: str, source: str, now: datetime) -> UUID:
    """Delete what the citizen had kept of one category from one source. The entry. Raises `NotFound` when nothing is kept of it.

    Theirs alone: who acts for them has no such deed in any mandate.
    """
    if acting.current() is not None:
        raise NotFound()
    with citizen_scope(citizen_id):
        gone = write.erase_kept(citizen_id=citizen_id, category=category, source=source)
        if not gone:
            raise NotFound()
        return log(
            citizen_id=citizen_id, event=Event.OWN_DATA_ERASED, actor=CITIZEN, categories=[category], source=source,
            details={"facts_erased": gone}, at=now,
        ).entry_id  # fmt: skip


def _read(*, citizen_id: UUID, event: Event, now: datetime) -> OwnData:
    categories = tuple(queries.current_categories())
    with citizen_scope(citizen_id):
        held = twin.categories_held(citizen_id=citizen_id)  # the entry names what there was to see, not what there might be
        deed = Deed.EXPORT if event is Event.OWN_DATA_EXPORTED else Deed.SEE
        if doing := mandates.confirm(citizen_id=citizen_id, now=now, deed=deed):
            within = doing.scope.categories
            categories = tuple(c for c in categories if doing.scope.covers([c.category_id]))
            held = held if doing.scope.everything else held & within
    request = AccessRequest(citizen_id, CITIZEN, OWN_DATA, held)
    with open_door(request, granted=event, refused=Event.OWN_DATA_REFUSED, now=now) as opened:
        return OwnData(opened.facts, categories, opened.entry_id)


def _fact(fact: FactView) -> dict[str, Any]:
    return {
        "category": fact.category,
        "version": fact.category_version,
        "key": fact.key,
        "value": fact.value,
        "source": fact.source,
        "provenance": fact.provenance,
        "observed_at": fact.observed_at.isoformat(),
        "valid_from": fact.valid_from.isoformat() if fact.valid_from else None,
        "valid_to": fact.valid_to.isoformat() if fact.valid_to else None,
        "recorded_at": fact.recorded_at.isoformat(),
        "kept_at": fact.kept_at.isoformat() if fact.kept_at else None,
        "derived_by": str(fact.derived_by) if fact.derived_by else None,
        "derived_from": [str(one) for one in fact.derived_from],
        "derived_through": [str(one) for one in fact.derived_through],
    }


def _evaluation(version: EvaluatorVersion, outcome: Evaluated) -> dict[str, Any]:
    contract = version.contract
    return {
        "owner": contract.owner,
        "identifier": contract.identifier,
        "version": contract.version,
        "package_sha256": version.package_sha256,
        "purpose": contract.purpose,
        "categories": list(contract.categories),
        "provenance": "derived",
        "state": outcome.state.value,
        "made_at": outcome.finished_at.isoformat() if outcome.finished_at else None,
        "ledger_entry": str(outcome.entry_id),
        "values": dict(outcome.values),
        "not_applicable": [{"fact": fact, "why": why} for fact, why in outcome.because],
    }


def _paired(version: EvaluatorVersion, row: Evaluation, record: Record) -> dict[str, Any]:
    """What a model said, beside what followed: kept to measure the model."""
    contract = version.contract
    return {
        "owner": contract.owner,
        "identifier": contract.identifier,
        "version": contract.version,
        "package_sha256": version.package_sha256,
        "purpose": row.purpose,
        "categories": list(row.categories),
        "provenance": "derived",
        "state": row.state,
        "made_at": row.finished_at.isoformat() if row.finished_at else None,
        "ledger_entry": str(row.entry_id),
        "values": dict(record.values),
        "followed": dict(record.followed),
        "not_counted": [{"fact": fact, "why": why} for fact, why in record.because],
    }


def _consent(record: ConsentRecord) -> dict[str, Any]:
    return {
        "id": str(record.pk),
        "recipient": record.recipient.code,
        "source": record.source.code if record.source else None,
        "purpose": record.purpose_id,
        "categories": record.categories,
        "withdrawn": record.withdrawn,
        "state": record.state,
        "decided_at": record.decided_at.isoformat(),
        "expires_at": record.expires_at.isoformat(),
        "ended_at": record.ended_at.isoformat() if record.ended_at else None,
        "notice": {"language": record.notice.language, "sha256": record.notice_id, "content": record.notice.content},
    }


def _run(run: Run, catalogue: Catalogue) -> dict[str, Any]:
    """Suggestions as they are kept: what a person reads of them first, then all that they were made from (`recommender.suggesting.replay.record`)."""
    record = {key: value for key, value in run.content["record"].items() if key != "slate"}
    return {
        "run": str(run.id),
        "made_at": run.made_at.isoformat(),
        "current": run.current,
        "ledger_entry": str(run.entry_id),
        "categories": run.content["categories"],
        "sources": run.content["sources"],
        "services": [_named(one, catalogue) for one in run.content["record"]["slate"]],
        "settled": [_named({"service": service, "standing": standing}, catalogue) for service, standing in run.content["settled"]],
        "made_from": record,
        "not_shown": run.content["shadow"],
    }


def _named(one: dict[str, Any], catalogue: Catalogue) -> dict[str, Any]:
    """With the service's name in each language; one that has left the catalogue since has its code alone."""
    service = catalogue.get(one["service"])
    return {**one, "name": {language: service.name[language] for language in LANGUAGES} if service else {}}
