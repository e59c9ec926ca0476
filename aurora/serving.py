"""How gunicorn serves Aurora in earnest: `gunicorn --config python:aurora.serving aurora.wsgi`.

Where it listens, and with how many workers and threads, is for the command line; the rest is the same everywhere.
"""

from __future__ import annotations

import logging
import os
from typing import Any

from gunicorn.glogging import Logger as GunicornLogger

from aurora.env import Env
from aurora.telemetry.logs import JsonLines

worker_class = "gthread"
workers = 2
threads = 4
# The key-encryption keys are tried once, before anybody is served; and workers share the memory of what is loaded.
preload_app = True
timeout = 60
graceful_timeout = 25
keepalive = 75
max_requests = 0
# A control socket would lie in a home folder, which a service has none of.
control_socket_disable = True
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108
# Paths of requests may hold a secret, and addresses are personal: Aurora tells of requests itself (aurora/telemetry/requests.py).
accesslog = None


class Logger(GunicornLogger):
    """Gunicorn's own lines in the form of all others."""

    def setup(self, cfg: Any) -> None:
        """As gunicorn does it, and then our form."""
        super().setup(cfg)
        if Env.from_environ(os.environ).log_format == "json":
            for handler in (*self.error_log.handlers, *self.access_log.handlers):
                if isinstance(handler, logging.Handler):
                    handler.setFormatter(JsonLines())


logger_class = Logger
