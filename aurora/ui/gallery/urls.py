"""The names that templates link to, so that the gallery can be drawn without the faces."""

from django.conf.urls.i18n import i18n_patterns
from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def nothing(request: HttpRequest, **kwargs: str) -> HttpResponse:
    """The gallery draws pages by itself and serves none of them."""
    return HttpResponse(status=404)


portal = [
    path("", nothing, name="landing"),
    path("home/", nothing, name="home"),
    path("sign-in/", nothing, name="sign_in"),
    path("sign-out/", nothing, name="sign_out"),
    path("sources/", nothing, name="sources"),
    path("sources/<slug:code>/connect/", nothing, name="connect"),
    path("sources/<slug:code>/fetch/", nothing, name="fetch_again"),
    path("pulls/<slug:id>/", nothing, name="pull"),
    path("suggestions/", nothing, name="suggestions"),
    path("suggestions/feedback/", nothing, name="feedback"),
    path("suggestions/feedback/undo/", nothing, name="feedback_undo"),
    path("suggestions/recompute/", nothing, name="recompute"),
    path("suggestions/not-for-me/<slug:run>/<slug:service>/", nothing, name="not_for_me"),
    path("suggestions/why/<slug:service>/", nothing, name="suggestion_why"),
    path("services/", nothing, name="services"),
    path("services/<slug:identifier>/", nothing, name="service"),
    path("training/", nothing, name="training"),
    path("life/", nothing, name="life"),
    path("life/delete/", nothing, name="life_delete"),
    path("evaluations/", nothing, name="evaluations"),
    path("evaluations/<slug:id>/", nothing, name="evaluation"),
    path("estimates/<str:category>/use/", nothing, name="use_estimate"),
    path("activity/", nothing, name="activity"),
    path("activity/verify/", nothing, name="verify"),
    path("activity/<slug:id>/", nothing, name="entry"),
    path("activity/<slug:id>/concern/", nothing, name="concern_new"),
    path("concerns/", nothing, name="concerns"),
    path("concerns/<slug:id>/", nothing, name="concern"),
    path("transparency/", nothing, name="transparency"),
    path("accessibility/", nothing, name="accessibility"),
    path("erase/", nothing, name="erase"),
    path("erase/<slug:kind>/<str:code>/", nothing, name="erase_confirm"),
    path("erasures/<slug:id>/", nothing, name="erasure"),
    path("leave/", nothing, name="leave"),
    path("my-data/", nothing, name="my_data"),
    path("my-data/copy/", nothing, name="copy"),
    path("my-data/disagreements/", nothing, name="disagreements"),
    path("my-data/history/<str:category>/", nothing, name="fact_history"),
    path("my-data/correct/<uuid:id>/", nothing, name="correction_new"),
    path("corrections/", nothing, name="corrections"),
    path("corrections/<slug:id>/", nothing, name="correction"),
    path("my-data/forget/", nothing, name="forget"),
    path("consents/", nothing, name="consents"),
    path("consents/<slug:id>/", nothing, name="consent"),
    path("consents/<slug:id>/withdraw/", nothing, name="withdraw"),
    path("mandates/", nothing, name="mandates"),
    path("mandates/offer/", nothing, name="mandate_offer"),
    path("mandates/stop/", nothing, name="mandate_stop"),
    path("mandates/<slug:id>/", nothing, name="mandate"),
    path("mandates/<slug:id>/revoke/", nothing, name="mandate_revoke"),
    path("consents/<slug:id>/receipts/<slug:receipt>/", nothing, name="receipt"),
    path("messages/", nothing, name="messages"),
    path("messages/email/", nothing, name="email"),
    path("messages/email/confirm/<slug:secret>/", nothing, name="email_confirm"),
    path("messages/<slug:id>/", nothing, name="message"),
]
console = [
    path("", nothing, name="overview"),
    path("agencies/", nothing, name="agencies"),
    path("models/", nothing, name="models"),
    path("models/monitoring/", nothing, name="monitoring"),
    path("models/suggestions/", nothing, name="suggestion_models"),
    path("sources/", nothing, name="sources"),
    path("sources/retry/", nothing, name="retry_source"),
    path("withdrawals/", nothing, name="withdrawals"),
    path("withdrawals/end/", nothing, name="end_consent"),
    path("withdrawals/<slug:id>/retry/", nothing, name="retry_delivery"),
    path("sign-in/", nothing, name="sign_in"),
    path("second-factor/", nothing, name="second_factor"),
    path("enrol/", nothing, name="enrol"),
    path("sign-out/", nothing, name="sign_out"),
]
urlpatterns = [
    path("oauth/authorize", nothing, name="authorize"),
    *i18n_patterns(
        path("console/", include((console, "console"))),
        path("", include((portal, "portal"))),
    ),
]
