"""Key-encryption keys in files and in a real token: what one seals the other does not open, and no key leaves its token."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.test import Client, override_settings

from aurora import kek_url
from aurora.database_url import EnvError
from aurora.env import Env
from aurora.identity import keys, vault
from aurora.identity.kek.errors import KeyUnavailable
from aurora.identity.kek.files import FileKek
from aurora.identity.kek.ring import HEAD_BYTES, KekRing
from aurora.identity.kek.tokens import TokenKek
from aurora.keyfiles import KeyFile
from consent.scope import citizen_scope
from tests.support import hsm as hsms
from tests.support.citizens import make_citizen
from tests.support.hsm import Hsm
from tests.support.services import ROOT

SECRET, PLACE = b"wages: 43800", b"totp:1"


@pytest.fixture(scope="module")
def hsm(tmp_path_factory: pytest.TempPathFactory) -> Hsm:
    found = hsms.make(tmp_path_factory.mktemp("hsm"))
    for label in ("first", "second"):
        found.make_key(label)
    found.make_key("readable", extractable=True)
    return found


def key_file(folder: Path, name: str = "kek") -> KeyFile:
    path = folder / name
    path.write_text(base64.urlsafe_b64encode(os.urandom(32)).decode())
    path.chmod(0o600)
    return KeyFile(path, "aes256", create=False)


@pytest.fixture(params=["file", "token"])
def ring(request: pytest.FixtureRequest, tmp_path: Path) -> KekRing:
    if request.param == "file":
        return KekRing.of([key_file(tmp_path)])
    return KekRing.of([request.getfixturevalue("hsm").place("first")])


@pytest.fixture
def in_use(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Have this process use other keys: the newest, and formers."""
    settings = []

    def use(*places: kek_url.KekPlace) -> None:
        override = override_settings(AURORA_KEK=places[0], AURORA_FORMER_KEKS=places[1:])
        override.enable()
        settings.append(override)
        keys._ring.cache_clear()
        monkeypatch.setattr(keys, "_answer", keys._Answer())

    yield use
    for override in reversed(settings):
        override.disable()
    keys._ring.cache_clear()


def test_what_is_sealed_names_its_key_and_opens_for_its_use_only(ring: KekRing) -> None:
    sealed = ring.seal(SECRET, context=PLACE)
    assert SECRET not in sealed and sealed[:HEAD_BYTES] == b"\x02" + bytes.fromhex(ring.newest.id)
    assert ring.open(sealed, context=PLACE) == SECRET
    for wrong, context in ((sealed, b"totp:2"), (sealed[:-1], PLACE), (sealed[:25], PLACE), (b"", PLACE), (b"\x02", PLACE)):
        with pytest.raises(KeyUnavailable) as unavailable:
            ring.open(wrong, context=context)
        assert SECRET.decode() not in f"{unavailable.value!r} {unavailable.value.__cause__!r}"
    assert ring.open(sealed, context=PLACE) == SECRET, "a value that does not open must not shut the others out"


def test_the_same_value_never_seals_alike(ring: KekRing) -> None:
    assert len({ring.seal(SECRET, context=PLACE) for _ in range(20)}) == 20


def test_the_name_of_the_key_is_bound_in(tmp_path: Path) -> None:
    one, other = key_file(tmp_path, "one"), key_file(tmp_path, "other")
    both = KekRing.of([one, other])
    sealed = both.seal(SECRET, context=PLACE)
    with pytest.raises(KeyUnavailable):
        both.open(sealed[:1] + bytes.fromhex(FileKek(other).id) + sealed[HEAD_BYTES:], context=PLACE)


def test_a_former_key_opens_and_a_key_that_is_not_named_does_not(tmp_path: Path, hsm: Hsm) -> None:
    file, token = key_file(tmp_path), hsm.place("first")
    before, after = KekRing.of([file]).seal(SECRET, context=PLACE), KekRing.of([token, file])
    assert after.open(before, context=PLACE) == SECRET
    assert after.seal(SECRET, context=PLACE)[1:HEAD_BYTES].hex() == TokenKek(token).id
    with pytest.raises(KeyUnavailable):
        KekRing.of([token]).open(before, context=PLACE)
    with pytest.raises(KeyUnavailable):
        KekRing.of([hsm.place("second")]).open(after.seal(SECRET, context=PLACE), context=PLACE)


def test_what_was_sealed_before_keys_had_names_still_opens(tmp_path: Path, hsm: Hsm) -> None:
    file, nonce = key_file(tmp_path), os.urandom(12)
    old = nonce + FileKek(file).encrypt(nonce, SECRET, PLACE)
    # However it begins: one in 256 begins as the newer format does.
    alike = b"\x02" + nonce[1:]
    alike += FileKek(file).encrypt(alike, SECRET, PLACE)
    for ring in (KekRing.of([file]), KekRing.of([hsm.place("first"), key_file(tmp_path, "other"), file])):
        assert ring.open(old, context=PLACE) == ring.open(alike, context=PLACE) == SECRET


def test_two_keys_that_are_not_to_be_told_apart_are_refused(tmp_path: Path, hsm: Hsm) -> None:
    file = key_file(tmp_path)
    for twice in ([file, file], [hsm.place("first"), hsm.place("first")]):
        with pytest.raises(KeyUnavailable, match="same id"):
            KekRing.of(twice)


# Tokens


def test_the_key_in_the_token_cannot_be_read_out(hsm: Hsm) -> None:
    with pytest.raises(KeyUnavailable, match="sensitive and not extractable"):
        KekRing.of([hsm.place("readable")]).try_all()


def test_what_is_wrong_with_a_token_is_said_and_no_pin_is_in_it(hsm: Hsm, tmp_path: Path) -> None:
    bad = tmp_path / "pin"
    bad.write_text("999999")
    for place, says in (
        (hsm.place("third"), "0 AES keys third"),
        (hsm.place("first", token="elsewhere"), "away: NoSuchToken"),
        (hsm.place("first", pin=bad), "refuses the PIN"),
        (hsm.place("first", pin=tmp_path / "none"), "cannot be read: FileNotFoundError"),
        (hsm.place("first", module=Path("/nowhere/lib.so")), "no PKCS#11 library at /nowhere/lib.so"),
        (hsm.place("first", module=Path("/usr/bin/env")), "cannot be started"),
    ):
        with pytest.raises(KeyUnavailable, match=says) as unavailable:
            KekRing.of([place]).try_all()
        assert hsms.PIN not in str(unavailable.value) and "999999" not in str(unavailable.value)


def test_a_token_that_was_away_is_found_again(hsm: Hsm) -> None:
    ring = KekRing.of([hsm.place("first"), hsm.place("second")])
    sealed = ring.seal(SECRET, context=PLACE)
    ring.try_all()
    hsm.away()
    try:
        for _ in range(2):
            with pytest.raises(KeyUnavailable, match="away|does not start"):
                ring.open(sealed, context=PLACE)
    finally:
        hsm.back()
    assert ring.open(sealed, context=PLACE) == SECRET
    ring.try_all()


def test_a_process_that_was_forked_logs_in_for_itself(hsm: Hsm) -> None:
    """As gunicorn and Celery do, who load the code and open the keys once, and then fork."""
    ring = KekRing.of([hsm.place("first")])
    sealed = ring.seal(SECRET, context=PLACE)
    child = os.fork()
    if not child:
        fine = False
        try:
            fine = ring.open(ring.seal(SECRET, context=PLACE), context=PLACE) == ring.open(sealed, context=PLACE) == SECRET
        finally:
            os._exit(0 if fine else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert ring.open(sealed, context=PLACE) == SECRET


# In the service


@pytest.mark.django_db
def test_citizens_keys_are_wrapped_in_the_token_and_open_ones_outlive_it_for_a_while(hsm: Hsm, in_use: Callable[..., None]) -> None:
    in_use(hsm.place("first"), keys.settings.AURORA_KEK)
    aino, cecilia = make_citizen(), make_citizen()
    with citizen_scope(aino):
        sealed = vault.seal(SECRET, citizen_id=aino, context=b"x")
    vault._open_keys.forget(cecilia)
    assert Client().get("/readyz").json() == {"ready": True, "failed": [], "alarms": []}
    hsm.away()
    try:
        keys._ring().newest._key = None  # type: ignore[attr-defined]
        keys._answer._asked -= keys.PROBE_SECONDS
        with citizen_scope(aino):
            assert vault.open_sealed(sealed, citizen_id=aino, context=b"x") == SECRET
        with citizen_scope(cecilia), pytest.raises(keys.KeyUnavailable):
            vault.seal(SECRET, citizen_id=cecilia, context=b"x")
        answer = Client().get("/readyz")
        assert answer.status_code == 200 and answer.json()["alarms"] == ["keys"]
        (error,) = [one for one in run_checks() if one.id == "aurora.E003"]
        assert "first in the token aurora test" in error.msg or str(hsms.MODULE) in error.msg
    finally:
        hsm.back()
    with citizen_scope(cecilia):
        assert vault.seal(SECRET, citizen_id=cecilia, context=b"x")
    keys._answer._asked -= keys.PROBE_SECONDS
    assert Client().get("/readyz").json()["alarms"] == []


@pytest.mark.parametrize(
    "program", ["import aurora.wsgi", "from aurora import commandline; raise SystemExit(commandline.main(['manage.py', 'check']))"]
)
def test_no_process_starts_without_its_keys(hsm: Hsm, tmp_path: Path, program: str) -> None:
    environ = {**os.environ, "AURORA_KEK_URL": hsm.url("nowhere"), "AURORA_STATE_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", program], env=environ, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode != 0 and "There are 0 AES keys nowhere in the token aurora test" in done.stderr
    assert hsms.PIN not in done.stderr


# Addresses


def test_addresses_of_keys(tmp_path: Path) -> None:
    file = key_file(tmp_path)
    env = Env.from_environ({"AURORA_KEK_URL": f"file://{file.path}"})
    assert env.kek == file and env.former_keks == ()
    url = "pkcs11:token=The%20token;object=kek%3B1;id=%01%ff?module-path=/lib/x.so&pin-source=file:/run/pin"
    env = Env.from_environ(
        {"AURORA_KEK_URL": url, "AURORA_FORMER_KEK_URLS": f"file://{file.path}", "AURORA_FORMER_KEK_FILES": str(file.path)}
    )
    assert env.kek == kek_url.KekToken("The token", "kek;1", b"\x01\xff", "", Path("/lib/x.so"), Path("/run/pin"))
    assert env.former_keks == (file, file)
    assert Env.from_environ({"AURORA_KEK_FILE": str(file.path)}).kek == file
    assert Env.from_environ({}).kek == KeyFile(Env.from_environ({}).state_dir / "keys/vault-kek", "aes256", create=True)


@pytest.mark.parametrize(
    "url",
    [
        "vault://host/key",
        "https://kms.example/key",
        "file:relative",
        "file://host/key",
        "file:///nowhere/kek",
        "pkcs11:",
        "pkcs11:token=t?module-path=/m&pin-source=/p",
        "pkcs11:object=o?module-path=/m&pin-source=/p",
        "pkcs11:token=t;object=o?module-path=m&pin-source=/p",
        "pkcs11:token=t;object=o?pin-source=/p",
        "pkcs11:token=t;object=o?module-path=/m",
        "pkcs11:token=t;object=o?module-path=/m&pin-source=|cat",
        "pkcs11:token=t;object=o?module-path=/m&pin-value=7777",
        "pkcs11:token=t;object=o;object=o?module-path=/m&pin-source=/p",
        "pkcs11:token=t;object=o;shape=round?module-path=/m&pin-source=/p",
        "pkcs11:token=t;object=o;type=private?module-path=/m&pin-source=/p",
    ],
)
def test_an_address_that_says_too_little_or_too_much_refuses_to_start(url: str) -> None:
    for variable in ("AURORA_KEK_URL", "AURORA_FORMER_KEK_URLS"):
        with pytest.raises(EnvError, match=variable) as refused:
            Env.from_environ({variable: url})
        assert "7777" not in str(refused.value)


def test_one_key_is_not_named_twice(tmp_path: Path) -> None:
    file = key_file(tmp_path)
    with pytest.raises(EnvError, match="both set"):
        Env.from_environ({"AURORA_KEK_URL": f"file://{file.path}", "AURORA_KEK_FILE": str(file.path)})
