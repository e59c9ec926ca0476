"""The console's pages, below `/fi/console/` and its sisters."""

from django.urls import path

from aurora.console import (
    agencies,
    break_glass,
    concerns,
    delays,
    ledger,
    models,
    monitoring,
    own_models,
    sign_in,
    uses,
    views,
    withdrawals,
)

app_name = "console"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("agencies/", agencies.agencies, name="agencies"),
    path("agencies/<slug:code>/", agencies.agency, name="agency"),
    path("break-glass/", break_glass.break_glass, name="break_glass"),
    path("break-glass/new/", break_glass.ask, name="ask_break_glass"),
    path("break-glass/<uuid:id>/", break_glass.one, name="break_glass_request"),
    path("clients/new/", agencies.new_client, name="new_client"),
    path("clients/<str:client_id>/change/", agencies.change_client, name="change_client"),
    path("clients/<str:client_id>/state/", agencies.client_state, name="client_state"),
    path("client-drafts/<uuid:id>/", agencies.draft, name="draft"),
    path("concerns/", concerns.concerns, name="concerns"),
    path("concerns/<uuid:id>/", concerns.concern, name="concern"),
    path("delays/", delays.delays, name="delays"),
    path("delays/<uuid:id>/", delays.decide, name="decide_delay"),
    path("models/", models.models, name="models"),
    path("models/monitoring/", monitoring.monitoring, name="monitoring"),
    path("models/keys/new/", models.new_model_key, name="new_model_key"),
    path("models/keys/<uuid:id>/", models.model_key, name="model_key"),
    path("models/suggestions/", own_models.suggestion_models, name="suggestion_models"),
    path("models/suggestions/<uuid:id>/", own_models.suggestion_model, name="suggestion_model"),
    path("models/<uuid:id>/", models.model, name="model"),
    path("ledger/", ledger.ledger, name="ledger"),
    path("ledger/alarms/<int:id>/", ledger.ledger_alarm, name="ledger_alarm"),
    path("uses/", uses.uses, name="uses"),
    path("withdrawals/", withdrawals.withdrawals, name="withdrawals"),
    path("withdrawals/end/", withdrawals.end_consent, name="end_consent"),
    path("withdrawals/orders/", withdrawals.decide_order, name="decide_source_ending"),
    path("withdrawals/<uuid:id>/retry/", withdrawals.retry, name="retry_delivery"),
    path("sign-in/", sign_in.sign_in, name="sign_in"),
    path("second-factor/", sign_in.second_factor, name="second_factor"),
    path("enrol/", sign_in.enrol, name="enrol"),
    path("sign-out/", sign_in.sign_out, name="sign_out"),
]
