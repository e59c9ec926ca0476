"""Estimates by another organisation's model, in every state that a citizen can meet."""

from dataclasses import replace
from datetime import date, timedelta

from aurora.ui import chances, formats, words
from aurora.ui.contexts import (
    CalibrationRow,
    CategoryView,
    ChainedView,
    DataNeed,
    DataState,
    EndChoice,
    EstimateView,
    EvaluationPage,
    EvaluationsPage,
    EvaluationState,
    EvaluatorCard,
    FieldError,
    PurposeView,
    QualityView,
    Text,
    UnfitView,
    UseEstimatePage,
)
from aurora.ui.gallery import parts as p
from aurora.ui.gallery.example import Example

HOSPITAL = p.text("Keskussairaala", "Centralsjukhuset", "Central Hospital")
NAME = p.text("Lonkan ja polven tekonivelleikkauksen riskit", "Risker vid ledprotes i höft eller knä", "Risks of hip and knee replacement")
USE = p.text(
    "Arvioi ennen tekonivelleikkausta, kuinka todennäköisiä kolme haittaa ovat.",
    "Bedömer före en ledprotesoperation hur sannolika tre olägenheter är.",
    "Estimates before a joint replacement how likely three harms are.",
)
SURGERY = p.text("Leikkausarvio", "Operationsbedömning", "Assessment before surgery")
HAEMOGLOBIN = p.text("Hemoglobiini", "Hemoglobin", "Haemoglobin")
FACTS: tuple[Text, ...] = (p.text("Ikä", "Ålder", "Age"), p.text("Painoindeksi", "Kroppsmasseindex", "Body mass index"), HAEMOGLOBIN)
INFECTION = p.text("Tekonivelen infektio", "Infektion i leden", "Infection of the joint")
REVISION = p.text("Uusintaleikkaus", "Omoperation", "Another operation on the joint")
DEATH = p.text("Kuolema", "Död", "Death")
QUANTILES = ((0.0, 0.003), (0.05, 0.006), (0.25, 0.011), (0.5, 0.018), (0.75, 0.027), (0.95, 0.061), (1.0, 0.19))


def _estimate(code: str, name: Text, value: float, share: float, months: int, base: int) -> EstimateView:
    return EstimateView(
        code, name, months, chances.frequency(value, base), chances.percent(value), chances.explained(value, base, months),
        chances.position(share, 3000), chances.scale(value, QUANTILES, 3000),
    )  # fmt: skip


def _page(state: EvaluationState, *, data: DataState = DataState.HAVE) -> EvaluationPage:
    have = data is DataState.HAVE
    url = {DataState.HAVE: "", DataState.NOT_FETCHED: "/sources/"}.get(data, "/sources/hospital/connect/")
    bins = tuple(CalibrationRow(predicted, observed, 500) for predicted, observed in ((0.008, 0.006), (0.018, 0.02), (0.061, 0.055)))
    said = chances.discrimination(0.71, 0.66, 0.76)
    return EvaluationPage(
        name=NAME,
        owner=HOSPITAL,
        use=USE,
        meaning=p.text(
            "Luku kertoo, kuinka monelle sadasta samanlaisesta potilaasta haitta tulee.",
            "Siffran säger hur många av hundra likadana patienter som drabbas.",
            "A figure says how many of a hundred such patients the harm comes to.",
        ),
        limits=p.text(
            "Luku ei kerro, mitä juuri sinulle tapahtuu, eikä se ole lääkärin päätös eikä suositus.",
            "Siffran säger inte vad som händer just dig, och den är varken en läkares beslut eller en rekommendation.",
            "A figure does not say what will happen to you, and is neither a doctor's decision nor advice.",
        ),
        population=p.text(
            "Aikuiset, joille harkitaan lonkan tai polven tekoniveltä.",
            "Vuxna för vilka en ledprotes i höften eller knät övervägs.",
            "Adults for whom a hip or knee replacement is considered.",
        ),
        responsible="Central Hospital, Department of Orthopaedics",
        contact="models@hospital.example",
        version="joint-surgery-risk 1",
        synthetic=True,
        state=state,
        needs=(DataNeed(SURGERY, HOSPITAL, FACTS, data, url),),
        quality=tuple(QualityView(name, said, 3000, 41, bins) for name in (INFECTION, REVISION, DEATH)),
        back_url="/evaluations/",
        consents_url="/consents/",
        purpose=p.text("Leikkausriskin arviointi", "Bedömning av operationsrisk", "Estimating the risk of surgery"),
        can_ask=have,
    )


def pages() -> list[Example]:
    ready = _page(EvaluationState.READY)
    ended = {"made_at": p.NOW, "asked_at": p.NOW, "entry_url": "/activity/e/", "again": True}
    running = replace(_page(EvaluationState.RUNNING), asked_at=p.NOW, fragment_url="/evaluations/x/progress/")
    waiting = replace(running, reason=str(chances.failure("busy")), retry_at=p.NOW + timedelta(minutes=1))
    done = replace(
        _page(EvaluationState.DONE),
        estimates=(
            _estimate("infection", INFECTION, 0.031, 0.81, 12, 1_000),
            _estimate("revision", REVISION, 0.12, 1.0, 24, 1_000),
            _estimate("death", DEATH, 0.016, 0.44, 24, 1_000),
        ),
        **ended,  # type: ignore[arg-type]
    )
    made = {**ended, "keep_url": "/evaluations/x/keep/", "delete_url": "/evaluations/x/delete/"}
    done = replace(done, **made)  # type: ignore[arg-type]
    kept = replace(
        done, keep_url="", kept_at=p.NOW, kept_same=True, use_url="/estimates/derived.surgery_risk/use/",
        chained=(ChainedView(p.text("Leikkauksen riskiarvio", "Riskbedömning inför operation", "Estimate of the risks of surgery"), NAME, "joint-surgery-risk 1"),),
    )  # fmt: skip
    rare = replace(
        done,
        estimates=(_estimate("infection", INFECTION, 0.0004, 0.0, 12, 100_000), _estimate("death", DEATH, 0.00001, 0.0, 18, 100_000)),
        synthetic=False,
    )
    unfit = replace(
        _page(EvaluationState.NOT_APPLICABLE),
        unfit=(
            UnfitView(FACTS[1], HOSPITAL, chances.out_of_range(formats.quantity(15.0, ""), formats.quantity(55.0, ""))),
            UnfitView(HAEMOGLOBIN, HOSPITAL, chances.missing()),
            UnfitView(p.text("Nivel", "Led", "Joint"), HOSPITAL, chances.unknown_value(", ".join(("hip", "knee")))),
        ),
        **ended,  # type: ignore[arg-type]
    )
    refused = replace(
        _page(EvaluationState.REFUSED, data=DataState.NOT_ALLOWED),
        reason=str(words.refusal("consent_withdrawn")),
        **ended,  # type: ignore[arg-type]
    )
    failed = replace(_page(EvaluationState.FAILED), reason=str(chances.failure("timeout")), **ended)  # type: ignore[arg-type]
    outdated = replace(_page(EvaluationState.NEEDS, data=DataState.NOT_FETCHED), outdated=True)
    retired = replace(_page(EvaluationState.RETIRED), can_ask=False)
    stopped = replace(_page(EvaluationState.STOPPED), can_ask=False, reason=str(chances.failure("unfit")), leaving=True)
    cards = tuple(
        EvaluatorCard(NAME, HOSPITAL, USE, (INFECTION, REVISION, DEATH), one.needs, one.state, "/evaluations/x/", synthetic=one.synthetic)
        for one in (ready, _page(EvaluationState.NEEDS, data=DataState.NOT_CONNECTED), done, unfit)
    )
    risk = p.text("Leikkauksen riskiarvio", "Riskbedömning inför operation", "Estimate of the risks of surgery")
    use = UseEstimatePage(
        category=CategoryView("derived.surgery_risk", risk, ready.meaning, (), True),
        purpose=PurposeView("surgery-risk", ready.purpose, ready.use, ready.limits),
        terms=p.estimate_terms(),
        ends=(EndChoice("3", date(2027, 2, 24)), EndChoice("6", date(2027, 5, 24)), EndChoice("12", date(2027, 11, 24))),
        notice_token="t",  # noqa: S106
        back_url="/evaluations/",
    )
    wrong = replace(use, errors=(FieldError("end", str(words.form_error("end_required"))),))
    chain = (
        DataNeed(risk, HOSPITAL, (INFECTION,), DataState.NOT_KEPT, "/evaluations/y/"),
        DataNeed(SURGERY, HOSPITAL, FACTS, DataState.HAVE),
    )
    chained = replace(_page(EvaluationState.NEEDS, data=DataState.NOT_FETCHED), needs=chain)
    no_model = replace(chained, needs=(replace(chain[0], state=DataState.NO_MODEL, url=""), chain[1]))
    each = {
        "chained": chained, "no-model": no_model,
        "ready": ready, "needs": _page(EvaluationState.NEEDS, data=DataState.NOT_CONNECTED), "running": running, "waiting": waiting, "done": done,
        "kept": kept, "rare": rare, "not-applicable": unfit, "refused": refused, "failed": failed, "outdated": outdated,
        "stopped": stopped, "retired": retired,
    }  # fmt: skip
    return [
        Example("evaluations", "portal/evaluations.html", "evaluations/", EvaluationsPage(cards, "/sources/")),
        Example("use-estimate", "portal/use_estimate.html", "estimates/derived.surgery_risk/use/", use),
        Example("use-estimate-wrong", "portal/use_estimate.html", "estimates/derived.surgery_risk/use/", wrong),
        Example("evaluations-none", "portal/evaluations.html", "evaluations/", EvaluationsPage((), "/sources/")),
        *(Example(f"evaluation-{name}", "portal/evaluation.html", "evaluations/x/", page) for name, page in each.items()),
    ]
