"""Alerts ask for metrics that there are, each has its section in the runbook, and pages name commands and files that there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests.support.services import ROOT

PAGES = ROOT / "docs/operations"
RULES = [rule for group in yaml.safe_load((ROOT / "deploy/alerts.yaml").read_text())["groups"] for rule in group["rules"]]
CODE = (ROOT / "aurora/telemetry/metrics.py").read_text() + (ROOT / "aurora/telemetry/figures.py").read_text()
NAMES = set(re.findall(r'"(aurora_[a-z_]+)"', CODE))
LABELS = {"le"} | {label for found in re.findall(r"\[((?:\"[a-z]+\"(?:, )?)+)\]", CODE) for label in re.findall(r'"([a-z]+)"', found)}
FUNCTIONS = {"sum", "rate", "absent", "max", "by", "and", "histogram_quantile"}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_asks_for_metrics_that_there_are_and_has_a_section(rule: dict[str, str]) -> None:
    for name in re.findall(r"\baurora_[a-z_]+", rule["expr"]):
        assert re.sub(r"_(total|bucket|count)$", "", name) in NAMES | {"aurora_broker_messages"}, name
    labels = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)\"", rule["expr"])) | {
        one for found in re.findall(r"by \(([\w, ]+)\)", rule["expr"]) for one in found.split(", ")
    }
    assert labels <= LABELS
    assert f"## {rule['alert']}\n" in (PAGES / "runbook.md").read_text()
    assert rule["labels"]["severity"] in ("page", "ticket")  # type: ignore[index]


def test_the_runbook_has_no_section_of_an_alert_that_is_gone() -> None:
    told = set(re.findall(r"^## (Aurora\w+)$", (PAGES / "runbook.md").read_text(), flags=re.MULTILINE))
    assert told == {rule["alert"] for rule in RULES}


def test_every_metric_stands_in_the_table() -> None:
    text = (PAGES / "telemetry.md").read_text()
    for name in NAMES:
        short = name.removeprefix("aurora_ledger").removeprefix("aurora_database_connections")
        assert name in text or f"`{short}`" in text, name


def test_the_index_names_every_page_and_links_lead_somewhere() -> None:
    index = (PAGES / "README.md").read_text()
    for page in PAGES.glob("*.md"):
        assert page.name == "README.md" or f"({page.name})" in index, page.name
    for page in ("README", "runbook", "install", "backup", "telemetry", "migrations"):
        for target in re.findall(r"\]\(([^)#]+)", (PAGES / f"{page}.md").read_text()):
            assert (PAGES / target).exists(), (page, target)


def test_commands_that_pages_name_exist() -> None:
    known = {file.stem for name in ("aurora", "consent") for file in (ROOT / name).rglob("management/commands/*.py")} | {"shell", "healthy"}
    for page in ("runbook", "install", "backup", "telemetry", "migrations"):
        for command in re.findall(r"manage\.py (\w+)", Path(PAGES / f"{page}.md").read_text()):
            assert command in known, (page, command)
