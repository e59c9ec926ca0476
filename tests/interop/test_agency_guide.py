"""docs/agency says what is there: files, commands, and each code that Aurora answers, no more and no less."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from authlib.oauth2 import OAuth2Error
from django.core.management import get_commands
from rest_framework import exceptions

from aurora.api import uploads
from aurora.api.authentication import InsufficientScope
from aurora.corrections import requests
from aurora.journeys import _contract_fit, onboard_evaluator
from aurora.sources.pushes import batches as pushes
from aurora.ui import developer_words
from aurora.ui.developers import problems
from consent.concerns import cases
from consent.errors import AuroraError, InvalidInput, NotFound
from consent.ledger import kept
from consent.oauth import errors, keysets, limits, signed
from consent.oauth.errors import InvalidProof, InvalidToken, NonceWanted
from consent.rules import RefusalCode
from consent.uses import batches, tally
from consent.webhooks import feed
from recommender.errors import EVALUATOR_CODES, EvaluatorRefused
from tests.interop.peer import EXAMPLE, node
from tests.support.stack import ROOT

GUIDE = ROOT / "docs" / "agency"
README = (GUIDE / "README.md").read_text(encoding="utf-8")

# Of DRF's own those that these views can raise; `forbidden`, `not_found` and `invalid_input` are this mapper's words for others.
OF_DRF = (exceptions.ParseError, exceptions.NotAuthenticated, exceptions.MethodNotAllowed, exceptions.NotAcceptable,
          exceptions.UnsupportedMediaType, exceptions.Throttled)  # fmt: skip
# What never reaches a view of the API: aurora/portal/errors.py and middleware.py.
BEFORE_A_VIEW = {"bad_request", "too_large", "unavailable", "server_error", "csrf_failed", "https_required"}


def table(head: str) -> dict[str, tuple[str, ...]]:
    """The rows of the guide's table that begins with `head`, by code."""
    lines = README.split(f"\n| {head} |", 1)[1].splitlines()[2:]
    rows: dict[str, tuple[str, ...]] = {}
    for line in lines:
        if not line.startswith("|"):
            break
        first, *rest = (cell.strip() for cell in line.strip("|").split("|"))
        rows |= {code: tuple(rest) for code in re.findall(r"`(\w+)`", first)}
    return rows


def written(path: str) -> set[str]:
    return set(re.findall(r'\d{3}, "([a-z_]+)"', (ROOT / path).read_text(encoding="utf-8")))


def defined(module: ModuleType, kind: type[Exception]) -> list[Any]:
    """The errors of a kind that a module defines."""
    return [one for one in vars(module).values() if isinstance(one, type) and issubclass(one, kind) and one.__module__ == module.__name__]


def of_models() -> dict[str, int]:
    """Code and status of each error that an owner may meet when it registers a model."""
    own = [*defined(_contract_fit, _contract_fit.ContractUnfit), onboard_evaluator.NotAModelOwner, onboard_evaluator.NoOwnerKey]
    told = {one.code: one.status for one in own if "code" in vars(one)}
    told |= {one.default_code: one.status_code for one in defined(uploads, exceptions.APIException)}
    # `owner_unknown` is told as `no_owner_key`.
    heard = set(EVALUATOR_CODES) - onboard_evaluator.FOR_STEWARDS - {"owner_unknown"}
    return told | {code: onboard_evaluator.EvaluatorNotTaken(EvaluatorRefused(code)).status for code in heard}


def of_the_api() -> set[str]:
    """Every code of a problem, from where each is defined."""
    codes = {code.value for code in RefusalCode}
    codes |= written("aurora/api/problems.py") | {NotFound.code, InvalidInput.code}
    codes |= (
        {one.code for one in defined(feed, AuroraError)}
        | {one.code for module in (batches, tally, signed, pushes) for one in defined(module, AuroraError)}
        | set(of_models())
    )
    codes |= {InvalidToken.code, InvalidProof.error, NonceWanted.error, InsufficientScope.default_code}
    codes |= {cases.Moved.code, cases.PutOffAlready.code, requests.Moved.code} | set(kept.CODES)
    codes |= {str(one.default_code) for one in OF_DRF}
    before = written("aurora/portal/errors.py") | written("aurora/portal/middleware.py") | written("aurora/portal/headers.py")
    assert before >= BEFORE_A_VIEW
    return codes | BEFORE_A_VIEW


def test_the_table_has_each_code_of_the_api_and_no_other() -> None:
    assert set(table("code")) == of_the_api()


def test_the_statuses_are_those_of_the_errors() -> None:
    told = {code: int(row[0]) for code, row in table("code").items()}
    assert {told[code.value] for code in RefusalCode} == {403}
    for one in (
        NotFound,
        InvalidInput,
        feed.NothingAsked,
        feed.ConfirmedOtherwise,
        *defined(batches, AuroraError),
        *defined(tally, AuroraError),
    ):
        assert told[one.code] == one.status
    assert {code: told[code] for code in kept.CODES} == {code: status for code, (status, _) in kept.CODES.items()}
    assert told[cases.Moved.code] == told[cases.PutOffAlready.code] == cases.Moved.status
    assert {code: told[code] for code in of_models()} == of_models()
    for drf in OF_DRF:
        assert told[str(drf.default_code)] == (401 if drf is exceptions.NotAuthenticated else drf.status_code)


def test_the_other_table_has_each_error_of_the_oauth_endpoints_that_is_ours_and_none_that_is_nobodys() -> None:
    told = set(table("error"))
    ours = {
        str(one.error)
        for module in (errors, limits, keysets)
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, OAuth2Error) and one.__module__ == module.__name__
    }
    raised = {
        error
        for file in (ROOT / "consent" / "oauth").glob("*.py")
        for name in re.findall(r"raise (\w+Error)\(", file.read_text(encoding="utf-8"))
        for error in [_error_named(name)]
        if error
    }
    assert len(ours) >= 6 and "invalid_grant" in raised
    assert ours | raised <= told
    assert told <= {str(one.error) for one in _all(OAuth2Error) if one.error}


def _all(kind: type[OAuth2Error]) -> list[type[OAuth2Error]]:
    return [found for sub in kind.__subclasses__() for found in (sub, *_all(sub))]


def _error_named(name: str) -> str | None:
    return next((str(one.error) for one in _all(OAuth2Error) if one.__name__ == name and one.error), None)


def test_the_table_of_problems_is_the_same_and_says_the_same() -> None:
    ours = problems.table()
    both = {"api": table("code"), "oauth": table("error")}
    for kind, rows in both.items():
        # Two of the API's are OAuth's too, "as above".
        assert {code for code, one in ours.items() if one.kind == kind} == set(rows) - (set(both["api"]) if kind == "oauth" else set())
    for code, one in ours.items():
        row = both[one.kind][code]
        assert one.do["en"].rstrip(".").lower() == row[-1].rstrip(".").lower(), code
        assert one.kind == "oauth" or one.status == int(row[0]), code
        assert one.retry in developer_words.RETRY and set(one.means) == set(one.do) == {"fi", "sv", "en"}
        assert all(text.strip() for text in (*one.means.values(), *one.do.values())), code


def test_the_clients_advice_is_for_the_same_codes() -> None:
    script = "import { advice } from './advice.mjs'; console.log(JSON.stringify(Object.keys(advice)))"
    done = subprocess.run(
        [node(), "--input-type=module", "-e", script], cwd=EXAMPLE, capture_output=True, text=True, timeout=120, check=True
    )
    assert set(json.loads(done.stdout)) == set(table("code")) | set(table("error"))


@pytest.mark.parametrize("page", sorted(GUIDE.glob("*.md")), ids=lambda page: page.name)
def test_what_a_page_links_to_exists(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (GUIDE / link).exists(), link


def test_each_command_of_the_guide_is_one() -> None:
    usage = subprocess.run([node(), "client.mjs"], cwd=EXAMPLE, capture_output=True, text=True, timeout=120, check=False)
    known = set(re.findall(r"^  ([a-z]+) ", usage.stderr, re.MULTILINE))
    named = set(re.findall(r"node client\.mjs ([a-z]+)", README))
    assert usage.returncode == 2 and named == known
    options = set(re.findall(r"--[a-z]+", usage.stderr))
    for command in re.findall(r"node client\.mjs [a-z]+[^`\n]*", README):
        assert set(re.findall(r" (--[a-z]+)", command)) <= options, command
    assert set(re.findall(r"manage\.py (\w+)", README)) <= set(get_commands())
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert all(f"\n{target}:" in makefile for target in re.findall(r"^make (\S+)$", README, re.MULTILINE))


def test_the_addresses_of_the_guide_are_served() -> None:
    from django.urls import resolve

    for path in set(re.findall(r"`(/(?:oauth|api|\.well-known)/[^`]*)`", README)):
        resolve(path.replace("{id}", "00000000-0000-4000-8000-000000000000"))


def test_the_example_and_the_lock_agree_and_the_lock_names_no_registry() -> None:
    wanted = json.loads((EXAMPLE / "package.json").read_text())["dependencies"]
    packages = json.loads((EXAMPLE / "package-lock.json").read_text())["packages"]
    assert packages[""]["dependencies"] == wanted
    assert not [name for name, package in packages.items() if "resolved" in package]
    assert {package["license"] for name, package in packages.items() if name} == {"MIT"}


@pytest.mark.parametrize(
    "typed", ["", "init", "init http://localhost:1 me", "ask", "read", "back", "bogus", "constructor", "ask --bogus tax.income"]
)
def test_what_is_typed_wrongly_shows_the_commands_and_does_nothing(tmp_path: Path, typed: str) -> None:
    environ = {**os.environ, "AGENCY_FILE": str(tmp_path / "agency.json")}
    command = [node(), "client.mjs", *typed.split()]
    done = subprocess.run(command, cwd=EXAMPLE, env=environ, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 2 and "node client.mjs COMMAND" in done.stderr and list(tmp_path.iterdir()) == []


CONFIRMING = """
import { confirmAll } from './confirm.mjs';
import { load } from './keep.mjs';
import { Problem } from './agency.mjs';
const sent = [];
const statuses = { gone: 404, told: 409, down: 503 };
const agency = { async confirm(token, id) { sent.push(id); if (statuses[id]) throw new Problem(statuses[id]); } };
const first = await confirmAll(agency, 'token');
delete statuses.down;
const second = await confirmAll(agency, 'token');
console.log(JSON.stringify({ sent, first: first.notTaken, failed: first.failed?.status ?? 0, second: second.notTaken, open: Object.values(load().done).filter((one) => !one.confirmed).length }));
"""


@pytest.mark.parametrize("down", [True, False])
def test_a_confirmation_that_is_not_taken_keeps_no_other_from_being_sent(tmp_path: Path, down: bool) -> None:
    state = tmp_path / "agency.json"
    ids = ["gone", *(["down"] if down else []), "told", "last"]
    state.write_text(json.dumps({"done": {id: {"deleted_at": "2026-01-01T00:00:00Z", "confirmed": False} for id in ids}}))
    command, environ = [node(), "--input-type=module", "-e", CONFIRMING], {**os.environ, "AGENCY_FILE": str(state)}
    done = subprocess.run(command, cwd=EXAMPLE, env=environ, capture_output=True, text=True, timeout=120, check=True)
    said = json.loads(done.stdout)
    finished = [{"id": "gone", "status": 404, "refused": "status_404"}, {"id": "told", "status": 409, "refused": "status_409"}]
    assert (said["first"], said["failed"], said["second"], said["open"]) == (finished, 503 if down else 0, [], 0)
    assert said["sent"] == [*ids, *(["down"] if down else [])], "each once, and what failed for a while once more"
