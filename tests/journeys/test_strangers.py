"""A stranger gets nothing of another citizen's: not by page, not by API, and nothing through a broken view."""

from __future__ import annotations

import re
from uuid import UUID, uuid4

import psycopg
import pytest
from playwright.sync_api import Browser, Page

from tests.support.stack import Stack
from tests.support.steps import connect, sign_in, wait_until_pulled

pytestmark = pytest.mark.xdist_group("stack")

PERSONAL = [
    "identity_citizen", "vault.data_key", "vault.former_key", "vault.key_rotation", "consent_consentrecord", "consent_consentevent", "consent_mandate", "consent_mandateevent", "sources_connection", "sources_connectattempt",
    "sources_pull", "sources_pullpart", "sources_feed", "twin_fact", "twin_factchoice", "twin_suggestionrun", "twin_feedback", "twin_trainingrow", "twin_evaluation", "ledger_ledgerentry", "ledger_head", "ledger_erasure", "consent_oauth_grant", "consent_oauth_grantpart",
    "consent_oauth_authorizationcode", "consent_oauth_accesstoken", "consent_oauth_refreshtoken", "consent_receipt", "consent_webhooks_delivery", "consent_uses_account", "consent_uses_usagereport", "consent_uses_deliverynote", "consent_uses_finding", "consent_breakglass_subject", "consent_concerns_concern", "consent_concerns_concernpart", "corrections_correction",
    "erasures_erasure", "erasures_leaver", "aurora_messages_message", "aurora_messages_mailaddress", "aurora_messages_mail", "aurora_messages_reminder", "exports_export",
]  # fmt: skip


# What nobody reads through the service, not even in its citizen's scope: only functions reach it.
SHUT = ["ledger_keptback", "consent_uses_tally"]


def test_every_address_of_anothers_things_is_404(stack: Stack, browser: Browser) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    frans = stack.citizen(5)
    sign_in(page, stack.base_url, frans["identifier"])
    connect(page, stack.base_url, "population-register")
    wait_until_pulled(page)
    pull = page.url
    page.goto(f"{stack.base_url}/en/consents/")
    consent = page.get_by_role("link", name="Withdraw").first.get_attribute("href")
    page.goto(f"{stack.base_url}/en/activity/")
    links = page.get_by_role("main").locator('a[href*="/activity/"]').evaluate_all("all => all.map(a => a.getAttribute('href'))")
    # An entry's own address, none of those that everybody has: the list's, its export's, the check's.
    entry = next(link for link in links if re.search(r"/activity/[0-9a-f-]{36}/$", link))
    assert consent and entry
    stranger = browser.new_context(java_script_enabled=False)
    other = stranger.new_page()
    sign_in(other, stack.base_url, stack.citizen(2)["identifier"])
    addresses = [
        pull,
        f"{pull}progress/",
        f"{stack.base_url}{consent}",
        f"{stack.base_url}{consent.replace('withdraw/', '')}",
        f"{stack.base_url}{entry}",
    ]
    for address in addresses:
        response = other.goto(address)
        assert response is not None and response.status == 404, address
        assert frans["name"] not in other.content()
    stranger.close()
    page.context.close()


def test_a_broken_view_sees_no_row_of_anyone(stack: Stack) -> None:
    """The service's own role, asking for everything of every personal table without saying for whom, and for a stranger."""
    services = stack.services()
    with psycopg.connect(services["database_url"], autocommit=True) as service, stack.admin() as admin:
        secured = {r[0] for r in admin.execute("SELECT oid::regclass::text FROM pg_class WHERE relrowsecurity").fetchall()}
        assert secured == {*PERSONAL, *SHUT}
        for table in SHUT:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                service.execute(f"SELECT count(*) FROM {table}")  # type: ignore[arg-type]
        held = 0
        for table in PERSONAL:
            held += admin.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # type: ignore[arg-type,index]
            assert service.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table  # type: ignore[arg-type]
            with service.transaction():
                service.execute("SELECT set_config('aurora.citizen', %s, true)", [str(uuid4())])
                assert service.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table  # type: ignore[arg-type]
        assert held > 0


def test_the_service_may_not_rewrite_history(stack: Stack) -> None:
    services = stack.services()
    with psycopg.connect(services["database_url"], autocommit=True) as service:
        for statement in (
            "UPDATE ledger_ledgerentry SET actor = 'x'",
            "DELETE FROM ledger_ledgerentry",
            "TRUNCATE ledger_ledgerentry",
            "UPDATE consent_consentevent SET by = 'x'",
            "DELETE FROM consent_notice",
            "ALTER TABLE twin_fact DISABLE ROW LEVEL SECURITY",
        ):
            with pytest.raises(psycopg.Error):
                service.execute(statement)


def test_without_a_session_every_page_leads_to_sign_in(stack: Stack, page: Page) -> None:
    for path in ("home", "sources", "suggestions", "activity", "my-data", "consents", f"pulls/{UUID(int=1)}"):
        page.goto(f"{stack.base_url}/en/{path}/")
        assert "/login" in page.url, path
