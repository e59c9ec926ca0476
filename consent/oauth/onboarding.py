"""How an agency's client comes to be, changes, stops and starts again: one person asks, a second one agrees, and the history keeps both.

Stopping is one person's act and at once. `by` is an operator's id; who is an operator, and may do this, the caller has made sure of.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from consent import names, two_people
from consent.errors import Conflict, InvalidInput, NotFound
from consent.models import Agency

from . import client_form, clients
from .models import Client, ClientDraft

Kind, State = ClientDraft.Kind, ClientDraft.State
REASON_LIMIT = 300


class DraftOpen(Conflict):
    code = "draft_open"
    sentence = "There is an open draft for this client. Decide on it first."


@dataclass(frozen=True, slots=True)
class Change:
    """One field of a client or an agency, as it is and as it shall be (None: not there)."""

    field: str
    before: Any
    after: Any

    @property
    def differs(self) -> bool:
        return bool(self.before != self.after)


def draft(*, client_id: str, content: Mapping[str, Any], reason: str, by: UUID, now: datetime) -> ClientDraft:
    """Ask for a new client, or for a change of one. `content`: see `client_form`. Raises `InvalidInput` by field, `DraftOpen`."""
    client = _client(client_id)
    before = client_form.content_of(client) if client else None
    faults = client_form.faults_of(client_id, content, client)
    if not 1 <= len(reason.strip()) <= REASON_LIMIT:
        faults["reason"] = f"Say why, in at most {REASON_LIMIT} characters."
    if not faults and before == dict(content):
        faults["reason"] = "Nothing would change."
    if faults:
        raise InvalidInput(faults)
    kind = Kind.CHANGE if client else Kind.REGISTER
    return _ask(kind, client_id, content["agency"]["code"], before, dict(content), reason, by, now)


def reactivate(*, client_id: str, reason: str, by: UUID, now: datetime) -> ClientDraft:
    """Ask that a stopped client may start again, as it is. Raises `NotFound`, `Conflict`, `InvalidInput`, `DraftOpen`."""
    client = _existing(client_id, active=False)
    content = client_form.content_of(client)
    return _ask(Kind.REACTIVATE, client_id, client.agency.code, content, content, _reasoned(reason), by, now)


def suspend(*, client_id: str, reason: str, by: UUID, now: datetime) -> ClientDraft:
    """Stop a client now: nothing of it is answered from the next request on, its tokens included. Raises `NotFound`, `Conflict`."""
    client = _existing(client_id, active=True)
    content = client_form.content_of(client)
    with transaction.atomic():
        if Client.objects.filter(pk=client.pk, active=True).update(active=False) != 1:
            raise Conflict()
        return ClientDraft.objects.create(
            kind=Kind.SUSPEND,
            state=State.APPROVED,
            client_id=client_id,
            agency_code=client.agency.code,
            before=content,
            content=content,
            reason=_reasoned(reason),
            requested_by=by,
            requested_at=now,
            decided_at=now,
        )


def approve(*, draft_id: UUID, by: UUID, now: datetime) -> ClientDraft:
    """The second person agrees: the client is as the draft says. Raises `SamePerson`, `NotFound`, `Conflict`, `InvalidInput`.

    `Conflict` also if the client is no longer what it was when the draft was made: what was shown would not be what happens.
    """
    with transaction.atomic():
        found = two_people.approve(ClientDraft, draft_id=draft_id, by=by, now=now)
        names.lock()
        client = Client.objects.select_for_update(of=("self",)).select_related("agency").filter(client_id=found.client_id).first()
        if (client_form.content_of(client) if client else None) != (client_form.completed(found.before) if found.before else None):
            raise Conflict("The client has changed since this was asked for. Decline it, and ask anew.")
        if found.kind == Kind.REACTIVATE:
            assert client is not None
            if Client.objects.filter(pk=client.pk, active=False).update(active=True) != 1:
                raise Conflict()
        else:
            _register(found.client_id, found.content, client)
    return found


def decline(*, draft_id: UUID, by: UUID, now: datetime) -> ClientDraft:
    """Nothing comes of it: a second person declines it, or who asked takes it back. Raises `NotFound`, `Conflict`."""
    return two_people.decline(ClientDraft, draft_id=draft_id, by=by, now=now)


def registered(*, client_id: str, content: Mapping[str, Any], reason: str, now: datetime) -> Client:
    """What a management command does: without a second person, and the history says so. Raises `InvalidInput`, `DraftOpen`."""
    with transaction.atomic():
        names.lock()
        client = _client(client_id)
        before = client_form.content_of(client) if client else None
        if faults := client_form.faults_of(client_id, content, client):
            raise InvalidInput(faults)
        if ClientDraft.objects.filter(client_id=client_id, state=State.OPEN).exists():
            raise DraftOpen()
        ClientDraft.objects.create(
            kind=Kind.CHANGE if client else Kind.REGISTER,
            state=State.APPROVED,
            client_id=client_id,
            agency_code=content["agency"]["code"],
            before=before,
            content=dict(content),
            reason=_reasoned(reason),
            requested_at=now,
            decided_at=now,
        )
        return _register(client_id, content, client)


def client_of(client_id: str) -> Client | None:
    """The client of this id, active or not."""
    return _client(client_id)


def changes(draft: ClientDraft) -> tuple[Change, ...]:
    """Field by field, in the form's order; those that stay too, so that one sees the whole."""
    before = draft.before or {}
    return tuple(Change(name, before.get(name), draft.content.get(name)) for name in client_form.FIELDS)


def _register(client_id: str, content: Mapping[str, Any], client: Client | None) -> Client:
    """Judged anew: purposes and categories may have gone since the draft was made, and names may have been given to others."""
    if faults := client_form.faults_of(client_id, content, client):
        raise InvalidInput(faults)
    wanted = content["agency"]
    agency, _ = Agency.objects.get_or_create(code=wanted["code"], defaults={"name": wanted.get("name")})
    # A client that asks for no data makes no user of data.
    if content["categories"] and Agency.Role.DATA_USER not in agency.roles:
        agency.roles = [*agency.roles, Agency.Role.DATA_USER]
        agency.save(update_fields=["roles"])
    return clients.register(
        client_id=client_id, agency=agency, **{n: value for n, value in client_form.completed(content).items() if n != "agency"}
    )


def _ask(
    kind: ClientDraft.Kind, client_id: str, agency: str, before: Any, content: dict[str, Any], reason: str, by: UUID, now: datetime
) -> ClientDraft:
    try:
        with transaction.atomic():
            return ClientDraft.objects.create(
                kind=kind,
                client_id=client_id,
                agency_code=agency,
                before=before,
                content=content,
                reason=reason.strip(),
                requested_by=by,
                requested_at=now,
            )
    except IntegrityError:
        raise DraftOpen() from None


def _client(client_id: str) -> Client | None:
    return Client.objects.select_related("agency").filter(client_id=client_id).first()


def _existing(client_id: str, *, active: bool) -> Client:
    client = _client(client_id)
    if client is None:
        raise NotFound()
    if client.active != active:
        raise Conflict()
    return client


def _reasoned(reason: str) -> str:
    if not 1 <= len(reason.strip()) <= REASON_LIMIT:
        raise InvalidInput({"reason": f"Say why, in at most {REASON_LIMIT} characters."})
    return reason.strip()
