"""A real PKCS#11 token: SoftHSM 2 (Debian's softhsm2), with its objects in a folder of the test's own."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from aurora import kek_url

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
TOKEN = "aurora test"
PIN = "123456"


@dataclass(frozen=True)
class Hsm:
    """The token's folder. `away` and `back` take it out of reach and bring it back."""

    folder: Path

    @property
    def pin_file(self) -> Path:
        return self.folder / "pin"

    @property
    def environ(self) -> dict[str, str]:
        return {"SOFTHSM2_CONF": str(self.folder / "softhsm2.conf")}

    def url(self, label: str, *, pin: Path | None = None, token: str = TOKEN, module: Path = MODULE) -> str:
        return f"pkcs11:token={quote(token)};object={label}?module-path={module}&pin-source=file:{pin or self.pin_file}"

    def place(self, label: str, **other: object) -> kek_url.KekToken:
        found = kek_url.parse(self.url(label, **other), "AURORA_KEK_URL")  # type: ignore[arg-type]
        assert isinstance(found, kek_url.KekToken)
        return found

    def make_key(self, label: str, *, extractable: bool = False) -> None:
        """As docs/operations/keys.md makes one, with our own client."""
        program = (
            "import pkcs11, sys\n"
            f"session = pkcs11.lib({str(MODULE)!r}).get_token(token_label={TOKEN!r}).open(rw=True, user_pin={PIN!r})\n"
            f"kinds = {{pkcs11.Attribute.EXTRACTABLE: {extractable}, pkcs11.Attribute.SENSITIVE: {not extractable}}}\n"
            f"session.generate_key(pkcs11.KeyType.AES, 256, label={label!r}, id={label.encode()!r}, store=True, template=kinds)\n"
        )
        subprocess.run([sys.executable, "-c", program], env={**os.environ, **self.environ}, check=True)

    def away(self) -> None:
        (self.folder / "tokens").rename(self.folder / "taken out")

    def back(self) -> None:
        (self.folder / "taken out").rename(self.folder / "tokens")


def make(folder: Path) -> Hsm:
    """A token without keys in this folder, and this process speaks to it."""
    hsm = Hsm(folder)
    (folder / "tokens").mkdir()
    hsm.pin_file.write_text(PIN + "\n")
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\nlog.level = ERROR\n")
    os.environ.update(hsm.environ)
    command = ["softhsm2-util", "--init-token", "--free", "--label", TOKEN, "--pin", PIN, "--so-pin", "87654321"]
    subprocess.run(command, check=True, capture_output=True)
    return hsm
