"""What a model's number may be: a probability."""

from __future__ import annotations

import math


def fault_of(value: float) -> str | None:
    """The code of what is wrong with an output, None for a number from 0 to 1."""
    if not math.isfinite(value):
        return "model_not_finite"
    return None if 0 <= value <= 1 else "model_out_of_bounds"
