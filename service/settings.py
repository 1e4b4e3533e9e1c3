"""Settings from the environment. `.env.example` documents each of them; a test keeps the two in step."""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Literal
from urllib.parse import urlsplit

import jwt
from pydantic import AliasChoices, Field, SecretStr, field_validator, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

CommaSeparated = NoDecode
IPNetwork = IPv4Network | IPv6Network

# 32 characters of a random alphabet carry at least 128 bits; ASVS 5.0 V11.2.3 asks for 128.
MIN_SECRET_LENGTH = 32


class Settings(BaseSettings):
    """Everything that can be configured. Times are in seconds and sizes in bytes.

    Raises `pydantic.ValidationError` when a value is malformed, and, with APP_ENV=production, when the values are unsafe;
    the error then names every problem with its cure.
    """

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", env_ignore_empty=True, extra="ignore", frozen=True
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

    cors_origins: Annotated[tuple[str, ...], CommaSeparated] | None = None

    csrf_secrets: Annotated[tuple[SecretStr, ...], CommaSeparated]
    csrf_ttl: int = Field(default=43_200, ge=60, le=604_800)
    csrf_static_token: SecretStr | None = None

    cookie_secure: bool | None = None
    cookie_host_prefix: bool | None = None
    refresh_cookie_max_age: int = Field(default=2_592_000, ge=60, le=34_560_000)

    max_body_bytes: int = Field(default=16_384, ge=1_024, le=1_048_576)
    body_timeout: float = Field(default=10, gt=0, le=120)
    header_timeout: float = Field(default=10, gt=0, le=120)
    keep_alive_timeout: int = Field(default=75, ge=1, le=600)
    request_timeout: float = Field(default=15, gt=0, le=120)
    graceful_timeout: int = Field(default=20, ge=1, le=300)

    upstream_connect_timeout: float = Field(default=2, gt=0, le=60)
    upstream_read_timeout: float = Field(default=5, gt=0, le=60)
    upstream_timeout: float = Field(default=8, gt=0, le=60)
    upstream_keepalive: float = Field(default=30, gt=0, le=600)
    upstream_max_connections: int = Field(default=100, ge=1, le=10_000)

    rate_limit_enabled: bool = True
    rate_limit_storage: SecretStr | None = None
    rate_limit_address: str = "600/minute"
    rate_limit_credentials: str = "60/minute"
    rate_limit_account: str = "10/minute"

    trusted_proxies: Annotated[tuple[IPNetwork, ...], CommaSeparated] = ()
    forward_client_ip: bool = False

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_hash_key: SecretStr | None = None

    swagger_ui: bool | None = None
    validate_responses: bool | None = None

    @property
    def production(self) -> bool:
        """Whether the strict rules hold."""
        return self.app_env == "production"

    @property
    def origins(self) -> tuple[str, ...]:
        """The origins whose pages may call the service."""
        if self.cors_origins is not None:
            return self.cors_origins
        return () if self.production else ("http://localhost:5173", "http://127.0.0.1:5173")

    @property
    def secure_cookies(self) -> bool:
        """Whether cookies carry the Secure attribute."""
        return self.production if self.cookie_secure is None else self.cookie_secure

    @property
    def host_prefix(self) -> bool:
        """Whether cookie names carry the `__Host-` prefix (RFC 6265bis section 4.1.3.2)."""
        return self.secure_cookies if self.cookie_host_prefix is None else self.cookie_host_prefix

    @property
    def serves_swagger_ui(self) -> bool:
        """Whether Swagger UI is served at /ui/."""
        return not self.production if self.swagger_ui is None else self.swagger_ui

    @property
    def validates_responses(self) -> bool:
        """Whether each response is checked against the contract."""
        return not self.production if self.validate_responses is None else self.validate_responses

    @property
    def jwt_issuer(self) -> str:
        """What the `iss` claim of an access token must be."""
        return self.supabase_jwt_issuer or f"{self.supabase_url}/auth/v1"

    @field_validator("cors_origins", "csrf_secrets", "trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _networks(cls, value: object) -> object:
        return tuple(ip_network(item) if isinstance(item, str) else item for item in _items(value))

    @field_validator("supabase_url")
    @classmethod
    def _is_base_url(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
            raise PydanticCustomError("url", "must be the project's URL, such as https://abc.supabase.co")
        return value.rstrip("/")

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for origin in value or ():
            if origin != "*" and not re.fullmatch(
                r"https?://[a-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:]+\](:[0-9]{1,5})?", origin
            ):
                raise PydanticCustomError(
                    "origin",
                    "{origin} is not an origin: write scheme://host or scheme://host:port in lower case, with no path",
                    {"origin": origin},
                )
        return value

    @field_validator("csrf_secrets")
    @classmethod
    def _not_empty(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if not value:
            raise PydanticCustomError("secrets", "must hold at least one secret")
        return value

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @model_validator(mode="after")
    def _consistent(self) -> Settings:
        problems = [*_contradictions(self), *(_production_problems(self) if self.production else ())]
        if problems:
            raise PydanticCustomError("unsafe", "{problems}", {"problems": "\n".join(problems)})
        return self


def _items(value: object) -> tuple[object, ...]:
    return tuple(value) if isinstance(value, (tuple, list)) else ()


def key_kind(key: SecretStr) -> Literal["publishable", "secret", "unknown"]:
    """What kind of Supabase API key this is: by its prefix, or by the role in the JWT that older keys are."""
    value = key.get_secret_value()
    if value.startswith("sb_publishable_"):
        return "publishable"
    if value.startswith("sb_secret_"):
        return "secret"
    try:
        role = jwt.decode(value, options={"verify_signature": False}).get("role")
    except jwt.PyJWTError:
        return "unknown"
    return {"anon": "publishable", "service_role": "secret"}.get(str(role), "unknown")  # type: ignore[return-value]


def _contradictions(settings: Settings) -> list[str]:
    """What can work in no environment."""
    problems = []
    if key_kind(settings.supabase_publishable_key) == "secret":
        problems.append(
            "SUPABASE_PUBLISHABLE_KEY holds a secret key: put the publishable (or anon) key there, and rotate the secret one"
            " if it was exposed"
        )
    if key_kind(settings.supabase_secret_key) == "publishable":
        problems.append("SUPABASE_SECRET_KEY holds a publishable key: put the secret (or service_role) key there")
    if settings.host_prefix and not settings.secure_cookies:
        problems.append("COOKIE_HOST_PREFIX needs COOKIE_SECURE: browsers refuse a __Host- cookie that is not Secure")
    return problems


def _production_problems(settings: Settings) -> list[str]:
    """What would be unsafe in production, one line each with its cure."""
    problems = []
    for name, key in (
        ("SUPABASE_PUBLISHABLE_KEY", settings.supabase_publishable_key),
        ("SUPABASE_SECRET_KEY", settings.supabase_secret_key),
    ):
        if key_kind(key) == "unknown":
            problems.append(f"{name} is not a Supabase API key: copy it from the project's API settings")
    secrets = [("CSRF_SECRETS", secret) for secret in settings.csrf_secrets]
    if settings.supabase_jwt_secret is not None:
        secrets.append(("SUPABASE_JWT_SECRET", settings.supabase_jwt_secret))
    if settings.log_hash_key is not None:
        secrets.append(("LOG_HASH_KEY", settings.log_hash_key))
    for name, secret in secrets:
        value = secret.get_secret_value()
        if len(value) < MIN_SECRET_LENGTH:
            problems.append(f"{name} is shorter than {MIN_SECRET_LENGTH} characters: make one with `openssl rand -hex 32`")
        elif len(set(value)) < 10 or re.search("change|secret|example|default|develop", value, re.IGNORECASE):
            problems.append(f"{name} looks like a placeholder: make one with `openssl rand -hex 32`")
    if settings.csrf_static_token is not None:
        problems.append("CSRF_STATIC_TOKEN is for development only: unset it")
    if "*" in settings.origins:
        problems.append("CORS_ORIGINS must not hold *: name each origin, because requests carry credentials")
    problems.extend(
        f"CORS_ORIGINS holds {origin}: use https"
        for origin in settings.origins
        if origin != "*" and not origin.startswith("https://")
    )
    if not settings.secure_cookies:
        problems.append("COOKIE_SECURE=false would send the refresh token in the clear: unset it")
    if not settings.supabase_url.startswith("https://"):
        problems.append("SUPABASE_URL must be https: passwords and tokens travel on it")
    if settings.validates_responses:
        problems.append("VALIDATE_RESPONSES is for development and tests: unset it, it costs time on every request")
    if not settings.rate_limit_enabled:
        problems.append("RATE_LIMIT_ENABLED=false leaves passwords open to guessing: unset it")
    return problems
