"""The whole of Aurora and its sandbox on one machine: what `manage.py demo` runs, and what it tells about it.

`choose_state` and `prepare` run before Django's settings are read, because state folder and address are settings.
`aurora.management.commands.demo` does the rest.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import secrets
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from aurora import ports
from aurora.database_url import EnvError
from aurora.embedded import state_folder, write_private
from aurora.env import REPOSITORY, Env, Role
from aurora.supervisor import Process, answers, logs

# aurora.sandbox.config names them too; not imported here, since the sandbox is a world of its own that only talks HTTP.
EID, OFFICE = "eid", "benefits-office"
SANDBOX = (EID, "population-register", "tax-administration", "social-insurance", "hospital", "health-centre", OFFICE, "witness")


@dataclass(frozen=True, slots=True)
class Plan:
    """Where things will be. `ports` has "web" and the sandbox's processes."""

    state: Path
    ports: Mapping[str, int]
    quiet: bool = False

    @property
    def urls(self) -> dict[str, str]:
        """Base addresses by process, Aurora's own under "aurora". `localhost`: browsers treat it as a secure context."""
        named = {("aurora" if name == "web" else name): port for name, port in self.ports.items()}
        return {name: f"http://localhost:{port}" for name, port in named.items()}


@dataclass(frozen=True, slots=True)
class Operator:
    """One of the console's users in the demo."""

    username: str
    name: str
    roles: Sequence[str]
    password: str = field(repr=False)
    totp_secret: str = field(repr=False)
    # What the database keeps of the password: to make it, or to compare it with a password, takes a third of a second, of which a start has twelve.
    password_digest: str = field(repr=False, default="")

    def described(self) -> dict[str, Any]:
        """What an integrator needs to sign in."""
        return {name: value for name, value in asdict(self).items() if name != "password_digest"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--state", type=Path, help="folder for everything that is kept (default: AURORA_STATE_DIR or .aurora)")
    parser.add_argument(
        "--port", type=int, help="port of the web service; 0 takes free ports for everything (default: 8000 or the next free)"
    )
    parser.add_argument("--quiet", action="store_true", help="print the last line only")


def choose_state(arguments: Sequence[str]) -> None:
    """Takes --state into the environment, and what makes it a demo. Touches nothing."""
    if state := _options(arguments).state:
        os.environ["AURORA_STATE_DIR"] = str(state.expanduser().absolute())
    os.environ["AURORA_SANDBOX"] = "1"
    for name in ("AURORA_BASE_URL", "AURORA_LEDGER_ORIGIN"):
        # The demo is at home on localhost, whatever the shell had set for a service in earnest.
        os.environ.pop(name, None)


def prepare(arguments: Sequence[str]) -> None:
    """Chooses the ports and sets what the settings, here and in all processes, are read from. The state folder is ours. Raises EnvError."""
    options = _options(arguments)
    state = state_folder(Env.from_environ(os.environ).state_dir)
    (state / "demo.json").unlink(missing_ok=True)  # of a demo that was killed: it must not pass for this one's
    try:
        plan = Plan(state, ports.choose(state / "ports.json", SANDBOX, web=options.port), options.quiet)
    except ports.NoFreePort as error:
        raise EnvError(str(error)) from None
    os.environ["AURORA_BASE_URL"] = plan.urls["aurora"]
    # The log keeps its name when the web port changes.
    os.environ["AURORA_LEDGER_ORIGIN"] = "localhost/aurora-demo-ledger"


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    add_arguments(parser)
    return parser.parse_known_args(arguments)[0]


def plan(state: Path, *, quiet: bool) -> Plan:
    """The plan that `prepare` made."""
    return Plan(state, json.loads((state / "ports.json").read_text()), quiet)


_OPERATORS = (
    ("ingrid", "Ingrid", ["operations"]),
    ("oskar", "Oskar", ["privacy_officer"]),
    ("petra", "Petra", ["privacy_officer"]),
    ("pia", "Pia", ["privacy_officer"]),
    ("aune", "Aune", ["auditor"]),
    ("astrid", "Astrid", ["agency_officer"]),
    ("otso", "Otso", ["agency_officer"]),
    ("milla", "Milla", ["model_steward"]),
    ("sven", "Sven", ["model_steward"]),
    ("katri", "Katri", ["catalogue_editor"]),
    ("helmi", "Helmi", ["administrator"]),
    ("ragnar", "Ragnar", ["administrator"]),
)


def operators(file: Path) -> list[Operator]:
    """The demo's operators, of agency officers, model stewards and administrators two each (no one may both ask and approve), a third privacy officer (who answers for the other two) and an auditor apart; passwords and their digests are made once and kept in `file`, mode 600."""
    from django.contrib.auth.hashers import make_password  # reads the settings, which most of this module comes before

    kept = [Operator(**entry) for entry in json.loads(file.read_text(encoding="utf-8"))] if file.exists() else []
    made = [
        Operator(username, name, roles, secrets.token_urlsafe(12), base64.b32encode(secrets.token_bytes(20)).decode())
        for username, name, roles in _OPERATORS
        if username not in {one.username for one in kept}
    ]
    people = [one if one.password_digest else replace(one, password_digest=make_password(one.password)) for one in (*kept, *made)]
    if people != kept:
        write_private(file, json.dumps([asdict(operator) for operator in people], indent=2) + "\n")
    return people


def sandbox_processes(plan: Plan, configs: Mapping[str, Path]) -> list[Process]:
    """Its own environment: an agency must not know where Aurora's database is."""
    environ = {name: value for name, value in _environ("app").items() if not _is_ours(name)}
    python = (sys.executable, "-m", "aurora.sandbox")
    return [
        Process(
            name,
            (*python, name, "--port", str(plan.ports[name]), "--state", str(plan.state / "sandbox" / name), "--config", str(config)),
            environ,
            logs("READY "),
        )
        for name, config in configs.items()
    ]


def aurora_processes(plan: Plan, witnesses: Sequence[Mapping[str, str]] = ()) -> list[Process]:
    """Web, worker, beat, sequencer; `witnesses` are who cosigns the log, by "vkey" and "url". The last two are not waited for: a page and a pull work without them, and they come a moment later."""
    port, celery = plan.ports["web"], (sys.executable, "-m", "celery", "-A", "aurora")
    web = (
        *(sys.executable, "-m", "gunicorn", "aurora.wsgi:application", "--bind", f"127.0.0.1:{port}"),
        *("--worker-class", "gthread", "--workers", "2", "--threads", "4", "--preload", "--graceful-timeout", "5"),
        *("--keep-alive", "75"),  # as in aurora.serving: agencies keep a connection for longer than the two seconds that are the default
        # The control socket would lie in the home folder, which may not be ours to write.
        *("--no-control-socket", "--worker-tmp-dir", "/dev/shm" if os.access("/dev/shm", os.W_OK) else str(plan.state)),  # noqa: S108
    )
    worker = (
        *celery,
        "worker",
        "--concurrency",
        "2",
        "--loglevel",
        "INFO",
        "--without-mingle",
        "--without-gossip",
        "--hostname",
        "aurora@%h",
    )
    beat = (*celery, "beat", "--loglevel", "INFO", "--pidfile", "", "--schedule", str(plan.state / "beat-schedule"))
    sequencer = (sys.executable, str(REPOSITORY / "manage.py"), "sequencer")
    environ = {**_environ("app"), "AURORA_WITNESSES": " ".join(f"{one['vkey']} {one['url']}" for one in witnesses)}
    return [
        Process("web", web, environ, answers(f"http://127.0.0.1:{port}/readyz")),
        Process("worker", worker, environ, logs(" ready.")),
        # Beat sends the names of tasks and nothing else; the checks, for which Celery would load all pages, are the worker's.
        Process("beat", beat, {**environ, "CELERY_SKIP_CHECKS": "true"}),
        # The tree's tables are written by the sequencer alone; the service's own role may only read them.
        Process("sequencer", sequencer, _environ("owner")),
    ]


def manage(*arguments: str, role: Role = "app") -> Process:
    """A run of manage.py that ends by itself."""
    return Process(arguments[0], (sys.executable, str(REPOSITORY / "manage.py"), *arguments), _environ(role))


def description(plan: Plan, demo: Mapping[str, Any], control_token: str, people: Sequence[Operator]) -> dict[str, Any]:
    """What `.aurora/demo.json` tells an integrator."""
    return {
        "base_url": plan.urls["aurora"],
        "citizens": demo["citizens"],
        "children": demo.get("children", []),
        "estates": demo.get("estates", []),
        "agencies": demo["agencies"],
        "model_owners": demo.get("model_owners", []),
        "operators": [operator.described() for operator in people],
        "sandbox": {"eid": demo["eid"], "sources": demo["sources"], "control_token": control_token},
    }


def welcome(plan: Plan, demo: Mapping[str, Any], people: Sequence[Operator]) -> str:
    """What is printed: where to go and who to be."""
    base = plan.urls["aurora"]
    citizens = "\n".join(f"    {c['name']:<10} {c['identifier']}   {c['about']['en']}" for c in demo["citizens"])
    staff = "\n".join(
        f"    {o.username:<10} password {o.password}   authenticator secret {o.totp_secret}   {', '.join(o.roles).replace('_', ' ')}"
        for o in people
    )
    agencies = "\n".join(f"    {a['name']['en']:<20} {a['base_url']}" for a in demo["agencies"])
    return (
        f"\nCitizens sign in at {base}/en/ with the e-ID's identifier:\n{citizens}\n"
        f"\nAn agency that asks for data:\n{agencies}\n"
        f"\nOperators sign in at {base}/en/console/:\n{staff}\n"
        f"\nFor programs: {plan.state / 'demo.json'}   Logs: {plan.state / 'log'}/   Ctrl-C stops everything.\n"
    )


def _environ(role: Role) -> dict[str, str]:
    # What answers strangers must not hold the key to pass row-level security by.
    inherited = {name: value for name, value in os.environ.items() if role == "owner" or name != "DATABASE_OWNER_URL"}
    # The repository on the path: processes must find the code from whatever folder the demo was started in.
    return {**inherited, "AURORA_DB_ROLE": role, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(REPOSITORY)}


def _is_ours(name: str) -> bool:
    return name.startswith("AURORA_") or name in {"DATABASE_URL", "DATABASE_OWNER_URL", "BROKER_URL", "CACHE_URL", "DJANGO_SETTINGS_MODULE"}
