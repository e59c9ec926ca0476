"""Trains the model anew: `manage.py train`, or with another extract or folder."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from recommender.errors import RecommenderError
from recommender.registry.artefact import model_directory, write
from recommender.training.card import write_card
from recommender.training.households import EXTRACT
from recommender.training.train import train


class Command(BaseCommand):
    help = "Train the recommender's model on the household extract and keep it, with its hash, in the model folder."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--extract", type=Path, default=EXTRACT, help="CSV extract, gzipped")
        parser.add_argument("--out", type=Path, default=None, help="folder for the model; AURORA_MODEL_DIR by default")

    def handle(self, *args: Any, **options: Any) -> None:
        directory = options["out"] or model_directory()
        try:
            artefact = train(options["extract"])
            write(artefact, directory)
            write_card(artefact.metadata, directory)
        except (RecommenderError, OSError) as error:
            raise CommandError(str(error)) from error
        figures = artefact.metadata["metrics"]
        self.stdout.write(
            f"nDCG@3 {figures['ndcg3']} (by age and children {figures['ndcg3_segment_popularity']}), "
            f"sha256 {artefact.sha256}, in {directory}"
        )
