"""Every setting of the hub, driven by the environment and safe by default.

Nothing here means anything: it says what runs, and how much of it. README, "Operating it", lists what an
operator may set.
"""

import os
import warnings
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

from config import desk

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

# --- Safety ----------------------------------------------------------------------------------------------------

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="")
if not SECRET_KEY:
    if not DEBUG:
        raise ImproperlyConfigured(
            "SECRET_KEY is not set. Give the hub a long random one (python -c 'import secrets; "
            "print(secrets.token_urlsafe(50))'), or set DEBUG=1 for a trial on this machine only."
        )
    SECRET_KEY = "only-for-a-trial-on-this-machine"  # noqa: S105 refused above unless DEBUG

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# A proxy in front usually ends TLS, so this is a switch of its own and not tied to DEBUG.
HTTPS = env.bool("HTTPS", default=False)
SECURE_SSL_REDIRECT = HTTPS
# The health checks are asked by machines that do not speak TLS to us.
SECURE_REDIRECT_EXEMPT = [r"^api/health$", r"^readyz$"]
TRUST_PROXY = env.bool("TRUST_PROXY", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUST_PROXY else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
X_FRAME_OPTIONS = "DENY"

# --- What the hub takes ----------------------------------------------------------------------------------------

# Bytes of one request body; 500 full records are about 1.1 MB.
MAX_BODY_BYTES = env.int("MAX_BODY_BYTES", default=10_000_000)
# Batches waiting before new ones are answered with 503.
MAX_QUEUED_BATCHES = env.int("MAX_QUEUED_BATCHES", default=10_000)
# Keys and profiles one transaction may lock one by one; beyond it takes the whole hub (PostgreSQL only).
# workers x HUB_LOCK_BUDGET must stay below max_locks_per_transaction x max_connections.
HUB_LOCK_BUDGET = env.int("HUB_LOCK_BUDGET", default=2_500)
# ISO 3166 code under which phone numbers without a country code are read; empty: such numbers are refused.
PHONE_DEFAULT_COUNTRY = env.str("PHONE_DEFAULT_COUNTRY", default="")
# What becomes of a mobile number that somebody else has, unless the batch says: reject the record, or take it as the
# secondary phone where that is free.
MOBILE_CLASH = env.str("MOBILE_CLASH", default="reject")
if MOBILE_CLASH not in {"reject", "secondary"}:
    raise ImproperlyConfigured("MOBILE_CLASH must be reject or secondary.")
# A record that leaves a profile with more identities than this puts it on the staff's list: it may be several people.
OVERMERGE_ALARM = env.int("OVERMERGE_ALARM", default=20)
# ISO 4217 codes a profile may have; empty: all of them.
CURRENCIES = env.list("CURRENCIES", default=[])
# Seconds a worker may be silent before another takes its batch (PostgreSQL; on SQLite there is one worker).
LEASE_SECONDS = env.int("LEASE_SECONDS", default=60)
# Seconds one attempt at a batch may take: what takes longer hangs, and is ended like a crash.
ATTEMPT_SECONDS = env.float("ATTEMPT_SECONDS", default=300)
# Whether a worker reads the next batch while the database works at the one in hand: a quarter faster, and the records
# of two batches in memory.
READ_AHEAD = env.bool("READ_AHEAD", default=True)
# Seconds between two looks at the queue when nothing wakes the worker.
POLL_SECONDS = env.float("POLL_SECONDS", default=0.2)
# Where a worker waits to be woken (PostgreSQL's LISTEN), if not where DATABASE_URL leads: the server itself where a
# pooler stands between, which would lose the call. Empty: it is never woken and looks every POLL_SECONDS.
LISTEN_DATABASE_URL = os.environ.get("LISTEN_DATABASE_URL")  # environ would take an empty one for none
if LISTEN_DATABASE_URL and not LISTEN_DATABASE_URL.startswith(("postgres://", "postgresql://")):
    raise ImproperlyConfigured(
        "LISTEN_DATABASE_URL must begin with postgres://, or be empty: then workers look for themselves."
    )

# --- How long the hub waits, and how much it takes of one sender ---------------------------------------------------

# Seconds for a request's head; of silence within a body; for all of a request; for its answer to be read.
HEAD_SECONDS = env.float("HEAD_SECONDS", default=10)
SILENCE_SECONDS = env.float("SILENCE_SECONDS", default=15)
REQUEST_SECONDS = env.float("REQUEST_SECONDS", default=120)
ANSWER_SECONDS = env.float("ANSWER_SECONDS", default=60)
# Seconds a request may be at work before its process is taken for stuck, and replaced.
WORK_SECONDS = env.float("WORK_SECONDS", default=120)

# Requests a minute, in each web process: of one user, and without a right token from one address; 0 is no limit.
REQUESTS_PER_MINUTE = env.int("REQUESTS_PER_MINUTE", default=30_000)
UNAUTHENTICATED_PER_MINUTE = env.int("UNAUTHENTICATED_PER_MINUTE", default=600)
# Pages of these origins may ask the API, with a token as everybody; they are never let in by a cookie.
CORS_ALLOWED_ORIGINS = env.list("CORS_ORIGINS", default=[])
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_METHODS = ("DELETE", "GET", "HEAD", "POST", "PUT")
CORS_ALLOW_HEADERS = ("accept", "authorization", "content-type", "idempotency-key", "if-match", "queue-key")
CORS_EXPOSE_HEADERS = ("ETag", "Location", "Retry-After", "X-RateLimit-Limit", "X-RateLimit-Remaining")
# They are counted here: in memory, and so that many addresses do not push each other out.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 50_000}}}
# Failed log-ins from one address in a quarter of an hour, whatever the names: an office shares one.
LOGINS_PER_ADDRESS = env.int("LOGINS_PER_ADDRESS", default=100)
# How many proxies of our own stand in front, each adding an entry to X-Forwarded-For; believed with TRUST_PROXY only.
PROXIES = env.int("PROXIES", default=1) if TRUST_PROXY else 0
# What one user may have waiting, so that others find room.
MAX_QUEUED_BATCHES_PER_USER = env.int("MAX_QUEUED_BATCHES_PER_USER", default=5_000)
MAX_QUEUED_BYTES_PER_USER = env.int("MAX_QUEUED_BYTES_PER_USER", default=2_000_000_000)
# For how long an idempotency key means what it was first sent with.
IDEMPOTENCY_DAYS = env.int("IDEMPOTENCY_DAYS", default=30)
# For how long a preview can be looked at and confirmed.
PREVIEW_DAYS = env.int("PREVIEW_DAYS", default=7)

# --- Parts -----------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "django.contrib.admin.apps.SimpleAdminConfig",  # config.urls finds the admin's pages: no worker needs them
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_filters",
    "knox",
    "axes",
    "corsheaders",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "profiles",
    "batches",
]

MIDDLEWARE = [
    "profiles.http.requests.follow_requests",
    "profiles.http.errors.ErrorsInShape",
    "corsheaders.middleware.CorsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "profiles.http.headers.guard_answers",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
# Omneo's paths have no slash at the end.
APPEND_SLASH = True

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- Database --------------------------------------------------------------------------------------------------

_database_url = env.str("DATABASE_URL", default="") or f"sqlite:///{BASE_DIR / 'hub.sqlite3'}"
DATABASES: dict[str, dict[str, Any]] = {"default": env.db_url_config(_database_url)}
_database = DATABASES["default"]
# Opening one takes longer than many an answer.
_database["CONN_MAX_AGE"] = 60
if _database["ENGINE"].endswith("sqlite3"):
    # Seen from the hub's folder, as its default is: web and workers may have been started elsewhere.
    if _database["NAME"] != ":memory:":
        _database["NAME"] = str(BASE_DIR / _database["NAME"])
    # FULL: a 202 must survive a power cut. IMMEDIATE: else "database is locked" when a reader turns writer.
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;",
    }
    # In memory every thread would see its own database.
    _database["TEST"] = {"NAME": str(Path(_database["NAME"]).with_suffix(".test.sqlite3"))}
else:
    # Bodies and sets of rows go to the server as they are, not escaped into the text of the statement.
    # A server that does not even refuse is taken for away; a cut between us is noticed within a minute or so, by the
    # driver and not by a batch's time.
    _database["OPTIONS"] = {
        "connect_timeout": 5,
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "tcp_user_timeout": 60_000,
        **_database.get("OPTIONS", {}),
        "server_side_binding": True,
    }
    _database["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Who may -----------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "profiles.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"

AXES_ENABLE_ADMIN = False  # its pages are ours, see profiles.admin.access
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_CALLABLE = "profiles.http.logins.locked_out"
AXES_HANDLER = "profiles.http.logins.LoginLimits"
AXES_CLIENT_IP_CALLABLE = "profiles.http.limits.client_network"
AXES_RESET_ON_SUCCESS = True

KNOX_TOKEN_MODEL = "profiles.ApiToken"  # noqa: S105 a model's name
# Its migrations would make the table of the token model that ours takes the place of.
MIGRATION_MODULES = {"knox": None}
REST_KNOX = {"AUTH_HEADER_PREFIX": "Bearer", "TOKEN_PREFIX": "phub_", "TOKEN_TTL": None}

# --- REST ----------------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["profiles.http.authentication.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["profiles.http.wire.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["profiles.http.wire.BoundedJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "profiles.http.wire.AlwaysJSON",
    "EXCEPTION_HANDLER": "profiles.http.errors.answer_exception",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Profile Hub",
    "DESCRIPTION": (
        "Takes customer records from many systems and keeps one explained, reversible profile per person.\n\n"
        "What is not a request by HTTP/1.1, or not within the bounds of one, is refused before it comes to any of the "
        "paths below: 400, 408, 413, 414, 417, 431 or 501, in the shape of every other error. A path that leads "
        "nowhere is 404 for every method.\n\n"
        "A list is narrowed by the filters that stand with it, and by nothing else: a parameter that bears the name "
        "of a field or a word that narrows or orders lists elsewhere is 422. What has no such meaning is ignored."
    ),
    "VERSION": "3",
    "OAS_VERSION": "3.1.0",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "profiles.http.documents.link_what_is_made",
    ],
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

# --- Pages -------------------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
# Where nothing has been collected (a trial; or it was forgotten, and `run` says so) files are served where they lie.
# WhiteNoise's own words for it, once for each process, name no remedy.
warnings.filterwarnings("ignore", message="No directory at", category=UserWarning)
WHITENOISE_USE_FINDERS = DEBUG or not (STATIC_ROOT / "staticfiles.json").is_file()
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "config.statics.CollectedStorage"},
}
UNFOLD = desk.UNFOLD

# --- Logs: ids and counts, never a person's data (see config.logs) --------------------------------------------

LOGGING_CONFIG = "config.logs.configure"
LOGGING = {"level": env.str("LOG_LEVEL", default="WARNING" if DEBUG else "INFO"), "readable": DEBUG}
# One line for each request: route, status, user's id, duration and the request's own id.
ACCESS_LOG = env.bool("ACCESS_LOG", default=not DEBUG)
