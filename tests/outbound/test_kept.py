"""A connection that is kept serves one conversation after the other, and carries nothing from one to the next."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from aurora.outbound import guard, kept
from aurora.outbound.guard import EgressRefused
from aurora.outbound.kept import kept_client

Says = Callable[[int, int], bytes | None]


def ok(body: bytes = b"{}", *headers: bytes) -> bytes:
    return b"\r\n".join([b"HTTP/1.1 200 OK", b"Content-Length: %d" % len(body), *headers, b"", body])


@dataclass
class Server:
    """Answers the n-th request of the m-th connection, both counted from 1, by `says`; None hangs up. `seen`: (connection, head)."""

    listening: socket.socket
    says: Says = lambda connection, request: ok()
    seen: list[tuple[int, str]] = field(default_factory=list)
    ended: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    open: list[socket.socket] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listening.getsockname()[1]}"

    @property
    def connections(self) -> list[int]:
        return [number for number, _ in self.seen]

    def serve(self) -> None:
        for number in range(1, 1000):
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            self.open.append(connection)
            threading.Thread(target=self._talk, args=(connection, number), daemon=True).start()

    def _talk(self, connection: socket.socket, number: int) -> None:
        try:
            for request in range(1, 1000):
                head = b""
                while b"\r\n\r\n" not in head:
                    if not (more := connection.recv(65536)):
                        return
                    head += more
                self.seen.append((number, head.decode().lower()))
                answer = self.says(number, request)
                if answer is None:
                    return
                connection.sendall(answer)
        except OSError:
            pass
        finally:
            connection.close()
            self.ended.release()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(kept, "IDLE_SECONDS", 60.0)  # longer than the slowest machine takes to its next question
    kept.forget()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        made = Server(listening)
        thread = threading.Thread(target=made.serve, daemon=True)
        thread.start()
        yield made
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(20)
    for connection in made.open:
        connection.close()
    for one in kept._shelf._idle:
        one.client.close()
    kept.forget()


def wait_for(what: Callable[[], bool], otherwise: str) -> None:
    for _ in range(2000):
        if what():
            return
        threading.Event().wait(0.01)
    pytest.fail(otherwise)


def get(server: Server, **headers: str) -> httpx.Response:
    with kept_client(server.url) as client:
        return client.get(f"{server.url}/data", headers=headers)


def test_one_conversation_after_the_other_has_the_same_connection(server: Server) -> None:
    for _ in range(3):
        assert get(server).json() == {}
    assert server.connections == [1, 1, 1]


def test_nothing_of_one_conversation_is_in_the_next(server: Server) -> None:
    server.says = lambda connection, request: ok(b"{}", b"Set-Cookie: citizen=aino; Path=/")
    get(server, Authorization="Bearer aino", **{"X-Road-Id": "1"})
    get(server)
    _, second = server.seen[1]
    assert server.connections == [1, 1] and "aino" not in second and "cookie" not in second and "x-road-id" not in second


def test_who_says_more_than_was_asked_is_not_listened_to_again(server: Server) -> None:
    """The second answer, which nobody has asked for, would become the one to the next citizen's question."""
    server.says = lambda connection, request: ok(b"[1]") + ok(b"[2]") if connection == 1 else ok(b"[3]")
    assert get(server).json() == [1] and get(server).json() == [3]
    assert server.connections == [1, 2]


def test_what_comes_late_without_being_asked_for_is_not_listened_to_either(server: Server) -> None:
    server.says = lambda connection, request: ok(b"[%d]" % connection)
    assert get(server).json() == [1]
    [one] = kept._shelf._idle
    [connection] = one.transport._pool.connections
    server.open[0].sendall(ok(b"[9]"))
    wait_for(connection.has_expired, "its bytes have not arrived")
    assert get(server).json() == [2]


def test_a_peer_that_has_hung_up_is_called_again(server: Server) -> None:
    get(server)
    server.open[0].shutdown(socket.SHUT_RDWR)
    assert server.ended.acquire(timeout=60)
    assert get(server).status_code == 200 and server.connections == [1, 2]


def test_a_peer_that_hangs_up_when_it_is_asked_is_asked_once_more(server: Server) -> None:
    server.says = lambda connection, request: ok() if request == 1 and connection != 3 else None
    get(server)
    assert get(server).status_code == 200 and server.connections == [1, 1, 2], "a connection of its own for the second try"
    with pytest.raises(httpx.RemoteProtocolError):
        get(server)
    assert server.connections == [1, 1, 2, 2, 3], "and no third"


def test_what_may_change_something_is_not_sent_twice(server: Server) -> None:
    server.says = lambda connection, request: ok() if request == 1 else None
    get(server)
    with pytest.raises(httpx.RemoteProtocolError), kept_client(server.url) as client:
        client.post(f"{server.url}/token")
    assert server.connections == [1, 1]


def test_a_new_connection_that_fails_is_not_tried_twice(server: Server) -> None:
    server.says = lambda connection, request: None
    with pytest.raises(httpx.RemoteProtocolError):
        get(server)
    assert server.connections == [1]


def test_what_is_no_answer_is_not_asked_for_twice(server: Server) -> None:
    server.says = lambda connection, request: ok() if request == 1 else b"SSH-2.0-OpenSSH\r\n\r\n"
    get(server)
    with pytest.raises(httpx.RemoteProtocolError):
        get(server)
    assert server.connections == [1, 1]


def test_a_conversation_that_failed_leaves_no_connection(server: Server) -> None:
    with pytest.raises(RuntimeError), kept_client(server.url) as client:
        client.get(f"{server.url}/data")
        raise RuntimeError
    get(server)
    assert server.connections == [1, 2]


def test_the_guard_looks_at_each_request(server: Server, settings: Any) -> None:
    get(server)
    settings.AURORA_SANDBOX = False
    with pytest.raises(EgressRefused, match="scheme_refused"):
        get(server)
    assert server.connections == [1]


def test_the_size_of_each_answer_is_bounded(server: Server) -> None:
    server.says = lambda connection, request: ok(b"x" * (guard.MAXIMUM_BYTES + (request == 3)))
    assert len(get(server).content) == len(get(server).content) == guard.MAXIMUM_BYTES
    with pytest.raises(EgressRefused, match="too_large"):
        get(server)
    get(server)
    assert server.connections == [1, 1, 1, 2]


def test_the_time_of_each_answer_is_bounded(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    get(server)
    monkeypatch.setattr(guard, "TOTAL_SECONDS", 0.5)
    left = threading.Event()

    def trickle(connection: int, request: int) -> bytes | None:
        try:
            for _ in range(100):
                if left.wait(0.02):
                    break
                server.open[connection - 1].sendall(b"H")
        except OSError:
            pass
        return None

    server.says = trickle
    try:
        with pytest.raises((EgressRefused, httpx.ReadTimeout)):
            get(server)
        assert server.connections == [1, 1], "what takes too long is not tried again"
    finally:
        left.set()


def test_an_idle_connection_is_closed_by_itself(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "IDLE_SECONDS", 0.2)
    get(server)
    assert server.ended.acquire(timeout=60), "the peer sees that it is over, though nobody asks anything more"
    assert get(server).status_code == 200 and server.connections == [1, 2]


def test_a_connection_that_is_old_is_not_used_again(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    get(server)
    monkeypatch.setattr(kept, "LONGEST_SECONDS", 0.0)
    get(server)
    assert server.connections == [1, 2]


def test_another_origin_has_another_connection(server: Server) -> None:
    get(server)
    with kept_client(server.url.replace("127.0.0.1", "localhost")) as client:
        client.get(f"{server.url.replace('127.0.0.1', 'localhost')}/data")
    assert server.connections == [1, 2]


def test_two_at_once_have_a_connection_each_and_no_more_are_kept_than_so_many(server: Server) -> None:
    with kept_client(server.url) as first, kept_client(server.url) as second:
        first.get(server.url)
        second.get(server.url)
        assert server.connections == [1, 2]
    for _ in range(kept.MOST_EACH):
        kept._shelf.put(kept._Kept(kept._shelf._idle[0].origin, kept._Transport(), httpx.Client()))
    assert len(kept._shelf._idle) == kept.MOST_EACH


def test_a_name_that_leads_elsewhere_meanwhile_is_looked_up_when_the_connection_is_over(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: what was checked is what is talked to; a new connection is checked anew."""
    leads, port = ["127.0.0.1"], int(server.url.rpartition(":")[2])
    monkeypatch.setattr(guard, "_addresses", lambda host, port, seconds: list(leads))
    get(server)
    leads[:] = ["10.0.0.5"]
    assert get(server).status_code == 200 and server.connections == [1, 1]
    monkeypatch.setattr(kept, "LONGEST_SECONDS", 0.0)
    with pytest.raises(EgressRefused, match="address_refused"):
        get(server)
    assert port and server.connections == [1, 1]


def test_a_process_that_is_forked_has_connections_of_its_own(server: Server) -> None:
    get(server)
    child = os.fork()
    if child == 0:
        os._exit(len(kept._shelf._idle))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    get(server)
    assert server.connections == [1, 1], "and its parent goes on with its own"
