"""A Celery worker of one process that says by a file that it is ready. `python -m bench.worker READY-FILE NAME`."""

from __future__ import annotations

import sys
from pathlib import Path

from celery.signals import worker_ready

from aurora.celery import app


def main() -> None:
    ready, name = Path(sys.argv[1]), sys.argv[2]

    @worker_ready.connect(weak=False)
    def _(**_: object) -> None:
        ready.touch()

    app.worker_main(
        ["worker", "--pool", "solo", "--hostname", f"{name}@bench", "--loglevel", "WARNING", "--without-gossip", "--without-mingle"]
    )


if __name__ == "__main__":
    main()
