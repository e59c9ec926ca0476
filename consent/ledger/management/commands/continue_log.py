"""`manage.py continue_log`: after an honest restore of the database, the log goes on under a new name. docs/operations/ledger.md says when."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DEFAULT_DB_ALIAS, connections

from consent.ledger.checkpoint import LedgerKeyError, Signer, ensure_key, ensure_mldsa_key
from consent.ledger.heads import HeadFile, HeadFileError, is_of
from consent.ledger.sequence import Sequencer
from consent.ledger.tiles import TreeDamaged

LONGEST_REASON = 500


class Command(BaseCommand):
    help = (
        "After the database was restored to an older state: retires the log's former name with its last head, which stays published at "
        "/ledger/former, so that the log can go on under the name in AURORA_LEDGER_ORIGIN."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--reason", required=True, help="what happened, for everybody to read: one or two sentences, no personal data")
        parser.add_argument("--database", default=DEFAULT_DB_ALIAS, help="database alias to connect by (default: %(default)s)")

    def handle(self, *args: Any, **options: Any) -> None:
        reason = " ".join(options["reason"].split())
        if not 10 <= len(reason) <= LONGEST_REASON:
            raise CommandError(f"The reason is published: say in 10 to {LONGEST_REASON} characters what happened.")
        try:
            self.stdout.write(_continue(reason, options["database"]))
        except (LedgerKeyError, HeadFileError) as error:
            raise CommandError(str(error)) from None


def _continue(reason: str, using: str) -> str:
    heads, origin = HeadFile(settings.AURORA_LEDGER_HEAD_FILE), settings.AURORA_LEDGER_ORIGIN
    keys = ensure_key(settings.AURORA_LEDGER_KEY_FILE), ensure_mldsa_key(settings.AURORA_LEDGER_MLDSA_KEY_FILE)
    sequencer = Sequencer(signer=Signer(origin, *keys), using=using, heads=heads)
    if not sequencer.try_lock():
        raise CommandError("The sequencer is running: stop it first.")
    try:
        last = heads.read()
        if last is None:
            raise CommandError("There is no head file: nothing tells that this database was restored. The sequencer can simply be started.")
        former = Signer(last.origin, *keys)
        if not all(is_of(heads.note(), vkey) for vkey in former.vkeys):
            raise CommandError("The last head was signed with other keys. Go on with the keys of then, and rotate them afterwards.")
        names = {last.origin, *(kept.head.origin for kept in heads.former())}
        if origin in names:
            raise CommandError(f"AURORA_LEDGER_ORIGIN is still {origin}: choose a name that this log never had, such as {origin}-2.")
        try:
            size, root = sequencer.tree()
        except TreeDamaged as damage:
            raise CommandError(f"The restored tree is not whole, a new name does not mend that: {damage}") from None
        try:
            sequencer.check()
        except TreeDamaged:
            pass
        else:
            raise CommandError(
                "The stored tree extends the last head: nothing was lost, and the log must keep its name. Start the sequencer."
            )
        told = {
            "vkeys": list(former.vkeys),
            "continued_as": origin,
            "continued_size": size,
            "continued_root": root.hex(),
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "reason": reason,
        }
        heads.retire(told=told)
    finally:
        connections[using].close()  # gives the lock back
    return (
        f"{last.origin} is retired with its last head, {last.size} entries, and stays published at /ledger/former. Start the sequencer: "
        f"the log goes on as {origin} from {size} entries. Tell the witnesses the new name and key, and the citizens what happened."
    )
