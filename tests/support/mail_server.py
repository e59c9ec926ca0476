"""A small SMTP server on loopback (RFC 5321) that says what a test wants, and keeps what it was handed. One conversation a thread."""

from __future__ import annotations

import email
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any


class MailServer:
    """`answers` maps a verb (`RCPT`, `DATA`, `END`, ...) to the reply it gets instead of the good one; `HANG UP` ends the conversation."""

    def __init__(self) -> None:
        self.answers: dict[str, str] = {}
        self.taken: list[tuple[str, EmailMessage]] = []
        self.port = 0

    @property
    def mails(self) -> list[EmailMessage]:
        return [mail for _, mail in self.taken]


class _Conversation(socketserver.StreamRequestHandler):
    timeout = 60
    disable_nagle_algorithm = True

    def handle(self) -> None:
        house: MailServer = self.server.house  # type: ignore[attr-defined]
        to = ""
        self._say("220 test")
        while line := self.rfile.readline(2000).decode("utf-8", "replace").rstrip("\r\n"):
            verb = line.split(" ")[0].split(":")[0].upper()
            planned = house.answers.get(verb)
            if planned == "HANG UP":
                return
            if planned:
                self._say(planned)
            elif verb == "EHLO":
                self._say("250-test\r\n250 SIZE 1000000")
            elif verb in ("MAIL", "RSET", "NOOP", "HELO"):
                self._say("250 good")
            elif verb == "RCPT":
                to = line.partition(":")[2].strip(" <>")
                self._say("250 good")
            elif verb == "DATA":
                self._say("354 go on")
                self._take(house, to)
            elif verb == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("502 what")

    def _take(self, house: MailServer, to: str) -> None:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b".") else line)
        planned = house.answers.get("END")
        if planned == "HANG UP":
            self.connection.close()
            return
        if planned is None:
            house.taken.append((to, email.message_from_bytes(b"".join(lines), policy=SMTP)))  # type: ignore[arg-type]
        self._say(planned or "250 taken")

    def _say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")


class _Threads(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A conversation that the client or the test broke off is no error of the test."""


@contextmanager
def mail_server() -> Iterator[MailServer]:
    house = MailServer()
    with _Threads(("127.0.0.1", 0), _Conversation) as server:
        server.house = house  # type: ignore[attr-defined]
        house.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield house
        server.shutdown()
        thread.join(5)
