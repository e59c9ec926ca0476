"""A citizen's copy: what they were told, what they complained of, what agencies said that they did, and who looked without a consent."""

from __future__ import annotations

from collections.abc import Iterator

from aurora.erasures.models import Erasure as Erased
from aurora.exports.models import Export
from aurora.journeys import _glass_told as break_glass
from aurora.journeys import correct, raise_concern
from aurora.journeys._export_part import BATCH, Asked, Part, Record, agency, at, category, fields, purpose, record, ref
from aurora.journeys._reported import told_of
from aurora.messages import letters, outbox
from aurora.messages.models import Message, Reminder
from consent.ledger.models import Erasure
from consent.uses.models import Account, DeliveryNote, Finding


def _messages(asked: Asked) -> Iterator[Record]:
    for pk in list(Message.objects.filter(citizen_id=asked.citizen_id).order_by("created_at", "id").values_list("pk", flat=True)):
        opened = outbox.read(citizen_id=asked.citizen_id, message_id=pk, now=asked.now, mark=False)
        letter, row = letters.compose(opened, language=asked.language), opened.row
        mail = getattr(row, "mail", None)
        yield record(
            pk, at=at(row.created_at), kind=row.kind, title=letter.title, sentences=list(letter.sentences), read_at=at(row.read_at),
            about=[dict(one) for one in opened.about], mailed=record(state=mail.state, finished_at=at(mail.finished_at)) if mail else None,
        )  # fmt: skip
    for given in Reminder.objects.filter(citizen_id=asked.citizen_id).order_by("at", "id"):
        yield record(at=at(given.at), kind=f"reminder:{given.kind}", about=[{"consent": ref(given.consent_id), "skipped": given.skipped}])


MESSAGES = Part(
    "messages", ("schema:Message",),
    (
        *fields("moment", "at read_at", shown="at"), *fields("text", "title", shown="title"), *fields("prose", "sentences", shown="sentences"),
        *fields("code", "kind"), *fields("json", "about mailed"),
    ),
    _messages, ("aurora_messages_message", "aurora_messages_mail", "aurora_messages_reminder"),
)  # fmt: skip


def _concerns(asked: Asked) -> Iterator[Record]:
    for one in raise_concern.exported(citizen_id=asked.citizen_id):
        yield record(
            one["id"], answered_by=agency(one["about"]), kind=one["kind"], reported_by=one["reported_by"], state=one["state"], outcome=one["outcome"],
            raised_at=one["raised_at"], due_at=one["due_at"], closed_at=one["closed_at"], entry=ref(one["ledger_entry"]), said=one["said"],
        )  # fmt: skip


CONCERNS = Part(
    "concerns", ("schema:Conversation",),
    (
        *fields("moment", "raised_at due_at closed_at", shown="raised_at closed_at"), *fields("agency", "answered_by", shown="answered_by"),
        *fields("code", "kind state outcome reported_by", shown="kind state outcome"), *fields("prose", "said", shown="said"), *fields("ref", "entry"),
    ),
    _concerns, ("consent_concerns_concern", "consent_concerns_concernpart"), mandated=True,
)  # fmt: skip


def _corrections(asked: Asked) -> Iterator[Record]:
    for one in correct.exported(citizen_id=asked.citizen_id):
        yield record(
            one["id"], source=agency(one["source"]), category=category(one["category"]), category_version=one["version"], key=one["key"],
            reported_by=one["asked_by"], says=one["says"], right=one["right"], text=one["why"], state=one["state"], asked_at=one["asked_at"],
            due_at=one["due_at"], answered_at=one["answered_at"], closed_at=one["closed_at"], answer=one["answer"],
        )  # fmt: skip


CORRECTIONS = Part(
    "corrections", ("schema:CorrectionComment",),
    (
        *fields("moment", "asked_at due_at answered_at closed_at", shown="asked_at"), *fields("agency", "source", shown="source"),
        *fields("category", "category", shown="category"), *fields("code", "key reported_by"), *fields("code", "state", shown="state"),
        *fields("number", "category_version"), *fields("json", "says right"), *fields("text", "text answer", shown="text answer"),
    ),
    _corrections, ("corrections_correction",), mandated=True,
)  # fmt: skip


def _uses(asked: Asked) -> Iterator[Record]:
    for one in told_of(asked.citizen_id):
        yield record(
            used_at=one["used_at"], agency=agency(one["agency"]), action=one["action"], receiver=one["receiver"]["name"],
            receiver_code=one["receiver"]["code"], system=one["system"], categories=[category(code) for code in one["categories"]],
            purpose=purpose(one["purpose"]), came=one["came"], received_at=one["received_at"], entry=ref(one["ledger_entry"]),
            read=ref(one["entry"]), state=one["state"], differs=one["differs"] or None,
        )  # fmt: skip


USES = Part(
    "reported_uses", ("dpv:Use",),
    (
        *fields("moment", "used_at received_at", shown="used_at"), *fields("agency", "agency", shown="agency"),
        *fields("text", "action receiver receiver_code system", shown="action receiver system"), *fields("categories", "categories", shown="categories"),
        *fields("purpose", "purpose", shown="purpose"), *fields("code", "came state", shown="state"), *fields("codes", "differs"),
        *fields("ref", "entry read"),
    ),
    _uses, ("consent_uses_usagereport",),
)  # fmt: skip


def _reads(asked: Asked) -> Iterator[Record]:
    delivered = DeliveryNote.objects.filter(citizen_id=asked.citizen_id)
    for row in Finding.objects.filter(citizen_id=asked.citizen_id).select_related("agency").order_by("at", "id").iterator(chunk_size=BATCH):
        note = delivered.filter(pk=row.entry_id).first() if row.entry_id else None
        yield record(
            row.pk, at=at(row.at), agency=agency(row.agency.code), state=row.state, since=at(row.since), delivered_at=at(note.at if note else None),
            differs=list(row.differs) or None, entry=ref(row.entry_id), report=ref(row.report_id),
        )  # fmt: skip
    # What no comparison has come to yet.
    for note in (
        delivered.exclude(pk__in=Finding.objects.filter(citizen_id=asked.citizen_id, entry_id__isnull=False).values("entry_id"))
        .select_related("agency")
        .order_by("at", "pk")
        .iterator(chunk_size=BATCH)
    ):
        yield record(at=at(note.at), agency=agency(note.agency.code), delivered_at=at(note.at), entry=ref(note.pk))
    for account in Account.objects.filter(citizen_id=asked.citizen_id).select_related("agency").order_by("agency__code"):
        yield record(account.pk, agency=agency(account.agency.code), state="account", asked_up_to=at(account.polled_to))


READS = Part(
    "comparisons", ("prov:Activity",),
    (
        *fields("moment", "at", shown="at"), *fields("agency", "agency", shown="agency"), *fields("code", "state", shown="state"),
        *fields("moment", "delivered_at since asked_up_to", shown="delivered_at"), *fields("codes", "differs"), *fields("ref", "entry report"),
    ),
    _reads, ("consent_uses_finding", "consent_uses_deliverynote", "consent_uses_account"),
)  # fmt: skip


def _break_glass(asked: Asked) -> Iterator[Record]:
    for one in break_glass.taken_along(citizen_id=asked.citizen_id):
        reads = [{**read, "categories": [category(code) for code in read["categories"]]} for read in one["reads"]]
        yield record(
            one["id"], asked_at=one["asked_at"], reason=one["reason"], text=one["text"], case=one["case"],
            categories=[category(code) for code in one["categories"]], minutes=one["minutes"], asked_by=one["asked_by"], state=one["state"],
            decided_at=one["decided_at"], expires_at=one["expires_at"], ended_at=one["ended_at"], reads=reads, verdict=one["verdict"],
            review=one["review"] or None,
        )  # fmt: skip


BREAK_GLASS = Part(
    "break_glass", ("dpv:Access",),
    (
        *fields("moment", "asked_at", shown="asked_at"), *fields("code", "reason", shown="reason"), *fields("text", "text case", shown="text case"),
        *fields("categories", "categories", shown="categories"), *fields("code", "state verdict", shown="state verdict"),
        *fields("moment", "decided_at expires_at ended_at"), *fields("number", "minutes"), *fields("text", "review", shown="review"),
        *fields("json", "asked_by reads"),
    ),
    _break_glass, ("consent_breakglass_subject",), mandated=True,
)  # fmt: skip


def _copies(asked: Asked) -> Iterator[Record]:
    for row in Export.objects.filter(citizen_id=asked.citizen_id).exclude(pk=asked.export_id).order_by("requested_at", "id"):
        yield record(
            row.pk, asked_at=at(row.requested_at), state=row.state, finished_at=at(row.finished_at), downloads=row.downloads,
            mandate=ref(row.mandate_id), code=row.code or None,
        )  # fmt: skip
    for one in Erasure.objects.filter(citizen_id=asked.citizen_id):
        yield record(one.pk, asked_at=at(one.asked_at), state="log_erasure", due_at=at(one.due_at))
    for gone in Erased.objects.filter(citizen_id=asked.citizen_id).order_by("asked_at", "id"):
        yield record(
            gone.pk, asked_at=at(gone.asked_at), state=f"erasure_{gone.state}", finished_at=at(gone.finished_at), due_at=at(gone.due_at),
            erased={"scope": gone.scope, "code": gone.code, "rows": gone.counts, "still_held": gone.held}, certificate=gone.certificate or None,
        )  # fmt: skip


COPIES = Part(
    "requests", ("prov:Activity",),
    (
        *fields("moment", "asked_at finished_at due_at", shown="asked_at finished_at"), *fields("code", "state", shown="state"),
        *fields("number", "downloads", shown="downloads"), *fields("code", "code"), *fields("ref", "mandate"),
        *fields("json", "erased"), *fields("text", "certificate"),
    ),
    _copies, ("exports_export", "ledger_erasure", "erasures_erasure"),
)  # fmt: skip
