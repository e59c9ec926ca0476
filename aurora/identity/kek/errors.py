"""What can be wrong with a key-encryption key."""

from __future__ import annotations

WRONG = "Sealed under another key or for another use."


class KeyUnavailable(RuntimeError):
    """A key is out of reach, or something was sealed under another key or for another use. No value, key or PIN is in the message.

    (A bad key file is `aurora.keyfiles.KeyFileError`.)
    """
