"""Every page of portal and console with somebody who sees it, and every form with what is wrong in it. A new address without a line here fails.

Keys are the addresses as `tests.attacks.routes.served` writes them, below the language. `{name}` is an id of the world.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from aurora.ui import help

MAIN = "main form[method=post] button[type=submit]"
UUID = "<uuid:id>"


@dataclass(frozen=True)
class Place:
    """`who` sits there, `path` is below the language. `press` is the button that makes the page, `fill` what stands in the form by then."""

    who: str
    path: str
    press: str = ""
    fill: Mapping[str, str] = field(default_factory=dict)
    status: int = 200
    wrong: bool = False


def bad(who: str, path: str, press: str = MAIN, *, status: int = 400, **fill: str) -> Place:
    """A form that is sent wrongly."""
    return Place(who, path, press, fill, status, wrong=True)


# One line each place; several where a page looks different.
PAGES: dict[str, tuple[Place, ...]] = {
    "": (Place("anonymous", ""), Place("anonymous", "?signed-out")),
    "home/": (Place("dagny", "home/"), Place("newcomer", "home/")),
    "sources/": (Place("dagny", "sources/"), Place("newcomer", "sources/")),
    "sources/<slug:code>/connect/": (
        Place("newcomer", "sources/tax-administration/connect/"),
        Place("dagny", "sources/health-centre/connect/"),
    ),
    "pulls/<uuid:id>/": (Place("dagny", "pulls/{pull}/"),),
    "suggestions/": (Place("dagny", "suggestions/"), Place("newcomer", "suggestions/")),
    "suggestions/why/<slug:service>/": (Place("dagny", "suggestions/why/{service}/"),),
    "suggestions/not-for-me/<uuid:run>/<slug:service>/": (Place("dagny", "suggestions/not-for-me/{run}/{service}/"),),
    "services/": (Place("anonymous", "services/"), Place("dagny", "services/?q=apu")),
    "services/<slug:identifier>/": (Place("anonymous", "services/{service}/"), Place("dagny", "services/{service}/")),
    "training/": (Place("dagny", "training/"), Place("newcomer", "training/")),
    "life/": (Place("dagny", "life/"), Place("newcomer", "life/")),
    "evaluations/": (Place("dagny", "evaluations/"),),
    "evaluations/<uuid:id>/": (Place("dagny", "evaluations/{evaluation}/"), Place("newcomer", "evaluations/{evaluation}/")),
    "estimates/<str:category>/use/": (Place("dagny", "estimates/derived.surgery_risk/use/"),),
    "transparency/": (Place("anonymous", "transparency/"),),
    "public-log/": (Place("anonymous", "public-log/"), Place("dagny", "public-log/")),
    "accessibility/": (Place("anonymous", "accessibility/"), Place("anonymous", "accessibility/?sent={reference}")),
    "activity/": (Place("dagny", "activity/"), Place("dagny", "activity/?kind=read"), Place("newcomer", "activity/")),
    "activity/verify/": (Place("dagny", "activity/verify/"),),
    "activity/<uuid:id>/": (Place("dagny", "activity/{read}/"), Place("dagny", "activity/{own use}/")),
    "activity/<uuid:id>/concern/": (Place("dagny", "activity/{own use}/concern/"),),
    "concerns/": (Place("dagny", "concerns/"), Place("newcomer", "concerns/")),
    "concerns/<uuid:id>/": (Place("dagny", "concerns/{concern}/"),),
    "erase/": (Place("dagny", "erase/"),),
    "erase/<slug:kind>/<str:code>/": (Place("dagny", "erase/source/tax-administration/"),),
    "erasures/<uuid:id>/": (Place("dagny", "erasures/{erasure}/"),),
    "erasures/certificate/<str:secret>/": (Place("anonymous", "erasures/certificate/{secret}/"),),
    "leave/": (Place("dagny", "leave/"), Place("leaving", "leave/")),
    "my-data/": (Place("dagny", "my-data/"), Place("newcomer", "my-data/"), Place("acting", "my-data/")),
    "my-data/copy/": (Place("dagny", "my-data/copy/"), Place("newcomer", "my-data/copy/")),
    "my-data/history/<str:category>/": (Place("dagny", "my-data/history/population.person/"),),
    "my-data/disagreements/": (Place("dagny", "my-data/disagreements/"),),
    "my-data/correct/<uuid:id>/": (Place("dagny", "my-data/correct/{fact}/"),),
    "corrections/": (Place("dagny", "corrections/"), Place("newcomer", "corrections/")),
    "corrections/<uuid:id>/": (Place("dagny", "corrections/{correction}/"),),
    "consents/": (Place("dagny", "consents/"), Place("newcomer", "consents/"), Place("acting", "consents/")),
    "consents/<uuid:id>/": (Place("dagny", "consents/{consent}/"),),
    "consents/<uuid:id>/withdraw/": (Place("dagny", "consents/{consent}/withdraw/"),),
    "consents/<uuid:id>/receipts/<uuid:receipt>/": (Place("dagny", "consents/{consent}/receipts/{receipt}/"),),
    "mandates/": (Place("dagny", "mandates/"), Place("newcomer", "mandates/")),
    "mandates/offer/": (Place("dagny", "mandates/offer/"),),
    "mandates/<uuid:id>/": (Place("dagny", "mandates/{mandate}/"),),
    "mandates/<uuid:id>/revoke/": (Place("dagny", "mandates/{mandate}/revoke/"),),
    "messages/": (Place("dagny", "messages/"), Place("newcomer", "messages/")),
    "messages/<uuid:id>/": (Place("dagny", "messages/{message}/"),),
    "messages/email/": (Place("dagny", "messages/email/"), Place("newcomer", "messages/email/")),
    "messages/email/confirm/<str:secret>/": (Place("dagny", f"messages/email/confirm/{'A' * 43}/"),),
    "help/": (Place("anonymous", "help/"), Place("dagny", "help/")),
    "help/<slug:topic>/": tuple(Place("anonymous", f"help/{topic}/") for topic in help.ORDER),
    "rights/": (Place("anonymous", "rights/"), Place("dagny", "rights/")),
    "developers/": (Place("anonymous", "developers/"), Place("dagny", "developers/")),
    "developers/credentials/": (Place("anonymous", "developers/credentials/"),),
    "developers/events/": (Place("anonymous", "developers/events/"),),
    "developers/guide/<slug:name>/": (
        Place("anonymous", "developers/guide/grants/"),
        Place("anonymous", "developers/guide/first-hour/"),
        Place("anonymous", "developers/guide/conformance-modules/"),
    ),
    "developers/concepts/": (Place("anonymous", "developers/concepts/"),),
    "developers/concepts/<str:code>/": (Place("anonymous", "developers/concepts/tax.income/"),),
    "developers/authorization/": (Place("anonymous", "developers/authorization/"),),
    "developers/webhooks/": (Place("anonymous", "developers/webhooks/"),),
    "developers/reference/": (Place("anonymous", "developers/reference/"),),
    "developers/reference/<slug:identifier>/": (
        Place("anonymous", "developers/reference/readTwinCategory/"),
        Place("anonymous", "developers/reference/reportUses/"),
    ),
    "developers/limits/": (Place("anonymous", "developers/limits/"),),
    "developers/problems/": (Place("anonymous", "developers/problems/"),),
    "developers/problems/<slug:code>/": (Place("anonymous", "developers/problems/no_consent/"),),
    "developers/changelog/": (Place("anonymous", "developers/changelog/"),),
    "sessions/": (Place("dagny", "sessions/"),),
    "console/": (Place("ingrid", "console/"), Place("astrid", "console/"), Place("milla", "console/")),
    "console/account/": (Place("katri", "console/account/"), Place("helmi", "console/account/")),
    "console/agencies/": (Place("astrid", "console/agencies/"), Place("aune", "console/agencies/")),
    "console/agencies/<slug:code>/": (Place("astrid", "console/agencies/benefits-office/"),),
    "console/break-glass/": (Place("petra", "console/break-glass/"),),
    "console/break-glass/new/": (Place("petra", "console/break-glass/new/"),),
    "console/break-glass/<uuid:id>/": (
        Place("pia", "console/break-glass/{glass}/"),
        Place("petra", "console/break-glass/{opened glass}/"),
        Place("petra", "console/break-glass/{opened glass}/", "button[value=read]", {"read": "population.household"}),
    ),
    "console/clients/new/": (Place("astrid", "console/clients/new/"),),
    "console/clients/<str:client_id>/change/": (Place("astrid", "console/clients/benefits-office/change/"),),
    "console/clients/<str:client_id>/state/": (Place("astrid", "console/clients/benefits-office/state/"),),
    "console/clients/<str:client_id>/pings/": (Place("astrid", "console/clients/benefits-office/pings/"),),
    "console/client-drafts/<uuid:id>/": (
        Place("astrid", "console/client-drafts/{draft}/"),
        Place("otso", "console/client-drafts/{draft}/"),
    ),
    "console/catalogue/": (Place("katri", "console/catalogue/"),),
    "console/catalogue/import/": (Place("katri", "console/catalogue/import/"),),
    "console/catalogue/services/<slug:identifier>/": (Place("katri", "console/catalogue/services/{service}/"),),
    "console/consents/": (Place("petra", "console/consents/"),),
    "console/concerns/": (Place("petra", "console/concerns/"),),
    "console/concerns/<uuid:id>/": (Place("petra", "console/concerns/{our concern}/"),),
    "console/delays/": (Place("astrid", "console/delays/"),),
    "console/feedback/": (Place("petra", "console/feedback/"), Place("aune", "console/feedback/")),
    "console/feedback/<uuid:id>/": (
        Place("petra", "console/feedback/{feedback}/"),
        Place("aune", "console/feedback/{feedback}/"),
    ),
    "console/models/": (Place("milla", "console/models/"),),
    "console/models/monitoring/": (Place("milla", "console/models/monitoring/"),),
    "console/models/suggestions/": (Place("milla", "console/models/suggestions/"),),
    "console/models/suggestions/<uuid:id>/": (Place("milla", "console/models/suggestions/{own model}/"),),
    "console/models/keys/new/": (Place("milla", "console/models/keys/new/"),),
    "console/models/keys/<uuid:id>/": (Place("milla", "console/models/keys/{model key}/"),),
    "console/models/<uuid:id>/": (Place("milla", "console/models/{evaluation}/"),),
    "console/ledger/": (Place("ingrid", "console/ledger/"), Place("aune", "console/ledger/")),
    "console/sources/": (Place("ingrid", "console/sources/"),),
    "console/uses/": (Place("oskar", "console/uses/"),),
    "console/withdrawals/": (Place("ingrid", "console/withdrawals/"),),
    "console/withdrawals/end/": (Place("petra", "console/withdrawals/end/"),),
    "console/agencies/new/": (Place("astrid", "console/agencies/new/"),),
    "console/agencies/<slug:code>/change/": (Place("astrid", "console/agencies/benefits-office/change/"),),
    "console/agencies/<slug:code>/next/": (Place("astrid", "console/agencies/benefits-office/next/"),),
    "console/agency-drafts/<uuid:id>/": (Place("otso", "console/agency-drafts/{agency draft}/"),),
    "console/operators/": (Place("helmi", "console/operators/"), Place("aune", "console/operators/")),
    "console/operators/new/": (Place("helmi", "console/operators/new/"),),
    "console/operators/<uuid:id>/": (Place("helmi", "console/operators/{operator}/"),),
    "console/operators/requests/<uuid:id>/": (Place("ragnar", "console/operators/requests/{operator request}/"),),
    "console/audit/": (Place("aune", "console/audit/"),),
    "console/audit/mine/": (Place("katri", "console/audit/mine/"), Place("astrid", "console/audit/mine/")),
    "console/join/": (Place("anonymous", "console/join/"),),
    "console/sign-in/": (Place("anonymous", "console/sign-in/"),),
    "console/second-factor/": (Place("halfway", "console/second-factor/"),),
    "console/enrol/": (Place("unenrolled", "console/enrol/"),),
}

# A form's page as it comes back when what was sent is wrong.
WRONG: dict[str, tuple[Place, ...]] = {
    "sources/<slug:code>/connect/": (bad("newcomer", "sources/tax-administration/connect/", "button[value=allow]"),),
    "suggestions/not-for-me/<uuid:run>/<slug:service>/": (bad("dagny", "suggestions/not-for-me/{run}/{service}/"),),
    "training/": (bad("newcomer", "training/", "button[value=allow]"),),
    "life/": (bad("newcomer", "life/", "button[value=allow]", household_adults="many"),),
    "estimates/<str:category>/use/": (bad("dagny", "estimates/derived.surgery_risk/use/", "button[value=allow]"),),
    "activity/": (bad("dagny", "activity/", "main form[method=get] button", **{"from": "31.31.2026"}),),
    "accessibility/": (bad("anonymous", "accessibility/", address="nobody"),),
    "activity/<uuid:id>/concern/": (bad("dagny", "activity/{own use}/concern/"),),
    "my-data/history/<str:category>/": (
        bad("dagny", "my-data/history/population.person/", "main form[method=get] button", on="yesterday"),
    ),
    "my-data/correct/<uuid:id>/": (bad("dagny", "my-data/correct/{fact}/"),),
    "mandates/offer/": (bad("dagny", "mandates/offer/"),),
    "messages/email/": (bad("newcomer", "messages/email/", "button[value=save]", address="nobody"),),
    "developers/credentials/": (bad("anonymous", "developers/credentials/"),),
    "developers/events/": (bad("anonymous", "developers/events/", status=403),),
    "console/account/": (bad("helmi", "console/account/", "button[value=password]"),),
    "console/break-glass/new/": (bad("petra", "console/break-glass/new/"),),
    "console/break-glass/<uuid:id>/": (bad("pia", "console/break-glass/{glass}/", "button[value=approve]"),),
    "console/clients/new/": (bad("astrid", "console/clients/new/"),),
    "console/clients/<str:client_id>/change/": (bad("astrid", "console/clients/benefits-office/change/", name_fi="", reason=""),),
    "console/clients/<str:client_id>/state/": (bad("astrid", "console/clients/benefits-office/state/"),),
    "console/concerns/<uuid:id>/": (bad("petra", "console/concerns/{our concern}/"),),
    "console/delays/": (bad("astrid", "console/delays/"),),
    "console/feedback/<uuid:id>/": (bad("petra", "console/feedback/{feedback}/", "button[value=answer]"),),
    "console/models/keys/new/": (bad("milla", "console/models/keys/new/"),),
    "console/models/keys/<uuid:id>/": (bad("milla", "console/models/keys/{model key}/", "button[value=revoke]"),),
    "console/models/<uuid:id>/": (bad("milla", "console/models/{evaluation}/", "button[value=retire]"),),
    "console/withdrawals/end/": (
        bad("petra", "console/withdrawals/end/", "button[value=one]"),
        bad("petra", "console/withdrawals/end/", "button[value=source]"),
    ),
    "console/agencies/new/": (bad("astrid", "console/agencies/new/"),),
    "console/agencies/<slug:code>/change/": (bad("astrid", "console/agencies/benefits-office/change/"),),
    "console/catalogue/services/<slug:identifier>/": (bad("katri", "console/catalogue/services/{service}/"),),
    "console/catalogue/import/": (bad("katri", "console/catalogue/import/"),),
    "console/operators/new/": (bad("helmi", "console/operators/new/"),),
    "console/operators/<uuid:id>/": (bad("helmi", "console/operators/{operator}/"),),
    "console/join/": (bad("anonymous", "console/join/"),),
    "console/sign-in/": (bad("anonymous", "console/sign-in/"), bad("anonymous", "console/sign-in/", username="nobody", password="wrong")),
    "console/second-factor/": (bad("halfway", "console/second-factor/", code="000000"),),
    "console/enrol/": (bad("unenrolled", "console/enrol/", code="000000"),),
}

DEED = "a button alone: it leads to a page that is here, or to one that says why not"
GALLERY = "needs a file or a training that nobody has made here: looked at as the gallery draws it, in tests/ui"
FILE = "a file to keep or for programs"
# What is no page of its own, and why.
NO_PAGE = {
    "sign-in/": "leads to the e-ID",
    "sign-out/": DEED,
    "sources/<slug:code>/fetch/": DEED,
    "pulls/<uuid:id>/progress/": "a part of the page of the pull",
    "suggestions/recompute/": DEED,
    "suggestions/feedback/": DEED,
    "suggestions/feedback/undo/": DEED,
    "suggestions/open/<uuid:run>/<slug:service>/": "leads to the page of the service",
    "life/delete/": DEED,
    "evaluations/<uuid:id>/keep/": DEED,
    "evaluations/<uuid:id>/delete/": DEED,
    "evaluations/<uuid:id>/progress/": "a part of the page of the model",
    "activity/export/": FILE,
    "activity/verify/bundle/": FILE,
    "activity/verify/aurora-verify.html": "a page to keep, which a test opens from the disk",
    "activity/<uuid:id>/proof.tlog-proof": FILE,
    "erasures/<uuid:id>/certificate.jwt": FILE,
    "erasures/<uuid:id>/certificate.jsonld": FILE,
    "erasures/certificate/<str:secret>/certificate.jwt": FILE,
    "erasures/certificate/<str:secret>/certificate.jsonld": FILE,
    "my-data/copy/<uuid:id>/progress/": "a part of the page of the copy",
    "my-data/copy/<uuid:id>/download/": "a page to keep, which a test opens from the disk",
    "my-data/copy/<uuid:id>/delete/": DEED,
    "my-data/copy/<uuid:id>/passphrase/": "answers with the page of the copy",
    "my-data/forget/": DEED,
    "consents/<uuid:id>/receipts/<uuid:receipt>/receipt.jsonld": FILE,
    "consents/<uuid:id>/receipts/<uuid:receipt>/receipt.jwt": FILE,
    "mandates/stop/": DEED,
    "console/delays/<uuid:id>/": DEED,
    "console/ledger/alarms/<int:id>/": DEED,
    "console/sources/retry/": DEED,
    "console/withdrawals/orders/": DEED,
    "console/withdrawals/<uuid:id>/retry/": DEED,
    "console/sign-out/": DEED,
    "console/catalogue/imports/<uuid:id>/": GALLERY,
    "console/models/datasets/<uuid:id>/": GALLERY,
    "console/audit/trail.csv": FILE,
}
# Forms in which nobody who presses their buttons can be wrong, unless something has changed since the page was opened.
NEVER_WRONG = {
    "evaluations/<uuid:id>/": "a button alone",
    "concerns/<uuid:id>/": "closing and replying: wrong only where the answer came meanwhile",
    "erase/<slug:kind>/<str:code>/": "a button alone",
    "leave/": "a button alone",
    "my-data/copy/": "a button alone",
    "my-data/disagreements/": "wrong only where what is said has changed meanwhile",
    "corrections/<uuid:id>/": "wrong only where the answer came meanwhile",
    "consents/<uuid:id>/withdraw/": "buttons alone; wrong only where the consent has changed meanwhile",
    "mandates/<uuid:id>/": "buttons alone",
    "mandates/<uuid:id>/revoke/": "a button alone",
    "messages/email/confirm/<str:secret>/": "a button alone",
    "console/client-drafts/<uuid:id>/": "buttons alone",
    "console/clients/<str:client_id>/pings/": "a button alone",
    "console/agency-drafts/<uuid:id>/": "buttons alone",
    "console/operators/requests/<uuid:id>/": "buttons alone",
    "sessions/": "buttons alone",
    "console/models/suggestions/<uuid:id>/": "the one model of a new house can be neither retired nor rolled back",
}
