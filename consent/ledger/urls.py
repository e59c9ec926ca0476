"""Addresses of the public log, to be included under `ledger/`, outside the language prefixes."""

from django.urls import path, re_path

from consent.ledger import views

app_name = "ledger"
urlpatterns = [
    path("checkpoint", views.checkpoint, name="checkpoint"),
    path("checkpoint/witnessed", views.witnessed, name="witnessed"),
    path("key", views.key, name="key"),
    path("witnesses", views.witnesses, name="witnesses"),
    path("former", views.former, name="former"),
    path("tile/entries/<path:place>", views.entries, name="entries"),
    re_path(r"^tile/(?P<level>0|[1-9][0-9]?)/(?P<place>[x0-9/.p]{3,48})$", views.tile, name="tile"),
]
