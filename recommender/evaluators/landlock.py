"""Linux's Landlock, which a process needs no rights for: from now on it changes no file, and reaches no process but its own.

Changes are writing, making, removing, moving and cutting off; the limit on file size alone would let it cut off or remove what the user owns.
With it goes what another process of the same user holds: its memory and its environment, where secrets are (the kernel compares the two
domains), and, from version 6 on, signals to it. Reading files stays. Source: kernel's Documentation/userspace-api/landlock.rst, linux/landlock.h.
"""

from __future__ import annotations

import ctypes
import os
import struct

_CREATE, _RESTRICT, _VERSION = 444, 446, 1  # the same numbers on all processors
# Bits of access to files: by the version that knows them first. 1 writes, 4 and 5 remove, 6 to 12 make; 13 moves, 14 cuts off, 15 asks a device.
_FILES = {1: sum(1 << bit for bit in (1, *range(4, 13))), 2: 1 << 13, 3: 1 << 14, 5: 1 << 15}
_NETWORK = {4: 0b11}  # TCP: to bind, to connect
_SCOPES = {6: 0b11}  # sockets by an abstract name, signals


def restrict(libc: ctypes.CDLL) -> bool:
    """Whether it holds. After no_new_privs is set (prctl(2))."""
    version = libc.syscall(_CREATE, None, 0, _VERSION)
    if version < 1:
        return False
    words = [_known(bits, version) for bits in (_FILES, _NETWORK, _SCOPES)]
    wanted = struct.pack("=3Q", *words)[: 24 if version >= 6 else 16 if version >= 4 else 8]
    rules = libc.syscall(_CREATE, wanted, len(wanted), 0)
    if rules < 0:
        return False
    try:
        return bool(libc.syscall(_RESTRICT, rules, 0) == 0)
    finally:
        os.close(rules)


def _known(bits: dict[int, int], version: int) -> int:
    """What this kernel can refuse."""
    return sum(some for since, some in bits.items() if since <= version)
