"""What the process of a foreign model may ask of Linux: taken away from it before it reads a byte, by itself, and for good.

Four layers, each as far as this machine and user have it; `confine` says which took hold.
1. No new privileges: nothing that it starts gains rights (prctl(2), PR_SET_NO_NEW_PRIVS). And what root has of its own goes (capset(2)): with it
   a process could look into others past 4 and set its own limits anew.
2. A network namespace of its own, with no device that is up: as root directly, else within a user namespace, where the kernel lets a plain user
   make one (unshare(2), user_namespaces(7); some distributions and most containers do not).
3. A filter of system calls: sockets, other processes' memory, further programs, namespaces and rings of io_uring (which would open sockets past the
   filter) are refused with EPERM, on x86-64 and arm64 (seccomp(2), kernel's Documentation/userspace-api/seccomp_filter.rst). It needs no
   rights, once 1 holds; so it is what is relied on where 2 is denied.
4. No file is changed, and no other process reached (`landlock`), on kernels from 5.13 that have it switched on.
What this does not do: it hides no files of the user it runs as. On other systems than Linux nothing of it holds.
"""

from __future__ import annotations

import ctypes
import platform
import struct
import sys
from dataclasses import asdict, dataclass

from recommender.evaluators import landlock

_PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS, _SECCOMP_MODE_FILTER = 22, 38, 2
_CAPABILITIES_3 = 0x20080522  # of linux/capability.h
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
# By machine: the audit architecture (linux/audit.h), and the numbers of system calls (asm/unistd.h).
_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_CALLS = {
    "x86_64": {
        "socket": 41, "connect": 42, "accept": 43, "sendto": 44, "sendmsg": 46, "bind": 49, "listen": 50, "socketpair": 53, "accept4": 288,
        "sendmmsg": 307, "execve": 59, "execveat": 322, "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311, "pidfd_getfd": 438,
        "io_uring_setup": 425, "unshare": 272, "setns": 308, "mount": 165, "bpf": 321, "perf_event_open": 298, "keyctl": 250,
    },
    "aarch64": {
        "socket": 198, "connect": 203, "accept": 202, "sendto": 206, "sendmsg": 211, "bind": 200, "listen": 201, "socketpair": 199, "accept4": 242,
        "sendmmsg": 269, "execve": 221, "execveat": 281, "ptrace": 117, "process_vm_readv": 270, "process_vm_writev": 271, "pidfd_getfd": 438,
        "io_uring_setup": 425, "unshare": 97, "setns": 268, "mount": 40, "bpf": 280, "perf_event_open": 241, "keyctl": 219,
    },
}  # fmt: skip
_X32 = 0x40000000  # x86-64's second table of calls: the same ones under other numbers
_EPERM = 1
# Classic BPF (linux/filter.h): load a word of seccomp_data, compare, return.
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050000 | _EPERM, 0x80000000
_NUMBER, _ARCHITECTURE = 0, 4  # where they lie in seccomp_data


@dataclass(frozen=True, slots=True)
class Confined:
    """What holds from now on."""

    no_new_privileges: bool
    network_namespace: bool
    call_filter: bool
    file_lock: bool
    no_capabilities: bool

    def plain(self) -> dict[str, bool]:
        return asdict(self)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def confine() -> Confined:
    """Take all of it away. Before any thread is started: a namespace of users is for a process alone. Never raises for what is not to be had."""
    if sys.platform != "linux":
        return Confined(False, False, False, False, False)
    libc = ctypes.CDLL(None, use_errno=True)
    namespace = libc.unshare(_CLONE_NEWNET) == 0 or libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) == 0
    privileges = libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    # Last of what needs rights. Version, process, then three empty sets of 64 bits.
    without = libc.capset(struct.pack("=Ii", _CAPABILITIES_3, 0), bytes(24)) == 0
    locked = privileges and landlock.restrict(libc)
    return Confined(privileges, namespace, privileges and _filter(libc), locked, without)


def _filter(libc: ctypes.CDLL) -> bool:
    machine = platform.machine()
    if machine not in _CALLS:
        return False
    content = program(machine)
    kept = ctypes.create_string_buffer(content, len(content))
    wanted = _Program(len(content) // 8, ctypes.cast(kept, ctypes.c_void_p))
    return bool(libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(wanted), 0, 0) == 0)


def program(machine: str) -> bytes:
    """The filter: another architecture's calls end the process, the ones of the list fail, all others pass."""
    refused = sorted(_CALLS[machine].values())
    steps = [(_LOAD, 0, 0, _ARCHITECTURE), (_EQUAL, 1, 0, _ARCHITECTURES[machine]), (_RETURN, 0, 0, _KILL), (_LOAD, 0, 0, _NUMBER)]
    checks = len(refused) + (machine == "x86_64")
    if machine == "x86_64":
        steps.append((_AT_LEAST, checks, 0, _X32))
    steps += [(_EQUAL, len(refused) - at, 0, number) for at, number in enumerate(refused)]
    steps += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _REFUSE)]
    return b"".join(struct.pack("=HBBI", code, yes, no, value) for code, yes, no, value in steps)
