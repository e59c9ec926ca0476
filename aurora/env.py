"""Every setting that Aurora takes from its surroundings, read once, typed, frozen.

`Env.from_environ(os.environ)` is the only reader of environment variables. It fails at start, with a sentence that names the
variable, on anything malformed or contradictory: a service that starts with half a configuration loses data later.
It starts nothing and writes nothing; key files are made by `aurora.keyfiles` when they are first read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, get_args

from aurora import broker_url, keyfiles
from aurora.database_url import DatabaseUrl, EnvError
from aurora.environ import Address, Reader, WitnessAddress
from aurora.kek_url import KekPlace
from aurora.mail_url import MailUrl

REPOSITORY = Path(__file__).resolve().parent.parent

Role = Literal["app", "owner"]
LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
LogFormat = Literal["line", "json"]


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
    kek: KekPlace = field(kw_only=True)
    former_keks: tuple[KekPlace, ...] = ()
    hmac_key_file: keyfiles.KeyFile = field(kw_only=True)
    ledger_key_file: keyfiles.KeyFile = field(kw_only=True)
    ledger_mldsa_key_file: keyfiles.KeyFile = field(kw_only=True)
    former_ledger_key_files: tuple[keyfiles.KeyFile, ...] = ()
    ledger_head_file: Path = field(kw_only=True)
    export_dir: Path = field(kw_only=True)
    erased_file: Path = field(kw_only=True)
    tls_dir: Path = field(kw_only=True)
    witnesses: tuple[WitnessAddress, ...] = ()
    cosign_every: timedelta = timedelta(seconds=10)
    signing_key_file: keyfiles.KeyFile = field(kw_only=True)
    former_signing_key_files: tuple[keyfiles.KeyFile, ...] = ()
    webhook_key_file: keyfiles.KeyFile = field(kw_only=True)
    former_webhook_key_files: tuple[keyfiles.KeyFile, ...] = ()
    confirm_within: timedelta = timedelta(days=30)
    notices_kept: timedelta = timedelta(days=396)
    concern_answer_within: timedelta = timedelta(days=30)
    uses_a_day: int = 1000
    crash_points: bool = False
    ledger_origin: str = field(kw_only=True)
    mail: MailUrl | None = None
    jurisdiction: str = "EU"
    security_contacts: tuple[str, ...] = ()
    sandbox: bool = False
    debug: bool = False
    pull_lease: timedelta = timedelta(seconds=60)
    sweep_every: timedelta = timedelta(seconds=15)
    refreshes_at_once: int = 1
    pulls_kept: timedelta = timedelta(days=90)
    suggestions_kept: timedelta = timedelta(days=90)
    retraining_percent: int = 5
    dataset_every: timedelta = timedelta(days=30)
    data_key_age: timedelta = timedelta(days=365)
    # Backups in which keys are; zero: there are none.
    backups_kept: timedelta = timedelta(days=30)
    dask_scheduler: str | None = field(repr=False, default=None)
    sign_ins_a_minute: int = 60
    log_level: LogLevel = "INFO"
    log_format: LogFormat = "line"
    # Where `manage.py metrics` answers; None: nothing is counted.
    metrics_address: Address | None = None
    metrics_dir: Path = field(kw_only=True)
    # Whether traces go to the receiver that OpenTelemetry's own variables name, all of which its library reads by itself.
    traces: bool = False

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Env:
        """Reads and cross-checks everything. Raises EnvError."""
        read = Reader(environ)
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

        broker = read.url("BROKER_URL", ("redis", "rediss", "redis+socket", "amqp", "amqps"))
        if broker_url.is_unverified(broker):
            raise EnvError("BROKER_URL must not switch off the check of the broker's certificate: name its authority with ?ssl_ca_certs=")

        def key(variable: str, kind: keyfiles.Kind, name: str = "") -> keyfiles.KeyFile:
            return read.key_file(variable, state_dir / "keys", kind, name)

        return cls(
            state_dir=state_dir,
            base_url=base_url,
            database=database,
            owner_database=owner,
            role=role,
            broker_url=broker,
            cache_url=read.url("CACHE_URL", ("redis", "rediss", "unix")),
            secret_key_file=key("AURORA_SECRET_KEY_FILE", "secret"),
            kek=read.kek("AURORA_KEK_URL", "AURORA_KEK_FILE", state_dir / "keys"),
            former_keks=read.former_keks("AURORA_FORMER_KEK_URLS", "AURORA_FORMER_KEK_FILES"),
            hmac_key_file=key("AURORA_HMAC_KEY_FILE", "hmac"),
            ledger_key_file=key("AURORA_LEDGER_KEY_FILE", "ed25519"),
            ledger_mldsa_key_file=key("AURORA_LEDGER_MLDSA_KEY_FILE", "mldsa44"),
            former_ledger_key_files=read.key_files("AURORA_FORMER_LEDGER_KEY_FILES", "ed25519"),
            ledger_head_file=read.path("AURORA_LEDGER_HEAD_FILE", state_dir / "ledger-head"),
            erased_file=read.path("AURORA_ERASED_FILE", state_dir / "erased"),
            export_dir=read.path("AURORA_EXPORT_DIR", state_dir / "exports"),
            tls_dir=read.path("AURORA_TLS_DIR", state_dir / "tls"),
            witnesses=read.witnesses("AURORA_WITNESSES", plain_http=sandbox),
            cosign_every=read.seconds("AURORA_COSIGN_SECONDS", 10),
            signing_key_file=key("AURORA_SIGNING_KEY_FILE", "es256"),
            former_signing_key_files=read.key_files("AURORA_FORMER_SIGNING_KEY_FILES", "es256"),
            webhook_key_file=key("AURORA_WEBHOOK_KEY_FILE", "ed25519", "webhook-ed25519"),
            former_webhook_key_files=read.key_files("AURORA_FORMER_WEBHOOK_KEY_FILES", "ed25519"),
            confirm_within=timedelta(days=read.number("AURORA_CONFIRM_DAYS", 30, most=365, of=" of days")),
            notices_kept=timedelta(days=read.number("AURORA_NOTICES_KEPT_DAYS", 396, most=3660, of=" of days")),
            concern_answer_within=timedelta(days=read.number("AURORA_CONCERN_DAYS", 30, most=90, of=" of days")),
            uses_a_day=read.number("AURORA_USES_A_DAY", 1000, most=100_000, of=" of uses"),
            crash_points=crash_points,
            ledger_origin=read.origin("AURORA_LEDGER_ORIGIN", base_url),
            mail=read.mail("EMAIL_URL", state_dir / "mail" if sandbox else None),
            jurisdiction=read.jurisdiction("AURORA_JURISDICTION", "EU"),
            security_contacts=read.contacts("AURORA_SECURITY_CONTACT", "mailto:security@localhost" if sandbox else ""),
            sandbox=sandbox,
            debug=debug,
            pull_lease=lease,
            sweep_every=sweep,
            refreshes_at_once=read.number("AURORA_REFRESHES_AT_ONCE", 1, most=10_000, of=" of refreshes"),
            pulls_kept=timedelta(days=read.number("AURORA_PULLS_KEPT_DAYS", 90, most=3660, of=" of days")),
            suggestions_kept=timedelta(days=read.number("AURORA_SUGGESTIONS_KEPT_DAYS", 90, most=3660, of=" of days")),
            retraining_percent=read.number("AURORA_RETRAINING_PERCENT", 5, most=100, of=" percent"),
            dataset_every=timedelta(days=read.number("AURORA_DATASET_DAYS", 30, least=0, most=366, of=" of days")),
            data_key_age=timedelta(days=read.number("AURORA_DATA_KEY_DAYS", 365, least=0, most=3660, of=" of days")),
            backups_kept=timedelta(days=read.number("AURORA_BACKUP_DAYS", 30, least=0, most=3660, of=" of days")),
            dask_scheduler=read.url("AURORA_DASK_SCHEDULER", ("tcp", "tls")),
            sign_ins_a_minute=read.number("AURORA_SIGN_INS_A_MINUTE", 60, most=100_000),
            log_level=read.choice("AURORA_LOG_LEVEL", get_args(LogLevel), "INFO"),
            log_format=read.choice("AURORA_LOG_FORMAT", get_args(LogFormat), "line"),
            metrics_address=read.address("AURORA_METRICS_ADDRESS"),
            metrics_dir=read.path("AURORA_METRICS_DIR", state_dir / "metrics"),
            traces=read.traces(
                ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"),
                off="OTEL_SDK_DISABLED",
                exporter="OTEL_TRACES_EXPORTER",
                protocols=("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"),
            ),
        )

    def database_url_for_role(self, role: Role | None = None) -> DatabaseUrl | None:
        """The database as `role` sees it; without `role`, as AURORA_DB_ROLE says. None: no address is known."""
        return self.owner_database if (role or self.role) == "owner" else self.database

    def django_databases(self) -> dict[str, dict[str, Any]]:
        """Django's DATABASES. Empty without an address: Django's own error on first use is clear, and type checks need none."""
        url = self.database_url_for_role()
        return {"default": url.django()} if url else {}
