"""`.env.example` and the settings class say the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import chain
from pathlib import Path
from typing import Literal

import pytest
from pydantic import SecretStr, ValidationError

from service.settings import Settings

EXAMPLE = Path(__file__).resolve().parents[2] / ".env.example"
LINE = re.compile(r"^#(=?)([A-Z][A-Z_]+)=(.*)$", re.MULTILINE)
# The text above the first of a group speaks of all of it. Every other setting has a text of its own.
GROUPS = {
    "HOST": ["PORT"],
    "SUPABASE_JWT_ISSUER": ["SUPABASE_JWT_AUDIENCE"],
    "HEADER_TIMEOUT": ["BODY_TIMEOUT"],
    "PASSWORD_MIN_LENGTH": ["EMAIL_CHANGE_CONFIRM"],
    "UPSTREAM_CONNECT_TIMEOUT": ["UPSTREAM_READ_TIMEOUT", "UPSTREAM_TIMEOUT"],
}
CORS = "In development http://localhost:5173 and http://127.0.0.1:5173 by default, in production none"
# Defaults that hang on other settings: the words that say how, what they come to, in development and in production.
DERIVED: dict[str, tuple[str, Callable[[Settings], object], object, object]] = {
    "SUPABASE_JWT_ISSUER": (
        "default is SUPABASE_URL followed by /auth/v1",
        lambda settings: settings.jwt_issuer,
        "https://abcdefghijklmnopqrst.supabase.co/auth/v1",
        "https://abcdefghijklmnopqrst.supabase.co/auth/v1",
    ),
    "CORS_ORIGINS": (CORS, lambda settings: settings.origins, ("http://localhost:5173", "http://127.0.0.1:5173"), ()),
    "FRONTEND_URL": (
        "In development by default the first of CORS_ORIGINS; production refuses to start without",
        lambda settings: settings.frontend,
        "http://localhost:5173",
        "https://app.example.com",
    ),
    "COOKIE_SECURE": ("default true in production and false in development", lambda s: s.secure_cookies, False, True),
    "COOKIE_HOST_PREFIX": ("Needs COOKIE_SECURE, and follows it by default", lambda s: s.host_prefix, False, True),
    "DRAIN_DELAY": ("default 5 in production and 0 in development", lambda s: s.drain_seconds, 0, 5),
    "MAIL_TIMEOUT": ("default 12, or half a second less than REQUEST_TIMEOUT", lambda s: s.mail_deadline, 12, 12),
    "SWAGGER_UI": ("default in development only", lambda s: s.serves_swagger_ui, True, False),
    "VALIDATE_RESPONSES": ("default in development only", lambda s: s.validates_responses, True, False),
    "TRUSTED_PROXIES": ("None by default", lambda s: s.trusted_proxies, (), ()),
}
REQUIRED = {
    "SUPABASE_URL": "https://abcdefghijklmnopqrst.supabase.co",
    "SUPABASE_PUBLISHABLE_KEY": "sb_publishable_kD83jfoqPw92mxNcQ1",
    "SUPABASE_SECRET_KEY": "sb_secret_Zq02mNvB7xLpT4sWdE9r",
    "SIGNING_SECRETS": "3f9a0c71d2e84b56a7f10e9d8c3b2a4596e8d7c1b0af3e2d",
}

documented = {name: (example == "=", value) for example, name, value in LINE.findall(EXAMPLE.read_text())}
fields = {name.upper(): field for name, field in Settings.model_fields.items()}


def text_above(name: str) -> str:
    """The lines of text right above a setting, joined."""
    text: list[str] = []
    lines = EXAMPLE.read_text().splitlines()
    index = next(i for i, line in enumerate(lines) if re.match(rf"#=?{name}=", line))
    while lines[index - 1].startswith("# ") and not lines[index - 1].startswith("# ---"):
        index -= 1
        text.insert(0, lines[index].removeprefix("# "))
    return " ".join(text)


def set_environment(settings: Mapping[str, str], monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Set these variables, and no other that the service reads."""
    monkeypatch.chdir(folder)  # where no .env is
    for variable in fields:
        monkeypatch.delenv(variable, raising=False)
    for variable, value in settings.items():
        monkeypatch.setenv(variable, value)


def test_every_setting_is_documented_and_nothing_else() -> None:
    assert documented.keys() == fields.keys()


def _written(value: object) -> str:
    """As it is written in `.env`."""
    match value:
        case bool():
            return str(value).lower()
        case tuple():
            return ",".join(map(str, value))
    return str(value)


@pytest.mark.parametrize("name", fields)
def test_the_documented_default_is_the_default(name: str) -> None:
    is_example, value = documented[name]
    field = fields[name]
    if is_example:
        assert field.is_required() or name in DERIVED or field.default is None
        return
    assert field.default is not None
    assert not isinstance(field.default, SecretStr)
    assert value == _written(field.default)


@pytest.mark.parametrize("name", DERIVED)
@pytest.mark.parametrize("app_env", ["development", "production"])
def test_a_default_that_is_told_in_words_is_what_they_say(
    name: str, app_env: Literal["development", "production"], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    words, derived, in_development, in_production = DERIVED[name]
    assert words in text_above(name)
    needed = {"FRONTEND_URL": "https://app.example.com"} if app_env == "production" else {}
    set_environment(REQUIRED | needed | {"APP_ENV": app_env}, monkeypatch, tmp_path)
    assert derived(Settings()) == (in_development if app_env == "development" else in_production)


@pytest.mark.parametrize("name", [name for name in fields if name not in chain(*GROUPS.values())])
def test_each_setting_says_why_above_it(name: str) -> None:
    # One clause names the thing and its unit; a reason takes another one.
    assert re.search(r"[.,:;] \w", text_above(name)), f"{name} gives no reason"


@pytest.mark.parametrize(("first", "others"), GROUPS.items())
def test_a_group_of_settings_stands_together(first: str, others: list[str]) -> None:
    names = list(documented)
    start = names.index(first)
    assert names[start + 1 : start + 1 + len(others)] == others
    assert all(text_above(other) == "" for other in others)


@pytest.mark.parametrize("scheme", ["redis", "rediss", "valkey", "valkeys", "redis+sentinel", "memcached", "http"])
def test_the_storages_that_are_named_are_those_that_are_accepted(
    scheme: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    set_environment(REQUIRED | {"RATE_LIMIT_STORAGE": f"{scheme}://127.0.0.1:6379/0"}, monkeypatch, tmp_path)
    if f" {scheme}://" in f" {text_above('RATE_LIMIT_STORAGE')}":
        Settings()
    else:
        with pytest.raises(ValidationError):
            Settings()
