"""What was measured: figures with their spread, the table that is printed, and `results.json`."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "bench" / "results.json"
CHANGED, UNKNOWN = "-changed", "unknown"
ABOUT = ("commit", "machine", "measured_at")

# design, section 10. A figure that is not here is there to explain one that is.
AT_MOST = {
    "agency_read_cpu_ratio": 1.5,
    "agency_read_vs_dot_ratio": 1.0,
    "introspection_vs_dot_ratio": 1.0,
    "decision_ratio_1e3": 1.5,
    "decision_ratio_1e4": 1.5,
    "decision_ratio_1e5": 1.5,
    "decision_ratio_1e6": 1.5,
    "ledger_inclusion_p99_ms": 200.0,
    "ledger_proof_p50_ms_1e5": 2.0,
    "ledger_proof_p50_ms_1e6": 2.0,
    "ledger_proof_p50_ms_1e7": 2.0,
    "ledger_proof_p50_ms_1e8": 2.0,
    "suggest_rank_ratio": 3.0,
    "suggest_with_reasons_ms": 20.0,
    "suggest_batch_ratio": 1.2,
    "evaluator_ratio": 2.0,
    "catalogue_search_p99_ms": 50.0,
    "plan_cost_growth": 1.5,
    "growth_agency_read": 1.5,
    "growth_suggest": 1.5,
    "growth_pull": 1.5,
    "growth_twin_read": 1.5,
    "growth_export": 1.5,
    "pages_p95_ms": 100.0,
    "pages_html_kb": 40.0,
    "pages_growth": 2.0,
    "page_fcp_slow_phone_ms": 1800.0,
    "page_lcp_slow_phone_ms": 2500.0,
    "page_tbt_slow_phone_ms": 200.0,
}
AT_LEAST = {
    "ledger_append_ratio_16w": 0.95,
    "pull_ratio": 0.7,
    "ptv_macro_f1_gain": 0.05,
    "ndcg3_attributes": 0.940,
    "ndcg3_history": 0.965,
    "ndcg3_history_over_best_peer": 0.0,
}


@dataclass(frozen=True, slots=True)
class Figure:
    """`value` is the median over rounds (of splits the mean); `low` and `high` are the extremes. `ours` and `other`: medians of what a ratio is made of."""

    name: str
    value: float
    low: float
    high: float
    ours: float | None = None
    other: float | None = None
    unit: str = ""

    @property
    def aim(self) -> str:
        if self.name in AT_MOST:
            return f"<= {AT_MOST[self.name]:g}"
        return f">= {AT_LEAST[self.name]:g}" if self.name in AT_LEAST else ""

    @property
    def verdict(self) -> str:
        if not self.aim:
            return ""
        return "met" if (self.value <= AT_MOST[self.name] if self.name in AT_MOST else self.value >= AT_LEAST[self.name]) else "MISSED"


@dataclass(slots=True)
class Results:
    """Collects figures in the order in which they are measured."""

    figures: list[Figure] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)

    def ratio(self, name: str, ours: Sequence[float], other: Sequence[float], unit: str) -> None:
        """The median of the rounds' ratios: each pair was measured side by side. `unit` is that of both absolutes."""
        ratios = [a / b for a, b in zip(ours, other, strict=True)]
        self.figures.append(Figure(name, median(ratios), min(ratios), max(ratios), median(ours), median(other), unit))

    def number(self, name: str, values: Sequence[float], unit: str = "", *, centre: Callable[[Sequence[float]], float] = median) -> None:
        self.figures.append(Figure(name, centre(values), min(values), max(values), unit=unit))

    def absent(self, names: Sequence[str], why: str) -> None:
        """Could not be measured here: the table says so, and no number stands for it."""
        self.missing |= dict.fromkeys(names, why)

    def as_dict(self) -> dict[str, float]:
        """Flat: NAME, NAME_min, NAME_max, and for a ratio NAME_ours, NAME_other."""
        flat: dict[str, float] = {}
        for one in self.figures:
            flat |= {one.name: one.value, f"{one.name}_min": one.low, f"{one.name}_max": one.high}
            if one.ours is not None and one.other is not None:
                flat |= {f"{one.name}_ours": one.ours, f"{one.name}_other": one.other}
        return {name: float(f"{value:.5g}") for name, value in flat.items()}

    def table(self) -> str:
        head = ("figure", "value", "min - max", "ours", "other", "unit", "aim", "")
        rows = [head, *(_row(one) for one in self.figures)]
        widths = [max(len(row[place]) for row in rows) for place in range(len(head))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
        return "\n".join([*lines, *(f"{name}  absent: {why}" for name, why in self.missing.items())])


def _row(one: Figure) -> tuple[str, ...]:
    absolutes = ("" if one.ours is None else f"{one.ours:.4g}", "" if one.other is None else f"{one.other:.4g}")
    return (one.name, f"{one.value:.3g}", f"{one.low:.3g} - {one.high:.3g}", *absolutes, one.unit, one.aim, one.verdict)


def write(results: Results, file: Path, *, begun: str | None = None) -> None:
    """Writes `file`. Figures of the same commit and machine stay as they are; those of another run on committed code stay until they are measured
    anew, and `earlier` says for each such run its commit, machine, time and which figures are of it.

    `begun`: the commit when the run began. If it is another by now, nobody can say which was measured, and the figures count as those of changed code.
    """
    known = {"commit": commit(), "machine": machine()}
    if begun is not None and begun != known["commit"]:
        known["commit"] = begun.removesuffix(CHANGED) + CHANGED
    now = datetime.now(UTC).isoformat(timespec="seconds")
    new = results.as_dict()
    old = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    runs = _runs(old, measured_anew=new.keys())
    same = [run for run in runs if _is_settled(known["commit"]) and all(run[name] == value for name, value in known.items())]
    earlier = [run for run in runs if run not in same and _is_settled(run["commit"])]
    kept = {name: old[name] for run in [*same, *earlier] for name in run["figures"]}
    whole = known | {"measured_at": now} | ({"earlier": earlier} if earlier else {}) | kept | new
    file.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")


def _is_settled(of: str) -> bool:
    """Whether figures of this commit say which code they are of."""
    return of != UNKNOWN and not of.endswith(CHANGED)


def _runs(old: dict[str, Any], *, measured_anew: Collection[str]) -> list[dict[str, Any]]:
    """The runs whose figures a file holds, the newest first, without the figures that were measured anew and runs of which nothing is left."""
    if not old:
        return []
    earlier = old.get("earlier", [])
    theirs = {name for run in earlier for name in run["figures"]}
    own = {name: old[name] for name in ABOUT} | {
        "figures": [name for name in old if name not in theirs and name not in (*ABOUT, "earlier")]
    }
    left = [run | {"figures": [name for name in run["figures"] if name not in measured_anew]} for run in [own, *earlier]]
    return [run for run in left if run["figures"]]


def commit() -> str:
    """The commit that was measured; `-changed` behind it when the code differs from it."""

    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()

    try:
        changed = git("status", "--porcelain", "--", "aurora", "consent", "recommender", "bench/*.py", "bench/peers", "requirements.txt")
        return git("rev-parse", "HEAD") + (CHANGED if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return UNKNOWN


def machine() -> str:
    """Processor, cores, memory, kernel, Python."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GB, Linux {platform.release()}, Python {platform.python_version()}"
