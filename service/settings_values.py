"""What can be configured, and how each value is written. `.env.example` documents them; a test keeps the two in step."""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Literal
from urllib.parse import SplitResult, urlsplit

from limits import parse_many
from pydantic import (
    AliasChoices,
    Field,
    SecretStr,
    field_validator,
)
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

CommaSeparated = NoDecode
IPNetwork = IPv4Network | IPv6Network


class SettingsValues(BaseSettings):
    """Each value by itself. Times are in seconds and sizes in bytes. Raises `pydantic.ValidationError` for a malformed one."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
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

    cors_origins: Annotated[tuple[str, ...], CommaSeparated] | None = None

    signing_secrets: Annotated[tuple[SecretStr, ...], CommaSeparated] = Field(
        validation_alias=AliasChoices("signing_secrets", "csrf_secrets")
    )
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
    drain_delay: float | None = Field(default=None, ge=0, le=120)
    max_concurrent_requests: int = Field(default=1_000, ge=1, le=100_000)
    graceful_timeout: int = Field(default=25, ge=2, le=300)

    upstream_connect_timeout: float = Field(default=2, gt=0, le=60)
    upstream_read_timeout: float = Field(default=5, gt=0, le=60)
    upstream_timeout: float = Field(default=8, gt=0, le=60)
    upstream_keepalive: float = Field(default=30, gt=0, le=600)
    upstream_max_connections: int = Field(default=512, ge=1, le=10_000)

    rate_limit_enabled: bool = True
    rate_limit_storage: SecretStr | None = None
    rate_limit_address: str = "600/minute"
    rate_limit_credentials: str = "60/minute"
    rate_limit_account: str = "10/minute"

    trusted_proxies: Annotated[tuple[IPNetwork, ...], CommaSeparated] = ()
    forward_client_ip: bool = False

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_hash_key: SecretStr | None = None

    tracing: bool = False
    swagger_ui: bool | None = None
    validate_responses: bool | None = None

    @property
    def production(self) -> bool:
        """Whether the strict rules hold."""
        return self.app_env == "production"

    @property
    def drain_seconds(self) -> float:
        """Seconds that the process goes on serving after SIGTERM, for load balancers to notice."""
        return (5.0 if self.production else 0.0) if self.drain_delay is None else self.drain_delay

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

    @field_validator("cors_origins", "signing_secrets", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return _parts(value) if isinstance(value, str) else value

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _networks(cls, value: object) -> object:
        entries = _parts(value) if isinstance(value, str) else value
        return (
            tuple(_network(entry, number) for number, entry in enumerate(entries, 1)) if isinstance(entries, tuple) else value
        )

    @field_validator("supabase_url")
    @classmethod
    def _is_base_url(cls, value: str) -> str:
        parts = _url_parts(value)
        if parts is None or parts.scheme not in {"http", "https"} or parts.query or parts.fragment or "@" in parts.netloc:
            raise PydanticCustomError("url", "must be the project's URL, such as https://abc.supabase.co")
        return value.rstrip("/")

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for number, origin in enumerate(value or (), 1):
            if origin != "*" and not _ORIGIN.fullmatch(origin):
                raise PydanticCustomError(
                    "origin",
                    "entry {number} is not an origin: write scheme://host or scheme://host:port in lower case, with no path",
                    {"number": number},
                )
        return value

    @field_validator("signing_secrets")
    @classmethod
    def _not_empty(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if not value:
            raise PydanticCustomError("secrets", "must hold at least one secret")
        return value

    @field_validator("supabase_jwt_secret")
    @classmethod
    def _is_shared_secret(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and _PUBLIC_KEY.match(value.get_secret_value()):
            raise PydanticCustomError(
                "public_key",
                "must be the shared secret, and is a public key: whoever reads that key could sign tokens with it; unset this,"
                " public keys are fetched from the project",
            )
        return value

    @field_validator("rate_limit_address", "rate_limit_credentials", "rate_limit_account")
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
        parts = _url_parts(value.get_secret_value()) if value is not None else None
        if value is not None and (parts is None or parts.scheme not in _REDIS_SCHEMES):
            raise PydanticCustomError(
                "redis_url", "must be a redis:// or valkey:// URL, with an s for TLS, such as redis://127.0.0.1:6379/0"
            )
        return value

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value


_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:]+\](:[0-9]{1,5})?")
_PUBLIC_KEY = re.compile(r"\s*(-----BEGIN|ssh-|ecdsa-|\{)")
_REDIS_SCHEMES = frozenset({"redis", "rediss", "valkey", "valkeys"})


def _url_parts(value: str) -> SplitResult | None:
    """The parts of a URL with a host; None where it is none."""
    try:
        parts = urlsplit(value)
        return parts if parts.hostname and (parts.port is None or parts.port > 0) else None
    except ValueError:
        return None


def _parts(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _network(value: object, number: int) -> IPNetwork:
    try:
        return ip_network(str(value))
    except ValueError:
        raise PydanticCustomError(
            "network", "entry {number} is not a network: write it as a CIDR, such as 10.0.0.0/8", {"number": number}
        ) from None
