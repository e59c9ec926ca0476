"""An import in two steps: what documents would do to the catalogue in use is shown first, and is done when somebody has read it.

A confirmation does what was shown or nothing: it is refused where another catalogue has come into use meanwhile.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from recommender.catalogue import documents, store
from recommender.catalogue.importers import hsds, ptv, reading
from recommender.catalogue.importers.parsed import Parsed
from recommender.catalogue.importers.take import Planned, Taken, plan, take
from recommender.catalogue.model import Origin, PublicService
from recommender.catalogue.models import ImportDraft
from recommender.errors import CatalogueError, ImportRefused

State = ImportDraft.State
FORMATS: tuple[Origin, ...] = ("ptv", "hsds")
MOST_BYTES = 5 * 1024 * 1024  # of all files together; what is larger is imported by the command
NAMED = 200  # of each kind of change, by name; the numbers are of all
KEPT_OPEN = timedelta(days=7)


class Moved(CatalogueError):
    """Another catalogue is in use than when the report was made."""

    code = "catalogue_moved"


class NoDraft(CatalogueError):
    """There is no such draft, or it has been decided on."""

    code = "import_unknown"


@dataclass(frozen=True, slots=True)
class Report:
    """Of each kind how many there are, and the first `NAMED` as (identifier, name, what differs)."""

    counts: Mapping[str, int]
    new: tuple[tuple[str, str, str], ...]
    changed: tuple[tuple[str, str, str], ...]
    retired: tuple[tuple[str, str, str], ...]
    refused: tuple[tuple[str, str, str], ...]


def propose(*, origin: Origin, files: Sequence[tuple[str, bytes]], whole: bool, language: str, by: UUID, now: datetime) -> ImportDraft:
    """Reads the documents and says what they would do. Raises `ImportRefused`, `CatalogueError`."""
    if not files or sum(len(content) for _, content in files) > MOST_BYTES:
        raise ImportRefused(f"Choose files of at most {MOST_BYTES // 1024 // 1024} MB together.")
    parsed = _parsed(origin, files, language)
    planned = plan(origin=origin, parsed=parsed, whole=whole)
    return ImportDraft.objects.create(
        origin=origin,
        language=language,
        whole=whole,
        files=[name[:200] for name, _ in files],
        documents=zlib.compress(json.dumps([content.decode("utf-8-sig") for _, content in files]).encode()),
        report=asdict(_report(parsed, planned)),
        based_on=planned.based_on or "",
        by=by,
        at=now,
    )


def close_old(*, by: UUID, now: datetime) -> tuple[UUID, ...]:
    """What nobody decided on for a week is thrown away, by whoever proposes next. Which."""
    with transaction.atomic():
        old = ImportDraft.objects.select_for_update().filter(state=State.OPEN, at__lt=now - KEPT_OPEN).order_by("pk")
        closed = tuple(old.values_list("pk", flat=True))
        ImportDraft.objects.filter(pk__in=closed).update(state=State.WITHDRAWN, decided_by=by, decided_at=now, documents=b"")
    return closed


def confirm(*, draft_id: UUID, by: UUID, now: datetime) -> Taken:
    """Does what the report says. Raises `NoDraft`, `Moved`, and what an import raises."""
    with transaction.atomic():
        store.lock()
        found = ImportDraft.objects.select_for_update().filter(pk=draft_id, state=State.OPEN).first()
        if found is None:
            raise NoDraft("This import has been decided on.")
        if (store.current_version() or "") != found.based_on:
            raise Moved("Another catalogue has come into use since. Upload the files again.")
        texts = json.loads(zlib.decompress(bytes(found.documents)))
        files = [(name, text.encode()) for name, text in zip(found.files, texts, strict=True)]
        origin: Origin = "ptv" if found.origin == "ptv" else "hsds"
        why = f"import {origin}: {', '.join(found.files)}"
        taken = take(origin=origin, parsed=_parsed(origin, files, found.language), whole=found.whole, why=why, now=now)
        _decided(found, State.CONFIRMED, by, now)
    return taken


def withdraw(*, draft_id: UUID, by: UUID, now: datetime) -> None:
    """Nothing comes of it. Raises `NoDraft`."""
    with transaction.atomic():
        found = ImportDraft.objects.select_for_update().filter(pk=draft_id, state=State.OPEN).first()
        if found is None:
            raise NoDraft("This import has been decided on.")
        _decided(found, State.WITHDRAWN, by, now)


def retire(*, identifier: str, why: str, now: datetime) -> None:
    """The service is in the catalogue no more; its versions stay. Raises `CatalogueError`, also where another service needs it."""
    with transaction.atomic():
        store.lock()
        services = dict(store.current())
        if services.pop(identifier, None) is None:
            raise CatalogueError("The catalogue in use does not have this service.")
        store.use(services, why=f"retired {identifier}: {why}", now=now)


def bring_back(*, identifier: str, why: str, now: datetime) -> None:
    """The service is in the catalogue again, in its newest version. Raises `CatalogueError`."""
    with transaction.atomic():
        store.lock()
        found = store.last_known(identifier)
        if found is None or identifier in store.current():
            raise CatalogueError("The catalogue in use has this service, or never had it.")
        store.use({**store.current(), identifier: found}, why=f"brought back {identifier}: {why}", now=now)


def differing(old: PublicService, new: PublicService) -> tuple[str, ...]:
    """The fields in which two versions of a service differ, in order."""
    a, b = (json.loads(documents.document(one)) for one in (old, new))
    return tuple(sorted(key for key in a.keys() | b.keys() if a.get(key) != b.get(key)))


def _parsed(origin: Origin, files: Sequence[tuple[str, bytes]], language: str) -> Parsed:
    found = [reading.parse(content, name) for name, content in files]
    return ptv.parse(found) if origin == "ptv" else hsds.parse(found, language=language)


def _report(parsed: Parsed, planned: Planned) -> Report:
    counts = {
        "new": len(planned.new),
        "changed": len(planned.changed),
        "retired": len(planned.retired),
        "refused": len(parsed.refused),
        "same": planned.same,
        "links": parsed.links_left_out,
    }
    return Report(
        counts=counts,
        new=tuple((key, _name(planned.services[key]), "") for key in planned.new[:NAMED]),
        changed=tuple(
            (key, _name(planned.services[key]), ", ".join(differing(planned.before[key], planned.services[key])))
            for key in planned.changed[:NAMED]
        ),
        retired=tuple((key, _name(planned.before[key]), "") for key in planned.retired[:NAMED]),
        refused=tuple((one.source_id, one.who, one.why) for one in parsed.refused[:NAMED]),
    )


def _name(service: PublicService) -> str:
    return str(service.name["fi"])


def _decided(found: ImportDraft, state: ImportDraft.State, by: UUID, now: datetime) -> None:
    found.state, found.decided_by, found.decided_at, found.documents = state, by, now, b""
    found.save(update_fields=["state", "decided_by", "decided_at", "documents"])
