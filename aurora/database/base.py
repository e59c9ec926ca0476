"""Each new connection asks once whether a restore has begun here and not ended: web, workers, beat, the sequencer and commands find no database then.

What was connected before a restore began is not asked: `manage.py restore` begins only when nobody is (`aurora.backups.target`).
"""

from __future__ import annotations

from typing import Any

from django.db.backends.postgresql import base

from aurora.backups import mark


class DatabaseWrapper(base.DatabaseWrapper):
    """PostgreSQL, as Django has it."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Raises RestoreUnfinished, which Django makes an `OperationalError` of."""
        made = super().get_new_connection(conn_params)
        try:
            mark.let_in(made)
        except BaseException:
            made.close()
            raise
        return made
