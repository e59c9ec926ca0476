"""Trains a model: on a dataset, to be registered, judged and promoted; or, with `--out`, the model that is shipped with the code."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from recommender.errors import RecommenderError
from recommender.registry.artefact import write
from recommender.training.card import write_card
from recommender.training.households import EXTRACT
from recommender.training.train import train


class Command(BaseCommand):
    help = (
        "Train a model on a dataset and register it. With --out: train on the open extract alone and write the folder of a shipped model."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dataset", type=UUID, help="id of a dataset; the newest by default")
        parser.add_argument("--out", type=Path, help="folder for a shipped model; recommender/registry/models is the committed one")
        parser.add_argument("--extract", type=Path, default=EXTRACT, help="CSV extract, gzipped; only with --out")

    def handle(self, *args: Any, dataset: UUID | None = None, out: Path | None = None, **options: Any) -> None:
        if out is None:
            self._registered(dataset)
        elif dataset is not None:
            raise CommandError("A shipped model holds nothing of any citizen: --dataset and --out do not go together.")
        else:
            self._shipped(out, options["extract"])

    def _registered(self, dataset: UUID | None) -> None:
        from aurora.journeys import model_operations
        from aurora.management.stewards import refusals

        with refusals():
            done = model_operations.train(operator=None, dataset_id=dataset, now=timezone.now())
        if not done.new:
            self.stdout.write("The same model had been registered before.")
        self.stdout.write(done.model.card)
        self.stdout.write(f"Model {done.model.pk}, sha256 {done.model.sha256}")

    def _shipped(self, out: Path, extract: Path) -> None:
        try:
            artefact = train(extract)
            write(artefact, out)
            write_card(artefact.metadata, out)
        except (RecommenderError, OSError) as error:
            raise CommandError(str(error)) from error
        figures = artefact.metadata["metrics"]
        self.stdout.write(
            f"nDCG@3 {figures['ndcg3']} (by age and children {figures['ndcg3_segment_popularity']}), sha256 {artefact.sha256}, in {out}"
        )
