"""A model's next step: one steward asks, another agrees. Each shows the code of their own authenticator."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from aurora.journeys import model_operations
from aurora.management import stewards
from recommender.models import ModelMove


class Command(BaseCommand):
    help = "Ask for a model's next step (shadow, challenger, champion), or agree to the step that somebody else has asked for."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("model", help="its id, or the beginning of its hash")
        parser.add_argument("--agree", action="store_true", help="agree to what another steward has asked for")
        parser.add_argument("--share", type=float, default=0.0, help="of the citizens, for a challenger: above 0 and at most 0.5")
        parser.add_argument("--change-share", action="store_true", help="it stays challenger, with another share")
        stewards.add_arguments(parser)

    def handle(self, *args: Any, model: str, **options: Any) -> None:
        found, now = stewards.model(model), timezone.now()
        operator = stewards.steward(options["operator"], options["code"])
        with stewards.refusals():
            if options["agree"]:
                move = model_operations.agree(operator=operator, move_id=_asked(found.pk), now=now)
            else:
                how = {"share": options["share"], "change_share": options["change_share"]}
                move = model_operations.ask(operator=operator, model_id=found.pk, now=now, **how)
        after = f"{move.after} for {move.share:.0%} of the citizens" if move.share else move.after
        told = f"is {after}" if options["agree"] else f"waits for another steward to agree that it becomes {after}"
        self.stdout.write(f"Model {found.sha256} {told}.")


def _asked(model_id: Any) -> Any:
    move = ModelMove.objects.filter(model_id=model_id, state=ModelMove.State.ASKED).first()
    if move is None:
        raise CommandError("Nothing has been asked for.")
    return move.pk
