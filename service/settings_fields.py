"""What can be configured, and how each value is written. `.env.example` documents them; a test keeps the two in step."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from limits import parse_many
from pydantic import AliasChoices, Field, SecretStr, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from service import settings_text as text
from service.settings_text import IPNetwork, trimmed

_ISSUER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 .-]{0,62}[A-Za-z0-9.])?")  # a colon would end it in a key URI

CommaSeparated = NoDecode


class SettingsFields(BaseSettings):
    """Each value by itself. Times are in seconds and sizes in bytes. Raises `pydantic.ValidationError` for a malformed one."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        defer_build=True,  # nobody uses it but as a part of Settings, which is compiled as a whole
        hide_input_in_errors=True,  # an error may end up in a log, and most values are secrets
    )

    app_env: Literal["development", "production"] = "development"
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    web_concurrency: int = Field(default=1, ge=1, le=64)

    supabase_url: str
    supabase_publishable_key: SecretStr = Field(validation_alias=AliasChoices("supabase_publishable_key", "supabase_anon_key"))
    supabase_secret_key: SecretStr = Field(validation_alias=AliasChoices("supabase_secret_key", "supabase_service_role_key"))
    supabase_jwt_secret: SecretStr | None = None
    supabase_jwt_issuer: str | None = None
    supabase_jwt_audience: str = "authenticated"
    jwt_leeway: int = Field(default=10, ge=0, le=300)

    captcha: Literal["none", "upstream", "here"] = "none"
    captcha_provider: Literal["hcaptcha", "turnstile"] | None = None
    captcha_site_key: str | None = None
    captcha_secret: SecretStr | None = None
    captcha_verify_url: str | None = None

    account_deletion: Literal["off", "hard", "soft"] = "off"
    mfa_issuer: str | None = None

    cors_origins: Annotated[tuple[str, ...] | None, CommaSeparated] = None
    cors_headers: Annotated[tuple[str, ...], CommaSeparated] = (
        "traceparent", "tracestate", "baggage", "sentry-trace", "x-requested-with",
    )  # fmt: skip

    signing_secrets: Annotated[tuple[SecretStr, ...], CommaSeparated] = Field(
        validation_alias=AliasChoices("signing_secrets", "csrf_secrets")
    )
    csrf_ttl: int = Field(default=43_200, ge=60, le=604_800)
    csrf_static_token: SecretStr | None = None

    cookie_secure: bool | None = None
    cookie_host_prefix: bool | None = None
    refresh_cookie_max_age: int = Field(default=2_592_000, ge=60, le=34_560_000)

    frontend_url: str | None = None
    expose_provider_tokens: bool = False
    password_min_length: int = Field(default=8, ge=8, le=72)
    email_change_confirm: Literal["one", "both"] = "both"
    mail_answer_after: float = Field(default=1, gt=0, le=10)

    max_body_bytes: int = Field(default=16_384, ge=1_024, le=1_048_576)
    body_timeout: float = Field(default=10, gt=0, le=120)
    header_timeout: float = Field(default=10, gt=0, le=120)
    keep_alive_timeout: int = Field(default=75, ge=1, le=600)
    request_timeout: float = Field(default=15, gt=0, le=120)
    drain_delay: float | None = Field(default=None, ge=0, le=120)
    max_connections: int = Field(default=4_000, ge=1, le=1_000_000)
    max_concurrent_requests: int = Field(default=1_000, ge=1, le=100_000)
    graceful_timeout: int = Field(default=25, ge=2, le=300)

    upstream_connect_timeout: float = Field(default=2, gt=0, le=60)
    upstream_read_timeout: float = Field(default=5, gt=0, le=60)
    upstream_timeout: float = Field(default=8, gt=0, le=60)
    mail_timeout: float | None = Field(default=None, gt=0, le=60)
    upstream_keepalive: float = Field(default=30, gt=0, le=600)
    upstream_max_connections: int = Field(default=512, ge=1, le=10_000)

    rate_limit_enabled: bool = True
    rate_limit_storage: SecretStr | None = None
    rate_limit_address: str = "600/minute"
    rate_limit_credentials: str = "60/minute"
    rate_limit_account: str = "10/minute"
    rate_limit_mail: str = "10/hour"
    rate_limit_codes: str = "20/hour"

    trusted_proxies: Annotated[tuple[IPNetwork, ...], CommaSeparated] = ()
    forward_client_ip: bool = False

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["auto", "json", "console"] = "auto"
    log_hash_key: SecretStr | None = None

    tracing: bool = False
    trace_context_trusted: bool = False
    swagger_ui: bool | None = None
    validate_responses: bool | None = None

    @field_validator("*", mode="before")
    @classmethod
    def _trim(cls, value: object) -> object:
        return trimmed(value)

    @field_validator(
        "host", "supabase_url", "supabase_jwt_issuer", "supabase_jwt_audience", "captcha_site_key", "captcha_secret",
        "captcha_verify_url", "frontend_url", "csrf_static_token", "log_hash_key",
    )  # fmt: skip
    @classmethod
    def _is_one_line(cls, value: SecretStr | str | None) -> SecretStr | str | None:
        if value is not None:
            text.require_one_line(value)
        return value

    @field_validator("supabase_publishable_key", "supabase_secret_key")
    @classmethod
    def _is_key(cls, value: SecretStr) -> SecretStr:
        text.require_key(value)
        return value

    @field_validator("cors_origins", "cors_headers", "signing_secrets", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return text.entries_of(value) if isinstance(value, str) else value

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _networks(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(text.network(entry, number) for number, entry in enumerate(text.entries_of(value), 1))

    @field_validator("supabase_url")
    @classmethod
    def _is_base_url(cls, value: str) -> str:
        parts = text.url_parts(value)
        if parts is None or parts.scheme not in {"http", "https"} or parts.query or parts.fragment or "@" in parts.netloc:
            raise PydanticCustomError("url", "must be the project's URL, such as https://abc.supabase.co")
        return text.project_url(value)

    @field_validator("captcha_verify_url")
    @classmethod
    def _is_url(cls, value: str | None) -> str | None:
        parts = text.url_parts(value) if value is not None else None
        if value is not None and (parts is None or parts.scheme not in {"http", "https"} or "@" in parts.netloc):
            raise PydanticCustomError("url", "must be a URL, such as http://127.0.0.1:9000/siteverify")
        return value

    @field_validator("frontend_url")
    @classmethod
    def _is_page_url(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = text.url_parts(value)
        if parts is None or parts.scheme not in {"http", "https"} or parts.query or parts.fragment or "@" in parts.netloc:
            raise PydanticCustomError("url", "must be the front end's URL, such as https://app.example.com")
        return value.rstrip("/")

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for number, origin in enumerate(value or (), 1):
            if origin != "*" and not text.ORIGIN.fullmatch(origin):
                raise PydanticCustomError(
                    "origin",
                    "entry {number} is not an origin: write scheme://host or scheme://host:port in lower case, with no path",
                    {"number": number},
                )
        return value

    @field_validator("cors_headers")
    @classmethod
    def _are_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for number, name in enumerate(value, 1):
            if not text.FIELD_NAME.fullmatch(name) or name == "*":
                raise PydanticCustomError("field_name", "entry {number} is not the name of a header", {"number": number})
        return value

    @field_validator("signing_secrets")
    @classmethod
    def _not_empty(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if not value:
            raise PydanticCustomError("secrets", "must hold at least one secret")
        for secret in value:
            text.require_one_line(secret)
        return value

    @field_validator("mfa_issuer")
    @classmethod
    def _is_issuer(cls, value: str | None) -> str | None:
        if value is not None and not _ISSUER.fullmatch(value):
            raise PydanticCustomError("issuer", "must be a name of at most 64 letters, digits, blanks, dots and hyphens")
        return value

    @field_validator("supabase_jwt_secret")
    @classmethod
    def _is_shared_secret(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            text.require_shared_secret(value)
        return value

    @field_validator(
        "rate_limit_address", "rate_limit_credentials", "rate_limit_account", "rate_limit_mail", "rate_limit_codes"
    )
    @classmethod
    def _is_rate_limit(cls, value: str) -> str:
        try:
            limits = parse_many(value)
        except ValueError:
            limits = []
        if len(limits) != 1 or limits[0].amount < 1 or limits[0].get_expiry() < 1:
            raise PydanticCustomError("rate_limit", "must be a count and a period, such as 10/minute")
        return value

    @field_validator("rate_limit_storage")
    @classmethod
    def _is_redis_url(cls, value: SecretStr | None) -> SecretStr | None:
        parts = text.url_parts(value.get_secret_value()) if value is not None else None
        if value is not None and (parts is None or parts.scheme not in text.REDIS_SCHEMES):
            raise PydanticCustomError(
                "redis_url", "must be a redis:// or valkey:// URL, with an s for TLS, such as redis://127.0.0.1:6379/0"
            )
        return value

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value
