"""Attacks on published numbers: what is hidden is looked for with linear programs over everything that is told, by who knows every rule."""

from __future__ import annotations

import json
import random
from typing import Any

import numpy as np
import psycopg
import pytest
from scipy.optimize import linprog

from tests.support.cast import services

SUMS = {
    "read_allowed": ("use_matched", "use_differing", "use_not_reported", "use_in_doubt", "use_open"),
    "glass_approved": ("glass_justified", "glass_not_justified", "glass_unreviewed"),
}
Cell = dict[str, Any]


def protected(cells: list[Cell]) -> dict[tuple[str, str], int | None]:
    """As the tables' owner: the service may not even hand its own numbers in."""
    with psycopg.connect(services().owner_url or "") as owner:
        found = owner.execute("SELECT consent_transparency_protected(%s::jsonb)", [json.dumps(cells)]).fetchone()
    assert found is not None
    return {(cell["measure"], cell["agency"]): cell["told"] for cell in found[0] or []}


def made_up(seed: int, agencies: int) -> list[Cell]:
    """A month of agencies, most of whose parts are small or none, since that is where the danger is; events are never fewer than people."""
    drawn, cells = random.Random(seed), []
    for number in range(agencies):
        for total, parts in SUMS.items():
            people = {part: drawn.choice((0, 0, 1, 3, 9, 10, 12, 40, drawn.randrange(200))) for part in parts}
            events = {part: people[part] * drawn.choice((1, 1, 2)) for part in parts}
            crowded = drawn.random() < 0.1  # the same few people in all parts
            everybody = max(people.values()) if crowded else sum(people.values())
            cells += [_cell(part, number, events[part], people[part] < 10 or drawn.random() < 0.05) for part in parts]
            cells.append(_cell(total, number, sum(events.values()), everybody < 10 or drawn.random() < 0.05))
        cells.append(_cell("pull_completed", number, few := drawn.randrange(30), few < 10))
    return cells


def _cell(measure: str, number: int, events: int, hidden: bool) -> Cell:
    return {"measure": measure, "agency": f"agency-{number}", "events": events, "hidden": hidden}


def attacked(told: dict[tuple[str, str], int | None], agency: str, total: str) -> dict[str, tuple[float, float]]:
    """The narrowest bounds that follow for each number of one sum that is not told."""
    names = (total, *SUMS[total])
    known = [told[name, agency] for name in names]
    bounds = [(0, None) if n is None else (max(10, n - 5), n + 4) for n in known]
    equal, found = np.array([[1.0, *[-1.0] * len(SUMS[total])]]), {}
    for place, name in enumerate(names):
        if known[place] is None:
            aim = np.eye(len(names))[place]
            low = linprog(aim, A_eq=equal, b_eq=[0], bounds=bounds, integrality=1)
            high = linprog(-aim, A_eq=equal, b_eq=[0], bounds=[(a, 10_000 if b is None else b) for a, b in bounds], integrality=1)
            assert low.success and high.success, "what is told must agree with itself"
            found[name] = (low.fun, -high.fun)
    return found


@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_hidden_may_be_anything_from_none_to_nine(seed: int) -> None:
    cells = made_up(seed, 40)
    told = protected(cells)
    assert len(told) == len(cells)
    small = 0
    for number in range(40):
        for total in SUMS:
            for name, (low, high) in attacked(told, f"agency-{number}", total).items():
                if any(c["hidden"] for c in cells if (c["measure"], c["agency"]) == (name, f"agency-{number}")):
                    small += 1
                    assert high >= (10_000 if name == total else 9), (number, name, high)
                    shown = sum(1 for part in SUMS[total] if told[part, f"agency-{number}"] is not None)
                    assert low <= 0 or (name == total and shown), (number, name, low)
    assert small > 50, "the attack had something to look for"


def test_the_attack_finds_what_an_unprotected_table_gives_away() -> None:
    """Were the smallest only left out and nothing rounded, the rest would tell it: else the test above could not fail."""
    names = ("read_allowed", *SUMS["read_allowed"])
    exact = dict(zip(((name, "a") for name in names), (100, 63, None, 20, 10, 3), strict=True))
    bounds = [(0, None) if n is None else (n, n) for n in exact.values()]
    found = linprog(np.eye(6)[2], A_eq=np.array([[1.0, *[-1.0] * 5]]), b_eq=[0], bounds=bounds)
    assert found.fun == pytest.approx(4)


def test_what_is_told_is_rounded_to_tens_and_what_is_hidden_stays_hidden() -> None:
    cells = [
        _cell("pull_completed", n, events, hidden)
        for n, (events, hidden) in enumerate([(10, False), (14, False), (15, False), (9999, True), (0, True)])
    ]
    assert list(protected(cells).values()) == [10, 10, 20, None, None]


def test_an_agency_all_of_whose_reads_match_is_seen_to_be_so() -> None:
    """Protection that hides everything would be easy."""
    cells = [_cell("read_allowed", 1, 300, False), _cell("use_matched", 1, 300, False)]
    cells += [_cell(part, 1, 0, True) for part in SUMS["read_allowed"] if part != "use_matched"]
    told = protected(cells)
    assert told["read_allowed", "agency-1"] == told["use_matched", "agency-1"] == 300


def test_one_small_part_whose_rest_would_tell_it_takes_the_next_smallest_along() -> None:
    cells = [_cell("glass_approved", 1, 105, False), _cell("glass_justified", 1, 84, False), _cell("glass_unreviewed", 1, 14, False)]
    cells.append(_cell("glass_not_justified", 1, 7, True))
    told = {measure: number for (measure, _), number in protected(cells).items()}
    # 110 less 80 and 10 is 20 at first sight, and 7 at the least.
    assert told == {"glass_approved": 110, "glass_justified": 80, "glass_unreviewed": None, "glass_not_justified": None}


def test_nothing_is_made_of_nothing() -> None:
    assert protected([]) == {}
