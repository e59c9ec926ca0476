"""A citizen's copy: what they decided, what they keep of it, who may act for them, and who was told of an end."""

from __future__ import annotations

from collections.abc import Iterator

from aurora.journeys import act_for
from aurora.journeys._export_part import BATCH, Asked, Part, Record, agency, at, category, fields, purpose, record, ref
from aurora.journeys._notices import whole
from consent import mandates, queries, receipts
from consent.models import ConsentEvent, Receipt
from consent.oauth.models import AccessToken, AuthorizationCode, Grant, RefreshToken
from consent.webhooks.models import Delivery


def _consents(asked: Asked) -> Iterator[Record]:
    # Not `iterator`: what an attorney may see of it is decided there, and its rows are joined.
    for row in queries.for_citizen(citizen_id=asked.citizen_id):
        history = ConsentEvent.objects.filter(consent_id=row.pk).order_by("at", "id")
        yield record(
            row.pk, purpose=purpose(row.purpose_id), recipient=agency(row.recipient.code), source=agency(row.source.code) if row.source else None,
            categories=[category(code) for code in row.categories], withdrawn=[category(code) for code in row.withdrawn] or None, state=row.state,
            decided_at=at(row.decided_at), not_before=at(row.not_before), expires_at=at(row.expires_at), ended_at=at(row.ended_at),
            ended_by=row.ended_by or None, once=row.once, spent=[category(code) for code in row.spent] or None, mandate=ref(row.mandate_id),
            legal_basis="https://w3id.org/dpv/legal/eu/gdpr#A6-1-a-explicit-consent", language=row.notice.language,
            shown_text=row.notice.content, shown_sha256=row.notice_id,
            history=[
                record(at=at(e.at), kind=e.kind, by=e.by, reason=e.reason or None, categories=[category(c) for c in e.categories] or None)
                for e in history
            ],
        )  # fmt: skip


CONSENTS = Part(
    "consents", ("dpv:ConsentRecord",),
    (
        *fields("purpose", "purpose", shown="purpose"), *fields("agency", "recipient source", shown="recipient source"),
        *fields("categories", "categories withdrawn spent", shown="categories withdrawn"), *fields("code", "state ended_by", shown="state"),
        *fields("moment", "decided_at not_before expires_at ended_at", shown="decided_at expires_at ended_at"),
        *fields("prose", "shown_text", shown="shown_text"), *fields("flag", "once"), *fields("ref", "mandate"), *fields("iri", "legal_basis"),
        *fields("text", "language shown_sha256"), *fields("json", "history"),
    ),
    _consents, ("consent_consentrecord", "consent_consentevent"), mandated=True,
)  # fmt: skip


def _receipts(asked: Asked) -> Iterator[Record]:
    rows = Receipt.objects.filter(citizen_id=asked.citizen_id).select_related("event").order_by("issued_at", "id")
    for row in rows.iterator(chunk_size=BATCH):
        opened = receipts.open_row(row)
        yield record(
            row.pk, consent=ref(row.consent_id), kind=row.kind, issued_at=at(row.issued_at), language=row.language, sha256=row.digest,
            jwt=opened.token, receipt=opened.document,
        )  # fmt: skip


RECEIPTS = Part(
    "receipts", ("dpv:ConsentReceipt",),
    (
        *fields("moment", "issued_at", shown="issued_at"), *fields("code", "kind", shown="kind"), *fields("ref", "consent", shown="consent"),
        *fields("text", "language sha256 jwt"), *fields("document", "receipt"),
    ),
    _receipts, ("consent_receipt",),
)  # fmt: skip


def _mandates(asked: Asked) -> Iterator[Record]:
    for pk in list(mandates.of_party(citizen_id=asked.citizen_id).order_by("created_at", "pk").values_list("pk", flat=True)):
        seen = act_for.one(citizen_id=asked.citizen_id, mandate_id=pk, now=asked.now)
        one, row = seen.seen, seen.seen.row
        yield record(
            pk, kind=row.kind, role="attorney" if one.is_attorney else "principal", other=one.other or None, state=one.state.value,
            themes=list(row.themes), not_before=at(row.not_before), expires_at=at(row.expires_at), freezes_at=at(row.freezes_at),
            may_delegate=row.may_delegate, made_at=at(row.created_at), ended_at=at(row.ended_at),
            evidence=row.evidence if row.principal_id == asked.citizen_id else None,
            history=[record(at=at(event.at), kind=event.kind) for event in seen.events],
        )  # fmt: skip


MANDATES = Part(
    "mandates", ("dpv:Representative",),
    (
        *fields("code", "kind role", shown="kind role"), *fields("text", "other", shown="other"), *fields("code", "state", shown="state"),
        *fields("codes", "themes", shown="themes"),
        *fields("moment", "not_before expires_at freezes_at made_at ended_at", shown="not_before expires_at ended_at"),
        *fields("flag", "may_delegate"), *fields("json", "evidence history"),
    ),
    _mandates, ("consent_mandate", "consent_mandateevent"),
)  # fmt: skip


def _grants(asked: Asked) -> Iterator[Record]:
    for row in Grant.objects.filter(citizen_id=asked.citizen_id).select_related("client__agency").order_by("created_at", "id"):
        issued = [
            record(kind=kind, issued_at=at(one.created_at), expires_at=at(one.expires_at), **_ended(one))
            for kind, model in (("code", AuthorizationCode), ("access", AccessToken), ("refresh", RefreshToken))
            for one in model.objects.filter(citizen_id=asked.citizen_id, grant_id=row.pk).order_by("created_at", "pk")
        ]
        consents = row.parts.order_by("added_at", "id").values_list("consent_id", flat=True)
        yield record(
            row.pk, agency=agency(row.client.agency.code), client=row.client.client_id, made_at=at(row.created_at),
            consents=[str(ref(one)) for one in consents], tokens=issued,
        )  # fmt: skip


def _ended(one: AuthorizationCode | AccessToken | RefreshToken) -> Record:
    """What became of it. Of the secret itself Aurora has a digest alone, and nobody else needs it."""
    used, revoked = getattr(one, "used_at", None), getattr(one, "revoked_at", None)
    return record(used_at=at(used), revoked_at=at(revoked), reason=getattr(one, "revoked_reason", "") or None)


GRANTS = Part(
    "grants", ("dpv:Permission",),
    (
        *fields("agency", "agency", shown="agency"), *fields("moment", "made_at", shown="made_at"), *fields("refs", "consents", shown="consents"),
        *fields("text", "client"), *fields("json", "tokens"),
    ),
    _grants,
    ("consent_oauth_grant", "consent_oauth_grantpart", "consent_oauth_authorizationcode", "consent_oauth_accesstoken", "consent_oauth_refreshtoken"),
)  # fmt: skip


def _notices(asked: Asked) -> Iterator[Record]:
    rows = Delivery.objects.filter(citizen_id=asked.citizen_id).select_related("client__agency").order_by("created_at", "id")
    for row in rows.iterator(chunk_size=BATCH):
        yield record(
            row.pk, recipient=agency(row.client.agency.code), kind=row.kind, made_at=at(row.created_at), state=row.state,
            categories=[category(code) for code in row.categories], consent=ref(row.consent_id), concern=ref(row.concern_id),
            delivered_at=at(row.delivered_at), confirm_by=at(row.confirm_by), confirmed_at=at(row.confirmed_at), deleted_at=at(row.deleted_at),
            keeps=row.kept or None, sent=whole(row),
        )  # fmt: skip


NOTICES = Part(
    "notices", ("dpv:Notice",),
    (
        *fields("agency", "recipient", shown="recipient"), *fields("code", "kind state", shown="kind state"),
        *fields("categories", "categories", shown="categories"),
        *fields("moment", "made_at delivered_at confirm_by confirmed_at deleted_at", shown="made_at delivered_at confirmed_at deleted_at"),
        *fields("ref", "consent concern"), *fields("json", "keeps sent"),
    ),
    _notices, ("consent_webhooks_delivery",),
)  # fmt: skip

__all__ = ["CONSENTS", "GRANTS", "MANDATES", "NOTICES", "RECEIPTS"]
