"""Any catalogue that was ever in use, and the one that is in use now.

What is shipped lies in files; what is in use lies in tables, which `manage.py load_catalogue` and `import_catalogue` fill. Where nothing was ever
loaded, the shipped files are the catalogue. Compiled catalogues stay in the process by their hash, and services are shared between them.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from datetime import datetime
from weakref import WeakValueDictionary

from django.db import connection, transaction

from recommender.catalogue import documents, index
from recommender.catalogue.checks import check_relations
from recommender.catalogue.load import Catalogue
from recommender.catalogue.load import catalogue as shipped
from recommender.catalogue.model import PublicService
from recommender.catalogue.models import CatalogueUse, CatalogueVersion, ServiceVersion
from recommender.errors import CatalogueError, UnknownCatalogue

KEPT = 4  # compiled catalogues a process
_LOCK = 0x4341_5441_4C4F  # pg_advisory_xact_lock: one change of the catalogue at a time
CURRENT = (
    "SELECT v.sha256 FROM catalogue_catalogueuse u JOIN catalogue_catalogueversion v ON v.id = u.catalogue_id ORDER BY u.id DESC LIMIT 1"
)

_guard = threading.Lock()
_reading = threading.Lock()
_catalogues: OrderedDict[str, Catalogue] = OrderedDict()
_services: WeakValueDictionary[str, PublicService] = WeakValueDictionary()


def current() -> Catalogue:
    """The catalogue in use. Costs one SELECT of one row; more only when a process meets a version for the first time."""
    return of(current_version())


def of(version: str | None) -> Catalogue:
    """The catalogue of a hash, the shipped one for None. Raises as `at`."""
    return shipped() if version is None else at(version)


def current_version() -> str | None:
    """The hash of the catalogue in use, None where none was ever loaded."""
    with connection.cursor() as cursor:
        cursor.execute(CURRENT)
        row = cursor.fetchone()
    return row[0] if row else None


def at(version: str) -> Catalogue:
    """The catalogue of that hash. Raises `UnknownCatalogue`, and `CatalogueError` where what is kept does not have its hash."""
    with _guard:
        if version in _catalogues:
            _catalogues.move_to_end(version)
            return _catalogues[version]
    # One thread reads a version, and who asks for the same meanwhile waits for it: side by side each would take as long as all.
    with _reading:
        with _guard:
            found = _catalogues.get(version)
        if found is None:
            found = shipped() if version == shipped().version else _read(version)
    with _guard:
        _catalogues[version] = found
        _catalogues.move_to_end(version)
        while len(_catalogues) > KEPT:
            _catalogues.popitem(last=False)
    return found


def last_known(identifier: str) -> PublicService | None:
    """The newest version ever recorded of a service, in use or retired."""
    row = ServiceVersion.objects.filter(identifier=identifier).order_by("-id").values_list("sha256", "document").first()
    return _compiled(*row) if row else None


def use(services: Mapping[str, PublicService], *, why: str, now: datetime) -> Catalogue:
    """Puts these services into use as the whole catalogue, records what is new of them, and makes search read them.

    Changes nothing where that catalogue is in use already. Raises `CatalogueError` for relations that cannot stand. One transaction.
    """
    for identifier, fault in check_relations(services).items():
        raise CatalogueError(f"{identifier}: {fault}")
    texts = {one.identifier: documents.document(one) for one in services.values()}
    by_version = {documents.version_of(text): (identifier, text) for identifier, text in texts.items()}
    version = documents.catalogue_version(by_version)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        if current_version() != version:
            row = _record(services, by_version, version, now)
            CatalogueUse.objects.create(catalogue=row, why=why[:300], begun_at=now)
            index.bring_up_to_date(row.members)
    return at(version)


def replaced(origin: str, found: Iterable[PublicService], *, whole: bool) -> dict[str, PublicService]:
    """The catalogue in use with the services of one origin replaced (`whole`) or joined by those found. Call it in the transaction of `use`."""
    kept = {key: one for key, one in current().items() if one.origin != origin or not whole}
    fresh = {one.identifier: one for one in found}
    for identifier in fresh.keys() & kept.keys():
        if kept[identifier].origin != origin:
            raise CatalogueError(f"{identifier} is a service of another origin already.")
    return {**kept, **fresh}


def index_anew() -> None:
    """Makes all that search reads again, from the catalogue in use."""
    version = current_version()
    members = CatalogueVersion.objects.filter(sha256=version).values_list("members", flat=True).first()
    if members is not None:
        index.bring_up_to_date([])
        index.bring_up_to_date(members)


def lock() -> None:
    """Keeps others from changing the catalogue until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _record(
    services: Mapping[str, PublicService], by_version: Mapping[str, tuple[str, str]], version: str, now: datetime
) -> CatalogueVersion:
    kept = CatalogueVersion.objects.filter(sha256=version).first()
    if kept:
        return kept
    known = set(ServiceVersion.objects.filter(sha256__in=list(by_version)).values_list("sha256", flat=True))
    rows = [
        ServiceVersion(sha256=sha256, identifier=identifier, origin=services[identifier].origin, document=text, recorded_at=now)
        for sha256, (identifier, text) in by_version.items()
        if sha256 not in known
    ]
    ServiceVersion.objects.bulk_create(rows, batch_size=1000)
    members = sorted(ServiceVersion.objects.filter(sha256__in=list(by_version)).values_list("id", flat=True))
    return CatalogueVersion.objects.create(sha256=version, members=members, recorded_at=now)


def _read(version: str) -> Catalogue:
    members = CatalogueVersion.objects.filter(sha256=version).values_list("members", flat=True).first()
    if members is None:
        raise UnknownCatalogue(f"No catalogue {version[:16]} was ever in use here.")
    rows = dict(ServiceVersion.objects.filter(id__in=members).values_list("id", "sha256"))
    if len(rows) != len(members) or documents.catalogue_version(rows.values()) != version:
        raise CatalogueError(f"The catalogue {version[:16]} is not what was recorded.")
    # Taken hold of before the rest is read: a weak value may go at any time.
    known = {key: one for key, sha256 in rows.items() if (one := _services.get(sha256)) is not None}
    texts = ServiceVersion.objects.filter(id__in=rows.keys() - known.keys()).values_list("sha256", "document")
    found = [*known.values(), *(_compiled(sha256, text) for sha256, text in texts.iterator(chunk_size=2000))]
    return Catalogue({one.identifier: one for one in sorted(found, key=lambda one: one.identifier)}, version)


def _compiled(sha256: str, text: str) -> PublicService:
    if documents.version_of(text) != sha256:
        raise CatalogueError(f"The service version {sha256[:16]} is not what was recorded.")
    with _guard:
        return _services.setdefault(sha256, documents.service(text))
