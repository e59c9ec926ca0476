"""`manage.py replay --by NAME ID...`: suggestions or evaluations that were shown, made again and compared bit for bit. Prints no value."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from aurora.journeys import replay, replay_evaluation
from consent.errors import NotFound
from recommender.errors import RecommenderError

LONGEST_NAME = 100


class Command(BaseCommand):
    help = "Make suggestions or evaluations again from their rows. Exit status 0: all the same; 1: something differs, is not there, or cannot be run now."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "ids", metavar="ID", nargs="+", type=UUID, help="A run of suggestions, or an evaluation: it stands in the citizen's log entry."
        )
        parser.add_argument("--by", required=True, help="Who you are, and why: the citizen reads it in their log.")

    def handle(self, *args: Any, **options: Any) -> None:
        by = options["by"].strip()
        if not 0 < len(by) <= LONGEST_NAME or not by.isprintable():
            raise CommandError(f"Say who you are in 1 to {LONGEST_NAME} letters.")
        same = [self._one(one, by) for one in options["ids"]]
        if not all(same):
            raise CommandError("Not everything came out the same.")

    def _one(self, found_id: UUID, by: str) -> bool:
        try:
            same, differences, since = _replayed(found_id, by)
        except NotFound:
            self.stdout.write(f"{found_id}: there is no such run or evaluation, or it has gone with its consent.")
            return False
        except RecommenderError as error:
            self.stdout.write(f"{found_id}: could not be made again now. {error.sentence}")
            return False
        beside = f" (otherwise since: {', '.join(since)})" if since else ""
        said = "same" if same else f"differs: {', '.join(differences)}"
        self.stdout.write(f"{found_id}: {said}{beside}")
        return same


def _replayed(found_id: UUID, by: str) -> tuple[bool, tuple[str, ...], tuple[str, ...]]:
    try:
        run = replay.recompute(run_id=found_id, by=by, now=timezone.now())
        return run.same, run.differences, run.since
    except NotFound:
        evaluation = replay_evaluation.replay(evaluation_id=found_id, by=by, now=timezone.now())
        return evaluation.same, tuple(evaluation.differs), ()
