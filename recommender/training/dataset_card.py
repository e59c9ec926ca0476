"""The card of a dataset: what is in it, whose, on what ground, and what it must not be taken for. No number of fewer than ten people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FEW = "fewer than 10"

_TEMPLATE = """# Dataset card

| | |
|---|---|
| Open extract (SHA-256) | `{extract}` |
| Rows of citizens | {citizens} |
| Of them with every label | {labelled} |
| Schema of the rows | {schema} |
| Suggestions shown from | {start} |
| until, and facts as of | {end} |

## What it is

Households of the open extract (CPS, CC0; `recommender/training/data/DATA_CARD.md`), and one row a citizen who consented to the purpose
`model-training` and had not withdrawn at the time of collection. A citizen's row holds facts of the consented categories, the programmes
they take part in where known, the suggestions that they were shown with the chance of each place, and their feedback without their own words.
A quarter of the citizens, the same ones in every dataset, is held out: models are measured on them and do not learn from them.

## Citizens by group

A group that is not named has fewer than ten people, or none; where one alone would be so the next smallest is left out with it. All counts of citizens
on this card are rounded to fives, up or down by chance, so that two cards do not tell of whom only one of the datasets has.

{groups}

## What it is not

Who consents is not who could have: see the monitoring report on consent's own bias. Taking part is not eligibility. When a consent ends its
row is deleted at once; from then on nothing is trained on this dataset, and models that learnt from it are marked.
"""


def card(found: Any, *, citizens: int | None, labelled: int | None, counts: Mapping[str, Mapping[str, int | None]]) -> str:
    """Markdown. `found`: the dataset's row; all numbers as they may be told: rounded, None for fewer than ten. `counts`: people by axis and group."""
    told = {axis: {group: people for group, people in cells.items() if people} for axis, cells in counts.items()}
    tables = [
        f"| {axis} | people |\n|---|---|\n" + "\n".join(_line(*cell) for cell in cells.items()) for axis, cells in told.items() if cells
    ]
    return _TEMPLATE.format(
        extract=found.extract_sha256,
        citizens=citizens or FEW,
        labelled="not told" if citizens is None else FEW if labelled is None else min(labelled, citizens),
        schema=found.row_schema,
        start=found.window_from.date().isoformat(),
        end=found.window_until.date().isoformat(),
        groups="\n\n".join(tables) or "No group has ten people.",
    )


def _line(group: str, people: int) -> str:
    return f"| {group} | {people} |"
