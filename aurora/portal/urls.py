"""The citizen's pages, below `/fi/`, `/sv/` or `/en/`."""

from django.urls import path

from aurora.portal.views import activity, consents, data, entrance, evaluations, home, mandates, messages, receipts, sources, suggestions

app_name = "portal"
urlpatterns = [
    path("", entrance.landing, name="landing"),
    path("sign-in/", entrance.sign_in, name="sign_in"),
    path("sign-out/", entrance.sign_out, name="sign_out"),
    path("home/", home.home, name="home"),
    path("sources/", sources.sources, name="sources"),
    path("sources/<slug:code>/connect/", sources.connect, name="connect"),
    path("pulls/<uuid:id>/", sources.pull, name="pull"),
    path("pulls/<uuid:id>/progress/", sources.pull_fragment, name="pull_fragment"),
    path("suggestions/", suggestions.suggestions, name="suggestions"),
    path("evaluations/", evaluations.evaluations, name="evaluations"),
    path("evaluations/<uuid:id>/", evaluations.evaluation, name="evaluation"),
    path("evaluations/<uuid:id>/progress/", evaluations.evaluation_fragment, name="evaluation_fragment"),
    path("activity/", activity.activity, name="activity"),
    path("activity/<uuid:id>/", activity.entry, name="entry"),
    path("my-data/", data.my_data, name="my_data"),
    path("my-data/export/", data.export, name="export"),
    path("my-data/forget/", data.forget, name="forget"),
    path("consents/", consents.consents, name="consents"),
    path("consents/<uuid:id>/", consents.consent, name="consent"),
    path("consents/<uuid:id>/withdraw/", consents.withdraw, name="withdraw"),
    path("mandates/", mandates.mandates, name="mandates"),
    path("mandates/offer/", mandates.offer, name="mandate_offer"),
    path("mandates/stop/", mandates.stop, name="mandate_stop"),
    path("mandates/<uuid:id>/", mandates.mandate, name="mandate"),
    path("mandates/<uuid:id>/revoke/", mandates.revoke, name="mandate_revoke"),
    path("consents/<uuid:id>/receipts/<uuid:receipt>/", receipts.receipt, name="receipt"),
    path("consents/<uuid:id>/receipts/<uuid:receipt>/receipt.jsonld", receipts.jsonld, name="receipt_jsonld"),
    path("consents/<uuid:id>/receipts/<uuid:receipt>/receipt.jwt", receipts.jwt, name="receipt_jwt"),
    path("messages/", messages.messages, name="messages"),
    path("messages/<uuid:id>/", messages.message, name="message"),
    path("messages/email/", messages.email, name="email"),
    path("messages/email/confirm/<str:secret>/", messages.email_confirm, name="email_confirm"),
]
