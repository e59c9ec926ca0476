"""Signing in with npm `oidc-provider` as the national e-ID: a strict provider of other hands is enough, and none of its lies is believed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from joserfc.jwk import ECKey
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.interop.peer import Peer
from tests.support.stack import ROOT, Stack
from tests.support.steps import at_the_eid, sign_in

pytestmark = pytest.mark.xdist_group("stack")

AINO = {"national_id": "Q770001-K", "name": "Aino Interoperabel", "birthdate": "1990-02-28"}
CECILIA = {"national_id": "Q770002-L", "name": "Cecilia Interoperabel", "birthdate": "1985-11-05"}
ACCOUNTS = {"aino": AINO, "cecilia": CECILIA}
UNCONFIRMED = "The identification service's answer could not be confirmed."
# Each is in eid.mjs.
LIES = (
    "nonce",
    "no-nonce",
    "issuer",
    "audience",
    "expired",
    "foreign-key",
    "unsigned",
    "public-key-as-secret",
    "no-identifier",
    "answer-issuer",
)
# Opens what the service sealed for a citizen, with the service's own keys and code.
OPEN = """
from aurora.identity import vault; from aurora.identity.models import Citizen; from consent.scope import citizen_scope
with citizen_scope("{id}"):
    one = Citizen.objects.get(pk="{id}")
    print(vault.open_sealed(one.national_id_sealed, citizen_id=one.pk, context=b"national-id").decode())
"""


@pytest.fixture(scope="module")
def eid(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    """The provider, registered with the running Aurora the way its operator does; afterwards the sandbox's e-ID is back."""
    key = ECKey.generate_key("P-256", {"kid": "aurora-interop"})
    client = {
        "client_id": "aurora-interop",
        "redirect_uris": [f"{stack.base_url}/sign-in/callback"],
        "jwks": {"keys": [key.as_dict(private=False)]},
    }
    seed = json.loads((stack.state / "seed.json").read_text())
    file = tmp_path_factory.mktemp("registration") / "seed.json"
    with Peer("eid.mjs", {"client": client, "accounts": ACCOUNTS}) as peer:
        mine = {"issuer": peer.ready["issuer"], "client_id": client["client_id"], "private_jwk": key.as_dict(private=True)}
        file.write_text(json.dumps({**seed, "eid": mine}))
        manage(stack, "seed_demo", "--config", str(file))
        yield peer
        with stack.admin() as database:
            database.execute("UPDATE identity_identityprovider SET active = false")
            database.execute("UPDATE identity_identityprovider SET active = true WHERE issuer = %s", [seed["eid"]["issuer"]])


@pytest.fixture
def window(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(java_script_enabled=False)
    yield context
    context.close()


@pytest.fixture
def page(window: BrowserContext, eid: Peer) -> Page:
    eid.ask(lie="")
    return window.new_page()


def manage(stack: Stack, *arguments: str) -> str:
    """What a command of manage.py prints, run beside the stack's own processes."""
    environ = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ} | {
        "AURORA_STATE_DIR": str(stack.state),
        "AURORA_SANDBOX": "1",
        "AURORA_BASE_URL": stack.base_url,
        "DATABASE_URL": stack.services()["database_url"],
    }
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    return subprocess.run(command, cwd=ROOT, env=environ, check=True, capture_output=True, text=True).stdout


def citizens(stack: Stack) -> dict[UUID, dict[str, Any]]:
    """All rows, as they are stored."""
    with stack.admin() as database:
        return {row[0]: row[1] for row in database.execute("SELECT id, to_jsonb(c) FROM identity_citizen c")}


def go_to_the_eid(page: Page, stack: Stack, eid: Peer) -> None:
    page.goto(f"{stack.base_url}/en/sign-in/")
    assert page.url.startswith(f"{eid.ready['issuer']}/interaction/")


def assert_nobody_is_signed_in(page: Page, stack: Stack, reason: str) -> None:
    page.wait_for_url(f"{stack.base_url}/sign-in/callback**")
    expect(page.get_by_role("heading", level=1)).to_have_text("You are not signed in")
    expect(page.get_by_role("main")).to_contain_text(reason)
    home = page.context.request.get(f"{stack.base_url}/en/home/", max_redirects=0)
    assert home.status == 302 and "/sign-in/" in home.headers["location"], (home.status, home.headers)


def test_a_citizen_signs_in_and_is_the_same_one_the_next_time(stack: Stack, eid: Peer, page: Page, browser: Browser) -> None:
    before = set(citizens(stack))
    sign_in(page, stack.base_url, "aino")
    expect(page.locator("body")).to_contain_text(AINO["name"])
    (aino,) = set(citizens(stack)) - before
    stored = json.dumps(citizens(stack)[aino])
    assert not [value for value in AINO.values() if value in stored or value.encode().hex() in stored]
    assert manage(stack, "shell", "--no-imports", "-c", OPEN.format(id=aino)).strip() == AINO["national_id"]

    again = browser.new_context()
    sign_in(again.new_page(), stack.base_url, "aino")
    again.close()
    assert set(citizens(stack)) == before | {aino}


def test_whoever_cancels_at_the_eid_is_told_so(stack: Stack, eid: Peer, page: Page) -> None:
    go_to_the_eid(page, stack, eid)
    page.get_by_role("button", name="Cancel").click()
    page.wait_for_url("**error=access_denied**")
    assert_nobody_is_signed_in(page, stack, "You cancelled signing in.")


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_of_the_eid_signs_nobody_in(stack: Stack, eid: Peer, page: Page, lie: str) -> None:
    before = set(citizens(stack))
    eid.ask(lie=lie)
    go_to_the_eid(page, stack, eid)
    at_the_eid(page, "cecilia")
    assert_nobody_is_signed_in(page, stack, UNCONFIRMED)
    assert set(citizens(stack)) == before
    # The same way without the lie leads in: it was the lie that did not.
    eid.ask(lie="")
    page.goto(f"{stack.base_url}/en/sign-in/")
    expect(page).to_have_url(f"{stack.base_url}/en/home/")
