"""What an operator declares of a source in `DataSource.settings`: checked when it is loaded, with a sentence that says where and what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import best_match

from consent.models import DataCategoryVersion


class SettingsWrong(ValueError):
    """The text says where it stands and what is wrong with it. For operators: settings hold no secret and no personal value."""


class Check(Protocol):
    """Are these settings right for this connector? `categories`: the current version of each that the source holds. Raises `SettingsWrong`."""

    def __call__(self, settings: Mapping[str, Any], categories: Mapping[str, DataCategoryVersion]) -> None: ...


def by_schema(schema: Mapping[str, Any], value: Any, *, where: str = "settings") -> None:
    """Raises `SettingsWrong` with the place (a JSON Pointer) and the sentence of what fits least."""
    error = best_match(Draft202012Validator(dict(schema), format_checker=FormatChecker()).iter_errors(value))
    if error is not None:
        place = "".join(f"/{part}" for part in error.absolute_path)
        raise SettingsWrong(f"{where}{place}: {error.message}")
