"""The model card: what the model is, what it was measured to do, and what it must not be taken for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recommender.training.experiment import RESULTS, SHOWN

_TEMPLATE = """# Model card: suggestions of programmes

Written by `manage.py train`; do not edit.

| | |
|---|---|
| Model | eight LightGBM {lightgbm} binary classifiers, one a programme, {rounds} trees each |
| Version (SHA-256) | `{sha256}` |
| Trained on | {trained_on} households of the extract `{dataset}`, {held_out} held out |
| Features | {features} facts, of which eight say which programmes are received already (never the one that is ranked); no region; unknown is NaN |
| Constraints | monotone, where the opposite direction would be absurd |

## What it says

The chance that a household with these facts **takes part** in a programme, as the CPS reports or imputes it. It is not
eligibility, which rules decide, and not a benefit's amount. The labels are partly imputed (see `training/data/DATA_CARD.md`).

## Quality on the held-out households

nDCG@3 over households that take part in at least one programme, from their other facts alone: **{ndcg3}**; popularity by age and children {segment}, plain
popularity {popularity}.

With history: one programme that a household receives is hidden, those still seen are no candidates, and the hidden one is to be found: **{history}**; without history
{history_unused}, plain popularity {history_popularity}. (Showing each programme all the other labels would not measure anything: docs/decisions/recommender.md.)

When only some categories are connected, without history:

| connected | nDCG@3 |
|---|---|
{connected}

| programme | takes part | AUC | calibration error |
|---|---|---|---|
{programmes}

## Against other ways

Mean nDCG@3 of five splits by household (`python -m recommender.training.experiment`), standard deviation between splits {deviation}
or less. {note}

| | {situations} |
|---|{rule}|
{contenders}

## Limits

United States 2012-14, amounts in unconverted dollars called crowns. Past use is learned with its gaps: who did not apply
counts as not taking part. Small programmes (family cash assistance: {smallest} of households) are ranked with less certainty.
The hash repeats with the same LightGBM, numpy, C library and machine type ({created_with}); elsewhere sums may round otherwise.
"""


def card(metadata: Mapping[str, Any], experiment: Mapping[str, Any]) -> str:
    """Markdown from a model's metadata and the figures of the experiment."""
    figures, found = metadata["metrics"], experiment["ndcg3"]
    deviations = [cell["deviation"] for row in found.values() for cell in row.values()]
    return _TEMPLATE.format(
        created_with=", ".join(metadata["created_with"].values()),
        lightgbm=metadata["created_with"]["lightgbm"],
        rounds=metadata["parameters"]["rounds"],
        sha256=metadata["sha256"],
        dataset=metadata["dataset_sha256"][:12],
        trained_on=metadata["split"]["trained_on"],
        held_out=metadata["split"]["held_out"],
        features=len(metadata["features"]),
        ndcg3=figures["ndcg3"],
        segment=figures["ndcg3_segment_popularity"],
        popularity=figures["ndcg3_popularity"],
        history=figures["one_hidden"]["ndcg3_history"],
        history_unused=figures["one_hidden"]["ndcg3_attributes"],
        history_popularity=figures["one_hidden"]["ndcg3_popularity"],
        connected="\n".join(f"| {name} | {value} |" for name, value in figures["ndcg3_connected"].items()),
        programmes="\n".join(
            f"| {name} | {row['taking_part']:.1%} | {row['auc']} | {row['calibration_error']} |"
            for name, row in figures["programmes"].items()
        ),
        deviation=max(deviations),
        note=experiment.get("note", "The last column is with history and one programme hidden, the others without history."),
        situations=" | ".join(SHOWN),
        rule="|".join(["---"] * len(SHOWN)),
        contenders="\n".join(
            f"| {name} | " + " | ".join(str(row.get(situation, {}).get("mean", "")) for situation in SHOWN) + " |"
            for name, row in found.items()
        ),
        smallest=f"{figures['programmes']['family_cash_assistance']['taking_part']:.1%}",
    )


def write_card(metadata: Mapping[str, Any], directory: Path) -> None:
    """`MODEL_CARD.md` beside the model."""
    experiment = json.loads(RESULTS.read_text(encoding="utf-8"))
    (directory / "MODEL_CARD.md").write_text(card(metadata, experiment), encoding="utf-8")
