"""Registers or changes a client from a JSON file: for who automates. One person's deed, and the history says that it was a command's.

{"client_id": "...", "reason": "...", and the members that `consent.oauth.client_form` names}
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from consent.errors import AuroraError, InvalidInput
from consent.models import Agency
from consent.oauth import client_form, onboarding, strict_json

_OPTIONAL = {"jwks": None, "jwks_uri": "", "notice_uri": "", "usage_uri": "", "resource": "", "rotate_refresh": False, "dpop_nonce": False}


class Command(BaseCommand):
    help = "Register an agency's client, or change it, from a JSON file (docs/operations/clients.md). Prints what changes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--file", type=Path, required=True)
        parser.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")

    def handle(self, *args: Any, file: Path, dry_run: bool, **options: Any) -> None:
        client_id, reason, content = _read(file)
        client = onboarding.client_of(client_id)
        before = client_form.content_of(client) if client else None
        if faults := client_form.faults_of(client_id, content, client):
            raise CommandError("\n".join(f"{field}: {sentence}" for field, sentence in faults.items()))
        if before == content:
            self.stdout.write(f"{client_id} is registered like this already.")
            return
        for name in client_form.FIELDS:
            if (before or {}).get(name) != content[name]:
                self.stdout.write(f"{name}: {json.dumps((before or {}).get(name))} -> {json.dumps(content[name])}")
        if dry_run:
            return
        try:
            onboarding.registered(client_id=client_id, content=content, reason=reason, now=timezone.now())
        except InvalidInput as error:
            raise CommandError("\n".join(f"{field}: {sentence}" for field, sentence in error.fields.items())) from None
        except AuroraError as error:
            raise CommandError(error.sentence) from None
        self.stdout.write(f"{client_id} is {'changed' if client else 'registered'}.")


def _read(file: Path) -> tuple[str, str, dict[str, Any]]:
    try:
        wanted = strict_json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CommandError(f"{file} cannot be read as JSON: {type(error).__name__}") from None
    if not isinstance(wanted, dict) or not all(isinstance(wanted.get(name), str) for name in ("client_id", "reason")):
        raise CommandError(f"{file} is to hold an object with client_id, reason and the client's members")
    client_id, reason = wanted.pop("client_id"), wanted.pop("reason")
    content = {**_OPTIONAL, **wanted}
    for name in ("purposes", "categories"):  # one order, so that a difference is one
        if isinstance(content.get(name), list) and all(isinstance(code, str) for code in content[name]):
            content[name] = sorted(set(content[name]))
    return client_id, reason, content | {"agency": _agency(content.get("agency"))}


def _agency(named: Any) -> Any:
    """Without the name that the agency has already: the file that made it may then be given again, with new keys too."""
    if not isinstance(named, dict) or set(named) != {"code", "name"} or not isinstance(named["code"], str):
        return named
    known = Agency.objects.filter(code=named["code"]).first()
    return {"code": named["code"]} if known and known.name == named["name"] else named
