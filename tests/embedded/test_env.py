"""What the environment says is read once, checked together, and refused in words that name the variable."""

from __future__ import annotations

import stat
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aurora.database_url import DatabaseUrl, EnvError
from aurora.env import Env
from aurora.keyfiles import KeyFile, KeyFileError
from tests.support.log_keys import make_signer, witness_vkey

APP = "postgresql://aurora_app:hush-app@db.example:5433/aurora"
OWNER = "postgresql://aurora_owner:hush-owner@db.example:5433/aurora"


WITNESS, OTHER = (str(witness_vkey(name, bytes(32))) for name in ("w.example/one", "w.example/two"))
LOG = make_signer("aurora.example/ledger", bytes(32)).vkey


def test_witnesses_are_pairs_of_key_and_address() -> None:
    assert Env.from_environ({}).witnesses == () and Env.from_environ({"AURORA_WITNESSES": "  \n"}).witnesses == ()
    found = Env.from_environ({"AURORA_WITNESSES": f" {WITNESS}\thttps://w.example/submit/\n{OTHER} https://v.example"}).witnesses
    assert [(one.name, one.vkey, one.url) for one in found] == [
        ("w.example/one", WITNESS, "https://w.example/submit"),
        ("w.example/two", OTHER, "https://v.example"),
    ]
    (near,) = Env.from_environ({"AURORA_SANDBOX": "1", "AURORA_WITNESSES": f"{WITNESS} http://localhost:8107"}).witnesses
    assert near.url == "http://localhost:8107"


def test_nothing_set_means_embedded_services_and_the_state_folder_of_the_clone() -> None:
    env = Env.from_environ({})
    assert env.database is None
    assert env.broker_url is None
    assert env.django_databases() == {}
    assert env.state_dir.name == ".aurora"
    assert not env.sandbox


@pytest.mark.parametrize(
    ("url", "host", "port", "name", "user"),
    [
        ("postgresql://u@/db?host=/var/run/x", "/var/run/x", None, "db", "u"),
        ("postgresql://u@%2Fvar%2Frun%2FX/db", "/var/run/X", None, "db", "u"),
        ("postgres://u:p%40ss@h:5433/db", "h", 5433, "db", "u"),
        ("postgresql://u@[::1]:5432/db", "::1", 5432, "db", "u"),
        ("postgresql:///db?host=/s&port=6000&user=u", "/s", 6000, "db", "u"),
    ],
)
def test_database_addresses(url: str, host: str, port: int | None, name: str, user: str) -> None:
    parsed = DatabaseUrl.parse(url)
    assert (parsed.host, parsed.port, parsed.name, parsed.user) == (host, port, name, user)
    assert parsed.django()["HOST"] == host


def test_metrics_have_an_address_and_a_port_or_are_off() -> None:
    assert Env.from_environ({}).metrics_address is None and Env.from_environ({}).log_format == "line"
    found = Env.from_environ({"AURORA_METRICS_ADDRESS": "127.0.0.1:9464", "AURORA_LOG_FORMAT": "json"})
    assert found.metrics_address and (found.metrics_address.host, found.metrics_address.port) == ("127.0.0.1", 9464)
    assert found.log_format == "json" and found.metrics_dir.name == "metrics"
    six = Env.from_environ({"AURORA_METRICS_ADDRESS": "[::1]:9464", "AURORA_METRICS_DIR": "/run/m"})
    assert six.metrics_address and six.metrics_address.host == "::1" and six.metrics_dir == Path("/run/m")


@pytest.mark.parametrize("value", ["9464", "localhost:9464", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:99999", "127.0.0.1:x", ":9464"])
def test_a_metrics_address_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(EnvError, match="AURORA_METRICS_ADDRESS"):
        Env.from_environ({"AURORA_METRICS_ADDRESS": value})


def test_other_parameters_reach_the_driver() -> None:
    assert DatabaseUrl.parse("postgresql://u@h/db?sslmode=verify-full").django()["OPTIONS"] == {"sslmode": "verify-full"}


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"DATABASE_URL": "mysql://u@h/db"}, "DATABASE_URL"),
        ({"DATABASE_URL": "sqlite:///db.sqlite3"}, "DATABASE_URL"),
        ({"DATABASE_URL": "postgresql://u@h"}, "DATABASE_URL"),
        ({"DATABASE_URL": "postgresql://h/db"}, "DATABASE_URL"),
        ({"DATABASE_URL": "postgresql://u@h:port/db"}, "DATABASE_URL"),
        ({"DATABASE_URL": "postgresql://u@h/db?host=/a&host=/b"}, "DATABASE_URL"),
        ({"DATABASE_URL": "aurora"}, "DATABASE_URL"),
        ({"DATABASE_OWNER_URL": OWNER}, "DATABASE_OWNER_URL"),
        ({"DATABASE_URL": APP, "DATABASE_OWNER_URL": APP}, "another role"),
        ({"DATABASE_URL": APP, "DATABASE_OWNER_URL": OWNER.replace("5433", "5434")}, "same database"),
        ({"DATABASE_URL": APP, "AURORA_DB_ROLE": "owner"}, "DATABASE_OWNER_URL"),
        ({"AURORA_DB_ROLE": "root"}, "AURORA_DB_ROLE"),
        ({"BROKER_URL": "memory://"}, "BROKER_URL"),
        ({"BROKER_URL": "rediss://b.example:6379/0?ssl_cert_reqs=none"}, "certificate"),
        ({"BROKER_URL": "rediss://b.example:6379/0?ssl_ca_certs=/ca.pem&ssl_cert_reqs=requird"}, "certificate"),
        ({"BROKER_URL": "rediss://b.example:6379/0?ssl_check_hostname=False"}, "certificate"),
        ({"BROKER_URL": "redis+socket://"}, "BROKER_URL"),
        ({"CACHE_URL": "redis:///0"}, "CACHE_URL"),
        ({"AURORA_BASE_URL": "http://aurora.example"}, "https"),
        ({"AURORA_BASE_URL": "http://localhost:8000"}, "AURORA_SANDBOX"),
        ({"AURORA_BASE_URL": "http://10.0.0.1", "AURORA_SANDBOX": "1"}, "https"),
        ({"AURORA_BASE_URL": "https://aurora.example", "AURORA_SANDBOX": "1"}, "localhost"),
        ({"AURORA_BASE_URL": "https://aurora.example/app"}, "AURORA_BASE_URL"),
        ({"AURORA_BASE_URL": "aurora.example"}, "AURORA_BASE_URL"),
        ({"AURORA_DEBUG": "1"}, "AURORA_DEBUG"),
        ({"AURORA_SANDBOX": "perhaps"}, "AURORA_SANDBOX"),
        ({"AURORA_CRASH_POINTS": "1"}, "AURORA_CRASH_POINTS"),
        ({"AURORA_CRASH_POINTS": "1", "AURORA_SANDBOX": "0", "AURORA_BASE_URL": "https://aurora.example"}, "AURORA_CRASH_POINTS"),
        ({"AURORA_CRASH_POINTS": "maybe", "AURORA_SANDBOX": "1"}, "AURORA_CRASH_POINTS"),
        ({"AURORA_CONFIRM_DAYS": "0"}, "AURORA_CONFIRM_DAYS"),
        ({"AURORA_NOTICES_KEPT_DAYS": "0"}, "AURORA_NOTICES_KEPT_DAYS"),
        ({"AURORA_NOTICES_KEPT_DAYS": "99999"}, "AURORA_NOTICES_KEPT_DAYS"),
        ({"AURORA_REFRESHES_AT_ONCE": "0"}, "AURORA_REFRESHES_AT_ONCE"),
        ({"AURORA_PULLS_KEPT_DAYS": "0"}, "AURORA_PULLS_KEPT_DAYS"),
        ({"AURORA_PULL_LEASE_SECONDS": "0"}, "AURORA_PULL_LEASE_SECONDS"),
        ({"AURORA_PULL_LEASE_SECONDS": "-5"}, "AURORA_PULL_LEASE_SECONDS"),
        ({"AURORA_PULL_LEASE_SECONDS": "1e3"}, "AURORA_PULL_LEASE_SECONDS"),
        ({"AURORA_PULL_LEASE_SECONDS": "9" * 5000}, "AURORA_PULL_LEASE_SECONDS"),
        ({"AURORA_PULL_LEASE_SECONDS": "10", "AURORA_SWEEP_SECONDS": "20"}, "AURORA_SWEEP_SECONDS"),
        ({"AURORA_SIGN_INS_A_MINUTE": "0"}, "AURORA_SIGN_INS_A_MINUTE"),
        ({"AURORA_SIGN_INS_A_MINUTE": "many"}, "AURORA_SIGN_INS_A_MINUTE"),
        ({"AURORA_STATE_DIR": "state"}, "AURORA_STATE_DIR"),
        ({"AURORA_DATA_KEY_DAYS": "-1"}, "AURORA_DATA_KEY_DAYS"),
        ({"AURORA_BACKUP_DAYS": "-1"}, "AURORA_BACKUP_DAYS"),
        ({"AURORA_BACKUP_DAYS": "a while"}, "AURORA_BACKUP_DAYS"),
        ({"AURORA_KEK_FILE": "/nowhere/kek"}, "AURORA_KEK_FILE"),
        ({"AURORA_KEK_URL": "file:///nowhere/kek"}, "AURORA_KEK_URL"),
        ({"AURORA_FORMER_KEK_FILES": "/nowhere/kek"}, "AURORA_FORMER_KEK_FILES"),
        ({"AURORA_LEDGER_ORIGIN": "https://aurora.example"}, "AURORA_LEDGER_ORIGIN"),
        ({"AURORA_LEDGER_ORIGIN": "aurora log"}, "AURORA_LEDGER_ORIGIN"),
        ({"AURORA_LEDGER_ORIGIN": "a" * 256}, "255"),
        ({"AURORA_LEDGER_HEAD_FILE": "head"}, "AURORA_LEDGER_HEAD_FILE"),
        ({"AURORA_EXPORT_DIR": "exports"}, "AURORA_EXPORT_DIR"),
        ({"AURORA_TLS_DIR": "tls"}, "AURORA_TLS_DIR"),
        ({"AURORA_LEDGER_MLDSA_KEY_FILE": "/nowhere"}, "AURORA_LEDGER_MLDSA_KEY_FILE"),
        ({"AURORA_FORMER_LEDGER_KEY_FILES": "/nowhere"}, "AURORA_FORMER_LEDGER_KEY_FILES"),
        ({"AURORA_COSIGN_SECONDS": "0"}, "AURORA_COSIGN_SECONDS"),
        ({"AURORA_WITNESSES": WITNESS}, "other half"),
        ({"AURORA_WITNESSES": f"https://w.example {WITNESS}"}, "verifier key"),
        ({"AURORA_WITNESSES": f"{WITNESS[:-4]}AAA= https://w.example"}, "verifier key"),
        ({"AURORA_WITNESSES": f"{LOG} https://w.example"}, "a log's"),
        ({"AURORA_WITNESSES": f"{WITNESS} http://w.example"}, "https"),
        ({"AURORA_WITNESSES": f"{WITNESS} http://localhost:8107"}, "https"),
        ({"AURORA_WITNESSES": f"{WITNESS} ftp://w.example"}, "https"),
        ({"AURORA_WITNESSES": f"{WITNESS} https://user@w.example"}, "https"),
        ({"AURORA_WITNESSES": f"{WITNESS} https://w.example?x=1"}, "https"),
        ({"AURORA_WITNESSES": f"{WITNESS} https://w.example {WITNESS} https://v.example"}, "twice"),
        ({"AURORA_WITNESSES": f"{WITNESS} https://w.example {OTHER} https://w.example/"}, "twice"),
        ({"AURORA_WITNESSES": " ".join(f"{witness_vkey(f'w{n}', bytes(32))} https://w{n}.example" for n in range(9))}, "at most 8"),
        ({"AURORA_LOG_LEVEL": "LOUD"}, "AURORA_LOG_LEVEL"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "grpc://collector:4317"}, "OTEL_EXPORTER_OTLP_ENDPOINT"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "http/protobuf"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318", "OTEL_SDK_DISABLED": "perhaps"}, "OTEL_SDK_DISABLED"),
    ],
)
def test_malformed_or_contradictory_values_refuse_to_start(environ: dict[str, str], named: str) -> None:
    with pytest.raises(EnvError, match=named):
        Env.from_environ(environ)


def test_nothing_kills_a_process_unless_the_sandbox_was_asked_for_it() -> None:
    assert not Env.from_environ({}).crash_points
    assert not Env.from_environ({"AURORA_SANDBOX": "1"}).crash_points
    assert Env.from_environ({"AURORA_SANDBOX": "1", "AURORA_CRASH_POINTS": "1"}).crash_points


def test_traces_go_where_opentelemetry_s_own_variables_say_or_nowhere() -> None:
    there = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}
    assert not Env.from_environ({}).traces and not Env.from_environ({"OTEL_SERVICE_NAME": "aurora"}).traces
    assert Env.from_environ(there).traces
    assert Env.from_environ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://collector.example/v1/traces"}).traces
    assert Env.from_environ(there | {"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}).traces
    for off in ({"OTEL_SDK_DISABLED": "true"}, {"OTEL_TRACES_EXPORTER": "none"}):
        assert not Env.from_environ(there | off).traces


def test_no_password_in_any_repr_or_refusal() -> None:
    env = Env.from_environ({"DATABASE_URL": APP, "DATABASE_OWNER_URL": OWNER, "BROKER_URL": "redis://:hush-broker@h:6379/0"})
    assert "hush" not in repr(env)
    for broken in ("mysql://u:hush@h/db", "postgresql://u:hush@h:70000/db", "postgresql://u:hush@h"):
        with pytest.raises(EnvError) as refused:
            Env.from_environ({"DATABASE_URL": broken})
        assert "hush" not in str(refused.value)


def test_the_owner_migrates_and_the_service_serves() -> None:
    both = {"DATABASE_URL": APP, "DATABASE_OWNER_URL": OWNER}
    assert Env.from_environ(both).django_databases()["default"]["USER"] == "aurora_app"
    assert Env.from_environ(both | {"AURORA_DB_ROLE": "owner"}).django_databases()["default"]["USER"] == "aurora_owner"


def test_whom_to_tell_of_a_hole() -> None:
    assert Env.from_environ({}).security_contacts == ()
    assert Env.from_environ({"AURORA_SANDBOX": "1"}).security_contacts == ("mailto:security@localhost",)
    told = "mailto:security@aurora.example https://aurora.example/security tel:+358-9-123"
    assert Env.from_environ({"AURORA_SECURITY_CONTACT": told}).security_contacts == tuple(told.split())
    for wrong in ("security@aurora.example", "http://aurora.example", "mailto:nobody", "javascript:alert(1)", "mailto:a@b mailto:c"):
        with pytest.raises(EnvError, match="AURORA_SECURITY_CONTACT"):
            Env.from_environ({"AURORA_SECURITY_CONTACT": wrong})


def test_seconds_and_origin() -> None:
    env = Env.from_environ({"AURORA_PULL_LEASE_SECONDS": "90", "AURORA_BASE_URL": "https://Aurora.example/"})
    assert env.pull_lease == timedelta(seconds=90)
    assert env.base_url == "https://aurora.example"
    assert env.ledger_origin == "aurora.example/ledger"


@given(st.text(max_size=80))
def test_any_text_is_either_an_address_or_refused(text: str) -> None:
    try:
        parsed = DatabaseUrl.parse(text)
    except EnvError:
        return
    assert parsed.name
    assert parsed.user


def test_a_missing_key_is_made_once_with_mode_600(tmp_path: Path) -> None:
    key = KeyFile(tmp_path / "keys" / "kek", "aes256", create=True)
    texts: list[str] = []
    threads = [threading.Thread(target=lambda: texts.append(key.text())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(texts)) == 1
    assert len(texts) == 8
    assert stat.S_IMODE(key.path.stat().st_mode) == 0o600
    assert len(key.raw()) == 32
    assert texts[0] not in repr(key)
    assert [path.name for path in key.path.parent.iterdir()] == ["kek"]


def test_a_key_that_was_named_is_never_made(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError):
        KeyFile(tmp_path / "kek", "aes256", create=False).raw()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", ["", "short", "*" * 43, "A" * 60, "ä" * 43])
def test_a_damaged_key_is_refused_without_showing_it(tmp_path: Path, content: str) -> None:
    path = tmp_path / "kek"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(KeyFileError) as refused:
        KeyFile(path, "aes256", create=False).raw()
    assert not content or content not in str(refused.value)


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    key = KeyFile(tmp_path / "kek", "hmac", create=True)
    key.raw()
    key.path.chmod(0o644)
    with pytest.raises(KeyFileError, match="chmod 600"):
        key.raw()


def test_a_signing_key_is_a_private_jwk_with_its_thumbprint(tmp_path: Path) -> None:
    from joserfc.jwk import ECKey

    jwk = KeyFile(tmp_path / "jwk", "es256", create=True).jwk()
    assert ECKey.import_key(jwk).thumbprint() == jwk["kid"]
    (tmp_path / "bad").write_text('{"kty": "EC", "crv": "P-256"}')
    (tmp_path / "bad").chmod(0o600)
    with pytest.raises(KeyFileError):
        KeyFile(tmp_path / "bad", "es256", create=False).jwk()
