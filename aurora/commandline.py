"""What happens around a Django command: its services are there, and it connects as the right role.

Migrations own tables and run as `aurora_owner`, as does who seals anew what is nobody's in particular; everything else runs as `aurora_app`, which row-level security binds. AURORA_DB_ROLE, where
set, decides instead.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from aurora import demo
from aurora.backups import mark
from aurora.database_url import EnvError
from aurora.embedded import ServicesBusy, provide
from aurora.embedded.places import PlaceError
from aurora.embedded.postgres import PostgresError
from aurora.embedded.valkey import ValkeyError
from aurora.env import Env
from aurora.keyfiles import KeyFileError
from aurora.telemetry import healthy

OWNER_COMMANDS = frozenset(
    {
        "flush",
        "makemigrations",
        "migrate",
        "optimizemigration",
        "rotate_kek",
        "showmigrations",
        "sqlflush",
        "sqlmigrate",
        "sqlsequencereset",
        "squashmigrations",
    }
)
# These must run on a machine where nothing is set up yet, or need no service.
BARE_COMMANDS = frozenset(
    {
        "check_migrations",
        "collectstatic",
        "compilemessages",
        "diffsettings",
        "findstatic",
        "help",
        "makemessages",
        "provision",
        "spectacular",
        "version",
    }
)


def main(argv: Sequence[str]) -> int:
    """Runs the command; returns the exit status. Ctrl-C ends it, and the services it started, without a stack trace."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aurora.settings")
    command = next((argument for argument in argv[1:] if not argument.startswith("-")), "help")
    if command in OWNER_COMMANDS:
        os.environ.setdefault("AURORA_DB_ROLE", "owner")
    try:
        if command == "healthy":
            return healthy.main(argv[2:], Env.from_environ(os.environ))
        if command in BARE_COMMANDS or {"-h", "--help"} & set(argv):
            return _django(argv)
        return _with_services(argv, command)
    except KeyboardInterrupt:
        return 130
    except (EnvError, KeyFileError, ServicesBusy, PlaceError, PostgresError, ValkeyError, mark.RestoreUnfinished) as error:
        # Each says in a sentence what to do; a stack trace would bury it.
        print(f"{error.__class__.__name__}: {error}", file=sys.stderr)
        return 1


def _with_services(argv: Sequence[str], command: str) -> int:
    alone = command == "demo"
    if alone:
        demo.choose_state(argv[2:])
    with provide(Env.from_environ(os.environ).state_dir, alone=alone) as services:
        os.environ.update(services.environ())
        if alone:
            # The address is a setting: it must be known before the settings are read; and the ports are kept in the state folder,
            # which is ours only now.
            demo.prepare(argv[2:])
        if command != "restore":
            mark.refuse(Env.from_environ(os.environ).database)
        return _django(argv)


def _django(argv: Sequence[str]) -> int:
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(list(argv))
    except SystemExit as end:
        # Caught so that the services' `with` ends in order.
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
            return 1
        return end.code or 0
    return 0
