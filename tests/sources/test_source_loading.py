"""A source is loaded from a document: wholly, or with a sentence that says what is wrong."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from aurora.identity import keys
from aurora.sandbox import jose
from aurora.sandbox.agency import ways
from aurora.sandbox.config import PROCESSES
from aurora.sandbox.provision import provision
from aurora.sources import registry
from aurora.sources.loading import SourceRefused, load
from aurora.sources.models import DataSource
from consent.management.commands.load_vocabulary import documents
from consent.models import Agency

pytestmark = pytest.mark.django_db

CODE = "tax-administration"


@pytest.fixture(autouse=True)
def house(settings: Any) -> None:
    settings.AURORA_SANDBOX = False
    for code in {"aurora", *(doc["source"] for doc in documents("categories"))}:
        Agency.objects.get_or_create(code=code, defaults={"name": dict.fromkeys(("fi", "sv", "en"), code)})
    call_command("load_vocabulary")
    DataSource.objects.filter(agency__code=CODE).delete()


def document(**changes: Any) -> dict[str, Any]:
    """A right one; `...` takes a member away."""
    whole = {"agency": CODE, "issuer": "https://tax.example", "client_id": "aurora", "private_jwk": jose.new_key()} | changes
    return {name: value for name, value in whole.items() if value is not ...}


def key_of(source: DataSource) -> dict[str, str]:
    return dict(json.loads(keys.open_for_platform(source.key_sealed, context=registry.key_context(CODE))))


def test_what_is_declared_is_what_stands() -> None:
    doc = document(active=False)
    assert load(doc).created and not load(doc).created
    source = DataSource.objects.get(agency__code=CODE)
    assert (source.issuer, source.client_id, source.connector, source.settings) == ("https://tax.example", "aurora", "json_oauth", {})
    assert key_of(source) == doc["private_jwk"] and not source.active


def test_what_is_declared_of_how_often_is_no_connector_s_business() -> None:
    declared = {"freshness": {"*": 3600}, "pace": {"a_second": 2}, "breaker": {"pause": 5}}
    load(document(settings=declared))
    assert DataSource.objects.get(agency__code=CODE).settings == declared


def test_a_source_without_a_key_gets_one_and_keeps_it() -> None:
    made = load(document(private_jwk=...)).public_jwk
    source = DataSource.objects.get(agency__code=CODE)
    assert made is not None and "d" not in made and made.items() <= key_of(source).items()
    assert load(document(private_jwk=..., client_id="other")).public_jwk is None
    assert key_of(DataSource.objects.get(agency__code=CODE)) == key_of(source)


SECRET = jose.new_key()
WRONG: dict[str, tuple[Any, str]] = {
    "no object": ([], "A source is a JSON object."),
    "no agency": (document(agency=...), "'agency' is a required property"),
    "an agency that there is not": (document(agency="moon"), "source/agency: there is no agency moon"),
    "a member unheard of": (document(secret="x"), "'secret' was unexpected"),
    "a connector unheard of": (document(connector="telepathy"), "source/connector: telepathy is none; there are"),
    "an issuer in the clear": (document(issuer="http://tax.example"), "source/issuer"),
    "an issuer with a query": (document(issuer="https://tax.example?a=b"), "source/issuer"),
    "an issuer with credentials": (document(issuer="https://a:b@tax.example"), "source/issuer"),
    "no address": (document(issuer="https://[::1"), "source/issuer"),
    "settings of nobody": (document(settings={"a": 1}), "source/settings: Additional properties"),
    "settings a list": (document(settings=[]), "source/settings: [] is not of type 'object'"),
    "a pace that is none": (
        document(settings={"pace": {"a_second": 0}, "freshness": {"*": "day"}}),
        "no sensible value at freshness.*, pace.a_second",
    ),
    "a public key": (document(private_jwk={k: v for k, v in SECRET.items() if k != "d"}), "source/private_jwk"),
    "a key that is none": (document(private_jwk={"kty": "EC", "d": SECRET["d"]}), "source/private_jwk"),
    "a key as text": (document(private_jwk="secret"), "source/private_jwk"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said_and_nothing_is_loaded(name: str) -> None:
    doc, sentence = WRONG[name]
    with pytest.raises(SourceRefused) as refused:
        load(doc)
    assert sentence in str(refused.value) and SECRET["d"] not in str(refused.value)
    assert not DataSource.objects.filter(agency__code=CODE).exists()


def test_a_file_is_loaded_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    right, said = tmp_path / "right.json", StringIO()
    right.write_text(json.dumps([document(private_jwk=...)]))
    wrong = tmp_path / "wrong.json"
    wrong.write_text(json.dumps(document(agency="population-register", issuer="ftp://x")))
    with pytest.raises(CommandError, match=r"wrong\.json: source/issuer"):
        call_command("load_sources", right, wrong)
    assert not DataSource.objects.filter(agency__code=CODE).exists()
    call_command("load_sources", right, stdout=said)
    first, printed = said.getvalue().splitlines()
    assert first == f"{CODE}: new" and json.loads(printed)["keys"][0]["kty"] == "EC" and '"d"' not in printed
    assert "data_source" in Agency.objects.get(code=CODE).roles


def test_what_the_sandbox_declares_of_its_agencies_can_be_loaded(settings: Any) -> None:
    settings.AURORA_SANDBOX = True
    declared = provision(urls={name: f"http://127.0.0.1:{9000 + number}" for number, name in enumerate(["aurora", *PROCESSES])}).aurora[
        "sources"
    ]
    for code, known in declared.items():
        load(
            {
                "agency": code,
                **{name: known[name] for name in ("connector", "issuer", "client_id", "private_jwk", "settings") if name in known},
            }
        )
        source = DataSource.objects.get(agency__code=code)
        assert (source.connector, source.settings) == (known["connector"], known.get("settings", {}))


def test_a_mapping_that_does_not_fit_is_named_by_its_place() -> None:
    mapping = ways.mapping()
    mapping["categories"]["social.pension"]["facts"]["wealth"] = {"at": "/w", "as": "integer"}
    declared = {"address": "/v2/{category}", "mapping": mapping}
    with pytest.raises(
        SourceRefused, match="^source/settings/mapping/categories/social.pension/facts/wealth: the category has no such fact$"
    ):
        load(document(agency="social-insurance", connector="mapped_json", settings=declared))
