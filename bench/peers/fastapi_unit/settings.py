"""The environment of the course unit's backend."""

from functools import lru_cache

from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    """Read once, from the variables that Latchkey reads too."""

    supabase_url: str
    supabase_publishable_key: str
    supabase_secret_key: str
    csrf_static_token: str
    cookie_secure: bool = False
    refresh_cookie_max_age: int = 60 * 60 * 24 * 30


@lru_cache
def get_settings() -> Settings:
    """The process's settings."""
    return Settings()
