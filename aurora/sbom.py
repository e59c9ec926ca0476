"""What Aurora is made of: a CycloneDX 1.6 list of every package, with its hashes, read from the lock files alone.

    python -m aurora.sbom > sbom.cdx.json          what runs        python -m aurora.sbom --all        what builds and tests it, too

The same locks make the same list: a difference between two is a difference of packages (or of what an installed one says of its licence).
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import uuid
from base64 import b64decode
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RUNS = ("requirements.txt",)
BUILDS = ("requirements-dev.txt", "requirements-bench.txt", "requirements-cps.txt")
# What the page's style and script are built from; what stands in the built files is among it.
SCRIPTS = "aurora/ui/frontend/package-lock.json"
OTHERS = ("docs/agency/client/package-lock.json", "tests/interop/package-lock.json")
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s\\;]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_NAMESPACE = uuid.UUID("6f1f1d5e-3c55-4d0e-9f0b-0c5a2c1e7a10")


def document(*, everything: bool = False, root: Path = ROOT) -> dict[str, Any]:
    """The list. `everything`: with what only builds and tests."""
    files = [*RUNS, *(BUILDS if everything else ())]
    locks = [SCRIPTS, *(OTHERS if everything else ())]
    found = [one for name in files for one in _python(root / name, required=name in RUNS)]
    found += [one for name in locks for one in _node(root / name)]
    components = sorted({one["bom-ref"]: one for one in reversed(found)}.values(), key=lambda one: str(one["bom-ref"]))
    body = {"components": components}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(_NAMESPACE, json.dumps(body, sort_keys=True))}",
        "version": 1,
        "metadata": {"component": {"type": "application", "bom-ref": "aurora", "name": "aurora"}},
        **body,
    }


def _python(file: Path, *, required: bool) -> Iterator[dict[str, Any]]:
    """Of each pinned package one component; its hashes are those of all files that may be installed of it."""
    for block in re.split(r"\n(?=[A-Za-z0-9])", file.read_text(encoding="utf-8")):
        if pinned := _PINNED.match(block):
            name, version = pinned[1].lower().replace("_", "-"), pinned[2]
            hashes = [{"alg": "SHA-256", "content": digest} for digest in _HASH.findall(block)]
            yield _component(f"pkg:pypi/{name}@{version}", name, version, hashes, required=required, licence=_licence(name))


def _node(file: Path) -> Iterator[dict[str, Any]]:
    for place, entry in json.loads(file.read_text(encoding="utf-8"))["packages"].items():
        if not place or "version" not in entry:
            continue
        name = place.rpartition("node_modules/")[2]
        algorithm, _, digest = entry.get("integrity", "").partition("-")
        hashes = [{"alg": f"SHA-{algorithm.removeprefix('sha')}", "content": b64decode(digest).hex()}] if digest else []
        purl = f"pkg:npm/{name.replace('@', '%40')}@{entry['version']}"
        yield _component(purl, name, entry["version"], hashes, required=False, licence=str(entry.get("license", "")))


def _component(purl: str, name: str, version: str, hashes: list[dict[str, str]], *, required: bool, licence: str) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}
    found |= {"scope": "required" if required else "excluded", "hashes": hashes}
    return found | ({"licenses": [{"license": {"name": licence}}]} if licence else {})


def _licence(name: str) -> str:
    """What the installed package says of itself; "" where it is not installed or says nothing short."""
    try:
        told: Any = metadata.metadata(name)  # a message of e-mail's kind, which its type does not say
    except metadata.PackageNotFoundError:
        return ""
    short = told.get("License-Expression") or told.get("License") or ""
    classified = [line.rpartition(" :: ")[2] for line in told.get_all("Classifier", []) if line.startswith("License ::")]
    return short if short and len(short) <= 60 and "\n" not in short else ", ".join(classified)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m aurora.sbom", description="Write a CycloneDX list of what Aurora is made of.")
    parser.add_argument("--all", action="store_true", help="with what only builds and tests it")
    json.dump(document(everything=parser.parse_args().all), sys.stdout, indent=1)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
