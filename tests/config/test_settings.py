import runpy
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.state import CHECKOUT

KEY = "k" * 50
URL = "postgresql://anna:p%40ss@db.example.org:5433/news?sslmode=require"
PUBLIC = {"HOST": "0.0.0.0", "DATELINE_ALLOWED_HOSTS": "news.example.org"}  # noqa: S104

Read = Callable[..., dict[str, Any]]

#: What every session has.
SESSION = (
    "-c plan_cache_mode=force_custom_plan"
    " -c pg_trgm.strict_word_similarity_threshold=0.3 -c pg_trgm.similarity_threshold=0.15"
)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Read:
    """Run the settings with only these variables of ours in the environment."""

    def read(**variables: str) -> dict[str, Any]:
        from os import environ

        for name in list(environ):
            if name.startswith("DATELINE_") or name in ("HOST", "PORT", "DATABASE_URL"):
                monkeypatch.delenv(name)
        for name, value in {"DATELINE_SECRET_KEY": KEY, **variables}.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(CHECKOUT / "config" / "settings.py"))

    return read


def test_defaults_serve_this_machine_without_debug(read: Read) -> None:
    settings = read()
    assert (settings["HOST"], settings["PORT"], settings["DEBUG"]) == ("127.0.0.1", 8000, False)
    assert settings["ALLOWED_HOSTS"] == ["localhost", "127.0.0.1", "[::1]"]
    assert settings["SECURE_HSTS_SECONDS"] == 0
    assert settings["SESSION_COOKIE_SECURE"] is False
    assert settings["DATABASES"]["default"]["EMBEDDED"] is True


def test_the_key_of_the_embedded_default_is_generated_and_kept(read: Read) -> None:
    key = read(DATELINE_SECRET_KEY="")["SECRET_KEY"]
    assert len(key) >= 50
    assert read(DATELINE_SECRET_KEY="")["SECRET_KEY"] == key


def test_a_public_server_gets_production_headers(read: Read) -> None:
    settings = read(**PUBLIC)
    assert settings["SECURE_HSTS_SECONDS"] == 31_536_000
    assert settings["SESSION_COOKIE_SECURE"] is True
    assert settings["CSRF_COOKIE_SECURE"] is True
    assert read(**PUBLIC, DATELINE_HTTPS="no")["SESSION_COOKIE_SECURE"] is False


def test_a_name_behind_a_proxy_is_public_too(read: Read) -> None:
    settings = read(DATELINE_ALLOWED_HOSTS="news.example.org", DATELINE_PROXIES="1")
    assert settings["PUBLIC"] is True
    assert settings["SECURE_PROXY_SSL_HEADER"] == ("HTTP_X_FORWARDED_PROTO", "https")
    assert settings["REST_FRAMEWORK"]["NUM_PROXIES"] == 1


def test_database_url_is_taken_apart(read: Read) -> None:
    assert read(DATABASE_URL=URL)["DATABASES"]["default"] == {
        "ENGINE": "config.postgres",
        "NAME": "news",
        "USER": "anna",
        "PASSWORD": "p@ss",
        "HOST": "db.example.org",
        "PORT": "5433",
        "CONN_MAX_AGE": 0,
        "OPTIONS": {
            "sslmode": "require",
            "prepare_threshold": 5,
            "server_side_binding": True,
            "options": SESSION,
        },
    }


def test_only_a_serving_process_has_a_pool_and_a_time_limit(read: Read) -> None:
    options = read(DATELINE_SERVING="true", DATELINE_THREADS="6")["DATABASES"]["default"]["OPTIONS"]
    assert options["pool"] == {"min_size": 1, "max_size": 8, "timeout": 5}
    assert options["options"] == f"{SESSION} -c statement_timeout=3000"
    assert "pool" not in read()["DATABASES"]["default"]["OPTIONS"]


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        (
            {"DATELINE_DEBUG": "maybe"},
            "DATELINE_DEBUG='maybe': allowed is true or false.",
        ),
        (
            {"PORT": "eighty"},
            "PORT='eighty': allowed is a whole number from 1 to 65535.",
        ),
        (
            {"PORT": "70000"},
            "PORT='70000': allowed is a whole number from 1 to 65535.",
        ),
        (
            {"DATELINE_THREADS": "٣"},
            "DATELINE_THREADS='٣': allowed is a whole number from 1 to 64.",
        ),
        (
            {"DATELINE_LOG_LEVEL": "LOUD"},
            "DATELINE_LOG_LEVEL='LOUD': allowed is DEBUG or INFO or WARNING or ERROR.",
        ),
        (
            {"DATELINE_DEBUGG": "true"},
            "DATELINE_DEBUGG is not a setting: did you mean DATELINE_DEBUG?",
        ),
        (
            {"DATELINE_DEBUG": "true", **PUBLIC},
            "DATELINE_DEBUG=true shows secrets: only for HOST on loopback.",
        ),
        (
            {"HOST": "0.0.0.0"},  # noqa: S104
            (
                "HOST='0.0.0.0' serves other machines: set DATELINE_ALLOWED_HOSTS to the names "
                "that they ask for, such as news.example.org."
            ),
        ),
        (
            {"DATABASE_URL": URL, "DATELINE_SECRET_KEY": ""},
            (
                "DATELINE_SECRET_KEY must be 50 random letters or more when DATABASE_URL is set: "
                "python3 -c 'import secrets; print(secrets.token_urlsafe(48))' makes one."
            ),
        ),
    ],
)
def test_nonsense_is_refused_by_name(read: Read, variables: dict[str, str], message: str) -> None:
    with pytest.raises(ImproperlyConfigured) as refusal:
        read(**variables)
    assert str(refusal.value) == message


@pytest.mark.parametrize(
    "url", ["mysql://a:b@c/d", "news", "postgresql://h/", "postgresql://a?x=y"]
)
def test_a_bad_database_url_is_refused_without_its_password(read: Read, url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"^DATABASE_URL is not postgresql://USER"):
        read(DATABASE_URL=url)
