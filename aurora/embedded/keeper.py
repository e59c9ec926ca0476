"""Starts an embedded service again that ended by itself: killed, out of memory, crashed. Its address stays, so whoever uses it just connects anew."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from aurora.guard import Guard

LOOK_SECONDS = 0.1
LONGEST_DELAY = 10.0


class Service(Protocol):
    """A server that can be started again in the place of the one that ended."""

    @property
    def pid(self) -> int | None: ...

    def ended(self) -> bool:
        """Whether it was started and runs no more, though nobody stopped it."""
        ...

    def start(self, guard: Guard) -> None: ...


class Keeper:
    """`with Keeper(services, guard, note): ...`: a thread looks after them meanwhile. `note` is called whenever one has a new process id."""

    def __init__(self, services: Mapping[str, Service], guard: Guard, note: Callable[[], object]) -> None:
        self._services, self._guard, self._note = services, guard, note
        self._over = threading.Event()
        self._again = dict.fromkeys(services, 0.0)
        self._delay = dict.fromkeys(services, LOOK_SECONDS)
        self._thread = threading.Thread(target=self._look, name="keeper", daemon=True)

    def _look(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            for name, service in self._services.items():
                if service.ended() and time.monotonic() >= self._again[name]:
                    self._start(name, service)

    def _start(self, name: str, service: Service) -> None:
        """One that does not come up, such as on a full disk, is tried again, less and less often."""
        former = service.pid
        try:
            service.start(self._guard)
        except Exception as error:  # whatever it was: nobody else would start it
            self._again[name] = time.monotonic() + self._delay[name]
            self._delay[name] = min(2 * self._delay[name], LONGEST_DELAY)
            print(f"{name} does not start again: {error}", file=sys.stderr, flush=True)
            return
        finally:
            if former is not None and service.pid != former:
                self._guard.release(former)
        self._delay[name] = LOOK_SECONDS
        print(f"{name} had ended and was started again", file=sys.stderr, flush=True)
        self._note()

    def __enter__(self) -> Keeper:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
