"""docs/agency/evaluators.md, done as it says: its commands make key, signature and package, and Aurora takes them."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

from django.utils import timezone

from aurora.journeys import onboard_evaluator
from recommender.evaluators import certificates, examine, signature
from recommender.evaluators.package import read
from recommender.models import EvaluatorOwner
from tests.support import evaluators, owners
from tests.support.cast import OFFICE, Cast
from tests.support.stack import ROOT

GUIDE = (ROOT / "docs" / "agency" / "evaluators.md").read_text(encoding="utf-8")


def commands(word: str) -> str:
    """The block of the guide that has this word, without what installs."""
    [block] = [b for b in re.findall(r"^ *```\n(.*?)^ *```", GUIDE, re.MULTILINE | re.DOTALL) if word in b]
    return "\n".join(line.strip() for line in block.splitlines() if "pip install" not in line)


def done(block: str, folder: Path) -> str:
    environ = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(folder)}
    made = subprocess.run(["bash", "-e", "-c", block], cwd=folder, env=environ, capture_output=True, text=True, timeout=600, check=False)
    assert made.returncode == 0, made.stderr
    return made.stdout


def test_who_follows_the_guide_registers_a_model(cast: Cast, tmp_path: Path) -> None:
    document = owners.contract()
    package = tmp_path / "package"
    (package / "models").mkdir(parents=True)
    (package / "contract.json").write_text(json.dumps(document))
    (package / "vectors.json").write_text(json.dumps(evaluators.vectors()))
    (package / "models" / "infection.onnx").write_bytes(evaluators.model())
    done(commands("-pubout"), tmp_path)
    milla, sven = owners.steward("milla"), owners.steward("sven")
    try:
        given = {"agency_code": OFFICE, "public_key": (tmp_path / "key.pub.pem").read_text(), "reason": "Contract 8"}
        asked = onboard_evaluator.ask_key(operator=milla, now=timezone.now(), **given)
        onboard_evaluator.approve_key(operator=sven, key_id=asked.pk, now=timezone.now())
    finally:
        milla.delete()
        sven.delete()
    assert EvaluatorOwner.objects.get(pk=asked.pk).key_sha256 in done(commands("dgst -sha256"), tmp_path)
    done(commands("sign key"), tmp_path)
    body = owners.form((tmp_path / "package.zip").read_bytes(), (tmp_path / "signature.json").read_bytes())
    answer = owners.send(cast, owners.own_token(cast), body)
    assert answer.status_code == 201, answer.content
    assert answer.json()["identifier"] == document["identifier"]


def test_who_follows_the_guide_signs_by_a_certificate(tmp_path: Path) -> None:
    content = evaluators.package()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(tmp_path / "package")
    done(commands("sign certificate"), tmp_path)
    anchor, now, found = (tmp_path / "root.pem").read_text(), timezone.now(), read(content)
    subject = done("openssl x509 -in sign.pem -noout -subject -nameopt RFC2253", tmp_path).removeprefix("subject=")
    for name in ("dns:models.hospital.example", f"subject:{subject}"):
        trust = signature.Trust(anchor=certificates.anchor(anchor, now).pem, identity=certificates.identity(name), at=now)
        examine.verify(found.contents, found.files, (tmp_path / "signature.json").read_bytes(), trust)
    told = done("openssl x509 -in root.pem -noout -fingerprint -sha256", tmp_path).strip().rpartition("=")[2]
    assert told.replace(":", "").lower() == certificates.shown(anchor).sha256


def test_the_guide_names_what_there_is() -> None:
    states = re.findall(r"^\| `(\w+)` \|", GUIDE, re.MULTILINE)
    assert sorted(states) == sorted(["registered", "asked", "released", "declined", "retired"])
    requirements = (ROOT / "requirements.in").read_text() + (ROOT / "requirements-dev.in").read_text()
    for name, version in re.findall(r"([A-Za-z-]+)==([\d.]+)", GUIDE):
        assert f"{name.lower()}=={version}" in requirements.lower(), name
