"""The one hierarchy of errors that reach a person or a client.

An error carries its consequence: a stable `code` for machines, a `sentence` that a person can read (English msgid, translated where it
is shown), the HTTP `status` it becomes at the edge, and whether trying again can help.
"""

from __future__ import annotations


class AuroraError(Exception):
    """Base of all expected failures. Never carries a personal value or a secret."""

    code = "error"
    sentence = "Something went wrong."
    status = 400
    retryable = False

    def __init__(self, sentence: str | None = None, *, code: str | None = None) -> None:
        if sentence is not None:
            self.sentence = sentence
        if code is not None:
            self.code = code
        super().__init__(f"{self.code}: {self.sentence}")


class NotFound(AuroraError):
    """What was asked for does not exist, or is another citizen's: the two cannot be told apart."""

    code = "not_found"
    sentence = "This does not exist."
    status = 404


class InvalidInput(AuroraError):
    """A form or a request that cannot be acted on; `fields` maps a field's name to the code of what is wrong with it."""

    code = "invalid_input"
    sentence = "Check the marked fields."
    status = 400

    def __init__(self, fields: dict[str, str] | None = None, sentence: str | None = None) -> None:
        self.fields = fields or {}
        super().__init__(sentence)


class Conflict(AuroraError):
    """The row has moved on since it was shown; nothing was changed."""

    code = "conflict"
    sentence = "This has already been changed. Look at its present state."
    status = 409


class OutsideTransaction(RuntimeError):
    """A programming error: this may only run inside a transaction."""
