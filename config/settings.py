"""Every setting, from the environment. `docs/configuration.md` has the table of variables."""

import ipaddress
import os
import tomllib
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import conninfo_to_dict
from psycopg.errors import ProgrammingError

from config.environment import Environment
from config.state import CHECKOUT, StateError, kept_secret

BASE_DIR = CHECKOUT
VERSION = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["project"]["version"]
ENV = Environment(os.environ)


def is_loopback(host: str) -> bool:
    """Say whether a host name or address can only mean this machine."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


# Where it serves (`make run`)

HOST = ENV.text("HOST", "127.0.0.1", "Address to serve on.")
PORT = ENV.number("PORT", 8000, "Port to serve on.", least=1, most=65535)
WORKERS = ENV.number("DATELINE_WORKERS", 1, "Server processes.", least=1, most=64)
THREADS = ENV.number("DATELINE_THREADS", 4, "Threads of each of them.", least=1, most=64)
ALLOWED_HOSTS = ENV.names(
    "DATELINE_ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"], "Host names it answers to."
)
PUBLIC = not all(map(is_loopback, [HOST, *ALLOWED_HOSTS]))
if PUBLIC and all(map(is_loopback, ALLOWED_HOSTS)):
    raise ImproperlyConfigured(
        f"HOST={HOST!r} serves other machines: set DATELINE_ALLOWED_HOSTS to the names that they "
        "ask for, such as news.example.org."
    )
DEBUG = ENV.flag("DATELINE_DEBUG", False, "Tracebacks in answers; refused on a public server.")
if DEBUG and PUBLIC:
    raise ImproperlyConfigured("DATELINE_DEBUG=true shows secrets: only for HOST on loopback.")
CLOSED = ENV.flag("DATELINE_CLOSED", False, "Every path to data needs a key.")
SERVING = ENV.flag("DATELINE_SERVING", False, "Set by config/wsgi.py for the server's processes.")

# Security: production headers are on for whatever is not on loopback

HTTPS = ENV.flag("DATELINE_HTTPS", PUBLIC, "Clients come over HTTPS: secure cookies and HSTS.")
PROXIES = ENV.number(
    "DATELINE_PROXIES", 0, "Trusted proxies in front: X-Forwarded-* count.", least=0, most=9
)
SECURE_SSL_REDIRECT = ENV.flag("DATELINE_SSL_REDIRECT", False, "Send plain HTTP on to HTTPS.")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PROXIES else None
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}
# Binding all subdomains to HTTPS, for good, is for the owner of the domain to decide.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# The database: one's own by DATABASE_URL, else the embedded one (config/postgres)

DATABASE_URL = ENV.text("DATABASE_URL", "", "Your own PostgreSQL, 17 or newer.", allowed="a URL")
SECRET_KEY = ENV.text("DATELINE_SECRET_KEY", "", "Signs cursors and sessions; 50 letters or more.")
STATEMENT_TIMEOUT = ENV.number(
    "DATELINE_STATEMENT_TIMEOUT", 3000, "Milliseconds a query may take.", least=0, most=600_000
)
ENV.text("DATELINE_STATE", ".dateline", "Folder of the embedded database, keys and logs.")

# Filters combine freely and are skewed: a plan made for all values goes wrong on some.
session = {
    "plan_cache_mode": "force_custom_plan",
    # From here on the index offers names that sound alike, or that slips lead to
    # (records/api/searching.py).
    "pg_trgm.strict_word_similarity_threshold": "0.3",
    "pg_trgm.similarity_threshold": "0.15",
}
options: dict[str, Any] = {"prepare_threshold": 5, "server_side_binding": True}
if SERVING:
    session["statement_timeout"] = str(STATEMENT_TIMEOUT)
    options["pool"] = {"min_size": 1, "max_size": THREADS + 2, "timeout": 5}
default: dict[str, Any] = {"ENGINE": "config.postgres", "CONN_MAX_AGE": 0, "OPTIONS": options}
if DATABASE_URL:
    try:
        given: dict[str, Any] = conninfo_to_dict(DATABASE_URL) if "://" in DATABASE_URL else {}
    except ProgrammingError:
        given = {}
    if "dbname" not in given:
        raise ImproperlyConfigured(
            "DATABASE_URL is not postgresql://USER:PASSWORD@HOST:PORT/NAME "
            "(signs such as @ : / in a password are written %40 %3A %2F)."
        )
    if len(SECRET_KEY) < 50:
        raise ImproperlyConfigured(
            "DATELINE_SECRET_KEY must be 50 random letters or more when DATABASE_URL is set: "
            "python3 -c 'import secrets; print(secrets.token_urlsafe(48))' makes one."
        )
    for key, name in {"dbname": "NAME", "user": "USER", "password": "PASSWORD"}.items():
        default[name] = given.pop(key, "")
    default |= {"HOST": given.pop("host", ""), "PORT": str(given.pop("port", ""))}
    session_of_url = given.pop("options", "")
    options |= given
else:
    default |= {"NAME": "dateline", "EMBEDDED": True}
    session_of_url = ""
    try:
        SECRET_KEY = SECRET_KEY or kept_secret("secret_key")
    except StateError as error:
        raise ImproperlyConfigured(str(error)) from error
ours = (f"-c {name}={value}" for name, value in session.items())
options["options"] = " ".join([session_of_url, *ours]).strip()
DATABASES = {"default": default}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# The application

INSTALLED_APPS = [
    "records",
    "places",
    "sources",
    "events",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "config.api.middleware.ApiMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator",
                 "CommonPasswordValidator", "NumericPasswordValidator")
]  # fmt: skip
STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True  # the assets are few, and served from where they are installed
WHITENOISE_AUTOREFRESH = DEBUG
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
LOG_LEVEL = ENV.choice(
    "DATELINE_LOG_LEVEL", "WARNING", ["DEBUG", "INFO", "WARNING", "ERROR"], "Least to be logged."
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"handlers": ["stderr"], "level": LOG_LEVEL, "propagate": False},
        "django.request": {"level": "ERROR"},  # a client's mistake is told to the client
        "django.security.DisallowedHost": {"level": "CRITICAL"},  # likewise
    },
}

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["records.api.formats.JSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "config.api.pagination.KeysetPagination",
    "DEFAULT_FILTER_BACKENDS": ["config.api.filters.StrictFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"],
    "DEFAULT_AUTHENTICATION_CLASSES": [],  # public reads: no Vary: Cookie, so that caches work
    "UNAUTHENTICATED_USER": None,
    "EXCEPTION_HANDLER": "config.api.errors.exception_handler",
    "NUM_PROXIES": PROXIES,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Dateline",
    "VERSION": VERSION,
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "SERVE_INCLUDE_SCHEMA": False,
    "LICENSE": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
    "SERVERS": [{"url": "/", "description": "This instance."}],
    "ENUM_NAME_OVERRIDES": {
        "Approximator": "events.models.Approximator",
        "Certainty": "events.models.Certainty",
        "ChangeOp": "records.models.Op",
        "CountKind": ["exact", "estimate"],
        "Credibility": "events.models.Credibility",
        "Extent": "events.models.Extent",
        "GeometryType": "places.api.serializers.GEOMETRY_TYPES",
        "Interest": "events.models.Interest",
        "JSONPatchOp": "records.api.serializers.PATCH_OPERATIONS",
        "Polarity": "events.models.Polarity",
        "PublishingStatus": "sources.models.PublishingStatus",
        "Redistribution": "records.models.Redistribution",
        "Reliability": "sources.models.Reliability",
        "Rights": "sources.models.Rights",
        "TimeBasis": "records.time.TimeBasis",
        "Voice": "events.models.Voice",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "config.api.schema.normalize",
    ],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

ENV.refuse_unknown("DATELINE_")
