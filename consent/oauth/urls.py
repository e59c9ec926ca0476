"""Stable addresses, at the root. `/oauth/authorize` is a page and therefore the portal's."""

from django.urls import path

from . import views

app_name = "consent_oauth"
urlpatterns = [
    path("oauth/par", views.par, name="par"),
    path("oauth/token", views.token, name="token"),
    path("oauth/revoke", views.revoke, name="revoke"),
    path("oauth/introspect", views.introspect, name="introspect"),
    path("oauth/jwks", views.jwks, name="jwks"),
    path("oauth/authorization-details", views.authorization_details, name="authorization-details"),
    path(".well-known/oauth-authorization-server", views.authorization_server, name="authorization-server"),
    path(".well-known/oauth-protected-resource", views.protected_resource, name="protected-resource"),
    # RFC 9728, 3.1: for a resource with a path, the path follows the well-known part.
    path(".well-known/oauth-protected-resource/api/v1", views.protected_resource, name="protected-resource-api"),
]
