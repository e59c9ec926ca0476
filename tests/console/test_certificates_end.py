"""Before a certificate by which Aurora shows itself to a source runs out somebody is told: by the overview, on the page of sources, by a figure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone, translation

from aurora.console import present, present_sources
from aurora.identity.models import Operator
from aurora.outbound.mutual import ClientTls, TlsUnusable
from aurora.sources import certificates
from aurora.sources.models import DataSource
from aurora.telemetry import figures
from consent.models import Agency
from tests.console.officials import official
from tests.support import authority
from tests.support.cast import Cast
from tests.support.evaluators import NOW

SERVER = {"security_server": "https://ss1.aurora.example", "client": "FI/GOV/1-1/aurora", "service": "FI/GOV/2-2/tax/data"}
PAGE = "/en/console/sources/"


def lasting(days: int, *names: str) -> str:
    """A certificate for each name, in one file; the first lasts so many days from now and half an hour, the rest a year more."""
    until = timezone.now() + timedelta(days=days, minutes=30) - NOW
    made = [
        authority.make(name, days=(-9999, until / timedelta(days=1) + 365 * bool(n)))  # type: ignore[arg-type]
        for n, name in enumerate(names or ("Aurora",))
    ]
    return "".join(one.pem for one in made)


@dataclass
class Behind:
    """A source behind a security server, and the folder of our files."""

    code: str
    folder: Path

    def figure(self) -> float | None:
        found = [s for m in figures._certificates(timezone.now()) for s in m.samples if s.labels == {"source": self.code}]
        return found[0].value if found else None

    def need(self, *pages: str) -> list[str]:
        with translation.override("en"):
            needs = present.overview(now=timezone.now(), opens=lambda name: name in (pages or ("sources",))).needs
        return [need.sentence for need in needs if "certificate" in need.sentence]

    def row(self) -> Any:
        return next(r for r in present_sources.sources(now=timezone.now(), may_retry=False).sources if r.code == self.code)


@pytest.fixture
def source(cast: Cast, tmp_path: Path, settings: Any) -> Iterator[Behind]:
    settings.AURORA_TLS_FOLDER = tmp_path
    code = f"t-{uuid4().hex}"
    agency = Agency.objects.create(code=code, name=dict.fromkeys(("fi", "sv", "en"), code), roles=[])
    declared = {"xroad": {**SERVER, "tls": {"certificate": "aurora.pem", "key": "aurora.key", "ca": "ca.pem"}}}
    made = DataSource.objects.create(
        agency=agency, connector="xroad", issuer="https://t.example", client_id="x", key_sealed=b"x", settings=declared
    )  # fmt: skip
    (tmp_path / "ca.pem").write_text(lasting(900, "Security server"))
    (tmp_path / "aurora.pem").write_text(lasting(400))
    yield Behind(code, tmp_path)
    made.delete()


def near(value: float | None, days: int) -> bool:
    return value is not None and abs(value - timedelta(days=days, minutes=30).total_seconds()) < 600


def test_a_certificate_that_lasts_is_a_figure_and_nobodys_trouble(source: Behind) -> None:
    assert near(source.figure(), 400) and source.need() == []
    assert not source.row().certificate_needs and source.row().certificate_ends_at > timezone.now() + timedelta(days=399)


@pytest.mark.parametrize("days", [29, 1, -3], ids=["in-29-days", "tomorrow", "three-days-ago"])
def test_thirty_days_before_the_end_it_is_told_and_after_it_too(source: Behind, days: int) -> None:
    (source.folder / "aurora.pem").write_text(lasting(days))
    assert near(source.figure(), days) if days > 0 else source.figure() == 0
    assert source.need() == ["1 certificate by which Aurora shows itself to a source runs out within 30 days, or cannot be read."]
    assert source.need("overview") == [], "for nobody who does not look after sources"
    with official(Operator.Role.OPERATIONS) as one:
        html = one.get(PAGE).content.decode()
    assert "certificate for it lasts until" in html and "Renew the certificate" in html


def test_on_the_thirtieth_day_it_is_not_told_yet(source: Behind) -> None:
    (source.folder / "aurora.pem").write_text(lasting(30))
    assert source.need() == [] and not source.row().certificate_needs


def test_one_that_cannot_be_read_is_told_as_one_that_is_over(source: Behind) -> None:
    for spoil in (lambda: (source.folder / "aurora.pem").write_text("x"), (source.folder / "aurora.pem").unlink):
        spoil()
        assert source.figure() == 0 and len(source.need()) == 1
        with official(Operator.Role.OPERATIONS) as one:
            assert "The certificate cannot be read" in one.get(PAGE).content.decode()


def test_of_a_chain_the_first_end_counts_and_of_whom_we_believe_the_last(source: Behind) -> None:
    tls = ClientTls("aurora.pem", "aurora.key", "ca.pem")
    (source.folder / "aurora.pem").write_text(lasting(50, "Aurora", "Between"))
    assert _days(tls.ends_at()) == 50
    (source.folder / "ca.pem").write_text(lasting(20, "Former", "Present"))
    assert _days(tls.ends_at()) == 50, "another in that file is good for a year more"
    (source.folder / "ca.pem").write_text(lasting(20, "Former"))
    assert _days(tls.ends_at()) == 20 and _days(ClientTls("aurora.pem", "aurora.key").ends_at()) == 50
    for odd in ("../aurora.pem", "", "nothing.pem"):
        with pytest.raises(TlsUnusable):
            ClientTls(odd, "aurora.key").ends_at()


def _days(at: datetime) -> int:
    return (at - timezone.now()).days


def test_no_key_is_read_for_it_and_who_is_not_in_use_is_not_told_of(source: Behind) -> None:
    """The key is not in the folder at all: that of web and of the figures has none."""
    assert not (source.folder / "aurora.key").exists() and near(source.figure(), 400)
    DataSource.objects.filter(agency__code=source.code).update(active=False)
    assert source.figure() is None and source.code not in {one.source for one in certificates.shown()}
    rows = DataSource.objects.filter(agency__code=source.code)
    rows.update(active=True, settings={"xroad": SERVER})
    assert source.figure() is None and source.row().certificate_ends_at is None and not source.row().certificate_needs
