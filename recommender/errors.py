"""What can go wrong in the recommender, each with a code, a sentence for people and whether trying again can help.

No message carries a fact's value: messages end in logs.
"""

from __future__ import annotations

from typing import ClassVar


class RecommenderError(Exception):
    """Root of the recommender's errors; same shape as the platform's own (code, sentence, retryable)."""

    code: ClassVar[str] = "recommender_error"
    retryable: ClassVar[bool] = False

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class ProfileError(RecommenderError):
    """A profile holds an unknown fact key, or a value of the wrong type or out of range."""

    code = "profile_invalid"


class CatalogueError(RecommenderError):
    """A catalogue file is malformed: a language is missing, a rule does not compile, a fact is not known."""

    code = "catalogue_invalid"


class RuleError(RecommenderError):
    """An eligibility rule does not compile or names something that is not a known fact."""

    code = "rule_invalid"


class ArtefactError(RecommenderError):
    """A trained model is missing, damaged, or not the one its metadata describes."""

    code = "model_artefact_invalid"


class DatasetError(RecommenderError):
    """The committed extract of households cannot be read or built."""

    code = "dataset_invalid"
