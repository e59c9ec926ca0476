"""Services for tests to put into the catalogue, and a way to put them there."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from recommender.catalogue import catalogue, documents, store
from recommender.catalogue.model import PublicService
from recommender.catalogue.text import Text

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)


def put(*services: PublicService, why: str = "a test"):
    """Puts exactly these into use."""
    return store.use({one.identifier: documents.versioned(one) for one in services}, why=why, now=NOW)


def service(identifier: str, name: str | dict[str, str], description: str = "Kuvaus.", **fields) -> PublicService:
    """One in Finnish, or in the languages given, as imported."""
    names = {"fi": name} if isinstance(name, str) else name
    shape = replace(
        catalogue()["library-home-service"],
        identifier=identifier,
        name=Text(names),
        description=Text(dict.fromkeys(names, description)),
        origin="ptv",
        rule=None,
        signals=(),
        reach=1.0,
        labels={},
        life_events=(),
        thematic_area="other",
        version="",
    )
    return replace(shape, **fields)
