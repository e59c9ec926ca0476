"""The card of a registered model: what it is, what it was measured to do and for whom less well, and what it must not be taken for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_TEMPLATE = """# Model card

| | |
|---|---|
| Version (SHA-256) | `{sha256}` |
| Dataset | `{dataset}`, rows of citizens in it, rounded: {citizens} |
| Open extract: trained on, held out | {trained_on}, {held_out} households |
| Code | `{code}` |

## What it says

The chance that a household with these facts **takes part** in a programme. Not eligibility, which rules decide, and not a benefit's amount.

## Quality on the open extract's households held out

What it does for citizens is told by the monitoring reports, and was asked by the gates: a card is kept for good, and holds no figure of theirs.

nDCG@3 **{ndcg3}** (95 %: {low} to {high}); popularity by age and children {segment}, plain popularity {popularity}.

| programme | takes part | AUC | calibration error |
|---|---|---|---|
{programmes}

## For whom less well

Share of the programmes that people take part in which the model puts among its first {places}, by group; groups of fewer than fifty people are
not told. Surest to be worse off: {worst}, by {gap} ({gap_low} to {gap_high}).

| group | found | 95 % |
|---|---|---|
{groups}

## Limits

Past use is learnt with its gaps: who did not apply counts as not taking part. The open extract is the United States' of 2012 to 2014, its labels
partly imputed. Who consented is not who could have. When a consent ends its row is deleted; this model is then marked, until a new one replaces it.
"""


def card(metadata: Mapping[str, Any]) -> str:
    """Markdown, from a model's metadata as `trial.described` makes it."""
    figures, fairness = metadata["metrics"], metadata["fairness"]
    low, high = metadata["intervals"]["ndcg3"]
    worst = fairness["worst"]
    return _TEMPLATE.format(
        sha256=metadata["sha256"],
        dataset=metadata["dataset_version"],
        citizens=metadata["citizens"],
        trained_on=metadata["split"]["trained_on"],
        held_out=metadata["split"]["held_out"],
        code=metadata["code_sha256"],
        ndcg3=figures["ndcg3"],
        low=low,
        high=high,
        segment=figures["ndcg3_segment_popularity"],
        popularity=figures["ndcg3_popularity"],
        programmes="\n".join(
            f"| {name} | {one['taking_part']:.1%} | {one['auc']} | {one['calibration_error']} |"
            for name, one in figures["programmes"].items()
        ),
        places=fairness["places"],
        worst=worst["group"] or "no group",
        gap=worst["gap"],
        gap_low=worst["low"],
        gap_high=worst["high"],
        groups="\n".join(
            f"| {axis}: {group} | {one['found']} | {one['low']} to {one['high']} |"
            for axis, cells in fairness["groups"].items()
            for group, one in cells.items()
        ),
    )
