"""`manage.py end_sessions`: sign somebody out everywhere, or everybody: when an account, a key or a store was known to others."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from aurora.identity import citizens, own_sessions
from aurora.identity.models import Citizen, Operator


class Command(BaseCommand):
    help = "End all sessions of a citizen, of an operator, or of everybody."

    def add_arguments(self, parser: ArgumentParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--citizen", type=UUID, metavar="ID", help="a citizen, by their id here")
        which.add_argument("--operator", metavar="NAME", help="an operator, by their user name")
        which.add_argument("--everybody", action="store_true", help="citizens and operators")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["everybody"]:
            ended = own_sessions.end_everyones()
        elif options["citizen"]:
            try:
                citizens.end_sessions(citizen_id=options["citizen"])
            except Citizen.DoesNotExist:
                raise CommandError("There is no citizen of that id.") from None
            ended = own_sessions.end_others(options["citizen"])
        else:
            operator = Operator.objects.filter(username=options["operator"]).first()
            if operator is None:
                raise CommandError("There is no operator of that name.")
            ended = own_sessions.end_others(operator.pk)
        self.stdout.write(f"{ended} sessions ended.")
