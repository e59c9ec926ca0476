"""The developers' pages: the index, a problem, an operation, the changes; a client made, and what it asked."""

from datetime import timedelta

from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from aurora.ui import developer_words as words
from aurora.ui import formats
from aurora.ui.contexts import developers as contexts
from aurora.ui.contexts.shared import FieldError
from aurora.ui.developers import changes, marked, openapi, problems, samples
from aurora.ui.gallery import parts as p
from aurora.ui.gallery.example import Example

CLIENT = "sandbox-5f2c81a90b3e"
AT = "developers/"
GUIDE = "# A\n\nA `grant_id` is **yours**.\n\n## First\n\n1. one\n2. two\n\n```\nnode client.mjs show\n```\n\n| code | status |\n|---|---|\n| `used_up` | 403 |\n"
PURPOSES = (contexts.PurposeRow("benefit-application", p.BENEFIT.name, p.BENEFIT.description),)
CATEGORY = contexts.CategoryRow("tax.income", p.INCOME.name, p.INCOME.description, True, "tax-administration", "/")
FACT = contexts.FactLine("wages", p.WAGES.label, "integer ≥ 0", "crowns_per_year")
SIGNED = (("webhook-id", "0192f0c1"), ("webhook-signature", "v1a,q83vEjRWeJASNFZ4kBI0Vg=="), ("webhook-timestamp", "1795766400"))


def pages() -> list[Example]:
    shown = (
        ("developers", "index", _index()),
        (
            "developers-document",
            "document",
            contexts.DocumentPage("What you hold, and how to change it", marked.page(GUIDE, lambda target: "")),
        ),
        ("developers-concepts", "concepts", contexts.ConceptsPage(PURPOSES, (CATEGORY,), samples.WORDS)),
        ("developers-category", "category", contexts.CategoryPage(CATEGORY, 1, (FACT,), '{"type": "object"}')),
        ("developers-authorization", "authorization", _authorization()),
        ("developers-reference", "reference", _reference()),
        ("developers-limits", "limits", _limits()),
        ("developers-problem", "problem", _problem("consent_withdrawn")),
        ("developers-problems", "problems", _problems()),
        ("developers-operation", "operation", _operation("readTwinCategory")),
        ("developers-changelog", "changelog", contexts.ChangelogPage(changes.entries(), "/developers/changes.atom")),
        (
            "developers-webhooks",
            "webhooks",
            contexts.WebhooksPage(samples.PYTHON, samples.JAVASCRIPT, "/webhooks/keys", tuple(samples.EVENTS.items()), "{}"),
        ),
        ("developers-credentials", "credentials", _credentials()),
        ("developers-credentials-wrong", "credentials", _credentials(FieldError("jwk", words.fault("A key's numbers are not valid.")))),
        ("developers-credentials-closed", "credentials", contexts.CredentialsPage(open=False)),
        ("developers-made", "credentials_made", _made()),
        ("developers-enter", "events_enter", contexts.EventsEntryPage((FieldError("secret", words.fault("unknown_secret")),))),
        ("developers-events", "events", _events()),
    )
    return [Example(name, f"developers/{template}.html", AT, page, signed_in=False) for name, template, page in shown]


def console() -> list[Example]:
    """What an officer sees of a client's test notices."""
    page = contexts.ClientPingsPage("benefits-office", p.OFFICE, "https://office.example/notices", "/", _events().pings)
    silent = contexts.ClientPingsPage("benefits-office", p.OFFICE, "", "/", ())
    at = "console/clients/benefits-office/pings/"
    return [
        Example(name, "console/client_pings.html", at, one, name_shown="Astrid Lind")
        for name, one in (("console-pings", page), ("console-pings-none", silent))
    ]


def _authorization() -> contexts.AuthorizationPage:
    sent, came = "POST /oauth/par HTTP/1.1\nHost: aurora.example", "HTTP/1.1 201"
    steps = tuple(contexts.Exchange(title, said, sent, came, name) for name, title, said in samples.STEPS)
    return contexts.AuthorizationPage(steps, "https://aurora.example/.well-known/oauth-authorization-server")


def _reference() -> contexts.ReferencePage:
    group = contexts.ReferenceGroup(words.tag("twin"), (openapi.operations()["readTwinCategory"],))
    return contexts.ReferencePage((group,), "/developers/openapi.json", "/developers/openapi.yaml")


def _limits() -> contexts.LimitsPage:
    often = contexts.LimitRow("Calls of the API", "a client", "600 a minute")
    holds = contexts.LimitRow("Access token", "", "10 minutes")
    return contexts.LimitsPage((contexts.LimitGroup("How often", (often,)), contexts.LimitGroup("How long it holds", (holds,))), "/", "/")


def _index() -> contexts.DevelopersPage:
    begin = (
        contexts.Link("/", _("Asking a citizen, step by step"), _("From the pushed request to the first read, as it goes over the wire.")),
        contexts.Link("/", _("Credentials for the sandbox"), _("A client of your own to try it with, at once and without asking anybody.")),
    )
    look_up = (
        contexts.Link("/", _("Problems"), _("Each code that Aurora answers, what it means and what to do.")),
        contexts.Link("/", _("Notices to your server"), _("What Aurora sends, and how to verify that it comes from Aurora.")),
    )
    return contexts.DevelopersPage(begin, look_up, (contexts.Link("/", "Aurora for agencies: your first hour"),))


def _problem(code: str) -> contexts.ProblemPage:
    one, language = problems.table()[code], formats.language()
    todo = mark_safe(one.do[language])  # noqa: S308 - our own words
    link = contexts.Link("/", "GET /api/v1/twin/{category}")
    return contexts.ProblemPage(one, f"https://aurora.example/problems/{code}", one.means[language], todo, words.retry(one.retry), (link,))


def _problems() -> contexts.ProblemsPage:
    rows = tuple(
        contexts.ProblemRow(one, "/", {code: marked.inline(said, lambda _: "") for code, said in one.means.items()})
        for one in problems.table().values()
    )
    return contexts.ProblemsPage(rows[:12], rows[-4:])


def _operation(name: str) -> contexts.OperationPage:
    one = openapi.operations()[name]
    went = "GET /api/v1/twin/tax.income HTTP/1.1\nHost: aurora.example\nAuthorization: DPoP ...\nDPoP: eyJ..."
    return contexts.OperationPage(
        one, one.paragraphs(), words.TOKENS["agencyToken"], one.good_answers(), tuple(one.problems()), went, "HTTP/1.1 200"
    )


def _credentials(*errors: FieldError) -> contexts.CredentialsPage:
    purposes = (contexts.Choice("benefit-application", p.BENEFIT.name, True),)
    categories = (contexts.Choice("tax.income", p.INCOME.name, True), contexts.Choice("population.household", p.HOUSEHOLD.name))
    return contexts.CredentialsPage(
        open=True,
        name="Try-out",
        redirect_uri="https://agency.example/back",
        purposes=purposes,
        categories=categories,
        days=30,
        errors=errors,
    )


def _made() -> contexts.CredentialsMadePage:
    expires, where = p.NOW + timedelta(days=30), "https://aurora.example/.well-known/oauth-authorization-server"
    return contexts.CredentialsMadePage(CLIENT, "Try-out (a developer's test program)", expires, "/", where, "q7Zx" * 10 + "abc")


def _events() -> contexts.EventsPage:
    refused = problems.table()["category_not_covered"]
    requests = (
        contexts.EventRow(p.NOW, f"{words.request('twin')}: tax.income", 403, refused.code, "/", refused.means[formats.language()], True),
        contexts.EventRow(p.NOW, words.request("token"), 401, "invalid_client", "/", "", False),
        contexts.EventRow(p.NOW, words.request("par"), 201, "", "", "", True),
    )
    pings = (
        contexts.PingRow(p.NOW, words.ping("failed"), False, 400, 31, words.not_taken("refused"), SIGNED),
        contexts.PingRow(p.NOW, words.ping("delivered"), False, 204, 12, "", SIGNED),
    )
    told = (contexts.NoticeRow(p.NOW, "consent.withdrawn", words.ping("delivered"), 1, ""),)
    address = "https://agency.example/notices"
    return contexts.EventsPage(CLIENT, p.NOW + timedelta(days=29), address, requests, pings, told, most=200, kept_days=7)
