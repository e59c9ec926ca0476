"""The sandbox's errors: a code for machines, a sentence for people and whether a retry can help."""

from __future__ import annotations


class SandboxError(Exception):
    """Base of all. `code` is stable, `sentence` never carries a personal value or a secret."""

    def __init__(self, code: str, sentence: str, *, retryable: bool = False) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.retryable = retryable


class ConfigError(SandboxError):
    """The configuration file does not say what the process needs."""

    def __init__(self, sentence: str) -> None:
        super().__init__("config", sentence)


class OAuthError(SandboxError):
    """An error of RFC 6749 section 4.1.2.1 or 5.2, or of an extension of it; `status` is that of the JSON answer."""

    def __init__(self, code: str, sentence: str, *, status: int = 400) -> None:
        super().__init__(code, sentence)
        self.status = status


class BearerError(SandboxError):
    """An error of RFC 6750 section 3.1; `code` is "" when no token was sent at all (then no error code is told)."""

    def __init__(self, code: str, sentence: str, *, status: int = 401, scope: str = "") -> None:
        super().__init__(code, sentence)
        self.status = status
        self.scope = scope


class PageError(SandboxError):
    """An error that is shown to the person as a page, because there is no redirect URI that may be trusted."""

    def __init__(self, code: str, sentence: str, *, status: int = 400) -> None:
        super().__init__(code, sentence)
        self.status = status


class PeerError(SandboxError):
    """Another party answered with an error (`their_code`), or not at all, or not what its specification says."""

    def __init__(self, code: str, sentence: str, *, status: int = 0, retryable: bool = False, their_code: str = "") -> None:
        super().__init__(code, sentence, retryable=retryable)
        self.status = status
        self.their_code = their_code
