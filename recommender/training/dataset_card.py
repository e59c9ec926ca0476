"""The card of a dataset: what is in it, whose, on what ground, and what it must not be taken for. No number of fewer than ten people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LEAST = 10

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

Fewer than ten people are told as "fewer than 10", and where one cell alone would be so the next smallest is left out with it. Counts are rounded to
fives, up or down by chance, so that two cards do not tell of whom only one of the datasets has.

{groups}

## What it is not

Who consents is not who could have: see the monitoring report on consent's own bias. Taking part is not eligibility. When a consent ends its
row is deleted at once; from then on nothing is trained on this dataset, and models that learnt from it are marked.
"""


def card(found: Any, *, citizens: int, labelled: int, counts: Mapping[str, Mapping[str, int | None]]) -> str:
    """Markdown. `found`: the dataset's row; `counts`: people by axis and group, already suppressed."""
    tables = [f"| {axis} | people |\n|---|---|\n" + "\n".join(_line(*cell) for cell in cells.items()) for axis, cells in counts.items()]
    return _TEMPLATE.format(
        extract=found.extract_sha256,
        citizens=_few(citizens),
        labelled="not told" if citizens < LEAST else _few(min(labelled, citizens)),
        schema=found.row_schema,
        start=found.window_from.date().isoformat(),
        end=found.window_until.date().isoformat(),
        groups="\n\n".join(tables) or "No rows of citizens.",
    )


def _line(group: str, people: int | None) -> str:
    return f"| {group} | {'fewer than 10, or left out' if people is None else people} |"


def _few(people: int) -> str:
    return "fewer than 10" if 0 < people < LEAST else str(people)
