"""Every address of the service. Pages have a language in front; what machines call has none."""

from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path

from aurora import health, security_txt
from aurora.api.grants import GrantResource
from aurora.portal import callbacks
from aurora.portal.views import authorize, developers, entrance, services, transparency

urlpatterns = [
    path("api/v1/", include("aurora.api.urls")),  # first, since it is called most, and addresses are tried in their order
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path(".well-known/security.txt", security_txt.security_txt, name="security_txt"),
    path("", entrance.root),
    path("services.jsonld", services.all_data, name="services_data"),
    path("services/<slug:identifier>.jsonld", services.data, name="service_data"),
    path("transparency.json", transparency.as_json, name="transparency_json"),
    path("transparency.csv", transparency.as_csv, name="transparency_csv"),
    path("problems/<slug:code>", developers.problem_type, name="problem_type"),
    path("developers/openapi.json", developers.openapi_json, name="openapi_json"),
    path("developers/openapi.yaml", developers.openapi_yaml, name="openapi_yaml"),
    path("developers/changes.atom", developers.api_changes, name="api_changes"),
    path("sign-in/callback", callbacks.signed_in),
    path("sources/<slug:code>/callback", callbacks.connected),
    path("oauth/authorize", authorize.decide, name="authorize"),
    path("oauth/grants/<str:grant_id>", GrantResource.as_view(), name="grant"),
    path("", include("consent.oauth.urls")),
    path("", include("consent.webhooks.urls")),
    path("ledger/", include("consent.ledger.urls")),
    *i18n_patterns(path("console/", include("aurora.console.urls")), path("", include("aurora.portal.urls"))),
]

handler400 = "aurora.portal.errors.bad_request"
handler403 = "aurora.portal.errors.forbidden"
handler404 = "aurora.portal.errors.not_found"
handler500 = "aurora.portal.errors.server_error"
