"""Writes into the database what the sandbox's provisioning says: agencies, the e-ID, sources, clients, operators, owners of models. Idempotent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.contrib.auth.hashers import check_password, make_password
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from aurora.identity import eid, keys, totp
from aurora.identity.models import IdentityProvider, Operator
from aurora.journeys import onboard_evaluator
from aurora.management.commands import load_sources
from consent import agencies
from consent.models import Agency
from consent.oauth import clients
from consent.rules import AURORA
from recommender.models import EvaluatorOwner

Role = Agency.Role


class Command(BaseCommand):
    help = "Seed agencies, e-ID, sources, clients and operators from a JSON file (see aurora/sandbox/provision.py)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--config", type=Path, required=True, help='{"eid", "sources", "agencies", "operators", "model_owners"}')

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
        call_command("load_catalogue", stdout=self.stdout)
        _eid(wanted["eid"])
        for code, source in wanted["sources"].items():
            _source(code, source)
        for client in wanted["agencies"]:
            _client(client)
        for operator in wanted.get("operators", []):
            _operator(operator)
        for owner in wanted.get("model_owners", []):
            _model_owner(owner)
        for source in wanted.get("correctors", []):
            _corrector(source)


def _agency(code: str, name: dict[str, str], roles: list[Role]) -> Agency:
    """Roles that it has come to since stay."""
    agency, _ = Agency.objects.update_or_create(code=code, defaults={"name": name})
    for role in roles:
        agencies.give_role(code=code, role=role)
    return agency


def _eid(wanted: dict[str, Any]) -> None:
    issuer = wanted["issuer"]
    IdentityProvider.objects.exclude(issuer=issuer).update(active=False)
    sealed = keys.seal_for_platform(json.dumps(wanted["private_jwk"]).encode(), context=eid.key_context(issuer))
    IdentityProvider.objects.update_or_create(
        issuer=issuer, defaults={"client_id": wanted["client_id"], "key_sealed": sealed, "active": True}
    )


def _source(code: str, wanted: dict[str, Any]) -> None:
    """In the format of `manage.py load_sources`: what the sandbox says beside (its name, our redirect URI) is not a source's to declare."""
    known = ("connector", "issuer", "client_id", "private_jwk", "settings")
    doc = {"agency": code, **{name: wanted[name] for name in known if name in wanted}}
    # How it is asked is its connector's; how often, ours.
    load_sources.load({**doc, "settings": {**doc.get("settings", {}), "freshness": wanted["freshness"]}} if "freshness" in wanted else doc)


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
            for name in ("redirect_uris", "jwks", "jwks_uri", "notice_uri", "usage_uri", "resource", "rotate_refresh", "dpop_nonce")
            if name in wanted
        },
    )


def _model_owner(wanted: dict[str, Any]) -> None:
    """Its client, which acts in its own name only, and its signing key, asked for by one of the two model stewards and approved by the other."""
    agency = Agency.objects.get(code=wanted["code"])
    clients.register(
        client_id=wanted["client_id"],
        agency=agency,
        name=wanted["service"],
        jwks=wanted["jwks"],
        redirect_uris=[],
        purposes=[],
        categories=[],
    )
    stewards = Operator.objects.filter(is_active=True, roles__contains=[Operator.Role.MODEL_STEWARD]).order_by("username")[:2]
    # A key that was declined, replaced or revoked since is not let in again by a restart.
    known = EvaluatorOwner.objects.filter(agency=agency.code, public_key=wanted["signing_key"]).exists()
    # A house without two of them lets no key in: nobody may do both.
    if known or len(stewards) < 2:
        return
    now, reason = timezone.now(), "The sandbox's own key."
    asked = onboard_evaluator.ask_key(
        operator=stewards[0], agency_code=agency.code, public_key=wanted["signing_key"], reason=reason, now=now
    )
    onboard_evaluator.approve_key(operator=stewards[1], key_id=asked.pk, now=now)


def _corrector(wanted: dict[str, Any]) -> None:
    """A source's own client, by which it reads and answers requests for correction: it asks citizens for nothing."""
    clients.register(
        client_id=wanted["client_id"], agency=Agency.objects.get(code=wanted["code"]), name=wanted["name"], jwks=wanted["jwks"],
        redirect_uris=[], purposes=[], categories=[],
    )  # fmt: skip


def _operator(wanted: dict[str, Any]) -> None:
    operator = Operator.objects.filter(username=wanted["username"]).first() or Operator(username=wanted["username"])
    operator.name, operator.roles = wanted["name"], wanted["roles"]
    if digest := wanted.get("password_digest"):
        operator.password = digest
    elif not operator.password or not check_password(wanted["password"], operator.password):
        operator.password = make_password(wanted["password"])
    operator.save()
    if wanted.get("totp_secret") and operator.totp_secret_sealed is None:
        totp.enrol(operator=operator, secret=totp.from_text(wanted["totp_secret"]))
