"""`python -m aurora.sandbox <process> --host 127.0.0.1 --port N --state DIR --config FILE.json` runs one process."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from aurora.sandbox import config, corrections, runtime, server, settings
from aurora.sandbox.errors import ConfigError
from aurora.sandbox.runtime import Runtime

if TYPE_CHECKING:
    from aurora.sandbox.hospital.owner import Registrar


def main(arguments: list[str] | None = None) -> int:
    """Serves until SIGTERM or SIGINT; prints the line `READY <base_url>` once it answers. 2: bad configuration."""
    parser = argparse.ArgumentParser(prog="python -m aurora.sandbox", description="Run one process of the sandbox.")
    parser.add_argument("process", choices=config.PROCESSES)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--state", type=Path, required=True, help="folder for what must survive a restart")
    parser.add_argument("--config", type=Path, required=True, help="JSON file, see aurora/sandbox/README.md")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format=f"%(asctime)s {options.process} %(message)s")
    try:
        read = config.load(options.process, options.config)
    except ConfigError as error:
        print(error.sentence, file=sys.stderr)
        return 2
    listening = server.bind(options.host, options.port)
    address = f"http://{options.host}:{listening.server_port}"
    running = runtime.start(read, state=options.state, address=address)
    settings.configure(running)
    from django.core.wsgi import get_wsgi_application

    listening.set_app(get_wsgi_application())
    print(f"READY {running.base_url}", flush=True)
    server.hold_signals()
    registrars = _own_models(running, options.state)
    correctors = corrections.start(running)

    def sweep() -> None:
        running.store.sweep()
        if running.process == config.OFFICE:
            from aurora.sandbox.office import notices, pushes, uses

            notices.confirm_all(running)
            uses.tell(running)
            pushes.tell(running)

    server.serve(listening, sweep)
    for registrar in registrars:
        registrar.stop()
    for corrector in correctors:
        corrector.stop()
    running.store.close()
    return 0


def _own_models(running: Runtime, state: Path) -> list[Registrar]:
    """The hospital begins to train and register its models; nobody else has any."""
    if running.process != config.HOSPITAL:
        return []
    from aurora.sandbox.hospital import owner

    return owner.start(running, state=state)


if __name__ == "__main__":
    raise SystemExit(main())
