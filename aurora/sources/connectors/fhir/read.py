"""One category of one citizen from a FHIR server: a read of Patient, or a search of another resource, whole or since the last time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

from aurora.outbound.oauth import PeerFailed
from aurora.sources.connectors.answer import Answer, Asked, Mark, Times, Unchanged
from aurora.sources.connectors.fhir import conditions, cursor, measurements, models, outcome, patient, procedures
from aurora.sources.connectors.fhir.cursor import Cursor
from aurora.sources.connectors.fhir.declare import CONDITION, OBSERVATION, PATIENT, PROCEDURE, WHOLE_AFTER_DAYS
from aurora.sources.connectors.fhir.taken import Taken
from aurora.sources.connectors.fhir.talk import MOST_RESOURCES, Talk, invalid
from aurora.sources.connectors.fhir.when import instant
from consent import schema

Take = Callable[[Any, Mapping[str, Any], datetime], tuple[Taken, ...]]
_TAKE: Mapping[str, Take] = {CONDITION: conditions.take, OBSERVATION: measurements.take, PROCEDURE: procedures.take}
_ONLY: Mapping[str, dict[str, str]] = {OBSERVATION: {"code": measurements.ASKED}}


@dataclass
class Found:
    """What a search brought: resources by id, and the source's time of the search, if it says."""

    at: datetime | None = None
    latest: datetime | None = None
    resources: dict[str, Any] = field(default_factory=dict)

    @property
    def seen(self) -> datetime | None:
        return self.at or self.latest


def fetch(asked: Asked) -> Answer | Unchanged:
    """Raises `PeerFailed`; no value is in the error."""
    resource = asked.settings["categories"].get(asked.category.category_id)
    identifier = asked.context.get("patient", "")
    if resource is None or not identifier:  # declared for another category, or connected before the source was of this kind
        raise invalid()
    with Talk(asked) as talk:
        return _patient(asked, talk, identifier) if resource == PATIENT else _records(asked, talk, resource, identifier)


def _patient(asked: Asked, talk: Talk, identifier: str) -> Answer | Unchanged:
    reply = talk.read(PATIENT, identifier, etag=asked.since.etag)
    if reply.body is None:
        return Unchanged(asked.category.category_id, asked.since)
    found = models.valid(PATIENT, reply.body)
    at = instant(getattr(found.meta, "lastUpdated", None)) or timezone.now()
    return _answer(asked, patient.national_id(found, asked.settings), at, patient.facts(found, asked.settings), mark=Mark(etag=reply.etag))


def _records(asked: Asked, talk: Talk, resource: str, identifier: str) -> Answer | Unchanged:
    """What has changed, where that can be told; else everything."""
    known = cursor.parse(asked.since.cursor) if asked.since.cursor else None
    now = timezone.now()
    if known is not None and known.patient == identifier and now - known.whole < _whole_after(asked.settings):
        found = _search(talk, resource, identifier, since=known.since)
        moved = cursor.moved(known.held, _taken(resource, asked.settings, found, now))
        if moved is not None:
            return _increment(asked, talk, known, found, moved)
    found = _search(talk, resource, identifier)
    at = found.seen or now
    best = cursor.newest((key, one) for key, all_of_it in _taken(resource, asked.settings, found, now).items() for one in all_of_it)
    held = {key: (behind, one.rank) for key, (behind, one) in best.items()}
    mark = Cursor(identifier, found.seen, now, held).text() if found.seen else ""
    return _answer(asked, _whose(asked, talk, identifier), at, _values(best), best=best, mark=Mark(cursor=mark))


def _taken(resource: str, settings: Mapping[str, Any], found: Found, now: datetime) -> dict[str, tuple[Taken, ...]]:
    """By id. What a resource does not date, was noted when it was last changed."""

    def noted(one: Any) -> datetime:
        return instant(getattr(one.meta, "lastUpdated", None)) or found.seen or now

    return {key: _TAKE[resource](one, settings, noted(one)) for key, one in found.resources.items()}


def _increment(asked: Asked, talk: Talk, known: Cursor, found: Found, moved: Mapping[str, tuple[str, Taken]]) -> Answer | Unchanged:
    held = {**known.held, **{key: (identifier, one.rank) for key, (identifier, one) in moved.items()}}
    seen = max(found.seen or known.seen, known.seen)
    mark = Mark(cursor=Cursor(known.patient, seen, known.whole, held).text())
    if not moved:
        return Unchanged(asked.category.category_id, mark)
    gone = frozenset(key for key, (_, one) in moved.items() if one.value is None)
    national_id = _whose(asked, talk, known.patient)
    return _answer(asked, national_id, seen, _values(moved), best=moved, mark=mark, gone=gone)


def _whose(asked: Asked, talk: Talk, identifier: str) -> str:
    """The identifier of the patient record, and nothing else of it."""
    reply = talk.read(PATIENT, identifier, elements="identifier")
    return patient.national_id(models.valid(PATIENT, reply.body), asked.settings)


def _search(talk: Talk, resource: str, identifier: str, *, since: str = "") -> Found:
    """Every resource of the search, each of this patient. Raises `PeerFailed`: `wrong_citizen` for one of somebody else's."""
    query = {"patient": identifier, **_ONLY.get(resource, {}), **({"_lastUpdated": f"gt{since}"} if since else {})}
    found = Found()
    for bundle in talk.pages(resource, query):
        stamp = (bundle.get("meta") or {}).get("lastUpdated") if isinstance(bundle.get("meta") or {}, dict) else None
        found.at = found.at or _stamp(stamp)
        entries = bundle.get("entry", [])
        if not isinstance(entries, list):
            raise invalid()
        for entry in entries:
            _take_in(found, talk, resource, identifier, entry)
    return found


def _take_in(found: Found, talk: Talk, resource: str, identifier: str, entry: Any) -> None:
    inner = entry.get("resource") if isinstance(entry, dict) else None
    if outcome.is_outcome(inner):
        # R4 3.1.1.4.3: a search that could not be done as a whole says so among its results.
        if failed := outcome.failure(inner):
            raise failed
        return
    if isinstance(entry, dict) and isinstance(entry.get("search"), dict) and entry["search"].get("mode") == "include":
        return
    one = models.valid(resource, inner)
    if one.id is None:
        raise invalid()
    if not _is_about(getattr(one.subject, "reference", None), talk.base, identifier):
        raise PeerFailed("wrong_citizen", retryable=False)
    if len(found.resources) >= MOST_RESOURCES:
        raise PeerFailed("too_large", retryable=False)
    found.resources[one.id] = one
    updated = getattr(one.meta, "lastUpdated", None)
    if isinstance(updated, datetime) and updated.tzinfo is not None:
        found.latest = max(found.latest or updated, updated)


def _is_about(reference: Any, base: str, identifier: str) -> bool:
    """R4 2.3.0.1: relative to this server, or its whole address; a version may stand behind it."""
    if not isinstance(reference, str):
        return False
    place = reference.removeprefix(f"{base}/").partition("/_history/")[0]
    return place == f"{PATIENT}/{identifier}"


def _answer(
    asked: Asked,
    national_id: str,
    at: datetime,
    facts: dict[str, Any],
    *,
    best: Mapping[str, tuple[str, Taken]] | None = None,
    mark: Mark,
    gone: frozenset[str] | None = None,
) -> Answer:
    category = asked.category
    # An increment may say less than a whole statement must.
    if not schema.kept(category.schema, without=() if gone is None else ("minProperties", "required"))(facts):
        raise invalid()
    times: dict[str, Times] = {key: one.times for key, (_, one) in (best or {}).items() if key in facts}
    return Answer(
        category=category.category_id,
        version=category.version,
        national_id=national_id,
        observed_at=at,
        valid_from=None,
        valid_to=None,
        facts=facts,
        gone=gone,
        times=times,
        mark=mark,
    )


def _values(best: Mapping[str, tuple[str, Taken]]) -> dict[str, Any]:
    return {key: one.value for key, (_, one) in best.items() if one.value is not None}


def _whole_after(settings: Mapping[str, Any]) -> timedelta:
    return timedelta(days=settings.get("whole_after_days", WHOLE_AFTER_DAYS))


def _stamp(text: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) and len(text) <= 40 else None
    except ValueError:
        return None
    return instant(found.astimezone(UTC)) if found is not None and found.tzinfo is not None else None
