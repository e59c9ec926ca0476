"""Processes: what survives a restart, how they end, what they refuse to start with, what they write to their logs."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sandbox_client import AURORA, Browser, Peer, Sandbox, plain_client

from aurora.sandbox import launch
from aurora.sandbox.config import EID, HOSPITAL, OFFICE, PROCESSES
from aurora.sandbox.launch import Running
from aurora.sandbox.provision import Provision, load_or_make, provision, write_configs
from tests.support.stack import wait_for

REGISTER = "population-register"


@pytest.fixture(scope="module")
def brief(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A second sandbox whose codes and pushed requests live for a second only."""
    folder = tmp_path_factory.mktemp("brief")
    urls = {**launch.free_urls(PROCESSES), "aurora": AURORA}
    made = provision(urls=urls, lifetimes={"code": 1, "pushed_request": 1})
    configs = write_configs(made, folder / "config")
    running = launch.start_all({name: configs[name] for name in (EID, REGISTER)}, state=folder / "state", urls=urls)
    yield Sandbox(made, running, folder / "state")
    launch.stop_all(running)


def test_expired_pushed_request_gets_a_page(brief: Sandbox, browser: Browser) -> None:
    peer = brief.peer(REGISTER)
    uri, pushed_at = peer.push("population.person"), time.monotonic()
    while time.monotonic() - pushed_at <= 1.05:
        pass
    browser.open(peer.authorize_url(client_id=peer.client_id, request_uri=uri))
    assert browser.status == 400 and "invalid_request_uri" in browser.text


def test_expired_code_gets_no_tokens(steady: Sandbox, brief: Sandbox, browser: Browser) -> None:
    peer = brief.peer("eid")
    browser.open(peer.authorize_url(**peer.params("openid"), nonce="n")).press("Aino")
    code, began = browser.answer["code"], time.monotonic()
    while time.monotonic() - began <= 1.05:
        pass
    assert peer.redeem(code).json()["error"] == "invalid_grant"


def _start(sandbox: Sandbox, tmp_path: Path, process: str) -> Running:
    config = tmp_path / f"{process}.json"
    config.write_text(json.dumps(sandbox.made.processes[process]))
    port = int(sandbox.made.processes[process]["base_url"].rsplit(":", 1)[1])
    return Running(process, config=config, state=sandbox.state / process, port=port)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_restart_keeps_refresh_tokens_keys_switches_and_data(steady: Sandbox, tmp_path: Path, number: signal.Signals) -> None:
    peer, tokens = steady.tokens("social-insurance", "social.pension")
    before = peer.read("social.pension", tokens["access_token"])
    keys = peer.http.get(f"{peer.issuer}/jwks").json()
    steady.switch("social-insurance", mode="too_many", times=1)
    ended = steady.running["social-insurance"].stop(number=number)
    assert ended == (0 if number == signal.SIGTERM else -signal.SIGKILL)
    steady.running["social-insurance"] = _start(steady, tmp_path, "social-insurance")
    peer = Peer(steady.made.aurora["sources"]["social-insurance"])
    fresh = peer.refresh(tokens["refresh_token"]).json()["access_token"]
    assert peer.read("social.pension", fresh).status_code == 429
    again = peer.read("social.pension", fresh)
    assert again.status_code == 200 and again.content == before.content and again.headers["ETag"] == before.headers["ETag"]
    assert peer.http.get(f"{peer.issuer}/jwks").json() == keys


def test_spent_assertion_stays_spent_over_a_restart(steady: Sandbox, tmp_path: Path) -> None:
    peer = steady.peer("social-insurance")
    assertion = peer.assertion()
    assert peer.post("/revoke", {"token": "x"}, assertion=assertion).status_code == 200
    steady.running["social-insurance"].stop()
    steady.running["social-insurance"] = _start(steady, tmp_path, "social-insurance")
    peer = steady.peer("social-insurance")
    assert peer.post("/revoke", {"token": "x"}, assertion=assertion).status_code == 401


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_process_even_with_an_open_connection_and_a_slow_answer(tmp_path: Path, number: signal.Signals) -> None:
    urls = launch.free_urls(["aurora", *PROCESSES])
    made = provision(urls=urls)
    config = write_configs(made, tmp_path / "config")[REGISTER]
    running = Running(REGISTER, config=config, state=tmp_path / "state")
    port = int(running_port(running))
    client = plain_client()
    control = {"Authorization": f"Bearer {made.aurora['control_token']}"}
    address = f"http://127.0.0.1:{port}"
    client.post(f"{address}/_sandbox/switches", json={"mode": "slow", "seconds": 60}, headers=control)
    with socket.create_connection(("127.0.0.1", port)) as held:
        held.sendall(b"GET /data/population.person HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        began = time.monotonic()
        assert running.stop(number=number, within=50) == 0
        assert time.monotonic() - began < 50, "it waited for the slow answer"
    assert not Path(f"/proc/{running.popen.pid}").exists()
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
        pass


def running_port(running: Running) -> str:
    """The port that a process started with --port 0 listens on, from the kernel: its issuer may be another address."""
    inodes = set()
    for fd in Path(f"/proc/{running.popen.pid}/fd").iterdir():
        found = re.fullmatch(r"socket:\[(\d+)\]", os.readlink(fd))
        if found:
            inodes.add(found[1])
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        parts = line.split()
        if parts[3] == "0A" and parts[9] in inodes:
            return str(int(parts[1].split(":")[1], 16))
    raise AssertionError("it listens on nothing")


def test_without_a_base_url_the_issuer_is_the_address_it_got(tmp_path: Path) -> None:
    made = provision(urls=launch.free_urls(["aurora", *PROCESSES]))
    config = tmp_path / "config.json"
    config.write_text(json.dumps({**made.processes[REGISTER], "base_url": ""}))
    running = Running(REGISTER, config=config, state=tmp_path / "state")
    try:
        known = plain_client().get(f"{running.base_url}/.well-known/oauth-authorization-server").json()
        assert known["issuer"] == running.base_url and running.base_url.startswith("http://127.0.0.1:")
    finally:
        running.stop()


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"aurora_base_url": "http://x", "control_token": "secret-value", "eid": 1}'])
def test_bad_configuration_refuses_to_start_and_tells_no_value(tmp_path: Path, content: str) -> None:
    config = tmp_path / "config.json"
    config.write_text(content)
    command = [sys.executable, "-m", "aurora.sandbox", REGISTER, "--state", str(tmp_path), "--config", str(config)]
    ended = subprocess.run(command, cwd=launch.ROOT, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 2 and "configuration" in ended.stderr
    assert "Traceback" not in ended.stderr and "secret-value" not in ended.stderr


def test_logs_hold_no_personal_value_and_no_secret(steady: Sandbox, browser: Browser) -> None:
    peer = steady.peer("tax-administration")
    code = steady.come_back(browser, peer, "tax.income", who="Cecilia")["code"]
    tokens = peer.redeem(code).json()
    peer.read("tax.income", tokens["access_token"])

    def logged() -> dict[str, str]:
        return {path.stem: path.read_text() for path in steady.state.glob("*/*.log")}

    # A line is written once the answer has left.
    wait_for(lambda: "GET /data/tax.income 200" in logged()["tax-administration"], "the answer to be logged")
    logs = logged()
    assert "POST /login 303" in logs["eid"]
    secrets = [code, tokens["access_token"], tokens["refresh_token"], steady.made.aurora["control_token"]]
    names = [steady.name("cecilia"), steady.identifier("cecilia"), steady.identifier("aino")]
    for text in logs.values():
        assert not [value for value in (*secrets, *names) if value in text]
        assert "state-1" not in text and "Traceback" not in text


def test_provision_is_kept_for_the_same_addresses_and_made_anew_for_others(tmp_path: Path) -> None:
    file = tmp_path / "sandbox.json"
    urls = launch.free_urls(["aurora", *PROCESSES])
    first = load_or_make(file, urls=urls)
    assert file.stat().st_mode & 0o777 == 0o600
    again = load_or_make(file, urls=urls)
    assert _plain(again) == _plain(first)
    moved = load_or_make(file, urls={**urls, OFFICE: "http://127.0.0.1:1"})
    assert moved.aurora["sources"][REGISTER]["private_jwk"] != first.aurora["sources"][REGISTER]["private_jwk"]


def test_provision_gives_no_private_key_to_whom_it_does_not_belong() -> None:
    made = provision(urls=launch.free_urls(["aurora", *PROCESSES]))
    for name, config in made.processes.items():
        own = json.dumps({key: value for key, value in config.items() if key not in ("eid", "office", "owner", "corrects")})
        assert '"d":' not in own, name
    keys = [entry["private_jwk"]["d"] for entry in (made.aurora["eid"], *made.aurora["sources"].values())]
    assert len(set(keys)) == len(made.aurora["sources"]) + 1 and not [key for key in keys if key in json.dumps(made.processes)]
    assert not [key for key in keys if key in repr(made)]
    assert "private_jwk" not in made.aurora["agencies"][0]


def test_only_the_hospital_holds_the_keys_by_which_it_is_an_owner_of_models() -> None:
    made = provision(urls=launch.free_urls(["aurora", *PROCESSES]))
    known, owner = made.aurora["model_owners"][0], made.processes[HOSPITAL]["owner"]
    assert known["signing_key"].startswith("-----BEGIN PUBLIC KEY-----") and "private_jwk" not in known
    assert owner["signing_key"].startswith("-----BEGIN PRIVATE KEY-----") and owner["private_jwk"]["d"] not in json.dumps(made.aurora)
    assert "PRIVATE KEY" not in json.dumps([made.aurora, *(made.processes[name] for name in PROCESSES if name != HOSPITAL)])
    assert not [secret for secret in (owner["signing_key"], owner["private_jwk"]["d"]) if secret in repr(made)]


def test_expired_rows_are_swept(tmp_path: Path) -> None:
    from aurora.sandbox.store import Store

    store = Store(tmp_path / "s.sqlite3")
    now = time.time()
    store.run("INSERT INTO assertions VALUES ('old', ?)", now - 120)
    store.run("INSERT INTO assertions VALUES ('live', ?)", now + 120)
    store.sweep()
    assert store.one("SELECT group_concat(digest) AS left FROM assertions")["left"] == "live"  # type: ignore[index]
    with pytest.raises(sqlite3.IntegrityError):
        store.run("INSERT INTO assertions VALUES ('live', 0)")
    store.close()


def _plain(made: Provision) -> object:
    return json.loads(json.dumps([made.processes, made.aurora, made.demo]))
