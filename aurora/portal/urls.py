"""The citizen's pages, below `/fi/`, `/sv/` or `/en/`."""

from django.urls import path

from aurora.portal.views import activity, consents, data, entrance, home, sources, suggestions

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
    path("activity/", activity.activity, name="activity"),
    path("activity/<uuid:id>/", activity.entry, name="entry"),
    path("my-data/", data.my_data, name="my_data"),
    path("my-data/export/", data.export, name="export"),
    path("consents/", consents.consents, name="consents"),
    path("consents/<uuid:id>/", consents.consent, name="consent"),
    path("consents/<uuid:id>/withdraw/", consents.withdraw, name="withdraw"),
]
