"""Units, image and compose file hold to what docs/operations/install.md promises of them: rights, secrets, networks, hardening."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.services import ROOT

DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
OURS = {name: one for name, one in COMPOSE["services"].items() if one["image"] == "aurora"}
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
IMAGE = re.compile(r"[a-z0-9-]+(/[a-z0-9-]+)?(:[\w.-]+)?")  # a first part with a dot would be a registry's host


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_a_unit_s_exposure_is_small(unit: Path) -> None:
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--threshold=20", str(unit)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-400:]
    (level,) = re.findall(r"Overall exposure level for .*: ([\d.]+)", done.stdout)
    assert 0 < float(level) <= 2.0


def test_systemd_understands_every_line(tmp_path: Path) -> None:
    for unit in UNITS:
        text = unit.read_text().replace("/opt/aurora/.venv", str(ROOT / ".venv")).replace("file:/opt/aurora", f"file:{ROOT}")
        (tmp_path / unit.name).write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(str(tmp_path / unit.name) for unit in UNITS)],
        capture_output=True,
        text=True,
        check=False,
    )
    ours = [line for line in (done.stdout + done.stderr).splitlines() if "aurora-" in line]
    assert ours == [] and done.returncode == 0, done.stderr


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_only_who_needs_the_owner_s_password_has_it(unit: Path) -> None:
    has = "owner.env" in unit.read_text()
    assert has == (unit.stem in ("aurora-sequencer", "aurora-migrate", "aurora-backup"))


def test_commands_of_units_exist() -> None:
    known = {
        file.stem
        for folder in (ROOT / "aurora", ROOT / "consent", ROOT / "consent/ledger")
        for file in (folder / "management/commands").glob("*.py")
    }
    for unit in SERVICES:
        for command in re.findall(r"manage\.py (\w+)", unit.read_text()):
            assert command in known, (unit.name, command)


def test_only_web_and_metrics_are_published_and_only_on_loopback() -> None:
    published = {name: one["ports"] for name, one in COMPOSE["services"].items() if "ports" in one}
    assert published == {"web": ["127.0.0.1:8000:8000"], "metrics": ["127.0.0.1:9464:9464"]}
    assert COMPOSE["networks"]["inside"]["internal"] is True
    assert {name for name, one in COMPOSE["services"].items() if "outside" in one["networks"]} == {"web", "worker", "metrics"}


def test_the_owner_s_and_the_administrator_s_passwords_are_with_few() -> None:
    having = {
        secret: {name for name, one in COMPOSE["services"].items() if secret in one.get("secrets", [])} for secret in COMPOSE["secrets"]
    }
    assert having["database_admin"] == {"database", "provision"}
    assert having["database_owner_url"] == {"provision", "migrate", "sequencer"}
    assert having["ledger_ed25519"] == having["ledger_mldsa44"] == {"migrate", "sequencer"}
    assert all(having.values()), "each is used"
    named = set(re.findall(r"/run/secrets/(\w+)", (DEPLOY / "compose.yaml").read_text()))
    assert named == set(COMPOSE["secrets"])


def test_each_container_is_bounded_and_can_change_nothing_but_its_volumes() -> None:
    for name, one in COMPOSE["services"].items():
        assert {"cpus", "memory", "pids"} <= set(one["deploy"]["resources"]["limits"]), name
        assert "no-new-privileges:true" in one["security_opt"] and "privileged" not in one, name
        assert IMAGE.fullmatch(one["image"]), name
    for name, one in OURS.items():
        assert one["read_only"] is True and one["cap_drop"] == ["ALL"] and one["user"] == "10001:10001", name
        assert "AURORA_SANDBOX" not in one["environment"], name
        assert one["restart"] == ("no" if name in ("provision", "migrate") else "unless-stopped"), name
    for name in ("web", "worker", "beat", "sequencer"):
        assert OURS[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully" and "healthcheck" not in OURS[name], (
            name
        )
        assert OURS[name]["command"] == [name] and "stop_grace_period" in OURS[name]
    assert OURS["beat"]["deploy"]["replicas"] == OURS["sequencer"]["deploy"]["replicas"] == 1


def test_no_password_stands_in_the_file() -> None:
    text = (DEPLOY / "compose.yaml").read_text()
    assert not re.findall(r"://\w+:[^@\s]+@", text) and "PASSWORD:" not in text


def test_the_image_is_built_by_hashes_and_runs_as_nobody() -> None:
    stages = re.findall(r"^FROM (\S+)", DOCKERFILE, flags=re.MULTILINE)
    assert stages == ["python:3.11-slim-bookworm"] * 2 and all(IMAGE.fullmatch(one) for one in stages)
    final = DOCKERFILE.rsplit("\nFROM ", 1)[1]
    assert "--require-hashes" in DOCKERFILE and "USER 10001:10001" in final and "HEALTHCHECK" in final
    assert not re.search(r"build-essential|gcc|git\b|curl", final)
    for source in re.findall(r"^COPY (?!--from)(\S+)", DOCKERFILE, flags=re.MULTILINE):
        assert (ROOT / source).exists(), source
    kept = (DEPLOY / "Dockerfile.dockerignore").read_text().split()
    assert kept[0] == "*" and {"!aurora", "!consent", "!recommender", "!manage.py", "!requirements.txt"} <= set(kept)
