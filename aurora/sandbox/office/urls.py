"""Addresses of the benefits office."""

from django.urls import path

from aurora.sandbox import pages
from aurora.sandbox.agency import endpoints
from aurora.sandbox.agency import views as agency
from aurora.sandbox.office import receive, source, views

urlpatterns = [
    path("", views.home),
    path("apply", views.apply),
    path("callback", views.callback),
    path("applications/<str:key>", views.application),
    path("applications/<str:key>/read", views.read),
    path("authorize", agency.authorize),
    path("sign-in", agency.sign_in_again),
    path("sign-in/callback", agency.signed_in),
    path("decide", source.decide),
    path("par", endpoints.par),
    path("token", source.token),
    path("revoke", endpoints.revoke),
    path(".well-known/oauth-authorization-server", endpoints.metadata),
    path("notices", receive.notice),
    path("find-usage", receive.find_usage),
    path("_sandbox/switches", receive.switches),
    path("jwks", views.jwks),
    path("sandbox.css", pages.stylesheet),
    path("healthz", pages.health),
]
handler400, handler404, handler500 = pages.bad_request, pages.not_found, pages.server_error
