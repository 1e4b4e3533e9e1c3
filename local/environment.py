"""The environment that the service gets in development."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from dotenv import dotenv_values

from local.keys import Keys

# As the Supabase CLI has them.
DEFAULT_PORTS: Final = {"SUPABASE_LOCAL_PORT": "54321", "MAILBOX_PORT": "54324"}
STATIC_CSRF_TOKEN: Final = "dev-csrf-token"  # noqa: S105 - accepted in development only, where it guards nothing


def configured(dotenv: Path) -> dict[str, str]:
    """What the user has set: the `.env` file, and above it the environment. Empty counts as not set."""
    from_file = {name: value for name, value in dotenv_values(dotenv).items() if value}
    return {**from_file, **{name: value for name, value in os.environ.items() if value}}


def for_development(user: Mapping[str, str], keys: Keys) -> dict[str, str]:
    """Add to what the user has set what a development service needs besides Supabase."""
    environment = {"APP_ENV": "development", "HOST": "127.0.0.1", "PORT": "8000", **user}
    if environment["APP_ENV"] == "development":
        # By its older name: the user's wins under either.
        environment = {"CSRF_SECRETS": keys.csrf_secret, "CSRF_STATIC_TOKEN": STATIC_CSRF_TOKEN, **environment}
    return environment


def for_embedded_supabase(environment: Mapping[str, str], url: str, keys: Keys) -> dict[str, str]:
    """Add where the embedded Supabase is and what it takes for a key."""
    return {
        **environment,
        "SUPABASE_URL": url,
        "SUPABASE_PUBLISHABLE_KEY": keys.publishable_key,
        "SUPABASE_SECRET_KEY": keys.secret_key,
        "SUPABASE_JWT_SECRET": keys.jwt_secret,
        # Node closes an idle connection after five seconds; the service must be first.
        "UPSTREAM_KEEPALIVE": environment.get("UPSTREAM_KEEPALIVE", "3"),
    }


def embedded_keys(user: Mapping[str, str], keys: Keys) -> Keys:
    """The keys of the embedded Supabase: what the user has set wins there too, or the two would disagree."""
    return Keys(
        publishable_key=user.get("SUPABASE_PUBLISHABLE_KEY", keys.publishable_key),
        secret_key=user.get("SUPABASE_SECRET_KEY", keys.secret_key),
        jwt_secret=user.get("SUPABASE_JWT_SECRET", keys.jwt_secret),
        csrf_secret=keys.csrf_secret,
    )
