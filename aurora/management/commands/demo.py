"""`manage.py demo`: Aurora and its sandbox until Ctrl-C. The embedded services around it come from `aurora.commandline`."""

from __future__ import annotations

import json
import threading
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connections
from django.db.migrations.executor import MigrationExecutor

from aurora import demo
from aurora.embedded import write_private
from aurora.management.commands import release_demo
from aurora.sandbox import provision
from aurora.supervisor import StartFailed, Stopped, Supervisor
from consent.ledger.checkpoint import Signer, ensure_key, ensure_mldsa_key


class Command(BaseCommand):
    help = "Runs all of Aurora with a sandbox of agencies: migrations, seed, web, worker, beat, sequencer."
    # The processes run the checks themselves; here they would only lengthen the start.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        demo.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        plan = demo.plan(settings.ENV.state_dir, quiet=options["quiet"])
        say = (lambda _: None) if plan.quiet else self._say
        (plan.state / "demo.json").unlink(missing_ok=True)
        try:
            with Supervisor(plan.state / "log", say=say) as supervisor:
                self._run(plan, supervisor, say)
        except StartFailed as error:
            raise CommandError(f"Aurora did not start. {error}") from None
        except Stopped:
            pass
        finally:
            (plan.state / "demo.json").unlink(missing_ok=True)

    def _run(self, plan: demo.Plan, supervisor: Supervisor, say: Any) -> None:
        made = provision.load_or_make(plan.state / "sandbox" / "provision.json", urls=plan.urls, logs=self._log_keys())
        supervisor.start(*demo.sandbox_processes(plan, provision.write_configs(made, plan.state / "sandbox")), wait=False)
        people = demo.operators(plan.state / "operators.json")
        if self._pending_migrations():
            say("Preparing the database.")
            # Without checks, as above: they import all pages, which is a third of it.
            supervisor.finish(demo.manage("migrate", "--no-input", "--skip-checks", role="owner"))
        description = demo.description(plan, made.demo, made.aurora["control_token"], people)
        seed = plan.state / "seed.json"
        write_private(seed, json.dumps({**made.aurora, "operators": [asdict(one) for one in people]}))
        self._seed(seed)
        web, worker, *later = demo.aurora_processes(plan, made.aurora["witnesses"])
        supervisor.start(web, worker)
        supervisor.start(*later, wait=False)
        write_private(plan.state / "demo.json", json.dumps(description, indent=2, ensure_ascii=False) + "\n")
        say(demo.welcome(plan, made.demo, people))
        self._say(f"Aurora is ready: {plan.urls['aurora']}")
        self._release_in_the_background(seed, say)
        supervisor.run()

    def _release_in_the_background(self, config: Path, say: Any) -> None:
        """The hospital's model, once it is registered: it is trained after everything has started. In this process, which waits anyway."""

        def release() -> None:
            try:
                say(f"The hospital's model is released: {release_demo.release_all(config)}")
            except CommandError as error:
                say(f"The hospital's model is not released: {error}")
            except DatabaseError:
                pass  # the demo is being stopped
            finally:
                connections.close_all()

        threading.Thread(target=release, daemon=True).start()

    def _log_keys(self) -> tuple[str, ...]:
        """The verifier keys of our log, for the witness: it must know whom it watches before it is asked."""
        keys = ensure_key(settings.AURORA_LEDGER_KEY_FILE), ensure_mldsa_key(settings.AURORA_LEDGER_MLDSA_KEY_FILE)
        return Signer(settings.AURORA_LEDGER_ORIGIN, *keys).vkeys

    def _seed(self, config: Path) -> None:
        """In this process, which has Django loaded already: another would cost each start two seconds more."""
        call_command("seed_demo", config=config)
        connections.close_all()

    def _pending_migrations(self) -> bool:
        """Asked here, as the service's role: a run of `migrate` that finds nothing to do would cost two seconds of each start."""
        executor = MigrationExecutor(connections["default"])
        try:
            return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
        finally:
            connections.close_all()

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
