"""Every version of a service and of the catalogue that was ever in use, and the index that search reads. Nothing here is about a person."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q


class ServiceVersion(models.Model):
    """One wording of one service, as canonical JSON (see `documents`). Never changed, never deleted: a trigger sees to it."""

    sha256 = models.CharField(max_length=64, unique=True, help_text="Of the document, hex.")
    identifier = models.CharField(max_length=100)
    origin = models.CharField(max_length=8)
    document = models.TextField()
    recorded_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["identifier", "-id"], name="catalogue_service_identifier")]

    def __str__(self) -> str:
        return f"{self.identifier} {self.sha256[:16]}"


class CatalogueVersion(models.Model):
    """Which service versions made up a catalogue. Locked like them; a trigger counts its members."""

    sha256 = models.CharField(max_length=64, unique=True, help_text="Over the members' hashes, hex.")
    members = ArrayField(models.BigIntegerField(), help_text="Ids of service versions, rising.")
    recorded_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.sha256[:16]


class CatalogueUse(models.Model):
    """A catalogue was put into use. The newest is in use now: going back to an earlier one is a row more."""

    catalogue = models.ForeignKey(CatalogueVersion, on_delete=models.PROTECT)
    why = models.CharField(max_length=300)
    begun_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.catalogue_id} {self.why}"


class SearchEntry(models.Model):
    """A service of the catalogue in use as search sees it in one language. Made from the service; may be made again at any time."""

    service = models.ForeignKey(ServiceVersion, on_delete=models.CASCADE, related_name="+")
    identifier = models.CharField(max_length=100)
    language = models.CharField(max_length=2)
    name = models.TextField(help_text="As shown in that language; sorted by where nothing is searched for.")
    vector = SearchVectorField(help_text="Weights: A name, B keywords, C description and terms, D the rest.")
    areas = ArrayField(models.CharField(max_length=3), help_text="Empty: everywhere.")
    life_events = ArrayField(models.CharField(max_length=60))
    groups = ArrayField(models.CharField(max_length=60), help_text="Target groups, and what they are part of.")
    classes = ArrayField(models.CharField(max_length=60), help_text="Service classes and what they are part of, and the thematic area.")
    channels = ArrayField(models.CharField(max_length=8))
    languages = ArrayField(models.CharField(max_length=3))
    valid_from = models.DateField(null=True)
    valid_until = models.DateField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["identifier", "language"], name="catalogue_search_once")]
        indexes = [
            GinIndex(fields=["vector"], name="catalogue_search_vector"),
            models.Index(fields=["language", "name"], name="catalogue_search_name"),
        ]

    def __str__(self) -> str:
        return f"{self.identifier} {self.language}"


class SearchWord(models.Model):
    """A word that occurs in the catalogue in use: what a word searched for is completed, corrected and found inside of."""

    language = models.CharField(max_length=2)
    word = models.CharField(max_length=60, help_text="Small letters.")
    services = models.PositiveIntegerField(help_text="In how many services it occurs.")
    lexemes = ArrayField(
        models.CharField(max_length=60), default=list, help_text="Its stems in the languages that it is written in, as in the vectors."
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["language", "word"], name="catalogue_word_once")]

    def __str__(self) -> str:
        return f"{self.word} {self.language}"


class SearchTrigram(models.Model):
    """In which words of `SearchWord` three letters follow each other: what is like a word, or has it in it, is found by what is rare in it."""

    language = models.CharField(max_length=2)
    trigram = models.CharField(max_length=3, help_text="Of the word with two spaces before and one behind, as pg_trgm counts them.")
    words = ArrayField(models.BigIntegerField(), help_text="Their ids.")
    lengths = ArrayField(models.SmallIntegerField(), help_text="Of each of these words, in letters.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["language", "trigram"], name="catalogue_trigram_once")]

    def __str__(self) -> str:
        return f"{self.trigram!r} {self.language}"


class ImportDraft(models.Model):
    """Documents that an editor uploaded, what their import would do to the catalogue of that moment, and what became of it. Nobody's data.

    `documents`: zlib over JSON, a list of texts; empty once it is decided. `report`: see `drafts.Report`. `by`, `decided_by`: operators' ids.
    """

    class State(models.TextChoices):
        OPEN = "open"
        CONFIRMED = "confirmed"
        WITHDRAWN = "withdrawn"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    origin = models.CharField(max_length=8)
    language = models.CharField(max_length=2, help_text="Of the texts, where the format does not say it.")
    whole = models.BooleanField(help_text="The documents are all of that catalogue: what is not in them is retired.")
    files = models.JSONField(help_text="Their names.")
    documents = models.BinaryField()
    report = models.JSONField()
    based_on = models.CharField(
        max_length=64, blank=True, help_text="The catalogue in use when the report was made; empty: none was loaded."
    )
    by = models.UUIDField()
    at = models.DateTimeField()
    decided_by = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="open", decided_by__isnull=True, decided_at__isnull=True)
                | Q(state__in=("confirmed", "withdrawn"), decided_by__isnull=False, decided_at__isnull=False, documents=b""),
                name="catalogue_import_decided_once",
            )
        ]
        indexes = [models.Index(fields=["-at"], name="catalogue_import_newest")]

    def __str__(self) -> str:
        return f"{self.origin} {self.state}"
