"""Runs the embedded Supabase with one user, on data of its own that is thrown away."""

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx

from bench.backend import Backend, Upstream
from bench.processes import BenchError, free_port
from bench.upstream.canned import TOKEN_LIFETIME_SECONDS
from local import keys
from local.paths import LITE
from local.supabase import LocalSupabase, SupabaseError

# Longer than a run: wrk repeats one request, so every refresh brings the same token, which rotates at the first and is
# then answered within the reuse interval with the session that it led to.
_LIFETIMES: Final = {
    "auth.jwt_expiry": TOKEN_LIFETIME_SECONDS,
    "auth.refresh_token_reuse_interval": TOKEN_LIFETIME_SECONDS,
}


def require_embedded() -> None:
    """Raises BenchError when the embedded Supabase is not installed."""
    if not LITE.exists():
        raise BenchError("Missing: the embedded Supabase. Install with: make bench (or leave it out: --no-embedded)")


@contextmanager
def embedded(directory: Path, cores: set[int]) -> Iterator[Upstream]:
    """Runs the embedded Supabase on `cores` while the block lasts; its files go into `directory`."""
    project = keys.generate()
    supabase = LocalSupabase(directory, free_port(), project, _LIFETIMES)
    try:
        with _on(cores):
            supabase.start()
        if supabase.pid is None:
            raise BenchError(f"The embedded Supabase ended; see {supabase.log_path}")
        yield Upstream(_sign_up(supabase.url, project), supabase.pid)
    except SupabaseError as error:
        raise BenchError(str(error)) from error
    finally:
        supabase.stop()


@contextmanager
def _on(cores: set[int]) -> Iterator[None]:
    # What is started inside inherits it, threads included.
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _sign_up(url: str, project: keys.Keys) -> Backend:
    email, password, display_name = "ada.lovelace@example.com", secrets.token_urlsafe(18), "Ada Lovelace"
    body = {"email": email, "password": password, "data": {"display_name": display_name}}
    answer = httpx.post(
        f"{url}/auth/v1/signup", json=body, headers={"apikey": project.publishable_key}, timeout=30, trust_env=False
    )
    session: Mapping[str, Any] = answer.json() if answer.is_success else {}
    if "access_token" not in session:
        raise BenchError(f"The embedded Supabase signed nobody up: {answer.status_code} {answer.text}")
    return Backend(
        url=url,
        publishable_key=project.publishable_key,
        secret_key=project.secret_key,
        jwt_secret=project.jwt_secret,
        user_id=session["user"]["id"],
        email=email,
        password=password,
        display_name=display_name,
        access_token=session["access_token"],
        refresh_token=session["refresh_token"],
    )
