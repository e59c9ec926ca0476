"""Puts the shipped services into use: `manage.py load_catalogue`, after `migrate`. Imported services stay as they are."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from recommender.catalogue import catalogue, store
from recommender.errors import RecommenderError


class Command(BaseCommand):
    help = "Record the shipped services and put them into use. Loading again changes nothing; a service that is shipped no more is retired."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--index", action="store_true", help="make search's index anew, as after an upgrade that changed it")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with transaction.atomic():
                store.lock()
                before = store.current_version()
                services = store.replaced("house", catalogue().values(), whole=True)
                used = store.use(services, why="the shipped services", now=timezone.now())
                if options["index"]:
                    store.index_anew()
        except RecommenderError as error:
            raise CommandError(error.sentence) from None
        changed = "is in use" if before != used.version else "was in use already"
        self.stdout.write(f"The catalogue {used.version[:16]} of {len(used)} services {changed}.")
