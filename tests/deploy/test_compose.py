"""Without a container engine: what the Dockerfile puts into the image, with the settings, secrets and commands that the compose file gives each service."""

from __future__ import annotations

import base64
import json
import re
import secrets
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from aurora.embedded import forget, provide, state_folder
from aurora.keyfiles import new_es256
from tests.support import migrated
from tests.support.begun import begun
from tests.support.services import ROOT
from tests.support.stack import wait_for

COMPOSE: dict[str, Any] = yaml.safe_load(
    (ROOT / "deploy/compose.yaml")
    .read_text()
    .replace("${AURORA_BASE_URL:?the public https address}", "https://aurora.example")
    .replace("${AURORA_JURISDICTION:-EU}", "FI")
)
OURS = {name: one for name, one in COMPOSE["services"].items() if one["image"] == "aurora"}
STAY = ("web", "worker", "beat", "sequencer", "metrics")
AS_THE_PROXY = {"Host": "aurora.example", "X-Forwarded-Proto": "https"}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


@dataclass
class Image:
    """What is at /opt/aurora, and where a container's own places lie here."""

    root: Path
    places: dict[str, str]
    admin_url: str
    port: int = field(default_factory=_free_port)
    metrics: int = field(default_factory=_free_port)

    def environ(self, name: str) -> dict[str, str]:
        """As the service has it: nothing of ours but the way to Python."""
        found = {
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "HOME": "/tmp",
            "AURORA_LOG_FORMAT": "json",
            "PORT": str(self.port),
        }
        found |= {"AURORA_STATE_DIR": "/var/lib/aurora"} | OURS[name]["environment"]
        places = dict(self.places)
        if not [one for one in OURS[name].get("volumes", ()) if one.endswith(":/var/lib/aurora")]:
            places["/var/lib/aurora"] = str(self.root.parent / f"of-{name}-alone")
        for place, here in sorted(places.items(), reverse=True):  # /var/lib/aurora-head before /var/lib/aurora
            found = {key: re.sub(rf"^{place}(?=/|$)", here, value) for key, value in found.items()}
        return {key: value.replace("0.0.0.0:9464", f"127.0.0.1:{self.metrics}") for key, value in found.items()}

    def command(self, name: str) -> list[str]:
        words = [self.admin_url if word.startswith("postgresql://") else word for word in OURS[name]["command"]]
        return [str(self.root / "entry.sh"), *words]


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Image]:
    folder = tmp_path_factory.mktemp("image")
    root, text = folder / "opt", (ROOT / "deploy/Dockerfile").read_text()
    root.mkdir()
    for source, target in re.findall(r"^COPY (\S+) /opt/aurora/(\S*)$", text, flags=re.MULTILINE):
        to = root / (target or source)
        ignore = shutil.ignore_patterns("node_modules")
        shutil.copytree(ROOT / source, to, ignore=ignore) if (ROOT / source).is_dir() else shutil.copy2(ROOT / source, to)
    removed = re.findall(r"/opt/aurora/(aurora/\S+)", re.findall(r"^RUN rm -rf (.+)", text, flags=re.MULTILINE)[0])
    assert removed == ["aurora/ui/frontend", "aurora/sandbox"]
    for one in removed:
        shutil.rmtree(root / one)
    services = state_folder(folder / "services")
    migrated.place(services)
    with provide(services, {}, durable=False) as there:
        places = {
            place: str(folder / place.strip("/").replace("/", "-"))
            for place in ("/run/secrets", "/var/lib/aurora", "/var/lib/aurora-head", "/run/aurora-metrics")
        }
        for place in places.values():
            Path(place).mkdir(mode=0o711)
        urls = {
            "database_url": there.database_url,
            "database_owner_url": there.owner_url,
            "broker_url": there.broker_url,
            "cache_url": there.cache_url,
        }
        for name in COMPOSE["secrets"]:
            key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")
            made = urls.get(name) or (json.dumps(new_es256()) if name == "signing" else key)
            (Path(places["/run/secrets"]) / name).touch(mode=0o600)
            (Path(places["/run/secrets"]) / name).write_text(made + "\n")
        yield Image(root, places, there.admin_url or "")
    forget(services)


def _running(image: Image, name: str, log: Path) -> AbstractContextManager[subprocess.Popen[bytes]]:
    return begun(image.command(name), image.environ(name), log, folder=Path("/"))


def _well(image: Image, name: str) -> bool:
    if name != "metrics":
        # In a container the entry finds by itself what process 1 is.
        check = [sys.executable, "manage.py", "healthy", name, "--port", str(image.port)]
        return subprocess.run(check, env=image.environ(name), cwd=image.root, check=False, capture_output=True).returncode == 0
    try:
        return "aurora_up" in httpx.get(f"http://127.0.0.1:{image.metrics}/metrics", trust_env=False, timeout=60).text
    except httpx.TransportError:
        return False


def test_every_service_of_the_compose_file_starts_and_is_well(image: Image, tmp_path: Path) -> None:
    assert set(OURS) == {"provision", "migrate", *STAY}
    for name in ("provision", "migrate"):
        with _running(image, name, tmp_path / name) as process:
            assert process.wait(600) == 0, (name, (tmp_path / name).read_text()[-3000:])
    with ExitStack() as stack:
        running = {name: stack.enter_context(_running(image, name, tmp_path / name)) for name in STAY}

        def all_are_well() -> bool:
            for name, process in running.items():
                assert process.poll() is None, (name, (tmp_path / name).read_text()[-3000:])
            return all(_well(image, name) for name in STAY)

        wait_for(all_are_well, "all to be well", within=180)
        answer = httpx.get(f"http://127.0.0.1:{image.port}/readyz", headers=AS_THE_PROXY, trust_env=False, timeout=60)
        assert (answer.status_code, answer.json()) == (200, {"ready": True, "failed": [], "alarms": []})
        page = httpx.get(f"http://127.0.0.1:{image.port}/fi/", headers=AS_THE_PROXY, trust_env=False, timeout=60)
        assert page.status_code == 200 and "<main" in page.text
        for process in running.values():
            process.terminate()
        assert {name: process.wait(180) for name, process in running.items()} == dict.fromkeys(STAY, 0)
    head = Path(image.places["/var/lib/aurora-head"]) / "ledger-head"
    assert head.exists() and not (Path(image.places["/var/lib/aurora"]) / "keys").exists(), (
        "keys are secrets, and none is made in the volume"
    )
