"""Loading versions of purposes, categories and agencies from their documents. A version that is in the database is never changed.

A document says by `binding_since` (required from version 2 on) which is the oldest version of the same meaning: its own number, if it
changes the meaning, or the former one's, if it changes words only. It says so of today's meaning and not of the last step, so that a
house that skips a version does not miss that the meaning changed in it. Called by management commands, in a transaction.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model

from consent import names
from consent.models import Agency, AgencyVersion, DataCategory, DataCategoryVersion, MeaningChange, Purpose, PurposeVersion

LANGUAGES = ("fi", "sv", "en")
# Consents that were being given while a version was loaded are committed by then, and are looked through like the others.
SETTLED = timedelta(minutes=1)
_AGENCY = {"code", "version", "binding_since", "roles", "name", "legal_name", "business_id", "contact", "country", "onward", "since"}


class VersionRefused(ValueError):
    """A document that cannot be loaded; the text says which and why."""


class NameTaken(VersionRefused):
    """It would be called like another agency."""


def purpose(doc: dict[str, Any], *, now: datetime) -> PurposeVersion:
    """A document of `vocabulary/purposes`. Raises `VersionRefused`."""
    owner, _ = Purpose.objects.get_or_create(code=doc["code"], defaults={"kind": doc["kind"]})
    texts = {k: doc[k] for k in ("dpv", "name", "description", "on_refusal")}
    version: PurposeVersion = _keep(owner, MeaningChange.Kind.PURPOSE, doc, texts, now)
    return version


def category(doc: dict[str, Any], *, source: Agency, now: datetime) -> DataCategoryVersion:
    """A document of `vocabulary/categories`. Raises `VersionRefused`."""
    owner, _ = DataCategory.objects.get_or_create(code=doc["code"], defaults={"source": source})
    texts = {k: doc[k] for k in ("dpv", "sensitive", "name", "description", "schema")}
    version: DataCategoryVersion = _keep(owner, MeaningChange.Kind.CATEGORY, doc, texts, now)
    return version


@transaction.atomic
def agency(doc: dict[str, Any], *, now: datetime) -> AgencyVersion:
    """Who an agency is, in the format that docs/agency/versions.md tells. Its current name becomes the newest version's. Raises `VersionRefused`."""
    texts = _agency_texts(doc)
    _own_name(doc)
    owner, _ = Agency.objects.get_or_create(code=doc["code"], defaults={"name": doc["name"], "roles": doc.get("roles", [])})
    version: AgencyVersion = _keep(owner, MeaningChange.Kind.RECIPIENT, doc, texts, now)
    if not owner.versions.filter(version__gt=version.version).exists():
        # A file says what an agency is for; that its key for models was approved is no file's to say or to take away.
        kept = Agency.objects.select_for_update().get(pk=owner.pk).roles
        approved = [role for role in kept if role == Agency.Role.MODEL_OWNER]
        roles = list(dict.fromkeys([*doc["roles"], *approved])) if "roles" in doc else kept
        Agency.objects.filter(pk=owner.pk).update(name=doc["name"], roles=roles)
    return version


def _agency_texts(doc: dict[str, Any]) -> dict[str, Any]:
    unknown, contact = sorted(set(doc) - _AGENCY), doc.get("contact", {})
    if unknown:
        raise VersionRefused(f"Agency {doc.get('code')}: {', '.join(unknown)} is not a field of an agency.")
    try:
        texts = {k: doc[k] for k in ("name", "legal_name", "business_id", "country")}
        since = date.fromisoformat(doc["since"])
    except (KeyError, TypeError, ValueError) as error:
        raise VersionRefused(f"Agency {doc.get('code')}: {error} is missing or no date.") from None
    for field in ("name", "onward"):
        if (told := doc.get(field)) and (set(told) != set(LANGUAGES) or not all(told.values())):
            raise VersionRefused(f"Agency {doc['code']}: {field} needs {', '.join(LANGUAGES)}.")
    shown = [doc["legal_name"], doc["business_id"], *doc["name"].values(), *doc.get("onward", {}).values()]
    if not all(isinstance(text, str) and names.clear(text) for text in shown):
        raise VersionRefused(f"Agency {doc['code']}: {names.UNCLEAR}")
    return texts | {
        "contact_url": contact.get("url", ""),
        "contact_email": contact.get("email", ""),
        "onward": doc.get("onward", {}),
        "since": since,
    }


def _own_name(doc: dict[str, Any]) -> None:
    """Whoever gives names waits here for each other: of two who give the same one, the second is refused."""
    names.lock()
    owner = Agency.objects.filter(code=doc["code"]).first()
    before = owner.name if owner else None
    if owner and owner.versions.filter(version__gte=doc["version"]).exists():
        return  # an old file once more: it names nobody
    if names.taken_anew(doc["name"], code=doc["code"], before=before):
        raise NameTaken(f"Agency {doc['code']}: {names.TAKEN}")


def _keep(owner: Any, kind: MeaningChange.Kind, doc: dict[str, Any], texts: dict[str, Any], now: datetime) -> Any:
    number = doc["version"]
    binding = doc.get("binding_since", 1 if number == 1 else None)
    if binding is None:
        raise VersionRefused(
            f"{doc['code']}: version {number} must say by binding_since whether it changes the meaning ({number}) or words."
        )
    texts = texts | {"binding_since": binding}
    kept = owner.versions.filter(version=number).first()
    if kept is not None:
        changed = [k for k, v in texts.items() if getattr(kept, k) != v]
        if changed:
            raise VersionRefused(f"{kept}: {', '.join(changed)} changed without a new version; consents rest on the old text.")
        return kept
    _follows(owner, doc["code"], number, binding)
    made = owner.versions.model(**{owner.versions.field.name: owner}, version=number, **texts)
    try:
        made.full_clean()
    except ValidationError as error:
        raise VersionRefused(f"{doc['code']}: {'; '.join(error.messages)}") from None
    made.save(force_insert=True)
    _bind(owner, kind, doc["code"], binding, now)
    return made


def _follows(owner: Any, code: str, number: int, binding: int) -> None:
    newest = owner.versions.order_by("-version").first()
    if newest is None:
        return
    if number < newest.version:
        raise VersionRefused(f"{code}: version {newest.version} was loaded; version {number} was not, and cannot come after it.")
    allowed = {number, newest.binding_since} if number == newest.version + 1 else {*range(newest.binding_since, number + 1)}
    if binding not in allowed:
        raise VersionRefused(
            f"{code}: binding_since of version {number} is {number} for a new meaning, or {newest.binding_since} for new words."
        )


def _bind(owner: Model, kind: MeaningChange.Kind, code: str, binding: int, now: datetime) -> None:
    """From now on older consents cover nothing of it; the worker tells whom it concerns."""
    behind = type(owner)._default_manager.filter(pk=owner.pk, binding_since__lt=binding)
    if behind.update(binding_since=binding) == 1:
        MeaningChange.objects.create(kind=kind, code=code, version=binding, loaded_at=now, due_at=now + SETTLED)
