"""Writes into the database what the sandbox's provisioning says: agencies, the e-ID, sources, clients, operators. Idempotent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.contrib.auth.hashers import check_password, make_password
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from aurora.identity import eid, keys, totp
from aurora.identity.models import IdentityProvider, Operator
from aurora.sources import registry
from aurora.sources.models import DataSource
from consent.models import Agency
from consent.oauth import clients
from consent.rules import AURORA

Role = Agency.Role


class Command(BaseCommand):
    help = "Seed agencies, e-ID, sources, clients and operators from a JSON file (see aurora/sandbox/provision.py)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--config", type=Path, required=True, help='{"eid", "sources", "agencies", "operators"}')

    @transaction.atomic
    def handle(self, *args: Any, config: Path, **options: Any) -> None:
        try:
            wanted = json.loads(config.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CommandError(f"{config} cannot be read as JSON: {type(error).__name__}") from None
        _agency(AURORA, dict.fromkeys(("fi", "sv", "en"), "Aurora"), [Role.OPERATOR])
        for code, source in wanted["sources"].items():
            _agency(code, source["name"], [Role.DATA_SOURCE])
        call_command("load_vocabulary")
        _eid(wanted["eid"])
        for code, source in wanted["sources"].items():
            _source(code, source)
        for client in wanted["agencies"]:
            _client(client)
        for operator in wanted.get("operators", []):
            _operator(operator)


def _agency(code: str, name: dict[str, str], roles: list[Role]) -> Agency:
    agency, _ = Agency.objects.update_or_create(code=code, defaults={"name": name, "roles": roles})
    return agency


def _eid(wanted: dict[str, Any]) -> None:
    issuer = wanted["issuer"]
    IdentityProvider.objects.exclude(issuer=issuer).update(active=False)
    sealed = keys.seal_for_platform(json.dumps(wanted["private_jwk"]).encode(), context=eid.key_context(issuer))
    IdentityProvider.objects.update_or_create(
        issuer=issuer, defaults={"client_id": wanted["client_id"], "key_sealed": sealed, "active": True}
    )


def _source(code: str, wanted: dict[str, Any]) -> None:
    sealed = keys.seal_for_platform(json.dumps(wanted["private_jwk"]).encode(), context=registry.key_context(code))
    DataSource.objects.update_or_create(
        agency=Agency.objects.get(code=code),
        defaults={"issuer": wanted["issuer"], "client_id": wanted["client_id"], "key_sealed": sealed, "active": True},
    )


def _client(wanted: dict[str, Any]) -> None:
    agency = _agency(wanted["code"], wanted["name"], [Role.DATA_USER])
    clients.register(
        client_id=wanted["client_id"],
        agency=agency,
        name=wanted.get("service", wanted["name"]),
        purposes=wanted["purposes"],
        categories=wanted["categories"],
        **{
            name: wanted[name]
            for name in ("redirect_uris", "jwks", "jwks_uri", "notice_uri", "resource", "rotate_refresh", "dpop_nonce")
            if name in wanted
        },
    )


def _operator(wanted: dict[str, Any]) -> None:
    operator = Operator.objects.filter(username=wanted["username"]).first() or Operator(username=wanted["username"])
    operator.name, operator.roles = wanted["name"], wanted["roles"]
    if not check_password(wanted["password"], operator.password):
        operator.password = make_password(wanted["password"])
    operator.save()
    if wanted.get("totp_secret") and operator.totp_secret_sealed is None:
        totp.enrol(operator=operator, secret=totp.from_text(wanted["totp_secret"]))
