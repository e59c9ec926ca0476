"""Addresses of an agency."""

from django.urls import path

from aurora.sandbox import pages
from aurora.sandbox.agency import control, data, endpoints, views

urlpatterns = [
    path("", views.root),
    path("authorize", views.authorize),
    path("sign-in", views.sign_in_again),
    path("sign-in/callback", views.signed_in),
    path("decide", views.decide),
    path("par", endpoints.par),
    path("token", endpoints.token),
    path("revoke", endpoints.revoke),
    path("jwks", endpoints.jwks),
    path(".well-known/oauth-authorization-server", endpoints.metadata),
    path("data/<str:category>", data.read),
    path("_sandbox/switches", control.switches),
    path("_sandbox/stats", control.stats_view),
    path("_sandbox/evaluator", control.evaluator),
    path("sandbox.css", pages.stylesheet),
    path("healthz", pages.health),
]
handler400, handler404, handler500 = pages.bad_request, pages.not_found, pages.server_error
