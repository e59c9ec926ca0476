"""`EMAIL_URL` is read once, and refused in words that name it and never quote it."""

from __future__ import annotations

from pathlib import Path

import pytest

from aurora.database_url import EnvError
from aurora.env import Env
from aurora.mail_url import MailUrl

FROM = "?from=aurora@aurora.example"


@pytest.mark.parametrize(
    ("url", "host", "port", "tls", "starttls"),
    [
        (f"smtp://mail.example{FROM}", "mail.example", 587, False, True),
        (f"smtp://mail.example:25{FROM}", "mail.example", 25, False, True),
        (f"smtps://mail.example{FROM}", "mail.example", 465, True, False),
        (f"smtp://localhost:1025{FROM}", "localhost", 1025, False, False),
        (f"smtp://[::1]:1025{FROM}", "::1", 1025, False, False),
    ],
)
def test_a_server(url: str, host: str, port: int, tls: bool, starttls: bool) -> None:
    found = MailUrl.parse(url)
    assert (found.host, found.port, found.tls, found.starttls) == (host, port, tls, starttls)
    settings = found.django()
    assert (settings["EMAIL_USE_SSL"], settings["EMAIL_USE_TLS"]) == (tls, starttls) and settings["EMAIL_TIMEOUT"] > 0


def test_user_and_password_are_decoded_and_not_shown() -> None:
    found = MailUrl.parse(f"smtps://a%40b:hu%3Ash@mail.example{FROM}")
    assert (found.user, found.password) == ("a@b", "hu:sh") and "hu:sh" not in repr(found)


def test_a_folder_takes_mails_as_files() -> None:
    found = MailUrl.parse(f"file:///var/spool/aurora{FROM}")
    assert found.folder == Path("/var/spool/aurora") and found.django()["EMAIL_BACKEND"].endswith("filebased.EmailBackend")


@pytest.mark.parametrize(
    "url",
    [
        "aurora", "mail.example", "http://mail.example?from=a@b.c", "smtp://?from=a@b.c", "smtp://mail.example", "smtp://mail.example?from=aurora",
        "smtp://mail.example?from=a@b.c%0d%0aBcc:x@y.z", "smtp://mail.example?from=Aurora <a@b.c>", "smtp://mail.example/inbox?from=a@b.c",
        "smtp://mail.example:port?from=a@b.c", "smtp://mail.example:0x?from=a@b.c", "smtp://user@mail.example?from=a@b.c",
        "smtp://:hush@mail.example?from=a@b.c", "smtp://mail.example?from=a@b.c&tls=none", "smtp://mail.example?from=a@b.c#x",
        "file:///?from=a@b.c", "file://host/x?from=a@b.c", "file:x?from=a@b.c",
    ],
)  # fmt: skip
def test_what_is_malformed_stops_the_start(url: str) -> None:
    with pytest.raises(EnvError) as refused:
        Env.from_environ({"EMAIL_URL": url})
    assert "EMAIL_URL" in str(refused.value) and "hush" not in str(refused.value)


def test_without_one_a_service_sends_none_and_the_sandbox_writes_files(tmp_path: Path) -> None:
    assert Env.from_environ({}).mail is None
    mail = Env.from_environ({"AURORA_SANDBOX": "1", "AURORA_STATE_DIR": str(tmp_path)}).mail
    assert mail is not None and mail.folder == tmp_path / "mail"


@pytest.mark.parametrize("code", ["fi", "FIN", "F1", "F I"])
def test_a_jurisdiction_is_a_countrys_code(code: str) -> None:
    with pytest.raises(EnvError, match="AURORA_JURISDICTION"):
        Env.from_environ({"AURORA_JURISDICTION": code})
    assert Env.from_environ({"AURORA_JURISDICTION": "FI"}).jurisdiction == "FI"
