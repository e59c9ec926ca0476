"""Where on a host telemetry lies: known to processes that load no Django, too."""

from __future__ import annotations

from pathlib import Path

SILENT_SECONDS = 60


def alive_file(kind: str, state_dir: Path) -> Path:
    """The file that a process of this kind touches while it is well."""
    return state_dir / "alive" / kind
