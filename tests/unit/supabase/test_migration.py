"""The migration, as Supabase Lite translates it for SQLite, and as PostgreSQL takes it: PGlite, which Lite can run on too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.keys import Keys
from local.paths import MIGRATIONS
from local.supabase import LocalSupabase
from tests.support import loopback
from tests.support.browser import PASSWORD, new_email
from tests.support.service import free_port

pytestmark = pytest.mark.thorough

Start = Callable[..., LocalSupabase]


@pytest.fixture(params=["sqlite-postgres", "pglite"])
def start(request: pytest.FixtureRequest, tmp_path: Path, keys: Keys) -> Iterator[Start]:
    """Starts a Supabase, always on the same data; the one before is stopped."""
    database = {"db.driver": request.param, "db.url": f"file:./supabase/.temp/{request.param}"}
    with ExitStack() as stack:

        def again(migrations: Path = MIGRATIONS) -> LocalSupabase:
            stack.close()
            return stack.enter_context(
                LocalSupabase(tmp_path / "state", free_port(), keys, database, password_cost=4, migrations=migrations)
            )

        yield again


def _ask(
    supabase: LocalSupabase, method: str, path: str, body: object = None, *, token: str | None = None, secret: bool = False
) -> httpx.Response:
    """Ask Supabase itself: as the user of the token, with the secret key, or as nobody."""
    headers = {
        "apikey": supabase.keys.secret_key if secret else supabase.keys.publishable_key,
        "Prefer": "return=representation",
    }
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    return loopback.request(method, supabase.url + path, headers=headers, json=body, timeout=30)


def _sign_up(supabase: LocalSupabase, name: str | None) -> dict[str, Any]:
    """The session of a new user with such a display name."""
    data = {} if name is None else {"display_name": name}
    response = _ask(supabase, "POST", "/auth/v1/signup", {"email": new_email(), "password": PASSWORD, "data": data})
    assert response.status_code == 200
    session: dict[str, Any] = response.json()
    return session


def _names(supabase: LocalSupabase) -> dict[str, str | None]:
    """The display names of all users, by id."""
    rows = _ask(supabase, "GET", "/rest/v1/user_profile?select=id,display_name", secret=True).json()
    return {row["id"]: row["display_name"] for row in rows}


def test_users_from_before_the_migration_get_a_profile(start: Start, tmp_path: Path) -> None:
    nothing = tmp_path / "nothing"
    nothing.mkdir()
    before = start(migrations=nothing)
    given = ["Ada", "a" * 150, "", None]
    users = [_sign_up(before, name)["user"]["id"] for name in given]
    assert _names(start()) == dict(zip(users, ["Ada", "a" * 100, None, None], strict=True))


def test_a_user_reads_and_changes_the_own_profile_and_no_other(start: Start) -> None:
    supabase = start()
    ada, eve = _sign_up(supabase, "Ada"), _sign_up(supabase, "Eve")
    everybody = "/rest/v1/user_profile?id=not.is.null"
    (own,) = _ask(supabase, "GET", everybody, token=eve["access_token"]).json()
    assert own["id"] == eve["user"]["id"]
    assert _ask(supabase, "GET", everybody).json() == []

    change = {"display_name": "Eva", "created_at": "2000-01-01T00:00:00Z", "updated_at": "2000-01-01T00:00:00Z"}
    (changed,) = _ask(supabase, "PATCH", everybody, change, token=eve["access_token"]).json()
    assert (changed["id"], changed["display_name"]) == (own["id"], "Eva")
    if supabase.overrides["db.driver"] == "pglite":  # Lite translates no trigger that computes
        assert changed["created_at"] == own["created_at"]
        assert changed["updated_at"] >= own["updated_at"]
    for method, body in (("DELETE", None), ("POST", {"id": ada["user"]["id"], "display_name": "Eve"})):
        _ask(supabase, method, everybody, body, token=eve["access_token"])
    assert _names(supabase) == {ada["user"]["id"]: "Ada", eve["user"]["id"]: "Eva"}


def test_a_name_that_the_table_refuses_leaves_no_user_behind(start: Start) -> None:
    supabase = start()
    sign_up = {"email": new_email(), "password": PASSWORD, "data": {"display_name": "a" * 101}}
    assert _ask(supabase, "POST", "/auth/v1/signup", sign_up).is_error
    assert _names(supabase) == {}
    sign_up["data"] = {"display_name": "a" * 100}
    assert _ask(supabase, "POST", "/auth/v1/signup", sign_up).status_code == 200, "the address is not taken"
