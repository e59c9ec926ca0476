"""`python -m tests.support.ledger_readers CITIZENS`: an agency's reads, as processes that can be killed.

It makes citizens with keys, facts and a consent each, says `ready`, and for each line of its input (seconds by which that reader's clock is
off) forks a reader and says its pid. A reader reads one citizen after the other through the journey that the API calls (decide, append, read,
commit) and only then writes one line: what its client was told. Who reads those lines is the client, and no part of the database.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

import django
from django.db import InterfaceError, OperationalError, connection, connections

# A steady load: what is to be met is many reads at every moment, not as many as the machine can make.
PAUSE = 0.01
REFUSED_OF_TEN = 1


def say(**what: object) -> None:
    """One write, shorter than PIPE_BUF: lines of several processes do not mix, and a killed one leaves no half a line."""
    os.write(1, (json.dumps(what) + "\n").encode())


def main() -> None:
    django.setup()
    from bench.world import CATEGORY, OFFICE, PURPOSE, office
    from consent.oauth.tokens import TokenContext

    made = office(int(sys.argv[1]))
    tokens = [
        TokenContext(
            citizen_id=part.citizen_id,
            client_id=made.client_id,
            agency_code=OFFICE,
            grant_id=part.grant_id,
            consent_id=part.consent_id,
            purpose=PURPOSE,
            categories=frozenset({CATEGORY}),
            expires_at=part.grant.created_at + timedelta(days=1),
        )
        for part in made.parts
    ]
    connections.close_all()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for a killed reader
    say(ready=len(tokens))
    for line in sys.stdin:
        if (pid := os.fork()) == 0:
            _read_on(tokens, CATEGORY, float(line))
        say(reader=pid)
    os.killpg(0, signal.SIGKILL)


def _read_on(tokens: Sequence[object], category: str, skew: float) -> None:
    """Never returns: ends by a signal, with its parent, or by an error that nobody expects, which the log then has."""
    try:
        dice, parent = random.Random(os.getpid()), os.getppid()
        _set_clock(skew)
        while os.getppid() == parent:
            try:
                _read_one(dice.choice(tokens), category if dice.random() * 10 >= REFUSED_OF_TEN else "population.person")
            except (OperationalError, InterfaceError):
                with suppress(OperationalError, InterfaceError):
                    connection.close()
                time.sleep(0.05)
            time.sleep(PAUSE)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)


def _read_one(token: object, category: str) -> None:
    from django.utils import timezone

    from aurora.journeys._door import AccessRefused
    from aurora.journeys.agency_read import read_category

    try:
        reading = read_category(token=token, category=category, now=timezone.now())  # type: ignore[arg-type]
        told = {"read": str(reading.entry_id), "facts": len(reading.facts)}
    except AccessRefused as refused:
        told = {"refused": str(refused.entry_id), "code": refused.code}
    say(citizen=str(token.citizen_id), **told)  # type: ignore[attr-defined]


def _set_clock(skew: float) -> None:
    """This process's clock, and nothing of Aurora's: what asks for the time gets another one."""
    if skew:
        from django.utils import timezone

        real_ns, real_now = time.time_ns, timezone.now
        time.time_ns = lambda: real_ns() + int(skew * 1e9)
        timezone.now = lambda: real_now() + timedelta(seconds=skew)


if __name__ == "__main__":
    main()
