"""Every setting that Aurora takes from its surroundings, read once, typed, frozen.

`Env.from_environ(os.environ)` is the only reader of environment variables. It fails at start, with a sentence that names the
variable, on anything malformed or contradictory: a service that starts with half a configuration loses data later.
It starts nothing and writes nothing; key files are made by `aurora.keyfiles` when they are first read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from aurora import keyfiles
from aurora.mail_url import MailUrl

REPOSITORY = Path(__file__).resolve().parent.parent
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

Role = Literal["app", "owner"]
LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]


class EnvError(ValueError):
    """A setting is missing, malformed or contradicts another; the message names the variable, never a secret value."""


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """A parsed PostgreSQL URL. `host` is a name, an address, or the folder of a unix socket (then `port` may be None)."""

    name: str
    user: str
    password: str = field(repr=False, default="")
    host: str = ""
    port: int | None = None
    options: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, url: str, variable: str = "DATABASE_URL") -> DatabaseUrl:
        """`postgresql://user:password@host:port/name?sslmode=...`, or `postgresql://user@/name?host=/folder/of/socket`.

        Raises EnvError. Percent-encoding is decoded in every part, so a socket folder may also stand where the host does.
        """
        parts = _split(url, variable)
        if parts.scheme not in ("postgresql", "postgres"):
            raise EnvError(f"{variable} must start with postgresql:// (Aurora runs on PostgreSQL only), not {parts.scheme}://")
        options = _query(parts, variable)
        host = options.pop("host", "") or _raw_host(parts)
        name = unquote(parts.path.removeprefix("/")) or options.pop("dbname", "")
        user = unquote(parts.username or "") or options.pop("user", "")
        if not name or "/" in name:
            raise EnvError(f"{variable} must name one database after the host, as in postgresql://user@host/aurora")
        if not user:
            raise EnvError(f"{variable} must name the role to connect as, as in postgresql://aurora_app@host/aurora")
        return cls(name, user, unquote(parts.password or ""), host, _port(parts, options, variable), options)

    def django(self) -> dict[str, Any]:
        """The entry for Django's DATABASES."""
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": self.name,
            "USER": self.user,
            "PASSWORD": self.password,
            "HOST": self.host,
            "PORT": str(self.port or ""),
            "OPTIONS": dict(self.options),
        }

    @property
    def server(self) -> tuple[str, int, str]:
        """What says whether two URLs mean the same database: host, port, name."""
        return (self.host, self.port or 5432, self.name)


@dataclass(frozen=True, slots=True)
class Env:
    """Where things are and how Aurora shall behave. URLs may carry passwords and are therefore out of repr.

    An address of None means that nobody gave one: `manage.py` then provides the embedded service for the time of its command.
    """

    state_dir: Path
    base_url: str
    database: DatabaseUrl | None = None
    owner_database: DatabaseUrl | None = None
    role: Role = "app"
    broker_url: str | None = field(repr=False, default=None)
    cache_url: str | None = field(repr=False, default=None)
    secret_key_file: keyfiles.KeyFile = field(kw_only=True)
    kek_file: keyfiles.KeyFile = field(kw_only=True)
    hmac_key_file: keyfiles.KeyFile = field(kw_only=True)
    ledger_key_file: keyfiles.KeyFile = field(kw_only=True)
    signing_key_file: keyfiles.KeyFile = field(kw_only=True)
    former_signing_key_files: tuple[keyfiles.KeyFile, ...] = ()
    webhook_key_file: keyfiles.KeyFile = field(kw_only=True)
    former_webhook_key_files: tuple[keyfiles.KeyFile, ...] = ()
    confirm_within: timedelta = timedelta(days=30)
    crash_points: bool = False
    ledger_origin: str = field(kw_only=True)
    mail: MailUrl | None = None
    jurisdiction: str = "EU"
    sandbox: bool = False
    debug: bool = False
    pull_lease: timedelta = timedelta(seconds=60)
    sweep_every: timedelta = timedelta(seconds=15)
    sign_ins_a_minute: int = 60
    log_level: LogLevel = "INFO"

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Env:
        """Reads and cross-checks everything. Raises EnvError."""
        read = _Reader(environ)
        state_dir = read.path("AURORA_STATE_DIR", REPOSITORY / ".aurora")
        sandbox = read.flag("AURORA_SANDBOX")
        base_url = read.base_url("AURORA_BASE_URL", "http://localhost:8000", plain_http=sandbox)
        database, owner = read.database("DATABASE_URL"), read.database("DATABASE_OWNER_URL")
        if owner and not database:
            raise EnvError("DATABASE_OWNER_URL is set but DATABASE_URL is not: the service needs its own role")
        if owner and database and owner.server != database.server:
            raise EnvError("DATABASE_OWNER_URL and DATABASE_URL must mean the same database")
        if owner and database and owner.user == database.user:
            raise EnvError("DATABASE_URL must use another role than DATABASE_OWNER_URL: an owner passes row-level security by")
        role = read.choice("AURORA_DB_ROLE", get_args(Role), "app")
        if role == "owner" and database and not owner:
            raise EnvError("AURORA_DB_ROLE=owner needs DATABASE_OWNER_URL (migrations run as the owner of the tables)")
        debug = read.flag("AURORA_DEBUG")
        if debug and not sandbox:
            raise EnvError("AURORA_DEBUG=1 shows settings and stack traces to visitors; it is allowed with AURORA_SANDBOX=1 only")
        lease = read.seconds("AURORA_PULL_LEASE_SECONDS", 60)
        sweep = read.seconds("AURORA_SWEEP_SECONDS", 15)
        if sweep > lease:
            raise EnvError("AURORA_SWEEP_SECONDS must not exceed AURORA_PULL_LEASE_SECONDS: an expired lease would wait for its sweep")

        crash_points = read.flag("AURORA_CRASH_POINTS")
        if crash_points and not sandbox:
            raise EnvError("AURORA_CRASH_POINTS=1 lets a file kill a process, for tests; it is allowed with AURORA_SANDBOX=1 only")

        def key(variable: str, kind: keyfiles.Kind, name: str = "") -> keyfiles.KeyFile:
            return read.key_file(variable, state_dir / "keys", kind, name)

        return cls(
            state_dir=state_dir,
            base_url=base_url,
            database=database,
            owner_database=owner,
            role=role,
            broker_url=read.url("BROKER_URL", ("redis", "rediss", "redis+socket", "amqp", "amqps")),
            cache_url=read.url("CACHE_URL", ("redis", "rediss", "unix")),
            secret_key_file=key("AURORA_SECRET_KEY_FILE", "secret"),
            kek_file=key("AURORA_KEK_FILE", "aes256"),
            hmac_key_file=key("AURORA_HMAC_KEY_FILE", "hmac"),
            ledger_key_file=key("AURORA_LEDGER_KEY_FILE", "ed25519"),
            signing_key_file=key("AURORA_SIGNING_KEY_FILE", "es256"),
            former_signing_key_files=read.key_files("AURORA_FORMER_SIGNING_KEY_FILES", "es256"),
            webhook_key_file=key("AURORA_WEBHOOK_KEY_FILE", "ed25519", "webhook-ed25519"),
            former_webhook_key_files=read.key_files("AURORA_FORMER_WEBHOOK_KEY_FILES", "ed25519"),
            confirm_within=timedelta(days=read.number("AURORA_CONFIRM_DAYS", 30, most=365, of=" of days")),
            crash_points=crash_points,
            ledger_origin=read.origin("AURORA_LEDGER_ORIGIN", base_url),
            mail=read.mail("EMAIL_URL", state_dir / "mail" if sandbox else None),
            jurisdiction=read.jurisdiction("AURORA_JURISDICTION", "EU"),
            sandbox=sandbox,
            debug=debug,
            pull_lease=lease,
            sweep_every=sweep,
            sign_ins_a_minute=read.number("AURORA_SIGN_INS_A_MINUTE", 60, most=100_000),
            log_level=read.choice("AURORA_LOG_LEVEL", get_args(LogLevel), "INFO"),
        )

    def database_url_for_role(self, role: Role | None = None) -> DatabaseUrl | None:
        """The database as `role` sees it; without `role`, as AURORA_DB_ROLE says. None: no address is known."""
        return self.owner_database if (role or self.role) == "owner" else self.database

    def django_databases(self) -> dict[str, dict[str, Any]]:
        """Django's DATABASES. Empty without an address: Django's own error on first use is clear, and type checks need none."""
        url = self.database_url_for_role()
        return {"default": url.django()} if url else {}


class _Reader:
    """Reads one variable at a time; an empty value counts as unset, since that is what compose files and CI leave behind."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def _get(self, variable: str) -> str:
        return self._environ.get(variable, "").strip()

    def flag(self, variable: str) -> bool:
        value = self._get(variable).lower()
        if value in ("1", "true", "yes", "on"):
            return True
        if value in ("", "0", "false", "no", "off"):
            return False
        raise EnvError(f"{variable} must be 1 or 0, not {value!r}")

    def number(self, variable: str, default: int, *, most: int, of: str = "") -> int:
        """A whole number from 1 to `most`; `of` says what it counts."""
        value = self._get(variable) or str(default)
        if not value.isascii() or not value.isdigit() or len(value) > 9 or not 1 <= int(value) <= most:
            raise EnvError(f"{variable} must be a whole number{of} from 1 to {most}, not {value[:20]!r}")
        return int(value)

    def seconds(self, variable: str, default: int) -> timedelta:
        return timedelta(seconds=self.number(variable, default, most=86_400, of=" of seconds"))

    def choice(self, variable: str, allowed: tuple[str, ...], default: str) -> Any:
        value = self._get(variable) or default
        if value not in allowed:
            raise EnvError(f"{variable} must be one of {', '.join(allowed)}, not {value!r}")
        return value

    def path(self, variable: str, default: Path) -> Path:
        value = self._get(variable)
        path = Path(value).expanduser() if value else default
        if not path.is_absolute():
            raise EnvError(f"{variable} must be an absolute path, not {value!r}: processes start in different folders")
        return path

    def key_file(self, variable: str, folder: Path, kind: keyfiles.Kind, name: str = "") -> keyfiles.KeyFile:
        """A key file named by the operator must exist: making a new key in silence would orphan what the old one protects."""
        if not self._get(variable):
            return keyfiles.KeyFile(folder / (name or keyfiles.DEFAULT_NAMES[kind]), kind, create=True)
        path = self.path(variable, folder)
        if not path.is_file():
            raise EnvError(f"{variable} names {path}, which is not a file")
        return keyfiles.KeyFile(path, kind, create=False)

    def key_files(self, variable: str, kind: keyfiles.Kind) -> tuple[keyfiles.KeyFile, ...]:
        """Key files separated by colons, as in PATH; each must exist."""
        paths = [Path(part).expanduser() for part in self._get(variable).split(":") if part]
        if missing := [path for path in paths if not path.is_file()]:
            raise EnvError(f"{variable} names {missing[0]}, which is not a file")
        return tuple(keyfiles.KeyFile(path, kind, create=False) for path in paths)

    def database(self, variable: str) -> DatabaseUrl | None:
        value = self._get(variable)
        return DatabaseUrl.parse(value, variable) if value else None

    def url(self, variable: str, schemes: tuple[str, ...]) -> str | None:
        value = self._get(variable)
        if not value:
            return None
        parts = _split(value, variable)
        if parts.scheme not in schemes:
            raise EnvError(f"{variable} must start with one of {', '.join(f'{s}://' for s in schemes)}, not {parts.scheme}://")
        on_socket = parts.scheme in ("unix", "redis+socket")
        if on_socket and not parts.path.startswith("/"):
            raise EnvError(f"{variable} must give the socket's absolute path, as in {parts.scheme}:///run/valkey.sock")
        if not on_socket and not parts.hostname:
            raise EnvError(f"{variable} must name a host, as in {parts.scheme}://host:6379/0")
        return value

    def mail(self, variable: str, folder: Path | None) -> MailUrl | None:
        """Without an address the sandbox puts mails into `folder`, and a service in earnest sends none."""
        value = self._get(variable)
        if not value:
            return MailUrl(sender="aurora@localhost", folder=folder) if folder else None
        try:
            return MailUrl.parse(value, variable)
        except ValueError as error:
            raise EnvError(str(error)) from None

    def jurisdiction(self, variable: str, default: str) -> str:
        """Whose law holds, for records and receipts: a code of DPV's locations."""
        value = self._get(variable) or default
        if not re.fullmatch(r"[A-Z]{2}", value):
            raise EnvError(f"{variable} must be a country's code (ISO 3166-1 alpha-2) such as FI, or EU")
        return value

    def base_url(self, variable: str, default: str, *, plain_http: bool) -> str:
        """The public address, without a trailing slash: it is the issuer, and issuers are compared byte for byte (RFC 8414)."""
        value = self._get(variable)
        parts = _split(value or default, variable)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise EnvError(f"{variable} must be an http(s) address, as in https://aurora.example")
        if parts.path.strip("/") or parts.query or parts.fragment or parts.username:
            raise EnvError(f"{variable} must be scheme, host and port only: no path, query, fragment or user")
        loopback = parts.hostname in LOOPBACK
        if value and parts.scheme == "http" and not (plain_http and loopback):
            raise EnvError(f"{variable} must be https; plain http is for AURORA_SANDBOX=1 on localhost only")
        if plain_http and not loopback:
            raise EnvError(f"AURORA_SANDBOX=1 is for a base address on localhost only, but {variable} is {parts.hostname}")
        return f"{parts.scheme}://{parts.netloc}".lower()

    def origin(self, variable: str, base_url: str) -> str:
        """The ledger's name in its checkpoints (C2SP tlog-checkpoint): a schema-less URL without spaces or plus signs."""
        value = self._get(variable) or f"{base_url.split('://', 1)[1]}/ledger"
        if any(c.isspace() or c == "+" for c in value) or "://" in value or not value.isascii():
            raise EnvError(f"{variable} must be a name such as aurora.example/ledger: ASCII, without scheme, spaces or '+'")
        return value


def _split(url: str, variable: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port  # urlsplit checks the port only when asked
    except ValueError:
        # "from None": urllib's own message quotes the URL, which may carry a password.
        raise EnvError(f"{variable} is not a valid URL") from None
    if not parts.scheme or "://" not in url:
        raise EnvError(f"{variable} is not a URL")
    return parts


def _raw_host(parts: SplitResult) -> str:
    """The host as written, decoded: `hostname` lowers it, which breaks %2Fpaths."""
    host = parts.netloc.rpartition("@")[2]
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return unquote(host.partition(":")[0])


def _query(parts: SplitResult, variable: str) -> dict[str, str]:
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    if len(dict(pairs)) != len(pairs):
        raise EnvError(f"{variable} gives a query parameter twice")
    return dict(pairs)


def _port(parts: SplitResult, options: dict[str, str], variable: str) -> int | None:
    text = options.pop("port", "")
    if not text:
        return parts.port
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise EnvError(f"{variable} has a port that is no port number")
    return int(text)
