"""The list of what Aurora is made of is whole, says no more than the locks do, and comes out the same."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from aurora import sbom

ROOT = Path(__file__).resolve().parents[2]


def test_each_pinned_package_is_in_it_with_its_hashes() -> None:
    found = {one["purl"]: one for one in sbom.document(everything=True)["components"]}
    for name in ("requirements.txt", "requirements-dev.txt"):
        pinned = re.findall(r"^([A-Za-z0-9._-]+)==([^\s\\;]+)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE)
        assert len(pinned) > 50
        for package, version in pinned:
            one = found[f"pkg:pypi/{package.lower().replace('_', '-')}@{version}"]
            assert one["hashes"] and all(re.fullmatch("[0-9a-f]{64}", each["content"]) for each in one["hashes"])
    assert found["pkg:pypi/django@" + _version("django")]["scope"] == "required"
    assert [one for one in found if one.startswith("pkg:npm/govuk-frontend@")]


def _version(package: str) -> str:
    found = re.search(rf"^{package}==(\S+)", (ROOT / "requirements.txt").read_text(encoding="utf-8"), re.MULTILINE)
    assert found
    return found[1]


def test_what_runs_is_less_than_what_builds_it() -> None:
    runs, everything = (sbom.document(everything=which)["components"] for which in (False, True))
    names = {one["name"] for one in runs}
    assert "pytest" not in names and "django" in names and len(runs) < len(everything)


def test_a_package_that_is_not_in_the_lock_is_not_in_the_list_and_a_changed_one_changes_it(tmp_path: Path) -> None:
    lock = "left-out @ file:///x\nsome_thing==1.2 \\\n    --hash=sha256:%s\n    # via x\n" % ("a" * 64)
    (tmp_path / "aurora/ui/frontend").mkdir(parents=True)
    (tmp_path / sbom.SCRIPTS).write_text('{"packages": {"": {"version": "1"}}}')
    (tmp_path / "requirements.txt").write_text(lock)
    first = sbom.document(root=tmp_path)
    assert [one["purl"] for one in first["components"]] == ["pkg:pypi/some-thing@1.2"]
    (tmp_path / "requirements.txt").write_text(lock.replace("aaa", "bbb", 1))
    assert sbom.document(root=tmp_path)["serialNumber"] != first["serialNumber"]


def test_the_command_writes_the_same_twice_and_names_no_registry() -> None:
    runs = [
        subprocess.run([sys.executable, "-m", "aurora.sbom"], cwd=ROOT, capture_output=True, text=True, check=True).stdout for _ in range(2)
    ]
    assert runs[0] == runs[1] and "https:" not in runs[0]
    said = json.loads(runs[0])
    assert (said["bomFormat"], said["specVersion"]) == ("CycloneDX", "1.6")
    assert len({one["bom-ref"] for one in said["components"]}) == len(said["components"])


@pytest.mark.parametrize("field", ["type", "name", "version", "purl", "hashes", "scope"])
def test_each_component_says_what_it_is(field: str) -> None:
    assert all(field in one for one in sbom.document(everything=True)["components"])
