"""`python -m bench`: measures, writes results.json, prints the table."""

from __future__ import annotations

import argparse
import time
from importlib import import_module
from pathlib import Path

from bench import results
from bench.harness import Scale
from bench.place import place

# What is measured, in a module each, by its `measure(results, place, scale)`.
GROUPS = (
    "reads",
    "codes",
    "decision",
    "ledger",
    "ledger_proofs",
    "ledger_pages",
    "suggest",
    "catalogue",
    "meters",
    "evaluate",
    "pulls",
    "plan",
    "export",
    "pages",
    "loads",
)
LARGE = ("training", "batch", "patterns", "growth", "hosts")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--large", action="store_true", help="also what takes long")
    parser.add_argument("--quick", action="store_true", help="only show that everything works: the figures mean nothing")
    parser.add_argument("--only", action="append", choices=(*GROUPS, *LARGE), help="one group; may be given several times")
    parser.add_argument("--out", type=Path, default=results.FILE, help="where the figures go (default: %(default)s)")
    options = parser.parse_args()
    if options.quick and options.out == results.FILE:
        parser.error("--quick needs --out: its figures must not pass for measurements")
    scale = Scale(quick=options.quick, large=options.large)
    found, commit = results.Results(), results.commit()
    with place(durable=not scale.quick) as where:
        for group in options.only or (GROUPS + LARGE if options.large else GROUPS):
            begun = time.monotonic()
            # Imported here: the modules use Django, which is set up now.
            import_module(f"bench.{group}").measure(found, where, scale)
            # At once: a group that fails takes none of those before it with it.
            results.write(found, options.out, begun=commit)
            print(f"{group}: measured in {time.monotonic() - begun:.0f} s", flush=True)
    print(f"\n{found.table()}\n\n{results.machine()}\n{options.out}")


if __name__ == "__main__":
    main()
