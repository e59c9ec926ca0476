"""Addresses of the witness."""

from django.urls import path

from aurora.sandbox import pages
from aurora.sandbox.witness import views

urlpatterns = [
    path("add-checkpoint", views.add_checkpoint),
    path("key", views.key),
    path("healthz", pages.health),
    path("<str:origin_digest>/checkpoint", views.checkpoint),
]
handler400, handler404, handler500 = pages.bad_request, pages.not_found, pages.server_error
