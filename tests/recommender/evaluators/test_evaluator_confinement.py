"""The process of a foreign model has no network and gains no rights, whoever runs it."""

from __future__ import annotations

import ctypes
import errno
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from recommender.evaluators import confine
from recommender.evaluators.runner import ROOT, Runner

pytestmark = pytest.mark.skipif(sys.platform != "linux" or platform.machine() not in ("x86_64", "aarch64"), reason="Linux's own means")

# What code that took a model's process over would try.
ATTEMPTS = """
import ctypes, json, os, socket, sys
from recommender.evaluators import confine
if sys.argv[1] == "nobody":
    os.setgroups([]); os.setresgid(65534, 65534, 65534); os.setresuid(65534, 65534, 65534)
kept = sys.argv[2]
held = confine.confine()
libc = ctypes.CDLL(None, use_errno=True)
def tried(what):
    try:
        what()
    except OSError as error:
        return error.errno
    return 0
def raw(number, *given):
    return ctypes.get_errno() if libc.syscall(number, *given) < 0 else 0
calls = confine._CALLS[os.uname().machine]
read, write = os.pipe()
print(json.dumps({
    "held": held.plain(),
    "inet": tried(lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM)),
    "inet6": tried(lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)),
    "unix": tried(lambda: socket.socket(socket.AF_UNIX)),
    "pair": tried(socket.socketpair),
    "ring": raw(calls["io_uring_setup"], 1, 0),
    "other_table": raw(calls["socket"] | 0x40000000, 2, 1, 0) if os.uname().machine == "x86_64" else 1,
    "program": tried(lambda: os.execv(sys.executable, [sys.executable, "-c", "print(1)"])),
    "memory": raw(calls["process_vm_readv"], os.getppid(), 0, 0, 0, 0, 0),
    "write": tried(lambda: os.open(kept, os.O_WRONLY)),
    "cut": tried(lambda: os.truncate(kept, 0)),
    "cut_on_opening": tried(lambda: os.open(kept, os.O_RDONLY | os.O_TRUNC)),
    "remove": tried(lambda: os.unlink(kept)),
    "move": tried(lambda: os.rename(kept, kept + "2")),
    "make": tried(lambda: os.open(kept + "3", os.O_WRONLY | os.O_CREAT)),
    "folder": tried(lambda: os.mkdir(kept + "4")),
    "link": tried(lambda: os.symlink("/etc/passwd", kept + "5")),
    "environment": tried(lambda: open(f"/proc/{os.getppid()}/environ", "rb").read()),
    "signal": tried(lambda: os.kill(os.getppid(), 0)),
    "read": len(open(kept).read()),
    "pipe": os.write(write, b"x"),
    "net": os.readlink("/proc/self/ns/net"),
    "rights": [line for line in open("/proc/self/status") if line.startswith("CapEff")][0].split()[1],
}))
"""


@pytest.fixture
def anybodys() -> Iterator[Path]:
    """A file that whoever is on this machine may write to, remove and move."""
    with tempfile.TemporaryDirectory() as place:
        folder, kept = Path(place), Path(place, "kept")
        kept.write_text("it")
        folder.chmod(0o777)
        kept.chmod(0o666)
        yield kept


def attempts(kept: Path, who: str = "self") -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", ATTEMPTS, who, str(kept)], env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True, cwd="/"
    )
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize(
    "who", ["self", pytest.param("nobody", marks=pytest.mark.skipif(os.geteuid() != 0, reason="only root can drop to it"))]
)
def test_no_socket_can_be_opened_by_any_way(who: str, anybodys: Path) -> None:
    found = attempts(anybodys, who)
    assert found["held"]["no_new_privileges"] and found["held"]["call_filter"]
    for way in ("inet", "inet6", "unix", "pair", "ring", "other_table", "program", "memory"):
        assert found[way] == 1, f"{way}: EPERM"
    assert found["pipe"] == 1, "what it needs is left to it"
    # The namespace is had where the kernel gives one; told as it is.
    assert (found["net"] != os.readlink("/proc/self/ns/net")) == found["held"]["network_namespace"]
    if os.geteuid() == 0 and who == "self":
        assert "network_namespace" in found["held"]


def _kernel_has_landlock() -> bool:
    return int(ctypes.CDLL(None).syscall(444, None, 0, 1)) >= 6


@pytest.mark.skipif(not _kernel_has_landlock(), reason="the kernel's own means, version 6")
@pytest.mark.parametrize(
    "who", ["self", pytest.param("nobody", marks=pytest.mark.skipif(os.geteuid() != 0, reason="only root can drop to it"))]
)
def test_no_file_is_changed_and_no_other_process_reached(who: str, anybodys: Path) -> None:
    """Of root too. What it may read it may read: its libraries are there."""
    kept = anybodys
    found = attempts(kept, who)
    assert found["held"]["file_lock"] and found["held"]["no_capabilities"] and found["read"] == 2 and int(found["rights"], 16) == 0
    for way in ("write", "cut", "cut_on_opening", "remove", "move", "make", "folder", "link", "environment", "signal"):
        assert found[way] in (errno.EACCES, errno.EPERM), way
    assert [path.name for path in kept.parent.iterdir()] == ["kept"] and kept.read_text() == "it"


def test_the_models_own_process_is_so_confined() -> None:
    runner = Runner()
    try:
        answer = runner.ask("ping", seconds=60)
        status = dict(line.split(":\t", 1) for line in Path(f"/proc/{answer['pid']}/status").read_text().splitlines() if ":\t" in line)
        assert answer["confined"]["call_filter"] and (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
        theirs = os.readlink(f"/proc/{answer['pid']}/ns/net")
        assert (theirs != os.readlink("/proc/self/ns/net")) == answer["confined"]["network_namespace"]
    finally:
        runner.close()


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_refuses_exactly_its_list(machine: str) -> None:
    """Read by a machine of our own: what the kernel would do with each call."""

    def verdict(number: int, architecture: int = confine._ARCHITECTURES[machine]) -> int:
        content, at, word = confine.program(machine), 0, 0
        while True:
            code, yes, no = int.from_bytes(content[at : at + 2], sys.byteorder), content[at + 2], content[at + 3]
            value = int.from_bytes(content[at + 4 : at + 8], sys.byteorder)
            at += 8
            if code == confine._LOAD:
                word = {0: number, 4: architecture}[value]
            elif code == confine._RETURN:
                return value
            else:
                true = word == value if code == confine._EQUAL else word >= value
                at += 8 * (yes if true else no)

    refused = set(confine._CALLS[machine].values())
    assert {number for number in range(600) if verdict(number) == confine._REFUSE} == refused
    assert {verdict(number) for number in set(range(600)) - refused} == {confine._ALLOW}
    assert verdict(0, architecture=0x40000003) == confine._KILL, "i386's calls have other numbers"
    if machine == "x86_64":
        assert verdict(confine._X32 | 0) == confine._REFUSE
