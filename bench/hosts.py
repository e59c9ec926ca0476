"""Two workers on two hosts against one: real Celery workers, each in a network namespace of its own, and a source that answers over TLS from a third.

The namespaces know each other by a bridge and nothing else: the source's address looks like one of the internet's, and no packet leaves the
machine. Database and broker are reached by their sockets in the file system. All share the machine's processors, and that is what limits the second worker here.
"""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.db import connection

from aurora.journeys._wake import send
from bench import pulls
from bench.harness import Lap, Scale, column, interleave
from bench.place import Partner, Place
from bench.results import ROOT, Results

FACTS = 200
SOURCE_ADDRESS = "11.77.0.1"
_NAMES = ("aurora-bench-source", "aurora-bench-one", "aurora-bench-two")
_COUNT = "SELECT count(*) FROM sources_pull WHERE id = ANY(%s) AND state = 'done'"


def measure(results: Results, place: Place, scale: Scale) -> None:
    if os.geteuid() != 0 or shutil.which("ip") is None:
        results.absent(["pull_two_hosts_ratio"], "namespaces are made by root, with iproute2")
        return
    pulls.prepare(place)
    many = scale.pick(400, 4)
    with ExitStack() as stack:
        source, *hosts = stack.enter_context(_namespaces())
        certificate = _certificate(place.state)
        arguments = ("--address", SOURCE_ADDRESS, "--certificate", str(certificate))
        served = stack.enter_context(
            Partner("bench.source", dict(place.ours), place.log("source"), *arguments, within=("ip", "netns", "exec", source))
        )
        pulls.register(int(served.ask({})["port"]), f"https://{SOURCE_ADDRESS}")
        environ = {**place.ours, "SSL_CERT_FILE": str(certificate)}
        laps = interleave(
            {"one": lambda: _lap(place, environ, hosts[:1], many), "two": lambda: _lap(place, environ, hosts, many)},
            rounds=scale.pick(5, 1), warm_ups=0,
        )  # fmt: skip
    results.ratio("pull_two_hosts_ratio", column(laps["two"], "rate"), column(laps["one"], "rate"), "facts/s")


def _lap(place: Place, environ: dict[str, str], hosts: list[str], many: int) -> Lap:
    """Pulls that wait are taken by workers that are ready. From the first message to the last pull's end."""
    with ExitStack() as stack:
        for host in hosts:
            stack.enter_context(_worker(place, environ, host))
        runs = [pulls.due(pulls.connected(pulls.number(), FACTS)) for _ in range(many)]
        begun = time.perf_counter()
        for pull_id in runs:
            send("aurora.pull", pull_id)
        with place.admin() as admin:
            while admin.execute(_COUNT, [runs]).fetchone() != (many,):
                if time.perf_counter() - begun > 300:
                    raise RuntimeError("the pulls do not end")
                time.sleep(0.02)
        taken = time.perf_counter() - begun
    connection.close()
    return {"rate": many * FACTS / taken}


@contextmanager
def _worker(place: Place, environ: dict[str, str], host: str) -> Iterator[None]:
    """One process that takes one message after the other."""
    ready = place.state / f"{host}.ready"
    ready.unlink(missing_ok=True)
    command = ["ip", "netns", "exec", host, sys.executable, "-m", "bench.worker", str(ready), host]
    with place.log(host).open("ab") as log:
        process = subprocess.Popen(command, env=environ, cwd=ROOT, stdout=log, stderr=log)
    try:
        until = time.monotonic() + 60
        while not ready.exists():
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"the worker on {host} did not start")
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def _namespaces() -> Iterator[tuple[str, ...]]:
    """Three hosts on one bridge, which lies in the first."""
    source = _NAMES[0]
    try:
        for name in _NAMES:
            _ip("netns", "add", name)
            _ip("-n", name, "link", "set", "lo", "up")
        _ip("-n", source, "link", "add", "bridge", "type", "bridge")
        _ip("-n", source, "address", "add", f"{SOURCE_ADDRESS}/24", "dev", "bridge")
        _ip("-n", source, "link", "set", "bridge", "up")
        for number, name in enumerate(_NAMES[1:], start=2):
            _ip("-n", name, "link", "add", "wire", "type", "veth", "peer", "name", f"port{number}", "netns", source)
            _ip("-n", source, "link", "set", f"port{number}", "master", "bridge", "up")
            _ip("-n", name, "address", "add", f"11.77.0.{number}/24", "dev", "wire")
            _ip("-n", name, "link", "set", "wire", "up")
        yield _NAMES
    finally:
        for name in _NAMES:
            subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)


def _certificate(folder: Path) -> Path:
    """A certificate of the source's address that only these processes trust, with its key, in one file."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, SOURCE_ADDRESS)])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(SOURCE_ADDRESS))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "source.pem"
    file.write_bytes(made.public_bytes(Encoding.PEM) + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    ssl.create_default_context(cafile=str(file))  # it can be read
    return file
