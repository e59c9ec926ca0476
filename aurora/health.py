"""Is the process there, and can it serve? For load balancers; says nothing else."""

from __future__ import annotations

from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from aurora.identity import keys
from consent.ledger import cosignatures


@require_safe
def alive(request: HttpRequest) -> HttpResponse:
    """200 while the process answers."""
    return HttpResponse("ok", content_type="text/plain; charset=utf-8")


@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """200 when database and cache answer, else 503 naming which does not. `alarms` names what an operator must look into: that stops no service.

    `keys`: a key-encryption key is out of reach. Keys that are open go on for five minutes, and no other web process would do better.
    """
    checks = {"database": _database, "cache": _cache}
    failed = [name for name, check in checks.items() if not check()]
    alarms = ["ledger"] if "database" not in failed and _ledger_alarm() else []
    if not keys.keks_answer():
        alarms.append("keys")
    return JsonResponse({"ready": not failed, "failed": failed, "alarms": alarms}, status=503 if failed else 200)


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return True
    except Exception:
        return False


def _ledger_alarm() -> bool:
    try:
        return cosignatures.unseen()
    except Exception:  # the database has gone meanwhile
        return False


def _cache() -> bool:
    try:
        cache.set("readyz", "1", 5)
        return True
    except Exception:
        return False
