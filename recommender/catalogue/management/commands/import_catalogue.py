"""Takes services from another catalogue: `manage.py import_catalogue ptv|hsds FILE...`."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from recommender.catalogue.areas import MUNICIPALITIES
from recommender.catalogue.importers import hsds, ptv, reading
from recommender.catalogue.importers.parsed import Parsed
from recommender.catalogue.importers.take import take
from recommender.errors import RecommenderError


class Command(BaseCommand):
    help = (
        "Take services from JSON of the Finnish PTV Open API v11 (services and their channels) or of Open Referral HSDS 3. One transaction: a document that is "
        "broken is refused whole; a service with a fault is refused by name, and stays as it was. Importing the same again changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("format", choices=("ptv", "hsds"))
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--whole", action="store_true", help="the files are all of that catalogue: what is not in them is retired")
        parser.add_argument("--check", action="store_true", help="say what would be refused, and change nothing")
        parser.add_argument("--language", default="en", help="hsds: the language of the texts (fi, sv or en)")
        parser.add_argument("--areas", nargs="+", default=(), metavar="CODE", help="hsds: municipalities of services whose area names none")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            parsed = self._parsed(options)
            self._say(parsed)
            if options["check"]:
                return
            why = f"import {options['format']}: {', '.join(path.name for path in options['files'])}"
            taken = take(origin=options["format"], parsed=parsed, whole=options["whole"], why=why, now=timezone.now())
        except RecommenderError as error:
            raise CommandError(error.sentence) from None
        changed = "was in use already" if taken.was_in_use else "is in use"
        self.stdout.write(
            f"{len(taken.new)} new, {len(taken.changed)} changed, {taken.same} the same, {len(taken.retired)} retired. The catalogue {taken.version[:16]} {changed}."
        )

    def _parsed(self, options: dict[str, Any]) -> Parsed:
        if len(options["files"]) > reading.MOST_FILES:
            raise CommandError(f"At most {reading.MOST_FILES} files at once.")
        if unknown := set(options["areas"]) - MUNICIPALITIES.keys():
            raise CommandError(f"There is no municipality with the code {sorted(unknown)[0]}.")
        documents = [reading.read(path) for path in options["files"]]
        if options["format"] == "ptv":
            return ptv.parse(documents)
        return hsds.parse(documents, language=options["language"], areas=options["areas"])

    def _say(self, parsed: Parsed) -> None:
        for one in parsed.refused:
            self.stderr.write(f"refused: {one.who}: {one.why}")
        self.stdout.write(
            f"{len(parsed.services)} services read, {len(parsed.refused)} refused, {len(parsed.not_offered)} not offered by their publisher, "
            f"{parsed.links_left_out} links left out that are not https."
        )
