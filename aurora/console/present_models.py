"""Other organisations' models and their owners' keys as the console's pages show them. Queries: a few a page, whatever the number of rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse

from aurora.console import present_quality
from aurora.console.paging import newest_first
from aurora.identity.models import Operator
from aurora.journeys import model_outcomes
from aurora.portal.present.vocabulary import Vocabulary
from aurora.ui import formats, model_words
from aurora.ui.contexts import FieldError, ValueRow
from aurora.ui.contexts.models import (
    AuthorityView,
    Bin,
    ContractText,
    Deed,
    InputRow,
    KeyPage,
    KeyRow,
    KeyState,
    ModelPage,
    ModelRow,
    ModelsPage,
    ModelState,
    OutputView,
)
from recommender.evaluators import certificates
from recommender.evaluators.contract import Contract, Input, Output, Texts
from recommender.models import EvaluatorOwner, EvaluatorVersion

A_PAGE = 20
LANGUAGES = ("fi", "sv", "en")
State, Key = EvaluatorVersion.State, EvaluatorOwner.State


def models(*, may_write: bool, after: EvaluatorVersion | None = None, keys_after: EvaluatorOwner | None = None) -> ModelsPage:
    """What waits, all versions from the newest on (those behind `after`), all keys (those behind `keys_after`)."""
    vocabulary = Vocabulary()
    found, last = newest_first(EvaluatorVersion.objects.all(), "registered_at", after=after, most=A_PAGE)
    owners, last_key = newest_first(EvaluatorOwner.objects.all(), "asked_at", after=keys_after, most=A_PAGE)
    waiting = EvaluatorVersion.objects.filter(state__in=(State.REGISTERED, State.ASKED)).order_by("registered_at", "pk")[:A_PAGE]
    at = reverse("console:models")
    return ModelsPage(
        waiting=tuple(_row(v, vocabulary) for v in waiting),
        versions=tuple(_row(v, vocabulary) for v in found),
        keys=keys(owners, vocabulary),
        new_key_url=reverse("console:new_model_key") if may_write else "",
        next_url=f"{at}?after={last.pk}" if last else "",
        next_keys_url=f"{at}?keys_after={last_key.pk}" if last_key else "",
    )


def keys(found: Iterable[EvaluatorOwner], vocabulary: Vocabulary) -> tuple[KeyRow, ...]:
    """With the names of who asked: one query for all."""
    rows = list(found)
    names = _names(row.asked_by for row in rows)
    return tuple(
        KeyRow(
            vocabulary.agency(row.agency),
            row.key_sha256,
            KeyState(row.state),
            names[row.asked_by],
            row.asked_at,
            reverse("console:model_key", args=[row.pk]),
            row.identity,
        )
        for row in rows
    )


def key(found: EvaluatorOwner, *, operator: Operator, may_write: bool, reason: str = "", errors: Mapping[str, str] = {}) -> KeyPage:
    """One key, with what this operator may do to it."""
    mine, waits = found.asked_by == operator.pk, found.state == Key.ASKED
    return KeyPage(
        owner=Vocabulary().agency(found.agency),
        code=found.agency,
        sha256=found.key_sha256,
        public_key=found.public_key,
        state=KeyState(found.state),
        history=_deeds_of_key(found),
        back_url=reverse("console:models"),
        may_approve=may_write and waits and not mine,
        may_decline=may_write and waits,
        may_revoke=may_write and found.state in (Key.APPROVED, Key.REPLACED),
        is_mine=may_write and mine,
        reason=reason,
        errors=field_errors(errors),
        authority=_authority(found) if found.anchor else None,
    )


def _authority(found: EvaluatorOwner) -> AuthorityView:
    shown = certificates.shown(found.anchor)
    return AuthorityView(shown.subject, shown.sha256, found.identity, shown.not_before, shown.not_after, found.anchor)


def model(found: EvaluatorVersion, *, operator: Operator, may_write: bool, reason: str = "", errors: Mapping[str, str] = {}) -> ModelPage:
    """One version: the contract in full, how well its owner says that it does, and what this operator may do to it."""
    vocabulary, contract = Vocabulary(), found.contract
    mine = found.state == State.ASKED and found.asked_by == operator.pk
    return ModelPage(
        name=_text(contract.name),
        identifier=found.identifier,
        number=found.version,
        state=ModelState(found.state),
        synthetic=contract.synthetic,
        rows=_rows(found, contract, vocabulary),
        texts=tuple(
            ContractText(str(model_words.text(name)), _text(getattr(contract, name)))
            for name in ("name", "intended_use", "meaning", "limits", "population")
        ),
        inputs=tuple(_input(one, vocabulary) for one in contract.inputs),
        outputs=tuple(_output(one) for one in contract.outputs),
        history=_deeds(found),
        back_url=reverse("console:models"),
        measured=contract.outcomes is not None,
        since=present_quality.since(contract, model_outcomes.performance(found)) if contract.outcomes is not None else (),
        may_ask=may_write and found.state == State.REGISTERED,
        may_release=may_write and found.state == State.ASKED and not mine,
        may_decline=may_write and found.state in (State.REGISTERED, State.ASKED),
        may_retire=may_write and found.state == State.RELEASED,
        is_mine=may_write and mine,
        reason=reason,
        errors=field_errors(errors),
    )


def field_errors(faults: Mapping[str, str]) -> tuple[FieldError, ...]:
    """Codes as sentences in the language of the page."""
    return tuple(FieldError(field, str(model_words.fault(code))) for field, code in faults.items())


def _row(found: EvaluatorVersion, vocabulary: Vocabulary) -> ModelRow:
    return ModelRow(
        name=found.contract_json["name"],
        owner=vocabulary.agency(found.agency),
        identifier=found.identifier,
        number=found.version,
        state=ModelState(found.state),
        registered_at=found.registered_at,
        url=reverse("console:model", args=[found.pk]),
    )


def _rows(found: EvaluatorVersion, contract: Contract, vocabulary: Vocabulary) -> tuple[ValueRow, ...]:
    told = {
        "owner": (vocabulary.agency(found.agency)[formats.language()], found.agency),
        "identifier": (found.identifier,),
        "version": (str(found.version),),
        "purpose": ((vocabulary.purpose(found.purpose) or {}).get(formats.language(), ""), found.purpose),
        "responsible": (contract.responsible.name, contract.responsible.contact),
        "package": (found.package_sha256,),
        "files": tuple(f"{name}  {digest}" for name, digest in sorted(found.files.items())),
        "key": (found.owner.key_sha256, found.owner.identity),
        "vectors": (model_words.vectors(found.vectors_run, found.vectors_difference),),
    }
    return tuple(ValueRow(str(model_words.field(name)), tuple(v for v in values if v)) for name, values in told.items())


def _input(one: Input, vocabulary: Vocabulary) -> InputRow:
    schema = vocabulary.fact_schema(one.category, one.fact.rpartition(".")[2])
    if one.kind == "number":
        takes = model_words.between(one.minimum, one.maximum, one.unit)
    elif one.kind == "boolean":
        takes = model_words.yes_or_no()
    else:
        words: Mapping[str, Any] = schema.get("x-values", {})
        takes = ", ".join(words.get(word, {}).get(formats.language(), word) for word in sorted(one.values, key=one.values.__getitem__))
    return InputRow(schema["x-label"], one.fact, takes)


def _output(one: Output) -> OutputView:
    measured = one.performance
    return OutputView(
        name=_text(one.name),
        code=one.code,
        months=one.horizon_months,
        people=measured.n,
        events=measured.events,
        auc=formats.number(measured.auc),
        auc_low=formats.number(measured.auc_low),
        auc_high=formats.number(measured.auc_high),
        calibration=tuple(Bin(_percent(predicted), _percent(observed), n) for predicted, observed, n in measured.calibration),
        spread=tuple((_percent(share), _percent(value)) for share, value in one.reference.quantiles),
        curve=tuple((_percent(false), _percent(true)) for false, true in measured.roc),
    )


def _deeds(found: EvaluatorVersion) -> tuple[Deed, ...]:
    """Oldest first. Registering is the owner's own deed, over the API."""
    steps = [
        ("asked", found.asked_by, found.asked_at, ""),
        ("released", found.released_by, found.released_at, ""),
        (found.state, found.closed_by, found.closed_at, found.reason),
    ]
    names = _names(by for _, by, at, _ in steps if at and by)
    own = Deed(str(model_words.deed("registered")), "", found.registered_at)
    return (own, *(Deed(str(model_words.deed(what)), names[by], at, why) for what, by, at, why in steps if at and by))


def _deeds_of_key(found: EvaluatorOwner) -> tuple[Deed, ...]:
    decided = "key_declined" if found.state == Key.DECLINED else "key_approved"
    steps: list[tuple[str, UUID | None, datetime | None, str]] = [
        ("key_asked", found.asked_by, found.asked_at, found.reason),
        (decided, found.decided_by, found.decided_at, ""),
        (f"key_{found.state}", found.closed_by, found.closed_at, found.closed_reason if found.state == Key.REVOKED else ""),
    ]
    names = _names(by for _, by, at, _ in steps if at and by)
    return tuple(Deed(str(model_words.deed(what)), names[by], at, why) for what, by, at, why in steps if at and by)


def _names(ids: Iterable[UUID]) -> dict[UUID, str]:
    """Of operators; an id for one who is gone."""
    wanted = set(ids)
    return {pk: str(pk) for pk in wanted} | dict(Operator.objects.filter(pk__in=wanted).values_list("pk", "name"))


def _text(texts: Texts) -> dict[str, str]:
    return {language: texts.of(language) for language in LANGUAGES}


def _percent(share: float) -> str:
    """2,3 % (fi, sv), 2.3% (en)."""
    return formats.per_cent(formats.measure(share * 100))
