"""What the service refuses to start with, shown on the real process."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
from pathlib import Path

import jwt
import pytest
from pydantic import ValidationError

from service.settings import Settings
from tests.support import loopback
from tests.support.service import ROOT, ServiceProcess, free_port

# What older projects have for API keys.
ANON_KEY, SERVICE_KEY = (
    jwt.encode({"iss": "supabase", "role": role}, secrets.token_hex(32), "HS256") for role in ("anon", "service_role")
)
CSRF_KEY = "3f9a0c71d2e84b56a7f10e9d8c3b2a4596e8d7c1b0af3e2d"
SAFE = {
    "APP_ENV": "production",
    "SUPABASE_URL": "https://abcdefghijklmnopqrst.supabase.co",
    "SUPABASE_PUBLISHABLE_KEY": "sb_publishable_kD83jfoqPw92mxNcQ1",
    "SUPABASE_SECRET_KEY": "sb_secret_Zq02mNvB7xLpT4sWdE9r",
    "SIGNING_SECRETS": CSRF_KEY,
    "CORS_ORIGINS": "https://app.example.com",
    "FRONTEND_URL": "https://app.example.com",
}


def start(settings: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Start the service with these settings and nothing else, and wait until it ends."""
    coverage = {name: value for name, value in os.environ.items() if name.startswith("COV")}
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **coverage, **settings}
    return subprocess.run(
        [sys.executable, "-m", "service"], cwd=folder, env=env, capture_output=True, text=True, timeout=60, check=False
    )


def refused(settings: dict[str, str], folder: Path) -> list[str]:
    """The problems, a line each. No value of a setting may be in them."""
    done = start(settings, folder)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert lines[0] == "Latchkey does not start: the settings are not safe or not complete."
    assert lines[-1] == "See .env.example for what each setting means."
    for value in settings.values():
        assert len(value) <= len("0/minute") or value not in done.stderr.replace("development and tests", "")
    problems = [line.removeprefix("  ") for line in lines[1:-1]]
    assert all(re.match(r"[A-Z_]+: .", problem) for problem in problems), problems
    return problems


UNSAFE = {
    "SIGNING_SECRETS": {
        "too_short": "4f1c9ab27e",
        "one_character": "a" * 64,
        "placeholder": "please-change-me-0123456789-abcdefgh",
        "old_one_too_short": f"{CSRF_KEY},4f1c9ab27e",
        "the_same_twice": f"{CSRF_KEY},{CSRF_KEY}",
    },
    "CSRF_STATIC_TOKEN": {"set": "dev-csrf-token"},
    "FRONTEND_URL": {
        "http": "http://frontend.example.org",
        "no_url": "frontend.example.org",
        "query": "https://frontend.example.org/?page=confirm",
        "user": "https://ada:x@frontend.example.org",
    },
    "PASSWORD_MIN_LENGTH": {"less_than_the_contract": "7"},
    "EMAIL_CHANGE_CONFIRM": {"neither": "none"},
    "MAIL_ANSWER_AFTER": {"too_late": "10.5"},
    "RATE_LIMIT_MAIL": {"none": "0/hour"},
    "RATE_LIMIT_CODES": {"no_period": "10"},
    "CORS_ORIGINS": {
        "http": "http://app.example.com",
        "http_localhost": "https://app.example.com,http://localhost:5173",
        "wildcard": "*",
        "wildcard_subdomain": "https://*.example.com",
        "null": "https://app.example.com,null",
        "path": "https://app.example.com/",
        "upper_case": "https://App.Example.com",
        "user_info": "https://app.example.com@evil.example",
    },
    "CORS_HEADERS": {"any": "*", "no_name": "x-one, x two", "an_end_of_line": "x-one\u2028"},
    "COOKIE_SECURE": {"off": "false"},
    "COOKIE_HOST_PREFIX": {"malformed": "perhaps"},
    "SUPABASE_URL": {
        "http": "http://abcdefghijklmnopqrst.supabase.co",
        "no_url": "abcdefghijklmnopqrst",
        "password": "https://user:hunter2hunter2@abcdefghijklmnopqrst.supabase.co",
        "bad_port": "https://abcdefghijklmnopqrst.supabase.co:99999",
        "bad_ipv6": "https://[::1",
        "query": "https://abcdefghijklmnopqrst.supabase.co?apikey=x",
    },
    "SUPABASE_PUBLISHABLE_KEY": {
        "secret_key": "sb_secret_Zq02mNvB7xLpT4sWdE9r",
        "service_role_key": SERVICE_KEY,
        "neither": "publishable",
    },
    "SUPABASE_SECRET_KEY": {
        "publishable_key": "sb_publishable_kD83jfoqPw92mxNcQ1",
        "anon_key": ANON_KEY,
        "neither": "something-else",
    },
    "SUPABASE_JWT_SECRET": {
        "too_short": "8d2f",
        "default": "super-secret-jwt-token-with-at-least-32-characters-long",
        "public_pem": "-----BEGIN PUBLIC KEY-----MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE",
        "public_jwk": '{"kty":"RSA","n":"u1SU1LfVLPHCozMxH2Mo4lgOEePzNm0tRgeLezV6ffAt0g","e":"AQAB"}',
        "ssh_key": "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC7vbqajDw4o6gJy8UtmIbkcp",
        "the_csrf_secret": CSRF_KEY,
    },
    "LOG_HASH_KEY": {"too_short": "1b7e"},
    "VALIDATE_RESPONSES": {"on": "true"},
    "RATE_LIMIT_ENABLED": {"off": "false"},
    "RATE_LIMIT_ADDRESS": {"word": "many", "zero": "0/minute", "two": "10/minute;100/hour", "unknown_period": "10/fortnight"},
    "RATE_LIMIT_CREDENTIALS": {"negative": "-1/minute"},
    "RATE_LIMIT_ACCOUNT": {"number": "10"},
    "RATE_LIMIT_STORAGE": {
        "other_scheme": "memcached://127.0.0.1:11211",
        "in_memory": "memory://",
        "no_host": "redis://",
        "bad_port": "redis://127.0.0.1:port",
        "password_in_a_broken_url": "redis:hunter2hunter2@127.0.0.1",
    },
    "TRUSTED_PROXIES": {
        "everything": "0.0.0.0/0",
        "all_of_ipv6": "10.0.0.0/8,::/0",
        "not_a_network": "10.0.0.1/8",
        "name": "proxy.internal",
    },
    "PORT": {"word": "eighty", "too_high": "65536"},
    "LOG_LEVEL": {"unknown": "VERBOSE"},
    "WEB_CONCURRENCY": {"zero": "0"},
    "GRACEFUL_TIMEOUT": {"shorter_than_a_mail_after_the_drain": "17"},
}


CASES = [(variable, name, value) for variable, values in UNSAFE.items() for name, value in values.items()]


@pytest.fixture(scope="module")
def rounds(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[dict[str, str], list[str]]]:
    """As many starts as a variable has unsafe values at most: each has one of every variable, since all are told at once."""
    started = []
    for number in range(max(len(values) for values in UNSAFE.values())):
        unsafe = {name: list(values.values())[number] for name, values in UNSAFE.items() if number < len(values)}
        started.append((unsafe, refused(SAFE | unsafe, tmp_path_factory.mktemp("refused"))))
    return started


@pytest.mark.parametrize(("variable", "value"), [pytest.param(v, x, id=f"{v.lower()}-{name}") for v, name, x in CASES])
def test_production_does_not_start_with(rounds: list[tuple[dict[str, str], list[str]]], variable: str, value: str) -> None:
    [problems] = [problems for unsafe, problems in rounds if unsafe.get(variable) == value]
    assert len([problem for problem in problems if problem.startswith(f"{variable}: ")]) == 1, problems


def test_every_problem_is_told_at_once_and_nothing_else(rounds: list[tuple[dict[str, str], list[str]]]) -> None:
    for unsafe, problems in rounds:
        assert {problem.partition(":")[0] for problem in problems} == set(unsafe)


@pytest.mark.thorough
def test_what_is_missing_does_not_hide_what_is_unsafe(tmp_path: Path) -> None:
    problems = refused({"APP_ENV": "production", "CORS_ORIGINS": "http://app.example.com", "COOKIE_SECURE": "false"}, tmp_path)
    assert [problem.partition(":")[0] for problem in problems] == [
        "SUPABASE_URL",
        "SUPABASE_PUBLISHABLE_KEY",
        "SUPABASE_SECRET_KEY",
        "SIGNING_SECRETS",
        "CORS_ORIGINS",
        "FRONTEND_URL",
        "COOKIE_SECURE",
    ]


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("APP_ENV", "staging"),
        ("CORS_ORIGINS", "*"),
        ("COOKIE_HOST_PREFIX", "true"),
        ("SUPABASE_PUBLISHABLE_KEY", "sb_secret_Zq02mNvB7xLpT4sWdE9r"),
        ("SUPABASE_SECRET_KEY", "sb_publishable_kD83jfoqPw92mxNcQ1"),
    ],
)
def test_development_does_not_start_with_what_can_work_nowhere(tmp_path: Path, variable: str, value: str) -> None:
    problems = refused(SAFE | {"APP_ENV": "development", variable: value}, tmp_path)
    assert [problem.partition(":")[0] for problem in problems] == [variable]


@pytest.mark.thorough
def test_safe_settings_start_in_production_with_every_safety_on(tmp_path: Path) -> None:
    safe = SAFE | {
        "PORT": str(free_port()),
        "DRAIN_DELAY": "0",
        "GRACEFUL_TIMEOUT": "13",
        "TRUSTED_PROXIES": "10.0.0.0/8, 2001:db8::/32",
        "RATE_LIMIT_STORAGE": "rediss://user:9f27c1d05b@redis.internal:6380/1",
        "SUPABASE_PUBLISHABLE_KEY": ANON_KEY,
        "SUPABASE_SECRET_KEY": SERVICE_KEY,
    }
    with ServiceProcess(safe, tmp_path / "service.log") as service:
        response = loopback.get(f"{service.url}/auth/csrf")
        assert loopback.get(f"{service.url}/ui/").status_code == 404
    assert response.status_code == 200
    assert response.headers["strict-transport-security"] == "max-age=63072000; includeSubDomains"
    cookie = response.headers["set-cookie"]
    assert cookie.startswith("__Host-latchkey_csrf=")
    assert "; Secure" in cookie
    assert "Domain" not in cookie


def test_networks_of_proxies_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)  # where no .env is
    for name, value in (SAFE | {"TRUSTED_PROXIES": "10.0.0.0/8, 2001:db8::/32"}).items():
        monkeypatch.setenv(name, value)
    assert [str(network) for network in Settings().trusted_proxies] == ["10.0.0.0/8", "2001:db8::/32"]


def test_no_value_shows_when_settings_or_their_error_are_printed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in SAFE.items():
        monkeypatch.setenv(name, value)
    printed = repr(Settings())
    monkeypatch.setenv("RATE_LIMIT_STORAGE", "nonsense://user:9f27c1d05b@host")
    monkeypatch.setenv("SUPABASE_URL", "ftp://user:9f27c1d05b@host")
    with pytest.raises(ValidationError) as refusal:
        Settings()
    for secret in (SAFE["SIGNING_SECRETS"], SAFE["SUPABASE_SECRET_KEY"], "9f27c1d05b"):
        assert secret not in printed + str(refusal.value) + repr(refusal.value)


def test_the_older_name_of_the_secrets_works_and_the_newer_one_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in (SAFE | {"CSRF_SECRETS": SAFE["SIGNING_SECRETS"]}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("SIGNING_SECRETS")
    assert [secret.get_secret_value() for secret in Settings().signing_secrets] == [CSRF_KEY]
    newer = secrets.token_hex(32)
    monkeypatch.setenv("SIGNING_SECRETS", newer)
    assert [secret.get_secret_value() for secret in Settings().signing_secrets] == [newer]
