"""The hospital as the owner of a model: once Aurora answers, it trains, signs and registers it, and keeps trying until Aurora has taken or refused it.

All of it in the background of a process that serves already. What was built is kept in the state folder and sent again after a restart, which
changes nothing at Aurora.
"""

from __future__ import annotations

import hashlib
import logging
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aurora.sandbox import http
from aurora.sandbox.as_client import AsClient
from aurora.sandbox.config import Owner
from aurora.sandbox.errors import PeerError, SandboxError
from aurora.sandbox.hospital.build import PACKAGE, SIGNATURE
from aurora.sandbox.http import Answer
from aurora.sandbox.runtime import Runtime

IDENTIFIER = "joint-surgery-risk"
# Read the first one's result: registered after it, each by a registrar of its own.
OTHERS = ("hospital-stay",)
SCOPE = "evaluators"
# Seconds between two tries. Aurora starts when we do: while nobody answers it is asked often, once it has answered less and less often.
ABSENT_WAIT, FIRST_WAIT, LONGEST_WAIT = 1.0, 0.5, 30.0
ROOT = Path(__file__).resolve().parents[3]
# Another version stands there: ours must be newer.
OUTDATED = frozenset({"version_exists", "version_not_newer"})
log = logging.getLogger("aurora.sandbox")


@dataclass(frozen=True)
class Progress:
    """`state`: waiting, training, registering, registered, refused. `id` is Aurora's, once registered; `code` why Aurora did not take it the last time."""

    state: str = "waiting"
    id: str = ""
    identifier: str = IDENTIFIER
    version: int = 0
    code: str = ""
    others: tuple[str, ...] = ()


class Registrar:
    """One a model. `start` returns at once; `progress` may be asked from any thread. It begins when the one `after` which it comes has ended."""

    def __init__(self, here: Runtime, owner: Owner, *, state: Path, identifier: str = IDENTIFIER, after: Registrar | None = None) -> None:
        self.progress = Progress(identifier=identifier, others=OTHERS if identifier == IDENTIFIER else ())
        self._identifier, self._after = identifier, after
        self._client = AsClient(owner.aurora, here.signing_key)
        self._key = owner.signing_key
        self._url = f"{here.config.aurora_base_url}/api/v1/evaluators"
        # What another key signed, or other code trained, is not what we would build now.
        self._folder = state / "evaluators" / _digest(self._key)
        if identifier != IDENTIFIER:
            self._folder = self._folder / identifier
        self._ending = threading.Event()
        self._child: subprocess.Popen[str] | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ends the training too, if it is under way."""
        self._ending.set()
        if (child := self._child) is not None:
            child.kill()
        self._thread.join(timeout=5)

    @property
    def alive(self) -> bool:
        """Whether it is still about it."""
        return self._thread.is_alive()

    def _run(self) -> None:
        wait = FIRST_WAIT
        while self._after is not None and self._after.alive and not self._ending.is_set():
            self._ending.wait(ABSENT_WAIT)
        while not self._ending.is_set():
            if not self._answers():
                self._ending.wait(ABSENT_WAIT)
                continue
            try:
                if self._try():
                    return
            except SandboxError as error:
                self._say(code=getattr(error, "their_code", "") or error.code)
            self._ending.wait(wait)
            wait = min(2 * wait, LONGEST_WAIT)

    def _answers(self) -> bool:
        """Asked before anything is trained: training beside a service that is starting would only delay its start."""
        try:
            self._client.described()
        except PeerError as error:
            self._say(code=error.code)
            return False
        self._say(code="")
        return True

    def _try(self) -> bool:
        """True if there is nothing more to do. SandboxError if it can be tried again."""
        version = self._newest_built() or 1
        answer = self._register(self._built(version))
        if answer.body.get("code") in OUTDATED:
            # Another build of ours, made where this state folder was not. A version is never changed, so ours is the next one.
            version = 1 + max([version, *self._registered()])
            answer = self._register(self._built(version))
        return self._taken(answer, version)

    def _taken(self, answer: Answer, version: int) -> bool:
        if answer.ok:
            self._say(state="registered", id=str(answer.body.get("id", "")), version=version, code="")
            log.info("Aurora has taken %s version %d", self._identifier, version)
            return True
        code = str(answer.body.get("code") or f"HTTP {answer.status}")
        if answer.status in (400, 413, 415, 422):
            self._say(state="refused", version=version, code=code)
            log.warning("Aurora refused %s version %d: %s", self._identifier, version, code)
            return True
        # Our key is not released yet, or Aurora is busy or down.
        raise PeerError("aurora_refused", "Aurora does not take the model now.", retryable=True, their_code=code)

    def _built(self, version: int) -> Path:
        """The folder with package and signature; made if it is not there. SandboxError(not_built)."""
        folder = self._folder / str(version)
        if folder.exists():
            return folder
        self._say(state="training", version=version)
        command = [sys.executable, "-m", "aurora.sandbox.hospital.build", "--out", str(folder), "--version", str(version)]
        command += ["--model", self._identifier]
        # The signals that the server waits for are blocked in its threads, and would be in the child.
        self._child = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, text=True)
        self._child.communicate(self._key)
        ended, self._child = self._child.returncode, None
        if ended != 0 or not folder.exists():
            raise SandboxError("not_built", "The model could not be built; see the log.", retryable=True)
        return folder

    def _register(self, folder: Path) -> Answer:
        self._say(state="registering", version=int(folder.name))
        files = {"package": (folder / PACKAGE).read_bytes(), "signature": (folder / SIGNATURE).read_bytes()}
        token = self._client.own_token(SCOPE)
        return self._client.bearing("POST", self._url, token, lambda headers: http.post_files(self._url, files, headers=headers))

    def _registered(self) -> list[int]:
        """The numbers of our versions that Aurora knows."""
        token, found, after = self._client.own_token(SCOPE), list[int](), ""
        while True:
            url = f"{self._url}?after={after}" if after else self._url
            answer = self._client.bearing("GET", self._url, token, lambda headers, url=url: http.get(url, headers=headers))  # type: ignore[misc]
            if not answer.ok:
                raise PeerError("aurora_refused", "Aurora does not tell what it knows.", retryable=True)
            found += [int(one["version"]) for one in _ours(answer.body, self._identifier)]
            after = answer.body.get("next") or ""
            if not after:
                return found

    def _newest_built(self) -> int:
        return max((int(path.name) for path in self._folder.glob("[0-9]*") if path.name.isdigit()), default=0)

    def _say(self, **changes: Any) -> None:
        self.progress = replace(self.progress, **changes)


def _ours(body: Mapping[str, Any], identifier: str) -> list[Mapping[str, Any]]:
    return [one for one in body.get("evaluators", []) if isinstance(one, dict) and one.get("identifier") == identifier]


def _digest(key: str) -> str:
    sources = sorted(path for path in Path(__file__).parent.iterdir() if path.suffix in (".py", ".json"))
    return hashlib.sha256(b"".join([key.encode(), *(path.read_bytes() for path in sources)])).hexdigest()[:16]


_registrars: dict[str, Registrar] = {}


def start(here: Runtime, *, state: Path) -> list[Registrar]:
    """Begins, in the background of the hospital's process: one model after the other."""
    if here.config.owner is None:
        raise RuntimeError("this process owns no model")
    last: Registrar | None = None
    for identifier in (IDENTIFIER, *OTHERS):
        last = _registrars[identifier] = Registrar(here, here.config.owner, state=state, identifier=identifier, after=last)
    for registrar in _registrars.values():
        registrar.start()
    return list(_registrars.values())


def progress(identifier: str = IDENTIFIER) -> Progress:
    """How far one is; the beginning in a process that has not started it."""
    return _registrars[identifier].progress if identifier in _registrars else Progress(identifier=identifier)
