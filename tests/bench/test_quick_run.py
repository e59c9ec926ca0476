"""`python -m bench --quick`: every group runs against real servers and peers, and the file holds what it should."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RATIOS = {
    "reads": [
        "agency_read_cpu_ratio",
        "agency_read_pg_cpu_ratio",
        "agency_read_wall_ratio",
        "agency_read_vs_dot_ratio",
        "introspection_vs_dot_ratio",
        "introspection_vs_dot_unhashed_ratio",
    ],
    "codes": [
        "par_token_vs_dot_introspection_ratio",
        "par_token_vs_dot_introspection_unhashed_ratio",
        "par_token_vs_dot_token_unhashed_ratio",
    ],
    "decision": ["decision_ratio_1e2", "decision_ratio_1e3", "decision_whole_ratio_1e3"],
    "ledger": ["ledger_append_ratio_1w", "ledger_append_ratio_2w"],
    "ledger_proofs": ["ledger_proof_vs_pymerkle_ratio_1e3"],
    "suggest": ["suggest_rank_ratio"],
    "evaluate": ["evaluator_ratio", "evaluator_whole_ratio"],
    "pulls": ["twin_read_ratio_1", "twin_read_ratio_20", "twin_read_ratio_200"],
    "plan": ["plan_cost_growth", "plan_cost_growth_few"],
}
NUMBERS = [
    "ledger_inclusion_p99_ms",
    "ledger_drain_rate",
    "ledger_proof_p50_ms_1e3",
    "ledger_bundle_50_ms_1e3",
    "suggest_with_reasons_ms",
    "suggest_services",
    "catalogue_search_p99_ms",
    "catalogue_import_s",
    "plan_us_1e3",
    "plan_us_2e3_few",
    "plan_wall_us",
    "export_s",
    "export_mb",
    "export_statements",
    "export_open_s",
    "export_open_plain_s",
    "page_fcp_slow_phone_ms",
    "page_lcp_slow_phone_ms",
    "page_lcp_slow_phone_home_ms",
]


pytestmark = pytest.mark.long  # most of a minute for starting servers and peers


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, object]]:
    file = tmp_path_factory.mktemp("bench") / "results.json"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "bench", "--quick", "--out", str(file)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout, json.loads(file.read_text())


def test_every_ratio_stands_with_its_absolutes_and_spread(run: tuple[str, dict[str, object]]) -> None:
    table, found = run
    for name in (name for names in RATIOS.values() for name in names):
        low, value, high = (found[f"{name}{end}"] for end in ("_min", "", "_max"))
        assert 0 < low <= value <= high, name
        assert found[f"{name}_ours"] > 0 and found[f"{name}_other"] > 0, name
        assert name in table


def test_numbers_commit_and_machine_stand_beside_them(run: tuple[str, dict[str, object]]) -> None:
    _, found = run
    assert all(found[name] > 0 for name in NUMBERS)
    assert {name for name, value in found.items() if not isinstance(value, float)} == {"commit", "machine", "measured_at"}
    assert found["suggest_services"] == 1800


def test_a_quick_run_cannot_overwrite_the_measurements() -> None:
    done = subprocess.run([sys.executable, "-m", "bench", "--quick"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2 and "--out" in done.stderr
