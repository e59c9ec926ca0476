"""`make demo` as a whole: it comes up, survives the death of its parts and its own, and keeps its addresses."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from consent.ledger import verify
from tests.support.stack import Stack, wait_for

SERVICE = ("web", "worker", "beat")
pytestmark = pytest.mark.xdist_group("stack")


def _get(url: str) -> httpx.Response:
    return httpx.get(url, timeout=60, trust_env=False)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("demo") / "state", from_nothing=True) as stack:
        yield stack


def test_all_of_it_answers(stack: Stack) -> None:
    assert _get(f"{stack.base_url}/readyz").json() == {"ready": True, "failed": [], "alarms": []}
    assert _get(f"{stack.base_url}/en/").status_code == 200
    assert set(stack.pids()) == {
        *("postgres", "valkey", "web", "worker", "beat", "sequencer"),
        *(
            "eid",
            "population-register",
            "tax-administration",
            "social-insurance",
            "hospital",
            "health-centre",
            "benefits-office",
            "witness",
        ),
    }
    issuers = [stack.demo["sandbox"]["eid"]["issuer"], *(source["issuer"] for source in stack.demo["sandbox"]["sources"])]
    for issuer in issuers:
        assert issuer.startswith("http://localhost:")
    assert _get(f"{issuers[0]}/.well-known/openid-configuration").json()["issuer"] == issuers[0]


def test_a_second_process_keeps_the_log_honest(stack: Stack) -> None:
    """What the witness cosigned verifies by the keys that both publish; and once a citizen's deed is in the log, it is cosigned too."""
    ledger = f"{stack.base_url}/ledger"
    wait_for(lambda: _get(f"{ledger}/key").status_code == 200, "the sequencer, which a start does not wait for", within=60)
    log, second = _get(f"{ledger}/key").text.splitlines()
    (witness,) = _get(f"{ledger}/witnesses").text.splitlines()
    kept = json.loads((stack.state / "sandbox" / "witness.json").read_text())
    assert _get(f"{kept['base_url']}/key").text.strip() == witness
    with stack.admin() as database:
        database.execute("INSERT INTO ledger_pending (entry_id, commitment) VALUES (gen_random_uuid(), sha256('x'))")
        database.commit()
    stack_note = wait_for(
        lambda: (answer := _get(f"{ledger}/checkpoint/witnessed")).status_code == 200 and answer.text, "a cosignature", within=60
    )
    assert (
        verify.open_cosigned(stack_note, witness).checkpoint
        == verify.open_checkpoint(stack_note, log)
        == verify.open_checkpoint(stack_note, second)
    )
    assert (stack.state / "ledger-head").read_text().startswith("localhost/aurora-demo-ledger\n")


def test_who_answers_strangers_does_not_hold_the_owners_key(stack: Stack) -> None:
    """The owner of the tables passes row-level security by: an address that a process does not know, nobody finds in it."""
    service, owner = stack.services()["database_url"], stack.services()["owner_url"]
    environ = {name: Path(f"/proc/{stack.pids()[name]}/environ").read_bytes().decode() for name in (*SERVICE, "sequencer")}
    for name in SERVICE:
        assert f"DATABASE_URL={service}" in environ[name].split("\0"), name
        assert owner not in environ[name] and "DATABASE_OWNER_URL" not in environ[name], name
    assert f"DATABASE_OWNER_URL={owner}" in environ["sequencer"].split("\0"), "who writes the log's tree needs it"


def test_its_description_tells_integrators_who_to_be_and_is_for_nobody_else(stack: Stack) -> None:
    assert {"base_url", "citizens", "children", "estates", "agencies", "model_owners", "operators", "sandbox"} == set(stack.demo)
    assert all({"name", "identifier"} <= set(citizen) for citizen in stack.demo["citizens"])
    agency = stack.demo["agencies"][0]
    assert {"client_id", "private_jwk", "redirect_uris", "purposes", "categories"} <= set(agency)
    assert all({"username", "password", "totp_secret"} <= set(operator) for operator in stack.demo["operators"])
    for name in ("demo.json", "services.json", "operators.json", "seed.json", "sandbox/provision.json", "sandbox/eid.json"):
        assert stat.S_IMODE((stack.state / name).stat().st_mode) == 0o600, name


def test_an_operators_password_is_kept_as_a_digest_that_is_slow_to_guess(stack: Stack) -> None:
    """OWASP's Password Storage Cheat Sheet: PBKDF2-HMAC-SHA256 with 600,000 rounds at least. The tests' own process uses a quick one."""
    with stack.admin() as database:
        kept = [password.split("$")[:2] for (password,) in database.execute("SELECT password FROM identity_operator").fetchall()]
    assert len(kept) == len(stack.demo["operators"])
    assert all(algorithm == "pbkdf2_sha256" and int(rounds) >= 600_000 for algorithm, rounds in kept)


@pytest.mark.parametrize("name", ["web", "worker", "sequencer", "eid"])
def test_a_killed_part_comes_back(stack: Stack, name: str) -> None:
    stack.wait_for_restart(name, stack.kill(name))


def test_after_kill_9_nothing_runs_and_the_next_start_is_the_same_service(stack: Stack) -> None:
    before = stack.demo
    stack.kill_supervisor()
    stack.start()
    assert stack.demo == before
    assert _get(f"{stack.base_url}/readyz").status_code == 200


def test_ctrl_c_ends_all_of_it(stack: Stack) -> None:
    from aurora.guard import group_is_alive

    groups = list(stack.pids().values())
    assert stack.stop() == 0
    assert not any(group_is_alive(group) for group in groups)
    assert not (stack.state / "demo.json").exists()
