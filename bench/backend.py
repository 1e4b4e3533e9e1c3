"""What a server needs to know of the Supabase project behind it, canned or real."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Backend:
    """A Supabase project and one user of it who is signed in.

    `tokens` are the access tokens of all users who are, where there are more. `hs256_token` is the user's by the shared secret,
    where the project signs with a public key. `big_token` is of a user about whom Supabase answers 8 MB.
    """

    url: str
    publishable_key: str
    secret_key: str
    jwt_secret: str
    user_id: str
    email: str
    password: str
    display_name: str
    access_token: str
    refresh_token: str
    tokens: Sequence[str] = ()
    hs256_token: str = ""
    big_token: str = ""
    factor_id: str = ""
    signing_secret: str = field(default_factory=lambda: secrets.token_hex(32))
    csrf_token: str = field(default_factory=lambda: secrets.token_urlsafe(16))

    def environment(self, port: int) -> dict[str, str]:
        """The environment variables of a measured server on `port`; each server reads those that it knows."""
        return {
            "HOST": "127.0.0.1",
            "PORT": str(port),
            "SUPABASE_URL": self.url,
            "SUPABASE_PUBLISHABLE_KEY": self.publishable_key,
            "SUPABASE_SECRET_KEY": self.secret_key,
            "SUPABASE_JWT_SECRET": self.jwt_secret,
            # Development only in that the static CSRF token is accepted; the rest is as in production.
            "APP_ENV": "development",
            "SIGNING_SECRETS": self.signing_secret,
            "CSRF_STATIC_TOKEN": self.csrf_token,
            "LOG_LEVEL": "WARNING",
            "NODE_ENV": "production",
            "RATE_LIMIT_ENABLED": "false",
            "SWAGGER_UI": "false",
            "VALIDATE_RESPONSES": "false",
            # The peers wait for as long as it takes, and the embedded Supabase keeps some sign-ins waiting for very long.
            "UPSTREAM_READ_TIMEOUT": "60",
            "UPSTREAM_TIMEOUT": "60",
            "REQUEST_TIMEOUT": "90",
        }


@dataclass(frozen=True)
class Upstream:
    """A Supabase that runs, and its first process."""

    backend: Backend
    pid: int
