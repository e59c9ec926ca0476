"""That an answer left us is noted after it has left, in batches, by a thread of its own: a read waits for none of it.

A web process that dies takes the notes with it that it has not written yet. Then it is in doubt whether those agencies have their answers, which is
just what a missing note says.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
from collections import deque
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from django.db import Error, connection

from consent.uses import notes

logger = logging.getLogger(__name__)
EVERY_SECONDS = 0.5
AT_ONCE = 500
MOST_WAITING = 20_000  # with the database away; what is more stays in doubt


class _Writer:
    """Takes notes from the threads that answer, and writes them from one of its own, which begins with the first note in a process."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[UUID, datetime]] = deque(maxlen=MOST_WAITING)
        self._begun = threading.Lock()
        self._woken = threading.Event()
        self._ended = False
        self._process = 0

    def put(self, entry_id: UUID, at: datetime) -> None:
        self._waiting.append((entry_id, at))
        if self._process != os.getpid():  # a child has the parent's queue, but not its thread
            self._begin()
        self._woken.set()

    def _begin(self) -> None:
        with self._begun:
            if self._process == os.getpid():
                return
            self._process = os.getpid()
            threading.Thread(target=self._run, name="delivery-notes", daemon=True).start()
            atexit.register(self._end)

    def _run(self) -> None:
        while not self._ended:
            if not self._woken.wait(timeout=10 * EVERY_SECONDS):
                connection.close()  # nobody reads: hold no connection
                self._woken.wait()
            self._woken.clear()
            threading.Event().wait(EVERY_SECONDS)  # what comes meanwhile goes along
            self.write()

    def write(self) -> int:
        """Write what waits, now, in the thread that asks. How many notes were new."""
        new = 0
        while batch := self._batch():
            try:
                new += notes.keep(batch)
            except Error as error:
                logger.error("%d notes of deliveries could not be written: %s", len(batch), type(error).__name__)
                self._waiting.extendleft(reversed(batch[: MOST_WAITING - len(self._waiting)]))
                connection.close()
                break
        return new

    def _batch(self) -> list[tuple[UUID, datetime]]:
        """The next ones that wait. At a process's end two threads may take at once: each gets others, and none is lost between them."""
        batch: list[tuple[UUID, datetime]] = []
        with suppress(IndexError):
            while len(batch) < AT_ONCE:
                batch.append(self._waiting.popleft())
        return batch

    def _end(self) -> None:
        self._ended = True
        self.write()
        connection.close()


_writer = _Writer()


def handed_over(*, entry_id: UUID, now: datetime) -> None:
    """The last byte of the answer to this read has been handed to the operating system. Costs the caller a few microseconds."""
    _writer.put(entry_id, now)


def write_now() -> int:
    """Write what waits without waiting for the thread. How many notes were new."""
    return _writer.write()
