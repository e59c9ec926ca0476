"""Prepares an external PostgreSQL for Aurora: database, roles, schemas, rights. Safe to repeat."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandError

from aurora.database_url import DatabaseUrl, EnvError
from aurora.provision import APP, OWNER, ProvisionError, provision


class Command(BaseCommand):
    help = (
        "Creates Aurora's database, roles, schemas and rights on the server of --admin-url. Takes the database's name and the roles' "
        "passwords from DATABASE_URL (role aurora_app) and DATABASE_OWNER_URL (role aurora_owner): no password on a command line."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--admin-url", required=True, help="postgresql:// URL of a role that may create roles and databases")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            app = self._url("DATABASE_URL", APP)
            owner = self._url("DATABASE_OWNER_URL", OWNER)
            provision(options["admin_url"], database=app.name, app_password=app.password or None, owner_password=owner.password or None)
        except (EnvError, ProvisionError) as error:
            raise CommandError(str(error)) from None
        except psycopg.Error as error:
            raise CommandError(f"PostgreSQL refused: {error}") from None
        self.stdout.write(f"Database {app.name} is ready: {OWNER} owns it, {APP} uses it. Next: manage.py migrate")

    def _url(self, variable: str, role: str) -> DatabaseUrl:
        value = os.environ.get(variable, "")
        if not value:
            raise CommandError(f"set {variable} to the address that Aurora shall use, as the role {role}")
        url = DatabaseUrl.parse(value, variable)
        if url.user != role:
            raise CommandError(f"{variable} must connect as {role}, not as {url.user}")
        return url
