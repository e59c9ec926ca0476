"""Django's settings. What differs between places comes from the environment, through `aurora.env`, and nowhere else."""

from __future__ import annotations

import os
from pathlib import Path

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from aurora import broker_url
from aurora.env import Env

ENV = Env.from_environ(os.environ)
BASE_DIR = Path(__file__).resolve().parent.parent

AURORA_BASE_URL = ENV.base_url
AURORA_STATE_DIR = ENV.state_dir
AURORA_SANDBOX = ENV.sandbox
AURORA_KEK = ENV.kek
AURORA_FORMER_KEKS = ENV.former_keks
AURORA_HMAC_KEY_FILE = ENV.hmac_key_file
AURORA_LEDGER_KEY_FILE = ENV.ledger_key_file.path
AURORA_LEDGER_MLDSA_KEY_FILE = ENV.ledger_mldsa_key_file.path
AURORA_FORMER_LEDGER_KEY_FILES = tuple(file.path for file in ENV.former_ledger_key_files)
AURORA_LEDGER_HEAD_FILE = ENV.ledger_head_file
AURORA_WITNESSES = ENV.witnesses
AURORA_COSIGN_EVERY = ENV.cosign_every
AURORA_SIGNING_KEY_FILE = ENV.signing_key_file
AURORA_FORMER_SIGNING_KEYS = ENV.former_signing_key_files
AURORA_JURISDICTION = ENV.jurisdiction
AURORA_SECURITY_CONTACTS = ENV.security_contacts
AURORA_WEBHOOK_KEY_FILE = ENV.webhook_key_file
AURORA_FORMER_WEBHOOK_KEYS = ENV.former_webhook_key_files
AURORA_CONFIRM_WITHIN = ENV.confirm_within
AURORA_NOTICES_KEPT = ENV.notices_kept
AURORA_CONCERN_ANSWER_WITHIN = ENV.concern_answer_within
AURORA_USES_A_DAY = ENV.uses_a_day
AURORA_CRASH_FOLDER = ENV.state_dir / "crash" if ENV.crash_points else None
AURORA_LEDGER_ORIGIN = ENV.ledger_origin
AURORA_PULL_LEASE = ENV.pull_lease
AURORA_SWEEP_EVERY = ENV.sweep_every
AURORA_REFRESHES_AT_ONCE = ENV.refreshes_at_once
AURORA_PULLS_KEPT = ENV.pulls_kept
AURORA_EXPORT_FOLDER = ENV.export_dir
AURORA_ERASED_FILE = ENV.erased_file
AURORA_FILES_FOLDER = ENV.state_dir / "files"
AURORA_TLS_FOLDER = ENV.tls_dir
AURORA_SUGGESTIONS_KEPT = ENV.suggestions_kept
AURORA_RETRAINING_SHARE = ENV.retraining_percent / 100
AURORA_DATASET_EVERY = ENV.dataset_every
AURORA_DATA_KEY_AGE = ENV.data_key_age
AURORA_BACKUPS_KEPT = ENV.backups_kept
AURORA_DASK_SCHEDULER = ENV.dask_scheduler
AURORA_LOG_FORMAT = ENV.log_format
AURORA_METRICS_ADDRESS = ENV.metrics_address
AURORA_METRICS_FOLDER = ENV.metrics_dir
AURORA_TRACES = ENV.traces

SECRET_KEY = ENV.secret_key_file.text()
DEBUG = ENV.debug
_HOST = AURORA_BASE_URL.split("://", 1)[1]
_SECURE = AURORA_BASE_URL.startswith("https://")
ALLOWED_HOSTS = [_HOST.rsplit(":", 1)[0], *(["127.0.0.1"] if AURORA_SANDBOX else [])]
CSRF_TRUSTED_ORIGINS = [AURORA_BASE_URL]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "drf_spectacular",
    "django_htmx",
    "csp",
    "axes",
    "consent",
    "consent.oauth",
    "consent.ledger",
    "consent.breakglass",
    "consent.webhooks",
    "consent.uses",
    "consent.concerns",
    "consent.transparency",
    "recommender",
    "recommender.catalogue",
    "recommender.monitoring",
    "aurora.identity",
    "aurora.audit",
    "aurora.sources",
    "aurora.sources.pushes",
    "aurora.twin",
    "aurora.messages",
    "aurora.corrections",
    "aurora.exports",
    "aurora.erasures",
    "aurora.feedback",
    "aurora.telemetry",
    "aurora.ui",
    "aurora",
]

MIDDLEWARE = [
    "aurora.telemetry.requests.Numbered",
    # Around all else: a static file, a refusal and the way to https say it too.
    "aurora.portal.headers.Always",
    "aurora.portal.middleware.Policy",
    "aurora.portal.headers.NoPlainMachines",
    "django.middleware.security.SecurityMiddleware",
    "aurora.ui.statics.Middleware",
    "aurora.portal.middleware.Readable",
    "aurora.portal.middleware.ErrorPages",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "aurora.portal.sessions.Authentication",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "aurora.portal.middleware.NoStore",
    "axes.middleware.AxesMiddleware",
]
if ENV.sandbox:
    # What developers' own clients asked, for the page on which they look at it.
    MIDDLEWARE.insert(MIDDLEWARE.index("django.contrib.sessions.middleware.SessionMiddleware"), "aurora.portal.sandboxed.NoteRequests")

ROOT_URLCONF = "aurora.urls"
WSGI_APPLICATION = "aurora.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

DATABASES = ENV.django_databases()
for _database in DATABASES.values():
    _database["CONN_MAX_AGE"] = 60
    _database["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {
    "default": {
        "BACKEND": "aurora.cache.Cache",
        "LOCATION": ENV.cache_url,
        # A cache that hangs must not hang every request with it.
        "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 1},
    }
    if ENV.cache_url
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

# At each of /oauth/par, /oauth/token, /oauth/introspect and /oauth/revoke.
AURORA_OAUTH_CALLS_A_MINUTE = {"address": 3000, "client": 1200}
# Presented to the API by one address: what no agency does but by mistake.
AURORA_UNKNOWN_TOKENS_A_MINUTE = 300
# Begun by one address: many people may stand behind it, a whole town hall's guest network for instance.
AURORA_SIGN_INS_A_MINUTE = ENV.sign_ins_a_minute
# Feedback on suggestions, and openings of suggested services: by who sits there, and by one address, behind which a library may be.
AURORA_FEEDBACK = {"citizen_a_minute": 60, "citizen_a_day": 500, "address_a_minute": 600}
# Feedback on accessibility, from anybody: by one address, and of all together, so that nobody fills the table.
AURORA_ACCESSIBILITY_FEEDBACK = {"address_a_minute": 10, "address_a_day": 50, "all_a_day": 2000}
# In each web process, on their way to the e-ID: half of its threads.
AURORA_SIGN_INS_AT_ONCE = 2

# Who fetches clients' key sets (consent.oauth.keysets), and how many of a web process's threads may be at it.
CONSENT_FETCH_KEYS = "aurora.outbound.keysets.fetch"
CONSENT_KEY_FETCHES_AT_ONCE = 1

# Who keeps and tells of receipts (consent.keeper).
AURORA_RECEIPT_KEEPER = "aurora.messages.keeper"
# In whose name mail goes out; "" sends none, and no page speaks of mail.
AURORA_MAIL_FROM = ENV.mail.sender if ENV.mail else ""
globals().update(ENV.mail.django() if ENV.mail else {})

AUTH_USER_MODEL = "identity.Citizen"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "aurora.identity.backends.OperatorBackend",
    "aurora.identity.backends.CitizenBackend",
]
# Operators', who alone have passwords (aurora.journeys.join).
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["username", "name"]},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 15}},
    {"NAME": "aurora.identity.passwords.Ordinary"},
    {"NAME": "aurora.identity.passwords.ContextWords"},
]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
# The default is the user model's key: citizens', which nobody types in.
AXES_USERNAME_FORM_FIELD = "username"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
# Behind a proxy all would share its address, and a stranger could lock an operator out.
AXES_CLIENT_IP_CALLABLE = "consent.oauth.limits.address_of"
AXES_HANDLER = "axes.handlers.cache.AxesCacheHandler"
AXES_LOCKOUT_CALLABLE = "aurora.portal.errors.locked_out"
AXES_VERBOSE = False
AXES_ENABLE_ADMIN = False

SESSION_ENGINE = "aurora.identity.session_store"
SESSION_COOKIE_NAME = "__Host-aurora" if _SECURE else "aurora"
# How long it lies unused at most, and how long it lasts in all, the server says: aurora.identity.session_store, aurora.portal.sessions.
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_SECURE = _SECURE
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "__Host-aurora-csrf" if _SECURE else "aurora-csrf"
CSRF_COOKIE_SECURE = _SECURE
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "aurora.portal.errors.csrf_failure"

SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _SECURE else None
SECURE_HSTS_SECONDS = 31_536_000 if _SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _SECURE
SECURE_SSL_REDIRECT = _SECURE
# A load balancer asks by itself, from inside; machines are refused (aurora.portal.headers).
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz)\Z"]
# "no-referrer" would make browsers send "Origin: null" with our own forms, which the CSRF check refuses.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# form-action is not limited: a consent form is answered by a redirect to the agency, which browsers count as a form's action.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 100
# The addresses that take more: a model's package and signature (aurora.api.uploads), and what stands around them; a batch of a source that pushes;
# files of a catalogue in the console (aurora.console.uploaded).
AURORA_LARGER_BODIES = {
    "/api/v1/evaluators": 21 * 1024 * 1024,
    "/api/v1/facts": 256 * 1024,
    **{f"/{language}/console/catalogue/import/": 5 * 1024 * 1024 + 64 * 1024 for language in ("fi", "sv", "en")},
}
FILE_UPLOAD_HANDLERS: list[str] = []

LANGUAGE_CODE = "en"
LANGUAGES = [("fi", _("Finnish")), ("sv", _("Swedish")), ("en", _("English"))]
LANGUAGE_COOKIE_NAME = "aurora-language"
USE_I18N = True
# Before what libraries say: one of them has "Tokens" in Swedish too.
LOCALE_PATHS = [BASE_DIR / "aurora" / "ui" / "locale"]
USE_TZ = True
TIME_ZONE = "Europe/Helsinki"

STATIC_URL = "/static/"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(AURORA_FILES_FOLDER)}},
    "staticfiles": {"BACKEND": "aurora.ui.statics.Storage"},
}
WHITENOISE_USE_FINDERS = True
# Else each static file would say that every origin's script may read it.
WHITENOISE_ALLOW_ALL_ORIGINS = False

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "aurora.api.negotiation.AsItComes",
    "DEFAULT_AUTHENTICATION_CLASSES": ["aurora.api.authentication.AgencyToken"],
    "DEFAULT_PERMISSION_CLASSES": ["aurora.api.authentication.HasAgencyToken"],
    "DEFAULT_THROTTLE_CLASSES": ["aurora.api.throttles.PerClient"],
    "DEFAULT_THROTTLE_RATES": {"client": "600/min", "upload": "60/hour", "push": "60/min"},
    "URL_FORMAT_OVERRIDE": None,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "aurora.api.problems.handler",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Aurora agency API",
    "DESCRIPTION": "Read what a citizen has released to you, for the purpose and the time they chose.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "aurora.api.document.finish"],
}

# Which tells the sequencer's loop that it turns (consent.ledger), and beat's (aurora.telemetry.hearts).
CONSENT_SEQUENCER_PULSE = "aurora.telemetry.hearts.sequencer"
CELERY_BEAT_SCHEDULER = "aurora.telemetry.hearts:BeatHeart"
CELERY_BROKER_URL = ENV.broker_url
CELERY_BROKER_USE_SSL = broker_url.tls(ENV.broker_url)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A broker that is away must not keep a citizen waiting: the row is written, the sweep will send the message.
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 5, "socket_connect_timeout": 2}
CELERY_TASK_PUBLISH_RETRY = False
_PERIODS = {
    "aurora.sweep": ENV.sweep_every.total_seconds(),
    "aurora.plan": ENV.sweep_every.total_seconds(),
    "aurora.remind": 900.0,
    "aurora.reconsent": 60.0,
    "aurora.end_consents": ENV.sweep_every.total_seconds(),
    "aurora.return_tokens": 300.0,
    "aurora.purge": 3600.0,
    "aurora.expire_exports": 300.0,
    # There are thirteen months ahead: a run that finds others in its way leaves it to the next.
    "aurora.make_months": 3600.0,
    "aurora.collect_dataset": 3600.0,
    # What it has reported it does not report again: a day's report comes within the hour in which its dataset is ready.
    "aurora.monitor": 3600.0,
    "aurora.model_outcomes": 60.0,
    "aurora.publish_totals": 3600.0,
    "aurora.forget_proofs": 60.0,
    "aurora.look_for_unnoted": 60.0,
    "aurora.refresh_keys": 60.0,
    "aurora.rotate_keys": 60.0,
    "aurora.cosign": ENV.cosign_every.total_seconds(),
}
# A message expires when the next one comes: what a worker missed must not pile up before it.
CELERY_BEAT_SCHEDULE = {
    task.removeprefix("aurora."): {"task": task, "schedule": period, "options": {"expires": period}} for task, period in _PERIODS.items()
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "aurora.telemetry.logs.PlainLines"},
        "json": {"()": "aurora.telemetry.logs.JsonLines"},
    },
    "filters": {"without_paths": {"()": "aurora.telemetry.logs.WithoutPaths"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": ENV.log_format, "filters": ["without_paths"]}},
    "root": {"handlers": ["console"], "level": ENV.log_level},
    # httpx logs every address at INFO, and an address can carry a code or a state.
    "loggers": {
        **{name: {"level": "WARNING"} for name in ("httpx", "httpcore", "axes", "authlib")},
        # A receiver of traces that is away would fill the log with each of its tries.
        "opentelemetry": {"level": "ERROR"},
        # Django's own handlers would tell of paths.
        "django": {"handlers": [], "propagate": True},
    },
}
