"""Django's settings for a sandbox process: no database, no installed apps; what must last is in `store`."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import django
from django.conf import settings

from aurora.sandbox.config import EID, HEALTH, OFFICE, WITNESS
from aurora.sandbox.runtime import Runtime

HERE = Path(__file__).resolve().parent


def configure(runtime: Runtime) -> None:
    """Sets Django up for this process, from values: the environment's settings module plays no part."""
    kind = {EID: "eid", OFFICE: "office", WITNESS: "witness", HEALTH: "health"}.get(runtime.process, "agency")
    middleware = [
        # Sets Content-Length, without which a connection is not kept alive.
        "django.middleware.common.CommonMiddleware",
        "aurora.sandbox.pages.SecurityHeaders",
        "aurora.sandbox.browser.BrowserMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
    ]
    if kind in ("agency", "health"):
        middleware[2:2] = ["aurora.sandbox.agency.front.FrontMiddleware", "aurora.sandbox.agency.faults.FaultMiddleware"]
    settings.configure(
        DEBUG=False,
        SECRET_KEY=runtime.secret_key,
        ALLOWED_HOSTS=[urlsplit(runtime.base_url).hostname, "127.0.0.1", "localhost"],
        ROOT_URLCONF=f"aurora.sandbox.{kind}.urls",
        MIDDLEWARE=middleware,
        INSTALLED_APPS=[],
        DATABASES={},
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "DIRS": [HERE / "templates"],
                "OPTIONS": {"context_processors": ["django.template.context_processors.csrf"]},
            }
        ],
        APPEND_SLASH=False,
        USE_I18N=False,
        USE_TZ=True,
        CSRF_COOKIE_NAME=f"sandbox_{runtime.process}_csrf",
        CSRF_COOKIE_HTTPONLY=True,
        CSRF_COOKIE_SECURE=runtime.base_url.startswith("https:"),
        CSRF_TRUSTED_ORIGINS=[runtime.base_url] if runtime.base_url.startswith("https:") else [],
        CSRF_FAILURE_VIEW="aurora.sandbox.pages.csrf_failure",
        DATA_UPLOAD_MAX_MEMORY_SIZE=64 * 1024,
        DATA_UPLOAD_MAX_NUMBER_FIELDS=100,
        FILE_UPLOAD_HANDLERS=["django.core.files.uploadhandler.MemoryFileUploadHandler"],
        LOGGING_CONFIG=None,
    )
    django.setup()
