"""How an agency comes to be in Aurora, and how who it is changes: one person asks, a second one agrees, and the history keeps both.

What is agreed to is loaded as a file would be (`consent.loading.agency`): versions are told apart, and bind, in one way whoever writes them.
`by` is an operator's id; who is an operator, and may do this, the caller has made sure of.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from consent import agency_form, loading, names, two_people
from consent.errors import Conflict, InvalidInput, NotFound
from consent.models import Agency, AgencyDraft
from consent.oauth.onboarding import REASON_LIMIT, Change

Kind = AgencyDraft.Kind


class AgencyDraftOpen(Conflict):
    code = "agency_draft_open"
    sentence = "There is an open draft for this agency. Decide on it first."


def draft(*, code: str, content: Mapping[str, Any], meaning: bool | None, new: bool, reason: str, by: UUID, now: datetime) -> AgencyDraft:
    """Ask for a new agency (`new`), or for the next version of one. Raises `InvalidInput` by field, `AgencyDraftOpen`, `NotFound`.

    `content`: the document without its numbers. `meaning`: whether the version changes who the agency is, so that consents given before cover nothing of
    it any more, or words only; None where that was not said, which only a first version needs not say.
    """
    if not new and not Agency.objects.filter(code=code).exists():
        raise NotFound()
    before = None if new else agency_form.newest(code)
    faults = agency_form.faults_of(code, content, new=new)
    if before is not None and meaning is None:
        faults["meaning"] = "Say whether this changes who the agency is, or words only."
    if not 1 <= len(reason.strip()) <= REASON_LIMIT:
        faults["reason"] = f"Say why, in at most {REASON_LIMIT} characters."
    if not faults and before is not None and agency_form.field_values(before) == agency_form.field_values(content):
        faults["reason"] = "Nothing would change."
    if faults:
        raise InvalidInput(faults)
    try:
        with transaction.atomic():
            return AgencyDraft.objects.create(
                kind=Kind.REGISTER if new else Kind.CHANGE,
                code=code,
                before=before,
                content={"code": code, **_numbers(before, bool(meaning)), **content},
                reason=reason.strip(),
                requested_by=by,
                requested_at=now,
            )
    except IntegrityError:
        raise AgencyDraftOpen() from None


def approve(*, draft_id: UUID, by: UUID, now: datetime) -> AgencyDraft:
    """The second person agrees: the version is loaded. Raises `SamePerson`, `NotFound`, `Conflict`.

    `Conflict` also where the agency is no longer what it was when the draft was made, as when a file was loaded since: what was shown would not be what
    happens; and where another agency has come to bear its name meanwhile. Nothing is decided then, and the draft can be declined.
    """
    with transaction.atomic():
        found = two_people.approve(AgencyDraft, draft_id=draft_id, by=by, now=now)
        names.lock()
        there = Agency.objects.select_for_update().filter(code=found.code).exists()
        if there != (found.kind == Kind.CHANGE) or agency_form.newest(found.code) != found.before:
            raise Conflict("The agency has changed since this was asked for. Decline it, and ask anew.")
        try:
            loading.agency(found.content, now=now)
        except loading.NameTaken:
            raise Conflict(names.TAKEN) from None
        except loading.VersionRefused:
            raise Conflict("The agency has changed since this was asked for. Decline it, and ask anew.") from None
    return found


def decline(*, draft_id: UUID, by: UUID, now: datetime) -> AgencyDraft:
    """Nothing comes of it: a second person declines it, or who asked takes it back. Raises `NotFound`, `Conflict`."""
    return two_people.decline(AgencyDraft, draft_id=draft_id, by=by, now=now)


def changes(draft: AgencyDraft) -> tuple[Change, ...]:
    """Field by field, in the form's order; those that stay too, so that one sees the whole."""
    before = agency_form.field_values(draft.before) if draft.before else {}
    after = agency_form.field_values(draft.content)
    return tuple(Change(name, before.get(name), after[name]) for name in agency_form.FIELDS if name in after)


def changes_meaning(draft: AgencyDraft) -> bool:
    """Whether older consents cover nothing of the agency once somebody agrees."""
    return bool(draft.before is not None and draft.content["binding_since"] == draft.content["version"])


def _numbers(before: Mapping[str, Any] | None, meaning: bool) -> dict[str, int]:
    if before is None:
        return {"version": 1, "binding_since": 1}
    number = before["version"] + 1
    return {"version": number, "binding_since": number if meaning else before["binding_since"]}
