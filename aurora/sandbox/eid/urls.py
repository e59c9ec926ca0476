"""Addresses of the e-ID."""

from django.urls import path

from aurora.sandbox import pages
from aurora.sandbox.eid import endpoints, views

urlpatterns = [
    path("", views.root),
    path("authorize", views.authorize),
    path("login", views.login),
    path("cancel", views.cancel),
    path("logout", views.logout),
    path("token", endpoints.token),
    path("userinfo", endpoints.userinfo),
    path("jwks", endpoints.jwks),
    path(".well-known/openid-configuration", endpoints.metadata),
    path("sandbox.css", pages.stylesheet),
    path("healthz", pages.health),
]
handler400, handler404, handler500 = pages.bad_request, pages.not_found, pages.server_error
