"""`make bench`: what Aurora costs, as ratios against peers measured in the same run. docs/decisions/bench.md says how and why so."""
