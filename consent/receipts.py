"""Receipts: what a citizen keeps of each decision, signed so that anybody can check it offline with the keys at `/oauth/jwks`.

A receipt is a row made in the transaction of the decision it tells of, and never made again: neither key nor wording changes it later. It is
a compact JWS (RFC 7515, 7519; `typ` `consent-receipt+jwt`), whose claim `receipt` is the JSON-LD document (ISO/IEC TS 27560:2023, DPV profile
`receipt-eu-gdpr`). The row holds it sealed for the citizen.
"""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection

from consent import acting, records, signing, summary
from consent.days import last_day
from consent.errors import NotFound, OutsideTransaction
from consent.keeper import keeper
from consent.models import ConsentEvent, ConsentEventKind, ConsentRecord, Receipt
from consent.records import Acting, Setting

TYP = "consent-receipt+jwt"
RECEIPT_PROFILE = "dpv-27560:receipt-eu-gdpr"


@dataclass(frozen=True)
class Opened:
    """A receipt as its citizen may read it. `token` is the JWS as it was issued, `claims` what it says, `document` the JSON-LD in it."""

    row: Receipt
    token: str = field(repr=False)
    claims: dict[str, Any] = field(repr=False)

    @property
    def document(self) -> dict[str, Any]:
        made: dict[str, Any] = self.claims["receipt"]
        return made


def issue(*, record: ConsentRecord, event: ConsentEvent, now: datetime, acting: Acting | None = None) -> Receipt:
    """Make the receipt of an event, where the event is written: the same transaction, the citizen's scope.

    `acting` names both people where somebody acted for the citizen. The service's keeper seals it and is told of it.
    """
    if not connection.in_atomic_block:
        raise OutsideTransaction("A receipt is made in the transaction of the decision it tells of.")
    house = keeper()
    receipt_id = uuid.uuid4()
    principal = house.pairwise(citizen_id=record.citizen_id, agency=record.recipient.code)
    history = list(ConsentEvent.objects.filter(consent_id=record.pk))
    document = _document(record, history, event, receipt_id=receipt_id, principal=principal, now=now, acting=acting)
    claims = {"iss": settings.AURORA_BASE_URL, "iat": int(now.timestamp()), "jti": str(receipt_id), "sub": principal, "receipt": document}
    token = signing.sign(claims, typ=TYP).encode("ascii")
    receipt = Receipt.objects.create(
        id=receipt_id,
        citizen_id=record.citizen_id,
        consent=record,
        event=event,
        kind=event.kind,
        language=record.notice.language,
        issued_at=now,
        digest=hashlib.sha256(token).hexdigest(),
        sealed=house.seal(token, citizen_id=record.citizen_id, context=_place(receipt_id)),
    )
    house.issued(receipt=receipt)
    return receipt


def may_read(event: ConsentEvent) -> bool:
    """Whether who sits there may read the receipt of an event: the citizen and who reaches everything, each; an attorney, of what they decided themself.

    A receipt names who decided. Asked where one is opened and where a page would lead to one, so that no link leads to nothing.
    """
    doing = acting.current()
    return doing is None or doing.scope.everything or event.decided_by_id == doing.attorney


def opened(*, citizen_id: UUID, consent_id: UUID, receipt_id: UUID) -> Opened:
    """One receipt of a citizen's consent, in their scope. Raises `NotFound`, also for somebody else's, and for one that `may_read` keeps back."""
    row = Receipt.objects.select_related("event").filter(pk=receipt_id, consent_id=consent_id, citizen_id=citizen_id).first()
    if row is None or not may_read(row.event):
        raise NotFound()
    return open_row(row)


def open_row(row: Receipt) -> Opened:
    """What a row holds, in its citizen's scope."""
    sealed = keeper().open_sealed(row.sealed, citizen_id=row.citizen_id, context=_place(row.pk))
    token = sealed.decode("ascii")
    return Opened(row, token, _claims(token))


def _place(receipt_id: UUID) -> bytes:
    return b"receipt:" + receipt_id.bytes


def _claims(token: str) -> dict[str, Any]:
    # Ours, and sealed since we signed it: whoever must be convinced verifies the signature, this only reads.
    body = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return claims


def _document(
    record: ConsentRecord,
    history: list[ConsentEvent],
    event: ConsentEvent,
    *,
    receipt_id: UUID,
    principal: str,
    now: datetime,
    acting: Acting | None,
) -> dict[str, Any]:
    setting = Setting(base_url=settings.AURORA_BASE_URL, jurisdiction=settings.AURORA_JURISDICTION)
    number = 1 + next(n for n, e in enumerate(history) if e.pk == event.pk)
    people = {event.pk: acting} if acting else {}
    body = records.body(record, principal=principal, events=history, setting=setting, acting=people)
    return {
        "@context": records.context(),
        "@id": f"urn:uuid:{receipt_id}",
        "@type": "dpv:ConsentReceipt",
        "dct:identifier": str(receipt_id),
        "dct:conformsTo": [RECEIPT_PROFILE, records.PROFILE],
        "dct:created": records.moment(now),
        "dct:language": record.notice.language,
        "dct:publisher": settings.AURORA_BASE_URL,
        "schema:recipient": f"urn:aurora:subject:{principal}",
        "aurora:tellsOf": records.event_id(record, number),
        "aurora:summary": {"version": summary.version(), "sentences": list(_summary(record, event, body))},
        "dpv:hasRecordOfActivity": body,
    }


_STANDINGS = {
    ConsentEventKind.GIVEN: summary.Standing.GIVEN,
    ConsentEventKind.NARROWED: summary.Standing.GIVEN,
    ConsentEventKind.DECLINED: summary.Standing.REFUSED,
    ConsentEventKind.REPLACED: summary.Standing.REPLACED,
}


def _summary(record: ConsentRecord, event: ConsentEvent, body: dict[str, Any]) -> tuple[str, ...]:
    """The event in short, by the names that the rest of the document has."""
    language, process = record.notice.language, body["dpv:hasProcess"]
    names = {c["dct:identifier"]: c["dct:title"]["@value"] for c in process["dpv:hasPersonalData"]}
    said = summary.Said(
        kind=summary.kind_of(recipient=record.recipient.code, source=record.source.code if record.source else ""),
        standing=_STANDINGS.get(ConsentEventKind(event.kind), summary.Standing.OVER),
        recipient=body["dpv:hasDataController"]["dpv:hasName"]["@value"],
        source=record.source.name[language] if record.source else "",
        purpose=process["dpv:hasPurpose"]["dct:title"]["@value"],
        data=[name for code, name in names.items() if code not in record.withdrawn],
        end=last_day(record.expires_at),
        once=record.once,
        gone=[names.get(code, code) for code in event.categories] if event.kind == ConsentEventKind.NARROWED else (),
    )
    return summary.sentences(said, language=language)
