"""The harness computes and writes what it says. No figure's size is asserted: that is for a quiet machine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench import results
from bench.harness import column, interleave, percentile
from bench.results import Results


def test_contenders_take_turns_and_neither_always_begins() -> None:
    order: list[str] = []
    laps = interleave({name: lambda name=name: (order.append(name), {"cost": 1.0})[1] for name in ("a", "b")}, rounds=3)
    assert order == ["a", "b", "b", "a", "a", "b", "b", "a"]
    assert {name: len(found) for name, found in laps.items()} == {"a": 3, "b": 3}


def test_warm_ups_do_not_count() -> None:
    costs = iter((100.0, 1.0, 2.0))
    laps = interleave({"only": lambda: {"cost": next(costs)}}, rounds=2)
    assert column(laps["only"], "cost") == [1.0, 2.0]


@pytest.mark.parametrize(("share", "expected"), [(0.5, 50), (0.99, 99), (1.0, 100), (0.0, 1)])
def test_a_percentile_is_a_value_that_was_measured(share: float, expected: int) -> None:
    assert percentile(range(1, 101), share) == expected


def test_a_ratio_is_the_median_of_the_rounds_with_its_extremes_and_both_absolutes() -> None:
    found = Results()
    found.ratio("decision_ratio_1e3", [10, 30, 20], [10, 10, 10], "us")
    assert found.as_dict() == {
        "decision_ratio_1e3": 2.0,
        "decision_ratio_1e3_min": 1.0,
        "decision_ratio_1e3_max": 3.0,
        "decision_ratio_1e3_ours": 20.0,
        "decision_ratio_1e3_other": 10.0,
    }
    assert "MISSED" in found.table()


def test_rounds_that_do_not_pair_are_an_error() -> None:
    with pytest.raises(ValueError, match="zip"):
        Results().ratio("any", [1.0, 2.0], [1.0], "us")


def test_an_aim_counts_in_its_own_direction() -> None:
    found = Results()
    found.number("ledger_inclusion_p99_ms", [150.0], "ms")
    found.number("ndcg3_attributes", [0.93])
    found.number("suggest_services", [38])
    assert [one.verdict for one in found.figures] == ["met", "MISSED", ""]


def test_figures_of_another_commit_stay_under_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, first, second = tmp_path / "results.json", Results(), Results()
    first.number("first", [1.0])
    second.number("second", [2.0])
    monkeypatch.setattr(results, "commit", lambda: "a" * 40)
    results.write(first, file)
    results.write(second, file)
    both = json.loads(file.read_text())
    assert (both["first"], both["second"], both["commit"]) == (1.0, 2.0, "a" * 40)
    monkeypatch.setattr(results, "commit", lambda: "b" * 40)
    results.write(second, file)
    found = json.loads(file.read_text())
    assert (found["first"], found["second"], found["commit"]) == (1.0, 2.0, "b" * 40)
    (earlier,) = found["earlier"]
    assert earlier == {"commit": "a" * 40, "machine": both["machine"], "measured_at": both["measured_at"]} | {
        "figures": ["first", "first_min", "first_max"]
    }
    monkeypatch.setattr(results, "commit", lambda: "c" * 40)
    results.write(first, file)
    found = json.loads(file.read_text())
    assert [(run["commit"], run["figures"][0]) for run in found["earlier"]] == [("b" * 40, "second")]
    results.write(second, file)
    assert "earlier" not in json.loads(file.read_text())


def test_figures_of_another_machine_stay_under_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, first, second = tmp_path / "results.json", Results(), Results()
    first.number("first", [1.0])
    second.number("second", [2.0])
    monkeypatch.setattr(results, "commit", lambda: "a" * 40)
    monkeypatch.setattr(results, "machine", lambda: "this one")
    results.write(first, file)
    monkeypatch.setattr(results, "machine", lambda: "that one")
    results.write(second, file)
    found = json.loads(file.read_text())
    assert (found["machine"], [run["machine"] for run in found["earlier"]]) == ("that one", ["this one"])


def test_figures_of_changed_code_are_never_added_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, first, second = tmp_path / "results.json", Results(), Results()
    first.number("first", [1.0])
    monkeypatch.setattr(results, "commit", lambda: "a" * 40 + "-changed")
    results.write(first, file)
    results.write(second, file)
    assert "first" not in json.loads(file.read_text())


@pytest.mark.parametrize(
    ("begun", "now"), [("a" * 40, "b" * 40), ("a" * 40, "a" * 40 + "-changed"), ("a" * 40 + "-changed", "a" * 40), ("unknown", "unknown")]
)
def test_figures_of_nobody_knows_which_code_are_never_added_to(
    begun: str, now: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The code was another at the end of the run than when it began."""
    file, first, second = tmp_path / "results.json", Results(), Results()
    first.number("first", [1.0])
    second.number("second", [2.0])
    monkeypatch.setattr(results, "commit", lambda: now)
    results.write(first, file, begun=begun)
    results.write(second, file, begun=begun)
    found = json.loads(file.read_text())
    assert "first" not in found and found["second"] == 2.0
    assert found["commit"] == ("unknown" if begun == "unknown" else "a" * 40 + "-changed")


def test_groups_of_one_run_are_written_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also of changed code: what one run measured stands together."""
    file, found = tmp_path / "results.json", Results()
    monkeypatch.setattr(results, "commit", lambda: "a" * 40 + "-changed")
    for name in ("first", "second"):
        found.number(name, [1.0])
        results.write(found, file, begun="a" * 40 + "-changed")
    assert {"first", "second"} <= set(json.loads(file.read_text()))
