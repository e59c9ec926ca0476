"""Where nobody wants traces nothing is traced, and the library is not even loaded; where they are wanted and cannot be, Aurora does not start."""

from __future__ import annotations

import os
import subprocess
import sys

from django.conf import settings

from aurora.telemetry import traces
from tests.support.services import ROOT

PROGRAM = """
import sys
class Without:
    def find_spec(self, name, *rest):
        if name.partition(".")[0] == "opentelemetry":
            raise ModuleNotFoundError(name, name=name)
if WITHOUT:
    sys.meta_path.insert(0, Without())
import django
django.setup()
from django.test import Client
from aurora.celery import app
from aurora.telemetry import traces
assert Client(headers={"host": "localhost"}).get("/healthz").status_code == 200
with traces.calling("tax-administration"), traces.request_out("GET") as step:
    step.also(status=200)
print([name for name in sys.modules if name.startswith(("opentelemetry.exporter", "opentelemetry.sdk.trace"))], traces.current() == "")
"""


def _run(*, without: bool, **more: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "DJANGO_SETTINGS_MODULE": "aurora.settings", **more}
    program = PROGRAM.replace("WITHOUT", repr(without))
    return subprocess.run([sys.executable, "-c", program], env=environ, cwd=ROOT, check=False, capture_output=True, text=True)


def test_off_nothing_is_traced_nor_loaded() -> None:
    assert settings.AURORA_TRACES is False
    for without in (True, False):  # redis, where it finds the library, imports parts of it for meters that nobody switches on
        done = _run(without=without)
        assert (done.returncode, done.stdout.split()) == (0, ["[]", "True"]), done.stderr
    assert traces.step("a") is traces.step("b", "server", alone=True) is traces.request_out("GET")


def test_switched_on_without_the_packages_it_says_what_to_install() -> None:
    done = _run(without=True, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9")
    assert done.returncode == 1 and "pip install --require-hashes -r requirements-otel.txt" in done.stderr
    assert (ROOT / "requirements-otel.txt").exists()
