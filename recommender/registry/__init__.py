"""Trained models as files: text that can be read, metadata that says where it comes from, a hash that is checked."""

from recommender.registry.artefact import COMMITTED, Artefact, current, model_directory, read, write

__all__ = ["COMMITTED", "Artefact", "current", "model_directory", "read", "write"]
