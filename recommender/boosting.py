"""LightGBM as everything here imports it: `from recommender.boosting import lgb`.

It imports scikit-learn (with scipy.stats) and pandas wherever they are installed, for classes of its own that only `training.boost` uses. They come with other
libraries, and would cost every process of the service two seconds of processor time at its start.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

_UNUSED = ("sklearn", "pandas")


def _without(names: tuple[str, ...]) -> Any:
    """LightGBM, imported as if these were not installed; those that somebody has imported already stay. As it is, where it was imported before."""
    away = [name for name in names if name not in sys.modules]
    modules: dict[str, Any] = sys.modules
    modules.update(dict.fromkeys(away))  # None: an import of it fails
    try:
        return importlib.import_module("lightgbm")
    finally:
        for name in away:
            sys.modules.pop(name, None)


def whole() -> Any:
    """LightGBM with its classes for scikit-learn and Dask: imported anew where it is here without. Its models pass between the two as text."""
    found = importlib.import_module("lightgbm")
    if found.compat.SKLEARN_INSTALLED:
        return found
    for name in [name for name in sys.modules if name.partition(".")[0] == "lightgbm"]:
        del sys.modules[name]
    return importlib.import_module("lightgbm")


lgb: Any = _without(_UNUSED)
