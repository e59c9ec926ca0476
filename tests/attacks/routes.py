"""Every address of Aurora, out of Django's resolver, and what each is to answer: a new one without a line here fails a test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from uuid import UUID

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import LocalePrefixPattern

NOBODYS = UUID(int=0x5EED)
RECEIPT = f"/en/consents/{NOBODYS}/receipts/{NOBODYS}/"
READ = frozenset({"GET", "HEAD"})
GET = frozenset({"GET"})
POST = frozenset({"POST"})
FORM = READ | POST
LEDGER = frozenset({"ledger_ledgerentry", "ledger_head", "ledger_pending"})


@dataclass(frozen=True)
class Route:
    """`who` may use it: "all", "citizen", "operator", "client" (by signature), "agency" (by a citizen's token) or "itself"
    (by the agency's own).

    `writes`: tables that a read or an honest form changes even when its query, headers or superfluous fields are odd. `path` is
    the address in the sweep: no form there is one that could succeed. `largest`: bytes of a body that are read.
    """

    path: str
    methods: frozenset[str]
    who: str = "all"
    writes: frozenset[str] = field(default=frozenset())
    largest: int = 64 * 1024


ROUTES = {
    "healthz": Route("/healthz", READ),
    "readyz": Route("/readyz", READ),
    ".well-known/security.txt": Route("/.well-known/security.txt", READ),
    "": Route("/", READ),
    "services.jsonld": Route("/services.jsonld", READ),
    "services/<slug:identifier>.jsonld": Route("/services/dental-care.jsonld", READ),
    "transparency.json": Route("/transparency.json", READ),
    "transparency.csv": Route("/transparency.csv", READ),
    "problems/<slug:code>": Route("/problems/no_consent", READ),
    "developers/openapi.json": Route("/developers/openapi.json", READ),
    "developers/openapi.yaml": Route("/developers/openapi.yaml", READ),
    "developers/changes.atom": Route("/developers/changes.atom", READ),
    "LANG/developers/": Route("/en/developers/", READ),
    "LANG/developers/credentials/": Route("/en/developers/credentials/", FORM),
    # Without a session that a secret opened there is nothing to write.
    "LANG/developers/events/": Route("/en/developers/events/", FORM),
    "LANG/developers/guide/<slug:name>/": Route("/en/developers/guide/grants/", READ),
    "LANG/developers/concepts/": Route("/en/developers/concepts/", READ),
    "LANG/developers/concepts/<str:code>/": Route("/en/developers/concepts/tax.income/", READ),
    "LANG/developers/authorization/": Route("/en/developers/authorization/", READ),
    "LANG/developers/webhooks/": Route("/en/developers/webhooks/", READ),
    "LANG/developers/reference/": Route("/en/developers/reference/", READ),
    "LANG/developers/reference/<slug:identifier>/": Route("/en/developers/reference/readTwinCategory/", READ),
    "LANG/developers/limits/": Route("/en/developers/limits/", READ),
    "LANG/developers/problems/": Route("/en/developers/problems/", READ),
    "LANG/developers/problems/<slug:code>/": Route("/en/developers/problems/no_consent/", READ),
    "LANG/developers/changelog/": Route("/en/developers/changelog/", READ),
    "sign-in/callback": Route("/sign-in/callback", GET),
    "sources/<slug:code>/callback": Route("/sources/population-register/callback", GET, "citizen"),
    "oauth/authorize": Route("/oauth/authorize", FORM),
    "oauth/grants/<str:grant_id>": Route(f"/oauth/grants/{NOBODYS}", GET | {"DELETE"}, "itself", frozenset({"consent_oauth_usedproof"})),
    "oauth/jwks": Route("/oauth/jwks", GET),
    "oauth/authorization-details": Route("/oauth/authorization-details", GET),
    "oauth/par": Route("/oauth/par", POST, "client"),
    "oauth/token": Route("/oauth/token", POST, "client"),
    "oauth/revoke": Route("/oauth/revoke", POST, "client"),
    "oauth/introspect": Route("/oauth/introspect", POST, "client"),
    ".well-known/oauth-authorization-server": Route("/.well-known/oauth-authorization-server", GET),
    ".well-known/oauth-protected-resource": Route("/.well-known/oauth-protected-resource", GET),
    ".well-known/oauth-protected-resource/api/v1": Route("/.well-known/oauth-protected-resource/api/v1", GET),
    "ledger/checkpoint": Route("/ledger/checkpoint", READ),
    "ledger/checkpoint/witnessed": Route("/ledger/checkpoint/witnessed", READ),
    "ledger/key": Route("/ledger/key", READ),
    "ledger/witnesses": Route("/ledger/witnesses", READ),
    "ledger/former": Route("/ledger/former", READ),
    "ledger/tile/entries/<path:place>": Route("/ledger/tile/entries/000", READ),
    "ledger/^tile/(?P<level>0|[1-9][0-9]?)/(?P<place>[x0-9/.p]{3,48})$": Route("/ledger/tile/0/000", READ),
    "webhooks/keys": Route("/webhooks/keys", GET),
    "api/v1/events": Route("/api/v1/events", GET, "itself", LEDGER | {"consent_oauth_usedproof", "consent_webhooks_delivery"}),
    "api/v1/events/<uuid:id>/confirmation": Route(
        f"/api/v1/events/{NOBODYS}/confirmation", POST, "itself", frozenset({"consent_oauth_usedproof"})
    ),
    "api/v1/concerns": Route("/api/v1/concerns", GET, "itself", frozenset({"consent_oauth_usedproof"})),
    "api/v1/concerns/<uuid:id>": Route(f"/api/v1/concerns/{NOBODYS}", GET, "itself", frozenset({"consent_oauth_usedproof"})),
    "api/v1/concerns/<uuid:id>/answer": Route(f"/api/v1/concerns/{NOBODYS}/answer", POST, "itself", frozenset({"consent_oauth_usedproof"})),
    "api/v1/corrections": Route("/api/v1/corrections", GET, "itself", frozenset({"consent_oauth_usedproof"})),
    "api/v1/corrections/<uuid:id>": Route(f"/api/v1/corrections/{NOBODYS}", GET, "itself", frozenset({"consent_oauth_usedproof"})),
    "api/v1/corrections/<uuid:id>/answer": Route(
        f"/api/v1/corrections/{NOBODYS}/answer", POST, "itself", frozenset({"consent_oauth_usedproof"})
    ),
    "api/v1/uses/kept-back/<uuid:id>/extension": Route(
        f"/api/v1/uses/kept-back/{NOBODYS}/extension", POST, "itself", frozenset({"consent_oauth_usedproof"})
    ),
    "api/v1/evaluators": Route(
        "/api/v1/evaluators", GET | POST, "itself", frozenset({"consent_oauth_usedproof"}), largest=21 * 1024 * 1024
    ),
    "api/v1/evaluators/<uuid:id>/performance": Route(
        f"/api/v1/evaluators/{NOBODYS}/performance", GET, "itself", frozenset({"consent_oauth_usedproof"})
    ),
    "api/v1/evaluators/<uuid:id>": Route(f"/api/v1/evaluators/{NOBODYS}", GET, "itself", frozenset({"consent_oauth_usedproof"})),
    "api/v1/schema/": Route("/api/v1/schema/", READ),
    "api/v1/uses": Route("/api/v1/uses", POST, "itself", frozenset({"consent_oauth_usedproof"})),
    "api/v1/facts": Route("/api/v1/facts", POST, "itself", frozenset({"consent_oauth_usedproof"}), largest=256 * 1024),
    "api/v1/twin/<str:category>": Route("/api/v1/twin/tax.income", GET, "agency", LEDGER | {"consent_oauth_usedproof"}),
    "LANG/console/": Route("/en/console/", READ, "operator"),
    "LANG/console/account/": Route("/en/console/account/", FORM, "operator"),
    "LANG/console/agencies/": Route("/en/console/agencies/", READ, "operator"),
    "LANG/console/agencies/new/": Route("/en/console/agencies/new/", FORM, "operator"),
    "LANG/console/agencies/<slug:code>/change/": Route("/en/console/agencies/benefits-office/change/", FORM, "operator"),
    "LANG/console/agencies/<slug:code>/next/": Route("/en/console/agencies/benefits-office/next/", READ, "operator"),
    "LANG/console/agency-drafts/<uuid:id>/": Route(f"/en/console/agency-drafts/{NOBODYS}/", FORM, "operator"),
    "LANG/console/agencies/<slug:code>/": Route("/en/console/agencies/benefits-office/", READ, "operator"),
    "LANG/console/break-glass/": Route("/en/console/break-glass/", READ, "operator"),
    "LANG/console/break-glass/new/": Route("/en/console/break-glass/new/", FORM, "operator"),
    "LANG/console/break-glass/<uuid:id>/": Route(f"/en/console/break-glass/{NOBODYS}/", FORM, "operator"),
    "LANG/console/clients/new/": Route("/en/console/clients/new/", FORM, "operator"),
    "LANG/console/clients/<str:client_id>/change/": Route("/en/console/clients/benefits-office/change/", FORM, "operator"),
    "LANG/console/clients/<str:client_id>/state/": Route("/en/console/clients/benefits-office/state/", FORM, "operator"),
    # A client without an address for notices: an honest form sends nothing.
    "LANG/console/clients/<str:client_id>/pings/": Route("/en/console/clients/no-such-client/pings/", FORM, "operator"),
    "LANG/console/client-drafts/<uuid:id>/": Route(f"/en/console/client-drafts/{NOBODYS}/", FORM, "operator"),
    "LANG/console/catalogue/": Route("/en/console/catalogue/", READ, "operator"),
    "LANG/console/catalogue/import/": Route("/en/console/catalogue/import/", FORM, "operator", largest=5 * 1024 * 1024 + 64 * 1024),
    "LANG/console/catalogue/imports/<uuid:id>/": Route(f"/en/console/catalogue/imports/{NOBODYS}/", FORM, "operator"),
    "LANG/console/catalogue/services/<slug:identifier>/": Route("/en/console/catalogue/services/dental-care/", FORM, "operator"),
    "LANG/console/concerns/": Route("/en/console/concerns/", READ, "operator"),
    "LANG/console/concerns/<uuid:id>/": Route(f"/en/console/concerns/{NOBODYS}/", FORM, "operator"),
    "LANG/console/consents/": Route("/en/console/consents/", READ, "operator"),
    "LANG/console/models/datasets/<uuid:id>/": Route(f"/en/console/models/datasets/{NOBODYS}/", READ, "operator"),
    "LANG/console/delays/": Route("/en/console/delays/", FORM, "operator"),
    "LANG/console/delays/<uuid:id>/": Route(f"/en/console/delays/{NOBODYS}/", POST, "operator"),
    "LANG/console/feedback/": Route("/en/console/feedback/", READ, "operator"),
    "LANG/console/feedback/<uuid:id>/": Route(f"/en/console/feedback/{NOBODYS}/", FORM, "operator"),
    "LANG/console/models/": Route("/en/console/models/", READ, "operator"),
    "LANG/console/models/monitoring/": Route("/en/console/models/monitoring/", READ, "operator"),
    "LANG/console/models/suggestions/": Route("/en/console/models/suggestions/", READ, "operator"),
    "LANG/console/models/suggestions/<uuid:id>/": Route(f"/en/console/models/suggestions/{NOBODYS}/", FORM, "operator"),
    "LANG/console/models/keys/new/": Route("/en/console/models/keys/new/", FORM, "operator"),
    "LANG/console/models/keys/<uuid:id>/": Route(f"/en/console/models/keys/{NOBODYS}/", FORM, "operator"),
    "LANG/console/models/<uuid:id>/": Route(f"/en/console/models/{NOBODYS}/", FORM, "operator"),
    "LANG/console/ledger/": Route("/en/console/ledger/", READ, "operator"),
    "LANG/console/ledger/alarms/<int:id>/": Route("/en/console/ledger/alarms/1/", POST, "operator"),
    "LANG/console/operators/": Route("/en/console/operators/", READ, "operator"),
    "LANG/console/operators/new/": Route("/en/console/operators/new/", FORM, "operator"),
    "LANG/console/operators/requests/<uuid:id>/": Route(f"/en/console/operators/requests/{NOBODYS}/", FORM, "operator"),
    "LANG/console/operators/<uuid:id>/": Route(f"/en/console/operators/{NOBODYS}/", FORM, "operator"),
    "LANG/console/audit/": Route("/en/console/audit/", READ, "operator"),
    "LANG/console/audit/mine/": Route("/en/console/audit/mine/", READ, "operator"),
    "LANG/console/audit/trail.csv": Route("/en/console/audit/trail.csv", READ, "operator"),
    "LANG/console/join/": Route("/en/console/join/", FORM),
    "LANG/console/sources/": Route("/en/console/sources/", READ, "operator"),
    "LANG/console/sources/retry/": Route("/en/console/sources/retry/", POST, "operator"),
    "LANG/console/uses/": Route("/en/console/uses/", READ, "operator"),
    "LANG/console/withdrawals/": Route("/en/console/withdrawals/", READ, "operator"),
    "LANG/console/withdrawals/end/": Route("/en/console/withdrawals/end/", FORM, "operator"),
    "LANG/console/withdrawals/orders/": Route("/en/console/withdrawals/orders/", POST, "operator"),
    "LANG/console/withdrawals/<uuid:id>/retry/": Route(f"/en/console/withdrawals/{NOBODYS}/retry/", POST, "operator"),
    "LANG/console/sign-in/": Route("/en/console/sign-in/", FORM),
    "LANG/console/second-factor/": Route("/en/console/second-factor/", FORM, "operator"),
    "LANG/console/enrol/": Route("/en/console/enrol/", FORM, "operator"),
    "LANG/console/sign-out/": Route("/en/console/sign-out/", POST),
    "LANG/": Route("/en/", READ),
    "LANG/sign-in/": Route("/en/sign-in/", GET),
    "LANG/sign-out/": Route("/en/sign-out/", POST),
    "LANG/home/": Route("/en/home/", READ, "citizen"),
    "LANG/sessions/": Route("/en/sessions/", FORM, "citizen"),
    "LANG/sources/": Route("/en/sources/", READ, "citizen"),
    "LANG/sources/<slug:code>/connect/": Route("/en/sources/population-register/connect/", FORM, "citizen"),
    "LANG/sources/<slug:code>/fetch/": Route(
        "/en/sources/population-register/fetch/", POST, "citizen", frozenset({"sources_connection", "sources_pull", "sources_pullpart"})
    ),
    "LANG/pulls/<uuid:id>/": Route(f"/en/pulls/{NOBODYS}/", READ, "citizen"),
    "LANG/pulls/<uuid:id>/progress/": Route(f"/en/pulls/{NOBODYS}/progress/", READ, "citizen"),
    "LANG/suggestions/": Route("/en/suggestions/", READ, "citizen", LEDGER | {"twin_suggestionrun", "twin_feedback"}),
    "LANG/suggestions/why/<slug:service>/": Route("/en/suggestions/why/dental-care/", READ, "citizen", LEDGER | {"twin_suggestionrun"}),
    "LANG/suggestions/feedback/": Route("/en/suggestions/feedback/", POST, "citizen"),
    "LANG/suggestions/feedback/undo/": Route("/en/suggestions/feedback/undo/", POST, "citizen"),
    "LANG/suggestions/not-for-me/<uuid:run>/<slug:service>/": Route(f"/en/suggestions/not-for-me/{NOBODYS}/dental-care/", FORM, "citizen"),
    "LANG/suggestions/open/<uuid:run>/<slug:service>/": Route(f"/en/suggestions/open/{NOBODYS}/dental-care/", READ, "citizen"),
    "LANG/suggestions/recompute/": Route("/en/suggestions/recompute/", POST, "citizen"),
    "LANG/services/": Route("/en/services/", READ),
    "LANG/services/<slug:identifier>/": Route("/en/services/dental-care/", READ),
    "LANG/training/": Route("/en/training/", FORM, "citizen"),
    "LANG/life/": Route("/en/life/", FORM, "citizen", LEDGER),
    "LANG/life/delete/": Route("/en/life/delete/", POST, "citizen"),
    "LANG/evaluations/": Route("/en/evaluations/", READ, "citizen"),
    "LANG/evaluations/<uuid:id>/": Route(f"/en/evaluations/{NOBODYS}/", FORM, "citizen"),
    "LANG/evaluations/<uuid:id>/keep/": Route(f"/en/evaluations/{NOBODYS}/keep/", POST, "citizen"),
    "LANG/evaluations/<uuid:id>/delete/": Route(f"/en/evaluations/{NOBODYS}/delete/", POST, "citizen"),
    "LANG/estimates/<str:category>/use/": Route("/en/estimates/derived.surgery_risk/use/", FORM, "citizen"),
    "LANG/evaluations/<uuid:id>/progress/": Route(f"/en/evaluations/{NOBODYS}/progress/", READ, "citizen"),
    "LANG/transparency/": Route("/en/transparency/", READ),
    "LANG/public-log/": Route("/en/public-log/", READ),
    "LANG/accessibility/": Route("/en/accessibility/", FORM),
    "LANG/help/": Route("/en/help/", READ),
    "LANG/help/<slug:topic>/": Route("/en/help/consent/", READ),
    "LANG/rights/": Route("/en/rights/", READ),
    "LANG/activity/": Route("/en/activity/", READ, "citizen"),
    "LANG/activity/export/": Route("/en/activity/export/", POST, "citizen", LEDGER),
    "LANG/activity/verify/": Route("/en/activity/verify/", READ, "citizen"),
    "LANG/activity/verify/bundle/": Route("/en/activity/verify/bundle/", POST, "citizen", LEDGER),
    "LANG/activity/verify/aurora-verify.html": Route("/en/activity/verify/aurora-verify.html", READ),
    "LANG/activity/<uuid:id>/proof.tlog-proof": Route(f"/en/activity/{NOBODYS}/proof.tlog-proof", READ, "citizen"),
    "LANG/activity/<uuid:id>/": Route(f"/en/activity/{NOBODYS}/", READ, "citizen"),
    "LANG/activity/<uuid:id>/concern/": Route(f"/en/activity/{NOBODYS}/concern/", FORM, "citizen"),
    "LANG/concerns/": Route("/en/concerns/", READ, "citizen"),
    "LANG/concerns/<uuid:id>/": Route(f"/en/concerns/{NOBODYS}/", FORM, "citizen"),
    "LANG/erase/": Route("/en/erase/", READ, "citizen"),
    # An empty honest form is the wish to erase: where nothing is known by that code there is nothing to wish.
    "LANG/erase/<slug:kind>/<str:code>/": Route("/en/erase/category/no.such/", FORM, "citizen"),
    "LANG/erasures/<uuid:id>/": Route(f"/en/erasures/{NOBODYS}/", READ, "citizen"),
    "LANG/erasures/<uuid:id>/certificate.jwt": Route(f"/en/erasures/{NOBODYS}/certificate.jwt", READ, "citizen"),
    "LANG/erasures/<uuid:id>/certificate.jsonld": Route(f"/en/erasures/{NOBODYS}/certificate.jsonld", READ, "citizen"),
    "LANG/erasures/certificate/<str:secret>/": Route("/en/erasures/certificate/nobodys/", READ),
    "LANG/erasures/certificate/<str:secret>/certificate.jwt": Route("/en/erasures/certificate/nobodys/certificate.jwt", READ),
    "LANG/erasures/certificate/<str:secret>/certificate.jsonld": Route("/en/erasures/certificate/nobodys/certificate.jsonld", READ),
    "LANG/leave/": Route("/en/leave/", FORM, "citizen"),
    "LANG/my-data/": Route("/en/my-data/", READ, "citizen", LEDGER),
    "LANG/my-data/copy/": Route("/en/my-data/copy/", FORM, "citizen", frozenset({"exports_export"})),
    "LANG/my-data/copy/<uuid:id>/progress/": Route(f"/en/my-data/copy/{NOBODYS}/progress/", READ, "citizen"),
    "LANG/my-data/copy/<uuid:id>/passphrase/": Route(f"/en/my-data/copy/{NOBODYS}/passphrase/", POST, "citizen"),
    "LANG/my-data/copy/<uuid:id>/download/": Route(f"/en/my-data/copy/{NOBODYS}/download/", POST, "citizen"),
    "LANG/my-data/copy/<uuid:id>/delete/": Route(f"/en/my-data/copy/{NOBODYS}/delete/", POST, "citizen"),
    "LANG/my-data/disagreements/": Route("/en/my-data/disagreements/", FORM, "citizen"),
    "LANG/my-data/history/<str:category>/": Route("/en/my-data/history/population.person/", READ, "citizen", LEDGER),
    "LANG/my-data/correct/<uuid:id>/": Route("/en/my-data/correct/0192f0c1-7a1b-7c3d-8e4f-000000000001/", FORM, "citizen"),
    "LANG/corrections/": Route("/en/corrections/", READ, "citizen"),
    "LANG/corrections/<uuid:id>/": Route(f"/en/corrections/{NOBODYS}/", FORM, "citizen"),
    "LANG/my-data/forget/": Route("/en/my-data/forget/", POST, "citizen"),
    "LANG/consents/": Route("/en/consents/", READ, "citizen"),
    "LANG/consents/<uuid:id>/": Route(f"/en/consents/{NOBODYS}/", READ, "citizen"),
    "LANG/consents/<uuid:id>/withdraw/": Route(f"/en/consents/{NOBODYS}/withdraw/", FORM, "citizen"),
    "LANG/consents/<uuid:id>/receipts/<uuid:receipt>/": Route(RECEIPT, READ, "citizen"),
    "LANG/consents/<uuid:id>/receipts/<uuid:receipt>/receipt.jsonld": Route(f"{RECEIPT}receipt.jsonld", READ, "citizen"),
    "LANG/consents/<uuid:id>/receipts/<uuid:receipt>/receipt.jwt": Route(f"{RECEIPT}receipt.jwt", READ, "citizen"),
    "LANG/mandates/": Route("/en/mandates/", READ, "citizen"),
    "LANG/mandates/offer/": Route("/en/mandates/offer/", FORM, "citizen"),
    "LANG/mandates/stop/": Route("/en/mandates/stop/", POST, "citizen"),
    "LANG/mandates/<uuid:id>/": Route(f"/en/mandates/{NOBODYS}/", FORM, "citizen"),
    "LANG/mandates/<uuid:id>/revoke/": Route(f"/en/mandates/{NOBODYS}/revoke/", FORM, "citizen"),
    "LANG/messages/": Route("/en/messages/", READ, "citizen"),
    "LANG/messages/<uuid:id>/": Route(f"/en/messages/{NOBODYS}/", READ, "citizen"),
    "LANG/messages/email/": Route("/en/messages/email/", FORM, "citizen"),
    "LANG/messages/email/confirm/<str:secret>/": Route(f"/en/messages/email/confirm/{'A' * 43}/", FORM, "citizen"),
}

# Whatever an operator opens or sends is noted, and so is what a stranger tries to sign in with.
TRAIL = frozenset({"audit_operatordeed", "audit_trailhead", "ledger_pending"})
ROUTES |= {name: replace(route, writes=route.writes | TRAIL) for name, route in ROUTES.items() if name.startswith("LANG/console/")}


def served() -> set[str]:
    """The routes that Django knows; the language's prefix is written LANG."""
    return set(_walk(get_resolver(), ""))


def _walk(resolver: URLResolver, before: str) -> Iterator[str]:
    for found in resolver.url_patterns:
        here = before + ("LANG/" if isinstance(found.pattern, LocalePrefixPattern) else str(found.pattern))
        if isinstance(found, URLPattern):
            yield here
        else:
            yield from _walk(found, here)
