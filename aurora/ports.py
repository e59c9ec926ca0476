"""Ports on loopback, chosen once: issuers carry them, and an issuer that changes is another issuer."""

from __future__ import annotations

import json
import random
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path

FIRST_SANDBOX_PORT = 8101
WEB_PORT = 8000
TRIES = 200
_HANDED_OUT = Path("/proc/sys/net/ipv4/ip_local_port_range")


class NoFreePort(RuntimeError):
    """Nothing is free where ports were looked for."""


def choose(file: Path, sandbox: Iterable[str], *, web: int | None = None) -> dict[str, int]:
    """A port for "web" and for each name in `sandbox`; the ones kept in `file` where they are still free.

    `web`: None prefers the kept one, then 8000, then the next free; 0 takes free ports anywhere for everything that is not kept; a number
    must be free. Raises NoFreePort.
    """
    kept = _read(file)
    taken: set[int] = set()
    chosen: dict[str, int] = {}

    def take(name: str, candidates: Iterable[int]) -> None:
        for candidate in candidates:
            if candidate not in taken and (port := _bindable(candidate)) is not None and port not in taken:
                taken.add(port)
                chosen[name] = port
                return
        raise NoFreePort(f"no free port for {name}")

    # The system may give a port again that it gave for the name before.
    anywhere = [*at_random(TRIES), *[0] * TRIES] if web == 0 else []
    if web:
        if not _bindable(web):
            raise NoFreePort(f"port {web} is taken; choose another with --port, or leave --port out")
        take("web", [web])
    else:
        take("web", [*_kept(kept, "web"), *(anywhere or range(WEB_PORT, WEB_PORT + TRIES))])
    for name in sandbox:
        take(name, [*_kept(kept, name), *(anywhere or range(FIRST_SANDBOX_PORT, FIRST_SANDBOX_PORT + TRIES))])
    file.write_text(json.dumps(chosen, indent=2) + "\n")
    return chosen


def at_random(number: int) -> list[int]:
    """So many ports below those that the system hands out to whoever asks for any, and for connections: nobody gets one of them by chance between
    its being found free and the start of whom it is for, nor while that is started again. None where the system hands out all that there are.
    """
    try:
        lowest = int(_HANDED_OUT.read_text().split()[0])
    except (OSError, ValueError):
        lowest = 49_152  # RFC 6335, 6
    below = range(11_000, lowest)  # behind the last that browsers refuse
    return random.Random().sample(below, min(number, len(below)))  # its own: others may have seeded the module's


def _bindable(port: int) -> int | None:
    """The port (for 0: one from the system) if it can be bound now, on both of the addresses that `localhost` may mean."""
    with socket.socket() as probe:
        # As servers do: a port whose last connections are in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            return None
        found = int(probe.getsockname()[1])
    # Somebody listening on [::1] would be whom the browser reaches under this name.
    with socket.socket(socket.AF_INET6) as probe:
        probe.settimeout(0.5)
        return None if probe.connect_ex(("::1", found)) == 0 else found


def _kept(kept: Mapping[str, int], name: str) -> list[int]:
    return [kept[name]] if name in kept else []


def _read(file: Path) -> dict[str, int]:
    try:
        content = json.loads(file.read_text())
        return {str(name): int(port) for name, port in content.items() if 0 < int(port) < 65536}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}
