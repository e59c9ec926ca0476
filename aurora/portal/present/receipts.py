"""A receipt as a page, read out of the signed document alone: the page says what the signature covers, in the receipt's own language."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import takewhile
from typing import Any

from django.urls import reverse
from django.utils import translation

from aurora.portal.present import consents as present
from aurora.ui import formats, letters
from aurora.ui.contexts import NoticePart, ReceiptPage, ReceiptRow
from aurora.ui.layout import LANGUAGES
from consent.days import last_day
from consent.receipts import Opened
from consent.rules import AURORA, CITIZEN


def page(receipt: Opened) -> ReceiptPage:
    """In the citizen's scope is not needed: nothing is asked of the database."""
    row, document = receipt.row, receipt.document
    record, ids = document["dpv:hasRecordOfActivity"], [row.consent_id, row.pk]
    mine = formats.language()
    with translation.override(row.language):
        title, rows = letters.title(_code(document)), tuple(_rows(document))
    return ReceiptPage(
        language=row.language,
        title=title,
        rows=rows,
        notice=_notice(record["dpv:hasNotice"]["aurora:noticeText"]),
        notice_sha256=record["dpv:hasNotice"]["dct:identifier"].removeprefix("sha256:"),
        number=str(row.pk),
        sha256=row.digest,
        jsonld_url=reverse("portal:receipt_jsonld", args=ids),
        jwt_url=reverse("portal:receipt_jwt", args=ids),
        consent_url=reverse("portal:consent", args=[row.consent_id]),
        keys_url="/oauth/jwks",
        summary=tuple(document.get("aurora:summary", {}).get("sentences", ())),
        language_name="" if mine == row.language else dict(LANGUAGES)[row.language],
    )


def url(consent_id: object, receipt_id: object) -> str:
    """Where a receipt is shown."""
    return reverse("portal:receipt", args=[consent_id, receipt_id])


def _event(document: dict[str, Any]) -> dict[str, Any]:
    """The event that the receipt tells of."""
    told: dict[str, Any] = next(
        e for e in document["dpv:hasRecordOfActivity"]["dpv:hasConsentStatus"] if e["@id"] == document["aurora:tellsOf"]
    )
    return told


_KINDS = {
    "dpv:ConsentGiven": "given",
    "dpv:ConsentRefused": "declined",
    "dpv:ConsentWithdrawn": "withdrawn",
    "dpv:ConsentRevoked": "withdrawn",
    "dpv:ConsentExpired": "expired",
    "aurora:ConsentNarrowed": "narrowed",
    "aurora:ConsentReplaced": "replaced",
}


def _code(document: dict[str, Any]) -> str:
    told = _event(document)
    kind = _KINDS[told["@type"][0]]
    if told["dpv:isIndicatedBy"].get("@type") == "dpv:Representative":
        return f"{kind}:for"
    by = told["dpv:hasIndicationMethod"].removeprefix("aurora:")
    if by == "agency" and told["dpv:isIndicatedBy"]["@id"] != document["dpv:hasRecordOfActivity"]["dpv:hasDataController"]["@id"]:
        by = "source"
    return kind if by in (CITIZEN, AURORA) else f"{kind}:{by}"


def _gone_before(document: dict[str, Any]) -> set[str]:
    """What was taken out of the consent before the event that the receipt tells of."""
    events = document["dpv:hasRecordOfActivity"]["dpv:hasConsentStatus"]
    before = takewhile(lambda e: e["@id"] != document["aurora:tellsOf"], events)
    return {c["dct:identifier"] for e in before for c in e.get("dpv:hasPersonalData", ())}


def _rows(document: dict[str, Any]) -> Iterator[ReceiptRow]:
    record, told, labels = document["dpv:hasRecordOfActivity"], _event(document), letters.receipt_labels()
    process = record["dpv:hasProcess"]
    data = {c["dct:identifier"]: c["dct:title"]["@value"] for c in process["dpv:hasPersonalData"]}
    refused = told["@type"][0] == "dpv:ConsentRefused"
    gone = [data.get(c["dct:identifier"], c["dct:identifier"]) for c in told.get("dpv:hasPersonalData", ())]

    def row(code: str, *values: str) -> ReceiptRow:
        return ReceiptRow(labels[code], values)

    yield row("what", letters.title(_code(document)))
    yield row("at", formats.moment(datetime.fromisoformat(told["dpv:isIndicatedAtTime"])))
    yield row("who", _who(told["dpv:isIndicatedBy"], told["dpv:hasIndicationMethod"]))
    controller = record["dpv:hasDataController"]
    name, legal = controller["dpv:hasName"]["@value"], controller.get("schema:legalName", "")
    yield row("recipient", *dict.fromkeys(filter(None, (name, legal, controller.get("dpv:hasIdentifier", "")))))
    purpose = process["dpv:hasPurpose"]
    yield row("purpose", purpose["dct:title"]["@value"], purpose["dct:description"]["@value"])
    before = _gone_before(document)
    yield row("refused" if refused else "data", *(name for code, name in data.items() if code not in before))
    if gone:
        yield row("withdrawn", *gone)
    if not refused:
        until = formats.day(last_day(datetime.fromisoformat(process["dpv:hasDuration"]["rdf:value"])))
        yield row(
            "until" if _code(document).partition(":")[0] in ("given", "narrowed") else "was_until",
            until,
            *([letters.once()] if process["dpv:hasFrequency"] == "dpv:SingularFrequency" else []),
        )
    yield row("number", document["dct:identifier"])
    yield row("consent", record["dct:identifier"])


def _who(by: dict[str, Any], method: str) -> str:
    if by.get("@type") == "dpv:Representative":
        return letters.decided_for(by.get("dpv:hasName", ""), by["aurora:actsFor"].get("dpv:hasName", ""))
    if method == "aurora:citizen":
        return letters.you()
    if method == "aurora:operator":
        return letters.operator()
    return str(by["dpv:hasName"]["@value"]) if "dpv:hasName" in by else str(by["@id"]).rpartition(":")[2]


def _notice(content: dict[str, Any]) -> tuple[NoticePart, ...]:
    return present.notice_of(content)
