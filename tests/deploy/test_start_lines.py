"""Every process is started by the very line that unit or image have, tells that it is ready, does its work, writes JSON and nothing else, and ends when asked."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.support.services import ROOT
from tests.support.stack import wait_for

BIN = Path(sys.executable).parent
UNITS = ROOT / "deploy/systemd"
SECRET = ("DATABASE_URL", "BROKER_URL", "CACHE_URL")
HANDED_OVER = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid())); "
    "os.execv(sys.argv[2], sys.argv[2:])"
)
PROCESSES = ("web", "worker", "beat", "sequencer", "metrics")
pytestmark = pytest.mark.xdist_group("processes")


@dataclass
class Running:
    """One process, what it told systemd, and where it can be asked."""

    process: subprocess.Popen[bytes]
    inbox: socket.socket
    log: Path
    port: int
    environ: dict[str, str]
    told: list[str] = field(default_factory=list)

    def has_told(self, word: str) -> bool:
        assert self.process.poll() is None, self.log.read_text()[-3000:]
        try:
            while True:
                self.told += self.inbox.recv(4096).decode().splitlines()
        except BlockingIOError:
            return word in self.told

    def lines(self) -> list[str]:
        """All that it wrote but what Celery says past all loggers: a word to root, which no unit and no image runs it as, and that it shuts down."""
        text = re.sub(r"^/[^\n]*SecurityWarning: .*?(?=^\{|\Z)", "", self.log.read_text(), flags=re.DOTALL | re.MULTILINE)
        return [line for line in text.splitlines() if line and line != "worker: Warm shutdown (MainProcess)"]


def of_unit(name: str, folder: Path) -> list[str]:
    """ExecStart, with this checkout in the place of the installed one."""
    text = (UNITS / f"aurora-{name}.service").read_text()
    line = re.search(r"^ExecStart=(.+)$", text, flags=re.MULTILINE)
    assert line
    found = line[1].replace("/opt/aurora/.venv/bin", str(BIN)).replace("/run/aurora", str(folder)).replace("%H", "here")
    return shlex.split(found)


def of_image(name: str, folder: Path) -> list[str]:
    return [str(ROOT / "deploy/entry.sh"), name]


@contextmanager
def running(command: list[str], folder: Path, *, files: bool, role: str) -> Iterator[Running]:
    """With the tests' own services; `files`: their addresses come as files. A listening socket is handed over, as systemd and Docker's port would."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    port = listener.getsockname()[1]
    inbox = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    inbox.bind(str(folder / "notify"))
    inbox.setblocking(False)
    with socket.create_server(("127.0.0.1", 0)) as one:
        metrics = one.getsockname()[1]
    state = folder / "state"
    state.mkdir()
    (state / "keys").symlink_to(Path(os.environ["AURORA_STATE_DIR"]) / "keys")
    environ = {
        **os.environ,
        "PATH": f"{BIN}:/usr/bin:/bin",
        "AURORA_LOG_FORMAT": "json",
        "AURORA_DB_ROLE": role,
        "AURORA_STATE_DIR": str(state),
    }
    environ |= {
        "AURORA_METRICS_ADDRESS": f"127.0.0.1:{metrics}",
        "AURORA_METRICS_DIR": str(folder / "counted"),
        "NOTIFY_SOCKET": str(folder / "notify"),
    }
    if files:
        for name in SECRET:
            (folder / name).write_text(environ.pop(name) + "\n")
            environ[f"{name}_FILE"] = str(folder / name)
        listener.close()
        environ["PORT"] = str(port)
        handed: tuple[int, ...] = ()
    else:
        # What systemd does between fork and exec: the socket as descriptor 3, and whom it is for.
        command = [sys.executable, "-c", HANDED_OVER, str(listener.fileno()), *command]
        handed = (listener.fileno(),)
    log = folder / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environ, stdout=out, stderr=out, stdin=subprocess.DEVNULL, pass_fds=handed, start_new_session=True
        )
    try:
        yield Running(process, inbox, log, metrics if command[-1] == "metrics" else port, environ)
    finally:
        inbox.close()
        listener.close()
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.mark.parametrize("way", ["unit", "image"])
@pytest.mark.parametrize("name", PROCESSES)
def test_a_process_starts_serves_and_ends(name: str, way: str, tmp_path: Path) -> None:
    command: Callable[[str, Path], list[str]] = of_unit if way == "unit" else of_image
    role = "owner" if name == "sequencer" else "app"
    with running(command(name, tmp_path), tmp_path, files=way == "image", role=role) as one:
        wait_for(lambda: one.has_told("READY=1"), f"{name} to be ready", within=90)
        if name in ("web", "metrics"):
            path = "/readyz" if name == "web" else "/metrics"
            answer = httpx.get(f"http://127.0.0.1:{one.port}{path}", headers={"Host": "localhost:8000"}, trust_env=False, timeout=60)
            assert answer.status_code == 200, answer.text
        else:
            assert "WATCHDOG=1" in one.told
            healthy = subprocess.run(
                [sys.executable, "manage.py", "healthy", name], cwd=ROOT, env={**os.environ, **one.environ}, check=False
            )
            assert healthy.returncode == 0
        os.kill(one.process.pid, signal.SIGTERM)
        assert one.process.wait(120) == 0
        odd = [
            line
            for line in one.lines()
            if not line.startswith("{") or set(json.loads(line)) < {"time", "level", "logger", "message", "process"}
        ]
        assert odd == []
        if name in ("web", "worker", "beat", "sequencer"):
            assert {json.loads(line)["process"] for line in one.lines()} == {name}


def test_the_image_s_entry_runs_any_command_and_takes_passwords_from_files(tmp_path: Path) -> None:
    environ = {name: value for name, value in os.environ.items() if name not in SECRET} | {"PATH": f"{BIN}:/usr/bin:/bin"}
    for name in SECRET:
        (tmp_path / name).write_text(os.environ[name])
        environ[f"{name}_FILE"] = str(tmp_path / name)
    said = subprocess.run(
        [str(ROOT / "deploy/entry.sh"), "shell", "-c", "from aurora.erasures import scrub; print('asked', scrub.last_at())"],
        env=environ,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0 and "asked" in said.stdout, said.stderr
