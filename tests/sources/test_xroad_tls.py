"""A security server that lets in no information system without a certificate: ours is shown, theirs is verified, and the database holds neither key."""

from __future__ import annotations

import ipaddress
import os
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from asking import FACTS, SCHEMAS, answer, refusal
from cryptography import x509
from cryptography.hazmat.primitives import serialization as s
from cryptography.x509.oid import ExtendedKeyUsageOID
from test_xroad import PATH, carried, declared

from aurora.sources.connectors import xroad
from aurora.sources.connectors.declared import SettingsWrong
from consent.models import DataCategoryVersion
from tests.support import authority
from tests.support.authority import Made
from tests.support.evaluators import NOW
from tests.support.hostile_peer import Peer, Server, handler

TODAY = (datetime.now(UTC) - NOW).days
DAYS = (TODAY - 1, TODAY + 30)
TLS = {"certificate": "aurora.pem", "key": "aurora.key", "ca": "ca.pem"}
DOWN = ("source_down", True)


def certificate(name: str, by: Made, *, host: str = "127.0.0.1", server: bool = False, days: tuple[int, int] = DAYS) -> Made:
    purpose = ExtendedKeyUsageOID.SERVER_AUTH if server else ExtendedKeyUsageOID.CLIENT_AUTH
    address = x509.IPAddress(ipaddress.ip_address(host))
    return authority.make(name, by, san=[address] if server else [], purposes=(purpose,), days=days)


def key_of(made: Made, passphrase: bytes = b"") -> bytes:
    how = s.BestAvailableEncryption(passphrase) if passphrase else s.NoEncryption()
    key: bytes = made.key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, how)
    return key


def replace(file: Path, content: bytes, *, mode: int = 0o600) -> None:
    """As who renews certificates does it: another file in its place. A file system's clock does not tell apart what was written twice in one tick."""
    new = file.with_suffix(".new")
    new.write_bytes(content)
    new.chmod(mode)
    new.rename(file)


def put(folder: Path, made: Made, *, name: str = "aurora", passphrase: bytes = b"") -> None:
    replace(folder / f"{name}.pem", made.pem.encode())
    replace(folder / f"{name}.key", key_of(made, passphrase))


@dataclass
class Inside:
    """Our side of it: the authority that both believe, the folder of our files, and whose certificates the server saw, by their names."""

    root: Made
    folder: Path
    peer: Peer
    seen: list[str] = field(default_factory=list)

    def settings(self, **tls: Any) -> dict[str, Any]:
        return declared(self.peer, tls={name: value for name, value in (TLS | tls).items() if value is not ...})


@pytest.fixture
def inside(tmp_path: Path, settings: Any) -> Iterator[Inside]:
    yield from _serving(tmp_path, settings)


def _serving(folder: Path, settings: Any, **theirs: Any) -> Iterator[Inside]:
    settings.AURORA_SANDBOX, settings.AURORA_TLS_FOLDER = True, folder / "ours"
    (folder / "ours").mkdir()
    root = authority.root(days=DAYS)
    (folder / "ours" / "ca.pem").write_text(root.pem)
    put(folder / "ours", certificate("Aurora", root))
    mine = certificate("Security server", theirs.pop("by", root), server=True, **theirs)
    (folder / "server.pem").write_bytes(key_of(mine) + mine.pem.encode())
    peer = Peer()
    server = Server(("127.0.0.1", 0), handler(peer))
    demanding = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    demanding.load_cert_chain(folder / "server.pem")
    demanding.load_verify_locations(cadata=root.pem)
    demanding.verify_mode = ssl.CERT_REQUIRED
    server.socket = demanding.wrap_socket(server.socket, server_side=True)
    peer.url = f"https://127.0.0.1:{server.server_port}"
    found = Inside(root, folder / "ours", peer)

    def note(asked: Any) -> None:
        names = dict(part[0] for part in asked.connection.getpeercert()["subject"])
        found.seen.append(names["commonName"])
        carried()(asked)

    peer.answers[PATH] = note
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


def fetched(inside: Inside, **tls: Any) -> Any:
    return answer(inside.peer, xroad.fetch, settings=inside.settings(**tls)).facts


def refused(inside: Inside, **tls: Any) -> tuple[str, bool]:
    return refusal(inside.peer, xroad.fetch, settings=inside.settings(**tls))


def test_our_certificate_is_shown_and_theirs_verified(inside: Inside) -> None:
    assert fetched(inside) == FACTS and inside.seen == ["Aurora"]


def test_without_a_certificate_the_server_lets_nobody_in(inside: Inside) -> None:
    assert refusal(inside.peer, xroad.fetch, settings=declared(inside.peer)) == DOWN and inside.seen == []


def test_one_that_the_server_does_not_know_is_not_let_in(inside: Inside) -> None:
    put(inside.folder, certificate("Somebody", authority.root("Another", days=DAYS)))
    assert refused(inside) == DOWN and inside.seen == []


def test_a_server_that_our_file_does_not_vouch_for_hears_no_token(inside: Inside) -> None:
    (inside.folder / "other.pem").write_text(authority.root("Another", days=DAYS).pem)
    assert refused(inside, ca="other.pem") == DOWN
    assert refused(inside, ca=...) == DOWN, "nor do the system's authorities"
    assert inside.peer.seen == [] and inside.seen == []


@pytest.mark.parametrize("theirs", [{"host": "127.0.0.2"}, {"days": (TODAY - 30, TODAY - 2)}], ids=["of another name", "run out"])
def test_a_certificate_of_another_name_or_time_is_none(tmp_path: Path, settings: Any, theirs: dict[str, Any]) -> None:
    for inside in _serving(tmp_path, settings, **theirs):
        assert refused(inside) == DOWN and inside.peer.seen == []


def test_a_renewed_certificate_is_used_at_once_and_no_connection_of_the_former(inside: Inside) -> None:
    assert fetched(inside) == FACTS
    put(inside.folder, certificate("Renewed", inside.root))
    assert fetched(inside) == FACTS and inside.seen == ["Aurora", "Renewed"]


def test_two_certificates_share_no_connection(inside: Inside) -> None:
    put(inside.folder, certificate("Another of ours", inside.root), name="another")
    for turn in ({}, {"certificate": "another.pem", "key": "another.key"}, {}):
        assert fetched(inside, **turn) == FACTS
    assert inside.seen == ["Aurora", "Another of ours", "Aurora"]


def test_files_that_vanish_are_an_error_in_our_log_and_the_source_is_tried_again(inside: Inside, caplog: Any) -> None:
    (inside.folder / "aurora.key").unlink()
    assert refused(inside) == DOWN and inside.peer.seen == []
    assert "aurora.key" in caplog.text and "PRIVATE" not in caplog.text


def spoil_passphrase(inside: Inside) -> None:
    put(inside.folder, certificate("Aurora", inside.root), passphrase=b"secret")


def spoil_pair(inside: Inside) -> None:
    replace(inside.folder / "aurora.key", key_of(certificate("Other", inside.root)))


def spoil_mode(inside: Inside) -> None:
    (inside.folder / "aurora.key").chmod(0o644)


def spoil_ca(inside: Inside) -> None:
    replace(inside.folder / "ca.pem", b"no certificate")


def spoil_file(inside: Inside) -> None:
    os.unlink(inside.folder / "aurora.pem")


SPOILT = {
    "passphrase": (spoil_passphrase, "without a passphrase"),
    "pair": (spoil_pair, "a certificate and its private key"),
    "open to others": (spoil_mode, "chmod 600"),
    "authority": (spoil_ca, "no certificate of an authority"),
    "not there": (spoil_file, "FileNotFoundError"),
}


@pytest.mark.parametrize(("spoil", "said"), SPOILT.values(), ids=SPOILT.keys())
def test_what_is_wrong_with_the_files_is_said_when_the_source_is_loaded(inside: Inside, spoil: Any, said: str) -> None:
    categories = {"tax.income": DataCategoryVersion(category_id="tax.income", version=1, schema=SCHEMAS["tax.income"])}
    xroad.check(inside.settings(), categories)
    spoil(inside)
    with pytest.raises(SettingsWrong) as wrong:
        xroad.check(inside.settings(), categories)
    assert said in str(wrong.value) and "secret" not in str(wrong.value) and str(inside.folder) not in str(wrong.value)


@pytest.mark.parametrize(
    "tls",
    [{"key": "../kek"}, {"key": "/etc/shadow"}, {"key": ".hidden"}, {"key": ...}, {"certificate": ...}, {"password": "x"}, {"ca": ""}],
    ids=["up", "elsewhere", "hidden", "no key", "no certificate", "password", "nobody"],
)
def test_files_are_named_by_their_names_alone(inside: Inside, tls: dict[str, Any]) -> None:
    with pytest.raises(SettingsWrong):
        xroad.check(inside.settings(**tls), {})


def test_over_plain_http_no_certificate_is_shown(inside: Inside) -> None:
    plain = inside.settings()
    plain["xroad"]["security_server"] = "http://127.0.0.1:8080"
    with pytest.raises(SettingsWrong, match="https"):
        xroad.check(plain, {})
