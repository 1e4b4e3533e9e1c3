"""What gets into a value by accident, shown on the settings themselves."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import ValidationError

from service.settings import Settings
from service.settings_surroundings import known_names, look_alikes, remarks
from tests.unit.test_settings import SAFE
from tests.unit.test_settings_documented import set_environment

PRODUCTION = {
    **SAFE,
    "SUPABASE_JWT_SECRET": "7c1f0be2d9a84f35b6e0c7d1a2f3948576e8d9c0b1a2f3e4",
    "SUPABASE_JWT_AUDIENCE": "people",
}
AROUND = [" ", "\n", "\r\n", "\t", "\r", "\u00a0", "\u200b", "\ufeff"]
VARIABLES = [
    "SUPABASE_URL", "SUPABASE_PUBLISHABLE_KEY", "SUPABASE_SECRET_KEY", "SUPABASE_JWT_SECRET", "SUPABASE_JWT_AUDIENCE",
    "SIGNING_SECRETS", "CORS_ORIGINS", "APP_ENV",
]  # fmt: skip
INSIDE = [name for name in VARIABLES if name not in ("CORS_ORIGINS", "APP_ENV")]


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> object:
    def loaded(settings: Mapping[str, str]) -> Settings:
        set_environment(settings, monkeypatch, tmp_path)
        return Settings()

    return loaded


def problems_of(load: object, settings: Mapping[str, str]) -> dict[str, str]:
    assert callable(load)
    with pytest.raises(ValidationError) as refusal:
        load(settings)
    return {str(error["loc"][0]).upper(): error["msg"] for error in refusal.value.errors()}


@pytest.mark.parametrize("variable", VARIABLES)
@pytest.mark.parametrize("around", AROUND, ids=ascii)
def test_blanks_and_line_ends_around_a_value_are_taken_away_and_told(load: object, variable: str, around: str) -> None:
    assert callable(load)
    clean = load(PRODUCTION)
    for value in (PRODUCTION[variable] + around, around + PRODUCTION[variable]):
        settings = load(PRODUCTION | {variable: value})
        assert settings.model_dump() == clean.model_dump()
        assert settings.trimmed == [variable]
    assert clean.trimmed == []


@pytest.mark.parametrize("variable", VARIABLES)
@pytest.mark.parametrize("quoted", ['"{}"', "'{}'", '{}"', "`{}`", "\u201c{}\u201d"])
def test_a_value_in_quotes_is_refused_by_its_name(load: object, variable: str, quoted: str) -> None:
    problems = problems_of(load, PRODUCTION | {variable: quoted.format(PRODUCTION[variable])})
    assert list(problems) == [variable]
    assert "quote" in next(iter(problems.values()))


@pytest.mark.parametrize("variable", INSIDE)
@pytest.mark.parametrize("inside", ["\n", "\r", "\r\n", "\x7f"], ids=ascii)
def test_a_line_break_inside_a_value_is_refused_by_its_name(load: object, variable: str, inside: str) -> None:
    value = PRODUCTION[variable]
    problems = problems_of(
        load, PRODUCTION | {variable: value[:30] + inside + value[30:] if len(value) > 30 else f"a{inside}b"}
    )
    assert list(problems) == [variable]


@pytest.mark.parametrize("inside", [" ", "ü", "\u200b"])
def test_an_api_key_that_no_header_can_carry_is_refused(load: object, inside: str) -> None:
    for variable in ("SUPABASE_PUBLISHABLE_KEY", "SUPABASE_SECRET_KEY"):
        assert list(problems_of(load, PRODUCTION | {variable: PRODUCTION[variable] + inside + "x"})) == [variable]


@pytest.mark.parametrize("blank", ["", " ", "\n", "\u200b"], ids=ascii)
def test_a_value_that_is_nothing_counts_as_not_set(load: object, blank: str) -> None:
    assert callable(load)
    settings = load(PRODUCTION | {"SUPABASE_JWT_SECRET": blank, "CAPTCHA_SITE_KEY": blank, "PORT": blank})
    assert settings.supabase_jwt_secret is None, "an empty secret would let everybody sign tokens"
    assert (settings.captcha_site_key, settings.port) == (None, 8000)
    assert list(problems_of(load, PRODUCTION | {"SUPABASE_SECRET_KEY": blank})) == ["SUPABASE_SECRET_KEY"]


@pytest.mark.parametrize("host", ["https://abcdefghijklmnopqrst.supabase.co", "https://supabase.example.com/base"])
@pytest.mark.parametrize(
    "path", ["", "/", "/auth/v1", "/auth/v1/", "/rest/v1/", "/rest/v1", "/auth/v1/token", "/storage/v1", "/graphql/v1"]
)
def test_the_address_of_one_of_its_apis_is_understood(load: object, host: str, path: str) -> None:
    assert callable(load)
    settings = load(PRODUCTION | {"SUPABASE_URL": host + path})
    assert settings.supabase_url == host
    assert settings.jwt_issuer == f"{host}/auth/v1"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("HTTPS://Abc.Supabase.CO", "https://abc.supabase.co"),
        ("https://abc.supabase.co:443/auth/v1", "https://abc.supabase.co"),
        ("https://abc.example.com:80", "https://abc.example.com:80"),
        ("https://abc.example.com/Base/", "https://abc.example.com/Base"),
        ("https://[2001:DB8::443]", "https://[2001:db8::443]"),
    ],
)
def test_spellings_of_one_address_are_one(load: object, written: str, meant: str) -> None:
    assert callable(load)
    settings = load(PRODUCTION | {"SUPABASE_URL": written})
    assert (settings.supabase_url, settings.jwt_issuer) == (meant, f"{meant}/auth/v1")


@pytest.mark.parametrize(
    "url",
    [
        "https://supabase.com/dashboard/project/abcdefghijklmnopqrst",
        "https://supabase.com/dashboard/project/abcdefghijklmnopqrst/settings/api-keys",
        "https://app.supabase.com/project/abcdefghijklmnopqrst",
        "https://abcdefghijklmnopqrst.supabase.co/project",
        "https://db.abcdefghijklmnopqrst.supabase.co",
        "postgresql://postgres@db.abcdefghijklmnopqrst.supabase.co:5432/postgres",
    ],
)
def test_an_address_of_something_else_is_refused_with_the_cure(load: object, url: str) -> None:
    problems = problems_of(load, PRODUCTION | {"SUPABASE_URL": url})
    assert list(problems) == ["SUPABASE_URL"]
    assert ".supabase.co" in problems["SUPABASE_URL"] or "db." in problems["SUPABASE_URL"]


UNSAFE_CAPTCHA = {
    "a secret that nobody uses": {"CAPTCHA_SECRET": "x"},
    "a provider without a captcha": {"CAPTCHA_PROVIDER": "turnstile"},
    "a site key without a captcha": {"CAPTCHA_SITE_KEY": "x"},
    "a secret that is the project's": {"CAPTCHA": "upstream", "CAPTCHA_SECRET": "x"},
    "a site key of nobody": {"CAPTCHA": "upstream", "CAPTCHA_SITE_KEY": "x"},
    "nothing to check with": {"CAPTCHA": "here", "CAPTCHA_PROVIDER": "hcaptcha"},
    "nobody to ask": {"CAPTCHA": "here", "CAPTCHA_SECRET": "x"},
    "another provider": {"CAPTCHA": "here", "CAPTCHA_SECRET": "x", "CAPTCHA_PROVIDER": "recaptcha"},
    "a provider of one's own": {
        "CAPTCHA": "here", "CAPTCHA_SECRET": "x", "CAPTCHA_PROVIDER": "hcaptcha", "CAPTCHA_VERIFY_URL": "https://evil.example/"
    },
    "another way": {"CAPTCHA": "both"},
}  # fmt: skip


@pytest.mark.parametrize("settings", UNSAFE_CAPTCHA.values(), ids=UNSAFE_CAPTCHA)
def test_a_captcha_that_could_not_work_does_not_start(load: object, settings: dict[str, str]) -> None:
    assert all(name.startswith("CAPTCHA") for name in problems_of(load, PRODUCTION | settings))


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"MAIL_TIMEOUT": "15"}, "MAIL_TIMEOUT"),
        ({"MAIL_TIMEOUT": "14", "CAPTCHA": "here", "CAPTCHA_SECRET": "x", "CAPTCHA_PROVIDER": "hcaptcha"}, "MAIL_TIMEOUT"),
        (
            {"UPSTREAM_TIMEOUT": "14", "CAPTCHA": "here", "CAPTCHA_SECRET": "x", "CAPTCHA_PROVIDER": "hcaptcha"},
            "UPSTREAM_TIMEOUT",
        ),
    ],
)
def test_what_a_request_waits_for_fits_into_it(load: object, settings: dict[str, str], problem: str) -> None:
    assert list(problems_of(load, PRODUCTION | settings)) == [problem]


@pytest.mark.parametrize(("seconds", "deadline"), [("15", 12), ("5", 4.5), ("60", 12)])
def test_a_mail_s_deadline_follows_the_request_s(load: object, seconds: str, deadline: float) -> None:
    assert callable(load)
    assert load(PRODUCTION | {"REQUEST_TIMEOUT": seconds, "UPSTREAM_TIMEOUT": "1"}).mail_deadline == deadline


def test_a_slip_in_app_env_does_not_mean_development_on_a_public_address(load: object) -> None:
    slip = {name: value for name, value in SAFE.items() if name != "APP_ENV"} | {"HOST": "::", "APP_EVN": "production"}
    problems = problems_of(load, slip)
    assert list(problems) == ["APP_ENV"]
    assert "APP_EVN" in problems["APP_ENV"]
    assert callable(load)
    assert load(slip | {"HOST": "127.0.0.1"}).app_env == "development"
    settings = load(slip | {"APP_ENV": "development"})
    assert {"development_rules_on_a_public_address", "setting_unknown"} <= {remark.event for remark in remarks(settings)}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("APP_EVN", "APP_ENV"), ("SUPABASE_ULR", "SUPABASE_URL"), ("CORS_ORIGIN", "CORS_ORIGINS"), ("CAPTCHAS", "CAPTCHA"),
        ("SUPABASE_SECRETKEY", "SUPABASE_SECRET_KEY"), ("FORWARD_CLIENT_IPS", "FORWARD_CLIENT_IP"), ("TRUSTED_PROXY", None),
        ("LOG_LEVEL", None), ("PATH", None), ("HOSTNAME", None), ("PORTS", None), ("SUPABASE_LOCAL_PORT", None),
        ("OTEL_SERVICE_NAME", None), ("PYTHONPATH", None),
    ],
)  # fmt: skip
def test_what_is_nearly_one_of_ours_is_named(written: str, meant: str | None) -> None:
    assert look_alikes([written], known_names()) == ({written: meant} if meant else {})


@pytest.mark.parametrize(
    ("environment", "variable"),
    [
        ({"HTTPS_PROXY": "http://proxy:3128"}, "HTTPS_PROXY"),
        ({"https_proxy": "http://proxy:3128"}, "https_proxy"),
        ({"ALL_PROXY": "http://proxy:3128"}, "ALL_PROXY"),
        ({"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": ".supabase.co"}, None),
        ({"HTTP_PROXY": "http://proxy:3128"}, None),
        ({}, None),
    ],
)
def test_a_proxy_that_is_not_asked_is_told(
    load: object, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], variable: str | None
) -> None:
    assert callable(load)
    settings = load(SAFE)
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    told = [remark.fields["variable"] for remark in remarks(settings) if remark.event == "proxy_not_used"]
    assert told == ([variable] if variable else [])


def test_a_setting_is_named_as_it_was_written(load: object) -> None:
    newer = ("SUPABASE_SECRET_KEY", "SUPABASE_PUBLISHABLE_KEY", "SIGNING_SECRETS")
    older = {name: value for name, value in SAFE.items() if name not in newer}
    bad = {"SUPABASE_ANON_KEY": "a b", "SUPABASE_SERVICE_ROLE_KEY": "c d", "CSRF_SECRETS": "short"}
    assert sorted(problems_of(load, older | bad)) == sorted(bad)
