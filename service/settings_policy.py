"""Which settings must not go together, and which are unsafe in production: all problems at once, each with its cure."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from importlib.util import find_spec
from math import ceil
from typing import Literal

from pydantic import SecretStr

from service.settings_surroundings import is_loopback, known_names, look_alikes, variables
from service.settings_values import SettingsValues

# 32 characters of a random alphabet carry at least 128 bits; ASVS 5.0 V11.2.3 asks for 128.
MIN_SECRET_LENGTH = 32
_MIN_DISTINCT = 10  # characters; 32 random hexadecimal digits have fewer once in ten million times

_PLACEHOLDER = re.compile(r"change|secret|example|default|develop|password|your", re.IGNORECASE)

Problem = tuple[str, str]  # the variable, and what is wrong with its cure


def problems(settings: SettingsValues) -> Iterator[Problem]:
    """What keeps the service from starting with these values."""
    yield from _contradictions(settings)
    if settings.production:
        yield from _unsafe_in_production(settings)


def key_kind(key: SecretStr) -> Literal["publishable", "secret", "unknown"]:
    """What kind of Supabase API key this is: by its prefix, or by the role in the JWT that older keys are."""
    value = key.get_secret_value()
    if value.startswith("sb_publishable_"):
        return "publishable"
    if value.startswith("sb_secret_"):
        return "secret"
    role = _role(value)
    if role == "anon":
        return "publishable"
    return "secret" if role == "service_role" else "unknown"


def _role(jwt: str) -> object:
    """The claim `role`, unverified; None where this is no JWT (RFC 7519 section 7.2) or has no such claim."""
    try:
        _, payload, _ = jwt.split(".")
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except ValueError:
        return None
    return claims.get("role") if isinstance(claims, dict) else None


def _contradictions(settings: SettingsValues) -> Iterator[Problem]:
    """What can work in no environment."""
    if key_kind(settings.supabase_publishable_key) == "secret":
        yield (
            "supabase_publishable_key",
            "holds a secret key: put the publishable (or anon) key there, and rotate the secret one if it was exposed",
        )
    if key_kind(settings.supabase_secret_key) == "publishable":
        yield "supabase_secret_key", "holds a publishable key: put the secret (or service_role) key there"
    if settings.host_prefix and not settings.secure_cookies:
        yield "cookie_host_prefix", "needs COOKIE_SECURE: browsers refuse a __Host- cookie that is not Secure"
    if "*" in settings.origins:
        yield "cors_origins", "must not hold *: name each origin, because requests carry credentials"
    if settings.tracing and find_spec("opentelemetry.sdk") is None:
        yield "tracing", "needs the otel extra: pip install '.[otel]'"
    if settings.drain_seconds > settings.graceful_timeout - 2:
        yield "drain_delay", "must leave two seconds of GRACEFUL_TIMEOUT, in which requests in flight finish"
    captcha = ", with the two seconds that CAPTCHA=here may take" if settings.captcha == "here" else ""
    for name, seconds in (("upstream_timeout", settings.upstream_timeout), ("mail_timeout", settings.mail_timeout or 0)):
        if seconds + settings.captcha_deadline >= settings.request_timeout:
            yield name, f"must be less than REQUEST_TIMEOUT, which it has to fit into{captcha}"
    if settings.mail_answer_after >= settings.mail_deadline:
        cure = "by then Supabase has answered, and how long that took tells who has an account"
        yield "mail_answer_after", f"must be less than MAIL_TIMEOUT: {cure}"
    yield from _captcha(settings)
    if "app_env" not in settings.model_fields_set and _is_public(settings):
        typo = next((name for name, meant in look_alikes(variables(), known_names()).items() if meant == "APP_ENV"), None)
        hint = f" ({typo} is set: is that a slip?)" if typo is not None else ""
        cure = "set APP_ENV=production, or APP_ENV=development if that is what you want there"
        yield "app_env", f"is not set{hint}, and HOST is one that others reach: {cure}"


def _is_public(settings: SettingsValues) -> bool:
    return not is_loopback(settings.host) and settings.supabase_url.startswith("https://")


def _captcha(settings: SettingsValues) -> Iterator[Problem]:
    """A captcha that nobody would check, or check with nothing."""
    here = settings.captcha == "here"
    given = {
        "captcha_provider": settings.captcha_provider,
        "captcha_site_key": settings.captcha_site_key,
        "captcha_secret": settings.captcha_secret,
        "captcha_verify_url": settings.captcha_verify_url,
    }
    if settings.captcha == "none":
        for name in (name for name, value in given.items() if value is not None):
            yield name, "is of no use with CAPTCHA=none: set CAPTCHA=upstream or CAPTCHA=here, or unset this"
        return
    for name in ("captcha_secret", "captcha_verify_url"):
        if not here and given[name] is not None:
            yield name, "is for CAPTCHA=here: with CAPTCHA=upstream the project checks the captcha; unset this"
    if here and settings.captcha_secret is None:
        yield "captcha_secret", "is not set, and CAPTCHA=here checks the captcha with it: copy it from the provider"
    if here and settings.captcha_provider is None:
        yield "captcha_provider", "is not set, and CAPTCHA=here has to know whom to ask: hcaptcha or turnstile"
    if not here and settings.captcha_site_key is not None and settings.captcha_provider is None:
        yield "captcha_provider", "is not set, and CAPTCHA_SITE_KEY is of no use without: hcaptcha or turnstile"


def _unsafe_in_production(settings: SettingsValues) -> Iterator[Problem]:
    """What would be unsafe in production, one line each with its cure."""
    for name, key in (
        ("supabase_publishable_key", settings.supabase_publishable_key),
        ("supabase_secret_key", settings.supabase_secret_key),
    ):
        if key_kind(key) == "unknown":
            yield name, "is not a Supabase API key: copy it from the project's API settings"
    yield from _weak_secrets(settings)
    if settings.captcha_verify_url is not None:
        yield "captcha_verify_url", "is for development and tests: unset it, the provider's own address is known"
    if settings.csrf_static_token is not None:
        yield "csrf_static_token", "is for development only: unset it"
    for number, origin in enumerate(settings.origins, 1):
        if origin.startswith("http://"):
            yield "cors_origins", f"entry {number} is not https: whoever sits on the line could act as its pages"
    if not settings.frontend:
        yield "frontend_url", "is not set: mails and providers lead to its pages; set the front end's address"
    elif not settings.frontend.startswith("https://"):
        yield (
            "frontend_url",
            "must be https: mails and providers lead there, and whoever sits on the line could follow first",
        )
    if not settings.secure_cookies:
        yield "cookie_secure", "is false, which would send the refresh token in the clear: unset it"
    if not settings.supabase_url.startswith("https://"):
        yield "supabase_url", "must be https: passwords and tokens travel on it"
    if settings.validates_responses:
        yield "validate_responses", "is for development and tests: unset it, it costs time on every request"
    if not settings.rate_limit_enabled:
        yield "rate_limit_enabled", "is false, which leaves passwords open to guessing: unset it"
    at_least = ceil(settings.drain_seconds + settings.mail_deadline + 1)
    if settings.graceful_timeout < at_least:
        cure = f"set at least {at_least}, or less of DRAIN_DELAY and MAIL_TIMEOUT"
        yield "graceful_timeout", f"would cut off a mail that is being sent, whose user is lost and whose link is dead: {cure}"
    if any(network.prefixlen == 0 for network in settings.trusted_proxies):
        yield "trusted_proxies", "trusts every address, so that anybody can claim any: name the networks of your proxies"


def _weak_secrets(settings: SettingsValues) -> Iterator[Problem]:
    seen: set[str] = set()
    for name, secret in (
        *(("signing_secrets", secret) for secret in settings.signing_secrets),
        ("supabase_jwt_secret", settings.supabase_jwt_secret),
        ("log_hash_key", settings.log_hash_key),
    ):
        if secret is None:
            continue
        value = secret.get_secret_value()
        if len(value) < MIN_SECRET_LENGTH:
            yield name, f"is shorter than {MIN_SECRET_LENGTH} characters: make one with `openssl rand -hex 32`"
        elif len(set(value)) < _MIN_DISTINCT or _PLACEHOLDER.search(value):
            yield name, "looks like a placeholder: make one with `openssl rand -hex 32`"
        elif value in seen:
            yield name, "holds a secret that is used twice: make one for each purpose with `openssl rand -hex 32`"
        seen.add(value)
