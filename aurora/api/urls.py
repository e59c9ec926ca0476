"""`/api/v1/`."""

from django.urls import path

from aurora.api import schema  # noqa: F401  (registers the authentication scheme)
from aurora.api.concerns import ConcernAnswer, ConcernOne, Concerns
from aurora.api.corrections import CorrectionAnswer, CorrectionOne, Corrections
from aurora.api.delays import Extension
from aurora.api.evaluators import Evaluator, EvaluatorPerformance, Evaluators
from aurora.api.events import EventConfirmation, Events
from aurora.api.facts import Facts
from aurora.api.uses import Uses
from aurora.api.views import Schema, TwinCategory

app_name = "api"
urlpatterns = [
    path("schema/", Schema.as_view(), name="schema"),
    path("events", Events.as_view(), name="events"),
    path("events/<uuid:id>/confirmation", EventConfirmation.as_view(), name="event_confirmation"),
    path("concerns", Concerns.as_view(), name="concerns"),
    path("concerns/<uuid:id>", ConcernOne.as_view(), name="concern"),
    path("concerns/<uuid:id>/answer", ConcernAnswer.as_view(), name="concern_answer"),
    path("corrections", Corrections.as_view(), name="corrections"),
    path("corrections/<uuid:id>", CorrectionOne.as_view(), name="correction"),
    path("corrections/<uuid:id>/answer", CorrectionAnswer.as_view(), name="correction_answer"),
    path("uses/kept-back/<uuid:id>/extension", Extension.as_view(), name="extension"),
    path("evaluators", Evaluators.as_view(), name="evaluators"),
    path("evaluators/<uuid:id>", Evaluator.as_view(), name="evaluator"),
    path("evaluators/<uuid:id>/performance", EvaluatorPerformance.as_view(), name="evaluator_performance"),
    path("uses", Uses.as_view(), name="uses"),
    path("facts", Facts.as_view(), name="facts"),
    path("twin/<str:category>", TwinCategory.as_view(), name="twin"),
]
