"""No personal value and no secret is in any log line of the whole test run. `make test` runs this last, over what all runs have gathered."""

from __future__ import annotations

import pytest

from tests.support.logs import GATHERED
from tests.support.personal import found_in, lines_with_people

# Every process of the service and of its sandbox, and the services under them.
PROCESSES = {
    *("web", "worker", "beat", "sequencer", "postgres", "valkey"),
    *("eid", "population-register", "tax-administration", "social-insurance", "hospital", "health-centre", "benefits-office", "witness"),
}


def test_all_processes_have_logged_and_none_of_it_is_about_a_person() -> None:
    logs = sorted(GATHERED.rglob("*.log"))
    found = [f"{log.relative_to(GATHERED)}: {kind}: {line}" for log in logs for kind, line in lines_with_people(log)]
    assert found == []
    missing = PROCESSES - {log.stem for log in logs if log.stat().st_size}
    assert not missing, f"no log of {sorted(missing)} in {GATHERED}: run `make test`, which gathers them"
    assert any(log.name.startswith("python-") and log.stat().st_size for log in logs)


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("identifier", "INFO aurora signed in S000810-4"),
        ("name", "ERROR no citizen called Aino"),
        ("name", "Söderholm: timed out"),
        ("birthdate", "born 1984-02-29"),
        ("fact", "{'wages': 43800}"),
        ("fact", 'body was {"wages": 43800, "interest": 0}'),
        ("secret", "GET /callback?code=tQb1xZ0yFf3k&iss=x"),
        ("secret", "Authorization: Bearer f3k9dkf93kdk"),
        ("secret", "Authorization: DPoP f3k9dkf93kdk"),
        ("secret", "assertion eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJ4In0.AA"),
        ("secret", '{"kty": "EC", "d": "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"}'),
        ("secret", "postgresql://aurora_app:hunter22@localhost/aurora"),
    ],
)
def test_what_would_be_found(kind: str, line: str) -> None:
    assert found_in(line) == kind


@pytest.mark.parametrize(
    "line",
    [
        "2026-11-25 22:33:53,101 INFO aurora.journeys.tasks Sweep: 3 pulls woken, 0 connections given back.",
        "Connection 6d0b4f58-7c1b-4f4e-9d5e-0d6f1f6f8f77 could not be given back yet: source_down",
        "[2026-11-25 22:33:53 +0000] [4711] [INFO] Listening at: http://127.0.0.1:43800 (4711)",
        "GET /data/tax.income 200",
        "benefits-office GET /applications/15pvVyKrR9inS6WU5Ja8m_dEtg1-Ida-SXzSPzeY--4 200",
        '    if totp.verify(operator=operator, code=request.POST.get("code", "")):',
        "    requests.check_unopened(client_id=client_id, request_uri=request_uri)",
    ],
)
def test_what_is_no_leak(line: str) -> None:
    assert found_in(line) is None
