"""Places at which a test may kill the process, as a power cut would: `tests/faults`. Nothing happens at them anywhere else.

Only with AURORA_CRASH_POINTS=1, which settings refuse outside the sandbox: then a file of the point's name, in the state folder's `crash/`,
kills whoever comes there first, with all processes of its group (a worker's pool), once. A file `<point>.stop` halts them instead until
somebody lets them go on: then others can be killed at that very moment.
"""

from __future__ import annotations

import os
import signal

from django.conf import settings


def reach(point: str) -> None:
    """We are here. Does not return if somebody wants us dead."""
    folder = settings.AURORA_CRASH_FOLDER
    if folder is None:
        return
    for name, number in ((point, signal.SIGKILL), (f"{point}.stop", signal.SIGSTOP)):
        try:
            os.unlink(folder / name)  # of several that come here at once, one
        except OSError:
            continue
        os.killpg(os.getpgrp(), number)
