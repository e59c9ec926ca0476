"""The witness over HTTP (C2SP tlog-witness): cosigns a checkpoint, or says why not."""

from __future__ import annotations

import logging
import re
import time
from functools import cache

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from aurora.sandbox import runtime
from aurora.sandbox.config import Witnessing
from aurora.sandbox.witness import notes, trees
from aurora.sandbox.witness.keys import LOG_ED25519, Cosigner, LogKey, cosigner, log_key
from aurora.sandbox.witness.memory import Memory, Seen
from aurora.sandbox.witness.notes import Malformed, Shown

log = logging.getLogger("aurora.sandbox")
SIZE_TYPE = "text/x.tlog.size"


@csrf_exempt
@require_POST
def add_checkpoint(request: HttpRequest) -> HttpResponse:
    """Check, keep, answer: in this order."""
    length = request.META.get("CONTENT_LENGTH", "")
    if not length.isdigit():
        return _said(411, "how long is it?")
    if int(length) > notes.LARGEST:
        return _said(413, "too large")
    try:
        shown = notes.read(request.body)
    except Malformed as error:
        return _said(400, str(error))
    keys = [key for key in _keys() if key.name == shown.origin]
    if not keys:
        return _said(404, "a log that is not watched here")
    if not _signed(shown, keys):
        return _said(403, "not signed by this log")
    if shown.old > shown.size:
        return _said(400, "the old size is larger than the new")
    with memory().of(shown.origin) as last:
        return _judge(shown, last)


def _judge(shown: Shown, last: Seen) -> HttpResponse:
    if shown.old != last.size:
        return HttpResponse(f"{last.size}\n", status=409, content_type=SIZE_TYPE)
    if not _consistent(shown, last):
        log.warning("a tree of %d leaves does not extend the one of %d that was cosigned", shown.size, last.size)
        return _said(422, "the tree does not extend the one that was cosigned last")
    # A clock that was set back must not make an older statement look newer.
    at = max(int(time.time()), last.time, 1)
    line = cosigning().line(shown.text, at)
    memory().keep(shown.origin, Seen(shown.size, shown.root.hex(), at, shown.note + line))
    return HttpResponse(line, content_type="text/plain; charset=utf-8")


@require_safe
def checkpoint(request: HttpRequest, origin_digest: str) -> HttpResponse:
    """What was cosigned last of a log, for who wants to compare."""
    found = memory().published(origin_digest) if re.fullmatch("[0-9a-f]{64}", origin_digest) else ""
    return HttpResponse(found, content_type="text/plain; charset=utf-8") if found else _said(404, "nothing cosigned of this log")


@require_safe
def key(request: HttpRequest) -> HttpResponse:
    """This witness's verifier key."""
    return HttpResponse(f"{cosigning().vkey}\n", content_type="text/plain; charset=utf-8")


def _signed(shown: Shown, keys: list[LogKey]) -> bool:
    """Its Ed25519 key did, and none of the lines that claim to be the log's is wrong.

    An ML-DSA line alone is not enough: it covers size and root (tlog-cosignature), not the text, and a stranger could have lines of their own
    cosigned under it.
    """
    by = {(one.name, one.key_id): one for one in keys}
    lines = [(by[name, key_id], signature) for name, key_id, signature in shown.signatures if (name, key_id) in by]
    held = all(one.signed(signature, shown.text.encode(), shown.size, shown.root) for one, signature in lines)
    return held and any(one.kind == LOG_ED25519 for one, _ in lines)


def _consistent(shown: Shown, last: Seen) -> bool:
    if shown.size == 0 and shown.root != trees.EMPTY:
        return False
    if shown.old == 0:
        return not shown.proof
    return trees.extends(old=shown.old, old_root=bytes.fromhex(last.root), new=shown.size, new_root=shown.root, proof=shown.proof)


def _settings() -> Witnessing:
    found = runtime.current().config.witnessing
    if found is None:
        raise RuntimeError("this process is no witness")
    return found


@cache
def cosigning() -> Cosigner:
    return cosigner(_settings().name, _settings().seed)


@cache
def memory() -> Memory:
    return Memory(runtime.current().state / "seen")


@cache
def _keys() -> tuple[LogKey, ...]:
    return tuple(log_key(vkey) for vkey in _settings().logs)


def _said(status: int, words: str) -> HttpResponse:
    return HttpResponse(f"{words}\n", status=status, content_type="text/plain; charset=utf-8")
