"""`manage.py monitor`: reports on the models that serve, if there is a dataset that has none yet. Prints the alarms of the newest ones."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from aurora.journeys import monitor
from recommender.errors import ModelRefused
from recommender.monitoring.alarms import Alarm


class Command(BaseCommand):
    help = "Watch the models that serve, on the newest dataset. May be repeated: a dataset is looked at once a model."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made = monitor.monitor(now=timezone.now())
        except ModelRefused as error:
            raise CommandError(str(error)) from None
        if not made:
            self.stdout.write("Nothing new to look at: no dataset is ready, or the newest has its reports.")
        for row in made:
            people = row.content["people"]
            self.stdout.write(
                f"{row.role} {row.model_sha256[:16]}, data until {row.day}: {people or 'fewer than 10'} people, {row.alarms} alarms"
            )
            for alarm in row.content["alarms"]:
                self.stdout.write(f"  {Alarm(**alarm).sentence}")
