"""A citizen's copy: who they are here, what the twin holds, where it was fetched from, and what was made of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict

from aurora.identity import citizens, vault
from aurora.identity.models import Citizen
from aurora.journeys import _record, evaluate
from aurora.journeys._export_part import BATCH, Asked, Part, Record, agency, at, category, fields, purpose, record, ref
from aurora.messages import address
from aurora.sources.models import ConnectAttempt, Connection, Feed, Pull
from aurora.twin import choices, feedback, suggestions, training, whole
from aurora.twin.models import Evaluation, Feedback, SuggestionRun, TrainingRow
from recommender.catalogue import Catalogue, store
from recommender.catalogue.text import LANGUAGES
from recommender.models import EvaluatorVersion


def _profile(asked: Asked) -> Iterator[Record]:
    row = Citizen.objects.get(pk=asked.citizen_id)
    name = citizens.name_of(row)
    if asked.doing is not None:  # who acts for them needs no more than whom it is about
        yield record(asked.citizen_id, name=name)
        return
    held = address.held(citizen_id=asked.citizen_id)
    number = vault.open_sealed(row.national_id_sealed, citizen_id=row.pk, context=b"national-id").decode()
    yield record(
        row.pk, name=name, national_id=number, language=row.language, first_here=at(row.created_at), email=held.address or None,
        email_state=held.state.value, email_whole=held.whole,
    )  # fmt: skip


PROFILE = Part(
    "profile", ("dpv:DataSubject", "schema:Person"),
    (
        *fields("text", "name national_id language email", shown="name national_id language email"), *fields("moment", "first_here", shown="first_here"),
        *fields("code", "email_state", shown="email_state"), *fields("flag", "email_whole"),
    ),
    _profile, ("identity_citizen", "aurora_messages_mailaddress"), mandated=True,
)  # fmt: skip


def _facts(asked: Asked) -> Iterator[Record]:
    for version in whole.versions(asked.permit):
        fact = version.fact
        yield record(
            fact.id, category=category(fact.category), version=fact.category_version, key=fact.key, source=agency(fact.source),
            provenance=fact.provenance, observed_at=at(fact.observed_at), valid_from=at(fact.valid_from), valid_to=at(fact.valid_to),
            recorded_at=at(fact.recorded_at), superseded_at=at(version.superseded_at), kept_at=at(fact.kept_at), pull=ref(version.pull_id),
            derived_by=ref(fact.derived_by), derived_from=[str(ref(one)) for one in fact.derived_from] or None,
            derived_through=[str(ref(one)) for one in fact.derived_through] or None,
        ) | {"value": fact.value}  # fmt: skip


FACTS = Part(
    "facts", ("prov:Entity", "schema:PropertyValue"),
    (
        *fields("category", "category", shown="category"), *fields("code", "key", shown="key"), *fields("value", "value", shown="value"),
        *fields("agency", "source", shown="source"), *fields("code", "provenance", shown="provenance"),
        *fields("moment", "observed_at recorded_at superseded_at kept_at", shown="observed_at recorded_at superseded_at"),
        *fields("day", "valid_from valid_to", shown="valid_from valid_to"), *fields("number", "version"),
        *fields("ref", "pull derived_by"), *fields("refs", "derived_from derived_through"),
    ),
    _facts, ("twin_fact",), mandated=True,
)  # fmt: skip


def _choices(asked: Asked) -> Iterator[Record]:
    for one in choices.of(citizen_id=asked.citizen_id):
        yield record(
            concept=one.concept, category=category(one.category), key=one.key, source=agency(one.source), chosen_at=at(one.chosen_at)
        ) | {"value": one.value}


CHOICES = Part(
    "choices", ("dpv:ProvidedPersonalData",),
    (
        *fields("category", "category", shown="category"), *fields("code", "key", shown="key"), *fields("value", "value", shown="value"),
        *fields("agency", "source", shown="source"), *fields("moment", "chosen_at", shown="chosen_at"), *fields("code", "concept"),
    ),
    _choices, ("twin_factchoice",),
)  # fmt: skip


def _connections(asked: Asked) -> Iterator[Record]:
    for row in Connection.objects.filter(citizen_id=asked.citizen_id).select_related("source__agency").order_by("connected_at", "id"):
        feeds = [
            record(
                category=category(f.category), seen_at=at(f.seen_at), due_at=at(f.due_at), error=f.error or None, failed_at=at(f.failed_at)
            )
            for f in Feed.objects.filter(connection_id=row.pk).order_by("category")
        ]
        yield record(
            row.pk,
            source=agency(row.source.agency.code),
            state=row.state,
            connected_at=at(row.connected_at),
            ended_at=at(row.ended_at),
            asks=feeds,
        )
    # On the way to a source and not back yet, or turned round: what was chosen on our page waits for a day.
    for one in ConnectAttempt.objects.filter(citizen_id=asked.citizen_id).select_related("source__agency").order_by("created_at", "id"):
        state = "come_back" if one.used_at else "on_the_way"
        yield record(one.pk, source=agency(one.source.agency.code), state=state, connected_at=at(one.created_at), chosen=one.choices)


CONNECTIONS = Part(
    "connections", ("prov:Activity",),
    (
        *fields("agency", "source", shown="source"), *fields("code", "state", shown="state"),
        *fields("moment", "connected_at ended_at", shown="connected_at ended_at"), *fields("json", "chosen asks"),
    ),
    _connections, ("sources_connection", "sources_connectattempt", "sources_feed"),
)  # fmt: skip


def _pulls(asked: Asked) -> Iterator[Record]:
    rows = Pull.objects.filter(citizen_id=asked.citizen_id).select_related("connection__source__agency").prefetch_related("parts")
    for row in rows.order_by("created_at", "id").iterator(chunk_size=BATCH):
        got = [
            record(category=category(one.category), state=one.state, facts=one.facts, error=one.error or None) for one in row.parts.all()
        ]
        yield record(
            row.pk, source=agency(row.connection.source.agency.code), state=row.state, asked_at=at(row.created_at), started_at=at(row.started_at),
            finished_at=at(row.finished_at), error=row.error or None, connection=ref(row.connection_id),
            categories=[one["category"] for one in got], results=got,
        )  # fmt: skip


PULLS = Part(
    "pulls", ("prov:Activity",),
    (
        *fields("agency", "source", shown="source"), *fields("moment", "asked_at started_at finished_at", shown="asked_at finished_at"),
        *fields("code", "state error", shown="state error"), *fields("categories", "categories", shown="categories"), *fields("ref", "connection"),
        *fields("json", "results"),
    ),
    _pulls, ("sources_pull", "sources_pullpart"),
)  # fmt: skip


def _suggestions(asked: Asked) -> Iterator[Record]:
    catalogue = store.current()
    for pk in SuggestionRun.objects.filter(citizen_id=asked.citizen_id).order_by("made_at", "id").values_list("pk", flat=True):
        try:
            run = suggestions.get(pk)
        except suggestions.RunDamaged:
            continue
        if run is None:
            continue
        content = run.content
        settled = [{"service": service, "standing": standing} for service, standing in content["settled"]]
        yield record(
            run.id, made_at=at(run.made_at), current=run.current, entry=ref(run.entry_id),
            categories=[category(code) for code in content["categories"]], services=[_named(one, catalogue) for one in content["record"]["slate"]],
            settled=[_named(one, catalogue) for one in settled], origins=content["sources"],
            made_from={key: value for key, value in content["record"].items() if key != "slate"}, not_shown=content["shadow"],
        )  # fmt: skip


def _named(one: Record, catalogue: Catalogue) -> Record:
    """With the service's name in each language; one that has left the catalogue since has its code alone."""
    service = catalogue.get(one["service"])
    return {**one, "name": {language: service.name[language] for language in LANGUAGES} if service else {}}


SUGGESTIONS = Part(
    "suggestions", ("dpv:InferredPersonalData",),
    (
        *fields("moment", "made_at", shown="made_at"), *fields("json", "services", shown="services"),
        *fields("categories", "categories", shown="categories"), *fields("flag", "current", shown="current"), *fields("ref", "entry"),
        *fields("json", "settled origins made_from not_shown"),
    ),
    _suggestions, ("twin_suggestionrun",),
)  # fmt: skip


def _feedback(asked: Asked) -> Iterator[Record]:
    catalogue = store.current()
    for row in Feedback.objects.filter(citizen_id=asked.citizen_id).order_by("at", "service", "kind").iterator(chunk_size=BATCH):
        service = catalogue.get(row.service)
        yield record(
            row.pk, at=at(row.at), service=row.service,
            service_name={language: service.name[language] for language in LANGUAGES} if service else None,
            kind=row.kind, why=row.why or None, words=feedback.words_of(row) or None, run=ref(row.run_id), mandate=ref(row.mandate_id),
        )  # fmt: skip


FEEDBACK = Part(
    "feedback", ("dpv:ProvidedPersonalData",),
    (
        *fields("moment", "at", shown="at"), *fields("words", "service_name", shown="service_name"), *fields("code", "kind why", shown="kind why"),
        *fields("text", "words", shown="words"), *fields("text", "service"), *fields("ref", "run mandate"),
    ),
    _feedback, ("twin_feedback",),
)  # fmt: skip


def _evaluations(asked: Asked) -> Iterator[Record]:
    standing = {outcome.id for _, outcome in evaluate.made(citizen_id=asked.citizen_id, now=asked.now)}
    rows = Evaluation.objects.filter(citizen_id=asked.citizen_id).order_by("requested_at", "id")
    versions = EvaluatorVersion.objects.in_bulk(list(rows.values_list("evaluator_id", flat=True)))
    for row in rows.iterator(chunk_size=BATCH):
        contract = versions[row.evaluator_id].contract
        told = _record.opened(row) if row.sealed is not None else None
        yield record(
            row.pk, model=asdict(contract.name), owner=agency(contract.owner), identifier=contract.identifier, version=contract.version,
            package_sha256=versions[row.evaluator_id].package_sha256, purpose=purpose(row.purpose),
            categories=[category(code) for code in row.categories], state=row.state, asked_at=at(row.requested_at), made_at=at(row.finished_at),
            code=row.code or None, entry=ref(row.entry_id), stands=row.pk in standing if told else None,
            values=dict(told.values) if told else None, given=dict(told.given) if told else None,
            not_applicable=[{"fact": fact, "why": why} for fact, why in told.because] if told and told.because else None,
            followed=dict(told.followed) if told and told.followed else None, means=asdict(contract.meaning), limits=asdict(contract.limits),
        )  # fmt: skip


EVALUATIONS = Part(
    "evaluations", ("dpv:InferredPersonalData",),
    (
        *fields("moment", "asked_at made_at", shown="made_at"), *fields("words", "model means limits", shown="model means limits"),
        *fields("agency", "owner", shown="owner"), *fields("code", "state", shown="state"), *fields("json", "values", shown="values"),
        *fields("purpose", "purpose", shown="purpose"), *fields("categories", "categories"), *fields("flag", "stands", shown="stands"),
        *fields("code", "code"), *fields("text", "identifier package_sha256"), *fields("number", "version"), *fields("ref", "entry"),
        *fields("json", "given not_applicable followed"),
    ),
    _evaluations, ("twin_evaluation",),
)  # fmt: skip


def _training(asked: Asked) -> Iterator[Record]:
    rows = TrainingRow.objects.filter(citizen_id=asked.citizen_id).order_by("made_at", "id")
    for pk in rows.values_list("pk", flat=True):
        row = TrainingRow.objects.get(pk=pk)
        opened = training.opened(citizen_id=asked.citizen_id, row_id=pk)
        yield record(
            pk, made_at=at(row.made_at), dataset=ref(row.dataset_id), consent=ref(row.consent_id), entry=ref(row.entry_id),
            categories=[category(code) for code in row.categories], held_out=row.held_out, commitment=row.commitment,
            content=json.loads(opened.content) if opened else None,
        )  # fmt: skip


TRAINING = Part(
    "training", ("dpv:DerivedPersonalData",),
    (
        *fields("moment", "made_at", shown="made_at"), *fields("categories", "categories", shown="categories"),
        *fields("flag", "held_out", shown="held_out"), *fields("ref", "dataset consent entry"), *fields("text", "commitment"),
        *fields("json", "content"),
    ),
    _training, ("twin_trainingrow",),
)  # fmt: skip
